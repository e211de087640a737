/*
 * tenants: other people's threads on a node. They arrive at random (Poisson), want one core each, and stay
 * for an exponential time, whatever share of a core they get. The number present is thus Poisson too.
 */
#ifndef BENCH_TENANTS_H
#define BENCH_TENANTS_H

#include "base/rng.h"

struct tenants {
	struct rng	 rng;
	double		 mean;		/* threads present on average */
	double		 stay_usec;	/* mean stay of one */
	unsigned	 present;
	int64_t		 next;		/* when one comes or goes; INT64_MAX: never */
};

/* Begins in the steady state. mean 0: nobody ever comes. */
void	tenants_init(struct tenants *, uint64_t seed, double mean_threads, double stay_usec, int64_t now_usec);
int	tenants_step(struct tenants *);		/* lets `next` happen: +1 or -1 */

#endif
