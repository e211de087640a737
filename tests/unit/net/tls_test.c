/*
 * TLS between two streams of this process: bytes, ends and cuts; which certificate a client gets, and who is refused.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "net/tls.c"
#include "net/tls_client.c"
#include "net/tls_server.c"

#include "../until.h"
#include "make_cert.h"

static struct made ca, stranger;
static char *ca_pem, *stranger_pem;
static struct cert *certs[4];			/* ECDSA and RSA for web.test, *.wild.test, and one of nobody */
static struct cert *client_cert, *stranger_cert;

static struct cert *
cert_of(EVP_PKEY *key, const char *name, const char *alt_names, const struct made *issuer)
{
	struct made m = make_cert(key, name, alt_names, issuer, 30);
	char *pem = pem_add(pem_add(NULL, m.x, m.key), issuer->x, NULL);
	struct cert *c = NULL;

	assert_null(cert_parse(str_of(pem), &c, NULL));
	made_free(&m);
	free(pem);
	return c;
}

static int
set_up(void **state)
{
	(void)state;
	ca = make_cert(EVP_EC_gen("P-256"), "test CA", NULL, NULL, 3650);
	stranger = make_cert(EVP_EC_gen("P-256"), "other CA", NULL, NULL, 3650);
	ca_pem = pem_add(NULL, ca.x, NULL);
	stranger_pem = pem_add(NULL, stranger.x, NULL);
	certs[0] = cert_of(EVP_EC_gen("P-256"), "web", "DNS:web.test, IP:127.0.0.1", &ca);
	certs[1] = cert_of(EVP_RSA_gen(2048), "web rsa", "DNS:web.test", &ca);
	certs[2] = cert_of(EVP_EC_gen("P-256"), "wild", "DNS:*.wild.test", &ca);
	certs[3] = cert_of(EVP_EC_gen("P-256"), "nobody", "email:a@b.c", &ca);
	client_cert = cert_of(EVP_EC_gen("P-256"), "alice", "email:alice@b.c", &ca);
	stranger_cert = cert_of(EVP_EC_gen("P-256"), "mallory", "email:m@b.c", &stranger);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	for (int i = 0; i < 4; i++)
		cert_unref(&certs[i]);
	cert_unref(&client_cert);
	cert_unref(&stranger_cert);
	free(ca_pem);
	free(stranger_pem);
	made_free(&ca);
	made_free(&stranger);
	return 0;
}

/* ---- a pair: `far` is the server's ---- */

struct pair {
	struct loop	*loop;
	struct stream	 near, far;
	struct cert_index *index;
	struct tls_tickets tickets;
	struct tls_server *server;
	struct tls_client *client;
	struct tls_server_conf server_conf;
	struct tls_client_conf client_conf;
	bool		 hold;		/* the choice is not made yet */
	unsigned	 chosen;
	bool		 challenge;
	SSL_SESSION	*session;	/* that the client offers; NULL: none */
	struct tls_resume *resume;	/* where it keeps them; NULL: nowhere */
};

static void
told(void *arg)
{
	(void)arg;
}

static enum io_result
choose(void *arg, void *client, const struct tls_wanted *h, struct cert_group *out)
{
	struct pair *p = arg;
	const struct cert_group *g = cert_index_find(p->index, h->host);

	assert_ptr_equal(client, p);
	p->chosen++;
	p->challenge = h->challenge;
	if (p->hold)
		return IO_AGAIN;
	if (g == NULL)
		return IO_FAIL;
	*out = *g;
	return IO_DONE;
}

static struct pair *
pair_new(void)
{
	struct pair *p = must_zalloc(sizeof *p);

	p->loop = loop_new();
	p->index = cert_index_new();
	for (int i = 0; i < 3; i++)
		cert_index_add(p->index, certs[i]);
	assert_int_equal(cert_index_count(p->index), 3);
	tls_tickets_make(&p->tickets);
	p->server_conf = (struct tls_server_conf){ .min_version = 12, .protocols = STR("http/1.1"), .scope = STR("a") };
	p->client_conf = (struct tls_client_conf){ .ca = str_of(ca_pem) };
	return p;
}

/* The socket is there, and both ends know what to do; nothing has been said yet. */
static void
pair_open(struct pair *p, const char *name)
{
	struct transport *near;
	int fd[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fd), 0);
	stream_close(&p->near);
	stream_close(&p->far);
	stream_open(&p->near, p->loop, fd[0], told, p);
	stream_open(&p->far, p->loop, fd[1], told, p);
	if (p->server == NULL)
		assert_null(tls_server_new(&p->server_conf, choose, p, &p->tickets, &p->server));
	if (p->client == NULL)
		assert_null(tls_client_new(&p->client_conf, &p->client));
	assert_non_null(near = tls_connect(p->client, str_of(name), p->resume));
	if (p->session != NULL)
		SSL_set_session(((struct tls *)near)->ssl, p->session);
	stream_set_transport(&p->near, near);
	stream_set_transport(&p->far, tls_accept(p->server, p));
}

static void
pair_meet(struct pair *p, const char *name)
{
	enum io_result near, far;

	pair_open(p, name);
	UNTIL(p->loop, (near = stream_connected(&p->near), far = stream_connected(&p->far),
	    near != IO_AGAIN && far != IO_AGAIN));
	if (near != IO_DONE || far != IO_DONE)
		fail_msg("client: %s, server: %s", tls_fault_text(&p->near), tls_fault_text(&p->far));
}

