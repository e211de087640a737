/*
 * Clients and tasks that both speak HTTP/2: what passes from one connection to the other.
 */
#include "h2_peer.h"
#include "h2_task.h"

/* Both see what has come. */
#define BOTH_UNTIL(p, t, condition) PEER_UNTIL(p, (task_turn(t), (condition)))

static struct peer *client;
static struct task *task;

static int
begin(void **state)
{
	(void)state;
	h2_open(1);
	stage.service.scheme = SCHEME_H2C;
	stage_table();
	client = peer_new(65535);
	return 0;
}

static int
end(void **state)
{
	(void)state;
	task_free(task);
	h2_close(client);
	return 0;
}

/* A call of the client's, of which the task has the head. */
static int32_t
call(const char *content_type)
{
	int32_t id;

	client->up_open = true;
	client->up = "";
	id = peer_ask(client, "POST", "/call", "content-type", content_type);
	peer_turn(client);
	task = task_new(0, 100);
	BOTH_UNTIL(client, task, task->last == 1);
	return id;
}

static void
reset_with(int32_t id, uint32_t code, uint32_t want)
{
	nghttp2_submit_rst_stream(task->session, 0, 1, code);
	BOTH_UNTIL(client, task, got_of(client, id)->closed);
	assert_int_equal(got_of(client, id)->code, want);
}

/* ---- RST_STREAM of the task ---- */

/* The server's deadline has passed before its client's: the client takes CANCEL for what it is. */
static void
a_call_that_is_cancelled_is_cancelled_for_the_client(void **state)
{
	int32_t id = call("application/grpc");

	(void)state;
	reset_with(id, NGHTTP2_CANCEL, NGHTTP2_CANCEL);
	assert_false(has(client, id, ":status"));
	assert_int_equal(whys(WHY_UPSTREAM_CANCELLED), 1);
}

static void
so_it_is_after_its_head(void **state)
{
	int32_t id = call("application/grpc");

	(void)state;
	nghttp2_nv head = NV(":status", "200");
	nghttp2_submit_headers(task->session, 0, 1, NULL, &head, 1, NULL);
	BOTH_UNTIL(client, task, has(client, id, ":status: 200\n"));
	reset_with(id, NGHTTP2_ENHANCE_YOUR_CALM, NGHTTP2_ENHANCE_YOUR_CALM);
	assert_int_equal(whys(WHY_UPSTREAM_RESET), 1);
}

/* What the task has against our connection is not the client's. */
static void
other_codes_are_our_own_trouble(void **state)
{
	int32_t id = call("application/grpc+proto");

	(void)state;
	reset_with(id, NGHTTP2_FLOW_CONTROL_ERROR, NGHTTP2_INTERNAL_ERROR);
	assert_int_equal(whys(WHY_UPSTREAM_RESET), 1);
}

/* A browser is better served with a response. */
static void
other_requests_get_a_response(void **state)
{
	int32_t id = call("text/plain");

	(void)state;
	nghttp2_submit_rst_stream(task->session, 0, 1, NGHTTP2_CANCEL);
	BOTH_UNTIL(client, task, has(client, id, ":status: 502\nc"));
	assert_true(has(client, id, "mola-why: upstream_cancelled\n"));
}

/* It may be called again: no task has processed it. We have tried once more ourselves. */
static void
a_call_that_is_refused_is_unavailable(void **state)
{
	int32_t id = call("application/grpc");

	(void)state;
	nghttp2_submit_rst_stream(task->session, 0, 1, NGHTTP2_REFUSED_STREAM);
	BOTH_UNTIL(client, task, task->last == 3);
	nghttp2_submit_rst_stream(task->session, 0, 3, NGHTTP2_REFUSED_STREAM);
	BOTH_UNTIL(client, task, has(client, id, "grpc-status: 14\n"));
	assert_int_equal(whys(WHY_UPSTREAM_RESET), 1);
}

/* ---- a call that ends before it has begun ---- */

static void
ends_at_once(struct task *t, int32_t id, const char *status)
{
	nghttp2_nv head[] = { NV(":status", "200"), NV("content-type", "application/grpc"), NV("grpc-status", status) };

	assert_int_equal(nghttp2_submit_response(t->session, id, head, 3, NULL), 0);
	task_turn(t);
}

/* The second task comes when the first one has the call. */
static int32_t
call_two(const char *on)
{
	int32_t id;

	for (int i = 1; i < 3; i++)
		stage.origin[i] = stage_listen(&stage.origin_addr[i]);
	stage.norigins = 3;
	stage.state[1] = stage.state[2] = GONE;
	stage_retry_on(on);
	stage_table();
	id = call("application/grpc");
	assert_string_equal(task->call[1].tries, "");
	stage.state[1] = SERVES;
	stage_table();
	return id;
}

