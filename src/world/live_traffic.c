/*
 * live_traffic: how long requests took and what failed, of each task and each service. A worker
 * has a column of its own of the services, of which there are few: all workers at one cell would
 * take it from each other with each request.
 */
#include "base/bug.h"
#include "base/clock.h"
#include "world/live_priv.h"

/* ---- causes ---- */

uint32_t
live_cause_number(struct live_cause c)
{
	ASSERT(c.status >= 0 && c.status < 1000 && (c.why == NULL || c.why->id < WHY_COUNT));
	return c.why == NULL ? 0 : (uint32_t)c.why->id + 1 + ((uint32_t)c.status << 16);
}

struct live_cause
live_cause_of(uint32_t number)
{
	uint32_t id = number & 0xffff;

	return (struct live_cause){ id == 0 || id > WHY_COUNT ? NULL : &why_all[id - 1],
	    (int)(number >> 16) };
}

unsigned
live_error_place(struct error_row *e, struct live_cause cause)
{
	uint32_t number = live_cause_number(cause), was;
	unsigned i;

	ASSERT(number != 0);
	for (i = 0; i < LIVE_ERRORS - 1; i++) {
		was = GET(e->cause[i]);
		if (was == 0)
			atomic_compare_exchange_strong(&e->cause[i], &was, number);
		if (was == 0 || was == number)
			break;
	}
	return i;
}

static void
error_count(struct error_row *e, struct live_cause cause)
{
	ADD(e->n[live_error_place(e, cause)], 1);
}

static void
errors_read(const struct error_row *e, struct live_traffic *out)
{
	for (unsigned i = 0; i < LIVE_ERRORS; i++) {
		out->error[i] = GET(e->n[i]);
		out->cause[i] = live_cause_of(i == LIVE_ERRORS - 1 ? 0 : GET(e->cause[i]));
	}
}

static void
errors_reset(struct error_row *e)
{
	for (unsigned i = 0; i < LIVE_ERRORS; i++)
		SET(e->n[i], 0);
	for (unsigned i = 0; i < LIVE_ERRORS - 1; i++)
		SET(e->cause[i], 0);
}

/* ---- tasks ---- */

void
live_count_task_error(struct live *l, unsigned task, struct live_cause cause)
{
	ASSERT(task < TASKS_MAX);
	SET(l->task_traffic[task].erred, 1);
	error_count(&l->task_errors[task], cause);
}

/* NULL: there is none. Workers' numbers are not believed. */
static struct step_block *
block_if(const struct live *l, const struct task_traffic *t, unsigned i)
{
	uint32_t at = GET(t->block[i]);

	return at == 0 || at >= BLOCKS_MAX ? NULL : (struct step_block *)(uintptr_t)&l->block[at];
}

/* NULL: none is left, after as many failures to take one as there are tasks. */
static struct step_block *
block_take(struct live *l, struct task_traffic *t, unsigned i)
{
	uint32_t none = 0, at;

	if (GET(l->blocks) >= BLOCKS_MAX - WORKERS_MAX)
		return NULL;
	at = ADD(l->blocks, 1) + 1;
	atomic_compare_exchange_strong(&t->block[i], &none, at);	/* another was first: ours is lost */
	return block_if(l, t, i);
}

void
live_count_duration(struct live *l, unsigned task, int64_t usec)
{
	struct task_traffic *t = &l->task_traffic[task];
	unsigned step = latency_step(usec), i = step / BLOCK_STEPS;
	struct step_block *b = block_if(l, t, i);

	if (b == NULL)
		b = block_take(l, t, i);
	if (b != NULL)
		ADD(b->n[step % BLOCK_STEPS], 1);
}

void
live_task_traffic(const struct live *l, unsigned task, struct live_traffic *out)
{
	const struct task_traffic *t = &l->task_traffic[task];

	ASSERT(task < TASKS_MAX);
	*out = (struct live_traffic){ .lives = GET(l->task[task].lives) };
	for (unsigned i = 0; i < TASK_BLOCKS; i++) {
		const struct step_block *b = block_if(l, t, i);
		for (unsigned k = 0; b != NULL && k < BLOCK_STEPS && i * BLOCK_STEPS + k < LATENCY_STEPS; k++)
			out->step[i * BLOCK_STEPS + k] = GET(b->n[k]);
	}
	if (GET(t->erred) != 0)
		errors_read(&l->task_errors[task], out);
}

