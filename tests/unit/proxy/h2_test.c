/*
 * The proxy with clients that speak HTTP/2: played with nghttp2's client side, or frame by frame when they
 * misbehave. Tasks are those of the stage, and speak HTTP/1.1.
 */
#include "h2_peer.h"

#include "http/h2.h"
#include "http/h2_guard.h"

static void
on_drained(void *arg)
{
	(void)arg;
	stage.drained++;
}

/* ---- what is asked for is served ---- */

static void
streams_are_requests(void **state)
{
	struct peer *p;
	int32_t a, b;
	int ta, tb;

	(void)state;
	h2_open(1);
	p = peer_new(65535);
	a = peer_get(p, "/a");
	ta = task_gets(p, "GET /a HTTP/1.1\r\nHost: a.example\r\nX-Forwarded-For: 127.0.0.1\r\n");
	b = peer_get(p, "/b");
	tb = task_gets(p, "GET /b HTTP/1.1\r\nHost: a.example\r\n");
	say(tb, OK(2, "bb"));			/* the later one is answered first */
	PEER_UNTIL(p, has(p, b, ":status: 200\n") && p->got[b]->ended);
	assert_memory_equal(p->got[b]->body, "bb", 2);
	assert_false(has(p, a, ":status"));
	say(ta, "HTTP/1.1 200 OK\r\nConnection: x-hop\r\nX-Hop: 1\r\nKeep-Alive: 5\r\nX-Case: Yes\r\n"
	    "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX-Sum: 7\r\nHost: no\r\n\r\n");
	PEER_UNTIL(p, p->got[a] != NULL && p->got[a]->ended);
	assert_string_equal(p->got[a]->head, ":status: 200\nx-case: Yes\nx-sum: 7\n");
	assert_int_equal(p->got[a]->len, 3);
	assert_int_equal(whys(WHY_COMPLETE), 2);
	assert_int_equal(live_gauge_total(stage.live, LIVE_CLIENTS), 1);
	close(ta);
	close(tb);
	h2_close(p);
}

static void
interim_responses_go_on(void **state)
{
	struct peer *p;
	int32_t id;
	int task;

	(void)state;
	h2_open(1);
	p = peer_new(65535);
	p->up_open = true;
	p->up = "body";
	id = peer_ask(p, "POST", "/", "expect", "100-continue");
	task = task_gets(p, "expect: 100-continue\r\n");
	say(task, "HTTP/1.1 100 Continue\r\n\r\n");
	PEER_UNTIL(p, has(p, id, ":status: 100\n"));
	p->up_len = 4;
	p->up_open = false;
	nghttp2_session_resume_data(p->session, id);
	PEER_UNTIL(p, p->up_at == 4);
	hear(task, "4\r\nbody\r\n0\r\n\r\n");
	say(task, "HTTP/1.1 204 No Content\r\n\r\n");
	PEER_UNTIL(p, has(p, id, ":status: 204\n") && p->got[id]->ended);
	assert_int_equal(p->got[id]->interims, 1);
	close(task);
	h2_close(p);
}

/* Until the task reads, the client gets no more than a stream's window. */
static void
windows_follow_the_task(void **state)
{
	enum { TOTAL = 8 * 1024 * 1024 };
	char *body = must_zalloc(TOTAL), sink[65536];
	struct peer *p;
	int32_t id;
	int task;
	size_t before;
	ssize_t n;

	(void)state;
	h2_open(1);
	p = peer_new(65535);
	p->up = body;
	p->up_len = TOTAL;
	id = peer_ask(p, "POST", "/", "content-length", "8388608");
	task = task_gets(p, "content-length: 8388608\r\n");
	do {			/* the sockets in between are full */
		before = p->up_at;
		for (int i = 0; i < 50; i++)
			peer_turn(p);
	} while (p->up_at != before);
	assert_true(before > 65535 && before < TOTAL);
	for (size_t got = 0; got < TOTAL; got += (size_t)n)
		PEER_UNTIL(p, (n = recv(task, sink, sizeof sink, 0)) > 0);
	say(task, OK(2, "ok"));
	PEER_UNTIL(p, has(p, id, ":status: 200\n") && p->got[id]->ended);
	free(body);
	close(task);
	h2_close(p);
}

/* All together have more than a connection holds: each waits, and goes on when there is room. */
static void
large_responses_share_what_is_held(void **state)
{
	enum { MANY = 24, BYTES = 120000 };
	nghttp2_settings_entry open_window = { NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, 1 << 20 };
	char *body = must_zalloc(BYTES);
	struct peer *p;
	int32_t id[MANY];
	int task[MANY];

	(void)state;
	h2_open(1);
	stage.conf.clients_max = 64;
	proxy_reconf(stage.proxy, &stage.conf);
	memset(body, 'b', BYTES);
	p = peer_new(0);
	for (int i = 0; i < MANY; i++) {
		id[i] = peer_get(p, "/");
		task[i] = task_gets(p, "GET / ");
		say(task[i], "HTTP/1.1 200 OK\r\nContent-Length: 120000\r\n\r\n");
		say_bytes(task[i], body, BYTES);
	}
	for (int i = 0; i < 20; i++)
		peer_turn(p);
	nghttp2_submit_settings(p->session, 0, &open_window, 1);
	for (int i = 0; i < MANY; i++) {
		PEER_UNTIL(p, p->got[id[i]] != NULL && p->got[id[i]]->ended);
		assert_int_equal(p->got[id[i]]->len, BYTES);
		assert_memory_equal(p->got[id[i]]->body, body, BYTES);
		close(task[i]);
	}
	assert_int_equal(whys(WHY_COMPLETE), MANY);
	free(body);
	h2_close(p);
}

