/*
 * live_totals: what workers count, and what it comes to over all of them. Only one process writes a
 * cell, so plain load and store do.
 */
#include "base/bug.h"
#include "base/clock.h"
#include "world/live_priv.h"

void
live_count_why(struct live *l, unsigned worker, const struct why *w)
{
	ASSERT(worker < l->workers && w->id < WHY_COUNT);
	SET(l->worker[worker].why[w->id], GET(l->worker[worker].why[w->id]) + 1);
}

uint64_t
live_why_total(const struct live *l, enum why_id id)
{
	uint64_t n = GET(l->before.why[id]);

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

void
live_set_bound(struct live *l, unsigned worker, double bound)
{
	ASSERT(worker < l->workers && bound > 0 && bound < 1e6);
	SET(l->worker[worker].bound, (uint32_t)(1000 * bound));
}

double
live_bound(const struct live *l)
{
	uint32_t least = 0, bound;

	for (unsigned w = 0; w < l->workers; w++)
		if ((bound = GET(l->worker[w].bound)) != 0 && (least == 0 || bound < least))
			least = bound;
	return least / 1000.;
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

uint64_t
live_bucket_total(const struct live *l, unsigned bucket)
{
	uint64_t n = GET(l->before.bucket[bucket]);

	ASSERT(bucket < LIVE_BUCKETS);
	for (unsigned w = 0; w < l->workers; w++)
		n += GET(l->worker[w].bucket[bucket]);
	return n;
}

uint64_t
live_duration_usec(const struct live *l)
{
	uint64_t n = GET(l->before.duration_usec);

	for (unsigned w = 0; w < l->workers; w++)
		n += GET(l->worker[w].duration_usec);
	return n;
}

double
live_duration_sum_seconds(const struct live *l)
{
	return (double)live_duration_usec(l) / (double)USEC_PER_SEC;
}

void
live_count_handshake(struct live *l, unsigned worker, bool resumed)
{
	_Atomic uint64_t *n = &l->worker[worker].handshakes[resumed];

	ASSERT(worker < l->workers);
	SET(*n, GET(*n) + 1);
}

void
live_count_filter(struct live *l, unsigned worker, enum filter_kind k, enum filter_outcome o)
{
	_Atomic uint64_t *n = &l->worker[worker].filter[k][o];

	ASSERT(worker < l->workers && k < FILTER_KINDS && o < FILTER_OUTCOMES);
	SET(*n, GET(*n) + 1);
}

uint64_t
live_filter_total(const struct live *l, enum filter_kind k, enum filter_outcome o)
{
	uint64_t n = GET(l->before.filter[k][o]);

	ASSERT(k < FILTER_KINDS && o < FILTER_OUTCOMES);
	for (unsigned w = 0; w < l->workers; w++)
		n += GET(l->worker[w].filter[k][o]);
	return n;
}

void
live_count_copies(struct live *l, unsigned worker, enum live_copies outcome, unsigned n)
{
	ASSERT(worker < l->workers && outcome < COPIES_OUTCOMES);
	SET(l->worker[worker].copies[outcome], GET(l->worker[worker].copies[outcome]) + n);
}

uint64_t
live_copies_total(const struct live *l, enum live_copies outcome)
{
	uint64_t n = GET(l->before.copies[outcome]);

	ASSERT(outcome < COPIES_OUTCOMES);
	for (unsigned w = 0; w < l->workers; w++)
		n += GET(l->worker[w].copies[outcome]);
	return n;
}

void
live_count_spans(struct live *l, enum live_spans outcome, uint64_t n)
{
	ASSERT(outcome < SPANS_OUTCOMES);
	if (n > 0)
		ADD(l->spans[outcome], n);
}

uint64_t
live_spans_total(const struct live *l, enum live_spans outcome)
{
	ASSERT(outcome < SPANS_OUTCOMES);
	return GET(l->spans[outcome]) + GET(l->spans_before[outcome]);
}

struct refused *
live_refuse(struct live *l, unsigned worker)
{
	ASSERT(worker < l->workers);
	return &l->worker[worker].refused;
}

const struct refused *
live_refused(const struct live *l, unsigned worker)
{
	ASSERT(worker < l->workers);
	return &l->worker[worker].refused;
}

uint64_t
live_handshakes_total(const struct live *l, bool resumed)
{
	uint64_t n = GET(l->before.handshakes[resumed]);

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

	for (unsigned i = 0; i <= l->workers; i++) {
		const struct worker_row *w = i < l->workers ? &l->worker[i] : &l->before;
		sum.connections += GET(w->relayed);
		sum.usec += GET(w->relayed_usec);
		sum.received += GET(w->relayed_received);
		sum.sent += GET(w->relayed_sent);
	}
	return sum;
}
