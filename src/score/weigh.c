/*
 * weigh: cores, a lean away from nodes where more is wanted, and a slow integral.
 *
 * What is wanted on a node is others' and ours together: nobody tells us how much of it the
 * proxy sent. So the lean must not answer to its own doing. It is bounded (a node gets at least
 * 1 / (1 + lean) of what its cores say, however long its queue), only what exceeds the fleet's
 * mean counts, and together the nodes lean no further than the others have room for: when all
 * are full, cores are nearly all there is to know. Without the last bound, a queue on a large
 * node throws its load on the others until the next publication, which is longer than it takes
 * to finish them.
 *
 * Samples jump about by the root of the threads, our own requests' too, and weights that follow
 * that are worse than none: requests that take turns then come in uneven turns. So an excess is
 * averaged, unless it is too large a step to be noise; and of a use that differs from the
 * fleet's, what may be noise does not count.
 *
 * The integral finds what is in no formula: cores that are slower than others', requests of
 * another entry. It is slow, for the proxy's answer to a weight is in the next sample, and it
 * grows no further than the floor and its inverse, or it would take minutes to come back. Must
 * not know any proxy, nor what weights it can take.
 */
#include <math.h>
#include <stdlib.h>

#include "base/bug.h"
#include "base/clock.h"
#include "score/demand.h"
#include "score/guard.h"
#include "score/weigh.h"

#define TRIM_USEC	(5 * USEC_PER_SEC)
#define GAP_MOST	(2 * TRIM_USEC)		/* a longer silence is no reason for a longer step */
#define EXCESS_MOST	1.0			/* threads per core */
#define CALM_USEC	(2 * USEC_PER_SEC)	/* over which an excess is averaged */
#define STEP		1.5			/* unless it is further off than so many roots of the fleet's mean of threads */
#define SLACK_USEC	(5 * USEC_PER_SEC)	/* over which differences of use are averaged */
#define SLACK_NOISE	0.05			/* and by how much they are less then: this by the root of the cores */
#define FULL		0.9			/* of the cores: to lean must not fill the others further than this */

struct view {				/* of one node slot */
	double	 excess;		/* -EXCESS_MOST..EXCESS_MOST, averaged */
	double	 slack;			/* the fleet's use less this node's, averaged */
	double	 trim;			/* its logarithm */
	double	 trust;			/* in both, at the last look */
	int64_t	 sampled_usec;		/* of the last sample folded in; 0: none yet */
	unsigned look;			/* in which the node was there: a slot can get another node */
	unsigned serves;		/* the last look in which it had a task that takes requests */
};

struct weigh {
	struct view	 node[NODES_MAX];
	struct weigh_rules rules;
	double		 room;			/* for what leans away, 0..1 */
	double		 trimmed;		/* mean of the trims of those that are judged: the others have 0 beside them */
	unsigned	 look;
	bool		 served;		/* somebody has such a task */
};

