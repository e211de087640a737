/*
 * view_node: nodes as JSON, one by one, for there may be many.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "admin/history.h"
#include "admin/view.h"
#include "base/alloc.h"
#include "base/bug.h"
#include "base/clock.h"
#include "score/explain.h"
#include "score/fields.h"
#include "score/guard.h"

#define REASON_MAX	1024

static json_t *
bytes_if(bool known, double x)
{
	return known && x >= 0 && x < 9e18 ? json_integer((json_int_t)x) : json_null();
}

const char *
view_source_name(enum sample_source s)
{
	static const char *const names[] = { "none", "node_exporter", "agent", "prometheus" };

	ASSERT(s < sizeof names / sizeof *names);
	return names[s];
}

struct view_traffic {			/* of a node */
	uint64_t	 requests;	/* in the window */
	unsigned	 tasks;
};

static uint64_t
traffic_count(const struct admin_view *v, struct view_traffic *of_node)
{
	const struct world_service *s;
	const struct world_task *t;
	uint64_t all = 0, n;

	LIST_FOREACH(s, &v->world->services, link)
		LIST_FOREACH(t, &s->tasks, link) {
			n = rates_task(v->rates, v->world, t->slot);
			ASSERT(t->service == s && t->node->slot < NODES_MAX);
			of_node[t->node->slot].requests += n;
			of_node[t->node->slot].tasks++;
			all += n;
		}
	return all;
}

static void
put_sample(json_t *j, const struct world_node *n)
{
	const struct sample *s = &n->observed.sample;
	bool known = s->taken_usec != 0;

	json_object_set_new(j, "busy", view_number_if(known, s->busy));
	json_object_set_new(j, "running", view_number_if(known, s->running));
	json_object_set_new(j, "memory_total_bytes", bytes_if(known, s->memory_total_bytes));
	json_object_set_new(j, "memory_available_bytes", bytes_if(known, s->memory_available_bytes));
	json_object_set_new(j, "memory_used",
	    view_number_if(known && s->memory_total_bytes > 0,
	    1 - s->memory_available_bytes / s->memory_total_bytes));
	json_object_set_new(j, "load1", view_number_if(known, s->load1));
	json_object_set_new(j, "pressure", json_pack("{s:o, s:o, s:o}",
	    "cpu", view_number_if(known, s->psi_cpu_waiting),
	    "memory", view_number_if(known, s->psi_memory_waiting),
	    "io", view_number_if(known, s->psi_io_waiting)));
}

/* Of another moment, or by another source, than the sample: when each was measured, and by what. */
static void
put_parts(json_t *j, const struct admin_view *v, const struct world_node *n)
{
	json_t *parts = json_object();

	for (unsigned p = 0; p < SAMPLE_PARTS; p++) {
		const struct sample_origin *o = &n->observed.origin[p];
		if (fields_differ(n, p))
			json_object_set_new(parts, fields_part_name(p), json_pack("{s:o, s:o}",
			    "age_seconds", view_number((double)(v->now_usec - o->taken_usec) / USEC_PER_SEC),
			    "source", view_text(view_source_name(o->source))));
	}
	json_object_set_new(j, "fields", parts);
}

/* Whose work takes its cores, and where that goes. */
static void
put_recent(json_t *j, const struct admin_view *v, const struct world_node *n)
{
	struct history_recent r = { NAN, NAN, NULL };

	if (v->history != NULL)
		r = history_recent(v->history, n);
	json_object_set_new(j, "cores_ours", view_number(r.ours));
	json_object_set_new(j, "cores_others", view_number(r.others));
	json_object_set_new(j, "trend", view_text(r.trend));
}

