/*
 * traefik_compare: what Traefik's API reports, compared with the plan. Responses are foreign bytes.
 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "drive/traefik_priv.h"

struct comparison {
	const struct plan *plan;
	const struct traefik_options *options;
	const char	*provider;
	traefik_server_f *on_server;		/* NULL: not wanted */
	void		*arg;
	struct map	*services, *routers;	/* by name without the provider; values belong to the responses */
	struct map	*servers;		/* of the service that is being compared, by URL */
	char		*detail;
	size_t		 cap;
};

static const char *
text_in(const json_t *j, const char *key)
{
	const char *s = json_string_value(json_object_get(j, key));

	return s == NULL ? "" : s;
}

/* Those of Mola's provider, by name. */
static struct map *
index_of(const json_t *list, const char *provider)
{
	struct map *m = map_new();
	json_t *j;
	size_t i;

	json_array_foreach(list, i, j) {
		const char *name = text_in(j, "name"), *at = strrchr(name, '@');
		if (at != NULL && strcmp(at + 1, provider) == 0)
			map_put(m, (struct str){ name, (size_t)(at - name) }, j);
	}
	return m;
}

/* Is it missing, or does Traefik itself report an error of it? */
static const struct why *
object_check(struct comparison *c, const json_t *j, const char *what, const char *name)
{
	const json_t *errors = json_object_get(j, json_object_get(j, "error") != NULL ? "error" : "err");
	const char *status = text_in(j, "status"), *text = json_string_value(json_array_get(errors, 0));

	if (j == NULL) {
		snprintf(c->detail, c->cap, "%s %.100s@%s is missing", what, name, c->provider);
		return WHY_PROXY_DIFFERS;
	}
	if (strcmp(status, "enabled") == 0)
		return NULL;
	snprintf(c->detail, c->cap, "%s %.80s@%s is %.20s: %.100s", what, name, c->provider,
	    *status == '\0' ? "?" : status, text == NULL ? "it gives no reason" : text);
	return strcmp(status, "warning") == 0 ? NULL : WHY_PROXY_REFUSED;
}

static struct map *
servers_of(const json_t *service)
{
	struct map *m = map_new();
	json_t *j;
	size_t i;

	json_array_foreach(json_object_get(json_object_get(service, "loadBalancer"), "servers"), i, j)
		map_put(m, str_of(text_in(j, "url")), j);
	return m;
}

/* A missing weight is 1; -1: it is not one. */
static int
weight_of(const json_t *server)
{
	const json_t *w = json_object_get(server, "weight");
	json_int_t n = json_is_integer(w) ? json_integer_value(w) : 1;

	return n < 0 || n > INT32_MAX ? -1 : (int)n;
}

static const struct why *
server_check(struct comparison *c, const json_t *service, const struct plan_service *s,
    const struct plan_server *v)
{
	char url[TRAEFIK_NAME_MAX];
	const char *state;
	const json_t *j;

	traefik_url(s, v, url);
	j = map_get(c->servers, str_of(url));
	state = json_string_value(json_object_get(json_object_get(service, "serverStatus"), url));
	if (c->on_server != NULL)
		c->on_server(c->arg, s->name, v->name, j == NULL ? -1 : weight_of(j), state);
	if (j == NULL) {
		snprintf(c->detail, c->cap, "server %s of %.80s@%s is missing", url, s->name, c->provider);
		return WHY_PROXY_DIFFERS;
	}
	if (weight_of(j) == (int)traefik_weight(c->options, v))
		return NULL;
	snprintf(c->detail, c->cap, "server %s of %.80s@%s has weight %d, not %u", url, s->name,
	    c->provider, weight_of(j), traefik_weight(c->options, v));
	return WHY_PROXY_DIFFERS;
}

/* Which servers it has, and with what weights. All are looked at; the first difference is
 * returned. */
static const struct why *
servers_check(struct comparison *c, const json_t *j, const struct plan_service *s, const char *name)
{
	const struct why *why, *first = NULL;
	size_t has = json_array_size(json_object_get(json_object_get(j, "loadBalancer"), "servers"));
	unsigned named = 0;

	for (unsigned i = 0; i < s->nservers && !traefik_uses_fallback(c->options, s); i++)
		if (traefik_is_listed(s, &s->server[i])) {
			named++;
			why = server_check(c, j, s, &s->server[i]);
			first = first == NULL ? why : first;
		}
	if (traefik_uses_fallback(c->options, s)) {
		named = 1;
		first = map_get(c->servers, str_of(c->options->fallback)) == NULL ? WHY_PROXY_DIFFERS : NULL;
		if (first != NULL)
			snprintf(c->detail, c->cap, "the fallback of %.80s@%s is missing", name, c->provider);
	}
	if (first == NULL && has != named) {
		snprintf(c->detail, c->cap, "%.80s@%s has %zu servers, not %u", name, c->provider, has, named);
		return WHY_PROXY_DIFFERS;
	}
	return first;
}

static const struct why *
service_check(struct comparison *c, const struct plan_service *s)
{
	const struct why *why;
	char name[TRAEFIK_NAME_MAX];
	json_t *j;

	traefik_name(c->options, s->name, name);
	j = map_get(c->services, str_of(name));
	if (s->nservers == 0 && j != NULL && !traefik_uses_fallback(c->options, s))
		return NULL;		/* Traefik may report that it has no servers: so does Mola */
	if ((why = object_check(c, j, "service", name)) != NULL)
		return why;
	c->servers = servers_of(j);
	why = servers_check(c, j, s, name);
	map_free(&c->servers);
	return why;
}

