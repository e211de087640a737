/*
 * Each number is known in two ways at least: a counter and the sum of what the lines of the log say, or a line and what its client
 * has read.
 */
#include <stdio.h>
#include <string.h>

#include "audit.h"
#include "secure.h"

#define MSEC	USEC_PER_MSEC		/* that lines are exact to */

static struct {
	uint64_t	 heads, head_usec, by_why[WHY_COUNT];
	struct {
		uint64_t lines, usec, wrong, picked, again, errors, failed, failures, served, task_lines, task_usec;
	} service[SERVICES];
} sum;

void
audit_begin(void)
{
	memset(&sum, 0, sizeof sum);
}

static const struct why *
why_of(const char *name)
{
	for (unsigned i = 0; i < WHY_COUNT; i++)
		if (strcmp(why_all[i].name, name) == 0)
			return &why_all[i];
	broken("a line has a reason that does not exist: %s", name);
	return WHY_COMPLETE;
}

int
audit_status(const char *why)
{
	return why_of(why)->status;
}

/* The last try was one that its task is to blame for; or a response that says so, also where it was too large to be sent on. */
static bool
is_wrong(const struct audit_line *l, const struct why *why)
{
	return why->blame == BLAME_UPSTREAM ||
	    (l->origin_status >= 500 && (why->status != l->origin_status || why->id == WHY_ID_RESPONSE_TOO_LARGE));
}

void
audit_line(const struct audit_line *l)
{
	const struct why *why = why_of(l->why);
	bool tunnel = l->status == 101;		/* its life is no duration of a request */

	sum.by_why[why->id]++;
	if (l->has_head && !tunnel) {
		sum.heads++;
		sum.head_usec += (uint64_t)l->usec;
	}
	if (l->service < 0)
		return;
	if (l->service >= SERVICES && l->service < ALL_SERVICES)	/* of TCP */
		return;
	if (l->service >= ALL_SERVICES) {
		broken("a line is of service s%d", l->service);
		return;
	}
	sum.service[l->service].lines += !tunnel;
	sum.service[l->service].usec += tunnel ? 0 : (uint64_t)l->usec;
	sum.service[l->service].again += l->again;
	sum.service[l->service].wrong += l->status >= 500 || why->blame == BLAME_UPSTREAM;
	if (!l->has_task)
		return;
	sum.service[l->service].served++;
	sum.service[l->service].picked += 1 + l->again;
	sum.service[l->service].task_lines += !tunnel;
	sum.service[l->service].task_usec += tunnel ? 0 : (uint64_t)l->usec;
	sum.service[l->service].errors += l->status >= 500;
	sum.service[l->service].failed += l->again + is_wrong(l, why);
	sum.service[l->service].failures += l->again + (why->blame == BLAME_UPSTREAM);
}

/* ---- one exchange ---- */

static void
differ(const struct entry *e, const char *what, uint64_t logged, uint64_t seen)
{
	if (logged != seen)
		broken("x%u has %llu %s, and %llu are logged", e->call->id, (unsigned long long)seen, what,
		    (unsigned long long)logged);
}

/* A brain calls a task as Docker does: by its number in the service, and its identifier (engine.c). */
static bool
is_called(const char *name, const char *by)
{
	unsigned service, task;
	char id[24];

	if (!ledger_plan()->brain.there)
		return strcmp(name, by) == 0;
	if (sscanf(by, "s%u.%u", &service, &task) != 2)
		return false;
	snprintf(id, sizeof id, ".s%ut%ul", service, task);
	return strstr(name, id) != NULL;
}

/* The client has all of its response. */
static void
audit_answer(const struct entry *e)
{
	const struct line *l = &e->line;

	differ(e, "bytes", l->bytes, e->got);
	differ(e, "bytes of a body", l->content, e->coded);
	if (e->fate == REFUSED)
		return;
	differ(e, "bytes of a task's body", l->origin_content, e->data);
	differ(e, "as the task's status", (uint64_t)l->origin_status, (uint64_t)e->status);
	if (!is_called(l->task, e->by))
		broken("x%u was served by %s, and %s is logged", e->call->id, e->by, l->task);
	if (!e->call->early && e->wholes > 0)
		differ(e, "bytes of its own body", l->received, e->call->body);
	if (!e->call->early && e->slipped == 0 && e->call->slow == 0 && l->origin_usec + 2 * MSEC < e->call->delay_usec)
		broken("x%u took its task %lld us, and %lld are logged", e->call->id, (long long)e->call->delay_usec,
		    (long long)l->origin_usec);
}

