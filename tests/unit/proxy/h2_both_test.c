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
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
