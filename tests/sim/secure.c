/*
 * OpenSSL reads from the end and writes to `out`, of which as much is sent as the network takes.
 *
 * Its random numbers are the world's, so that each byte is the same in each run of a seed (but for times in tickets, which are the
 * real clock's and have the same length at any time).
 */
#define OPENSSL_SUPPRESS_DEPRECATED	/* a RAND_METHOD is the one way to have them */
#include <errno.h>
#include <malloc.h>
#include <openssl/err.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "base/rng.h"
#include "kernel.h"
#include "memory.h"
#include "secure.h"
#include "wire_priv.h"

#define OUT_BYTES	65536		/* one write, or a flight of a handshake, whatever certificates there are */

struct secure {
	struct secure	*next;
	struct end	*end;
	struct secure_how how;
	SSL		*ssl;			/* NULL: all is over */
	end_f		*fn;
	void		*arg;
	bool		 done, failed, shuts, closes;
	const char	*failure;
	int		 alert;			/* that came; 0: none has */
	char		 out[OUT_BYTES];
	size_t		 out_at, out_len;
	uint64_t	 sent, hello;		/* hello: bytes of the first message */
	int64_t		 due_usec;		/* no byte before */
};

static struct {
	struct rng	 rng;
	struct secure	*all;
	struct secure_session *sessions;
	SSL_CTX		*client, *distrusting, *server[CERTS];
	size_t		 bytes;
} g;

/* ---- memory, by whose it is ---- */

struct piece {
	size_t		 bytes;			/* of the simulator's; 0: it is the product's */
	size_t		 pad;
};

static void *
piece_new(size_t n, const char *file, int line)
{
	struct piece *p = malloc(sizeof *p + n);

	(void)file;
	(void)line;
	if (p == NULL)
		return NULL;
	p->bytes = kernel_process() > 0 ? 0 :
#ifdef __SANITIZE_ADDRESS__
	    sizeof *p + n;
#else
	    malloc_usable_size(p) + sizeof(size_t);
#endif
	g.bytes += p->bytes;
	return p + 1;
}

static void
piece_free(void *at, const char *file, int line)
{
	struct piece *p = at;

	(void)file;
	(void)line;
	if (p == NULL)
		return;
	p--;
	g.bytes -= p->bytes;
	free(p);
}

static size_t
piece_room(const void *at)
{
	return malloc_usable_size((void *)((uintptr_t)at - sizeof(struct piece))) - sizeof(struct piece);
}

static void *
piece_resize(void *at, size_t n, const char *file, int line)
{
	void *to;

	if (at == NULL)
		return piece_new(n, file, line);
	if (n == 0) {
		piece_free(at, file, line);
		return NULL;
	}
	if ((to = piece_new(n, file, line)) == NULL)
		return NULL;
	memcpy(to, at, n < piece_room(at) ? n : piece_room(at));
	piece_free(at, file, line);
	return to;
}

size_t
secure_bytes(void)
{
	return g.bytes;
}

void
secure_settle(void)
{
	OPENSSL_thread_stop();
}

/* ---- random numbers ---- */

static int
random_bytes(unsigned char *p, int n)
{
	for (int i = 0; i < n; i++)
		p[i] = (unsigned char)(rng_u64(&g.rng) >> 32);
	return 1;
}

static int
random_seed(const void *p, int n)
{
	(void)p;
	(void)n;
	return 1;
}

static int
random_is_there(void)
{
	return 1;
}

static const RAND_METHOD randoms = { .seed = random_seed, .bytes = random_bytes, .pseudorand = random_bytes, .status = random_is_there };

/* ---- the way of its bytes ---- */

static int
on_write(BIO *b, const char *p, int n)
{
	struct secure *s = BIO_get_data(b);

	BIO_clear_retry_flags(b);
	ASSERT(n > 0 && s->out_len + (size_t)n <= OUT_BYTES);
	memcpy(s->out + s->out_len, p, (size_t)n);
	s->out_len += (size_t)n;
	return n;
}

static int
on_read(BIO *b, char *p, int cap)
{
	struct secure *s = BIO_get_data(b);
	ssize_t n = raw_read(s->end, p, (size_t)cap, false);

	BIO_clear_retry_flags(b);
	if (n < 0 && errno == EAGAIN)
		BIO_set_retry_read(b);
	return (int)n;
}

static long
on_ctrl(BIO *b, int cmd, long num, void *p)
{
	(void)b;
	(void)num;
	(void)p;
	return cmd == BIO_CTRL_FLUSH;
}

