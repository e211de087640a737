/*
 * law: a few short formulas, so that workers and brain cannot differ. Called for every task at
 * every request: the exponential is only paid for nodes that have fallen silent.
 */
#include <math.h>

#include "world/law.h"

#define FORGOTTEN	0.01	/* trust in what a container could have; less is none */

double
law_trust(const struct law_node *n, int64_t now)
{
	int64_t late = now - n->sampled_usec - LAW_FRESH_PERIODS * n->period_usec;

	if (n->sampled_usec == 0)
		return 0;
	return late <= 0 ? 1 : exp(-(double)late / ((double)n->period_usec * LAW_DECAY_PERIODS));
}

double
law_belief(const struct law_node *n, int64_t now)
{
	int64_t late = now - n->sampled_usec - LAW_FRESH_USEC;
	double trust = law_trust(n, now);

	return late <= 0 ? trust : fmin(trust, exp(-(double)late / LAW_DECAY_USEC));
}

double
law_others(const struct law_node *n, int64_t now)
{
	double trust = law_belief(n, now);

	return trust * n->others + (1 - trust) * n->neutral;
}

double
law_tenants(enum tenancy t, double others)
{
	static const double factor[TENANTS_COUNT] = { [TENANTS_FAIR] = 1,
	    [TENANTS_POLITE] = LAW_POLITE, [TENANTS_GREEDY] = LAW_GREEDY };

	return others > 0 ? factor[t] * others : others;
}

/* How many threads want a core, as far as is known: not below 0. */
static double
demand(const struct law_node *n, double others, double inflight)
{
	double d = (others < 0 ? others * (1 - n->held) : others) + n->balancers * inflight;

	return d > 0 ? d : 0;
}

/* On the node, whoever it belongs to. */
static double
cost_on_node(const struct law_node *n, double th, double ours, double added)
{
	if (th <= n->cores)
		return 0.5 + 0.5 * th / n->cores;
	return (th + added * ours) / n->cores;
}

double
law_cost(const struct law_node *n, double others, double inflight)
{
	return cost_on_node(n, demand(n, others, inflight) + 1, n->balancers * inflight, 1);
}

double
law_available(const struct law_node *n, double available, int64_t now)
{
	double trust;

	if (!(available > 0))
		return NAN;
	trust = law_belief(n, now);
	if (trust < FORGOTTEN)
		return NAN;
	return trust == 1 ? available : 1 / (trust / available + (1 - trust) / n->cores);
}

double
law_cost_task(const struct law_node *n, double others, double inflight, double available,
    double task_inflight)
{
	double want, all, cost, alone;

	if (!(available > 0))
		return law_cost(n, others, inflight);
	all = demand(n, others, inflight);
	want = n->balancers * task_inflight;
	want = want < all ? want : all;
	cost = cost_on_node(n, all + 1, n->balancers * inflight, LAW_ADDED);
	alone = want + 1 > available ? (want + 1 + LAW_ADDED * want) / available : 0;
	return alone > cost ? alone : cost;
}
