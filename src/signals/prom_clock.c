/*
 * prom_clock: an answer was evaluated before we heard it, so the server's clock is ahead of ours by `at - heard` at least.
 * The most of that, over all answers, is how far it is ahead, but for the shortest delay on the way. An answer of an
 * earlier time by this measure is a stored copy; or the clock has stopped; or somebody has set it back, and
 * then the difference stays what it is from then on. A stored copy's and a stopped clock's grows.
 * Must not know what the answer is about.
 */
#include <math.h>

#include "signals/prom_clock.h"

#define STEADY	0.5		/* seconds that a delay may vary by */
#define LATE_USEC 10000000	/* and for so long answers may be later than that, between those that are not: some queries are slow */
#define SEC	1e6

static void
learn(struct prom_clock *c, double ahead, int64_t now)
{
	if (!c->known || ahead >= c->ahead)
		*c = (struct prom_clock){ true, ahead, ahead, now, now };
	else if (fabs(ahead - c->lower) <= STEADY) {
		c->met_usec = now;
		if (now - c->lower_usec >= PROM_CLOCK_STEADY_USEC) {
			c->ahead = c->lower = ahead;
			c->lower_usec = now;
		}
	} else if (ahead > c->lower || c->lower > c->ahead - STEADY || now - c->met_usec > LATE_USEC) {
		c->lower = ahead;
		c->lower_usec = c->met_usec = now;
	}
}

int64_t
prom_clock_update(struct prom_clock *c, double at, int64_t sent, int64_t heard)
{
	double as_of;

	if (!(fabs(at) < 1e12))
		return sent;
	learn(c, at - (double)heard / SEC, heard);
	as_of = (at - c->ahead) * SEC;
	if (as_of >= (double)sent)
		return sent;
	return as_of > (double)(sent - INT64_C(86400000000)) ? (int64_t)as_of : sent - INT64_C(86400000000);
}
