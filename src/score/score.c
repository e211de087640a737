/*
 * score: the weighted sum of the reference system, and what it should have been. A sum never vetoes: a node with
 * its CPU idle and its memory full scores 80 and attracts everybody. `policy: best-node` keeps the plain sum
 * on purpose, because it is there for comparison with that system.
 */
#include <math.h>

#include "score/profile.h"
#include "score/score.h"

static const struct ramp cpu_cap = { .soft = 0.9, .hard = 1.0, .floor = 0 };
static const struct ramp ram_cap = { .soft = 0.85, .hard = 0.97, .floor = 0 };

static double
cpu_used(const struct sample *s)
{
	return s->busy / s->cores;
}

double
score_plain(const struct score_weights *w, const struct sample *s)
{
	double ram = profile_memory_used(s);

	if (isnan(ram))
		return 100 * (1 - cpu_used(s));
	return 100 * (w->cpu * (1 - cpu_used(s)) + w->ram * (1 - ram)) / (w->cpu + w->ram);
}

double
score_capped(const struct score_weights *w, const struct sample *s)
{
	double cap = 100 * fmin(ramp_at(&cpu_cap, cpu_used(s)), ramp_at(&ram_cap, profile_memory_used(s)));

	return fmin(score_plain(w, s), cap);
}
