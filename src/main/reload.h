/*
 * reload: SIGHUP. The brain takes the new configuration first, then workers do, together with
 * what the brain has published for it.
 */
#ifndef MAIN_RELOAD_H
#define MAIN_RELOAD_H

#include <stdbool.h>

struct parent;

/* Reads the configuration file again and applies it, or says what is wrong in it and changes
 * nothing. */
void	reload_run(struct parent *);
/* The brain is ready for one more configuration that it has. */
void	reload_ready(struct parent *);
/* A set of secrets has come. True: it is for workers with the next configuration, and kept here
 * until then. */
bool	reload_keeps(struct parent *, int fd);
/* Workers stay as they are: it all ends. */
void	reload_forget(struct parent *);

#endif
