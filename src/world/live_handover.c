/*
 * live_handover: what a Mola passes on to the one that takes over: what it counted, and what it
 * learnt of tasks. What earlier Molas counted is the brain's to write; nobody counts on there, so
 * that it can be set to a later state of the same Mola, which has ended meanwhile. How it gets
 * there is handover_write.c's and handover_take.c's.
 */
#include <stdarg.h>
#include <stdio.h>

#include "base/bug.h"
#include "world/live_priv.h"

/* ---- tasks ---- */

void
live_counts(const struct live *l, unsigned task, uint64_t out[LIVE_COUNTS])
{
	const struct task_row *t = &l->task[task];
	const struct utilization *u = &l->load[task].said;
	const struct task_before *b = &l->task_before[task];

	ASSERT(task < TASKS_MAX);
	out[LIVE_REQUESTS] = GET(t->requests);
	out[LIVE_FAILURES] = GET(t->failures);
	out[LIVE_TASK_ERRORS] = GET(t->errors);
	out[LIVE_RETRIES] = GET(t->retries);
	out[LIVE_RETRIES_REFUSED] = GET(t->retries_refused);
	out[LIVE_DURATION_USEC] = GET(t->duration_usec);
	out[LIVE_EJECTIONS] = GET(t->outlier.ejections);
	out[LIVE_REPORTS] = GET(u->reports);
	out[LIVE_NONSENSE] = GET(u->nonsense);
	for (unsigned i = 0; i < LIVE_COUNTS; i++)
		out[i] += GET(b->n[i]);
}

void
live_set_counts_before(struct live *l, unsigned task, const uint64_t n[LIVE_COUNTS])
{
	ASSERT(task < TASKS_MAX);
	for (unsigned i = 0; i < LIVE_COUNTS; i++)
		if (GET(l->task_before[task].n[i]) != n[i])
			SET(l->task_before[task].n[i], n[i]);
}

void
live_reset_task_before(struct live *l, unsigned task)
{
	live_set_counts_before(l, task, (uint64_t[LIVE_COUNTS]){ 0 });
}

void
live_keep(const struct live *l, unsigned task, int64_t now, struct live_kept *out)
{
	const struct task_row *t = &l->task[task];
	struct live_task is;

	live_task_read(l, task, &is);
	*out = (struct live_kept){ .failed_usec = is.failed_usec, .failure = is.failure,
	    .health = is.health, .health_cause = is.health_cause, .since_usec = GET(t->since),
	    .ejected_until_usec = is.ejected_until_usec, .ejected_cause = is.ejected_cause };
	outlier_keep(&t->outlier, now, &out->outlier);
	live_load_read(l, task, &out->load);
}

/* Others may read it at once: what makes them look at a task comes last. */
void
live_restore(struct live *l, unsigned task, const struct live_kept *k, int64_t now)
{
	struct task_row *t = &l->task[task];
	struct utilization *u = &l->load[task].said;

	ASSERT(task < TASKS_MAX && k->failed_usec <= now && k->load.noted_usec <= now);
	ASSERT(k->since_usec <= now);
	SET(t->failed, k->failed_usec);
	SET(t->failure, live_cause_number(k->failure));
	SET(t->health_cause, live_cause_number(k->health_cause));
	SET(t->health, (uint32_t)k->health);
	SET(t->since, k->since_usec);
	outlier_restore(&t->outlier, &k->outlier, k->ejected_until_usec,
	    live_cause_number(k->ejected_cause), now);
	if (k->load.noted_usec > 0) {
		SET(u->smooth, k->load.utilization);
		SET(u->memory, k->load.memory);
		SET(u->rps, k->load.rps);
		SET(u->eps, k->load.eps);
		SET(u->noted_usec, k->load.noted_usec);
	}
	if (GET(t->outlier.until_usec) > GET(l->ejected_until))
		SET(l->ejected_until, GET(t->outlier.until_usec));
	if (k->outlier.penalty > 0)
		SET(l->penalty_until, now + OUTLIER_FADED_USEC);
	ADD(l->state_serial, 1);
}

/* ---- services ---- */

void
live_set_service_before(struct live *l, unsigned service, const uint64_t step[LATENCY_STEPS],
    uint64_t usec)
{
	struct service_column *b = &l->service_before[service];

	ASSERT(service < LIVE_SERVICES);
	for (unsigned i = 0; i < LATENCY_STEPS; i++)
		if (GET(b->step[i]) != step[i])
			SET(b->step[i], step[i]);
	if (GET(b->duration_usec) != usec)
		SET(b->duration_usec, usec);
}

void
live_set_service_error_before(struct live *l, unsigned service, struct live_cause cause, uint32_t n)
{
	struct service_row *s = &l->service[service];
	unsigned place = LIVE_ERRORS - 1;

	ASSERT(service < LIVE_SERVICES);
	if (cause.why != NULL)
		place = live_error_place(&s->errors, cause);
	SET(s->before[place], n);
}

