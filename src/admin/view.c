/*
 * view: makes every field of the API's JSON, from the state of the brain at this moment.
 * Decides nothing: states, costs and sentences come from score.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "admin/view.h"
#include "base/alloc.h"
#include "base/bug.h"
#include "base/clock.h"
#include "collect/user_queries.h"
#include "engine/discover.h"
#include "engine/mover.h"
#include "score/explain.h"
#include "score/guard.h"

#define SENTENCE_MAX	1024

json_t *
view_number(double x)
{
	return isfinite(x) ? json_real(x) : json_null();
}

json_t *
view_number_if(bool known, double x)
{
	return known ? view_number(x) : json_null();
}

json_t *
view_text(const char *s)
{
	json_t *j = s == NULL ? NULL : json_string(s);

	return j == NULL ? json_null() : j;	/* so is what is not UTF-8 */
}

json_t *
view_sentence(const struct buf *b)
{
	json_t *j = json_stringn(b->len > 0 ? b->p : "", b->len);

	return j == NULL ? json_null() : j;
}

json_t *
view_share(uint64_t part, uint64_t all)
{
	return view_number_if(all > 0, (double)part / (double)all);
}

/* ---- services and tasks ---- */

struct service_totals {
	unsigned	 usable, inflight;
	uint64_t	 requests, failures, window;
};

static struct service_totals
service_sum(const struct admin_view *v, const struct world_service *s)
{
	struct service_totals sum = { 0 };
	const struct world_task *t;
	struct live_task l;

	LIST_FOREACH(t, &s->tasks, link) {
		live_task_read(v->world->live, t->slot, &l);
		sum.usable += explain_takes_requests(v->world, t, v->now_usec);
		sum.inflight += l.inflight;
		sum.requests += l.requests;
		sum.failures += l.failures;
		sum.window += rates_task(v->rates, v->world, t->slot);
	}
	return sum;
}

/* null: it has tasks of its own */
static json_t *
view_group(const struct service_group *g)
{
	json_t *list = g == NULL ? json_null() : json_array();

	for (unsigned i = 0; g != NULL && i < g->n; i++)
		json_array_append_new(list, json_pack("{s:o, s:o}", "service", view_text(g->child[i].service),
		    "weight", g->kind == GROUP_WEIGHTED || (g->kind == GROUP_MIRRORING && i > 0) ?
		    json_integer(g->child[i].weight) : json_null()));
	return list;
}

static json_t *
view_service(const struct admin_view *v, const struct world_service *s,
    const struct swarm_report *report)
{
	const struct report_service *r =
	    report == NULL ? NULL : swarm_report_find(report, str_of(s->name));
	struct service_totals sum = service_sum(v, s);
	double seconds = rates_seconds(v->rates, v->now_usec);
	json_t *j = json_object();
	struct rates_state rates;

	json_object_set_new(j, "name", view_text(s->name));
	json_object_set_new(j, "kind", view_text(s->conf.kind == SERVICE_TCP ? "tcp" : "http"));
	json_object_set_new(j, "policy", view_text(s->group != NULL ? group_kind_name(s->group->kind) :
	    policy_name(s->conf.policy)));
	json_object_set_new(j, "leads_to", view_group(s->group));
	json_object_set_new(j, "profile", view_text(profile_name(&s->conf.profile)));
	json_object_set_new(j, "queries", user_queries_view(v->user_queries, s, false, v->now_usec));
	json_object_set_new(j, "routes", view_routes(v, s));
	json_object_set_new(j, "tasks", json_integer(s->ntasks));
	json_object_set_new(j, "usable", json_integer(sum.usable));
	json_object_set_new(j, "inflight", json_integer(sum.inflight));
	json_object_set_new(j, "requests_total", json_integer((json_int_t)sum.requests));
	json_object_set_new(j, "failures_total", json_integer((json_int_t)sum.failures));
	json_object_set_new(j, "requests_per_second",
	    view_number_if(seconds > 0, (double)sum.window / seconds));
	rates_of_service(v->rates, v->world, s->slot, v->now_usec, &rates);
	view_rates(j, &rates);
	view_origin(j, r != NULL && (r->served || s->nroutes == 0) ? r : NULL);
	return j;
}

