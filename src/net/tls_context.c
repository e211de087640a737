/*
 * What all connections of a listener or to a service have in common: versions, ciphers, groups, and
 * whom they trust.
 */
#include <stdio.h>

#include <openssl/err.h>
#include <openssl/pem.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/bug.h"
#include "net/tls_memory.h"
#include "net/tls_priv.h"

static const char ciphers[] =
#define SUITE(name, go) ":" name
#include "tbl/suites.h"
#undef SUITE
;

static bool
context_fill(SSL_CTX *ctx, unsigned min_version)
{
	SSL_CTX_set_security_level(ctx, 2);
	return SSL_CTX_set_min_proto_version(ctx, min_version == 13 ? TLS1_3_VERSION : TLS1_2_VERSION)
	    && SSL_CTX_set_cipher_list(ctx, ciphers + 1)
	    /* hybrids only where the library has them */
	    && (SSL_CTX_set1_groups_list(ctx, "X25519MLKEM768:X25519:P-256:P-384")
	    || SSL_CTX_set1_groups_list(ctx, "X25519:P-256:P-384"));
}

/* NULL: there was no memory, for nothing else is variable here. */
static SSL_CTX *
context_try(const SSL_METHOD *method, unsigned min_version)
{
	SSL_CTX *ctx = SSL_CTX_new(method);

	if (ctx == NULL || context_fill(ctx, min_version))
		return ctx;
	SSL_CTX_free(ctx);
	return NULL;
}

SSL_CTX *
tls_context_new(const SSL_METHOD *method, unsigned min_version)
{
	SSL_CTX *ctx = context_try(method, min_version);

	if (ctx == NULL && alloc_spend())
		ctx = context_try(method, min_version);
	ASSERT(min_version == 12 || min_version == 13);
	if (ctx == NULL)		/* the library may not try for a second time what failed at its start */
		BUG("out of memory");
	SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
	SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
	    SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	SSL_CTX_set_read_ahead(ctx, 1);
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	ERR_clear_error();
	return ctx;
}

const struct why *
tls_context_trust(SSL_CTX *ctx, struct str pem, STACK_OF(X509_NAME) *names)
{
	X509_STORE *store = SSL_CTX_get_cert_store(ctx);
	BIO *bio = pem.len > 0 && pem.len < INT32_MAX ? BIO_new_mem_buf(pem.p, (int)pem.len) : NULL;
	bool good = true;
	int count = 0;
	X509 *x;

	ERR_clear_error();
	while (good && bio != NULL && (x = PEM_read_bio_X509(bio, NULL, NULL, NULL)) != NULL) {
		X509_NAME *name = names != NULL ? X509_NAME_dup(X509_get_subject_name(x)) : NULL;

		good = X509_STORE_add_cert(store, x) == 1;
		if (name != NULL && !sk_X509_NAME_push(names, name))
			X509_NAME_free(name);
		X509_free(x);
		count++;
	}
	good = good && ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
	BIO_free(bio);
	ERR_clear_error();
	return count == 0 ? WHY_CERT_MISSING : good ? NULL : WHY_CERT_SYNTAX;
}

unsigned
tls_suite(struct str name)
{
	static const char *const names[] = {
#define SUITE(openssl, name) name,
#include "tbl/suites.h"
#undef SUITE
	};

	for (unsigned i = 0; i < sizeof names / sizeof *names; i++)
		if (str_eq(name, str_of(names[i])))
			return 1u << i;
	return 0;
}

void
tls_context_limit(SSL_CTX *ctx, unsigned suites)
{
	static const char *const names[] = {
#define SUITE(openssl, name) openssl,
#include "tbl/suites.h"
#undef SUITE
	};
	struct buf list;

	if (suites == 0)
		return;
	buf_init(&list, sizeof ciphers);
	for (unsigned i = 0; i < sizeof names / sizeof *names; i++)
		if ((suites & 1u << i) != 0)
			buf_printf(&list, "%s%s", list.len > 0 ? ":" : "", names[i]);
	buf_add(&list, "", 1);
	ASSERT(!list.full && SSL_CTX_set_cipher_list(ctx, list.p));
	buf_fini(&list);
}

bool
tls_context_groups(SSL_CTX *ctx, unsigned groups)
{
	static const char *const names[] = {
#define GROUP(openssl, traefik, rfc) openssl,
#include "tbl/groups.h"
#undef GROUP
	};
	char list[128] = "";
	size_t len = 0;

	if (groups == 0)
		return true;
	for (unsigned i = 0; i < sizeof names / sizeof *names; i++)
		if ((groups & 1u << i) != 0 && SSL_CTX_set1_groups_list(ctx, names[i]))
			len += (size_t)snprintf(list + len, sizeof list - len, "%s%s", len > 0 ? ":" : "",
			    names[i]);
	ASSERT(len < sizeof list);
	ERR_clear_error();
	return len > 0 && SSL_CTX_set1_groups_list(ctx, list) == 1;
}

/* The first SSL_CTX finds all algorithms, which may need files. */
void
tls_init(void)
{
	SSL_CTX *ctx;

	tls_memory_init();
	if (OPENSSL_init_ssl(OPENSSL_INIT_LOAD_SSL_STRINGS, NULL) != 1)
		BUG("OpenSSL does not start");
	ctx = tls_context_new(TLS_server_method(), 12);
	SSL_CTX_free(ctx);
}
