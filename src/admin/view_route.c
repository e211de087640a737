/*
 * view_route: the routes of services as JSON, and those on which requests end.
 */
#include "admin/view.h"
#include "base/bug.h"
#include "world/limits.h"

/* Names and kinds alone: options may be secret. */
static json_t *
view_chain(const struct admin_view *v, const struct world_service *s, const struct route_conf *r)
{
	const struct limits *l = live_limits(v->world->live);
	struct str rest = str_of(r->chain), name, kind,
	    router = r->rule != NULL && r->rule->name != NULL ? str_of(r->rule->name) : STR("");
	json_t *list = json_array(), *one;

	for (unsigned i = 0; filter_chain_next(&rest, &name, &kind); i++) {
		one = json_pack("{s:s%, s:s%}", "name", name.p, name.len, "kind", kind.p, kind.len);
		if (str_eq(kind, str_of(filter_kind_name(FILTER_CIRCUIT_BREAKER))))
			json_object_set_new(one, "state", view_text(breaker_state(l->breaker, limits_limiter(l,
			    &(struct limits_owner){ str_of(s->name), router, name, i }), v->now_usec)));
		json_array_append_new(list, one);
	}
	return list;
}

/* "any", "plain", "tls": how its requests come. */
static const char *
by_name(enum route_by by)
{
	static const char *const names[ROUTE_BYS] = { "any", "plain", "tls", "any" };

	ASSERT(by < ROUTE_BYS);
	return names[by];
}

/* Names of those that it is for. */
static json_t *
view_listeners(const struct admin_view *v, uint64_t on)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < v->world->nlisteners; i++)
		if ((on >> i & 1) != 0)
			json_array_append_new(list, view_text(v->world->listener[i].name));
	return list;
}

static json_t *
view_route(const struct admin_view *v, const struct route_conf *r)
{
	json_t *j;

	if (r->listener != NULL)
		return json_pack("{s:o, s:o, s:b}", "listener", view_text(r->listener), "host",
		    view_text(r->host), "ends_tls", r->ends_tls);
	j = json_pack("{s:o, s:o, s:s}", "host", view_text(r->host), "path", view_text(r->path), "by",
	    by_name(r->rule == NULL ? BY_ANY : r->rule->by));
	if (r->on != 0)
		json_object_set_new(j, "listeners", view_listeners(v, r->on));
	if (r->rule == NULL)
		return j;
	if (r->rule->whole || r->rule->condition != NULL) {
		json_object_set_new(j, "rule", view_text(r->rule->text));
		json_object_set_new(j, "partial", json_boolean(r->rule->condition != NULL));
	}
	json_object_set_new(j, "priority", json_integer(r->rule->priority));
	if (r->rule->name != NULL)
		json_object_set_new(j, "router", view_text(r->rule->name));
	return j;
}

json_t *
view_routes(const struct admin_view *v, const struct world_service *s)
{
	json_t *list = json_array(), *one;

	for (unsigned i = 0; i < s->nroutes; i++) {
		const struct route_conf *r = &s->route[i];
		one = view_route(v, r);
		if (r->chain != NULL)
			json_object_set_new(one, "middlewares", view_chain(v, s, r));
		json_array_append_new(list, one);
	}
	return list;
}

json_t *
view_routes_refused(const struct admin_view *v)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < v->world->nrefused; i++)
		json_array_append_new(list, view_route(v, &v->world->refused[i]));
	return list;
}
