/*
 * core: all threads run at the same speed, so one number, what each has got since the beginning,
 * stands for all of them, and a job is done when that number passes its mark.
 */
#include <math.h>

#include "base/bug.h"
#include "replay/core.h"

#define FINE	1024.0		/* parts of a microsecond in the heap's keys */
#define FAR_USEC	1e15		/* later than this is never */

void
core_init(struct core *c, double cores, int64_t now)
{
	ASSERT(cores > 0);
	*c = (struct core){ .cores = cores, .now_usec = now };
	heap_init(&c->jobs);
}

void
core_fini(struct core *c)
{
	heap_fini(&c->jobs);
}

/* Of each thread, in cores. */
static double
core_speed(const struct core *c)
{
	double threads = c->others + (double)c->jobs.count;

	return threads <= c->cores ? 1 : c->cores / threads;
}

void
core_advance(struct core *c, int64_t now)
{
	double got;

	ASSERT(now >= c->now_usec && c->cores > 0 && c->others >= 0);
	got = (double)(now - c->now_usec) * core_speed(c);
	c->served += got;
	c->ours_usec += got * (double)c->jobs.count;
	c->now_usec = now;
}

void
core_add(struct core *c, struct core_job *j, double work)
{
	ASSERT(work >= 0);
	heap_push(&c->jobs, &j->node, (int64_t)((c->served + work) * FINE) + 1);
}

struct core_job *
core_done(struct core *c)
{
	struct heap_node *n = heap_min(&c->jobs);

	if (n == NULL || (double)n->key > c->served * FINE + 2)
		return NULL;
	heap_remove(&c->jobs, n);
	return (struct core_job *)n;		/* its first member */
}

int64_t
core_next_usec(const struct core *c)
{
	const struct heap_node *n = heap_min(&c->jobs);
	double left;

	if (n == NULL)
		return INT64_MAX;
	left = ((double)n->key / FINE - c->served) / core_speed(c);
	if (left > FAR_USEC)
		return INT64_MAX;
	return c->now_usec + (left > 0 ? (int64_t)ceil(left) : 0);
}
