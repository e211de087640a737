/*
 * router: what Traefik calls a router, from its labels to routes, or to a reason for which it
 * is not served.
 *
 * A router of which anything is not understood is refused: its author meant requests to pass
 * through that. The requests that it covers then must not be served by a wider route either, so
 * that its rule is made into claims (struct labels_claim).
 * Must not know other services.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/bug.h"
#include "discovery/files.h"
#include "discovery/rule.h"
#include "discovery/traefik_priv.h"

/* ---- reasons ---- */

/* Of several reasons the first is reported. */
void
router_refuse(struct traefik_reading *r, struct router *router, bool guarded, const struct why *why,
    const char *fmt, ...)
{
	const struct swarm_label *const known[] = { router->rule, router->service, router->middlewares,
	    router->entry_points, router->unknown };
	char text[400];
	va_list ap;

	router->guarded |= guarded;
	if (router->refused)
		return;
	router->refused = true;
	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	labels_add_trouble(r->l, why, arena_printf(r->l->arena, "%srouter %.*s%s is not served: %s",
	    reading_place(r, known, sizeof known / sizeof *known), STR_ARG(router->name),
	    r->service->provided ? FILE_PROVIDER : "", text));
}

/* The chain with the router's own middlewares behind `chain`. */
static const char *
check_middlewares(struct traefik_reading *r, struct router *router, const char *chain)
{
	struct str rest = str_trim(str_of(router->middlewares->value)), one;
	const char *problem, *with;

	while (rest.len > 0 && str_split(&rest, ',', &one)) {
		one = str_trim(one);
		with = reading_add_middleware(r, chain, one, &problem);
		if (with == NULL) {
			struct str whole = r->service->provided ? str_of(middlewares_qualify(r->l->arena, one,
			    FILE_PROVIDER)) : one;
			const char *kind = middlewares_kind(r->middlewares, whole);
			router_refuse(r, router, middlewares_guards(r->middlewares, whole), WHY_NEEDS_MIDDLEWARE,
			    "%s has middleware %.*s%s%s%s, %s; name it in swarm.traefik.ignore_middlewares if "
			    "it protects nothing", reading_key(r, router->middlewares), STR_ARG(one),
			    kind == NULL ? "" : " (", kind == NULL ? "" : kind, kind == NULL ? "" : ")", problem);
		} else
			chain = with;
	}
	return chain;
}

/* ---- all of it ---- */

static int64_t
priority_of(const struct router *router, struct str rule, bool *good)
{
	int64_t n = 0;

	*good = router->priority == NULL || router->priority->value[0] == '\0' ||
	    rule_priority(str_of(router->priority->value), &n);
	if (!*good)
		return ROUTE_OWN - 1;
	return n == 0 ? (int64_t)rule.len : n;
}

/* What Traefik does not know counts as its own. */
static enum rule_syntax
syntax_of(const struct traefik_reading *r, const struct router *router)
{
	return router->syntax == NULL ? r->rules->rule_syntax :
	    strcmp(router->syntax->value, "v2") == 0 ? RULE_V2 : RULE_V3;
}

/* Its requests end there. */
static void
add_noop(struct traefik_reading *r, struct router *router, struct entry_group *g)
{
	const char *with = filter_chain_add(r->l->arena, g->chain, STR(NOOP_SERVICE), FILTER_NOOP,
	    NULL, 0);

	if (with == NULL)
		router_refuse(r, router, true, WHY_NEEDS_MIDDLEWARE, "it has too many middlewares");
	else
		g->chain = with;
}

static bool
is_of_proxies(struct str field)
{
	const struct str begins = STR("X-Forwarded-");

	return str_eq_nocase(field, STR("X-Real-Ip")) || (field.len > begins.len &&
	    str_eq_nocase((struct str){ field.p, begins.len }, begins));
}

