/*
 * candidates_priv: what the files of candidates have in common.
 */
#ifndef PICK_CANDIDATES_PRIV_H
#define PICK_CANDIDATES_PRIV_H

#include "pick/candidates.h"

#define REFRESH_USEC	1000	/* and more for very large services */

/* A node with the service's tasks on it, or a single task. */
struct candidate {
	uint32_t	inflight;		/* that its cost was computed with */
	uint32_t	slot;			/* node slot, or task slot for least-conn */
	uint32_t	first, ntasks;		/* of candidate_sets.order */
	double		penalty;		/* what failures of its best task look like, in requests */
	double		load;			/* its cost is multiplied by this, at least 1 */
	/* of some of its tasks it is known what their containers could have: they have together: */
	bool		 known;
	uint32_t	 on_tasks;		/* in flight, that its cost was computed with */
};

typedef uint32_t	count_f(const struct live *, unsigned slot);

struct candidates {				/* of one service */
	struct candidate_sets *home;
	enum policy	 policy;
	unsigned	 profile;
	enum tenancy	 tenants;
	count_f		*count;			/* requests in flight that count for the cost, NULL: none do */
	uint32_t	 n;
	struct candidate *candidate;
	double		*cost;			/* >= 0, INFINITY: no task of it is usable */
	double		*low;			/* the lowest of each BLOCK of costs, or STALE */
	uint32_t	 window;		/* where the next one begins */
	int64_t		 now_usec;		/* of the choice under way */
	int64_t		 refresh_usec;		/* how long what was read is good for */
	int64_t		 refreshed_usec;
	bool		 fresh;			/* false: read all, whatever its age */
	uint32_t	 failure_serial;	/* of live, when all was read */
	bool		 all_used;		/* ejections do not count: */
	unsigned	 panic;			/* more than this part of all, percent; 0: as live.h has it */
	/* tasks may have a handicap: the service has a slow start, or checks that find some degraded */
	bool		 handicaps;
	int64_t		 slow_start_usec;
	bool		 loads;			/* tasks say of their load, and it counts: */
	struct utilization_mean mean;		/* of all of them */
};

struct node_row {				/* of a node slot, as of read_usec */
	int64_t		 read_usec;
	struct phys_row	 row;
	uint32_t	 seen;			/* of phys_follow */
	int64_t		 believed_usec, sampled_usec;	/* when, and of which sample, this is: */
	double		 belief;
	double		 others;
	double		 unseen;		/* threads that other balancers may have sent there */
};

struct candidate_sets {
	const struct live *live;
	const struct phys *phys;
	const struct table_task *task;
	struct candidates *set;			/* by service index */
	struct candidate *candidates;		/* the memory behind those of all services */
	double		*costs, *lows;
	uint32_t	*order;			/* task indexes, grouped by candidate; draining ones are left out */
	/* by place in `order`: the cores that the task's container could have, NAN: not known; 0: the
	 * task takes no requests */
	double		*available;
	struct node_row	*node;			/* by node slot */
	struct rng	 rng;
};

/* The slot of the k-th of its tasks. */
static inline uint32_t
candidate_task_slot(const struct candidates *set, const struct candidate *c, uint32_t k)
{
	return set->home->task[set->home->order[c->first + k]].slot;
}

/* candidates_cost.c */

/* What the tasks of the service report of their load, for all of them together. */
void		 candidates_read_loads(struct candidates *);
/* What its cost goes by beside requests in flight, as of now. False: no task of it takes requests.
 * `penalties`: there are some. */
bool		 candidate_read(struct candidates *, struct candidate *, bool penalties);
uint32_t	 candidate_tasks_inflight(const struct candidates *, const struct candidate *);
/* >= 0 */
double		 candidate_cost(const struct candidates *, const struct candidate *);

#endif
