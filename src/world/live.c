#include <stdatomic.h>
#include <string.h>

#include "base/bug.h"
#include "base/clock.h"
#include "world/live.h"

struct row {					/* one cache line: a column per worker */
	_Atomic uint32_t	inflight[WORKERS_MAX];
};

struct task_row {
	struct row		by_worker;
	_Atomic uint64_t	requests, failures, errors;
	_Atomic uint64_t	retries, retries_refused;
	_Atomic uint64_t	duration_usec;
	_Atomic int64_t		failed;			/* the last time */
	_Atomic uint32_t	failure;
	_Atomic uint32_t	health, health_cause;
	_Atomic uint32_t	lives;
	struct outlier		outlier;
};

struct worker_row {
	_Atomic uint64_t	why[WHY_COUNT];
	_Atomic uint64_t	bucket[LIVE_BUCKETS];
	_Atomic uint64_t	duration_usec;
	_Atomic uint64_t	handshakes[2];		/* resumed: 1 */
	_Atomic uint64_t	relayed, relayed_usec, relayed_received, relayed_sent;
	_Atomic int64_t		gauge[LIVE_GAUGES];
	_Atomic int64_t		beat;
	_Atomic uint64_t	table;
	/* no task slot from here on was ever taken: its memory need not exist */
	_Atomic uint32_t	tasks_end;
} __attribute__((aligned(64)));

struct process_row {
	_Atomic int32_t		pid;
	_Atomic uint64_t	starts;
	_Atomic uint64_t	log_dropped;
};

struct live {
	unsigned		workers;
	struct process_row	process[LIVE_PARENT + 1];
	_Atomic int64_t		conf_read;
	_Atomic uint32_t	conf_good;
	_Atomic uint32_t	prober;
	_Atomic int64_t		ejected_until, penalty_until;	/* of any task, at the latest */
	_Atomic uint32_t	failure_serial, state_serial;
	_Atomic uint32_t	challenges_asked;
	_Atomic uint64_t	paused[LIVE_PAUSED];	/* 0: free */
	struct worker_row	worker[WORKERS_MAX];
	struct row		node[NODES_MAX] __attribute__((aligned(64)));
	struct task_row		task[TASKS_MAX] __attribute__((aligned(64)));
};

#define GET(x)		atomic_load_explicit(&(x), memory_order_relaxed)
#define SET(x, v)	atomic_store_explicit(&(x), (v), memory_order_relaxed)
#define ADD(x, v)	atomic_fetch_add_explicit(&(x), (v), memory_order_relaxed)

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
	return l;
}

unsigned
live_workers(const struct live *l)
{
	return l->workers;
}

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
	return live_is_healthy(l, task) && !outlier_is_ejected(&l->task[task].outlier, now);
}