/* How long the first byte that its client sends is on its way: with TLS, as long as all of its record is, of which the network may
 * take a part at once. */
static int64_t
way_there(const struct entry *e)
{
	const struct plan_client *c = &ledger_plan()->client[e->call->id / CALLS];
	size_t len = !c->secure.on ? 1 : e->asked == NULL || strlen(e->asked) > SECURE_RECORD ? SECURE_RECORD : strlen(e->asked);

	return (2 * ((int64_t)(len + SECURE_MORE - 1) / c->weather.window) + 1) * (c->weather.delay_usec + c->weather.jitter_usec);
}

/* It began when its first byte was there, and ended when its last one had been written. */
static void
audit_time(const struct entry *e)
{
	const struct plan_client *c = &ledger_plan()->client[e->call->id / CALLS];
	int64_t soon = way_there(e) + 10 * MSEC;

	if (ledger_plan()->brain.there && ledger_plan()->brain.wall_usec > 0)	/* the line has the wall clock's */
		return;
	if (e->start_usec + MSEC < e->began_usec)
		broken("x%u began %lld us after it is logged", e->call->id, (long long)(e->began_usec - e->start_usec));
	if (e->head_usec > 0 && e->start_usec > e->head_usec)
		broken("x%u began %lld us before it is logged", e->call->id, (long long)(e->start_usec - e->head_usec));
	/* a P alone may begin HTTP/2, too */
	if (!e->call->pipelined && ledger_is_calm() && c->parts.heads == 0 && e->call->stall_at != 0 && e->call->stall_at != 1 && e->start_usec > e->began_usec + soon)
		broken("x%u began %lld us before it is logged", e->call->id, (long long)(e->start_usec - e->began_usec));
	if ((e->fate == ANSWERED || e->fate == REFUSED) && e->start_usec + e->took_usec > e->ended_usec + MSEC)
		broken("x%u took %lld us too long by its line", e->call->id,
		    (long long)(e->start_usec + e->took_usec - e->ended_usec));
}

/* A connection to a task that nothing is on is closed when its time has come. */
static void
audit_left(const struct entry *e)
{
	const struct plan *p = ledger_plan();
	int64_t way = p->weather.delay_usec + p->weather.jitter_usec + 5 * MSEC;
	int64_t late = e->left_usec - e->ended_usec - p->task_idle_usec;

	for (unsigned i = 0; i < NODES; i++)
		if (p->node[i].cut_usec > 0)
			return;
	if (e->left_usec == 0 || e->fate != ANSWERED || e->heads > 1 || !ledger_is_calm() || p->brain.there || p->rush)
		return;
	if (late > 2 * way)
		broken("the connection that x%u came on was left open for %lld us too long", e->call->id, (long long)late);
	if (!e->may_leave && e->left_idle_usec < p->task_idle_usec - 2 * way)
		broken("the connection that x%u came on was open for %lld us only", e->call->id, (long long)e->left_idle_usec);
}

void
audit_exchange(const struct entry *e)
{
	const struct line *l = &e->line;

	if (e->lines == 0 || !plan_is_plain(ledger_plan(), e->call))
		return;
	audit_time(e);
	audit_left(e);
	if (e->fate == ANSWERED || e->fate == REFUSED)
		audit_answer(e);
	if (l->bytes < e->got)
		broken("x%u got %llu bytes of %llu", e->call->id, (unsigned long long)e->got, (unsigned long long)l->bytes);
	if (l->origin_usec + l->overhead_usec != e->took_usec && l->task[0] != '\0')
		broken("x%u took %lld us, of which its task %lld and Mola %lld", e->call->id, (long long)e->took_usec,
		    (long long)l->origin_usec, (long long)l->overhead_usec);
	if (e->heads > 2 * (e->tried + 1 + (unsigned)ledger_plan()->service[e->call->service].retry.hedges))
		broken("x%u came to tasks %u times, and was tried again %u times by its line", e->call->id, e->heads, e->tried);
	if (e->heads > 0 && l->task[0] == '\0')
		broken("x%u came to a task, and none is logged", e->call->id);
}