/* Has it the priority that an older Mola gave this route, above routers of others? */
static bool
is_old(const json_t *router, const struct route_conf *r)
{
	const json_t *priority = json_object_get(router, "priority");

	return json_integer_value(priority) == traefik_priority(r) - TRAEFIK_PRIORITY;
}

static const struct why *
router_check(struct comparison *c, const char *name, const char *rule, const struct route_conf *r)
{
	json_t *j = map_get(c->routers, str_of(name));
	const struct why *why = object_check(c, j, "router", name);

	if (why != NULL || rule == NULL)
		return why;
	if (strcmp(text_in(j, "rule"), rule) != 0)
		snprintf(c->detail, c->cap, "router %.80s@%s has another rule: %.100s", name,
		    c->provider, text_in(j, "rule"));
	else if (json_integer_value(json_object_get(j, "priority")) != traefik_priority(r))
		snprintf(c->detail, c->cap, "router %.80s@%s has priority %lld, not %d", name, c->provider,
		    (long long)json_integer_value(json_object_get(j, "priority")), traefik_priority(r));
	else
		return NULL;
	return WHY_PROXY_DIFFERS;
}

/* A router of an older Mola that was left in another file of the folder would stay for ever. */
static const struct why *
old_check(struct comparison *c, const char *name, const char *rule, const struct route_conf *r)
{
	const json_t *j = map_get(c->routers, str_of(name));

	if (j == NULL || strcmp(text_in(j, "rule"), rule) != 0 || !is_old(j, r))
		return NULL;
	snprintf(c->detail, c->cap, "router %.80s@%s of an older Mola is still there, before all others; "
	    "remove the file that it stands in", name, c->provider);
	return WHY_PROXY_DIFFERS;
}

static const struct why *
route_check(struct comparison *c, const struct plan_service *s, unsigned route)
{
	char name[TRAEFIK_NAME_MAX], old_name[TRAEFIK_NAME_MAX];
	const struct why *why = NULL;
	struct buf rule;

	traefik_router_name(c->options, s, route, name);
	traefik_old_name(c->options, s, route, old_name);
	buf_init(&rule, 64 << 10);
	traefik_rule(&s->route[route], &rule);
	buf_add(&rule, "", 1);
	if (route < traefik_routers(c->options, s))
		why = router_check(c, name, rule.p, &s->route[route]);
	if (why == NULL)
		why = old_check(c, old_name, rule.p, &s->route[route]);
	buf_fini(&rule);
	return why;
}

/* Every service is compared, because each server is reported; the first difference is returned. */
static const struct why *
plan_check(struct comparison *c)
{
	const struct why *first = c->options->api_entry_point == NULL ? NULL :
	    router_check(c, TRAEFIK_API_ROUTER, NULL, NULL);

	for (unsigned i = 0; i < c->plan->nservices; i++) {
		const struct plan_service *s = &c->plan->service[i];
		char other[TRAEFIK_NAME_MAX], *detail = c->detail;
		size_t cap = c->cap;
		const struct why *why;

		if (first != NULL) {		/* `detail` is taken: what follows is compared for its servers alone */
			c->detail = other;
			c->cap = sizeof other;
		}
		why = service_check(c, s);
		for (unsigned r = 0; why == NULL && r < s->nroutes; r++)
			why = route_check(c, s, r);
		first = first == NULL ? why : first;
		c->detail = detail;
		c->cap = cap;
	}
	return first;
}

/* Traefik's text, possibly cut in the middle of a character: the log wants printable ASCII. */
static void
text_clean(char *s)
{
	for (; *s != '\0'; s++)
		if ((unsigned char)*s < ' ' || (unsigned char)*s >= 0x7f)
			*s = '?';
}

const struct why *
traefik_compare(const struct plan *p, const struct traefik_options *o, const char *provider,
    struct str services, struct str routers, traefik_server_f *on_server, void *arg, char *detail,
    size_t cap)
{
	struct comparison c = { .plan = p, .options = o, .provider = provider,
	    .on_server = on_server, .arg = arg, .detail = detail, .cap = cap };
	json_t *s = json_loadb(services.len > 0 ? services.p : "", services.len, 0, NULL);
	json_t *r = json_loadb(routers.len > 0 ? routers.p : "", routers.len, 0, NULL);
	const struct why *why = WHY_PROXY_SYNTAX;

	ASSERT(cap > 0 && (strcmp(provider, "file") == 0 || strcmp(provider, "http") == 0));
	*detail = '\0';
	if (json_is_array(s) && json_is_array(r)) {
		c.services = index_of(s, provider);
		c.routers = index_of(r, provider);
		why = plan_check(&c);
		map_free(&c.services);
		map_free(&c.routers);
	} else
		snprintf(detail, cap, "expected a list of services and one of routers, as JSON");
	ASSERT(why == NULL || *detail != '\0');	/* a difference has a text */
	text_clean(detail);
	json_decref(s);
	json_decref(r);
	return why;
}
