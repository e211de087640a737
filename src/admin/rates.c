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

#include "admin/rates.h"
#include "base/bug.h"
#include "base/clock.h"

#define MARKS	6		/* a second apart: the oldest is 5 to 6 s old */
#define LOOKS	3		/* ten seconds apart: the oldest is 20 to 30 s old */
#define LOOK_SECONDS	10
#define OUT_OF_TURN	256		/* tasks that are marked in a tick without being due */
#define STEP_USEC	(RATES_STEP_SECONDS * USEC_PER_SEC)

struct look {			/* the numbers of struct live_traffic at one time */
	int64_t		 time;		/* 0: not made yet */
	uint32_t	 step[LATENCY_STEPS];
	uint32_t	 error[LIVE_ERRORS];
};

/* A look as it is kept: the numbers that are not zero, which are few. Counted as in a look: steps,
 * then errors. */
struct kept {
	unsigned	 n;
	struct kept_number {
		uint8_t		 of;
		uint32_t	 value;
	} __attribute__((packed)) number[];
};
_Static_assert(LATENCY_STEPS + LIVE_ERRORS <= UINT8_MAX + 1, "they are counted in a byte");

struct window {
	uint32_t	 lives;		/* of the slot: those of an earlier tenant mean nothing */
	unsigned	 newest;
	int64_t		 time[LOOKS];	/* 0: not made yet */
	struct kept	*kept[LOOKS];	/* NULL: all are zero */
};

struct step {
	uint32_t	 lives;
	struct look	 look;		/* at the end of the last step */
	struct rates_state last;
};

struct rates {
	int64_t		 time[MARKS];		/* 0: not made yet */
	unsigned	 newest;
	uint64_t	 requests[TASKS_MAX][MARKS];
	uint64_t	 ticks, steps;
	unsigned	 out_of_turn;		/* in this tick */
	int64_t		 step_time;		/* when the last step ended */
	struct window	 task[TASKS_MAX];
	struct window	 service[LIVE_SERVICES];
	struct step	 step[LIVE_SERVICES];
};

static void
window_clear(struct window *w)
{
	for (unsigned i = 0; i < LOOKS; i++)
		free(w->kept[i]);
	*w = (struct window){ 0 };
}

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
		window_clear(&r->task[i]);
	for (unsigned i = 0; i < LIVE_SERVICES; i++)
		window_clear(&r->service[i]);
	free(r);
	*rp = NULL;
}

/* ---- looks ---- */

static void
look_make(struct look *k, const struct live_traffic *t, int64_t now)
{
	k->time = now;
	for (unsigned i = 0; i < LATENCY_STEPS; i++)
		k->step[i] = t->step[i];
	for (unsigned i = 0; i < LIVE_ERRORS; i++)
		k->error[i] = t->error[i];
}

static uint32_t
number_of(const struct live_traffic *t, unsigned of)
{
	return of < LATENCY_STEPS ? t->step[of] : t->error[of - LATENCY_STEPS];
}

static struct kept *
kept_new(const struct live_traffic *t)
{
	struct kept_number number[LATENCY_STEPS + LIVE_ERRORS];
	struct kept *k;
	unsigned n = 0;

	for (unsigned i = 0; i < LATENCY_STEPS + LIVE_ERRORS; i++)
		if (number_of(t, i) != 0)
			number[n++] = (struct kept_number){ (uint8_t)i, number_of(t, i) };
	if (n == 0)
		return NULL;
	k = must_zalloc(sizeof *k + n * sizeof *k->number);
	k->n = n;
	memcpy(k->number, number, n * sizeof *number);
	return k;
}

static void
look_again(struct look *out, const struct kept *k, int64_t time)
{
	*out = (struct look){ .time = time };
	for (unsigned i = 0; k != NULL && i < k->n; i++) {
		const struct kept_number *x = &k->number[i];
		*(x->of < LATENCY_STEPS ? &out->step[x->of] : &out->error[x->of - LATENCY_STEPS]) = x->value;
	}
}

/* The last look is of this tenant of the slot, which was not away since. */
static bool
goes_on(const struct window *w, uint32_t lives, int64_t now)
{
	int64_t last = w->time[w->newest];

	return last != 0 && w->lives == lives && now - last < 2 * LOOK_SECONDS * USEC_PER_SEC;
}

static void
window_mark(struct window *w, const struct live_traffic *t, int64_t now)
{
	if (!goes_on(w, t->lives, now))
		window_clear(w);
	w->lives = t->lives;
	w->newest = (w->newest + 1) % LOOKS;
	w->time[w->newest] = now;
	free(w->kept[w->newest]);
	w->kept[w->newest] = kept_new(t);
}

/* False: there is none. */
static bool
window_oldest(const struct window *w, uint32_t lives, int64_t now, struct look *out)
{
	unsigned i = (w->newest + 1) % LOOKS;

	if (!goes_on(w, lives, now))
		return false;
	while (w->time[i] == 0)
		i = (i + 1) % LOOKS;
	look_again(out, w->kept[i], w->time[i]);
	return true;
}

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
	struct window *window = &r->service[slot];
	struct live_traffic t;

	ASSERT(slot < LIVE_SERVICES);
	if (slot == 0)			/* several services may share it */
		return;
	live_service_traffic(w->live, slot, &t);
	if (is_due(r->ticks, slot) || !goes_on(window, t.lives, now))
		window_mark(window, &t, now);
	if (step)
		step_mark(&r->step[slot], &t, r->step_time, now);
}

static void
mark_task(struct rates *r, const struct world *w, unsigned slot, int64_t now)
{
	struct window *window = &r->task[slot];
	struct live_traffic t;
	struct live_task l;

	ASSERT(slot < TASKS_MAX);
	live_task_read(w->live, slot, &l);
	r->requests[slot][r->newest] = l.requests;
	if (!is_due(r->ticks, slot) &&
	    (goes_on(window, l.lives, now) || r->out_of_turn++ >= OUT_OF_TURN))
		return;
	/* one that had no request yet has none of these numbers: its memory need not exist */
	t = (struct live_traffic){ .lives = l.lives };
	if (l.requests > 0)
		live_task_traffic(w->live, slot, &t);
	window_mark(window, &t, now);
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

	ASSERT(slot < TASKS_MAX);
	if (r->time[at] == 0)
		return 0;
	live_task_read(w->live, slot, &l);
	/* fewer than before: the slot has a new task, which began at 0 */
	return l.requests < r->requests[slot][at] ? l.requests : l.requests - r->requests[slot][at];
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
	state_since(window_oldest(&r->task[slot], t.lives, now, &k) ? &k : NULL, &t, now, out);
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
	state_since(window_oldest(&r->service[slot], t.lives, now, &k) ? &k : NULL, &t, now, out);
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
