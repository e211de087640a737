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
/* of what quotas allow: below it nobody is held back; from there to all of it, more and more are */
#define DEMAND_ALLOWED		0.8

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
/*
 * How many of our `inflight` requests on a node want a core and are not in `threads`, the demand of
 * its sample: threads of a container that has used up its quota are not runnable until its next
 * period. Without this they would look like requests that wait for something else. `allowed`: cores
 * that our containers there may use, 0: no bound is known. While fewer threads are seen than that,
 * nobody is held back.
 */
double		demand_held_back(double threads, double inflight, double allowed);

#endif
