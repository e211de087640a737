#include <math.h>

#include "base/bug.h"
#include "base/rng.h"

void
rng_seed(struct rng *r, uint64_t seed)
{
	r->s = seed;
}

uint64_t
rng_u64(struct rng *r)
{
	uint64_t z = r->s += 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

uint32_t
rng_below(struct rng *r, uint32_t n)
{
	ASSERT(n > 0);
	return (uint32_t)(((rng_u64(r) >> 32) * n) >> 32);
}

double
rng_double(struct rng *r)
{
	return (double)(rng_u64(r) >> 11) * 0x1.0p-53;
}

double
rng_exp(struct rng *r, double mean)
{
	ASSERT(mean >= 0);
	return -mean * log1p(-rng_double(r));
}