/* Why it is down or ejected: a reason's name, and the status of the response that led to it. */
static void
put_cause(json_t *j, enum task_state state, const struct live_task *l)
{
	struct live_cause c = { NULL, 0 };

	if (state == TASK_DOWN)
		c = l->health_cause;
	else if (state == TASK_EJECTED)
		c = l->ejected_cause;
	json_object_set_new(j, "why", view_text(c.why == NULL ? NULL : why_name(c.why)));
	json_object_set_new(j, "why_status", c.status == 0 ? json_null() : json_integer(c.status));
	json_object_set_new(j, "ejections_total", json_integer(l->ejections));
}

/* null: it never failed */
static json_t *
view_failure(const struct admin_view *v, const struct live_task *l)
{
	if (l->failure.why == NULL)
		return json_null();
	return json_pack("{s:s, s:o, s:s, s:o}", "why", why_name(l->failure.why), "status",
	    l->failure.status == 0 ? json_null() : json_integer(l->failure.status), "text",
	    l->failure.why->text, "age_seconds",
	    view_number((double)(v->now_usec - l->failed_usec) / (double)USEC_PER_SEC));
}

/* What it reports of itself; null: its service does not ask, or it has reported nothing. */
static json_t *
view_load(const struct admin_view *v, const struct world_task *t)
{
	struct live_load l;
	json_t *j;

	live_load_read(v->world->live, t->slot, &l);
	if (t->service->conf.load == LOAD_NONE || l.reports + l.nonsense == 0)
		return json_null();
	j = json_object();
	json_object_set_new(j, "utilization", view_number_if(l.noted_usec != 0, l.utilization));
	json_object_set_new(j, "age_seconds", view_number_if(l.noted_usec != 0,
	    (double)(v->now_usec - l.noted_usec) / (double)USEC_PER_SEC));
	json_object_set_new(j, "memory_utilization", view_number(l.memory));
	json_object_set_new(j, "requests_per_second", view_number(l.rps));
	json_object_set_new(j, "errors_per_second", view_number(l.eps));
	json_object_set_new(j, "cost_factor", view_number(explain_load(v->world, t, v->now_usec)));
	json_object_set_new(j, "reports_total", json_integer((json_int_t)l.reports));
	json_object_set_new(j, "unreadable_total", json_integer((json_int_t)l.nonsense));
	return j;
}

static json_t *
view_task(const struct admin_view *v, const struct world_task *t, uint64_t of_service)
{
	char address[ADDR_TEXT_MAX];
	struct addr addr = addr_of_ip(&t->addr);
	enum task_state state = task_state(v->world, t, v->now_usec);
	json_t *j = json_object();
	struct live_task l;
	struct rates_state rates;
	double seconds = rates_seconds(v->rates, v->now_usec);
	uint64_t window = rates_task(v->rates, v->world, t->slot);

	live_task_read(v->world->live, t->slot, &l);
	rates_of_task(v->rates, v->world, t->slot, v->now_usec, &rates);
	json_object_set_new(j, "name", view_text(t->name));
	json_object_set_new(j, "service", view_text(t->service->name));
	json_object_set_new(j, "node", view_text(t->node->name));
	json_object_set_new(j, "address", view_text(addr_text(&addr, address)));
	json_object_set_new(j, "state", view_text(task_state_name(state)));
	put_cause(j, state, &l);
	json_object_set_new(j, "inflight", json_integer(l.inflight));
	json_object_set_new(j, "requests_total", json_integer((json_int_t)l.requests));
	json_object_set_new(j, "failures_total", json_integer((json_int_t)l.failures));
	json_object_set_new(j, "last_failure", view_failure(v, &l));
	json_object_set_new(j, "share", view_share(window, of_service));
	json_object_set_new(j, "requests_per_second",
	    view_number_if(seconds > 0, (double)window / seconds));
	view_rates(j, &rates);
	json_object_set_new(j, "load", view_load(v, t));
	json_object_set_new(j, "available_cores", view_number(t->available));
	json_object_set_new(j, "available_age_seconds", view_number_if(t->available_usec != 0,
	    (double)(v->now_usec - t->available_usec) / (double)USEC_PER_SEC));
	json_object_set_new(j, "cost", t->node->steering.row.law.cores > 0 ?
	    view_number(explain_task_cost(v->world, t, v->now_usec)) : json_null());
	return j;
}

