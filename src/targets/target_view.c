/*
 * target_view: what the API, metrics and proxies that poll get to see of targets.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "base/clock.h"
#include "targets/target_priv.h"

static json_t *
text_or_null(const char *s)
{
	json_t *j = s == NULL || *s == '\0' ? NULL : json_string(s);

	return j == NULL ? json_null() : j;
}

static json_t *
age_or_null(int64_t then, int64_t now)
{
	return then == 0 ? json_null() : json_real((double)(now - then) / (double)USEC_PER_SEC);
}

static json_t *
server_view(const struct target *t, const struct plan_server *v)
{
	const struct reported_server *has = target_find_reported(t, v->name);
	char addr[ADDR_TEXT_MAX];
	json_t *j = json_object();

	json_object_set_new(j, "task", json_string(v->name));
	json_object_set_new(j, "node", json_string(v->node));
	json_object_set_new(j, "address", json_string(addr_text(&v->addr, addr)));
	json_object_set_new(j, "share", json_real(v->share));
	json_object_set_new(j, "weight", json_integer(v->weight));
	json_object_set_new(j, "draining", json_boolean(v->draining));
	json_object_set_new(j, "has_weight", has == NULL || has->weight < 0 ? json_null() :
	    json_integer(has->weight));
	json_object_set_new(j, "has_state", text_or_null(has == NULL ? NULL : has->state));
	return j;
}

static json_t *
services_view(const struct target *t)
{
	json_t *list = json_array();

	for (unsigned i = 0; t->plan != NULL && i < t->plan->nservices; i++) {
		const struct plan_service *s = &t->plan->service[i];
		json_t *servers = json_array();
		for (unsigned k = 0; k < s->nservers; k++)
			json_array_append_new(servers, server_view(t, &s->server[k]));
		json_array_append_new(list, json_pack("{s:s, s:o}", "name", s->name, "servers", servers));
	}
	return list;
}

const char *
target_state(const struct target *t)
{
	if (t->fault.why != NULL)
		return "failed";
	if (t->phase != TARGET_PUBLISHING)
		return t->phase == TARGET_WITHDRAWN ? "withdrawn" : "withdrawing";
	if (t->published_usec == 0)
		return "waiting";
	return t->applied == APPLIED_NO ? "refused" : t->applied == APPLIED_YES ? "taken" : "published";
}

/* What is wrong, or what it waits for. */
static const struct why *
why_of(const struct target *t)
{
	if (t->fault.why != NULL || t->plan != NULL || t->phase != TARGET_PUBLISHING)
		return t->fault.why;
	return t->all->world_complete ? WHY_PROXY_SAMPLES : WHY_PROXY_SWARM;
}

static json_t *
target_view(const struct target *t, int64_t now)
{
	const struct target_kind *f = &target_kinds[t->conf.kind];
	const struct why *why = why_of(t);
	json_t *j = json_object();

	json_object_set_new(j, "name", json_string(t->conf.name));
	json_object_set_new(j, "kind", json_string(f->name));
	json_object_set_new(j, "policy", json_string(t->conf.best_node ? "best-node" : "weighted"));
	json_object_set_new(j, "state", json_string(target_state(t)));
	json_object_set_new(j, "why", why == NULL ? json_null() : json_string(why_name(why)));
	json_object_set_new(j, "text", why == NULL ? json_null() : json_string(why->text));
	json_object_set_new(j, "detail", text_or_null(t->fault.detail));
	json_object_set_new(j, "published_seconds", age_or_null(t->published_usec, now));
	json_object_set_new(j, "change",
	    t->published_usec == 0 ? json_null() : json_string(plan_change_name(t->change)));
	json_object_set_new(j, "publications", json_integer((json_int_t)t->publications));
	json_object_set_new(j, "failures", json_integer((json_int_t)t->failures));
	json_object_set_new(j, "taken", t->applied == APPLIED_UNKNOWN ? json_null() :
	    json_boolean(t->applied == APPLIED_YES));
	json_object_set_new(j, "taken_why",
	    t->applied_fault.why == NULL ? json_null() :
	    json_string(why_name(t->applied_fault.why)));
	json_object_set_new(j, "taken_text",
	    t->applied_fault.why == NULL ? json_null() : json_string(t->applied_fault.why->text));
	json_object_set_new(j, "taken_detail", text_or_null(t->applied_fault.detail));
	json_object_set_new(j, "looked_seconds", age_or_null(t->read_back_usec, now));
	json_object_set_new(j, "interval_seconds",
	    json_real((double)t->conf.interval_usec / (double)USEC_PER_SEC));
	json_object_set_new(j, "weight_least", json_integer(f->least));
	json_object_set_new(j, "weight_most", json_integer(f->most));
	json_object_set_new(j, "weight_zero", json_string(f->zero));
	json_object_set_new(j, "drain", json_string(f->drain));
	json_object_set_new(j, "how", json_string(f->how));
	if (t->driver->view != NULL)
		t->driver->view(t->driver_state, j);
	json_object_set_new(j, "services",
	    t->phase == TARGET_PUBLISHING ? services_view(t) : json_array());
	return j;
}

json_t *
targets_view(const struct targets *all, int64_t now)
{
	json_t *list = json_array();
	const struct target *t;

	LIST_FOREACH(t, &all->list, link)
		json_array_append_new(list, target_view(t, now));
	return json_pack("{s:o}", "targets", list);
}

bool
targets_next(const struct targets *all, unsigned *at, struct target_facts *f)
{
	const struct target *t;
	unsigned i = 0;

	LIST_FOREACH(t, &all->list, link)
		if (i++ == *at)
			break;
	if (t == NULL)
		return false;
	(*at)++;
	*f = (struct target_facts){
		.name = t->conf.name, .kind = target_kinds[t->conf.kind].name, .state = target_state(t),
		.why = t->fault.why != NULL ? t->fault.why : t->applied_fault.why,
		.detail = t->fault.why != NULL ? t->fault.detail : t->applied_fault.detail,
		.good = t->fault.why == NULL && t->published_usec != 0,
		.applied = t->applied == APPLIED_UNKNOWN ? -1 : t->applied == APPLIED_YES,
		.publications = t->publications, .failures = t->failures,
		.published_usec = t->published_usec,
		.plan = t->phase == TARGET_PUBLISHING ? t->plan : NULL
	};
	return true;
}

static void
reply_not_found(struct request *req, const char *error)
{
	char body[300];

	snprintf(body, sizeof body, "{\"error\":\"%s\"}", error);
	request_reply(req, 404, "application/json", str_of(body), "Cache-Control: no-store\r\n");
}

void
targets_respond(struct targets *all, const char *kind, struct request *req)
{
	struct target *t, *found = NULL;
	char name[128] = "";
	unsigned n = 0;
	bool named;

	named = request_query(req, "target", name, sizeof name);
	LIST_FOREACH(t, &all->list, link)
		if (t->driver->respond != NULL && strcmp(target_kinds[t->conf.kind].name, kind) == 0
		    && (!named || strcmp(t->conf.name, name) == 0)) {
			n++;
			found = t;
		}
	ASSERT(!named || n <= 1);		/* names are unique */
	if (n == 1)
		found->driver->respond(found->driver_state, req);
	else if (n > 1)
		reply_not_found(req, "there are several: name one, ?target=NAME");
	else
		reply_not_found(req, named ? "there is no such target of this kind" :
		    "there is no target of this kind");
}
