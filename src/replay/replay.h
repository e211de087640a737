/*
 * replay: a recorded period once more, through the code that steers and chooses in a running Mola,
 * with nodes that are modelled (machine.h, load.h): what shares tasks would have had, and how long
 * requests would have taken.
 */
#ifndef REPLAY_REPLAY_H
#define REPLAY_REPLAY_H

#include "replay/load.h"

#define REPLAY_AS_RECORDED	(-1)

struct replay_service {
	uint64_t	 picks, responses, refused;	/* refused: there was no task */
	double		 duration_usec;			/* of all responses */
	uint32_t	 step[LATENCY_STEPS];
};

struct replay {
	uint32_t	 services, nodes;
	struct replay_service *service;			/* by number */
	uint64_t	*picks;				/* by service * nodes + node */
	uint64_t	 unfinished;			/* were not over at the end */
	unsigned	 runs;				/* all numbers are sums of so many */
};

/* Zeroed, of one run. */
struct replay	*replay_new(uint32_t services, uint32_t nodes);
/* What was recorded, in the same form. */
struct replay	*replay_recorded(const struct load *);
/* `policy`: of all services, or REPLAY_AS_RECORDED. The same seed gives the same run.
 * NULL: a table could not be made. */
struct replay	*replay_run(const struct recording *, const struct load *, int policy, uint64_t seed);
/* Adds the numbers of another run of the same recording: chance has less to say in the sums. */
void		 replay_add(struct replay *, const struct replay *);
void		 replay_free(struct replay **);

#endif
