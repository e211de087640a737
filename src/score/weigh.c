/*
 * weigh: cores, a lean away from nodes where more is wanted, and a slow integral.
 *
 * What is wanted on a node is others' load and ours together: how much of it the proxy sent is not
 * known. So the lean must not react to its own effect. It is bounded (a node gets at least
 * 1 / (1 + lean) of what its cores say, however long its queue), only what exceeds the fleet's mean
 * counts, and together the nodes lean no further than the others have room for: when all are full,
 * cores are nearly all there is to know. Without the last bound, a queue on a large node throws its
 * load on the others until the next publication, which is longer than it takes to finish them.
 *
 * Samples jump about by the root of the threads, our own requests' too, and weights that follow
 * that are worse than none: requests that take turns then come in uneven turns. So an excess is
 * averaged, unless it is too large a step to be noise; and of a use that differs from the
 * fleet's, what may be noise does not count.
 *
 * The integral finds what is in no formula: cores that are slower than others', requests from
 * elsewhere. It is slow, for the proxy's reaction to a weight is in the next sample, and it
 * grows no further than the floor and its inverse, or it would take minutes to come back. Must
 * not know any proxy, nor what weights it can take.
 */
#include <math.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/bug.h"
#include "base/clock.h"
#include "score/demand.h"
#include "score/guard.h"
#include "score/weigh.h"

#define TRIM_USEC	(5 * USEC_PER_SEC)
#define GAP_MOST	(2 * TRIM_USEC)		/* a longer silence is no reason for a longer step */
#define EXCESS_MOST	1.0			/* threads per core */
#define CALM_USEC	(2 * USEC_PER_SEC)	/* over which an excess is averaged */
#define STEP		1.5	/* unless it is further off than so many roots of the fleet's mean of threads */
#define SLACK_USEC	(5 * USEC_PER_SEC)	/* over which differences of use are averaged */
#define SLACK_NOISE	0.05	/* and by how much they are less then: this by the root of the cores */
#define FULL		0.9	/* of the cores: to lean must not fill the others further than this */

struct weigh_node_state {		/* of one node slot */
	double	 excess;		/* -EXCESS_MOST..EXCESS_MOST, averaged */
	double	 slack;			/* the fleet's use less this node's, averaged */
	double	 trim;			/* its logarithm */
	double	 trust;			/* in both, at the last update */
	int64_t	 sampled_usec;		/* of the last sample folded in; 0: none yet */
	unsigned update;		/* the last in which the node was there: a slot can get another node */
	unsigned serves;		/* the last in which it had a task that takes requests */
};

struct weigh {
	struct weigh_node_state	 node[NODES_MAX];
	struct weigh_rules rules;
	double		 room;		/* for what leans away, 0..1 */
	double		 trim_mean;	/* of the nodes that count: the others have 0 beside them */
	unsigned	 updates;
	bool		 serving;	/* some node has such a task */
};

/* Of the nodes that count; by their cores, so that large and small ones balance. */
struct weigh_fleet {
	double	 cores, busy, wanted;
};

struct weigh *
weigh_new(void)
{
	struct weigh *w = must_zalloc(sizeof *w);

	w->rules = WEIGH_RULES_DEFAULT;
	return w;
}

void
weigh_free(struct weigh **wp)
{
	free(*wp);
	*wp = NULL;
}

/*
 * Which nodes have tasks that take requests. A node without any idles whatever its weight is: it
 * would be trimmed up for as long as that lasts, and its first task be sent most of all
 * requests.
 */
static void
serving_update(struct weigh *w, const struct world *world)
{
	struct world_service *s;
	struct world_task *t;

	w->serving = false;
	LIST_FOREACH(s, &world->services, link)
		LIST_FOREACH(t, &s->tasks, link)
			if (!t->draining && !t->drained) {
				w->node[t->node->slot].serves = w->updates;
				w->serving = true;
			}
}

/*
 * A drained node says nothing of what weights do, nor does one whose row was inherited and that
 * has no sample yet.
 */
static bool
node_counts(const struct weigh *w, const struct world_node *n, int64_t now)
{
	return guard_state(n, now) == GUARD_FRESH && n->observed.sample.taken_usec != 0 &&
	    (!w->serving || w->node[n->slot].serves == w->updates);
}

