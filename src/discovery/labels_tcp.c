/*
 * labels_tcp: of a service of kind tcp: which connections are its own, by listener and by the
 * server that TLS clients name; and labels that have no meaning for a service of its kind.
 * Must not know other services.
 */
#include <stdio.h>
#include <string.h>

#include "base/bug.h"
#include "discovery/labels.h"

/* ---- the listeners ---- */

const struct swarm_listener *
labels_listener(const struct labels *l, struct str name)
{
	for (unsigned i = 0; i < l->nlisteners; i++)
		if (str_eq(str_of(l->listener[i].name), name))
			return &l->listener[i];
	for (unsigned i = 0; i < l->nlisteners; i++)	/* as entry points are */
		if (str_eq_nocase(str_of(l->listener[i].name), name))
			return &l->listener[i];
	return NULL;
}

static char *
listener_names(const struct labels *l)
{
	char all[200] = "none";
	size_t at = 0;

	for (unsigned i = 0; i < l->nlisteners && at < sizeof all - 80; i++)
		at += (size_t)snprintf(all + at, sizeof all - at, "%s%s", i > 0 ? ", " : "", l->listener[i].name);
	return arena_text(l->arena, str_of(all));
}

static void
add_route(struct labels *l, const struct swarm_listener *on, const char *host)
{
	bool ends_tls = l->conf.tls != SERVICE_TLS_NONE;

	if (on->tls && *host == '\0')
		labels_add_trouble(l, WHY_LISTENER, arena_printf(l->arena,
		    "listener %s has tls, and without a host the service would take all of its connections; "
		    "expected mola.host, or a listener without tls", on->name));
	else
		labels_add_route(l, &(struct labels_route){ .at = { .host = (char *)(uintptr_t)host,
		    .path = (char *)"/", .listener = (char *)(uintptr_t)on->name, .ends_tls = ends_tls },
		    .priority = ROUTE_OWN, .entry = "" });
}

static void
add_routes(struct labels *l, const struct swarm_listener *on)
{
	if (!l->host.given)
		add_route(l, on, "");
	for (unsigned i = 0; i < l->host.n; i++)
		add_route(l, on, l->host.item[i]);
}

static void
no_listener(struct labels *l, const char *name)
{
	labels_add_trouble(l, WHY_LISTENER, arena_printf(l->arena,
	    "mola.listen: there is no listener %s; the listeners are %s", name, listener_names(l)));
}

/* Those that the label names. */
static void
listeners_named(struct labels *l)
{
	const struct swarm_listener *on;

	for (unsigned i = 0; i < l->listen.n; i++)
		if ((on = labels_listener(l, str_of(l->listen.item[i]))) != NULL)
			add_routes(l, on);
		else
			no_listener(l, l->listen.item[i]);
}

/* Wherever clients name a server. */
static void
listeners_with_tls(struct labels *l)
{
	unsigned n = 0;

	for (unsigned i = 0; i < l->nlisteners; i++)
		if (l->listener[i].tls && ++n > 0)
			add_routes(l, &l->listener[i]);
	if (n == 0)
		labels_add_trouble(l, WHY_LISTENER, arena_text(l->arena, STR("no listener has tls: expected "
		    "mola.listen, the name of the listener whose connections go to the service")));
}

bool
labels_read_listeners(struct labels *l)
{
	const struct swarm_listener *on;

	ASSERT(l->conf.kind == SERVICE_HTTP && l->on == 0 && l->nlisteners <= TABLE_LISTENERS);
	for (unsigned i = 0; i < l->listen.n; i++)
		if ((on = labels_listener(l, str_of(l->listen.item[i]))) != NULL)
			l->on |= UINT64_C(1) << (on - l->listener);
		else
			no_listener(l, l->listen.item[i]);
	return l->on != 0 || !l->listen.given;
}

static struct report_label *
label_given(struct labels *l, const char *name)
{
	for (unsigned i = 0; i < l->report->nlabels; i++)
		if (strcmp(l->report->label[i].name, name) == 0 && l->report->label[i].state == LABEL_VALID)
			return &l->report->label[i];
	return NULL;
}

/* What defaults say of tls is for certificates of hosts: TLS of a connection ends here only where
 * its service says so. */
static void
take_tls(struct labels *l)
{
	struct report_label *alpn = label_given(l, "mola.alpn");

	if (label_given(l, "mola.tls") == NULL)
		l->conf.tls = SERVICE_TLS_NONE;
	if (l->conf.tls == SERVICE_TLS_NONE && alpn != NULL) {
		alpn->state = LABEL_UNUSED;
		alpn->text = arena_text(l->arena, STR("TLS is passed through; expected mola.tls"));
	}
}

