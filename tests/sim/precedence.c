#include <string.h>

#include "ledger.h"
#include "precedence.h"
#include "world/table.h"

#define BOUND	4			/* requests for a core (world/room.h) */
#define VAIN_USEC (20 * USEC_PER_MSEC)	/* in which room is found, also when nothing has ended in this worker */

static struct {
	const struct plan *plan;
	const struct live *live;
	struct live_task seen[SHARING][TASKS];
	int64_t		 vain_usec;		/* since then some wait, and there is room for each; 0: not so */
} g;

/* ---- the plan ---- */

void
precedence_settle(struct plan *p, struct rng *r)
{
	struct plan_service *s = p->service;

	p->sharing = rng_below(r, 2) == 0;
	if (!p->sharing)
		return;
	s[0].sticky = false;
	s[0].overload = true;
	s[0].max_inflight = s[0].task_max_inflight = 0;
	s[1] = s[0];
	for (unsigned i = 0; i < SHARING; i++)
		s[i].precedence = rng_below(r, PRECEDENCES);
	for (unsigned i = 0; i < CLIENTS; i++)
		for (unsigned k = 0; k < CALLS_USUAL; k++)
			p->client[i].call[k].service = rng_below(r, SHARING);
}

/* ---- what must be true ---- */

void
precedence_sample(const struct plan *p, struct phys *phys)
{
	for (unsigned i = 0; i < SHARING && p->sharing; i++)
		for (unsigned k = 0; k < p->service[i].ntasks; k++)
			phys_set_available(phys, i * TASKS + k, p->cores);
}

void
precedence_begin(const struct plan *p, const struct live *live)
{
	memset(&g, 0, sizeof g);
	g.plan = p;
	g.live = live;
}

/* What may be in flight once a request of the service has been let in; `all`: with those of the other one. Of `each` for a core. */
static unsigned
bound_of(unsigned service, double each, bool *all)
{
	static const double part[PRECEDENCES] = { [PRECEDENCE_LOW] = 0.5, [PRECEDENCE_NORMAL] = 1, [PRECEDENCE_HIGH] = 2 };
	const struct plan_service *s = g.plan->service;

	*all = s[service].precedence == PRECEDENCE_LOW ||
	    (s[service].precedence == PRECEDENCE_NORMAL && s[!service].precedence == PRECEDENCE_HIGH);
	return (unsigned)(part[s[service].precedence] * each * g.plan->cores);
}

/* How many of a task's requests ended in this turn. */
static uint64_t
ended(const struct live_task *was, const struct live_task *is)
{
	return is->requests - was->requests - is->inflight + was->inflight;
}

/* Of the other service at least as many were there as before, unless some ended in the same turn, just then; and one is let in where
 * there is none. */
static void
check_let_in(unsigned service, unsigned task, const struct live_task now[SHARING][TASKS])
{
	const struct live_task *was = &g.seen[service][task], *is = &now[service][task], *other = &g.seen[!service][task];
	unsigned n = is->inflight, bound;
	bool all;

	if (is->requests == was->requests)
		return;
	bound = bound_of(service, BOUND, &all);
	if (all && ended(other, &now[!service][task]) == 0)
		n += other->inflight;
	if (n > bound)
		broken("a request of s%u was let in to s%u.%u, which is one of %u, and there is room for %u", service, service, task, n, bound);
}

/* By what Mola has learnt. */
static bool
has_room(unsigned service, const struct live_task now[SHARING][TASKS])
{
	double each = live_bound(g.live);
	bool all;
	unsigned bound = bound_of(service, each > 1 ? each : 1, &all);

	for (unsigned k = 0; k < g.plan->service[service].ntasks; k++)
		if (now[service][k].inflight + (all ? now[!service][k].inflight : 0) < bound)
			return true;
	return false;
}

/* Whichever of them waits. */
static void
check_vain(const struct live_task now[SHARING][TASKS])
{
	if (live_gauge_total(g.live, LIVE_WAITING) == 0 || !has_room(0, now) || !has_room(1, now))
		g.vain_usec = 0;
	else if (g.vain_usec == 0)
		g.vain_usec = wire_now();
	else if (wire_now() - g.vain_usec > VAIN_USEC)
		broken("requests of s0 or s1 wait for room, and there is some for both");
}

void
precedence_look(void)
{
	struct live_task now[SHARING][TASKS];

	if (!g.plan->sharing)
		return;
	for (unsigned i = 0; i < SHARING; i++)
		for (unsigned k = 0; k < g.plan->service[i].ntasks; k++)
			live_task_read(g.live, i * TASKS + k, &now[i][k]);
	for (unsigned i = 0; i < SHARING; i++)
		for (unsigned k = 0; k < g.plan->service[i].ntasks; k++)
			check_let_in(i, k, now);
	check_vain(now);
	memcpy(g.seen, now, sizeof now);
}
