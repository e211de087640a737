/*
 * circuitBreaker: while too much of what passes it fails, or takes too long, nothing does. It is
 * one for all workers. A tunnel counts when it opens.
 */
#include "base/bug.h"
#include "base/clock.h"
#include "filter/filter_priv.h"

static struct breaker_conf
conf_of(const struct filter_circuit_breaker *f)
{
	return (struct breaker_conf){ .rule = f->rule,
	    .check_usec = f->check > 0 ? f->check : 100 * USEC_PER_MSEC,
	    .open_usec = f->open > 0 ? f->open : 10 * USEC_PER_SEC,
	    .recover_usec = f->recover > 0 ? f->recover : 10 * USEC_PER_SEC };
}

/* Where too many are in use it is NULL, and this one never opens. */
static struct breaker *
find(const struct filter_run *r, const union filter_mark *mark, int64_t now)
{
	return breaker_of(r->facts.limits->breaker, run_limiter(r, mark), now);
}

enum filter_verdict
circuit_breaker_request(struct filter_run *r, const struct filter_circuit_breaker *f, uint8_t *note)
{
	union filter_mark *mark = run_mark(r);
	struct breaker *b = find(r, mark, r->now_usec);
	struct breaker_conf c = conf_of(f);

	(void)note;
	mark->usec = r->now_usec;
	if (b == NULL || breaker_lets(b, &c, r->now_usec))
		return FILTER_PASS;
	run_answer(r, WHY_BREAKER_OPEN, (int)f->status);
	run_answer_body(r, str_of(status_reason((int)f->status)));
	return FILTER_RESPOND;
}

void
circuit_breaker_over(const struct filter_run *r, const struct filter_circuit_breaker *f,
    const union filter_mark *mark)
{
	struct breaker_conf c = conf_of(f);
	struct breaker *b;

	/* what Mola refuses under load says nothing of what its tasks do: they serve all that they can */
	if (r->end.usec == 0 || r->end.no_room)
		return;
	ASSERT(r->end.usec >= mark->usec);
	if ((b = find(r, mark, r->end.usec)) != NULL)
		breaker_note(b, &c, r->end.status, r->end.usec - mark->usec, r->end.usec);
}