/* It takes the client's address, or more, from X-Forwarded-... */
static bool
believes(const struct filter *f)
{
	switch (f->kind) {
	case FILTER_IP_ALLOW_LIST:
		return f->of.ip_allow_list.depth > 0 || f->of.ip_allow_list.excluded.n > 0;
	case FILTER_IP_WHITE_LIST:
		return f->of.ip_white_list.depth > 0 || f->of.ip_white_list.excluded.n > 0;
	case FILTER_IN_FLIGHT_REQ:
		return f->of.in_flight_req.depth > 0 || f->of.in_flight_req.excluded.n > 0 ||
		    is_of_proxies(f->of.in_flight_req.by_field);
	case FILTER_RATE_LIMIT:
		return f->of.rate_limit.depth > 0 || f->of.rate_limit.excluded.n > 0 ||
		    is_of_proxies(f->of.rate_limit.by_field);
	case FILTER_FORWARD_AUTH:
		return f->of.forward_auth.trust;
	default:
		return false;
	}
}

/* NULL: none does. */
static const struct filter *
find_believer(const struct filter_chain *c)
{
	for (unsigned i = 0; i < c->n; i++)
		if (believes(&c->filter[i]))
			return &c->filter[i];
	return NULL;
}

#define WIDER	"which clients.trusted of mola.yaml believes of more addresses than " \
	"forwardedHeaders.trustedIPs of its entry point"

static void
check_believed(struct traefik_reading *r, struct router *router, const struct filter_chain *c)
{
	const struct filter *f = router->entries->wider ? find_believer(c) : NULL;

	if (f != NULL)
		router_refuse(r, router, true, WHY_ENTRY_POINT, "its middleware %.*s takes the client's "
		    "address from X-Forwarded-For, " WIDER, STR_ARG(f->name));
}

/* A rule may ask for what an entry point makes of requests, and Mola does not. */
static void
check_rule(struct traefik_reading *r, struct router *router, const char *rule)
{
	if (router->entries->wider && (strcasestr(rule, "x-forwarded-") != NULL ||
	    strcasestr(rule, "x-real-ip") != NULL))
		router_refuse(r, router, true, WHY_ENTRY_POINT,
		    "its rule depends on X-Forwarded-..., " WIDER);
	if (router->entries->semicolons && strcasestr(rule, "query") != NULL)
		router_refuse(r, router, true, WHY_ENTRY_POINT, "its rule has Query, and its entry point "
		    "http.encodeQuerySemicolons, which Mola does not do");
}

/* What its requests pass: the middlewares of its entry points, then its own. */
static void
set_chain(struct traefik_reading *r, struct router *router, struct entry_group *g)
{
	const struct filter_chain *filters;

	if (router->middlewares != NULL)
		g->chain = check_middlewares(r, router, g->chain);
	if (router->noop && !router->refused)
		add_noop(r, router, g);
	if (router->refused || *g->chain == '\0')
		return;
	filters = filter_chain_parse(r->l->arena, str_of(g->chain));
	ASSERT(filters != NULL);		/* each of them was read */
	g->chain_guards = filters->guards;
	check_believed(r, router, filters);
}

/* It is served by some of its entry points, or by none; where it is served by some, what the others
 * require is said, unless they only send clients on. */
static void
check_entries(struct traefik_reading *r, struct router *router)
{
	struct entry_groups *e = router->entries;
	unsigned served = 0;

	ASSERT(e->n > 0);
	for (unsigned i = 0; i < e->n; i++)
		served += e->group[i].text == NULL;
	for (unsigned i = 0; i < e->n; i++) {
		struct entry_group *g = &e->group[i];
		if (g->text == NULL && !router->refused)
			set_chain(r, router, g);
		else if (g->text != NULL && served == 0)
			router_refuse(r, router, g->guarded, g->why, "%s", g->text);
		else if (g->text != NULL && g->guarded)
			labels_add_trouble(r->l, g->why, arena_printf(r->l->arena,
			    "router %.*s is not served by all of its entry points: %s", STR_ARG(router->name),
			    g->text));
	}
}

