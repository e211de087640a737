/*
 * scale: one step at a time, and each waits until the last one can be seen.
 *
 * Requests are steered to the node with room, so a service is short of tasks only when the
 * coolest of its nodes is hot; and one task more helps only where some other node is cold. It
 * has too many when its nodes would still be cold, all of them together, with one task fewer on
 * them. What lies between is left as it is. Must not know how many tasks Swarm really runs: the
 * number that the specification wants is changed.
 */
#include <math.h>

#include "base/bug.h"
#include "score/explain.h"
#include "score/scale.h"

struct crowd {				/* the nodes of a service's tasks */
	unsigned	 nodes;
	bool		 known;		/* all of them */
	double		 coolest, mean;
	int64_t		 hot_usec, cold_usec;	/* since when all are; 0: not */
};

/* An earlier task of the service has the same node. */
static bool
is_node_counted(const struct world_service *s, const struct world_task *t)
{
	const struct world_task *x;

	for (x = LIST_FIRST(&s->tasks); x != t; x = LIST_NEXT(x, link))
		if (x->node == t->node && !x->draining)
			return true;
	return false;
}

/* The later of two times; 0, which is never, stays. */
static void
set_later(int64_t *all, int64_t one)
{
	if (one == 0 || *all == 0)
		*all = 0;
	else if (one > *all)
		*all = one;
}

static struct crowd
crowd_of(struct heat *h, const struct world_service *s)
{
	struct crowd c = { .known = true, .coolest = INFINITY, .hot_usec = 1, .cold_usec = 1 };
	const struct world_task *t;

	LIST_FOREACH(t, &s->tasks, link) {
		const struct heat_node *x = heat_node(h, t->node);
		ASSERT(t->service == s && x->pressure >= 0);
		if (t->draining || is_node_counted(s, t))
			continue;
		c.nodes++;
		c.known &= x->known;
		c.coolest = fmin(c.coolest, x->pressure);
		c.mean += x->pressure;
		set_later(&c.hot_usec, x->hot_usec);
		set_later(&c.cold_usec, x->cold_usec);
	}
	if (c.nodes > 0)
		c.mean /= c.nodes;
	ASSERT(c.nodes <= s->ntasks);
	return c;
}

static bool
has_lasted(int64_t since, int64_t usec, int64_t now)
{
	ASSERT(since <= now && usec > 0);
	return since != 0 && now - since >= usec;
}

static bool
is_room_elsewhere(struct heat *h, const struct world *w, const struct heat_service *e,
    const struct world_service *s)
{
	const struct world_node *n;
	const struct world_task *t;

	LIST_FOREACH(n, &w->nodes, link) {
		const struct heat_node *hn = heat_node(h, n);
		bool has = false;
		LIST_FOREACH(t, &s->tasks, link)
			has |= t->node == n && !t->draining;
		if (!has && !n->drained && !heat_is_barred(e, n->slot) && hn->known && hn->cold_usec != 0)
			return true;
	}
	return false;
}

/* -1, 0 or 1. Out of its bounds it steps towards them, whatever the pressure. */
static int
choose_step(const struct heat_service *e, const struct service_conf *c, const struct crowd *crowd,
    const struct heat_rules *r, int64_t now, struct scale *v)
{
	if (e->replicas < c->scale_min)
		return 1;
	if (e->replicas > c->scale_max)
		return -1;
	if (crowd->nodes == 0 || !crowd->known)
		return 0;
	v->pressure = crowd->mean;
	if (has_lasted(crowd->hot_usec, r->dwell_usec, now)) {
		v->pressure = crowd->coolest;
		return 1;
	}
	if (e->replicas < 2 || !has_lasted(crowd->cold_usec, r->cool_down_usec, now))
		return 0;
	v->after = crowd->mean * e->replicas / (e->replicas - 1);
	return v->after < r->cold ? -1 : 0;
}

static enum refusal
find_refusal(struct heat *h, const struct world *w, const struct heat_rules *r,
    const struct world_service *s, int64_t now, struct scale *v)
{
	const struct heat_service *e = heat_service(h, s);
	const struct service_conf *c = &s->conf;
	struct crowd crowd = crowd_of(h, s);
	bool within;
	int step;

	if (c->scale_max == 0)
		return REFUSAL_NOT_OPTED;
	if (e->scale_refusal != REFUSAL_NONE)
		return e->scale_refusal;
	v->is = v->to = e->replicas;
	if (e->replicas == 0)
		return REFUSAL_STOPPED;
	step = choose_step(e, c, &crowd, r, now, v);
	within = e->replicas >= c->scale_min && e->replicas <= c->scale_max;
	if (step == 0)
		return crowd.nodes > 0 && !crowd.known ? REFUSAL_BLIND : REFUSAL_STEADY;
	if (within && step > 0 && e->replicas == c->scale_max)
		return REFUSAL_AT_MOST;
	if (within && step < 0 && e->replicas <= (c->scale_min > 1 ? c->scale_min : 1))
		return REFUSAL_AT_LEAST;
	if (within && step > 0 && !is_room_elsewhere(h, w, e, s))
		return REFUSAL_NO_COLD;
	if (e->changed_usec != 0 && now - e->changed_usec < r->cool_down_usec)
		return REFUSAL_COOL_SERVICE;
	v->to = step > 0 ? e->replicas + 1 : e->replicas - 1;
	return REFUSAL_NONE;
}

void
scale_evaluate(struct heat *h, const struct world *w, const struct heat_rules *r,
    const struct world_service *s, int64_t now, struct scale *v)
{
	*v = (struct scale){ .pressure = NAN, .after = NAN };
	v->refusal = find_refusal(h, w, r, s, now, v);
	ASSERT((v->refusal == REFUSAL_NONE) == (v->to != v->is) && (v->to > 0 || v->is == 0));
}

void
scale_explain(const struct scale *v, struct buf *out)
{
	if (v->refusal != REFUSAL_NONE)
		buf_printf(out, "%s", refusal_text(v->refusal));
	else if (v->to > v->is)
		buf_printf(out, "one task more, %u instead of %u", v->to, v->is);
	else
		buf_printf(out, "one task fewer, %u instead of %u", v->to, v->is);
	if (!isnan(v->pressure))
		buf_printf(out, ": %.1f threads per core on its nodes", v->pressure);
	if (!isnan(v->after))
		buf_printf(out, ", %.1f with one fewer", v->after);
}