static json_t *
task_reason(const struct admin_view *v, const struct world_task *t, unsigned rank, unsigned of)
{
	struct buf words;
	json_t *j;

	buf_init(&words, SENTENCE_MAX);
	explain_task(v->world, t, v->now_usec, rank, of, &words);
	j = view_sentence(&words);
	buf_fini(&words);
	return j;
}

/* /api/v1/why, without the tasks. */
static json_t *
view_why(const struct admin_view *v, const struct world_service *s)
{
	const struct swarm_report *swarm = v->discover == NULL ? NULL : discover_report(v->discover);
	struct buf words;
	json_t *j;

	buf_init(&words, SENTENCE_MAX);
	explain_service(v->world, s, v->now_usec, &words);
	j = json_pack("{s:o, s:s, s:o, s:o, s:o, s:o}", "service", view_text(s->name),
	    "policy", policy_name(s->conf.policy), "summary", view_sentence(&words),
	    "routes", view_routes(v, s),
	    "queries", user_queries_view(v->user_queries, s, true, v->now_usec),
	    "mover", mover_view(v->mover, s));
	ASSERT(j != NULL);
	buf_fini(&words);
	view_origin(j, swarm == NULL ? NULL : swarm_report_find(swarm, str_of(s->name)));
	return j;
}

/* ---- tasks one by one: there may be thousands ---- */

void
view_put(struct buf *out, json_t *j)
{
	char *text = json_dumps(j, VIEW_JSON | JSON_ENCODE_ANY);

	ASSERT(text != NULL);
	buf_adds(out, str_of(text));
	free(text);
	json_decref(j);
}

static void
walk_service(struct view_walk *w, const struct admin_view *v, const struct world_service *s)
{
	w->service = s;
	w->task = s == NULL ? NULL : LIST_FIRST(&s->tasks);
	w->window = s == NULL ? 0 : service_sum(v, s).window;
}

static json_t *
task_steps(const struct admin_view *v, const struct view_walk *w)
{
	double seconds = rates_seconds(v->rates, v->now_usec);
	double window = (double)rates_task(v->rates, v->world, w->task->slot);
	struct explain_got got = { .rank = w->rank[w->at], .of = w->of,
	    .share = w->window > 0 ? window / (double)w->window : NAN,
	    .per_second = seconds > 0 ? window / seconds : NAN };

	return view_steps(v, w->task, &w->field, &got);
}

void
view_tasks_start(struct view_walk *w, const struct admin_view *v, struct buf *out)
{
	*w = (struct view_walk){ .all = true };
	buf_adds(out, STR("{\"tasks\":["));
	walk_service(w, v, LIST_FIRST(&v->world->services));
}

void
view_tasks_start_of(struct view_walk *w, const struct admin_view *v,
    const struct world_service *s, bool reasons, struct buf *out)
{
	*w = (struct view_walk){ .all = false };
	if (reasons) {
		w->rank = must_zalloc((s->ntasks + 1) * sizeof *w->rank);
		w->of = explain_ranks(v->world, s, v->now_usec, w->rank);
		w->field = explain_field(v->world, s, v->now_usec);
		view_put(out, view_why(v, s));
		ASSERT(out->p[out->len - 1] == '}');
		out->len--;			/* the object goes on */
		buf_adds(out, STR(",\"tasks\":["));
	} else
		buf_adds(out, STR("{\"tasks\":["));
	walk_service(w, v, s);
}

