/*
 * metrics_task: families of services and of their tasks. Counters are those that the workers keep
 * in shared memory, so they outlive a brain.
 */
#include <math.h>

#include "admin/metrics_page.h"
#include "base/bug.h"
#include "base/clock.h"
#include "score/explain.h"

typedef double	of_task_f(const struct admin_view *, const struct world_task *,
    const struct live_task *);

static double
task_requests(const struct admin_view *v, const struct world_task *t, const struct live_task *l)
{
	(void)v, (void)t;
	return (double)l->requests;
}

static double
task_failures(const struct admin_view *v, const struct world_task *t, const struct live_task *l)
{
	(void)v, (void)t;
	return (double)l->failures;
}

static double
task_errors(const struct admin_view *v, const struct world_task *t, const struct live_task *l)
{
	(void)v, (void)t;
	return (double)l->errors;
}

static double
task_retries(const struct admin_view *v, const struct world_task *t, const struct live_task *l)
{
	(void)v, (void)t;
	return (double)l->retries;
}

static double
task_retries_refused(const struct admin_view *v, const struct world_task *t,
    const struct live_task *l)
{
	(void)v, (void)t;
	return (double)l->retries_refused;
}

static double
task_ejections(const struct admin_view *v, const struct world_task *t, const struct live_task *l)
{
	(void)v, (void)t;
	return l->ejections;
}

static double
task_seconds(const struct admin_view *v, const struct world_task *t, const struct live_task *l)
{
	(void)v, (void)t;
	return (double)l->duration_usec / (double)USEC_PER_SEC;
}

static double
task_inflight(const struct admin_view *v, const struct world_task *t, const struct live_task *l)
{
	(void)v, (void)t;
	return l->inflight;
}

static double
task_up(const struct admin_view *v, const struct world_task *t, const struct live_task *l)
{
	(void)l;
	return explain_takes_requests(v->world, t, v->now_usec);
}

static void
put_tasks(struct metrics_page *p, of_task_f *value)
{
	const struct world_service *s;
	const struct world_task *t;
	struct live_task l;

	LIST_FOREACH(s, &p->v->world->services, link)
		LIST_FOREACH(t, &s->tasks, link) {
			ASSERT(t->service == s && t->slot < TASKS_MAX);
			live_task_read(p->v->world->live, t->slot, &l);
			page_open(p);
			page_label(p, "service", s->name);
			page_label(p, "task", t->name);
			page_label(p, "node", t->node->name);
			page_close(p, value(p->v, t, &l));
		}
}

static void
put_failures(struct metrics_page *p)
{
	const struct world_service *s;
	const struct world_task *t;
	struct live_task l;

	LIST_FOREACH(s, &p->v->world->services, link)
		LIST_FOREACH(t, &s->tasks, link) {
			live_task_read(p->v->world->live, t->slot, &l);
			if (l.failure.why == NULL)
				continue;
			page_open(p);
			page_label(p, "service", s->name);
			page_label(p, "task", t->name);
			page_label(p, "node", t->node->name);
			page_label(p, "why", why_name(l.failure.why));
			page_close(p, (double)(clock_wall_usec() - p->v->now_usec + l.failed_usec) /
			    (double)USEC_PER_SEC);
		}
}

static void
put_available(struct metrics_page *p)
{
	const struct world_service *s;
	const struct world_task *t;

	LIST_FOREACH(s, &p->v->world->services, link)
		LIST_FOREACH(t, &s->tasks, link) {
			if (isnan(t->available))
				continue;
			page_open(p);
			page_label(p, "service", s->name);
			page_label(p, "task", t->name);
			page_label(p, "node", t->node->name);
			page_close(p, t->available);
		}
}

/* Of services that ask for it alone: others would add series that are always 0. */
static void
put_loads(struct metrics_page *p, enum family f)
{
	const struct world_service *s;
	const struct world_task *t;
	struct live_load l;

	LIST_FOREACH(s, &p->v->world->services, link)
		LIST_FOREACH(t, &s->tasks, link) {
			live_load_read(p->v->world->live, t->slot, &l);
			if (s->conf.load == LOAD_NONE || (f == FAMILY_TASK_LOAD
			    && (l.noted_usec == 0 || p->v->now_usec - l.noted_usec >= UTILIZATION_GONE_USEC)))
				continue;
			page_open(p);
			page_label(p, "service", s->name);
			page_label(p, "task", t->name);
			page_label(p, "node", t->node->name);
			page_close(p, f == FAMILY_TASK_LOAD ? l.utilization :
			    (double)(f == FAMILY_TASK_LOAD_REPORTS ? l.reports : l.nonsense));
		}
}

static double
service_up(const struct admin_view *v, const struct world_service *s)
{
	const struct world_task *t;
	double n = 0;

	LIST_FOREACH(t, &s->tasks, link)
		n += task_up(v, t, NULL);
	return n;
}

static void
put_services(struct metrics_page *p, bool up)
{
	const struct world_service *s;

	LIST_FOREACH(s, &p->v->world->services, link) {
		page_open(p);
		page_label(p, "service", s->name);
		page_close(p, up ? service_up(p->v, s) : s->ntasks);
	}
}

void
metrics_tasks(struct metrics_page *p, enum family f)
{
	static of_task_f *const of_task[FAMILIES] = {
		[FAMILY_REQUESTS] = task_requests,
		[FAMILY_FAILURES] = task_failures,
		[FAMILY_ERRORS] = task_errors,
		[FAMILY_RETRIES] = task_retries,
		[FAMILY_RETRIES_REFUSED] = task_retries_refused,
		[FAMILY_EJECTIONS] = task_ejections,
		[FAMILY_TASK_SECONDS] = task_seconds,
		[FAMILY_TASK_INFLIGHT] = task_inflight,
		[FAMILY_TASK_UP] = task_up,
	};

	_Static_assert(FAMILY_SERVICE_UP - FAMILY_REQUESTS == 15,
	    "tbl/metrics.h: a new row of tasks needs a function above");
	if (f == FAMILY_SERVICE_TASKS || f == FAMILY_SERVICE_UP)
		put_services(p, f == FAMILY_SERVICE_UP);
	else if (f == FAMILY_TASK_FAILED)
		put_failures(p);
	else if (f == FAMILY_TASK_AVAILABLE)
		put_available(p);
	else if (f >= FAMILY_TASK_LOAD && f <= FAMILY_TASK_LOAD_UNREADABLE)
		put_loads(p, f);
	else {
		ASSERT(of_task[f] != NULL);
		put_tasks(p, of_task[f]);
	}
}
