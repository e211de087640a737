/*
 * prom_clock: when, by our clock, a Prometheus evaluated what it answers. Its own clock may be wrong by any amount; only
 * that it moves as ours does is asked of it. Pure.
 */
#ifndef SIGNALS_PROM_CLOCK_H
#define SIGNALS_PROM_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#define PROM_CLOCK_STEADY_USEC	INT64_C(30000000)	/* a clock that moved like ours for so long is a clock, whatever it was before */

struct prom_clock {			/* zeroed memory is one of which nothing is known */
	bool		 known;
	double		 ahead;		/* seconds, of ours: at least so much, since it cannot tell times before they come */
	double		 lower;		/* what it seems to be of late, if less, */
	int64_t		 lower_usec;	/* and since when */
	int64_t		 met_usec;	/* when an answer was last of that time */
};

/*
 * An answer that says `at`, asked for at `sent_usec`, begun at `heard_usec` (CLOCK_MONOTONIC). Of when it is: `sent_usec`, or earlier
 * if it is a stored copy of an older one, or the clock stands still.
 */
int64_t	prom_clock_update(struct prom_clock *, double at, int64_t sent_usec, int64_t heard_usec);

#endif
