/*
 * h2_task: a task that speaks HTTP/2, played with nghttp2's server side.
 */
#ifndef H2_TASK_H
#define H2_TASK_H

#include "stage.h"

#include <nghttp2/nghttp2.h>

#define TASK_STREAMS 64

struct call {			/* what came on a stream */
	char		 path[64], body[4096];
	size_t		 len;
	char		 method[16], protocol[16], authority[64];
	bool		 te, key, ended, closed;
	char		 sum[16];	/* x-sum, of its trailers */
	char		 tries[16];	/* grpc-previous-rpc-attempts */
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
	struct call	 call[TASK_STREAMS];
};

static int
task_on_header(nghttp2_session *s, const nghttp2_frame *f, const uint8_t *n, size_t nl, const uint8_t *v, size_t vl,
    uint8_t flags, void *arg)
{
	struct task *t = arg;
	struct call *c = &t->call[f->hd.stream_id];

	(void)s, (void)flags;
	t->last = f->hd.stream_id;
	if (nl == 5 && memcmp(n, ":path", 5) == 0)
		snprintf(c->path, sizeof c->path, "%.*s", (int)vl, (const char *)v);
	if (nl == 5 && memcmp(n, "x-sum", 5) == 0)
		snprintf(c->sum, sizeof c->sum, "%.*s", (int)vl, (const char *)v);
	if (nl == 26 && memcmp(n, "grpc-previous-rpc-attempts", 26) == 0)
		snprintf(c->tries, sizeof c->tries, "%.*s", (int)vl, (const char *)v);
	if (nl == 7 && memcmp(n, ":method", 7) == 0)
		snprintf(c->method, sizeof c->method, "%.*s", (int)vl, (const char *)v);
	if (nl == 9 && memcmp(n, ":protocol", 9) == 0)
		snprintf(c->protocol, sizeof c->protocol, "%.*s", (int)vl, (const char *)v);
	if (nl == 10 && memcmp(n, ":authority", 10) == 0)
		snprintf(c->authority, sizeof c->authority, "%.*s", (int)vl, (const char *)v);
	c->key |= nl == 17 && memcmp(n, "sec-websocket-key", 17) == 0;
	c->te |= nl == 2 && memcmp(n, "te", 2) == 0;
	return 0;
}

static int
task_on_data(nghttp2_session *s, uint8_t flags, int32_t id, const uint8_t *data, size_t len, void *arg)
{
	struct call *c = &((struct task *)arg)->call[id];

	(void)s, (void)flags;
	assert_true(c->len + len <= sizeof c->body);
	memcpy(c->body + c->len, data, len);
	c->len += len;
	return 0;
}

static int
task_on_frame(nghttp2_session *s, const nghttp2_frame *f, void *arg)
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
task_on_closed(nghttp2_session *s, int32_t id, uint32_t code, void *arg)
{
	(void)s, (void)code;
	((struct task *)arg)->call[id].closed = true;
	return 0;
}

static bool task_takes_websocket;	/* RFC 8441: the next one says so */

/* The proxy has connected. SETTINGS go with the first task_turn(). */
static struct task *
task_new(int origin, uint32_t streams)
{
	struct task *t = must_zalloc(sizeof *t);
	nghttp2_settings_entry settings[] = { { NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, streams },
		{ NGHTTP2_SETTINGS_ENABLE_CONNECT_PROTOCOL, 1 } };
	nghttp2_session_callbacks *cb;

	nghttp2_session_callbacks_new(&cb);
	nghttp2_session_callbacks_set_on_header_callback(cb, task_on_header);
	nghttp2_session_callbacks_set_on_data_chunk_recv_callback(cb, task_on_data);
	nghttp2_session_callbacks_set_on_frame_recv_callback(cb, task_on_frame);
	nghttp2_session_callbacks_set_on_stream_close_callback(cb, task_on_closed);
	assert_int_equal(nghttp2_session_server_new(&t->session, cb, t), 0);
	nghttp2_session_callbacks_del(cb);
	assert_int_equal(nghttp2_submit_settings(t->session, 0, settings, task_takes_websocket ? 2 : 1), 0);
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

#endif
