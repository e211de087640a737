/*
 * backend: what Traefik calls a service: a port of the tasks, and how it is reached and
 * checked. While anything of it is not understood no router may lead there; a health check is
 * done as it is meant or not at all.
 * Must not know which routers lead there.
 */
#include <ctype.h>
#include <stddef.h>
#include <string.h>

#include "base/bug.h"
#include "base/clock.h"
#include "base/form.h"
#include "base/go.h"
#include "discovery/traefik_priv.h"

static struct backend *
backend_get(struct traefik_reading *r, struct str name)
{
	ASSERT(r->nbackends <= ROUTERS_MAX);
	for (unsigned i = 0; i < r->nbackends; i++)
		if (str_eq_nocase(r->backend[i].name, name))
			return &r->backend[i];
	if (r->nbackends == ROUTERS_MAX)
		return NULL;
	r->backend[r->nbackends] = (struct backend){ .name = name };
	return &r->backend[r->nbackends++];
}

static void
mark_unknown(struct traefik_reading *r, struct backend *b, const struct swarm_label *label,
    const char *text)
{
	if (b->unknown == NULL)
		b->unknown = label;
	reading_report(r, label, LABEL_UNKNOWN, text);
}

/* The same name in two spellings is set twice. */
static void
set_once(struct traefik_reading *r, struct backend *b, const struct swarm_label **at,
    const struct swarm_label *label)
{
	if (*at == NULL)
		*at = label;
	else
		mark_unknown(r, b, label, "it is set twice");
}

/* ---- one label ---- */

static void
gather_server(struct traefik_reading *r, struct backend *b, const struct swarm_label *label,
    struct str key)
{
	if (word_is(key, "port"))
		set_once(r, b, &b->port, label);
	else if (word_is(key, "scheme"))
		set_once(r, b, &b->scheme, label);
	else if (word_is(key, "weight") || word_is(key, "preservepath"))
		reading_report(r, label, LABEL_UNSUPPORTED,
		    "not done: mola.policy chooses tasks, and paths are passed on as they are");
	else
		mark_unknown(r, b, label, "not understood: nothing leads to this service");
}

/* Whether Mola's checks do what the label asks for. */
static bool
check_is_supported(const struct backend *b, struct str key, struct str value)
{
	unsigned port = 0;

	if (word_is(key, "port"))
		return label_port(value, &port) && port == backend_port(b);
	if (word_is(key, "scheme"))
		return value.len == 0 || str_eq_nocase(value, b->scheme == NULL ? STR("http") :
		    str_trim(str_of(b->scheme->value)));
	if (word_is(key, "followredirects"))
		return go_bool(value, &(bool){ false });
	if (word_is(key, "unhealthyinterval"))
		return go_duration(value, &(int64_t){ 0 });
	if (word_is(key, "mode"))
		return value.len == 0 || str_eq(value, STR("http"));
	if (word_is(key, "method"))
		return value.len == 0 || str_eq_nocase(value, STR("GET"));
	if (word_is(key, "status"))
		return value.len == 0 || str_eq(value, STR("0"));
	return word_is(key, "hostname") && value.len == 0;
}

static void
gather_check(struct traefik_reading *r, struct backend *b, const struct swarm_label *label,
    struct str key, bool deeper)
{
	if (!deeper && word_is(key, "path"))
		set_once(r, b, &b->path, label);
	else if (!deeper && word_is(key, "interval"))
		set_once(r, b, &b->interval, label);
	else if (!deeper && word_is(key, "timeout"))
		set_once(r, b, &b->timeout, label);
	else if (!deeper && word_is(key, "port"))
		set_once(r, b, &b->check_port, label);
	else if (!deeper && word_is(key, "scheme"))
		set_once(r, b, &b->check_scheme, label);
	else if (!deeper && check_is_supported(b, key, str_trim(str_of(label->value))))
		reading_report(r, label, LABEL_UNUSED, "that is how Mola's checks are, or nearly");
	else {
		b->check = b->check == NULL ? label : b->check;
		reading_report(r, label, LABEL_UNSUPPORTED, "Mola's checks do not do this");
	}
}

