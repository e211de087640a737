/*
 * What a listener does with TLS: which certificate a client gets, which protocol, whether it must
 * show one of its own, and by which ticket it comes back. One SSL_CTX for all certificates: they
 * are put into a connection when its client has said which host it wants.
 */
#include <stdlib.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include "base/alloc.h"
#include "base/bug.h"
#include "net/tls_priv.h"

#define SESSION_SECONDS	(6 * 3600)
#define NAME_BYTES	16
#define MAC_BYTES	32
#define AES_BYTES	32
#define ALPN_ACME	"acme-tls/1"

_Static_assert(NAME_BYTES + MAC_BYTES + AES_BYTES == TLS_TICKET_BYTES, "parts of a ticket's key");

struct tls_server {
	unsigned	 refs;
	SSL_CTX		*ctx;
	char		*protocols;	/* as in tls_server_conf */
	tls_choose_f	*choose;
	void		*arg;
	const struct tls_tickets *tickets;
	void		*rules;
	void		(*rules_free)(void *);
};

/* ---- tickets ---- */

void
tls_tickets_make(struct tls_tickets *k)
{
	k->n = 1;
	if (RAND_bytes(k->key[0], TLS_TICKET_BYTES) != 1)
		BUG("there is no randomness");
}

bool
tls_tickets_set(struct tls_tickets *k, const struct str *keys, unsigned n)
{
	if (n == 0 || n > TLS_TICKETS_MAX)
		return false;
	for (unsigned i = 0; i < n; i++)
		if (keys[i].len != TLS_TICKET_BYTES)
			return false;
	tls_tickets_fini(k);
	for (unsigned i = 0; i < n; i++)
		memcpy(k->key[i], keys[i].p, TLS_TICKET_BYTES);
	k->n = n;
	return true;
}

void
tls_tickets_fini(struct tls_tickets *k)
{
	explicit_bzero(k, sizeof *k);
}

static const unsigned char *
ticket_key(const struct tls_tickets *k, const unsigned char *name, unsigned *at)
{
	for (unsigned i = 0; i < k->n; i++)
		if (memcmp(k->key[i], name, NAME_BYTES) == 0) {
			*at = i;
			return k->key[i];
		}
	return NULL;
}

/* Found once: EVP_aes_256_cbc() is looked for at each use. */
static const EVP_CIPHER *
ticket_cipher(void)
{
	static EVP_CIPHER *c;

	if (c == NULL)
		c = EVP_CIPHER_fetch(NULL, "AES-256-CBC", NULL);
	return c != NULL ? c : EVP_aes_256_cbc();
}

/* Returns as OpenSSL wants it: 0: a full handshake; 1; 2: and a new ticket. */
static int
on_ticket(SSL *ssl, unsigned char *name, unsigned char *iv, EVP_CIPHER_CTX *cipher,
    EVP_MAC_CTX *mac, int encrypt)
{
	const struct tls_tickets *k = tls_of(ssl)->server->tickets;
	unsigned at = 0;
	const unsigned char *key = encrypt ? k->key[0] : ticket_key(k, name, &at);
	OSSL_PARAM params[3] = {
		OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, (char *)(uintptr_t)"SHA256", 0),
		OSSL_PARAM_construct_end(), OSSL_PARAM_construct_end(),
	};
	bool good;

	if (k->n == 0 || key == NULL)
		return 0;
	if (encrypt) {
		memcpy(name, key, NAME_BYTES);
		if (RAND_bytes(iv, EVP_CIPHER_get_iv_length(ticket_cipher())) != 1)
			return -1;
	}
	params[1] = OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY,
	    (void *)(uintptr_t)(key + NAME_BYTES), MAC_BYTES);
	good = EVP_CipherInit_ex(cipher, ticket_cipher(), NULL, key + NAME_BYTES + MAC_BYTES, iv,
	    encrypt) == 1 && EVP_MAC_CTX_set_params(mac, params) == 1;
	if (!good)
		return -1;
	/* 1 gives no new ticket in TLS 1.3, where each serves once; in 1.2 those of old keys are
	 * renewed */
	return encrypt || (at == 0 && SSL_version(ssl) < TLS1_3_VERSION) ? 1 : 2;
}

