/*
 * demand: R of the law, how many threads wanted a core on a node when it was sampled.
 */
#ifndef SCORE_DEMAND_H
#define SCORE_DEMAND_H

#include <stdbool.h>

#include "world/sample.h"

#define DEMAND_SATURATED	0.9	/* of all cores: above it `busy` says little about the queue */

struct demand {
	double	 threads;
	bool	 instant;	/* counted at one moment; else a mean over the span of the sample */
};

struct demand	demand_of(const struct sample *);

#endif
