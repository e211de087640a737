/*
 * tenants: other people's work on a node. Tenants arrive at random (Poisson); each brings some threads, and each
 * thread an exponential amount of CPU work, for which it takes its fair share of the cores and then goes. So a
 * tenant stays the longer the more others want the cores, as on a real machine.
 */
#ifndef BENCH_TENANTS_H
#define BENCH_TENANTS_H

#include "base/rng.h"

enum tenants_in {			/* containers: */
	TENANTS_EACH,			/* one for each tenant that comes, with all its threads */
	TENANTS_ONE,			/* one for all tenants of a node */
	TENANTS_MANY,			/* one for each thread */
	TENANTS_SMALL,			/* many lasting ones with little work each: single threads, which are short */
};

struct tenants_conf {
	enum tenants_in	 in;
	double		 load;		/* their work per second, as a fraction of the node's cores; 0: none ever comes */
	double		 size;		/* threads of one tenant, as a fraction of the node's cores; at least one thread */
	double		 work_seconds;	/* mean work of one thread */
};

/* What they are like unless somebody says otherwise: bursts of two threads per core that last for seconds. */
#define TENANTS_DEFAULT { .load = 0, .size = 2, .work_seconds = 2 }

/* Of TENANTS_SMALL: lasting containers, and how much shorter than otherwise a thread's work is. */
#define TENANTS_SMALL_PER_CORE	8
#define TENANTS_SMALL_SHORTER	16

struct tenants {
	struct rng	 rng;
	double		 every_usec;	/* mean time between two tenants */
	double		 work_usec;
	unsigned	 threads;	/* of each */
	unsigned	 lasting;	/* containers among which each chooses; 0: it brings its own */
	int64_t		 next;		/* when one comes; INT64_MAX: never */
};

void	tenants_init(struct tenants *, uint64_t seed, const struct tenants_conf *, double cores, int64_t now_usec);
double	tenants_work(struct tenants *);		/* draws the work of one thread, usec */
unsigned tenants_container(struct tenants *);	/* draws one of the lasting ones */
void	tenants_step(struct tenants *);		/* `next` has happened */

#endif
