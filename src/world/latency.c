/*
 * latency: what steps stand for. A quantile is the middle of its step, not a point between its ends
 * by the number of durations below: services that always take the same time would seem to have
 * ones that take longer.
 */
#include <math.h>

#include "base/bug.h"
#include "base/clock.h"
#include "world/latency.h"

int64_t
latency_begin_usec(unsigned step)
{
	ASSERT(step < LATENCY_STEPS);
	return step < 8 ? step * 8 : (int64_t)(8 + step % 8) << (step / 8 + 2);
}

double
latency_quantile(const uint32_t n[LATENCY_STEPS], double q)
{
	uint64_t all = 0, below = 0;
	int64_t begin, end;
	unsigned s;

	ASSERT(q > 0 && q < 1);
	for (s = 0; s < LATENCY_STEPS; s++)
		all += n[s];
	if (all == 0)
		return NAN;
	for (s = 0; (double)(below += n[s]) < q * (double)all; s++)
		;
	begin = latency_begin_usec(s);
	end = s < LATENCY_STEPS - 1 ? latency_begin_usec(s + 1) : begin;
	return (double)(begin + end) / 2 / (double)USEC_PER_SEC;
}
