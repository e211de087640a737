/*
 * law: three short formulas, so that workers and brain cannot differ. Called for every task at
 * every request: the exponential is only paid for nodes that have fallen silent.
 */
#include <math.h>

#include "world/law.h"

double
law_trust(const struct law_node *n, int64_t now)
{
	int64_t late = now - n->sampled_usec - LAW_FRESH_PERIODS * n->period_usec;

	if (n->sampled_usec == 0)
		return 0;
	return late <= 0 ? 1 : exp(-(double)late / ((double)n->period_usec * LAW_DECAY_PERIODS));
}

double
law_others(const struct law_node *n, int64_t now)
{
	double trust = law_trust(n, now);

	return trust * n->others + (1 - trust) * n->neutral;
}

double
law_cost(const struct law_node *n, double others, double inflight)
{
	double ours = n->balancers * inflight;
	double demand = (others < 0 ? others * (1 - n->held) : others) + ours;
	double th = (demand > 0 ? demand : 0) + 1;

	if (th <= n->cores)
		return 0.5 + 0.5 * th / n->cores;
	return (th + ours) / n->cores;
}
