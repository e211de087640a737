/*
 * phys: the small shared block that changes with every sample, written by the brain alone and
 * read by every worker. Rows are addressed by node slot, what a task's container could have by task
 * slot (table.h). A row is read whole, never half of one and half of the next; when the brain dies
 * all stays and grows old, and the law discounts it by the age of the node's sample.
 */
#ifndef WORLD_PHYS_H
#define WORLD_PHYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "world/law.h"
#include "world/profile.h"

#define NODES_MAX	2048		/* node slots */
#define TASKS_MAX	32768		/* task slots */

struct phys;

/* The node as services of another profile than balanced see it. */
struct phys_as {
	double		cores;		/* 0: as balanced ones do */
	double		held;		/* of the law */
	double		score;
};

struct phys_row {
	struct law_node	law;		/* cores are those of profile 0, balanced */
	double		score;		/* 0..100 for `policy: best-node`; renewed at its own pace */
	double		memory;		/* 0..1, the part in use; 0: not known. For load reports */
	/* R of its sample: threads that wanted a core, also those that a quota held back; 0: not known */
	double		wanted;
	/* its slow start counts from here, for a brain to come; monotonic, 0: there is none */
	int64_t		ramp_usec;
	struct phys_as	as[PROFILE_SLOTS - 1];	/* by profile slot, from 1 */
};

static inline double
phys_cores(const struct phys_row *r, unsigned profile)
{
	return profile > 0 && r->as[profile - 1].cores > 0 ? r->as[profile - 1].cores : r->law.cores;
}

static inline double
phys_score(const struct phys_row *r, unsigned profile)
{
	return profile > 0 && r->as[profile - 1].cores > 0 ? r->as[profile - 1].score : r->score;
}

/* The node as the law takes it; `as` is memory for it. */
static inline const struct law_node *
phys_law_in(const struct phys_row *r, unsigned profile, struct law_node *as)
{
	if (profile == 0)
		return &r->law;
	*as = r->law;
	as->cores = phys_cores(r, profile);
	as->held = r->as[profile - 1].held;
	return as;
}

static inline struct law_node
phys_law(const struct phys_row *r, unsigned profile)
{
	struct law_node as;

	return *phys_law_in(r, profile, &as);
}

size_t		 phys_bytes(void);
struct phys	*phys_init(void *zeroed_shared_memory);		/* once, by the parent */
void		 phys_write(struct phys *, unsigned slot, const struct phys_row *);	/* brain only */
/* Whether this very row is in force. For the writer alone: no other write may be going on. */
bool		 phys_holds(const struct phys *, unsigned slot, const struct phys_row *);
/* False: the row changed all the time, and `row` keeps what was read before. What has never been
 * written or read (zeroed memory) is made a row that can be reckoned with. */
bool		 phys_read(const struct phys *, unsigned slot, struct phys_row *);
/* The same for who keeps the row between two looks: it is copied only when it was written since.
 * `seen` belongs to `row`, and both begin zeroed. */
void		 phys_follow(const struct phys *, unsigned slot, struct phys_row *, uint32_t *seen);

/* The cores that the container of a task could have on its node if it wanted all it can get, as of
 * the node's sample: NAN, or not above 0, is not known. A slot's new life begins so. Brain only. */
void		 phys_set_available(struct phys *, unsigned task_slot, double cores);
double		 phys_available(const struct phys *, unsigned task_slot);	/* > 0, or NAN */
/* Our requests on the task that wanted no core at the sample (room.h); 0 until it is said. */
void		 phys_set_waited(struct phys *, unsigned task_slot, double requests);
double		 phys_waited(const struct phys *, unsigned task_slot);

#endif
