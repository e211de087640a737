/*
 * tcp_backend: what Traefik calls a service of TCP: a port of the tasks, or the servers of a file,
 * or others that it leads to by weight. While anything of it is not understood no router may lead
 * there.
 * Must not know which routers lead there.
 */
#include <string.h>

#include "base/bug.h"
#include "base/go.h"
#include "discovery/files.h"
#include "discovery/tcp_priv.h"

#define KIND		"tcp.serverstransports"
#define SERVERS_MAX	256		/* of one service */
#define NO_WAY		": nothing leads to this service"

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

/* ---- one label ---- */

static void
add_address(struct traefik_reading *r, struct tcp_backend *b, const struct swarm_label *label)
{
	if (b->address == NULL)
		b->address = arena_zalloc(r->l->arena, SERVERS_MAX * sizeof *b->address);
	if (b->naddresses == SERVERS_MAX)
		reading_mark_unknown(r, &b->unknown, label, "more than 256 servers");
	else
		b->address[b->naddresses++] = label;
}

static void
gather_server(struct traefik_reading *r, struct tcp_backend *b, const struct swarm_label *label,
    struct str key)
{
	bool provided = r->service->provided, tls;

	if (!provided && word_is(key, "port"))
		tcp_set_once(r, &b->port, &b->unknown, label);
	else if (provided && word_is(key, "address"))
		add_address(r, b, label);
	else if (word_is(key, "tls") && go_bool(str_trim(str_of(label->value)), &tls) && !tls)
		reading_report(r, label, LABEL_VALID, NULL);
	else
		reading_mark_unknown(r, &b->unknown, label, word_is(key, "tls") ?
		    "Mola has no TLS to tasks of tcp services" NO_WAY : "not understood" NO_WAY);
}

static void
gather_options(struct traefik_reading *r, struct tcp_backend *b, const struct swarm_label *label,
    const struct str *word, unsigned n)
{
	if (n == 2 && word_is(word[0], "proxyprotocol") && word_is(word[1], "version"))
		tcp_set_once(r, &b->version, &b->unknown, label);
	else if (n == 1 && word_is(word[0], "proxyprotocol"))
		tcp_set_once(r, &b->proxied, &b->unknown, label);
	else if (n == 1 && word_is(word[0], "serverstransport"))
		tcp_set_once(r, &b->transport, &b->unknown, label);
	else if (n == 1 && word_is(word[0], "terminationdelay"))
		reading_report(r, label, LABEL_UNUSED, "an end is passed on as that of one direction, and "
		    "mola.tunnel is the time-out of the other");
	else if (n > 1 && word_is(word[0], "healthcheck"))
		check_gather(r, &b->as_http, label, word + 1, n - 1, true);
	else if (word_is(word[0], "healthcheck"))
		reading_report(r, label, LABEL_VALID, NULL);
	else
		reading_mark_unknown(r, &b->unknown, label, "not understood" NO_WAY);
}

/* What is read of groups of HTTP has cookies, too. */
static void
gather_weighted(struct traefik_reading *r, struct tcp_backend *b, const struct swarm_label *label,
    const struct str *word, unsigned n)
{
	if (word_is(word[1], "sticky") || !group_gather(r, &b->as_http, label, word, n))
		reading_mark_unknown(r, &b->unknown, label, "not understood" NO_WAY);
	if (b->unknown == NULL)
		b->unknown = b->as_http.unknown;
}

void
tcp_backend_gather(struct traefik_reading *r, const struct swarm_label *label,
    const struct str *word, unsigned n)
{
	struct tcp_backend *b = backend_get(r->tcp, word[3]);
	bool of = word_is(word[4], "loadbalancer"), provided = r->service->provided;

	ASSERT(n >= 5);
	if (b == NULL) {
		r->tcp->too_many = true;
		reading_report(r, label, LABEL_UNSUPPORTED, "more than 64 services");
	} else if (n == 5 && of && provided)
		reading_report(r, label, LABEL_VALID, NULL);	/* it has no servers */
	else if (n == 7 && of && (provided ? str_starts(word[5], STR("servers[")) :
	    word_is(word[5], "server")))
		gather_server(r, b, label, word[6]);
	else if (n >= 6 && of)
		gather_options(r, b, label, word + 5, n - 5);
	else if (n >= 6 && provided && word_is(word[4], "weighted"))
		gather_weighted(r, b, label, word + 4, n - 4);
	else
		reading_mark_unknown(r, &b->unknown, label, "not understood" NO_WAY);
}

/* ---- its transport ---- */

/* TLS of a transport is for servers with tls, which nothing leads to. */
static bool
is_harmless(struct str key)
{
	return key.len == 0 || word_is(key, "dialkeepalive") || word_is(key, "terminationdelay") ||
	    word_is(key, "tls") || (key.len > 4 && word_is((struct str){ key.p, 4 }, "tls."));
}

static const char *
transport_key(struct traefik_reading *r, struct tcp_backend *b, struct str key, struct str value)
{
	const struct label_row *row = label_row("mola.connect");
	char problem[PROBLEM_MAX];
	int64_t usec;

	ASSERT(row != NULL);
	if (!word_is(key, "dialtimeout"))
		return is_harmless(key) ? NULL : "Mola cannot do this";
	if (!go_duration(value, &usec))
		return "expected a duration such as 500ms, 2s or 1m30s";
	if (usec == 0)
		return "Mola has no connections without a time-out";
	if (!row->read(row, str_of(arena_printf(r->l->arena, "%lld.%03lldms", (long long)(usec / 1000),
	    (long long)(usec % 1000))), &b->connect_usec, r->l->arena, problem))
		return arena_text(r->l->arena, str_of(problem));
	return NULL;
}

