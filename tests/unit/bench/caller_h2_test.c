/*
 * The caller over HTTP/2 against a small server, also nghttp2's: which connection a call goes to,
 * and how it ends.
 */
#define field caller_field
#include "../../../bench/lib/caller.c"
#undef field
#include "../../../bench/lib/caller_h2.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

#define HELD_MAX 40

struct talk {
	struct loop	*loop;
	struct addr	 addr;
	int		 listener;
	struct io	 io;
	struct peer	*peers[4];
	unsigned	 npeers, nheld;
	struct held {
		struct peer	*peer;
		int32_t		 stream;
	}		 held[HELD_MAX];		/* requests of /late */
};

struct peer {					/* the server's side of a connection */
	struct talk	*talk;
	struct stream	 stream;
	nghttp2_session	*session;
	char		 path[16];		/* of the request that is being read */
};

struct asking {
	struct call	 call;
	bool		 over;
	enum call_end	 end;
	int		 status;
	char		 node[32];
};

/* ---- the server ---- */

static void
respond(struct peer *p, int32_t stream, const char *status)
{
	const nghttp2_nv fields[] = { h2_field(":status", str_of(status)), h2_field("x-node", STR("n7")) };

	assert_int_equal(nghttp2_submit_response(p->session, stream, fields, 2, NULL), 0);
}

static int
peer_header(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name, size_t nname,
    const uint8_t *value, size_t nvalue, uint8_t flags, void *arg)
{
	struct peer *p = arg;

	(void)session, (void)frame, (void)flags;
	if (nname == 5 && memcmp(name, ":path", 5) == 0)
		str_copy(p->path, sizeof p->path, (struct str){ (const char *)value, nvalue });
	return 0;
}

static int
peer_frame(nghttp2_session *session, const nghttp2_frame *frame, void *arg)
{
	struct peer *p = arg;
	struct talk *t = p->talk;

	if (frame->hd.type != NGHTTP2_HEADERS)
		return 0;
	if (strcmp(p->path, "/late") == 0)
		t->held[t->nheld++] = (struct held){ p, frame->hd.stream_id };
	else if (strcmp(p->path, "/reset") == 0)
		nghttp2_submit_rst_stream(session, 0, frame->hd.stream_id, NGHTTP2_INTERNAL_ERROR);
	else
		respond(p, frame->hd.stream_id, strcmp(p->path, "/") == 0 ? "200" : "404");
	return 0;
}

static void
peer_send(struct peer *p)
{
	const uint8_t *text;
	struct iovec iov;
	ssize_t n;
	size_t put;

	while ((n = nghttp2_session_mem_send(p->session, &text)) > 0) {
		iov = (struct iovec){ (void *)(uintptr_t)text, (size_t)n };
		assert_int_equal(stream_writev(&p->stream, &iov, 1, &put), IO_DONE);
		assert_int_equal(put, n);
	}
}

static void
peer_go(void *arg)
{
	struct peer *p = arg;
	uint8_t in[4096];
	size_t got;

	while (stream_is_open(&p->stream)) {
		switch (stream_read(&p->stream, in, sizeof in, &got)) {
		case IO_DONE:
			assert_int_equal(nghttp2_session_mem_recv(p->session, in, got), got);
			peer_send(p);
			break;
		case IO_AGAIN:
			return;
		default:
			stream_close(&p->stream);
		}
	}
}

static void
on_accept(void *arg, uint32_t events)
{
	struct talk *t = arg;
	struct peer *p = must_zalloc(sizeof *p);
	nghttp2_session_callbacks *callbacks;
	struct addr from;

	(void)events;
	assert_true(t->npeers < 4);
	t->peers[t->npeers++] = p;
	p->talk = t;
	stream_open(&p->stream, t->loop, sock_accept(t->listener, &from), peer_go, p);
	nghttp2_session_callbacks_new(&callbacks);
	nghttp2_session_callbacks_set_on_header_callback(callbacks, peer_header);
	nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, peer_frame);
	nghttp2_session_server_new(&p->session, callbacks, p);
	nghttp2_session_callbacks_del(callbacks);
	nghttp2_submit_settings(p->session, 0, NULL, 0);
	peer_send(p);
	peer_go(p);
}

/* ---- the tests' own ---- */

static void
on_done(struct call *c, enum call_end end, int status, struct str node)
{
	struct asking *a = (struct asking *)c;

	assert_false(a->over);
	a->over = true;
	a->end = end;
	a->status = status;
	str_copy(a->node, sizeof a->node, node);
}

static void
ask_for(struct caller *c, struct asking *a, const char *path)
{
	*a = (struct asking){ .call.done = on_done };
	a->call.len = (unsigned)snprintf(a->call.text, sizeof a->call.text, "GET %s HTTP/1.1\r\n\r\n", path);
	caller_ask(c, &a->call);
}

static struct caller *
caller_of(struct talk *t, unsigned connections_max)
{
	struct caller_conf conf = { .addr = t->addr, .connections_max = connections_max, .http2 = true, .host = "web" };

	return caller_new(t->loop, &conf);
}

static void
turns(struct talk *t)
{
	for (int i = 0; i < 20; i++)
		loop_turn(t->loop, 1000);
}

static void
wait_for(struct talk *t, const bool *what)
{
	int64_t until = clock_mono_usec() + 10 * USEC_PER_SEC;

	while (!*what && clock_mono_usec() < until)
		loop_turn(t->loop, 100000);
	assert_true(*what);
}

static void
wait_held(struct talk *t, unsigned n)
{
	int64_t until = clock_mono_usec() + 10 * USEC_PER_SEC;

	while (t->nheld < n && clock_mono_usec() < until)
		loop_turn(t->loop, 100000);
	turns(t);
	assert_int_equal(t->nheld, n);
}

