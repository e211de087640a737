/*
 * For the policies that compare, each service has rivals: its nodes (marginal, best-node) or its tasks (least-conn).
 * The lowest cost wins; among rivals that cost the same, the task with the fewest requests in flight; among those,
 * chance, never position.
 *
 * What makes it fast: costs stand in an array, with the lowest of each BLOCK beside it, and only what may have changed
 * is looked at again. Requests in flight of up to WINDOW rivals are read at each pick, so that small services are
 * always exact; larger ones go round by windows, and a winner is verified before it wins. Everything else (node state,
 * health) is read again when older than a millisecond, a hundredth of the shortest sampling period.
 */
#include <math.h>
#include <stdlib.h>

#include "base/bug.h"
#include "base/rng.h"
#include "proxy/pick.h"

#define REFRESH_USEC	1000	/* and more for very large services */
#define WINDOW		32
#define BLOCK		64	/* as many as bits in a word */
#define SAME		(1 + 1e-9)	/* costs as close as this are equal */
#define STALE		-1.0
#define COMPARED	32		/* of more equals than this, so many at random are compared */

/* One who may win: a node with the service's tasks there, or a single task. */
struct rival {
	uint32_t	inflight;		/* that its cost was reckoned with */
	uint32_t	slot;			/* node slot, or task slot for least-conn */
	uint32_t	first, ntasks;		/* of pick.order */
};

typedef uint32_t	count_f(const struct live *, unsigned slot);

struct race {					/* of one service: all who may win, and at what cost */
	enum policy	 policy;
	count_f		*count;			/* requests in flight that count for the cost, NULL: none do */
	uint32_t	 nrivals;
	struct rival	*rival;
	double		*cost;			/* >= 0, INFINITY: no task of it is usable */
	double		*low;			/* the lowest of each BLOCK of costs, or STALE */
	uint32_t	 window;		/* where the next one begins */
	int64_t		 refresh_usec;		/* how long what was read is good for */
	int64_t		 refreshed_usec;
	uint32_t	 turn;			/* round robin: who is next */
};

struct node {					/* what a node slot is, as of read_usec */
	int64_t		 read_usec;
	struct phys_row	 row;
	double		 others;
};

struct pick {
	const struct live *live;
	const struct phys *phys;
	const struct table *table;		/* the one the races were made for */
	const struct table_task *task;
	struct race	*race;			/* by service index */
	uint32_t	 nraces;
	struct rival	*rivals;		/* the memory behind all races */
	double		*costs, *lows;
	uint32_t	*order;			/* task indexes, grouped by rival; draining ones are left out */
	struct node	*node;			/* by node slot */
	struct rng	 rng;
};

/* One choice under way. */
struct choice {
	struct pick	*pick;
	struct race	*race;
	const struct pick_avoid *avoid;
	int64_t		 now;
};

struct pick *
pick_new(const struct live *live, const struct phys *phys, uint64_t seed)
{
	struct pick *p = must_zalloc(sizeof *p);

	p->live = live;
	p->phys = phys;
	p->node = must_zalloc(NODES_MAX * sizeof *p->node);
	rng_seed(&p->rng, seed);
	return p;
}

static void
races_free(struct pick *p)
{
	free(p->race);
	free(p->rivals);
	free(p->costs);
	free(p->lows);
	free(p->order);
	p->race = NULL;
	p->nraces = 0;
}

void
pick_free(struct pick **pp)
{
	struct pick *p = *pp;

	*pp = NULL;
	if (p == NULL)
		return;
	races_free(p);
	free(p->node);
	free(p);
}

/* ---- the races of a table ---- */

/* Tasks in an order in which those of one rival stand together. */
static int
by_node(const void *a, const void *b, void *tasks)
{
	const struct table_task *t = tasks;
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	if (t[x].node_slot != t[y].node_slot)
		return t[x].node_slot < t[y].node_slot ? -1 : 1;
	return x < y ? -1 : x > y;
}

static bool
compares(enum policy policy)
{
	return policy == POLICY_MARGINAL || policy == POLICY_LEAST_CONN || policy == POLICY_BEST_NODE;
}

/* Adds the task at order[at] to the last rival when both stand on one node, else to a new one. */
static void
rival_add(struct pick *p, struct race *race, uint32_t at)
{
	const struct table_task *t = &p->task[p->order[at]];
	bool by_task = race->policy == POLICY_LEAST_CONN;
	uint32_t slot = by_task ? t->slot : t->node_slot;

	if (race->nrivals == 0 || by_task || race->rival[race->nrivals - 1].slot != slot)
		race->rival[race->nrivals++] = (struct rival){ .slot = slot, .first = at };
	race->rival[race->nrivals - 1].ntasks++;
}

