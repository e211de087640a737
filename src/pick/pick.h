/*
 * pick: which task gets this request (tbl/policies.h). Compares what the node of each task is
 * (phys) and what is in flight there now (live, all workers, all services). Knows nothing of
 * connections.
 */
#ifndef PICK_PICK_H
#define PICK_PICK_H

#include "world/live.h"
#include "world/phys.h"
#include "world/table.h"

#define PICK_TRIES	10	/* tasks that one request may be offered to: the most of retry.attempts */

struct pick;

/* Tasks that this request has tried in vain, by their slots: the table may be another one since. */
struct pick_avoid {
	uint32_t	 slot[PICK_TRIES];
	unsigned	 n;
};

struct pick	*pick_new(const struct live *, const struct phys *, uint64_t seed);
void		 pick_free(struct pick **);
/* From now on requests come with this table; the caller keeps a reference while it is in force. */
void		 pick_set_table(struct pick *, const struct table *);

/*
 * WHY_NO_TASK: the service has none. WHY_NO_LIVE_TASK: none that is healthy, accepting and not to
 * be avoided; one that is ejected is taken where there is no other. Nothing is counted: live_take
 * is the caller's. The table is the one in force.
 */
const struct why *pick_task(struct pick *, const struct table *, const struct table_service *,
    const struct pick_avoid *, int64_t now_usec, const struct table_task **);

#define PICK_ANY	1e300	/* a bound that every task is within */

/* How full a task may be for one more request. */
struct pick_bound {
	double		 most;		/* of room_use() */
	double		 belief;	/* that requests wait for something else than a core: room.h */
	bool		 shared;	/* requests of all services on the node count */
	uint32_t	 task_most;	/* and in flight on the task; 0: any number */
	double		 use;		/* out: how full the task was that was picked, or returned */
};

/*
 * The task that was picked, where there is room for one more request (room.h) by this bound; else,
 * of the service's others that may be taken and have room, the one that is least full, its failures
 * and reports of load considered. NULL: none has room. That is found by a look at all tasks each
 * millisecond or so, and between two looks a task on which a request has just ended may be missed.
 */
const struct table_task *pick_roomy(struct pick *, const struct table *,
    const struct table_service *, const struct pick_avoid *, int64_t now_usec,
    const struct table_task *picked, struct pick_bound *);

/* room_use() of a task, whatever the service. */
double		 pick_use(struct pick *, const struct table_task *, const struct pick_bound *,
    int64_t now_usec);	/* `most` does not matter; INFINITY: it has as many as it may */
/* Requests of the service that are in flight. The table is the one in force. */
uint32_t	 pick_inflight(const struct pick *, const struct table_service *);
/* Whether some service is to come before others. */
bool		 pick_has_precedence(const struct pick *);

/* Whether pick_task might take this task of the service. The table is the one in force. */
bool		 pick_may(struct pick *, const struct table *, const struct table_service *,
    const struct pick_avoid *, int64_t now_usec, const struct table_task *);

#endif
