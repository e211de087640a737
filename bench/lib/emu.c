/*
 * Knows what happens on one node and when; not which nodes there are, nor what is reported of them.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/bug.h"
#include "emu.h"

#define WORK_DEFAULT	0.001		/* seconds; of health checks and the curious */
#define WORK_MOST	1e6
#define HOLD_MOST	1e6		/* MiB */

#define WAITS_CORES	1e9		/* no thread waits for its turn to wait */
#define MIB		(1024.0 * 1024)

struct thread {				/* a request, or a thread of a tenant */
	struct job	 job;		/* on the node's CPU, then in its waits */
	struct emu	*emu;
	struct serve_request	*request;		/* NULL: a tenant's */
	double		 io_usec, hold;	/* hold: bytes, from its coming to its end */
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
emu_new(struct herd *h, unsigned number, double cores, const struct ram *ram, int64_t born)
{
	struct emu *e = must_zalloc(sizeof *e);

	e->herd = h;
	e->number = number;
	e->born = born;
	vcpu_init(&e->cpu, cores, born);
	vcpu_init(&e->waits, WAITS_CORES, born);
	e->ram = *ram;
	return e;
}

/* Both clocks must stand at the moment at which this happens. */
static void
hold(struct emu *e, double bytes)
{
	ASSERT(e->cpu.now == e->waits.now);
	e->ram.held += bytes;
	vcpu_stall(&e->cpu, ram_stall(&e->ram));
	vcpu_stall(&e->waits, ram_stall(&e->ram));
}

static void
thread_end(struct thread *t)
{
	char fields[48 + ORCA_FIELD_MAX], report[ORCA_FIELD_MAX] = "";
	struct emu *e = t->emu;

	if (t->hold > 0)
		hold(t->emu, -t->hold);
	if (t->request == NULL) {
		t->emu->tenants--;
	} else {
		e->done++;
		if (e->herd->orca)
			orca_field(&e->orca, e->cpu.now, e->cpu.cores, e->cpu.busy_usec, e->done, report);
		snprintf(fields, sizeof fields, "X-Node: n%u\r\nContent-Type: text/plain\r\n%s", e->number, report);
		serve_respond(t->request, 200, fields, STR("ok\n"));
	}
	free(t);
}

static void
thread_worked(struct thread *t)
{
	if (t->io_usec > 0)
		vcpu_add(&t->emu->waits, &t->job, t->io_usec);
	else
		thread_end(t);
}

static int64_t
earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* When something happens here next. */
static void
plan_next(struct emu *e)
{
	int64_t next = earlier(vcpu_next(&e->cpu), vcpu_next(&e->waits));

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
	int64_t at, from;

	do {				/* what ends changes the pace of all that do not */
		unsigned working = vcpu_threads(&e->cpu), waiting = vcpu_threads(&e->waits);
		double idle = e->cpu.cores - vcpu_busy(&e->cpu);

		from = e->cpu.now;
		at = earlier(now, earlier(vcpu_next(&e->cpu), vcpu_next(&e->waits)));
		struct job *waited = vcpu_done(&e->waits, at), *worked = vcpu_done(&e->cpu, at);	/* first members */
		ram_pass(&e->ram, (double)(e->cpu.now - from), working, waiting, idle);
		if (waited != NULL)
			thread_end((struct thread *)waited);
		if (worked != NULL)
			thread_worked((struct thread *)worked);
	} while (at < now || earlier(vcpu_next(&e->cpu), vcpu_next(&e->waits)) <= now);
}

void
emu_catch_up(struct emu *e, int64_t now)
{
	let_happen(e, now);
	plan_next(e);
}

static void
thread_start(struct emu *e, struct serve_request *a, double work_usec, double io_usec, double bytes)
{
	struct thread *t = must_zalloc(sizeof *t);

	t->emu = e;
	t->request = a;
	t->io_usec = io_usec;
	t->hold = bytes;
	if (bytes > 0)
		hold(e, bytes);
	vcpu_add(&e->cpu, &t->job, work_usec);
	plan_next(e);
}

void
emu_take(struct emu *e, struct serve_request *a, int64_t now)
{
	double work = serve_number(a, "work", WORK_DEFAULT), io = serve_number(a, "io", 0);
	double mib = serve_number(a, "hold", 0);

	let_happen(e, now);
	e->arrived++;
	thread_start(e, a, work >= 0 && work <= WORK_MOST ? work * 1e6 : 0, io >= 0 && io <= WORK_MOST ? io * 1e6 : 0,
	    mib >= 0 && mib <= HOLD_MOST ? mib * MIB : 0);
}

void
emu_tenant(struct emu *e, double work_usec, int64_t now)
{
	let_happen(e, now);
	e->tenants++;
	thread_start(e, NULL, work_usec, 0, 0);
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
