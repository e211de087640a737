/*
 * What makes it fast: costs stand in an array, with the lowest of each BLOCK beside it, and only
 * what may have changed is read again. Requests in flight of up to WINDOW candidates are read for
 * each choice, so small services are always exact; larger ones are read window by window, and the
 * lowest are verified before they are returned. Everything else (node state, health) is read
 * again when older than a millisecond, a hundredth of the shortest sampling period.
 */
#include <math.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/bug.h"
#include "pick/candidates_priv.h"

#define WINDOW		32
#define BLOCK		64	/* as many as bits in a word */
#define SAME		(1 + 1e-9)	/* costs as close as this are equal */
#define STALE		-1.0

struct candidate_sets *
candidate_sets_new(const struct live *live, const struct phys *phys, uint64_t seed)
{
	struct candidate_sets *sets = must_zalloc(sizeof *sets);

	sets->live = live;
	sets->phys = phys;
	rng_seed(&sets->rng, seed);
	sets->node = must_zalloc(NODES_MAX * sizeof *sets->node);
	return sets;
}

static void
candidate_sets_clear(struct candidate_sets *sets)
{
	free(sets->set);
	free(sets->candidates);
	free(sets->costs);
	free(sets->lows);
	free(sets->order);
	free(sets->available);
}

void
candidate_sets_free(struct candidate_sets **sp)
{
	struct candidate_sets *sets = *sp;

	*sp = NULL;
	if (sets == NULL)
		return;
	candidate_sets_clear(sets);
	free(sets->node);
	free(sets);
}

/* ---- the candidates of a table's services ---- */