/* The server refuses, for this reason; the client learns of it when it reads at the latest. */
static void
pair_refused(struct pair *p, const char *name, enum tls_fault fault)
{
	enum io_result near = IO_AGAIN, far = IO_AGAIN;
	char byte;
	size_t got;

	pair_open(p, name);
	UNTIL(p->loop, (far = stream_connected(&p->far)) != IO_AGAIN || (stream_connected(&p->near), false));
	assert_int_equal(far, IO_FAIL);
	assert_int_equal(tls_fault(&p->far), fault);
	UNTIL(p->loop, (near = stream_read(&p->near, &byte, 1, &got)) != IO_AGAIN);
	assert_int_equal(near, IO_FAIL);
	assert_int_equal(tls_fault(&p->near), TLS_FAULT_ALERT);
}

static void
pair_free(struct pair *p)
{
	stream_close(&p->near);
	stream_close(&p->far);
	tls_server_free(&p->server);
	tls_client_free(&p->client);
	cert_index_free(&p->index);
	loop_free(&p->loop);
	free(p);
}

static void
put(struct pair *p, struct stream *s, const char *text)
{
	struct iovec v[3] = { { (char *)(uintptr_t)text, 1 }, { (char *)(uintptr_t)text, 0 },
	    { (char *)(uintptr_t)text + 1, strlen(text) - 1 } };
	size_t n = 0;

	(void)p;
	assert_int_equal(stream_writev(s, v, 3, &n), IO_DONE);
	assert_int_equal(n, strlen(text));
}

static void
get(struct pair *p, struct stream *s, const char *text)
{
	char got[100];
	size_t n = 0;

	UNTIL(p->loop, stream_read(s, got, sizeof got, &n) == IO_DONE);
	assert_int_equal(n, strlen(text));
	assert_memory_equal(got, text, n);
}

/* ---- bytes ---- */

static void
bytes_go_both_ways(void **state)
{
	struct pair *p = pair_new();
	struct tls_facts f;
	char byte[3];
	size_t n;

	(void)state;
	p->server_conf.protocols = STR("h2,http/1.1");
	p->client_conf.offer = TLS_HTTP_BOTH;
	pair_open(p, "Web.test");
	assert_true(stream_is_connecting(&p->far) && stream_is_tls(&p->far));
	assert_false(tls_facts(&p->far, &f));
	pair_meet(p, "Web.test");
	put(p, &p->near, "hello");
	get(p, &p->far, "hello");
	put(p, &p->far, "you, too");
	UNTIL(p->loop, stream_look(&p->near) == IO_DONE);
	assert_int_equal(stream_peek(&p->near, byte, 3, &n), IO_DONE);
	assert_memory_equal(byte, "you", 3);
	assert_int_equal(stream_read(&p->near, byte, 3, &n), IO_DONE);
	assert_true(stream_can_read(&p->near));		/* the rest is above the socket */
	get(p, &p->near, ", too");
	assert_int_equal(stream_read(&p->near, byte, 3, &n), IO_AGAIN);
	assert_int_equal(stream_bytes_out(&p->near), 5);
	assert_true(tls_facts(&p->far, &f));
	assert_string_equal(f.version, "TLSv1.3");
	assert_non_null(strstr(f.cipher, "TLS_"));
	assert_true(str_eq(f.host, STR("web.test")));
	assert_ptr_equal(f.cert, certs[0]);
	assert_false(f.resumed || f.challenge);
	assert_null(f.peer);
	assert_true(str_eq(stream_protocol(&p->far), STR("h2")) && str_eq(stream_protocol(&p->near), STR("h2")));
	assert_true(tls_facts(&p->near, &f));
	assert_string_equal(f.peer, "CN=web");
	pair_free(p);
}

/* More than the socket takes at once, written by an owner that changes its mind about what it writes. */
static void
a_full_socket_waits(void **state)
{
	static char big[1 << 20], got[1 << 20];
	struct pair *p = pair_new();
	struct iovec v = { big, sizeof big };
	size_t sent = 0, came = 0, n;
	enum io_result res;

	(void)state;
	for (size_t i = 0; i < sizeof big; i++)
		big[i] = (char)(i * 7 + i / 255);
	pair_meet(p, "web.test");
	while (sent < sizeof big && (res = stream_writev(&p->near, &v, 1, &n)) == IO_DONE) {
		sent += n;
		v = (struct iovec){ big + sent, sizeof big - sent };
	}
	assert_int_equal(res, IO_AGAIN);
	assert_true(sent > 0 && sent < sizeof big);
	assert_int_equal(stream_shut(&p->near), IO_AGAIN);		/* its end waits behind them */
	UNTIL(p->loop, (res = stream_read(&p->far, got + came, sizeof got - came, &n)) == IO_EOF ||
	    (came += res == IO_DONE ? n : 0, stream_shut(&p->near), false));
	assert_int_equal(came, sent);
	assert_memory_equal(got, big, sent);
	assert_null(((struct tls *)p->near.private.transport)->out);
	pair_free(p);
}

