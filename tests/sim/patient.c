#include <string.h>

#include "base/rng.h"
#include "patient.h"
#include "plan_priv.h"

/* Tasks with HTTP/2 say nothing about going on. */
static void
settle(struct call *c, const struct plan_service *s, struct rng *r)
{
	if (c->expects && !s->h2c && rng_below(r, 2) == 0) {
		c->insists = true;
		if (rng_below(r, 2) == 0) {
			c->slip = SILENT;
			c->slips = 1 + rng_below(r, 4);
		}
	}
	if (c->body > 0 && !c->insists && rng_below(r, 25) == 0) {
		c->stall_at = BEHIND_HEAD;
		c->stall_usec = between(r, 0, 2 * RESPONSE_USEC);
	}
}

void
patient_settle(struct plan *p, struct rng r)
{
	for (unsigned i = 0; i < EXCHANGES; i++) {
		struct call *c = &p->client[i / CALLS].call[i % CALLS];
		bool usual = !p->client[i / CALLS].h2 && !p->rush && !p->storm && !p->crowd && !p->flood && !c->upgrades;

		if (usual && c->service < SERVICES)
			settle(c, &p->service[c->service], &r);
	}
}

bool
patient_is_ignored(const struct call *c, bool slips)
{
	return c->early || (c->insists && slips && c->slip == SILENT);
}

void
patient_check(const struct entry *e)
{
	const struct call *c = e->call;
	bool waits = c->expects && !e->went_on;

	if (strcmp(e->logged_why, "upstream_slow_head") == 0 && e->sent_usec == 0 && !waits && e->sent > 0)
		broken("x%u: %s, and its task has not got all of it", c->id, e->logged_why);
	if (c->insists && waits && (strcmp(e->logged_why, "client_slow_body") == 0 || strcmp(e->logged_why, "client_slow_rate") == 0))
		broken("x%u: %s, and nobody told it to go on", c->id, e->logged_why);
}
