/*
 * Exchanges that go wrong: each trouble has its status, its reason, and no consequences for others.
 */
#include <sys/resource.h>

#include "stage.h"
#include "../between.h"

#define SOON (50 * MSEC)

static int
dead_origin(int i)
{
	close(stage.origin[i]);		/* the address stays, nobody listens */
	stage.origin[i] = -1;
	return i;
}

static void
sent_to(int *c, int *t, const char *ask, const char *asked)
{
	*c = dial();
	say(*c, ask);
	*t = answer_call(0);
	hear(*t, asked);
}

static void
sent_get(int *c, int *t)
{
	sent_to(c, t, GET("/"), GOT("/"));
}

/* The client's connection outlived the trouble: it can ask again. */
static void
recovers(int c)
{
	int t;

	say(c, GET("/"));
	t = answer_call(0);
	hear(t, GOT("/"));
	say(t, OK(2, "ok"));
	hear(c, OK(2, "ok"));
	close(c);
	close(t);
	stage_close();
}

/* ---- before the task has the request ---- */

static void
test_no_route(void **state)
{
	struct table_maker *m = table_maker_new(1);
	struct table *table;
	int c, fd;

	(void)state;
	stage_open(0);
	assert_null(table_maker_seal(m, &fd));
	table_maker_free(&m);
	assert_null(table_open(fd, &table));
	proxy_set_table(stage.proxy, table);
	table_unref(&table);
	c = dial();
	say(c, GET("/"));
	hear_why(c, 404, WHY_NO_ROUTE);
	say(c, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc");
	hear_why(c, 404, WHY_NO_ROUTE);
	say(c, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\na");
	hear_why(c, 404, WHY_NO_ROUTE);
	hear_end(c);
	close(c);
	stage_close();
}

static void
test_refused(void **state)
{
	int c;

	(void)state;
	stage_open(1);
	dead_origin(0);
	c = dial();
	say(c, GET("/"));
	hear_why(c, 502, WHY_CONNECT_REFUSED);
	say(c, GET("/"));
	hear_why(c, 502, WHY_CONNECT_REFUSED);
	say(c, "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n");
	hear(c, "HTTP/1.1 502 Bad Gateway\r\nContent-Type: text/plain\r\nContent-Length: 32\r\nMola-Why: connect_refused\r\n"
	    "Connection: keep-alive\r\n\r\n");
	close(c);
	stage_close();
}

/* Somebody else takes it, and the client does not notice. */
static void
test_refused_by_some(void **state)
{
	struct live_task counts;
	int c, t;

	(void)state;
	stage_open(3);
	dead_origin(0);
	dead_origin(1);
	c = dial();
	say(c, "POST / HTTP/1.1\r\nHost: a.example\r\nContent-Length: 3\r\n\r\nabc");
	t = answer_call(2);
	hear(t, "POST / HTTP/1.1\r\nHost: a.example\r\nContent-Length: 3\r\n" FORWARDED "\r\nabc");
	say(t, OK(2, "ok"));
	hear(c, OK(2, "ok"));
	for (int i = 0; i < 5; i++)
		exchange(c, t);
	for (unsigned i = 0; i < 2; i++) {
		live_task_read(stage.live, i, &counts);
		assert_true(counts.failures <= counts.requests);
	}
	assert_int_equal(whys(WHY_COMPLETE), 6);
	close(c);
	close(t);
	stage_close();
}

/* Our own shortage is named, and says nothing of the task. */
static void
test_no_descriptors(void **state)
{
	struct rlimit before, tight;
	struct live_task counts;
	int c, t, next;

	(void)state;
	stage_open(1);
	sent_get(&c, &t);
	say(t, "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok");
	hear(c, OK(2, "ok"));
	close(t);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	next = dup(c);
	close(next);
	tight = (struct rlimit){ (rlim_t)next, before.rlim_max };
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &tight), 0);
	say(c, GET("/"));
	hear_why(c, 503, WHY_NO_DESCRIPTORS);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	live_task_read(stage.live, 0, &counts);
	assert_int_equal(counts.failures, 0);
	recovers(c);
}

