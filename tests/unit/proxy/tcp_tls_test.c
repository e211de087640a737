/*
 * Connections whose TLS ends here: tasks get what was in it, and what ends or breaks on one side looks the same on the other.
 */
#include "caller.h"

/* A stage whose service gets the connections of "front", by name or all of them. */
static void
open_for(int norigins, const char *server, bool listener_tls)
{
	stage_open(norigins);
	stage.conf.tls_min_version = 12;
	stage.conf.nlisteners = 1;
	stage.conf.listener[0] = proxy_listener_of(&stage.front);
	strcpy(stage.conf.listener[0].name, "front");
	stage.conf.listener[0].tls = listener_tls;
	proxy_reconf(stage.proxy, &stage.conf);
	stage.server = server;
	stage.ends_tls = true;
	stage.service.kind = SERVICE_TCP;
	stage_table();
	publish(CERTS, NULL);
}

/* A client whose socket can be ended below its TLS. */
static int
meet(struct caller *c, const char *name)
{
	int fd = dial();

	caller_meet_on(c, fd, name);
	return fd;
}

static void
caller_ends(struct caller *c)
{
	WAIT_UNTIL((caller_reads(c), c->last == IO_EOF || c->last == IO_FAIL));
	assert_int_equal(c->last, IO_EOF);
	assert_int_equal(c->len, 0);
}

/* The client ends first. One that closes with tickets unread would break the connection off. */
static void
leave(struct caller *c, int t)
{
	WAIT_UNTIL(stream_shut(&c->s) == IO_DONE);
	hear_end(t);
	close(t);
	caller_ends(c);
	caller_close(c);
}

static void
both_ways(void **state)
{
	struct live_relayed sum;
	struct caller c;
	int t;

	(void)state;
	open_for(1, "", false);
	caller_meet(&c, "web.test");
	assert_int_equal(stream_protocol(&c.s).len, 0);	/* what it offers is not looked at */
	caller_say(&c, "PING\r\n");
	t = answer_call(0);
	hear(t, "PING\r\n");
	say(t, "+PONG\r\n");
	caller_hear(&c, "+PONG\r\n");
	assert_int_equal(inflight(), 1);
	WAIT_UNTIL(stream_shut(&c.s) == IO_DONE);
	hear_end(t);
	say(t, "one way is still open");
	caller_hear(&c, "one way is still open");
	close(t);
	caller_ends(&c);
	WAIT_UNTIL(inflight() == 0);
	assert_int_equal(whys(WHY_TUNNEL_CLOSED), 1);
	sum = live_relayed_total(stage.live);
	assert_int_equal(sum.connections, 1);
	assert_int_equal(sum.received, 6);		/* of what was in it */
	assert_int_equal(sum.sent, 28);
	caller_close(&c);
	stage_close();
}

static void
much(void **state)
{
	size_t n = 3 << 20, sent = 0, got = 0, put;
	char *bytes = must_zalloc(n), back[65536];
	struct caller c;
	ssize_t r;
	int t;

	(void)state;
	for (size_t i = 0; i < n; i++)
		bytes[i] = (char)(i * 7 + i / 1000);
	open_for(1, "", false);
	caller_meet(&c, "web.test");
	t = answer_call(0);
	while (got < n) {			/* up */
		struct iovec v = { bytes + sent, n - sent < 100000 ? n - sent : 100000 };
		if (sent < n && stream_writev(&c.s, &v, 1, &put) == IO_DONE)
			sent += put;
		stage_turn();
		if ((r = recv(t, back, sizeof back, 0)) > 0) {
			assert_memory_equal(back, bytes + got, (size_t)r);
			got += (size_t)r;
		}
	}
	for (sent = got = 0; got < n;) {	/* and down */
		if (sent < n && (r = send(t, bytes + sent, n - sent, MSG_NOSIGNAL)) > 0)
			sent += (size_t)r;
		stage_turn();
		if (stream_read(&c.s, back, sizeof back, &put) == IO_DONE) {
			assert_memory_equal(back, bytes + got, put);
			got += put;
		}
	}
	leave(&c, t);
	WAIT_UNTIL(inflight() == 0);
	free(bytes);
	stage_close();
}

