/*
 * explain: why a node or a task gets what it gets, in words. The numbers are those that workers
 * choose by.
 */
#ifndef SCORE_EXPLAIN_H
#define SCORE_EXPLAIN_H

#include "base/buf.h"
#include "world/world.h"

enum task_state { TASK_UP, TASK_DOWN, TASK_UNKNOWN, TASK_EJECTED, TASK_DRAINING,
	TASK_DEGRADED };
enum task_state	 task_state(const struct world *, const struct world_task *, int64_t now_usec);
/* More of the service's tasks that could serve are ejected than panic allows: all are used. */
bool		 service_all_used(const struct world *, const struct world_service *, int64_t now_usec);
const char	*task_state_name(enum task_state);

/* The law's cost of one more request there, now, of a balanced service, and of the task's. */
double	explain_cost(const struct world *, const struct world_node *, int64_t now_usec);
double	explain_task_cost(const struct world *, const struct world_task *, int64_t now_usec);
/* What the task's cost is multiplied by for what it reports of its own load; 1: for nothing. */
double	explain_load(const struct world *, const struct world_task *, int64_t now_usec);
/* The same for its handicap (live.h). */
double	explain_handicap(const struct world *, const struct world_task *, int64_t now_usec);
bool	explain_takes_requests(const struct world *, const struct world_task *, int64_t now_usec);
/* A place for each task of the service, in the order of its list: 1 for the cheapest, ties share
 * one; 0 for those that take no requests. `rank` has room for s->ntasks. Returns how many take
 * requests. */
unsigned explain_ranks(const struct world *, const struct world_service *, int64_t now_usec,
	    unsigned *rank);

/* Sentences without a full stop, appended. `rank` of `of`: as above; 0: leave it out. */
void	explain_node(const struct world *, const struct world_node *, int64_t now_usec, struct buf *);
void	explain_task(const struct world *, const struct world_task *, int64_t now_usec, unsigned rank,
	    unsigned of, struct buf *);
void	explain_service(const struct world *, const struct world_service *, int64_t now_usec,
	    struct buf *);

#endif
