/*
 * TLS and what belongs to it, as clients and CAs see it: which certificate, challenges that come while somebody waits for
 * them, a redirect, requests for the wrong host, and connections that end in the middle.
 */
#include "caller.h"

#include <openssl/ssl.h>
#include <arpa/inet.h>

#define TOKEN	"evaGxfADs6pSRb2LAv9IZf17Dt3juxGJ-PCt92wr-oA"
#define AUTH	TOKEN ".nP1qzpXGymHBrUEepNY9HCsQk7K8KhOypzEt62jcerQ"
#define CHALLENGE_PATH "/.well-known/acme-challenge/"

/* ---- what OpenSSL asks for ---- */

static unsigned long pieces_made;

static void *
piece_make(size_t n, const char *file, int line)
{
	(void)file, (void)line;
	pieces_made++;
	return malloc(n);
}

static void *
piece_resize(void *p, size_t n, const char *file, int line)
{
	(void)file, (void)line;
	pieces_made++;
	return realloc(p, n);
}

static void
piece_free(void *p, const char *file, int line)
{
	(void)file, (void)line;
	free(p);
}

/* ---- certificates ---- */

static void
a_request_over_tls(void **state)
{
	struct caller c;
	int t;

	(void)state;
	open_front(true);
	assert_true(publish(CERTS, NULL));
	caller_meet(&c, "web.test");
	caller_say(&c, "GET /x HTTP/1.1\r\nHost: Web.test\r\n\r\n");
	t = answer_call(0);
	hear(t, "GET /x HTTP/1.1\r\nHost: Web.test\r\nX-Forwarded-For: 127.0.0.1\r\nX-Real-IP: 127.0.0.1\r\nX-Forwarded-Proto: https\r\n"
	    "X-Forwarded-Host: Web.test\r\nX-Forwarded-Port: 443\r\n\r\n");
	say(t, OK(2, "ok"));
	caller_hear(&c, "Strict-Transport-Security: max-age=60\r\n\r\nok");
	caller_say(&c, "GET /x HTTP/1.1\r\nHost: also.test\r\n\r\n");	/* the certificate has this one, too */
	WAIT_UNTIL(recv(t, c.got, 10, 0) == 10);
	say(t, OK(2, "ok"));
	caller_hear(&c, "ok");
	caller_say(&c, "GET /x HTTP/1.1\r\nHost: other.test\r\n\r\n");
	caller_hear(&c, "HTTP/1.1 421 Misdirected Request");
	assert_int_equal(whys(WHY_MISDIRECTED), 1);
	caller_close(&c);
	close(t);
	stage_close();
}

static void
what_is_not_there_is_refused(void **state)
{
	struct caller c;
	struct proxy_failed f;
	struct refused_kind kind;
	enum io_result res;
	int plain;

	(void)state;
	open_front(true);
	for (int round = 0; round < 2; round++) {	/* before there is any set, and when none of it fits */
		caller_open(&c, "nobody.test", false);
		WAIT_UNTIL((res = stream_connected(&c.s)) != IO_AGAIN);
		assert_int_equal(res, IO_FAIL);
		WAIT_UNTIL(whys(WHY_TLS_NO_CERT) == (uint64_t)round + 1);
		caller_close(&c);
		assert_false(publish(CERTS, "cert/broken", "no PEM", NULL));
	}
	assert_true(proxy_failed_take(stage.proxy, &f));
	assert_ptr_equal(f.why, WHY_TLS_NO_CERT);
	assert_int_equal(f.count, 2);
	assert_string_equal(f.host, "nobody.test");
	assert_true(refused_read(live_refused(stage.live, 0), 0, &kind));
	assert_ptr_equal(kind.why, WHY_TLS_NO_CERT);
	assert_string_equal(kind.host, "nobody.test");
	assert_int_equal(kind.count, 2);
	assert_false(refused_read(live_refused(stage.live, 0), 1, &kind));
	assert_non_null(strstr(f.text, "no certificate"));
	caller_open(&c, "nobody.test", false);		/* a third is counted, and not told at once */
	WAIT_UNTIL((stream_connected(&c.s), whys(WHY_TLS_NO_CERT) == 3));
	caller_close(&c);
	assert_false(proxy_failed_take(stage.proxy, &f));
	plain = dial();
	say(plain, GET("/"));
	hear_why(plain, 400, WHY_TLS_PLAIN);
	close(plain);
	plain = dial();
	say(plain, "\x05\x01 what is this?");
	WAIT_UNTIL(whys(WHY_TLS_BROKEN) == 1);
	close(plain);
	assert_true(proxy_failed_take(stage.proxy, &f));	/* another reason is */
	assert_ptr_equal(f.why, WHY_TLS_BROKEN);
	assert_int_equal(f.count, 1);
	assert_string_equal(f.host, "");
	close(dial());			/* a check of the port is not counted */
	caller_meet(&c, "other.test");
	assert_int_equal(whys(WHY_CLIENT_GONE), 0);
	caller_close(&c);
	stage_close();
}

