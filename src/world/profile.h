/*
 * profile: which of a node's resources matter to a service, and where their limits lie. A plain
 * value. What it means for a node that was sampled is in score/pressure.h.
 */
#ifndef WORLD_PROFILE_H
#define WORLD_PROFILE_H

#include "base/buf.h"
#include "base/why.h"

enum resource {
#define RESOURCE(id, name, alias, measure) RESOURCE_##id,
#include "tbl/profiles.h"
#undef RESOURCE
	RESOURCE_COUNT
};

enum profile_id {
#define PROFILE(id, name, ...) PROFILE_##id,
#include "tbl/profiles.h"
#undef PROFILE
	PROFILE_COUNT
};

struct profile_limit {
	double	 soft, hard;		/* ratios, 0 <= soft < hard <= 1; hard 0: none */
};

#define TERMS_MAX	4		/* queries of one service */

struct profile_term {			/* a query of the user's (world/term.h) */
	double	 weight;
	struct profile_limit limit;
	double	 full;			/* the value that stands for 100 % */
	uint64_t query;			/* 1 + its slot; 0: there is no such term */
};

struct profile {			/* zeroed memory stands for balanced; 8 bytes each, no gaps */
	double	 weight[RESOURCE_COUNT];	/* 0..1, sum 1 with those of the terms */
	struct profile_limit limit[RESOURCE_COUNT];
	double	 link;			/* bytes per second that a node's link carries, either way */
	struct profile_term term[TERMS_MAX];
};

#define PROFILE_SLOTS	8		/* that one table may have, balanced among them */
#define PROFILE_LINK	125e6		/* the default: a gigabit per second */

extern const struct profile profile_all[PROFILE_COUNT];

/*
 * A name ("ram"), or words of key=value with commas or blanks between them: cpu=, ram=, io=,
 * net= are weights (any scale; those not named are 0), limits.ram=0.7-0.9 or limits.ram=none
 * are soft and hard limits, link=1G is bits per second, and a name first says what to begin
 * with: "ram,limits.ram=0.6-0.8". WHY_BAD_PROFILE, WHY_BAD_LIMITS, WHY_BAD_LINK; *out is then
 * untouched.
 */
const struct why *profile_parse(struct str, struct profile *out);
bool		 profile_same(const struct profile *, const struct profile *);
const char	*profile_name(const struct profile *);	/* "own" when it is none of the named ones */
void		 profile_write(const struct profile *, struct buf *);	/* as profile_parse reads it */
const struct profile *profile_or_balanced(const struct profile *);	/* balanced for zeroed memory */
/* "0.7-0.9" or "none", and back. */
bool		 profile_limit_read(struct str, struct profile_limit *);
void		 profile_limit_write(const struct profile_limit *, struct buf *);

#endif
