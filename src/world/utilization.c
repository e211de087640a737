/*
 * Numbers come from tasks: they are bounded here, before anything is computed with them.
 */
#include <math.h>

#include "base/bug.h"
#include "world/utilization.h"

#define MOST	2.0		/* a utilization that is more counts as this */
#define MORE	3.0		/* by so much a cost may grow */

#define GET(x)		atomic_load_explicit(&(x), memory_order_relaxed)
#define SET(x, v)	atomic_store_explicit(&(x), (v), memory_order_relaxed)
#define ADD(x, v)	atomic_fetch_add_explicit(&(x), (v), memory_order_relaxed)

/* The first one after a while counts as it is. */
static double
smoothed(const struct utilization *u, double value, int64_t now)
{
	int64_t then = GET(u->noted_usec), ago = now > then ? now - then : 0;
	double was = GET(u->smooth);

	if (then == 0 || ago >= UTILIZATION_GONE_USEC)
		return value;
	return was + (value - was) * -expm1(-(double)ago / (double)UTILIZATION_SMOOTH_USEC);
}

void
utilization_note(struct utilization *u, const struct utilization_report *r, int64_t now)
{
	ASSERT(now > 0 && r->utilization >= 0 && r->memory >= 0 && r->rps >= 0 && r->eps >= 0);
	ADD(u->reports, 1);
	SET(u->memory, r->memory);
	SET(u->rps, r->rps);
	SET(u->eps, r->eps);
	if (r->utilization == 0)
		return;			/* it is not said */
	SET(u->smooth, smoothed(u, r->utilization < MOST ? r->utilization : MOST, now));
	SET(u->noted_usec, now);
}

void
utilization_note_nonsense(struct utilization *u)
{
	ADD(u->nonsense, 1);
}

double
utilization_factor(const struct utilization *u, int64_t now, double *trust)
{
	int64_t then = GET(u->noted_usec), late = now - then - UTILIZATION_FRESH_USEC;
	double smooth, more;

	*trust = 0;
	if (then == 0 || now - then >= UTILIZATION_GONE_USEC)
		return 1;
	*trust = late <= 0 ? 1 :
	    1 - (double)late / (double)(UTILIZATION_GONE_USEC - UTILIZATION_FRESH_USEC);
	smooth = GET(u->smooth);
	more = smooth * smooth * smooth * smooth;
	return 1 + (more < MORE ? more : MORE);
}

void
utilization_reset(struct utilization *u)
{
	SET(u->noted_usec, 0);
	SET(u->smooth, 0);
	SET(u->memory, 0);
	SET(u->rps, 0);
	SET(u->eps, 0);
	SET(u->reports, 0);
	SET(u->nonsense, 0);
}
