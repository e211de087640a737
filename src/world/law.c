#include <math.h>

#include "world/law.h"

double
law_others(const struct law_node *n, int64_t now)
{
	int64_t age = now - n->sampled_usec, fresh = LAW_FRESH_PERIODS * n->period_usec;
	double trust;

	if (n->sampled_usec == 0)
		return n->neutral;
	if (age <= fresh)
		return n->others;
	trust = exp(-(double)(age - fresh) / ((double)n->period_usec * LAW_DECAY_PERIODS));
	return trust * n->others + (1 - trust) * n->neutral;
}

double
law_cost(const struct law_node *n, double others, double inflight)
{
	double ours = n->balancers * inflight, demand = others + ours;
	double th = (demand > 0 ? demand : 0) + 1;

	if (th <= n->cores)
		return 0.5 + 0.5 * th / n->cores;
	return (th + ours) / n->cores;
}
