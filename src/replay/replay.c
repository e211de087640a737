/*
 * replay: events in the order of their time: arrivals, ends of requests, samples, ticks. Requests
 * of a tick arrive at random moments in it.
 *
 * What the nodes did beside our requests is as recorded, whatever is chosen here. With the policies
 * as recorded, samples are those of the recording, to the digit. With another policy our requests
 * are elsewhere, so what samples say of them is replaced by what the model says: cores in use and
 * threads. Memory, disks and links stay as recorded.
 */
#include <math.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/bug.h"
#include "base/rng.h"
#include "replay/arrivals.h"
#include "replay/machine.h"
#include "replay/replay.h"
#include "replay/twin.h"

#define INFLIGHT_MOST	2000000		/* requests in flight, all nodes together */

struct run_node {
	struct heap_node due;		/* by when its next request is done with its core */
	struct machine	 machine;
	double		 inflight;	/* ours: on cores, or waiting */
};

struct run_request {
	struct cores_job	 job;
	struct heap_node wait;
	struct run_request *next;	/* of the free ones */
	uint32_t	 service, node;
	unsigned	 node_slot, task_slot;
	int64_t		 began_usec;
	float		 wait_usec;
};

struct run {
	const struct recording *r;
	const struct load *load;
	struct replay	*out;
	struct twin	*twin;
	bool		 as_recorded;
	int64_t		 now;
	struct run_node	*node;
	struct heap	 due, waits;
	struct run_request *spare;
	size_t		 inflight;
	size_t		*work_at;	/* by service: which work is next */
	bool		*placed;	/* by task: what was in flight there at first is */
	struct machine_task **task;	/* by task; NULL: it had no request yet, and nothing is known of it */
	struct arrivals	 arrivals;	/* of the tick under way */
	struct rng	 rng;
};

/* ---- requests ---- */

static void
node_due(struct run *u, uint32_t node)
{
	struct run_node *n = &u->node[node];
	int64_t next = cores_next_usec(&n->machine.cores);

	if (n->due.at != 0)
		heap_remove(&u->due, &n->due);
	if (next != INT64_MAX)
		heap_push(&u->due, &n->due, next);
}

static struct load_work
work_next(struct run *u, uint32_t service)
{
	const struct load_service *s = &u->load->service[service];
	size_t at = u->work_at[service]++;

	if (s->n == 0)		/* none ever ended */
		return (struct load_work){ 0, (float)RECORDING_USEC_MAX };
	/* more arrived than ended: any of those that did */
	return s->work[at < s->n ? at : rng_u64(&u->rng) % s->n];
}

static void
request_end(struct run *u, struct run_request *q, bool done)
{
	struct replay_service *s = &u->out->service[q->service];
	int64_t usec = u->now - q->began_usec;

	if (done) {
		live_give(u->twin->live, 0, q->node_slot, q->task_slot);
		s->responses++;
		s->duration_usec += (double)usec;
		s->step[latency_step(usec)]++;
	}
	u->node[q->node].inflight--;
	u->inflight--;
	q->next = u->spare;
	u->spare = q;
}

static struct run_request *
waiting(struct heap_node *w)
{
	return (struct run_request *)((char *)w - offsetof(struct run_request, wait));
}

/* Those that are done with their core wait, or are over. */
static void
node_step(struct run *u, uint32_t node)
{
	struct run_node *n = &u->node[node];
	struct cores_job *j;

	while ((j = cores_done(&n->machine.cores, u->now)) != NULL) {
		struct run_request *q = (struct run_request *)j;	/* job is its first member */
		if (q->wait_usec >= 1)
			heap_push(&u->waits, &q->wait, u->now + (int64_t)q->wait_usec);
		else
			request_end(u, q, true);
	}
	node_due(u, node);
}

static void
task_gone(struct run *u, uint32_t task)
{
	if (u->task[task] != NULL)
		machine_task_gone(u->task[task]);
	u->task[task] = NULL;
}

/* As it is in the table in force, which may be older than what was read. */
static struct machine_task *
task_on(struct run *u, uint32_t task, uint32_t node)
{
	struct machine *m = &u->node[node].machine;
	const struct recorded_task *t = u->twin->task[task];
	const struct machine_task *beside = NULL;

	if (u->task[task] != NULL && u->task[task]->in != m)
		task_gone(u, task);
	if (u->task[task] != NULL)
		return u->task[task];
	if (t != NULL && t->same != task && u->task[t->same] != NULL && u->task[t->same]->in == m)
		beside = u->task[t->same];
	return u->task[task] = machine_task_new(m, task, beside);
}

