/*
 * requests: from the arrival to the response, and what is left to do after it. What a request is like is drawn at
 * its arrival, the same numbers for each policy.
 */
#include <limits.h>
#include <math.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/bug.h"
#include "run.h"

struct thread *
thread_new(struct run *u)
{
	struct thread *t = u->spare;

	if (t != NULL)
		u->spare = LIST_NEXT(t, link);
	else
		t = must_alloc(sizeof *t);
	*t = (struct thread){ .began = u->now };
	return t;
}

void
thread_free(struct run *u, struct thread *t)
{
	LIST_NEXT(t, link) = u->spare;
	u->spare = t;
}

static void
took(struct run *u, int64_t usec)
{
	ASSERT(usec >= 0);
	if (u->nusec == u->usec_cap) {
		u->usec_cap = u->usec_cap * 2 + 65536;
		u->usec = must_realloc(u->usec, u->usec_cap * sizeof *u->usec);
	}
	u->usec[u->nusec++] = (float)usec;
}

/* ---- sockets ---- */

static void
socket_next(struct socket *s)
{
	int64_t next = s->machine->run->now + 1 + (int64_t)rng_exp(&s->rng, s->every);

	heap_push(&s->machine->sockets, &s->wait, next < s->ends ? next : s->ends);
}

static void
socket_open(struct run *u, struct balancer *b, unsigned task, double lasts, double weight, uint64_t seed)
{
	struct socket *s = must_alloc(sizeof *s);

	*s = (struct socket){ .machine = u->task[task].machine, .task = task, .lb = b->number,
	    .ends = u->now + 1 + (int64_t)(lasts * 1e6), .every = u->s->socket_every * 1e6 / weight };
	rng_seed(&s->rng, seed);
	LIST_INSERT_HEAD(&u->task[task].sockets, s, link);
	socket_next(s);
}

static void
socket_close(struct socket *s, bool failed)
{
	struct run *u = s->machine->run;

	balancer_give(&u->lb[s->lb], s->task, 0, failed);
	LIST_REMOVE(s, link);
	s->closed = true;
	if (s->busy == 0)
		free(s);
}

void
socket_step(struct socket *s)
{
	struct run *u = s->machine->run;
	struct thread *t;

	if (s->ends <= u->now) {
		socket_close(s, false);
		return;
	}
	t = thread_new(u);
	t->kind = THREAD_MESSAGE;
	t->machine = s->machine;
	t->group = u->task[s->task].group;
	t->task = s->task;
	t->socket = s;
	t->counts = u->now >= u->begin;
	t->asked = rng_exp(&s->rng, u->s->socket_work * 1e6);
	s->busy++;
	machine_work(t, t->asked);
	socket_next(s);
}

/* ---- responses ---- */

static void
respond(struct thread *t)
{
	struct run *u = t->machine->run;

	if (t->counts)
		took(u, u->now - t->began);
	balancer_give(&u->lb[t->lb], t->task, u->now - t->began, false);
	LIST_REMOVE(t, link);
	if (!(t->after > 0)) {
		thread_free(u, t);
		return;
	}
	t->kind = THREAD_AFTER;
	t->piece = t->after;
	machine_work(t, t->piece);
}

void
request_done(struct thread *t)
{
	struct run *u = t->machine->run;

	u->task[t->task].working--;
	t->machine->ours_usec += (t->kind == THREAD_MESSAGE ? t->asked : t->piece) / t->machine->speed;
	switch (t->kind) {
	case THREAD_REQUEST:
		if (t->rounds == 0) {
			respond(t);
			return;
		}
		t->rounds--;
		heap_push(&t->machine->waits, &t->wait, u->now + (int64_t)t->wait_usec);
		return;
	case THREAD_MESSAGE:
		if (t->counts)
			took(u, u->now - t->began);
		if (--t->socket->busy == 0 && t->socket->closed)
			free(t->socket);
		break;
	case THREAD_AFTER:
		break;
	case THREAD_TENANT:
		BUG("a tenant's thread is no request");
	}
	thread_free(u, t);
}

void
request_waited(struct thread *t)
{
	if (t->machine->run->s->waits_last)
		respond(t);
	else
		machine_work(t, t->piece);
}

/* ---- arrivals ---- */

/* A task that takes it; UINT_MAX: it failed. */
static unsigned
place(struct run *u, struct balancer *b)
{
	b->navoid = 0;
	while (b->navoid < RUN_TRIES) {
		unsigned task = balancer_choose(b);
		if (task == UINT_MAX)
			break;
		if (!u->task[task].down)
			return task;
		balancer_refused(b, task);
	}
	return UINT_MAX;
}

