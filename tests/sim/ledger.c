/*
 * Lines of the access log are JSON objects of one level, whose values have no escapes here.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "ledger.h"

static struct entry entries[EXCHANGES];
static const struct plan *plan;
static uint64_t lines;
static char text[512];

void
ledger_begin(const struct plan *p)
{
	plan = p;
	memset(entries, 0, sizeof entries);
	lines = 0;
	text[0] = '\0';
	for (unsigned i = 0; i < EXCHANGES; i++)
		entries[i].call = &p->client[i / CALLS].call[i % CALLS];
}

struct entry *
ledger_of(uint32_t exchange)
{
	return exchange < EXCHANGES ? &entries[exchange] : NULL;
}

uint64_t
ledger_lines(void)
{
	return lines;
}

void
broken(const char *fmt, ...)
{
	va_list ap;

	if (text[0] != '\0')
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	wire_note("broken", 0, 0);
}

const char *
broken_text(void)
{
	return text[0] == '\0' ? NULL : text;
}

/* ---- the access log ---- */

/* Behind "key": in the line; NULL: it has none. */
static const char *
value(const char *line, const char *key)
{
	char quoted[64];
	const char *p;

	snprintf(quoted, sizeof quoted, "\"%s\":", key);
	p = strstr(line, quoted);
	return p == NULL ? NULL : p + strlen(quoted);
}

static uint64_t
number(const char *line, const char *key)
{
	const char *p = value(line, key);

	return p == NULL ? 0 : strtoull(p, NULL, 10);
}

void
ledger_line(const char *bytes, size_t len)
{
	char line[8192];
	const char *path, *why;
	struct entry *e;

	ASSERT(len < sizeof line);
	memcpy(line, bytes, len);
	line[len] = '\0';
	lines++;
	path = value(line, "RequestPath");
	why = value(line, "why");
	if (why == NULL)
		broken("a line of the access log has no reason: %s", line);
	if (wire_verbose)
		printf("# %s\n", line);
	if (path == NULL || strncmp(path, "\"/x", 3) != 0 || why == NULL)
		return;
	if ((e = ledger_of((uint32_t)strtoul(path + 3, NULL, 10))) == NULL) {
		broken("an exchange is logged that nobody began: %s", line);
		return;
	}
	e->lines++;
	e->logged_status = (int)number(line, "DownstreamStatus");
	e->took_usec = (int64_t)number(line, "Duration") / 1000;
	e->tried = (unsigned)number(line, "RetryAttempts");
	snprintf(e->logged_why, sizeof e->logged_why, "%.*s", (int)strcspn(why + 1, "\""), why + 1);
	wire_note("line", e->call->id, (uint64_t)e->logged_status);
}

void
ledger_lost(const struct end *other)
{
	for (unsigned i = 0; i < EXCHANGES; i++)
		if (entries[i].end != NULL && end_is_between(entries[i].end, other))
			entries[i].lost = true;
}

/* ---- what must be true ---- */

static bool
is(const struct entry *e, const char *why)
{
	return strcmp(e->logged_why, why) == 0;
}

/* The response behind it on its connection broke, and that resets the connection: what of this one was still on its way may be lost.
 * Not where that was given up before it began. */
static bool
is_cut_by_next(const struct entry *e)
{
	const struct plan_client *c = &plan->client[e->call->id / CALLS];

	for (unsigned i = e->call->id % CALLS + 1; i < c->ncalls && c->call[i].pipelined; i++) {
		const struct entry *next = ledger_of(c->call[i].id);
		if (next->lines > 0 && !is(next, "complete") && !is(next, "client_gone"))
			return true;
	}
	return false;
}

/* Its client was still sending when the response was complete, and did not read; its place was needed for others. */
static bool
is_in_the_way(const struct entry *e)
{
	return e->call->early && e->call->body > 0 && (plan->clients_max < CLIENTS || plan->per_address > 0);
}

