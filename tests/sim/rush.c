/*
 * What waits for room comes in with the end of another request, in the turn after it; the one that has waited longest comes first as
 * long as none has waited in vain.
 */
#include <string.h>

#include "rush.h"
#include "ledger.h"
#include "precedence.h"

#define PERIOD_USEC	(100 * USEC_PER_MSEC)	/* of samples */
#define BOUND		4			/* requests for a core (world/room.h) */
#define NEXT_USEC	(2 * USEC_PER_MSEC)	/* turns until one that waits is let in */
#define IDLE_FEW	16			/* connections that a task may have idle for long (proxy/upstream.c) */
#define RECENT_USEC	(11 * USEC_PER_SEC)	/* after which those of a burst are gone */

static struct {
	const struct plan *plan;
	struct phys	*phys;
	int64_t		 busy_usec;		/* when something was in flight last */
} g;

/* ---- the plan ---- */

static void
call_settle(struct call *c, struct rng *r)
{
	*c = (struct call){ .id = c->id, .method = rng_below(r, 4) > 0 ? "GET" : "POST", .minor = 1, .stall_at = -1, .leave_at = -1,
	    .leave_read = -1, .leave_usec = -1, .status = 200, .answer = 1 + rng_below(r, 3000), .think_usec = between(r, 0, 3000),
	    .delay_usec = between(r, 10000, 300000) };
	c->idempotent = c->method[0] == 'G';
	c->body = c->idempotent ? 0 : 1 + rng_below(r, 2000);
}

static void
service_settle(struct plan_service *s, struct rng *r)
{
	s->ntasks = 1 + rng_below(r, 2);
	for (unsigned i = 0; i < s->ntasks; i++)
		s->task[i] = (struct plan_task){ .node = i };
	s->overload = s->fails = s->checked = s->h2c = false;
	s->max_inflight = s->task_max_inflight = s->eject_failures = s->filters = s->chain.kinds = 0;
	s->asks = false;
	memset(&s->tls, 0, sizeof s->tls);
	s->retry.hedges = false;
	s->retry.per_try_usec = 0;
	s->retry.slow = 0;
	switch (rng_below(r, 4)) {
	case 0:
		s->max_inflight = 1 + rng_below(r, 8);
		break;
	case 1:
		s->task_max_inflight = 1 + rng_below(r, 4);
		break;
	case 2:
		s->overload = true;
	}
}

void
rush_settle(struct plan *p, struct rng r)
{
	static const struct weather even = { .delay_usec = 50, .window = 65536, .room = 65536 };

	p->rush = may(&r, 6) && !p->storm && !p->flood && !p->crowd;
	if (!p->rush)
		return;
	p->brain.there = p->tls.there = p->min_rate = p->proxied = p->trusts = false;
	p->log_trouble = 0;
	p->nworkers = 1;
	p->worker[0] = (struct plan_worker){ 0 };
	p->clients_max = 64;
	p->idle_max = 64;
	p->task_idle_usec = 20 * USEC_PER_SEC;
	p->per_address = 0;
	p->starved_usec = p->no_ports_usec = p->reconf_usec = p->drain_usec = 0;
	p->cores = 1 + rng_below(&r, 3);
	p->weather = even;
	memset(p->node, 0, sizeof p->node);
	service_settle(&p->service[0], &r);
	for (unsigned i = 0; i < RELAYS; i++)
		p->relay[i].there = false;
	for (unsigned i = 0; i < CLIENTS; i++) {
		struct plan_client *c = &p->client[i];
		memset(&c->secure, 0, sizeof c->secure);
		c->weather = even;
		c->starts_usec = between(&r, 0, 400000);
		c->h2 = rng_below(&r, 3) > 0;
		c->h2_streams = CALLS_USUAL;
		c->h2_window = 0;
		c->ncalls = CALLS_USUAL;
		for (unsigned k = 0; k < CALLS_USUAL; k++) {
			c->call[k].id = i * CALLS + k;
			call_settle(&c->call[k], &r);
		}
	}
	precedence_settle(p, &r);
}

/* ---- samples ---- */

