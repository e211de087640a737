/*
 * rateLimit: the token bucket that Traefik has, over all workers. A request for which a token is
 * there soon waits for it; one that would have to wait for longer gets 429, and how long that is.
 */
#include "base/bug.h"
#include "base/clock.h"
#include "filter/source.h"

#define NSEC_PER_SEC	INT64_C(1000000000)
#define EACH_MOST	(INT64_MAX / 4)
#define WAITS		1		/* the note: it has its token, which is good later */

/* As Traefik: half the time between two requests, and half a second at most. Rates between whole
 * numbers per second count as the lower one there. */
static struct limits_rate
rate_of(const struct filter_rate_limit *f)
{
	int64_t period = f->period > 0 ? f->period : USEC_PER_SEC;
	double each = (double)period * 1000 / (double)f->average;
	double per_second = (double)NSEC_PER_SEC / each;
	struct limits_rate rate = { .burst = f->burst > 0 ? f->burst : 1 };

	ASSERT(f->average > 0);
	rate.each_nsec = each < (double)EACH_MOST ? (int64_t)each : EACH_MOST;
	if (per_second < 1)
		rate.wait_nsec = NSEC_PER_SEC / 2;
	else if (per_second < (double)NSEC_PER_SEC)
		rate.wait_nsec = NSEC_PER_SEC / ((int64_t)per_second * 2);
	return rate;
}

/* "1h2m3.5s", "1.5ms": as Go's time.Duration writes itself. */
static struct str
duration_text(struct filter_run *r, int64_t nsec)
{
	double rest = (double)(nsec % (60 * NSEC_PER_SEC)) / (double)NSEC_PER_SEC;
	int64_t minutes = nsec / (60 * NSEC_PER_SEC);

	if (nsec < 1000)
		return run_text(r, "%lldns", (long long)nsec);
	if (nsec < 1000000)
		return run_text(r, "%.10g\302\265s", (double)nsec / 1e3);
	if (nsec < NSEC_PER_SEC)
		return run_text(r, "%.10gms", (double)nsec / 1e6);
	if (minutes == 0)
		return run_text(r, "%.12gs", rest);
	if (minutes < 60)
		return run_text(r, "%lldm%.12gs", (long long)minutes, rest);
	return run_text(r, "%lldh%lldm%.12gs", (long long)(minutes / 60), (long long)(minutes % 60), rest);
}

static enum filter_verdict
answer(struct filter_run *r, int64_t delay)
{
	enum filter_verdict v = run_limited(r, WHY_RATE_EXCEEDED, str_of(status_reason(429)));

	run_answer_field(r, STR("Retry-After"),
	    run_text(r, "%lld", (long long)((delay + NSEC_PER_SEC - 1) / NSEC_PER_SEC)));
	run_answer_field(r, STR("X-Retry-In"), duration_text(r, delay));
	return v;
}

enum filter_verdict
rate_limit_request(struct filter_run *r, const struct filter_rate_limit *f, uint8_t *note)
{
	struct source s = { { &f->excluded, f->depth, f->subnet }, f->by_field, f->by_host };
	union filter_mark *mark = run_mark(r);
	struct limits_rate rate;
	int64_t delay;

	if (f->average == 0)
		return FILTER_PASS;
	if (*note != WAITS) {
		rate = rate_of(f);
		delay = limits_spend(r->facts.limits, run_limiter(r, mark), source_of(r, &s), &rate,
		    r->now_usec * 1000);
		if (delay > rate.wait_nsec)
			return answer(r, delay);
		mark->usec = r->now_usec + (delay + 999) / 1000;
		*note = WAITS;
	}
	return mark->usec > r->now_usec ? run_wait(r, mark->usec) : FILTER_PASS;
}
