/*
 * Tasks that speak HTTP/2, played with nghttp2's server side; clients are those of the stage, and speak HTTP/1.1.
 */
#include "h2_task.h"

static int
begin(void **state)
{
	(void)state;
	stage_open(1);
	stage.service.scheme = SCHEME_H2C;
	stage_table();
	return 0;
}

static int
end(void **state)
{
	(void)state;
	stage_close();
	return 0;
}

static void
requests_share_a_connection(void **state)
{
	int a = dial(), b = dial();
	struct task *t;

	(void)state;
	say(a, GET("/a"));
	say(b, GET("/b"));
	t = task_new(0, 100);
	TASK_UNTIL(t, t->call[1].ended && t->call[3].ended);
	assert_true(nobody_calls(0));
	assert_int_equal(inflight(), 2);
	reply(t, 3, "200", "three", true);
	hear(strcmp(t->call[3].path, "/b") == 0 ? b : a, SAID("5\r\nthree\r\n0\r\nx-sum: 42\r\n\r\n"));
	reply(t, 1, "200", "one", false);
	hear(strcmp(t->call[1].path, "/b") == 0 ? b : a, SAID("3\r\none\r\n0\r\n\r\n"));
	say(a, POST("/c", 4, "body"));
	TASK_UNTIL(t, t->call[5].ended);
	assert_int_equal(t->call[5].len, 4);
	assert_memory_equal(t->call[5].body, "body", 4);
	reply(t, 5, "204", NULL, false);
	hear(a, "HTTP/1.1 204 No Content\r\n\r\n");
	assert_true(nobody_calls(0));
	close(a);
	close(b);
	task_free(t);
}

static void
a_task_gets_its_own_address_as_authority(void **state)
{
	char addr[ADDR_TEXT_MAX];
	struct task *t;
	int a;

	(void)state;
	stage.service.pass_host = false;
	stage_table();
	a = dial();
	say(a, GET("/a"));
	t = task_new(0, 100);
	TASK_UNTIL(t, t->call[1].ended);
	assert_string_equal(t->call[1].authority, addr_text(&stage.origin_addr[0], addr));
	reply(t, 1, "204", NULL, false);
	hear(a, "HTTP/1.1 204 No Content\r\n\r\n");
	close(a);
	task_free(t);
}

