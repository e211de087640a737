/*
 * join: the pass itself. Services are read from the oldest to the youngest, so that of two that
 * want one route with one priority the older has it, and published in order of name.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/bug.h"
#include "base/form.h"
#include "discovery/constraint.h"
#include "discovery/files.h"
#include "discovery/requirements.h"
#include "discovery/join.h"
#include "discovery/middlewares.h"
#include "discovery/upgrade.h"

void
join_add_trouble(struct join *j, struct report_service *r, const struct why *why, char *text)
{
	report_add_trouble(j->arena, r == NULL ? &j->report->trouble : &r->trouble,
	    r == NULL ? &j->report->ntroubles : &r->ntroubles, why, text);
}

/* ---- tasks by service ---- */

static int
task_order(const void *a, const void *b)
{
	const struct swarm_task *x = *(const struct swarm_task *const *)a,
	    *y = *(const struct swarm_task *const *)b;

	return x->slot != y->slot ? (x->slot < y->slot ? -1 : 1) : strcmp(x->id, y->id);
}

static void
group_tasks(struct join *j, struct join_service *js, unsigned n)
{
	const struct swarm_task *t = SWARM_TASKS(j->swarm);
	struct join_service **of = arena_zalloc(j->arena, (j->swarm->tasks.n + 1) * sizeof *of);

	for (unsigned i = 0; i < j->swarm->tasks.n; i++)
		if ((of[i] = map_get(j->services, str_of(t[i].service))) != NULL)
			of[i]->tasks.n++;
	for (unsigned i = 0; i < n; i++) {
		js[i].tasks.task = arena_zalloc(j->arena, (js[i].tasks.n + 1) * sizeof *js[i].tasks.task);
		js[i].tasks.n = 0;
	}
	for (unsigned i = 0; i < j->swarm->tasks.n; i++)
		if (of[i] != NULL)
			of[i]->tasks.task[of[i]->tasks.n++] = &t[i];
	for (unsigned i = 0; i < n; i++)
		qsort(js[i].tasks.task, js[i].tasks.n, sizeof *js[i].tasks.task, task_order);
}

/* ---- routes ---- */

/* A route for some listeners has a key for each of them, by its place; one for all has -1. */
char *
join_route_key(struct arena *a, const struct route_conf *r, int listener)
{
	static const char *const by[ROUTE_BYS] = { "", "plain ", "tls ", "unsaid " };
	bool whole = r->rule != NULL && r->rule->whole;

	return r->listener != NULL ? arena_printf(a, "tcp %s %s", r->listener, r->host) :
	    arena_printf(a, "%d %s%s%s %s%s%s", listener, r->rule == NULL ? "" : by[r->rule->by],
	    whole ? "= " : "", r->host, r->path,
	    r->rule != NULL && r->rule->condition != NULL ? " " : "",
	    r->rule != NULL && r->rule->condition != NULL ? r->rule->text : "");
}

char *
join_route_text(struct arena *a, const struct route_conf *r)
{
	if (r->listener != NULL)
		return arena_printf(a, "tcp %s%s%s%s", r->listener, *r->host == '\0' ? "" : " ",
		    *r->host == '+' ? "*" : "", r->host + (*r->host == '+'));
	if (r->rule != NULL && (r->rule->whole || r->rule->condition != NULL))
		return arena_text(a, str_of(r->rule->text));
	return arena_printf(a, "%s%s%s", *r->host == '\0' ? "*" : *r->host == '+' ? "*" : "",
	    r->host + (*r->host == '+'), r->path);
}

/* The first place from `at` on for a key; -2: there is none left. */
static int
next_key(const struct route_conf *r, int at)
{
	if (r->on == 0 || r->listener != NULL)
		return at <= -1 ? -1 : -2;
	for (at = at < 0 ? 0 : at; at < TABLE_LISTENERS; at++)
		if ((r->on >> at & 1) != 0)
			return at;
	return -2;
}

/* The greatest priority has a route, and of equal ones one that guards, or the first. */
static void
offer_key(struct join *j, struct str key, const struct join_owner *owner)
{
	struct join_owner *had = map_get(j->routes, key);

	if (had != NULL && (had->priority > owner->priority || (had->priority == owner->priority &&
	    (had->guards || !owner->guards))))
		return;
	had = arena_zalloc(j->arena, sizeof *had);
	*had = *owner;
	map_put(j->routes, key, had);
}

static void
offer_route(struct join *j, const struct route_conf *at, const struct join_owner *owner)
{
	for (int i = next_key(at, -1); i != -2; i = next_key(at, i + 1))
		offer_key(j, str_of(join_route_key(j->arena, at, i)), owner);
}

