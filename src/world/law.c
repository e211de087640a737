/*
 * law: a few short formulas, so that workers and brain cannot differ. Costs are computed for every
 * task at every request; beliefs, which need an exponential, once in a millisecond.
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
	double age = (double)(now - n->sampled_usec), lasts, belief;

	if (n->sampled_usec == 0)
		return 0;
	if (age <= 0)
		return 1;
	lasts = age <= (double)n->period_usec ? n->lasting :
	    pow(n->lasting, age / (double)n->period_usec);
	belief = lasts + n->unusual * (1 - lasts) * exp(-age / LAW_YOUNG_USEC);
	if (n->others < 0)
		belief = fmax(belief, exp(-fmax(0, age - LAW_LASTS_USEC) / LAW_LASTS_USEC));
	return fmin(law_trust(n, now), belief);
}

double
law_others_by(const struct law_node *n, double belief)
{
	return belief * n->others + (1 - belief) * n->neutral;
}

double
law_others(const struct law_node *n, int64_t now)
{
	return law_others_by(n, law_belief(n, now));
}

double
law_unseen(const struct law_node *n, double chance)
{
	return (1 - 1 / n->balancers) * chance;
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
cost_on_node(const struct law_node *n, double th, double delayed)
{
	if (th <= n->cores)
		return 0.5 + 0.5 * th / n->cores;
	return (th + delayed) / n->cores;
}

double
law_cost(const struct law_node *n, double others, double inflight)
{
	return cost_on_node(n, demand(n, others, inflight) + 1, n->balancers * inflight);
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
	double all, here, beside, want, cost, alone;

	if (!(available > 0))
		return law_cost(n, others, inflight);
	all = demand(n, others, inflight);
	here = n->balancers * task_inflight;
	beside = n->balancers * inflight > here ? n->balancers * inflight - here : 0;
	want = here < all ? here : all;
	cost = cost_on_node(n, all + 1, LAW_ADDED * here + beside);
	if (want + 1 <= available)
		return cost;
	beside = beside < all - want ? beside : all - want;
	alone = (want + 1 + LAW_ADDED * want) / available + beside / n->cores;
	return alone > cost ? alone : cost;
}