static void
servers_of_grpc_see_that_trailers_are_welcome(void **state)
{
	int a = dial();
	struct task *t;

	(void)state;
	say(a, "POST /c HTTP/1.1\r\nHost: a.example\r\nContent-Type: application/grpc+proto\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\n\r\n");
	t = task_new(0, 100);
	TASK_UNTIL(t, t->call[1].ended);
	assert_true(t->call[1].te);
	assert_memory_equal(t->call[1].body, "body", 4);
	reply(t, 1, "200", NULL, false);
	hear(a, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
	close(a);
	task_free(t);
}

/* HPACK makes a few bytes of each: what waits to be read is bounded all the same. */
static void
a_task_may_not_flood_with_interim_responses(void **state)
{
	static char large[3001];
	int a = dial();
	struct task *t;

	(void)state;
	memset(large, 'x', sizeof large - 1);
	nghttp2_nv early[] = {
		{ (uint8_t *)(uintptr_t)":status", (uint8_t *)(uintptr_t)"103", 7, 3, 0 },
		{ (uint8_t *)(uintptr_t)"link", (uint8_t *)large, 4, sizeof large - 1, 0 },
	};
	say(a, POST("/c", 4, "body"));
	t = task_new(0, 100);
	TASK_UNTIL(t, t->call[1].ended);
	for (int i = 0; i < 500; i++)
		assert_int_equal(nghttp2_submit_headers(t->session, 0, 1, NULL, early, 2, NULL), 0);
	TASK_UNTIL(t, t->call[1].closed);
	WAIT_UNTIL(whys(WHY_UPSTREAM_HEAD_LARGE) == 1);
	close(a);
	task_free(t);
}

/* Whatever its method: the task has not processed it. */
static void
a_refused_request_goes_out_again(void **state)
{
	int a = dial();
	struct task *t;

	(void)state;
	say(a, POST("/c", 4, "body"));
	t = task_new(0, 100);
	TASK_UNTIL(t, t->call[1].ended);
	nghttp2_submit_rst_stream(t->session, 0, 1, NGHTTP2_REFUSED_STREAM);
	TASK_UNTIL(t, t->call[3].ended);
	assert_memory_equal(t->call[3].body, "body", 4);
	reply(t, 3, "200", "ok", false);
	hear(a, SAID("2\r\nok\r\n0\r\n\r\n"));
	close(a);
	task_free(t);
}

static void
a_task_that_leaves_gets_no_more(void **state)
{
	int a = dial(), b = dial();
	struct task *t, *next;

	(void)state;
	say(a, POST("/a", 4, "body"));
	t = task_new(0, 100);
	TASK_UNTIL(t, t->call[1].ended);
	nghttp2_submit_goaway(t->session, 0, 1, NGHTTP2_NO_ERROR, NULL, 0);
	task_turn(t);
	for (int i = 0; i < 20; i++)
		stage_turn();
	say(b, GET("/b"));
	next = task_new(0, 100);
	TASK_UNTIL(next, next->call[1].ended);
	reply(t, 1, "200", "old", false);		/* what is under way runs to its end */
	hear(a, SAID("3\r\nold\r\n0\r\n\r\n"));
	TASK_UNTIL(t, t->over);
	reply(next, 1, "200", "new", false);
	hear(b, SAID("3\r\nnew\r\n0\r\n\r\n"));
	close(a);
	close(b);
	task_free(t);
	task_free(next);
}

/* GOAWAY with a last stream below it. */
static void
what_a_leaving_task_has_not_seen_goes_to_the_next_connection(void **state)
{
	int a = dial();
	struct task *t, *next;

	(void)state;
	say(a, POST("/a", 4, "body"));
	t = task_new(0, 100);
	TASK_UNTIL(t, t->call[1].ended);
	say_bytes(t->fd, "\0\0\10\7\0\0\0\0\0\0\0\0\0\0\0\0\0", 17);
	next = task_new(0, 100);
	TASK_UNTIL(next, next->call[1].ended);
	assert_memory_equal(next->call[1].body, "body", 4);
	reply(next, 1, "200", "new", false);
	hear(a, SAID("3\r\nnew\r\n0\r\n\r\n"));
	close(a);
	task_free(t);
	task_free(next);
}

static void
the_tasks_limit_of_streams_holds(void **state)
{
	int a = dial(), b = dial();
	struct task *t, *second;

	(void)state;
	say(a, GET("/a"));
	t = task_new(0, 1);
	TASK_UNTIL(t, t->call[1].ended);
	for (int i = 0; i < 20; i++)
		stage_turn();
	say(b, GET("/b"));
	second = task_new(0, 1);
	TASK_UNTIL(second, second->call[1].ended);
	reply(second, 1, "200", "b", false);
	hear(b, SAID("1\r\nb\r\n0\r\n\r\n"));
	reply(t, 1, "200", "a", false);
	hear(a, SAID("1\r\na\r\n0\r\n\r\n"));
	close(a);
	close(b);
	task_free(t);
	task_free(second);
}

/* The death of the connection is that of all its streams; what may have been processed is not sent again. */
static void
a_dead_connection_fails_its_streams(void **state)
{
	int a = dial(), b = dial();
	struct task *t;

	(void)state;
	say(a, POST("/a", 4, "body"));
	say(b, POST("/b", 4, "body"));
	t = task_new(0, 100);
	TASK_UNTIL(t, t->call[1].ended && t->call[3].ended);
	task_free(t);
	hear_why(a, 502, WHY_UPSTREAM_GONE);
	hear_why(b, 502, WHY_UPSTREAM_GONE);
	close(a);
	close(b);
}

static void
a_broken_rule_is_the_tasks_fault(void **state)
{
	int a = dial();
	struct task *t;

	(void)state;
	say(a, POST("/a", 4, "body"));
	t = task_new(0, 100);
	TASK_UNTIL(t, t->call[1].ended);
	say_bytes(t->fd, "\0\0\1\4\0\0\0\0\0\0", 10);		/* SETTINGS of one byte */
	hear_why(a, 502, WHY_UPSTREAM_H2_BROKEN);
	close(a);
	a = dial();
	task_free(t);
	say(a, POST("/a", 4, "body"));
	t = task_new(0, 100);
	TASK_UNTIL(t, t->call[1].ended);
	reply(t, 1, "101", NULL, false);
	hear_why(a, 502, WHY_UPSTREAM_BAD_HEAD);
	close(a);
	task_free(t);
}

/* A client that leaves takes its stream along, and nothing else. */
static void
a_client_that_leaves_cancels_its_stream(void **state)
{
	int a = dial(), b = dial();
	struct task *t;

	(void)state;
	say(a, GET("/a"));
	t = task_new(0, 100);
	TASK_UNTIL(t, t->call[1].ended);
	say(b, GET("/b"));
	TASK_UNTIL(t, t->call[3].ended);
	hang_up(a);
	TASK_UNTIL(t, t->call[1].closed);
	assert_int_equal(t->call[1].code, NGHTTP2_CANCEL);
	reply(t, 3, "200", "b", false);
	hear(b, SAID("1\r\nb\r\n0\r\n\r\n"));
	close(b);
	task_free(t);
}

/* A task that is gone without a word: the next request does not wait on the same connection. */
static void
silence_ends_a_connection_for_others(void **state)
{
	int a = dial(), b = dial();
	struct task *t, *next;

	(void)state;
	stage.service.response_usec = 1100 * MSEC;
	stage_table();
	say(a, POST("/a", 4, "body"));
	t = task_new(0, 100);
	TASK_UNTIL(t, t->call[1].ended);
	hear_why(a, 504, WHY_UPSTREAM_SLOW_HEAD);
	say(b, GET("/b"));
	next = task_new(0, 100);
	TASK_UNTIL(next, next->call[1].ended);
	reply(next, 1, "200", "b", false);
	hear(b, SAID("1\r\nb\r\n0\r\n\r\n"));
	close(a);
	close(b);
	task_free(t);
	task_free(next);
}

static void
a_task_that_refuses_fails_all_who_wait(void **state)
{
	int a, b;

	(void)state;
	close(stage.origin[0]);
	a = dial();
	b = dial();
	say(a, GET("/a"));
	say(b, GET("/b"));
	hear_why(a, 502, WHY_CONNECT_REFUSED);
	hear_why(b, 502, WHY_CONNECT_REFUSED);
	close(a);
	close(b);
	stage.origin[0] = dup(0);
}

int
main(void)
{
#define SCENE(name) cmocka_unit_test_setup_teardown(name, begin, end)
	const struct CMUnitTest tests[] = {
		SCENE(requests_share_a_connection),
		SCENE(a_task_gets_its_own_address_as_authority),
		SCENE(servers_of_grpc_see_that_trailers_are_welcome),
		SCENE(a_task_may_not_flood_with_interim_responses),
		SCENE(a_refused_request_goes_out_again),
		SCENE(a_task_that_leaves_gets_no_more),
		SCENE(what_a_leaving_task_has_not_seen_goes_to_the_next_connection),
		SCENE(the_tasks_limit_of_streams_holds),
		SCENE(a_dead_connection_fails_its_streams),
		SCENE(a_broken_rule_is_the_tasks_fault),
		SCENE(a_client_that_leaves_cancels_its_stream),
		SCENE(silence_ends_a_connection_for_others),
		SCENE(a_task_that_refuses_fails_all_who_wait),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
