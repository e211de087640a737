/*
 * machine: a node with its cores, containers and tenants, and what it tells of itself. Steps from one thing that is due
 * to the next.
 */
#include <math.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "run.h"
#include "signals/available.h"

#define MEMORY_BYTES	(16.0 * (1 << 30))

/* ---- containers of others ---- */

static struct cores_group *
container_new(struct machine *m, const struct others *o)
{
	return cores_group_new(&m->cores, o->weight, o->quota);
}

/* What all of a line's threads share; NULL: each makes its own. */
static struct cores_group *
container_shared(struct machine *m, const struct others *o)
{
	if (m->run->s->by_threads || o->as == CONTAINERS_OWN)
		return m->run->task[m->first_task].group;
	return o->as == CONTAINERS_ONE ? container_new(m, o) : NULL;
}

static void
others_init(struct machine *m, struct others_state *s, const struct others *o, uint64_t seed)
{
	double threads = round(o->size * m->declared);

	*s = (struct others_state){ .conf = o, .r = { .next = INT64_MAX }, .threads = threads >= 1 ? (unsigned)threads : 1 };
	rng_seed(&s->r.rng, seed);
	if (scenario_chosen(o->part, m->number))
		s->shared = container_shared(m, o);
}

/* Those of a hog, or that stay for good. */
static void
others_hold(struct machine *m, struct others_state *s)
{
	bool each = s->conf->as == CONTAINERS_EACH;

	if (s->shared != NULL) {
		cores_hold(&m->cores, s->shared, (int)s->threads);
		return;
	}
	s->nheld = each ? 1 : s->threads;
	s->held = must_zalloc(s->nheld * sizeof(struct cores_group *));
	for (unsigned i = 0; i < s->nheld; i++) {
		s->held[i] = container_new(m, s->conf);
		cores_hold(&m->cores, s->held[i], each ? (int)s->threads : 1);
	}
}

static void
others_release(struct machine *m, struct others_state *s)
{
	if (s->shared != NULL)
		cores_hold(&m->cores, s->shared, -(int)s->threads);
	for (unsigned i = 0; i < s->nheld; i++) {
		cores_hold(&m->cores, s->held[i], -(int)cores_group_threads(s->held[i]));
		cores_group_free(&m->cores, &s->held[i]);
	}
	free(s->held);
	s->held = NULL;
	s->nheld = 0;
}

/* ---- tenants, who come at random, work and go ---- */

static double
tenants_gap(const struct machine *m, struct others_state *s)
{
	const struct others *o = s->conf;

	return 1 + rng_exp(&s->r.rng, s->threads * o->work * 1e6 / (o->load * m->declared * m->speed));
}

static void
tenant_arrive(struct machine *m, struct others_state *s)
{
	struct cores_group *g = s->shared;

	for (unsigned i = 0; i < s->threads; i++) {
		struct thread *t = thread_new(m->run);
		if (s->shared == NULL && (i == 0 || s->conf->as == CONTAINERS_MANY))
			g = container_new(m, s->conf);
		t->kind = THREAD_TENANT;
		t->machine = m;
		t->group = g;
		t->counts = s->shared != NULL;		/* its container stays */
		t->began = m->run->now;
		t->asked = rng_exp(&s->r.rng, s->conf->work * 1e6);
		machine_work(t, t->asked);
	}
	s->r.next += (int64_t)tenants_gap(m, s);
}

static void
tenant_done(struct thread *t)
{
	struct run *u = t->machine->run;

	if (t->began >= u->begin) {
		u->tenants_took += (double)(u->now - t->began);
		u->tenants_asked += t->asked / t->machine->speed;
	}
	if (!t->counts && cores_group_threads(t->group) == 0)
		cores_group_free(&t->machine->cores, &t->group);
	thread_free(u, t);
}

/* ---- what comes and goes by itself ---- */

static int64_t
seconds(double s)
{
	return (int64_t)(s * 1e6);
}

static void
hog_step(struct machine *m, struct others_state *s)
{
	s->r.phase = !s->r.phase;
	s->r.next += seconds(s->r.phase ? s->conf->lasts : s->conf->every - s->conf->lasts);
	if (s->r.phase)
		others_hold(m, s);
	else
		others_release(m, s);
}

/* A part of all cores is away, and of each thread's time: evenly from none to twice the mean. */
static void
steal_step(struct machine *m)
{
	const struct scenario *s = m->run->s;

	m->stolen = fmin(0.95, 2 * s->steal_mean * rng_double(&m->steal.rng));
	m->steal.next += 1 + seconds(rng_exp(&m->steal.rng, s->steal_every));
	cores_set_cores(&m->cores, m->declared * (1 - m->stolen));
	cores_set_stall(&m->cores, m->stolen);
}

