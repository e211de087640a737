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
#include "discovery/middlewares.h"
#include "discovery/rule.h"
#include "discovery/traefik_priv.h"

struct tcp_backend {			/* what Traefik calls a service */
	struct str	 name;
	const struct swarm_label *port, *version, *proxied;
	const struct swarm_label *unknown;	/* the first that is not understood */
	enum proxy_version sends;
};

struct tcp_router {
	struct str	 name;
	const struct swarm_label *rule, *service, *middlewares, *entry_points, *priority, *passthrough;
	const struct swarm_label *resolver, *options;
	const struct swarm_label *unknown;	/* the first that is not understood */
	bool		 tls;
	bool		 ends_tls;
	/* what is made of it */
	const struct tcp_backend *backend;
	struct rule	 parsed;
	bool		 refused;
};

struct tcp_reading {
	struct tcp_router router[ROUTERS_MAX];
	struct tcp_backend backend[ROUTERS_MAX];
	unsigned	 nrouters, nbackends;
	bool		 too_many;
	bool		 unclear;	/* what one of the routers stands for is not known: none is served */
};

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

static struct tcp_backend *
backend_get(struct tcp_reading *t, struct str name)
{
	for (unsigned i = 0; i < t->nbackends; i++)
		if (str_eq_nocase(t->backend[i].name, name))
			return &t->backend[i];
	if (t->nbackends == ROUTERS_MAX)
		return NULL;
	t->backend[t->nbackends] = (struct tcp_backend){ .name = name };
	return &t->backend[t->nbackends++];
}

/* The same name in two spellings is set twice. */
static void
set_once(struct traefik_reading *r, const struct swarm_label **at,
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
		set_once(r, &router->passthrough, &router->unknown, label);
	else if (n == 6 && word_is(word[5], "certresolver") && label->value[0] != '\0')
		set_once(r, &router->resolver, &router->unknown, label);
	else if (n == 6 && word_is(word[5], "options"))
		set_once(r, &router->options, &router->unknown, label);
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
		set_once(r, at, &router->unknown, label);
	else if (word_is(word[4], "tls"))
		gather_tls(r, router, label, word, n);
	else if (n == 5 && word_is(word[4], "rulesyntax"))
		reading_report(r, label, LABEL_UNUSED, "both are read alike, as far as they are");
	else
		reading_mark_unknown(r, &router->unknown, label, "not understood: the router is not served");
}

static void
gather_backend(struct traefik_reading *r, const struct swarm_label *label, const struct str *word,
    unsigned n)
{
	struct tcp_backend *b = backend_get(r->tcp, word[3]);
	bool of = n >= 6 && word_is(word[4], "loadbalancer");

	if (b == NULL) {
		r->tcp->too_many = true;
		reading_report(r, label, LABEL_UNSUPPORTED, "more than 64 services");
	} else if (of && n == 7 && word_is(word[5], "server") && word_is(word[6], "port"))
		set_once(r, &b->port, &b->unknown, label);
	else if (of && n == 7 && word_is(word[5], "proxyprotocol") && word_is(word[6], "version"))
		set_once(r, &b->version, &b->unknown, label);
	else if (of && n == 6 && word_is(word[5], "proxyprotocol"))
		set_once(r, &b->proxied, &b->unknown, label);
	else if (of && n == 6 && word_is(word[5], "terminationdelay"))
		reading_report(r, label, LABEL_UNUSED, "an end is passed on as that of one direction, and "
		    "mola.tunnel is the time-out of the other");
	else if (of && word_is(word[5], "healthcheck"))
		reading_report(r, label, LABEL_UNUSED, "mola.health.* sets how tasks are checked");
	else
		reading_mark_unknown(r, &b->unknown, label, "not understood: nothing leads to this service");
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
		gather_backend(r, label, word, n);
	else if (n >= 4 && word_is(word[2], "middlewares"))
		reading_report(r, label, LABEL_UNUSED, "Mola has no middlewares: routers that name "
		    "this one are not served");
	else if (n >= 4 && word_is(word[2], "serverstransports"))
		reading_report(r, label, LABEL_UNUSED, "Mola has no TLS to tasks of tcp services: "
		    "nothing leads to a service that names this");
	else {
		r->tcp->unclear = true;
		reading_report(r, label, LABEL_UNKNOWN, "not understood: no tcp router of the service is served");
	}
}

unsigned
tcp_routers(const struct traefik_reading *r)
{
	return r->tcp == NULL ? 0 : r->tcp->nrouters;
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
	char text[400];
	va_list ap;

	if (router->refused)
		return;
	router->refused = true;
	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	labels_add_trouble(r->l, why, arena_printf(r->l->arena, "tcp router %.*s is not served: %s",
	    STR_ARG(router->name), text));
}