/* The task's first address refuses: the next one is tried at once, and from then on at first. */
static void
test_other_address(void **state)
{
	struct live_task counts;
	int c, t, dead;

	(void)state;
	stage_open(1);
	dead = stage_listen(&stage.first);
	close(dead);
	stage_table();
	for (int i = 0; i < 3; i++) {
		c = dial();
		say(c, "POST / HTTP/1.1\r\nHost: a.example\r\nContent-Length: 3\r\n\r\nabc");
		t = answer_call(0);
		hear(t, "POST / HTTP/1.1\r\nHost: a.example\r\nContent-Length: 3\r\n" FORWARDED "\r\nabc");
		say(t, "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok");
		hear(c, OK(2, "ok"));
		close(t);
		close(c);
	}
	live_task_read(stage.live, 0, &counts);
	assert_int_equal(counts.failures, 0);
	assert_int_equal(counts.requests, 3);
	close(stage.origin[0]);			/* nobody at the other one, either: that is a failure of the task */
	stage.origin[0] = -1;
	c = dial();
	say(c, GET("/"));
	hear_why(c, 502, WHY_CONNECT_REFUSED);
	close(c);
	stage_close();
}

/* A listener whose queue is full does not answer a SYN. */
static int
deaf_origin(int i, int *stuffing)
{
	int n = 0;

	listen(stage.origin[i], 0);
	for (; n < 3; n++)
		stuffing[n] = dial_addr(&stage.origin_addr[i]);
	return n;
}

static void
test_connect_timeout(void **state)
{
	int stuffing[3], c;

	(void)state;
	stage_open(1);
	stage.service.connect_usec = SOON;
	stage_table();
	deaf_origin(0, stuffing);
	c = dial();
	say(c, GET("/"));
	hear_why(c, 504, WHY_CONNECT_TIMEOUT);
	for (int i = 0; i < 3; i++)
		close(stuffing[i]);
	close(c);
	stage_close();
}

/* An address that does not answer holds a request up for a second, once; the time-out would be PATIENCE. */
static void
test_silent_address(void **state)
{
	int stuffing[3], c, t;
	int64_t began;

	(void)state;
	stage_open(2);
	deaf_origin(1, stuffing);
	stage.first = stage.origin_addr[1];
	stage.norigins = 1;
	stage_table();
	c = dial();
	began = clock_mono_usec();
	say(c, GET("/"));
	t = answer_call(0);
	hear(t, GOT("/"));
	assert_between(clock_mono_usec() - began, USEC_PER_SEC / 2, PATIENCE - USEC_PER_SEC);
	say(t, OK(2, "ok"));
	hear(c, OK(2, "ok"));
	for (int i = 0; i < 3; i++)
		close(stuffing[i]);
	close(stage.origin[1]);
	close(c);
	close(t);
	stage_close();
}

static void
test_client_leaves_while_connecting(void **state)
{
	int stuffing[3], c;

	(void)state;
	stage_open(1);
	deaf_origin(0, stuffing);
	c = dial();
	say(c, GET("/"));
	WAIT_UNTIL(inflight() == 1);
	hang_up(c);
	WAIT_UNTIL(inflight() == 0);
	assert_int_equal(whys(WHY_CLIENT_GONE), 1);
	for (int i = 0; i < 3; i++)
		close(stuffing[i]);
	stage_close();
}

/* ---- the task ---- */

static void
test_slow_head(void **state)
{
	int c, t;

	(void)state;
	stage_open(1);
	stage.service.response_usec = SOON;
	stage_table();
	sent_get(&c, &t);
	hear_why(c, 504, WHY_UPSTREAM_SLOW_HEAD);
	hear_end(t);
	close(t);
	recovers(c);
}

/* A client that waits for 100 is not slow: the task is. */
static void
test_slow_continue(void **state)
{
	int c, t;

	(void)state;
	stage_open(1);
	stage.service.response_usec = SOON;
	stage.conf.client_body_usec = SOON / 5;
	proxy_reconf(stage.proxy, &stage.conf);
	stage_table();
	sent_to(&c, &t, "PUT / HTTP/1.1\r\nHost: a.example\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n",
	    "PUT / HTTP/1.1\r\nHost: a.example\r\nExpect: 100-continue\r\nContent-Length: 4\r\n" FORWARDED "\r\n");
	hear_why(c, 504, WHY_UPSTREAM_SLOW_HEAD);
	hear_end(c);
	close(c);
	close(t);
	stage_close();
}

