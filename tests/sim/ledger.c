/*
 * Lines of the access log are JSON objects of one level, whose values have no escapes here.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audit.h"
#include "base/bug.h"
#include "chain.h"
#include "deadline.h"
#include "front.h"
#include "handshake.h"
#include "kernel.h"
#include "ledger.h"
#include "lines.h"
#include "patient.h"
#include "relay_ledger.h"
#include "resets.h"
#include "retry_ledger.h"
#include "rpc.h"
#include "traced.h"

#define WAIT_SLACK_USEC	(7 * USEC_PER_MSEC)
#define CLOSINGS	512
#define CROSSED_USEC	(2 * USEC_PER_MSEC)	/* that an end of an idle connection may lie there before what cannot be sent again */
/* what the wall clock has when time begins, as microseconds of the day less those of the monotonic clock */
#define WORLDS_BEGIN	(8 * 3600 * USEC_PER_SEC)

static struct entry entries[EXCHANGES];
static const struct plan *plan;
static uint64_t lines, lines_of[PROCESSES];
static struct { int64_t usec[CLOSINGS]; unsigned n; } closings[SERVICES];	/* of connections to tasks, the last ones */
static char text[512];

void
ledger_begin(const struct plan *p)
{
	plan = p;
	memset(entries, 0, sizeof entries);
	relay_ledger_begin(p);
	lines = 0;
	memset(lines_of, 0, sizeof lines_of);
	memset(closings, 0, sizeof closings);
	text[0] = '\0';
	audit_begin();
	for (unsigned i = 0; i < EXCHANGES; i++)
		entries[i].call = &p->client[i / CALLS].call[i % CALLS];
}

struct entry *
ledger_of(uint32_t exchange)
{
	return exchange < EXCHANGES ? &entries[exchange] : NULL;
}