/* How much of what is new counts in an average over `span`, when the last was `gap` ago; 0:
 * there was none. */
static double
part_of(int64_t gap, int64_t span)
{
	return gap == 0 ? 1 : 1 - exp(-(double)gap / (double)span);
}

static void
fold_sample(struct weigh_node_state *v, const struct sample *s, const struct weigh_fleet *f,
    const struct weigh_rules *r)
{
	double mean = f->wanted / f->cores, excess = demand_of(s).threads / s->cores - mean;
	double trim_most = -log(r->floor), noise = SLACK_NOISE / sqrt(s->cores), beyond;
	int64_t gap = v->sampled_usec == 0 ? 0 : s->taken_usec - v->sampled_usec;
	bool step;

	ASSERT(gap >= 0 && f->cores >= s->cores);
	if (gap > GAP_MOST)
		gap = GAP_MOST;

	excess = fmax(-EXCESS_MOST, fmin(EXCESS_MOST, excess));
	step = fabs(excess - v->excess) * s->cores > STEP * sqrt(fmax(1, mean * s->cores));
	v->excess += (step ? 1 : part_of(gap, CALM_USEC)) * (excess - v->excess);

	v->slack += part_of(gap, SLACK_USEC) * (f->busy / f->cores - s->busy / s->cores - v->slack);
	beyond = copysign(fmax(0, fabs(v->slack) - noise), v->slack);
	v->trim += r->trim * beyond * (double)gap / (double)TRIM_USEC;
	v->trim = r->trim > 0 ? fmax(-trim_most, fmin(trim_most, v->trim)) : 0;
	v->sampled_usec = s->taken_usec;
	ASSERT(fabs(v->excess) < EXCESS_MOST + 0.01 && fabs(v->slack) < 1.01);
}

/* The part of its weight that a node would give up, 0..1. */
static double
lean_of(const struct weigh *w, const struct weigh_node_state *v)
{
	return 1 - 1 / (1 + w->rules.lean * fmax(0, v->excess) * v->trust);
}

void
weigh_update(struct weigh *w, const struct world *world, const struct weigh_rules *r, int64_t now)
{
	struct weigh_fleet f = { 0 };
	double away = 0, trims = 0;
	struct world_node *n;

	ASSERT(r->lean >= 0 && r->trim >= 0 && r->floor > 0 && r->floor <= 1);
	w->rules = *r;
	w->updates++;
	serving_update(w, world);
	LIST_FOREACH(n, &world->nodes, link)
		if (node_counts(w, n, now)) {
			f.cores += n->observed.sample.cores;
			f.busy += n->observed.sample.busy;
			f.wanted += demand_of(&n->observed.sample).threads;
		}
	ASSERT(f.busy <= f.cores && isfinite(f.wanted));
	LIST_FOREACH(n, &world->nodes, link) {
		struct weigh_node_state *v = &w->node[n->slot];
		if (v->update + 1 != w->updates)
			*v = (struct weigh_node_state){ .serves = v->serves };
		v->update = w->updates;
		v->trust = guard_trust(n, now);
		if (!node_counts(w, n, now))
			continue;
		if (n->observed.sample.taken_usec > v->sampled_usec)
			fold_sample(v, &n->observed.sample, &f, r);
		away += lean_of(w, v) * n->observed.sample.cores / f.cores;
		trims += v->trim * n->observed.sample.cores / f.cores;
	}
	/* Were the parts that lean away sent to the others, those would be used by U / (1 - parts). */
	w->room = away > 0 ? fmax(0, fmin(1, (1 - f.busy / f.cores / FULL) / away)) : 1;
	w->trim_mean = trims;
	ASSERT(isfinite(w->trim_mean));
}

double
weigh_node(const struct weigh *w, unsigned profile, const struct world_node *n)
{
	const struct weigh_node_state *v = &w->node[n->slot];
	double whole = n->steering.row.law.cores, weight;

	ASSERT(profile < PROFILE_SLOTS);
	if (whole > 0)
		weight = phys_cores(&n->steering.row, profile);
	else				/* not published yet */
		weight = whole = 1;
	if (v->update == w->updates)
		weight *= exp((v->trim - w->trim_mean) * v->trust) * (1 - w->room * lean_of(w, v));
	ASSERT(weight >= 0 && isfinite(weight));
	return fmax(weight, whole * w->rules.floor);
}