/* Where a session is resumed no certificate is shown: the client goes by the one that it saw when
 * the session began, whose kind the ticket says. */
int
tls_kind_shown(const struct tls *t)
{
	const X509 *shown = SSL_get_certificate(t->ssl);
	SSL_SESSION *session = SSL_get_session(t->ssl);
	unsigned char *kind;
	void *data;
	size_t len;

	if (SSL_session_reused(t->ssl)) {
		if (!SSL_SESSION_get0_ticket_appdata(session, &data, &len) || len != 1)
			return -1;
		kind = data;
		return *kind;
	}
	for (int k = 0; k < CERT_KINDS; k++)
		if (t->group.kind[k] != NULL && cert_x509(t->group.kind[k]) == shown)
			return k;
	return -1;
}

/* A ticket is to be made. That of a session that was resumed keeps what it says. */
static int
on_ticket_begin(SSL *ssl, void *arg)
{
	int kind = tls_kind_shown(tls_of(ssl));
	unsigned char byte = (unsigned char)kind;

	(void)arg;
	return kind < 0 || SSL_SESSION_set1_ticket_appdata(SSL_get_session(ssl), &byte, 1);
}

/* ---- what a client asks for ---- */

/* The first name of the extension server_name (RFC 6066, 3), as far as it is well-formed. */
static struct str
hello_host(SSL *ssl)
{
	const unsigned char *p;
	size_t len, n;

	if (!SSL_client_hello_get0_ext(ssl, TLSEXT_TYPE_server_name, &p, &len) || len < 5
	    || p[2] != TLSEXT_NAMETYPE_host_name)
		return STR("");
	n = (size_t)p[3] << 8 | p[4];
	if (n > len - 5 || n > TLSEXT_MAXLEN_host_name || memchr(p + 5, '\0', n) != NULL)
		return STR("");
	if (n > 1 && p[5 + n - 1] == '.')
		n--;
	return (struct str){ (const char *)p + 5, n };
}

/* It offers acme-tls/1 and nothing else (RFC 8737, 3). */
static bool
hello_challenge(SSL *ssl)
{
	static const unsigned char alone[] = "\0\013\012" ALPN_ACME;
	const unsigned char *p;
	size_t len;

	return SSL_client_hello_get0_ext(ssl, TLSEXT_TYPE_application_layer_protocol_negotiation, &p,
	    &len) && len == sizeof alone - 1 && memcmp(p, alone, len) == 0;
}

static bool
take_host(struct tls *t, struct str host)
{
	if (host.len == 0 || t->host != NULL)
		return true;
	if ((t->host = try_alloc(host.len + 1)) == NULL)
		return false;
	str_copy(t->host, host.len + 1, host);
	for (char *p = t->host; *p != '\0'; p++)
		if (*p >= 'A' && *p <= 'Z')
			*p += 'a' - 'A';
	return true;
}

/* A CA has no certificate to show. What nobody was asked for is not to be had again by a ticket. */
static bool
challenge_isolate(SSL *ssl)
{
	static const unsigned char scope[] = ALPN_ACME;

	SSL_set_verify(ssl, SSL_VERIFY_NONE, NULL);
	SSL_set_options(ssl, SSL_OP_NO_TICKET);
	return SSL_set_num_tickets(ssl, 0) == 1
	    && SSL_set_session_id_context(ssl, scope, sizeof scope - 1) == 1;
}

static bool
take_group(struct tls *t, const struct cert_group *g)
{
	for (int k = 0; k < CERT_KINDS; k++)
		if (g->kind[k] != NULL)
			t->group.kind[k] = cert_ref(g->kind[k]);
	return !t->challenge || challenge_isolate(t->ssl);
}

/* One is to be shown: not where a session is resumed. */
static int
on_cert(SSL *ssl, void *arg)
{
	const struct tls *t = tls_of(ssl);
	bool good = true;

	(void)arg;
	for (int k = 0; k < CERT_KINDS; k++) {
		const struct cert *c = t->group.kind[k];

		good = good && (c == NULL
		    || SSL_use_cert_and_key(ssl, cert_x509(c), cert_key(c), cert_chain(c), 1) == 1);
	}
	return good;
}

