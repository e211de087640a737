/*
 * live: requests in flight on tasks and nodes, and what attempts on tasks came to. What becomes a
 * metric is live_totals.c's, durations and errors are live_traffic.c's, what processes report of
 * themselves live_process.c's. How often a task may fail is outlier.c's to know.
 */
#include "base/bug.h"
#include "base/clock.h"
#include "world/live_priv.h"

size_t
live_bytes(void)
{
	return sizeof(struct live);
}

struct live *
live_init(void *memory, unsigned workers)
{
	struct live *l = memory;

	ASSERT(workers >= 1 && workers <= WORKERS_MAX);
	l->workers = workers;
	limits_init(&l->limits);
	return l;
}

struct limits *
live_limits(struct live *l)
{
	return &l->limits;
}

unsigned
live_workers(const struct live *l)
{
	return l->workers;
}

/* ---- in flight ---- */

/* Only one process writes a cell, so plain load and store do: no locked instruction. */
static void
bump(struct row *r, unsigned worker, int by)
{
	uint32_t v = GET(r->inflight[worker]);

	ASSERT(by > 0 || v > 0);
	SET(r->inflight[worker], v + (uint32_t)by);
}

void
live_take(struct live *l, unsigned worker, unsigned node, unsigned task)
{
	ASSERT(worker < l->workers && node < NODES_MAX && task < TASKS_MAX);
	if (task >= GET(l->worker[worker].tasks_end))
		SET(l->worker[worker].tasks_end, task + 1);
	bump(&l->node[node], worker, 1);
	bump(&l->task[task].by_worker, worker, 1);
	ADD(l->task[task].requests, 1);
}

void
live_give(struct live *l, unsigned worker, unsigned node, unsigned task)
{
	ASSERT(worker < l->workers && node < NODES_MAX && task < TASKS_MAX);
	bump(&l->node[node], worker, -1);
	bump(&l->task[task].by_worker, worker, -1);
}

static uint32_t
row_sum(const struct live *l, const struct row *r)
{
	uint32_t n = 0;

	for (unsigned w = 0; w < l->workers; w++)
		n += GET(r->inflight[w]);
	return n;
}

uint32_t
live_node_inflight(const struct live *l, unsigned node)
{
	return row_sum(l, &l->node[node]);
}

uint32_t
live_task_inflight(const struct live *l, unsigned task)
{
	ASSERT(task < TASKS_MAX);
	return row_sum(l, &l->task[task].by_worker);
}

bool
live_is_usable(const struct live *l, unsigned task, int64_t now)
{
	return live_is_healthy(l, task, now) && !outlier_is_ejected(&l->task[task].outlier, now);
}

bool
live_is_healthy(const struct live *l, unsigned task, int64_t now)
{
	return GET(l->task[task].health) != HEALTH_DOWN && !outlier_is_out(&l->task[task].outlier, now);
}

/* ---- what attempts came to ---- */

static uint64_t
count_ended(const struct live *l, unsigned task)
{
	uint64_t begun = GET(l->task[task].requests);
	uint32_t inflight = row_sum(l, &l->task[task].by_worker);

	return begun > inflight ? begun - inflight : 0;
}

/* Others may move it on at the same time: it never moves back. */
static void
move_on(_Atomic int64_t *at, int64_t usec)
{
	int64_t was = GET(*at);

	ASSERT(usec > 0);
	while (was < usec && !atomic_compare_exchange_weak(at, &was, usec))
		;
}

void
live_succeeded(struct live *l, unsigned task)
{
	ASSERT(task < TASKS_MAX);
	outlier_succeeded(&l->task[task].outlier);
}

void
live_erred(struct live *l, unsigned task, int64_t now)
{
	ASSERT(task < TASKS_MAX);
	outlier_erred(&l->task[task].outlier, count_ended(l, task), now);
}

void
live_failed(struct live *l, unsigned task, const struct outlier_failure *f, int64_t now)
{
	ASSERT(task < TASKS_MAX);
	outlier_failed(&l->task[task].outlier, f, count_ended(l, task), now);
	move_on(&l->penalty_until, now + OUTLIER_FADED_USEC);
	ADD(l->failure_serial, 1);
}

struct outlier_rate
live_rate(struct live *l, unsigned task, int64_t now)
{
	ASSERT(task < TASKS_MAX);
	return outlier_rate(&l->task[task].outlier, count_ended(l, task), now);
}

bool
live_is_suspect(struct live *l, unsigned task, int64_t now, bool *certain)
{
	ASSERT(task < TASKS_MAX);
	return outlier_is_suspect(&l->task[task].outlier, count_ended(l, task), now, certain);
}

bool
live_is_worth_a_try(const struct live *l, unsigned task, int64_t now)
{
	ASSERT(task < TASKS_MAX);
	return outlier_is_worth_a_try(&l->task[task].outlier, now);
}

