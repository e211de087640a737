/*
 * Knows what a reason means for a task, and the other tasks to compare it with. The arithmetic of
 * one task is world/outlier.c.
 */
#include "base/bug.h"
#include "base/clock.h"
#include "proxy/outcome.h"

#define COMPARED	64	/* other tasks of the service that are looked at */
#define WORSE		1.5	/* times the others' part of failures */
/* a failure costs as much time as AS_MANY responses, at least COST_USEC */
#define AS_MANY		10
#define COST_USEC	USEC_PER_SEC

enum meaning { MEANS_NOTHING, MEANS_WELL, MEANS_FAILED, MEANS_ERROR };

static bool
is_of_connection(const struct why *why)
{
	return why == WHY_CONNECT_REFUSED || why == WHY_CONNECT_TIMEOUT || why == WHY_CONNECT_FAILED
	    || why == WHY_UPSTREAM_TLS_FAILED || why == WHY_UPSTREAM_TLS_SLOW
	    || why == WHY_UPSTREAM_TLS_REFUSED || why == WHY_UPSTREAM_TLS_CA
	    || why == WHY_UPSTREAM_TLS_NAME || why == WHY_UPSTREAM_TLS_EXPIRED
	    || why == WHY_UPSTREAM_TLS_CERT || why == WHY_UPSTREAM_NOT_HTTP2;
}

/* A client that left before there was a response means nothing: it may have waited for one that
 * never comes. So does a task that cancels for it, as a server of gRPC does at the deadline. */
static enum meaning
meaning_of(const struct outcome *o)
{
	if (o->why == WHY_UPSTREAM_CANCELLED)
		return MEANS_NOTHING;
	if (o->why->blame == BLAME_UPSTREAM)
		return MEANS_FAILED;
	switch (o->status) {
	case 0:
		return o->served ? MEANS_WELL : MEANS_NOTHING;
	case 502: case 503: case 504:
		return MEANS_FAILED;
	case 500:
		return MEANS_ERROR;
	default:
		return MEANS_WELL;
	}
}

/* The other tasks of the service, together. */
struct others {
	struct outlier_rate rate;
	double		 response_usec;	/* mean of what they took, 0: they have served nothing yet */
};

static struct others
others_look(struct live *l, const struct outcome *o, int64_t now)
{
	const struct table_task *task = table_tasks(o->table, &(uint32_t){ 0 }) + o->service->first_task;
	uint32_t n = o->service->ntasks, at = (uint32_t)(o->task - task);
	double requests = 0, usec = 0;
	struct others sum = { 0 };

	ASSERT(o->task >= task && at < n);
	for (uint32_t i = 1; i < n && i <= COMPARED; i++) {
		const struct table_task *t = &task[(at + i) % n];
		struct outlier_rate r = live_rate(l, t->slot, now);
		struct live_task counts;
		live_task_read(l, t->slot, &counts);
		sum.rate.good += r.good;
		sum.rate.failed += r.failed;
		sum.rate.errors += r.errors;
		requests += (double)counts.requests;
		usec += (double)counts.duration_usec;
	}
	sum.response_usec = requests > 0 ? usec / requests : 0;
	return sum;
}

static double
part(double some, double good)
{
	ASSERT(some >= 0 && good >= 0);
	return some > 0 ? some / (some + good) : 0;
}

/* A 500 may be the request's own fault: it counts where the others have fewer, in proportion. */
static bool
errs_more(struct live *l, const struct outcome *o, const struct others *others, int64_t now)
{
	struct outlier_rate r = live_rate(l, o->task->slot, now);

	return part(r.errors, r.good) > WORSE * part(others->rate.errors, others->rate.good);
}

/* A task is not ejected for what the whole service suffers from, nor when there is no other. */
static bool
fails_more(struct live *l, const struct outcome *o, const struct others *others, int64_t now)
{
	struct outlier_rate r = live_rate(l, o->task->slot, now);

	return part(r.failed, r.good) > WORSE * part(others->rate.failed, others->rate.good);
}

