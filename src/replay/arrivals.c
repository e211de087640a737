#include <stdlib.h>

#include "base/alloc.h"
#include "base/bug.h"
#include "replay/arrivals.h"
#include "replay/twin.h"

struct arrival {
	int64_t		 usec;
	uint32_t	 service;
};

static int
by_time(const void *a, const void *b)
{
	const struct arrival *x = a, *y = b;

	return (x->usec > y->usec) - (x->usec < y->usec);
}

static bool
ends_tick(const struct recorded *e)
{
	return e->kind == RECORDED_TICK || e->kind == RECORDED_BEGIN;
}

static struct arrival *
arrival_new(struct arrivals *a)
{
	if (a->n == a->cap) {
		a->cap = a->cap * 2 + 256;
		a->of = must_realloc(a->of, a->cap * sizeof *a->of);
	}
	return &a->of[a->n++];
}

void
arrivals_make(struct arrivals *a, const struct recording *r, size_t from, int64_t now,
    struct rng *rng)
{
	int64_t until;
	size_t i = from;

	a->n = a->at = 0;
	while (i < r->n && !ends_tick(&r->event[i]))
		i++;
	if (i == r->n || r->event[i].kind == RECORDED_BEGIN)
		return;
	until = TWIN_BEGIN_USEC + r->event[i].usec;
	for (i++; i < r->n && !ends_tick(&r->event[i]); i++)
		for (uint32_t k = 0; r->event[i].kind == RECORDED_ARRIVED && k < r->event[i].count; k++)
			*arrival_new(a) = (struct arrival){
			    now + (int64_t)(rng_double(rng) * (double)(until - now)), r->event[i].id };
	if (a->n > 0)
		qsort(a->of, a->n, sizeof *a->of, by_time);
}

int64_t
arrivals_next(const struct arrivals *a, int64_t usec)
{
	return a->at < a->n && a->of[a->at].usec <= usec ? a->of[a->at].usec : usec;
}

uint32_t
arrivals_take(struct arrivals *a)
{
	ASSERT(a->at < a->n);
	return a->of[a->at++].service;
}

void
arrivals_fini(struct arrivals *a)
{
	free(a->of);
	*a = (struct arrivals){ .of = NULL };
}