static void
an_unavailable_call_goes_to_another_task(void **state)
{
	int32_t id = call_two("unavailable");
	struct task *first = task, *second;

	(void)state;
	client->up = "hello";
	client->up_len = 5;
	nghttp2_session_resume_data(client->session, id);
	BOTH_UNTIL(client, task, task->call[1].len == 5);
	ends_at_once(task, 1, "14");
	task = second = task_new(1, 100);
	BOTH_UNTIL(client, task, task->call[1].len == 5);
	assert_string_equal(task->call[1].tries, "1");
	assert_int_equal(live_retries_total(stage.live, 1, RETRY_UNAVAILABLE), 1);
	/* and the client gets the last response, when there is no other task any more */
	stage.state[2] = SERVES;
	stage_table();
	ends_at_once(task, 1, "14");
	task = task_new(2, 100);
	BOTH_UNTIL(client, task, task->call[1].len == 5);
	assert_string_equal(task->call[1].tries, "2");
	ends_at_once(task, 1, "14");
	BOTH_UNTIL(client, task, has(client, id, "grpc-status: 14\n"));
	assert_false(has(client, id, "mola-why"));
	assert_int_equal(whys(WHY_COMPLETE), 1);
	task_free(first);
	task_free(second);
}

static void
no_other_call_does(void **state)
{
	int32_t id = call_two("unavailable");

	(void)state;
	ends_at_once(task, 1, "4");
	BOTH_UNTIL(client, task, has(client, id, "grpc-status: 4\n"));
	assert_true(nobody_calls(1));
	assert_float_equal(live_rate(stage.live, 0, clock_mono_usec()).failed, 0, 0.1);
}

/* Calls are POST: only who names it has them repeated for this. */
static void
nor_where_it_is_not_said(void **state)
{
	int32_t id = call_two("connect, reset, timeout, 5xx");

	(void)state;
	ends_at_once(task, 1, "14");
	BOTH_UNTIL(client, task, has(client, id, "grpc-status: 14\n"));
	assert_true(nobody_calls(1));
}

/* But the task has failed, as one that responds 503. */
static void
a_task_that_is_unavailable_has_failed(void **state)
{
	int32_t id = call("application/grpc");

	(void)state;
	ends_at_once(task, 1, "14");
	BOTH_UNTIL(client, task, has(client, id, "grpc-status: 14\n"));
	assert_float_equal(live_rate(stage.live, 0, clock_mono_usec()).failed, 1, 0.1);
}

/* Nor when a response has begun. */
static void
nor_after_its_head(void **state)
{
	int32_t id = call_two("unavailable");
	nghttp2_nv head = NV(":status", "200"), end = NV("grpc-status", "14");

	(void)state;
	nghttp2_submit_headers(task->session, 0, 1, NULL, &head, 1, NULL);
	BOTH_UNTIL(client, task, has(client, id, ":status: 200\n"));
	nghttp2_submit_headers(task->session, NGHTTP2_FLAG_END_STREAM, 1, NULL, &end, 1, NULL);
	BOTH_UNTIL(client, task, has(client, id, "grpc-status: 14\n"));
	assert_true(nobody_calls(1));
}

/* ---- frames that bring little ---- */

static const char message[] = "\0\0\1\0\0\0\0\0\1" "m";
static const char measure[] = "\0\0\4\10\0\0\0\0\0\0\0\0\1" "\0\0\10\6\0\0\0\0\0" "12345678";

/* gRPC opens the window and sends a PING with each message that it has got, on either side. */
static void
small_messages_are_no_flood(void **state)
{
	enum { ROUNDS = 3900 };
	int32_t id = call("application/grpc");
	nghttp2_nv head = NV(":status", "200");

	(void)state;
	nghttp2_submit_headers(task->session, 0, 1, NULL, &head, 1, NULL);
	BOTH_UNTIL(client, task, has(client, id, ":status: 200\n"));
	for (size_t i = 1; i <= ROUNDS; i++) {
		say_bytes(client->fd, message, sizeof message - 1);
		say_bytes(client->fd, measure, sizeof measure - 1);
		say_bytes(task->fd, message, sizeof message - 1);
		say_bytes(task->fd, measure, sizeof measure - 1);
		if (i % 100 == 0)
			BOTH_UNTIL(client, task, task->call[1].len == i && got_of(client, id)->len == i);
	}
	assert_false(client->gone || task->gone);
	reset_with(id, NGHTTP2_CANCEL, NGHTTP2_CANCEL);
}