/* Distinguishes clients, roughly; never 0. A client that has one IPv6 address has 2^64 of them. */
static uint32_t
network_number(const struct ip *from)
{
	struct ip net = ip_is_v4(from) ? *from : ip_masked(from, 64);
	uint32_t h = 2166136261u;			/* FNV-1a */

	for (size_t i = 0; i < sizeof net.b; i++)
		h = (h ^ net.b[i]) * 16777619u;
	return h == 0 ? 1 : h;
}

static struct live_cause
cause_of(const struct outcome *o)
{
	const struct why *why = o->why->blame == BLAME_UPSTREAM ? o->why : WHY_UPSTREAM_STATUS;

	return (struct live_cause){ why, why == WHY_UPSTREAM_STATUS ? o->status : 0 };
}

static void
failure_note(struct live *l, const struct outcome *o, const struct others *others, int64_t now)
{
	bool heavy = is_of_connection(o->why) || o->why == WHY_UPSTREAM_SLOW_HEAD
	    || o->why == WHY_UPSTREAM_CUT_OFF, certain;
	double cost = AS_MANY * others->response_usec / COST_USEC;
	struct outlier_failure f = { .from = is_of_connection(o->why) ? 0 : network_number(o->client),
	    .weight = heavy ? OUTLIER_HEAVY : OUTLIER_LIGHT, .cost = cost > 1 ? cost : 1 };

	ASSERT(f.cost >= 1 && (f.from == 0) == is_of_connection(o->why));
	live_failed(l, o->task->slot, &f, now);
	if (o->service->eject_failures > 0 || o->service->ntasks < 2 ||
	    !live_is_suspect(l, o->task->slot, now, &certain))
		return;
	if (certain || fails_more(l, o, others, now))
		live_eject(l, o->task->slot, cause_of(o), now);
}

/* Checked tasks are out until a check says otherwise, and not for ever if none does. */
static struct outlier_rule
rule_of(const struct table_service *s)
{
	int64_t window = s->eject_window_usec;

	return (struct outlier_rule){ .failures = s->eject_failures, .window_usec = window,
	    .span_usec = !table_service_checks(s) ? window :
	    window + 2 * s->health_interval_usec + s->health_timeout_usec };
}

/* Where its service says itself when it is ejected. */
static void
strike_note(struct live *l, const struct outcome *o, int64_t now)
{
	struct outlier_rule rule = rule_of(o->service);

	ASSERT(o->why->blame == BLAME_UPSTREAM || o->status >= 500);
	live_strike(l, o->task->slot, &rule, cause_of(o), now);
}

void
outcome_note(struct live *l, const struct outcome *o, int64_t now)
{
	enum meaning meaning = meaning_of(o);
	struct others others;
	bool struck = false;

	ASSERT(o->why != NULL && o->task->slot < TASKS_MAX);
	ASSERT(o->status == 0 || (o->status >= 100 && o->status <= 999));
	if (o->why->blame == BLAME_UPSTREAM && o->why != WHY_UPSTREAM_CANCELLED)
		live_count_failure(l, o->task->slot, (struct live_cause){ o->why, o->status }, now);
	if (o->why != WHY_UPSTREAM_CANCELLED && (o->why->blame == BLAME_UPSTREAM || o->status >= 500))
		live_count_task_error(l, o->task->slot, cause_of(o));
	if (o->service->eject_failures > 0 && (meaning == MEANS_FAILED ||
	    (meaning != MEANS_NOTHING && o->status >= 500))) {
		strike_note(l, o, now);
		struck = true;
	}
	switch (meaning) {
	case MEANS_NOTHING:
		return;
	case MEANS_WELL:
		if (!struck)
			live_succeeded(l, o->task->slot);
		return;
	case MEANS_ERROR:
		live_erred(l, o->task->slot, now);
		others = others_look(l, o, now);
		if (errs_more(l, o, &others, now))
			failure_note(l, o, &others, now);
		return;
	case MEANS_FAILED:
		others = others_look(l, o, now);
		failure_note(l, o, &others, now);
	}
}
