/*
 * candidates_cost: what one more request on a candidate costs, by the policy of its service: the
 * law with what is known of its node and of the containers of its tasks, what failures make it
 * look like, and what tasks report of their load. Must not know which candidates are compared, nor
 * when what was read is read again.
 */
#include <math.h>

#include "base/bug.h"
#include "pick/candidates_priv.h"

/* Its exponential is paid for a hundred times in a second, and for each sample. */
#define BELIEF_USEC	10000

static double
belief_at(struct node_row *n, int64_t now)
{
	const struct law_node *law = &n->row.law;

	if (now - n->believed_usec >= BELIEF_USEC || law->sampled_usec != n->sampled_usec) {
		n->belief = law_belief(law, now);
		n->believed_usec = now;
		n->sampled_usec = law->sampled_usec;
	}
	return n->belief;
}

static const struct node_row *
node_at(struct candidate_sets *sets, uint32_t slot, int64_t now)
{
	struct node_row *n = &sets->node[slot];

	if (now - n->read_usec >= REFRESH_USEC || n->read_usec == 0) {
		/* or it stays, and grows old by its own time */
		phys_follow(sets->phys, slot, &n->row, &n->seen);
		n->others = law_others_by(&n->row.law, belief_at(n, now));
		n->unseen = n->row.law.balancers > 1 ?
		    law_unseen(&n->row.law, rng_double(&sets->rng)) : 0;
		n->read_usec = now;
	}
	return n;
}

const struct phys_row *
candidate_sets_node(struct candidate_sets *sets, uint32_t slot, int64_t now)
{
	return &node_at(sets, slot, now)->row;
}

uint32_t
candidate_tasks_inflight(const struct candidates *set, const struct candidate *c)
{
	uint32_t sum = 0;

	for (uint32_t k = 0; k < c->ntasks; k++)
		sum += live_task_inflight(set->home->live, candidate_task_slot(set, c, k));
	return sum;
}

/* That of its cheapest task. */
static double
cost_by_law(const struct candidates *set, const struct candidate *c, const struct node_row *n)
{
	struct law_node as;
	const struct law_node *law = phys_law_in(&n->row, set->profile, &as);
	const double *available = set->home->available + c->first;
	double inflight = c->inflight + c->penalty, least = INFINITY;
	double others = law_tenants(set->tenants, n->others);

	if (set->policy == POLICY_MARGINAL)
		others += n->unseen;
	if (!c->known)
		return law_cost(law, others, inflight);
	for (uint32_t k = 0; k < c->ntasks; k++) {
		uint32_t slot = candidate_task_slot(set, c, k);
		double on = live_task_inflight(set->home->live, slot) + c->penalty, cost;
		if (available[k] == 0)
			continue;
		cost = law_cost_task(law, others, inflight, available[k], on);
		least = cost < least ? cost : least;
	}
	return least;
}

/* A row that makes no sense (not a number, below zero) must not hide its node: it counts as one
 * that is just full. */
static double
cost_unreported(const struct candidates *set, const struct candidate *c)
{
	const struct node_row *n;
	double cost;

	if (set->policy == POLICY_LEAST_CONN)
		/* none in flight can be dear, too */
		return c->inflight + c->penalty + (set->loads || set->handicaps);
	n = node_at(set->home, c->slot, set->now_usec);
	if (set->policy == POLICY_BEST_NODE)
		/* positive, so that SAME is a factor */
		cost = 101 - phys_score(&n->row, set->profile) + c->penalty;
	else
		cost = cost_by_law(set, c, n);
	return cost >= 0 && cost < INFINITY ? cost : 1;
}

double
candidate_cost(const struct candidates *set, const struct candidate *c)
{
	return cost_unreported(set, c) * c->load;
}

static bool
task_usable(const struct candidates *set, uint32_t slot)
{
	const struct live *l = set->home->live;

	return live_is_usable(l, slot, set->now_usec) ||
	    (set->all_used && live_is_healthy(l, slot, set->now_usec));
}