/* Bytes may be missing: the task must not take what it has for the whole. */
static void
a_cut_is_a_break(void **state)
{
	struct live_task task;
	struct caller c;
	int fd, t;

	(void)state;
	open_for(1, "", false);
	fd = meet(&c, "web.test");
	caller_say(&c, "the first half");
	t = answer_call(0);
	hear(t, "the first half");
	shutdown(fd, SHUT_WR);
	hear_break(t);
	close(t);
	assert_int_equal(whys(WHY_CLIENT_GONE), 1);
	live_task_read(stage.live, 0, &task);
	assert_int_equal(task.failures, 0);
	caller_close(&c);
	fd = meet(&c, "web.test");		/* the task was done */
	t = answer_call(0);
	say(t, "bye");
	close(t);
	caller_hear(&c, "bye");
	caller_ends(&c);
	shutdown(fd, SHUT_WR);
	WAIT_UNTIL(inflight() == 0);
	assert_int_equal(whys(WHY_TUNNEL_CLOSED), 1);
	assert_int_equal(whys(WHY_CLIENT_GONE), 1);
	caller_close(&c);
	meet(&c, "web.test");			/* and a break of the task's is the client's */
	t = answer_call(0);
	say(t, "half");
	caller_hear(&c, "half");
	hang_up(t);
	WAIT_UNTIL((caller_reads(&c), c.last == IO_FAIL || c.last == IO_EOF));
	assert_int_equal(c.last, IO_FAIL);
	caller_close(&c);
	stage_close();
}

static void
an_idle_one_ends_in_order(void **state)
{
	struct caller c;
	int t;

	(void)state;
	open_for(1, "", false);
	stage.service.tunnel_usec = 50 * MSEC;
	stage_table();
	caller_meet(&c, "web.test");
	t = answer_call(0);
	caller_ends(&c);
	hear_end(t);
	assert_int_equal(whys(WHY_TUNNEL_IDLE), 1);
	caller_close(&c);
	close(t);
	stage_close();
}

static void
another_task(void **state)
{
	struct caller c;
	int t;

	(void)state;
	open_for(2, "", false);
	close(stage.origin[0]);
	stage.origin[0] = -1;
	for (int i = 0; i < 2; i++) {
		caller_meet(&c, "web.test");
		caller_say(&c, "x");
		t = answer_call(1);
		hear(t, "x");
		leave(&c, t);
	}
	WAIT_UNTIL(inflight() == 0);
	stage_close();
}

static void
what_is_no_tls_gets_nothing(void **state)
{
	struct caller c;
	enum io_result res;
	int plain;

	(void)state;
	open_for(1, "", false);
	plain = dial();
	say(plain, "PING\r\n");
	hear_break(plain);			/* with bytes that nobody has read, and no response of HTTP */
	assert_int_equal(whys(WHY_TLS_PLAIN), 1);
	close(plain);
	caller_open(&c, "nobody.test", false);
	WAIT_UNTIL((res = stream_connected(&c.s)) != IO_AGAIN);
	assert_int_equal(res, IO_FAIL);
	WAIT_UNTIL(whys(WHY_TLS_NO_CERT) == 1);
	caller_close(&c);
	assert_true(nobody_calls(0));
	stage_close();
}

static void
slow_ones(void **state)
{
	struct caller c;
	int d;

	(void)state;
	open_for(1, "", false);
	stage.conf.client_head_usec = 50 * MSEC;
	proxy_reconf(stage.proxy, &stage.conf);
	d = dial();
	say_bytes(d, "\x16\3\1\0\x49\1\0\0\x45\3\3", 11);
	hear_break(d);
	close(d);
	assert_int_equal(whys(WHY_HELLO_SLOW), 1);
	d = dial();
	hear_end(d);
	close(d);
	assert_int_equal(whys(WHY_CLIENT_IDLE), 1);
	caller_open(&c, "web.test", false);
	assert_int_equal(stream_connected(&c.s), IO_AGAIN);	/* its first message, and no other */
	WAIT_UNTIL(whys(WHY_TLS_SLOW) == 1);
	caller_close(&c);
	assert_true(nobody_calls(0));
	stage_close();
}