/* What the law of costs makes of the sample. */
static void
put_steering(json_t *j, const struct admin_view *v, const struct world_node *n)
{
	const struct law_node *law = &n->steering.row.law;
	bool has_law = law->cores > 0;

	json_object_set_new(j, "cores_effective", view_number_if(has_law, law->cores));
	json_object_set_new(j, "others", view_number_if(has_law, has_law ?
	    law_others(law, v->now_usec) : 0));
	json_object_set_new(j, "inflight", json_integer(live_node_inflight(v->world->live, n->slot)));
	json_object_set_new(j, "inflight_sampled",
	    view_number_if(n->observed.sample.taken_usec != 0, n->observed.inflight));
	json_object_set_new(j, "cost", view_number_if(has_law,
	    has_law ? explain_cost(v->world, n, v->now_usec) : 0));
	json_object_set_new(j, "score", view_number_if(has_law, n->steering.row.score));
}

static void
put_fault(json_t *j, const struct admin_view *v, const struct world_node *n)
{
	char detail[400];
	double seconds;

	json_object_set_new(j, "why", view_text(n->signal.why == NULL ? NULL : why_name(n->signal.why)));
	if (n->signal.why == NULL) {
		json_object_set_new(j, "detail", json_null());
		return;
	}
	seconds = (double)(v->now_usec - n->signal.wrong_usec) / (double)USEC_PER_SEC;
	if (n->signal.detail[0] == '\0')
		snprintf(detail, sizeof detail, "%s, since %.0f s", n->signal.why->text, seconds);
	else
		snprintf(detail, sizeof detail, "%s (%s), since %.0f s", n->signal.why->text,
		    n->signal.detail, seconds);
	json_object_set_new(j, "detail", view_text(detail));
}

static json_t *
view_node(const struct admin_view *v, const struct world_node *n,
    const struct view_traffic *traffic, uint64_t all)
{
	const struct sample *s = &n->observed.sample;
	bool sampled = s->taken_usec != 0;
	int64_t age = guard_age_usec(n, v->now_usec);
	double cores = sampled ? s->cores : n->cores_declared;
	json_t *j = json_object();
	struct buf reason;

	json_object_set_new(j, "name", view_text(n->name));
	json_object_set_new(j, "address", view_text(n->address));
	json_object_set_new(j, "state", view_text(guard_state_name(guard_state(n, v->now_usec))));
	json_object_set_new(j, "source", view_text(view_source_name(sampled ? s->source : SOURCE_NONE)));
	json_object_set_new(j, "age_seconds",
	    view_number_if(age >= 0, (double)age / (double)USEC_PER_SEC));
	json_object_set_new(j, "cores", view_number_if(cores > 0, cores));
	put_steering(j, v, n);
	put_sample(j, n);
	put_parts(j, v, n);
	put_recent(j, v, n);
	json_object_set_new(j, "tasks", json_integer(traffic->tasks));
	json_object_set_new(j, "share", view_share(traffic->requests, all));
	put_fault(j, v, n);
	buf_init(&reason, REASON_MAX);
	if (n->steering.row.law.cores > 0)
		explain_node(v->world, n, v->now_usec, &reason);
	json_object_set_new(j, "reason", view_sentence(&reason));
	buf_fini(&reason);
	return j;
}

void
view_nodes_start(struct view_walk *w, const struct admin_view *v, struct buf *out)
{
	*w = (struct view_walk){ .node = LIST_FIRST(&v->world->nodes) };
	w->traffic = must_zalloc(NODES_MAX * sizeof *w->traffic);
	w->window = traffic_count(v, w->traffic);
	buf_adds(out, STR("{\"nodes\":["));
}

bool
view_nodes_next(struct view_walk *w, const struct admin_view *v, struct buf *out)
{
	const struct world_node *n = w->node;

	if (n == NULL) {
		buf_adds(out, STR("]}"));
		return false;
	}
	buf_adds(out, w->at++ > 0 ? STR(",") : STR(""));
	view_put(out, view_node(v, n, &w->traffic[n->slot], w->window));
	w->node = LIST_NEXT(n, link);
	return true;
}
