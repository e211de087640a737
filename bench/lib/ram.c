#include <math.h>

#include "ram.h"

double
ram_stall(const struct ram *r)
{
	double excess = (r->parked + r->held) / r->total - 1;

	return excess <= 0 ? 0 : 1 - 1 / (1 + RAM_FAULT_COST * excess);
}

double
ram_available(const struct ram *r)
{
	double left = r->total - r->parked - r->held, least = RAM_RESERVE * r->total;

	return left > least ? left : least;
}

void
ram_pass(struct ram *r, double span, unsigned working, unsigned waiting, double idle_cores)
{
	double stall = ram_stall(r), some = 1 - pow(1 - stall, working + waiting);

	if (stall == 0)
		return;
	r->thrash_usec += span;
	r->some_usec += span * some;
	r->full_usec += span * some * pow(stall, working);	/* and none of those at work runs */
	r->iowait_usec += span * some * idle_cores;
}