/* Names that it does not have are the listener's. */
static void
by_name_beside_https(void **state)
{
	struct caller c;
	int t;

	(void)state;
	open_for(1, "web.test", true);
	caller_meet(&c, "Web.test");
	caller_say(&c, "GET / HTTP/1.1\r\n\r\n");
	t = answer_call(0);
	hear(t, "GET / HTTP/1.1\r\n\r\n");
	leave(&c, t);
	caller_meet(&c, "other.test");
	assert_true(str_eq(stream_protocol(&c.s), STR("http/1.1")));
	caller_say(&c, "GET / HTTP/1.1\r\nHost: other.test\r\n\r\n");
	caller_hear(&c, "HTTP/1.1 404 ");
	caller_close(&c);
	stage_close();
}

static void
protocols(void **state)
{
	struct caller c;
	enum io_result res;
	int t;

	(void)state;
	open_for(1, "", false);
	stage.alpn = "h2,http/1.1";
	stage_table();
	caller_meet(&c, "web.test");
	assert_true(str_eq(stream_protocol(&c.s), STR("http/1.1")));
	t = answer_call(0);
	leave(&c, t);
	stage.alpn = "postgresql";
	stage_table();
	caller_open(&c, "web.test", false);
	WAIT_UNTIL((res = stream_connected(&c.s)) != IO_AGAIN);
	assert_int_equal(res, IO_FAIL);
	WAIT_UNTIL(whys(WHY_TLS_NO_SHARED) == 1);
	caller_close(&c);
	stage_close();
}

/* The service has gone, or is passed through now, while the handshake was under way. */
static void
another_table_meanwhile(void **state)
{
	struct caller c;
	enum io_result res;

	(void)state;
	for (int round = 0; round < 2; round++) {
		open_for(1, "", false);
		caller_open(&c, "web.test", false);
		assert_int_equal(stream_connected(&c.s), IO_AGAIN);
		for (int i = 0; i < 5; i++)
			stage_turn();
		stage.server = round == 0 ? NULL : "";
		stage.ends_tls = false;
		stage_table();
		WAIT_UNTIL((res = stream_connected(&c.s)) != IO_AGAIN);
		assert_int_equal(res, IO_DONE);
		caller_ends(&c);
		assert_int_equal(whys(round == 0 ? WHY_NO_ROUTE : WHY_NO_RELAY), 1);
		assert_true(nobody_calls(0));
		caller_close(&c);
		stage_close();
	}
}

static void
emptied(void *arg)
{
	(void)arg;
	stage.drained++;
}

/* One that is relayed runs out; one whose handshake is under way ends. */
static void
a_drain(void **state)
{
	struct caller c, late;
	int t;

	(void)state;
	open_for(1, "", false);
	caller_meet(&c, "web.test");
	caller_say(&c, "x");
	t = answer_call(0);
	hear(t, "x");
	caller_open(&late, "web.test", false);
	assert_int_equal(stream_connected(&late.s), IO_AGAIN);
	for (int i = 0; i < 5; i++)
		stage_turn();
	proxy_drain(stage.proxy, emptied, NULL);
	for (int i = 0; i < 5; i++)
		stage_turn();
	say(t, "still here");
	caller_hear(&c, "still here");
	assert_int_equal(stage.drained, 0);
	caller_close(&late);
	leave(&c, t);
	WAIT_UNTIL(stage.drained == 1);
	stage_close();
	open_for(1, "", false);			/* and a stop in the middle */
	caller_meet(&c, "web.test");
	caller_say(&c, "half of it");
	t = answer_call(0);
	hear(t, "half of it");
	proxy_free(&stage.proxy);
	hear_break(t);
	close(t);
	stage.proxy = proxy_new(stage.loop, &stage.conf);
	caller_close(&c);
	stage_close();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_ways),
		cmocka_unit_test(much),
		cmocka_unit_test(a_cut_is_a_break),
		cmocka_unit_test(an_idle_one_ends_in_order),
		cmocka_unit_test(another_task),
		cmocka_unit_test(what_is_no_tls_gets_nothing),
		cmocka_unit_test(slow_ones),
		cmocka_unit_test(by_name_beside_https),
		cmocka_unit_test(protocols),
		cmocka_unit_test(another_table_meanwhile),
		cmocka_unit_test(a_drain),
	};

	tls_init();
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
