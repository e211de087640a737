/*
 * How the requests of a service are tried again, and crowds: so many small requests for one service that it learns how long they take.
 */
#include <stdio.h>

#include "plan_priv.h"

static const char *const on[] = {
	"connect, reset, timeout, 502, 503, 504", "connect", "none", "connect, reset, timeout, 5xx", "503", "reset, timeout",
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
		p->on = 1 + rng_below(&own, sizeof on / sizeof *on - 1);
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
