/*
 * traefik: the labels that people have already. What can be served as it is meant is; everything else is named, and
 * nothing is guessed. A service is served under one port: routers that lead to another one are left out.
 * Must not overrule mola.* labels.
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/bug.h"
#include "discovery/labels.h"
#include "discovery/rule.h"
#include "discovery/traefik.h"

#define ROUTERS_MAX	32
#define DEPTH_MAX	10

struct router {
	struct str	 name;
	const struct swarm_label *rule, *service, *middlewares, *entry_points;
};

struct backend {			/* what Traefik calls a service */
	struct str	 name;
	const struct swarm_label *port;
};

struct reading {
	struct labels	*l;
	const struct swarm_service *of;
	const struct traefik_rules *rules;
	struct router	 router[ROUTERS_MAX];
	struct backend	 backend[ROUTERS_MAX];
	unsigned	 nrouters, nbackends;
	bool		 off;			/* traefik.enable=false */
	bool		 on;			/* traefik.enable=true */
};

static void
tell(struct reading *r, const struct swarm_label *label, enum label_state state, const char *text)
{
	labels_tell(r->l, label, state, text == NULL ? NULL : arena_text(r->l->arena, str_of(text)));
}

static bool
has(const struct reading *r, const char *name)
{
	for (unsigned i = 0; i < r->of->nlabels; i++)
		if (strcmp(r->of->label[i].name, name) == 0)
			return true;
	return false;
}

/* "traefik.http.routers.web.rule" in words; 0: too many. */
static unsigned
words_of(const char *name, struct str word[DEPTH_MAX])
{
	struct str rest = str_of(name);
	unsigned n = 0;

	for (struct str part; str_split(&rest, '.', &part); )
		if (n == DEPTH_MAX)
			return 0;
		else
			word[n++] = part;
	return n;
}

static bool
word_is(struct str word, const char *s)
{
	return str_eq_nocase(word, str_of(s));
}

/* --- gathering --- */

static struct router *
router_of(struct reading *r, struct str name)
{
	for (unsigned i = 0; i < r->nrouters; i++)
		if (str_eq_nocase(r->router[i].name, name))
			return &r->router[i];
	if (r->nrouters == ROUTERS_MAX)
		return NULL;
	r->router[r->nrouters] = (struct router){ .name = name };
	return &r->router[r->nrouters++];
}

static struct backend *
backend_of(struct reading *r, struct str name)
{
	for (unsigned i = 0; i < r->nbackends; i++)
		if (str_eq_nocase(r->backend[i].name, name))
			return &r->backend[i];
	if (r->nbackends == ROUTERS_MAX)
		return NULL;
	r->backend[r->nbackends] = (struct backend){ .name = name };
	return &r->backend[r->nbackends++];
}

static void
gather_router(struct reading *r, const struct swarm_label *label, struct str name, struct str key)
{
	struct router *router = router_of(r, name);

	if (router == NULL)
		tell(r, label, LABEL_LATER, "more than 32 routers");
	else if (word_is(key, "rule"))
		router->rule = label;
	else if (word_is(key, "service"))
		router->service = label;
	else if (word_is(key, "entrypoints"))
		router->entry_points = label;
	else if (word_is(key, "priority"))
		tell(r, label, LABEL_LATER, "among routes of a host, the longest path prefix wins");
	else if (word_is(key, "middlewares"))
		router->middlewares = label;
	else if (word_is(key, "tls"))
		tell(r, label, LABEL_LATER, "Mola does not end TLS");
	else
		tell(r, label, LABEL_STRANGE, "not understood");
}

