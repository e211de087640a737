/*
 * OpenSSL reads from and writes to the stream's own socket, through a BIO that is ours: it always
 * takes what OpenSSL writes and keeps what the socket does not. So a record that was begun is
 * never waited for in the middle, an owner may change its mind about what it writes next, and
 * waiting to write is flushing `out`.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include "base/bug.h"
#include "net/tls_memory.h"
#include "net/tls_priv.h"

#define RECORD_BYTES	16384		/* of plain bytes, as TLS limits them */
#define DIRECT_BYTES	4096		/* a first piece from here on is not copied together with the next */
#define OUT_MAX		65536		/* more is not kept: then OpenSSL waits */
#define HOLD_MAX	4096		/* more is sent without waiting for what comes next */

/* ---- the socket below ---- */

/*
 * What waits in `out` goes first, and then these bytes, as far as the socket takes them: *sent of
 * them. False: it is broken.
 */
static bool
socket_send(struct tls *t, const char *p, size_t len, size_t *sent)
{
	int flags = MSG_NOSIGNAL | (t->ending ? MSG_MORE : 0);

	*sent = 0;
	t->held = false;
	while (t->out_at < t->out_len || *sent < len) {
		size_t waits = t->out_len - t->out_at;
		struct iovec v[2] = { { t->out + t->out_at, waits },
		    { (char *)(uintptr_t)p + *sent, len - *sent } };
		struct msghdr m = { .msg_iov = v + (waits == 0), .msg_iovlen = 2 - (waits == 0) };
		ssize_t n = sendmsg(t->fd, &m, flags);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno != EAGAIN)
			t->error = errno;
		if (n < 0)
			return t->error == 0;
		waits = waits < (size_t)n ? waits : (size_t)n;
		t->out_at += waits;
		*sent += (size_t)n - waits;
	}
	free(t->out);
	t->out = NULL;
	t->out_at = t->out_len = t->out_cap = 0;
	return true;
}

static enum io_result
out_flush(struct tls *t)
{
	size_t none;

	if (t->out == NULL)
		return IO_DONE;
	if (!socket_send(t, NULL, 0, &none))
		return IO_FAIL;
	return t->out == NULL ? IO_DONE : IO_AGAIN;
}

static bool
out_add(struct tls *t, const char *p, size_t len)
{
	if (t->out_len + len > t->out_cap) {
		size_t cap = t->out_len + len;
		char *out = try_alloc(cap);

		if (out == NULL)
			return false;
		if (t->out_len > 0)
			memcpy(out, t->out, t->out_len);
		free(t->out);
		t->out = out;
		t->out_cap = cap;
	}
	memcpy(t->out + t->out_len, p, len);
	t->out_len += len;
	return true;
}

static int
bio_write(BIO *b, const char *p, int len)
{
	struct tls *t = BIO_get_data(b);
	size_t sent = 0;

	BIO_clear_retry_flags(b);
	if (t->error != 0 || len <= 0)
		return -1;
	t->spoken = true;
	if ((!t->holds || t->out_len > OUT_MAX) && !socket_send(t, p, (size_t)len, &sent))
		return -1;
	if (sent == 0 && t->out_len > OUT_MAX) {
		BIO_set_retry_write(b);
		return -1;
	}
	if (sent < (size_t)len && !out_add(t, p + sent, (size_t)len - sent)) {
		t->error = ENOMEM;
		return -1;
	}
	t->held |= t->holds;
	return len;
}

static int
bio_read(BIO *b, char *p, int len)
{
	struct tls *t = BIO_get_data(b);
	ssize_t n;

	BIO_clear_retry_flags(b);
	if (t->error != 0 || len <= 0)
		return -1;
	if (t->drained) {
		BIO_set_retry_read(b);
		return -1;
	}
	do
		n = recv(t->fd, p, (size_t)len, 0);
	while (n < 0 && errno == EINTR);
	t->drained = n > 0 && n < len && !t->ends;	/* short, as in stream_read() */
	if (n == 0)
		t->socket_ended = true;
	else if (n < 0 && errno == EAGAIN)
		BIO_set_retry_read(b);
	else if (n < 0)
		t->error = errno;
	return (int)n;
}

