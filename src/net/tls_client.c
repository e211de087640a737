/*
 * TLS towards a server: whom to trust, which name to expect, what to show.
 */
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "base/bug.h"
#include "net/ip.h"
#include "net/tls_priv.h"

#define NAME_MAX_BYTES	253

struct tls_client {
	SSL_CTX		*ctx;		/* connections have references of their own */
	enum tls_verify	 verify;
};

const struct why *
tls_client_new(const struct tls_client_conf *conf, struct tls_client **out)
{
	static const struct str offers[] = { STR("\010http/1.1"), STR("\002h2\010http/1.1"),
	    STR("\012acme-tls/1") };
	struct str offer = offers[conf->acme ? 2 : conf->http2];
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
	/* zero is success, here alone */
	ASSERT(SSL_CTX_set_alpn_protos(ctx, (const unsigned char *)offer.p, (unsigned)offer.len) == 0);
	c = must_zalloc(sizeof *c);
	*c = (struct tls_client){ ctx, conf->verify };
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
tls_connect(struct tls_client *c, struct str name)
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
	return &t->transport;
}