static BIO *
way_new(struct secure *s)
{
	static BIO_METHOD *m;
	BIO *b;

	if (m == NULL) {
		m = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "end");
		ASSERT(m != NULL && BIO_meth_set_read(m, on_read) && BIO_meth_set_write(m, on_write) && BIO_meth_set_ctrl(m, on_ctrl));
	}
	b = BIO_new(m);
	ASSERT(b != NULL);
	BIO_set_data(b, s);
	BIO_set_init(b, 1);
	return b;
}

/* ---- both roles ---- */

static void
on_info(const SSL *ssl, int where, int what)
{
	struct secure *s = SSL_get_app_data(ssl);

	if ((where & SSL_CB_READ_ALERT) == SSL_CB_READ_ALERT)
		s->alert = what & 0xff;
}

static void
session_keep(struct secure *s, SSL_SESSION *session)
{
	SSL_SESSION_free(s->how.session->session);
	s->how.session->session = session;
}

static int
on_session(SSL *ssl, SSL_SESSION *session)
{
	struct secure *s = SSL_get_app_data(ssl);

	if (s->how.session == NULL)
		return 0;
	session_keep(s, session);
	return 1;
}

static int
on_alpn(SSL *ssl, const unsigned char **out, unsigned char *out_len, const unsigned char *list, unsigned len, void *arg)
{
	const struct secure *s = SSL_get_app_data(ssl);
	const char *mine = s->how.alpn;

	(void)arg;
	for (unsigned i = 0; mine != NULL && i < len; i += list[i] + 1u)
		if (list[i] == (unsigned char)mine[0] && memcmp(list + i + 1, mine + 1, list[i]) == 0) {
			*out = list + i + 1;
			*out_len = list[i];
			return SSL_TLSEXT_ERR_OK;
		}
	return SSL_TLSEXT_ERR_NOACK;
}

static SSL_CTX *
client_context(bool distrusts)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());

	ASSERT(ctx != NULL);
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
	X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(ctx), X509_V_FLAG_PARTIAL_CHAIN);
	ASSERT(X509_STORE_add_cert(SSL_CTX_get_cert_store(ctx), distrusts ? certs_x509(CERT_TASK_FOREIGN) : certs_ca()) == 1);
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
	SSL_CTX_sess_set_new_cb(ctx, on_session);
	SSL_CTX_set_info_callback(ctx, on_info);
	return ctx;
}

static SSL_CTX *
server_context(enum cert_id id)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());

	ASSERT(ctx != NULL && SSL_CTX_use_cert_and_key(ctx, certs_x509(id), certs_key(id), NULL, 1) == 1);
	SSL_CTX_set_alpn_select_cb(ctx, on_alpn, NULL);
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_info_callback(ctx, on_info);
	return ctx;
}

void
secure_init(void)
{
	ASSERT(CRYPTO_set_mem_functions(piece_new, piece_resize, piece_free) == 1);
	rng_seed(&g.rng, 1);
	ASSERT(RAND_set_rand_method(&randoms) == 1);
	ASSERT(OPENSSL_init_ssl(OPENSSL_INIT_LOAD_SSL_STRINGS | OPENSSL_INIT_NO_ATEXIT, NULL) == 1);
	certs_init();
	g.client = client_context(false);
	g.distrusting = client_context(true);
	for (int i = 0; i < CERTS; i++)
		g.server[i] = server_context((enum cert_id)i);
	ERR_clear_error();
}

void
secure_begin(uint64_t seed)
{
	rng_seed(&g.rng, seed ^ UINT64_C(0x746c73));
	g.all = NULL;
	g.sessions = NULL;
}

static void
let_go(struct secure *s)
{
	if (s->ssl == NULL)
		return;
	SSL_set_shutdown(s->ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);	/* or its session would be worth nothing */
	SSL_free(s->ssl);
	s->ssl = NULL;
	ERR_clear_error();
}

void
secure_end(void)
{
	for (struct secure *s = g.all; s != NULL; s = s->next)
		let_go(s);
	for (struct secure_session *k = g.sessions; k != NULL; k = k->next)
		SSL_SESSION_free(k->session);
}

static void
session_know(struct secure_session *k)
{
	if (k->known)
		return;
	k->known = true;
	k->next = g.sessions;
	g.sessions = k;
}

/* ---- what happens ---- */

static void pump(void *arg, unsigned what);

