/*
 * heat: two means of each node's pressure, a fast one for what is, a slow one for what has been.
 *
 * Hot begins at `hot` and ends below `cold`, so that a node between the two stays what it was.
 * The worst of the slow mean is kept and forgotten over the cool-down: a hog that comes and goes
 * leaves its nodes unattractive for as long as it may come back soon, and that, not only the
 * cool-down itself, is what keeps a service from following it about. Must not know the Swarm;
 * what only the Swarm knows of a service is written into heat_service by others.
 */
#include <math.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/bug.h"
#include "base/map.h"
#include "score/demand.h"
#include "score/guard.h"
#include "score/heat.h"

#define FAST_OF_DWELL	6		/* the fast mean's time constant is the dwell time divided by this */

struct heat {
	struct map	*nodes, *services;	/* by name */
	int64_t		 updated_usec;
};

struct heat *
heat_new(void)
{
	struct heat *h = must_zalloc(sizeof *h);

	h->nodes = map_new();
	h->services = map_new();
	return h;
}

static void
values_free(struct map **m)
{
	struct str key;
	size_t at = 0;
	void *v;

	while (map_next(*m, &at, &key, &v))
		free(v);
	map_free(m);
}

void
heat_free(struct heat **hp)
{
	struct heat *h = *hp;

	*hp = NULL;
	if (h == NULL)
		return;
	values_free(&h->nodes);
	values_free(&h->services);
	free(h);
}

struct heat_node *
heat_node(struct heat *h, const struct world_node *n)
{
	struct heat_node *e = map_get(h->nodes, str_of(n->name));

	if (e == NULL) {
		e = must_zalloc(sizeof *e);
		map_put(h->nodes, str_of(n->name), e);
	}
	return e;
}

struct heat_service *
heat_service(struct heat *h, const struct world_service *s)
{
	struct heat_service *e = map_get(h->services, str_of(s->name));

	if (e == NULL) {
		e = must_zalloc(sizeof *e);
		e->refusal = e->scale_refusal = REFUSAL_UNSEEN;
		e->own_cores = NAN;
		map_put(h->services, str_of(s->name), e);
	}
	return e;
}

void
heat_set_barred(struct heat_service *s, unsigned slot, bool barred)
{
	ASSERT(slot < NODES_MAX);
	if (barred)
		s->barred[slot / 8] |= (uint8_t)(1u << slot % 8);
	else
		s->barred[slot / 8] &= (uint8_t)~(1u << slot % 8);
}

bool
heat_is_barred(const struct heat_service *s, unsigned slot)
{
	ASSERT(slot < NODES_MAX);
	return (s->barred[slot / 8] >> slot % 8 & 1) != 0;
}

void
heat_record_move(struct heat *h, const struct world_node *n, int64_t now)
{
	struct heat_node *e = heat_node(h, n);

	ASSERT(now > 0 && now >= e->moved_usec);
	e->moved_usec = now;
}

/* How far a mean goes towards a value that has held for `usec`. */
static double
step(int64_t usec, int64_t time_constant)
{
	ASSERT(usec >= 0 && time_constant > 0);
	return 1 - exp(-(double)usec / (double)time_constant);
}

/*
 * The fast means begin with their first sample; the slow one with nothing, for it is to remember
 * what has lasted. Our share is counted at the very samples: a queue of ours that comes and goes
 * must not look like other load.
 */
static void
node_fold_sample(struct heat_node *e, const struct world_node *n, const struct heat_rules *r)
{
	int64_t gap = e->sampled_usec == 0 ? 0 : n->observed.sample.taken_usec - e->sampled_usec;
	double fast = step(gap, r->dwell_usec / FAST_OF_DWELL + 1);
	double threads = demand_of(&n->observed.sample).threads;
	double pressure = threads / fmax(n->steering.row.law.cores, 0.01);
	double ours = threads - fmin(fmax(0, n->steering.row.law.others), threads);

	if (!e->known) {
		e->known = true;
		e->pressure = pressure;
		e->ours = ours;
		e->hot_usec = e->cold_usec = 0;
	}
	e->pressure += (pressure - e->pressure) * fast;
	e->ours += (ours - e->ours) * fast;
	e->slow += (pressure - e->slow) * step(gap, r->dwell_usec);
	e->worst = fmax(e->worst * (1 - step(gap, r->cool_down_usec)), e->slow);
	e->sampled_usec = n->observed.sample.taken_usec;
	ASSERT(e->pressure >= 0 && e->ours >= 0 && e->slow >= 0 && e->worst >= e->slow);
}