/* ---- what is counted ---- */

static void
counted(const char *what, unsigned service, uint64_t n, uint64_t logged)
{
	if (n != logged)
		broken("%llu %s are counted for s%u, and %llu logged", (unsigned long long)n, what, service,
		    (unsigned long long)logged);
}

/* As many, but for so many. */
static void
about(const char *what, unsigned service, uint64_t n, uint64_t logged, uint64_t most)
{
	if (n > logged + most || logged > n + most)
		counted(what, service, n, logged);
}

static void
audit_service(const struct live *live, unsigned i)
{
	uint64_t picked = 0, again = 0, errors = 0, failed = 0, failures = 0, wrong = 0, usec = 0, steps = 0, task_steps = 0, hedged;
	bool ports = ledger_plan()->no_ports_usec == 0;		/* else some are repeated that no task is to blame for */
	struct live_traffic traffic;
	struct live_task t;

	for (unsigned slot = i * TASKS; slot < (i + 1) * TASKS; slot++) {
		live_task_read(live, slot, &t);
		picked += t.requests;
		again += t.retries;
		errors += t.errors;
		usec += (uint64_t)t.duration_usec;
		live_task_traffic(live, slot, &traffic);
		for (unsigned s = 0; s < LATENCY_STEPS; s++)
			task_steps += traffic.step[s];
		for (unsigned e = 0; e < LIVE_ERRORS; e++)
			failed += traffic.error[e];
		failures += t.failures;
	}
	for (unsigned s = 0; s < LATENCY_STEPS; s++)
		steps += live_service_step_total(live, i + 1, s);
	live_service_traffic(live, i + 1, &traffic);
	for (unsigned e = 0; e < LIVE_ERRORS; e++)
		wrong += traffic.error[e];
	counted("errors for clients", i, wrong, sum.service[i].wrong);
	hedged = live_retries_total(live, i + 1, RETRY_HEDGE);
	if (hedged > 0) {		/* of two, a line has the one that responded */
		counted("tries", i, picked, sum.service[i].served + again + hedged);
		about("repeats", i, again, sum.service[i].again, hedged);
		about("failed tries", i, ports ? failed : sum.service[i].failed, sum.service[i].failed, hedged);
		return;
	}
	counted("failed tries", i, ports ? failed : sum.service[i].failed, sum.service[i].failed);
	/* a 500 that is tried again for is none of its task's failures */
	if (ports && failures + live_retries_total(live, i + 1, RETRY_STATUS) < sum.service[i].failures)
		counted("failures", i, failures, sum.service[i].failures);
	if (failures > sum.service[i].failures)
		counted("failures", i, failures, sum.service[i].failures);
	counted("tries", i, picked, sum.service[i].picked);
	counted("repeats", i, again, sum.service[i].again);
	counted("errors", i, errors, sum.service[i].errors);
	counted("microseconds of tasks", i, usec, sum.service[i].task_usec);
	counted("durations of tasks", i, task_steps, sum.service[i].task_lines);
	counted("durations", i, steps, sum.service[i].lines);
	counted("microseconds", i, live_service_duration_usec(live, i + 1), sum.service[i].usec);
}

void
audit_live(const struct live *live)
{
	uint64_t durations = 0;

	for (unsigned i = 0; i < SERVICES; i++)
		if (plan_service_is_plain(&ledger_plan()->service[i]))
			audit_service(live, i);
	for (unsigned i = 0; i < LIVE_BUCKETS; i++)
		durations += live_bucket_total(live, i);
	if (durations != sum.heads)
		broken("%llu durations are counted, and %llu logged", (unsigned long long)durations, (unsigned long long)sum.heads);
	if (live_duration_usec(live) != sum.head_usec)
		broken("%llu us are counted, and %llu logged", (unsigned long long)live_duration_usec(live),
		    (unsigned long long)sum.head_usec);
	for (unsigned i = 0; i < WHY_COUNT; i++) {
		uint64_t n = live_why_total(live, (enum why_id)i);
		if (n < sum.by_why[i] || (n > sum.by_why[i] && i == WHY_ID_COMPLETE))
			broken("%s is counted %llu times, and logged %llu times", why_all[i].name, (unsigned long long)n,
			    (unsigned long long)sum.by_why[i]);
	}
}
