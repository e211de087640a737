/*
 * moved: a service of the simulated Swarm that Mola may move (mola.migrate), and what the Swarm does when its specification changes.
 * Clients know nothing of it.
 */
#ifndef SIM_MOVED_H
#define SIM_MOVED_H

#include <stddef.h>

#include "base/str.h"
#include "plan.h"

void	moved_begin(const struct plan *);
void	moved_end(void);		/* checks that no trace of a move is left, where all was well for long enough */
/* Of lists: with a comma before it, where it is not the first; "" if there is none. */
char	*moved_service(void);		/* the caller frees it */
size_t	moved_tasks(char *, size_t cap);
/* What the Engine responds to an update: NULL: it is done; else its message. */
const char *moved_update(const char *path, struct str spec);

#endif