void
live_count_failure(struct live *l, unsigned task, struct live_cause cause, int64_t now)
{
	struct task_row *t = &l->task[task];

	ASSERT(task < TASKS_MAX && cause.why != NULL && now > 0);
	ADD(t->failures, 1);
	SET(t->failure, live_cause_number(cause));
	SET(t->failed, now);
}

bool
live_eject(struct live *l, unsigned task, struct live_cause cause, int64_t now)
{
	struct outlier *o = &l->task[task].outlier;

	ASSERT(task < TASKS_MAX);
	if (!outlier_eject(o, live_cause_number(cause), now))
		return false;
	move_on(&l->ejected_until, GET(o->until_usec));
	ADD(l->state_serial, 1);
	return true;
}

bool
live_strike(struct live *l, unsigned task, const struct outlier_rule *rule, struct live_cause cause,
    int64_t now)
{
	struct outlier *o = &l->task[task].outlier;

	ASSERT(task < TASKS_MAX);
	if (!outlier_strike(o, &l->strikes[task], rule, live_cause_number(cause), now))
		return false;
	move_on(&l->ejected_until, GET(o->until_usec));
	ADD(l->state_serial, 1);
	return true;
}

void
live_readmit(struct live *l, unsigned task, int64_t now)
{
	ASSERT(task < TASKS_MAX);
	if (outlier_readmit(&l->task[task].outlier, now))
		ADD(l->state_serial, 1);
}

/* The end of an ejection is nobody's doing: its time passes. */
static int64_t
since(const struct task_row *t, int64_t now)
{
	int64_t begun = GET(t->since), until = GET(t->outlier.until_usec);

	return until > begun && until <= now ? until : begun;
}

double
live_handicap(const struct live *l, unsigned task, int64_t slow_start, int64_t now)
{
	const struct task_row *t = &l->task[task];
	double factor = GET(t->health) == HEALTH_DEGRADED ? LIVE_DEGRADED : 1, part;

	ASSERT(task < TASKS_MAX && slow_start >= 0);
	if (slow_start == 0 || now - since(t, now) >= slow_start)
		return factor;
	part = (double)(now - since(t, now)) / (double)slow_start;
	return factor / (part > 1 / LIVE_NEW ? part : 1 / LIVE_NEW);
}

double
live_penalty(const struct live *l, unsigned task, int64_t now)
{
	return outlier_penalty(&l->task[task].outlier, now);
}

bool
live_has_ejected(const struct live *l, int64_t now)
{
	return GET(l->ejected_until) > now;
}

bool
live_has_penalty(const struct live *l, int64_t now)
{
	return GET(l->penalty_until) > now;
}

uint32_t
live_failure_serial(const struct live *l)
{
	return GET(l->failure_serial);
}

uint32_t
live_state_serial(const struct live *l)
{
	return GET(l->state_serial);
}

void
live_census_add(const struct live *l, unsigned task, int64_t now, struct live_census *c)
{
	ASSERT(c->ejected <= c->healthy);
	if (!live_is_healthy(l, task, now))
		return;
	c->healthy++;
	c->ejected += outlier_is_ejected(&l->task[task].outlier, now);
}

/* ---- what tasks say of themselves ---- */

void
live_note_load(struct live *l, unsigned task, const struct utilization_report *r, int64_t now)
{
	ASSERT(task < TASKS_MAX);
	if (r != NULL)
		utilization_note(&l->load[task].said, r, now);
	else
		utilization_note_nonsense(&l->load[task].said);
}

double
live_load_factor(const struct live *l, unsigned task, int64_t now, double *trust)
{
	ASSERT(task < TASKS_MAX);
	return utilization_factor(&l->load[task].said, now, trust);
}

void
live_load_read(const struct live *l, unsigned task, struct live_load *out)
{
	const struct utilization *u = &l->load[task].said;
	uint64_t n[LIVE_COUNTS];

	ASSERT(task < TASKS_MAX);
	live_counts(l, task, n);
	*out = (struct live_load){ .noted_usec = GET(u->noted_usec), .utilization = GET(u->smooth),
	    .memory = GET(u->memory), .rps = GET(u->rps), .eps = GET(u->eps),
	    .reports = n[LIVE_REPORTS], .nonsense = n[LIVE_NONSENSE] };
}

/* ---- counts ---- */

void
live_count_response(struct live *l, unsigned task, int status, int64_t usec)
{
	ASSERT(task < TASKS_MAX && usec >= 0 && status >= 0);
	ADD(l->task[task].duration_usec, (uint64_t)usec);
	live_count_duration(l, task, usec);
	if (status >= 500)
		ADD(l->task[task].errors, 1);
}

void
live_count_served(struct live *l, unsigned task, int64_t usec)
{
	ASSERT(task < TASKS_MAX && usec >= 0);
	ADD(l->task[task].served_usec, (uint64_t)usec);
}

