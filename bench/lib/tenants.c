#include <math.h>
#include <string.h>

#include "tenants.h"

static void
plan_next(struct tenants *t, int64_t now)
{
	double events = (t->mean + t->present) / t->stay_usec;		/* per usec */

	t->next = events > 0 ? now + 1 + (int64_t)rng_exp(&t->rng, 1 / events) : INT64_MAX;
}

static unsigned
draw_poisson(struct rng *r, double mean)
{
	double p = rng_double(r), least = exp(-mean);
	unsigned n = 0;

	for (; p > least; n++)
		p *= rng_double(r);
	return n;
}

void
tenants_init(struct tenants *t, uint64_t seed, const struct tenants_conf *conf, double cores, int64_t now)
{
	double threads = round(conf->size * cores);

	memset(t, 0, sizeof *t);
	rng_seed(&t->rng, seed);
	t->threads = threads >= 1 ? (unsigned)threads : 1;
	t->mean = conf->load * cores / t->threads;
	t->stay_usec = conf->stay_seconds * 1e6;
	t->present = t->mean > 0 ? draw_poisson(&t->rng, t->mean) : 0;
	plan_next(t, now);
}

unsigned
tenants_threads(const struct tenants *t)
{
	return t->present * t->threads;
}

int
tenants_step(struct tenants *t)
{
	double come = t->mean / (t->mean + t->present);
	int by = rng_double(&t->rng) < come ? 1 : -1;

	t->present += (unsigned)by;
	plan_next(t, t->next);
	return by * (int)t->threads;
}