void
backend_gather(struct traefik_reading *r, const struct swarm_label *label, const struct str *word,
    unsigned n)
{
	struct backend *b = backend_get(r, word[3]);
	const char *later = n < 6 || !word_is(word[4], "loadbalancer") ? NULL :
	    word_is(word[5], "passivehealthcheck") ? "not done: Mola has ways of its own" : NULL;

	ASSERT(n >= 5);
	if (b == NULL) {
		r->too_many = true;
		reading_report(r, label, LABEL_UNSUPPORTED, "more than 64 services");
	} else if (group_gather(r, b, label, word + 4, n - 4))
		return;
	else if (n == 7 && word_is(word[4], "loadbalancer") && word_is(word[5], "server"))
		gather_server(r, b, label, word[6]);
	else if (n == 5 && r->service->provided && word_is(word[4], "loadbalancer"))
		reading_report(r, label, LABEL_VALID, NULL);	/* it has no servers */
	else if (n == 7 && r->service->provided && word_is(word[4], "loadbalancer") &&
	    str_starts(word[5], STR("servers[")))
		servers_gather(r, b, label, word[6]);
	else if (n >= 7 && word_is(word[4], "loadbalancer") && word_is(word[5], "healthcheck"))
		gather_check(r, b, label, word[6], n > 7);
	else if (n >= 6 && word_is(word[4], "loadbalancer") &&
	    options_gather(r, b, label, word + 5, n - 5))
		return;
	else if (n >= 6 && word_is(word[4], "loadbalancer") && word_is(word[5], "sticky"))
		sticky_gather(r, b, label, word + 6, n - 6);
	else if (n == 6 && word_is(word[4], "loadbalancer") && word_is(word[5], "serverstransport"))
		set_once(r, b, &b->transport, label);
	else if (later != NULL)
		reading_report(r, label, LABEL_UNSUPPORTED, later);
	else
		mark_unknown(r, b, label, "not understood: nothing leads to this service");
}

unsigned
backend_port(const struct backend *b)
{
	unsigned port = 0;

	return b->port != NULL && label_port(str_trim(str_of(b->port->value)), &port) ? port : 0;
}

/* ---- health checks ---- */

/* Reads it as the row of mola.health.* does, whose limits then apply to Traefik's label,
 * too, into `conf`. */
static void
read_check(struct traefik_reading *r, struct service_conf *conf, const struct swarm_label *label,
    const char *row_name)
{
	const struct label_row *row = label_row(row_name);
	struct str value = str_trim(str_of(label->value));
	struct labels of = { .conf = *conf };
	char problem[PROBLEM_MAX];
	int64_t usec;

	ASSERT(row != NULL);
	if (reading_has_label(r, row_name)) {
		reading_report(r, label, LABEL_UNUSED, "the mola label of the same meaning has precedence");
		return;
	}
	if (row->at != offsetof(struct labels, conf.health_path)) {
		if (!go_duration(value, &usec)) {
			reading_report(r, label, LABEL_INVALID, "expected a duration such as 500ms, 2s or 1m30s");
			return;
		}
		value = str_of(arena_printf(r->l->arena, "%lld.%03lldms", (long long)(usec / 1000),
		    (long long)(usec % 1000)));
	}
	if (!row->read(row, value, (char *)&of + row->at, r->l->arena, problem)) {
		reading_report(r, label, LABEL_INVALID, problem);
		return;
	}
	*conf = of.conf;
	reading_report(r, label, LABEL_VALID, NULL);
}

/* All of a check or none: a task must not be ejected for a response that its author did not
 * ask for. */
static void
read_checks(struct traefik_reading *r, struct backend *b)
{
	const struct { const struct swarm_label *label; const char *row; } part[] = {
		{ b->path, "mola.health.path" },
		{ b->interval, "mola.health.interval" },
		{ b->timeout, "mola.health.timeout" },
	};
	/* these mean something beside the server's own, wherever that stands */
	const struct { const struct swarm_label *label; struct str key; const char *wrong; } late[] = {
		{ b->check_port, STR("port"), "Mola's checks go to the port of the requests" },
		{ b->check_scheme, STR("scheme"), "Mola's checks use the protocol of the requests" },
	};
	const struct swarm_label *not = b->check;
	struct service_conf conf = { .health_path = NULL };

	for (int i = 0; i < 2; i++)
		if (not == NULL && late[i].label != NULL &&
		    !check_is_supported(b, late[i].key, str_trim(str_of(late[i].label->value))))
			not = late[i].label;
	b->unchecked = not != NULL && b->path != NULL && !reading_has_label(r, "mola.health.path");
	if (b->unchecked)
		labels_add_trouble(r->l, WHY_HEALTH_CHECK,
		    arena_printf(r->l->arena, "its tasks are not checked, because %s is nothing "
		    "that Mola's checks do; mola.health.path sets one that they do", reading_key(r, not)));
	for (int i = 0; i < 3; i++)
		if (part[i].label != NULL && b->unchecked)
			reading_report(r, part[i].label, LABEL_UNUSED, "the service is not checked");
		else if (part[i].label != NULL)
			read_check(r, &conf, part[i].label, part[i].row);
	b->health_path = conf.health_path;
	b->health_interval_usec = conf.health_interval_usec;
	b->health_timeout_usec = conf.health_timeout_usec;
	for (int i = 0; i < 2; i++)
		if (late[i].label != NULL)
			reading_report(r, late[i].label, not == late[i].label ? LABEL_UNSUPPORTED : LABEL_VALID,
			    not == late[i].label ? late[i].wrong : NULL);
}