uint64_t
live_served_usec(const struct live *l, unsigned task, uint64_t *requests)
{
	ASSERT(task < TASKS_MAX);
	*requests = GET(l->task[task].requests);
	return GET(l->task[task].served_usec);
}

void
live_count_retry(struct live *l, unsigned task, unsigned service, enum retry_reason r)
{
	ASSERT(task < TASKS_MAX && service < LIVE_SERVICES && (unsigned)r < RETRY_REASONS);
	ADD(l->task[task].retries, 1);
	ADD(l->service[service].retries[r], 1);
}

void
live_count_hedge(struct live *l, unsigned service)
{
	ASSERT(service < LIVE_SERVICES);
	ADD(l->service[service].retries[RETRY_HEDGE], 1);
}

void
live_count_retry_refused(struct live *l, unsigned task)
{
	ASSERT(task < TASKS_MAX);
	ADD(l->task[task].retries_refused, 1);
}

void
live_set_health_cause(struct live *l, unsigned task, struct live_cause cause)
{
	ASSERT(task < TASKS_MAX);
	SET(l->task[task].health_cause, live_cause_number(cause));
}

void
live_set_health(struct live *l, unsigned task, enum live_health h)
{
	ASSERT(task < TASKS_MAX && (unsigned)h < HEALTHS);
	if (GET(l->task[task].health) == (uint32_t)h)
		return;
	if (GET(l->task[task].health) == HEALTH_DOWN)
		SET(l->task[task].since, clock_mono_usec());
	SET(l->task[task].health, (uint32_t)h);
	ADD(l->state_serial, 1);
}

void
live_set_since(struct live *l, unsigned task, int64_t usec)
{
	ASSERT(task < TASKS_MAX);
	SET(l->task[task].since, usec);
}

void
live_task_read(const struct live *l, unsigned task, struct live_task *out)
{
	const struct task_row *t = &l->task[task];
	uint64_t n[LIVE_COUNTS];

	ASSERT(task < TASKS_MAX);
	live_counts(l, task, n);
	out->inflight = row_sum(l, &t->by_worker);
	out->requests = n[LIVE_REQUESTS];
	out->failures = n[LIVE_FAILURES];
	out->failure = live_cause_of(GET(t->failure));
	out->failed_usec = GET(t->failed);
	out->errors = n[LIVE_TASK_ERRORS];
	out->retries = n[LIVE_RETRIES];
	out->retries_refused = n[LIVE_RETRIES_REFUSED];
	out->duration_usec = (int64_t)n[LIVE_DURATION_USEC];
	out->health = (enum live_health)GET(t->health);
	out->health_cause = live_cause_of(GET(t->health_cause));
	out->ejected_until_usec = GET(t->outlier.until_usec);
	out->ejections = (uint32_t)n[LIVE_EJECTIONS];
	out->ejected_cause = live_cause_of(GET(t->outlier.cause));
	out->since_usec = since(t, INT64_MAX);
	out->lives = GET(t->lives);
	ASSERT((unsigned)out->health < HEALTHS && out->ejected_until_usec >= 0);
}

void
live_forget_worker(struct live *l, unsigned worker)
{
	ASSERT(worker < l->workers);
	for (unsigned i = 0; i < NODES_MAX; i++)
		if (GET(l->node[i].inflight[worker]) != 0)
			SET(l->node[i].inflight[worker], 0);
	for (unsigned i = 0; i < GET(l->worker[worker].tasks_end); i++)
		if (GET(l->task[i].by_worker.inflight[worker]) != 0)
			SET(l->task[i].by_worker.inflight[worker], 0);
	for (unsigned g = 0; g < LIVE_GAUGES; g++)
		SET(l->worker[worker].gauge[g], 0);
	SET(l->worker[worker].table, 0);
	SET(l->worker[worker].bound, 0);
	limits_forget_worker(&l->limits, worker);
}

void
live_reset_task(struct live *l, unsigned task)
{
	struct task_row *t = &l->task[task];

	ASSERT(task < TASKS_MAX);
	SET(t->requests, 0);
	SET(t->failures, 0);
	SET(t->failure, 0);
	SET(t->failed, 0);
	SET(t->errors, 0);
	SET(t->retries, 0);
	SET(t->retries_refused, 0);
	SET(t->duration_usec, 0);
	SET(t->served_usec, 0);
	SET(t->health, HEALTH_UNKNOWN);
	SET(t->since, clock_mono_usec());
	SET(t->health_cause, 0);
	outlier_reset(&t->outlier);
	live_reset_traffic(l, task);
	live_reset_task_before(l, task);
	if (GET(t->lives) > 0)		/* else there is nothing yet, nor need there be memory for it */
		utilization_reset(&l->load[task].said);
	ADD(t->lives, 1);
	ADD(l->state_serial, 1);
}
