/*
 * view_swarm: the Swarm as JSON: the state of its snapshot, and the report on its services' labels.
 */
#include <math.h>

#include "admin/view.h"
#include "base/clock.h"
#include "engine/discover.h"

static json_t *
text_if(const char *s)
{
	return view_text(s[0] == '\0' ? NULL : s);
}

static json_t *
seconds_since(const struct admin_view *v, int64_t usec)
{
	return usec == 0 ? json_null() : json_real((double)(v->now_usec - usec) / (double)USEC_PER_SEC);
}

/* ---- services ---- */

static json_t *
view_labels(const struct report_service *r)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < r->nlabels; i++) {
		const struct report_label *l = &r->label[i];
		json_array_append_new(list, json_pack("{s:o, s:o, s:s, s:o}",
		    "label", view_text(l->name), "value", view_text(l->value),
		    "state", label_state_name(l->state), "text", view_text(l->text)));
	}
	return list;
}

static json_t *
view_troubles(const struct report_trouble *t, unsigned n)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < n; i++)
		json_array_append_new(list, json_pack("{s:s, s:o}",
		    "why", why_name(t[i].why), "text", view_text(t[i].text)));
	return list;
}

void
view_origin(json_t *service, const struct report_service *r)
{
	json_object_set_new(service, "origin", json_string(r == NULL ? "file" : "swarm"));
	json_object_set_new(service, "served", json_boolean(r == NULL || r->served));
	json_object_set_new(service, "labels", r == NULL ? json_array() : view_labels(r));
	json_object_set_new(service, "troubles",
	    r == NULL ? json_array() : view_troubles(r->trouble, r->ntroubles));
}

static bool
is_missed(const struct report_service *r)
{
	bool odd = r->enabled || r->ntroubles > 0;

	for (unsigned i = 0; i < r->nlabels; i++)
		odd |= r->label[i].state == LABEL_INVALID || r->label[i].state == LABEL_UNKNOWN;
	return odd && !r->served && (r->with == NULL || r->ntroubles > 0);
}

/* It is listed with the world's services: it has tasks, for targets, and no route. */
static bool
is_routeless(const struct admin_view *v, const struct report_service *r)
{
	const struct world_service *s = world_service(v->world, str_of(r->name));

	return s != NULL && s->nroutes == 0;
}

void
view_unserved(const struct admin_view *v, json_t *list)
{
	const struct swarm_report *all = v->discover == NULL ? NULL : discover_report(v->discover);
	json_t *j;

	for (unsigned i = 0; all != NULL && i < all->nservices; i++) {
		if (!is_missed(&all->service[i]) || is_routeless(v, &all->service[i]))
			continue;
		j = json_pack("{s:o, s:n, s:n, s:[], s:[], s:i, s:i, s:i, s:i, s:i, s:n}",
		    "name", view_text(all->service[i].name), "kind", "policy", "queries",
		    "routes", "tasks", 0, "usable", 0, "inflight", 0, "requests_total", 0, "failures_total", 0,
		    "requests_per_second");
		view_rates(j, &(struct rates_state){ .p50 = NAN, .p99 = NAN });
		view_origin(j, &all->service[i]);
		json_array_append_new(list, j);
	}
}

/* The summary has the first reason; all of them and the labels have fields of their own. */
json_t *
view_why_unserved(const struct report_service *r)
{
	const char *reason = r->ntroubles > 0 ? r->trouble[0].text :
	    r->nlabels == 0 ? "it has no label that requests it" :
	    "its labels do not request it; mola.enable=true with mola.host would";
	json_t *summary = json_sprintf("%s is not served: %s", r->name, reason);
	json_t *j = json_pack("{s:o, s:n, s:o, s:[], s:[], s:n}",
	    "service", view_text(r->name), "policy",
	    "summary", summary == NULL ? json_null() : summary, "queries", "tasks", "mover");

	view_origin(j, r);
	return j;
}

/* ---- the whole ---- */

static void
put_status(json_t *j, const struct admin_view *v, const struct watch_status *st)
{
	char odd[SWARM_SKIPPED_MAX];

	swarm_skipped(watch_swarm(discover_watch(v->discover)), odd, sizeof odd);
	json_object_set_new(j, "state", json_string(watch_state_name(st->state)));
	json_object_set_new(j, "since_seconds", seconds_since(v, st->since_usec));
	json_object_set_new(j, "age_seconds", seconds_since(v, st->good_usec));
	json_object_set_new(j, "endpoint", text_if(st->endpoint));
	json_object_set_new(j, "api_version", text_if(st->version));
	json_object_set_new(j, "untried", json_boolean(st->untried));
	json_object_set_new(j, "events", json_boolean(st->events));
	json_object_set_new(j, "why", view_text(st->why == NULL ? NULL : why_name(st->why)));
	json_object_set_new(j, "text", view_text(st->why == NULL ? NULL : st->why->text));
	json_object_set_new(j, "detail", text_if(st->detail));
	json_object_set_new(j, "left_out", text_if(odd));
	json_object_set_new(j, "container", text_if(st->container));
	json_object_set_new(j, "service", text_if(st->service));
}

json_t *
view_swarm(const struct admin_view *v)
{
	const struct swarm_report *r = v->discover == NULL ? NULL : discover_report(v->discover);
	struct watch *w = v->discover == NULL ? NULL : discover_watch(v->discover);
	json_t *j = json_object();
	struct watch_status st;

	if (w == NULL) {
		json_object_set_new(j, "state", json_string("off"));
		return j;
	}
	st = watch_status(w);
	put_status(j, v, &st);
	json_object_set_new(j, "services", json_integer(r == NULL ? 0 : r->nservices));
	json_object_set_new(j, "balancers", json_real(discover_balancers(v->discover)));
	json_object_set_new(j, "troubles",
	    r == NULL ? json_array() : view_troubles(r->trouble, r->ntroubles));
	return j;
}