static void
on_timer(void *arg, uint64_t n)
{
	const struct secure *s = arg;

	(void)n;
	if (s->ssl != NULL)
		pump(arg, END_OUT);
}

/* How much of what waits may be sent now. */
static size_t
may_send(const struct secure *s)
{
	size_t n = s->out_len - s->out_at;

	if (s->how.piece > 0 && wire_now() < s->due_usec)
		return 0;
	if (s->how.piece > 0 && n > s->how.piece)
		n = s->how.piece;
	if (s->how.hello_alone && s->sent >= s->hello)
		return 0;
	if (s->how.stop_at >= 0 && s->sent + n > (uint64_t)s->how.stop_at)
		n = (size_t)((uint64_t)s->how.stop_at - s->sent);
	return n;
}

static void
flush(struct secure *s)
{
	ssize_t put;
	size_t n;

	while (s->out_at < s->out_len && (n = may_send(s)) > 0) {
		if ((put = raw_write(s->end, s->out + s->out_at, n)) < 0 && errno == EAGAIN)
			return;
		if (put < 0)			/* it is found when reading */
			put = (ssize_t)(s->out_len - s->out_at);
		s->out_at += (size_t)put;
		s->sent += (size_t)put;
		if (s->how.piece > 0) {
			s->due_usec = wire_now() + s->how.piece_usec;
			wire_at(s->due_usec, on_timer, s, 0);
		}
	}
	if (s->out_at < s->out_len)
		return;
	s->out_at = s->out_len = 0;
	if (s->shuts && !s->closes)
		raw_shut(s->end);
	s->shuts = false;
}

static void
handshake(struct secure *s)
{
	int result = SSL_do_handshake(s->ssl);
	unsigned long code = ERR_peek_error();

	if (s->hello == 0)
		s->hello = s->out_len;
	if (result == 1) {
		s->done = true;
		if (s->how.count != NULL)
			SSL_session_reused(s->ssl) ? s->how.count->resumed++ : s->how.count->full++;
		/* OpenSSL does not call on_session() for a ticket that comes in place of another one */
		if (s->how.session != NULL && SSL_version(s->ssl) < TLS1_3_VERSION && SSL_session_reused(s->ssl))
			session_keep(s, SSL_get1_session(s->ssl));
	} else if (SSL_get_error(s->ssl, result) != SSL_ERROR_WANT_READ) {
		s->failed = true;
		s->failure = ERR_reason_error_string(code);
		if (s->failure == NULL)
			s->failure = "the connection ended";
	}
	ERR_clear_error();
}

static void
over(struct secure *s, bool reset)
{
	let_go(s);
	raw_close(s->end, reset);
}

static void
pump(void *arg, unsigned what)
{
	struct secure *s = arg;
	bool before = s->done;

	if (s->ssl == NULL)
		return;
	if (!s->done && !s->failed && !s->closes && raw_is(s->end) != 0)
		handshake(s);
	flush(s);
	if (s->closes) {
		if (s->out_len == 0 || (raw_is(s->end) & END_OVER) != 0)
			over(s, false);
		return;
	}
	if (s->fn != NULL)
		s->fn(s->arg, what | (s->done && !before ? END_IN | END_OUT : 0) | (s->failed ? END_BROKEN : 0));
}

void
end_secure(struct end *e, const struct secure_how *how)
{
	struct secure *s = sim_alloc(sizeof *s);
	SSL_CTX *ctx = how->server ? g.server[how->cert] : how->distrusts ? g.distrusting : g.client;

	s->end = e;
	s->how = *how;
	s->ssl = SSL_new(ctx);
	ASSERT(s->ssl != NULL);
	s->next = g.all;
	g.all = s;
	SSL_set_app_data(s->ssl, s);
	if (how->old)
		SSL_set_max_proto_version(s->ssl, TLS1_2_VERSION);
	if (how->older) {
		SSL_set_security_level(s->ssl, 0);
		SSL_set_min_proto_version(s->ssl, TLS1_VERSION);
		SSL_set_max_proto_version(s->ssl, TLS1_1_VERSION);
	}
	if (!how->server && how->alpn != NULL)
		ASSERT(SSL_set_alpn_protos(s->ssl, (const unsigned char *)how->alpn, (unsigned)strlen(how->alpn)) == 0);
	if (!how->server && how->name != NULL)
		ASSERT(SSL_set_tlsext_host_name(s->ssl, how->name) == 1);
	if (how->session != NULL)
		session_know(how->session);
	if (how->session != NULL && how->session->session != NULL)
		SSL_set_session(s->ssl, how->session->session);
	how->server ? SSL_set_accept_state(s->ssl) : SSL_set_connect_state(s->ssl);
	SSL_set0_rbio(s->ssl, way_new(s));
	SSL_set0_wbio(s->ssl, way_new(s));
	*raw_secure(e) = s;
	ERR_clear_error();
}