static int
on_hello(SSL *ssl, int *alert, void *arg)
{
	struct tls *t = tls_of(ssl);
	struct cert_group g = { 0 };
	struct tls_wanted hello;

	(void)arg;
	t->heard = true;
	if (t->chosen)			/* the second hello, after a HelloRetryRequest */
		return SSL_CLIENT_HELLO_SUCCESS;
	*alert = SSL_AD_INTERNAL_ERROR;
	if (!take_host(t, hello_host(ssl)))
		return SSL_CLIENT_HELLO_ERROR;
	t->challenge = hello_challenge(ssl);
	hello = (struct tls_wanted){ str_of(t->host), t->challenge, t->server->rules };
	switch (t->server->choose(t->server->arg, t->client, &hello, &g)) {
	case IO_DONE:
		t->chosen = true;
		return take_group(t, &g) ? SSL_CLIENT_HELLO_SUCCESS : SSL_CLIENT_HELLO_ERROR;
	case IO_AGAIN:
		return SSL_CLIENT_HELLO_RETRY;
	default:
		*alert = SSL_AD_UNRECOGNIZED_NAME;
		t->fault = TLS_FAULT_NO_CERT;
		t->fault_text = "there is no certificate for the requested host";
		return SSL_CLIENT_HELLO_ERROR;
	}
}

/* ---- which protocol ---- */

/* `list`: each with its length before it. */
static bool
list_offers(const unsigned char *list, unsigned len, struct str name, const unsigned char **at)
{
	for (unsigned i = 0; i < len; i += list[i] + 1u)
		if (i + list[i] < len && str_eq((struct str){ (const char *)list + i + 1, list[i] }, name)) {
			*at = list + i + 1;
			return true;
		}
	return false;
}

static int
on_alpn(SSL *ssl, const unsigned char **out, unsigned char *out_len, const unsigned char *list,
    unsigned len, void *arg)
{
	const struct tls *t = tls_of(ssl);
	struct str rest = t->challenge ? STR(ALPN_ACME) : str_of(t->server->protocols), name;

	(void)arg;
	if (rest.len == 0)
		return SSL_TLSEXT_ERR_NOACK;
	while (str_split(&rest, ',', &name))
		if (list_offers(list, len, name, out)) {
			*out_len = (unsigned char)name.len;
			return SSL_TLSEXT_ERR_OK;
		}
	return SSL_TLSEXT_ERR_ALERT_FATAL;	/* RFC 7301, 3.2 */
}

/* ---- life ---- */

/* A session is resumed without another look at the client's certificate: only under the same
 * rules. */
static void
scope_set(SSL_CTX *ctx, const struct tls_server_conf *conf)
{
	const unsigned mode[] = { conf->client_cert, conf->min_version, conf->max_version, conf->suites,
	    conf->groups };
	unsigned char id[EVP_MAX_MD_SIZE];
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	unsigned len;

	ASSERT(md != NULL && EVP_DigestInit_ex(md, EVP_sha256(), NULL));
	EVP_DigestUpdate(md, mode, sizeof mode);
	EVP_DigestUpdate(md, &conf->client_ca.len, sizeof conf->client_ca.len);
	if (conf->client_cert != TLS_CLIENT_CERT_NONE)
		EVP_DigestUpdate(md, conf->client_ca.p, conf->client_ca.len);
	EVP_DigestUpdate(md, conf->scope.p, conf->scope.len);
	ASSERT(EVP_DigestFinal_ex(md, id, &len) && len <= SSL_MAX_SID_CTX_LENGTH);
	ASSERT(SSL_CTX_set_session_id_context(ctx, id, len));
	EVP_MD_CTX_free(md);
}

/* In place of verification: that there was none is what the session remembers. */
static int
verify_nothing(X509_STORE_CTX *store, void *arg)
{
	(void)arg;
	X509_STORE_CTX_set_error(store, X509_V_ERR_APPLICATION_VERIFICATION);
	return 1;
}