/* A short read has emptied the socket: it is not asked again before it says something, except by a look. */
static void
a_drained_socket_is_left_alone(void **state)
{
	struct pair *p = pair_new();
	char got[100];
	size_t n;

	(void)state;
	pair_meet(p, "web.test");
	assert_false(stream_can_read(&p->far));		/* the handshake has left nothing */
	put(p, &p->near, "one");
	get(p, &p->far, "one");
	assert_false(stream_can_read(&p->far));
	put(p, &p->near, "two");
	p->far.private.readable = true;			/* whoever has made its owner read again */
	assert_int_equal(stream_read(&p->far, got, sizeof got, &n), IO_AGAIN);
	get(p, &p->far, "two");				/* it has spoken, meanwhile */
	put(p, &p->near, "three");
	assert_int_equal(stream_look(&p->far), IO_DONE);
	get(p, &p->far, "three");
	pair_free(p);
}

static const struct tls *
far_tls(const struct pair *p)
{
	return (const struct tls *)p->far.private.transport;
}

/* An OpenSSL that asks for each record's head and body by themselves, as newer ones do in a handshake. */
static void
short_requests_read_what_there_is(void **state)
{
	static const char *const words[] = { "one", "two", "three", "four" };
	static char big[3 * 4096];
	struct pair *p = pair_new();
	struct iovec v = { big, sizeof big };
	enum io_result res;
	char got[sizeof big];
	size_t n, came;

	(void)state;
	for (size_t i = 0; i < sizeof big; i++)
		big[i] = (char)(i * 7 + i / 255);
	pair_open(p, "web.test");
	SSL_set_read_ahead(((struct tls *)p->near.private.transport)->ssl, 0);
	SSL_set_read_ahead(((struct tls *)p->far.private.transport)->ssl, 0);
	UNTIL(p->loop, (res = stream_connected(&p->near), stream_connected(&p->far) == IO_DONE && res == IO_DONE));
	for (int i = 0; i < 4; i++)
		put(p, &p->near, words[i]);
	get(p, &p->far, words[0]);
	assert_non_null(far_tls(p)->in);
	assert_true(stream_can_read(&p->far));
	for (int i = 1; i < 4; i++) {
		assert_int_equal(stream_read(&p->far, got, sizeof got, &n), IO_DONE);	/* no event is waited for */
		assert_int_equal(n, strlen(words[i]));
	}
	assert_null(far_tls(p)->in);
	assert_false(stream_can_read(&p->far));
	for (size_t i = 0; i < 20; i++) {
		assert_int_equal(stream_writev(&p->near, &v, 1, &n), IO_DONE);
		assert_int_equal(n, sizeof big);
		for (came = 0; came < sizeof big; came += n)
			UNTIL(p->loop, stream_read(&p->far, got + came, sizeof got - came, &n) == IO_DONE);
		assert_memory_equal(got, big, sizeof big);
	}
	put(p, &p->near, "bye");
	assert_int_equal(stream_shut(&p->near), IO_DONE);
	get(p, &p->far, "bye");
	UNTIL(p->loop, (res = stream_read(&p->far, got, 1, &n)) != IO_AGAIN);
	assert_int_equal(res, IO_EOF);
	pair_free(p);
}

/* ---- what goes together ---- */

/* The client's request comes with the end of its handshake: its ticket waits for the response. */
static void
tickets_go_with_the_response(void **state)
{
	struct pair *p = pair_new();
	enum io_result near = IO_AGAIN;
	char got[100];
	size_t n;

	(void)state;
	pair_open(p, "web.test");
	UNTIL(p->loop, (near = stream_connected(&p->near)) != IO_AGAIN || stream_connected(&p->far) != IO_AGAIN);
	assert_int_equal(near, IO_DONE);
	put(p, &p->near, "request");
	UNTIL(p->loop, stream_connected(&p->far) == IO_DONE);
	assert_true(far_tls(p)->held && stream_can_read(&p->far));
	get(p, &p->far, "request");
	assert_true(far_tls(p)->held);
	put(p, &p->far, "response");
	assert_false(far_tls(p)->held || far_tls(p)->out != NULL);
	get(p, &p->near, "response");
	pair_free(p);

	p = pair_new();				/* nothing comes with it, and a part of a record */
	pair_meet(p, "web.test");
	assert_false(far_tls(p)->held);
	pair_open(p, "web.test");
	UNTIL(p->loop, stream_connected(&p->near) != IO_AGAIN || stream_connected(&p->far) != IO_AGAIN);
	assert_int_equal(send(p->near.private.io.fd, "\x17\x03\x03", 3, 0), 3);
	UNTIL(p->loop, stream_connected(&p->far) == IO_DONE);
	assert_true(far_tls(p)->held);
	assert_int_equal(stream_read(&p->far, got, sizeof got, &n), IO_AGAIN);
	assert_false(far_tls(p)->held);
	pair_free(p);
}

