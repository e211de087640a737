/*
 * What makes it fast: costs stand in an array, with the lowest of each BLOCK beside it, and only what may have changed
 * is looked at again. Requests in flight of up to WINDOW rivals are read for each choice, so that small services are
 * always exact; larger ones go round by windows, and a winner is verified before it wins. Everything else (node state,
 * health) is read again when older than a millisecond, a hundredth of the shortest sampling period.
 */
#include <math.h>
#include <stdlib.h>

#include "base/bug.h"
#include "proxy/race.h"

#define REFRESH_USEC	1000	/* and more for very large services */
#define WINDOW		32
#define BLOCK		64	/* as many as bits in a word */
#define SAME		(1 + 1e-9)	/* costs as close as this are equal */
#define STALE		-1.0

/* One who may win: a node with the service's tasks there, or a single task. */
struct rival {
	uint32_t	inflight;		/* that its cost was reckoned with */
	uint32_t	slot;			/* node slot, or task slot for least-conn */
	uint32_t	first, ntasks;		/* of races.order */
	double		penalty;		/* what failures of its best task look like, in requests */
};

typedef uint32_t	count_f(const struct live *, unsigned slot);

struct race {					/* of one service */
	struct races	*home;
	enum policy	 policy;
	unsigned	 profile;
	count_f		*count;			/* requests in flight that count for the cost, NULL: none do */
	uint32_t	 nrivals;
	struct rival	*rival;
	double		*cost;			/* >= 0, INFINITY: no task of it is usable */
	double		*low;			/* the lowest of each BLOCK of costs, or STALE */
	uint32_t	 window;		/* where the next one begins */
	int64_t		 now_usec;		/* of the choice under way */
	int64_t		 refresh_usec;		/* how long what was read is good for */
	int64_t		 refreshed_usec;
	bool		 fresh;			/* false: read all, whatever its age */
	uint32_t	 failure_serial;	/* of live, when all was read */
	bool		 all_used;		/* ejections do not count */
};

struct node {					/* what a node slot is, as of read_usec */
	int64_t		 read_usec;
	struct phys_row	 row;
	double		 others;
};

struct races {
	const struct live *live;
	const struct phys *phys;
	const struct table_task *task;
	struct race	*race;			/* by service index */
	struct rival	*rivals;		/* the memory behind all races */
	double		*costs, *lows;
	uint32_t	*order;			/* task indexes, grouped by rival; draining ones are left out */
	struct node	*node;			/* by node slot */
};

struct races *
races_new(const struct live *live, const struct phys *phys)
{
	struct races *rs = must_zalloc(sizeof *rs);

	rs->live = live;
	rs->phys = phys;
	rs->node = must_zalloc(NODES_MAX * sizeof *rs->node);
	return rs;
}

static void
races_clear(struct races *rs)
{
	free(rs->race);
	free(rs->rivals);
	free(rs->costs);
	free(rs->lows);
	free(rs->order);
}

void
races_free(struct races **rsp)
{
	struct races *rs = *rsp;

	*rsp = NULL;
	if (rs == NULL)
		return;
	races_clear(rs);
	free(rs->node);
	free(rs);
}

/* ---- the races of a table ---- */

static bool
compares(enum policy policy)
{
	switch (policy) {
	case POLICY_MARGINAL:
	case POLICY_LEAST_CONN:
	case POLICY_BEST_NODE:
		return true;
	case POLICY_ROUND_ROBIN:
	case POLICY_RANDOM_TWO:
	case POLICY_COUNT:
		return false;
	}
	BUG("no such policy");
}

struct race *
races_of(struct races *rs, uint32_t service)
{
	return compares(rs->race[service].policy) ? &rs->race[service] : NULL;
}

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

/* Adds the task at order[at] to the last rival when both stand on one node, else to a new one. */
static void
rival_add(struct race *r, uint32_t at)
{
	const struct table_task *t = &r->home->task[r->home->order[at]];
	bool by_task = r->policy == POLICY_LEAST_CONN;
	uint32_t slot = by_task ? t->slot : t->node_slot;

	if (r->nrivals == 0 || by_task || r->rival[r->nrivals - 1].slot != slot)
		r->rival[r->nrivals++] = (struct rival){ .slot = slot, .first = at };
	r->rival[r->nrivals - 1].ntasks++;
}

