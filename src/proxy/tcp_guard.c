/*
 * A chain of connections has filters of HTTP that need nothing of a request (world/table_tcp.c).
 * Whoever has an address of which a PROXY header says nothing is nobody, and may not pass.
 */
#include <string.h>

#include "base/bug.h"
#include "proxy/listener.h"
#include "proxy/tcp_guard.h"
#include "world/limits.h"

static void
count(const struct proxy *p, const struct filter *f, enum filter_outcome outcome)
{
	live_count_filter(p->conf.live, p->conf.worker, f->kind, outcome);
}

const struct why *
tcp_guard_address(const struct client *c, const struct filter_chain *chain)
{
	for (unsigned i = 0; chain != NULL && i < chain->n; i++) {
		const struct filter *f = &chain->filter[i];
		if (f->kind != FILTER_IP_ALLOW_LIST || (!c->unnamed &&
		    filter_nets_have(&f->of.ip_allow_list.nets, c->sender.ip.b)))
			continue;
		count(client_proxy(c), f, FILTER_REFUSED);
		return WHY_ADDRESS_NOT_ALLOWED;
	}
	return NULL;
}

/* As requests are counted by middleware and router, connections are by middleware, service and
 * listener. */
static bool
enter_one(struct tcp_guard *g, const struct client *c, const struct filter_chain *chain, unsigned n,
    struct str service)
{
	const struct proxy *p = client_proxy(c);
	const struct filter *f = &chain->filter[n];
	struct limits *limits = live_limits(p->conf.live);
	uint64_t limiter = limits_limiter(limits, &(struct limits_owner){ service,
	    str_of(listener_modes(c->listener)->name), f->name, n });
	uint32_t place = limits_fly(limits, p->conf.worker, limiter, sender_peer(&c->sender),
	    (uint64_t)f->of.in_flight_req.amount);

	ASSERT(g->n < TCP_COUNTED);
	if (place == LIMITS_NOWHERE)
		return false;
	g->place[g->n++] = place;
	return true;
}

const struct why *
tcp_guard_enter(struct tcp_guard *g, const struct client *c, const struct filter_chain *chain,
    struct str service)
{
	const struct why *why = tcp_guard_address(c, chain);

	ASSERT(g->n == 0 && c->listener != NULL);
	for (unsigned i = 0; chain != NULL && i < chain->n && why == NULL; i++) {
		const struct filter *f = &chain->filter[i];
		if (f->kind == FILTER_IN_FLIGHT_REQ && !enter_one(g, c, chain, i, service))
			why = WHY_TOO_MANY_IN_FLIGHT;
		count(client_proxy(c), f, why == NULL ? FILTER_PASSED : FILTER_REFUSED);
	}
	if (why != NULL)
		tcp_guard_leave(g, client_proxy(c));
	return why;
}

void
tcp_guard_leave(struct tcp_guard *g, const struct proxy *p)
{
	while (g->n > 0)
		limits_land(live_limits(p->conf.live), p->conf.worker, g->place[--g->n]);
}
