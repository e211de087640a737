/*
 * One connection's TLS as a transport: its handshake, bytes and ends, and what came of them. What
 * goes over the socket is tls_socket.c's.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/bug.h"
#include "net/tls_priv.h"

#define RECORD_BYTES	16384		/* of plain bytes, as TLS limits them */
#define DIRECT_BYTES	4096		/* a first piece from here on is not copied together with the next */
#define HOLD_MAX	4096		/* more is sent without waiting for what comes next */

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
	if (!t->failed && (s->private.handshaking || (t->error == 0 && !t->socket_ended)))
		tls_client_failed(t);
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
	t->drained = t->full = false;
	t->ends = s->private.peer_ended || s->private.broken;
}

/* Nothing is left, in the socket or here: it is not worth another try. */
static void
drained_note(struct stream *s)
{
	const struct tls *t = (struct tls *)s->private.transport;

	if (t->drained && t->in == NULL && SSL_has_pending(t->ssl) == 0)
		s->private.readable = false;
}

/* What is asked about later is kept; what was for the handshake alone is let go. */
static void
handshake_done(struct tls *t)
{
	const X509 *peer = SSL_get0_peer_certificate(t->ssl);
	int shown = tls_kind_shown(t);

	for (int k = CERT_KINDS; k-- > 0;) {
		struct cert **c = &t->group.kind[k];

		if (*c != NULL && (t->cert == NULL || k == shown)) {
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
	if (t->held && !(result == 1 && tickets_wait(s)) && tls_flush(t) == IO_FAIL)
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
	return t->held && tls_flush(t) == IO_FAIL ? tls_failed(s) : res;
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
	enum io_result res = t->failed ? IO_FAIL : t->held ? IO_DONE : tls_flush(t);
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

	/* only the other direction was cut: what waits of this one is still read */
	if (t->failed && s->private.cut && t->error == 0 && tls_flush(t) == IO_AGAIN)
		return IO_AGAIN;
	if (t->failed)
		return tls_failed(s);
	errors_clear();
	t->ending = true;
	if ((SSL_get_shutdown(t->ssl) & SSL_SENT_SHUTDOWN) == 0 && SSL_shutdown(t->ssl) < 0)
		return tls_failed(s);
	res = tls_flush(t);
	return res == IO_FAIL ? tls_failed(s) : res;
}

/* What breaks the socket meanwhile is an event of its own, which the owner is called for. */
static void
tls_ready(struct stream *s)
{
	struct tls *t = (struct tls *)s->private.transport;

	socket_said(t, s);
	tls_flush(t);
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
	free(t->in);
	free(t);
}

static const struct transport_ops tls_ops = {
	.handshake = tls_handshake, .read = tls_read, .peek = tls_peek, .writev = tls_writev,
	.shut = tls_shut, .ready = tls_ready, .free = tls_free,
};

/* ---- making one ---- */

struct tls *
tls_new(SSL_CTX *ctx)
{
	struct tls *t = try_alloc(sizeof *t);
	SSL *ssl = t != NULL ? SSL_new(ctx) : NULL;
	BIO *bio = ssl != NULL ? BIO_new(tls_bio_method()) : NULL;

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
tls_has_heard(const struct stream *s)
{
	const struct tls *t = stream_tls(s);

	return t != NULL && t->heard;
}

bool
tls_facts(const struct stream *s, struct tls_facts *out)
{
	const struct tls *t = stream_tls(s);

	if (t == NULL || stream_is_connecting(s))
		return false;
	*out = (struct tls_facts){
		.version = SSL_get_version(t->ssl),
		.cipher = SSL_CIPHER_standard_name(SSL_get_current_cipher(t->ssl)),
		.host = str_of(t->host), .cert = t->cert, .resumed = SSL_session_reused(t->ssl),
		.challenge = t->challenge, .peer = t->peer, .rules = tls_server_rules(t->server),
	};
	return true;
}

static void
cert_add(struct buf *out, const X509 *cert)
{
	unsigned char *der = NULL;
	int len = i2d_X509(cert, &der);

	if (len > 0)
		buf_add(out, der, (size_t)len);
	OPENSSL_free(der);
}

/* OpenSSL leaves the certificate itself out of the chain that a server got. */
struct str
tls_peer_certs(const struct stream *s)
{
	const struct tls *t = stream_tls(s);
	const STACK_OF(X509) *chain;
	struct buf out;

	if (t == NULL || t->peer == NULL)
		return (struct str){ NULL, 0 };
	ASSERT(SSL_is_server(t->ssl));
	buf_init(&out, PEER_CERTS_BYTES);
	cert_add(&out, SSL_get0_peer_certificate(t->ssl));
	chain = SSL_get_peer_cert_chain(t->ssl);
	for (int i = 0; i < sk_X509_num(chain); i++)
		cert_add(&out, sk_X509_value(chain, i));
	if (out.full) {			/* what is left would begin with somebody else's */
		buf_fini(&out);
		buf_init(&out, 0);
	}
	return buf_str(&out);
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
