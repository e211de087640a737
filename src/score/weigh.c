/*
 * weigh: a slow integral per node slot, and the cores.
 *
 * An integral, for it finds by itself what a formula would have to know: how much of the load others bring, and how many
 * requests of another entry end on the node. Slow, for the proxy's answer to a weight is in the next sample; at 0.5
 * per 5 s it settles in a quarter of a minute and does not swing, even with the 15 s mean that Prometheus gives.
 * It grows no further than the floor (and its inverse), or it would take minutes to come back.
 * Must not know any proxy, nor what weights it can take.
 */
#include <math.h>
#include <stdlib.h>

#include "base/bug.h"
#include "base/clock.h"
#include "score/guard.h"
#include "score/weigh.h"

#define TRIM_USEC	(5 * USEC_PER_SEC)
#define GAP_MOST	(2 * TRIM_USEC)		/* a longer silence is no reason for a longer step */

struct trim {
	double	 log;
	double	 trust;			/* in it, at the last look */
	int64_t	 sampled_usec;		/* of the last sample folded in; 0: none yet */
	unsigned look;			/* in which the node was there: a slot can get another node */
};

struct weigh {
	struct trim	 node[NODES_MAX];
	double		 floor;
	unsigned	 look;
};

struct weigh *
weigh_new(void)
{
	struct weigh *w = must_zalloc(sizeof *w);

	w->floor = WEIGH_RULES_DEFAULT.floor;
	return w;
}

void
weigh_free(struct weigh **wp)
{
	free(*wp);
	*wp = NULL;
}

/* The part of its cores that is in use, NAN when it is not to be judged by that. */
static double
used(const struct world_node *n, int64_t now)
{
	return guard_state(n, now) == GUARD_FRESH ? n->sample.busy / n->sample.cores : NAN;
}

/* Of all nodes together, by their cores; so that trims of large and small nodes balance. */
static double
used_mean(const struct world *world, int64_t now)
{
	double busy = 0, cores = 0;
	struct world_node *n;

	LIST_FOREACH(n, &world->nodes, link)
		if (!isnan(used(n, now))) {
			busy += n->sample.busy;
			cores += n->sample.cores;
		}
	return cores > 0 ? busy / cores : NAN;
}

static void
trim_fold(struct trim *t, const struct world_node *n, double error, const struct weigh_rules *r)
{
	int64_t gap = t->sampled_usec == 0 ? 0 : n->sample.taken_usec - t->sampled_usec;
	double most = -log(r->floor);

	if (gap > GAP_MOST)
		gap = GAP_MOST;
	t->log += r->trim * error * (double)gap / (double)TRIM_USEC;
	t->log = fmax(-most, fmin(most, t->log));
	t->sampled_usec = n->sample.taken_usec;
}

void
weigh_look(struct weigh *w, const struct world *world, const struct weigh_rules *r, int64_t now)
{
	double mean = used_mean(world, now), u;
	struct world_node *n;

	ASSERT(r->trim >= 0 && r->floor > 0 && r->floor <= 1);
	w->floor = r->floor;
	w->look++;
	LIST_FOREACH(n, &world->nodes, link) {
		struct trim *t = &w->node[n->slot];
		if (t->look + 1 != w->look)
			*t = (struct trim){ 0 };
		t->look = w->look;
		t->trust = guard_trust(n, now);
		u = used(n, now);
		if (!isnan(u) && n->sample.taken_usec > t->sampled_usec)
			trim_fold(t, n, mean - u, r);
	}
}

double
weigh_node(const struct weigh *w, const struct world *world, unsigned profile, const struct world_node *n)
{
	const struct trim *t = &w->node[n->slot];
	double whole = n->row.law.cores > 0 ? n->row.law.cores : 1;	/* not looked at yet by whoever steers */
	double cores = n->row.law.cores > 0 ? phys_cores(&n->row, profile) : whole;
	double trim = t->look == w->look ? exp(t->log * t->trust) : 1;

	(void)world;
	return fmax(cores * trim, whole * w->floor);
}
