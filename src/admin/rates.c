/*
 * rates: the counters of all tasks and services some seconds ago. Slots of what is gone keep their
 * old values; pages of slots that were never used are never touched.
 *
 * Requests are marked each second of the clock, for all tasks. Durations and errors are hundreds of
 * numbers of each: a tenth of the tasks is marked each second, those of one slot every ten seconds.
 * A task that has come since need not wait for its turn, unless very many have, as at the start.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "admin/looks.h"
#include "admin/rates.h"
#include "base/alloc.h"
#include "base/bug.h"
#include "base/clock.h"

#define MARKS	6		/* a second apart: the oldest is 5 to 6 s old */
#define OUT_OF_TURN	256		/* tasks that are marked in a tick without being due */
#define STEP_USEC	(RATES_STEP_SECONDS * USEC_PER_SEC)

struct step {
	uint32_t	 lives;
	struct look	 look;		/* at the end of the last step */
	struct rates_state last;
};

struct rates {
	int64_t		 time[MARKS];		/* 0: not made yet */
	unsigned	 newest;
	uint32_t	 requests[TASKS_MAX][MARKS];	/* the low halves */
	uint64_t	 ticks, steps;
	unsigned	 out_of_turn;		/* in this tick */
	int64_t		 step_time;		/* when the last step ended */
	struct looks	*task[TASKS_MAX];
	struct looks	*service[LIVE_SERVICES];
	struct step	 step[LIVE_SERVICES];
};

struct rates *
rates_new(void)
{
	return must_zalloc(sizeof(struct rates));
}

void
rates_free(struct rates **rp)
{
	struct rates *r = *rp;

	for (unsigned i = 0; i < TASKS_MAX; i++)
		free(r->task[i]);
	for (unsigned i = 0; i < LIVE_SERVICES; i++)
		free(r->service[i]);
	free(r);
	*rp = NULL;
}

/* ---- what came since ---- */

static int
more_frequent(const void *a, const void *b)
{
	const struct rates_cause *x = a, *y = b;

	if (x->count == y->count)
		return x->ever != y->ever ? (x->ever < y->ever ? 1 : -1) : 0;
	return x->count < y->count ? 1 : -1;
}

/* What happened since the look. */
static void
state_since(const struct look *k, const struct live_traffic *t, int64_t now,
    struct rates_state *out)
{
	uint32_t n[LATENCY_STEPS];

	*out = (struct rates_state){ .p50 = NAN, .p99 = NAN };
	if (k == NULL || now <= k->time)
		return;
	out->seconds = (double)(now - k->time) / (double)USEC_PER_SEC;
	for (unsigned i = 0; i < LATENCY_STEPS; i++) {
		n[i] = t->step[i] - k->step[i];		/* also where the numbers have wrapped */
		out->requests += n[i];
	}
	out->p50 = latency_quantile(n, 0.5);
	out->p99 = latency_quantile(n, 0.99);
	for (unsigned i = 0; i < LIVE_ERRORS; i++) {
		uint32_t count = t->error[i] - k->error[i];
		if (t->error[i] == 0)
			continue;
		out->errors += count;
		out->by_cause[out->ncauses++] = (struct rates_cause){ t->cause[i], count,
		    t->error[i] };
	}
	qsort(out->by_cause, out->ncauses, sizeof *out->by_cause, more_frequent);
}

/* ---- marking ---- */

static void
step_mark(struct step *s, const struct live_traffic *t, int64_t before, int64_t now)
{
	bool known = s->look.time != 0 && s->look.time == before && s->lives == t->lives;

	state_since(known ? &s->look : NULL, t, now, &s->last);
	look_make(&s->look, t, now);
	s->lives = t->lives;
}

static bool
is_due(uint64_t tick, unsigned slot)
{
	return (tick + slot) % LOOK_SECONDS == 0;
}

static void
mark_service(struct rates *r, const struct world *w, unsigned slot, bool step, int64_t now)
{
	struct looks **looks = &r->service[slot];
	struct live_traffic t;

	ASSERT(slot < LIVE_SERVICES);
	if (slot == 0)			/* several services may share it */
		return;
	live_service_traffic(w->live, slot, &t);
	if (is_due(r->ticks, slot) || !looks_go_on(*looks, t.lives, now))
		looks_add(looks, &t, now);
	if (step)
		step_mark(&r->step[slot], &t, r->step_time, now);
}

