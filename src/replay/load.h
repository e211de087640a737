/*
 * load: what the requests of a recording asked of the nodes, as far as that can be known: how much
 * of a core each took and how long it waited for something else; and what was measured of them.
 */
#ifndef REPLAY_LOAD_H
#define REPLAY_LOAD_H

#include "recording/reader.h"

struct load_work {
	float		 cpu_usec, wait_usec;	/* of a core; then of something else */
};

struct load_service {
	struct load_work *work;		/* in the order in which requests ended */
	size_t		 n, cap;
	double		 on_core;	/* the part of its requests in flight that wants a core, 0..1 */
	/* as recorded */
	uint64_t	 picks, responses;
	double		 duration_usec;	/* of all responses */
	uint32_t	 step[LATENCY_STEPS];
};

struct load {
	uint32_t	 services, nodes;
	struct load_service *service;	/* by number */
	uint64_t	*picks;		/* by service * nodes + node */
	double		*cores;		/* by node: as last seen; 0: never */
	bool		*containers;	/* by node: what containers could have there is recorded */
	double		*on_core;	/* by node: as of services, of the requests that it had */
};

struct load	*load_new(const struct recording *, uint64_t seed);
void		 load_free(struct load **);

#endif