/* The rest of a request that nobody reads is not waited for. */
static void
an_early_response_ends_the_stream(void **state)
{
	struct peer *p;
	int32_t id;
	int task;

	(void)state;
	h2_open(1);
	p = peer_new(65535);
	p->up_open = true;
	id = peer_ask(p, "POST", "/", NULL, NULL);
	task = task_gets(p, "Transfer-Encoding: chunked\r\n");
	say(task, "HTTP/1.1 413 Content Too Large\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno");
	PEER_UNTIL(p, has(p, id, ":status: 413\n") && p->got[id]->closed);
	assert_true(p->got[id]->ended);
	assert_int_equal(p->got[id]->code, NGHTTP2_NO_ERROR);
	assert_false(p->gone);
	close(task);
	h2_close(p);
}

static void
what_is_cut_does_not_look_whole(void **state)
{
	struct peer *p;
	int32_t id;
	int task;

	(void)state;
	h2_open(1);
	p = peer_new(65535);
	id = peer_get(p, "/");
	task = task_gets(p, "GET / ");
	say(task, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf");
	PEER_UNTIL(p, p->got[id] != NULL && p->got[id]->len == 4);
	hang_up(task);
	PEER_UNTIL(p, p->got[id]->closed);
	assert_false(p->got[id]->ended);
	assert_int_equal(p->got[id]->code, NGHTTP2_INTERNAL_ERROR);
	assert_int_equal(whys(WHY_UPSTREAM_GONE), 1);
	h2_close(p);
}

static void
a_response_may_end_with_its_connection(void **state)
{
	struct peer *p;
	int32_t id;
	int task;

	(void)state;
	h2_open(1);
	p = peer_new(65535);
	id = peer_get(p, "/");
	task = task_gets(p, "GET / ");
	say(task, "HTTP/1.0 200 OK\r\n\r\nall of it");
	close(task);
	PEER_UNTIL(p, p->got[id] != NULL && p->got[id]->ended);
	assert_int_equal(p->got[id]->len, 9);
	h2_close(p);
}

static void
refusals_have_their_reason(void **state)
{
	struct peer *p;
	int32_t plain, grpc, head;

	(void)state;
	h2_open(1);
	stage.service.health_interval_usec = 0;
	close(stage.origin[0]);
	stage.origin[0] = -1;
	p = peer_new(65535);
	plain = peer_get(p, "/");
	PEER_UNTIL(p, p->got[plain] != NULL && p->got[plain]->ended);
	assert_true(has(p, plain, ":status: 502\n") && has(p, plain, "mola-why: connect_refused\n"));
	assert_false(has(p, plain, "connection"));
	head = peer_ask(p, "HEAD", "/", NULL, NULL);
	PEER_UNTIL(p, p->got[head] != NULL && p->got[head]->ended);
	assert_int_equal(p->got[head]->len, 0);
	p->up_open = true;
	grpc = peer_ask(p, "POST", "/a.B/C", "content-type", "application/grpc");
	PEER_UNTIL(p, p->got[grpc] != NULL && p->got[grpc]->closed);
	assert_true(has(p, grpc, ":status: 200\n") && has(p, grpc, "grpc-status: 14\n"));
	assert_true(has(p, grpc, "content-type: application/grpc\n") && has(p, grpc, "mola-why: "));
	stage.origin[0] = stage_listen(&stage.origin_addr[0]);
	h2_close(p);
}

static void
a_middleware_refuses_calls_of_grpc_as_such(void **state)
{
	const struct filter_setting nobody = { STR("sourcerange"), STR("10.9.9.9/32") };
	struct arena *a = arena_new();
	struct peer *p;
	int32_t plain, grpc;

	(void)state;
	h2_open(1);
	stage.chain = filter_chain_add(a, "", STR("m"), FILTER_IP_ALLOW_LIST, &nobody, 1);
	assert_non_null(stage.chain);
	stage_table();
	p = peer_new(65535);
	plain = peer_get(p, "/");
	PEER_UNTIL(p, p->got[plain] != NULL && p->got[plain]->ended);
	assert_true(has(p, plain, ":status: 403\n") && has(p, plain, "mola-why: address_not_allowed\n"));
	p->up_open = true;
	grpc = peer_ask(p, "POST", "/a.B/C", "content-type", "application/grpc");
	PEER_UNTIL(p, p->got[grpc] != NULL && p->got[grpc]->closed);
	assert_true(has(p, grpc, ":status: 200\n") && has(p, grpc, "content-type: application/grpc\n"));
	assert_true(has(p, grpc, "grpc-status: 7\n") && has(p, grpc, "mola-why: address_not_allowed\n"));
	assert_int_equal(p->got[grpc]->len, 0);
	h2_close(p);
	arena_free(&a);
}

static void
a_tunnel_carries_bytes_both_ways(void **state)
{
	struct peer *p;
	nghttp2_nv nv[] = { NV(":method", "CONNECT"), NV(":protocol", "websocket"), NV(":scheme", "http"),
		NV(":path", "/chat"), NV(":authority", "a.example"), NV("sec-websocket-version", "13") };
	nghttp2_data_provider body = { .read_callback = up_read };
	int32_t id;
	int task;

	(void)state;
	h2_open(1);
	p = peer_new(65535);
	PEER_UNTIL(p, nghttp2_session_get_remote_settings(p->session, NGHTTP2_SETTINGS_ENABLE_CONNECT_PROTOCOL) == 1);
	p->up = "ping";
	p->up_open = true;
	id = nghttp2_submit_request(p->session, NULL, nv, 6, &body, NULL);
	task = task_gets(p, "GET /chat HTTP/1.1\r\nHost: a.example\r\nsec-websocket-version: 13\r\nUpgrade: websocket\r\n");
	say(task, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: upgrade\r\n"
	    "Sec-WebSocket-Accept: x\r\nSec-WebSocket-Protocol: chat\r\n\r\nhello");
	PEER_UNTIL(p, p->got[id] != NULL && p->got[id]->len == 5);
	assert_string_equal(p->got[id]->head, ":status: 200\nsec-websocket-protocol: chat\n");
	p->up_len = 4;
	nghttp2_session_resume_data(p->session, id);
	PEER_UNTIL(p, p->up_at == 4);
	hear(task, "ping");
	p->up_open = false;
	nghttp2_session_resume_data(p->session, id);
	for (char c; recv(task, &c, 1, MSG_PEEK) != 0;)
		peer_turn(p);
	assert_false(p->got[id]->ended);		/* one direction may end alone */
	say(task, "bye");
	close(task);
	PEER_UNTIL(p, p->got[id]->ended);
	assert_int_equal(p->got[id]->len, 8);
	assert_int_equal(whys(WHY_TUNNEL_CLOSED), 1);
	h2_close(p);
}

/* A 2xx opens a tunnel (RFC 9110, 9.3.6): a task's own must not look so. */
static void
a_task_that_does_not_upgrade_opens_no_tunnel(void **state)
{
	struct peer *p;
	nghttp2_nv nv[] = { NV(":method", "CONNECT"), NV(":protocol", "websocket"), NV(":scheme", "http"),
		NV(":path", "/page"), NV(":authority", "a.example") };
	nghttp2_data_provider body = { .read_callback = up_read };
	int32_t id;
	int task;

	(void)state;
	h2_open(1);
	p = peer_new(65535);
	PEER_UNTIL(p, nghttp2_session_get_remote_settings(p->session, NGHTTP2_SETTINGS_ENABLE_CONNECT_PROTOCOL) == 1);
	p->up_open = true;
	for (int i = 0; i < 2; i++) {
		id = nghttp2_submit_request(p->session, NULL, nv, 5, &body, NULL);
		task = task_gets(p, "GET /page HTTP/1.1\r\n");
		say(task, i == 0 ? OK(4, "page") : "HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\nnone");
		PEER_UNTIL(p, p->got[id] != NULL && p->got[id]->closed);
		assert_true(has(p, id, i == 0 ? ":status: 502\n" : ":status: 404\n"));
		assert_int_equal(has(p, id, "mola-why: not_upgraded\n"), i == 0);
		close(task);
	}
	assert_int_equal(whys(WHY_NOT_UPGRADED), 1);
	h2_close(p);
}

/* Heads have no window: those that a client does not read must not fill the memory. */
static void
interim_responses_do_not_pile_up(void **state)
{
	static char early[16 * 1024 + 64];
	int32_t id[16];
	int task[16], interims = 0;
	struct peer *p;

	(void)state;
	snprintf(early, sizeof early, "HTTP/1.1 103 Early Hints\r\nLink: %016384d\r\n\r\n", 0);
	h2_open(1);
	p = peer_new(65535);
	for (int i = 0; i < 16; i++) {
		id[i] = peer_get(p, "/");
		task[i] = task_gets(p, "GET / ");
	}
	for (int i = 0; i < 16; i++) {			/* and the client reads nothing */
		for (int k = 0; k < 60; k++) {
			say(task[i], early);
			stage_turn();
		}
		say(task[i], OK(2, "ok"));
		close(task[i]);
	}
	for (int i = 0; i < 16; i++) {
		PEER_UNTIL(p, p->got[id[i]] != NULL && p->got[id[i]]->ended);
		assert_int_equal(p->got[id[i]]->len, 2);
		interims += p->got[id[i]]->interims;
	}
	assert_true(interims < 16 * 60);
	h2_close(p);
}

static void
plain_clients_are_served_there_too(void **state)
{
	int c, task;

	(void)state;
	h2_open(1);
	c = dial();
	say_slowly(c, GET("/"));
	task = answer_call(0);
	hear(task, GOT("/"));
	say(task, OK(2, "ok"));
	hear(c, OK(2, "ok"));
	close(c);
	c = dial();
	say_slowly(c, "PRI * HTTP/2.0\r\n\r\nSX");
	hear_why(c, 505, WHY_BAD_VERSION);
	close(c);
	close(task);
	WAIT_UNTIL(live_gauge_total(stage.live, LIVE_CLIENTS) == 0);
	stage_close();
}

/* ---- ends ---- */

static void
a_client_that_cancels_frees_the_task(void **state)
{
	struct peer *p;
	int32_t id;
	int task;

	(void)state;
	h2_open(1);
	p = peer_new(65535);
	id = peer_get(p, "/");
	task = task_gets(p, "GET / ");
	nghttp2_submit_rst_stream(p->session, 0, id, NGHTTP2_CANCEL);
	PEER_UNTIL(p, inflight() == 0);
	assert_int_equal(whys(WHY_CLIENT_GONE), 1);
	assert_false(p->gone);
	close(task);
	h2_close(p);
}

static void
a_connection_that_goes_takes_its_streams(void **state)
{
	struct peer *p;
	int ta, tb;

	(void)state;
	h2_open(1);
	p = peer_new(65535);
	peer_get(p, "/a");
	ta = task_gets(p, "GET /a ");
	peer_get(p, "/b");
	tb = task_gets(p, "GET /b ");
	say(tb, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf");
	assert_int_equal(inflight(), 2);
	hang_up(p->fd);
	p->fd = dial();
	WAIT_UNTIL(inflight() == 0);
	close(ta);
	close(tb);
	h2_close(p);
}

static void
a_drain_lets_streams_run_out(void **state)
{
	struct peer *idle, *busy;
	int32_t a, b;
	int task, other;

	(void)state;
	h2_open(1);
	idle = peer_new(65535);
	a = peer_get(idle, "/");
	task = task_gets(idle, "GET / ");
	say(task, OK(2, "ok"));
	PEER_UNTIL(idle, idle->got[a] != NULL && idle->got[a]->ended);
	close(task);
	busy = peer_new(65535);
	a = peer_get(busy, "/a");
	task = task_gets(busy, "GET /a ");
	proxy_drain(stage.proxy, on_drained, NULL);
	PEER_UNTIL(idle, idle->over);
	assert_true(idle->gone && idle->code == NGHTTP2_NO_ERROR && idle->last_id == 1);
	b = peer_get(busy, "/b");			/* still served: it is asked for nothing else */
	other = task_gets(busy, "GET /b ");
	say(other, OK(2, "bb"));
	PEER_UNTIL(busy, busy->got[b] != NULL && busy->got[b]->ended);
	assert_false(busy->gone);
	say(task, OK(2, "ok"));
	PEER_UNTIL(busy, busy->over);
	assert_true(busy->got[a]->ended && busy->gone);
	assert_int_equal(busy->code, NGHTTP2_NO_ERROR);
	assert_int_equal(busy->last_id, 3);
	peer_free(idle);
	close(task);
	close(other);
	h2_close(busy);
}

/* It was connected in time, and had not asked for anything yet. */
static void
a_drain_serves_a_client_that_has_just_come(void **state)
{
	struct peer *p;
	int32_t id;
	int task;

	(void)state;
	h2_open(1);
	p = peer_new(65535);
	PEER_UNTIL(p, nghttp2_session_get_remote_settings(p->session, NGHTTP2_SETTINGS_ENABLE_CONNECT_PROTOCOL) == 1);
	for (int i = 0; i < 5; i++)
		peer_turn(p);
	proxy_drain(stage.proxy, on_drained, NULL);
	id = peer_get(p, "/");
	task = task_gets(p, "GET / ");
	PEER_UNTIL(p, p->gone);				/* a busy one is asked to leave here, too */
	assert_int_equal(p->last_id, INT32_MAX);
	say(task, OK(2, "ok"));
	PEER_UNTIL(p, p->over);
	assert_true(p->got[id]->ended && p->code == NGHTTP2_NO_ERROR);
	assert_int_equal(p->last_id, id);
	close(task);
	h2_close(p);
}

/* A client that has always something open hears of the drain after a while, and is served to its end. */
static void
a_drain_asks_a_busy_client_to_leave(void **state)
{
	struct peer *p;
	int32_t id;
	int task;

	(void)state;
	h2_open(1);
	p = peer_new(65535);
	id = peer_get(p, "/");
	task = task_gets(p, "GET / ");
	proxy_drain(stage.proxy, on_drained, NULL);
	PEER_UNTIL(p, p->gone);
	assert_int_equal(p->code, NGHTTP2_NO_ERROR);
	assert_int_equal(p->last_id, INT32_MAX);		/* whatever is under way is served */
	assert_false(p->over);
	say(task, OK(2, "ok"));
	PEER_UNTIL(p, p->over);
	assert_true(p->got[id]->ended);
	assert_int_equal(p->last_id, id);
	close(task);
	h2_close(p);
}

static void
an_idle_one_is_told_before_it_is_closed(void **state)
{
	struct peer *p;

	(void)state;
	h2_open(1);
	stage.conf.client_idle_usec = 50 * MSEC;
	proxy_reconf(stage.proxy, &stage.conf);
	p = peer_new(65535);
	PEER_UNTIL(p, p->over);
	assert_true(p->gone && p->code == NGHTTP2_NO_ERROR);
	assert_int_equal(whys(WHY_CLIENT_IDLE), 1);
	h2_close(p);
}

/* ---- clients that misbehave ---- */

#define ROUND	100

static void
cancelled_requests_have_a_limit(void **state)
{
	struct peer *p;
	int rounds = 0;

	(void)state;
	h2_open(1);
	stage.conf.clients_max = 256;
	proxy_reconf(stage.proxy, &stage.conf);
	p = peer_new(65535);
	while (!p->over) {
		int32_t id[ROUND];
		for (int i = 0; i < ROUND; i++) {
			nghttp2_nv nv[] = { NV(":method", "GET"), NV(":scheme", "http"), NV(":authority", "a.example"),
				NV(":path", "/") };
			id[i] = nghttp2_submit_request(p->session, NULL, nv, 4, NULL, NULL);
		}
		peer_turn(p);
		for (int i = 0; i < 3; i++)
			peer_turn(p);
		for (int i = 0; i < ROUND; i++)
			nghttp2_submit_rst_stream(p->session, 0, id[i], NGHTTP2_CANCEL);
		for (int i = 0; i < 3; i++)
			peer_turn(p);
		assert_true(++rounds < 1000);	/* a round may take longer than what it cancels takes to be forgiven */
	}
	assert_true(rounds >= H2_RESETS_BURST / ROUND);
	assert_int_equal(p->code, NGHTTP2_ENHANCE_YOUR_CALM);
	assert_int_equal(whys(WHY_H2_RESETS), 1);
	WAIT_UNTIL(inflight() == 0);
	h2_close(p);
}

/* Raw frames, after a preface and SETTINGS. */
static int
raw_dial(void)
{
	int fd = dial();

	say_bytes(fd, H2_PREFACE, H2_PREFACE_LEN);
	say_bytes(fd, "\0\0\0\4\0\0\0\0\0", 9);
	return fd;
}

static void
raw_frame(int fd, uint8_t type, uint8_t flags, uint8_t id, const void *payload, size_t len)
{
	char head[9] = { (char)(len >> 16), (char)(len >> 8), (char)len, (char)type, (char)flags, 0, 0, 0, (char)id };

	if (send(fd, head, 9, MSG_NOSIGNAL) == 9 && len > 0 && send(fd, payload, len, MSG_NOSIGNAL) < 0)
		assert_true(errno == EPIPE || errno == ECONNRESET || errno == EAGAIN);
}

/* Reads frames until GOAWAY; returns its code. */
static uint32_t
raw_goaway(int fd)
{
	uint8_t head[9], payload[70000];

	for (;;) {
		size_t at = 0, len = 9;
		ssize_t n = 0;
		for (; at < len; at += (size_t)n)
			WAIT_UNTIL((n = recv(fd, head + at, len - at, 0)) > 0);
		len = (size_t)head[0] << 16 | (size_t)head[1] << 8 | head[2];
		for (at = 0; at < len; at += (size_t)n)
			WAIT_UNTIL((n = recv(fd, payload + at, len - at, 0)) > 0);
		if (head[3] == NGHTTP2_GOAWAY)
			return (uint32_t)payload[4] << 24 | (uint32_t)payload[5] << 16 | (uint32_t)payload[6] << 8 | payload[7];
	}
}

/* :method GET, :scheme http, :path /, :authority a */
static const char block[] = "\x82\x86\x84\x41\x01" "a";

static void
flood(uint8_t type, uint8_t flags, uint8_t id, const void *payload, size_t len, const struct why *want)
{
	int fd;

	h2_open(1);
	fd = raw_dial();
	if (id != 0)
		raw_frame(fd, NGHTTP2_HEADERS, NGHTTP2_FLAG_END_HEADERS, id, block, sizeof block - 1);
	for (int i = 0; i < 3 * H2_FRAMES_BURST && whys(want) == 0; i++) {
		raw_frame(fd, type, flags, id, payload, len);
		if (i % 100 == 0)
			stage_turn();
	}
	WAIT_UNTIL(whys(want) == 1);
	assert_int_equal(raw_goaway(fd), NGHTTP2_ENHANCE_YOUR_CALM);
	close(fd);
	WAIT_UNTIL(live_gauge_total(stage.live, LIVE_CLIENTS) == 0 && inflight() == 0);
	stage_close();
}

static void
floods_have_limits(void **state)
{
	(void)state;
	flood(NGHTTP2_PING, 0, 0, "12345678", 8, WHY_H2_FLOOD);
	flood(NGHTTP2_SETTINGS, 0, 0, "", 0, WHY_H2_FLOOD);
	flood(NGHTTP2_WINDOW_UPDATE, 0, 0, "\0\0\0\1", 4, WHY_H2_FLOOD);
	flood(NGHTTP2_WINDOW_UPDATE, 0, 1, "\0\0\0\1", 4, WHY_H2_FLOOD);
	flood(NGHTTP2_PRIORITY, 0, 3, "\0\0\0\0\1", 5, WHY_H2_FLOOD);
	flood(NGHTTP2_DATA, 0, 1, "", 0, WHY_H2_FLOOD);
	flood(NGHTTP2_DATA, NGHTTP2_FLAG_PADDED, 1, "\3\0\0\0", 4, WHY_H2_FLOOD);
}

#define SOME_HEADS	3000

/* Requests of streams from the one numbered `first` on; all but the first few are refused. */
static size_t
many_heads(char *frames, unsigned first)
{
	char head[9] = { 0, 0, sizeof block - 1, NGHTTP2_HEADERS, NGHTTP2_FLAG_END_HEADERS | NGHTTP2_FLAG_END_STREAM };
	size_t at = 0;

	for (unsigned i = first; i < first + SOME_HEADS; i++) {
		unsigned id = 2 * i + 1;
		head[6] = (char)(id >> 16);
		head[7] = (char)(id >> 8);
		head[8] = (char)id;
		memcpy(frames + at, head, 9);
		memcpy(frames + at + 9, block, sizeof block - 1);
		at += 9 + sizeof block - 1;
	}
	return at;
}

/* It does not read: replies wait, and have a limit of their own. */
static void
replies_that_nobody_reads_have_a_limit(void **state)
{
	static char frames[SOME_HEADS * (9 + sizeof block - 1)];
	size_t at = 0, put = 0;
	int fd, small = 4096;

	(void)state;
	h2_open(1);
	fd = raw_dial();
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
	for (unsigned i = 0; i < 300 && whys(WHY_H2_FLOOD) + whys(WHY_H2_PROTOCOL) == 0; i += put == at) {
		if (put == at) {
			at = many_heads(frames, i * SOME_HEADS);
			put = 0;
		}
		ssize_t n = send(fd, frames + put, at - put, MSG_NOSIGNAL);
		put += n > 0 ? (size_t)n : 0;
		stage_turn();
	}
	WAIT_UNTIL(whys(WHY_H2_FLOOD) + whys(WHY_H2_PROTOCOL) == 1);
	close(fd);
	WAIT_UNTIL(live_gauge_total(stage.live, LIVE_CLIENTS) == 0 && inflight() == 0);
	stage_close();
}

/* As many at once, which all are read: the limit is for those that are not. */
static void
replies_that_are_read_have_none(void **state)
{
	static char frames[SOME_HEADS * (9 + sizeof block - 1)], got[65536];
	size_t n = many_heads(frames, 0), put = 0;
	int fd;

	(void)state;
	h2_open(1);
	fd = raw_dial();
	while (put < n) {			/* before Mola has read any of it */
		ssize_t some = send(fd, frames + put, n - put, MSG_NOSIGNAL);
		assert_true(some > 0);
		put += (size_t)some;
	}
	say_bytes(fd, "\0\0\10\6\0\0\0\0\0" "all read", 17);
	for (size_t at = 0; at < 8 || memmem(got, at, "all read", 8) == NULL;) {
		ssize_t some = 0;

		WAIT_UNTIL((some = recv(fd, got + at, sizeof got - at, 0)) > 0);
		at += (size_t)some;
	}
	assert_int_equal(whys(WHY_H2_FLOOD), 0);
	close(fd);
	WAIT_UNTIL(live_gauge_total(stage.live, LIVE_CLIENTS) == 0 && inflight() == 0);
	stage_close();
}

/* The task's address accepts nothing: connections to it wait. */
static void
task_is_full(int waiting[4])
{
	close(stage.origin[0]);
	stage.origin[0] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	assert_null(addr_parse(STR("127.0.0.1:0"), &stage.origin_addr[0]));
	assert_int_equal(bind(stage.origin[0], &stage.origin_addr[0].sa.any, stage.origin_addr[0].len), 0);
	assert_int_equal(listen(stage.origin[0], 0), 0);
	assert_int_equal(getsockname(stage.origin[0], &stage.origin_addr[0].sa.any, &stage.origin_addr[0].len), 0);
	for (int i = 0; i < 4; i++)
		waiting[i] = dial_addr(&stage.origin_addr[0]);
	stage_table();
}

/* Each octet in a frame of its own: it takes no more room for that, and no more of them come than
 * the connection's window lets through, and its exchanges have read. */
static void
small_frames_do_not_evade_the_window(void **state)
{
	enum { STREAMS = 12, FRAMES = 1000, MOST = H2_WINDOW + STREAMS * 16384 };
	static const char post[] = "\x83\x86\x84\x41\x01" "a";
	static char frames[FRAMES * 10];
	int fd, waiting[4];
	size_t sent = 0;

	(void)state;
	h2_open(1);
	task_is_full(waiting);
	fd = raw_dial();
	for (uint8_t id = 1; id < 2 * STREAMS; id += 2)
		raw_frame(fd, NGHTTP2_HEADERS, NGHTTP2_FLAG_END_HEADERS, id, post, sizeof post - 1);
	for (int i = 0; i < FRAMES; i++)
		memcpy(frames + 10 * i, (char[10]){ 0, 0, 1, NGHTTP2_DATA, 0, 0, 0, 0, (char)(2 * (i % STREAMS) + 1), 'x' }, 10);
	while (whys(WHY_H2_PROTOCOL) == 0 && sent < MOST + 256 * 1024) {
		ssize_t n = 0;
		for (size_t at = 0; at < sizeof frames && whys(WHY_H2_PROTOCOL) == 0; at += n > 0 ? (size_t)n : 0)
			if ((n = send(fd, frames + at, sizeof frames - at, MSG_NOSIGNAL)) < 0)
				stage_turn();
		sent += FRAMES;
	}
	WAIT_UNTIL(whys(WHY_H2_PROTOCOL) == 1);
	assert_true(sent > H2_WINDOW);
	close(fd);
	for (int i = 0; i < 4; i++)
		close(waiting[i]);
	WAIT_UNTIL(live_gauge_total(stage.live, LIVE_CLIENTS) == 0 && inflight() == 0);
	stage_close();
}

static void
a_preface_may_come_in_pieces(void **state)
{
	struct peer *p;
	int32_t id;
	int task;

	(void)state;
	h2_open(1);
	stage.conf.client_head_usec = 300 * MSEC;
	proxy_reconf(stage.proxy, &stage.conf);
	p = peer_new(65535);
	say(p->fd, "PRI * HTTP");
	for (int i = 0; i < 10; i++)
		stage_turn();
	assert_int_equal(nghttp2_session_mem_send(p->session, &(const uint8_t *){ NULL }), H2_PREFACE_LEN);
	say(p->fd, &H2_PREFACE[10]);
	id = peer_get(p, "/");
	task = task_gets(p, "GET / ");
	for (int64_t until = clock_mono_usec() + 400 * MSEC; clock_mono_usec() < until;)
		peer_turn(p);			/* what it could be late for has come */
	say(task, OK(2, "ok"));
	PEER_UNTIL(p, p->got[id] != NULL && p->got[id]->ended);
	assert_int_equal(whys(WHY_CLIENT_SLOW_HEAD), 0);
	close(task);
	h2_close(p);
}

static void
heads_in_many_pieces_have_a_limit(void **state)
{
	int fd;

	(void)state;
	h2_open(1);
	fd = raw_dial();
	raw_frame(fd, NGHTTP2_HEADERS, 0, 1, block, sizeof block - 1);
	for (int i = 0; i < 40; i++)
		raw_frame(fd, NGHTTP2_CONTINUATION, 0, 1, "", 0);
	assert_int_equal(raw_goaway(fd), NGHTTP2_ENHANCE_YOUR_CALM);
	assert_int_equal(whys(WHY_H2_HEAD_FLOOD), 1);
	close(fd);
	WAIT_UNTIL(live_gauge_total(stage.live, LIVE_CLIENTS) == 0);
	stage_close();
}

/* 4000 octets in the table, and then one octet of the block for each time that they are meant. */
static void
a_small_block_may_be_a_large_head(void **state)
{
	char bomb[16000];
	size_t at = sizeof block - 1;
	int fd;

	(void)state;
	h2_open(1);
	fd = raw_dial();
	memcpy(bomb, block, at);
	memcpy(bomb + at, "\x40\x01x\x7f\xa1\x1e", 6);		/* literal, indexed; value of 4000 octets */
	at += 6;
	memset(bomb + at, 'y', 4000);
	at += 4000;
	memset(bomb + at, '\xbe', sizeof bomb - at);		/* index 62: the newest */
	raw_frame(fd, NGHTTP2_HEADERS, NGHTTP2_FLAG_END_HEADERS | NGHTTP2_FLAG_END_STREAM, 1, bomb, sizeof bomb);
	assert_int_equal(raw_goaway(fd), NGHTTP2_ENHANCE_YOUR_CALM);
	assert_int_equal(whys(WHY_H2_HEAD_FLOOD), 1);
	close(fd);
	WAIT_UNTIL(live_gauge_total(stage.live, LIVE_CLIENTS) == 0);
	stage_close();
}

static void
a_head_that_is_too_large_is_answered(void **state)
{
	struct peer *p;
	char *value = must_zalloc(20001);
	int32_t id, next;
	int task;

	(void)state;
	h2_open(1);
	stage.conf.request_head.bytes = 8192;
	proxy_reconf(stage.proxy, &stage.conf);
	memset(value, 'v', 20000);
	p = peer_new(65535);
	id = peer_ask(p, "GET", "/", "x", value);
	PEER_UNTIL(p, p->got[id] != NULL && p->got[id]->ended);
	assert_true(has(p, id, ":status: 431\n") && has(p, id, "mola-why: head_too_large\n"));
	assert_int_equal(whys(WHY_HEAD_TOO_LARGE), 1);
	next = peer_get(p, "/next");			/* the connection goes on */
	task = task_gets(p, "GET /next ");
	say(task, OK(2, "ok"));
	PEER_UNTIL(p, p->got[next] != NULL && p->got[next]->ended);
	free(value);
	close(task);
	h2_close(p);
}

static void
what_is_malformed_ends_its_stream_alone(void **state)
{
	struct peer *p;
	int32_t bad, good;
	int task;

	(void)state;
	h2_open(1);
	p = peer_new(65535);
	bad = peer_ask(p, "GET", "/", "connection", "close");
	good = peer_get(p, "/good");
	task = task_gets(p, "GET /good ");
	say(task, OK(2, "ok"));
	PEER_UNTIL(p, p->got[good] != NULL && p->got[good]->ended);
	assert_int_equal(p->got[bad]->code, NGHTTP2_PROTOCOL_ERROR);
	assert_int_equal(whys(WHY_H2_MALFORMED), 1);
	assert_false(p->gone);
	close(task);
	h2_close(p);
}

/* It announced five octets and sent three: the task must not take that for all. */
static void
a_body_that_is_too_short_is_no_body(void **state)
{
	struct peer *p;
	int32_t id;
	int task;
	char c;
	ssize_t n;

	(void)state;
	h2_open(1);
	p = peer_new(65535);
	p->up = "abc";
	p->up_len = 3;
	p->up_open = true;
	id = peer_ask(p, "POST", "/", "content-length", "5");
	task = task_gets(p, "content-length: 5\r\n");
	p->up_open = false;
	nghttp2_session_resume_data(p->session, id);
	PEER_UNTIL(p, p->got[id] != NULL && p->got[id]->closed);
	assert_int_equal(p->got[id]->code, NGHTTP2_PROTOCOL_ERROR);
	for (int i = 0; i < 3; i++)
		if (recv(task, &c, 1, 0) <= 0)
			break;
	PEER_UNTIL(p, (n = recv(task, &c, 1, 0)) <= 0 && !(n < 0 && errno == EAGAIN));
	WAIT_UNTIL(inflight() == 0);
	close(task);
	h2_close(p);
}

static void
a_head_may_not_take_forever(void **state)
{
	int fd;

	(void)state;
	h2_open(1);
	stage.conf.client_head_usec = 100 * MSEC;
	proxy_reconf(stage.proxy, &stage.conf);
	fd = raw_dial();
	raw_frame(fd, NGHTTP2_HEADERS, 0, 1, block, sizeof block - 1);
	assert_int_equal(raw_goaway(fd), NGHTTP2_ENHANCE_YOUR_CALM);
	assert_int_equal(whys(WHY_CLIENT_SLOW_HEAD), 1);
	close(fd);
	fd = dial();			/* nor a preface */
	say(fd, "PRI * HT");
	hear_break(fd);			/* what it has sent lies unread */
	assert_int_equal(whys(WHY_CLIENT_SLOW_HEAD), 2);
	close(fd);
	stage_close();
}

/* Its window is closed for good: what waits for it goes, and not only when the exchange waits, too. */
static void
closed_windows_do_not_hold_memory(void **state)
{
	struct peer *p;
	int32_t small, large;
	int task;
	char *body = must_zalloc(200001);

	(void)state;
	h2_open(1);
	stage.conf.client_write_usec = 100 * MSEC;
	proxy_reconf(stage.proxy, &stage.conf);
	p = peer_new(0);
	p->reads = false;
	small = peer_get(p, "/small");
	task = task_gets(p, "GET /small ");
	say(task, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok");
	close(task);
	large = peer_get(p, "/large");
	task = task_gets(p, "GET /large ");
	say(task, "HTTP/1.1 200 OK\r\nContent-Length: 200000\r\n\r\n");
	memset(body, 'x', 200000);
	send(task, body, 200000, MSG_NOSIGNAL);
	PEER_UNTIL(p, p->got[small] != NULL && p->got[small]->closed && p->got[large] != NULL && p->got[large]->closed);
	assert_true(!p->got[small]->ended && !p->got[large]->ended);
	assert_int_equal(whys(WHY_CLIENT_SLOW_READ), 2);
	assert_int_equal(whys(WHY_COMPLETE), 1);
	free(body);
	close(task);
	h2_close(p);
}

/* Ids that went past, and frames behind a client's own end. */
static void
streams_do_not_come_back(void **state)
{
	int fd;

	(void)state;
	h2_open(1);
	fd = raw_dial();
	raw_frame(fd, NGHTTP2_HEADERS, NGHTTP2_FLAG_END_HEADERS | NGHTTP2_FLAG_END_STREAM, 5, block, sizeof block - 1);
	raw_frame(fd, NGHTTP2_HEADERS, NGHTTP2_FLAG_END_HEADERS | NGHTTP2_FLAG_END_STREAM, 3, block, sizeof block - 1);
	assert_int_equal(raw_goaway(fd), NGHTTP2_PROTOCOL_ERROR);
	close(fd);
	fd = raw_dial();
	raw_frame(fd, NGHTTP2_HEADERS, NGHTTP2_FLAG_END_HEADERS | NGHTTP2_FLAG_END_STREAM, 1, block, sizeof block - 1);
	raw_frame(fd, NGHTTP2_RST_STREAM, 0, 1, "\0\0\0\10", 4);
	raw_frame(fd, NGHTTP2_HEADERS, NGHTTP2_FLAG_END_HEADERS | NGHTTP2_FLAG_END_STREAM, 1, block, sizeof block - 1);
	assert_int_equal(raw_goaway(fd), NGHTTP2_STREAM_CLOSED);
	close(fd);
	assert_int_equal(whys(WHY_H2_PROTOCOL), 2);
	WAIT_UNTIL(live_gauge_total(stage.live, LIVE_CLIENTS) == 0 && inflight() == 0);
	stage_close();
}

/* As many streams as clients may be at most, over all connections. */
static void
streams_have_their_places(void **state)
{
	struct peer *p;
	int32_t id = 0;
	int refused = 0;

	(void)state;
	h2_open(1);
	p = peer_new(65535);
	for (int i = 0; i < 20; i++)
		id = peer_get(p, "/");
	PEER_UNTIL(p, whys(WHY_H2_TOO_MANY) == 4);	/* of the 16 of the stage */
	PEER_UNTIL(p, p->got[id] != NULL && p->got[id]->closed);
	for (int32_t i = 1; i <= id; i += 2)
		refused += p->got[i] != NULL && p->got[i]->code == NGHTTP2_REFUSED_STREAM;
	assert_int_equal(refused, 4);
	assert_int_equal(inflight(), 16);
	hang_up(p->fd);
	p->fd = dial();
	WAIT_UNTIL(inflight() == 0);
	h2_close(p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(streams_are_requests),
		cmocka_unit_test(interim_responses_go_on),
		cmocka_unit_test(windows_follow_the_task),
		cmocka_unit_test(large_responses_share_what_is_held),
		cmocka_unit_test(an_early_response_ends_the_stream),
		cmocka_unit_test(what_is_cut_does_not_look_whole),
		cmocka_unit_test(a_response_may_end_with_its_connection),
		cmocka_unit_test(refusals_have_their_reason),
		cmocka_unit_test(a_middleware_refuses_calls_of_grpc_as_such),
		cmocka_unit_test(a_tunnel_carries_bytes_both_ways),
		cmocka_unit_test(a_task_that_does_not_upgrade_opens_no_tunnel),
		cmocka_unit_test(interim_responses_do_not_pile_up),
		cmocka_unit_test(plain_clients_are_served_there_too),
		cmocka_unit_test(a_client_that_cancels_frees_the_task),
		cmocka_unit_test(a_connection_that_goes_takes_its_streams),
		cmocka_unit_test(a_drain_lets_streams_run_out),
		cmocka_unit_test(a_drain_serves_a_client_that_has_just_come),
		cmocka_unit_test(a_drain_asks_a_busy_client_to_leave),
		cmocka_unit_test(an_idle_one_is_told_before_it_is_closed),
		cmocka_unit_test(cancelled_requests_have_a_limit),
		cmocka_unit_test(floods_have_limits),
		cmocka_unit_test(replies_that_nobody_reads_have_a_limit),
		cmocka_unit_test(replies_that_are_read_have_none),
		cmocka_unit_test(small_frames_do_not_evade_the_window),
		cmocka_unit_test(a_preface_may_come_in_pieces),
		cmocka_unit_test(heads_in_many_pieces_have_a_limit),
		cmocka_unit_test(a_small_block_may_be_a_large_head),
		cmocka_unit_test(a_head_that_is_too_large_is_answered),
		cmocka_unit_test(what_is_malformed_ends_its_stream_alone),
		cmocka_unit_test(a_body_that_is_too_short_is_no_body),
		cmocka_unit_test(a_head_may_not_take_forever),
		cmocka_unit_test(closed_windows_do_not_hold_memory),
		cmocka_unit_test(streams_do_not_come_back),
		cmocka_unit_test(streams_have_their_places),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
