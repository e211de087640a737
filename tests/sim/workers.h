/*
 * workers: the processes of Mola that serve clients, each a proxy on a loop, with live and phys that they share, and what their
 * parent does: it starts them, notices that one hangs or has died, lends its queue to the others, and puts another one in its place
 * (main/parent.c, main/watchdog.c). Worker i is process i + 1 of the kernel.
 */
#ifndef SIM_WORKERS_H
#define SIM_WORKERS_H

#include "plan.h"
#include "world/live.h"

/* Its listeners: that of HTTP, that of each service of TCP, and that of HTTP with TLS, which not all worlds have. */
#define FRONTS	(1 + TCP_SERVICES + 1)
#define FRONT_TLS (FRONTS - 1)

/* A connection of a client's, this end of it, went with the worker that was killed. */
typedef void	workers_lost_f(const struct end *);

void		workers_begin(const struct plan *, const struct addr front[FRONTS], struct live *, struct phys *, workers_lost_f *);
void		workers_end(void);		/* all of them, and their parent */
void		workers_set_table(int fd, uint64_t serial);	/* takes the descriptor */
void		workers_set_secrets(int fd);	/* as well; before the first table, if there are any */
void		workers_reconf(void);
void		workers_drain(void);
bool		workers_are_empty(void);	/* after that: each has said so */
bool		workers_hung(int64_t at, int64_t until);	/* one of them: at that time, or since before, until that one at least */
bool		workers_were_killed(void);	/* what one had in memory is nobody's to give back */
/* One of them takes a turn: false: nothing is to be done now, and nothing will be before `until`. */
bool		workers_turn(int64_t *until);
uint64_t	workers_turns(void);
bool		workers_wait_calmly(void);	/* they look for room for requests that wait no more often than they are to */
uint64_t	workers_vain_turns(void);	/* behind another one in which there was nothing to do, either */

#endif
