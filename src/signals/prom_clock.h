/*
 * prom_clock: when, by our clock, a Prometheus evaluated its response. Its own clock may be
 * wrong by any amount, as long as it moves as ours does. Pure.
 */
#ifndef SIGNALS_PROM_CLOCK_H
#define SIGNALS_PROM_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

/* A clock that moved like ours for so long is right, whatever it was before. */
#define PROM_CLOCK_STEADY_USEC	INT64_C(30000000)

struct prom_clock {			/* zeroed memory is one of which nothing is known */
	bool		 known;
	double		 ahead;		/* seconds, of ours: at least so much, for it has no times before they come */
	double		 lower;		/* what it seems to be of late, if less, */
	int64_t		 lower_usec;	/* and since when */
	int64_t		 met_usec;	/* when a response was last of that time */
};

/*
 * A response with the time `at`, requested at `sent_usec`, begun at `received_usec`
 * (CLOCK_MONOTONIC). Returns of when it is: `sent_usec`, or earlier if it is a stored copy of an
 * older one, or the clock stands still.
 */
int64_t	prom_clock_update(struct prom_clock *, double at, int64_t sent_usec, int64_t received_usec);

#endif