static void
mark_task(struct rates *r, const struct world *w, unsigned slot, int64_t now)
{
	struct looks **looks = &r->task[slot];
	struct live_traffic t;
	struct live_task l;

	ASSERT(slot < TASKS_MAX);
	live_task_read(w->live, slot, &l);
	r->requests[slot][r->newest] = (uint32_t)l.requests;
	if (!is_due(r->ticks, slot) &&
	    (looks_go_on(*looks, l.lives, now) || r->out_of_turn++ >= OUT_OF_TURN))
		return;
	/* one that had no request yet has none of these numbers: its memory need not exist */
	t = (struct live_traffic){ .lives = l.lives };
	if (l.requests > 0)
		live_task_traffic(w->live, slot, &t);
	looks_add(looks, &t, now);
}

void
rates_tick(struct rates *r, const struct world *w, int64_t now)
{
	const struct world_service *s;
	const struct world_task *t;
	bool step;

	if (r->time[r->newest] != 0 && now / USEC_PER_SEC == r->time[r->newest] / USEC_PER_SEC)
		return;
	r->newest = (r->newest + 1) % MARKS;
	r->time[r->newest] = now;
	r->ticks++;
	r->out_of_turn = 0;
	step = r->step_time == 0 || now / STEP_USEC != r->step_time / STEP_USEC;
	LIST_FOREACH(s, &w->services, link) {
		mark_service(r, w, s->slot, step, now);
		LIST_FOREACH(t, &s->tasks, link)
			mark_task(r, w, t->slot, now);
	}
	if (step) {
		r->steps += r->step_time != 0;
		r->step_time = now;
	}
}

/* ---- reading ---- */

static unsigned
oldest(const struct rates *r)
{
	unsigned i = (r->newest + 1) % MARKS;

	ASSERT(r->newest < MARKS);
	while (r->time[i] == 0 && i != r->newest)
		i = (i + 1) % MARKS;
	return i;
}

uint64_t
rates_task(const struct rates *r, const struct world *w, unsigned slot)
{
	unsigned at = oldest(r);
	struct live_task l;
	uint32_t since;

	ASSERT(slot < TASKS_MAX);
	if (r->time[at] == 0)
		return 0;
	live_task_read(w->live, slot, &l);
	since = (uint32_t)l.requests - r->requests[slot][at];
	/* more than ever: the slot has a new task, which began at 0 */
	return since > l.requests ? l.requests : since;
}

double
rates_seconds(const struct rates *r, int64_t now)
{
	int64_t since = r->time[oldest(r)];

	return since == 0 ? 0 : (double)(now - since) / (double)USEC_PER_SEC;
}

void
rates_of_task(const struct rates *r, const struct world *w, unsigned slot, int64_t now,
    struct rates_state *out)
{
	struct live_traffic t;
	struct look k;

	ASSERT(slot < TASKS_MAX);
	live_task_traffic(w->live, slot, &t);
	state_since(looks_oldest(r->task[slot], t.lives, now, &k) ? &k : NULL, &t, now, out);
}

void
rates_of_service(const struct rates *r, const struct world *w, unsigned slot, int64_t now,
    struct rates_state *out)
{
	struct live_traffic t;
	struct look k;

	ASSERT(slot < LIVE_SERVICES);
	if (slot == 0) {
		*out = (struct rates_state){ .p50 = NAN, .p99 = NAN };
		return;
	}
	live_service_traffic(w->live, slot, &t);
	state_since(looks_oldest(r->service[slot], t.lives, now, &k) ? &k : NULL, &t, now, out);
}

uint64_t
rates_steps(const struct rates *r)
{
	return r->steps;
}

void
rates_step_of_service(const struct rates *r, unsigned slot, struct rates_state *out)
{
	ASSERT(slot < LIVE_SERVICES);
	*out = r->step[slot].last;
	if (out->seconds <= 0)
		out->p50 = out->p99 = NAN;
}