void
live_set_retries_before(struct live *l, unsigned service, const uint64_t n[RETRY_REASONS])
{
	ASSERT(service < LIVE_SERVICES);
	for (unsigned r = 0; r < RETRY_REASONS; r++)
		if (GET(l->service[service].retries_before[r]) != n[r])
			SET(l->service[service].retries_before[r], n[r]);
}

void
live_reset_service_before(struct live *l, unsigned service)
{
	live_set_service_before(l, service, (uint64_t[LATENCY_STEPS]){ 0 }, 0);
	live_set_retries_before(l, service, (uint64_t[RETRY_REASONS]){ 0 });
	for (unsigned i = 0; i < LIVE_ERRORS; i++)
		if (GET(l->service[service].before[i]) != 0)
			SET(l->service[service].before[i], 0);
}

/* ---- all of Mola ---- */

struct visit {
	live_total_f	*fn;
	void		*arg;
};

static void	total(const struct visit *, _Atomic uint64_t *before, uint64_t n, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

static void
total(const struct visit *v, _Atomic uint64_t *before, uint64_t n, const char *fmt, ...)
{
	char name[LIVE_TOTAL_NAME];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(name, sizeof name, fmt, ap);
	va_end(ap);
	v->fn(v->arg, name, n, before);
}

static void
requests_visit(struct live *l, const struct visit *v)
{
	struct worker_row *b = &l->before;

	for (unsigned i = 0; i < WHY_COUNT; i++)
		total(v, &b->why[i], live_why_total(l, i), "ended.%s", why_all[i].name);
	for (unsigned i = 0; i < LIVE_BUCKETS; i++)
		total(v, &b->bucket[i], live_bucket_total(l, i), "duration.%g",
		    live_bucket_bound_seconds(i));
	total(v, &b->duration_usec, live_duration_usec(l), "duration.usec");
	total(v, &b->handshakes[0], live_handshakes_total(l, false), "handshakes.full");
	total(v, &b->handshakes[1], live_handshakes_total(l, true), "handshakes.resumed");
}

static void
middlewares_visit(struct live *l, const struct visit *v)
{
	static const char *const filtered[FILTER_OUTCOMES] = { [FILTER_PASSED] = "passed",
	    [FILTER_RESPONDED] = "responded", [FILTER_REFUSED] = "refused", [FILTER_WAITED] = "waited" };
	static const char *const copied[COPIES_OUTCOMES] = { [COPIES_SENT] = "sent",
	    [COPIES_FAILED] = "failed", [COPIES_SKIPPED] = "skipped" };

	for (unsigned k = 0; k < FILTER_KINDS; k++)
		for (unsigned o = 0; o < FILTER_OUTCOMES; o++)
			total(v, &l->before.filter[k][o], live_filter_total(l, k, o), "middleware.%s.%s",
			    filter_kind_name(k), filtered[o]);
	for (unsigned o = 0; o < COPIES_OUTCOMES; o++)
		total(v, &l->before.copies[o], live_copies_total(l, o), "mirrored.%s", copied[o]);
}

static void
others_visit(struct live *l, const struct visit *v)
{
	static const char *const spans[SPANS_OUTCOMES] = { [SPANS_SENT] = "sent",
	    [SPANS_REJECTED] = "rejected", [SPANS_FAILED] = "failed", [SPANS_LOST] = "lost" };
	struct live_relayed r = live_relayed_total(l);

	for (unsigned o = 0; o < SPANS_OUTCOMES; o++)
		total(v, &l->spans_before[o], live_spans_total(l, o), "spans.%s", spans[o]);
	total(v, &l->before.relayed, r.connections, "tcp.connections");
	total(v, &l->before.relayed_usec, r.usec, "tcp.usec");
	total(v, &l->before.relayed_received, r.received, "tcp.received");
	total(v, &l->before.relayed_sent, r.sent, "tcp.sent");
}

static void
process_visit(struct live *l, const struct visit *v, unsigned process, const char *name)
{
	struct process_row *b = &l->process_before[process];

	if (process != LIVE_PARENT)
		total(v, &b->starts, live_process(l, process).starts, "%s.starts", name);
	total(v, &b->log_dropped, live_log_dropped_total(l, process), "%s.log_dropped", name);
}

void
live_totals(struct live *l, live_total_f *fn, void *arg)
{
	struct visit v = { fn, arg };
	char name[16];

	requests_visit(l, &v);
	middlewares_visit(l, &v);
	others_visit(l, &v);
	process_visit(l, &v, LIVE_PARENT, "parent");
	process_visit(l, &v, LIVE_BRAIN, "brain");
	for (unsigned w = 0; w < l->workers; w++) {
		snprintf(name, sizeof name, "worker-%u", w & (WORKERS_MAX - 1));
		process_visit(l, &v, w, name);
	}
}

void
live_set_continued(struct live *l)
{
	SET(l->continued, 1);
}

bool
live_is_continued(const struct live *l)
{
	return GET(l->continued) != 0;
}

void
live_set_before(_Atomic uint64_t *before, uint64_t n)
{
	SET(*before, n);
}