static void
check_middlewares(struct traefik_reading *r, struct tcp_router *router)
{
	struct str rest = str_trim(str_of(router->middlewares->value)), one;

	while (rest.len > 0 && str_split(&rest, ',', &one)) {
		one = str_trim(one);
		if (!reading_ignores_middleware(r, one))
			refuse(r, router, WHY_NEEDS_MIDDLEWARE, "%s has middleware %.*s, which Mola does not have; "
			    "name it in swarm.traefik.ignore_middlewares if it protects nothing",
			    router->middlewares->name, STR_ARG(one));
	}
}

static const struct tcp_backend *
find_backend(const struct tcp_reading *t, const struct tcp_router *router, const char **text)
{
	struct str name = router->service == NULL ? STR("") :
	    middlewares_name(str_trim(str_of(router->service->value)));

	*text = NULL;
	if (name.len == 0 && t->nbackends <= 1)
		return t->nbackends == 1 ? &t->backend[0] : NULL;
	for (unsigned i = 0; i < t->nbackends; i++)
		if (str_eq_nocase(t->backend[i].name, name))
			return &t->backend[i];
	*text = name.len == 0 ? "there are several services, and no label names the router's" :
	    "it leads to a service that no label here defines";
	return NULL;
}

static void
check_backend(struct traefik_reading *r, struct tcp_router *router)
{
	const char *text;
	const struct tcp_backend *b = router->backend = find_backend(r->tcp, router, &text);

	if (text != NULL)
		refuse(r, router, WHY_ROUTER_SERVICE, "%s", text);
	if (b != NULL && b->unknown != NULL)
		refuse(r, router, WHY_ROUTER_SERVICE, "%s of its service is not understood", b->unknown->name);
}

/* ---- its tasks ---- */

static void
read_backend(struct traefik_reading *r, struct tcp_backend *b)
{
	struct str version = b->version == NULL ? STR("") : str_trim(str_of(b->version->value));
	bool on = b->version != NULL, known = version.len == 0 || str_eq(version, STR("1")) ||
	    str_eq(version, STR("2"));
	unsigned port;

	if (b->proxied != NULL && !label_switch(str_trim(str_of(b->proxied->value)), &on))
		reading_mark_unknown(r, &b->unknown, b->proxied,
		    "expected true or false: nothing leads to this service");
	else if (b->proxied != NULL)
		reading_report(r, b->proxied, LABEL_VALID, NULL);
	if (!known)
		reading_mark_unknown(r, &b->unknown, b->version,
		    "expected 1 or 2: nothing leads to this service");
	else if (b->version != NULL)
		reading_report(r, b->version, LABEL_VALID, NULL);
	b->sends = !on ? PROXY_NONE : str_eq(version, STR("1")) ? PROXY_V1 : PROXY_V2;
	if (b->port == NULL)
		return;
	if (!label_port(str_trim(str_of(b->port->value)), &port))
		reading_mark_unknown(r, &b->unknown, b->port, "expected a port, 1 to 65535");
	else
		reading_report(r, b->port, LABEL_VALID, NULL);
}

static unsigned
backend_number(const struct tcp_backend *b)
{
	unsigned port = 0;

	return b != NULL && b->port != NULL && label_port(str_trim(str_of(b->port->value)), &port)
	    ? port : 0;
}

/* What it has of defaults, or of a router for HTTP, is not for connections. */
static struct service_conf *
conf_make_tcp(const struct traefik_reading *r, struct service_conf *conf)
{
	if (conf->kind != SERVICE_TCP && !reading_has_label(r, "mola.tls"))
		conf->tls = SERVICE_TLS_NONE;
	conf->kind = SERVICE_TCP;
	return conf;
}

/* The settings of the port that the router leads to; NULL: it cannot be one of tcp, too. */
static struct service_conf *
port_conf(struct traefik_reading *r, unsigned port)
{
	struct labels *l = r->l;
	struct service_conf *conf;

	if (r->nrouters == 0 && (port == 0 || l->port == 0 || port == l->port)) {
		l->port = l->port == 0 ? port : l->port;
		return conf_make_tcp(r, &l->conf);
	}
	if (port == 0 || port == l->port)
		return NULL;
	if ((conf = labels_add_port(l, port)) != NULL) {
		conf->migrate = false;
		conf->scale_min = conf->scale_max = 0;
		return conf_make_tcp(r, conf);
	}
	for (unsigned i = 0; i < l->nothers; i++)
		if (l->other[i].port == port && l->other[i].conf.kind == SERVICE_TCP)
			return &l->other[i].conf;
	return NULL;
}