static void
an_end_goes_with_the_last_bytes(void **state)
{
	static char big[2 * HOLD_MAX];
	struct pair *p = pair_new();
	struct iovec v[2] = { { (char *)(uintptr_t)"head", 4 }, { big, sizeof big } };
	enum io_result res;
	char got[100];
	size_t n;

	(void)state;
	pair_meet(p, "web.test");
	put(p, &p->far, "first");		/* after its tickets */
	get(p, &p->near, "first");
	stream_end_follows(&p->far, true);
	put(p, &p->far, "last");
	assert_true(far_tls(p)->held);
	assert_int_equal(recv(p->near.private.io.fd, got, sizeof got, MSG_PEEK | MSG_DONTWAIT), -1);
	assert_int_equal(stream_shut(&p->far), IO_DONE);
	assert_false(far_tls(p)->held || far_tls(p)->out != NULL);
	get(p, &p->near, "last");
	UNTIL(p->loop, (res = stream_read(&p->near, got, sizeof got, &n)) != IO_AGAIN);
	assert_int_equal(res, IO_EOF);

	pair_meet(p, "web.test");			/* the owner has changed its mind: it only closes */
	stream_end_follows(&p->far, true);
	put(p, &p->far, "last");
	stream_close(&p->far);
	get(p, &p->near, "last");
	UNTIL(p->loop, (res = stream_read(&p->near, got, sizeof got, &n)) != IO_AGAIN);
	assert_int_equal(res, IO_EOF);

	pair_meet(p, "web.test");			/* what is long does not wait */
	stream_end_follows(&p->far, true);
	assert_int_equal(stream_writev(&p->far, v, 2, &n), IO_DONE);
	assert_false(far_tls(p)->held);
	pair_free(p);
}

/* ---- ends ---- */

static void
an_end_is_no_cut(void **state)
{
	struct pair *p = pair_new();
	enum io_result res;
	char byte;
	size_t n;

	(void)state;
	pair_meet(p, "web.test");
	put(p, &p->near, "bye");
	assert_int_equal(stream_shut(&p->near), IO_DONE);
	get(p, &p->far, "bye");
	UNTIL(p->loop, (res = stream_read(&p->far, &byte, 1, &n)) != IO_AGAIN);
	assert_int_equal(res, IO_EOF);
	assert_true(stream_peer_ended(&p->far) && !stream_was_cut(&p->far));
	put(p, &p->far, "the other direction goes on");
	get(p, &p->near, "the other direction goes on");
	assert_true(stream_may_close(&p->far));
	UNTIL(p->loop, (res = stream_read(&p->near, &byte, 1, &n)) != IO_AGAIN);
	assert_int_equal(res, IO_EOF);
	pair_free(p);
}

static void
a_socket_that_ends_is_a_cut(void **state)
{
	struct pair *p = pair_new();
	enum io_result res;
	char byte;
	size_t n;

	(void)state;
	pair_meet(p, "web.test");
	put(p, &p->near, "so far");
	shutdown(p->near.private.io.fd, SHUT_WR);
	get(p, &p->far, "so far");
	UNTIL(p->loop, (res = stream_read(&p->far, &byte, 1, &n)) != IO_AGAIN);
	assert_int_equal(res, IO_FAIL);
	assert_true(stream_was_cut(&p->far));
	assert_int_equal(stream_error(&p->far), ECONNRESET);
	assert_int_equal(stream_read(&p->far, &byte, 1, &n), IO_FAIL);		/* and it stays one */
	pair_free(p);
	p = pair_new();
	pair_open(p, "web.test");		/* in the handshake, too */
	stream_connected(&p->near);
	shutdown(p->near.private.io.fd, SHUT_WR);
	UNTIL(p->loop, (res = stream_connected(&p->far)) != IO_AGAIN);
	assert_int_equal(res, IO_FAIL);
	assert_true(stream_was_cut(&p->far));
	assert_int_equal(tls_fault(&p->far), TLS_GONE);
	pair_free(p);
}

/* Their direction is cut, and ours is not: they get all that was written, and then the end. */
static void
a_cut_keeps_what_waits(void **state)
{
	static char bytes[16000];
	struct pair *p = pair_new();
	struct iovec v = { bytes, sizeof bytes };
	size_t all = 0, got = 0, n;
	enum io_result res;

	(void)state;
	pair_meet(p, "web.test");
	while ((res = stream_writev(&p->far, &v, 1, &n)) == IO_DONE)
		all += n;
	assert_int_equal(res, IO_AGAIN);
	shutdown(p->near.private.io.fd, SHUT_WR);
	UNTIL(p->loop, (res = stream_read(&p->far, bytes, 1, &n)) != IO_AGAIN);
	assert_true(res == IO_FAIL && stream_was_cut(&p->far));
	assert_int_equal(stream_shut(&p->far), IO_AGAIN);
	while (got < all) {
		UNTIL(p->loop, (res = stream_read(&p->near, bytes, sizeof bytes, &n)) != IO_AGAIN);
		assert_int_equal(res, IO_DONE);
		got += n;
	}
	UNTIL(p->loop, (res = stream_shut(&p->far)) != IO_AGAIN);
	assert_int_equal(res, IO_FAIL);
	pair_free(p);
}

static void
what_is_no_tls_is_refused(void **state)
{
	struct pair *p = pair_new();
	enum io_result res;
	char byte;
	size_t n;

	(void)state;
	pair_open(p, "web.test");
	assert_int_equal(send(p->near.private.io.fd, "\x00\x01garbage of a kind", 20, 0), 20);
	UNTIL(p->loop, (res = stream_connected(&p->far)) != IO_AGAIN);
	assert_int_equal(res, IO_FAIL);
	assert_int_equal(tls_fault(&p->far), TLS_FAULT_BROKEN);
	assert_int_equal(stream_error(&p->far), EPROTO);
	assert_false(stream_was_cut(&p->far));
	pair_free(p);
	p = pair_new();
	pair_meet(p, "web.test");		/* in the middle of a connection */
	assert_int_equal(send(p->near.private.io.fd, "\x17\x03\x03\x00\x20 0123456789012345678901234567890123456789", 40, 0), 40);
	UNTIL(p->loop, (res = stream_read(&p->far, &byte, 1, &n)) != IO_AGAIN);
	assert_int_equal(res, IO_FAIL);
	assert_int_equal(ERR_peek_error(), 0);
	pair_free(p);
}

