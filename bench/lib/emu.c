/*
 * Knows what happens on one node and when; not which nodes there are, nor what is reported of them.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/bug.h"
#include "emu.h"

#define WORK_DEFAULT	0.001		/* seconds; of health checks and the curious */
#define WORK_MOST	1e6
#define HOLD_MOST	1e6		/* MiB */

#define WAITS_CORES	1e9		/* no thread waits for its turn to wait */
#define MIB		(1024.0 * 1024)

struct thread {				/* a request, or a thread of a tenant */
	struct cores_job job;		/* on the node's CPU, then in its waits */
	struct emu	*emu;
	struct emu_box	*box;
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

/* Containers. */

static struct emu_box *
box_new(struct emu *e, const struct emu_limits *limits, bool lasts)
{
	struct emu_box *b = must_zalloc(sizeof *b);

	b->limits = *limits;
	b->number = ++e->nboxes;
	b->lasts = lasts;
	b->available = b->used = NAN;
	b->group = cores_group_new(&e->cpu, limits->weight, limits->quota);
	LIST_INSERT_HEAD(&e->boxes, b, link);
	return b;
}

static void
box_left(struct emu *e, struct emu_box *b)
{
	if (b->lasts || cores_group_threads(b->group) > 0)
		return;
	cores_group_free(&e->cpu, &b->group);
	LIST_REMOVE(b, link);
	free(b);
}

/* The one for the threads of a tenant. */
static struct emu_box *
box_of_tenant(struct emu *e, int container)
{
	ASSERT(container < EMU_LASTING_MAX);
	if (e->conf.by_thread)
		return e->ours;
	if (container == EMU_OWN)
		return box_new(e, &e->conf.tenants, false);
	if (e->lasting[container] == NULL)
		e->lasting[container] = box_new(e, &e->conf.tenants, true);
	return e->lasting[container];
}

struct emu *
emu_new(struct herd *h, unsigned set, unsigned number, const struct emu_conf *conf, int64_t born)
{
	struct emu *e = must_zalloc(sizeof *e);

	ASSERT(conf->hogs >= 1 && conf->hogs <= EMU_HOGS_MAX);
	e->herd = h;
	e->set = set;
	e->number = number;
	e->born = e->looked_usec = born;
	e->conf = *conf;
	cores_init(&e->cpu, conf->cores, born);
	cores_init(&e->waits, WAITS_CORES, born);
	e->waiting = cores_group_new(&e->waits, CORES_WEIGHT, INFINITY);
	e->ram = conf->ram;
	LIST_INIT(&e->boxes);
	e->ours = box_new(e, &conf->ours, true);
	return e;
}

/* Both clocks must stand at the moment at which this happens. */
static void
hold(struct emu *e, double bytes)
{
	ASSERT(e->cpu.now_usec == e->waits.now_usec);
	e->ram.held += bytes;
	cores_set_stall(&e->cpu, ram_stall(&e->ram));
	cores_set_stall(&e->waits, ram_stall(&e->ram));
}

static void
thread_end(struct thread *t)
{
	char fields[48 + ORCA_FIELD_MAX], report[ORCA_FIELD_MAX] = "";
	struct emu *e = t->emu;

	if (t->hold > 0)
		hold(t->emu, -t->hold);
	if (t->request == NULL) {
		e->tenants--;
		box_left(e, t->box);
	} else {
		e->done++;
		if (e->herd->orca)
			orca_field(&e->orca, e->cpu.now_usec, e->cpu.cores, e->cpu.busy_usec, e->done, report);
		snprintf(fields, sizeof fields, "X-Node: n%u\r\nContent-Type: text/plain\r\n%s", e->number, report);
		serve_respond(t->request, 200, fields, STR("ok\n"));
	}
	free(t);
}

static void
thread_worked(struct thread *t)
{
	if (t->request != NULL)
		t->emu->working--;
	if (t->io_usec > 0)
		cores_add(&t->emu->waits, t->emu->waiting, &t->job, t->io_usec);
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
	int64_t next = earlier(cores_next_usec(&e->cpu), cores_next_usec(&e->waits));

	if (e->due.at != 0 && e->due.key == next)
		return;
	if (e->due.at != 0)
		heap_remove(&e->herd->due, &e->due);
	if (next == INT64_MAX)
		return;
	heap_push(&e->herd->due, &e->due, next);
	wake_by(&e->herd->wake, next);
}

/* Cores that tenants and hogs have now. */
static double
others_have(const struct emu *e)
{
	double threads = cores_group_threads(e->ours->group);

	if (!e->conf.by_thread)
		return e->cpu.busy - cores_group_rate(e->ours->group);
	return threads > 0 ? e->cpu.busy * emu_others(e) / threads : 0;
}

static void
let_happen(struct emu *e, int64_t now)
{
	int64_t at, from;

	do {				/* what ends changes the pace of all that do not */
		unsigned working = (unsigned)e->cpu.threads, waiting = (unsigned)e->waits.threads;
		double idle = e->cpu.cores - e->cpu.busy, others = others_have(e), span;

		from = e->cpu.now_usec;
		at = earlier(now, earlier(cores_next_usec(&e->cpu), cores_next_usec(&e->waits)));
		struct cores_job *waited = cores_done(&e->waits, at), *worked = cores_done(&e->cpu, at);	/* first members */
		span = (double)(e->cpu.now_usec - from);
		e->others_usec += span * others;
		ram_pass(&e->ram, span, working, waiting, idle);
		if (waited != NULL)
			thread_end((struct thread *)waited);
		if (worked != NULL)
			thread_worked((struct thread *)worked);
	} while (at < now || earlier(cores_next_usec(&e->cpu), cores_next_usec(&e->waits)) <= now);
}

void
emu_catch_up(struct emu *e, int64_t now)
{
	let_happen(e, now);
	plan_next(e);
}

static void
thread_start(struct emu *e, struct emu_box *box, struct serve_request *a, double work_usec, double io_usec, double bytes)
{
	struct thread *t = must_zalloc(sizeof *t);

	t->emu = e;
	t->box = box;
	t->request = a;
	t->io_usec = io_usec;
	t->hold = bytes;
	if (bytes > 0)
		hold(e, bytes);
	cores_add(&e->cpu, box->group, &t->job, work_usec);
}

void
emu_take(struct emu *e, struct serve_request *a, int64_t now)
{
	double work = serve_number(a, "work", WORK_DEFAULT), io = serve_number(a, "io", 0);
	double mib = serve_number(a, "hold", 0);

	let_happen(e, now);
	e->arrived++;
	e->working++;
	thread_start(e, e->ours, a, work >= 0 && work <= WORK_MOST ? work * 1e6 : 0, io >= 0 && io <= WORK_MOST ? io * 1e6 : 0,
	    mib >= 0 && mib <= HOLD_MOST ? mib * MIB : 0);
	plan_next(e);
}

void
emu_tenant(struct emu *e, int container, const double *work_usec, unsigned threads, int64_t now)
{
	struct emu_box *box;

	let_happen(e, now);
	box = box_of_tenant(e, container);
	e->tenants += threads;
	for (unsigned i = 0; i < threads; i++)
		thread_start(e, box, NULL, work_usec[i], 0, 0);
	plan_next(e);
}

/* Of so many threads, those in container i of n. */
static int
part_of(unsigned threads, unsigned i, unsigned n)
{
	return (int)((threads + n - 1 - i) / n);
}

void
emu_hog(struct emu *e, int more, int64_t now)
{
	unsigned n = e->conf.hogs, was = e->hog;

	let_happen(e, now);
	ASSERT(more >= 0 || was >= (unsigned)-more);
	e->hog += (unsigned)more;
	for (unsigned i = 0; i < n; i++) {
		if (e->hog_box[i] == NULL)
			e->hog_box[i] = e->conf.by_thread ? e->ours : box_new(e, &e->conf.tenants, true);
		cores_hold(&e->cpu, e->hog_box[i]->group, part_of(e->hog, i, n) - part_of(was, i, n));
	}
	plan_next(e);
}

unsigned
emu_ours(const struct emu *e)
{
	return e->working;
}

unsigned
emu_others(const struct emu *e)
{
	return e->tenants + e->hog;
}