/*
 * A servers transport that is no file's is defined where Mola does not look: where it matters, only
 * what mola.* labels say instead makes it known.
 */
static void
read_transport(struct traefik_reading *r, struct backend *b)
{
	if (transport_take(r, b) && b->transport != NULL) {
		reading_report(r, b->transport, b->unspoken == NULL ? LABEL_VALID : LABEL_UNSUPPORTED,
		    b->unspoken);
		return;
	}
	if (b->transport == NULL)
		return;
	if (b->speaks == SCHEME_HTTPS && !transport_is_given(r))
		b->unspoken = "how the certificates of its tasks are verified is defined elsewhere "
		    "(serversTransport); set mola.task_tls labels";
	reading_report(r, b->transport, LABEL_UNSUPPORTED, b->unspoken != NULL ? b->unspoken :
	    "what it refers to is defined elsewhere: not used");
}

static void
read_scheme(struct traefik_reading *r, struct backend *b)
{
	static const enum scheme known[] = { SCHEME_HTTP, SCHEME_HTTPS, SCHEME_H2C };
	struct str value;

	b->speaks = SCHEME_HTTP;
	if (b->scheme == NULL)
		return;
	value = str_trim(str_of(b->scheme->value));
	b->unspoken = "not understood: expected http, https or h2c";
	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		if (str_eq_nocase(value, str_of(scheme_name(known[i])))) {
			b->speaks = known[i];
			b->unspoken = NULL;
		}
	if (b->unspoken == NULL && reading_has_label(r, "mola.scheme"))
		reading_report(r, b->scheme, LABEL_UNUSED, "mola.scheme has precedence");
	else
		reading_report(r, b->scheme, b->unspoken != NULL ? LABEL_UNSUPPORTED : LABEL_VALID, b->unspoken);
}

void
backend_read(struct traefik_reading *r, struct backend *b)
{
	read_checks(r, b);
	if (b->port != NULL && backend_port(b) == 0)
		reading_report(r, b->port, LABEL_INVALID, "expected a port, 1 to 65535");
	else if (b->port != NULL && reading_has_label(r, "mola.port"))
		reading_report(r, b->port, LABEL_UNUSED, "mola.port has precedence");
	else if (b->port != NULL)
		reading_report(r, b->port, LABEL_VALID, NULL);
	read_scheme(r, b);
	servers_read(r, b);
	read_transport(r, b);
}

/* As Traefik does without a servers transport: the system's CAs, and the address of the task. */
static void
scheme_conf(const struct traefik_reading *r, const struct backend *b, struct service_conf *conf)
{
	if ((b->scheme == NULL && b->nurls == 0) || reading_has_label(r, "mola.scheme"))
		return;
	conf->scheme = b->speaks;
	if (!reading_has_label(r, "mola.task_tls.verify"))
		conf->tls_verify = true;
	if (!reading_has_label(r, "mola.task_tls.ca"))
		conf->tls_ca = NULL;
	if (!reading_has_label(r, "mola.task_tls.name"))
		conf->tls_name = arena_text(r->l->arena, STR(TLS_NAME_ADDRESS));
}

void
backend_conf(const struct traefik_reading *r, const struct backend *b, struct service_conf *conf)
{
	scheme_conf(r, b, conf);
	transport_conf(r, b, conf);
	sticky_conf(r, b, conf);
	options_conf(b, conf);
	if (b->unchecked)
		conf->health_path = NULL;
	if (b->health_path != NULL)
		conf->health_path = b->health_path;
	if (b->health_interval_usec > 0)
		conf->health_interval_usec = b->health_interval_usec;
	if (b->health_timeout_usec > 0)
		conf->health_timeout_usec = b->health_timeout_usec;
}