static void
race_make(struct races *rs, uint32_t service, const struct table_service *s)
{
	struct race *r = &rs->race[service];
	uint32_t base = s->first_task, n = 0;

	r->home = rs;
	r->policy = s->policy;
	r->profile = s->profile;
	r->count = s->policy == POLICY_MARGINAL ? live_node_inflight
	    : s->policy == POLICY_LEAST_CONN ? live_task_inflight : NULL;
	r->rival = rs->rivals + base;			/* as many as tasks at most */
	r->cost = rs->costs + base;
	r->low = rs->lows + base / BLOCK + service;	/* a service's last block may be a short one */
	r->refresh_usec = REFRESH_USEC + s->ntasks;	/* looking at a task takes some 20 ns: 2 % of the time at most */
	for (uint32_t i = 0; i < s->ntasks; i++)
		if (!rs->task[base + i].draining)
			rs->order[base + n++] = base + i;
	qsort_r(rs->order + base, n, sizeof *rs->order, by_node, (void *)(uintptr_t)rs->task);
	for (uint32_t i = 0; i < n; i++)
		rival_add(r, base + i);
}

void
races_table(struct races *rs, const struct table *t)
{
	uint32_t ntasks, nservices;
	const struct table_service *s = table_services(t, &nservices);

	races_clear(rs);
	rs->task = table_tasks(t, &ntasks);
	rs->race = must_zalloc((nservices + 1) * sizeof *rs->race);
	rs->rivals = must_zalloc((ntasks + 1) * sizeof *rs->rivals);
	rs->costs = must_zalloc((ntasks + 1) * sizeof *rs->costs);
	rs->lows = must_zalloc((ntasks / BLOCK + nservices + 1) * sizeof *rs->lows);
	rs->order = must_zalloc((ntasks + 1) * sizeof *rs->order);
	for (uint32_t i = 0; i < nservices; i++)
		if (compares(s[i].policy))
			race_make(rs, i, &s[i]);
		else
			rs->race[i].policy = s[i].policy;
}

const uint32_t *
race_tasks(const struct race *r, uint32_t rival, uint32_t *n)
{
	*n = r->rival[rival].ntasks;
	return r->home->order + r->rival[rival].first;
}

/* ---- costs ---- */

static const struct node *
node_at(struct races *rs, uint32_t slot, int64_t now)
{
	struct node *n = &rs->node[slot];

	if (now - n->read_usec >= REFRESH_USEC || n->read_usec == 0) {
		phys_read(rs->phys, slot, &n->row);
		n->others = law_others(&n->row.law, now);
		n->read_usec = now;
	}
	return n;
}

/* A row that makes no sense (not a number, below zero) must not hide its node: it counts as one that is just full. */
static double
rival_cost(const struct race *r, const struct rival *v)
{
	const struct node *n;
	struct law_node law;
	double cost;

	if (r->policy == POLICY_LEAST_CONN)
		return v->inflight + v->penalty;
	n = node_at(r->home, v->slot, r->now_usec);
	if (r->policy == POLICY_BEST_NODE)
		cost = 101 - phys_score(&n->row, r->profile) + v->penalty;	/* positive, so that SAME is a factor */
	else {
		law = phys_law(&n->row, r->profile);
		cost = law_cost(&law, n->others, v->inflight + v->penalty);
	}
	return cost >= 0 && cost < INFINITY ? cost : 1;
}

static bool
task_usable(const struct race *r, uint32_t slot)
{
	return live_usable(r->home->live, slot, r->now_usec) || (r->all_used && live_healthy(r->home->live, slot));
}

/* Has it a task that takes requests? The one with the least penalty stands for all: requests go there. */
static bool
rival_look(const struct race *r, struct rival *v, bool penalties)
{
	const struct races *rs = r->home;
	bool usable = false;

	v->penalty = 0;
	for (uint32_t i = 0; i < v->ntasks; i++) {
		uint32_t slot = rs->task[rs->order[v->first + i]].slot;
		double penalty;
		if (!task_usable(r, slot))
			continue;
		if (!penalties)
			return true;
		penalty = live_penalty(rs->live, slot, r->now_usec);
		v->penalty = usable && v->penalty < penalty ? v->penalty : penalty;
		usable = true;
	}
	return usable;
}

static bool
most_ejected(const struct race *r)
{
	const struct races *rs = r->home;
	struct live_census c = { 0 };

	if (!live_any_ejected(rs->live, r->now_usec))
		return false;
	for (uint32_t i = 0; i < r->nrivals; i++)
		for (uint32_t k = 0; k < r->rival[i].ntasks; k++)
			live_census_add(rs->live, rs->task[rs->order[r->rival[i].first + k]].slot, r->now_usec, &c);
	return live_census_all(&c);
}