void
router_check(struct traefik_reading *r, struct router *router)
{
	const char *text;
	bool good;

	ASSERT(r->mode != MODE_OFF && router->backend == NULL && !router->refused);	/* once */
	if (r->mode == MODE_PORT_ONLY) {	/* its port may be that of mola.host */
		router->backend = router_backend(r, router, &text);
		return;
	}
	if (files_unreadable(r->l->files) != NULL)
		router_refuse(r, router, true, WHY_TRAEFIK_FILE, "%s", files_unreadable(r->l->files));
	priority_of(router, STR(""), &good);
	if (router->middlewares != NULL)
		check_middlewares(r, router, "");
	if (router->unknown != NULL)
		router_refuse(r, router, true, WHY_ROUTER_LABEL, "%s is not understood",
		    reading_key(r, router->unknown));
	if (r->unknown != NULL)
		router_refuse(r, router, true, WHY_ROUTER_LABEL,
		    "%s is not understood, and may apply to it", reading_key(r, r->unknown));
	if (!good)
		router_refuse(r, router, true, WHY_ROUTER_LABEL, "%s is no number",
		    reading_key(r, router->priority));
	if (r->too_many)
		router_refuse(r, router, true, WHY_ROUTER_LABEL,
		    "the service has more than %d routers or services of Traefik's", ROUTERS_MAX);
	router_find_service(r, router);
	router->entries = arena_zalloc(r->l->arena, sizeof *router->entries);
	entry_groups_read(r, router, router->entries);
	router_check_tls(r, router);
	check_entries(r, router);
	if (router->entries->orders && !router->refused && !reading_has_label(r, "mola.tls"))
		r->l->conf.tls = SERVICE_TLS_ACME;
}

/* The default rule with {{ .Name }} and {{ normalize .Name }} replaced, which are the same. False:
 * it has other templates. */
static bool
default_rule_write(const struct traefik_reading *r, struct buf *out)
{
	const char *rest = r->rules->default_rule, *name = reading_default_name(r), *open, *close;

	while ((open = strstr(rest, "{{")) != NULL && (close = strstr(open, "}}")) != NULL) {
		struct str inner = str_trim((struct str){ open + 2, (size_t)(close - open) - 2 });
		if (!str_eq(inner, STR(".Name")) && !str_eq(inner, STR("normalize .Name")))
			return false;
		buf_add(out, rest, (size_t)(open - rest));
		buf_adds(out, str_of(name));
		rest = close + 2;
	}
	buf_adds(out, str_of(rest));
	return open == NULL;
}

/* NULL, or what is wrong with it. */
static const char *
default_rule(const struct traefik_reading *r, struct str *out)
{
	const char *problem = NULL;
	struct buf text;

	buf_init(&text, RULE_BYTES_MAX);
	if (!default_rule_write(r, &text))
		problem = "of the default rule only {{ .Name }} and {{ normalize .Name }} are understood";
	else if (text.full)
		problem = "the default rule becomes longer than 4096 bytes";
	else
		*out = str_of(arena_text(r->l->arena, buf_str(&text)));
	buf_fini(&text);
	return problem;
}

static bool
rule_text(struct traefik_reading *r, struct router *router, struct str *out)
{
	const char *given = r->rules->default_rule, *problem;

	if (router->rule != NULL) {
		*out = str_of(router->rule->value);
		return true;
	}
	if (given == NULL)
		problem = r->rules->unreadable == NULL ? NULL : arena_printf(r->l->arena,
		    "the default rule is not known, as %s; swarm.traefik.default_rule sets it",
		    r->rules->unreadable);
	else
		problem = *given == '\0' ? "the default rule of Traefik is set to nothing" :
		    default_rule(r, out);
	if (given != NULL && problem == NULL)
		return true;
	router_refuse(r, router, false, WHY_ROUTER_RULE, "it has no rule%s%s",
	    problem == NULL ? "" : ", and ", problem == NULL ? "" : problem);
	return false;
}

