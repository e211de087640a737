/*
 * tcp_router: Traefik's routers of TCP, from their labels to the connections that a service gets,
 * or to a reason for which a router is not served. As for requests, a router of which anything is
 * not understood is refused, and the names that it stands for are kept from wider ones.
 *
 * An entry point is the listener of the same name here: connections are all that a listener has, so
 * that the usual entry points stand for nothing else.
 * Must not know other services.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/bug.h"
#include "discovery/files.h"
#include "discovery/middlewares.h"
#include "discovery/rule.h"
#include "discovery/tcp_priv.h"

/* ---- gathering ---- */

static struct tcp_router *
router_get(struct tcp_reading *t, struct str name)
{
	for (unsigned i = 0; i < t->nrouters; i++)
		if (str_eq_nocase(t->router[i].name, name))
			return &t->router[i];
	if (t->nrouters == ROUTERS_MAX)
		return NULL;
	t->router[t->nrouters] = (struct tcp_router){ .name = name };
	return &t->router[t->nrouters++];
}

void
tcp_set_once(struct traefik_reading *r, const struct swarm_label **at,
    const struct swarm_label **unknown, const struct swarm_label *label)
{
	if (*at == NULL)
		*at = label;
	else
		reading_mark_unknown(r, unknown, label, "it is set twice");
}

static void
gather_tls(struct traefik_reading *r, struct tcp_router *router, const struct swarm_label *label,
    const struct str *word, unsigned n)
{
	router->tls |= n > 5 || !str_eq_nocase(str_of(label->value), STR("false"));
	if (n == 6 && word_is(word[5], "passthrough"))
		tcp_set_once(r, &router->passthrough, &router->unknown, label);
	else if (n == 6 && word_is(word[5], "certresolver") && label->value[0] != '\0')
		tcp_set_once(r, &router->resolver, &router->unknown, label);
	else if (n == 6 && word_is(word[5], "options"))
		tcp_set_once(r, &router->options, &router->unknown, label);
	else if (n == 5 || (n == 6 && word_is(word[5], "certresolver")) ||
	    (n == 7 && str_starts(word[5], STR("domains"))))
		reading_report(r, label, LABEL_UNUSED, "TLS is passed through, or ends with Mola's certificates");
	else
		reading_mark_unknown(r, &router->unknown, label, "not understood: the router is not served");
}

static void
gather_router(struct traefik_reading *r, const struct swarm_label *label, const struct str *word,
    unsigned n)
{
	struct tcp_router *router = router_get(r->tcp, word[3]);
	const struct swarm_label **at;

	if (router == NULL) {
		r->tcp->too_many = true;
		reading_report(r, label, LABEL_UNSUPPORTED, "more than 64 routers");
		return;
	}
	at = word_is(word[4], "rule") ? &router->rule :
	    word_is(word[4], "service") ? &router->service :
	    word_is(word[4], "middlewares") ? &router->middlewares :
	    word_is(word[4], "entrypoints") ? &router->entry_points :
	    word_is(word[4], "priority") ? &router->priority : NULL;
	if (at != NULL && n == 5)
		tcp_set_once(r, at, &router->unknown, label);
	else if (word_is(word[4], "tls"))
		gather_tls(r, router, label, word, n);
	else if (n == 5 && word_is(word[4], "rulesyntax"))
		reading_report(r, label, LABEL_UNUSED, "both are read alike, as far as they are");
	else
		reading_mark_unknown(r, &router->unknown, label, "not understood: the router is not served");
}

/* Where it cannot be applied, routers say so, too. */
static void
report_middleware(struct traefik_reading *r, const struct swarm_label *label, struct str name)
{
	const char *problem;

	if (tcp_middlewares_add(middlewares_tcp(r->middlewares), r->l->arena, "", name, &problem) != NULL)
		reading_report(r, label, LABEL_VALID, NULL);
	else
		reading_report(r, label, LABEL_UNUSED, arena_printf(r->l->arena, "routers that name this "
		    "middleware are not served: %s", problem));
}

