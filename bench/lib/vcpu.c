/*
 * Knows threads and cores; not for which request, nor what time it is.
 */
#include <math.h>

#include "base/bug.h"
#include "vcpu.h"

void
vcpu_init(struct vcpu *v, double cores, int64_t now)
{
	*v = (struct vcpu){ .cores = cores, .now = now };
	ASSERT(cores > 0);
	heap_init(&v->jobs);
}

void
vcpu_fini(struct vcpu *v)
{
	heap_fini(&v->jobs);
}

unsigned
vcpu_threads(const struct vcpu *v)
{
	return (unsigned)v->jobs.count + v->foreign;
}

static double
rate(const struct vcpu *v)
{
	unsigned n = vcpu_threads(v);
	double most = 1 - v->stall;

	return n * most <= v->cores ? most : v->cores / n;
}

static void
advance(struct vcpu *v, int64_t to)
{
	unsigned n = vcpu_threads(v);
	double span = (double)(to - v->now);

	if (span <= 0)
		return;
	v->virtual_ns += span * 1000 * rate(v);
	v->busy_usec += span * vcpu_busy(v);
	if (vcpu_runnable(v) > v->cores)
		v->waiting_usec += span;
	v->load1 = n + (v->load1 - n) * exp(-span / 60e6);
	v->now = to;
}

int64_t
vcpu_next(const struct vcpu *v)
{
	const struct heap_node *n = heap_min(&v->jobs);
	double left;

	if (n == NULL)
		return INT64_MAX;
	left = ((double)n->key - v->virtual_ns) / (1000 * rate(v));
	return v->now + (left > 0 ? (int64_t)ceil(left) : 0);
}

struct job *
vcpu_done(struct vcpu *v, int64_t now)
{
	struct heap_node *n;
	int64_t next = vcpu_next(v);

	if (next > now) {
		advance(v, now);
		return NULL;
	}
	advance(v, next);
	n = heap_min(&v->jobs);
	heap_remove(&v->jobs, n);
	return (struct job *)n;			/* node is its first member */
}

void
vcpu_add(struct vcpu *v, struct job *j, double work_usec)
{
	heap_push(&v->jobs, &j->node, (int64_t)(v->virtual_ns + work_usec * 1000));
}

void
vcpu_foreign(struct vcpu *v, int by)
{
	ASSERT(by >= 0 || v->foreign >= (unsigned)-by);
	v->foreign += (unsigned)by;
}

void
vcpu_stall(struct vcpu *v, double part)
{
	ASSERT(part >= 0 && part < 1);
	v->stall = part;
}

double
vcpu_runnable(const struct vcpu *v)
{
	return vcpu_threads(v) * (1 - v->stall);
}

double
vcpu_busy(const struct vcpu *v)
{
	return vcpu_threads(v) * rate(v);
}