struct fleet {				/* of those that are to be judged; by their cores, so that large and small ones balance */
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

/* Who has tasks that take requests. A node without any idles whatever its weight is: it would be
 * trimmed up for as long as that lasts, and its first task be sent most of all requests. */
static void
serving_look(struct weigh *w, const struct world *world)
{
	struct world_service *s;
	struct world_task *t;

	w->served = false;
	LIST_FOREACH(s, &world->services, link)
		LIST_FOREACH(t, &s->tasks, link)
			if (!t->draining && !t->drained) {
				w->node[t->node->slot].serves = w->look;
				w->served = true;
			}
}

/* A drained node says nothing of what weights do, nor does one whose row was inherited and that
 * has no sample yet. */
static bool
judged(const struct weigh *w, const struct world_node *n, int64_t now)
{
	return guard_state(n, now) == GUARD_FRESH && n->sample.taken_usec != 0 &&
	    (!w->served || w->node[n->slot].serves == w->look);
}

static struct fleet
fleet_look(const struct weigh *w, const struct world *world, int64_t now)
{
	struct fleet f = { 0 };
	struct world_node *n;

	LIST_FOREACH(n, &world->nodes, link)
		if (judged(w, n, now)) {
			f.cores += n->sample.cores;
			f.busy += n->sample.busy;
			f.wanted += demand_of(&n->sample).threads;
		}
	return f;
}

/* How much of what is new counts in an average over `span`, when the last was `gap` ago; 0:
 * there was none. */
static double
part_of(int64_t gap, int64_t span)
{
	return gap == 0 ? 1 : 1 - exp(-(double)gap / (double)span);
}

static void
excess_fold(struct view *v, const struct sample *s, const struct fleet *f, int64_t gap)
{
	double mean = f->wanted / f->cores, excess = fmax(-EXCESS_MOST, fmin(EXCESS_MOST, demand_of(s).threads / s->cores - mean));
	bool step = fabs(excess - v->excess) * s->cores > STEP * sqrt(fmax(1, mean * s->cores));

	v->excess += (step ? 1 : part_of(gap, CALM_USEC)) * (excess - v->excess);
}

static void
trim_fold(struct view *v, const struct sample *s, const struct fleet *f, int64_t gap, const struct weigh_rules *r)
{
	double most = -log(r->floor), noise = SLACK_NOISE / sqrt(s->cores);

	v->slack += part_of(gap, SLACK_USEC) * (f->busy / f->cores - s->busy / s->cores - v->slack);
	v->trim += r->trim * copysign(fmax(0, fabs(v->slack) - noise), v->slack) * (double)gap / (double)TRIM_USEC;
	v->trim = r->trim > 0 ? fmax(-most, fmin(most, v->trim)) : 0;
}

static void
view_fold(struct view *v, const struct world_node *n, const struct fleet *f, const struct weigh_rules *r)
{
	const struct sample *s = &n->sample;
	int64_t gap = v->sampled_usec == 0 ? 0 : s->taken_usec - v->sampled_usec;

	if (gap > GAP_MOST)
		gap = GAP_MOST;
	excess_fold(v, s, f, gap);
	trim_fold(v, s, f, gap, r);
	v->sampled_usec = s->taken_usec;
}

static double
leant(const struct weigh *w, const struct view *v)
{
	return 1 - 1 / (1 + w->rules.lean * fmax(0, v->excess) * v->trust);
}

/* Were the parts that lean away sent to the others, those would be used by U / (1 - parts). */
static double
room_of(const struct weigh *w, const struct world *world, const struct fleet *f, int64_t now)
{
	double away = 0;
	struct world_node *n;

	LIST_FOREACH(n, &world->nodes, link)
		if (judged(w, n, now))
			away += leant(w, &w->node[n->slot]) * n->sample.cores / f->cores;
	return away > 0 ? fmax(0, fmin(1, (1 - f->busy / f->cores / FULL) / away)) : 1;
}

static double
trim_mean(const struct weigh *w, const struct world *world, const struct fleet *f, int64_t now)
{
	double sum = 0;
	struct world_node *n;

	LIST_FOREACH(n, &world->nodes, link)
		if (judged(w, n, now))
			sum += w->node[n->slot].trim * n->sample.cores / f->cores;
	return sum;
}

void
weigh_update(struct weigh *w, const struct world *world, const struct weigh_rules *r, int64_t now)
{
	struct fleet f;
	struct world_node *n;

	ASSERT(r->lean >= 0 && r->trim >= 0 && r->floor > 0 && r->floor <= 1);
	w->rules = *r;
	w->look++;
	serving_look(w, world);
	f = fleet_look(w, world, now);
	LIST_FOREACH(n, &world->nodes, link) {
		struct view *v = &w->node[n->slot];
		if (v->look + 1 != w->look)
			*v = (struct view){ .serves = v->serves };
		v->look = w->look;
		v->trust = guard_trust(n, now);
		if (judged(w, n, now) && n->sample.taken_usec > v->sampled_usec)
			view_fold(v, n, &f, r);
	}
	w->room = room_of(w, world, &f, now);
	w->trimmed = trim_mean(w, world, &f, now);
}

double
weigh_node(const struct weigh *w, const struct world *world, unsigned profile, const struct world_node *n)
{
	const struct view *v = &w->node[n->slot];
	double whole = n->row.law.cores > 0 ? n->row.law.cores : 1;	/* not looked at yet by whoever steers */
	double cores = n->row.law.cores > 0 ? phys_cores(&n->row, profile) : whole, weight = cores;

	(void)world;
	if (v->look == w->look)
		weight *= exp((v->trim - w->trimmed) * v->trust) * (1 - w->room * leant(w, v));
	return fmax(weight, whole * w->rules.floor);
}
