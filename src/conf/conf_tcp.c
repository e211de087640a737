/*
 * conf_tcp: services of kind tcp: which connections are theirs, and which keys have no meaning for
 * them. Knows nothing of how values are written.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/bug.h"
#include "base/map.h"
#include "base/word.h"
#include "conf/conf_check.h"

/* ---- keys that are for the other kind ---- */

static const struct conf_misplaced for_http[] = {
	{ NULL, "path", "has no requests" },
	{ NULL, "rule", "has no requests" },
	{ NULL, "priority", "has no requests" },
	{ NULL, "middlewares", "has no requests" },
	{ NULL, "response", "has no responses that are known as such" },
	{ NULL, "idle", "has no bodies; expected tunnel, which is for all of a connection" },
	{ NULL, "load", "has no responses that are known as such" },
	{ NULL, "orca_reports", "has no requests" },
	{ NULL, "scheme", "connects to its tasks without TLS, and knows no protocol of theirs" },
	{ NULL, "pass_host", "has no requests" },
	{ "task_tls", "verify", "has no TLS to its tasks" },
	{ "task_tls", "ca", "has no TLS to its tasks" },
	{ "task_tls", "name", "has no TLS to its tasks" },
	{ "task_tls", "cert", "has no TLS to its tasks" },
	{ "task_tls", "http1", "has no TLS to its tasks" },
	{ "sticky", "cookie", "has no cookies" },
	{ "retry", "per_try_timeout", "has no responses that are known as such" },
	{ "retry", "body", "has no requests" },
	{ "retry", "methods", "has no requests" },
	{ "health", "path", "has no requests; expected health.connect" },
	{ "health", "mode", "has no requests; expected health.connect" },
	{ "health", "method", "has no requests; expected health.connect" },
	{ "health", "status", "has no requests; expected health.connect" },
	{ "health", "hostname", "has no requests; expected health.connect" },
	{ "health", "headers", "has no requests; expected health.connect" },
	{ "health", "scheme", "has no requests; expected health.connect" },
	{ "health", "service", "has no requests; expected health.connect" },
	{ "health", "degraded_status", "has no requests; expected health.connect" },
	{ "health", "follow_redirects", "has no requests; expected health.connect" },
}, for_tcp[] = {
	{ NULL, "proxy_protocol", "identifies clients by X-Forwarded-For" },
	{ NULL, "alpn", "is offered as HTTP/1.1 and, where the listener has http2, HTTP/2" },
	{ "health", "connect", "is checked by health.path" },
};

static void
misplaced_check(const struct tree *service, const struct conf_misplaced *m, const char *kind,
    struct faults *f)
{
	const struct tree *in = m->section == NULL ? service : tree_find(service, NULL, m->section);
	const struct tree *t = in == NULL || in->shape != TREE_MAP ? NULL : tree_find(in, NULL, m->key);
	char where[64];

	if (t == NULL)
		return;
	snprintf(where, sizeof where, "services.%s%s%s", m->section != NULL ? m->section : "",
	    m->section != NULL ? "." : "", m->key);
	faults_add(f, t->line, where, "a service of kind %s %s", kind, m->text);
}

const struct conf_misplaced *
kind_misplaced(enum service_kind kind, size_t *n)
{
	bool tcp = kind == SERVICE_TCP;

	*n = tcp ? sizeof for_http / sizeof *for_http : sizeof for_tcp / sizeof *for_tcp;
	return tcp ? for_http : for_tcp;
}

/* Keys of one way of checking. */
static void
check_mode_check(const struct conf_service *s, const struct tree *service, struct faults *f)
{
	const struct {
		const char	*key, *value;		/* NULL: none */
		enum check_mode	 mode;
		const char	*text;
	} of_mode[] = {
		{ "send", s->conf.health_send, CHECK_TCP,
		    "without mode: tcp; a request has path, method and headers" },
		{ "expect", s->conf.health_expect, CHECK_TCP,
		    "without mode: tcp; a response has status" },
		{ "service", s->conf.health_service, CHECK_GRPC, "without mode: grpc" },
	};
	const struct tree *in = tree_find(service, NULL, "health"), *t;
	size_t n = in != NULL && in->shape == TREE_MAP ? sizeof of_mode / sizeof *of_mode : 0;
	char where[64];

	for (size_t i = 0; i < n; i++) {
		if (s->conf.health_mode == of_mode[i].mode || of_mode[i].value == NULL ||
		    (t = tree_find(in, NULL, of_mode[i].key)) == NULL)
			continue;
		snprintf(where, sizeof where, "services.health.%s", of_mode[i].key);
		faults_add(f, t->line, where, "set %s", of_mode[i].text);
	}
}

void
kind_check(const struct conf_service *s, const struct tree *service, struct faults *f)
{
	size_t n;
	const struct conf_misplaced *m = kind_misplaced(s->conf.kind, &n);

	for (size_t i = 0; service != NULL && i < n; i++)
		misplaced_check(service, &m[i], s->conf.kind == SERVICE_TCP ? "tcp" : "http", f);
	if (service != NULL && s->conf.kind == SERVICE_HTTP)
		check_mode_check(s, service, f);
}

/* ---- TLS that ends here ---- */

/* What defaults say of tls is for certificates of hosts: TLS of a connection ends here only where
 * its service says so. */