static void
race_make(struct pick *p, uint32_t index, const struct table_service *s)
{
	struct race *race = &p->race[index];
	uint32_t base = s->first_task, n = 0;

	race->policy = s->policy;
	race->count = s->policy == POLICY_MARGINAL ? live_node_inflight
	    : s->policy == POLICY_LEAST_CONN ? live_task_inflight : NULL;
	race->rival = p->rivals + base;	/* as many as tasks at most */
	race->cost = p->costs + base;
	race->low = p->lows + base / BLOCK + index;	/* a service's last block may be a short one */
	race->refresh_usec = REFRESH_USEC + s->ntasks;	/* looking at a task takes some 20 ns: 2 % of the time at most */
	race->refreshed_usec = INT64_MIN;
	race->turn = s->ntasks > 0 ? rng_below(&p->rng, s->ntasks) : 0;	/* so that workers do not march in step */
	if (!compares(s->policy))
		return;
	for (uint32_t i = 0; i < s->ntasks; i++)
		if (!p->task[base + i].draining)
			p->order[base + n++] = base + i;
	qsort_r(p->order + base, n, sizeof *p->order, by_node, (void *)(uintptr_t)p->task);
	for (uint32_t i = 0; i < n; i++)
		rival_add(p, race, base + i);
}

void
pick_table(struct pick *p, const struct table *t)
{
	const struct table_service *s;
	uint32_t ntasks;

	races_free(p);
	p->table = t;
	p->task = table_tasks(t, &ntasks);
	s = table_services(t, &p->nraces);
	p->race = must_zalloc((p->nraces + 1) * sizeof *p->race);
	p->rivals = must_zalloc((ntasks + 1) * sizeof *p->rivals);
	p->costs = must_zalloc((ntasks + 1) * sizeof *p->costs);
	p->lows = must_zalloc((ntasks / BLOCK + p->nraces + 1) * sizeof *p->lows);
	p->order = must_zalloc((ntasks + 1) * sizeof *p->order);
	for (uint32_t i = 0; i < p->nraces; i++)
		race_make(p, i, &s[i]);
}

/* ---- who may take it ---- */

static bool
avoided(const struct pick_avoid *a, const struct table_task *t)
{
	for (unsigned i = 0; i < a->n; i++)
		if (a->task[i] == t)
			return true;
	return false;
}

static bool
eligible(const struct choice *c, const struct table_task *t)
{
	return !t->draining && live_usable(c->pick->live, t->slot, c->now) && !avoided(c->avoid, t);
}

/* Fewest in flight so far, and how many were equal: each of them is kept with the same chance. */
struct best {
	const struct table_task *task;
	uint32_t	inflight;
	uint32_t	equals;
};

static void
best_offer(struct choice *c, struct best *b, const struct table_task *t)
{
	uint32_t n = live_task_inflight(c->pick->live, t->slot);

	if (b->task == NULL || n < b->inflight)
		*b = (struct best){ t, n, 1 };
	else if (n == b->inflight && rng_below(&c->pick->rng, ++b->equals) == 0)
		b->task = t;
}

/* ---- costs ---- */

static struct node *
node_at(struct pick *p, uint32_t slot, int64_t now)
{
	struct node *n = &p->node[slot];

	if (now - n->read_usec >= REFRESH_USEC || n->read_usec == 0) {
		phys_read(p->phys, slot, &n->row);
		n->others = law_others(&n->row.law, now);
		n->read_usec = now;
	}
	return n;
}

/* A row that makes no sense (not a number, below zero) must not hide its node: it counts as one that is just full. */
static double
rival_cost(struct choice *c, const struct rival *r)
{
	const struct node *n;
	double cost;

	if (c->race->policy == POLICY_LEAST_CONN)
		return r->inflight;
	n = node_at(c->pick, r->slot, c->now);
	if (c->race->policy == POLICY_BEST_NODE)
		cost = 101 - n->row.score;	/* positive, so that SAME is a factor */
	else
		cost = law_cost(&n->row.law, n->others, r->inflight);
	return cost >= 0 && cost < INFINITY ? cost : 1;
}

static bool
rival_usable(const struct choice *c, const struct rival *r)
{
	for (uint32_t i = 0; i < r->ntasks; i++)
		if (live_usable(c->pick->live, c->pick->task[c->pick->order[r->first + i]].slot, c->now))
			return true;
	return false;
}