/* Since when something is so: `at` stays while it is. */
static void
set_since(int64_t *at, bool is, int64_t now)
{
	ASSERT(now > 0 && *at <= now);
	if (!is)
		*at = 0;
	else if (*at == 0)
		*at = now;
}

static void
node_update(struct heat_node *e, const struct world_node *n, const struct heat_rules *r,
    int64_t now)
{
	e->seen = true;
	if (guard_state(n, now) != GUARD_FRESH) {
		e->known = false;
		e->hot_usec = e->cold_usec = 0;
		return;
	}
	if (n->observed.sample.taken_usec > e->sampled_usec)
		node_fold_sample(e, n, r);
	set_since(&e->hot_usec, e->pressure >= (e->hot_usec != 0 ? r->cold : r->hot), now);
	set_since(&e->cold_usec, e->pressure < (e->cold_usec != 0 ? r->hot : r->cold), now);
	ASSERT(e->hot_usec == 0 || e->cold_usec == 0);
}

/* `last_usec` 0: the first value. */
static void
fold_inflight(double *mean, double value, int64_t last_usec, int64_t now,
    const struct heat_rules *r)
{
	int64_t gap = last_usec == 0 ? 0 : now - last_usec;

	*mean = gap == 0 ? value : *mean + (value - *mean) * step(gap, r->dwell_usec / FAST_OF_DWELL + 1);
	ASSERT(*mean >= 0);
}

static void
service_update(struct heat_service *e, const struct world *w, const struct world_service *s,
    const struct heat_rules *r, int64_t now)
{
	const struct world_task *t;
	double inflight = 0;

	LIST_FOREACH(t, &s->tasks, link)
		inflight += live_task_inflight(w->live, t->slot);
	fold_inflight(&e->inflight, inflight, e->updated_usec, now, r);
	e->updated_usec = now;
	e->seen = true;
}

/* What the world no longer names is forgotten, one entry per update: it is not urgent, and a map
 * must not change during a walk. */
static void
sweep(struct map *m, bool (*test_seen)(void *))
{
	struct str key, gone = { NULL, 0 };
	size_t at = 0;
	void *v, *stale = NULL;

	while (map_next(m, &at, &key, &v))
		if (!test_seen(v)) {
			gone = key;
			stale = v;
		}
	if (stale == NULL)
		return;
	map_remove(m, gone);
	free(stale);
}

static bool
node_test_seen(void *v)
{
	struct heat_node *e = v;
	bool seen = e->seen;

	e->seen = false;
	return seen;
}

static bool
service_test_seen(void *v)
{
	struct heat_service *e = v;
	bool seen = e->seen;

	e->seen = false;
	return seen;
}

void
heat_update(struct heat *h, const struct world *w, const struct heat_rules *r, int64_t now)
{
	const struct world_service *s;
	const struct world_node *n;

	ASSERT(r->cold > 0 && r->hot >= r->cold && r->dwell_usec > 0 && r->cool_down_usec > 0);
	ASSERT(now >= h->updated_usec);
	LIST_FOREACH(n, &w->nodes, link) {
		struct heat_node *e = heat_node(h, n);
		node_update(e, n, r, now);
		fold_inflight(&e->inflight, live_node_inflight(w->live, n->slot), h->updated_usec, now, r);
	}
	h->updated_usec = now;
	LIST_FOREACH(s, &w->services, link)
		if (s->conf.migrate || s->conf.scale_max > 0)
			service_update(heat_service(h, s), w, s, r, now);
	sweep(h->nodes, node_test_seen);
	sweep(h->services, service_test_seen);
}
