/*
 * demand: R of the law, how many threads wanted a core on a node when it was sampled.
 */
#ifndef SCORE_DEMAND_H
#define SCORE_DEMAND_H

#include "world/sample.h"

#define DEMAND_SATURATED	0.9	/* of all cores: above it `busy` says little about the queue */
/* of all cores: below it, a count above the cores is in part a burst */
#define DEMAND_LASTING		0.5
/* cores: a container that could have nothing is known to, and no number may become too small */
#define DEMAND_LEAST		1e-3

struct demand {
	double	 threads;
	double	 instant;	/* how much of that was counted at one moment, 0..1; the rest is a mean over
				 * the span of the sample */
};

struct demand	demand_of(const struct sample *);
/*
 * The cores that a container could have, as the law gets it: what the node's agent makes of the
 * last interval, or what is idle at the instant of the sample, whatever the mean of the interval
 * is; within its quota, and never none. `inflight`: our requests on the node at that instant. NAN:
 * not known.
 */
double		demand_available(const struct sample *, double inflight, double by_agent,
    double quota);

#endif