/* Its task works, is down and nobody knows, is down, works and nobody knows. */
static void
fail_step(struct machine *m)
{
	const struct scenario *s = m->run->s;
	double notice = fmin(s->fail_notice, s->fail_lasts);
	double then[] = { rng_exp(&m->fail.rng, s->fail_every), notice, s->fail_lasts - notice, s->fail_notice };

	m->fail.phase = (m->fail.phase + 1) % 4;
	m->fail.next += 1 + seconds(then[m->fail.phase]);
	m->run->task[m->first_task].down = m->fail.phase == 1 || m->fail.phase == 2;
	if (m->fail.phase == 1)
		task_fail(m->run, m->first_task);
	for (unsigned i = 0; i < m->run->nlb; i++)
		if (m->fail.phase % 2 == 0)
			balancer_notice(&m->run->lb[i], m->first_task, m->fail.phase == 2);
}

/* ---- what it tells ---- */

/* As the agent reckons it: by what each container has used since the last sample. */
static void
available_tell(struct machine *m, double span, double running)
{
	static struct available_group group[AVAILABLE_GROUPS_MAX];
	static double cores[AVAILABLE_GROUPS_MAX];
	unsigned n = 1;

	group[0] = (struct available_group){ .weight = AVAILABLE_WEIGHT, .quota = INFINITY };
	for (unsigned i = 0; i < m->cores.ngroups && n < AVAILABLE_GROUPS_MAX; i++) {
		struct cores_group *g = m->cores.group[i];
		group[n] = (struct available_group){ .weight = cores_group_weight(g), .quota = cores_group_quota(g),
		    .used = cores_group_meter(g) / span };
		group[0].used += group[n++].used;
	}
	available_find(group, n, m->declared, running, cores);
	for (unsigned k = 0; k < m->run->s->tasks; k++) {
		struct task *t = &m->run->task[m->first_task + k];
		for (unsigned i = 0; i + 1 < n; i++)
			if (m->cores.group[i] == t->group)
				t->available = cores[i + 1];
	}
}

static void
sample_take(struct machine *m)
{
	struct run *u = m->run;
	double span = (double)(u->now - m->sampled), there = 1 - m->stolen;
	double running = cores_runnable(&m->cores) / there, whole = floor(running);
	struct sample s = { .taken_usec = u->now, .span_usec = u->now - m->sampled,
	    .source = u->s->agent ? SOURCE_AGENT : SOURCE_NODE_EXPORTER, .cores = m->declared,
	    .busy = fmin(m->declared, (m->cores.busy_usec - m->busy_usec) / span / there),
	    .running = whole + (rng_double(&m->noise) < running - whole),
	    .load1 = m->cores.load1, .memory_total_bytes = MEMORY_BYTES, .memory_available_bytes = MEMORY_BYTES / 2,
	    .psi_cpu_waiting = NAN, .psi_memory_waiting = NAN, .psi_memory_stalled = NAN, .psi_io_waiting = NAN,
	    .psi_io_stalled = NAN, .disk_busy = NAN, .net_receive = NAN, .net_transmit = NAN };

	if (span > 0) {
		if (u->s->agent)
			available_tell(m, span, s.running);
		for (unsigned i = 0; i < u->nlb; i++)
			balancer_sample(&u->lb[i], m, &s);
	}
	m->busy_usec = m->cores.busy_usec;
	m->sampled = u->now;
	m->sample_due += seconds(u->s->period);
}

/* ---- life ---- */

static void
tasks_init(struct machine *m)
{
	const struct scenario *s = m->run->s;

	m->first_task = m->number * s->tasks;
	for (unsigned i = 0; i < s->tasks; i++) {
		struct task *t = &m->run->task[m->first_task + i];
		*t = (struct task){ .machine = m, .available = NAN };
		LIST_INIT(&t->threads);
		LIST_INIT(&t->sockets);
		t->group = s->by_threads && i > 0 ? m->run->task[m->first_task].group :
		    cores_group_new(&m->cores, s->task_weight, s->task_quota * m->declared);
	}
}

void
machine_init(struct run *u, struct machine *m, unsigned number, uint64_t seed)
{
	const struct scenario *s = u->s;

	*m = (struct machine){ .run = u, .number = number, .declared = s->cores[number],
	    .speed = scenario_chosen(s->slow_part, number) ? s->slow_speed : 1,
	    .steal = { .next = INT64_MAX }, .fail = { .next = INT64_MAX, .phase = 3 }, .sampled = u->now };
	cores_init(&m->cores, m->declared, u->now);
	heap_init(&m->waits);
	heap_init(&m->sockets);
	rng_seed(&m->noise, seed);
	rng_seed(&m->steal.rng, seed + 1);
	rng_seed(&m->fail.rng, seed + 2);
	tasks_init(m);
	for (unsigned i = 0; i < s->ntenants; i++) {
		others_init(m, &m->tenants[i], &s->tenants[i], s->alone >= 0 ? u->seed * 1000 + number : seed + 10 + i);
		if (scenario_chosen(s->tenants[i].part, number))
			m->tenants[i].r.next = u->now + (int64_t)tenants_gap(m, &m->tenants[i]);
	}
	for (unsigned i = 0; i < s->nhogs; i++) {
		others_init(m, &m->hog[i], &s->hog[i], seed + 20 + i);
		if (scenario_chosen(s->hog[i].part, number))
			m->hog[i].r.next = u->now + seconds(s->hog[i].every * rng_double(&m->hog[i].r.rng));
	}
	for (unsigned i = 0; i < s->npermanent; i++) {
		others_init(m, &m->permanent[i], &s->permanent[i], seed + 30 + i);
		if (scenario_chosen(s->permanent[i].part, number))
			others_hold(m, &m->permanent[i]);
	}
	if (scenario_chosen(s->steal_part, number))
		m->steal.next = u->now;
	if (scenario_chosen(s->fail_part, number))
		m->fail.next = u->now + seconds(rng_exp(&m->fail.rng, s->fail_every));
	m->sample_due = u->now + 1 + (int64_t)(rng_double(&m->noise) * s->period * 1e6);	/* not in step */
	machine_due(m);
}

