/*
 * pick_priv: one choice under way, for pick.c, which chooses by policy, and pick_room.c, which
 * looks for room instead. What is asked of each task for every request is here, and compiled
 * with both. Not `inline`: with that, GCC makes the loops of small services larger and slower.
 */
#ifndef PICK_PICK_PRIV_H
#define PICK_PICK_PRIV_H

#include "base/rng.h"
#include "pick/candidates.h"
#include "pick/pick.h"

#define ROOMY_MOST	16	/* tasks with room that are known, while a policy's own choice is full */

struct roomy {			/* tasks of a service with room, as of the last look at all of them */
	int64_t		 looked_usec;	/* 0: never */
	bool		 all_used;	/* ejections do not count */
	uint32_t	 n;
	uint32_t	 task[ROOMY_MOST];	/* from the first of the service's on */
};

struct pick {
	const struct live *live;
	const struct phys *phys;
	struct candidate_sets *sets;
	const struct table *table;	/* the one that `sets` is for */
	const struct table_task *task;
	uint32_t	*turn;		/* round robin, by service index: which task is next */
	struct roomy	*roomy;		/* by service index */
	bool		 has_precedence;	/* some service is to come before others */
	struct rng	 rng;
};

/* One choice under way. */
struct choice {
	struct pick	*pick;
	const struct table_service *service;
	const struct pick_avoid *avoid;
	int64_t		 now;
	bool		 all_used;	/* ejections do not count */
	bool		 any;		/* nor does health */
	bool		 penalties;	/* there are some */
	/* the fewest in flight so far, one more counted and weighed, and how many had as few: each of
	 * them is kept with the same chance */
	const struct table_task *best;
	double		 inflight;
	uint32_t	 equals;
};

/* Ejections do not count: too many of the service's tasks would be out of use (live.h). `task` is
 * its first one. */
bool	pick_all_used(const struct pick *, const struct table_service *, const struct table_task *task,
    int64_t now_usec);

static bool
pick_avoids(const struct pick_avoid *a, const struct table_task *t)
{
	for (unsigned i = 0; i < a->n; i++)
		if (a->slot[i] == t->slot)
			return true;
	return false;
}

static bool
choice_allows(const struct choice *c, const struct table_task *t)
{
	const struct live *l = c->pick->live;

	return !t->draining && (c->any || live_is_usable(l, t->slot, c->now)
	    || (c->all_used && live_is_healthy(l, t->slot, c->now))) && !pick_avoids(c->avoid, t);
}

/* What failures make it look like, in requests. */
static double
choice_penalty(const struct choice *c, const struct table_task *t)
{
	return c->penalties ? live_penalty(c->pick->live, t->slot, c->now) : 0;
}

static double
choice_handicap(const struct choice *c, const struct table_task *t)
{
	const struct table_service *s = c->service;

	return s->slow_start_usec > 0 || table_service_checks(s) ?
	    live_handicap(c->pick->live, t->slot, s->slow_start_usec, c->now) : 1;
}

#endif