static void
request_begin(struct run *u, uint32_t service, uint32_t node, unsigned node_slot,
    unsigned task_slot)
{
	struct machine_task *t = task_on(u, u->twin->task_of[task_slot], node);
	struct load_work w = work_next(u, service);
	struct run_node *n = &u->node[node];
	struct run_request *q = u->spare;

	if (q != NULL)
		u->spare = q->next;
	else
		q = must_alloc(sizeof *q);
	*q = (struct run_request){ .service = service, .node = node, .node_slot = node_slot,
	    .task_slot = task_slot, .began_usec = u->now, .wait_usec = w.wait_usec };
	n->inflight++;
	u->inflight++;
	node_step(u, node);
	cores_add(&n->machine.cores, t->container->group, &q->job, w.cpu_usec);
	node_due(u, node);
}

static void
arrive(struct run *u, uint32_t service)
{
	const struct table_task *t;
	uint32_t node;

	if (u->inflight >= INFLIGHT_MOST || (t = twin_take(u->twin, service, u->now)) == NULL) {
		u->out->service[service].refused++;
		return;
	}
	node = u->twin->node_of[t->node_slot];
	u->out->service[service].picks++;
	u->out->picks[(size_t)service * u->out->nodes + node]++;
	request_begin(u, service, node, t->node_slot, t->slot);
}

/* ---- time ---- */

static void
advance(struct run *u, int64_t to)
{
	for (;;) {
		struct heap_node *due = heap_min(&u->due), *wait = heap_min(&u->waits);
		int64_t next = to + 1;

		if (due != NULL && due->key < next)
			next = due->key;
		if (wait != NULL && wait->key < next)
			next = wait->key;
		next = arrivals_next(&u->arrivals, next);
		if (next > to)
			break;
		u->now = next > u->now ? next : u->now;
		if (due != NULL && due->key <= next)
			node_step(u, (uint32_t)((struct run_node *)due - u->node));
		else if (wait != NULL && wait->key <= next) {
			heap_remove(&u->waits, wait);
			request_end(u, waiting(wait), true);
		} else
			arrive(u, arrivals_take(&u->arrivals));
	}
	u->now = to > u->now ? to : u->now;
}

/* ---- events ---- */

static void
on_sample(struct run *u, const struct recorded *e)
{
	const struct recorded_sample *s = e->sample;
	struct world_node *w = u->twin->world_node[e->id];
	struct run_node *n = &u->node[e->id];
	struct sample m = s->sample;

	if (w == NULL)
		return;
	node_step(u, e->id);
	machine_meter(&n->machine);
	if (!u->as_recorded)
		machine_move(&n->machine, s, &m);
	m.taken_usec = TWIN_BEGIN_USEC + s->sample.taken_usec;
	if (u->as_recorded)
		steer_sample_late(u->twin->steer, w, &m, s->inflight, s->counted);
	else
		steer_sample(u->twin->steer, w, &m, n->inflight);
	machine_observe(&n->machine, s);
	node_due(u, e->id);
}

/* What containers could have as of a sample is recorded with the tick after it. */
static void
nodes_told(struct run *u)
{
	for (uint32_t i = 0; i < u->load->nodes; i++)
		u->node[i].machine.changed |= u->node[i].machine.observed;
}

static void
nodes_settle(struct run *u)
{
	for (uint32_t i = 0; i < u->load->nodes; i++) {
		struct machine *m = &u->node[i].machine;
		if (!m->changed)
			continue;
		node_step(u, i);
		machine_settle(m);
		node_due(u, i);
		for (unsigned k = 0; k < m->ntasks && !u->as_recorded; k++)
			twin_set_available(u->twin, m->task[k]->number, machine_task_available(m->task[k]), u->now);
	}
}

static void
on_did(struct run *u, uint32_t task, const struct recorded_did *d)
{
	const struct recorded_task *t = u->twin->task[task];

	if (d->looks > 0)
		machine_wanting(task_on(u, task, t->node),
		    u->load->service[t->service].on_core * (double)d->looks_sum / d->looks);
}

static void
node_clear(struct run *u, struct machine *m)
{
	struct cores_job *j;

	for (unsigned i = m->cores.ngroups; i-- > 0;) {		/* a group that is empty goes behind */
		struct cores_group *g = m->cores.group[i];
		while ((j = cores_any(g)) != NULL) {
			cores_remove(&m->cores, g, j);
			request_end(u, (struct run_request *)j, false);
			u->out->unfinished++;
		}
	}
	machine_fini(m);
}

static void
part_clear(struct run *u)
{
	struct heap_node *w;

	while ((w = heap_min(&u->waits)) != NULL) {
		heap_remove(&u->waits, w);
		request_end(u, waiting(w), false);
		u->out->unfinished++;
	}
	while ((w = heap_min(&u->due)) != NULL)
		heap_remove(&u->due, w);
	for (uint32_t i = 0; i < u->load->nodes; i++)
		node_clear(u, &u->node[i].machine);
	memset(u->task, 0, u->r->tasks * sizeof *u->task);
}

