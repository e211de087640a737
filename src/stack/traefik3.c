/*
 * traefik3: routers of Traefik 2 and 3, which Mola serves as they are, in Mola's own words, where
 * these say the same. What a router leads to and the middlewares that it names stay as they are:
 * Mola reads those labels beside its own.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/bug.h"
#include "base/go.h"
#include "discovery/rule.h"
#include "stack/foreign_priv.h"
#include "stack/stack_priv.h"

#define ROUTER	"traefik.http.routers."
#define SERVICE	"traefik.http.services."

struct router {
	struct str	 name;
	const char	*rule, *service, *middlewares, *entry_points, *priority;
	bool		 tls, acme;
	const char	*other;			/* a label that Mola's words cannot say */
	enum foreign_way way;
};

struct reading {
	struct foreign_reading *r;
	struct router	 router[FOREIGN_ROUTES_MAX];
	unsigned	 n;
	bool		 stays;
};

/* Why the labels are left as they are: people read it as a comment. */
static void	stay(struct reading *, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void
stay(struct reading *g, const char *fmt, ...)
{
	char text[300];
	va_list ap;

	if (g->stays)
		return;
	g->stays = true;
	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	g->r->out->same = true;
	foreign_note(g->r, "its labels of Traefik stay, Mola reads them: %s", text);
	g->r->out->line = g->r->set;
	g->r->out->nlines = g->r->nset;
}

/* ---- gathering ---- */

static struct router *
router_of(struct reading *g, struct str name)
{
	for (unsigned i = 0; i < g->n; i++)
		if (str_eq_nocase(g->router[i].name, name))
			return &g->router[i];
	if (g->n == FOREIGN_ROUTES_MAX) {
		stay(g, "there are more than %d routers", FOREIGN_ROUTES_MAX);
		return NULL;
	}
	g->router[g->n] = (struct router){ .name = name };
	return &g->router[g->n++];
}

static void
gather_router(struct reading *g, const struct stack_pair *p)
{
	struct str rest = str_of(p->name + strlen(ROUTER)), name;
	struct router *router;
	const char *key;
	bool on;

	str_split(&rest, '.', &name);
	if (rest.p == NULL || (router = router_of(g, name)) == NULL)
		return;
	key = rest.p;
	if (strcasecmp(key, "rule") == 0)
		router->rule = p->value;
	else if (strcasecmp(key, "service") == 0)
		router->service = p->value;
	else if (strcasecmp(key, "middlewares") == 0)
		router->middlewares = p->value;
	else if (strcasecmp(key, "entrypoints") == 0)
		router->entry_points = p->value;
	else if (strcasecmp(key, "priority") == 0)
		router->priority = p->value;
	else if (strcasecmp(key, "tls") == 0)
		router->tls |= go_bool(str_of(p->value), &on) && on;
	else if (strcasecmp(key, "tls.certresolver") == 0)
		router->tls = router->acme = true;
	else if (strncasecmp(key, "tls.domains", 11) == 0)
		router->tls = true;
	else
		router->other = p->name;
}

static const struct stack_pair *
find(const struct stack *s, const struct stack_service *v, const char *label)
{
	const struct stack_pairs *p = stack_labels(s, v);

	for (unsigned i = 0; i < p->n; i++)
		if (strcasecmp(p->item[i].name, label) == 0)
			return &p->item[i];
	return NULL;
}

/* ---- what a router means ---- */

static void
read_entry_points(struct reading *g, struct router *router)
{
	struct str rest = str_of(router->entry_points == NULL ? "" : router->entry_points), one;
	bool plain = false, tls = false;

	while (str_split(&rest, ',', &one)) {
		one = str_trim(one);
		if (str_eq_nocase(one, STR("websecure")) || str_eq_nocase(one, STR("https")))
			tls = true;
		else if (str_eq_nocase(one, STR("web")) || str_eq_nocase(one, STR("http")))
			plain = true;
		else if (one.len > 0)
			stay(g, "%.*s is an entry point of its own", STR_ARG(one));
	}
	router->way = router->tls || (tls && !plain) ? WAY_TLS : plain && !tls ? WAY_PLAIN : WAY_BOTH;
}

/* Whether the middleware of these labels, of whichever service, redirects to https. */
static bool
redirects_by(const struct reading *g, const char *label, bool *for_good)
{
	const char *scheme = arena_printf(g->r->a, "%sscheme", label);
	const char *permanent = arena_printf(g->r->a, "%spermanent", label);

	for (unsigned k = 0; k < g->r->nstacks; k++)
		for (unsigned i = 0; i < g->r->stack[k]->nservices; i++) {
			const struct stack *s = g->r->stack[k];
			const struct stack_pair *p = find(s, &s->service[i], scheme);
			if (p == NULL || strcasecmp(p->value, "https") != 0)
				continue;
			p = find(s, &s->service[i], permanent);
			*for_good = p != NULL && strcasecmp(p->value, "true") == 0;
			return true;
		}
	return false;
}

/* All of its middlewares is one that redirects to https; whether for good. */
static bool
redirects(const struct reading *g, const struct router *router, bool *for_good)
{
	struct str name = str_of(router->middlewares), provider;

	if (router->middlewares == NULL || strchr(router->middlewares, ',') != NULL)
		return false;
	if (str_split(&name, '@', &provider)) {
		if (name.p != NULL && !str_eq(name, STR("swarm")) && !str_eq(name, STR("docker")))
			return false;
		name = str_trim(provider);
	}
	return redirects_by(g, arena_printf(g->r->a, "traefik.http.middlewares.%.*s.redirectscheme.",
	    STR_ARG(name)), for_good);
}

static bool
same(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

/* The port and scheme of what it leads to, where labels of this service say it. */
static void
read_target(struct reading *g, const struct router *router, struct foreign_route *route)
{
	const struct stack_pairs *p = stack_labels(g->r->s, g->r->v);
	struct str name, first = { NULL, 0 };
	uint64_t port;

	for (unsigned i = 0; i < p->n; i++) {
		struct str rest = str_of(p->item[i].name);
		if (strncasecmp(rest.p, SERVICE, strlen(SERVICE)) != 0)
			continue;
		rest = (struct str){ rest.p + strlen(SERVICE), rest.len - strlen(SERVICE) };
		str_split(&rest, '.', &name);
		if (first.p == NULL)
			first = name;
		else if (!str_eq_nocase(first, name))
			stay(g, "it has several services of Traefik's");
		if (str_eq_nocase(rest, STR("loadbalancer.server.port")) && str_to_u64(str_trim(
		    str_of(p->item[i].value)), &port) && port > 0 && port <= 65535)
			route->port = (unsigned)port;
	}
	if (router->service != NULL && (strchr(router->service, '@') != NULL || first.p == NULL ||
	    !str_eq_nocase(first, str_of(router->service))))
		stay(g, "router %.*s leads to a service that is not its own", STR_ARG(router->name));
}

static void
check_router(struct reading *g, const struct router *router)
{
	char problem[RULE_PROBLEM];
	struct rule rule;

	if (router->other != NULL)
		stay(g, "%s", router->other);
	else if (router->rule == NULL)
		stay(g, "router %.*s has no rule", STR_ARG(router->name));
	else if (!rule_parse(str_of(router->rule), RULE_V3, g->r->a, &rule, problem))
		stay(g, "the rule of %.*s is not Traefik 3's", STR_ARG(router->name));
	else if (router->way == WAY_PLAIN)
		stay(g, "router %.*s is for plain requests alone", STR_ARG(router->name));
}

/* "Host(`a`) || Host(`b`)": "a,b"; NULL: it says more. */
static const char *
hosts_of(struct arena *a, const char *rule)
{
	const char *hosts = "";

	for (;;) {
		size_t n;
		if (strncmp(rule, "Host(`", 6) != 0 || (n = strcspn(rule += 6, "`*,")) == 0 ||
		    strncmp(rule + n, "`)", 2) != 0)
			return NULL;
		hosts = arena_printf(a, "%s%s%.*s", hosts, *hosts == '\0' ? "" : ",", (int)n, rule);
		rule += n + 2;
		rule += strspn(rule, " ");
		if (*rule == '\0')
			return hosts;
		if (strncmp(rule, "||", 2) != 0)
			return NULL;
		rule += 2 + strspn(rule + 2, " ");
	}
}

/* A router for plain requests that stands for one by TLS: it redirects there, or does the same. */
static bool
fold(struct reading *g, const struct router *plain)
{
	for (unsigned i = 0; i < g->n; i++) {
		struct router *to = &g->router[i];
		bool for_good;
		if (to == plain || to->way != WAY_TLS || !same(to->rule, plain->rule))
			continue;
		if (redirects(g, plain, &for_good))
			return true;
		if (same(to->middlewares, plain->middlewares) && same(to->priority, plain->priority)) {
			to->way = WAY_BOTH;
			return true;
		}
	}
	return false;
}

static void
add_route(struct reading *g, const struct router *router)
{
	struct foreign_route *route = foreign_route_add(g->r, "");

	ASSERT(route != NULL);			/* there are as many as routers */
	route->rule = router->rule;
	route->hosts = hosts_of(g->r->a, router->rule);
	route->priority = router->priority;
	route->way = router->way;
	route->acme = router->acme;
	route->chain = router->middlewares;
	route->to_tls = router->way == WAY_TLS;
	for (unsigned i = 0; i < g->n; i++) {
		bool for_good = false;
		if (g->router[i].way == WAY_PLAIN && same(g->router[i].rule, router->rule) &&
		    redirects(g, &g->router[i], &for_good))
			route->to_tls_for_good |= for_good;
	}
	read_target(g, router, route);
}

static void
check_same(struct reading *g)
{
	const struct foreign_route *a = &g->r->route[0];

	for (unsigned i = 1; i < g->r->nroutes; i++) {
		const struct foreign_route *b = &g->r->route[i];
		if (!same(a->chain, b->chain) || !same(a->priority, b->priority) || a->way != b->way ||
		    a->acme != b->acme)
			stay(g, "its routers differ in middlewares, priority or TLS");
	}
}

/* ---- all of it ---- */

bool
foreign_is_traefik3(const struct stack *s, const struct stack_service *v, struct stack_at *mine)
{
	const struct stack_pairs *p = stack_labels(s, v);

	for (unsigned i = 0; i < p->n; i++)
		if (strncasecmp(p->item[i].name, "traefik.http.", 13) == 0 ||
		    strncasecmp(p->item[i].name, "traefik.tcp.", 12) == 0 ||
		    strncasecmp(p->item[i].name, "traefik.udp.", 12) == 0) {
			*mine = p->item[i].at;
			return true;
		}
	return false;
}

void
foreign_read_traefik3(struct foreign_reading *r)
{
	const struct stack_pairs *p = stack_labels(r->s, r->v);
	const struct stack_pair *enable = find(r->s, r->v, "traefik.enable");
	struct reading g = { .r = r };
	bool on = true;

	r->out->same = enable != NULL && (!go_bool(str_of(enable->value), &on) || !on);
	for (unsigned i = 0; i < p->n && !r->out->same; i++) {
		if (strncasecmp(p->item[i].name, ROUTER, strlen(ROUTER)) == 0)
			gather_router(&g, &p->item[i]);
		else if (strncasecmp(p->item[i].name, "traefik.tcp.", 12) == 0 ||
		    strncasecmp(p->item[i].name, "traefik.udp.", 12) == 0)
			stay(&g, "%s", p->item[i].name);
	}
	if (g.n == 0)
		r->out->same = true;		/* middlewares alone, for others */
	for (unsigned i = 0; i < g.n; i++)
		read_entry_points(&g, &g.router[i]);
	for (unsigned i = 0; i < g.n && !g.stays; i++) {
		bool folded = g.router[i].way == WAY_PLAIN && fold(&g, &g.router[i]);
		if (!folded)
			check_router(&g, &g.router[i]);
	}
	for (unsigned i = 0; i < g.n && !g.stays; i++)
		if (g.router[i].way != WAY_PLAIN)
			add_route(&g, &g.router[i]);
	if (!g.stays && g.n > 0)
		check_same(&g);
	r->out->beside = true;
	if (!r->out->same)
		foreign_note(r, "these take the place of its routers; its other labels of Traefik stay, Mola "
		    "reads them");
}