/* ---- which certificate ---- */

static void
a_name_gets_its_certificate(void **state)
{
	struct pair *p = pair_new();
	struct tls_facts f;

	(void)state;
	pair_meet(p, "a.wild.test");
	assert_true(tls_facts(&p->far, &f));
	assert_ptr_equal(f.cert, certs[2]);
	pair_refused(p, "a.b.wild.test", TLS_FAULT_NO_CERT);
	pair_refused(p, "wild.test", TLS_FAULT_NO_CERT);
	pair_refused(p, "127.0.0.1", TLS_FAULT_NO_CERT);	/* an address is not asked for: no name */
	cert_index_set_default(p->index, certs[0]);
	pair_meet(p, "127.0.0.1");
	assert_true(tls_facts(&p->far, &f));
	assert_ptr_equal(f.cert, certs[0]);
	assert_int_equal(f.host.len, 0);
	pair_free(p);
}

/* A client gets the kind of key that it can verify. */
static void
kinds_of_keys_stand_side_by_side(void **state)
{
	struct pair *p = pair_new();
	struct tls_facts f;

	(void)state;
	for (int version = TLS1_2_VERSION; version <= TLS1_3_VERSION; version++) {
		pair_open(p, "web.test");
		SSL_CTX_set1_sigalgs_list(p->client->ctx, "RSA-PSS+SHA256:RSA+SHA256");
		SSL_CTX_set_max_proto_version(p->client->ctx, version);
		pair_meet(p, "web.test");
		assert_true(tls_facts(&p->far, &f));
		assert_ptr_equal(f.cert, certs[1]);
		tls_client_free(&p->client);
		pair_open(p, "web.test");
		SSL_CTX_set_max_proto_version(p->client->ctx, version);
		pair_meet(p, "web.test");
		assert_true(tls_facts(&p->far, &f));
		assert_ptr_equal(f.cert, certs[0]);
		tls_client_free(&p->client);
	}
	pair_free(p);
}

static void
the_index_prefers_what_is_valid_longer(void **state)
{
	struct made short_one = make_cert(EVP_EC_gen("P-256"), "short", "DNS:web.test", &ca, 3),
	    long_one = make_cert(EVP_EC_gen("P-256"), "long", "DNS:web.test, DNS:a.wild.test", &ca, 300);
	char *short_pem = pem_add(NULL, short_one.x, short_one.key), *long_pem = pem_add(NULL, long_one.x, long_one.key);
	struct cert *s, *l;
	struct cert_index *x = cert_index_new();
	const struct cert_group *g;

	(void)state;
	assert_null(cert_parse(str_of(short_pem), &s, NULL));
	assert_null(cert_parse(str_of(long_pem), &l, NULL));
	assert_null(cert_index_find(x, STR("web.test")));
	cert_index_add(x, certs[1]);
	cert_index_add(x, certs[2]);
	cert_index_add(x, l);
	cert_index_add(x, s);
	g = cert_index_find(x, STR("WEB.test"));
	assert_ptr_equal(g->kind[CERT_ECDSA], l);
	assert_ptr_equal(g->kind[CERT_RSA], certs[1]);
	assert_ptr_equal(cert_index_find(x, STR("a.wild.test"))->kind[CERT_ECDSA], l);	/* exact before wildcard */
	assert_ptr_equal(cert_index_find(x, STR("b.wild.test"))->kind[CERT_ECDSA], certs[2]);
	assert_null(cert_index_find(x, STR("*.wild.test")));
	assert_null(cert_index_find(x, STR(".wild.test")));
	assert_null(cert_index_find(x, STR("")));
	cert_index_set_default(x, s);
	g = cert_index_find(x, STR(""));
	assert_ptr_equal(g->kind[CERT_ECDSA], s);		/* as it was said, although another is valid longer */
	assert_ptr_equal(g->kind[CERT_RSA], certs[1]);
	cert_unref(&s);
	cert_unref(&l);
	cert_index_free(&x);
	made_free(&short_one);
	made_free(&long_one);
	free(short_pem);
	free(long_pem);
}

static void
a_choice_may_wait(void **state)
{
	struct pair *p = pair_new();

	(void)state;
	p->hold = true;
	pair_open(p, "web.test");
	UNTIL(p->loop, (stream_connected(&p->near), stream_connected(&p->far), p->chosen > 2));
	assert_true(stream_is_connecting(&p->far));
	p->hold = false;
	UNTIL(p->loop, stream_connected(&p->far) == IO_DONE || (stream_connected(&p->near), false));
	pair_free(p);
}

