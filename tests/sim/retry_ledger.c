/*
 * What is tried again is so for a reason that its service names, within its budget and in its time; and what may be, is.
 */
#include <string.h>

#include "retry_ledger.h"
#include "rpc.h"

#define ADVANCE		10		/* repeats of a service without requests */
#define SLACK_USEC	(50 * USEC_PER_MSEC)
/* hedging */
#define PACE_LEAST	100			/* responses that it begins after (proxy/pace.h), */
#define HEDGE_LATER	40			/* and how many more until that has been looked at */
#define LONG_USEC	(200 * USEC_PER_MSEC)

static const struct plan_service *
service_of(const struct entry *e)
{
	return &ledger_plan()->service[e->call->service];
}

void
retry_note_head(struct entry *e, int64_t came_usec, enum slip slip)
{
	if (e->heads < ATTEMPTS_SEEN)
		e->seen[e->heads] = (struct seen){ wire_now(), came_usec, slip };
	e->heads++;
	if (e->head_usec == 0)
		e->head_usec = wire_now();
	if (slip != GOOD)
		e->slipped++;
}

int64_t
retry_delay(const struct entry *e)
{
	return e->call->slow == 0 || e->heads <= e->call->slow ? e->call->delay_usec : e->call->delay_usec % 3000;
}

/* ---- one exchange ---- */

/* A broken connection and a response that does not come are both what it is tried again for. */
static bool
names_failures(const struct plan_service *s)
{
	return strstr(plan_retry_on(s), "connect, reset, timeout") != NULL;
}

/* How long its head takes to a task, connecting included. */
static int64_t
way_usec(void)
{
	const struct weather *w = &ledger_plan()->weather;

	return 4 * (w->delay_usec + w->jitter_usec) + SLACK_USEC;
}

/* Nothing but time and tasks decides when it is tried again. */
static bool
is_simple(const struct entry *e)
{
	const struct plan_service *s = service_of(e);
	bool direct = true;

	for (unsigned i = 0; i < s->ntasks; i++)
		direct &= s->task[i].detour == NO_DETOUR && s->task[i].idle_usec == 0;
	return direct && call_is_sound(e->call) && e->call->body == 0 && e->call->interims == 0 && !e->call->expects && !e->call->early &&
	    ledger_is_calm_for(s) && ledger_plan()->weather.piece_most == 0 && ledger_plan()->weather.window == 65536;
}

/* A task that says nothing is left when its time is over. */
static void
check_gaps(const struct entry *e)
{
	int64_t most = service_of(e)->retry.per_try_usec, least = most > 0 ? most : RESPONSE_USEC;

	if (!is_simple(e) || service_of(e)->retry.hedges)
		return;
	for (unsigned i = 0; i + 1 < e->heads && i + 1 < ATTEMPTS_SEEN; i++) {
		int64_t gap = e->seen[i + 1].came_usec - e->seen[i].came_usec;
		bool says = e->seen[i].slip != SILENT && (e->seen[i].slip != GOOD || e->call->status >= 400);
		if (!says && gap < least - way_usec())
			broken("x%u was tried again after %lld us", e->call->id, (long long)gap);
		if (e->seen[i].slip == SILENT && gap > least + way_usec())
			broken("x%u was tried again only after %lld us", e->call->id, (long long)gap);
	}
}

void
retry_check(const struct entry *e)
{
	const struct plan_service *s = service_of(e);

	if (e->tried >= s->retry.attempts)
		broken("x%u was tried on %u tasks before the last one, of %u", e->call->id, e->tried, s->retry.attempts);
	if (e->heads > 2 * s->retry.attempts)
		broken("x%u came to tasks %u times, in %u attempts", e->call->id, e->heads, s->retry.attempts);
	/* what a task says it has not processed is sent again, of whatever length, as long as it is kept */
	if (e->wholes > 1 + e->rpc.unprocessed && e->call->body > s->retry.body)
		broken("x%u was sent %u times with all of its %llu bytes", e->call->id, e->wholes, (unsigned long long)e->call->body);
	check_gaps(e);
}

/* Another task was there that could have served it, and it may be sent again: it has no body. */
static bool
is_undeserved(const struct entry *e)
{
	const struct plan_service *s = service_of(e);

	return e->fate == REFUSED && plan_may_repeat(ledger_plan(), e->call) && e->sent_usec > 0 && e->call->interims == 0 &&
	    !e->call->expects && e->call->body == 0 && s->ntasks >= 3 && s->eject_failures == 0 && ledger_is_calm_for(s) &&
	    names_failures(s) && (e->status == 502 || e->status == 504) && e->tried + 1 < s->retry.attempts && e->tried + 1 < s->ntasks;
}