/* Nothing of others; our requests want a core each. */
static void
on_sample(void *arg, uint64_t n)
{
	struct phys_row row = { .law = { .cores = g.plan->cores, .sampled_usec = wire_now(), .period_usec = PERIOD_USEC - 1, .balancers = 1,
	    .lasting = 1 }, .score = 50, .wanted = g.plan->cores };

	for (unsigned i = 0; i < NODES; i++)
		phys_write(g.phys, i, &row);
	precedence_sample(g.plan, g.phys);
	if (n < 400)
		wire_at(wire_now() + PERIOD_USEC, on_sample, arg, n + 1);
}

void
rush_begin(const struct plan *p, struct phys *phys)
{
	g.plan = p;
	g.phys = phys;
	g.busy_usec = wire_now();
	if (p->rush)
		on_sample(NULL, 0);
}

/* ---- what must be true ---- */

void
rush_check_now(const struct plan *p, const struct live *live)
{
	const struct plan_service *s = &p->service[0];
	unsigned bound = BOUND * p->cores * (s->sticky ? 2 : 1), inflight = 0;
	int64_t idle = live_gauge_total(live, LIVE_IDLE_UPSTREAMS);

	if (!p->rush)
		return;
	for (unsigned i = 0; i < s->ntasks; i++) {
		unsigned n = live_node_inflight(live, i);
		inflight += n;
		if (s->overload && !p->sharing && n > bound)
			broken("%u requests are in flight on a node that has room for %u", n, bound);
	}
	if (inflight > 0)
		g.busy_usec = wire_now();
	if (wire_now() - g.busy_usec > RECENT_USEC && idle > IDLE_FEW * s->ntasks * (p->sharing ? SHARING : 1))
		broken("%lld connections of a burst are still idle", (long long)idle);
}

static int64_t
began(const struct entry *e)
{
	return e->logged_usec - e->took_usec;
}

/* When its task was chosen. */
static int64_t
chosen(const struct entry *e)
{
	return e->logged_usec - e->line.origin_usec;
}

static bool
was_served(const struct entry *e)
{
	return e->lines > 0 && e->line.task[0] != '\0' && e->tried == 0 && e->heads == 1;
}

/* It waited, with all of its head there: that took no time. */
static bool
has_queued(const struct entry *e)
{
	return was_served(e) && chosen(e) - began(e) > NEXT_USEC;
}

/* Some request ended then, and made room. */
static void
check_let_in(const struct entry *e)
{
	for (unsigned i = 0; i < EXCHANGES; i++) {
		const struct entry *other = ledger_of(i);
		if (other != e && other->lines > 0 && other->logged_usec <= chosen(e) && other->logged_usec + NEXT_USEC >= chosen(e))
			return;
	}
	broken("x%u was let in when no room was made", e->call->id);
}

/* `late`: when the first one had waited in vain. */
static void
check_order(const struct entry *e, int64_t late)
{
	for (unsigned i = 0; i < EXCHANGES; i++) {
		const struct entry *other = ledger_of(i);
		if (other == e || !has_queued(other) || chosen(other) >= late)
			continue;
		if (began(other) > began(e) + NEXT_USEC && chosen(other) < chosen(e) && began(other) > 0 && began(e) < chosen(other))
			broken("x%u was let in before x%u, which had waited longer", other->call->id, e->call->id);
	}
}

void
rush_check(const struct plan *p)
{
	const struct plan_service *s = &p->service[0];
	int64_t late = INT64_MAX;

	if (!p->rush)
		return;
	for (unsigned i = 0; i < EXCHANGES; i++) {
		const struct entry *e = ledger_of(i);
		bool vain = strcmp(e->logged_why, "max_inflight") == 0 || strcmp(e->logged_why, "overloaded") == 0;
		if (vain && e->logged_usec < late)
			late = e->logged_usec;
		if (e->lines > 0 && !vain && e->fate != ANSWERED)
			broken("x%u should have been served: %s", i, e->logged_why);
		if (vain && s->max_inflight == 0 && s->task_max_inflight == 0 && !s->overload)
			broken("x%u: %s, and there is no limit", i, e->logged_why);
	}
	for (unsigned i = 0; i < EXCHANGES; i++) {
		const struct entry *e = ledger_of(i);
		if (!has_queued(e))
			continue;
		if (s->max_inflight > 0)
			check_let_in(e);
		if (s->max_inflight > 0 && chosen(e) < late)
			check_order(e, late);
	}
}