static void
a_challenge_is_known_by_its_protocol(void **state)
{
	struct pair *p = pair_new();
	struct tls_facts f;

	(void)state;
	p->server_conf.client_cert = TLS_CLIENT_CERT_REQUIRE;
	p->server_conf.client_ca = str_of(ca_pem);
	pair_open(p, "web.test");
	SSL_CTX_set_alpn_protos(p->client->ctx, (const unsigned char *)"\012acme-tls/1", 11);
	pair_meet(p, "web.test");
	assert_true(p->challenge && tls_facts(&p->far, &f) && f.challenge);
	assert_true(str_eq(stream_protocol(&p->far), STR("acme-tls/1")));
	SSL_CTX_set_alpn_protos(p->client->ctx, (const unsigned char *)"\012acme-tls/1\010http/1.1", 20);
	pair_refused(p, "web.test", TLS_FAULT_PEER_NONE);
	assert_false(p->challenge);
	SSL_CTX_set_alpn_protos(p->client->ctx, (const unsigned char *)"\003foo", 4);
	pair_refused(p, "web.test", TLS_FAULT_SHARED);
	pair_free(p);
}

/* ---- who is refused ---- */

static void
old_versions_are_refused(void **state)
{
	struct pair *p = pair_new();

	(void)state;
	pair_open(p, "web.test");
	SSL_CTX_set_security_level(p->client->ctx, 0);
	SSL_CTX_set_min_proto_version(p->client->ctx, TLS1_VERSION);
	SSL_CTX_set_max_proto_version(p->client->ctx, TLS1_1_VERSION);
	SSL_CTX_set_cipher_list(p->client->ctx, "ALL:@SECLEVEL=0");
	pair_refused(p, "web.test", TLS_FAULT_VERSION);
	tls_client_free(&p->client);
	tls_server_free(&p->server);
	p->server_conf.min_version = 13;
	pair_open(p, "web.test");
	SSL_CTX_set_max_proto_version(p->client->ctx, TLS1_2_VERSION);
	pair_refused(p, "web.test", TLS_FAULT_VERSION);
	pair_free(p);
}

/* Of TLS 1.2; 1.3 has ciphers of its own. */
static void
ciphers_may_be_few(void **state)
{
	struct pair *p = pair_new();

	(void)state;
	assert_int_equal(tls_suite(STR("TLS_RSA_WITH_AES_128_CBC_SHA")), 0);
	p->server_conf.suites = tls_suite(STR("TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384")) | tls_suite(STR("TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384"));
	pair_open(p, "web.test");
	SSL_CTX_set_max_proto_version(p->client->ctx, TLS1_2_VERSION);
	SSL_CTX_set_cipher_list(p->client->ctx, "ECDHE+AES128:ECDHE+CHACHA20");
	pair_refused(p, "web.test", TLS_FAULT_SHARED);
	SSL_CTX_set_cipher_list(p->client->ctx, "ECDHE+AES128:ECDHE+AES256");
	pair_meet(p, "web.test");
	pair_free(p);
}

static void
clients_show_certificates(void **state)
{
	struct pair *p = pair_new();
	struct tls_facts f;

	(void)state;
	p->server_conf.client_cert = TLS_CLIENT_CERT_REQUIRE;
	p->server_conf.client_ca = STR("nothing");
	assert_ptr_equal(tls_server_new(&p->server_conf, choose, p, &p->tickets, &p->server), WHY_CERT_MISSING);
	p->server_conf.client_ca = str_of(ca_pem);
	pair_refused(p, "web.test", TLS_FAULT_PEER_NONE);
	tls_client_free(&p->client);
	p->client_conf.cert = stranger_cert;
	pair_refused(p, "web.test", TLS_FAULT_PEER_CA);
	tls_client_free(&p->client);
	p->client_conf.cert = client_cert;
	pair_meet(p, "web.test");
	assert_true(tls_facts(&p->far, &f));
	assert_string_equal(f.peer, "CN=alice");
	tls_client_free(&p->client);
	tls_server_free(&p->server);
	p->server_conf.client_cert = TLS_CLIENT_CERT_OPTIONAL;
	p->client_conf.cert = NULL;
	pair_meet(p, "web.test");
	assert_true(tls_facts(&p->far, &f));
	assert_null(f.peer);
	tls_client_free(&p->client);
	p->client_conf.cert = stranger_cert;		/* optional is not: whatever you like */
	pair_refused(p, "web.test", TLS_FAULT_PEER_CA);
	pair_free(p);
}

static enum tls_fault
client_result(struct pair *p, const char *name)
{
	enum io_result res;

	tls_client_free(&p->client);
	pair_open(p, name);
	UNTIL(p->loop, (res = stream_connected(&p->near)) != IO_AGAIN || (stream_connected(&p->far), false));
	return res == IO_DONE ? TLS_NO_FAULT : tls_fault(&p->near);
}

static void
servers_are_verified(void **state)
{
	struct pair *p = pair_new();

	(void)state;
	cert_index_set_default(p->index, certs[0]);
	assert_int_equal(client_result(p, "web.test"), TLS_NO_FAULT);
	assert_int_equal(client_result(p, "127.0.0.1"), TLS_NO_FAULT);
	assert_int_equal(client_result(p, "other.test"), TLS_FAULT_PEER_NAME);
	assert_string_equal(tls_fault_text(&p->near), "hostname mismatch");
	assert_int_equal(client_result(p, "127.0.0.2"), TLS_FAULT_PEER_NAME);
	p->client_conf.verify = TLS_VERIFY_CA;
	assert_int_equal(client_result(p, "other.test"), TLS_NO_FAULT);
	p->client_conf.ca = str_of(stranger_pem);
	assert_int_equal(client_result(p, "other.test"), TLS_FAULT_PEER_CA);
	p->client_conf.verify = TLS_VERIFY_NONE;
	assert_int_equal(client_result(p, "other.test"), TLS_NO_FAULT);
	pair_free(p);
}

