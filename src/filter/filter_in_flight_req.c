/*
 * inFlightReq: so many requests of a source at a time, over all workers. A request is in flight
 * until its exchange is over; one that became a tunnel, until the tunnel ends.
 */
#include "base/bug.h"
#include "filter/source.h"

enum filter_verdict
in_flight_req_request(struct filter_run *r, const struct filter_in_flight_req *f, uint8_t *note)
{
	struct source s = { { &f->excluded, f->depth, f->subnet }, f->by_field, f->by_host };
	union filter_mark *mark = run_mark(r);

	(void)note;
	ASSERT(f->amount >= 0);
	mark->place = limits_fly(r->facts.limits, r->facts.worker, run_limiter(r, mark), source_of(r, &s),
	    (uint64_t)f->amount);
	if (mark->place != LIMITS_NOWHERE)
		return FILTER_PASS;
	return run_limited(r, WHY_TOO_MANY_IN_FLIGHT,
	    run_text(r, "max connections reached: %lld", (long long)f->amount));
}

void
in_flight_req_over(const struct filter_run *r, const union filter_mark *mark)
{
	limits_land(r->facts.limits, r->facts.worker, mark->place);
}
