/*
 * backend: what Traefik calls a service: a port of the tasks, and how it is reached and
 * checked. While anything of it is not understood no router may lead there; a health check is
 * done as it is meant or not at all.
 * Must not know which routers lead there.
 */
#include <string.h>

#include "base/bug.h"
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

/* The same name in two spellings is set twice. */
static void
set_once(struct traefik_reading *r, struct backend *b, const struct swarm_label **at,
    const struct swarm_label *label)
{
	if (*at == NULL)
		*at = label;
	else
		reading_mark_unknown(r, &b->unknown, label, "it is set twice");
}

/* ---- one label ---- */

static void
gather_server(struct traefik_reading *r, struct backend *b, const struct swarm_label *label,
    struct str key)
{
	uint64_t weight;

	if (word_is(key, "port"))
		set_once(r, b, &b->port, label);
	else if (word_is(key, "scheme"))
		set_once(r, b, &b->scheme, label);
	else if (word_is(key, "weight") && str_to_u64(str_trim(str_of(label->value)), &weight)
	    && weight > 0)
		reading_report(r, label, LABEL_UNUSED, "it is the same for all tasks");
	else if (word_is(key, "weight"))	/* by 0 they get nothing */
		reading_mark_unknown(r, &b->unknown, label,
		    "expected a number above 0: nothing leads to this service");
	else if (word_is(key, "preservepath"))
		reading_report(r, label, LABEL_UNUSED, "paths are passed on as they are");
	else
		reading_mark_unknown(r, &b->unknown, label, "not understood: nothing leads to this service");
}

void
backend_gather(struct traefik_reading *r, const struct swarm_label *label, const struct str *word,
    unsigned n)
{
	struct backend *b = backend_get(r, word[3]);

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
		servers_gather(r, b, label, word[5], word[6]);
	else if (n >= 7 && word_is(word[4], "loadbalancer") && word_is(word[5], "healthcheck"))
		check_gather(r, b, label, word + 6, n - 6, false);
	else if (n >= 6 && word_is(word[4], "loadbalancer") &&
	    options_gather(r, b, label, word + 5, n - 5))
		return;
	else if (n >= 6 && word_is(word[4], "loadbalancer") && word_is(word[5], "sticky"))
		sticky_gather(r, b, label, word + 6, n - 6);
	else if (n == 6 && word_is(word[4], "loadbalancer") && word_is(word[5], "serverstransport"))
		set_once(r, b, &b->transport, label);
	else
		reading_mark_unknown(r, &b->unknown, label, "not understood: nothing leads to this service");
}

unsigned
backend_port(const struct backend *b)
{
	unsigned port = 0;

	return b->port != NULL && label_port(str_trim(str_of(b->port->value)), &port) ? port : 0;
}

/* ---- how it is spoken to ---- */

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
	if (b->port != NULL && backend_port(b) == 0)
		reading_report(r, b->port, LABEL_INVALID, "expected a port, 1 to 65535");
	else if (b->port != NULL && reading_has_label(r, "mola.port"))
		reading_report(r, b->port, LABEL_UNUSED, "mola.port has precedence");
	else if (b->port != NULL)
		reading_report(r, b->port, LABEL_VALID, NULL);
	read_scheme(r, b);
	servers_read(r, b);
	check_read(r, b);
	read_transport(r, b);
}

/* The system's CAs, and the address of the task. */
void
backend_tls_conf(const struct traefik_reading *r, struct service_conf *conf)
{
	if (!reading_has_label(r, "mola.task_tls.verify"))
		conf->tls_verify = true;
	if (!reading_has_label(r, "mola.task_tls.ca"))
		conf->tls_ca = NULL;
	if (!reading_has_label(r, "mola.task_tls.name"))
		conf->tls_name = arena_text(r->l->arena, STR(TLS_NAME_ADDRESS));
}

static void
scheme_conf(const struct traefik_reading *r, const struct backend *b, struct service_conf *conf)
{
	if ((b->scheme == NULL && b->nurls == 0) || reading_has_label(r, "mola.scheme"))
		return;
	conf->scheme = b->speaks;
	backend_tls_conf(r, conf);
}

void
backend_conf(const struct traefik_reading *r, const struct backend *b, struct service_conf *conf)
{
	scheme_conf(r, b, conf);
	transport_conf(r, b, conf);
	sticky_conf(r, b, conf);
	options_conf(r, b, conf);
	check_conf(r, b, conf);
}

/* Except for its health check and for what changes it in the Swarm. */
void
backend_port_conf(const struct traefik_reading *r, const struct backend *b,
    struct service_conf *conf)
{
	if (reading_has_label(r, "mola.health.path"))
		conf->health_path = NULL;
	conf->migrate = false;
	conf->scale_min = conf->scale_max = 0;
	backend_conf(r, b, conf);
}
