/*
 * sim_mover: a Swarm that does at once what the mover and the scaler decide: it moves a task to the node that was named, starts
 * one on the node with the fewest, stops the youngest.
 */
#include <stdio.h>
#include <string.h>

#include "base/bug.h"
#include "base/clock.h"
#include "score/scale.h"
#include "sim.h"

static const struct move_rules rules = { .margin = 0.25, .heat = { .hot = 0.9, .cold = 0.7, .dwell_usec = 30 * USEC_PER_SEC,
    .cool_down_usec = 300 * USEC_PER_SEC } };

static unsigned
tasks_of(const struct sim *s, const struct sim_service *v)
{
	unsigned n = 0;

	for (unsigned i = 0; i < s->ntasks; i++)
		n += s->task[i].service == v && !s->task[i].gone;
	return n;
}

/* What the real one reads in the Swarm. */
static void
learn(struct sim *s, struct sim_service *v)
{
	struct world_service *ws = world_service(s->mola[0].world, str_of(v->name));
	struct heat_service *e;

	if (ws == NULL)
		return;
	e = heat_service(s->heat, ws);
	e->refusal = e->scale_refusal = REFUSAL_NONE;
	e->replicas = tasks_of(s, v);
	e->changed_usec = v->changed;
}

static void
move(struct sim *s)
{
	const struct world_service *ws;
	struct sim_service *v;
	struct move m;

	ws = move_first(s->heat, s->mola[0].world, &rules, s->now, &m);
	if (ws == NULL)
		return;
	v = sim_service(s, ws->name);
	for (unsigned i = 0; i < s->ntasks; i++)
		if (s->task[i].service == v && !s->task[i].gone)
			s->task[i].node = sim_node(s, m.to->name);
	heat_record_move(s->heat, m.from, s->now);
	heat_record_move(s->heat, m.to, s->now);
	v->changed = s->now;
	s->moves++;
	s->changed = true;
}

static struct sim_node *
emptiest(struct sim *s, const struct sim_service *v)
{
	unsigned least = UINT32_MAX;
	struct sim_node *best = NULL;

	for (unsigned n = 0; n < s->nnodes; n++) {
		unsigned count = 0;
		for (unsigned i = 0; i < s->ntasks; i++)
			count += s->task[i].service == v && !s->task[i].gone && s->task[i].node == &s->node[n];
		if (s->node[n].present && count < least) {
			least = count;
			best = &s->node[n];
		}
	}
	return best;
}

static void
scale(struct sim *s, struct sim_service *v)
{
	struct world_service *ws = world_service(s->mola[0].world, str_of(v->name));
	struct scale d;
	char name[32];

	if (ws == NULL)
		return;
	scale_evaluate(s->heat, s->mola[0].world, &rules.heat, ws, s->now, &d);
	if (d.refusal != REFUSAL_NONE)
		return;
	if (d.to > d.is) {
		snprintf(name, sizeof name, "%.20s.s%u", v->name, s->ntasks);
		sim_task_add(s, name, v, emptiest(s, v));
	} else
		for (unsigned i = s->ntasks; i-- > 0;)
			if (s->task[i].service == v && !s->task[i].gone) {
				s->task[i].gone = true;
				break;
			}
	v->changed = s->now;
	s->changed = true;
}

void
sim_mover_tick(struct sim *s)
{
	for (unsigned i = 0; i < s->nservices; i++)
		learn(s, &s->service[i]);
	heat_update(s->heat, s->mola[0].world, &rules.heat, s->now);
	for (unsigned i = 0; i < s->nservices; i++)
		scale(s, &s->service[i]);
	if (!s->changed)
		move(s);
	sim_discover(s);
}

const char *
sim_mover_word(struct sim *s, const char *service, bool scaling)
{
	struct world_service *ws = world_service(s->mola[0].world, str_of(service));
	struct scale d;
	struct move m;

	if (ws == NULL)
		return "nobody";
	scale_evaluate(s->heat, s->mola[0].world, &rules.heat, ws, s->now, &d);
	move_evaluate(s->heat, s->mola[0].world, &rules, ws, s->now, &m);
	return refusal_name(scaling ? d.refusal : m.refusal);
}

unsigned
sim_mover_tasks(const struct sim *s, const struct sim_service *v)
{
	return tasks_of(s, v);
}
