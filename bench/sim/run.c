/*
 * run: events in the order of their time: what is due on a machine, an arrival, a tick of the brains.
 */
#include <math.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/bug.h"
#include "base/clock.h"
#include "run.h"

#define TICK_USEC	(100 * USEC_PER_MSEC)
#define GRACE_USEC	USEC_PER_SEC		/* emulated: for the last responses */

static void
run_init(struct run *u, const struct scenario *s, const struct way *w, uint64_t seed)
{
	*u = (struct run){ .s = s, .way = w, .now = RUN_BEGIN_USEC, .nmachines = s->nnodes, .ntasks = s->nnodes * s->tasks,
	    .nlb = s->balancers, .seed = seed, .arrival = RUN_BEGIN_USEC + 1, .tick = RUN_BEGIN_USEC + 1 };
	if (s->alone >= 0)
		u->arrival = u->now + (int64_t)(s->alone * 1e6);
	u->begin = (s->alone >= 0 ? u->arrival : u->now) + (int64_t)(s->warmup * 1e6);
	u->stop = u->begin + (int64_t)(s->seconds * 1e6);
	u->end = u->stop + (s->alone >= 0 ? GRACE_USEC : 0);
	u->gap_usec = 1e6 / scenario_rate(s);
	heap_init(&u->due);
	rng_seed(&u->rng, seed);
	rng_seed(&u->spread, ~seed);
	u->task = must_zalloc(u->ntasks * sizeof *u->task);
	u->chosen = must_zalloc(u->ntasks * sizeof *u->chosen);
	u->fair = must_zalloc(u->ntasks * sizeof *u->fair);
	u->machine = must_zalloc(u->nmachines * sizeof *u->machine);
	for (unsigned i = 0; i < u->nmachines; i++)
		machine_init(u, &u->machine[i], i, (seed * 10007 + i) * 1009);
	u->lb = must_zalloc(u->nlb * sizeof *u->lb);
	for (unsigned i = 0; i < u->nlb; i++)
		balancer_init(u, &u->lb[i], i, seed * 31 + i + 77);
}

static void
run_fini(struct run *u)
{
	struct thread *t;

	for (unsigned i = 0; i < u->nlb; i++)
		balancer_fini(&u->lb[i]);
	for (unsigned i = 0; i < u->nmachines; i++)
		machine_fini(&u->machine[i]);
	while ((t = u->spare) != NULL) {
		u->spare = LIST_NEXT(t, link);
		free(t);
	}
	heap_fini(&u->due);
	free(u->task);
	free(u->chosen);
	free(u->fair);
	free(u->machine);
	free(u->lb);
	free(u->usec);
}

static double
tenants_usec(const struct run *u)
{
	double sum = 0;

	for (unsigned i = 0; i < u->nmachines; i++)
		sum += machine_tenants_usec(&u->machine[i]);
	return sum;
}

/* ---- time ---- */

static void
step(struct run *u)
{
	struct heap_node *due = heap_min(&u->due);	/* each machine is in it: it is sampled */
	int64_t next = due->key < u->arrival ? due->key : u->arrival;

	u->now = next < u->tick ? next : u->tick;
	if (due->key == u->now) {
		machine_step((struct machine *)due);	/* due is its first member */
		u->events++;
	} else if (u->tick == u->now) {
		for (unsigned i = 0; i < u->nlb; i++)
			balancer_tick(&u->lb[i]);
		u->tick += TICK_USEC;
		u->events++;
	} else {
		request_arrive(u);
		u->arrival += 1 + (int64_t)rng_exp(&u->rng, u->gap_usec);
		if (u->arrival >= u->stop)
			u->arrival = INT64_MAX;
		u->events++;
	}
}

/* ---- what came of it ---- */

static int
by_value(const void *a, const void *b)
{
	float x = *(const float *)a, y = *(const float *)b;

	return (x > y) - (x < y);
}

static double
quantile(const struct run *u, double q)
{
	size_t at = (size_t)(q * (double)u->nusec);

	return u->nusec == 0 ? 0 : (double)u->usec[at < u->nusec ? at : u->nusec - 1] / 1e3;
}

static double
least_share(const struct run *u)
{
	double least = INFINITY, cores = 0;

	for (unsigned i = 0; i < u->ntasks; i++)
		cores += u->task[i].machine->declared * u->task[i].machine->speed;
	for (unsigned i = 0; i < u->ntasks; i++) {
		double fair = u->s->fail_part > 0 ? u->fair[i] :
		    (double)u->counted * u->task[i].machine->declared * u->task[i].machine->speed / cores;
		if (fair > 0)
			least = fmin(least, (double)u->chosen[i] / fair);
	}
	return least;
}

/* Requests that are still there count with the time that they have taken so far. */
static void
count_rest(struct run *u)
{
	for (unsigned i = 0; i < u->ntasks; i++) {
		struct thread *t;
		LIST_FOREACH(t, &u->task[i].threads, link)
			if (t->counts) {
				u->usec = must_realloc(u->usec, (u->nusec + 1) * sizeof *u->usec);
				u->usec[u->nusec++] = (float)(u->now - t->began);
				ASSERT(u->now >= t->began);
			}
	}
}

static void
result_of(struct run *u, struct result *r)
{
	double sum = 0;

	count_rest(u);
	qsort(u->usec, u->nusec, sizeof *u->usec, by_value);
	for (size_t i = 0; i < u->nusec; i++)
		sum += (double)u->usec[i];
	*r = (struct result){ .requests = u->requests, .failed = u->failed, .events = u->events,
	    .mean = u->nusec > 0 ? sum / (double)u->nusec / 1e3 : 0, .p50 = quantile(u, .5), .p99 = quantile(u, .99),
	    .p999 = quantile(u, .999), .tenants = (tenants_usec(u) - u->tenants_usec) / (double)(u->end - u->begin),
	    .slowed = u->tenants_asked > 0 ? u->tenants_took / u->tenants_asked : 0, .least = least_share(u),
	    .virtual_seconds = (double)(u->end - RUN_BEGIN_USEC) / 1e6 };
}

void
run_play(const struct scenario *s, const struct way *w, uint64_t seed, struct result *r)
{
	int64_t began = clock_mono_usec();
	struct run u;
	bool counted = false;

	run_init(&u, s, w, seed);
	while (u.now < u.end) {
		step(&u);
		if (!counted && u.now >= u.begin) {
			counted = true;
			u.tenants_usec = tenants_usec(&u);
		}
	}
	result_of(&u, r);
	run_fini(&u);
	r->real_seconds = (double)(clock_mono_usec() - began) / 1e6;
}
