/*
 * The room as a whole: tables that change, ceilings, health checks, the log, and the way out.
 */
#include "stage.h"

#define SOON (50 * MSEC)

static void
on_drained(void *arg)
{
	(void)arg;
	stage.drained++;
	assert_int_equal(live_gauge_total(stage.live, LIVE_CLIENTS), 0);
}

static bool
front_is_closed(void)
{
	int fd = dial(), error = 0;
	struct addr a;

	a.len = sizeof a.sa;
	while (getpeername(fd, &a.sa.any, &a.len) != 0 && (error = sock_error(fd)) == 0)
		stage_turn();
	close(fd);
	return error == ECONNREFUSED;
}

/* Idle clients go, busy ones finish and hear that it is over; who was in the queue is served. */
static void
test_drain(void **state)
{
	int idle, busy, queued, t, u;

	(void)state;
	stage_open(1);
	idle = dial();
	say(idle, GET("/"));
	t = answer_call(0);
	hear(t, GOT("/"));
	say(t, OK(2, "ok"));
	hear(idle, OK(2, "ok"));
	busy = dial();
	say(busy, GET("/busy"));
	hear(t, GOT("/busy"));
	queued = dial();
	proxy_drain(stage.proxy, on_drained, NULL);
	hear_end(idle);
	assert_true(front_is_closed());
	say(queued, GET("/queued"));
	u = answer_call(0);
	hear(u, GOT("/queued"));
	say(u, OK(2, "ok"));
	hear(queued, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok");
	hear_end(queued);
	assert_int_equal(stage.drained, 0);
	say(t, OK(2, "ok"));
	hear(busy, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok");
	hear_end(busy);
	close(idle);
	close(busy);
	close(queued);
	WAIT_UNTIL(stage.drained == 1);
	for (int i = 0; i < 5; i++)
		stage_turn();
	assert_int_equal(stage.drained, 1);
	close(t);
	close(u);
	stage_close();
}

static void
test_drain_when_empty(void **state)
{
	(void)state;
	stage_open(1);
	proxy_drain(stage.proxy, on_drained, NULL);
	WAIT_UNTIL(stage.drained == 1);
	stage_close();
}

/* Freed in the middle of everything: nothing is left over (stage_close looks). */
static void
test_free_in_the_middle(void **state)
{
	int c[5], t[4];

	(void)state;
	stage_open(1);
	for (int i = 0; i < 4; i++) {
		c[i] = dial();
		say(c[i], "GET / HTTP/1.1\r\nHost: a.example\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n");
		t[i] = answer_call(0);
	}
	say(t[0], "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n");
	hear(c[0], "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n");
	say(t[1], "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab");
	hear(c[1], "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab");
	say(t[2], OK(2, "ok"));
	hear(c[2], OK(2, "ok"));
	c[4] = dial();
	say(c[4], "GET /half");
	WAIT_UNTIL(live_gauge_total(stage.live, LIVE_CLIENTS) == 5);
	assert_int_equal(inflight(), 3);
	assert_int_equal(live_gauge_total(stage.live, LIVE_IDLE_UPSTREAMS), 1);
	for (int i = 0; i < 5; i++)
		close(c[i]);
	for (int i = 0; i < 4; i++)
		close(t[i]);
	stage_close();
}

/* A task's address changed: connections to the old one are not used again, requests on them finish. */
static void
test_task_moves(void **state)
{
	struct addr old;
	int old_listener, c, d, t, u, v;

	(void)state;
	stage_open(1);
	c = dial();
	say(c, GET("/"));
	t = answer_call(0);
	hear(t, GOT("/"));
	say(t, OK(2, "ok"));
	hear(c, OK(2, "ok"));
	say(c, GET("/long"));
	hear(t, GOT("/long"));
	d = dial();
	say(d, GET("/"));
	u = answer_call(0);
	hear(u, GOT("/"));
	say(u, OK(2, "ok"));
	hear(d, OK(2, "ok"));

	old = stage.origin_addr[0];
	old_listener = stage.origin[0];
	stage.origin[0] = stage_listen(&stage.origin_addr[0]);
	stage_table();
	say(d, GET("/new"));
	v = answer_call(0);
	hear(v, GOT("/new"));
	hear_end(u);
	say(t, OK(2, "ok"));
	hear(c, OK(2, "ok"));
	hear_end(t);
	assert_false(addr_eq(&old, &stage.origin_addr[0]));
	close(old_listener);
	close(c);
	close(d);
	close(t);
	close(u);
	close(v);
	stage_close();
}

static void
test_client_ceiling(void **state)
{
	int c, d, e, t, u;

	(void)state;
	stage_open(1);
	stage.conf.clients_max = 2;
	proxy_reconf(stage.proxy, &stage.conf);
	c = dial();
	say(c, GET("/c"));
	t = answer_call(0);
	hear(t, GOT("/c"));
	d = dial();
	WAIT_UNTIL(live_gauge_total(stage.live, LIVE_CLIENTS) == 2);
	e = dial();
	say(e, GET("/e"));		/* the idle one makes room */
	u = answer_call(0);
	hear(u, GOT("/e"));
	hear_end(d);
	close(d);
	d = dial();			/* two are busy */
	hear_why(d, 503, WHY_TOO_MANY_CLIENTS);
	say(t, OK(2, "ok"));
	hear(c, OK(2, "ok"));
	close(c);
	close(d);
	close(e);
	close(t);
	close(u);
	stage_close();
}

/* Whoever asks is not turned away for those who have not asked yet. */
static void
test_unfinished_heads_give_way(void **state)
{
	int c, d, e, t;

	(void)state;
	stage_open(1);
	stage.conf.clients_max = 2;
	proxy_reconf(stage.proxy, &stage.conf);
	c = dial();
	say(c, "GET / HTTP/1.1\r\nHost:");
	WAIT_UNTIL(live_gauge_total(stage.live, LIVE_CLIENTS) == 1);
	stage_turn();
	d = dial();
	say(d, "GET / HTTP/1.1\r\nHo");
	WAIT_UNTIL(live_gauge_total(stage.live, LIVE_CLIENTS) == 2);
	for (int i = 0; i < 3; i++)
		stage_turn();
	e = dial();
	say(e, GET("/"));
	t = answer_call(0);
	hear(t, GOT("/"));
	hear_why(c, 503, WHY_HEAD_GAVE_WAY);	/* the older one */
	assert_int_equal(whys(WHY_HEAD_GAVE_WAY), 1);
	say(t, OK(2, "ok"));
	hear(e, OK(2, "ok"));
	say(d, "st: a.example\r\n\r\n");
	hear(t, GOT("/"));
	say(t, OK(2, "ok"));
	hear(d, OK(2, "ok"));
	close(c);
	close(d);
	close(e);
	close(t);
	stage_close();
}

/* A reload that takes a listener away reaches workers in two steps: what it serves meanwhile is not
 * more open than before. */
static void
test_a_listener_keeps_its_modes_to_its_end(void **state)
{
	struct proxy_listener modes;
	int c;

	(void)state;
	stage_open(1);
	modes = proxy_listener_of(&stage.front);
	modes.proxy_protocol = true;
	stage.conf.listener[stage.conf.nlisteners++] = modes;
	for (int i = 0; i < 2; i++) {
		proxy_reconf(stage.proxy, &stage.conf);
		c = dial();
		hear_end(c);
		close(c);
		assert_int_equal(whys(WHY_PROXY_HEADER_UNTRUSTED), i + 1);
		stage.conf.nlisteners = 0;
	}
	stage.conf.listener[stage.conf.nlisteners++].proxy_protocol = false;
	proxy_reconf(stage.proxy, &stage.conf);
	c = dial();
	say(c, GET("/c"));
	close(answer_call(0));
	hear_why(c, 502, WHY_UPSTREAM_GONE);
	close(c);
	stage_close();
}

static void
test_per_address(void **state)
{
	int c, d, e, t;

	(void)state;
	stage_open(1);
	stage.conf.clients_per_address = 2;
	proxy_reconf(stage.proxy, &stage.conf);
	c = dial();
	say(c, GET("/c"));
	t = answer_call(0);
	hear(t, GOT("/c"));
	d = dial();
	WAIT_UNTIL(live_gauge_total(stage.live, LIVE_CLIENTS) == 2);
	e = dial();			/* it has just come, and is about to send its request */
	hear_why(e, 429, WHY_ADDRESS_LIMIT);
	hear_end(e);
	close(e);
	say(d, GET("/d"));
	close(answer_call(0));
	hear_why(d, 502, WHY_UPSTREAM_GONE);
	e = dial();			/* the idle one of the same address makes room */
	say(e, "GET / HTTP/1.1\r\n");
	hear_end(d);
	close(d);
	for (int i = 0; i < 3; i++)
		stage_turn();
	d = dial();			/* one is busy, one says what for */
	hear_why(d, 429, WHY_ADDRESS_LIMIT);
	hear_end(d);
	close(d);
	assert_true(ip_net_parse(STR("127.0.0.0/8"), &stage.conf.trusted[stage.conf.ntrusted++]));
	proxy_reconf(stage.proxy, &stage.conf);
	d = dial();			/* proxies have many clients */
	say(d, GET("/none"));
	close(answer_call(0));
	hear_why(d, 502, WHY_UPSTREAM_GONE);
	say(t, OK(2, "ok"));
	hear(c, OK(2, "ok"));
	close(c);
	close(d);
	close(e);
	close(t);
	stage_close();
}

static void
test_idle_upstreams(void **state)
{
	int c[3], t[3];

	(void)state;
	stage_open(1);
	stage.conf.upstream_idle_max = 2;
	stage.conf.upstream_idle_usec = SOON;
	proxy_reconf(stage.proxy, &stage.conf);
	for (int i = 0; i < 3; i++) {
		c[i] = dial();
		say(c[i], GET("/"));
		t[i] = answer_call(0);
		hear(t[i], GOT("/"));
	}
	for (int i = 0; i < 3; i++) {
		say(t[i], OK(2, "ok"));
		hear(c[i], OK(2, "ok"));
	}
	hear_end(t[0]);			/* more than may be kept: the oldest goes */
	assert_int_equal(live_gauge_total(stage.live, LIVE_IDLE_UPSTREAMS), 2);
	hear_end(t[1]);			/* idle for too long */
	hear_end(t[2]);
	assert_int_equal(whys(WHY_UPSTREAM_IDLE), 3);
	for (int i = 0; i < 3; i++) {
		close(c[i]);
		close(t[i]);
	}
	stage_close();
}

/* The end of an idle connection is noticed without anybody asking. */
static void
test_idle_upstream_ends(void **state)
{
	int c, t;

	(void)state;
	stage_open(1);
	c = dial();
	say(c, GET("/"));
	t = answer_call(0);
	hear(t, GOT("/"));
	say(t, OK(2, "ok"));
	hear(c, OK(2, "ok"));
	close(t);
	WAIT_UNTIL(live_gauge_total(stage.live, LIVE_IDLE_UPSTREAMS) == 0);
	say(c, "POST / HTTP/1.1\r\nHost: a.example\r\nContent-Length: 0\r\n\r\n");
	t = answer_call(0);
	hear(t, "POST / HTTP/1.1\r\nHost: a.example\r\nContent-Length: 0\r\n" FORWARDED "\r\n");
	say(t, OK(2, "ok"));
	hear(c, OK(2, "ok"));
	close(c);
	close(t);
	stage_close();
}

/* Trust holds for connections that are there already, and is taken from them. */
static void
test_trust(void **state)
{
	const char *asks = "GET / HTTP/1.1\r\nHost: a.example\r\nX-Forwarded-For: 192.0.2.9\r\nX-Real-IP: 192.0.2.9\r\n\r\n";
	int c, t;

	(void)state;
	stage_open(1);
	c = dial();
	say(c, asks);
	t = answer_call(0);
	hear(t, GOT("/"));
	say(t, OK(2, "ok"));
	hear(c, OK(2, "ok"));
	assert_true(ip_net_parse(STR("127.0.0.1"), &stage.conf.trusted[stage.conf.ntrusted++]));
	proxy_reconf(stage.proxy, &stage.conf);
	say(c, asks);
	hear(t, "GET / HTTP/1.1\r\nHost: a.example\r\nX-Forwarded-For: 192.0.2.9, 127.0.0.1\r\nX-Real-IP: 192.0.2.9\r\n"
	    "X-Forwarded-Proto: http\r\nX-Forwarded-Host: a.example\r\nX-Forwarded-Port: 80\r\n\r\n");
	say(t, OK(2, "ok"));
	hear(c, OK(2, "ok"));
	stage.conf.ntrusted = 0;
	proxy_reconf(stage.proxy, &stage.conf);
	say(c, asks);
	hear(t, GOT("/"));
	say(t, OK(2, "ok"));
	hear(c, OK(2, "ok"));
	close(c);
	close(t);
	stage_close();
}

static void
test_unlisten(void **state)
{
	int c, t;

	(void)state;
	stage_open(1);
	c = dial();
	say(c, GET("/"));
	t = answer_call(0);
	hear(t, GOT("/"));
	proxy_unlisten(stage.proxy, &stage.front);
	assert_true(front_is_closed());
	say(t, OK(2, "ok"));
	hear(c, OK(2, "ok"));
	exchange(c, t);			/* who is in stays in */
	close(c);
	close(t);
	stage_close();
}

/* ---- health ---- */

/* A check comes, of this path; returns its connection. */
static int
probe_of(int origin, const char *path)
{
	char ask[128], text[ADDR_TEXT_MAX];
	int t = answer_call(origin);

	snprintf(ask, sizeof ask, "GET %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: mola-health\r\nConnection: close\r\n\r\n",
	    path, addr_text(&stage.origin_addr[origin], text));
	hear(t, ask);
	return t;
}

static void
answer_probe(int origin, const char *answer)
{
	int t = probe_of(origin, "/health");

	say(t, answer);
	hear_end(t);
	close(t);
}

static enum live_health
health(unsigned task)
{
	struct live_task t;

	live_task_read(stage.live, task, &t);
	return t.health;
}

static void
test_health(void **state)
{
	static const char well[] = "HTTP/1.1 204 No Content\r\n\r\n", ill[] = "HTTP/1.1 503 Unwell\r\nContent-Length: 0\r\n\r\n";
	int c;

	(void)state;
	stage_open(1);
	stage.service.health_interval_usec = 5 * MSEC;
	stage.service.health_timeout_usec = SOON;
	stage.service.health_rise = 2;
	stage.service.health_fall = 2;
	stage_table();
	answer_probe(0, well);
	WAIT_UNTIL(health(0) == HEALTH_UP);
	answer_probe(0, ill);
	answer_probe(0, well);
	answer_probe(0, ill);
	assert_int_equal(health(0), HEALTH_UP);
	answer_probe(0, "HTTP/1.1 200 OK\nnonsense");
	WAIT_UNTIL(health(0) == HEALTH_DOWN);
	c = dial();
	say(c, GET("/"));
	hear_why(c, 503, WHY_NO_LIVE_TASK);
	answer_probe(0, well);
	answer_probe(0, well);
	WAIT_UNTIL(health(0) == HEALTH_UP);
	close(answer_call(0));			/* gone without a word */
	WAIT_UNTIL(health(0) == HEALTH_DOWN);	/* and then never an answer in time */
	stage.service.health_interval_usec = 0;
	stage_table();
	assert_int_equal(health(0), HEALTH_UNKNOWN);
	close(c);
	stage_close();
}

/* A new table with the same task keeps what is known; a task that is gone is not asked any more. */
static void
test_health_and_tables(void **state)
{
	(void)state;
	stage_open(2);
	stage.service.health_interval_usec = 5 * MSEC;
	stage_table();
	answer_probe(0, "HTTP/1.1 500 No\r\n\r\n");
	WAIT_UNTIL(health(0) == HEALTH_DOWN);
	stage_table();
	assert_int_equal(health(0), HEALTH_DOWN);
	answer_probe(0, "HTTP/1.1 200 OK\r\n\r\n");
	WAIT_UNTIL(health(0) == HEALTH_UP);
	stage_close();
}

/* A check under way ends when another path is to be checked: what was sent is of the old one. */
static void
test_health_path_changes(void **state)
{
	int t;

	(void)state;
	stage_open(1);
	stage.service.health_interval_usec = 5 * MSEC;
	stage_table();
	t = probe_of(0, "/health");
	stage.health_path = "/a/longer/path";
	stage_table();
	say(t, "HTTP/1.1 ");
	hear_end(t);
	close(t);
	t = probe_of(0, "/a/longer/path");
	say(t, "HTTP/1.1 200 OK\r\n\r\n");
	WAIT_UNTIL(health(0) == HEALTH_UP);
	close(t);
	stage_close();
}

/* Another worker probes now, and we have not noticed yet: what we find is not written. Then it is our turn again, and what is
 * known of the tasks is where we begin. */
static void
test_probing_moves(void **state)
{
	static const char ill[] = "HTTP/1.1 503 Unwell\r\nContent-Length: 0\r\n\r\n";

	(void)state;
	stage_open(1);
	stage.service.health_interval_usec = 5 * MSEC;
	stage.service.health_timeout_usec = SOON;
	stage.service.health_rise = 2;
	stage.service.health_fall = 1;
	stage_table();
	answer_probe(0, "HTTP/1.1 204 No Content\r\n\r\n");
	WAIT_UNTIL(health(0) == HEALTH_UP);
	live_set_prober(stage.live, 1);
	answer_probe(0, ill);
	answer_probe(0, ill);
	assert_int_equal(health(0), HEALTH_UP);
	proxy_beat(stage.proxy);
	live_set_health(stage.live, 0, HEALTH_DOWN);
	live_set_prober(stage.live, 0);
	proxy_beat(stage.proxy);
	answer_probe(0, "HTTP/1.1 204 No Content\r\n\r\n");
	loop_turn(stage.loop, MSEC);
	assert_int_equal(health(0), HEALTH_DOWN);
	answer_probe(0, "HTTP/1.1 204 No Content\r\n\r\n");
	WAIT_UNTIL(health(0) == HEALTH_UP);
	stage_close();
}

/* A sibling hangs: clients in its queue are served until the queue is taken back. */
static void
test_borrowed_listener(void **state)
{
	struct addr a, ours;
	int fd = stage_listen(&a), c, t;

	(void)state;
	stage_open(1);
	ours = stage.front;
	stage.front = a;
	c = dial();
	proxy_borrow(stage.proxy, dup(fd), &a, 1);
	proxy_borrow(stage.proxy, dup(fd), &a, 1);	/* the second is one too many */
	say(c, "GET / HTTP/1.1\r\nHost: a.example\r\n\r\n");
	t = answer_call(0);
	say(t, OK(2, "ok"));
	hear(c, OK(2, "ok"));
	close(c);
	close(t);
	proxy_give_back(stage.proxy, 1);
	c = dial();
	for (int i = 0; i < 10; i++)
		loop_turn(stage.loop, MSEC);
	t = accept(fd, NULL, NULL);		/* nobody else did */
	assert_true(t >= 0);
	close(c);
	close(t);
	stage.front = ours;
	close(fd);
	stage_close();
}

/* ---- the log ---- */

struct log {
	int	 fd[2], out;
};

/* What is written to stdout from here on is the access log. */
static struct log
log_begin(enum access_format format)
{
	struct log l = { .out = dup(STDOUT_FILENO) };

	assert_int_equal(pipe(l.fd), 0);
	stage.conf.access.format = format;
	proxy_reconf(stage.proxy, &stage.conf);
	fflush(stdout);
	dup2(l.fd[1], STDOUT_FILENO);
	return l;
}

/* The line that is in it. */
static void
log_end(struct log *l, char *line, size_t cap)
{
	ssize_t n = read(l->fd[0], line, cap - 1);

	dup2(l->out, STDOUT_FILENO);
	close(l->fd[0]);
	close(l->fd[1]);
	close(l->out);
	assert_true(n > 0 && line[n - 1] == '\n');
	line[n] = '\0';
}

static void
test_access_log(void **state)
{
	char line[1024];
	struct log l;
	int c, t;

	(void)state;
	stage_open(1);
	l = log_begin(ACCESS_FORMAT_MOLA);
	c = dial();
	say(c, "GET /a\"b?c=d HTTP/1.1\r\nHost: a.example:80\r\n\r\n");
	t = answer_call(0);
	say(t, OK(2, "ok"));
	hear(c, OK(2, "ok"));
	log_end(&l, line, sizeof line);
	assert_non_null(strstr(line, " client=127.0.0.1 method=\"GET\" host=\"a.example\" target=\"/a\\\"b?c=d\" status=200 bytes=40 "));
	assert_non_null(strstr(line, " service=\"web\" task=\"web.0\" why=complete\n"));
	close(c);
	close(t);
	stage_close();
}

/* The body of a response that stands in the place of a task's counts, and not what came of that one. */
static void
test_access_log_in_its_place(void **state)
{
	char line[2048], size[64];
	struct log l;
	int c, t;

	(void)state;
	stage_open(1);
	l = log_begin(ACCESS_FORMAT_JSON);
	c = dial();
	say(c, "POST / HTTP/1.1\r\nHost: a.example\r\nContent-Length: 1\r\n\r\n1");
	t = answer_call(0);
	say(t, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n");
	hear_why(c, 502, WHY_UPSTREAM_BAD_BODY);
	log_end(&l, line, sizeof line);
	snprintf(size, sizeof size, "\"DownstreamContentSize\":%zu,", strlen(WHY_UPSTREAM_BAD_BODY->text) + 1);
	assert_non_null(strstr(line, size));
	assert_non_null(strstr(line, "\"OriginStatus\":200,"));
	close(c);
	close(t);
	stage_close();
}

/* A prober died, and with it the memory of whom it had found down; its successor has nobody to ask about that task. */
static void
test_no_longer_asked(void **state)
{
	struct live_task t;

	(void)state;
	stage_open(1);
	live_set_health(stage.live, 0, HEALTH_DOWN);
	stage_table();
	live_task_read(stage.live, 0, &t);
	assert_int_equal(t.health, HEALTH_UNKNOWN);
	stage_close();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_longer_asked),
		cmocka_unit_test(test_drain),
		cmocka_unit_test(test_drain_when_empty),
		cmocka_unit_test(test_free_in_the_middle),
		cmocka_unit_test(test_task_moves),
		cmocka_unit_test(test_client_ceiling),
		cmocka_unit_test(test_unfinished_heads_give_way),
		cmocka_unit_test(test_per_address),
		cmocka_unit_test(test_a_listener_keeps_its_modes_to_its_end),
		cmocka_unit_test(test_idle_upstreams),
		cmocka_unit_test(test_idle_upstream_ends),
		cmocka_unit_test(test_trust),
		cmocka_unit_test(test_unlisten),
		cmocka_unit_test(test_health),
		cmocka_unit_test(test_health_and_tables),
		cmocka_unit_test(test_health_path_changes),
		cmocka_unit_test(test_probing_moves),
		cmocka_unit_test(test_borrowed_listener),
		cmocka_unit_test(test_access_log),
		cmocka_unit_test(test_access_log_in_its_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