static void
respond_held(struct talk *t)
{
	unsigned n = t->nheld;

	t->nheld = 0;
	for (unsigned i = 0; i < n; i++) {
		respond(t->held[i].peer, t->held[i].stream, "200");
		peer_send(t->held[i].peer);
	}
}

static int
begin(void **state)
{
	struct talk *t = must_zalloc(sizeof *t);
	char path[64];

	snprintf(path, sizeof path, "unix:/tmp/mola-h2-%d.sock", (int)getpid());
	assert_null(addr_parse(str_of(path), &t->addr));
	t->loop = loop_new();
	assert_null(sock_listen(&t->addr, false, &t->listener));
	loop_watch(t->loop, &t->io, t->listener, LOOP_LEVEL, on_accept, t);
	*state = t;
	return 0;
}

static int
end(void **state)
{
	struct talk *t = *state;

	loop_unwatch(t->loop, &t->io);
	close(t->listener);
	unlink(t->addr.sa.un.sun_path);
	turns(t);
	for (unsigned i = 0; i < t->npeers; i++) {
		stream_close(&t->peers[i]->stream);
		nghttp2_session_del(t->peers[i]->session);
		free(t->peers[i]);
	}
	loop_free(&t->loop);
	free(t);
	return 0;
}

/* ---- what is expected ---- */

static void
calls_end_with_their_status(void **state)
{
	static const struct { const char *path; enum call_end end; int status; } expected[] = {
		{ "/", CALL_DONE, 200 }, { "/nothing", CALL_STATUS, 404 }, { "/reset", CALL_CLOSED, 0 }, { "/", CALL_DONE, 200 } };
	struct talk *t = *state;
	struct caller *c = caller_of(t, 4);
	struct asking a;

	for (unsigned i = 0; i < sizeof expected / sizeof expected[0]; i++) {
		ask_for(c, &a, expected[i].path);
		wait_for(t, &a.over);
		assert_int_equal(a.end, expected[i].end);
		assert_int_equal(a.status, expected[i].status);
		assert_string_equal(a.node, a.status > 0 ? "n7" : "");
	}
	assert_int_equal(caller_connections(c), 1);
	assert_true(caller_bytes(c) > 0);
	caller_free(&c);
}

static void
a_full_connection_is_followed_by_another(void **state)
{
	struct talk *t = *state;
	struct caller *c = caller_of(t, 4);
	struct asking a[CALLER_STREAMS_MAX + 1];

	for (unsigned i = 0; i < CALLER_STREAMS_MAX; i++)
		ask_for(c, &a[i], "/late");
	wait_held(t, CALLER_STREAMS_MAX);
	assert_int_equal(caller_connections(c), 1);
	ask_for(c, &a[CALLER_STREAMS_MAX], "/late");
	wait_held(t, CALLER_STREAMS_MAX + 1);
	assert_int_equal(caller_connections(c), 2);
	respond_held(t);
	for (unsigned i = 0; i <= CALLER_STREAMS_MAX; i++) {
		wait_for(t, &a[i].over);
		assert_int_equal(a[i].end, CALL_DONE);
	}
	assert_int_equal(caller_waited(c), 0);
	caller_free(&c);
}

static void
calls_wait_where_all_are_full(void **state)
{
	struct talk *t = *state;
	struct caller *c = caller_of(t, 1);
	struct asking a[CALLER_STREAMS_MAX + 2];

	for (unsigned i = 0; i < CALLER_STREAMS_MAX + 2; i++)
		ask_for(c, &a[i], "/late");
	wait_held(t, CALLER_STREAMS_MAX);
	assert_int_equal(caller_waited(c), 2);
	respond_held(t);
	wait_held(t, 2);
	respond_held(t);
	for (unsigned i = 0; i < CALLER_STREAMS_MAX + 2; i++) {
		wait_for(t, &a[i].over);
		assert_int_equal(a[i].end, CALL_DONE);
	}
	caller_free(&c);
}

static void
calls_end_with_their_connection(void **state)
{
	struct talk *t = *state;
	struct caller *c = caller_of(t, 1);
	struct asking a, b;

	ask_for(c, &a, "/late");
	ask_for(c, &b, "/late");
	wait_held(t, 2);
	stream_close(&t->peers[0]->stream);
	wait_for(t, &a.over);
	wait_for(t, &b.over);
	assert_int_equal(a.end, CALL_CLOSED);
	assert_int_equal(b.end, CALL_CLOSED);
	assert_int_equal(caller_connections(c), 0);
	ask_for(c, &a, "/");
	wait_for(t, &a.over);
	assert_int_equal(a.end, CALL_DONE);
	caller_free(&c);
}

static void
nobody_there_is_an_outcome(void **state)
{
	struct talk *t = *state;
	struct caller_conf conf = { .connections_max = 1, .http2 = true, .host = "web" };
	struct caller *c;
	struct asking a;

	assert_null(addr_parse(STR("127.0.0.1:1"), &conf.addr));
	c = caller_new(t->loop, &conf);
	ask_for(c, &a, "/");
	wait_for(t, &a.over);
	assert_int_equal(a.end, CALL_CONNECT);
	caller_free(&c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(calls_end_with_their_status, begin, end),
		cmocka_unit_test_setup_teardown(a_full_connection_is_followed_by_another, begin, end),
		cmocka_unit_test_setup_teardown(calls_wait_where_all_are_full, begin, end),
		cmocka_unit_test_setup_teardown(calls_end_with_their_connection, begin, end),
		cmocka_unit_test_setup_teardown(nobody_there_is_an_outcome, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
