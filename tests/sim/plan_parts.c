/*
 * Heads of HTTP/2 that come in two parts: some while other streams of their client are not read, some too late. They have no bodies
 * behind them, which would wait as well.
 */
#include "plan_priv.h"

static void
parts_draw(struct plan_client *c, struct rng r)
{
	struct plan_parts *p = &c->parts;

	p->from = rng_below(&r, 4);
	p->heads = 1 + rng_below(&r, 2);
	p->at = rng_below(&r, 20);
	p->continued = rng_below(&r, 2);
	p->usec = between(&r, 100 * USEC_PER_MSEC, HEAD_USEC - 200 * USEC_PER_MSEC);
	if (may(&r, 25)) {
		p->heads = 1;
		p->usec = PARTS_LATE_USEC + 4 * (c->weather.delay_usec + c->weather.jitter_usec);
	}
	for (unsigned i = 0; i < c->ncalls; i++) {
		c->call[i].body = 0;
		c->call[i].chunked = c->call[i].early = false;
		c->call[i].stall_at = c->call[i].leave_at = -1;
	}
}

static bool
has_rpc(const struct plan_client *c)
{
	for (unsigned i = 0; i < c->ncalls; i++)
		if (c->call[i].rpc.on)
			return true;
	return false;
}

void
parts_settle(struct plan *p, uint64_t seed)
{
	for (unsigned i = 0; i < CLIENTS; i++) {
		struct plan_client *c = &p->client[i];
		struct rng r = plan_stream(seed, OF_PARTS, i);
		if (may(&r, c->h2_window > 0 ? 60 : 20) && c->h2 && !has_rpc(c) && !p->rush && !p->storm && !p->crowd && !p->flood)
			parts_draw(c, r);
	}
}
