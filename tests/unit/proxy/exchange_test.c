/*
 * Exchanges that go well: what client and task see of each other.
 */
#include <netinet/tcp.h>

#include "stage.h"

static void
test_keep_alive(void **state)
{
	int c, t;

	(void)state;
	stage_open(1);
	c = dial();
	say(c, GET("/"));
	t = answer_call(0);
	hear(t, GOT("/"));
	assert_int_equal(inflight(), 1);
	say(t, OK(2, "ok"));
	hear(c, OK(2, "ok"));
	assert_int_equal(inflight(), 0);
	exchange(c, t);
	exchange(c, t);
	assert_true(nobody_calls(0));
	assert_int_equal(whys(WHY_COMPLETE), 3);
	close(c);
	close(t);
	stage_close();
}

/* Another client's request goes over the connection that the first left behind. */
static void
test_reuse(void **state)
{
	int c, d, t;

	(void)state;
	stage_open(1);
	c = dial();
	say(c, GET("/"));
	t = answer_call(0);
	hear(t, GOT("/"));
	say(t, OK(0, ""));
	hear(c, OK(0, ""));
	close(c);
	d = dial();
	exchange(d, t);
	assert_true(nobody_calls(0));
	close(d);
	close(t);
	stage_close();
}

static void
test_one_byte_at_a_time(void **state)
{
	static const char up[] = "POST /x HTTP/1.1\r\nHost: a.example\r\nTransfer-Encoding: chunked\r\n\r\n"
	    "3;ext=1\r\nabc\r\nA\r\n0123456789\r\n0\r\nX-Trailer: x\r\n\r\n";
	static const char got[] = "POST /x HTTP/1.1\r\nHost: a.example\r\nTransfer-Encoding: chunked\r\n" FORWARDED "\r\n"
	    "3;ext=1\r\nabc\r\nA\r\n0123456789\r\n0\r\nX-Trailer: x\r\n\r\n";
	static const char down[] = "HTTP/1.1 200 Fine\r\nTransfer-Encoding: chunked\r\nServer: s\r\n\r\n1\r\nz\r\n0\r\n\r\n";
	int c, t;

	(void)state;
	stage_open(1);
	c = dial();
	for (int round = 0; round < 2; round++) {
		say_slowly(c, up);
		if (round == 0)
			t = answer_call(0);
		hear(t, got);
		say_slowly(t, down);
		hear(c, down);
	}
	close(c);
	close(t);
	stage_close();
}

static char *
noise(size_t len)
{
	char *p = must_alloc(len);

	for (size_t i = 0; i < len; i++)
		p[i] = (char)("0123456789abcdef"[(i * 7 + i / 4096) % 16]);
	return p;
}