static const struct why *
client_cert_set(SSL_CTX *ctx, const struct tls_server_conf *conf)
{
	bool any = conf->client_cert == TLS_CLIENT_CERT_ASK || conf->client_cert == TLS_CLIENT_CERT_ANY;
	bool must = conf->client_cert == TLS_CLIENT_CERT_REQUIRE ||
	    conf->client_cert == TLS_CLIENT_CERT_ANY;
	STACK_OF(X509_NAME) *names;
	const struct why *why = NULL;

	if (conf->client_cert == TLS_CLIENT_CERT_NONE)
		return NULL;
	names = sk_X509_NAME_new_null();
	ASSERT(names != NULL);
	if (!any || conf->client_ca.len > 0)
		why = tls_context_trust(ctx, conf->client_ca, names);
	SSL_CTX_set_client_CA_list(ctx, names);
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER | (must ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0), NULL);
	if (any)
		SSL_CTX_set_cert_verify_callback(ctx, verify_nothing, NULL);
	return why;
}

/* Which clients there may be at all. */
static const struct why *
clients_set(SSL_CTX *ctx, const struct tls_server_conf *conf)
{
	ASSERT(conf->max_version == 0 || conf->max_version >= conf->min_version);
	if (conf->max_version == 12)
		ASSERT(SSL_CTX_set_max_proto_version(ctx, TLS1_2_VERSION));
	tls_context_limit(ctx, conf->suites);
	return tls_context_groups(ctx, conf->groups) ? client_cert_set(ctx, conf) : WHY_TLS_CLASH;
}

const struct why *
tls_server_new(const struct tls_server_conf *conf, tls_choose_f *choose, void *arg,
    const struct tls_tickets *tickets, struct tls_server **out)
{
	SSL_CTX *ctx = tls_context_new(TLS_server_method(), conf->min_version);
	const struct why *why = clients_set(ctx, conf);
	struct tls_server *s;

	if (why != NULL) {
		SSL_CTX_free(ctx);
		return why;
	}
	s = must_zalloc(sizeof *s);
	*s = (struct tls_server){ 1, ctx, str_dup(conf->protocols), choose, arg, tickets, conf->rules,
	    conf->rules_free };
	scope_set(ctx, conf);
	SSL_CTX_set_client_hello_cb(ctx, on_hello, NULL);
	SSL_CTX_set_cert_cb(ctx, on_cert, NULL);
	SSL_CTX_set_alpn_select_cb(ctx, on_alpn, NULL);
	SSL_CTX_set_timeout(ctx, SESSION_SECONDS);
	SSL_CTX_set_max_cert_list(ctx, PEER_CERTS_BYTES);
	if (tickets != NULL) {
		SSL_CTX_set_tlsext_ticket_key_evp_cb(ctx, on_ticket);
		SSL_CTX_set_session_ticket_cb(ctx, on_ticket_begin, NULL, NULL);
	} else {
		SSL_CTX_set_options(ctx, SSL_OP_NO_TICKET);
		SSL_CTX_set_num_tickets(ctx, 0);
	}
	*out = s;
	return NULL;
}

void
tls_server_unref(struct tls_server *s)
{
	ASSERT(s->refs > 0);
	if (--s->refs > 0)
		return;
	SSL_CTX_free(s->ctx);
	free(s->protocols);
	if (s->rules != NULL)
		s->rules_free(s->rules);
	free(s);
}

void
tls_server_free(struct tls_server **sp)
{
	struct tls_server *s = *sp;

	*sp = NULL;
	if (s != NULL)
		tls_server_unref(s);
}

const void *
tls_server_rules(const struct tls_server *s)
{
	return s == NULL ? NULL : s->rules;
}

struct transport *
tls_accept(struct tls_server *s, void *client)
{
	struct tls *t = tls_new(s->ctx);

	if (t == NULL)
		return NULL;
	t->server = s;
	s->refs++;
	t->client = client;
	SSL_set_accept_state(t->ssl);
	return &t->transport;
}