static long
bio_ctrl(BIO *b, int cmd, long num, void *p)
{
	const struct tls *t = BIO_get_data(b);

	(void)num;
	(void)p;
	switch (cmd) {
	case BIO_CTRL_FLUSH:
		return 1;
	case BIO_CTRL_EOF:
		return t->socket_ended;
	default:
		return 0;
	}
}

static const BIO_METHOD *
bio_method(void)
{
	static BIO_METHOD *m;

	if (m != NULL)
		return m;
	m = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "stream");
	ASSERT(m != NULL && BIO_meth_set_read(m, bio_read) && BIO_meth_set_write(m, bio_write) &&
	    BIO_meth_set_ctrl(m, bio_ctrl));
	return m;
}

/* ---- failures ---- */

/* What other operations have left there would be taken for this one's. There is hardly ever
 * anything, and to look costs a fifth of what it costs to clear. */
static void
errors_clear(void)
{
	if (ERR_peek_error() != 0)
		ERR_clear_error();
}

/* What OpenSSL calls an error, as far as people do something about it. */
static enum tls_fault
fault_of(int reason)
{
	if (reason > SSL_AD_REASON_OFFSET)
		return TLS_FAULT_ALERT;
	switch (reason) {
	case SSL_R_UNSUPPORTED_PROTOCOL:
	case SSL_R_VERSION_TOO_LOW:
	case SSL_R_VERSION_TOO_HIGH:
		return TLS_FAULT_VERSION;
	case SSL_R_NO_SHARED_CIPHER:
	case SSL_R_NO_SHARED_GROUPS:
	case SSL_R_NO_SHARED_SIGNATURE_ALGORITHMS:
	case SSL_R_NO_SUITABLE_GROUPS:
	case SSL_R_NO_SUITABLE_KEY_SHARE:
	case SSL_R_NO_SUITABLE_SIGNATURE_ALGORITHM:
	case SSL_R_NO_APPLICATION_PROTOCOL:
		return TLS_FAULT_SHARED;
	case SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE:
		return TLS_FAULT_PEER_NONE;
	case SSL_R_CERTIFICATE_VERIFY_FAILED:
		return TLS_FAULT_PEER;
	default:
		return TLS_FAULT_BROKEN;
	}
}

static enum tls_fault
verify_fault_of(long result)
{
	switch (result) {
	case X509_V_ERR_CERT_HAS_EXPIRED:
		return TLS_FAULT_PEER_EXPIRED;
	case X509_V_ERR_HOSTNAME_MISMATCH:
	case X509_V_ERR_IP_ADDRESS_MISMATCH:
		return TLS_FAULT_PEER_NAME;
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
	case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
	case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
	case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
		return TLS_FAULT_PEER_CA;
	default:
		return TLS_FAULT_PEER;
	}
}

static void
fault_note(struct tls *t, unsigned long code)
{
	const char *text = ERR_reason_error_string(code);

	if (t->error != 0)
		t->fault_text = "the connection broke";
	else if (t->socket_ended) {
		t->fault = TLS_GONE;
		t->fault_text = "the connection ended too early";
	} else if (t->fault == TLS_NO_FAULT) {
		t->fault = ERR_GET_LIB(code) == ERR_LIB_SSL ? fault_of(ERR_GET_REASON(code)) : TLS_FAULT_BROKEN;
		t->fault_text = text != NULL ? text : "not known";
		if (t->fault == TLS_FAULT_PEER) {
			t->fault = verify_fault_of(SSL_get_verify_result(t->ssl));
			t->fault_text = X509_verify_cert_error_string(SSL_get_verify_result(t->ssl));
		}
	}
}

