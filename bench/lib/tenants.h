/*
 * tenants: other people's work on a node. Tenants arrive at random (Poisson), each wants `threads` cores, and
 * stays for an exponential time, whatever share of the cores it gets. How many are present is thus Poisson too.
 */
#ifndef BENCH_TENANTS_H
#define BENCH_TENANTS_H

#include "base/rng.h"

struct tenants_conf {
	double		 load;		/* threads present on average, as a fraction of the node's cores; 0: nobody ever comes */
	double		 size;		/* threads of one tenant, as a fraction of the node's cores; at least one thread */
	double		 stay_seconds;	/* mean stay of one */
};

struct tenants {
	struct rng	 rng;
	double		 mean;		/* tenants present on average */
	double		 stay_usec;
	unsigned	 threads;	/* of each */
	unsigned	 present;	/* tenants */
	int64_t		 next;		/* when one comes or goes; INT64_MAX: never */
};

/* What `load` and `size` mean in the emulated cluster unless somebody says otherwise. */
#define TENANTS_DEFAULT { .load = 0, .size = 1, .stay_seconds = 5 }

/* Begins in the steady state. */
void		tenants_init(struct tenants *, uint64_t seed, const struct tenants_conf *, double cores, int64_t now_usec);
unsigned	tenants_threads(const struct tenants *);	/* present now */
int		tenants_step(struct tenants *);			/* lets `next` happen: threads more or less */

#endif