/* Through the row of mola.health.*, whose limits are then Traefik's too; a number alone is in seconds. */
static void
read_health(struct reading *r, const struct swarm_label *label, const char *row_name)
{
	const struct label_row *row = label_row(row_name);
	struct str value = str_trim(str_of(label->value));
	char problem[PROBLEM_MAX];
	uint64_t seconds;

	ASSERT(row != NULL);
	if (has(r, row_name)) {
		tell(r, label, LABEL_IDLE, "the mola label of the same meaning has precedence");
		return;
	}
	if (str_to_u64(value, &seconds))
		value = str_of(arena_printf(r->l->arena, "%.*ss", STR_ARG(value)));
	if (row->read(row, value, (char *)r->l + row->at, r->l->arena, problem))
		tell(r, label, LABEL_GOOD, NULL);
	else
		tell(r, label, LABEL_BAD, problem);
}

static void
gather_health(struct reading *r, const struct swarm_label *label, struct str key)
{
	if (word_is(key, "path"))
		read_health(r, label, "mola.health.path");
	else if (word_is(key, "interval"))
		read_health(r, label, "mola.health.interval");
	else if (word_is(key, "timeout"))
		read_health(r, label, "mola.health.timeout");
	else
		tell(r, label, LABEL_LATER, "not done yet: a health check asks for a path, from time to time");
}

static void
gather_backend(struct reading *r, const struct swarm_label *label, const struct str *word, unsigned n)
{
	struct backend *b = backend_of(r, word[3]);

	if (b == NULL)
		tell(r, label, LABEL_LATER, "more than 32 services");
	else if (n == 7 && word_is(word[5], "server") && word_is(word[6], "port"))
		b->port = label;
	else if (n == 7 && word_is(word[5], "server") && word_is(word[6], "scheme"))
		tell(r, label, strcmp(label->value, "http") == 0 ? LABEL_GOOD : LABEL_LATER,
		    strcmp(label->value, "http") == 0 ? NULL : "Mola speaks plain HTTP/1.1 to tasks");
	else if (n == 7 && word_is(word[5], "healthcheck"))
		gather_health(r, label, word[6]);
	else if (word_is(word[5], "sticky"))
		tell(r, label, LABEL_LATER, "not done yet: a client does not stay with its task");
	else if (word_is(word[5], "passhostheader"))
		tell(r, label, str_eq_nocase(str_of(label->value), STR("true")) ? LABEL_GOOD : LABEL_LATER,
		    str_eq_nocase(str_of(label->value), STR("true")) ? NULL : "the Host field is always passed on");
	else
		tell(r, label, LABEL_STRANGE, "not understood");
}

static void
gather_enable(struct reading *r, const struct swarm_label *label)
{
	bool on;

	if (!label_switch(str_trim(str_of(label->value)), &on)) {
		tell(r, label, LABEL_BAD, "expected true or false");
		return;
	}
	r->on = on;
	r->off = !on;
	if (r->l->enable == ENABLE_ABSENT)
		tell(r, label, LABEL_GOOD, NULL);
	else
		tell(r, label, LABEL_IDLE, "mola.enable has precedence");
}

static void
gather(struct reading *r, const struct swarm_label *label)
{
	struct str word[DEPTH_MAX];
	unsigned n = words_of(label->name, word);

	if (n == 2 && word_is(word[1], "enable"))
		gather_enable(r, label);
	else if (r->off)
		tell(r, label, LABEL_IDLE, "traefik.enable is false");
	else if (n >= 5 && word_is(word[1], "http") && word_is(word[2], "routers"))
		gather_router(r, label, word[3], word[4]);
	else if (n >= 6 && word_is(word[1], "http") && word_is(word[2], "services") && word_is(word[4], "loadbalancer"))
		gather_backend(r, label, word, n);
	else if (n >= 3 && word_is(word[1], "http") && word_is(word[2], "middlewares"))
		tell(r, label, LABEL_LATER, "Mola has no middlewares");
	else if (n >= 3 && (word_is(word[1], "tcp") || word_is(word[1], "udp")))
		tell(r, label, LABEL_LATER, "Mola relays HTTP");
	else if (n >= 3 && (word_is(word[1], "docker") || word_is(word[1], "swarm")))
		tell(r, label, LABEL_IDLE, "Mola goes to tasks directly, on whichever network it shares with them");
	else
		tell(r, label, LABEL_STRANGE, "not understood");
}