/* Nothing more goes either way. */
static enum io_result
tls_failed(struct stream *s)
{
	struct tls *t = (struct tls *)s->private.transport;

	if (!t->failed)
		fault_note(t, ERR_peek_error());
	t->failed = true;
	ERR_clear_error();
	s->private.cut |= t->error == 0 && t->socket_ended;
	s->private.error = t->error != 0 ? t->error : t->socket_ended ? ECONNRESET : EPROTO;
	return IO_FAIL;
}

/* OpenSSL returned something other than success for an operation. */
static enum io_result
tls_waits(struct stream *s, int result)
{
	struct tls *t = (struct tls *)s->private.transport;

	switch (SSL_get_error(t->ssl, result)) {
	case SSL_ERROR_WANT_WRITE:
		t->read_waits = true;
		return IO_AGAIN;
	case SSL_ERROR_WANT_READ:
	case SSL_ERROR_WANT_CLIENT_HELLO_CB:
		return IO_AGAIN;
	case SSL_ERROR_ZERO_RETURN:
		s->private.peer_ended = true;
		return IO_EOF;
	default:
		return tls_failed(s);
	}
}

/* ---- the transport ---- */

/* What the socket has said since it was asked last. */
static void
socket_said(struct tls *t, const struct stream *s)
{
	t->drained = false;
	t->ends = s->private.peer_ended || s->private.broken;
}

/* Nothing is left, in the socket or here: it is not worth another try. */
static void
drained_note(struct stream *s)
{
	const struct tls *t = (struct tls *)s->private.transport;

	if (t->drained && SSL_has_pending(t->ssl) == 0)
		s->private.readable = false;
}

/* What is asked about later is kept; what was for the handshake alone is let go. */
static void
handshake_done(struct tls *t)
{
	const X509 *shown = SSL_get_certificate(t->ssl), *peer = SSL_get0_peer_certificate(t->ssl);

	for (int k = CERT_KINDS; k-- > 0;) {
		struct cert **c = &t->group.kind[k];

		if (*c != NULL && (t->cert == NULL || cert_x509(*c) == shown)) {
			cert_unref(&t->cert);
			t->cert = cert_ref(*c);
		}
		cert_unref(c);
	}
	if (peer != NULL && SSL_get_verify_result(t->ssl) == X509_V_OK
	    && SSL_get_verify_mode(t->ssl) != SSL_VERIFY_NONE)
		t->peer = cert_name_text(X509_get_subject_name(peer));
}

/* What the server writes last in TLS 1.3 are tickets, which nobody waits for: they may go with the
 * response to a request that seems to be there already. */
static bool
tickets_wait(const struct stream *s)
{
	const struct tls *t = (struct tls *)s->private.transport;

	return s->private.readable && t->out_len <= HOLD_MAX && SSL_version(t->ssl) == TLS1_3_VERSION;
}

static enum io_result
tls_handshake(struct stream *s)
{
	struct tls *t = (struct tls *)s->private.transport;
	int result;

	if (t->failed)
		return tls_failed(s);
	if (t->fd < 0) {
		t->fd = s->private.io.fd;
		socket_said(t, s);
	}
	errors_clear();
	t->holds = t->server != NULL && t->spoken && t->out == NULL;
	result = SSL_do_handshake(t->ssl);
	t->holds = false;
	if (result == 1) {
		handshake_done(t);
		drained_note(s);
	}
	if (t->held && !(result == 1 && tickets_wait(s)) && out_flush(t) == IO_FAIL)
		return tls_failed(s);
	if (result == 1)
		return IO_DONE;
	return tls_waits(s, result) == IO_AGAIN ? IO_AGAIN : tls_failed(s);
}

static enum io_result
tls_receive(struct stream *s, void *p, size_t cap, bool peek, size_t *got)
{
	struct tls *t = (struct tls *)s->private.transport;
	enum io_result res;
	int result;

	if (t->failed)
		return tls_failed(s);
	errors_clear();
	result = peek ? SSL_peek_ex(t->ssl, p, cap, got) : SSL_read_ex(t->ssl, p, cap, got);
	if (result == 1) {
		drained_note(s);
		return IO_DONE;
	}
	res = tls_waits(s, result);
	return t->held && out_flush(t) == IO_FAIL ? tls_failed(s) : res;
}