static void
tls_take(const struct conf *c, struct conf_service *s, const struct tree *service, struct faults *f)
{
	if (service == NULL || tree_find(service, NULL, "tls") == NULL)
		s->conf.tls = SERVICE_TLS_NONE;
	if (s->conf.tls == SERVICE_TLS_NONE && s->conf.alpn != NULL && service != NULL &&
	    tree_find(service, NULL, "alpn") != NULL)
		faults_add(f, s->line, "services.alpn", "set without tls; expected tls: terminate or acme, as "
		    "Mola does not take part in TLS that is passed through");
	if (s->conf.tls == SERVICE_TLS_TERMINATE && c->ncertificates == 0 && c->nacme_cas == 0)
		faults_add(f, s->line, "services.tls", "there is no certificate; expected some in "
		    "tls.certificates, or a section acme");
	if (s->conf.tls == SERVICE_TLS_ACME && s->hosts.n == 0)
		faults_add(f, s->line, "services.tls", "acme without host; expected the names that certificates "
		    "are ordered for");
}

/* ---- the listeners ---- */

static const struct conf_listen *
listener_find(const struct conf *c, const char *name)
{
	for (unsigned i = 0; i < c->nlisten; i++)
		if (c->listen[i].name != NULL && strcmp(c->listen[i].name, name) == 0)
			return &c->listen[i];
	return NULL;
}

static void
unknown_listener(const struct conf *c, const struct conf_service *s, const char *name,
    struct faults *f)
{
	const char *words[CONF_LISTEN_MAX + 1], *near;
	unsigned n = 0;

	ASSERT(c->nlisten <= CONF_LISTEN_MAX);
	for (unsigned i = 0; i < c->nlisten; i++)
		if (c->listen[i].name != NULL)
			words[n++] = c->listen[i].name;
	words[n] = NULL;
	near = word_near(str_of(name), words);
	faults_add(f, s->line, "services.listen", "there is no listener '%s'; %s%s%s", name,
	    near != NULL ? "did you mean " : "expected a name of listen", near != NULL ? near : "",
	    near != NULL ? "?" : "");
}

uint64_t
listeners_check_names(const struct conf *c, const struct conf_service *s, struct faults *f)
{
	const struct conf_listen *l;
	uint64_t on = 0;

	for (unsigned i = 0; i < s->listen.n; i++)
		if ((l = listener_find(c, s->listen.item[i])) != NULL)
			on |= UINT64_C(1) << (l - c->listen);
		else
			unknown_listener(c, s, s->listen.item[i], f);
	return on;
}

/* ---- the routes ---- */

static void
route_add(struct conf_service *s, const char *host, const struct conf_listen *l,
    struct map *taken, struct faults *f)
{
	struct route_conf *r = &s->route[s->nroutes++];	/* there is room for all */
	struct conf_service *first;
	char key[1500];

	*r = (struct route_conf){ .host = must_strdup(host), .path = must_strdup("/"),
	    .listener = must_strdup(l->name), .ends_tls = s->conf.tls != SERVICE_TLS_NONE };
	snprintf(key, sizeof key, "%s\n%s", l->name, host);
	first = map_get(taken, str_of(key));
	if (first == NULL)
		map_put(taken, str_of(key), s);
	else
		faults_add(f, s->line, "services", "%s%son listener '%s' goes since line %d to '%s'; expected "
		    "another host or listener", *host == '\0' ? "any connection" : host, " ", l->name,
		    first->line, first->name != NULL ? first->name : "?");
}

static void
routes_add(struct conf_service *s, const struct conf_listen *l, struct map *taken,
    struct faults *f)
{
	for (unsigned h = 0; h < s->hosts.n; h++)
		route_add(s, s->hosts.item[h], l, taken, f);
	if (s->hosts.n > 0)
		return;
	route_add(s, "", l, taken, f);
	if (l->tls && s->conf.tls == SERVICE_TLS_NONE)
		faults_add(f, s->line, "services.listen", "listener '%s' has tls, and a service without host "
		    "would take all of its connections; expected host, or a listener without tls", l->name);
}

/* Without a list of its own, hosts are looked for wherever clients name one: on all listeners with
 * TLS. */
void
tcp_routes_check(const struct conf *c, struct conf_service *s, const struct tree *service,
    struct map *taken, struct faults *f)
{
	const struct conf_listen *l;
	unsigned nhosts = s->hosts.n > 0 ? s->hosts.n : 1;

	ASSERT(s->conf.kind == SERVICE_TCP && s->nroutes == 0);
	tls_take(c, s, service, f);
	s->route = must_zalloc((nhosts * c->nlisten + 1) * sizeof *s->route);
	for (unsigned i = 0; i < s->listen.n; i++)
		if ((l = listener_find(c, s->listen.item[i])) != NULL)
			routes_add(s, l, taken, f);
		else
			unknown_listener(c, s, s->listen.item[i], f);
	if (s->listen.n > 0)
		return;
	if (s->hosts.n == 0) {
		faults_add(f, s->line, "services.listen", "missing: a service of kind tcp gets the "
		    "connections of a listener; expected its name, or host for TLS connections by "
		    "the server that they name");
		return;
	}
	for (unsigned i = 0; i < c->nlisten; i++)
		if (c->listen[i].tls && c->listen[i].name != NULL)
			routes_add(s, &c->listen[i], taken, f);
	if (s->nroutes == 0)
		faults_add(f, s->line, "services.listen", "missing: no listener has tls; expected the name of "
		    "the listener whose connections go to the service");
}
