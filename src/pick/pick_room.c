/*
 * pick_room: how full tasks are, and, where a policy's own choice is full, another one that has
 * room. Looking at all tasks is dear for a large service: a few with room are kept from one look to
 * the next.
 */
#include <math.h>

#include "base/bug.h"
#include "pick/pick_priv.h"
#include "world/room.h"

#define ROOMY_USEC	1000	/* after which all tasks are looked at again */

/* `more`: requests there that are none, but count (a penalty). */
static double
use_with(const struct pick *p, const struct table_task *t, double more, const struct pick_bound *b,
    int64_t now)
{
	const struct phys_row *row = candidate_sets_node(p->sets, t->node_slot, now);
	uint32_t on_task = live_task_inflight(p->live, t->slot);
	struct room_load l = { .available = phys_available(p->phys, t->slot),
	    .waited = b->belief * phys_waited(p->phys, t->slot),
	    .inflight = live_node_inflight(p->live, t->node_slot) + more, .on_task = on_task + more };
	double use = room_use(row, &l, now);

	if (b->task_most > 0 && on_task >= b->task_most)
		return INFINITY;
	if (!b->shared)
		return use;
	l.available = NAN;
	return fmax(use, room_use(row, &l, now));
}

double
pick_use(struct pick *p, const struct table_task *t, const struct pick_bound *b, int64_t now)
{
	return use_with(p, t, 0, b, now);
}

uint32_t
pick_inflight(const struct pick *p, const struct table_service *s)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < s->ntasks; i++)
		n += live_task_inflight(p->live, p->task[s->first_task + i].slot);
	return n;
}

bool
pick_has_precedence(const struct pick *p)
{
	return p->has_precedence;
}

/* What decides among tasks that have room: how full it is, what failures make it look like, whether
 * it is new or degraded, and what it says of its own load. */
static double
roomy_cost(const struct choice *c, const struct candidates *set, const struct table_task *t,
    const struct pick_bound *b)
{
	double use = use_with(c->pick, t, choice_penalty(c, t), b, c->now) * choice_handicap(c, t);

	return set == NULL ? use : use * candidates_load(set, t->slot);
}

/* Looks at all tasks, and keeps those with room that cost least, in no order. */
static void
roomy_look(struct choice *c, struct roomy *r, const struct candidates *set,
    const struct table_task *task, uint32_t ntasks, const struct pick_bound *b)
{
	double cost[ROOMY_MOST];

	r->looked_usec = c->now;
	r->n = 0;
	for (uint32_t i = 0; i < ntasks; i++) {
		uint32_t at = r->n;
		double its;
		if (pick_use(c->pick, &task[i], b, c->now) > b->most || !choice_allows(c, &task[i]))
			continue;
		its = roomy_cost(c, set, &task[i], b);
		if (r->n < ROOMY_MOST)
			r->n++;
		else			/* in the place of the dearest, if that is dearer */
			for (uint32_t k = at = 0; k < ROOMY_MOST; k++)
				at = cost[k] > cost[at] ? k : at;
		if (at == r->n - 1 || its < cost[at]) {
			cost[at] = its;
			r->task[at] = i;
		}
	}
}

/* Of the tasks that had room at the last look, and still have, the one that costs least. */
static const struct table_task *
roomy_best(struct choice *c, struct roomy *r, const struct candidates *set,
    const struct table_task *task, const struct pick_bound *b)
{
	const struct table_task *best = NULL;
	double least = INFINITY;

	for (uint32_t k = 0; k < r->n; ) {
		const struct table_task *t = &task[r->task[k]];
		double cost;
		if (pick_use(c->pick, t, b, c->now) > b->most) {
			r->task[k] = r->task[--r->n];
			continue;
		}
		k++;
		if (!choice_allows(c, t) || (cost = roomy_cost(c, set, t, b)) >= least)
			continue;
		best = t;
		least = cost;
	}
	return best;
}

const struct table_task *
pick_roomy(struct pick *p, const struct table *table, const struct table_service *s,
    const struct pick_avoid *avoid, int64_t now, const struct table_task *picked,
    struct pick_bound *b)
{
	uint32_t n, service = (uint32_t)(s - table_services(table, &n));
	const struct table_task *task = table_tasks(table, &n) + s->first_task, *best;
	struct roomy *r = &p->roomy[service];
	struct candidates *set = candidates_of(p->sets, service);
	struct choice c = { .pick = p, .service = s, .avoid = avoid, .now = now,
	    .penalties = live_has_penalty(p->live, now) };

	ASSERT(table == p->table && picked >= task && picked < task + s->ntasks);
	b->use = pick_use(p, picked, b, now);
	if (b->use <= b->most)
		return picked;
	c.all_used = r->all_used;
	best = roomy_best(&c, r, set, task, b);
	/* looking at a task takes some 20 ns: 2 % of the time at most */
	if (best == NULL && now - r->looked_usec >= ROOMY_USEC + s->ntasks) {
		c.all_used = r->all_used = pick_all_used(p, s, task, now);
		roomy_look(&c, r, set, task, s->ntasks, b);
		best = roomy_best(&c, r, set, task, b);
	}
	if (best != NULL)
		b->use = pick_use(p, best, b, now);
	return best;
}
