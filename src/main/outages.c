/*
 * Compares each task's slot with what it was at the last look. Nothing is looked at while nothing
 * changes. A slot that is seen for the first time is taken as it is: a brain that was started
 * again does not log what its predecessor has logged.
 */
#include <stdlib.h>

#include "base/alloc.h"
#include "base/bug.h"
#include "base/log.h"
#include "main/outages.h"
#include "score/explain.h"

struct slot_state {
	uint32_t	 life;		/* of the slot, plus one; 0: never looked at */
	uint32_t	 ejections;
	bool		 ejected;
	enum live_health health;
};

struct outages {
	bool		 looked;
	uint32_t	 serial;	/* of live, at the last look */
	bool		 waiting;	/* some task is ejected: its time will pass without a change in live */
	struct slot_state	 seen[TASKS_MAX];	/* by slot */
};

struct outages *
outages_new(void)
{
	return must_zalloc(sizeof(struct outages));
}

void
outages_free(struct outages **op)
{
	free(*op);
	*op = NULL;
}

/* `event` of a task with its cause. */
static void
log_task(enum log_level level, const char *event, const struct world_task *t,
    const struct live_cause *c)
{
	if (c == NULL || c->why == NULL)
		log_event(level, event, "service", t->service->name, "task", t->name, "node",
		    t->node->name, NULL);
	else if (c->status == 0)
		log_event(level, event, "service", t->service->name, "task", t->name, "node",
		    t->node->name, "why", why_name(c->why), "text", c->why->text, NULL);
	else
		log_event(level, event, "service", t->service->name, "task", t->name, "node",
		    t->node->name, "why", why_name(c->why), "text", c->why->text, "status",
		    LOG_N(c->status), NULL);
}

static void
task_look(struct outages *o, const struct world *w, const struct world_task *t, int64_t now)
{
	struct slot_state *s = &o->seen[t->slot], is;
	struct live_task l;

	ASSERT(t->slot < TASKS_MAX);
	live_task_read(w->live, t->slot, &l);
	is = (struct slot_state){ .life = l.lives + 1, .ejections = l.ejections,
	    .ejected = l.ejected_until_usec > now, .health = l.health };
	o->waiting |= is.ejected;
	if (s->life == is.life) {
		if (is.ejections != s->ejections)
			log_task(LOG_WARN, "task.ejected", t, &l.ejected_cause);
		if (!is.ejected && (s->ejected || is.ejections != s->ejections))
			log_task(LOG_INFO, "task.readmitted", t, NULL);
		if (is.health == HEALTH_DOWN && s->health != HEALTH_DOWN)
			log_task(LOG_WARN, "task.down", t, &l.health_cause);
		if (is.health == HEALTH_DEGRADED && s->health != HEALTH_DEGRADED)
			log_task(LOG_WARN, "task.degraded", t, NULL);
		if (is.health == HEALTH_UP && (s->health == HEALTH_DOWN || s->health == HEALTH_DEGRADED))
			log_task(LOG_INFO, "task.up", t, NULL);
	}
	*s = is;
}

static void
service_look(const struct world *w, struct world_service *s, int64_t now)
{
	bool all = service_all_used(w, s, now);

	if (all && !s->all_used_reported)
		log_event(LOG_WARN, "service.all_used", "service", s->name, "text",
		    "more of its tasks would be ejected than panic allows: all are used", NULL);
	else if (!all && s->all_used_reported)
		log_event(LOG_INFO, "service.recovered", "service", s->name, "text",
		    "no more of its tasks are ejected than panic allows", NULL);
	s->all_used_reported = all;
}

void
outages_tick(struct outages *o, struct world *w, int64_t now)
{
	uint32_t serial = live_state_serial(w->live);
	struct world_service *s;
	const struct world_task *t;

	if (o->looked && serial == o->serial && !o->waiting)
		return;
	o->looked = true;
	o->serial = serial;
	o->waiting = false;
	LIST_FOREACH(s, &w->services, link) {
		LIST_FOREACH(t, &s->tasks, link)
			task_look(o, w, t, now);
		service_look(w, s, now);
	}
}
