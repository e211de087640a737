/*
 * TLS towards a server: whom to trust, which name to expect, what to show.
 */
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "base/alloc.h"
#include "base/bug.h"
#include "net/ip.h"
#include "net/tls_priv.h"

#define NAME_MAX_BYTES	253

struct tls_client {
	SSL_CTX		*ctx;		/* connections have references of their own */
	enum tls_verify	 verify;
	uint64_t	 serial;	/* no other has had it */
};

static const struct {
	const unsigned char *p;
	unsigned	 len;
} offers[] = {
	[TLS_HTTP1] = { (const unsigned char *)"\010http/1.1", 9 },
	[TLS_HTTP2] = { (const unsigned char *)"\002h2", 3 },
	[TLS_ACME] = { (const unsigned char *)"\012acme-tls/1", 11 },
	[TLS_HTTP_BOTH] = { (const unsigned char *)"\002h2\010http/1.1", 12 },
};

/* ---- resumption ---- */

void
tls_resume_clear(struct tls_resume *r)
{
	SSL_SESSION_free(r->session);
	*r = (struct tls_resume){ 0 };
}

/*
 * A ticket came. What is kept, and what is offered later, is a copy: OpenSSL never resumes a
 * session again whose connection was cut, or freed without close_notify, which TLS no longer
 * demands since 1.1 (RFC 5246, 7.2.1). True would mean that the session is ours from here on.
 */
static int
on_session(SSL *ssl, SSL_SESSION *session)
{
	const struct tls *t = tls_of(ssl);
	struct tls_resume *r = t->resume;
	SSL_SESSION *copy = r != NULL ? SSL_SESSION_dup(session) : NULL;

	if (copy == NULL)
		return 0;
	tls_resume_clear(r);
	*r = (struct tls_resume){ copy, t->of };
	return 0;
}

static void
session_offer(const struct tls *t)
{
	const struct tls_resume *r = t->resume;
	SSL_SESSION *copy;

	if (r == NULL || r->session == NULL || r->of != t->of)
		return;
	if ((copy = SSL_SESSION_dup(r->session)) == NULL)
		return;
	SSL_set_session(t->ssl, copy);
	SSL_SESSION_free(copy);
}

/* It may be the session that this server does not get on with; in TLS 1.3 it may say so after the
 * handshake. */
void
tls_client_failed(struct tls *t)
{
	if (t->resume != NULL && t->resume->of == t->of)
		tls_resume_clear(t->resume);
}

/* ---- whom to trust, and what to show ---- */

const struct why *
tls_client_new(const struct tls_client_conf *conf, struct tls_client **out)
{
	static uint64_t serial;
	SSL_CTX *ctx = tls_context_new(TLS_client_method(), 12);
	const struct why *why = NULL;
	struct tls_client *c;

	if (conf->verify != TLS_VERIFY_NONE)
		why = tls_context_trust(ctx, conf->ca, NULL);
	if (why == NULL && conf->cert != NULL && SSL_CTX_use_cert_and_key(ctx, cert_x509(conf->cert),
	    cert_key(conf->cert), cert_chain(conf->cert), 1) != 1)
		why = WHY_CERT_KEY_WRONG;
	ERR_clear_error();
	if (why != NULL) {
		SSL_CTX_free(ctx);
		return why;
	}
	SSL_CTX_set_verify(ctx, conf->verify == TLS_VERIFY_NONE ? SSL_VERIFY_NONE : SSL_VERIFY_PEER, NULL);
	/* so that an intermediate CA, or the one certificate itself, may be what is trusted */
	X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(ctx), X509_V_FLAG_PARTIAL_CHAIN);
	/* zero is success, here and in tls_offer() alone */
	ASSERT(SSL_CTX_set_alpn_protos(ctx, offers[conf->offer].p, offers[conf->offer].len) == 0);
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
	SSL_CTX_sess_set_new_cb(ctx, on_session);
	c = must_zalloc(sizeof *c);
	*c = (struct tls_client){ ctx, conf->verify, ++serial };
	*out = c;
	return NULL;
}

void
tls_client_free(struct tls_client **cp)
{
	struct tls_client *c = *cp;

	*cp = NULL;
	if (c == NULL)
		return;
	SSL_CTX_free(c->ctx);
	free(c);
}

static bool
name_set(SSL *ssl, enum tls_verify verify, struct str name)
{
	char text[NAME_MAX_BYTES + 1];
	bool is_ip;
	struct ip ip;

	if (name.len == 0 || name.len > NAME_MAX_BYTES)
		return verify != TLS_VERIFY_NAME;
	str_copy(text, sizeof text, name);
	is_ip = ip_parse(name, &ip);
	if (!is_ip && SSL_set_tlsext_host_name(ssl, text) != 1)
		return false;
	if (verify != TLS_VERIFY_NAME)
		return true;
	SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
	if (is_ip)
		return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), text) == 1;
	return SSL_set1_host(ssl, text) == 1;
}

struct transport *
tls_connect(struct tls_client *c, struct str name, struct tls_resume *resume)
{
	struct tls *t = tls_new(c->ctx);

	if (t == NULL)
		return NULL;
	SSL_set_connect_state(t->ssl);
	if (!name_set(t->ssl, c->verify, name)) {
		ERR_clear_error();
		t->transport.ops->free(&t->transport);
		return NULL;
	}
	t->resume = resume;
	t->of = c->serial;
	session_offer(t);
	ERR_clear_error();
	return &t->transport;
}

bool
tls_offer(struct stream *s, enum tls_offer offer)
{
	const struct tls *t = (struct tls *)s->private.transport;
	bool good = SSL_set_alpn_protos(t->ssl, offers[offer].p, offers[offer].len) == 0;

	ERR_clear_error();
	return good;
}