/* It was left with a task that said nothing, for longer than a try may take. */
static bool
is_left_there(const struct entry *e)
{
	const struct plan_service *s = service_of(e);

	return s->retry.per_try_usec > 0 && e->heads == 1 && e->seen[0].slip == SILENT && e->lines > 0 &&
	    plan_may_repeat(ledger_plan(), e->call) && s->ntasks >= 3 && s->eject_failures == 0 && names_failures(s) && s->retry.attempts > 1 &&
	    is_simple(e) && e->took_usec > s->retry.per_try_usec + 2 * way_usec();
}

/* ---- all of a service's ---- */

/* The seconds that pass between the first and the last request of a service, at most. */
static uint64_t
seconds_of(unsigned service)
{
	int64_t first = INT64_MAX, last = 0;

	for (unsigned i = 0; i < EXCHANGES; i++) {
		const struct entry *e = ledger_of(i);
		if (e->lines == 0 || e->call->service != service)
			continue;
		first = e->start_usec < first ? e->start_usec : first;
		last = e->start_usec + e->took_usec > last ? e->start_usec + e->took_usec : last;
	}
	return last > first ? (uint64_t)((last - first) / USEC_PER_SEC) + 1 : 0;
}

struct count {
	uint64_t	 requests, picked, undeserved;	/* picked: those that a task was chosen for */
	uint64_t	 all, paid, refused;	/* tried again; of these, what costs the budget; and not, for it was spent */
};

static struct count
count_of(const struct live *live, unsigned service)
{
	struct count c = { 0 };
	struct live_task t;

	for (unsigned i = 0; i < TASKS; i++) {
		live_task_read(live, service * TASKS + i, &t);
		c.all += t.retries;
		c.refused += t.retries_refused;
	}
	/* they were sent to no task before, and may be free */
	c.paid = c.all - live_retries_total(live, service + 1, RETRY_CONNECT) + live_retries_total(live, service + 1, RETRY_HEDGE);
	for (unsigned i = 0; i < EXCHANGES; i++) {
		const struct entry *e = ledger_of(i);
		if (e->lines == 0 || e->call->service != service)
			continue;
		c.requests++;
		c.picked += e->line.task[0] != '\0';
		c.undeserved += is_undeserved(e) || is_left_there(e) || rpc_is_undeserved(e);
	}
	return c;
}

/* For nothing else than what its settings name. */
static void
check_reasons(const struct live *live, unsigned service, uint64_t all)
{
	const struct plan_service *s = &ledger_plan()->service[service];
	uint64_t sum = 0;
	struct retry_on on;
	struct str wrong;

	if (!retry_on_read((struct str){ plan_retry_on(s), strlen(plan_retry_on(s)) }, &on, &wrong))
		broken("what s%u is tried again for cannot be read", service);
	for (unsigned r = 0; r < RETRY_REASONS; r++) {
		uint64_t n = live_retries_total(live, service + 1, (enum retry_reason)r);
		bool named = r == RETRY_STATUS ? strchr(plan_retry_on(s), '5') != NULL : r == RETRY_HEDGE ? s->retry.hedges :
		    retry_on_has(&on, (enum retry_reason)r);
		sum += r == RETRY_HEDGE ? 0 : n;
		if (n > 0 && (!named || s->retry.budget == 0 || s->retry.attempts == 1))
			broken("%llu requests of s%u were tried again for %s", (unsigned long long)n, service, retry_reason_name((enum retry_reason)r));
	}
	if (sum != all)
		broken("%llu requests of s%u were tried again by tasks, and %llu by reasons", (unsigned long long)all, service,
		    (unsigned long long)sum);
}

/* No connection has died idle, which is paid for, too. */
static bool
spends_on_nothing_else(const struct plan_service *s)
{
	bool idles = false;

	for (unsigned i = 0; i < s->ntasks; i++) {
		const struct plan_task *t = &s->task[i];
		idles |= t->idle_usec > 0 || t->down_usec > 0 || ledger_plan()->node[t->node].cut_usec > 0;
	}
	return !idles;
}

/* Ten at first, and that part of the requests that come when these are paid for; a second without a request is as good as one
 * (proxy/budget.h). */
