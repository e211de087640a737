/*
 * scrape_tasks: an agent reports what each container on its node could have; this brings that to
 * the tasks which are in these containers, and says when it is not known any more.
 */
#include <math.h>
#include <stdlib.h>

#include "base/bug.h"
#include "base/clock.h"
#include "collect/scrape_priv.h"
#include "score/demand.h"
#include "world/room.h"

static void
tasks_forget(void *arg)
{
	struct scrape_target *t = arg;

	for (unsigned i = 0; i < t->ntasks; i++)
		world_task_set_available(t->scrape->world, t->task[i].task, NAN, 0);
	t->node->signal.allowed = 0;
	t->known = false;
}

/* As long as a sample of the node counts as fresh. */
static void
tasks_arm(struct scrape_target *t)
{
	struct scrape *s = t->scrape;

	t->known = true;
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

/* A page without a line of containers is not of an agent, or of one before it had them. */
void
scrape_tasks_take(struct source *src, const struct sample *s)
{
	const struct containers *all = node_containers(src->counters);
	struct scrape_target *t = src->target;
	double allowed = t->unbound ? INFINITY : 0;

	if (all->n == 0)
		return;
	tasks_arm(t);
	for (unsigned i = 0; i < t->ntasks; i++) {
		struct scrape_task *k = &t->task[i];
		const struct container *c = containers_find(all, k->task->container, &k->at);
		double cores = c == NULL ? NAN : demand_available(s, src->inflight, c->available, c->quota);
		world_task_set_available(t->scrape->world, k->task, cores, src->began_usec);
		if (!isnan(cores))
			phys_set_waited(t->scrape->world->phys, k->task->slot, waited(k, t, c));
		allowed += c == NULL ? INFINITY : c->quota;
	}
	t->node->signal.allowed = isinf(allowed) ? 0 : allowed;
}

static void
task_add(struct scrape_target *t, struct world_task *task)
{
	if (!isnan(task->available) && !t->known)	/* to the brain before this one */
		tasks_arm(t);
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
			if (task->container != NULL && (t->agent.url != NULL || t->exporter.url != NULL))
				task_add(t, task);
			else {
				t->unbound = true;
				if (!isnan(task->available))
					world_task_set_available(s->world, task, NAN, 0);
			}
		}
}

void
scrape_tasks_stop(struct scrape_target *t)
{
	timer_clear(t->scrape->loop, &t->silence);
	free(t->task);
}
