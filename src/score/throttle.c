/*
 * throttle: what a task does in these moments, beside the lowest mean duration of its service that
 * lasted for a hundred requests. That one is forgotten slowly, for the work of a service changes.
 */
#include <math.h>

#include "base/bug.h"
#include "base/clock.h"
#include "score/throttle.h"

/* A measurement of few is chance: the lowest of many would be far too low. */
static void
best_learn(struct throttle_best *b, double ended, double spent, int64_t now)
{
	double mean, doublings;

	b->ended += ended;
	b->spent += spent;
	if (b->ended < THROTTLE_ENDS)
		return;
	mean = b->spent / b->ended;
	doublings = (double)(now - b->began_usec) / (THROTTLE_FORGET_SECONDS * USEC_PER_SEC);
	b->seconds = b->seconds > 0 ? fmin(mean, b->seconds * exp2(doublings)) : mean;
	b->ended = b->spent = 0;
	b->began_usec = now;
}

static void
follow(double *mean, double now, double seconds)
{
	*mean += -expm1(-seconds / THROTTLE_FOLLOW_SECONDS) * (now - *mean);
}

static void
idle_learn(struct throttle *t, double idle, int64_t now)
{
	if (now - t->idle_usec >= THROTTLE_IDLE_USEC) {
		t->idle_before = t->idle;
		t->idle = idle;
		t->idle_usec = now;
	}
	t->idle = fmin(t->idle, idle);
}

void
throttle_look(struct throttle *t, struct throttle_best *b, const struct throttle_counts *c,
    double threads, int64_t now)
{
	double seconds = (double)(now - t->looked_usec) / USEC_PER_SEC, began, ended, spent;

	ASSERT(c->inflight >= 0 && threads >= 0);
	if (c->requests < t->last.requests || c->usec < t->last.usec)	/* its slot has another task */
		*t = (struct throttle){ 0 };
	began = (double)(c->requests - t->last.requests);
	ended = fmax(0, began - c->inflight + t->last.inflight);
	spent = (double)(c->usec - t->last.usec) / USEC_PER_SEC;
	if (t->looked_usec == 0) {
		t->idle = t->idle_before = c->inflight;
		t->idle_usec = now;
	} else if (seconds > 0) {
		follow(&t->began, began / seconds, seconds);
		follow(&t->ended, ended / seconds, seconds);
		follow(&t->threads, threads, seconds);
		idle_learn(t, fmax(0, c->inflight - spent / seconds), now);
		best_learn(b, ended, spent, now);
	}
	t->last = *c;
	t->looked_usec = now;
}

double
throttle_held_back(const struct throttle *t, const struct throttle_best *b, double limit)
{
	double usual = THROTTLE_LONGER * b->seconds * fmax(t->began, t->ended);

	ASSERT(limit > 0);
	if (t->threads < THROTTLE_USED * limit || !(b->seconds > 0))
		return 0;
	return fmax(0, t->last.inflight - fmin(t->idle, t->idle_before) - limit - usual);
}
