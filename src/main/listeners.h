/*
 * listeners: the sockets that clients connect to: one per address and worker (SO_REUSEPORT), all
 * held by the parent, so that what waits in the queue of a worker that died is served by its
 * successor.
 */
#ifndef MAIN_LISTENERS_H
#define MAIN_LISTENERS_H

#include "world/live.h"
#include "world/table.h"

struct listen_set {
	struct addr	 addr;
	int		 fd[WORKERS_MAX];
};

struct listeners {
	struct listen_set *one;
	unsigned	 count, workers;
};

/* Opens for all workers or for none: WHY_SYSTEM with errno. The new one is the last. */
const struct why	*listeners_add(struct listeners *, const struct addr *);
/* One without sockets, for those that are open already. */
struct listen_set	*listeners_adopt(struct listeners *, const struct addr *);
void			 listeners_remove(struct listeners *, unsigned at);
/* NULL: not there */
struct listen_set	*listeners_find(const struct listeners *, const struct addr *);
/* In a child: closes all but worker `mine` (pass WORKERS_MAX for none). */
void			 listeners_shed(struct listeners *, unsigned mine);
void			 listeners_close(struct listeners *);

#endif