static void
part_begin(struct run *u)
{
	part_clear(u);
	u->now = TWIN_BEGIN_USEC;
	for (uint32_t i = 0; i < u->load->nodes; i++) {
		double cores = u->load->cores[i];
		u->node[i] = (struct run_node){ .inflight = 0 };
		machine_init(&u->node[i].machine, cores > 0 ? cores : 1, u->load->on_core[i],
		    u->load->containers[i], u->now);
	}
	memset(u->placed, 0, u->r->tasks * sizeof *u->placed);
}

/* What was in flight on a task when it was first seen. */
static void
tasks_place(struct run *u)
{
	struct twin *s = u->twin;

	for (uint32_t i = 0; i < s->ntasks; i++) {
		const struct world_task *t = s->world_task[i];
		if (t == NULL || u->placed[i])
			continue;
		u->placed[i] = true;
		for (uint32_t k = 0; k < s->task[i]->inflight && u->inflight < INFLIGHT_MOST; k++) {
			live_take(s->live, 0, t->node->slot, t->slot);
			request_begin(u, s->task[i]->service, s->task[i]->node, t->node->slot, t->slot);
		}
	}
}

static bool
settle(struct run *u)
{
	bool changed = u->twin->changed;

	if (!twin_settle(u->twin))
		return false;
	if (changed)
		tasks_place(u);
	return true;
}

/* Until the moment of a sample or a tick. What the lines before it said of the part's beginning
 * holds from there on. */
static bool
go_on(struct run *u, int64_t until)
{
	if (u->twin->table == NULL) {
		if (!settle(u))
			return false;
		steer_tick(u->twin->steer, u->now);
	}
	twin_settle_states(u->twin);
	nodes_settle(u);
	advance(u, TWIN_BEGIN_USEC + until);
	return true;
}

static bool
happen(struct run *u, size_t at)
{
	const struct recorded *e = &u->r->event[at];

	switch (e->kind) {
	case RECORDED_BEGIN:
		part_begin(u);
		twin_apply(u->twin, e, u->now);
		arrivals_make(&u->arrivals, u->r, at + 1, u->now, &u->rng);
		return true;
	case RECORDED_SAMPLE:
		if (!go_on(u, e->sample->at_usec))
			return false;
		on_sample(u, e);
		return true;
	case RECORDED_TICK:
		if (!go_on(u, e->usec) || !settle(u))
			return false;
		steer_tick(u->twin->steer, u->now);
		nodes_told(u);
		arrivals_make(&u->arrivals, u->r, at + 1, u->now, &u->rng);
		return true;
	case RECORDED_DID:
		on_did(u, e->id, e->did);
		return true;
	case RECORDED_AVAILABLE:
		machine_available(task_on(u, e->id, u->twin->task[e->id]->node), e->amount);
		twin_apply(u->twin, e, u->now);
		return true;
	case RECORDED_TASK:
		twin_apply(u->twin, e, u->now);
		task_on(u, e->id, e->task->node);
		return true;
	case RECORDED_GONE_TASK:
		u->placed[e->id] = false;
		task_gone(u, e->id);
		/* fall through */
	default:
		twin_apply(u->twin, e, u->now);
		return true;
	}
}

/* ---- a run ---- */

static void
run_init(struct run *u, const struct recording *r, const struct load *load, int policy,
    uint64_t seed)
{
	*u = (struct run){ .r = r, .load = load, .as_recorded = policy == REPLAY_AS_RECORDED,
	    .now = TWIN_BEGIN_USEC };
	u->out = replay_new(r->services, r->nodes);
	u->twin = twin_new(r->services, r->nodes, r->tasks, policy, seed);
	u->node = must_zalloc((r->nodes + 1) * sizeof *u->node);
	u->work_at = must_zalloc((r->services + 1) * sizeof *u->work_at);
	u->placed = must_zalloc((r->tasks + 1) * sizeof *u->placed);
	u->task = must_zalloc((r->tasks + 1) * sizeof *u->task);
	heap_init(&u->due);
	heap_init(&u->waits);
	rng_seed(&u->rng, seed);
}

static void
run_fini(struct run *u)
{
	struct run_request *q;

	part_clear(u);
	while ((q = u->spare) != NULL) {
		u->spare = q->next;
		free(q);
	}
	twin_free(&u->twin);
	heap_fini(&u->due);
	heap_fini(&u->waits);
	free(u->node);
	free(u->work_at);
	free(u->placed);
	free(u->task);
	arrivals_fini(&u->arrivals);
}

struct replay *
replay_run(const struct recording *r, const struct load *load, int policy, uint64_t seed)
{
	struct run u;
	bool ok = true;

	ASSERT(r->n > 0 && r->event[0].kind == RECORDED_BEGIN);
	run_init(&u, r, load, policy, seed);
	for (size_t i = 0; i < r->n && ok; i++)
		ok = happen(&u, i);
	run_fini(&u);
	if (!ok)
		replay_free(&u.out);
	return u.out;
}