void
tcp_gather(struct traefik_reading *r, const struct swarm_label *label, const struct str *word,
    unsigned n)
{
	if (r->tcp == NULL)
		r->tcp = arena_zalloc(r->l->arena, sizeof *r->tcp);
	if (n >= 5 && word_is(word[2], "routers"))
		gather_router(r, label, word, n);
	else if (n >= 5 && word_is(word[2], "services"))
		tcp_backend_gather(r, label, word, n);
	else if (n >= 4 && word_is(word[2], "middlewares"))
		report_middleware(r, label, word[3]);
	else if (n >= 4 && word_is(word[2], "serverstransports"))
		reading_report(r, label, LABEL_UNUSED, "Traefik knows transports of files alone: nothing "
		    "leads to a service that names this");
	else {
		r->tcp->unclear = true;
		reading_report(r, label, LABEL_UNKNOWN, "not understood: no tcp router of the service is served");
	}
}

bool
tcp_is_there(const struct traefik_reading *r)
{
	return r->tcp != NULL && r->tcp->nrouters + r->tcp->nbackends > 0;
}

/* ---- reasons ---- */

static void	refuse(struct traefik_reading *, struct tcp_router *, const struct why *,
    const char *fmt, ...)
		    __attribute__((format(printf, 4, 5)));

/* Of several reasons the first is reported. */
static void
refuse(struct traefik_reading *r, struct tcp_router *router, const struct why *why,
    const char *fmt, ...)
{
	const struct swarm_label *const known[] = { router->rule, router->service, router->middlewares,
	    router->entry_points, router->unknown };
	char text[400];
	va_list ap;

	if (router->refused)
		return;
	router->refused = true;
	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	labels_add_trouble(r->l, why, arena_printf(r->l->arena, "%stcp router %.*s%s is not served: %s",
	    reading_place(r, known, sizeof known / sizeof *known), STR_ARG(router->name),
	    r->service->provided ? FILE_PROVIDER : "", text));
}

/* What its connections pass, and at most so many that count them: each of these holds a place. */
static void
check_middlewares(struct traefik_reading *r, struct tcp_router *router)
{
	struct str rest = str_trim(str_of(router->middlewares->value)), one;
	const char *problem, *with;

	while (rest.len > 0 && str_split(&rest, ',', &one)) {
		one = str_trim(one);
		with = tcp_middlewares_add(middlewares_tcp(r->middlewares), r->l->arena, router->chain,
		    str_of(middlewares_qualify(r->l->arena, one, r->service->provided ? FILE_PROVIDER : "")),
		    &problem);
		if (with != NULL)
			router->chain = with;
		else if (!middlewares_ignored(r->middlewares, one))
			refuse(r, router, WHY_NEEDS_MIDDLEWARE, "%s has middleware %.*s, %s; name it in "
			    "swarm.traefik.ignore_middlewares if it protects nothing",
			    reading_key(r, router->middlewares), STR_ARG(one), problem);
	}
	if (!tcp_chain_fits(r->l->arena, router->chain))
		refuse(r, router, WHY_NEEDS_MIDDLEWARE, "more than %d of its middlewares count connections",
		    TCP_COUNTED);
}

/* ---- where it leads ---- */

/* That of a service of labels, from a file, and the other way round. False: it leads to one of the
 * same provider's. */
static bool
find_elsewhere(struct traefik_reading *r, struct tcp_router *router, struct str name,
    const char **text)
{
	bool provided = r->service->provided, labels = middlewares_name(name).len < name.len;

	if (!(provided ? labels : str_ends(name, STR(FILE_PROVIDER))))
		return false;
	router->to = !labels ? files_tcp_service(r->l->files, name) :
	    tcp_middlewares_page(middlewares_tcp(r->middlewares), middlewares_name(name),
	    &router->to_port);
	if (router->to == NULL)
		*text = arena_printf(r->l->arena, labels ? "it leads to %.*s, whose port no label defines, or "
		    "several do" : "it leads to %.*s, which no file of swarm.traefik.files defines",
		    STR_ARG(name));
	return true;
}