void
labels_make_tcp(struct labels *l)
{
	ASSERT(l->conf.kind == SERVICE_TCP && l->nroutes == 0);
	take_tls(l);
	if (l->conf.tls == SERVICE_TLS_ACME && !l->host.given)
		labels_add_trouble(l, WHY_LISTENER, arena_text(l->arena, STR("mola.tls: acme without a host; "
		    "expected mola.host, for which certificates are ordered")));
	if (l->listen.given)
		listeners_named(l);
	else if (l->host.given)
		listeners_with_tls(l);
	else
		labels_add_trouble(l, WHY_LISTENER, arena_text(l->arena, STR("a service of kind tcp gets the "
		    "connections of a listener: expected mola.listen, its name, or mola.host for TLS connections "
		    "by the server that they name")));
}

void
labels_add_refused(struct labels *l, const char *listener, const char *host)
{
	ASSERT(*listener != '\0' && l->nrefused <= ROUTES_MAX);
	if (l->nrefused == ROUTES_MAX)
		return;
	if (l->refused == NULL)
		l->refused = arena_zalloc(l->arena, ROUTES_MAX * sizeof *l->refused);
	l->refused[l->nrefused++] = (struct route_conf){ .host = arena_text(l->arena, str_of(host)),
	    .path = arena_text(l->arena, STR("/")),
	    .listener = arena_text(l->arena, str_of(listener)) };
}

/* ---- labels for the other kind, and for another way of checking ---- */

static void
label_unused(struct labels *l, struct report_label *r, struct str text)
{
	r->state = LABEL_UNUSED;
	r->text = arena_text(l->arena, text);
}

static void
check_mode_check(struct labels *l, struct report_label *r)
{
	enum check_mode mode = l->conf.health_mode;
	bool bytes = strcmp(r->name, "mola.health.send") == 0 ||
	    strcmp(r->name, "mola.health.expect") == 0;

	if (l->conf.kind != SERVICE_HTTP || r->state != LABEL_VALID)
		return;
	if (bytes && mode != CHECK_TCP)
		label_unused(l, r, STR("for mola.health.mode tcp"));
	else if (strcmp(r->name, "mola.health.service") == 0 && mode != CHECK_GRPC)
		label_unused(l, r, STR("for mola.health.mode grpc"));
}

void
labels_check_kind(struct labels *l)
{
	static const struct {
		const char	*name;
		enum service_kind kind;		/* for which it is */
	} only[] = {
		{ "mola.path", SERVICE_HTTP },
		{ "mola.rule", SERVICE_HTTP },
		{ "mola.priority", SERVICE_HTTP },
		{ "mola.middlewares", SERVICE_HTTP },
		{ "mola.response", SERVICE_HTTP },
		{ "mola.idle", SERVICE_HTTP },
		{ "mola.health.path", SERVICE_HTTP },
		{ "mola.health.mode", SERVICE_HTTP },
		{ "mola.health.method", SERVICE_HTTP },
		{ "mola.health.status", SERVICE_HTTP },
		{ "mola.health.hostname", SERVICE_HTTP },
		{ "mola.health.headers", SERVICE_HTTP },
		{ "mola.health.scheme", SERVICE_HTTP },
		{ "mola.health.service", SERVICE_HTTP },
		{ "mola.health.degraded_status", SERVICE_HTTP },
		{ "mola.health.follow_redirects", SERVICE_HTTP },
		{ "mola.scheme", SERVICE_HTTP },
		{ "mola.load", SERVICE_HTTP },
		{ "mola.orca_reports", SERVICE_HTTP },
		{ "mola.pass_host", SERVICE_HTTP },
		{ "mola.task_tls.verify", SERVICE_HTTP },
		{ "mola.task_tls.ca", SERVICE_HTTP },
		{ "mola.task_tls.name", SERVICE_HTTP },
		{ "mola.task_tls.cert", SERVICE_HTTP },
		{ "mola.task_tls.http1", SERVICE_HTTP },
		{ "mola.alpn", SERVICE_TCP },
		{ "mola.proxy_protocol", SERVICE_TCP },
		{ "mola.health.connect", SERVICE_TCP },
	};

	for (unsigned i = 0; i < l->report->nlabels; i++) {
		check_mode_check(l, &l->report->label[i]);
		for (size_t k = 0; k < sizeof only / sizeof *only; k++) {
			struct report_label *r = &l->report->label[i];
			if (only[k].kind == l->conf.kind || r->state != LABEL_VALID ||
			    strcmp(r->name, only[k].name) != 0)
				continue;
			label_unused(l, r, only[k].kind == SERVICE_HTTP ? STR("for services of kind http") :
			    STR("for services of kind tcp (mola.kind)"));
		}
	}
}
