/*
 * Requests to be upgraded, as of WebSocket: behind the head of a 101, both sides send what they like, and end when they have.
 */
#include "plan_priv.h"

#define UPGRADES	5		/* percent of the calls */

static bool
may_be_upgraded(const struct plan *p, const struct call *l)
{
	const struct plan_service *s = &p->service[l->service];

	return !p->rush && !s->mirrored && !s->asks && !p->client[l->id / CALLS].h2 && !p->tls.there && !s->h2c && s->filters == 0 && s->chain.kinds == 0;
}

static void
upgrade(struct call *l)
{
	l->upgrades = true;
	l->body = 0;
	l->method = "GET";
	l->idempotent = true;
	l->minor = 1;
	l->status = 101;
	l->framing = BY_END;
	l->bad = WELL;
	l->interims = 0;
	l->chunked = l->expects = l->closes = l->pipelined = l->shuts = l->early = l->old = l->full = false;
	l->last = true;
}

void
upgrades_settle(struct plan *p, struct rng r)
{
	for (unsigned i = 0; i < CLIENTS; i++)
		for (unsigned k = 0; k < p->client[i].ncalls; k++) {
			struct call *l = &p->client[i].call[k];
			if (!may(&r, UPGRADES) || !may_be_upgraded(p, l) || (k > 0 && p->client[i].call[k - 1].shuts))
				continue;
			upgrade(l);
			l->tunnel = size(&own, 100000);
			if (k + 1 < p->client[i].ncalls)
				p->client[i].call[k + 1].pipelined = false;
		}
}