/* --- what a router asks for besides its rule --- */

const struct traefik_rules traefik_rules_default = { .enable = true, .exposed_by_default = true };

static bool
names_have(const struct traefik_names *names, struct str name)
{
	for (unsigned i = 0; i < names->n; i++)
		if (str_eq(str_of(names->name[i]), name))
			return true;
	return false;
}

/* The first of `list` that has to be done and is not. */
static bool
middleware_missing(const struct reading *r, struct str list, struct str *name)
{
	while (str_split(&list, ',', name)) {
		*name = str_trim(*name);
		if (name->len > 0 && !names_have(&r->rules->ignore_middlewares, *name))
			return true;
	}
	return false;
}

/* Why requests by this entry point may not go to the tasks as they are; NULL: they may. */
static const char *
entry_point_refuses(const struct reading *r, const struct traefik_entry_point *e, const struct why **why)
{
	const char *whose = e->owner == NULL ? "" : arena_printf(r->l->arena, " of Traefik %s", e->owner);

	*why = WHY_ENTRY_POINT;
	if (!e->served)
		return arena_printf(r->l->arena, "entry point %s%s is not one of those that Mola stands for; name it in "
		    "swarm.traefik.entry_points if everybody may come in by it", e->name, whose);
	if (e->unread != NULL)
		return arena_printf(r->l->arena, "entry point %s: %s; name it in swarm.traefik.entry_points if it demands nothing", e->name,
		    e->unread);
	*why = WHY_NEEDS_MIDDLEWARE;
	for (unsigned i = 0; i < e->middlewares.n; i++)
		if (!names_have(&r->rules->ignore_middlewares, str_of(e->middlewares.name[i])))
			return arena_printf(r->l->arena, "entry point %s%s asks for middleware %s, which Mola does not have; name it in "
			    "swarm.traefik.ignore_middlewares if it protects nothing", e->name, whose, e->middlewares.name[i]);
	if (e->tls_options != NULL)
		return arena_printf(r->l->arena, "entry point %s%s has the TLS options %s, which Mola does not know", e->name, whose,
		    e->tls_options);
	if (e->redirect != NULL)
		return arena_printf(r->l->arena, "entry point %s%s sends everybody to %s; put the router on that one", e->name, whose,
		    e->redirect);
	return NULL;
}

/* The same by name. All rows of the name count. */
static const char *
name_refuses(const struct reading *r, struct str name, const struct why **why)
{
	static const char *const usual[] = { "web", "websecure", "http", "https" };
	const char *text;
	bool known = false;

	for (unsigned i = 0; i < r->rules->nentry_points; i++) {
		const struct traefik_entry_point *e = &r->rules->entry_point[i];
		if (!str_eq_nocase(str_of(e->name), name))
			continue;
		if ((text = entry_point_refuses(r, e, why)) != NULL)
			return text;
		known = true;
	}
	*why = WHY_ENTRY_POINT;
	for (unsigned i = 0; !known && i < sizeof usual / sizeof *usual; i++)
		if (str_eq_nocase(name, str_of(usual[i])))
			return r->rules->unread == NULL ? NULL : arena_printf(r->l->arena, "entry point %.*s: %s; name it in "
			    "swarm.traefik.entry_points if it demands nothing", STR_ARG(name), r->rules->unread);
	return known ? NULL : arena_printf(r->l->arena, "entry point %.*s is not one of those that Mola stands for; name it in "
	    "swarm.traefik.entry_points if everybody may come in by it", STR_ARG(name));
}

