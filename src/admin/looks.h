/*
 * looks: durations and errors of a task or a service as they were counted ten seconds apart, so
 * that what came since can be said. With tens of thousands of tasks they are a good part of what
 * the brain keeps: of the two hundred numbers of a look, those are kept that are not zero, in as
 * few bytes as they need.
 */
#ifndef ADMIN_LOOKS_H
#define ADMIN_LOOKS_H

#include "world/latency.h"
#include "world/live.h"

#define LOOK_SECONDS	10

struct look {			/* the numbers of struct live_traffic at one time */
	int64_t		 time;		/* 0: not made yet */
	uint32_t	 step[LATENCY_STEPS];
	uint32_t	 error[LIVE_ERRORS];
};

struct looks;			/* NULL: there are none */

void	look_make(struct look *, const struct live_traffic *, int64_t now_usec);
/* The last look is of this tenant of the slot, which was not away since. */
bool	looks_go_on(const struct looks *, uint32_t lives, int64_t now_usec);
/* The last three are kept, as long as they go on. */
void	looks_add(struct looks **, const struct live_traffic *, int64_t now_usec);
/* False: there is none. */
bool	looks_oldest(const struct looks *, uint32_t lives, int64_t now_usec, struct look *);

#endif
