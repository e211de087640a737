/*
 * rng: small fast random numbers, seeded by the caller so that a run can be repeated. Not for
 * secrets.
 */
#ifndef BASE_RNG_H
#define BASE_RNG_H

#include <stdint.h>

struct rng {
	uint64_t s;
};

void		rng_seed(struct rng *, uint64_t);
uint64_t	rng_u64(struct rng *);			/* splitmix64 (Steele, Lea, Flood 2014) */
uint32_t	rng_below(struct rng *, uint32_t n);	/* 0 .. n-1, n > 0 */
double		rng_double(struct rng *);		/* [0, 1) */
double		rng_exp(struct rng *, double mean);	/* exponential */

#endif