/* A router is served when one of its entry points lets everybody in: that is how its author serves it. */
static const char *
names_refuse(const struct reading *r, struct str list, const struct why **why)
{
	const char *first = NULL, *text;
	const struct why *one;
	struct str name;

	*why = WHY_ENTRY_POINT;
	while (str_split(&list, ',', &name)) {
		name = str_trim(name);
		if (name.len == 0)
			continue;
		if ((text = name_refuses(r, name, &one)) == NULL)
			return NULL;
		*why = first == NULL ? one : *why;
		first = first == NULL ? text : first;
	}
	return first == NULL ? "it names no entry point" : first;
}

/* A router that names none is on all that are standard; where nothing is known of any, on the usual ones. */
static const char *
standard_refuses(const struct reading *r, const struct why **why)
{
	const char *first = NULL, *text;
	const struct why *one;
	bool any = false;

	for (unsigned i = 0; i < r->rules->nentry_points; i++) {
		const struct traefik_entry_point *e = &r->rules->entry_point[i];
		if (!e->standard)
			continue;
		any = true;
		if ((text = name_refuses(r, str_of(e->name), &one)) == NULL)
			return NULL;
		*why = first == NULL ? one : *why;
		first = first == NULL ? text : first;
	}
	return any ? first : name_refuses(r, STR("web"), why);
}

static bool
router_is_plain(struct reading *r, const struct router *router)
{
	const struct swarm_label *m = router->middlewares, *e = router->entry_points;
	const struct why *why;
	const char *text;
	struct str name;

	if (m != NULL && middleware_missing(r, str_of(m->value), &name)) {
		labels_refuse(r->l, WHY_NEEDS_MIDDLEWARE, arena_printf(r->l->arena, "router %.*s is not served: %s asks for %.*s, "
		    "which Mola does not have; take it away, or name it in swarm.traefik.ignore_middlewares if it protects nothing",
		    STR_ARG(router->name), m->name, STR_ARG(name)));
		return false;
	}
	text = e != NULL ? names_refuse(r, str_of(e->value), &why) : standard_refuses(r, &why);
	if (text != NULL)
		labels_refuse(r->l, why, arena_printf(r->l->arena, "router %.*s is not served: %s", STR_ARG(router->name), text));
	return text == NULL;
}

/* --- making sense of it --- */

/* The service that a router leads to; NULL with `text` when there is none. Without a name it is the only one, or none
 * where the port is known from elsewhere. */
static const struct backend *
leads_to(struct reading *r, const struct router *router, const char **text)
{
	struct str name = router->service == NULL ? STR("") : str_trim(str_of(router->service->value));

	*text = NULL;
	if (name.len == 0 && r->nbackends <= 1)
		return r->nbackends == 1 ? &r->backend[0] : NULL;
	*text = name.len == 0 ? "there are several services; expected a label that names the router's" :
	    memchr(name.p, '@', name.len) != NULL ? "it leads to a service that another provider of Traefik's knows" :
	    "it leads to a service of which no label speaks";
	for (unsigned i = 0; i < r->nbackends; i++)
		if (str_eq_nocase(r->backend[i].name, name)) {
			*text = NULL;
			return &r->backend[i];
		}
	return NULL;
}

static unsigned
port_of(const struct backend *b)
{
	unsigned port = 0;

	return b != NULL && b->port != NULL && label_port(str_trim(str_of(b->port->value)), &port) ? port : 0;
}

/* That of the first router, by name, which has one; else of the first service. */
static unsigned
port_choose(struct reading *r)
{
	const char *text;
	unsigned port = 0;

	for (unsigned i = 0; i < r->nrouters && port == 0; i++)
		if (r->router[i].rule != NULL)
			port = port_of(leads_to(r, &r->router[i], &text));
	for (unsigned i = 0; i < r->nbackends && port == 0; i++)
		port = port_of(&r->backend[i]);
	return port;
}

