/*
 * Connections that are relayed as they are: to whom, what they begin with, how they end, and what is counted.
 */
#include "stage.h"

/* A ClientHello that names a.example.org, but for its random bytes. */
#define HELLO \
	"\x16\3\1\0\x49\1\0\0\x45\3\3" "0123456789abcdef0123456789abcdef" "\0\0\2\x13\1\1\0\0\x1a" \
	"\0\0\0\x12\0\x10\0\0\x0d" "a.example.org" "\0\x17\0\0"
#define HELLO_BYTES 78
#define ALERT_NAME "\x15\3\1\0\2\2\x70"
#define ALERT_DENIED "\x15\3\1\0\2\2\x31"

/* A stage whose listener is named "front", and whose service gets its connections. */
static void
open_for(int norigins, const char *server)
{
	stage_open(norigins);
	stage.conf.listener[0] = proxy_listener_of(&stage.front);
	strcpy(stage.conf.listener[0].name, "front");
	stage.conf.nlisteners = 1;
	proxy_reconf(stage.proxy, &stage.conf);
	stage.server = server;
	stage.service.kind = SERVICE_TCP;
	stage_table();
}

static void
test_both_ways(void **state)
{
	struct live_relayed sum;
	int c, t;

	(void)state;
	open_for(1, "");
	c = dial();
	t = answer_call(0);		/* the server may be the first to speak */
	say(t, "220 hello\r\n");
	hear(c, "220 hello\r\n");
	say(c, "GET / HTTP/1.1\r\n\r\n");
	hear(t, "GET / HTTP/1.1\r\n\r\n");
	assert_int_equal(inflight(), 1);
	shutdown(c, SHUT_WR);
	hear_end(t);
	say(t, "one way is still open");
	hear(c, "one way is still open");
	sum = live_relayed_total(stage.live);	/* under way, too */
	assert_int_equal(sum.received, 18);
	assert_int_equal(sum.sent, 32);
	assert_int_equal(sum.connections, 0);
	close(t);
	hear_end(c);
	WAIT_UNTIL(inflight() == 0);
	assert_int_equal(whys(WHY_TUNNEL_CLOSED), 1);
	sum = live_relayed_total(stage.live);
	assert_int_equal(sum.connections, 1);
	assert_int_equal(sum.sent, 32);
	close(c);
	stage_close();
}

/* What the client sends before a task is there arrives, whole. */
static void
test_much(void **state)
{
	char *bytes = must_alloc(1 << 20);
	int c, t;

	(void)state;
	for (int i = 0; i < 1 << 20; i++)
		bytes[i] = (char)(i * 7 + i / 1000);
	open_for(1, "");
	c = dial();
	say_bytes(c, bytes, 100000);
	t = answer_call(0);
	hear_bytes(t, bytes, 100000);
	for (int i = 0; i < 8; i++) {
		say_bytes(t, bytes + (i << 17), 1 << 17);
		hear_bytes(c, bytes + (i << 17), 1 << 17);
	}
	close(c);
	hear_end(t);
	close(t);
	WAIT_UNTIL(inflight() == 0);
	free(bytes);
	stage_close();
}

static void
test_another_task(void **state)
{
	int c, t;

	(void)state;
	open_for(3, "");
	close(stage.origin[0]);
	close(stage.origin[1]);
	stage.origin[0] = stage.origin[1] = -1;
	for (int i = 0; i < 3; i++) {
		c = dial();
		say(c, "x");
		t = answer_call(2);
		hear(t, "x");
		close(t);
		hear_end(c);
		close(c);
	}
	WAIT_UNTIL(inflight() == 0);
	assert_int_equal(whys(WHY_TUNNEL_CLOSED), 3);
	stage_close();
}

/* As of a request that no task has read: what it costs nothing to send to another task, no budget holds back. */
static void
test_another_task_costs_nothing(void **state)
{
	int c, t;

	(void)state;
	open_for(2, "");
	stage.service.retry_budget = 1;		/* 0: none are repeated */
	stage.service.eject_failures = OUTLIER_STRIKES;
	stage.service.eject_window_usec = PATIENCE;
	stage_table();
	close(stage.origin[0]);
	stage.origin[0] = -1;
	for (int i = 0; i < 60; i++) {
		c = dial();
		say(c, "x");
		t = answer_call(1);
		hear(t, "x");
		say(t, "y");
		hear(c, "y");
		close(t);
		hear_end(c);
		close(c);
		live_reset_task(stage.live, 0);	/* another one each time, as of a service that is updated */
	}
	WAIT_UNTIL(inflight() == 0);
	assert_int_equal(whys(WHY_TUNNEL_CLOSED), 60);
	assert_true(live_retries_total(stage.live, 1, RETRY_CONNECT) > 10);
	stage_close();
}