static void
add_terms(struct traefik_reading *r, const struct rule *rule, struct labels_rule_route *route,
    uint64_t on, enum route_by by)
{
	ASSERT(rule->n <= RULE_TERMS_MAX);
	route->on = on;
	route->by = by;
	for (unsigned i = 0; i < rule->n; i++) {
		route->term = &rule->term[i];
		labels_add_rule(r->l, route);
	}
}

/* The requests that it has, and keeps from others. Where it is not known how those come that it
 * would have, it keeps them however they come; if only TLS is not known of entry points that it
 * names, that is for claims.c to decide. */
static void
add_claims(struct traefik_reading *r, const struct router *router, const struct rule *rule,
    struct labels_rule_route *route)
{
	bool everywhere = router->unknown != NULL || r->unknown != NULL || r->too_many ||
	    files_unreadable(r->l->files) != NULL, certain = true;

	route->router = arena_text(r->l->arena, router->name);
	route->chain = NULL;
	route->guarded = router->guarded;
	for (unsigned i = 0; i < router->entries->n; i++)
		certain &= router->entries->group[i].certain;
	route->supposed = !certain && router->guarded && router->entry_points != NULL &&
	    rule->unsupported[0] == '\0';
	everywhere |= !certain && !route->supposed;
	for (unsigned i = 0; i < router->entries->n && !everywhere; i++)
		if (!router->entries->group[i].nowhere)
			add_terms(r, rule, route, router->entries->group[i].on, router->entries->group[i].by);
	if (everywhere) {
		route->supposed = false;
		add_terms(r, rule, route, 0, BY_ANY);
	}
}

static void
add_routes(struct traefik_reading *r, const struct router *router, const struct rule *rule,
    struct labels_rule_route *route)
{
	for (unsigned i = 0; i < router->entries->n; i++) {
		const struct entry_group *g = &router->entries->group[i];
		bool served = g->text == NULL;
		if (!served && (!g->guarded || g->nowhere))
			continue;
		route->router = served ? NULL : arena_text(r->l->arena, router->name);
		route->chain = !served || *g->chain == '\0' ? NULL : g->chain;
		route->chain_guards = served && g->chain_guards;
		route->guarded = !served;
		add_terms(r, rule, route, g->on, g->by);
	}
}

static void
add_rule(struct traefik_reading *r, struct router *router, const struct rule *rule,
    struct str text, unsigned port)
{
	bool good, tls = true;
	struct labels_rule_route route = { .rule = rule, .text = arena_text(r->l->arena, text),
	    .name = arena_printf(r->l->arena, "%.*s%s", STR_ARG(router->name), reading_provider(r)),
	    .service = router_service_name(r, router), .to = router->to,
	    .priority = priority_of(router, text, &good), .port = port };

	for (unsigned i = 0; i < router->entries->n; i++)
		tls &= router->entries->group[i].by == BY_TLS;
	route.entry = arena_printf(r->l->arena, "%s%s", tls ? "tls " : "",
	    router->entry_points == NULL ? "" : router->entry_points->value);
	if (router->refused)
		add_claims(r, router, rule, &route);
	else
		add_routes(r, router, rule, &route);
}

static void
report_if_set(struct traefik_reading *r, const struct swarm_label *label, enum label_state state,
    const char *text)
{
	if (label != NULL)
		reading_report(r, label, state, text);
}

/* Some may be left out, and those that could be applied are, whatever the operator says. */
static void
report_middlewares(struct traefik_reading *r, const struct router *router)
{
	struct str rest = str_of(router->middlewares->value), one;
	bool left_out = false, applied = false;
	const char *problem;

	while (str_split(&rest, ',', &one))
		if (middlewares_ignored(r->middlewares, str_trim(one))) {
			bool can = middlewares_add(r->middlewares, r->l->arena, "", str_trim(one), &problem) != NULL &&
			    problem == NULL;
			left_out |= !can;
			applied |= can;
		}
	reading_report(r, router->middlewares, left_out ? LABEL_UNUSED : LABEL_VALID, left_out ?
	    "left out, as far as swarm.traefik.ignore_middlewares has them and Mola has not" : applied ?
	    "applied, although swarm.traefik.ignore_middlewares names them: Mola has them now" : NULL);
}

