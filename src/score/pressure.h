/*
 * pressure: what is left of a node's cores for a service of some profile
 * (doc/why/0005-profiles.md), as two factors. Each is 1 while nothing is scarce:
 *     limit       the scarcest resource alone: 1 below its soft limit, a straight line to FLOOR
 *                 at its hard limit
 *     preference  what the profile weighs more than cores, below its soft limit already:
 *                 the product of 1 - strength * min(1, used / soft)
 *     strength    of a preference: max(0, 1 - w_cpu / w)
 * Both exist for the node's own resources and for users' metrics (score/user_metric.h). The law
 * gets cores * limit * preference / (the highest preference of any node): preferences compare
 * nodes, and shrink none of them when all are alike. A profile that prefers something also gives
 * less credit for requests that want no core (`held` of world/law.h): a node that thrashes has
 * many.
 */
#ifndef SCORE_PRESSURE_H
#define SCORE_PRESSURE_H

#include "world/profile.h"
#include "world/sample.h"

/* Of the time in which memory stalls. */
#define PRESSURE_STALLS_SOFT	0.1
#define PRESSURE_STALLS_HARD	0.5
#define PRESSURE_FLOOR	0.1		/* of the cores, for services that have nowhere else to go */

enum pressure {
#define RESOURCE(id, name, alias, measure) PRESSURE_##id,
#include "tbl/profiles.h"
#undef RESOURCE
	PRESSURE_STALLS,		/* of memory */
	PRESSURE_TERM,			/* a user's metric */
	PRESSURE_NONE,
};

struct ramp {
	double	 soft, hard;		/* of the resource, ratios; soft < hard */
	double	 floor;			/* what is left at the hard limit, 0..1 */
};
double	ramp_at(const struct ramp *, double value);	/* 1 below soft, floor from hard on; NAN: 1 */

struct cores_factor {
	enum pressure	 by;		/* what binds; NONE: all are below their soft limits */
	double		 value;		/* of it, ratio */
	double		 factor;	/* of the cores that are left, FLOOR..1 */
	unsigned	 term;		/* which, when by is TERM */
};

/* How much of a resource is used: 0..1, NAN when not known. */
double			pressure_used(const struct profile *, enum resource, const struct sample *);
struct cores_factor	pressure_limit(const struct profile *, const struct sample *);
/* FLOOR..1; NAN when something that is preferred is not known. */
double			pressure_preference(const struct profile *, const struct sample *);
/* The strongest preference of the profile: 0..1, `held` of the law. */
double			pressure_strength(const struct profile *);

/* The same of the terms alone, by user_metric_usage(). What is not known counts as not scarce. */
struct cores_factor	pressure_limit_metrics(const struct profile *, const double used[TERMS_MAX]);
double			pressure_preference_metrics(const struct profile *, const double used[TERMS_MAX]);
double			pressure_strength_metrics(const struct profile *, const double used[TERMS_MAX]);

#endif