/* Connections go on with what they have; the next ones get what is there then. */
static void
another_set_closes_nothing(void **state)
{
	struct caller before, after;
	int t;

	(void)state;
	open_front(true);
	publish(CERTS, NULL);
	caller_meet(&before, "web.test");
	publish("cert/file:other", pems[1], "default", "file:other", NULL);
	caller_meet(&after, "web.test");		/* what is left is the default */
	caller_say(&before, GET("/"));
	caller_hear(&before, "421");		/* a.example is not in it */
	caller_say(&after, "GET / HTTP/1.1\r\nHost: web.test\r\n\r\n");	/* as in its handshake, whatever it was shown */
	t = answer_call(0);
	say(t, OK(2, "ok"));
	caller_hear(&after, "ok");
	caller_close(&before);
	caller_close(&after);
	close(t);
	stage_close();
}

/* Responses of the proxy's own that wait for their client, when a reload brings another HSTS: each is whole, with the one
 * value or the other. */
#define ASK	"GET /x HTTP/1.1\r\nHost: other.test\r\n\r\n"
#define FOUR(what) what what what what
#define MANY	FOUR(FOUR(FOUR(FOUR(ASK))))	/* in one record */

struct flood {
	struct caller	 c;
	unsigned	 asked, responses, early, late;
	char		 line[256];
	size_t		 len;
};

/* Requests until the proxy has stopped responding: nobody reads what it sends. */
static void
flood_ask(struct flood *f)
{
	struct iovec v = { MANY, sizeof MANY - 1 };
	size_t n;

	for (int idle = 0; idle < 100; idle++) {
		if (whys(WHY_MISDIRECTED) + 256 > f->asked && stream_writev(&f->c.s, &v, 1, &n) == IO_DONE) {
			assert_int_equal(n, v.iov_len);
			f->asked += 256;
			idle = 0;
		}
		stage_turn();
	}
}

static void
flood_line(struct flood *f)
{
	f->line[f->len] = '\0';
	assert_int_equal(strlen(f->line), f->len);		/* no NUL in it */
	f->responses += strcmp(f->line, "HTTP/1.1 421 Misdirected Request\r") == 0;
	f->early += strcmp(f->line, "Strict-Transport-Security: max-age=60\r") == 0;
	f->late += strcmp(f->line, "Strict-Transport-Security: max-age=7\r") == 0;
	f->len = 0;
}

static void
flood_read(struct flood *f)
{
	char bytes[4096];
	size_t n;

	while (stream_read(&f->c.s, bytes, sizeof bytes, &n) == IO_DONE)
		for (size_t i = 0; i < n; i++)
			if (bytes[i] == '\n')
				flood_line(f);
			else {
				assert_true(f->len < sizeof f->line - 1);
				f->line[f->len++] = bytes[i];
			}
}

static void
receive_buffer(int fd, int bytes)
{
	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes), 0);
}

static void
a_head_that_waits_keeps_its_values(void **state)
{
	struct flood f = { .asked = 0 };
	int fd;

	(void)state;
	open_front(true);
	assert_true(publish(CERTS, NULL));
	receive_buffer(fd = dial(), 4096);
	caller_meet_on(&f.c, fd, "web.test");
	flood_ask(&f);
	receive_buffer(fd, 1 << 20);
	stage.conf.hsts_seconds = 7;
	proxy_reconf(stage.proxy, &stage.conf);
	WAIT_UNTIL((flood_read(&f), f.responses == f.asked && f.early + f.late == f.asked));
	assert_true(f.early > 0 && f.late > 0);
	caller_close(&f.c);
	stage_close();
}