static void
tell_ports(struct reading *r, unsigned port)
{
	for (unsigned i = 0; i < r->nbackends; i++) {
		const struct backend *b = &r->backend[i];
		if (b->port == NULL)
			continue;
		if (port_of(b) == 0)
			tell(r, b->port, LABEL_BAD, "expected a port, 1 to 65535");
		else if (r->l->port != port || has(r, "mola.port"))
			tell(r, b->port, LABEL_IDLE, "mola.port has precedence");
		else if (port_of(b) != port)
			tell(r, b->port, LABEL_LATER, "a service is served under one port, and another one came first");
		else
			tell(r, b->port, LABEL_GOOD, NULL);
	}
}

static void
take_rule(struct reading *r, const struct router *router)
{
	struct labels *l = r->l;
	char problem[120];
	struct rule rule;

	if (!rule_parse(str_of(router->rule->value), l->arena, &rule, problem)) {
		tell(r, router->rule, LABEL_BAD, problem);
		return;
	}
	for (unsigned i = 0; i < rule.n; i++)
		labels_route(l, rule.term[i].host == NULL ? "" : rule.term[i].host, rule.term[i].path == NULL ? "/" : rule.term[i].path);
	if (rule.strange[0] != '\0')
		labels_tell(l, router->rule, LABEL_LATER, arena_printf(l->arena, "not understood: %s; what depends on it is not served",
		    rule.strange));
	else if (rule.n == 0)
		tell(r, router->rule, LABEL_BAD, "no request can be all of this");
	else
		tell(r, router->rule, LABEL_GOOD, NULL);
}

static void
resolve_router(struct reading *r, const struct router *router, bool routed, unsigned port)
{
	const char *text;
	const struct backend *b = leads_to(r, router, &text);
	bool plain = routed || router->rule == NULL || router_is_plain(r, router);

	if (router->middlewares != NULL)
		tell(r, router->middlewares, plain ? LABEL_IDLE : LABEL_LATER, plain ? "left out" : "its router is not served");
	if (router->entry_points != NULL)
		tell(r, router->entry_points, plain ? LABEL_GOOD : LABEL_LATER, plain ? NULL : "its router is not served");
	if (router->service != NULL)
		tell(r, router->service, text == NULL ? LABEL_GOOD : LABEL_BAD, text);
	if (router->rule == NULL)
		return;
	if (routed)
		tell(r, router->rule, LABEL_IDLE, "mola.host and mola.path have precedence");
	else if (text != NULL)
		tell(r, router->rule, LABEL_BAD, text);
	else if (!plain)
		tell(r, router->rule, LABEL_LATER, "its router is not served");
	else if (b != NULL && port_of(b) != 0 && port_of(b) != port)
		tell(r, router->rule, LABEL_LATER, "a service is served under one port, and this rule leads to another one");
	else
		take_rule(r, router);
}

static bool
has_rule(const struct reading *r)
{
	for (unsigned i = 0; i < r->nrouters; i++)
		if (r->router[i].rule != NULL)
			return true;
	return false;
}

/* traefik.enable first: it says whether the others count. Names in order, as labels are. */
void
traefik_read(struct labels *l, const struct swarm_service *s, const struct traefik_rules *rules)
{
	struct reading r = { .l = l, .of = s, .rules = rules };
	bool routed = l->host.given || l->path.given;
	unsigned port;

	for (int pass = 0; pass < 2; pass++)
		for (unsigned i = 0; i < s->nlabels; i++) {
			const struct swarm_label *label = &s->label[i];
			if (strncasecmp(label->name, "traefik.", 8) == 0 && (strcasecmp(label->name, "traefik.enable") == 0) == (pass == 0))
				gather(&r, label);
		}
	l->ruled = !r.off && has_rule(&r);
	port = port_choose(&r);
	if (!has(&r, "mola.port"))
		l->port = port;
	if (l->enable == ENABLE_ABSENT && !r.off && (r.on || l->ruled))
		l->enabled = true;
	tell_ports(&r, port);
	for (unsigned i = 0; i < r.nrouters; i++)
		resolve_router(&r, &r.router[i], routed, port);
}