static void
add_static_routes(struct join *j)
{
	struct world_service *s;

	LIST_FOREACH(s, &j->world->services, link)
		if (s->seen)
			for (unsigned i = 0; i < s->nroutes; i++)
				offer_route(j, &s->route[i], &(struct join_owner){ .service = s->name,
				    .priority = s->route[i].rule == NULL ? ROUTE_OWN : s->route[i].rule->priority });
}

static void
offer_routes(struct join *j, const struct join_service *js)
{
	const struct labels *l = &js->labels;

	ASSERT(l->nroutes <= ROUTES_MAX);
	for (unsigned i = 0; i < l->nroutes; i++)
		offer_route(j, &l->route[i].at, &(struct join_owner){ .service = js->from->name,
		    .route = &l->route[i], .priority = l->route[i].priority,
		    .guards = l->route[i].at.guards });
}

/* Takes what others have out of the listeners that it is for. NULL: it has what is left; else who
 * has the last of it. */
static const struct join_owner *
take_route(struct join *j, struct labels_route *of, const struct labels_route *to)
{
	const struct join_owner *taken = NULL;
	uint64_t on = 0;
	bool own = false;

	for (int i = next_key(&of->at, -1); i != -2; i = next_key(&of->at, i + 1)) {
		struct str key = str_of(join_route_key(j->arena, &of->at, i));
		struct join_owner *owner = map_get(j->routes, key);
		ASSERT(owner != NULL);		/* it has been offered */
		if (owner->route != of) {
			taken = owner;
			continue;
		}
		owner->route = to;
		own = true;
		on |= i < 0 ? 0 : UINT64_C(1) << i;
	}
	of->at.on = on;
	return own ? NULL : taken;
}

/* Keeps those that are its own. */
static void
take_routes(struct join *j, struct join_service *js)
{
	struct labels *l = &js->labels;
	unsigned kept = 0, lost = 0;

	for (unsigned i = 0; i < l->nroutes; i++) {
		const struct join_owner *owner = take_route(j, &l->route[i], &l->route[kept]);
		if (owner == NULL)
			l->route[kept++] = l->route[i];
		else if (lost++ < 4)
			join_add_trouble(j, l->report, WHY_ROUTE_TAKEN,
			    arena_printf(j->arena, "%s belongs to %s, which %s; expected another host, path, "
			    "rule or listener", join_route_text(j->arena, &l->route[i].at), owner->service,
			    owner->priority > l->route[i].priority && owner->priority < ROUTE_OWN ?
			    "has a greater priority" : "is older or of the configuration file"));
	}
	ASSERT(kept + lost == l->nroutes);
	l->nroutes = kept;
}

/* ---- services ---- */

static int
by_age(const void *a, const void *b)
{
	const struct swarm_service *x = (*(struct join_service *const *)a)->from,
	    *y = (*(struct join_service *const *)b)->from;
	int c = strcmp(x->created, y->created);

	if (c == 0)
		c = strcmp(x->name, y->name);
	return c != 0 ? c : strcmp(x->id, y->id);
}

static int
by_name(const void *a, const void *b)
{
	const struct swarm_service *x = ((const struct join_service *)a)->from,
	    *y = ((const struct join_service *)b)->from;
	int c = strcmp(x->name, y->name);

	return c != 0 ? c : strcmp(x->id, y->id);
}

static bool
name_is_valid(struct join *j, const struct join_service *js)
{
	const char *name = js->from->name;
	const struct world_service *ws = world_service(j->world, str_of(name));

	if ((js->from->provided || form_host(str_of(name), false)) && (ws == NULL || !ws->seen))
		return true;
	join_add_trouble(j, js->labels.report, WHY_SERVICE_NAME,
	    arena_text(j->arena, ws != NULL && ws->seen ?
	    STR("a service of the configuration file, or another one of the Swarm, has this name") :
	    STR("expected a name of letters, digits, '.', '_' and '-'")));
	return false;
}

/* Only of services that have labels for a proxy at all. */
static void
report_other_proxy(struct join *j, const struct join_service *js, const char *text)
{
	if (js->from->nlabels > 0)
		join_add_trouble(j, js->labels.report, WHY_OTHER_PROXY, arena_text(j->arena, str_of(text)));
}

/* One line for a service that is to be served, and whose labels are for another proxy. */
static void
report_foreign_labels(struct join *j, const struct join_service *js)
{
	const struct swarm_service *s = js->from;
	const char *caddy = NULL;
	char *text = NULL;

	for (unsigned i = 0; i < s->nall && caddy == NULL; i++)
		if (strncasecmp(s->all[i].name, "caddy", 5) == 0)
			caddy = s->all[i].name;
	if (s->misplaced != NULL)
		text = arena_printf(j->arena, "label %s is one of its containers, not of the "
		    "service: in a stack file it belongs below deploy:", s->misplaced);
	else if (caddy != NULL)
		text = arena_printf(j->arena, "label %s is for caddy-docker-proxy, and Mola does "
		    "not read it; set mola.host and mola.port", caddy);
	else if (s->virtual_host)
		text = arena_text(j->arena, STR("VIRTUAL_HOST in its environment is for "
		    "nginx-proxy, and Mola does not read it; set mola.host and mola.port"));
	if (text != NULL && js->labels.report->ntroubles == 0)
		join_add_trouble(j, js->labels.report, WHY_LABELS_FOREIGN, text);
}