/* More than sockets hold, so that each side has to wait for the other. */
static void
test_large_bodies(void **state)
{
	const size_t len = 8 << 20;
	char head[256], *body = noise(len);
	int c, t;

	(void)state;
	stage_open(1);
	c = dial();
	snprintf(head, sizeof head, "PUT /big HTTP/1.1\r\nHost: a.example\r\nContent-Length: %zu\r\n\r\n", len);
	say(c, head);
	t = answer_call(0);
	snprintf(head, sizeof head, "PUT /big HTTP/1.1\r\nHost: a.example\r\nContent-Length: %zu\r\n" FORWARDED "\r\n", len);
	hear(t, head);
	for (size_t at = 0; at < len; at += len / 8) {
		say_bytes(c, body + at, len / 8);
		hear_bytes(t, body + at, len / 8);
	}
	snprintf(head, sizeof head, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n", len);
	say(t, head);
	hear(c, head);
	for (size_t at = 0; at < len; at += len / 8) {
		say_bytes(t, body + at, len / 8);
		hear_bytes(c, body + at, len / 8);
	}
	exchange(c, t);
	free(body);
	close(c);
	close(t);
	stage_close();
}

/* Nobody reads: after the sockets are full, no more is taken in; then everything arrives. */
static void
test_back_pressure(void **state)
{
	const size_t len = 32 << 20;
	char *body = noise(len);
	size_t put = 0;
	ssize_t n;
	int c, t, idle = 0;

	(void)state;
	stage_open(1);
	c = dial();
	say(c, GET("/"));
	t = answer_call(0);
	hear(t, GOT("/"));
	say(t, "HTTP/1.1 200 OK\r\nContent-Length: 33554432\r\n\r\n");
	while (put < len && idle < 50) {
		if ((n = send(t, body + put, len - put, MSG_NOSIGNAL)) > 0) {
			put += (size_t)n;
			idle = 0;
		} else {
			stage_turn();
			idle++;
		}
	}
	assert_true(put < len);
	hear(c, "HTTP/1.1 200 OK\r\nContent-Length: 33554432\r\n\r\n");
	hear_bytes(c, body, put);
	for (size_t at = put; at < len; at += n) {
		n = (ssize_t)(len - at < (1 << 20) ? len - at : 1 << 20);
		say_bytes(t, body + at, (size_t)n);
		hear_bytes(c, body + at, (size_t)n);
	}
	exchange(c, t);
	free(body);
	close(c);
	close(t);
	stage_close();
}

static void
test_pipelined(void **state)
{
	int c, t;

	(void)state;
	stage_open(1);
	c = dial();
	say(c, GET("/1") "POST /2 HTTP/1.1\r\nHost: a.example\r\nContent-Length: 3\r\n\r\ntwo" GET("/3") "GET /4 HTTP");
	t = answer_call(0);
	hear(t, GOT("/1"));
	say(t, OK(1, "1"));
	hear(c, OK(1, "1"));
	hear(t, "POST /2 HTTP/1.1\r\nHost: a.example\r\nContent-Length: 3\r\n" FORWARDED "\r\ntwo");
	say(t, OK(1, "2"));
	hear(t, GOT("/3"));
	say(t, OK(1, "3"));
	hear(c, OK(1, "2") OK(1, "3"));
	say(c, "/1.1\r\nHost: a.example\r\n\r\n");
	hear(t, GOT("/4"));
	say(t, OK(1, "4"));
	hear(c, OK(1, "4"));
	close(c);
	close(t);
	stage_close();
}

/* A hundred requests at once that end with us: in order, and without starving anybody. */
static void
test_pipelined_errors(void **state)
{
	int c;

	(void)state;
	stage_open(0);
	c = dial();
	for (int i = 0; i < 100; i++)
		say(c, GET("/"));
	for (int i = 0; i < 100; i++)
		hear_why(c, 503, WHY_NO_TABLE);
	close(c);
	stage_close();
}

static void
test_continue(void **state)
{
	int c, t;

	(void)state;
	stage_open(1);
	c = dial();
	say(c, "POST / HTTP/1.1\r\nHost: a.example\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n");
	t = answer_call(0);
	hear(t, "POST / HTTP/1.1\r\nHost: a.example\r\nContent-Length: 4\r\nExpect: 100-continue\r\n" FORWARDED "\r\n");
	say(t, "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n");
	hear(c, "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n");
	say(c, "body");
	hear(t, "body");
	say(t, OK(2, "ok"));
	hear(c, OK(2, "ok"));
	exchange(c, t);
	close(c);
	close(t);
	stage_close();
}

/* The task says no: the body may never come, so the connection cannot go on. */
static void
test_continue_refused(void **state)
{
	int c, t;

	(void)state;
	stage_open(1);
	c = dial();
	say(c, "POST / HTTP/1.1\r\nHost: a.example\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n");
	t = answer_call(0);
	hear(t, "POST / HTTP/1.1\r\nHost: a.example\r\nContent-Length: 4\r\nExpect: 100-continue\r\n" FORWARDED "\r\n");
	say(t, "HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno");
	hear(c, "HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno");
	hear_end(c);
	hear_end(t);
	close(c);
	close(t);
	stage_close();
}

static void
bodiless(int c, int t, const char *ask, const char *asked, const char *answer)
{
	say(c, ask);
	hear(t, asked);
	say(t, answer);
	hear(c, answer);
}

/* No body follows these, whatever their fields say: the next exchange begins at once. */
static void
test_bodiless(void **state)
{
	int c, t;

	(void)state;
	stage_open(1);
	c = dial();
	say(c, GET("/"));
	t = answer_call(0);
	hear(t, GOT("/"));
	say(t, OK(0, ""));
	hear(c, OK(0, ""));
	bodiless(c, t, "HEAD / HTTP/1.1\r\nHost: a.example\r\n\r\n", "HEAD / HTTP/1.1\r\nHost: a.example\r\n" FORWARDED "\r\n",
	    "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n");
	bodiless(c, t, "HEAD / HTTP/1.1\r\nHost: a.example\r\n\r\n", "HEAD / HTTP/1.1\r\nHost: a.example\r\n" FORWARDED "\r\n",
	    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
	bodiless(c, t, GET("/"), GOT("/"), "HTTP/1.1 204 No Content\r\n\r\n");
	bodiless(c, t, GET("/"), GOT("/"), "HTTP/1.1 304 Not Modified\r\nContent-Length: 77\r\n\r\n");
	exchange(c, t);
	close(c);
	close(t);
	stage_close();
}

static void
test_until_close(void **state)
{
	int c, t;

	(void)state;
	stage_open(1);
	c = dial();
	say(c, GET("/"));
	t = answer_call(0);
	hear(t, GOT("/"));
	say(t, "HTTP/1.1 200 OK\r\n\r\nall of ");
	hear(c, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nall of ");
	say(t, "it");
	close(t);
	hear(c, "it");
	hear_end(c);
	assert_int_equal(whys(WHY_COMPLETE), 1);
	close(c);
	stage_close();
}

/* Where this client has connected to is all that it has said of a host. */
static const char *
host_of_front(char out[256], const char *path)
{
	char where[ADDR_TEXT_MAX];

	snprintf(out, 256, "GET %s HTTP/1.1\r\nHost: %s\r\nX-Forwarded-For: 127.0.0.1\r\nX-Real-IP: 127.0.0.1\r\n"
	    "X-Forwarded-Proto: http\r\nX-Forwarded-Port: 80\r\n\r\n", path, addr_text(&stage.front, where));
	return out;
}

static void
test_http10(void **state)
{
	char want[256];
	int c, t;

	(void)state;
	stage_open(1);
	c = dial();
	say(c, "GET / HTTP/1.0\r\n\r\n");
	t = answer_call(0);
	hear(t, host_of_front(want, "/"));
	say(t, "HTTP/1.0 200 OK\r\nServer: old\r\n\r\nbody");
	close(t);
	hear(c, "HTTP/1.1 200 OK\r\nServer: old\r\nConnection: close\r\n\r\nbody");
	hear_end(c);
	close(c);
	stage_close();
}

/* The connection to the task is ours, and kept, whatever the client's does. */
static void
test_http10_shares_connections(void **state)
{
	char want[256];
	int c, t = -1;

	(void)state;
	stage_open(1);
	for (int i = 0; i < 3; i++) {
		c = dial();
		say(c, "GET / HTTP/1.0\r\n\r\n");
		if (i == 0)
			t = answer_call(0);
		hear(t, host_of_front(want, "/"));
		say(t, OK(4, "body"));
		hear(c, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: close\r\n\r\nbody");
		hear_end(c);
		close(c);
	}
	assert_true(nobody_calls(0));
	close(t);
	stage_close();
}

static void
test_http10_keep_alive(void **state)
{
	char want[256];
	int c, t = -1;

	(void)state;
	stage_open(1);
	c = dial();
	for (int i = 0; i < 2; i++) {
		say(c, "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
		if (i == 0)
			t = answer_call(0);
		hear(t, host_of_front(want, "/"));
		say(t, OK(4, "body"));
		hear(c, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: keep-alive\r\n\r\nbody");
	}
	close(c);
	close(t);
	stage_close();
}

/* Chunks that come bit by bit reach an old client as data, until the end of its connection; the task's lives on. */
static void
test_http10_chunks(void **state)
{
	int c, d, t;

	(void)state;
	stage_open(1);
	c = dial();
	say(c, "GET / HTTP/1.0\r\nHost: a.example\r\nConnection: keep-alive\r\n\r\n");
	t = answer_call(0);
	hear(t, GOT("/"));
	say(t, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X\r\nServer: s\r\n\r\n");
	hear(c, "HTTP/1.1 200 OK\r\nServer: s\r\nConnection: close\r\n\r\n");
	say_slowly(t, "3;ext=1\r\nabc\r\n00A\r\n0123456789\r\n");
	hear(c, "abc0123456789");
	say(t, "2\r\nde\r\n1\r\nf\r\n0\r\nX: y\r\n\r\n");
	hear(c, "def");
	hear_end(c);
	close(c);
	d = dial();
	exchange(d, t);
	assert_true(nobody_calls(0));
	assert_int_equal(whys(WHY_COMPLETE), 2);
	close(d);
	close(t);
	stage_close();
}

/* Those that are here at once have a length, and the client's connection lives on, too. */
static void
test_http10_few_chunks(void **state)
{
	static const char ask[] = "GET / HTTP/1.0\r\nHost: a.example\r\nConnection: keep-alive\r\n\r\n";
	int c, t;

	(void)state;
	stage_open(1);
	c = dial();
	say(c, ask);
	t = answer_call(0);
	hear(t, GOT("/"));
	say(t, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\nX: y\r\n\r\n");
	hear(c, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: keep-alive\r\n\r\nabcde");
	say(c, "HEAD / HTTP/1.0\r\nHost: a.example\r\nConnection: keep-alive\r\n\r\n");
	hear(t, "HEAD / HTTP/1.1\r\nHost: a.example\r\n" FORWARDED "\r\n");
	say(t, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
	hear(c, "HTTP/1.1 200 OK\r\nConnection: keep-alive\r\n\r\n");
	say(c, ask);
	hear(t, GOT("/"));
	say(t, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nx");
	hear_why(c, 502, WHY_UPSTREAM_BAD_BODY);
	close(c);
	close(t);
	stage_close();
}

static void
test_close_is_honoured(void **state)
{
	int c, t;

	(void)state;
	stage_open(1);
	c = dial();
	say(c, "GET / HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n\r\n");
	t = answer_call(0);
	hear(t, GOT("/"));
	say(t, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\nKeep-Alive: timeout=5\r\n\r\n");
	hear(c, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
	hear_end(c);
	hear_end(t);
	close(c);
	close(t);
	stage_close();
}

/* Who has said that nothing follows and has kept to it is not waited for: we are done when its response is written. */
static void
test_last_request_is_not_lingered_for(void **state)
{
	struct tcp_info info = { 0 };
	socklen_t len = sizeof info;
	int c, t;

	(void)state;
	stage_open(1);
	c = dial();
	say(c, "GET / HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n\r\n");
	t = answer_call(0);
	hear(t, GOT("/"));
	say(t, OK(2, "ok"));
	hear(c, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok");
	assert_int_equal(live_gauge_total(stage.live, LIVE_CLIENTS), 0);
	assert_int_equal(getsockopt(c, IPPROTO_TCP, TCP_INFO, &info, &len), 0);
	assert_int_equal(info.tcpi_state, TCP_CLOSE_WAIT);	/* the end came with the response, in one packet */
	hear_end(c);
	close(c);
	close(t);
	stage_close();
}

/* What it sends all the same must not break the response on its way. */
static void
test_more_after_the_last_request(void **state)
{
	int c, t;

	(void)state;
	stage_open(1);
	c = dial();
	say(c, "GET / HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n\r\n");
	t = answer_call(0);
	hear(t, GOT("/"));
	say(c, GET("/more"));
	stage_turn();
	say(t, OK(2, "ok"));
	WAIT_UNTIL(inflight() == 0);
	hear(c, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok");
	hear_end(c);
	close(c);
	close(t);
	stage_close();
}

static void
half_closed(const char *ask, const char *asked, const char *answer)
{
	int c, t;

	c = dial();
	say(c, ask);
	shutdown(c, SHUT_WR);
	t = answer_call(0);
	hear(t, asked);
	for (int i = 0; i < 10; i++)
		stage_turn();
	say(t, OK(2, "ok"));
	hear(c, answer);
	hear_end(c);
	close(c);
	close(t);
}

/* A client that sent its whole request and shut its direction still gets the answer, where that is allowed. */
static void
test_half_closed_client(void **state)
{
	(void)state;
	stage_open(1);
	stage.conf.client_abort_on_close = false;
	proxy_reconf(stage.proxy, &stage.conf);
	half_closed(GET("/"), GOT("/"), OK(2, "ok"));
	stage_close();
}

/* Who has left before the response began keeps no task busy. */
static void
test_client_leaves(void **state)
{
	int c, t;

	(void)state;
	stage_open(1);
	c = dial();
	say(c, GET("/"));
	t = answer_call(0);
	hear(t, GOT("/"));
	close(c);
	hear_end(t);
	WAIT_UNTIL(inflight() == 0);
	assert_int_equal(whys(WHY_CLIENT_GONE), 1);
	close(t);

	c = dial();			/* and one who left before it was read is not worth a task */
	say(c, GET("/"));
	close(c);
	WAIT_UNTIL(whys(WHY_CLIENT_GONE) == 2);
	assert_true(nobody_calls(0));

	c = dial();			/* once the response has begun, the end of the client's direction means nothing */
	say(c, GET("/"));
	t = answer_call(0);
	hear(t, GOT("/"));
	say(t, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\no");
	hear(c, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\no");
	shutdown(c, SHUT_WR);
	for (int i = 0; i < 10; i++)
		stage_turn();
	say(t, "k");
	hear(c, "k");
	close(c);
	close(t);
	stage_close();
}

/* What is given up takes nothing from the response before it, which its client may still read. */
static void
test_client_leaves_and_reads_on(void **state)
{
	static char body[600000];
	char head[128];
	int c, t;

	(void)state;
	stage_open(1);
	c = dial();
	say(c, GET("/1") GET("/2") GET("/3"));
	t = answer_call(0);
	hear(t, GOT("/1"));
	snprintf(head, sizeof head, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n", sizeof body);
	say(t, head);
	hear(c, head);
	shutdown(c, SHUT_WR);
	say_bytes(t, body, sizeof body);
	WAIT_UNTIL(whys(WHY_COMPLETE) == 1 && whys(WHY_CLIENT_GONE) == 1 && inflight() == 0);
	hear_bytes(c, body, sizeof body);
	hear_end(c);
	close(c);
	close(t);
	stage_close();
}

/* A client in the middle of an upload reads the response when it has sent all. */
static void
test_early_answer_late_reader(void **state)
{
	static char body[8 << 20];
	char head[128];
	int c, t;

	(void)state;
	stage_open(1);
	c = dial();
	snprintf(head, sizeof head, "POST / HTTP/1.1\r\nHost: a.example\r\nContent-Length: %zu\r\n\r\n", sizeof body);
	say(c, head);
	t = answer_call(0);
	say(t, "HTTP/1.1 401 Unauthorized\r\nContent-Length: 2\r\n\r\nno");
	say_bytes(c, body, sizeof body);
	hear(c, "HTTP/1.1 401 Unauthorized\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno");
	hear_end(c);
	close(c);
	close(t);
	stage_close();
}

#define UPGRADE "GET /ws HTTP/1.1\r\nHost: a.example\r\nUpgrade: echo\r\n"

static void
tunnel_open(int *c, int *t)
{
	*c = dial();
	say(*c, UPGRADE "Connection: Upgrade\r\n\r\nfirst");
	*t = answer_call(0);
	hear(*t, UPGRADE FORWARDED "Connection: upgrade\r\n\r\n");
	say(*t, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: echo\r\nConnection: Upgrade\r\n\r\nhello");
	hear(*c, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: echo\r\nConnection: upgrade\r\n\r\nhello");
	hear(*t, "first");
}

static void
test_tunnel(void **state)
{
	int c, t;

	(void)state;
	stage_open(1);
	tunnel_open(&c, &t);
	for (int i = 0; i < 3; i++) {
		say(c, "GET / HTTP/1.1\r\n\r\n");
		hear(t, "GET / HTTP/1.1\r\n\r\n");
		say(t, "anything");
		hear(c, "anything");
	}
	assert_int_equal(inflight(), 1);
	shutdown(c, SHUT_WR);
	hear_end(t);
	say(t, "one way is still open");
	hear(c, "one way is still open");
	close(t);
	hear_end(c);
	WAIT_UNTIL(inflight() == 0);
	assert_int_equal(whys(WHY_TUNNEL_CLOSED), 1);
	close(c);
	stage_close();
}

/* Who has said all, and then breaks off instead of waiting for the rest. */
static void
test_tunnel_half_broken(void **state)
{
	int c, t;

	(void)state;
	stage_open(1);
	tunnel_open(&c, &t);
	shutdown(c, SHUT_WR);
	hear_end(t);
	hang_up(c);
	WAIT_UNTIL(inflight() == 0);
	close(t);
	tunnel_open(&c, &t);
	shutdown(t, SHUT_WR);
	hear_end(c);
	hang_up(t);
	WAIT_UNTIL(inflight() == 0);
	assert_int_equal(whys(WHY_TUNNEL_CLOSED), 2);
	close(c);
	stage_close();
}

static void
test_tunnel_large(void **state)
{
	const size_t len = 4 << 20;
	char *body = noise(len);
	int c, t;

	(void)state;
	stage_open(1);
	tunnel_open(&c, &t);
	for (size_t at = 0; at < len; at += len / 4) {
		say_bytes(c, body + at, len / 4);
		hear_bytes(t, body + at, len / 4);
		say_bytes(t, body + at, len / 4);
		hear_bytes(c, body + at, len / 4);
	}
	hang_up(c);
	hear_end(t);
	free(body);
	close(t);
	stage_close();
}

/* The task does not want to upgrade: an exchange like any other, and what the client sent is its next request. */
static void
test_upgrade_declined(void **state)
{
	int c, t;

	(void)state;
	stage_open(1);
	c = dial();
	say(c, UPGRADE "Connection: upgrade\r\n\r\n" GET("/next"));
	t = answer_call(0);
	hear(t, UPGRADE FORWARDED "Connection: upgrade\r\n\r\n");
	say(t, OK(2, "no"));
	hear(c, OK(2, "no"));
	hear(t, GOT("/next"));
	say(t, OK(3, "yes"));
	hear(c, OK(3, "yes"));
	close(c);
	close(t);
	stage_close();
}

/* The answer comes while the body is still on its way: both go on, and both connections end with the answer. */
static void
test_early_answer(void **state)
{
	int c, t;

	(void)state;
	stage_open(1);
	c = dial();
	say(c, "POST / HTTP/1.1\r\nHost: a.example\r\nContent-Length: 1000\r\n\r\nsome");
	t = answer_call(0);
	hear(t, "POST / HTTP/1.1\r\nHost: a.example\r\nContent-Length: 1000\r\n" FORWARDED "\r\nsome");
	say(t, "HTTP/1.1 413 Too Large\r\nContent-Length: 6\r\n\r\nwa");
	hear(c, "HTTP/1.1 413 Too Large\r\nContent-Length: 6\r\nConnection: close\r\n\r\nwa");
	say(c, "more");
	hear(t, "more");
	say(t, "it's");
	hear(c, "it's");
	hear_end(c);
	hear_end(t);
	close(c);
	close(t);
	stage_close();
}

/* The answer arrives even though the client goes on sending to somebody who no longer reads. */
static void
test_early_answer_and_reset(void **state)
{
	int c, t;

	(void)state;
	stage_open(1);
	c = dial();
	say(c, "POST / HTTP/1.1\r\nHost: a.example\r\nContent-Length: 1000000\r\n\r\n");
	t = answer_call(0);
	hear(t, "POST / HTTP/1.1\r\nHost: a.example\r\nContent-Length: 1000000\r\n" FORWARDED "\r\n");
	say(t, "HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno");
	close(t);
	say(c, "late bytes");
	hear(c, "HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno");
	hear_end(c);
	close(c);
	stage_close();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_keep_alive),
		cmocka_unit_test(test_reuse),
		cmocka_unit_test(test_one_byte_at_a_time),
		cmocka_unit_test(test_large_bodies),
		cmocka_unit_test(test_back_pressure),
		cmocka_unit_test(test_pipelined),
		cmocka_unit_test(test_pipelined_errors),
		cmocka_unit_test(test_continue),
		cmocka_unit_test(test_continue_refused),
		cmocka_unit_test(test_bodiless),
		cmocka_unit_test(test_until_close),
		cmocka_unit_test(test_http10),
		cmocka_unit_test(test_http10_shares_connections),
		cmocka_unit_test(test_http10_keep_alive),
		cmocka_unit_test(test_http10_chunks),
		cmocka_unit_test(test_http10_few_chunks),
		cmocka_unit_test(test_close_is_honoured),
		cmocka_unit_test(test_last_request_is_not_lingered_for),
		cmocka_unit_test(test_more_after_the_last_request),
		cmocka_unit_test(test_half_closed_client),
		cmocka_unit_test(test_client_leaves),
		cmocka_unit_test(test_client_leaves_and_reads_on),
		cmocka_unit_test(test_early_answer_late_reader),
		cmocka_unit_test(test_tunnel),
		cmocka_unit_test(test_tunnel_half_broken),
		cmocka_unit_test(test_tunnel_large),
		cmocka_unit_test(test_upgrade_declined),
		cmocka_unit_test(test_early_answer),
		cmocka_unit_test(test_early_answer_and_reset),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