static void
test_no_task(void **state)
{
	static struct live_traffic t;
	int c;

	(void)state;
	open_for(2, "");
	close(stage.origin[0]);
	close(stage.origin[1]);
	stage.origin[0] = stage.origin[1] = -1;
	c = dial();
	hear_break(c);
	close(c);
	assert_int_equal(whys(WHY_CONNECT_REFUSED), 1);
	live_service_traffic(stage.live, 1, &t);
	assert_ptr_equal(t.cause[0].why, WHY_CONNECT_REFUSED);
	assert_int_equal(t.error[0], 1);		/* the connection failed once, and on each of both tasks */
	for (unsigned i = 0; i < 2; i++) {
		live_task_traffic(stage.live, i, &t);
		assert_int_equal(t.error[0], 1);
	}
	assert_int_equal(inflight(), 0);
	stage_close();
}

/* A break is passed on as one; who breaks off before it has sent anything has failed. */
static void
test_broken(void **state)
{
	struct live_task task;
	int c, t;

	(void)state;
	open_for(1, "");
	c = dial();
	say(c, "x");
	t = answer_call(0);
	hear(t, "x");
	hang_up(t);
	hear_break(c);
	close(c);
	assert_int_equal(whys(WHY_UPSTREAM_GONE), 1);
	live_task_read(stage.live, 0, &task);
	assert_int_equal(task.failures, 1);
	c = dial();
	t = answer_call(0);
	say(t, "y");
	hear(c, "y");
	hang_up(t);
	hear_break(c);
	close(c);
	assert_int_equal(whys(WHY_TUNNEL_CLOSED), 1);
	c = dial();
	t = answer_call(0);
	say(t, "y");
	hear(c, "y");
	hang_up(c);
	WAIT_UNTIL(inflight() == 0);
	hear_break(t);			/* what it has may not be all */
	close(t);
	assert_int_equal(whys(WHY_CLIENT_GONE), 1);
	live_task_read(stage.live, 0, &task);
	assert_int_equal(task.failures, 1);
	stage_close();
}

static void
test_client_leaves_early(void **state)
{
	int c;

	(void)state;
	open_for(1, "");
	stage.first = stage.origin_addr[0];		/* nobody accepts there: its queue is full */
	c = dial();
	WAIT_UNTIL(inflight() == 1);
	hang_up(c);
	WAIT_UNTIL(inflight() == 0);
	stage_close();
}

static void
test_idle(void **state)
{
	int c, t;

	(void)state;
	open_for(1, "");
	stage.service.tunnel_usec = 50 * MSEC;
	stage_table();
	c = dial();
	t = answer_call(0);
	say(c, "x");
	hear(t, "x");
	hear_end(c);
	hear_end(t);
	assert_int_equal(whys(WHY_TUNNEL_IDLE), 1);
	close(c);
	close(t);
	stage_close();
}

static void
test_stop(void **state)
{
	int c, t;

	(void)state;
	open_for(1, "");
	c = dial();
	t = answer_call(0);
	say(c, "x");
	hear(t, "x");
	stage_close();			/* with a connection under way */
	hear_break(c);
	close(c);
	close(t);
}

static void
emptied(void *arg)
{
	(void)arg;
	stage.drained++;
}

/* A connection runs out; the drain waits for it. */
static void
test_drain(void **state)
{
	int c, t;

	(void)state;
	open_for(1, "");
	c = dial();
	t = answer_call(0);
	proxy_drain(stage.proxy, emptied, NULL);
	for (int i = 0; i < 5; i++)
		stage_turn();
	say(c, "still here");
	hear(t, "still here");
	assert_int_equal(stage.drained, 0);
	close(t);
	hear_end(c);
	close(c);
	WAIT_UNTIL(stage.drained == 1);
	stage_close();
}

/* ---- PROXY headers ---- */