static struct tcp_backend *
find_backend(struct traefik_reading *r, struct tcp_router *router, const char **text)
{
	struct tcp_reading *t = r->tcp;
	struct str name = router->service == NULL ? STR("") : str_trim(str_of(router->service->value));
	bool provided = r->service->provided;

	*text = NULL;
	if (find_elsewhere(r, router, name, text))
		return NULL;
	name = middlewares_name(name);
	if (provided && str_ends(name, STR(FILE_PROVIDER)))
		name.len -= strlen(FILE_PROVIDER);
	if (name.len == 0 && t->nbackends <= 1 && !provided)
		return t->nbackends == 1 ? &t->backend[0] : NULL;
	for (unsigned i = 0; i < t->nbackends; i++)
		if (str_eq_nocase(t->backend[i].name, name))
			return &t->backend[i];
	*text = provided ? name.len == 0 ? "it names no service" :
	    "it leads to a service that no file of swarm.traefik.files defines" : name.len == 0 ?
	    "there are several services, and no label names the router's" :
	    "it leads to a service that no label here defines";
	return NULL;
}

static void
check_backend(struct traefik_reading *r, struct tcp_router *router)
{
	const char *text;
	const struct tcp_backend *b = router->backend = find_backend(r, router, &text);

	if (text != NULL)
		refuse(r, router, WHY_ROUTER_SERVICE, "%s", text);
	if (b != NULL && b->unknown != NULL)
		refuse(r, router, WHY_ROUTER_SERVICE, "%s of its service is not understood",
		    reading_key(r, b->unknown));
	if (b != NULL && b->unspoken != NULL)
		refuse(r, router, WHY_ROUTER_SERVICE, "%s of its service: %s",
		    reading_key(r, b->transport), b->unspoken);
}

/* ---- all of it ---- */

/* Mola's own label, whatever the router says, unless it passes TLS through. */
static bool
ends_by_label(const struct traefik_reading *r)
{
	return reading_has_label(r, "mola.tls") && r->l->conf.tls != SERVICE_TLS_NONE;
}

static void
check_tls(struct traefik_reading *r, struct tcp_router *router)
{
	struct str options = router->options == NULL ? STR("") :
	    str_trim(str_of(router->options->value));
	bool through = false;
	const char *problem, *name;

	if (router->passthrough != NULL &&
	    !label_switch(str_trim(str_of(router->passthrough->value)), &through))
		refuse(r, router, WHY_ROUTER_LABEL, "%s is neither true nor false",
		    reading_key(r, router->passthrough));
	router->ends_tls = !through && (router->tls || ends_by_label(r));
	if (!router->ends_tls)
		return;
	name = reading_tls_name(r, options);
	if (files_tls(r->l->files, r->l->arena, name, &problem) != NULL)
		router->tls_rules = name;
	if (problem == NULL)
		return;
	if (router->options != NULL)
		refuse(r, router, WHY_TLS_OPTIONS, "%s names TLS options %.*s: %s",
		    reading_key(r, router->options), STR_ARG(options), problem);
	else
		refuse(r, router, WHY_TLS_OPTIONS, "it has the default TLS options: %s", problem);
}

/* A rule with a name has at least the characters of HostSNI(`a`), and so many is its priority. */
#define NAMED_LEAST	12

/*
 * Names go before all that have none here, exact ones before wildcards. A priority is understood
 * where it makes no other order: of routers of one name the greatest goes first.
 */
static void
check_priority(struct traefik_reading *r, struct tcp_router *router)
{
	const struct swarm_label *given = router->priority;
	int64_t n = 0;

	if (given != NULL && given->value[0] != '\0' && !rule_priority(str_of(given->value), &n))
		refuse(r, router, WHY_ROUTER_LABEL, "%s is no number", reading_key(r, given));
	for (unsigned i = 0; i < router->parsed.n && n != 0; i++) {
		const char *host = router->parsed.term[i].host;
		if (host == NULL ? n >= NAMED_LEAST : n < NAMED_LEAST || *host == '+' || *host == '*')
			refuse(r, router, WHY_ROUTER_LABEL, "%s is not supported: the most specific name goes first; "
			    "expected %s", reading_key(r, given), host == NULL ? "less than 12" :
			    n < NAMED_LEAST ? "12 or more" : "none for a wildcard");
	}
	router->first = n != 0 ? n : router->parsed.n == 1 && router->parsed.term[0].host == NULL ? -1 :
	    router->rule == NULL ? 0 : (int64_t)strlen(router->rule->value);
}