static void
read_service(struct join *j, struct join_service *js)
{
	const struct traefik_rules *rules;
	struct labels *l = &js->labels;
	const char *reason;

	ASSERT(l->report->name == NULL && l->report->nlabels == 0);	/* each service once */
	*l = (struct labels){ .arena = j->arena, .report = l->report, .listener = j->listener,
	    .nlisteners = j->conf->nlisteners, .files = j->files };
	l->report->id = arena_text(j->arena, str_of(js->from->id));
	l->report->name = arena_text(j->arena, str_of(js->from->name));
	l->report->served_before = upgrade_served(js->from, j->conf->traefik->enable);
	if (j->conf->constraint != NULL && !js->from->provided &&
	    !constraint_match(j->conf->constraint, js->from->all, js->from->nall)) {
		report_other_proxy(j, js, "swarm.constraint does not take the service");
		return;
	}
	rules = join_traefik_rules(j, js->from, &reason);
	labels_read(l, js->from, j->conf->defaults, rules, j->middlewares);
	if (!l->enabled && reason != NULL)
		report_other_proxy(j, js, reason);
	if (!l->enabled) {
		if (l->enable == ENABLE_ABSENT)
			report_foreign_labels(j, js);
		return;
	}
	if (l->port == 0 && !js->from->provided)
		l->port = join_port(js->from, &js->tasks);
	l->report->port = l->port;
	if (!name_is_valid(j, js)) {
		l->nroutes = 0;
		l->enabled = false;
	}
}

/* The routes to one port of a service, under a name of its own. One without a port is in the table
 * all the same: its hosts are its own, and a client that requests them gets the reason. */
static void
publish_port(struct join *j, struct join_service *js, unsigned port,
    const struct service_conf *conf, bool first)
{
	struct labels *l = &js->labels;
	struct route_conf *route = arena_zalloc(j->arena, (l->nroutes + js->nlent + 1) * sizeof *route);
	const char *name = first ? js->from->name : arena_printf(j->arena, "%s:%u", js->from->name, port);
	struct route_requirements requirements;
	struct world_service *ws;
	struct join_part *part;
	unsigned n = 0;

	ASSERT(l->enabled && port <= 65535 && (first || port != l->port));
	for (unsigned i = 0; i < l->nroutes; i++)
		if (l->route[i].to == NULL && (l->route[i].port == port || (first && l->route[i].port == 0)))
			route[n++] = l->route[i].at;
	n = join_lent(js, port, first, route, n);
	if (n == 0 && !j->conf->routeless && (l->broken || (l->nservers == 0 && l->group == NULL &&
	    !l->needed)))
		return;		/* those of files may have pages of others */
	ws = world_pass_service(j->world, name, conf, route, n);
	if (ws == NULL)
		return;
	ASSERT(l->report->nroutes + n <= l->nroutes + js->nlent);	/* each route leads to one port */
	for (unsigned i = 0; i < n; i++)
		l->report->route[l->report->nroutes++] = join_route_text(j->arena, &route[i]);
	l->report->served |= n > 0 || js->from->provided;
	requirements_read(js->from, j->arena, &requirements);
	for (unsigned i = 0; i < n; i++)	/* also those of entry points */
		requirements.middlewares |= route[i].chain != NULL;
	world_pass_requirements(ws, &requirements);
	if (l->group != NULL)
		join_group(j, l, ws);
	else if (js->from->provided)
		join_servers(j, l, ws);
	else if (port != 0) {
		n = join_parts(j, js, port, &part);
		join_tasks(j, ws, part, n, first);
	} else if (n > 0)
		join_add_trouble(j, l->report, WHY_SERVICE_NO_PORT,
		    arena_text(j->arena, STR("no port is known; expected mola.port, or exactly one "
		    "published TCP port")));
}

static void
publish_service(struct join *j, struct join_service *js)
{
	struct labels *l = &js->labels;

	if (!l->enabled || !name_is_valid(j, js) ||
	    (l->nroutes + js->nlent + l->nservers == 0 && !l->needed && !j->conf->routeless))
		return;
	ASSERT(l->report->nroutes == 0 && l->nothers <= LABELS_PORTS_MAX);
	l->report->route = arena_zalloc(j->arena, (l->nroutes + js->nlent + 1) * sizeof *l->report->route);
	publish_port(j, js, l->port, &l->conf, true);
	for (unsigned i = 0; i < l->nothers; i++)
		if (l->other[i].port != l->port)
			publish_port(j, js, l->other[i].port, &l->other[i].conf, false);
}

