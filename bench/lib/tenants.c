#include <math.h>
#include <string.h>

#include "tenants.h"

void
tenants_init(struct tenants *t, uint64_t seed, const struct tenants_conf *conf, double cores, int64_t now)
{
	double threads = round(conf->size * cores);

	memset(t, 0, sizeof *t);
	rng_seed(&t->rng, seed);
	t->threads = threads >= 1 ? (unsigned)threads : 1;
	t->work_usec = conf->work_seconds * 1e6;
	if (conf->in == TENANTS_ONE)
		t->lasting = 1;
	if (conf->in == TENANTS_SMALL) {
		t->lasting = (unsigned)ceil(TENANTS_SMALL_PER_CORE * cores);
		t->threads = 1;
		t->work_usec /= TENANTS_SMALL_SHORTER;
	}
	t->next = INT64_MAX;
	if (!(conf->load > 0))
		return;
	t->every_usec = t->threads * t->work_usec / (conf->load * cores);
	t->next = now;
	tenants_step(t);
}

double
tenants_work(struct tenants *t)
{
	return rng_exp(&t->rng, t->work_usec);
}

unsigned
tenants_container(struct tenants *t)
{
	return t->lasting > 1 ? rng_below(&t->rng, t->lasting) : 0;
}

void
tenants_step(struct tenants *t)
{
	t->next += 1 + (int64_t)rng_exp(&t->rng, t->every_usec);
}