static void
cost_set(struct race *race, uint32_t i, double cost)
{
	race->cost[i] = cost;
	race->low[i / BLOCK] = STALE;
}

static void
race_refresh(struct choice *c)
{
	struct race *race = c->race;

	race->refreshed_usec = c->now;
	for (uint32_t i = 0; i < race->nrivals; i++) {
		struct rival *r = &race->rival[i];
		r->inflight = race->count != NULL ? race->count(c->pick->live, r->slot) : 0;
		cost_set(race, i, rival_usable(c, r) ? rival_cost(c, r) : INFINITY);
	}
}

static void
rival_moved(struct choice *c, uint32_t i, uint32_t inflight)
{
	struct race *race = c->race;

	race->rival[i].inflight = inflight;
	if (!isinf(race->cost[i]))
		cost_set(race, i, rival_cost(c, &race->rival[i]));
}

/* Looks again at the in-flight counts of `n` rivals from `at` on. True: some have changed. */
static bool
recount(struct choice *c, uint32_t at, uint32_t n)
{
	const struct rival *r = c->race->rival;
	bool moved = false;

	for (uint32_t i = at; i < at + n; i++) {
		uint32_t inflight = c->race->count(c->pick->live, r[i].slot);
		if (inflight != r[i].inflight) {
			rival_moved(c, i, inflight);
			moved = true;
		}
	}
	return moved;
}

static void
window_recount(struct choice *c)
{
	struct race *race = c->race;
	uint32_t left = race->nrivals - race->window, n = left < WINDOW ? left : WINDOW;

	if (race->count == NULL)
		return;
	recount(c, race->window, n);
	race->window = n < left ? race->window + n : 0;
}

/* ---- comparing ---- */

static double
lowest_of(const double *cost, uint32_t n)
{
	double low = INFINITY;

	for (uint32_t i = 0; i < n; i++)
		low = cost[i] < low ? cost[i] : low;
	return low;
}

static double
lowest(struct race *race)
{
	double low = INFINITY;

	for (uint32_t at = 0, b = 0; at < race->nrivals; at += BLOCK, b++) {
		if (race->low[b] == STALE)
			race->low[b] = lowest_of(race->cost + at, race->nrivals - at < BLOCK ? race->nrivals - at : BLOCK);
		low = race->low[b] < low ? race->low[b] : low;
	}
	return low;
}

/* Which of a block's costs are within the limit, as bits: without branches, for who wins cannot be foreseen. */
static uint64_t
within(const double *cost, uint32_t n, double limit)
{
	uint64_t bits = 0;

	for (uint32_t i = 0; i < n; i++)
		bits |= (uint64_t)(cost[i] <= limit) << i;
	return bits;
}

/* Adds those of [at, end) that cost no more than `limit`; returns how many there are then. */
static uint32_t
collect(const struct race *race, uint32_t at, uint32_t end, double limit, uint32_t out[COMPARED], uint32_t n)
{
	for (uint32_t next; at < end && n < COMPARED; at = next) {
		next = (at / BLOCK + 1) * BLOCK;
		if (race->low[at / BLOCK] > limit)
			continue;
		for (uint64_t bits = within(race->cost + at, (next < end ? next : end) - at, limit); bits != 0 && n < COMPARED;
		    bits &= bits - 1)
			out[n++] = at + (uint32_t)__builtin_ctzll(bits);
	}
	return n;
}

static bool
any_moved(struct choice *c, const uint32_t *rival, uint32_t n)
{
	bool moved = false;

	for (uint32_t i = 0; i < n && c->race->count != NULL; i++)
		moved |= recount(c, rival[i], 1);
	return moved;
}

/* The rivals at the lowest cost, at most COMPARED of them, begun anywhere. Those outside the window are verified. */
static uint32_t
winners(struct choice *c, uint32_t out[COMPARED])
{
	struct race *race = c->race;
	uint32_t n, begin;
	double limit;

	do {
		limit = lowest(race) * SAME;
		if (isinf(limit))
			return 0;
		begin = race->nrivals > COMPARED ? rng_below(&c->pick->rng, race->nrivals) : 0;
		n = collect(race, begin, race->nrivals, limit, out, 0);
		n = collect(race, 0, begin, limit, out, n);
	} while (race->nrivals > WINDOW && any_moved(c, out, n));
	return n;
}