/* What the containers of its tasks could have. For the law before nothing is known. */
static void
read_available(struct candidates *set, struct candidate *c)
{
	struct candidate_sets *sets = set->home;
	const struct law_node *law = NULL;
	struct law_node as;

	c->known = false;
	c->on_tasks = 0;
	if (set->policy != POLICY_MARGINAL)
		return;
	for (uint32_t k = 0; k < c->ntasks; k++) {
		uint32_t slot = candidate_task_slot(set, c, k);
		double cores = phys_available(sets->phys, slot);
		if (!isnan(cores)) {
			if (law == NULL)
				law = phys_law_in(&node_at(sets, c->slot, set->now_usec)->row, set->profile, &as);
			cores = law_available(law, cores, set->now_usec);
			c->known |= !isnan(cores);
		}
		sets->available[c->first + k] = task_usable(set, slot) ? cores : 0;
	}
	if (c->known)
		c->on_tasks = candidate_tasks_inflight(set, c);
}

/* Its handicap, and the load that it reports. */
static double
task_factor(const struct candidates *set, uint32_t slot)
{
	double load = candidates_load(set, slot);

	return set->handicaps ?
	    load * live_handicap(set->home->live, slot, set->slow_start_usec, set->now_usec) : load;
}

double
candidates_factor(const struct candidates *set, uint32_t candidate, uint32_t k)
{
	const struct candidate *c = &set->candidate[candidate];
	const struct node_row *n;
	double load, cores;

	ASSERT(candidate < set->n && k < c->ntasks);
	load = task_factor(set, candidate_task_slot(set, c, k));
	cores = c->known ? set->home->available[c->first + k] : NAN;
	if (!(cores > 0))
		return load;
	n = node_at(set->home, c->slot, set->now_usec);
	return load * phys_cores(&n->row, set->profile) / cores;
}

/* True: it has a task that takes requests. The one with the least penalty counts for all: it gets
 * the requests. */
static bool
find_usable(const struct candidates *set, struct candidate *c, bool penalties)
{
	const struct candidate_sets *sets = set->home;
	bool usable = false;

	c->penalty = 0;
	for (uint32_t i = 0; i < c->ntasks; i++) {
		uint32_t slot = candidate_task_slot(set, c, i);
		double penalty;
		if (!task_usable(set, slot))
			continue;
		if (!penalties)
			return true;
		penalty = live_penalty(sets->live, slot, set->now_usec);
		c->penalty = usable && c->penalty < penalty ? c->penalty : penalty;
		usable = true;
	}
	return usable;
}

/* ---- what tasks say of their load ---- */

double
candidates_load(const struct candidates *set, uint32_t slot)
{
	double trust, factor;

	if (!set->loads)
		return 1;
	factor = live_load_factor(set->home->live, slot, set->now_usec, &trust);
	return utilization_of(&set->mean, factor, trust);
}

void
candidates_read_loads(struct candidates *set)
{
	const struct candidate_sets *sets = set->home;

	set->mean = (struct utilization_mean){ 0 };
	for (uint32_t i = 0; set->loads && i < set->n; i++)
		for (uint32_t k = 0; k < set->candidate[i].ntasks; k++) {
			uint32_t slot = candidate_task_slot(set, &set->candidate[i], k);
			double trust, factor = live_load_factor(sets->live, slot, set->now_usec, &trust);
			utilization_mean_add(&set->mean, factor, trust);
		}
}

/* That of its usable task that has the least: it gets the requests. */
static double
least_load(const struct candidates *set, const struct candidate *c)
{
	double least = INFINITY;

	for (uint32_t k = 0; (set->loads || set->handicaps) && k < c->ntasks; k++) {
		uint32_t slot = candidate_task_slot(set, c, k);
		double load = task_usable(set, slot) ? task_factor(set, slot) : INFINITY;
		least = load < least ? load : least;
	}
	return isinf(least) ? 1 : least;
}

bool
candidate_read(struct candidates *set, struct candidate *c, bool penalties)
{
	c->load = least_load(set, c);
	read_available(set, c);
	return find_usable(set, c, penalties);
}