/* "slow@file"; within a file, "slow". */
static void
read_transport(struct traefik_reading *r, struct tcp_backend *b)
{
	struct str name = str_trim(str_of(b->transport->value));
	const struct file_line *at = NULL;
	const char *wrong = NULL;
	struct files_key k;

	if (str_ends(name, STR(FILE_PROVIDER)))
		name.len -= strlen(FILE_PROVIDER);
	else if (!r->service->provided)
		name.len = 0;
	if (name.len == 0 || !files_has(r->l->files, KIND, name))
		b->unspoken = "no file of swarm.traefik.files defines it";
	while (b->unspoken == NULL && files_next(r->l->files, KIND, name, &at, &k))
		if ((wrong = transport_key(r, b, k.key, str_trim(str_of(k.label->value)))) != NULL)
			b->unspoken = arena_printf(r->l->arena, "%s: %s", reading_key(r, k.label), wrong);
	reading_report(r, b->transport, b->unspoken == NULL ? LABEL_VALID : LABEL_UNSUPPORTED,
	    b->unspoken);
}

/* ---- all of it ---- */

static void
read_proxied(struct traefik_reading *r, struct tcp_backend *b)
{
	struct str version = b->version == NULL ? STR("") : str_trim(str_of(b->version->value));
	bool on = b->version != NULL, known = version.len == 0 || str_eq(version, STR("1")) ||
	    str_eq(version, STR("2"));

	if (b->proxied != NULL && b->proxied->value[0] == '\0' && r->service->provided) {
		on = true;
		reading_report(r, b->proxied, LABEL_VALID, NULL);
	} else if (b->proxied != NULL && !label_switch(str_trim(str_of(b->proxied->value)), &on))
		reading_mark_unknown(r, &b->unknown, b->proxied, "expected true or false" NO_WAY);
	else if (b->proxied != NULL)
		reading_report(r, b->proxied, LABEL_VALID, NULL);
	if (!known)
		reading_mark_unknown(r, &b->unknown, b->version, "expected 1 or 2" NO_WAY);
	else if (b->version != NULL)
		reading_report(r, b->version, LABEL_VALID, NULL);
	b->sends = !on ? PROXY_NONE : str_eq(version, STR("1")) ? PROXY_V1 : PROXY_V2;
}

static void
read_servers(struct traefik_reading *r, struct tcp_backend *b)
{
	struct labels *l = r->l;

	if (b->naddresses == 0)
		return;
	l->server = arena_zalloc(l->arena, b->naddresses * sizeof *l->server);
	for (unsigned i = 0; i < b->naddresses; i++) {
		struct labels_server s = { .port = 0 };
		if (l->group != NULL)
			reading_mark_unknown(r, &b->unknown, b->address[i],
			    "the service is of another kind by another key");
		else if (!server_read(str_trim(str_of(b->address[i]->value)), &s) || s.port == 0)
			reading_mark_unknown(r, &b->unknown, b->address[i],
			    "expected an address such as 10.0.0.7:5432");
		else {
			reading_report(r, b->address[i], LABEL_VALID, NULL);
			l->server[l->nservers++] = s;
		}
	}
}

static void
tcp_backend_read(struct traefik_reading *r, struct tcp_backend *b)
{
	unsigned port;

	read_proxied(r, b);
	read_servers(r, b);
	check_read(r, &b->as_http);
	if (b->transport != NULL)
		read_transport(r, b);
	if (b->port == NULL)
		return;
	if (!label_port(str_trim(str_of(b->port->value)), &port))
		reading_mark_unknown(r, &b->unknown, b->port, "expected a port, 1 to 65535");
	else
		reading_report(r, b->port, LABEL_VALID, NULL);
}

void
tcp_backends_read(struct traefik_reading *r)
{
	struct tcp_reading *t = r->tcp;

	for (unsigned i = 0; i < t->nbackends; i++)
		tcp_backend_read(r, &t->backend[i]);
	for (unsigned i = 0; i < t->nbackends && r->service->provided; i++)
		r->l->broken |= t->backend[i].unknown != NULL || t->backend[i].unspoken != NULL;
	if (r->l->broken)
		r->l->nservers = 0;
}

/* ---- its settings ---- */

unsigned
tcp_backend_port(const struct traefik_reading *r, const struct tcp_backend *b)
{
	unsigned port = 0;

	if (reading_has_label(r, "mola.port"))
		return r->l->port;
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

/* NULL: it cannot be one of tcp, too. */
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

/* Two services of Traefik's may have one port of the tasks; here it has one set of settings. */
static bool
is_taken(const struct tcp_reading *t, const struct tcp_backend *b, const struct service_conf *conf)
{
	for (unsigned i = 0; i < t->nbackends; i++)
		if (&t->backend[i] != b && t->backend[i].conf == conf &&
		    (t->backend[i].sends != b->sends || t->backend[i].connect_usec != b->connect_usec))
			return true;
	return false;
}

struct service_conf *
tcp_backend_conf(struct traefik_reading *r, struct tcp_backend *b)
{
	struct service_conf *conf;

	if (b != NULL && b->conf != NULL)
		return b->conf;
	conf = port_conf(r, tcp_backend_port(r, b));
	if (b == NULL || conf == NULL)
		return conf;
	if (is_taken(r->tcp, b, conf))
		return NULL;
	b->conf = conf;
	conf->proxy_version = b->sends;
	if (b->connect_usec > 0 && !reading_has_label(r, "mola.connect"))
		conf->connect_usec = b->connect_usec;
	check_conf(r, &b->as_http, conf);
	return conf;
}