static void
check_router(struct traefik_reading *r, struct tcp_router *router)
{
	struct tcp_reading *t = r->tcp;
	char problem[RULE_PROBLEM];

	router->chain = "";
	if (router->rule == NULL || !rule_parse_tcp(str_of(router->rule->value), r->l->arena,
	    &router->parsed, problem)) {
		t->unclear = true;
		refuse(r, router, WHY_ROUTER_RULE, "its rule is not understood: %s",
		    router->rule == NULL ? "there is none" : problem);
	}
	if (files_unreadable(r->l->files) != NULL)
		refuse(r, router, WHY_TRAEFIK_FILE, "%s", files_unreadable(r->l->files));
	if (router->middlewares != NULL)
		check_middlewares(r, router);
	if (router->unknown != NULL)
		refuse(r, router, WHY_ROUTER_LABEL, "%s is not understood", reading_key(r, router->unknown));
	check_priority(r, router);
	if (t->too_many)
		refuse(r, router, WHY_ROUTER_LABEL, "the service has more than %d of them, or of their services",
		    ROUTERS_MAX);
	check_backend(r, router);
	check_tls(r, router);
	for (unsigned i = 0; i < router->parsed.n; i++)
		if (router->parsed.term[i].partial)
			refuse(r, router, WHY_ROUTER_RULE, "its rule has %s, which Mola does not understand",
			    router->parsed.unsupported);
		else if (router->parsed.term[i].host != NULL && !router->tls)
			refuse(r, router, WHY_ROUTER_RULE, "HostSNI with a name is for TLS; expected "
			    "tls=true, tls.passthrough=true, or HostSNI(`*`)");
}

/* Of the service, where its own labels say nothing. */
static enum service_tls
wanted_tls(const struct tcp_router *router)
{
	return !router->ends_tls ? SERVICE_TLS_NONE : router->resolver != NULL ? SERVICE_TLS_ACME :
	    SERVICE_TLS_TERMINATE;
}

/* As Traefik has them: "db@swarm". */
static const char *
router_name(const struct traefik_reading *r, const struct tcp_router *router)
{
	return arena_printf(r->l->arena, "%.*s%s", STR_ARG(router->name), reading_provider(r));
}

static const char *
service_name(const struct traefik_reading *r, const struct tcp_router *router)
{
	struct str name = router->backend != NULL ? router->backend->name : router->service == NULL ?
	    STR("") : middlewares_name(str_trim(str_of(router->service->value)));

	return arena_printf(r->l->arena, "%.*s%s", STR_ARG(name),
	    memchr(name.p, '@', name.len) != NULL ? "" :
	    router->to != NULL && !router->to->provided ? "@swarm" : reading_provider(r));
}

/* On one listener: routes, or the names that nobody gets. */
static void
listener_add(struct traefik_reading *r, struct tcp_router *router,
    const struct swarm_listener *on, unsigned port)
{
	struct labels *l = r->l;
	bool guards = router->chain[0] != '\0';

	for (unsigned i = 0; i < router->parsed.n; i++) {
		const char *host = router->parsed.term[i].host;
		if (!router->refused && host == NULL && on->tls)
			refuse(r, router, WHY_LISTENER, "listener %s has tls, and the router would take all of its "
			    "connections; expected HostSNI with names, or a listener without tls", on->name);
		if (router->refused && host != NULL)
			labels_add_refused(l, on->name, host);
		else if (!router->refused)
			labels_add_route(l, &(struct labels_route){
			    .at = { .host = (char *)(uintptr_t)(host == NULL ? "" : host), .path = (char *)"/",
			    .listener = (char *)(uintptr_t)on->name, .ends_tls = router->ends_tls,
			    .tls = (char *)(uintptr_t)router->tls_rules,
			    .chain = guards ? (char *)(uintptr_t)router->chain : NULL, .guards = guards },
			    .port = port, .priority = router->first, .entry = "", .to = router->to,
			    .tls = wanted_tls(router), .tcp_name = router_name(r, router),
			    .tcp_to = service_name(r, router) });
	}
}