static enum io_result
tls_read(struct stream *s, void *p, size_t cap, size_t *got)
{
	return tls_receive(s, p, cap, false, got);
}

static enum io_result
tls_peek(struct stream *s, void *p, size_t cap, size_t *got)
{
	return tls_receive(s, p, cap, true, got);
}

/* As much of the pieces as fits in a record, in one place. */
static struct str
pieces_join(const struct iovec *iov, int n)
{
	static char record[RECORD_BYTES];
	size_t len = 0;

	if (n == 1 || iov[0].iov_len >= DIRECT_BYTES)
		return (struct str){ iov[0].iov_base,
		    iov[0].iov_len < RECORD_BYTES ? iov[0].iov_len : RECORD_BYTES };
	for (int i = 0; i < n && len < RECORD_BYTES; i++) {
		size_t part = iov[i].iov_len < RECORD_BYTES - len ? iov[i].iov_len : RECORD_BYTES - len;

		if (part > 0)
			memcpy(record + len, iov[i].iov_base, part);
		len += part;
	}
	return (struct str){ record, len };
}

/* A last piece that is short goes with our end. */
static bool
end_waits(const struct stream *s, const struct iovec *iov, int n, size_t len)
{
	const struct tls *t = (struct tls *)s->private.transport;
	size_t all = 0;

	if (!s->private.end_follows || t->out_len + len > HOLD_MAX)
		return false;
	for (int i = 0; i < n; i++)
		all += iov[i].iov_len;
	return all == len;
}

static enum io_result
tls_writev(struct stream *s, const struct iovec *iov, int n, size_t *put)
{
	struct tls *t = (struct tls *)s->private.transport;
	struct str bytes = pieces_join(iov, n);
	enum io_result res = t->failed ? IO_FAIL : t->held ? IO_DONE : out_flush(t);
	size_t done;
	int result;

	if (res != IO_DONE)
		return res == IO_AGAIN ? res : tls_failed(s);
	ASSERT(bytes.len > 0 && t->out_len <= 2 * HOLD_MAX);
	t->holds = end_waits(s, iov, n, bytes.len);
	/* it is all taken: there was hardly anything in `out` */
	result = SSL_write_ex(t->ssl, bytes.p, bytes.len, &done);
	t->holds = false;
	if (result != 1)
		return tls_failed(s);
	*put = done;
	return IO_DONE;
}

static enum io_result
tls_shut(struct stream *s)
{
	struct tls *t = (struct tls *)s->private.transport;
	enum io_result res;

	if (t->failed)
		return tls_failed(s);
	errors_clear();
	t->ending = true;
	if ((SSL_get_shutdown(t->ssl) & SSL_SENT_SHUTDOWN) == 0 && SSL_shutdown(t->ssl) < 0)
		return tls_failed(s);
	res = out_flush(t);
	return res == IO_FAIL ? tls_failed(s) : res;
}

/* A failure to send is found by whatever the owner tries next. */
static void
tls_ready(struct stream *s)
{
	struct tls *t = (struct tls *)s->private.transport;

	socket_said(t, s);
	if (t->out != NULL && out_flush(t) == IO_FAIL)
		s->private.readable = s->private.writable = true;
	if (s->private.handshaking)
		s->private.readable = s->private.writable = true;
	if (t->read_waits && t->out == NULL) {
		t->read_waits = false;
		s->private.readable = true;
	}
}

static void
tls_free(struct transport *transport)
{
	struct tls *t = (struct tls *)transport;

	SSL_free(t->ssl);
	errors_clear();
	if (t->server != NULL)
		tls_server_unref(t->server);
	for (int k = 0; k < CERT_KINDS; k++)
		cert_unref(&t->group.kind[k]);
	cert_unref(&t->cert);
	free(t->host);
	free(t->peer);
	free(t->out);
	free(t);
}

