/*
 * prom_clock: a response was evaluated before it came, so the server's clock is ahead of ours by
 * at least `at - received`. The most of that, over all responses, is how far it is ahead, but
 * for the shortest delay on the way. A response of an earlier time by this measure is a stored
 * copy; or the clock has stopped; or it was set back, and then the difference stays what it is
 * from then on. A stored copy's and a stopped clock's grows. Must not know what the response is
 * about.
 */
#include <math.h>

#include "base/bug.h"
#include "base/clock.h"
#include "signals/prom_clock.h"

#define STEADY	0.5		/* seconds that a delay may vary by */
/* For so long responses may be later than that, between those that are not: some queries are
 * slow. */
#define LATE_USEC (10 * USEC_PER_SEC)
#define OLD_MOST_USEC (86400 * USEC_PER_SEC)

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
prom_clock_update(struct prom_clock *c, double at, int64_t sent, int64_t received)
{
	double as_of;

	ASSERT(!c->known || c->lower <= c->ahead);
	if (!(fabs(at) < 1e12))
		return sent;
	learn(c, at - (double)received / USEC_PER_SEC, received);
	as_of = (at - c->ahead) * USEC_PER_SEC;
	if (as_of >= (double)sent)
		return sent;
	return as_of > (double)(sent - OLD_MOST_USEC) ? (int64_t)as_of : sent - OLD_MOST_USEC;
}
