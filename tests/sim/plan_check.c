/*
 * How long a check takes at the most, of a task that responds at once. It opens a connection, and so does the one that follows a
 * redirection, within the same time: with TLS, and far away, that may be too long. Such checks all fail, and then the service has no
 * task although nothing is wrong with any, which says nothing about Mola.
 */
#include "plan_priv.h"

#define FLIGHT_BYTES	4000	/* what a task has to send before Mola's next turn in a handshake, at the most: certificate, signature, tickets */

int64_t
plan_trips(const struct plan *p, const struct plan_service *s)
{
	int64_t handshake = s->tls.old ? 2 : 1;

	if (!s->tls.on)
		return 2;
	return 2 + handshake + (FLIGHT_BYTES - 1) / (int64_t)p->weather.window;
}

void
checks_settle(struct plan *p)
{
	int64_t trip = 2 * (p->weather.delay_usec + p->weather.jitter_usec);

	for (unsigned i = 0; i < ALL_SERVICES; i++) {
		struct plan_service *s = &p->service[i];
		int64_t usec = plan_trips(p, s) * trip;
		s->redirects &= 2 * usec < CHECK_USEC;
		s->checked &= usec < CHECK_USEC;
	}
}