static bool
compares(enum policy policy)
{
	switch (policy) {
	case POLICY_MARGINAL:
	case POLICY_MARGINAL_1:
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

struct candidates *
candidates_of(struct candidate_sets *sets, uint32_t service)
{
	struct candidates *set = &sets->set[service];

	ASSERT(set->home == sets);
	return compares(set->policy) ? set : NULL;
}

/* Tasks in an order in which those of one candidate stand together. */
static int
by_node(const void *a, const void *b, void *tasks)
{
	const struct table_task *t = tasks;
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	if (t[x].node_slot != t[y].node_slot)
		return t[x].node_slot < t[y].node_slot ? -1 : 1;
	return x < y ? -1 : x > y;
}

/* Adds the task at order[at] to the last candidate when both stand on one node, else to a new
 * one. */
static void
candidate_add(struct candidates *set, uint32_t at)
{
	const struct table_task *t = &set->home->task[set->home->order[at]];
	bool by_task = set->policy == POLICY_LEAST_CONN;
	uint32_t slot = by_task ? t->slot : t->node_slot;

	ASSERT(!t->draining && t->slot < TASKS_MAX && t->node_slot < NODES_MAX);
	if (set->n == 0 || by_task || set->candidate[set->n - 1].slot != slot)
		set->candidate[set->n++] = (struct candidate){ .slot = slot, .first = at };
	set->candidate[set->n - 1].ntasks++;
	ASSERT(set->candidate[set->n - 1].first + set->candidate[set->n - 1].ntasks == at + 1);
}

static void
set_fill(struct candidate_sets *sets, uint32_t service, const struct table_service *s)
{
	struct candidates *set = &sets->set[service];
	uint32_t base = s->first_task, n = 0;

	set->profile = s->profile;
	set->tenants = s->policy == POLICY_MARGINAL ? s->tenants : TENANTS_FAIR;
	set->loads = s->load != LOAD_NONE;
	set->panic = s->panic;
	set->slow_start_usec = s->slow_start_usec;
	set->handicaps = s->slow_start_usec > 0 || table_service_checks(s);
	set->count = s->policy == POLICY_MARGINAL || s->policy == POLICY_MARGINAL_1 ?
	    live_node_inflight : s->policy == POLICY_LEAST_CONN ? live_task_inflight : NULL;
	set->candidate = sets->candidates + base;		/* as many as tasks at most */
	set->cost = sets->costs + base;
	set->low = sets->lows + base / BLOCK + service;	/* a service's last block may be a short one */
	/* looking at a task takes some 20 ns: 2 % of the time at most */
	set->refresh_usec = REFRESH_USEC + s->ntasks;
	for (uint32_t i = 0; i < s->ntasks; i++)
		if (!sets->task[base + i].draining)
			sets->order[base + n++] = base + i;
	qsort_r(sets->order + base, n, sizeof *sets->order, by_node, (void *)(uintptr_t)sets->task);
	for (uint32_t i = 0; i < n; i++)
		candidate_add(set, base + i);
}

void
candidate_sets_set_table(struct candidate_sets *sets, const struct table *t)
{
	uint32_t ntasks, nservices;
	const struct table_service *s = table_services(t, &nservices);

	candidate_sets_clear(sets);
	sets->task = table_tasks(t, &ntasks);
	sets->set = must_zalloc((nservices + 1) * sizeof *sets->set);
	sets->candidates = must_zalloc((ntasks + 1) * sizeof *sets->candidates);
	sets->costs = must_zalloc((ntasks + 1) * sizeof *sets->costs);
	sets->lows = must_zalloc((ntasks / BLOCK + nservices + 1) * sizeof *sets->lows);
	sets->order = must_zalloc((ntasks + 1) * sizeof *sets->order);
	sets->available = must_zalloc((ntasks + 1) * sizeof *sets->available);
	for (uint32_t i = 0; i < nservices; i++) {
		sets->set[i].home = sets;
		sets->set[i].policy = s[i].policy;
		if (compares(s[i].policy))
			set_fill(sets, i, &s[i]);
	}
}

const uint32_t *
candidates_tasks(const struct candidates *set, uint32_t candidate, uint32_t *n)
{
	ASSERT(candidate < set->n && set->candidate[candidate].ntasks > 0);
	*n = set->candidate[candidate].ntasks;
	return set->home->order + set->candidate[candidate].first;
}

/* ---- what costs are as of ---- */

static bool
most_ejected(const struct candidates *set)
{
	const struct candidate_sets *sets = set->home;
	struct live_census c = { 0 };

	if (!live_has_ejected(sets->live, set->now_usec))
		return false;
	for (uint32_t i = 0; i < set->n; i++)
		for (uint32_t k = 0; k < set->candidate[i].ntasks; k++)
			live_census_add(sets->live,
			    sets->task[sets->order[set->candidate[i].first + k]].slot, set->now_usec, &c);
	return live_census_all(&c, set->panic);
}

bool
candidates_all_used(const struct candidates *set)
{
	return set->all_used;
}

static void
cost_set(struct candidates *set, uint32_t candidate, double cost)
{
	ASSERT(candidate < set->n && cost >= 0);
	set->cost[candidate] = cost;
	set->low[candidate / BLOCK] = STALE;
}

static void
refresh(struct candidates *set)
{
	bool penalties = live_has_penalty(set->home->live, set->now_usec);

	set->fresh = true;
	set->refreshed_usec = set->now_usec;
	set->failure_serial = live_failure_serial(set->home->live);
	set->all_used = most_ejected(set);
	candidates_read_loads(set);
	for (uint32_t i = 0; i < set->n; i++) {
		struct candidate *c = &set->candidate[i];
		c->inflight = set->count != NULL ? set->count(set->home->live, c->slot) : 0;
		cost_set(set, i, candidate_read(set, c, penalties) ? candidate_cost(set, c) : INFINITY);
	}
}

/* Reads again the in-flight counts of `n` candidates from `at` on. True: some have changed. */
static bool
recount(struct candidates *set, uint32_t at, uint32_t n)
{
	bool moved = false;

	ASSERT(at <= set->n && n <= set->n - at);
	for (uint32_t i = at; i < at + n; i++) {
		struct candidate *c = &set->candidate[i];
		uint32_t inflight = set->count(set->home->live, c->slot);
		uint32_t on_tasks = c->known ? candidate_tasks_inflight(set, c) : 0;
		if (inflight == c->inflight && on_tasks == c->on_tasks)
			continue;
		moved = true;
		c->inflight = inflight;
		c->on_tasks = on_tasks;
		if (!isinf(set->cost[i]))
			cost_set(set, i, candidate_cost(set, c));
	}
	return moved;
}

static void
window_recount(struct candidates *set)
{
	uint32_t left = set->n - set->window, n = left < WINDOW ? left : WINDOW;

	ASSERT(set->window < set->n || set->n == 0);
	if (set->count == NULL)
		return;
	recount(set, set->window, n);
	set->window = n < left ? set->window + n : 0;
}

/* Small services see a failure at once, so that one that fails in no time does not attract the
 * next request. */
static bool
failed_since(const struct candidates *set)
{
	return set->n <= WINDOW && set->failure_serial != live_failure_serial(set->home->live);
}

void
candidates_begin(struct candidates *set, int64_t now)
{
	ASSERT(now >= set->now_usec);		/* costs are as of a time that does not run back */
	set->now_usec = now;
	if (!set->fresh || now - set->refreshed_usec >= set->refresh_usec || failed_since(set))
		refresh(set);
	else
		window_recount(set);
}

void
candidates_withdraw(struct candidates *set, uint32_t candidate)
{
	cost_set(set, candidate, INFINITY);
	set->fresh = false;
}

/* ---- comparing ---- */

static double
block_lowest(const double *cost, uint32_t n)
{
	double low = INFINITY;

	for (uint32_t i = 0; i < n; i++)
		low = cost[i] < low ? cost[i] : low;
	return low;
}

static double
lowest_cost(struct candidates *set)
{
	double low = INFINITY;

	for (uint32_t at = 0, b = 0; at < set->n; at += BLOCK, b++) {
		if (set->low[b] == STALE)
			set->low[b] = block_lowest(set->cost + at, set->n - at < BLOCK ? set->n - at : BLOCK);
		low = set->low[b] < low ? set->low[b] : low;
	}
	return low;
}

/* Which of a block's costs are within the limit, as bits: without branches, which ones are cannot
 * be predicted. */
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
collect(const struct candidates *set, uint32_t at, uint32_t end, double limit,
    uint32_t out[CANDIDATES_LOWEST], uint32_t n)
{
	for (uint32_t next; at < end && n < CANDIDATES_LOWEST; at = next) {
		uint64_t bits = 0;
		next = (at / BLOCK + 1) * BLOCK;
		if (set->low[at / BLOCK] <= limit)
			bits = within(set->cost + at, (next < end ? next : end) - at, limit);
		for (; bits != 0 && n < CANDIDATES_LOWEST; bits &= bits - 1)
			out[n++] = at + (uint32_t)__builtin_ctzll(bits);
	}
	return n;
}

/* Have the counts of the lowest changed since they were read? Small services have just been
 * counted. */
static bool
any_moved(struct candidates *set, const uint32_t *candidate, uint32_t n)
{
	bool moved = false;

	if (set->n <= WINDOW || set->count == NULL)
		return false;
	for (uint32_t i = 0; i < n; i++)
		moved |= recount(set, candidate[i], 1);
	return moved;
}

uint32_t
candidates_lowest(struct candidates *set, struct rng *rng, uint32_t out[CANDIDATES_LOWEST])
{
	uint32_t n, begin;
	double limit;

	do {
		limit = lowest_cost(set) * SAME;
		if (isinf(limit)) {
			set->fresh = false;	/* a task that comes back is seen at once */
			return 0;
		}
		begin = set->n > CANDIDATES_LOWEST ? rng_below(rng, set->n) : 0;
		n = collect(set, begin, set->n, limit, out, 0);
		n = collect(set, 0, begin, limit, out, n);
		ASSERT(n > 0);			/* the block's lowest is one of its costs */
	} while (any_moved(set, out, n));
	return n;
}
