/*
 * pace: how long the tasks of a service take until their responses begin, of late, in this worker.
 */
#ifndef PROXY_PACE_H
#define PROXY_PACE_H

#include <stdint.h>

#include "world/latency.h"

#define PACE_LEAST	100		/* responses before anything is known */

/* Begins zeroed. */
struct pace {
	uint32_t	 n[LATENCY_STEPS];
	uint32_t	 total, news;
	int64_t		 p95_usec;	/* as of the last look */
};

void	pace_note(struct pace *, int64_t usec);
/* What 95 % of the responses do not exceed; INT64_MAX: too few are known. */
int64_t	pace_p95(const struct pace *);

#endif