static void
a_filter_responds_by_tls(void **state)
{
	const struct filter_setting setting = { STR("allowedhosts"), STR("b.example") };
	struct arena *arena = arena_new();
	enum filter_kind kind;
	struct caller c;

	(void)state;
	open_front(true);
	assert_true(filter_kind_parse(STR("headers"), &kind));
	stage.chain = filter_chain_add(arena, "", STR("m"), kind, &setting, 1);
	stage_table();
	assert_true(publish(CERTS, NULL));
	for (int64_t seconds = 60; seconds >= -1; seconds -= 61) {
		stage.conf.hsts_seconds = seconds;
		proxy_reconf(stage.proxy, &stage.conf);
		caller_meet(&c, "web.test");
		caller_say(&c, "GET / HTTP/1.1\r\nHost: web.test\r\n\r\n");
		caller_hear(&c, seconds < 0 ? "host_not_allowed\r\nConnection" : "Strict-Transport-Security: max-age=60\r\n");
		caller_close(&c);
	}
	stage.chain = NULL;
	stage_close();
	arena_free(&arena);
}

/* A proxy may put its own line behind one that is the client's. */
static void
the_nearest_proxy_says_how_a_client_came(void **state)
{
	int c;

	(void)state;
	open_front(false);
	stage.conf.listener[0].redirect_port = 443;
	assert_true(ip_net_parse(STR("127.0.0.0/8"), &stage.conf.trusted[stage.conf.ntrusted++]));
	proxy_reconf(stage.proxy, &stage.conf);
	c = dial();
	say(c, "GET /x HTTP/1.1\r\nHost: a.example\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Proto: http\r\n\r\n");
	hear(c, "HTTP/1.1 308 Permanent Redirect\r\nLocation: https://a.example/x\r\nContent-Length: 0\r\nMola-Why: https_redirect\r\n"
	    "Connection: keep-alive\r\n\r\n");
	close(c);
	stage.conf.listener[0].redirect_port = 0;
	stage.conf.ntrusted = 0;
	stage_close();
}

/* ---- challenges ---- */

static void
a_challenge_has_its_answer(void **state)
{
	int c, t;

	(void)state;
	open_front(false);
	stage.conf.listener[0].redirect_port = 443;
	proxy_reconf(stage.proxy, &stage.conf);
	publish("challenge/http-01/" TOKEN, AUTH, NULL);
	c = dial();
	say(c, GET(CHALLENGE_PATH TOKEN));
	hear(c, "HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\nContent-Length: 87\r\nConnection: keep-alive\r\n\r\n" AUTH);
	say(c, "HEAD " CHALLENGE_PATH TOKEN " HTTP/1.1\r\nHost: a.example\r\n\r\n");
	hear(c, "HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\nContent-Length: 87\r\nConnection: keep-alive\r\n\r\n");
	say(c, GET("/a?b"));
	hear(c, "HTTP/1.1 308 Permanent Redirect\r\nLocation: https://a.example/a?b\r\nContent-Length: 0\r\nMola-Why: https_redirect\r\n"
	    "Connection: keep-alive\r\n\r\n");
	stage.conf.listener[0].redirect_port = 0;
	proxy_reconf(stage.proxy, &stage.conf);
	close(c);
	c = dial();
	say(c, GET(CHALLENGE_PATH "not-known-and-nobody-will-know-it"));	/* no source of challenges: a task may know it */
	t = answer_call(0);
	hear(t, GOT(CHALLENGE_PATH "not-known-and-nobody-will-know-it"));
	say(t, OK(2, "ok"));
	hear(c, OK(2, "ok"));
	assert_int_equal(live_challenges_asked(stage.live), 0);
	close(c);
	close(t);
	stage_close();
}

