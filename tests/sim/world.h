/*
 * world: one simulation from its beginning to its end.
 */
#ifndef SIM_WORLD_H
#define SIM_WORLD_H

#include "plan.h"

struct result {
	uint64_t	 hash;			/* of all that happened */
	int64_t		 usec;			/* that were simulated */
	uint64_t	 exchanges, turns;
	unsigned	 choices;
	char		 broken[512];		/* empty: nothing is */
};

void	world_run(const struct plan *, struct result *);

#endif