/* One of ours, or of a tenant's, that is still there; false: none is. */
static bool
thread_drop(struct machine *m)
{
	for (unsigned i = 0; i < m->cores.nactive; i++) {
		struct cores_job *j = cores_any(m->cores.group[i]);
		struct thread *t = (struct thread *)j;
		if (j == NULL)
			continue;
		cores_remove(&m->cores, m->cores.group[i], j);
		if (t->kind == THREAD_MESSAGE && --t->socket->busy == 0 && t->socket->closed)
			free(t->socket);
		free(t);
		return true;
	}
	return false;
}

void
machine_fini(struct machine *m)
{
	for (unsigned i = 0; i < m->run->s->nhogs; i++)
		free(m->hog[i].held);
	for (unsigned i = 0; i < m->run->s->npermanent; i++)
		free(m->permanent[i].held);
	while (thread_drop(m))
		;
	for (struct heap_node *n; (n = heap_min(&m->waits)) != NULL;) {
		heap_remove(&m->waits, n);
		free((char *)n - offsetof(struct thread, wait));
	}
	for (struct heap_node *n; (n = heap_min(&m->sockets)) != NULL;) {
		heap_remove(&m->sockets, n);
		free((char *)n - offsetof(struct socket, wait));
	}
	cores_fini(&m->cores);
	heap_fini(&m->waits);
	heap_fini(&m->sockets);
}

/* ---- time ---- */

void
machine_work(struct thread *t, double work)
{
	if (t->kind != THREAD_TENANT)
		t->machine->run->task[t->task].working++;
	cores_add(&t->machine->cores, t->group, &t->job, work / t->machine->speed);
}

static int64_t
earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static int64_t
heap_next(const struct heap *h)
{
	const struct heap_node *n = heap_min(h);

	return n != NULL ? n->key : INT64_MAX;
}

void
machine_due(struct machine *m)
{
	const struct scenario *s = m->run->s;
	int64_t next = earlier(cores_next_usec(&m->cores), m->sample_due);

	next = earlier(next, earlier(heap_next(&m->waits), heap_next(&m->sockets)));
	next = earlier(next, earlier(m->steal.next, m->fail.next));
	for (unsigned i = 0; i < s->ntenants; i++)
		next = earlier(next, m->tenants[i].r.next);
	for (unsigned i = 0; i < s->nhogs; i++)
		next = earlier(next, m->hog[i].r.next);
	if (m->due.at != 0) {
		if (m->due.key == next)
			return;
		heap_remove(&m->run->due, &m->due);
	}
	heap_push(&m->run->due, &m->due, next);
}

void
machine_catch_up(struct machine *m)
{
	int64_t now = m->run->now;
	struct cores_job *j;
	struct heap_node *w;

	while ((j = cores_done(&m->cores, now)) != NULL) {
		struct thread *t = (struct thread *)j;		/* job is its first member */
		m->run->events++;
		if (t->kind == THREAD_TENANT)
			tenant_done(t);
		else
			request_done(t);
	}
	while ((w = heap_min(&m->waits)) != NULL && w->key <= now) {
		heap_remove(&m->waits, w);
		m->run->events++;
		request_waited((struct thread *)((char *)w - offsetof(struct thread, wait)));
	}
	while ((w = heap_min(&m->sockets)) != NULL && w->key <= now) {
		heap_remove(&m->sockets, w);
		m->run->events++;
		socket_step((struct socket *)((char *)w - offsetof(struct socket, wait)));
	}
}

void
machine_step(struct machine *m)
{
	const struct scenario *s = m->run->s;
	int64_t now = m->run->now;

	machine_catch_up(m);
	for (unsigned i = 0; i < s->ntenants; i++)
		if (m->tenants[i].r.next <= now)
			tenant_arrive(m, &m->tenants[i]);
	for (unsigned i = 0; i < s->nhogs; i++)
		if (m->hog[i].r.next <= now)
			hog_step(m, &m->hog[i]);
	if (m->steal.next <= now)
		steal_step(m);
	if (m->fail.next <= now)
		fail_step(m);
	if (m->sample_due <= now)
		sample_take(m);
	machine_due(m);
}

double
machine_tenants_usec(const struct machine *m)
{
	return fmax(0, m->cores.busy_usec - m->ours_usec);
}