const struct plan *
ledger_plan(void)
{
	return plan;
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

const char *
line_value(const char *line, const char *key)
{
	char quoted[64];
	const char *p;

	snprintf(quoted, sizeof quoted, "\"%s\":", key);
	p = strstr(line, quoted);
	return p == NULL ? NULL : p + strlen(quoted);
}

uint64_t
line_number(const char *line, const char *key)
{
	const char *p = line_value(line, key);

	return p == NULL ? 0 : strtoull(p, NULL, 10);
}

/* True: its value is this text. */
static bool
says(const char *line, const char *key, const char *word)
{
	const char *p = line_value(line, key);
	size_t n = strlen(word);

	return p != NULL && p[0] == '"' && strncmp(p + 1, word, n) == 0 && p[1 + n] == '"';
}

/* Simulated worlds begin at a quarter past eight, and are over before midnight. */
static int64_t
time_of_day(const char *line, const char *key)
{
	const char *p = line_value(line, key);
	unsigned h = 0, m = 0, s = 0, ms = 0;

	if (p == NULL || sscanf(p, "\"%*u-%*u-%*uT%u:%u:%u.%uZ", &h, &m, &s, &ms) != 4)
		broken("a line has no time: %s", line);
	return (int64_t)((h * 60 + m) * 60 + s) * USEC_PER_SEC + ms * USEC_PER_MSEC - WORLDS_BEGIN;
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

/* Whose request it was, and what for. */
static void
check_request(const struct entry *e, const char *line)
{
	const struct call *c = e->call;
	char service[8], version[12];

	snprintf(service, sizeof service, "s%u", c->service);
	snprintf(version, sizeof version, plan->client[c->id / CALLS].h2 ? "HTTP/2.0" : "HTTP/1.%d", c->minor);
	if (!says(line, "RequestMethod", c->method) || !says(line, "RequestHost", service) ||
	    !says(line, "RequestProtocol", version))
		broken("x%u is logged as another one: %s", c->id, line);
	handshake_check_line(e, line);
	if (line_value(line, "ServiceName") != NULL && !says(line, "ServiceName", service))
		broken("x%u is logged for another service: %s", c->id, line);
}

static struct line
line_read(const char *line)
{
	struct line l = { .bytes = line_number(line, "bytes"), .content = line_number(line, "DownstreamContentSize"),
	    .received = line_number(line, "RequestContentSize"), .origin_content = line_number(line, "OriginContentSize"),
	    .origin_usec = (int64_t)line_number(line, "OriginDuration") / 1000, .overhead_usec = (int64_t)line_number(line, "Overhead") / 1000,
	    .origin_status = (int)line_number(line, "OriginStatus") };
	const char *task = line_value(line, "task");

	if (task != NULL)
		snprintf(l.task, sizeof l.task, "%.*s", (int)strcspn(task + 1, "\""), task + 1);
	return l;
}

static void
line_count(const char *line, const char *why)
{
	const char *service = line_value(line, "ServiceName");
	struct audit_line l = { .service = service == NULL || service[1] != 's' ? -1 : atoi(service + 2), .status = (int)line_number(line, "DownstreamStatus"),
	    .origin_status = (int)line_number(line, "OriginStatus"),
	    .has_head = line_value(line, "RequestProtocol") != NULL && line_number(line, "RequestCount") > 0, .has_task = !says(line, "task", ""),
	    .usec = (int64_t)line_number(line, "Duration") / 1000, .again = (unsigned)line_number(line, "RetryAttempts") };

	if (why == NULL)
		return;
	snprintf(l.why, sizeof l.why, "%.*s", (int)strcspn(why + 1, "\""), why + 1);
	audit_line(&l);
}

void
ledger_line(const char *bytes, size_t len)
{
	char line[8192];
	const char *path, *why;
	struct entry *e;
	uint64_t lost;

	ASSERT(len < sizeof line);
	memcpy(line, bytes, len);
	line[len] = '\0';
	lines++;
	path = line_value(line, "RequestPath");
	why = line_value(line, "why");
	if (why == NULL)
		broken("a line of the access log has no reason: %s", line);
	if (wire_verbose)
		printf("# %s\n", line);
	lines_check(plan, line);
	line_count(line, why);
	if (kernel_log_reads(&lost) && line_number(line, "lost") != lost)
		broken("%llu lines of the log were lost, and not as it says: %s", (unsigned long long)lost, line);
	if (line_number(line, "RequestCount") > 0 && line_number(line, "RequestCount") != ++lines_of[kernel_process()] && workers_are_well())
		broken("line %llu of the access log says another number: %s", (unsigned long long)lines, line);
	if (path == NULL && why != NULL)
		relay_ledger_line(line);
	if (path != NULL && why != NULL)
		resets_line(path, why);
	if (path == NULL || strncmp(path, "\"/x", 3) != 0 || why == NULL)
		return;
	if ((e = ledger_of((uint32_t)strtoul(path + 3, NULL, 10))) == NULL) {
		broken("an exchange is logged that nobody began: %s", line);
		return;
	}
	e->lines++;
	e->logged_status = (int)line_number(line, "DownstreamStatus");
	e->took_usec = (int64_t)line_number(line, "Duration") / 1000;
	e->logged_usec = wire_now();
	e->tried = (unsigned)line_number(line, "RetryAttempts");
	snprintf(e->logged_why, sizeof e->logged_why, "%.*s", (int)strcspn(why + 1, "\""), why + 1);
	e->start_usec = time_of_day(line, "StartUTC");
	e->line = line_read(line);
	check_request(e, line);
	chain_check_line(plan, e, line);
	front_line(plan, e, line);
	traced_line(plan, e, line);
	wire_note("line", e->call->id, (uint64_t)e->logged_status);
}

void
ledger_closed(unsigned service)
{
	closings[service].usec[closings[service].n++ % CLOSINGS] = wire_now();
}

void
ledger_lost(const struct end *other)
{
	relay_ledger_lost(other);
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
		bool broke = !is(next, "complete") && !is(next, "client_gone");
		bool behind = next->port == e->port && next->logged_usec >= e->logged_usec;	/* on the same connection */
		if (next->lines > 0 && behind && broke && next->logged_status != audit_status(next->logged_why))
			return true;
	}
	return false;
}

/* Its client was still sending when the response was complete, and did not read; its place was needed for others. */
static bool
is_in_the_way(const struct entry *e)
{
	return e->call->early && e->call->body > 0 && e->sent_usec == 0 && (plan->clients_max < CLIENTS || plan->per_address > 0);
}

/* Its client did not make room for the rest of a response that Mola had all of, or was to leave before that. */
static bool
is_left_behind(const struct entry *e)
{
	const struct plan_client *c = &plan->client[e->call->id / CALLS];

	return c->h2 && ((c->h2_window > 0 && e->call->read_piece > 0) || c->parts.usec >= HEAD_USEC);
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
	if (e->fate == ANSWERED && !is(e, e->status != 101 ? "complete" : is(e, "tunnel_idle") ? "tunnel_idle" : "tunnel_closed"))
		broken("x%u got all of its response, and %s is logged", id, e->logged_why);
	if (e->fate == REFUSED && (e->status != e->logged_status || strcmp(e->why, e->logged_why) != 0))
		broken("x%u got %d %s, and %d %s is logged", id, e->status, e->why, e->logged_status, e->logged_why);
	if (e->fate == CUT && is(e, "complete") && !e->lost && !is_left_behind(e) && !is_cut_by_next(e) && !is_in_the_way(e))
		broken("x%u was cut, and is logged as complete", id);
	if (e->fate == DROPPED && is(e, "complete") && !e->lost && !is_cut_by_next(e))
		broken("x%u got no response, and is logged as complete", id);
}

/* A task gets a request once, unless that does no harm. */
static void
check_once(const struct entry *e)
{
	if (!plan_may_repeat(plan, e->call) && e->heads > rpc_heads_most(e))
		broken("x%u (%s) came to tasks %u times", e->call->id, e->call->method, e->heads);
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
static bool
has_waited(const struct entry *e)
{
	return is(e, "overloaded") || is(e, "max_inflight");
}

/* It is on its way as a whole: where it does not fit, its client waits until Mola has read a part. */
static bool
head_fits(const struct entry *e, const struct weather *w)
{
	size_t len = e->asked == NULL ? 0 : strlen(e->asked);

	return w->piece_most == 0 && len <= w->window && len <= w->room;
}

/* For room on a node; its head was there at once. */
static void
check_wait(const struct entry *e)
{
	const struct call *c = e->call;
	const struct plan_client *of = &plan->client[c->id / CALLS];
	int64_t asked = plan->service[c->service].asks ? c->delay_usec : 0;	/* before that, whether it may pass (auth.c) */
	bool at_once = c->piece == 0 && c->stall_at < 0 && !c->pipelined && !c->full && of->parts.heads == 0 && head_fits(e, &of->weather);

	if (is(e, "overloaded") && !plan->service[c->service].overload)
		broken("x%u: %s, and its service has no such bound", c->id, e->logged_why);
	if (has_waited(e) && at_once && workers_are_well() && e->took_usec > asked + WAIT_USEC + WAIT_SLACK_USEC)
		broken("x%u: %s after %lld us", c->id, e->logged_why, (long long)e->took_usec);
	if (has_waited(e) && e->took_usec < WAIT_USEC)
		broken("x%u: %s after %lld us already", c->id, e->logged_why, (long long)e->took_usec);
}

static void
check_time(const struct entry *e)
{
	static const struct { const char *why; int64_t least, most; } times[] = {
		{ "client_slow_head", HEAD_USEC, HEAD_USEC },
		{ "client_slow_body", BODY_USEC, INT64_MAX },
		{ "client_long_request", REQUEST_USEC, REQUEST_USEC },
		{ "upstream_slow_head", RESPONSE_USEC, INT64_MAX },
		{ "connect_timeout", CONNECT_USEC, INT64_MAX },
		{ "upstream_tls_slow", CONNECT_USEC, INT64_MAX },
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
		    !plan_takes_away(plan, t->node) && !plan_task_is_refused(s, t);
	}
	return n;
}

/* Mola lacks nothing that clients need, and is not to stop. */
static bool
is_well_off(void)
{
	return workers_are_well() && plan->clients_max >= CLIENTS && plan->per_address == 0 && plan->starved_usec == 0 &&
	    plan->no_ports_usec == 0 && plan->drain_usec == 0;
}

/* Nor what an exchange of the service needs. */
static bool
is_at_ease(const struct plan_service *s)
{
	return is_well_off() && s->max_inflight == 0 && s->task_max_inflight == 0 && !(plan->rush && s->overload) &&
	    (s->filters & ~(unsigned)FILTER_BIT_FIELDS) == 0;
}

bool
ledger_is_calm(void)
{
	return is_well_off() && plan->reconf_usec == 0;
}

bool
ledger_is_calm_for(const struct plan_service *s)
{
	return sound_tasks(s) == s->ntasks && is_at_ease(s);
}

/* What was sent on the connection at the same time ends well, too. */
static bool
is_among_sound(const struct entry *e)
{
	const struct plan_client *c = &plan->client[e->call->id / CALLS];
	unsigned i = e->call->id % CALLS;

	for (unsigned k = 0; k < c->ncalls && c->h2; k++)
		if (c->call[k].leaves_by_reset && (c->call[k].leave_at >= 0 || c->call[k].leave_read >= 0 || c->call[k].leave_usec >= 0))
			return false;
	for (; i > 0 && c->call[i].pipelined; i--)
		if (!call_is_sound(&c->call[i - 1]) || c->call[i - 1].slip != GOOD)
			return false;
	for (i = e->call->id % CALLS + 1; i < c->ncalls && c->call[i].pipelined; i++)
		if (!call_is_sound(&c->call[i]))
			return false;
	return true;
}

/* It was on its way when a task closed the connection, and Mola cannot know that the task has not read it. (How long tasks keep idle
 * connections is learnt, unless they say it: a service's first requests may meet this.) */
static bool
is_crossed(const struct entry *e)
{
	const struct plan_service *s = &plan->service[e->call->service];
	int64_t way = 2 * (plan->weather.delay_usec + plan->weather.jitter_usec) + CROSSED_USEC;
	bool closes = s->h2c;			/* those tasks do not say when */

	for (unsigned i = 0; i < CLOSINGS && i < closings[e->call->service].n; i++) {
		int64_t at = closings[e->call->service].usec[i];
		closes |= at > e->logged_usec - e->took_usec - way && at < e->logged_usec;
	}
	return closes && !e->call->idempotent && is(e, "upstream_gone") && e->heads == 0;
}

/* Where neither the client nor any task does wrong, the client has its response. */
static void
check_served(const struct entry *e)
{
	const struct plan_service *s = &plan->service[e->call->service];
	bool calm = call_is_sound(e->call) && is_among_sound(e) && e->call->slip == GOOD && sound_tasks(s) == s->ntasks &&
	    s->eject_failures == 0 && is_at_ease(s) && !handshake_misdirects(e->call) &&
	    !handshake_cuts(e->call);

	if (e->fate == UNSENT || e->fate == LEFT || !calm || e->may_drop || is_crossed(e))
		return;
	if (e->fate == ANSWERED && e->heads == 1 && e->tried == 0 && e->bound[0] != '\0' && strcmp(e->bound, e->by) != 0)
		broken("x%u was bound to %s, and was served by %s", e->call->id, e->bound, e->by);
	if (chain_should_serve(plan, e) && e->fate != ANSWERED)
		broken("x%u should have been served: fate %d, %d %s", e->call->id, e->fate, e->logged_status, e->logged_why);
}

static bool
is_forsaken(const struct entry *e)
{
	const struct plan_service *s = &plan->service[e->call->service];

	return (is(e, "no_live_task") || is(e, "no_task")) && sound_tasks(s) > 0 && s->eject_failures == 0;
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
		retry_check(e);
		check_time(e);
		deadline_check(e);
		patient_check(e);
		check_wait(e);
		check_served(e);
		handshake_check(e);
		rpc_check(e);
		audit_exchange(e);
		chain_check_type(e);
		if (is_forsaken(e))
			broken("x%u: %s, and a task was there", e->call->id, e->logged_why);
	}
	relay_ledger_check();
	handshake_check_tasks();
}
