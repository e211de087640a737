/*
 * profile: which resources matter to a service besides cores, and where their limits lie. Below a soft limit
 * a resource is of no concern; from there the effective cores of the node fall on a straight line, down to a
 * floor at the hard limit. One profile for all services today; a service may name its own later.
 */
#ifndef SCORE_PROFILE_H
#define SCORE_PROFILE_H

#include "world/sample.h"

enum profile_limit { LIMIT_NONE, LIMIT_MEMORY_USED, LIMIT_MEMORY_STALLED, LIMIT_COUNT };

struct ramp {
	double	 soft, hard;		/* of the resource, ratios */
	double	 floor;			/* what is left at the hard limit, ratio of the cores */
};

struct profile {
	struct ramp	 limit[LIMIT_COUNT];
};

extern const struct profile profile_default;

struct profile_cut {
	enum profile_limit by;		/* the resource that binds; LIMIT_NONE: all are below their soft limits */
	double	 value;			/* of that resource, ratio */
	double	 factor;		/* of the cores that are left, 0..1 */
};

struct profile_cut	profile_cut(const struct profile *, const struct sample *);
double			profile_memory_used(const struct sample *);	/* ratio, NAN when not known */
double			ramp_at(const struct ramp *, double value);	/* 1 below soft, floor from hard on; NAN: 1 */

#endif
