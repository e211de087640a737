/*
 * sim_driven: a proxy that is not ours, in two kinds: one takes turns by its weights, one prefers the fewest requests in
 * flight per weight. Mola tells it weights by the real parts (weigh, plan) and as targets/target.c does: when the members have
 * changed or a share has moved by a tenth, and not before the interval has passed. It counts its requests, and tells nobody.
 */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "drive/plan.h"
#include "score/guard.h"
#include "score/weigh.h"
#include "sim.h"

#define HYSTERESIS	0.1

struct sim_driven {
	bool		 turns;
	int64_t		 interval, published;
	struct weigh	*weigh;
	struct plan	*plan;
	double		 credit[SIM_TASKS];
	unsigned	 publications;
};

void
sim_driven_new(struct sim_service *v, bool turns, int64_t interval)
{
	sim_driven_free(&v->driven);
	v->driven = must_zalloc(sizeof *v->driven);
	v->driven->turns = turns;
	v->driven->interval = interval;
	v->driven->weigh = weigh_new();
}

void
sim_driven_free(struct sim_driven **dp)
{
	struct sim_driven *d = *dp;

	*dp = NULL;
	if (d == NULL)
		return;
	weigh_free(&d->weigh);
	plan_free(&d->plan);
	free(d);
}

/* The proxy keeps what it was told; Mola remembers nothing. */
void
sim_driven_restart(struct sim_driven *d)
{
	weigh_free(&d->weigh);
	d->weigh = weigh_new();
}

static double
weigh(void *arg, const struct world_service *s, const struct world_node *n)
{
	const struct sim_driven *d = arg;

	return weigh_node(d->weigh, s->profile, n);
}

/* As targets/target.c: nothing is said before each node was seen. */
static bool
has_settled(const struct sim *s)
{
	const struct world_node *n;

	LIST_FOREACH(n, &s->mola[0].world->nodes, link)
		if (n->observed.samples < GUARD_SAMPLES)
			return false;
	return true;
}

void
sim_driven_tick(struct sim *s, struct sim_service *v)
{
	struct sim_driven *d = v->driven;
	struct weigh_rules rules = WEIGH_RULES_DEFAULT;
	char *only[] = { v->name };
	struct plan_rules wanted = { .only = only, .nonly = 1, .least = 1, .most = 1000 };
	struct plan *p;

	weigh_update(d->weigh, s->mola[0].world, &rules, s->now);
	if (d->plan == NULL && !has_settled(s))
		return;
	p = plan_make(s->mola[0].world, &wanted, weigh, d, s->now);
	if (plan_compare(d->plan, p, HYSTERESIS) == PLAN_SAME || (d->plan != NULL && s->now - d->published < d->interval)) {
		plan_free(&p);
		return;
	}
	plan_free(&d->plan);
	d->plan = p;
	d->published = s->now;
	d->publications++;
}

static struct sim_task *
turn(struct sim *s, struct sim_driven *d, const struct plan_service *p)
{
	struct sim_task *best = NULL;
	double sum = 0;

	for (unsigned i = 0; i < p->nservers; i++) {
		struct sim_task *t = sim_task(s, p->server[i].name);
		double *credit = &d->credit[t - s->task];
		*credit += p->server[i].weight;
		sum += p->server[i].weight;
		if (!p->server[i].draining && (best == NULL || *credit > d->credit[best - s->task]))
			best = t;
	}
	if (best != NULL)
		d->credit[best - s->task] -= sum;
	return best;
}

static struct sim_task *
fewest(struct sim *s, const struct plan_service *p)
{
	struct sim_task *best = NULL;
	double least = 0;

	for (unsigned i = 0; i < p->nservers; i++) {
		struct sim_task *t = sim_task(s, p->server[i].name);
		double n = (t->inflight + 1.0) / p->server[i].weight;
		if (p->server[i].draining || (best != NULL && n >= least))
			continue;
		best = t;
		least = n;
	}
	return best;
}

struct sim_task *
sim_driven_pick(struct sim *s, struct sim_service *v)
{
	struct sim_driven *d = v->driven;
	const struct plan_service *p = d->plan == NULL ? NULL : plan_find_service(d->plan, v->name);

	if (p == NULL)
		return NULL;
	return d->turns ? turn(s, d, p) : fewest(s, p);
}

unsigned
sim_driven_publications(const struct sim_service *v)
{
	return v->driven->publications;
}
