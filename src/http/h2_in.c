/*
 * The request of a stream: fields and data come from nghttp2, and its owner reads the HTTP/1.1
 * message that they mean. What it has read opens the windows again, of the stream and of the
 * connection: that is the back-pressure, and the bound on memory.
 */
#include <string.h>

#include "base/bug.h"
#include "http/h2_priv.h"
#include "http/websocket.h"

/* A response of ours, without a body: there is no owner for this request. */
static void
answer(struct h2_stream *st, const struct why *why)
{
	struct h2_conn *c = st->conn;
	char status[3] = { (char)('0' + why->status / 100), (char)('0' + why->status / 10 % 10),
	    (char)('0' + why->status % 10) };
#define FIELD(name, value, len) { (uint8_t *)(uintptr_t)(name), (uint8_t *)(uintptr_t)(value), \
	sizeof(name) - 1, (len), NGHTTP2_NV_FLAG_NONE }
	nghttp2_nv nv[] = {
		FIELD(":status", status, 3),
		FIELD("content-length", "0", 1),
		FIELD("mola-why", why->name, strlen(why->name)),
	};
#undef FIELD

	ASSERT(why->status >= 200 && why->status <= 599);
	nghttp2_submit_response(c->session, st->id, nv, sizeof nv / sizeof *nv, NULL);
	st->offered = true;
	st->out_state = H2_SENT;
	st->out.ended = true;
	st->left_usec = st->moved_usec = loop_now(c->h2->loop);
	c->h2->ops->ended(c->owner, why, why->status);
}

void
h2_in_head(struct h2_stream *st, bool ended)
{
	char key[WEBSOCKET_KEY_LEN] = "";
	const struct why *why;

	if ((st->request.seen & 1u << H2_PROTOCOL) != 0)
		websocket_key(key);
	why = h2_request_end(&st->request, ended, key);
	st->in_ended = ended;
	if (why == NULL)
		h2_stream_wake(st);
	else if (why->status != 0)
		answer(st, why);
	else
		h2_stream_fail(st, why, NGHTTP2_PROTOCOL_ERROR);
}

static void
readable(struct h2_stream *st)
{
	if (!inner_is_open(&st->inner))
		return;
	inner_mark(&st->inner, INNER_READABLE);
	h2_stream_wake(st);
}

bool
h2_in_data(struct h2_stream *st, const uint8_t *p, size_t len)
{
	struct queue *q = &st->request.head;

	ASSERT(len > 0 && len < 1u << 24);
	st->owed += len;
	if (!(st->request.is_chunked ? h2_chunk_add(q, &st->chunk, p, len) : queue_add(q, p, len)))
		return false;
	readable(st);
	return true;
}

/* Trailers that were not announced have no place behind a body of known length. */
bool
h2_in_end(struct h2_stream *st)
{
	bool ok = !st->request.is_chunked
	    || h2_chunk_end(&st->request.head, queue_str(&st->in_trailer));

	st->in_ended = true;
	queue_fini(&st->in_trailer);
	readable(st);
	return ok;
}

/* All that the owner will ever get is here: what comes behind its response is nothing to it. */
static bool
at_end(const struct h2_stream *st)
{
	return st->in_ended || (st->shut && st->out_state != H2_TUNNEL) || st->closed;
}

enum io_result
h2_in_peek(struct inner *n, void *to, size_t cap, size_t *got)
{
	struct h2_stream *st = (struct h2_stream *)n;
	struct str in = queue_str(&st->request.head);

	if (in.len == 0)
		return at_end(st) ? IO_EOF : IO_AGAIN;
	*got = in.len < cap ? in.len : cap;
	memcpy(to, in.p, *got);
	return IO_DONE;
}

/* What was read opens the window again, of the stream and of the connection. */
static void
read_consume(struct h2_stream *st, size_t n)
{
	struct h2_conn *c = st->conn;

	if (n > st->owed)
		n = st->owed;
	if (n == 0)
		return;
	st->owed -= n;
	if (st->closed)
		nghttp2_session_consume_connection(c->session, n);
	else
		nghttp2_session_consume(c->session, st->id, n);
	h2_conn_soon(c);
}

enum io_result
h2_in_read(struct inner *n, void *to, size_t cap, size_t *got)
{
	struct h2_stream *st = (struct h2_stream *)n;
	enum io_result res = h2_in_peek(n, to, cap, got);

	if (res != IO_DONE)
		return res;
	queue_take(&st->request.head, *got);
	read_consume(st, *got);
	if (queue_len(&st->request.head) > 0)
		return res;
	queue_fini(&st->request.head);
	/* the end shows by the framing, or follows in a tunnel */
	if (!at_end(st) || (!st->request.is_tunnel && !st->shut))
		inner_drained(n);
	return res;
}

void
h2_in_forget(struct h2_stream *st)
{
	queue_fini(&st->request.head);
	read_consume(st, st->owed);
}