static struct secure *
of(struct end *e)
{
	return *raw_secure(e);
}

bool
end_is_secure(struct end *e)
{
	return of(e) != NULL;
}

const SSL *
end_ssl(struct end *e)
{
	return of(e)->done ? of(e)->ssl : NULL;
}

const char *
end_secure_failure(struct end *e)
{
	return of(e)->failed ? of(e)->failure : NULL;
}

bool
end_heard_alert(struct end *e, int *alert)
{
	*alert = of(e)->alert;
	return *alert != 0;
}

/* ---- ends, with it and without ---- */

void
end_adopt(struct end *e, end_f *fn, void *arg)
{
	struct secure *s = of(e);

	if (s == NULL) {
		raw_adopt(e, fn, arg);
		return;
	}
	s->fn = fn;
	s->arg = arg;
	raw_adopt(e, pump, s);
}

unsigned
end_is(const struct end *e)
{
	const struct secure *s = of((struct end *)(uintptr_t)e);
	unsigned raw = raw_is(e);

	if (s == NULL)
		return raw;
	if (s->failed)
		return END_IN | END_OUT | END_HUNG | END_BROKEN | END_OVER;
	if (!s->done)
		return raw & (END_BROKEN | END_OVER);
	return (raw & ~(unsigned)(s->out_len > 0 ? END_OUT : 0)) | (SSL_pending(s->ssl) > 0 ? END_IN : 0);
}

ssize_t
end_read(struct end *e, void *p, size_t cap, bool peek)
{
	struct secure *s = of(e);
	size_t n = 0;
	int result;

	if (s == NULL)
		return raw_read(e, p, cap, peek);
	ASSERT(!s->closes);
	errno = s->failed ? ECONNRESET : EAGAIN;
	if (!s->done)
		return -1;
	result = peek ? SSL_peek_ex(s->ssl, p, cap, &n) : SSL_read_ex(s->ssl, p, cap, &n);
	if (result != 1)
		result = -SSL_get_error(s->ssl, result);
	ERR_clear_error();
	flush(s);
	if (result == 1)
		return (ssize_t)n;
	errno = result == -SSL_ERROR_WANT_READ ? EAGAIN : ECONNRESET;
	return result == -SSL_ERROR_ZERO_RETURN ? 0 : -1;
}

ssize_t
end_write(struct end *e, const void *p, size_t n)
{
	struct secure *s = of(e);
	size_t put;

	if (s == NULL)
		return raw_write(e, p, n);
	ASSERT(!s->closes && n > 0);
	errno = s->failed ? EPIPE : EAGAIN;
	if (!s->done)
		return -1;
	flush(s);
	errno = EAGAIN;
	if (s->out_len > 0)
		return -1;
	if (SSL_write_ex(s->ssl, p, n < SECURE_RECORD ? n : SECURE_RECORD, &put) != 1) {
		ERR_clear_error();
		errno = EPIPE;
		return -1;
	}
	flush(s);
	return (ssize_t)put;
}

static void
notify(struct secure *s)
{
	if (s->done && !s->how.mute && (SSL_get_shutdown(s->ssl) & SSL_SENT_SHUTDOWN) == 0)
		SSL_shutdown(s->ssl);
	ERR_clear_error();
}

void
end_shut(struct end *e)
{
	struct secure *s = of(e);

	if (s == NULL) {
		raw_shut(e);
		return;
	}
	notify(s);
	s->shuts = true;
	flush(s);
}

void
end_close(struct end *e, bool reset)
{
	struct secure *s = of(e);

	if (s == NULL) {
		raw_close(e, reset);
		return;
	}
	s->fn = NULL;
	s->closes = true;
	if (!reset && s->done && SSL_pending(s->ssl) == 0)
		notify(s);
	flush(s);
	if (reset || SSL_pending(s->ssl) > 0 || s->out_len == 0 || !s->done || (raw_is(e) & END_OVER) != 0)
		over(s, reset || SSL_pending(s->ssl) > 0);
}
