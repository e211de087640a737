/*
 * sim: events in the order of their time: an arrival, the end of a request, a sample, a brain's tick. All threads of a
 * node are in one group (sharing/cores.h): each has a whole core, or an equal part of the cores.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/bug.h"
#include "base/clock.h"
#include "score/user_metric.h"
#include "sim.h"

#define TICK_USEC	(100 * USEC_PER_MSEC)
#define MEMORY_BYTES	(16.0 * (1 << 30))

struct sim_request {
	struct cores_job job;			/* first */
	struct heap_node wait;
	struct sim_service *service;
	struct sim_task	*task;
	struct sim_node	*node;
	struct sim_mola	*mola;			/* NULL: of a proxy that is not ours */
	unsigned	 node_slot, task_slot;
	int64_t		 began;
};

/* Life */

static void
mola_new(struct sim_mola *m, uint64_t seed)
{
	m->live = live_init(memset(aligned_alloc(64, live_bytes()), 0, live_bytes()), 1);
	m->phys = phys_init(must_zalloc(phys_bytes()));
	m->world = world_new(m->live, m->phys);
	m->steer = steer_new(m->world);
	m->pick = pick_new(m->live, m->phys, seed);
	m->table = NULL;
	m->table_fd = -1;
}

static void
mola_free(struct sim_mola *m)
{
	if (m->live == NULL)
		return;
	steer_free(&m->steer);
	world_free(&m->world);
	pick_free(&m->pick);
	table_unref(&m->table);
	if (m->table_fd >= 0)
		close(m->table_fd);
	free(m->live);
	free(m->phys);
}

struct sim *
sim_new(uint64_t seed)
{
	struct sim *s = must_zalloc(sizeof *s);

	s->now = s->tick_due = 1000 * USEC_PER_SEC;
	s->period = USEC_PER_SEC;
	s->balancers = s->nmolas = 1;
	s->heat = heat_new();
	heap_init(&s->waits);
	rng_seed(&s->rng, seed);
	return s;
}

static void
node_clear(struct sim_node *n)
{
	struct cores_job *j;

	while ((j = cores_any(n->all)) != NULL) {
		cores_remove(&n->cpu, n->all, j);
		free(j);
	}
	cores_fini(&n->cpu);
}

static struct sim_request *
waiting(struct heap_node *w)
{
	return (struct sim_request *)((char *)w - offsetof(struct sim_request, wait));
}

void
sim_free(struct sim **sp)
{
	struct sim *s = *sp;
	struct heap_node *w;

	*sp = NULL;
	if (s == NULL)
		return;
	for (unsigned i = 0; i < SIM_MOLAS; i++)
		mola_free(&s->mola[i]);
	for (unsigned i = 0; i < s->nservices; i++) {
		free(s->service[i].latency);
		sim_driven_free(&s->service[i].driven);
	}
	for (unsigned i = 0; i < s->nnodes; i++)
		node_clear(&s->node[i]);
	while ((w = heap_min(&s->waits)) != NULL) {
		heap_remove(&s->waits, w);
		free(waiting(w));
	}
	heap_fini(&s->waits);
	heat_free(&s->heat);
	free(s);
}

#define FIND(array, n, wanted)						\
	for (unsigned i_ = 0; i_ < (n); i_++)				\
		if (strcmp((array)[i_].name, (wanted)) == 0)		\
			return &(array)[i_];				\
	return NULL

struct sim_node *
sim_node(struct sim *s, const char *name)
{
	FIND(s->node, s->nnodes, name);
}

struct sim_service *
sim_service(struct sim *s, const char *name)
{
	FIND(s->service, s->nservices, name);
}

struct sim_task *
sim_task(struct sim *s, const char *name)
{
	FIND(s->task, s->ntasks, name);
}

