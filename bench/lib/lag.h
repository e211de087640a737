/*
 * lag: how late this process was for itself. A beat every 10 ms is due; each beat's lateness is recorded, those
 * missed in one long pause included, so a share of beats is a share of time. A virtual machine that is stolen for
 * some 100 ms shows here, and a run that was coloured by it can be distinguished from a clean one.
 */
#ifndef BENCH_LAG_H
#define BENCH_LAG_H

#include <stdbool.h>

#include "hist.h"

#define LAG_BEAT_USEC	10000
#define LAG_LATE_USEC	15000		/* a beat later than this counts ... */
#define LAG_TOLERATED	0.002		/* ... and more of them than this share colour a run */

struct lag {
	int64_t		 next;		/* the next beat is due */
	uint64_t	 late;		/* beats later than LAG_LATE_USEC */
	struct hist	 hist;
};

void	lag_start(struct lag *, int64_t now_usec);
void	lag_beat(struct lag *, int64_t now_usec);	/* call at or after `next` */
double	lag_late_share(const struct lag *);		/* 0..1 */
bool	lag_colours(const struct lag *);

#endif