void
live_reset_traffic(struct live *l, unsigned task)
{
	struct task_traffic *t = &l->task_traffic[task];

	for (unsigned i = 0; i < TASK_BLOCKS; i++) {
		struct step_block *b = block_if(l, t, i);
		for (unsigned k = 0; b != NULL && k < BLOCK_STEPS; k++)
			SET(b->n[k], 0);
	}
	if (GET(t->erred) != 0) {
		errors_reset(&l->task_errors[task]);
		SET(t->erred, 0);
	}
}

/* ---- services ---- */

void
live_observe_service(struct live *l, unsigned worker, unsigned service, int64_t usec)
{
	struct service_column *c = &l->service_column[worker][service];
	_Atomic uint64_t *step = &c->step[latency_step(usec)];

	ASSERT(worker < l->workers && service < LIVE_SERVICES && usec >= 0);
	SET(*step, GET(*step) + 1);
	SET(c->duration_usec, GET(c->duration_usec) + (uint64_t)usec);
}

void
live_count_service_error(struct live *l, unsigned service, struct live_cause cause)
{
	ASSERT(service < LIVE_SERVICES);
	error_count(&l->service[service].errors, cause);
}

uint32_t
live_service_errors(const struct live *l, unsigned service, const struct why *why)
{
	const struct error_row *e = &l->service[service].errors;
	uint32_t n = 0;

	ASSERT(service < LIVE_SERVICES);
	for (unsigned i = 0; i < LIVE_ERRORS - 1; i++)
		if (live_cause_of(GET(e->cause[i])).why == why)
			n += GET(e->n[i]);
	return n;
}

uint64_t
live_service_step_total(const struct live *l, unsigned service, unsigned step)
{
	uint64_t n = GET(l->service_before[service].step[step]);

	ASSERT(service < LIVE_SERVICES && step < LATENCY_STEPS);
	for (unsigned w = 0; w < l->workers; w++)
		n += GET(l->service_column[w][service].step[step]);
	return n;
}

uint64_t
live_service_duration_usec(const struct live *l, unsigned service)
{
	uint64_t n = GET(l->service_before[service].duration_usec);

	ASSERT(service < LIVE_SERVICES);
	for (unsigned w = 0; w < l->workers; w++)
		n += GET(l->service_column[w][service].duration_usec);
	return n;
}

double
live_service_duration_sum_seconds(const struct live *l, unsigned service)
{
	return (double)live_service_duration_usec(l, service) / (double)USEC_PER_SEC;
}

void
live_service_traffic(const struct live *l, unsigned service, struct live_traffic *out)
{
	ASSERT(service < LIVE_SERVICES);
	out->lives = GET(l->service[service].lives);
	for (unsigned i = 0; i < LATENCY_STEPS; i++)
		out->step[i] = (uint32_t)live_service_step_total(l, service, i);
	errors_read(&l->service[service].errors, out);
	for (unsigned i = 0; i < LIVE_ERRORS; i++)
		out->error[i] += GET(l->service[service].before[i]);
}

void
live_reset_service(struct live *l, unsigned service)
{
	ASSERT(service < LIVE_SERVICES);
	for (unsigned w = 0; w < l->workers; w++) {
		for (unsigned i = 0; i < LATENCY_STEPS; i++)
			if (GET(l->service_column[w][service].step[i]) != 0)
				SET(l->service_column[w][service].step[i], 0);
		if (GET(l->service_column[w][service].duration_usec) != 0)
			SET(l->service_column[w][service].duration_usec, 0);
	}
	errors_reset(&l->service[service].errors);
	live_reset_service_before(l, service);
	for (unsigned r = 0; r < RETRY_REASONS; r++)
		SET(l->service[service].retries[r], 0);
	ADD(l->service[service].lives, 1);
}

uint64_t
live_retries_total(const struct live *l, unsigned service, enum retry_reason r)
{
	ASSERT(service < LIVE_SERVICES && (unsigned)r < RETRY_REASONS);
	return GET(l->service[service].retries[r]) + GET(l->service[service].retries_before[r]);
}
