/*
 * How the requests of a service are tried again, and crowds: so many small requests for one service that it learns how long they take.
 */
#include <stdio.h>

#include "plan_priv.h"

static const char *const on[] = {
	"connect, reset, timeout, 502, 503, 504", "connect", "none", "connect, reset, timeout, 5xx", "503", "reset, timeout",
	"unavailable", "connect, reset, timeout, unavailable",
};

const char *
plan_retry_on(const struct plan_service *s)
{
	return on[s->retry.on];
}

void
draw_retry(struct plan_retry *p, struct rng r, bool tcp)
{
	static const unsigned budgets[] = { 0, 5, 10, 50, 100 };
	static const uint64_t bodies[] = { 0, 1000, 100000 };

	*p = (struct plan_retry){ .attempts = 3, .budget = 20, .body = 16384 };
	if (tcp)
		return;
	if (may(&r, 20))
		p->on = 1 + rng_below(&own, RETRY_UNAVAILABLE_FIRST - 1);
	if (may(&r, 20))
		p->attempts = 1 + rng_below(&own, 5);
	if (may(&r, 20))
		p->budget = budgets[rng_below(&own, 5)];
	if (may(&r, 20))
		p->body = bodies[rng_below(&own, 3)];
	if (may(&r, 20))
		p->per_try_usec = between(&own, 200 * USEC_PER_MSEC, 1500 * USEC_PER_MSEC);
	p->all_methods = may(&r, 10);
}

/* Without what their clients do wrong, and at once. */
void
plan_repeat_calls(struct plan *p)
{
	for (unsigned i = 0; i < CLIENTS; i++) {
		struct plan_client *c = &p->client[i];
		for (unsigned k = c->ncalls; k < CALLS; k++) {
			c->call[k] = c->call[k - c->ncalls];
			c->call[k].id = i * CALLS + k;
			c->call[k].bad = WELL;
			c->call[k].piece = c->call[k].read_piece = 0;
			c->call[k].stall_at = c->call[k].leave_at = c->call[k].leave_read = c->call[k].leave_usec = -1;
			c->call[k].think_usec %= 20000;
			c->call[k].shuts = c->call[k].full = false;
		}
		c->ncalls = CALLS;
	}
}

/* Most are served at once; some take long, or fail, on one task. */
static void
crowd_call(struct call *c, struct rng *r, unsigned slow)
{
	c->service = 0;
	c->think_usec %= 20000;
	c->body %= 2000;
	c->answer %= 20000;
	c->delay_usec = between(r, 0, 3000);
	c->slip = GOOD;
	c->slips = c->slow = 0;
	if (may(r, slow)) {
		c->delay_usec = between(&own, 100000, 1500000);
		c->slow = 1 + rng_below(&own, 2);
	}
	if (may(r, slow / 2)) {
		c->slip = (enum slip)(1 + rng_below(&own, SLIPS - 1));
		c->slips = 1;
		c->slip_at = rng_below(&own, 3000);
	}
}

void
calm_settle(struct plan *p)
{
	struct plan_service *s = &p->service[0];

	for (unsigned i = 0; i < TASKS; i++)
		s->task[i] = (struct plan_task){ .node = s->task[i].node };
	for (unsigned i = 0; i < NODES; i++)
		p->node[i].cut_usec = p->node[i].heals_usec = 0;
	s->eject_failures = s->max_inflight = s->task_max_inflight = 0;
	s->filters &= FILTER_BIT_FIELDS;
	p->per_address = 0;
	p->starved_usec = p->no_ports_usec = p->drain_usec = p->reconf_usec = 0;
	p->fed_usec = p->ports_usec = 0;
	p->worker[0] = (struct plan_worker){ 0 };
	p->weather.piece_most = 0;
	p->weather.window = p->weather.room = 65536;
}

void
crowd_settle(struct plan *p, struct rng r)
{
	static const unsigned slow[] = { 1, 2, 5, 12 };
	struct plan_service *s = &p->service[0];

	s->retry.slow = slow[rng_below(&r, 4)];
	p->brain.there = false;
	p->nworkers = 1;
	p->clients_max = 64;
	s->ntasks = TASKS;
	s->fails = s->names_task = false;
	s->retry.hedges = may(&r, 75);
	if (may(&r, 50)) {			/* more idle connections than are kept without a reason */
		p->task_idle_usec = 20 * USEC_PER_SEC;
		p->idle_max = 64;
		s->ntasks = 1 + rng_below(&own, 2);
	}
	if (may(&r, 60))
		calm_settle(p);
	plan_repeat_calls(p);
	for (unsigned i = 0; i < CLIENTS; i++) {
		p->client[i].h2_streams = 1 + rng_below(&r, CALLS);
		p->client[i].starts_usec /= 10;
	}
	for (unsigned i = 0; i < EXCHANGES; i++)
		crowd_call(&p->client[i / CALLS].call[i % CALLS], &r, s->retry.slow);
}

bool
plan_may_repeat(const struct plan *p, const struct call *l)
{
	return l->idempotent || p->service[l->service].retry.all_methods;
}

void
print_retry(const struct plan_service *s)
{
	const struct plan_retry *p = &s->retry;

	printf("#   retry on %s, %u attempts, budget %u%%, body %llu, per try %lld us%s%s\n", plan_retry_on(s), p->attempts, p->budget,
	    (unsigned long long)p->body, (long long)p->per_try_usec, p->all_methods ? ", all methods" : "", p->hedges ? ", hedges" : "");
}