static void
report_rest(struct traefik_reading *r, const struct router *router, enum label_state state,
    const char *text)
{
	if (router->middlewares != NULL && state == LABEL_VALID &&
	    str_trim(str_of(router->middlewares->value)).len > 0)
		report_middlewares(r, router);
	else
		report_if_set(r, router->middlewares, state, text);
	report_if_set(r, router->entry_points, state, text);
	report_if_set(r, router->priority, state, text);
	report_if_set(r, router->syntax, state, text);
	report_if_set(r, router->tls_options, state, text);
}

/* It is in no label: people read it in a row of its own. */
static void
report_default(struct traefik_reading *r, const struct router *router, struct str rule)
{
	const char *name = arena_printf(r->l->arena, "traefik.http.routers.%.*s.rule",
	    STR_ARG(router->name));
	struct swarm_label label = { .name = name, .value = arena_text(r->l->arena, rule) };

	ASSERT(router->rule == NULL);
	labels_report(r->l, &label, router->refused ? LABEL_UNUSED : LABEL_VALID, arena_text(r->l->arena,
	    router->refused ? STR("the default rule; its router is not served") :
	    STR("the default rule, as no label sets one")));
}

static void
report_rule(struct traefik_reading *r, const struct router *router, const struct rule *rule,
    struct str text)
{
	if (router->rule == NULL)
		report_default(r, router, text);
	else if (rule->unsupported[0] != '\0')
		labels_report(r->l, router->rule, LABEL_UNSUPPORTED,
		    arena_printf(r->l->arena, "not understood: %s; the router is not served",
		    rule->unsupported));
	else if (router->refused)
		reading_report(r, router->rule, LABEL_UNUSED, "its router is not served");
	else
		reading_report(r, router->rule, LABEL_VALID, NULL);
}

void
router_resolve(struct traefik_reading *r, struct router *router, unsigned port)
{
	struct rule rule = { .n = 0 };
	char problem[RULE_PROBLEM];
	struct str text;

	ASSERT(r->mode != MODE_OFF && port <= 65535);
	if (r->mode == MODE_PORT_ONLY) {
		const char *overridden = "mola.host, mola.path or mola.rule has precedence";
		report_rest(r, router, LABEL_UNUSED, overridden);
		report_if_set(r, router->rule, LABEL_UNUSED, overridden);
		report_if_set(r, router->service, LABEL_UNUSED, overridden);
		return;
	}
	if (rule_text(r, router, &text) && !rule_parse(text, syntax_of(r, router), r->l->arena, &rule,
	    problem)) {
		router_refuse(r, router, false, WHY_ROUTER_RULE, "its rule is not understood: %s", problem);
		report_if_set(r, router->rule, LABEL_INVALID, problem);
		r->l->blocked |= router->guarded;
	} else if (router->rule == NULL && router->refused && rule.n == 0)
		r->l->blocked |= router->guarded;
	else {
		/* a guard under a name that is mistyped would leave open what it was to guard */
		r->l->blocked |= router->rule == NULL && router->refused && router->guarded;
		check_rule(r, router, text.p);
		if (rule.n == 0 || rule.unsupported[0] != '\0')
			router_refuse(r, router, false, WHY_ROUTER_RULE,
			    rule.n == 0 ? "no request can match all of its rule" :
			    "its rule has %s, which Mola does not understand", rule.unsupported);
		router_add_tls(r, router, &rule);
		add_rule(r, router, &rule, text, port);
		report_rule(r, router, &rule, text);
	}
	report_rest(r, router, router->refused ? LABEL_UNUSED : LABEL_VALID,
	    router->refused ? "its router is not served" : NULL);
}
