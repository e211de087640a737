/*
 * score: the weighted sum of the reference system, and what it should have been. A sum never
 * vetoes: a node with its CPU idle and its memory full scores 80 and attracts all requests.
 * `policy: best-node` keeps the plain sum on purpose, because it is there for comparison with
 * that system.
 */
#include <math.h>

#include "base/bug.h"
#include "score/pressure.h"
#include "score/score.h"

static const struct ramp cpu_cap = { .soft = 0.9, .hard = 1.0, .floor = 0 };
static const struct ramp ram_cap = { .soft = 0.85, .hard = 0.97, .floor = 0 };

struct weighted_sum {
	double	 idle, weights;
};

static void
add(struct weighted_sum *sum, double weight, double used)
{
	ASSERT(weight >= 0 && (isnan(used) || (used >= 0 && used <= 1)));
	if (weight > 0 && !isnan(used)) {
		sum->idle += weight * (1 - used);
		sum->weights += weight;
	}
}

bool
score_is_partial(const struct profile *p, const struct sample *s)
{
	return p->weight[RESOURCE_RAM] > 0 && isnan(pressure_used(p, RESOURCE_RAM, s));
}

double
score_plain(const struct profile *p, const struct sample *s, const double used[TERMS_MAX])
{
	struct weighted_sum sum = { 0, 0 };

	for (int r = 0; s != NULL && r < RESOURCE_COUNT; r++)
		add(&sum, p->weight[r], p->weight[r] > 0 ? pressure_used(p, (enum resource)r, s) : NAN);
	for (unsigned i = 0; used != NULL && i < TERMS_MAX; i++)
		add(&sum, p->term[i].weight, used[i]);
	if (sum.weights > 0)
		return 100 * sum.idle / sum.weights;
	return s == NULL ? 0 : 100 * (1 - pressure_used(p, RESOURCE_CPU, s));
}

double
score_capped(const struct profile *p, const struct sample *s, const double used[TERMS_MAX])
{
	double cpu = ramp_at(&cpu_cap, pressure_used(p, RESOURCE_CPU, s));
	double ram = ramp_at(&ram_cap, pressure_used(p, RESOURCE_RAM, s));

	return fmin(score_plain(p, s, used), 100 * fmin(cpu, ram));
}
