/*
 * pressure: what is left of a node's cores for a service of some profile (doc/why/0005-profiles.md).
 * Two factors, and each is 1 while nothing presses:
 *     cut    the scarcest resource: 1 below its soft limit, a straight line to FLOOR at its hard limit
 *     lead   what the profile weighs more than cores, below the soft limit already:
 *            the product of 1 - max(0, 1 - w_cpu / w) * min(1, used / soft)
 * What is said here of resources is true of the terms of a profile, too: queries of the user's (score/user_metric.h).
 * A profile that leads also believes less in requests that want no core (`held` of world/law.h): a node that thrashes has many.
 * The law is told cores * cut * lead / (the most lead of any node), so leads compare nodes and shrink nobody when all
 * are alike.
 */
#ifndef SCORE_PRESSURE_H
#define SCORE_PRESSURE_H

#include "world/profile.h"
#include "world/sample.h"

#define PRESSURE_FLOOR	0.1		/* of the cores, for those who have nowhere else to go */

enum pressure {
#define RESOURCE(id, name, alias, measure) PRESSURE_##id,
#include "tbl/profiles.h"
#undef RESOURCE
	PRESSURE_STALLS,		/* of memory */
	PRESSURE_TERM,			/* a query of the user's */
	PRESSURE_NONE,
};

struct ramp {
	double	 soft, hard;		/* of the resource, ratios */
	double	 floor;			/* what is left at the hard limit */
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
double			pressure_strength(const struct profile *);	/* how strongly, at most: 0..1; `held` of the law */
double			pressure_preference(const struct profile *, const struct sample *);	/* FLOOR..1, NAN when not known */

/* The same of the terms alone: `used` is user_metric's, and what is not known presses on nobody. */
struct cores_factor	pressure_limit_metrics(const struct profile *, const double used[TERMS_MAX]);
double			pressure_strength_metrics(const struct profile *, const double used[TERMS_MAX]);
double			pressure_preference_metrics(const struct profile *, const double used[TERMS_MAX]);	/* FLOOR..1 */

#endif