struct sim_node *
sim_node_add(struct sim *s, const char *name)
{
	struct sim_node *n = &s->node[s->nnodes++];

	ASSERT(s->nnodes < SIM_NODES);
	*n = (struct sim_node){ .present = true, .cores = 4, .memory_used = 0.5, .io_stalled = NAN, .disk_busy = NAN, .net = NAN,
	    .sampled = s->now };
	for (unsigned q = 0; q < SIM_QUERIES; q++)
		n->answer[q] = NAN;
	cores_init(&n->cpu, n->cores, s->now);
	n->all = cores_group_new(&n->cpu, CORES_WEIGHT, INFINITY);
	str_copy(n->name, sizeof n->name, str_of(name));
	/* exporters do not answer in step */
	n->sample_due = s->now + 1 + (int64_t)(rng_double(&s->rng) * (double)s->period);
	s->changed = true;
	return n;
}

struct sim_service *
sim_service_add(struct sim *s, const char *name)
{
	struct sim_service *v = &s->service[s->nservices++];

	ASSERT(s->nservices < SIM_SERVICES);
	*v = (struct sim_service){ .load = -1, .work_usec = 2000, .arrival_due = s->now, .conf = { .overload = true, .overload_bound = 4,
		.connect_usec = 1, .response_usec = 1, .idle_usec = 1, .tunnel_usec = 1 } };
	str_copy(v->name, sizeof v->name, str_of(name));
	s->changed = true;
	return v;
}

struct sim_task *
sim_task_add(struct sim *s, const char *name, struct sim_service *v, struct sim_node *n)
{
	struct sim_task *t = &s->task[s->ntasks++];

	ASSERT(s->ntasks < SIM_TASKS);
	*t = (struct sim_task){ .service = v, .node = n };
	str_copy(t->name, sizeof t->name, str_of(name));
	s->changed = true;
	return t;
}

/* Discovery */

static void
task_address(struct sim *s, const struct sim_task *t, struct addr *a)
{
	char text[32];

	snprintf(text, sizeof text, "127.0.0.1:%ld", 10000 + (long)(t - s->task));
	ASSERT(addr_parse(str_of(text), a) == NULL);
}

static void
mola_pass(struct sim *s, struct world *w)
{
	struct route_conf route = { .host = (char *)"", .path = (char *)"/" };

	world_pass_begin(w);
	for (unsigned i = 0; i < s->nnodes; i++) {
		struct world_node like = { .name = s->node[i].name, .exporter_url = (char *)"http://127.0.0.1:1/metrics",
		    .cores_declared = s->node[i].told ? s->node[i].cores : 0 };
		if (s->node[i].present)
			ASSERT(world_pass_node(w, &like) != NULL);
	}
	for (unsigned i = 0; i < s->nservices; i++) {
		struct world_service *v = world_pass_service(w, s->service[i].name, &s->service[i].conf, &route, 1);
		for (unsigned k = 0; k < s->ntasks; k++) {
			struct sim_task *t = &s->task[k];
			struct addr a;
			if (t->service != &s->service[i] || t->gone || !t->node->present)
				continue;
			task_address(s, t, &a);
			ASSERT(world_pass_task(w, v, t->name, t->node->name, &a, false) != NULL);
		}
	}
	world_pass_end(w);
}

/* As the brain publishes a table and the parent keeps a copy for the next brain. */
static void
mola_publish(struct sim_mola *m)
{
	struct table *t;
	int fd;

	ASSERT(world_table(m->world, &fd) == NULL);
	if (m->table_fd >= 0)
		close(m->table_fd);
	m->table_fd = dup(fd);
	ASSERT(table_open(fd, &t) == NULL);
	pick_set_table(m->pick, t);
	table_unref(&m->table);
	m->table = t;
}

static void
mola_discover(struct sim *s, struct sim_mola *m)
{
	struct steer_conf c = { .period_usec = s->period, .balancers = s->balancers,
	    .best_node_period_usec = 5 * s->period, .cpu_weight = 0.8, .ram_weight = 0.2 };

	if (m->live == NULL)
		mola_new(m, rng_u64(&s->rng));
	mola_pass(s, m->world);
	steer_conf(m->steer, &c);
	mola_publish(m);
}

void
sim_discover(struct sim *s)
{
	if (!s->changed)
		return;
	for (unsigned i = 0; i < s->nmolas; i++)
		mola_discover(s, &s->mola[i]);
	s->changed = false;
}