/* Whatever a task sends that brings nothing. */
static void
flood(const char *frame, size_t len)
{
	int32_t id = call("text/plain");
	nghttp2_nv head = NV(":status", "200");

	nghttp2_submit_headers(task->session, 0, 1, NULL, &head, 1, NULL);
	BOTH_UNTIL(client, task, has(client, id, ":status: 200\n"));
	for (int i = 0; i < 20000 && whys(WHY_UPSTREAM_H2_BROKEN) == 0; i++) {
		send(task->fd, frame, len, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (i % 100 == 0)
			stage_turn();
	}
	WAIT_UNTIL(whys(WHY_UPSTREAM_H2_BROKEN) > 0);
	PEER_UNTIL(client, got_of(client, id)->closed);
}

static void
padding_is_no_data(void **state)
{
	(void)state;
	flood("\0\0\3\0\10\0\0\0\1" "\2\0\0", 12);
}

static void
an_empty_frame_is_no_data(void **state)
{
	(void)state;
	flood("\0\0\0\0\0\0\0\0\1", 9);
}

static void
windows_are_not_opened_without_use(void **state)
{
	(void)state;
	flood(measure, 13);
}

/* ---- trailers behind a body whose length was announced ---- */

static void
announced_trailers_pass(void **state)
{
	nghttp2_nv ask[] = { NV(":method", "POST"), NV(":scheme", "http"), NV(":authority", "a.example"), NV(":path", "/"),
		NV("content-length", "2"), NV("trailer", "x-sum") };
	nghttp2_nv sum = NV("x-sum", "7"), head[] = { NV(":status", "200"), NV("content-length", "2"), NV("trailer", "x-sum") };
	int32_t id = nghttp2_submit_headers(client->session, 0, -1, NULL, ask, 6, NULL);

	(void)state;
	peer_turn(client);
	say_bytes(client->fd, "\0\0\2\0\0\0\0\0\1" "up", 11);
	assert_int_equal(nghttp2_submit_headers(client->session, NGHTTP2_FLAG_END_STREAM, id, NULL, &sum, 1, NULL), 0);
	peer_turn(client);
	task = task_new(0, 100);
	BOTH_UNTIL(client, task, task->call[1].ended);
	assert_int_equal(task->call[1].len, 2);
	assert_string_equal(task->call[1].sum, "7");
	nghttp2_submit_headers(task->session, 0, 1, NULL, head, 3, NULL);
	BOTH_UNTIL(client, task, has(client, id, ":status: 200\n"));
	say_bytes(task->fd, "\0\0\2\0\0\0\0\0\1" "ok", 11);
	assert_int_equal(nghttp2_submit_headers(task->session, NGHTTP2_FLAG_END_STREAM, 1, NULL, &sum, 1, NULL), 0);
	BOTH_UNTIL(client, task, got_of(client, id)->ended);
	assert_true(has(client, id, "\nx-sum: 7\n"));
	assert_int_equal(got_of(client, id)->len, 2);
}

/* ---- WebSocket ---- */

#define UPGRADE	"GET /chat HTTP/1.1\r\nHost: a.example\r\nUpgrade: websocket\r\nConnection: upgrade\r\n" \
	"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"	/* of RFC 6455, 1.3 */

static int
begin_tunnel(void **state)
{
	task_takes_websocket = true;
	return begin(state);
}

static int
end_tunnel(void **state)
{
	task_takes_websocket = false;
	return end(state);
}

static void
tunnel_opens(int32_t on)
{
	nghttp2_nv head[] = { NV(":status", "200"), NV("sec-websocket-protocol", "chat") };

	assert_string_equal(task->call[on].method, "CONNECT");
	assert_string_equal(task->call[on].protocol, "websocket");
	assert_string_equal(task->call[on].path, "/chat");
	assert_false(task->call[on].key);
	assert_int_equal(nghttp2_submit_headers(task->session, 0, on, NULL, head, 2, NULL), 0);
}

static void
a_tunnel_leads_from_one_to_the_other(void **state)
{
	nghttp2_nv ask[] = { NV(":method", "CONNECT"), NV(":protocol", "websocket"), NV(":scheme", "http"),
		NV(":authority", "a.example"), NV(":path", "/chat"), NV("sec-websocket-version", "13") };
	int32_t id;

	(void)state;
	peer_turn(client);
	id = nghttp2_submit_headers(client->session, 0, -1, NULL, ask, 6, NULL);
	peer_turn(client);
	task = task_new(0, 100);
	BOTH_UNTIL(client, task, task->last == 1);
	tunnel_opens(1);
	BOTH_UNTIL(client, task, has(client, id, ":status: 200\n"));
	assert_true(has(client, id, "sec-websocket-protocol: chat\n") && !has(client, id, "sec-websocket-accept"));
	say_bytes(client->fd, "\0\0\2\0\0\0\0\0\1" "up", 11);
	BOTH_UNTIL(client, task, task->call[1].len == 2);
	say_bytes(task->fd, "\0\0\4\0\0\0\0\0\1" "down", 13);
	BOTH_UNTIL(client, task, got_of(client, id)->len == 4);
	say_bytes(client->fd, "\0\0\3\0\1\0\0\0\1" "bye", 12);
	BOTH_UNTIL(client, task, task->call[1].ended && task->call[1].len == 5);
	assert_false(got_of(client, id)->ended);
	say_bytes(task->fd, "\0\0\2\0\1\0\0\0\1" "ok", 11);
	BOTH_UNTIL(client, task, got_of(client, id)->ended);
	assert_memory_equal(got_of(client, id)->body, "downok", 6);
	assert_memory_equal(task->call[1].body, "upbye", 5);
	PEER_UNTIL(client, whys(WHY_TUNNEL_CLOSED) == 1);
}

static void
an_upgrade_of_http1_opens_one(void **state)
{
	int a = dial();

	(void)state;
	say(a, UPGRADE);
	task = task_new(0, 100);
	for (int i = 0; i < 20; i++)
		stage_turn();			/* whether it may, the task has not said yet */
	TASK_UNTIL(task, task->last == 1);
	tunnel_opens(1);
	task_turn(task);
	hear(a, "HTTP/1.1 101 Switching Protocols\r\nsec-websocket-protocol: chat\r\nUpgrade: websocket\r\n"
	    "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nConnection: upgrade\r\n\r\n");
	say(a, "up");
	TASK_UNTIL(task, task->call[1].len == 2);
	say_bytes(task->fd, "\0\0\4\0\1\0\0\0\1" "down", 13);
	hear(a, "down");
	hear_end(a);
	shutdown(a, SHUT_WR);
	TASK_UNTIL(task, task->call[1].ended);
	WAIT_UNTIL(whys(WHY_TUNNEL_CLOSED) == 1);
	close(a);
}

static void
the_task_may_say_no(void **state)
{
	int a = dial();

	(void)state;
	say(a, UPGRADE);
	task = task_new(0, 100);
	TASK_UNTIL(task, task->last == 1);
	reply(task, 1, "403", "no", false);
	hear(a, "HTTP/1.1 403 Forbidden\r\n");
	TASK_UNTIL(task, task->call[1].ended);		/* our side, too */
	close(a);
}

/* The client learns why, the task is not to blame, and its connection is as good as before. */
static void
a_task_without_it_gets_no_websocket(void **state)
{
	int a = dial(), b = dial();

	(void)state;
	say(a, UPGRADE);
	task = task_new(0, 100);
	TASK_UNTIL(task, whys(WHY_UPSTREAM_NO_WEBSOCKET) == 1);
	hear_why(a, 502, WHY_UPSTREAM_NO_WEBSOCKET);
	say(b, UPGRADE);
	TASK_UNTIL(task, whys(WHY_UPSTREAM_NO_WEBSOCKET) == 2);
	hear_why(b, 502, WHY_UPSTREAM_NO_WEBSOCKET);
	assert_int_equal(task->last, 0);
	close(b);
	b = dial();
	say(b, GET("/b"));
	TASK_UNTIL(task, task->call[1].ended);
	reply(task, 1, "204", NULL, false);
	hear(b, "HTTP/1.1 204 No Content\r\n\r\n");
	assert_true(nobody_calls(0));
	close(a);
	close(b);
}

int
main(void)
{
#define SCENE(name) cmocka_unit_test_setup_teardown(name, begin, end)
	const struct CMUnitTest tests[] = {
		SCENE(a_call_that_is_cancelled_is_cancelled_for_the_client),
		SCENE(so_it_is_after_its_head),
		SCENE(other_codes_are_our_own_trouble),
		SCENE(other_requests_get_a_response),
		SCENE(a_call_that_is_refused_is_unavailable),
		SCENE(a_task_that_is_unavailable_has_failed),
		SCENE(an_unavailable_call_goes_to_another_task),
		SCENE(no_other_call_does),
		SCENE(nor_where_it_is_not_said),
		SCENE(nor_after_its_head),
		SCENE(small_messages_are_no_flood),
		SCENE(padding_is_no_data),
		SCENE(an_empty_frame_is_no_data),
		SCENE(windows_are_not_opened_without_use),
		SCENE(announced_trailers_pass),
		cmocka_unit_test_setup_teardown(a_tunnel_leads_from_one_to_the_other, begin_tunnel, end_tunnel),
		cmocka_unit_test_setup_teardown(an_upgrade_of_http1_opens_one, begin_tunnel, end_tunnel),
		cmocka_unit_test_setup_teardown(the_task_may_say_no, begin_tunnel, end_tunnel),
		SCENE(a_task_without_it_gets_no_websocket),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