/* ---- tickets ---- */

/* Meets with the session of the last time; reads until its ticket has come. `cert`: that the
 * client goes by. */
static bool
pair_resumes_by(struct pair *p, const char *name, SSL_SESSION **session, const struct cert *cert)
{
	struct tls_facts f;
	enum io_result near, far;

	pair_open(p, name);
	if (*session != NULL)
		SSL_set_session(((struct tls *)p->near.private.transport)->ssl, *session);
	UNTIL(p->loop, (near = stream_connected(&p->near), far = stream_connected(&p->far),
	    near != IO_AGAIN && far != IO_AGAIN));
	assert_true(near == IO_DONE && far == IO_DONE);
	put(p, &p->far, "x");
	get(p, &p->near, "x");
	assert_true(tls_facts(&p->far, &f));
	if (cert != NULL)
		assert_ptr_equal(f.cert, cert);
	SSL_SESSION_free(*session);
	*session = SSL_get1_session(((struct tls *)p->near.private.transport)->ssl);
	stream_close(&p->near);		/* properly: OpenSSL forgets sessions of connections that were cut */
	return f.resumed;
}

static bool
pair_resumes(struct pair *p, const char *name, SSL_SESSION **session)
{
	return pair_resumes_by(p, name, session, NULL);
}

/* Of two certificates for the host it knows one: which, is asked for with each request on the
 * connection that is for another host. */
static void
a_resumed_session_knows_its_certificate(void **state)
{
	struct pair *p = pair_new();
	SSL_SESSION *session = NULL;

	(void)state;
	for (int version = TLS1_2_VERSION; version <= TLS1_3_VERSION; version++)
		for (int kind = 0; kind < 2; kind++) {
			pair_open(p, "web.test");
			SSL_CTX_set_max_proto_version(p->client->ctx, version);
			SSL_CTX_set1_sigalgs_list(p->client->ctx, kind == 0 ? "ECDSA+SHA256" : "RSA-PSS+SHA256:RSA+SHA256");
			assert_false(pair_resumes_by(p, "web.test", &session, certs[kind]));
			assert_true(pair_resumes_by(p, "web.test", &session, certs[kind]));
			assert_true(pair_resumes_by(p, "web.test", &session, certs[kind]));
			tls_client_free(&p->client);
			SSL_SESSION_free(session);
			session = NULL;
		}
	pair_free(p);
}

static void
sessions_are_resumed_by_tickets(void **state)
{
	struct pair *p = pair_new();
	struct tls_tickets other;
	SSL_SESSION *session = NULL;
	struct str keys[2];

	(void)state;
	for (int version = TLS1_2_VERSION; version <= TLS1_3_VERSION; version++) {
		tls_tickets_make(&p->tickets);
		pair_open(p, "web.test");
		SSL_CTX_set_max_proto_version(p->client->ctx, version);
		assert_false(pair_resumes(p, "web.test", &session));
		assert_true(pair_resumes(p, "web.test", &session));
		assert_true(pair_resumes(p, "web.test", &session));
		tls_tickets_make(&other);		/* rotation: the new one encrypts, the old one still opens */
		unsigned char old[TLS_TICKET_BYTES];
		memcpy(old, p->tickets.key[0], sizeof old);
		keys[0] = (struct str){ (char *)other.key[0], TLS_TICKET_BYTES };
		keys[1] = (struct str){ (char *)old, TLS_TICKET_BYTES };
		assert_true(tls_tickets_set(&p->tickets, keys, 2));
		assert_true(pair_resumes(p, "web.test", &session));
		assert_true(tls_tickets_set(&p->tickets, keys, 1));
		assert_true(pair_resumes(p, "web.test", &session));
		tls_server_free(&p->server);		/* another worker, with the same keys */
		assert_true(pair_resumes(p, "web.test", &session));
		tls_server_free(&p->server);
		p->server_conf.scope = STR("another listener");
		assert_false(pair_resumes(p, "web.test", &session));
		p->server_conf.scope = STR("a");
		tls_tickets_make(&p->tickets);
		tls_server_free(&p->server);
		assert_false(pair_resumes(p, "web.test", &session));
		tls_client_free(&p->client);
		SSL_SESSION_free(session);
		session = NULL;
	}
	keys[1].len--;
	assert_false(tls_tickets_set(&p->tickets, keys, 2));
	assert_false(tls_tickets_set(&p->tickets, keys, 0));
	pair_free(p);
}

/* The server is gone without a word; reading finds that. */
static void
ends_cut(struct pair *p)
{
	enum io_result res;
	char byte;
	size_t n;

	shutdown(p->far.private.io.fd, SHUT_RDWR);
	UNTIL(p->loop, (res = stream_read(&p->near, &byte, 1, &n)) != IO_AGAIN);
	assert_int_equal(res, IO_FAIL);
}

/* The server is gone, and nobody has read since. */
static void
ends_unread(struct pair *p)
{
	shutdown(p->near.private.io.fd, SHUT_RDWR);
	p->near.private.broken = true;
}

