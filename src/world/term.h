/*
 * term: a query of the user's, as one more thing that can run out on a node: with its
 * parameters, a plain value. Its results are in world_node.observed.user_metric; what they are
 * worth in a profile is in score/pressure.h.
 */
#ifndef WORLD_TERM_H
#define WORLD_TERM_H

#include "base/str.h"
#include "world/profile.h"

#define TERM_WEIGHT	0.8		/* the default */
#define TERM_PERIOD_USEC INT64_C(5000000)
#define TERM_PERIOD_LEAST INT64_C(1000000)
#define TERM_PERIOD_MOST INT64_C(600000000)

struct term {
	char	*name;			/* for people; unique in its service */
	char	*query;
	double	 weight;		/* 0..1, of the whole: the profile's own share what is left */
	struct profile_limit limit;	/* of value / full */
	double	 full;			/* the value that stands for 100 %; > 0 */
	int64_t	 period_usec;		/* between two queries; > 0 */
};

struct terms {				/* of one service; zeroed: none */
	struct term	 term[TERMS_MAX];
	unsigned	 n;
};

bool	 terms_same(const struct terms *, const struct terms *);
void	 terms_copy(struct terms *to, const struct terms *);	/* into memory of its own; *to was none */
void	 terms_free(struct terms *);				/* leaves none */

/* The profile with the terms in it. query[i]: the slot (world.query) of the i-th term's query. */
void	 terms_join(const struct profile *, const struct terms *, const unsigned *query,
    struct profile *out);

#endif