/* Its request was faster than the brain. */
static void
a_challenge_is_waited_for(void **state)
{
	int c, late, gone, t;

	(void)state;
	open_front(false);
	publish("acme", "", NULL);
	c = dial();
	say(c, GET(CHALLENGE_PATH TOKEN));
	gone = dial();
	say(gone, GET(CHALLENGE_PATH TOKEN));
	WAIT_UNTIL(live_challenges_asked(stage.live) == 2);
	hang_up(gone);
	publish("acme", "", "challenge/http-01/" TOKEN, AUTH, NULL);
	hear(c, "HTTP/1.1 200 OK\r\n");
	late = dial();
	say(late, GET(CHALLENGE_PATH "another-token-that-nobody-has"));
	WAIT_UNTIL(live_challenges_asked(stage.live) == 3);
	t = answer_call(0);		/* in two seconds: nobody knew it */
	hear(t, GOT(CHALLENGE_PATH "another-token-that-nobody-has"));
	close(c);
	close(late);
	close(t);
	stage_close();
}

static int
dial_from(const char *address)
{
	struct sockaddr_in from = { .sin_family = AF_INET };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	assert_int_equal(inet_pton(AF_INET, address, &from.sin_addr), 1);
	assert_int_equal(bind(fd, (struct sockaddr *)&from, sizeof from), 0);
	assert_int_equal(connect(fd, &stage.front.sa.any, stage.front.len), 0);
	assert_int_equal(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
	return fd;
}

/* There are 64 places, and a CA needs one. */
static void
one_address_does_not_hold_all_places(void **state)
{
	int c[18], t;

	(void)state;
	open_front(false);
	stage.conf.clients_max = 18;
	proxy_reconf(stage.proxy, &stage.conf);
	publish("acme", "", NULL);
	for (int i = 0; i < 16; i++) {
		c[i] = dial();
		say(c[i], GET(CHALLENGE_PATH "a-token-that-nobody-has"));
	}
	WAIT_UNTIL(live_challenges_asked(stage.live) == 16);
	c[16] = dial();
	say(c[16], GET(CHALLENGE_PATH TOKEN));
	t = answer_call(0);			/* not held: its task knows nothing of it */
	hear(t, GOT(CHALLENGE_PATH TOKEN));
	assert_int_equal(live_challenges_asked(stage.live), 16);
	c[17] = dial_from("127.0.0.2");
	say(c[17], GET(CHALLENGE_PATH TOKEN));
	WAIT_UNTIL(live_challenges_asked(stage.live) == 17);
	publish("acme", "", "challenge/http-01/" TOKEN, AUTH, NULL);
	hear(c[17], "HTTP/1.1 200 OK\r\n");
	for (int i = 0; i < 18; i++)
		close(c[i]);
	close(t);
	stage_close();
}

static void
a_challenge_over_tls(void **state)
{
	struct caller c;
	enum io_result res;

	(void)state;
	open_front(true);
	publish(CERTS, "acme", "", NULL);
	caller_open(&c, "new.test", true);
	WAIT_UNTIL((stream_connected(&c.s), live_challenges_asked(stage.live) == 1));
	publish(CERTS, "acme", "", "challenge/tls-alpn-01/new.test", pems[2], NULL);
	WAIT_UNTIL((res = stream_connected(&c.s)) != IO_AGAIN);
	assert_int_equal(res, IO_DONE);
	assert_true(str_eq(stream_protocol(&c.s), STR("acme-tls/1")));
	WAIT_UNTIL((caller_reads(&c), c.last == IO_EOF));		/* nothing more is said */
	caller_close(&c);
	caller_open(&c, "new.test", true);		/* known by now */
	WAIT_UNTIL((res = stream_connected(&c.s)) != IO_AGAIN);
	assert_int_equal(res, IO_DONE);
	caller_close(&c);
	caller_open(&c, "web.test", true);		/* there is a certificate, but no challenge */
	WAIT_UNTIL((res = stream_connected(&c.s)) != IO_AGAIN);
	assert_int_equal(res, IO_FAIL);
	caller_close(&c);
	stage_close();
}

/* ---- in the middle ---- */

static void
handshakes_end_with_the_proxy(void **state)
{
	struct caller c, held;
	int silent, half;

	(void)state;
	open_front(true);
	publish(CERTS, "acme", "", NULL);
	silent = dial();
	half = dial();
	say_bytes(half, "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11);
	caller_open(&held, "new.test", true);
	WAIT_UNTIL((stream_connected(&held.s), live_challenges_asked(stage.live) == 1));
	caller_meet(&c, "web.test");
	assert_int_equal(live_gauge_total(stage.live, LIVE_CLIENTS), 4);
	proxy_free(&stage.proxy);
	caller_close(&c);
	caller_close(&held);
	close(silent);
	close(half);
	stage_close();
}

/* Half a message costs nothing but its bytes in the socket: OpenSSL has not been asked for anything. */
static void
handshakes_have_an_end(void **state)
{
	struct proxy_failed f;
	unsigned long before;
	int half;

	(void)state;
	open_front(true);
	stage.conf.client_head_usec = 50 * MSEC;
	proxy_reconf(stage.proxy, &stage.conf);
	publish(CERTS, NULL);
	before = pieces_made;
	half = dial();
	say_bytes(half, "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11);
	WAIT_UNTIL(whys(WHY_TLS_SLOW) == 1);
	assert_int_equal(pieces_made, before);
	close(half);
	half = dial();						/* these never become one: nobody waits for their end */
	say_bytes(half, "\x17\x03\x03\x40\x00", 5);
	WAIT_UNTIL(whys(WHY_TLS_BROKEN) == 1);
	assert_true(proxy_failed_take(stage.proxy, &f));
	assert_ptr_equal(f.why, WHY_TLS_BROKEN);
	assert_int_equal(f.count, 1);
	assert_non_null(strstr(f.text, "no ClientHello"));
	close(half);
	half = dial();
	say_bytes(half, "\x16\x03\x01\x40\x00\x01\x00\x43\x00", 9);
	WAIT_UNTIL(whys(WHY_TLS_BROKEN) == 2);
	assert_int_equal(whys(WHY_TLS_SLOW), 1);
	close(half);
	stage_close();
}

/* The first message of a client, as it goes over the wire. */
static size_t
hello_make(char *out, size_t cap)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
	SSL *ssl = SSL_new(ctx);
	BIO *wire = BIO_new(BIO_s_mem());
	int n;

	SSL_set_bio(ssl, BIO_new(BIO_s_mem()), wire);
	SSL_set_tlsext_host_name(ssl, "web.test");
	SSL_connect(ssl);
	n = BIO_read(wire, out, (int)cap);
	assert_true(n > 100);
	SSL_free(ssl);
	SSL_CTX_free(ctx);
	return (size_t)n;
}

static void
a_first_message_may_come_in_pieces(void **state)
{
	char hello[4096], got[64] = "";
	size_t len;
	int c;

	(void)state;
	open_front(true);
	assert_true(publish(CERTS, NULL));
	len = hello_make(hello, sizeof hello);
	c = dial();
	for (size_t at = 0, n; at < len; at += n) {
		n = at < 8 ? 1 : len - at < 100 ? len - at : 100;
		say_bytes(c, hello + at, n);
		for (int i = 0; i < 3; i++)
			loop_turn(stage.loop, MSEC);
	}
	WAIT_UNTIL(recv(c, got, sizeof got, MSG_DONTWAIT) > 5);
	assert_memory_equal(got, "\x16\x03\x03", 3);		/* ServerHello */
	close(c);
	c = dial();						/* one that ends in the middle is gone */
	say_bytes(c, hello, len / 2);
	close(c);
	WAIT_UNTIL(live_gauge_total(stage.live, LIVE_CLIENTS) == 0);
	assert_int_equal(whys(WHY_CLIENT_GONE), 2);
	stage_close();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_request_over_tls),
		cmocka_unit_test(what_is_not_there_is_refused),
		cmocka_unit_test(another_set_closes_nothing),
		cmocka_unit_test(a_head_that_waits_keeps_its_values),
		cmocka_unit_test(a_filter_responds_by_tls), cmocka_unit_test(the_nearest_proxy_says_how_a_client_came), cmocka_unit_test(a_challenge_has_its_answer),
		cmocka_unit_test(a_challenge_is_waited_for),
		cmocka_unit_test(one_address_does_not_hold_all_places),
		cmocka_unit_test(a_challenge_over_tls),
		cmocka_unit_test(handshakes_end_with_the_proxy),
		cmocka_unit_test(handshakes_have_an_end),
		cmocka_unit_test(a_first_message_may_come_in_pieces),
	};

	if (!CRYPTO_set_mem_functions(piece_make, piece_resize, piece_free))
		return 1;
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