static void
ends_properly(struct pair *p)
{
	stream_close(&p->near);
}

/* Proxies and servers cut connections every day: that says nothing of the session. */
static void
a_session_outlives_any_end_of_its_connection(void **state)
{
	static void (*const ends[])(struct pair *) = { ends_properly, ends_unread, ends_cut };
	struct tls_resume resume = { NULL, 0 };
	struct pair *p = pair_new();
	struct tls_facts f;

	(void)state;
	p->resume = &resume;
	for (int version = TLS1_2_VERSION; version <= TLS1_3_VERSION; version++)
		for (unsigned i = 0; i < 9; i++) {
			pair_open(p, "web.test");
			SSL_CTX_set_max_proto_version(p->client->ctx, version);
			pair_meet(p, "web.test");
			put(p, &p->far, "x");		/* after its tickets */
			get(p, &p->near, "x");
			assert_true(tls_facts(&p->near, &f));
			if (f.resumed != (i > 0))
				fail_msg("TLS %x, connection %u, after end %u", (unsigned)version, i, (i - 1) / 3);
			ends[i / 3](p);
			stream_close(&p->near);
			if (i == 8)
				tls_resume_clear(&resume);
		}
	pair_free(p);
}

/* What a server does not get on with is not offered again. */
static void
a_session_is_forgotten_when_a_handshake_fails(void **state)
{
	struct tls_resume resume = { NULL, 0 };
	struct pair *p = pair_new();
	enum io_result res;
	char got[8];
	size_t n;

	(void)state;
	p->resume = &resume;
	pair_meet(p, "web.test");
	put(p, &p->far, "x");
	get(p, &p->near, "x");
	assert_non_null(resume.session);
	pair_open(p, "web.test");
	assert_int_equal(send(p->far.private.io.fd, "no TLS, whatever it may be", 26, 0), 26);
	UNTIL(p->loop, (res = stream_connected(&p->near)) != IO_AGAIN);
	assert_int_equal(res, IO_FAIL);
	assert_null(resume.session);

	pair_meet(p, "web.test");		/* in TLS 1.3 it may say so later */
	put(p, &p->far, "x");
	get(p, &p->near, "x");
	assert_non_null(resume.session);
	assert_int_equal(send(p->far.private.io.fd, "\x17\x03\x03\x00\x20 0123456789012345678901234567890123456789", 40, 0), 40);
	UNTIL(p->loop, (res = stream_read(&p->near, got, sizeof got, &n)) != IO_AGAIN);
	assert_int_equal(res, IO_FAIL);
	assert_null(resume.session);
	pair_free(p);
}

/* A handshake that asks for no certificate must not be the way to come back without one. */
static void
a_challenge_is_never_resumed(void **state)
{
	struct pair *p = pair_new();
	SSL_SESSION *session = NULL;

	(void)state;
	p->server_conf.client_cert = TLS_CLIENT_CERT_REQUIRE;
	p->server_conf.client_ca = str_of(ca_pem);
	for (int version = TLS1_2_VERSION; version <= TLS1_3_VERSION; version++) {
		pair_open(p, "web.test");
		SSL_CTX_set_max_proto_version(p->client->ctx, version);
		SSL_CTX_set_alpn_protos(p->client->ctx, (const unsigned char *)"\012acme-tls/1", 11);
		assert_false(pair_resumes(p, "web.test", &session));
		assert_false(pair_resumes(p, "web.test", &session));
		SSL_CTX_set_alpn_protos(p->client->ctx, (const unsigned char *)"\010http/1.1", 9);
		p->session = session;
		pair_refused(p, "web.test", TLS_FAULT_PEER_NONE);
		p->session = NULL;
		tls_client_free(&p->client);
		SSL_SESSION_free(session);
		session = NULL;
	}
	pair_free(p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bytes_go_both_ways),
		cmocka_unit_test(a_full_socket_waits),
		cmocka_unit_test(a_drained_socket_is_left_alone),
		cmocka_unit_test(short_requests_read_what_there_is),
		cmocka_unit_test(tickets_go_with_the_response),
		cmocka_unit_test(an_end_goes_with_the_last_bytes),
		cmocka_unit_test(an_end_is_no_cut),
		cmocka_unit_test(a_socket_that_ends_is_a_cut),
		cmocka_unit_test(a_cut_keeps_what_waits),
		cmocka_unit_test(what_is_no_tls_is_refused),
		cmocka_unit_test(a_name_gets_its_certificate),
		cmocka_unit_test(kinds_of_keys_stand_side_by_side),
		cmocka_unit_test(the_index_prefers_what_is_valid_longer),
		cmocka_unit_test(a_choice_may_wait),
		cmocka_unit_test(a_challenge_is_known_by_its_protocol),
		cmocka_unit_test(old_versions_are_refused),
		cmocka_unit_test(ciphers_may_be_few),
		cmocka_unit_test(clients_show_certificates),
		cmocka_unit_test(servers_are_verified),
		cmocka_unit_test(sessions_are_resumed_by_tickets),
		cmocka_unit_test(a_resumed_session_knows_its_certificate),
		cmocka_unit_test(a_challenge_is_never_resumed),
		cmocka_unit_test(a_session_outlives_any_end_of_its_connection),
		cmocka_unit_test(a_session_is_forgotten_when_a_handshake_fails),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