void
sim_restart(struct sim *s)
{
	sim_discover(s);
	for (unsigned i = 0; i < s->nmolas; i++) {
		struct sim_mola *m = &s->mola[i];
		struct table *t;
		steer_free(&m->steer);
		world_free(&m->world);
		m->world = world_new(m->live, m->phys);
		m->steer = steer_new(m->world);
		ASSERT(table_open(dup(m->table_fd), &t) == NULL);
		world_inherit(m->world, t);
		table_unref(&t);
	}
	for (unsigned i = 0; i < s->nservices; i++)
		if (s->service[i].driven != NULL)
			sim_driven_restart(s->service[i].driven);
	s->changed = true;
	sim_discover(s);
}

void
sim_drain_node(struct sim *s, const char *name, bool drained)
{
	sim_discover(s);
	for (unsigned i = 0; i < s->nmolas; i++)
		if (world_drain(s->mola[i].world, world_node(s->mola[i].world, str_of(name)), drained))
			mola_publish(&s->mola[i]);
}

void
sim_drain_task(struct sim *s, const char *name, bool drained)
{
	sim_discover(s);
	for (unsigned i = 0; i < s->nmolas; i++)
		if (world_drain_task(s->mola[i].world, world_task(s->mola[i].world, str_of(name)), drained))
			mola_publish(&s->mola[i]);
}

void
sim_health(struct sim *s, const char *task, enum live_health h)
{
	sim_discover(s);
	for (unsigned i = 0; i < s->nmolas; i++)
		live_set_health(s->mola[i].live, world_task(s->mola[i].world, str_of(task))->slot, h);
}

void
sim_report(struct sim *s, const char *task, double utilization)
{
	sim_discover(s);
	for (unsigned i = 0; i < s->nmolas; i++)
		live_note_load(s->mola[i].live, world_task(s->mola[i].world, str_of(task))->slot,
		    &(struct utilization_report){ .utilization = utilization }, s->now);
}

void
sim_retry(struct sim *s, const char *task, enum retry_reason reason)
{
	sim_discover(s);
	for (unsigned i = 0; i < s->nmolas; i++) {
		const struct world_task *t = world_task(s->mola[i].world, str_of(task));
		if (reason == RETRY_HEDGE)
			live_count_hedge(s->mola[i].live, t->service->slot);
		else
			live_count_retry(s->mola[i].live, t->slot, t->service->slot, reason);
	}
}

void
sim_available(struct sim *s, const char *task, double cores)
{
	sim_discover(s);
	for (unsigned i = 0; i < s->nmolas; i++)
		world_task_set_available(s->mola[i].world, world_task(s->mola[i].world, str_of(task)), cores,
		    s->now);
}

/* Requests */

static double
offered(const struct sim *s, const struct sim_service *v)
{
	double cores = 0;

	for (unsigned i = 0; i < s->nnodes; i++)
		cores += s->node[i].present ? s->node[i].cores : 0;
	return v->load >= 0 ? v->load : cores / 4;
}

static void
arrival_next(struct sim *s, struct sim_service *v)
{
	double load = offered(s, v);

	v->arrival_due = s->now + (load > 0 ? 1 + (int64_t)rng_exp(&s->rng, v->work_usec / load) : s->period);
}

/* Whom a Mola chooses, and it counts it; false: nobody. */
static bool
choose(struct sim *s, struct sim_mola *m, const struct sim_service *v, struct sim_request *r)
{
	const struct table_service *ts;
	const struct table_task *tt;
	struct pick_avoid avoid = { .n = 0 };
	char name[32];
	uint32_t n;

	ts = table_services(m->table, &n);
	for (uint32_t i = 0; i < n; i++, ts++)
		if (str_eq(table_text(m->table, ts->name), str_of(v->name)))
			break;
	if (pick_task(m->pick, m->table, ts, &avoid, s->now, &tt) != NULL)
		return false;
	str_copy(name, sizeof name, table_text(m->table, tt->name));
	live_take(m->live, 0, tt->node_slot, tt->slot);
	r->task = sim_task(s, name);
	r->mola = m;
	r->node_slot = tt->node_slot;
	r->task_slot = tt->slot;
	return true;
}