bool
view_tasks_next(struct view_walk *w, const struct admin_view *v, struct buf *out)
{
	json_t *j;

	while (w->task == NULL && w->service != NULL)
		walk_service(w, v, w->all ? LIST_NEXT(w->service, link) : NULL);
	if (w->task == NULL) {
		buf_adds(out, STR("]}"));
		return false;
	}
	ASSERT(w->task->service == w->service && (w->rank == NULL || w->at < w->service->ntasks));
	j = view_task(v, w->task, w->window);
	if (w->rank != NULL) {
		json_object_set_new(j, "reason", task_reason(v, w->task, w->rank[w->at], w->of));
		json_object_set_new(j, "steps", task_steps(v, w));
	}
	if (w->at++ > 0)
		buf_adds(out, STR(","));
	view_put(out, j);
	w->task = LIST_NEXT(w->task, link);
	return true;
}

/* ---- services one by one ---- */

void
view_services_start(struct view_walk *w, const struct admin_view *v, struct buf *out)
{
	*w = (struct view_walk){ .service = LIST_FIRST(&v->world->services) };
	buf_adds(out, STR("{\"services\":["));
}

/* At the end those that are not served, and routes that are refused. */
static void
services_rest(struct view_walk *w, const struct admin_view *v, struct buf *out)
{
	json_t *list = json_array(), *one;
	size_t i;

	view_unserved(v, list);
	json_array_foreach(list, i, one) {
		buf_adds(out, w->at++ > 0 ? STR(",") : STR(""));
		view_put(out, json_incref(one));
	}
	json_decref(list);
	buf_adds(out, STR("],\"refused\":"));
	view_put(out, view_routes_refused(v));
	buf_adds(out, STR("}"));
}

bool
view_services_next(struct view_walk *w, const struct admin_view *v, struct buf *out)
{
	const struct swarm_report *report = v->discover == NULL ? NULL : discover_report(v->discover);

	if (w->service == NULL) {
		services_rest(w, v, out);
		return false;
	}
	buf_adds(out, w->at++ > 0 ? STR(",") : STR(""));
	view_put(out, view_service(v, w->service, report));
	w->service = LIST_NEXT(w->service, link);
	return true;
}

void
view_walk_end(struct view_walk *w)
{
	free(w->rank);
	free(w->traffic);
	*w = (struct view_walk){ 0 };
}

/* ---- events ---- */

static json_t *
rfc3339(int64_t usec)
{
	time_t seconds = (time_t)(usec / USEC_PER_SEC);
	char date[32], all[48];
	struct tm tm;

	gmtime_r(&seconds, &tm);
	strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(all, sizeof all, "%s.%03dZ", date, (int)(usec % USEC_PER_SEC / USEC_PER_MSEC));
	return view_text(all);
}

json_t *
view_events(const struct admin_view *v, uint64_t after, unsigned most, uint64_t *last)
{
	static const char *const levels[] = { "debug", "info", "warn", "error" };
	json_t *list = json_array();
	const struct event *e;

	*last = events_last(v->events);
	for (e = events_after(v->events, after); e != NULL; e = events_after(v->events, e->id)) {
		ASSERT(e->id > after && e->level < sizeof levels / sizeof *levels);
		json_array_append_new(list, json_pack("{s:I, s:o, s:s, s:o, s:o}",
		    "id", (json_int_t)e->id, "time", rfc3339(e->time_usec), "level", levels[e->level],
		    "event", view_text(e->name), "text", view_text(e->text)));
		if (--most == 0) {
			*last = e->id;
			break;
		}
	}
	return json_pack("{s:o, s:I}", "events", list, "last", (json_int_t)*last);
}
