/*
 * reload: SIGHUP.
 */
#ifndef MAIN_RELOAD_H
#define MAIN_RELOAD_H

struct parent;

/* Reads the configuration file again and applies it, or says what is wrong in it and changes
 * nothing. */
void	reload_run(struct parent *);

#endif