/* The Swarm's, then those of files, which are older than any label. */
static struct join_service *
make_services(struct join *j, unsigned *count)
{
	unsigned nprovided, n = j->swarm->services.n;
	const struct swarm_service *provided = files_services(j->files, &nprovided);
	struct join_service *js = arena_zalloc(j->arena, (n + nprovided + 1) * sizeof *js);

	for (unsigned i = 0; i < n; i++)
		js[i].from = js[i].tasks.of = &SWARM_SERVICES(j->swarm)[i];
	for (unsigned i = 0; i < nprovided; i++)
		js[n + i].from = js[n + i].tasks.of = &provided[i];
	n += nprovided;
	qsort(js, n, sizeof *js, by_name);
	j->report->service = arena_zalloc(j->arena, (n + 1) * sizeof *j->report->service);
	j->report->nservices = n;
	for (unsigned i = 0; i < n; i++) {
		js[i].labels.report = &j->report->service[i];
		ASSERT(map_get(j->services, str_of(js[i].from->id)) == NULL);	/* ids are unique */
		map_put(j->services, str_of(js[i].from->id), &js[i]);
	}
	*count = n;
	return js;
}

static void
read_files(struct join *j)
{
	const char *const *text;
	unsigned n;

	j->files = files_read(j->conf, j->arena, j->middlewares);
	n = files_troubles(j->files, &text);
	for (unsigned i = 0; i < n; i++)
		join_add_trouble(j, NULL, WHY_TRAEFIK_FILE, arena_text(j->arena, str_of(text[i])));
}

static void
read_services(struct join *j, struct join_service *js, unsigned n)
{
	struct join_service **old = arena_zalloc(j->arena, (n + 1) * sizeof *old);

	for (unsigned i = 0; i < n; i++)
		old[i] = &js[i];
	qsort(old, n, sizeof *old, by_age);
	for (unsigned i = 0; i < n; i++)
		read_service(j, old[i]);
	join_static(j);
	join_share(j, old, n);
	join_check_groups(j, js, n);
	join_lend(j, js, n);
	for (unsigned i = 0; i < n; i++)
		offer_routes(j, old[i]);
	for (unsigned i = 0; i < n; i++)
		take_routes(j, old[i]);
}

/* A service may have pages for others though no router leads to it. */
static void
need_pages(struct join *j)
{
	const struct swarm_service *s;
	size_t at = 0;

	while ((s = middlewares_next_wanted(j->middlewares, &at)) != NULL) {
		struct join_service *js = map_get(j->services, str_of(s->id));
		if (js != NULL)
			js->labels.needed = true;
	}
}

static void
join_services(struct join *j)
{
	struct join_service *js;
	unsigned n;

	for (unsigned i = 0; i < j->swarm->services.n; i++)
		middlewares_read(j->middlewares, &SWARM_SERVICES(j->swarm)[i]);
	if (j->conf->middlewares != NULL)
		middlewares_read_settings(j->middlewares, MOLA_PROVIDER, j->conf, str_of(j->conf->middlewares));
	read_files(j);
	js = make_services(j, &n);
	group_tasks(j, js, n);
	add_static_routes(j);
	read_services(j, js, n);
	need_pages(j);
	join_claims(j, js, n);
	join_tls(j, js, n);
	join_find_lent(j, js, n);
	for (unsigned i = 0; i < n; i++)
		publish_service(j, &js[i]);
}

/* ---- the pass ---- */

static void
join_all(struct join *j)
{
	j->nodes = map_new();
	j->services = map_new();
	j->routes = map_new();
	for (size_t i = 0; i < DEFINITION_KINDS; i++)
		j->shared[i] = map_new();
	j->middlewares = middlewares_new(j->conf);
	join_nodes(j);
	join_traefiks(j);
	join_listeners(j);
	join_services(j);
	map_free(&j->nodes);
	map_free(&j->services);
	map_free(&j->routes);
	for (size_t i = 0; i < DEFINITION_KINDS; i++)
		map_free(&j->shared[i]);
	files_free(&j->files);
	middlewares_free(&j->middlewares);
}

bool
swarm_pass(const struct swarm *s, const struct swarm_conf *conf, struct world *w,
    struct swarm_report **report)
{
	struct arena *a = arena_new();
	struct swarm_report *r = arena_zalloc(a, sizeof *r);
	struct join j = { .swarm = s, .conf = conf, .world = w, .arena = a, .report = r };

	r->arena = a;
	if (swarm_is_complete(s))
		join_all(&j);
	if (report != NULL)
		*report = r;
	else
		swarm_report_free(&r);
	return swarm_is_complete(s);
}