/* Whatever happened: one end, with one reason, the same for all who have seen it. */
static void
check_one_end(const struct entry *e)
{
	uint32_t id = e->call->id;

	if (e->lines > 1)
		broken("x%u ended %u times", id, e->lines);
	if (e->lines == 0 && e->heads > 0 && !e->lost)
		broken("x%u came to a task, and never ended", id);
	if (e->lines == 0 && e->fate == ANSWERED && !e->lost)
		broken("x%u was responded to, and never ended", id);
	if (e->fate == WAITING)
		broken("x%u was left waiting", id);
	if (e->lines == 0)
		return;
	if (e->fate == ANSWERED && e->status != e->logged_status)
		broken("x%u got status %d, and %d is logged", id, e->status, e->logged_status);
	if (e->fate == ANSWERED && !is(e, "complete"))
		broken("x%u got all of its response, and %s is logged", id, e->logged_why);
	if (e->fate == REFUSED && (e->status != e->logged_status || strcmp(e->why, e->logged_why) != 0))
		broken("x%u got %d %s, and %d %s is logged", id, e->status, e->why, e->logged_status, e->logged_why);
	if (e->fate == CUT && is(e, "complete") && !e->lost && !is_cut_by_next(e) && !is_in_the_way(e))
		broken("x%u was cut, and is logged as complete", id);
	if (e->fate == DROPPED && is(e, "complete") && !e->lost)
		broken("x%u got no response, and is logged as complete", id);
}

/* A task gets a request once, unless that does no harm. */
static void
check_once(const struct entry *e)
{
	if (!e->call->idempotent && e->heads > 1)
		broken("x%u (%s) came to tasks %u times", e->call->id, e->call->method, e->heads);
	if (e->heads > 6)
		broken("x%u came to tasks %u times", e->call->id, e->heads);
	if (e->heads > 0 && e->call->bad != WELL && e->call->bad != BAD_CHUNK)
		broken("x%u (bad %d) came to a task", e->call->id, e->call->bad);
}

static int64_t
longest_hang(void)
{
	int64_t longest = 0;

	for (unsigned i = 0; i < plan->nworkers; i++)
		if (plan->worker[i].wakes_usec - plan->worker[i].hang_usec > longest)
			longest = plan->worker[i].wakes_usec - plan->worker[i].hang_usec;
	return longest;
}

/* How long what ended for this reason may have taken, and has to have taken at least. */
static void
check_time(const struct entry *e)
{
	static const struct { const char *why; int64_t least, most; } times[] = {
		{ "client_slow_head", HEAD_USEC, HEAD_USEC },
		{ "client_slow_body", BODY_USEC, INT64_MAX },
		{ "client_long_request", REQUEST_USEC, REQUEST_USEC },
		{ "upstream_slow_head", RESPONSE_USEC, INT64_MAX },
		{ "connect_timeout", CONNECT_USEC, INT64_MAX },
		{ "upstream_slow_body", PIECE_USEC, INT64_MAX },
		{ "upstream_slow_read", PIECE_USEC, INT64_MAX },
		{ "client_slow_read", WRITE_USEC, INT64_MAX },
	};
	const int64_t slack = 300000 + longest_hang();

	for (size_t i = 0; i < sizeof times / sizeof *times; i++)
		if (is(e, times[i].why)) {
			if (e->took_usec < times[i].least - 1000)
				broken("x%u: %s after %lld us", e->call->id, e->logged_why, (long long)e->took_usec);
			if (times[i].most < INT64_MAX && e->took_usec > times[i].most + slack)
				broken("x%u: %s only after %lld us", e->call->id, e->logged_why, (long long)e->took_usec);
		}
}

/* Tasks of the service that nothing happens to. */
static unsigned
sound_tasks(const struct plan_service *s)
{
	unsigned n = 0;

	for (unsigned i = 0; i < s->ntasks; i++) {
		const struct plan_task *t = &s->task[i];
		n += t->down_usec == 0 && t->gone_usec == 0 && (t->sick_usec == 0 || !s->checked) && plan->node[t->node].cut_usec == 0 &&
		    !plan_takes_away(plan, t->node);
	}
	return n;
}

/* Nothing happens to workers. A killed one takes with it what it has learnt of tasks, too, and what a hung one meets afterwards is
 * late. */
static bool
workers_are_well(void)
{
	for (unsigned i = 0; i < plan->nworkers; i++)
		if (plan->worker[i].kill_usec > 0 || plan->worker[i].hang_usec > 0)
			return false;
	return true;
}