bool
live_is_healthy(const struct live *l, unsigned task)
{
	return GET(l->task[task].health) != HEALTH_DOWN;
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

static uint32_t
cause_number(struct live_cause c)
{
	ASSERT(c.status >= 0 && c.status < 1000 && (c.why == NULL || c.why->id < WHY_COUNT));
	return c.why == NULL ? 0 : (uint32_t)c.why->id + 1 + ((uint32_t)c.status << 16);
}

static struct live_cause
cause_of(uint32_t number)
{
	uint32_t id = number & 0xffff;

	return (struct live_cause){ id == 0 || id > WHY_COUNT ? NULL : &why_all[id - 1],
	    (int)(number >> 16) };
}

void
live_count_failure(struct live *l, unsigned task, struct live_cause cause, int64_t now)
{
	struct task_row *t = &l->task[task];

	ASSERT(task < TASKS_MAX && cause.why != NULL && now > 0);
	ADD(t->failures, 1);
	SET(t->failure, cause_number(cause));
	SET(t->failed, now);
}

bool
live_eject(struct live *l, unsigned task, struct live_cause cause, int64_t now)
{
	struct outlier *o = &l->task[task].outlier;

	ASSERT(task < TASKS_MAX);
	if (!outlier_eject(o, cause_number(cause), now))
		return false;
	move_on(&l->ejected_until, GET(o->until_usec));
	ADD(l->state_serial, 1);
	return true;
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
	if (!live_is_healthy(l, task))
		return;
	c->healthy++;
	c->ejected += outlier_is_ejected(&l->task[task].outlier, now);
}

void
live_count_response(struct live *l, unsigned task, int status, int64_t usec)
{
	ASSERT(task < TASKS_MAX && usec >= 0 && status >= 0);
	ADD(l->task[task].duration_usec, (uint64_t)usec);
	if (status >= 500)
		ADD(l->task[task].errors, 1);
}

void
live_count_retry(struct live *l, unsigned task, bool done)
{
	ASSERT(task < TASKS_MAX);
	if (done)
		ADD(l->task[task].retries, 1);
	else
		ADD(l->task[task].retries_refused, 1);
}

void
live_set_health_cause(struct live *l, unsigned task, struct live_cause cause)
{
	ASSERT(task < TASKS_MAX);
	SET(l->task[task].health_cause, cause_number(cause));
}

void
live_set_health(struct live *l, unsigned task, enum live_health h)
{
	ASSERT(task < TASKS_MAX && (unsigned)h <= HEALTH_DOWN);
	if (GET(l->task[task].health) == (uint32_t)h)
		return;
	SET(l->task[task].health, (uint32_t)h);
	ADD(l->state_serial, 1);
}

void
live_beat(struct live *l, unsigned worker, int64_t now)
{
	ASSERT(worker < l->workers && now >= 0);
	SET(l->worker[worker].beat, now);
}

int64_t
live_last_beat(const struct live *l, unsigned worker)
{
	ASSERT(worker < l->workers);
	return GET(l->worker[worker].beat);
}

void
live_set_prober(struct live *l, unsigned worker)
{
	ASSERT(worker < l->workers);
	if (GET(l->prober) != worker)
		SET(l->prober, worker);
}

unsigned
live_prober(const struct live *l)
{
	return GET(l->prober);
}

void
live_set_table(struct live *l, unsigned worker, uint64_t serial)
{
	ASSERT(worker < l->workers && serial > 0);
	SET(l->worker[worker].table, serial);
}

uint64_t
live_table(const struct live *l, unsigned worker)
{
	ASSERT(worker < l->workers);
	return GET(l->worker[worker].table);
}

/*
 * One that does not run now will begin with this table or a later one: the parent keeps a table
 * for workers to come before it sends it to those that are there. So one that has it will do,
 * but one there must be: what no worker has, the parent may not have either.
 */
bool
live_table_reached_all(const struct live *l, uint64_t serial)
{
	bool any = false;

	ASSERT(serial > 0);
	for (unsigned w = 0; w < l->workers; w++) {
		if (GET(l->process[w].pid) == 0)
			continue;
		if (GET(l->worker[w].table) < serial)
			return false;
		any = true;
	}
	return any;
}

bool
live_table_reached_any(const struct live *l)
{
	for (unsigned w = 0; w < l->workers; w++)
		if (GET(l->worker[w].table) != 0)
			return true;
	return false;
}

void
live_task_read(const struct live *l, unsigned task, struct live_task *out)
{
	const struct task_row *t = &l->task[task];

	ASSERT(task < TASKS_MAX);
	out->inflight = row_sum(l, &t->by_worker);
	out->requests = GET(t->requests);
	out->failures = GET(t->failures);
	out->failure = cause_of(GET(t->failure));
	out->failed_usec = GET(t->failed);
	out->errors = GET(t->errors);
	out->retries = GET(t->retries);
	out->retries_refused = GET(t->retries_refused);
	out->duration_usec = (int64_t)GET(t->duration_usec);
	out->health = (enum live_health)GET(t->health);
	out->health_cause = cause_of(GET(t->health_cause));
	out->ejected_until_usec = GET(t->outlier.until_usec);
	out->ejections = GET(t->outlier.ejections);
	out->ejected_cause = cause_of(GET(t->outlier.cause));
	out->lives = GET(t->lives);
	ASSERT((unsigned)out->health <= HEALTH_DOWN && out->ejected_until_usec >= 0);
}

void
live_count_why(struct live *l, unsigned worker, const struct why *w)
{
	ASSERT(worker < l->workers && w->id < WHY_COUNT);
	SET(l->worker[worker].why[w->id], GET(l->worker[worker].why[w->id]) + 1);
}

uint64_t
live_why_total(const struct live *l, enum why_id id)
{
	uint64_t n = 0;

	ASSERT(id < WHY_COUNT);
	for (unsigned w = 0; w < l->workers; w++)
		n += GET(l->worker[w].why[id]);
	return n;
}

void
live_gauge_add(struct live *l, unsigned worker, enum live_gauge g, int by)
{
	int64_t value = GET(l->worker[worker].gauge[g]) + by;

	ASSERT(worker < l->workers && value >= 0);
	SET(l->worker[worker].gauge[g], value);
}

int64_t
live_gauge_total(const struct live *l, enum live_gauge g)
{
	int64_t n = 0;

	for (unsigned w = 0; w < l->workers; w++)
		n += GET(l->worker[w].gauge[g]);
	return n;
}

/* 1-2.5-5 steps from 0.5 ms to 30 s: wide enough for static files and for long polls. */
static const double bounds[LIVE_BUCKETS - 1] = { .0005, .001, .0025, .005, .01, .025, .05, .1, .25,
    .5, 1, 2.5, 5, 10, 30 };

double
live_bucket_bound_seconds(unsigned bucket)
{
	ASSERT(bucket < LIVE_BUCKETS);
	return bucket < LIVE_BUCKETS - 1 ? bounds[bucket] : __builtin_inf();
}

void
live_observe(struct live *l, unsigned worker, int64_t usec)
{
	struct worker_row *w = &l->worker[worker];
	double s = (double)usec / (double)USEC_PER_SEC;
	unsigned b = 0;

	ASSERT(worker < l->workers && usec >= 0);
	while (b < LIVE_BUCKETS - 1 && s > bounds[b])
		b++;
	SET(w->bucket[b], GET(w->bucket[b]) + 1);
	SET(w->duration_usec, GET(w->duration_usec) + (uint64_t)usec);
}

void
live_count_handshake(struct live *l, unsigned worker, bool resumed)
{
	_Atomic uint64_t *n = &l->worker[worker].handshakes[resumed];

	ASSERT(worker < l->workers);
	SET(*n, GET(*n) + 1);
}

uint64_t
live_handshakes_total(const struct live *l, bool resumed)
{
	uint64_t n = 0;

	for (unsigned w = 0; w < l->workers; w++)
		n += GET(l->worker[w].handshakes[resumed]);
	return n;
}

void
live_add_relayed(struct live *l, unsigned worker, const struct live_relayed *more)
{
	struct worker_row *w = &l->worker[worker];

	ASSERT(worker < l->workers);
	SET(w->relayed, GET(w->relayed) + more->connections);
	SET(w->relayed_usec, GET(w->relayed_usec) + more->usec);
	SET(w->relayed_received, GET(w->relayed_received) + more->received);
	SET(w->relayed_sent, GET(w->relayed_sent) + more->sent);
}

struct live_relayed
live_relayed_total(const struct live *l)
{
	struct live_relayed sum = { 0 };

	for (unsigned i = 0; i < l->workers; i++) {
		const struct worker_row *w = &l->worker[i];
		sum.connections += GET(w->relayed);
		sum.usec += GET(w->relayed_usec);
		sum.received += GET(w->relayed_received);
		sum.sent += GET(w->relayed_sent);
	}
	return sum;
}

uint64_t
live_bucket_total(const struct live *l, unsigned bucket)
{
	uint64_t n = 0;

	ASSERT(bucket < LIVE_BUCKETS);
	for (unsigned w = 0; w < l->workers; w++)
		n += GET(l->worker[w].bucket[bucket]);
	return n;
}

double
live_duration_sum_seconds(const struct live *l)
{
	uint64_t n = 0;

	for (unsigned w = 0; w < l->workers; w++)
		n += GET(l->worker[w].duration_usec);
	return (double)n / (double)USEC_PER_SEC;
}

void
live_started(struct live *l, unsigned process, int pid)
{
	ASSERT(process <= LIVE_BRAIN && pid >= 0);
	SET(l->process[process].pid, pid);
	SET(l->process[process].starts, GET(l->process[process].starts) + 1);
}

void
live_stopped(struct live *l, unsigned process)
{
	ASSERT(process <= LIVE_BRAIN);
	SET(l->process[process].pid, 0);
}

void
live_ask_challenges(struct live *l)
{
	ADD(l->challenges_asked, 1);
}

uint32_t
live_challenges_asked(const struct live *l)
{
	return GET(l->challenges_asked);
}

void
live_set_paused(struct live *l, uint64_t mark, bool on)
{
	ASSERT(mark != 0);
	for (unsigned i = 0; i < LIVE_PAUSED; i++)
		if (GET(l->paused[i]) == mark)
			SET(l->paused[i], 0);
	for (unsigned i = 0; on && i < LIVE_PAUSED; i++)
		if (GET(l->paused[i]) == 0) {
			SET(l->paused[i], mark);
			return;
		}
}

bool
live_is_paused(const struct live *l, uint64_t mark)
{
	for (unsigned i = 0; i < LIVE_PAUSED; i++)
		if (GET(l->paused[i]) == mark)
			return true;
	return false;
}

struct live_process
live_process(const struct live *l, unsigned process)
{
	ASSERT(process <= LIVE_BRAIN);
	return (struct live_process){ GET(l->process[process].pid), GET(l->process[process].starts) };
}

void
live_log_dropped(struct live *l, unsigned process, uint64_t lines)
{
	ASSERT(process <= LIVE_PARENT);
	if (lines > 0)
		SET(l->process[process].log_dropped, GET(l->process[process].log_dropped) + lines);
}

uint64_t
live_log_dropped_total(const struct live *l, unsigned process)
{
	ASSERT(process <= LIVE_PARENT);
	return GET(l->process[process].log_dropped);
}

void
live_set_conf(struct live *l, struct live_conf c)
{
	SET(l->conf_read, c.read_usec);
	SET(l->conf_good, c.good);
}

struct live_conf
live_conf(const struct live *l)
{
	return (struct live_conf){ GET(l->conf_read), GET(l->conf_good) != 0 };
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
	SET(t->health, HEALTH_UNKNOWN);
	SET(t->health_cause, 0);
	outlier_reset(&t->outlier);
	ADD(t->lives, 1);
	ADD(l->state_serial, 1);
}