static void
request_begin(struct run *u, struct balancer *b, unsigned task, double work, double wait, double after)
{
	struct thread *t = thread_new(u);

	t->kind = THREAD_REQUEST;
	t->machine = u->task[task].machine;
	t->group = u->task[task].group;
	t->task = task;
	t->lb = b->number;
	t->counts = u->now >= u->begin;
	t->rounds = u->s->rounds;
	t->wait_usec = wait * 1e6;
	t->after = after * 1e6;
	t->piece = work * 1e6 / (u->s->waits_last ? 1 : u->s->rounds + 1);
	LIST_INSERT_HEAD(&u->task[task].threads, t, link);
	machine_work(t, t->piece);
}

/* What each task's cores would make of this request, among those that work as far as anybody knows. */
static void
fair_add(struct run *u, const struct balancer *b)
{
	double cores = 0;

	for (unsigned i = 0; i < u->ntasks; i++)
		if (!u->task[i].down && !b->down[i])
			cores += u->task[i].machine->declared * u->task[i].machine->speed;
	for (unsigned i = 0; i < u->ntasks; i++)
		if (!u->task[i].down && !b->down[i])
			u->fair[i] += u->task[i].machine->declared * u->task[i].machine->speed / cores;
}

/* Where the balancer has put it; UINT_MAX: nowhere. */
static void
request_put(struct run *u, struct balancer *b, unsigned task)
{
	u->requests += u->now >= u->begin;
	if (task == UINT_MAX) {
		u->failed += u->now >= u->begin;
		return;
	}
	if (u->now >= u->begin) {
		u->chosen[task]++;
		u->counted++;
		if (u->s->fail_part > 0)		/* else it is the same each time */
			fair_add(u, b);
	}
	balancer_take(b, task);
	machine_catch_up(u->task[task].machine);
}

/* As bench/load draws it: its work, and no more. */
static void
emulated_arrive(struct run *u)
{
	const struct scenario *s = u->s;
	struct balancer *b = &u->lb[rng_below(&u->spread, u->nlb)];
	double work = s->work.kind == DIST_EXP ? rng_exp(&u->rng, s->work.mean) : s->work.mean;
	unsigned task = place(u, b);

	request_put(u, b, task);
	if (task == UINT_MAX)
		return;
	request_begin(u, b, task, work, s->wait.mean, 0);
	machine_due(u->task[task].machine);
}

static void
drawn_arrive(struct run *u)
{
	const struct scenario *s = u->s;
	struct balancer *b = &u->lb[rng_below(&u->rng, u->nlb)];
	double work = dist_draw(&s->work, &u->rng), wait = dist_draw(&s->wait, &u->rng);
	double after = dist_draw(&s->after, &u->rng), which = rng_double(&u->rng), lasts = rng_exp(&u->rng, s->socket_lasts);
	double x = rng_double(&u->rng), y = rng_double(&u->rng);
	uint64_t seed = rng_u64(&u->rng);
	unsigned task = place(u, b);

	request_put(u, b, task);
	if (task == UINT_MAX)
		return;
	if (which < s->socket_part)		/* its weight: lognormal, mean 1 */
		socket_open(u, b, task, lasts, exp(s->socket_spread * (sqrt(-2 * log(1 - x)) * cos(2 * M_PI * y) - s->socket_spread / 2)),
		    seed);
	else
		request_begin(u, b, task, work, wait, after);
	machine_due(u->task[task].machine);
}

void
request_arrive(struct run *u)
{
	if (u->s->alone >= 0)
		emulated_arrive(u);
	else
		drawn_arrive(u);
}

/* ---- failures ---- */

void
task_fail(struct run *u, unsigned task)
{
	struct task *t = &u->task[task];
	struct thread *r;
	struct socket *s;

	while ((r = LIST_FIRST(&t->threads)) != NULL) {
		if (r->job.node.at != 0) {
			t->working--;
			cores_remove(&t->machine->cores, r->group, &r->job);
		} else {
			heap_remove(&t->machine->waits, &r->wait);
		}
		u->failed += r->counts;
		balancer_give(&u->lb[r->lb], task, 0, true);
		LIST_REMOVE(r, link);
		thread_free(u, r);
	}
	while ((s = LIST_FIRST(&t->sockets)) != NULL) {
		heap_remove(&t->machine->sockets, &s->wait);
		socket_close(s, true);
	}
}