bool
race_all_used(const struct race *r)
{
	return r->all_used;
}

static void
cost_set(struct race *r, uint32_t rival, double cost)
{
	r->cost[rival] = cost;
	r->low[rival / BLOCK] = STALE;
}

static void
refresh(struct race *r)
{
	bool penalties = live_any_penalty(r->home->live, r->now_usec);

	r->fresh = true;
	r->refreshed_usec = r->now_usec;
	r->failure_serial = live_failure_serial(r->home->live);
	r->all_used = most_ejected(r);
	for (uint32_t i = 0; i < r->nrivals; i++) {
		struct rival *v = &r->rival[i];
		v->inflight = r->count != NULL ? r->count(r->home->live, v->slot) : 0;
		cost_set(r, i, rival_look(r, v, penalties) ? rival_cost(r, v) : INFINITY);
	}
}

/* Looks again at the in-flight counts of `n` rivals from `at` on. True: some have changed. */
static bool
recount(struct race *r, uint32_t at, uint32_t n)
{
	bool moved = false;

	for (uint32_t i = at; i < at + n; i++) {
		uint32_t inflight = r->count(r->home->live, r->rival[i].slot);
		if (inflight == r->rival[i].inflight)
			continue;
		moved = true;
		r->rival[i].inflight = inflight;
		if (!isinf(r->cost[i]))
			cost_set(r, i, rival_cost(r, &r->rival[i]));
	}
	return moved;
}

static void
window_recount(struct race *r)
{
	uint32_t left = r->nrivals - r->window, n = left < WINDOW ? left : WINDOW;

	if (r->count == NULL)
		return;
	recount(r, r->window, n);
	r->window = n < left ? r->window + n : 0;
}

/* Small services see a failure at once, so that one that fails in no time does not attract the next request. */
static bool
failed_since(const struct race *r)
{
	return r->nrivals <= WINDOW && r->failure_serial != live_failure_serial(r->home->live);
}

void
race_begin(struct race *r, int64_t now)
{
	r->now_usec = now;
	if (!r->fresh || now - r->refreshed_usec >= r->refresh_usec || failed_since(r))
		refresh(r);
	else
		window_recount(r);
}

void
race_withdraw(struct race *r, uint32_t rival)
{
	cost_set(r, rival, INFINITY);
	r->fresh = false;
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
lowest(struct race *r)
{
	double low = INFINITY;

	for (uint32_t at = 0, b = 0; at < r->nrivals; at += BLOCK, b++) {
		if (r->low[b] == STALE)
			r->low[b] = lowest_of(r->cost + at, r->nrivals - at < BLOCK ? r->nrivals - at : BLOCK);
		low = r->low[b] < low ? r->low[b] : low;
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
collect(const struct race *r, uint32_t at, uint32_t end, double limit, uint32_t out[RACE_WINNERS], uint32_t n)
{
	for (uint32_t next; at < end && n < RACE_WINNERS; at = next) {
		uint64_t bits = 0;
		next = (at / BLOCK + 1) * BLOCK;
		if (r->low[at / BLOCK] <= limit)
			bits = within(r->cost + at, (next < end ? next : end) - at, limit);
		for (; bits != 0 && n < RACE_WINNERS; bits &= bits - 1)
			out[n++] = at + (uint32_t)__builtin_ctzll(bits);
	}
	return n;
}

/* Have the winners' counts changed since they were read? Small services have just been counted. */
static bool
any_moved(struct race *r, const uint32_t *rival, uint32_t n)
{
	bool moved = false;

	if (r->nrivals <= WINDOW || r->count == NULL)
		return false;
	for (uint32_t i = 0; i < n; i++)
		moved |= recount(r, rival[i], 1);
	return moved;
}

uint32_t
race_winners(struct race *r, struct rng *rng, uint32_t out[RACE_WINNERS])
{
	uint32_t n, begin;
	double limit;

	do {
		limit = lowest(r) * SAME;
		if (isinf(limit)) {
			r->fresh = false;	/* whoever comes back is seen at once */
			return 0;
		}
		begin = r->nrivals > RACE_WINNERS ? rng_below(rng, r->nrivals) : 0;
		n = collect(r, begin, r->nrivals, limit, out, 0);
		n = collect(r, 0, begin, limit, out, n);
	} while (any_moved(r, out, n));
	return n;
}
