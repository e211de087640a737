/*
 * Tasks that speak HTTP/2, played with nghttp2's server side; clients are those of the stage, and speak HTTP/1.1.
 */
#include "stage.h"

#include <nghttp2/nghttp2.h>

#define STREAMS 64

struct call {			/* what came on a stream */
	char		 path[64], body[4096];
	size_t		 len;
	bool		 te, ended, closed;
	uint32_t	 code;
	const char	*reply;
	size_t		 at;
	bool		 trailers;
};

struct task {
	int		 fd;
	nghttp2_session	*session;
	bool		 over, gone;
	int32_t		 last;		/* the newest stream */
	struct call	 call[STREAMS];
};

static int
on_header(nghttp2_session *s, const nghttp2_frame *f, const uint8_t *n, size_t nl, const uint8_t *v, size_t vl,
    uint8_t flags, void *arg)
{
	struct task *t = arg;
	struct call *c = &t->call[f->hd.stream_id];

	(void)s, (void)flags;
	t->last = f->hd.stream_id;
	if (nl == 5 && memcmp(n, ":path", 5) == 0)
		snprintf(c->path, sizeof c->path, "%.*s", (int)vl, (const char *)v);
	c->te |= nl == 2 && memcmp(n, "te", 2) == 0;
	return 0;
}

static int
on_data(nghttp2_session *s, uint8_t flags, int32_t id, const uint8_t *data, size_t len, void *arg)
{
	struct call *c = &((struct task *)arg)->call[id];

	(void)s, (void)flags;
	assert_true(c->len + len <= sizeof c->body);
	memcpy(c->body + c->len, data, len);
	c->len += len;
	return 0;
}

static int
on_frame(nghttp2_session *s, const nghttp2_frame *f, void *arg)
{
	struct task *t = arg;

	(void)s;
	t->gone |= f->hd.type == NGHTTP2_GOAWAY;
	if ((f->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0 && (f->hd.type == NGHTTP2_DATA || f->hd.type == NGHTTP2_HEADERS))
		t->call[f->hd.stream_id].ended = true;
	if (f->hd.type == NGHTTP2_RST_STREAM)
		t->call[f->hd.stream_id].code = f->rst_stream.error_code;
	return 0;
}

static int
on_closed(nghttp2_session *s, int32_t id, uint32_t code, void *arg)
{
	(void)s, (void)code;
	((struct task *)arg)->call[id].closed = true;
	return 0;
}

/* The proxy has connected. */
static struct task *
task_new(int origin, uint32_t streams)
{
	struct task *t = must_zalloc(sizeof *t);
	nghttp2_settings_entry most = { NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, streams };
	nghttp2_session_callbacks *cb;

	nghttp2_session_callbacks_new(&cb);
	nghttp2_session_callbacks_set_on_header_callback(cb, on_header);
	nghttp2_session_callbacks_set_on_data_chunk_recv_callback(cb, on_data);
	nghttp2_session_callbacks_set_on_frame_recv_callback(cb, on_frame);
	nghttp2_session_callbacks_set_on_stream_close_callback(cb, on_closed);
	assert_int_equal(nghttp2_session_server_new(&t->session, cb, t), 0);
	nghttp2_session_callbacks_del(cb);
	assert_int_equal(nghttp2_submit_settings(t->session, 0, &most, 1), 0);
	t->fd = answer_call(origin);
	return t;
}

static void
task_free(struct task *t)
{
	nghttp2_session_del(t->session);
	close(t->fd);
	free(t);
}

/* All that can be sent and received now. */
static void
task_turn(struct task *t)
{
	uint8_t in[16384];
	const uint8_t *out;
	ssize_t n;

	while ((n = recv(t->fd, in, sizeof in, MSG_DONTWAIT)) > 0)
		assert_int_equal(nghttp2_session_mem_recv(t->session, in, (size_t)n), n);
	t->over |= n == 0 || (n < 0 && errno != EAGAIN);
	while (!t->over && (n = nghttp2_session_mem_send(t->session, &out)) > 0)
		say_bytes(t->fd, (const char *)out, (size_t)n);
}

#define TASK_UNTIL(t, condition) WAIT_UNTIL((task_turn(t), (condition)))

static ssize_t
reply_read(nghttp2_session *s, int32_t id, uint8_t *to, size_t cap, uint32_t *flags, nghttp2_data_source *source, void *arg)
{
	struct call *c = source->ptr;
	size_t left = strlen(c->reply) - c->at, n = left < cap ? left : cap;
	nghttp2_nv trailer = { (uint8_t *)(uintptr_t)"x-sum", (uint8_t *)(uintptr_t)"42", 5, 2, 0 };

	(void)arg;
	memcpy(to, c->reply + c->at, n);
	c->at += n;
	if (n < left)
		return (ssize_t)n;
	*flags |= NGHTTP2_DATA_FLAG_EOF;
	if (c->trailers) {
		*flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
		nghttp2_submit_trailer(s, id, &trailer, 1);
	}
	return (ssize_t)n;
}

static void
reply(struct task *t, int32_t id, const char *status, const char *body, bool trailers)
{
	nghttp2_nv head = { (uint8_t *)(uintptr_t)":status", (uint8_t *)(uintptr_t)status, 7, strlen(status), 0 };
	nghttp2_data_provider p = { .source = { .ptr = &t->call[id] }, .read_callback = reply_read };

	t->call[id].reply = body;
	t->call[id].trailers = trailers;
	assert_int_equal(nghttp2_submit_response(t->session, id, &head, 1, body == NULL ? NULL : &p), 0);
	task_turn(t);
}

#define SAID(body)	"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" body
#define POST(path, length, body) "POST " path " HTTP/1.1\r\nHost: a.example\r\nContent-Length: " #length "\r\n\r\n" body

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