static void
check_budget(const struct count *c, unsigned service)
{
	const struct plan *p = ledger_plan();
	uint64_t part = p->service[service].retry.budget, advance = ADVANCE * 100 / part, budgets = 0, most;

	for (unsigned i = 0; i < p->nworkers; i++)		/* each has its own */
		budgets += 1 + (p->worker[i].kill_usec > 0);
	most = budgets * (ADVANCE + seconds_of(service) * part / 100) + (c->requests > advance ? c->requests - advance : 0) * part / 100;
	if (c->paid > most)
		broken("%llu requests of s%u were tried again, of %llu", (unsigned long long)c->paid, service, (unsigned long long)c->requests);
	if (c->refused > 0 && c->paid < ADVANCE && c->all < ADVANCE && spends_on_nothing_else(&p->service[service]))
		broken("%llu requests of s%u were not tried again, after %llu that were", (unsigned long long)c->refused, service,
		    (unsigned long long)c->all);
	/* nearly all of them would be, one after the other */
	if (p->storm && p->nworkers == 1 && c->refused > 0 && c->picked > advance + ADVANCE && c->undeserved > 10 &&
	    c->all < ADVANCE + (c->picked - advance - ADVANCE) * part / 100)
		broken("%llu requests of s%u were tried again in a storm, of %llu", (unsigned long long)c->all, service,
		    (unsigned long long)c->requests);
}

/* ---- a second task before the first one fails ---- */

/* It takes long, and longer than 95 % of the others: those before it were enough to know. */
static bool
is_to_hedge(const struct entry *e, unsigned before)
{
	const struct plan_service *s = service_of(e);

	return before >= PACE_LEAST + HEDGE_LATER && is_simple(e) && plan_may_repeat(ledger_plan(), e->call) && e->call->slip == GOOD &&
	    e->call->slow > 0 && e->call->delay_usec > LONG_USEC && s->retry.attempts > 1 && !s->names_task && e->fate == ANSWERED;
}

struct hedges {
	unsigned	 lines, longs, missed, seen, heads;
};

/* What took long, when all others did not. */
static struct hedges
hedges_of(unsigned service)
{
	struct hedges h = { 0 };
	int64_t try = ledger_plan()->service[service].retry.per_try_usec;

	for (unsigned i = 0; i < EXCHANGES; i++) {
		const struct entry *e = ledger_of(i);
		unsigned before = 0;
		if (e->lines == 0 || e->call->service != service)
			continue;
		for (unsigned k = 0; k < EXCHANGES; k++)
			before += ledger_of(k)->fate == ANSWERED && ledger_of(k)->call->service == service && ledger_of(k)->ended_usec < e->began_usec;
		h.lines++;
		h.heads += e->heads;
		h.longs += e->took_usec > LONG_USEC;
		h.missed += e->heads == 1 && is_to_hedge(e, before);
		if (e->heads != 2 || e->seen[0].slip != GOOD || e->seen[1].slip != GOOD || !is_to_hedge(e, before))
			continue;
		if (try > 0 && e->seen[1].usec - e->seen[0].usec > try - way_usec())
			continue;
		h.seen++;
		if (e->call->slow == 1 && e->took_usec > e->seen[1].usec - e->seen[0].usec + 2 * way_usec() && e->took_usec > e->call->delay_usec - SLACK_USEC)
			broken("x%u waited for its first task, and the second had responded", e->call->id);
	}
	return h;
}

static void
check_hedges(const struct live *live, unsigned service)
{
	const struct plan_service *s = &ledger_plan()->service[service];
	uint64_t n = live_retries_total(live, service + 1, RETRY_HEDGE);
	struct hedges h = hedges_of(service);
	struct count c = count_of(live, service);

	if (h.heads <= PACE_LEAST && n > 0)
		broken("%llu requests of s%u were hedged, after %u at most", (unsigned long long)n, service, h.heads);
	if (!s->retry.hedges || s->retry.budget == 0 || !ledger_is_calm_for(s))
		return;
	if (h.seen > n)
		broken("%u requests of s%u were seen by two tasks, and %llu hedged", h.seen, service, (unsigned long long)n);
	if (h.longs * 100 <= h.lines * 3 && h.missed > c.refused)
		broken("%u requests of s%u were not hedged, and took long", h.missed, service);
	if (n > 12 + h.lines / 8)
		broken("%llu requests of s%u were hedged, of %u", (unsigned long long)n, service, h.lines);
}

void
retry_check_service(const struct live *live, unsigned service)
{
	struct count c = count_of(live, service);
	unsigned budget = ledger_plan()->service[service].retry.budget;

	check_reasons(live, service, c.all);
	if (budget > 0)
		check_budget(&c, service);
	check_hedges(live, service);
	if (budget > 0 && c.undeserved > c.refused)
		broken("%llu requests of s%u failed that could have been tried again", (unsigned long long)c.undeserved, service);
}
