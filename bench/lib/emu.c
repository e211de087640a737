/*
 * Knows what happens on one node and when; not which nodes there are, nor who is told what about them.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/bug.h"
#include "emu.h"

#define WORK_DEFAULT	0.001		/* seconds; of health checks and the curious */
#define WORK_MOST	1e6

struct thread {				/* a request, or a thread of a tenant */
	struct job	 job;		/* on the node's CPU */
	struct heap_node wait;		/* in the node's waits */
	struct emu	*emu;
	struct ask	*ask;		/* NULL: a tenant's */
	double		 io_usec;
};

void
herd_init(struct herd *h, struct loop *l, timer_f *fn, void *arg)
{
	heap_init(&h->due);
	wake_open(&h->wake, l, fn, arg);
}

void
herd_run(struct herd *h, int64_t now)
{
	struct heap_node *n;

	while ((n = heap_min(&h->due)) != NULL && n->key <= now)
		emu_catch_up((struct emu *)n, now);	/* due is its first member */
	if (n != NULL)
		wake_by(&h->wake, n->key);
}

struct emu *
emu_new(struct herd *h, unsigned number, double cores, int64_t born)
{
	struct emu *e = must_zalloc(sizeof *e);

	e->herd = h;
	e->number = number;
	e->born = born;
	vcpu_init(&e->cpu, cores, born);
	heap_init(&e->waits);
	return e;
}

static struct thread *
thread_of_wait(struct heap_node *n)
{
	return (struct thread *)((char *)n - offsetof(struct thread, wait));
}

static void
thread_end(struct thread *t)
{
	char fields[48];

	if (t->ask == NULL) {
		t->emu->tenants--;
	} else {
		snprintf(fields, sizeof fields, "X-Node: n%u\r\nContent-Type: text/plain\r\n", t->emu->number);
		t->emu->done++;
		ask_answer(t->ask, 200, fields, STR("ok\n"));
	}
	free(t);
}

static void
thread_worked(struct thread *t, int64_t at)
{
	if (t->io_usec > 0)
		heap_push(&t->emu->waits, &t->wait, at + (int64_t)t->io_usec);
	else
		thread_end(t);
}

/* When something happens here next. */
static void
plan_next(struct emu *e)
{
	struct heap_node *w = heap_min(&e->waits);
	int64_t next = vcpu_next(&e->cpu);

	if (w != NULL && w->key < next)
		next = w->key;
	if (e->due.at != 0 && e->due.key == next)
		return;
	if (e->due.at != 0)
		heap_remove(&e->herd->due, &e->due);
	if (next == INT64_MAX)
		return;
	heap_push(&e->herd->due, &e->due, next);
	wake_by(&e->herd->wake, next);
}

static void
let_happen(struct emu *e, int64_t now)
{
	struct heap_node *w;
	struct job *j;

	while ((j = vcpu_done(&e->cpu, now)) != NULL)
		thread_worked((struct thread *)j, e->cpu.now);	/* job is its first member */
	while ((w = heap_min(&e->waits)) != NULL && w->key <= now) {
		heap_remove(&e->waits, w);
		thread_end(thread_of_wait(w));
	}
}

void
emu_catch_up(struct emu *e, int64_t now)
{
	let_happen(e, now);
	plan_next(e);
}

static void
thread_start(struct emu *e, struct ask *a, double work_usec, double io_usec)
{
	struct thread *t = must_zalloc(sizeof *t);

	t->emu = e;
	t->ask = a;
	t->io_usec = io_usec;
	vcpu_add(&e->cpu, &t->job, work_usec);
	plan_next(e);
}

void
emu_take(struct emu *e, struct ask *a, int64_t now)
{
	double work = ask_number(a, "work", WORK_DEFAULT), io = ask_number(a, "io", 0);

	let_happen(e, now);
	e->arrived++;
	thread_start(e, a, work >= 0 && work <= WORK_MOST ? work * 1e6 : 0, io >= 0 && io <= WORK_MOST ? io * 1e6 : 0);
}

void
emu_tenant(struct emu *e, double work_usec, int64_t now)
{
	let_happen(e, now);
	e->tenants++;
	thread_start(e, NULL, work_usec, 0);
}

void
emu_hog(struct emu *e, int more, int64_t now)
{
	let_happen(e, now);
	vcpu_foreign(&e->cpu, more);
	e->hog += (unsigned)more;
	plan_next(e);
}

unsigned
emu_ours(const struct emu *e)
{
	return (unsigned)e->cpu.jobs.count - e->tenants;
}

unsigned
emu_others(const struct emu *e)
{
	return e->tenants + e->cpu.foreign;
}
