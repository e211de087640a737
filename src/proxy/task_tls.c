/*
 * One struct tls_client for each way to connect that services have: they are few, and made when
 * first needed. With new secrets all of them are made again; connections keep theirs.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/addr.h"
#include "base/alloc.h"
#include "base/buf.h"
#include "base/bug.h"
#include "base/map.h"
#include "net/ip.h"
#include "proxy/task_tls.h"

#define KEY_MAX		2600
#define CAS_MAX		(4 << 20)	/* bytes: of several files together */

struct task_tls {
	struct secrets	*secrets;	/* ours; NULL: none have come */
	struct map	*clients;	/* key to struct tls_client */
};

struct task_tls *
task_tls_new(void)
{
	struct task_tls *t = must_zalloc(sizeof *t);

	t->clients = map_new();
	return t;
}

static void
clients_free(struct task_tls *t)
{
	struct tls_client *c;
	struct str key;
	void *value;
	size_t at = 0;

	while (map_next(t->clients, &at, &key, &value)) {
		c = value;
		tls_client_free(&c);
	}
	map_free(&t->clients);
}

void
task_tls_free(struct task_tls **tp)
{
	struct task_tls *t = *tp;

	*tp = NULL;
	if (t == NULL)
		return;
	clients_free(t);
	secrets_unref(&t->secrets);
	free(t);
}

void
task_tls_set_secrets(struct task_tls *t, struct secrets *s)
{
	struct secrets *old = t->secrets;

	t->secrets = s != NULL ? secrets_ref(s) : NULL;
	secrets_unref(&old);
	clients_free(t);
	t->clients = map_new();
}

struct task_tls_how
task_tls_how(const struct table *t, const struct table_service *s)
{
	struct str name = table_text(t, s->tls_name);

	if (str_eq(name, STR(TLS_NAME_ADDRESS)))
		name = STR("");
	else if (name.len == 0)
		name = table_text(t, s->name);
	return (struct task_tls_how){ .scheme = s->kind == SERVICE_TCP ? SCHEME_HTTP : s->scheme,
	    .http1 = s->scheme == SCHEME_HTTPS && s->tls_http1, .verify = s->tls_verify,
	    .ca = table_text(t, s->tls_ca), .cert = table_text(t, s->tls_cert),
	    .name = name };
}

/* ---- clients ---- */

static bool
secret_of(const struct task_tls *t, const char *kind, struct str name, struct str *value)
{
	char text[SECRETS_NAME_MAX];
	int n = snprintf(text, sizeof text, "%s/%.*s", kind, STR_ARG(name));

	return t->secrets != NULL && n > 0 && (size_t)n < sizeof text
	    && secrets_find(t->secrets, (struct str){ text, (size_t)n }, value);
}

/* Of one name, or of several with commas between them. Some of them alone would trust fewer than
 * was meant. */
static bool
cas_of(const struct task_tls *t, struct str names, struct buf *room, struct str *pem)
{
	struct str one;

	if (memchr(names.p, ',', names.len) == NULL)
		return secret_of(t, "task-ca", names, pem);
	while (str_split(&names, ',', &one)) {
		if (!secret_of(t, "task-ca", one, pem))
			return false;
		buf_adds(room, *pem);
		buf_adds(room, STR("\n"));
	}
	*pem = buf_str(room);
	return !room->full;
}

static struct tls_client *
client_make(const struct task_tls *t, const struct task_tls_how *how)
{
	struct tls_client_conf conf = { .verify = how->verify ? TLS_VERIFY_NAME : TLS_VERIFY_NONE,
	    .offer = how->scheme == SCHEME_H2 ? TLS_HTTP2 : TLS_HTTP_BOTH };
	struct tls_client *c = NULL;
	struct buf cas;
	struct str pem;
	bool good;

	buf_init(&cas, CAS_MAX);
	good = (!how->verify || cas_of(t, how->ca.len > 0 ? how->ca : STR("system"), &cas, &conf.ca)) &&
	    (how->cert.len == 0 || (secret_of(t, "task-cert", how->cert, &pem)
	    && cert_parse(pem, &conf.cert, NULL) == NULL));
	if (good && tls_client_new(&conf, &c) != NULL)
		c = NULL;
	cert_unref(&conf.cert);
	buf_fini(&cas);
	return c;
}

/* NULL: what it needs is not there. */
static struct tls_client *
client_of(struct task_tls *t, const struct task_tls_how *how)
{
	struct tls_client *c;
	char key[KEY_MAX];
	struct str k;
	int n = snprintf(key, sizeof key, "%d %d %.*s %.*s", how->scheme, how->verify,
	    STR_ARG(how->ca), STR_ARG(how->cert));

	ASSERT(n > 0);
	if ((size_t)n >= sizeof key)
		return NULL;
	k = (struct str){ key, (size_t)n };
	if ((c = map_get(t->clients, k)) == NULL && (c = client_make(t, how)) != NULL)
		map_put(t->clients, k, c);
	return c;
}

const struct why *
task_tls_start(struct task_tls *t, const struct task_tls_how *how, const struct addr *addr,
    struct stream *s)
{
	struct transport *transport;
	char host[IP_TEXT_MAX];
	struct str name = how->name;
	struct tls_client *c;
	struct ip ip;

	if (!scheme_is_tls(how->scheme))
		return NULL;
	if ((c = client_of(t, how)) == NULL)
		return WHY_TASK_TLS_MISSING;
	if (name.len == 0) {
		if (addr->sa.any.sa_family == AF_UNIX)
			return WHY_TASK_TLS_MISSING;
		ip = ip_of(addr);
		name = ip_text(&ip, host);
	}
	if ((transport = tls_connect(c, name, how->resume)) == NULL)
		return WHY_NO_MEMORY;
	stream_set_transport(s, transport);
	/* by the same client, so that a session goes on which began with both offered */
	return how->http1 && !tls_offer(s, TLS_HTTP1) ? WHY_NO_MEMORY : NULL;
}

const struct why *
task_tls_why(const struct stream *s)
{
	switch (tls_fault(s)) {
	case TLS_NO_FAULT:
		return NULL;
	case TLS_FAULT_PEER_CA:
		return WHY_UPSTREAM_TLS_CA;
	case TLS_FAULT_PEER_NAME:
		return WHY_UPSTREAM_TLS_NAME;
	case TLS_FAULT_PEER_EXPIRED:
		return WHY_UPSTREAM_TLS_EXPIRED;
	case TLS_FAULT_PEER: case TLS_FAULT_PEER_NONE:
		return WHY_UPSTREAM_TLS_CERT;
	case TLS_FAULT_ALERT:
		return WHY_UPSTREAM_TLS_REFUSED;
	default:
		return WHY_UPSTREAM_TLS_FAILED;
	}
}