static void
test_header(void **state)
{
	char v1[120], v2[29] = "\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\x7f\0\0\1\x7f\0\0\1";
	struct addr a = { .len = sizeof a.sa };
	uint16_t here;
	int c, t;

	(void)state;
	open_for(1, "");
	here = ntohs(stage.front.sa.v4.sin_port);
	for (int v = PROXY_V1; v <= PROXY_V2; v++) {
		stage.service.proxy_version = (enum proxy_version)v;
		stage_table();
		c = dial();
		t = answer_call(0);
		say(c, "x");
		assert_int_equal(getsockname(c, &a.sa.any, &a.len), 0);
		if (v == PROXY_V1) {
			snprintf(v1, sizeof v1, "PROXY TCP4 127.0.0.1 127.0.0.1 %u %u\r\nx", ntohs(a.sa.v4.sin_port), here);
			hear(t, v1);
		} else {
			memcpy(v2 + 24, &a.sa.v4.sin_port, 2);
			memcpy(v2 + 26, &stage.front.sa.v4.sin_port, 2);
			v2[28] = 'x';
			hear_bytes(t, v2, sizeof v2);
		}
		close(c);
		hear_end(t);
		close(t);
	}
	WAIT_UNTIL(inflight() == 0);
	stage_close();
}

/* The client that a trusted proxy in front names is the client; one that it does not know is nobody. */
static void
test_header_through(void **state)
{
	char want[120];
	int c, t;

	(void)state;
	open_for(1, "");
	stage.conf.listener[0].proxy_protocol = true;
	assert_true(ip_net_parse(STR("127.0.0.1"), &stage.conf.trusted[0]));
	stage.conf.ntrusted = 1;
	proxy_reconf(stage.proxy, &stage.conf);
	stage.service.proxy_version = PROXY_V1;
	stage_table();
	c = dial();
	say_slowly(c, "PROXY TCP6 2001:db8::1 2001:db8::2 4711 443\r\nxy");
	t = answer_call(0);
	snprintf(want, sizeof want, "PROXY TCP6 2001:db8::1 ::ffff:127.0.0.1 4711 %u\r\nxy",
	    ntohs(stage.front.sa.v4.sin_port));
	hear(t, want);
	close(c);
	hear_end(t);
	close(t);
	c = dial();
	say(c, "PROXY UNKNOWN\r\nz");
	t = answer_call(0);
	hear(t, "PROXY UNKNOWN\r\nz");
	close(t);
	hear_end(c);
	close(c);
	WAIT_UNTIL(inflight() == 0);
	stage_close();
}

/* ---- by name ---- */

static void
test_named(void **state)
{
	int c, t;

	(void)state;
	open_for(1, "*.example.org");
	c = dial();
	for (int i = 0; i < HELLO_BYTES; i++) {
		say_bytes(c, HELLO + i, 1);
		stage_turn();
		assert_true(i == HELLO_BYTES - 1 || nobody_calls(0));
	}
	t = answer_call(0);
	hear_bytes(t, HELLO, HELLO_BYTES);
	say(t, "and back");
	hear(c, "and back");
	close(c);
	hear_end(t);
	close(t);
	WAIT_UNTIL(inflight() == 0);
	stage_close();
}