/* The best task of a rival; of very many, some in a row, begun anywhere. */
static void
rival_offer(struct choice *c, const struct rival *r, struct best *b)
{
	uint32_t at = r->ntasks > 1 ? rng_below(&c->pick->rng, r->ntasks) : 0, seen = 0;

	for (uint32_t k = 0; k < r->ntasks && seen < COMPARED; k++) {
		const struct table_task *t = &c->pick->task[c->pick->order[r->first + at]];
		if (eligible(c, t)) {
			best_offer(c, b, t);
			seen++;
		}
		if (++at == r->ntasks)
			at = 0;
	}
}

/*
 * A rival that wins but has nobody to send (all of its tasks were tried by this request, or fell ill just now)
 * leaves the race for this choice, and the others are asked again.
 */
static const struct table_task *
pick_lowest(struct choice *c)
{
	struct race *race = c->race;
	uint32_t winner[COMPARED], n;
	struct best best = { 0 };
	bool left = false;

	if (race->refreshed_usec == INT64_MIN || c->now - race->refreshed_usec >= REFRESH_USEC)
		race_refresh(c);
	else
		window_recount(c);
	while (best.task == NULL && race->nrivals > 0 && (n = winners(c, winner)) > 0) {
		for (uint32_t i = 0; i < n; i++)
			rival_offer(c, &race->rival[winner[i]], &best);
		for (uint32_t i = 0; best.task == NULL && i < n; i++) {
			cost_set(race, winner[i], INFINITY);
			left = true;
		}
	}
	if (left || best.task == NULL)
		race->refreshed_usec = INT64_MIN;
	return best.task;
}

/* ---- the other policies ---- */

static const struct table_task *
pick_in_turn(struct choice *c, const struct table_task *task, uint32_t ntasks)
{
	for (uint32_t k = 0; k < ntasks; k++) {
		const struct table_task *t = &task[c->race->turn];
		c->race->turn = c->race->turn + 1 < ntasks ? c->race->turn + 1 : 0;
		if (eligible(c, t))
			return t;
	}
	return NULL;
}

/* The first eligible task from a random place on; `not` is passed over. */
static const struct table_task *
any_but(struct choice *c, const struct table_task *task, uint32_t ntasks, const struct table_task *not)
{
	/* throwing again is fair; walking on from an ineligible one, the last resort, favours its successor */
	for (int k = 0; k < 16; k++) {
		const struct table_task *t = &task[rng_below(&c->pick->rng, ntasks)];
		if (t != not && eligible(c, t))
			return t;
	}
	for (uint32_t k = 0, i = rng_below(&c->pick->rng, ntasks); k < ntasks; k++, i = i + 1 < ntasks ? i + 1 : 0)
		if (&task[i] != not && eligible(c, &task[i]))
			return &task[i];
	return NULL;
}

static const struct table_task *
pick_of_two(struct choice *c, const struct table_task *task, uint32_t ntasks)
{
	const struct table_task *one = any_but(c, task, ntasks, NULL), *other;
	struct best best = { 0 };

	if (one == NULL || (other = any_but(c, task, ntasks, one)) == NULL)
		return one;
	best_offer(c, &best, one);
	best_offer(c, &best, other);
	return best.task;
}

/* For a table that is no longer in force: no race, the fewest in flight. */
static const struct table_task *
pick_plain(struct choice *c, const struct table_task *task, uint32_t ntasks)
{
	struct best best = { 0 };

	for (uint32_t i = 0; i < ntasks; i++)
		if (eligible(c, &task[i]))
			best_offer(c, &best, &task[i]);
	return best.task;
}

const struct why *
pick_task(struct pick *p, const struct table *table, const struct table_service *s, const struct pick_avoid *avoid,
    int64_t now, const struct table_task **out)
{
	uint32_t n;
	const struct table_task *task = table_tasks(table, &n) + s->first_task, *got;
	struct choice c = { .pick = p, .avoid = avoid, .now = now };

	if (s->ntasks == 0)
		return WHY_NO_TASK;
	if (table != p->table)
		got = pick_plain(&c, task, s->ntasks);
	else {
		c.race = &p->race[s - table_services(table, &n)];
		if (compares(s->policy))
			got = pick_lowest(&c);
		else if (s->policy == POLICY_ROUND_ROBIN)
			got = pick_in_turn(&c, task, s->ntasks);
		else
			got = pick_of_two(&c, task, s->ntasks);
	}
	if (got == NULL)
		return WHY_NO_LIVE_TASK;
	*out = got;
	return NULL;
}
