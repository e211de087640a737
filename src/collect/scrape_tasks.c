/*
 * scrape_tasks: an agent reports what each container on its node could have; this brings that to
 * the tasks which are in these containers, and says when it is not known any more. Where there is
 * no agent, a task could have no more than its limit, if that is less than its node has.
 */
#include <math.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/bug.h"
#include "base/clock.h"
#include "collect/scrape_priv.h"
#include "score/demand.h"
#include "world/room.h"

/* No agent reports it, nor which of its requests wait: as long as nothing shows otherwise, all do
 * that the limit has no room for. */
static void
task_take_limit(const struct scrape *s, struct world_task *task)
{
	const struct world_node *n = task->node;
	double cores = n->observed.samples > 0 ? n->observed.sample.cores : n->cores_declared;

	if (!(task->limit > 0 && task->limit < cores)) {
		world_task_set_available(s->world, task, NAN, 0);
		return;
	}
	world_task_set_available(s->world, task, task->limit, 0);
	phys_set_waited(s->world->phys, task->slot,
	    fmax(0, live_task_inflight(s->world->live, task->slot) - task->limit));
}

static void
tasks_forget(void *arg)
{
	struct scrape_target *t = arg;

	for (unsigned i = 0; i < t->ntasks; i++)
		task_take_limit(t->scrape, t->task[i].task);
	t->node->signal.allowed = 0;
	t->known = false;
}

/* As long as a sample of the node counts as fresh. */
static void
tasks_arm(struct scrape_target *t)
{
	struct scrape *s = t->scrape;

	t->known = true;
	t->node->signal.limits = false;
	timer_set(s->loop, &t->silence, loop_now(s->loop) + LAW_FRESH_PERIODS * s->period_usec,
	    tasks_forget, t);
}

/* Of our requests on the task, those that were there at the page before, too: what has come since
 * may not have had a core yet. */
static double
waited(struct scrape_task *k, const struct scrape_target *t, const struct container *c)
{
	double inflight = live_task_inflight(t->scrape->live, k->task->slot), before = k->inflight;

	k->inflight = inflight;
	return room_waited(fmin(before, inflight), t->node->steering.row.law.balancers, c->used,
	    fmin(c->available, c->quota));
}

/* By a page of a node_exporter; returns how many of our requests on the task its limit holds
 * back. */
static double
task_look(struct scrape *s, struct world_task *task, double threads)
{
	struct throttle_counts c = { .inflight = live_task_inflight(s->live, task->slot) };
	struct throttle_best *best;
	struct throttle *t;
	double held;

	if (s->throttles == NULL)
		s->throttles = must_zalloc(sizeof *s->throttles);
	t = &s->throttles->task[task->slot];
	best = &s->throttles->service[task->service->slot];
	c.usec = live_served_usec(s->live, task->slot, &c.requests);
	throttle_look(t, best, &c, threads, loop_now(s->loop));
	held = throttle_held_back(t, best, task->limit);
	phys_set_waited(s->world->phys, task->slot, fmax(0, c.inflight - held - task->limit));
	return held;
}

static void
tasks_take_limits(struct scrape_target *t, const struct sample *sample)
{
	double threads = demand_of(sample).threads, held = 0;

	t->node->signal.limits = false;
	for (unsigned i = 0; i < t->ntasks; i++) {
		struct world_task *task = t->task[i].task;
		task_take_limit(t->scrape, task);
		if (isnan(task->available))
			continue;
		t->node->signal.limits = true;
		held += t->node->steering.row.law.balancers * task_look(t->scrape, task, threads);
	}
	t->node->signal.held_back = held;
}

/* A page without a line of containers is not of an agent, or of one before it had them. */
void
scrape_tasks_take(struct source *src, const struct sample *s)
{
	const struct containers *all = node_containers(src->counters);
	struct scrape_target *t = src->target;
	double allowed = t->unbound ? INFINITY : 0;

	if (all->n == 0) {
		if (!t->known && s != NULL)
			tasks_take_limits(t, s);
		return;
	}
	tasks_arm(t);
	for (unsigned i = 0; i < t->ntasks; i++) {
		struct scrape_task *k = &t->task[i];
		const struct container *c = k->task->container == NULL ? NULL :
		    containers_find(all, k->task->container, &k->at);
		double cores = c == NULL ? NAN : demand_available(s, src->inflight, c->available, c->quota);
		if (isnan(cores))
			task_take_limit(t->scrape, k->task);
		else {
			world_task_set_available(t->scrape->world, k->task, cores, src->began_usec);
			phys_set_waited(t->scrape->world->phys, k->task->slot, waited(k, t, c));
		}
		allowed += c == NULL ? INFINITY : c->quota;
	}
	t->node->signal.allowed = isinf(allowed) ? 0 : allowed;
}

static void
task_add(struct scrape_target *t, struct world_task *task)
{
	bool by_agent = task->container != NULL && t->agent.url != NULL;

	/* to the brain before this one */
	if (by_agent && !t->known && !isnan(task->available) && task->available != task->limit)
		tasks_arm(t);
	if (!by_agent || !t->known)
		task_take_limit(t->scrape, task);
	if (t->ntasks == t->task_room) {
		t->task_room = t->task_room == 0 ? 8 : 2 * t->task_room;
		t->task = must_realloc(t->task, t->task_room * sizeof t->task[0]);
	}
	t->task[t->ntasks++] = (struct scrape_task){ .task = task };
}

/* After a pass: whose cores cannot be known any more, they are not. */
void
scrape_tasks_sync(struct scrape *s)
{
	struct world_service *v;
	struct world_task *task;
	struct scrape_target *t;

	LIST_FOREACH(t, &s->targets, link) {
		t->ntasks = 0;
		t->unbound = false;
	}
	LIST_FOREACH(v, &s->world->services, link)
		LIST_FOREACH(task, &v->tasks, link) {
			t = map_get(s->by_name, str_of(task->node->name));
			ASSERT(t != NULL && t->node == task->node);
			t->unbound |= task->container == NULL;
			if (t->agent.url != NULL || t->exporter.url != NULL)
				task_add(t, task);
			else if (!isnan(task->available))
				world_task_set_available(s->world, task, NAN, 0);
		}
}

void
scrape_tasks_stop(struct scrape_target *t)
{
	timer_clear(t->scrape->loop, &t->silence);
	free(t->task);
}