static const struct transport_ops tls_ops = {
	.handshake = tls_handshake, .read = tls_read, .peek = tls_peek, .writev = tls_writev,
	.shut = tls_shut, .ready = tls_ready, .free = tls_free,
};

/* ---- making one ---- */

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


struct tls *
tls_new(SSL_CTX *ctx)
{
	struct tls *t = try_alloc(sizeof *t);
	SSL *ssl = t != NULL ? SSL_new(ctx) : NULL;
	BIO *bio = ssl != NULL ? BIO_new(bio_method()) : NULL;

	errors_clear();
	if (bio == NULL) {
		SSL_free(ssl);
		free(t);
		return NULL;
	}
	*t = (struct tls){ .transport = { &tls_ops }, .ssl = ssl, .fd = -1, .fault_text = "" };
	BIO_set_data(bio, t);
	BIO_set_init(bio, 1);
	SSL_set_bio(ssl, bio, bio);
	SSL_set_app_data(ssl, t);
	return t;
}

/*
 * The ciphers of TLS 1.2 that Mozilla's "intermediate" profile has, without finite-field
 * Diffie-Hellman, which costs much and which no client needs that has elliptic curves.
 */
static const char ciphers[] = "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:"
    "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:"
    "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305";

SSL_CTX *
tls_context_new(const SSL_METHOD *method, unsigned min_version)
{
	SSL_CTX *ctx = SSL_CTX_new(method);

	ASSERT(ctx != NULL && (min_version == 12 || min_version == 13));
	ASSERT(SSL_CTX_set_min_proto_version(ctx, min_version == 13 ? TLS1_3_VERSION : TLS1_2_VERSION));
	ASSERT(SSL_CTX_set_cipher_list(ctx, ciphers));
	SSL_CTX_set_security_level(ctx, 2);
	/* hybrids only where the library has them */
	if (!SSL_CTX_set1_groups_list(ctx, "X25519MLKEM768:X25519:P-256:P-384"))
		ASSERT(SSL_CTX_set1_groups_list(ctx, "X25519:P-256:P-384"));
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
	if (good && bio != NULL && count > 0)
		good = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
	BIO_free(bio);
	ERR_clear_error();
	return count == 0 ? WHY_CERT_MISSING : good ? NULL : WHY_CERT_SYNTAX;
}

/* ---- questions ---- */

static struct tls *
stream_tls(const struct stream *s)
{
	struct transport *t = s->private.transport;

	return t != NULL && t->ops == &tls_ops ? (struct tls *)t : NULL;
}

bool
stream_is_tls(const struct stream *s)
{
	return stream_tls(s) != NULL;
}

struct str
stream_protocol(const struct stream *s)
{
	const struct tls *t = stream_tls(s);
	const unsigned char *p = NULL;
	unsigned len = 0;

	if (t != NULL && !stream_is_connecting(s))
		SSL_get0_alpn_selected(t->ssl, &p, &len);
	return (struct str){ (const char *)p, len };
}

struct str
tls_host(const struct stream *s)
{
	const struct tls *t = stream_tls(s);

	return str_of(t != NULL ? t->host : NULL);
}

bool
tls_facts(const struct stream *s, struct tls_facts *out)
{
	const struct tls *t = stream_tls(s);

	if (t == NULL || stream_is_connecting(s))
		return false;
	*out = (struct tls_facts){
		.version = SSL_get_version(t->ssl), .cipher = SSL_get_cipher_name(t->ssl),
		.host = str_of(t->host), .cert = t->cert, .resumed = SSL_session_reused(t->ssl),
		.challenge = t->challenge, .peer = t->peer,
	};
	return true;
}

enum tls_fault
tls_fault(const struct stream *s)
{
	const struct tls *t = stream_tls(s);

	return t != NULL ? t->fault : TLS_NO_FAULT;
}

const char *
tls_fault_text(const struct stream *s)
{
	const struct tls *t = stream_tls(s);

	return t != NULL ? t->fault_text : "";
}