static void
arrive(struct sim *s, struct sim_service *v)
{
	struct sim_mola *m = &s->mola[rng_below(&s->rng, s->nmolas)];
	struct sim_request like = { .service = v, .began = s->now }, *r;

	arrival_next(s, v);
	if (offered(s, v) == 0)
		return;
	if (v->driven != NULL ? (like.task = sim_driven_pick(s, v)) == NULL : !choose(s, m, v, &like)) {
		s->refused++;
		return;
	}
	r = must_alloc(sizeof *r);
	*r = like;
	r->node = r->task->node;
	r->task->inflight++;
	r->node->inflight++;
	r->task->requests++;
	v->requests++;
	cores_add(&r->node->cpu, r->node->all, &r->job, rng_exp(&s->rng, v->work_usec));
}

static void
latency_add(struct sim_service *v, double usec)
{
	if (v->nlatency == v->latency_cap) {
		v->latency_cap = v->latency_cap * 2 + 1024;
		v->latency = must_realloc(v->latency, v->latency_cap * sizeof *v->latency);
	}
	v->latency[v->nlatency++] = usec;
}

static void
request_end(struct sim *s, struct sim_request *r)
{
	if (r->mola != NULL) {
		live_give(r->mola->live, 0, r->node_slot, r->task_slot);
		live_succeeded(r->mola->live, r->task_slot);
	}
	latency_add(r->service, (double)(s->now - r->began));
	r->task->inflight--;
	r->node->inflight--;
	free(r);
}

/* Its work is done. */
static void
request_wait(struct sim *s, struct sim_request *r)
{
	if (r->service->wait_usec < 1)
		request_end(s, r);
	else
		heap_push(&s->waits, &r->wait, s->now + (int64_t)r->service->wait_usec);
}

/* Samples */

static struct sample
sample_take(struct sim *s, struct sim_node *n)
{
	double whole = floor(n->busy), part = n->busy - whole;
	struct sample m = {
		.taken_usec = s->now,
		.span_usec = s->now - n->sampled,
		.source = SOURCE_NODE_EXPORTER,
		.cores = n->cores,
		.busy = fmin(n->cores, (n->cpu.busy_usec - n->busy_usec) / (double)(s->now - n->sampled)),
		.running = whole + (rng_double(&s->rng) < part) + cores_group_jobs(n->all),
		.load1 = NAN, .memory_total_bytes = MEMORY_BYTES, 
		.memory_available_bytes = n->memory_used < 0 ? NAN : MEMORY_BYTES * (1 - n->memory_used),
		.psi_cpu_waiting = NAN, .psi_memory_waiting = NAN, .psi_memory_stalled = n->stalled,
		.psi_io_waiting = NAN, .psi_io_stalled = n->io_stalled, .disk_busy = n->disk_busy,
		.net_receive = n->net, .net_transmit = n->net / 10,
	};

	switch (n->lie) {
	case LIE_NONE:
		break;
	case LIE_PAST:
		m.taken_usec -= 3600 * USEC_PER_SEC;
		break;
	case LIE_FUTURE:
		m.taken_usec += 3600 * USEC_PER_SEC;
		break;
	case LIE_NONSENSE:
		m.busy = NAN, m.cores = -1;
		break;
	case LIE_IDLE:
		m.busy = m.running = 0;
		break;
	}
	return m;
}

int
sim_query(struct sim *s, const char *text)
{
	for (unsigned i = 0; i < s->nqueries; i++)
		if (strcmp(s->query[i].text, text) == 0)
			return (int)i;
	if (s->nqueries == SIM_QUERIES)
		return -1;
	str_copy(s->query[s->nqueries].text, sizeof s->query[0].text, str_of(text));
	return (int)s->nqueries++;
}

/* What Prometheus says of the node. */
static void
answer(struct sim *s, const struct sim_node *n, struct world *w, struct world_node *wn)
{
	for (unsigned i = 0; i < QUERIES_MAX; i++) {
		int q = w->query[i].text == NULL ? -1 : sim_query(s, w->query[i].text);
		if (q >= 0 && !s->query[q].hushed && !isnan(n->answer[q]))
			user_metric_update(w, wn, i, n->answer[q], s->now);
	}
}