/* ---- all of it ---- */

/* Mola's own label, whatever the router says, unless it passes TLS through. */
static bool
ends_by_label(const struct traefik_reading *r)
{
	return reading_has_label(r, "mola.tls") && r->l->conf.tls != SERVICE_TLS_NONE;
}

static void
check_router(struct traefik_reading *r, struct tcp_router *router)
{
	struct tcp_reading *t = r->tcp;
	char problem[RULE_PROBLEM];
	bool through = false;

	if (router->rule == NULL || !rule_parse_tcp(str_of(router->rule->value), r->l->arena,
	    &router->parsed, problem)) {
		t->unclear = true;
		refuse(r, router, WHY_ROUTER_RULE, "its rule is not understood: %s",
		    router->rule == NULL ? "there is none" : problem);
	}
	if (router->middlewares != NULL)
		check_middlewares(r, router);
	if (router->unknown != NULL)
		refuse(r, router, WHY_ROUTER_LABEL, "%s is not understood", router->unknown->name);
	if (router->priority != NULL)
		refuse(r, router, WHY_ROUTER_LABEL, "%s is not supported: the most specific name goes first",
		    router->priority->name);
	if (t->too_many)
		refuse(r, router, WHY_ROUTER_LABEL, "the service has more than %d of them, or of their services",
		    ROUTERS_MAX);
	check_backend(r, router);
	if (router->passthrough != NULL &&
	    !label_switch(str_trim(str_of(router->passthrough->value)), &through))
		refuse(r, router, WHY_ROUTER_LABEL, "%s is neither true nor false", router->passthrough->name);
	router->ends_tls = !through && (router->tls || ends_by_label(r));
	if (router->ends_tls && router->options != NULL &&
	    !word_is(str_trim(str_of(router->options->value)), "default"))
		refuse(r, router, WHY_TLS_OPTIONS, "%s names options of TLS, which Mola does not have; "
		    "expected its listener to have what they are for", router->options->name);
	for (unsigned i = 0; i < router->parsed.n; i++)
		if (router->parsed.term[i].partial)
			refuse(r, router, WHY_ROUTER_RULE, "its rule has %s, which Mola does not understand",
			    router->parsed.unsupported);
		else if (router->parsed.term[i].host != NULL && !router->tls)
			refuse(r, router, WHY_ROUTER_RULE, "HostSNI with a name is for TLS; expected "
			    "tls=true, tls.passthrough=true, or HostSNI(`*`)");
}

/* On one listener: routes, or the names that nobody gets. */
static void
listener_add(struct traefik_reading *r, struct tcp_router *router,
    const struct swarm_listener *on, unsigned port)
{
	struct labels *l = r->l;

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
			    .listener = (char *)(uintptr_t)on->name, .ends_tls = router->ends_tls }, .port = port,
			    .entry = "" });
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
	unsigned n = router_listeners(r, router, on), port = reading_has_label(r, "mola.port") ?
	    r->l->port : backend_number(router->backend);
	struct service_conf *conf;

	if (r->tcp->unclear)
		refuse(r, router, WHY_ROUTER_RULE, "what another tcp router of the service "
		    "stands for is not known");
	if (n == 0 && router->entry_points != NULL)
		refuse(r, router, WHY_ENTRY_POINT, "no listener has the name of one of its entry points (%s); "
		    "expected one in listen", router->entry_points->value);
	else if (n == 0)
		refuse(r, router, WHY_ENTRY_POINT, "it names no entry point, and no listener has tls");
	conf = router->refused ? NULL : port_conf(r, port);
	if (conf != NULL) {
		conf->proxy_version = router->backend == NULL ? PROXY_NONE : router->backend->sends;
		if (router->ends_tls && conf->tls == SERVICE_TLS_NONE)
			conf->tls = router->resolver != NULL ? SERVICE_TLS_ACME : SERVICE_TLS_TERMINATE;
	} else
		refuse(r, router, WHY_SERVICE_NO_PORT, "no label sets a port for it, or the port is also that of "
		    "routers for HTTP");
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
	for (unsigned i = 0; i < t->nbackends; i++)
		read_backend(r, &t->backend[i]);
	for (unsigned i = 0; i < t->nrouters && r->mode == MODE_ALL; i++)
		check_router(r, &t->router[i]);
	for (unsigned i = 0; i < t->nrouters && r->mode == MODE_ALL; i++)
		resolve_router(r, &t->router[i]);
	for (unsigned i = 0; i < t->nrouters; i++)
		report_router(r, &t->router[i], r->mode != MODE_ALL ? "mola.* labels have precedence" :
		    t->router[i].refused ? "its router is not served" : NULL);
}