static void
test_other_name(void **state)
{
	int c;

	(void)state;
	open_for(1, "b.example.org");
	c = dial();
	say_bytes(c, HELLO, HELLO_BYTES);
	hear_bytes(c, ALERT_NAME, 7);
	hear_end(c);
	close(c);
	assert_int_equal(whys(WHY_NO_RELAY), 1);
	c = dial();					/* no TLS: the listener's own protocol */
	say(c, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
	hear_why(c, 404, WHY_NO_ROUTE);
	close(c);
	c = dial();
	say_bytes(c, "\x16\3\1\0\4\2\0\0\0", 9);	/* TLS, but no ClientHello */
	hear_bytes(c, "\x15\3\1\0\2\2\x32", 7);
	hear_end(c);
	close(c);
	assert_int_equal(whys(WHY_HELLO_BAD), 1);
	c = dial();
	say_bytes(c, HELLO, 20);
	shutdown(c, SHUT_WR);
	hear_break(c);
	close(c);
	assert_int_equal(whys(WHY_CLIENT_GONE), 1);
	assert_int_equal(inflight(), 0);
	assert_true(nobody_calls(0));
	stage_close();
}

static void
test_slow_hello(void **state)
{
	int c, d;

	(void)state;
	open_for(1, "b.example.org");
	stage.conf.client_head_usec = 50 * MSEC;
	proxy_reconf(stage.proxy, &stage.conf);
	c = dial();
	d = dial();
	say_bytes(c, HELLO, 20);
	hear_break(c);			/* with bytes that nobody has read */
	hear_end(d);
	close(c);
	close(d);
	assert_int_equal(whys(WHY_HELLO_SLOW), 1);
	assert_int_equal(whys(WHY_CLIENT_IDLE), 1);
	stage_close();
}

/* A table of three: a name, all else, and a name that is refused. */
static void
test_refused_and_rest(void **state)
{
	struct table_maker *m;
	struct table *tb;
	int c, t, fd;

	(void)state;
	open_for(1, "");
	stage.conf.client_head_usec = 50 * MSEC;
	proxy_reconf(stage.proxy, &stage.conf);
	m = table_maker_new(99);
	table_maker_node(m, &(struct table_node){ .name = table_maker_text(m, STR("n")) });
	stage.service.name = table_maker_text(m, STR("web"));
	table_maker_service(m, &stage.service);
	table_maker_task(m, &(struct table_task){ .name = table_maker_text(m, STR("web.1")), .addr = stage.origin_addr[0] });
	table_maker_tcp(m, &(struct table_tcp){ .listener = table_maker_text(m, STR("front")) });
	table_maker_tcp(m, &(struct table_tcp){ .listener = table_maker_text(m, STR("front")),
	    .host = table_maker_text(m, STR("a.example.org")), .service = TABLE_REFUSED });
	assert_null(table_maker_seal(m, &fd));
	table_maker_free(&m);
	assert_null(table_open(fd, &tb));
	proxy_set_table(stage.proxy, tb);
	table_unref(&tb);
	c = dial();
	say_bytes(c, HELLO, HELLO_BYTES);
	hear_bytes(c, ALERT_DENIED, 7);
	hear_end(c);
	close(c);
	assert_int_equal(whys(WHY_ROUTE_REFUSED), 1);
	c = dial();
	say(c, "SSH-2.0");
	t = answer_call(0);
	hear(t, "SSH-2.0");
	close(t);
	hear_end(c);
	close(c);
	c = dial();				/* it waits for the server: after the time for a hello it is the rest's */
	t = answer_call(0);
	say(t, "220");
	hear(c, "220");
	close(t);
	hear_end(c);
	close(c);
	WAIT_UNTIL(inflight() == 0);
	stage_close();
}

/* The listener goes while a connection waits on it, and while one is relayed. */
static void
test_unlisten(void **state)
{
	int c, d, t;

	(void)state;
	open_for(1, "a.example.org");
	c = dial();
	d = dial();
	say_bytes(d, HELLO, HELLO_BYTES);
	t = answer_call(0);
	hear_bytes(t, HELLO, HELLO_BYTES);
	say_bytes(c, HELLO, 10);
	WAIT_UNTIL(live_gauge_total(stage.live, LIVE_CLIENTS) == 2);
	proxy_unlisten(stage.proxy, &stage.front);
	stage_turn();
	say(t, "a");
	hear(d, "a");
	close(t);
	hear_end(d);
	close(d);
	say_bytes(c, HELLO + 10, HELLO_BYTES - 10);
	t = answer_call(0);
	hear_bytes(t, HELLO, HELLO_BYTES);
	close(c);
	hear_end(t);
	close(t);
	WAIT_UNTIL(inflight() == 0);
	stage_close();
}

/* A drain begins before the hello is whole: what came of it is no request. */
static void
test_drain_before_hello(void **state)
{
	int c;

	(void)state;
	open_for(1, "a.example.org");
	c = dial();
	say_bytes(c, HELLO, 10);
	WAIT_UNTIL(live_gauge_total(stage.live, LIVE_CLIENTS) == 1);
	proxy_drain(stage.proxy, emptied, NULL);
	WAIT_UNTIL(stage.drained == 1);
	hear_break(c);
	close(c);
	assert_int_equal(whys(WHY_STOPPING), 1);
	assert_int_equal(whys(WHY_BAD_REQUEST_LINE), 0);
	stage_close();
}

/* ---- health ---- */

static enum live_health
health(void)
{
	struct live_task t;

	live_task_read(stage.live, 0, &t);
	return t.health;
}

static void
test_health(void **state)
{
	int t;

	(void)state;
	open_for(1, "");
	stage.service.health_connect = true;
	stage.service.health_interval_usec = 10 * MSEC;
	stage.service.proxy_version = PROXY_V1;
	stage_table();
	t = answer_call(0);
	hear(t, "PROXY UNKNOWN\r\n");
	hear_end(t);
	close(t);
	WAIT_UNTIL(health() == HEALTH_UP);
	close(stage.origin[0]);
	WAIT_UNTIL(health() == HEALTH_DOWN);
	stage.service.health_connect = false;
	stage_table();
	WAIT_UNTIL(health() == HEALTH_UNKNOWN);
	stage.origin[0] = -1;
	stage_close();
}

/* One filter, with one option or two, as connections have them. */
static void
guard_by(struct arena *a, enum filter_kind kind, const char *option, const char *value)
{
	const struct filter_setting s[] = { { str_of(option), str_of(value) }, { STR("sourceCriterion.ipStrategy.depth"), STR("0") } };

	stage.chain = filter_chain_add(a, "", STR("m@file"), kind, s, kind == FILTER_IN_FLIGHT_REQ ? 2 : 1);
	assert_non_null(stage.chain);
	stage_table();
}

static void
test_addresses(void **state)
{
	struct arena *a = arena_new();
	int c, t;

	(void)state;
	open_for(1, "");
	guard_by(a, FILTER_IP_ALLOW_LIST, "sourceRange", "10.0.0.0/8,127.0.0.2");
	c = dial();
	hear_end(c);
	close(c);
	assert_int_equal(whys(WHY_ADDRESS_NOT_ALLOWED), 1);
	assert_int_equal(live_filter_total(stage.live, FILTER_IP_ALLOW_LIST, FILTER_REFUSED), 1);
	guard_by(a, FILTER_IP_ALLOW_LIST, "sourceRange", "127.0.0.1");
	c = dial();
	t = answer_call(0);
	say(t, "hello");
	hear(c, "hello");
	assert_int_equal(live_filter_total(stage.live, FILTER_IP_ALLOW_LIST, FILTER_PASSED), 1);
	close(t);
	hear_end(c);
	close(c);
	WAIT_UNTIL(inflight() == 0);
	stage.server = "a.example.org";		/* that of TLS learns why, as far as TLS has words for it */
	guard_by(a, FILTER_IP_ALLOW_LIST, "sourceRange", "10.0.0.0/8");
	c = dial();
	say_bytes(c, HELLO, HELLO_BYTES);
	hear_bytes(c, ALERT_DENIED, 7);
	hear_end(c);
	close(c);
	assert_int_equal(whys(WHY_ADDRESS_NOT_ALLOWED), 2);
	stage.chain = NULL;
	arena_free(&a);
	stage_close();
}

static void
test_so_many_at_a_time(void **state)
{
	struct arena *a = arena_new();
	int c[3], t[3];

	(void)state;
	open_for(1, "");
	guard_by(a, FILTER_IN_FLIGHT_REQ, "amount", "2");
	for (int i = 0; i < 2; i++) {
		c[i] = dial();
		t[i] = answer_call(0);
	}
	c[2] = dial();
	WAIT_UNTIL(whys(WHY_TOO_MANY_IN_FLIGHT) == 1);
	hear_break(c[2]);
	close(c[2]);
	close(t[0]);
	hear_end(c[0]);
	close(c[0]);
	WAIT_UNTIL(inflight() == 1);
	c[0] = dial();			/* one is over */
	t[0] = answer_call(0);
	for (int i = 0; i < 2; i++) {
		close(t[i]);
		hear_end(c[i]);
		close(c[i]);
	}
	WAIT_UNTIL(inflight() == 0);
	stage.chain = NULL;
	arena_free(&a);
	stage_close();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_both_ways),
		cmocka_unit_test(test_much),
		cmocka_unit_test(test_another_task),
		cmocka_unit_test(test_another_task_costs_nothing),
		cmocka_unit_test(test_no_task),
		cmocka_unit_test(test_broken),
		cmocka_unit_test(test_client_leaves_early),
		cmocka_unit_test(test_idle),
		cmocka_unit_test(test_stop),
		cmocka_unit_test(test_drain),
		cmocka_unit_test(test_header),
		cmocka_unit_test(test_header_through),
		cmocka_unit_test(test_named),
		cmocka_unit_test(test_other_name),
		cmocka_unit_test(test_slow_hello),
		cmocka_unit_test(test_refused_and_rest),
		cmocka_unit_test(test_unlisten),
		cmocka_unit_test(test_drain_before_hello),
		cmocka_unit_test(test_health),
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_so_many_at_a_time),
	};

	alarm(120);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
