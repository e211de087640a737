/*
 * score: the weighted sum of the reference system, and what it should have been. A sum never vetoes: a node with
 * its CPU idle and its memory full scores 80 and attracts everybody. `policy: best-node` keeps the plain sum
 * on purpose, because it is there for comparison with that system.
 */
#include <math.h>

#include "score/pressure.h"
#include "score/score.h"

static const struct ramp cpu_cap = { .soft = 0.9, .hard = 1.0, .floor = 0 };
static const struct ramp ram_cap = { .soft = 0.85, .hard = 0.97, .floor = 0 };

double
score_plain(const struct profile *p, const struct sample *s)
{
	double sum = 0, weights = 0;

	for (int r = 0; r < RESOURCE_COUNT; r++) {
		double used = p->weight[r] > 0 ? pressure_used(p, (enum resource)r, s) : NAN;
		if (isnan(used))
			continue;
		sum += p->weight[r] * (1 - used);
		weights += p->weight[r];
	}
	return 100 * (weights > 0 ? sum / weights : 1 - pressure_used(p, RESOURCE_CPU, s));
}

double
score_capped(const struct profile *p, const struct sample *s)
{
	double cpu = ramp_at(&cpu_cap, pressure_used(p, RESOURCE_CPU, s));
	double ram = ramp_at(&ram_cap, pressure_used(p, RESOURCE_RAM, s));

	return fmin(score_plain(p, s), 100 * fmin(cpu, ram));
}