/* Mola lacks nothing that an exchange needs. */
static bool
is_at_ease(const struct plan_service *s)
{
	return workers_are_well() && s->max_inflight == 0 && s->task_max_inflight == 0 &&
	    plan->clients_max >= CLIENTS && plan->per_address == 0 && plan->starved_usec == 0 && plan->no_ports_usec == 0 &&
	    plan->drain_usec == 0;
}

/* What was sent on the connection at the same time ends well, too. */
static bool
is_among_sound(const struct entry *e)
{
	const struct plan_client *c = &plan->client[e->call->id / CALLS];
	unsigned i = e->call->id % CALLS;

	for (; i > 0 && c->call[i].pipelined; i--)
		if (!call_is_sound(&c->call[i - 1]) || c->call[i - 1].slip != GOOD)
			return false;
	for (i = e->call->id % CALLS + 1; i < c->ncalls && c->call[i].pipelined; i++)
		if (!call_is_sound(&c->call[i]))
			return false;
	return true;
}

/* It was on its way when a task closed the connection, and Mola cannot know that the task has not read it. (How long tasks keep idle
 * connections is learnt: a service's first requests may meet this.) */
static bool
is_crossed(const struct entry *e)
{
	return !e->call->idempotent && is(e, "upstream_gone") && e->heads == 0;
}

/* Where neither the client nor any task does wrong, the client has its response. */
static void
check_served(const struct entry *e)
{
	const struct plan_service *s = &plan->service[e->call->service];
	bool calm = call_is_sound(e->call) && is_among_sound(e) && e->call->slip == GOOD && sound_tasks(s) == s->ntasks &&
	    s->eject_failures == 0 && is_at_ease(s);

	if (e->fate == UNSENT || e->fate == LEFT || !calm || e->may_drop || is_crossed(e))
		return;
	if (e->fate != ANSWERED)
		broken("x%u should have been served: fate %d, %d %s", e->call->id, e->fate, e->logged_status, e->logged_why);
}

/* Another task was there that could have served it, and it may be sent again: it has no body. */
static bool
is_undeserved(const struct entry *e)
{
	const struct plan_service *s = &plan->service[e->call->service];

	return e->fate == REFUSED && e->call->idempotent && e->sent_usec > 0 && e->call->interims == 0 && !e->call->expects && e->call->body == 0 &&
	    sound_tasks(s) == s->ntasks && s->ntasks >= 3 && s->eject_failures == 0 && is_at_ease(s) &&
	    (e->status == 502 || e->status == 504) && e->tried < 2;
}

static bool
is_forsaken(const struct entry *e)
{
	const struct plan_service *s = &plan->service[e->call->service];

	return (is(e, "no_live_task") || is(e, "no_task")) && sound_tasks(s) > 0 && s->eject_failures == 0;
}

/* A fifth of the requests and, of each worker, ten at first; a second without a request is as good as one (proxy/budget.h). */
void
ledger_check_retries(unsigned service, uint64_t retries, uint64_t refused, int64_t usec)
{
	uint64_t requests = 0, undeserved = 0, budgets = 0, most;

	for (unsigned i = 0; i < EXCHANGES; i++)
		if (entries[i].lines > 0 && entries[i].call->service == service) {
			requests++;
			undeserved += is_undeserved(&entries[i]);
		}
	for (unsigned i = 0; i < plan->nworkers; i++)		/* each has its own */
		budgets += 1 + (plan->worker[i].kill_usec > 0);
	most = budgets * (10 + (uint64_t)(usec / USEC_PER_SEC) * RETRY_BUDGET / 100 + 1) + requests * RETRY_BUDGET / 100;
	if (retries > most)
		broken("%llu requests of s%u were tried again, of %llu", (unsigned long long)retries, service,
		    (unsigned long long)requests);
	if (undeserved > refused)
		broken("%llu requests of s%u failed that could have been tried again", (unsigned long long)undeserved, service);
}

static bool
is_there(unsigned i)
{
	return plan->client[i / CALLS].there && i % CALLS < plan->client[i / CALLS].ncalls;
}

void
ledger_check(void)
{
	for (unsigned i = 0; i < EXCHANGES; i++) {
		const struct entry *e = &entries[i];
		if (!is_there(i))
			continue;
		check_one_end(e);
		check_once(e);
		check_time(e);
		check_served(e);
		if (is_forsaken(e))
			broken("x%u: %s, and a task was there", e->call->id, e->logged_why);
	}
}
