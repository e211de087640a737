/*
 * Durations in the steps of world/latency.h. When there are MOST of them all are halved, so that
 * half of what is known is of the last MOST / 2.
 */
#include <math.h>

#include "base/bug.h"
#include "base/clock.h"
#include "proxy/pace.h"

#define MOST	2000
#define LOOK	32		/* new ones before the quantile is looked at again */

static void
fade(struct pace *p)
{
	p->total = 0;
	for (unsigned i = 0; i < LATENCY_STEPS; i++) {
		p->n[i] /= 2;
		p->total += p->n[i];
	}
}

void
pace_note(struct pace *p, int64_t usec)
{
	ASSERT(usec >= 0 && p->total <= MOST);
	p->n[latency_step(usec)]++;
	if (++p->total >= MOST)
		fade(p);
	if (++p->news < LOOK && p->p95_usec != 0)
		return;
	p->news = 0;
	p->p95_usec = (int64_t)ceil(latency_quantile(p->n, 0.95) * USEC_PER_SEC);
}

int64_t
pace_p95(const struct pace *p)
{
	return p->total < PACE_LEAST ? INT64_MAX : p->p95_usec;
}