static void
sample(struct sim *s, struct sim_node *n)
{
	struct sample m = sample_take(s, n);

	n->sample_due += s->period;
	n->sampled = s->now;
	n->busy_usec = n->cpu.busy_usec;
	for (unsigned i = 0; i < s->nmolas && n->present; i++)
		answer(s, n, s->mola[i].world, world_node(s->mola[i].world, str_of(n->name)));
	if (n->silent || !n->present)
		return;
	for (unsigned i = 0; i < s->nmolas; i++) {
		struct world_node *wn = world_node(s->mola[i].world, str_of(n->name));
		steer_sample(s->mola[i].steer, wn, &m, live_node_inflight(s->mola[i].live, wn->slot));
	}
}

/* Time */

static int64_t
earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static int64_t
next_event(const struct sim *s, int64_t until)
{
	int64_t at = earlier(until, s->tick_due);

	for (unsigned i = 0; i < s->nservices; i++)
		at = earlier(at, s->service[i].arrival_due);
	for (unsigned i = 0; i < s->nnodes; i++)
		at = earlier(at, earlier(s->node[i].sample_due, cores_next_usec(&s->node[i].cpu)));
	if (heap_min(&s->waits) != NULL)
		at = earlier(at, heap_min(&s->waits)->key);
	return at > s->now ? at : s->now;
}

static void
advance(struct sim *s, int64_t to)
{
	struct heap_node *w;
	struct cores_job *j;

	s->now = to;
	for (unsigned i = 0; i < s->nnodes; i++)
		while ((j = cores_done(&s->node[i].cpu, to)) != NULL)
			request_wait(s, (struct sim_request *)j);	/* job is its first member */
	while ((w = heap_min(&s->waits)) != NULL && w->key <= to) {
		heap_remove(&s->waits, w);
		request_end(s, waiting(w));
	}
}

static void
happen(struct sim *s)
{
	for (unsigned i = 0; i < s->nnodes; i++)
		if (s->node[i].sample_due <= s->now)
			sample(s, &s->node[i]);
	if (s->tick_due <= s->now) {
		for (unsigned i = 0; i < s->nmolas; i++)
			steer_tick(s->mola[i].steer, s->now);
		for (unsigned i = 0; i < s->nservices; i++)
			if (s->service[i].driven != NULL)
				sim_driven_tick(s, &s->service[i]);
		s->tick_due = s->now + TICK_USEC;
		if (s->mover_due <= s->now) {
			sim_mover_tick(s);
			s->mover_due = s->now + 5 * TICK_USEC;
		}
	}
	for (unsigned i = 0; i < s->nservices; i++)
		if (s->service[i].arrival_due <= s->now)
			arrive(s, &s->service[i]);
}

static void
window_clear(struct sim *s)
{
	for (unsigned i = 0; i < s->ntasks; i++)
		s->task[i].requests = 0;
	for (unsigned i = 0; i < s->nservices; i++)
		s->service[i].requests = s->service[i].nlatency = 0;
}

void
sim_tick(struct sim *s, unsigned periods, unsigned window_from)
{
	sim_discover(s);
	for (unsigned i = 0; i < s->nnodes; i++) {	/* what the scene has changed */
		cores_set_cores(&s->node[i].cpu, s->node[i].cores);
		cores_set_held(&s->node[i].cpu, s->node[i].all, s->node[i].busy);
	}
	for (unsigned p = 0; p < periods; p++) {
		int64_t until = s->now + s->period;
		if (p == window_from)
			window_clear(s);
		while (s->now < until) {
			advance(s, next_event(s, until));
			happen(s);
		}
	}
}

static int
double_order(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

double
sim_latency(struct sim_service *v, double quantile)
{
	if (v->nlatency == 0)
		return 0;
	qsort(v->latency, v->nlatency, sizeof *v->latency, double_order);
	return v->latency[(size_t)(quantile * (double)(v->nlatency - 1))];
}