/* Which listeners it is on: those that its entry points name, else all where clients name
 * servers. */
static unsigned
router_listeners(struct traefik_reading *r, const struct tcp_router *router,
    const struct swarm_listener **on)
{
	struct str rest = router->entry_points == NULL ? (struct str){ NULL, 0 } :
	    str_of(router->entry_points->value), name;
	const struct swarm_listener *one;
	unsigned n = 0;

	while (str_split(&rest, ',', &name))
		if ((one = labels_listener(r->l, str_trim(name))) != NULL && n < r->l->nlisteners)
			on[n++] = one;
	for (unsigned i = 0; i < r->l->nlisteners && router->entry_points == NULL; i++)
		if (r->l->listener[i].tls)
			on[n++] = &r->l->listener[i];
	return n;
}

static void
resolve_router(struct traefik_reading *r, struct tcp_router *router)
{
	const struct swarm_listener **on = arena_zalloc(r->l->arena, (r->l->nlisteners + 1) * sizeof *on);
	unsigned n = router_listeners(r, router, on), port = router->to != NULL ? router->to_port :
	    tcp_backend_port(r, router->backend);
	struct service_conf *conf;

	if (r->tcp->unclear)
		refuse(r, router, WHY_ROUTER_RULE, "what another tcp router of the service "
		    "stands for is not known");
	if (n == 0 && router->entry_points != NULL)
		refuse(r, router, WHY_ENTRY_POINT, "no listener has the name of one of its entry points (%s); "
		    "expected one in listen", router->entry_points->value);
	else if (n == 0)
		refuse(r, router, WHY_ENTRY_POINT, "it names no entry point, and no listener has tls");
	conf = router->refused || router->to != NULL ? NULL : tcp_backend_conf(r, router->backend);
	if (conf != NULL && conf->tls == SERVICE_TLS_NONE)
		conf->tls = wanted_tls(router);
	else if (conf == NULL && router->to == NULL)
		refuse(r, router, WHY_SERVICE_NO_PORT, "no label sets a port for it, or the port is also that of "
		    "routers for HTTP, or of a service with other settings");
	for (unsigned i = 0; i < n; i++)
		listener_add(r, router, on[i], port);
}

static void
report_router(struct traefik_reading *r, const struct tcp_router *router, const char *unused)
{
	const struct swarm_label *const label[] = { router->rule, router->service, router->middlewares,
	    router->entry_points, router->priority, router->passthrough };
	const struct swarm_label *const ours[] = { router->resolver, router->options };

	for (size_t i = 0; i < sizeof label / sizeof *label; i++)
		if (label[i] != NULL)
			reading_report(r, label[i], unused == NULL ? LABEL_VALID : LABEL_UNUSED, unused);
	if (unused == NULL && !router->ends_tls)
		unused = "TLS is passed through";
	for (size_t i = 0; i < sizeof ours / sizeof *ours; i++)
		if (ours[i] != NULL)
			reading_report(r, ours[i], unused == NULL ? LABEL_VALID : LABEL_UNUSED, unused);
}

void
tcp_read(struct traefik_reading *r)
{
	struct tcp_reading *t = r->tcp;

	if (t == NULL)
		return;
	ASSERT(r->mode != MODE_OFF && t->nrouters <= ROUTERS_MAX);
	tcp_backends_read(r);
	for (unsigned i = 0; i < t->nrouters && r->mode == MODE_ALL; i++)
		check_router(r, &t->router[i]);
	for (unsigned i = 0; i < t->nrouters && r->mode == MODE_ALL; i++)
		resolve_router(r, &t->router[i]);
	for (unsigned i = 0; i < t->nbackends && r->mode == MODE_ALL; i++)
		if (t->backend[i].unknown == NULL)	/* routers of others may lead there */
			(void)tcp_backend_conf(r, &t->backend[i]);
	for (unsigned i = 0; i < t->nrouters; i++)
		report_router(r, &t->router[i], r->mode != MODE_ALL ? "mola.* labels have precedence" :
		    t->router[i].refused ? "its router is not served" : NULL);
}
