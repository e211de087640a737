/*
 * rates: the counters of all tasks at the last few seconds. Slots of tasks that are gone keep
 * their old values; pages of slots that were never used are never touched.
 */
#include <stdlib.h>

#include "admin/rates.h"
#include "base/bug.h"
#include "base/clock.h"

#define MARKS	6		/* a second apart: the oldest is 5 to 6 s old */

struct rates {
	int64_t		 time[MARKS];		/* 0: not made yet */
	unsigned	 newest;
	uint64_t	 requests[TASKS_MAX][MARKS];
};

struct rates *
rates_new(void)
{
	return must_zalloc(sizeof(struct rates));
}

void
rates_free(struct rates **rp)
{
	free(*rp);
	*rp = NULL;
}

void
rates_tick(struct rates *r, const struct world *w, int64_t now)
{
	const struct world_service *s;
	const struct world_task *t;
	struct live_task l;

	if (r->time[r->newest] != 0 && now - r->time[r->newest] < USEC_PER_SEC)
		return;
	r->newest = (r->newest + 1) % MARKS;
	r->time[r->newest] = now;
	LIST_FOREACH(s, &w->services, link)
		LIST_FOREACH(t, &s->tasks, link) {
			ASSERT(t->slot < TASKS_MAX);
			live_task_read(w->live, t->slot, &l);
			r->requests[t->slot][r->newest] = l.requests;
		}
}

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