/* Nor is it late when the 100 came late: its time begins then. */
static void
test_late_continue(void **state)
{
	int64_t began;
	int c, t;

	(void)state;
	stage_open(1);
	stage.conf.client_body_usec = 2 * SOON;
	proxy_reconf(stage.proxy, &stage.conf);
	sent_to(&c, &t, "PUT / HTTP/1.1\r\nHost: a.example\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n",
	    "PUT / HTTP/1.1\r\nHost: a.example\r\nExpect: 100-continue\r\nContent-Length: 4\r\n" FORWARDED "\r\n");
	began = clock_mono_usec();
	WAIT_UNTIL(clock_mono_usec() > began + 3 * SOON);
	say(t, "HTTP/1.1 100 Continue\r\n\r\n");
	hear(c, "HTTP/1.1 100 Continue\r\n\r\n");
	say(c, "body");
	hear(t, "body");
	say(t, OK(2, "ok"));
	hear(c, OK(2, "ok"));
	close(t);
	recovers(c);
}

static void
test_slow_body(void **state)
{
	int c, t;

	(void)state;
	stage_open(1);
	stage.service.idle_usec = SOON;
	stage_table();
	sent_get(&c, &t);
	say(t, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc");
	hear(c, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc");
	hear_break(c);
	hear_end(t);
	assert_int_equal(whys(WHY_UPSTREAM_SLOW_BODY), 1);
	close(c);
	close(t);
	stage_close();
}

static void
test_slow_taker(void **state)
{
	char junk[65536] = { 0 };
	int c, t;

	(void)state;
	stage_open(1);
	stage.service.idle_usec = SOON;
	stage_table();
	sent_to(&c, &t, "POST / HTTP/1.1\r\nHost: a.example\r\nContent-Length: 100000000\r\n\r\n",
	    "POST / HTTP/1.1\r\nHost: a.example\r\nContent-Length: 100000000\r\n" FORWARDED "\r\n");
	while (whys(WHY_UPSTREAM_SLOW_READ) == 0) {
		if (send(c, junk, sizeof junk, MSG_NOSIGNAL) < 0 && errno != EAGAIN)
			break;
		stage_turn();
	}
	hear_why(c, 504, WHY_UPSTREAM_SLOW_READ);
	close(c);
	close(t);
	stage_close();
}

/* What a task may say that nobody can pass on, and what the client hears. */
static void
test_nonsense(void **state)
{
	static const struct {
		const char *said;
		const struct why *const *why;
	} cases[] = {
		{ "220 smtp.example ready\r\n\r\n", &WHY_UPSTREAM_BAD_HEAD },
		{ "HTTP/1.1 200 OK\nContent-Length: 0\n X: y\n\n", &WHY_UPSTREAM_BAD_HEAD },
		{ "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", &WHY_UPSTREAM_BAD_HEAD },
		{ "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", &WHY_UPSTREAM_BAD_HEAD },
		{ "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n", &WHY_UPSTREAM_BAD_HEAD },
		{ "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", &WHY_UPSTREAM_BAD_BODY },
	};
	int c, t;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		stage_open(1);
		sent_get(&c, &t);
		say(t, cases[i].said);
		hear_why(c, 502, *cases[i].why);
		hear_end(t);
		close(t);
		recovers(c);
	}
}

static void
test_large_head(void **state)
{
	char line[1000];
	int c, t;

	(void)state;
	memset(line, 'x', sizeof line);
	memcpy(line, "A: ", 3);
	memcpy(line + sizeof line - 3, "\r\n", 3);
	stage_open(1);
	sent_get(&c, &t);
	say(t, "HTTP/1.1 200 OK\r\n");
	for (int i = 0; i < 66; i++)
		say(t, line);
	hear_why(c, 502, WHY_UPSTREAM_HEAD_LARGE);
	close(t);
	recovers(c);
}

/* Once the answer has begun, the client must see that it is not whole. */
static void
test_broken_off(void **state)
{
	static const char *const begun[] = {
		"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
	};
	int c, t;

	(void)state;
	for (int i = 0; i < 2; i++) {
		stage_open(1);
		sent_get(&c, &t);
		say(t, begun[i]);
		hear(c, begun[i]);
		close(t);
		hear_break(c);
		assert_int_equal(whys(WHY_UPSTREAM_GONE), 1);
		close(c);
		stage_close();
	}
}

static void
test_bad_chunk_later(void **state)
{
	int c, t;

	(void)state;
	stage_open(1);
	sent_get(&c, &t);
	say(t, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
	hear(c, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
	say(t, "junk\r\n");
	hear_break(c);
	hear_end(t);
	assert_int_equal(whys(WHY_UPSTREAM_BAD_BODY), 1);
	close(c);
	close(t);
	stage_close();
}

/* A reset is no end: what was read until then must not look complete. */
static void
test_reset_until_close(void **state)
{
	int c, t;

	(void)state;
	stage_open(1);
	sent_get(&c, &t);
	say(t, "HTTP/1.1 200 OK\r\n\r\nabc");
	hear(c, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nabc");
	hang_up(t);
	hear_break(c);
	close(c);
	stage_close();
}

static void
test_no_answer(void **state)
{
	int c, t;

	(void)state;
	stage_open(1);
	sent_get(&c, &t);
	close(t);
	hear_why(c, 502, WHY_UPSTREAM_GONE);
	assert_int_equal(inflight(), 0);
	recovers(c);
}

static void
test_unasked_bytes(void **state)
{
	int c, t, u;

	(void)state;
	stage_open(1);
	sent_get(&c, &t);
	say(t, OK(2, "ok") "HTTP/1.1 200 Extra\r\n\r\n");
	hear(c, OK(2, "ok"));
	hear_end(t);
	say(c, GET("/"));
	u = answer_call(0);
	hear(u, GOT("/"));
	say(u, OK(2, "ok"));
	hear(c, OK(2, "ok"));
	say(u, "later");
	WAIT_UNTIL(whys(WHY_UPSTREAM_EARLY) == 1);
	close(t);
	close(u);
	recovers(c);
}

/* Bytes that nobody asked for come in the same turn as the next request: they are not its response. */
static void
test_unasked_bytes_in_turn(void **state)
{
	int c, t;

	(void)state;
	stage_open(1);
	sent_get(&c, &t);
	for (int i = 0; i < 10; i++) {
		int u;
		say(t, OK(2, "ok"));
		hear(c, OK(2, "ok"));
		say(t, OK(4, "evil"));		/* the proxy does not run between these two */
		say(c, GET("/"));
		u = answer_call(0);
		hear(u, GOT("/"));
		close(t);
		t = u;
	}
	assert_int_equal(whys(WHY_UPSTREAM_EARLY), 10);
	say(t, OK(2, "ok"));
	hear(c, OK(2, "ok"));
	close(t);
	recovers(c);
}

/* ---- a connection that died idle ---- */

#define POST	"POST / HTTP/1.1\r\nHost: a.example\r\nContent-Length: 1\r\n\r\nx"
#define POSTED	"POST / HTTP/1.1\r\nHost: a.example\r\nContent-Length: 1\r\n" FORWARDED "\r\nx"

static void
pass(int64_t usec)
{
	int64_t until = clock_mono_usec() + usec;

	WAIT_UNTIL(clock_mono_usec() >= until);
}

/* What cannot be sent twice goes on a connection that is fresh enough, or on a new one; what can, on any. */
static void
test_careful(void **state)
{
	int c, t, u;

	(void)state;
	stage_open(1);
	sent_get(&c, &t);
	say(t, OK(2, "ok"));
	hear(c, OK(2, "ok"));
	pass(3 * SOON);				/* nobody knows how long the task keeps it */
	exchange(c, t);
	pass(3 * SOON);
	say(c, POST);
	u = answer_call(0);
	hear(u, POSTED);
	say(u, OK(2, "ok"));
	hear(c, OK(2, "ok"));
	close(u);
	close(t);
	recovers(c);
}

/* The task says how long it keeps the connection: we close before that. */
static void
test_keep_alive_timeout(void **state)
{
	int64_t began;
	int c, t;

	(void)state;
	stage_open(1);
	sent_get(&c, &t);
	say(t, "HTTP/1.1 200 OK\r\nKeep-Alive: max=100, timeout=1\r\nContent-Length: 0\r\n\r\n");
	hear(c, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
	began = clock_mono_usec();
	hear_end(t);
	assert_between(clock_mono_usec() - began, 800 * MSEC, 9 * PATIENCE / 10);
	close(t);
	say(c, GET("/"));			/* and it is safe for half of that time: longer than when nobody says */
	t = answer_call(0);
	hear(t, GOT("/"));
	say(t, "HTTP/1.1 200 OK\r\nKeep-Alive: timeout=30\r\nContent-Length: 2\r\n\r\nok");
	hear(c, OK(2, "ok"));
	pass(4 * SOON);
	say(c, POST);
	hear(t, POSTED);
	say(t, OK(2, "ok"));
	hear(c, OK(2, "ok"));
	close(t);
	recovers(c);
}

/* It does not say, but it was seen: the next ones are closed by us, sooner. */
static void
test_closing_learnt(void **state)
{
	int c, t;

	(void)state;
	stage_open(1);
	sent_get(&c, &t);
	say(t, OK(2, "ok"));
	hear(c, OK(2, "ok"));
	pass(4 * SOON);
	close(t);
	WAIT_UNTIL(whys(WHY_UPSTREAM_IDLE) == 1);
	say(c, GET("/"));
	t = answer_call(0);
	hear(t, GOT("/"));
	say(t, OK(2, "ok"));
	hear(c, OK(2, "ok"));
	hear_end(t);				/* PATIENCE would have been the time without it */
	close(t);
	recovers(c);
}

/* A first exchange leaves the task's connection idle. */
static void
warmed_up(int *c, int *t)
{
	sent_get(c, t);
	say(*t, OK(2, "ok"));
	hear(*c, OK(2, "ok"));
}

static void
test_stale_idempotent(void **state)
{
	int c, t;

	(void)state;
	stage_open(1);
	warmed_up(&c, &t);
	say(c, GET("/again"));
	hear(t, GOT("/again"));
	close(t);
	t = answer_call(0);
	hear(t, GOT("/again"));
	assert_int_equal(inflight(), 1);
	say(t, OK(2, "ok"));
	hear(c, OK(2, "ok"));
	assert_int_equal(whys(WHY_UPSTREAM_GONE), 0);
	close(t);
	recovers(c);
}

/* Once is enough, and a fresh connection is no stale one. */
static void
test_stale_twice(void **state)
{
	int c, t;

	(void)state;
	stage_open(1);
	warmed_up(&c, &t);
	say(c, GET("/again"));
	hear(t, GOT("/again"));
	close(t);
	t = answer_call(0);
	hear(t, GOT("/again"));
	close(t);
	hear_why(c, 502, WHY_UPSTREAM_GONE);
	recovers(c);
}

/* A POST may have been done: it is not repeated. */
static void
test_stale_post(void **state)
{
	int c, t;

	(void)state;
	stage_open(1);
	warmed_up(&c, &t);
	say(c, "POST / HTTP/1.1\r\nHost: a.example\r\nContent-Length: 1\r\n\r\nx");
	hear(t, "POST / HTTP/1.1\r\nHost: a.example\r\nContent-Length: 1\r\n" FORWARDED "\r\nx");
	close(t);
	hear_why(c, 502, WHY_UPSTREAM_GONE);
	recovers(c);
}

static void
test_stale_before_writing(void **state)
{
	int c, t;

	(void)state;
	stage_open(1);
	warmed_up(&c, &t);
	say(c, "POST / HTTP/1.1\r\nHost: a.example\r\nContent-Length: 1\r\n\r\nx");
	hang_up(t);			/* both in the proxy's next turn */
	t = answer_call(0);
	hear(t, "POST / HTTP/1.1\r\nHost: a.example\r\nContent-Length: 1\r\n" FORWARDED "\r\nx");
	say(t, OK(2, "ok"));
	hear(c, OK(2, "ok"));
	close(t);
	recovers(c);
}

/* ---- the client ---- */

static void
test_bad_requests(void **state)
{
	static const struct {
		const char *said;
		int status;
		const struct why *const *why;
	} cases[] = {
		{ "GET / HTTP/1.1\r\n\r\n", 400, &WHY_BAD_HOST },
		{ "GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505, &WHY_BAD_VERSION },
		{ "GET / HTTP/1.1\r\nHost : a\r\n\r\n", 400, &WHY_BAD_FIELD },
		{ "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400, &WHY_BAD_LENGTH },
		{ "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", 501, &WHY_BAD_CODING },
		{ "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nq\r\n", 400, &WHY_BAD_CHUNK },
		{ "CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n", 501, &WHY_METHOD_REFUSED },
		{ "GET / HTTP/1.1\r\nHost: a\r\nExpect: miracles\r\n\r\n", 417, &WHY_BAD_EXPECT },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		int c;
		stage_open(1);
		c = dial();
		say(c, cases[i].said);
		hear_why(c, cases[i].status, *cases[i].why);
		hear_end(c);
		assert_true(nobody_calls(0));
		close(c);
		stage_close();
	}
}

static void
test_large_request_head(void **state)
{
	int c;

	(void)state;
	stage_open(1);
	c = dial();
	say(c, "GET /");
	for (int i = 0; i < 3300; i++)
		say(c, "abcdefghij");
	hear_why(c, 431, WHY_HEAD_TOO_LARGE);
	hear_end(c);
	close(c);
	stage_close();
}

/* `n` fields that stay, each between two that go: as many pieces as a head can make. */
static struct buf
scattered(const char *line, int n, bool all)
{
	struct buf b;

	buf_init(&b, 65536);
	buf_printf(&b, "%s\r\nHost: a.example\r\n", line);
	for (int i = 0; i < n; i++)
		buf_printf(&b, "%sA%d: b\r\n", all ? "TE: x\r\n" : "", i);
	return b;
}

static void
test_scattered_head(void **state)
{
	struct buf ask = scattered("GET / HTTP/1.1", 49, true), asked = scattered("GET / HTTP/1.1", 49, false);
	int c, t;

	(void)state;
	stage_open(1);
	buf_adds(&ask, STR("\r\n"));
	buf_adds(&asked, STR(FORWARDED "\r\n\0"));
	c = dial();
	say_bytes(c, ask.p, ask.len);
	t = answer_call(0);
	hear(t, asked.p);
	buf_fini(&ask);
	buf_fini(&asked);
	hang_up(c);

	close(t);

	/* more than go out in one call, and the last of them a body that came along */
	ask = scattered("POST http://a.example/ HTTP/1.1", 120, true);
	asked = scattered("POST / HTTP/1.1", 120, false);
	buf_adds(&ask, STR("Content-Length: 4\r\n\r\nbody"));
	buf_adds(&asked, STR("Content-Length: 4\r\n" FORWARDED "\r\nbody\0"));
	c = dial();
	say_bytes(c, ask.p, ask.len);
	t = answer_call(0);
	hear(t, asked.p);
	buf_fini(&ask);
	buf_fini(&asked);
	hang_up(c);
	close(t);

	ask = scattered("GET / HTTP/1.1", 128, true);
	buf_adds(&ask, STR("\r\n"));
	c = dial();
	say_bytes(c, ask.p, ask.len);
	hear_why(c, 431, WHY_TOO_MANY_FIELDS);
	buf_fini(&ask);
	close(c);
	stage_close();
}

static void
test_bad_chunk_upwards(void **state)
{
	int c, t;

	(void)state;
	stage_open(1);
	sent_to(&c, &t, "POST / HTTP/1.1\r\nHost: a.example\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n",
	    "POST / HTTP/1.1\r\nHost: a.example\r\nTransfer-Encoding: chunked\r\n" FORWARDED "\r\n1\r\na\r\n");
	say(c, "nonsense\r\n");
	hear_why(c, 400, WHY_BAD_CHUNK);
	hear_end(c);
	hear_end(t);
	close(c);
	close(t);
	stage_close();
}

static void
test_slow_request_head(void **state)
{
	int c, silent;

	(void)state;
	stage_open(1);
	stage.conf.client_head_usec = SOON;
	stage.conf.client_idle_usec = 2 * SOON;
	proxy_reconf(stage.proxy, &stage.conf);
	c = dial();
	silent = dial();
	say(c, "GET / HT");
	hear_why(c, 408, WHY_CLIENT_SLOW_HEAD);
	hear_end(c);
	hear_end(silent);
	assert_int_equal(whys(WHY_CLIENT_IDLE), 1);
	close(c);
	close(silent);
	stage_close();
}

static void
test_slow_request_body(void **state)
{
	int c, t;

	(void)state;
	stage_open(1);
	stage.conf.client_body_usec = SOON;
	proxy_reconf(stage.proxy, &stage.conf);
	sent_to(&c, &t, "POST / HTTP/1.1\r\nHost: a.example\r\nContent-Length: 10\r\n\r\nabc",
	    "POST / HTTP/1.1\r\nHost: a.example\r\nContent-Length: 10\r\n" FORWARDED "\r\nabc");
	hear_why(c, 408, WHY_CLIENT_SLOW_BODY);
	hear_end(c);
	hear_end(t);
	close(c);
	close(t);
	stage_close();
}

/* Never silent for long, and never done: the stall time-out does not see it. */
static void
test_dripping_body(void **state)
{
	int c, t;

	(void)state;
	stage_open(1);
	stage.conf.client_min_rate = 1000000;
	stage.conf.client_grace_usec = SOON;
	proxy_reconf(stage.proxy, &stage.conf);
	sent_to(&c, &t, "POST / HTTP/1.1\r\nHost: a.example\r\nContent-Length: 1000000\r\n\r\nabc",
	    "POST / HTTP/1.1\r\nHost: a.example\r\nContent-Length: 1000000\r\n" FORWARDED "\r\nabc");
	while (whys(WHY_CLIENT_SLOW_RATE) == 0 && send(c, "x", 1, MSG_NOSIGNAL) == 1)
		stage_turn();
	hear_why(c, 408, WHY_CLIENT_SLOW_RATE);
	assert_int_equal(whys(WHY_CLIENT_SLOW_BODY), 0);
	close(c);
	close(t);
	stage_close();
}

static void
test_dripping_head(void **state)
{
	int c;

	(void)state;
	stage_open(1);
	stage.conf.client_min_rate = 1000000;
	stage.conf.client_grace_usec = SOON;
	proxy_reconf(stage.proxy, &stage.conf);
	c = dial();
	say(c, "GET / HTTP/1.1\r\nX: ");
	while (whys(WHY_CLIENT_SLOW_RATE) == 0 && send(c, "x", 1, MSG_NOSIGNAL) == 1)
		stage_turn();
	hear_why(c, 408, WHY_CLIENT_SLOW_RATE);
	close(c);
	stage_close();
}

/* It is the task that the body waits for: that is not the client's slowness. */
static void
test_slow_task_is_no_slow_client(void **state)
{
	static char body[8 << 20];
	int64_t began;
	size_t at = 0;
	ssize_t n;
	int c, t;

	(void)state;
	stage_open(1);
	stage.conf.client_min_rate = 1000000;
	stage.conf.client_grace_usec = 4 * SOON;
	proxy_reconf(stage.proxy, &stage.conf);
	c = dial();
	say(c, "POST / HTTP/1.1\r\nHost: a.example\r\nContent-Length: 8388608\r\n\r\n");
	t = answer_call(0);
	began = clock_mono_usec();
	while (clock_mono_usec() < began + 6 * SOON) {		/* as much as everybody's buffers hold */
		if (at < sizeof body && (n = send(c, body + at, sizeof body - at, MSG_NOSIGNAL)) > 0)
			at += (size_t)n;
		stage_turn();
	}
	assert_int_equal(whys(WHY_CLIENT_SLOW_RATE), 0);
	close(c);
	close(t);
	stage_close();
}

static void
test_request_that_takes_too_long(void **state)
{
	int c, t;

	(void)state;
	stage_open(1);
	stage.conf.client_request_usec = 4 * SOON;
	proxy_reconf(stage.proxy, &stage.conf);
	sent_to(&c, &t, "POST / HTTP/1.1\r\nHost: a.example\r\nContent-Length: 1000000\r\n\r\nabc",
	    "POST / HTTP/1.1\r\nHost: a.example\r\nContent-Length: 1000000\r\n" FORWARDED "\r\nabc");
	while (whys(WHY_CLIENT_LONG_REQUEST) == 0 && send(c, "x", 1, MSG_NOSIGNAL) == 1)
		stage_turn();
	hear_why(c, 408, WHY_CLIENT_LONG_REQUEST);
	close(c);
	close(t);
	stage_close();
}

static void
test_slow_reader(void **state)
{
	char junk[65536] = { 0 };
	int c, t;

	(void)state;
	stage_open(1);
	stage.conf.client_write_usec = SOON;
	proxy_reconf(stage.proxy, &stage.conf);
	sent_get(&c, &t);
	say(t, "HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n");
	while (whys(WHY_CLIENT_SLOW_READ) == 0) {
		if (send(t, junk, sizeof junk, MSG_NOSIGNAL) < 0 && errno != EAGAIN)
			break;
		stage_turn();
	}
	WAIT_UNTIL(whys(WHY_CLIENT_SLOW_READ) == 1);
	assert_int_equal(inflight(), 0);
	close(c);
	close(t);
	stage_close();
}

static void
test_client_breaks_off(void **state)
{
	int c, t;

	(void)state;
	stage_open(1);
	sent_get(&c, &t);
	hang_up(c);
	hear_end(t);
	WAIT_UNTIL(inflight() == 0);
	close(t);

	sent_get(&c, &t);
	say(t, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc");
	hear(c, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc");
	hang_up(c);
	hear_end(t);
	close(t);

	sent_to(&c, &t, "POST / HTTP/1.1\r\nHost: a.example\r\nContent-Length: 10\r\n\r\nabc",
	    "POST / HTTP/1.1\r\nHost: a.example\r\nContent-Length: 10\r\n" FORWARDED "\r\nabc");
	close(c);			/* an ordinary end, but before the request's */
	hear_end(t);
	close(t);
	WAIT_UNTIL(whys(WHY_CLIENT_GONE) == 3);
	stage_close();
}

static void
test_tunnel_idle(void **state)
{
	int c, t;

	(void)state;
	stage_open(1);
	stage.service.tunnel_usec = SOON;
	stage_table();
	c = dial();
	say(c, "GET / HTTP/1.1\r\nHost: a.example\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n");
	t = answer_call(0);
	say(t, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n");
	hear(c, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n");
	hear_end(c);
	WAIT_UNTIL(whys(WHY_TUNNEL_IDLE) == 1);
	assert_int_equal(inflight(), 0);
	close(c);
	close(t);
	stage_close();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_route),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_refused_by_some),
		cmocka_unit_test(test_no_descriptors),
		cmocka_unit_test(test_other_address),
		cmocka_unit_test(test_silent_address),
		cmocka_unit_test(test_connect_timeout),
		cmocka_unit_test(test_client_leaves_while_connecting),
		cmocka_unit_test(test_slow_head),
		cmocka_unit_test(test_slow_continue),
		cmocka_unit_test(test_late_continue),
		cmocka_unit_test(test_slow_body),
		cmocka_unit_test(test_slow_taker),
		cmocka_unit_test(test_nonsense),
		cmocka_unit_test(test_large_head),
		cmocka_unit_test(test_broken_off),
		cmocka_unit_test(test_bad_chunk_later),
		cmocka_unit_test(test_reset_until_close),
		cmocka_unit_test(test_no_answer),
		cmocka_unit_test(test_unasked_bytes),
		cmocka_unit_test(test_unasked_bytes_in_turn),
		cmocka_unit_test(test_careful),
		cmocka_unit_test(test_keep_alive_timeout),
		cmocka_unit_test(test_closing_learnt),
		cmocka_unit_test(test_stale_idempotent),
		cmocka_unit_test(test_stale_twice),
		cmocka_unit_test(test_stale_post),
		cmocka_unit_test(test_stale_before_writing),
		cmocka_unit_test(test_bad_requests),
		cmocka_unit_test(test_large_request_head),
		cmocka_unit_test(test_scattered_head),
		cmocka_unit_test(test_bad_chunk_upwards),
		cmocka_unit_test(test_slow_request_head),
		cmocka_unit_test(test_slow_request_body),
		cmocka_unit_test(test_dripping_body),
		cmocka_unit_test(test_dripping_head),
		cmocka_unit_test(test_slow_task_is_no_slow_client),
		cmocka_unit_test(test_request_that_takes_too_long),
		cmocka_unit_test(test_slow_reader),
		cmocka_unit_test(test_client_breaks_off),
		cmocka_unit_test(test_tunnel_idle),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
