/*
 * A stream of a connection to a task, as its owner sees it: an inner stream to which the request is
 * written (h2_up_out.c), and from which the response is read, both as HTTP/1.1.
 */
#include <string.h>

#include "base/bug.h"
#include "http/h2_up_priv.h"

static const struct inner_ops stream_ops;

/* ---- life ---- */

bool
h2_up_open(struct h2_up_conn *c, struct stream *s, stream_f *fn, void *arg)
{
	struct up_stream *st = slab_take(c->up->streams);

	ASSERT(h2_up_room(c));
	if (st == NULL)
		return false;
	memset(st, 0, sizeof *st);
	st->slab = c->up->streams;
	st->inner.ops = &stream_ops;
	st->inner.under = c->stream;
	st->conn = c;
	h2_response_init(&st->response);
	LIST_INSERT_HEAD(&c->streams, st, link);
	if (c->nstreams++ == 0)
		c->heard_usec = loop_now(c->up->loop);		/* the silence begins here */
	inner_open(s, c->up->loop, &st->inner, fn, arg);
	inner_mark(&st->inner, INNER_WRITABLE);
	return true;
}

static void
stream_free(struct up_stream *st)
{
	ASSERT(!inner_is_open(&st->inner) && st->conn == NULL);
	h2_body_fini(&st->out);
	queue_fini(&st->in);
	queue_fini(&st->in_trailer);
	h2_response_fini(&st->response);
	slab_give(st->slab, st);
}

/* nghttp2 knows it no longer. */
static void
forget(struct up_stream *st)
{
	if (!st->closed && st->id != 0)
		nghttp2_session_set_stream_user_data(st->conn->session, st->id, NULL);
	st->closed = true;
}

void
up_stream_detach(struct up_stream *st)
{
	struct h2_up_conn *c = st->conn;

	ASSERT(c->nstreams > 0);
	forget(st);
	if (st->is_ready)
		TAILQ_REMOVE(&c->ready, st, ready);
	st->is_ready = false;
	LIST_REMOVE(st, link);
	c->nstreams--;
	c->changed = true;
	if (st->owed > 0)
		nghttp2_session_consume_connection(c->session, st->owed);
	st->owed = 0;
	st->conn = NULL;
	h2_up_soon(c);
}

static void
stream_end(struct up_stream *st)
{
	up_stream_detach(st);
	stream_free(st);
}

void
up_stream_wake(struct up_stream *st)
{
	if (st->is_ready || st->left)
		return;
	st->is_ready = true;
	TAILQ_INSERT_TAIL(&st->conn->ready, st, ready);
	h2_up_soon(st->conn);
}

void
up_stream_closed(struct up_stream *st, bool whole)
{
	forget(st);
	if (!inner_is_open(&st->inner)) {
		stream_end(st);
		return;
	}
	st->out_state = UP_SENT;		/* what else is written has no reader */
	inner_mark(&st->inner, whole ? INNER_READABLE | INNER_WRITABLE : INNER_BROKEN);
	up_stream_wake(st);
}

void
up_stream_fail(struct up_stream *st, const struct why *why, uint32_t code)
{
	if (st->why == NULL)
		st->why = why;
	if (!st->closed && st->id != 0)
		nghttp2_submit_rst_stream(st->conn->session, NGHTTP2_FLAG_NONE, st->id, code);
	h2_up_soon(st->conn);
	up_stream_closed(st, false);
}

/* ---- the response ---- */

static void
readable(struct up_stream *st)
{
	if (!inner_is_open(&st->inner))
		return;
	inner_mark(&st->inner, INNER_READABLE);
	up_stream_wake(st);
}

const struct why *
up_stream_head(struct up_stream *st, bool ended)
{
	bool final = st->response.status >= 200, opens = h2_response_opens(&st->response);
	const struct why *why;

	/* the window does not bound these, and the owner may be waiting for its client */
	if (!final && queue_len(&st->in) > st->conn->up->response.bytes)
		return WHY_UPSTREAM_HEAD_LARGE;
	if ((why = h2_response_end(&st->response, ended, st->is_head, &st->in)) != NULL)
		return why;
	st->has_head = final;
	st->in_ended = ended;
	if (st->out_state == UP_TUNNEL && final && !opens)
		up_out_refused(st);
	readable(st);
	return NULL;
}

const struct why *
up_stream_data(struct up_stream *st, const uint8_t *p, size_t len)
{
	ASSERT(len > 0 && len < 1u << 24);
	st->owed += len;
	if (!st->has_head)
		return WHY_UPSTREAM_BAD_BODY;
	if (!(st->response.is_chunked ? h2_chunk_add(&st->in, &st->chunk, p, len)
	    : queue_add(&st->in, p, len)))
		return WHY_NO_MEMORY;
	readable(st);
	return NULL;
}

/* Trailers that were not announced have no place behind a body of known length. */
const struct why *
up_stream_end(struct up_stream *st)
{
	bool ok;

	if (st->in_ended)
		return NULL;
	if (!st->has_head)
		return WHY_UPSTREAM_BAD_HEAD;
	st->in_ended = true;
	ok = !st->response.is_chunked || h2_chunk_end(&st->in, queue_str(&st->in_trailer));
	queue_fini(&st->in_trailer);
	readable(st);
	return ok ? NULL : WHY_NO_MEMORY;
}

static bool
at_end(const struct up_stream *st)
{
	return st->in_ended || st->closed;
}

static enum io_result
on_peek(struct inner *n, void *to, size_t cap, size_t *got)
{
	struct up_stream *st = (struct up_stream *)n;
	struct str in = queue_str(&st->in);

	if (in.len == 0)
		return at_end(st) ? IO_EOF : IO_AGAIN;
	*got = in.len < cap ? in.len : cap;
	memcpy(to, in.p, *got);
	return IO_DONE;
}

/* What was read opens the window again, of the stream and of the connection. */
static void
consume(struct up_stream *st, size_t n)
{
	struct h2_up_conn *c = st->conn;

	if (n > st->owed)
		n = st->owed;
	if (n == 0 || c == NULL)
		return;
	st->owed -= n;
	if (st->closed)
		nghttp2_session_consume_connection(c->session, n);
	else
		nghttp2_session_consume(c->session, st->id, n);
	h2_up_soon(c);
}

static enum io_result
on_read(struct inner *n, void *to, size_t cap, size_t *got)
{
	struct up_stream *st = (struct up_stream *)n;
	enum io_result res = on_peek(n, to, cap, got);

	if (res != IO_DONE)
		return res;
	queue_take(&st->in, *got);
	consume(st, *got);
	if (queue_len(&st->in) > 0)
		return res;
	queue_fini(&st->in);
	if (!at_end(st))
		inner_drained(n);
	return res;
}

/* ---- the end of the owner's side ---- */

static void
on_shut(struct inner *n)
{
	struct up_stream *st = (struct up_stream *)n;

	if (st->conn != NULL && !st->closed)
		up_out_end(st);
}

/*
 * An exchange that is over on both sides may be so a moment before the task says that it is: it is
 * not told of an end that it is about to send itself.
 */
static void
on_close(struct inner *n, bool broken)
{
	struct up_stream *st = (struct up_stream *)n;
	struct h2_up_conn *c = st->conn;

	if (c == NULL) {
		stream_free(st);
		return;
	}
	if (st->closed) {
		stream_end(st);
		return;
	}
	if (!(st->out.ended && (st->in_ended || (st->has_head && !broken)))) {
		if (st->id != 0)
			nghttp2_submit_rst_stream(c->session, NGHTTP2_FLAG_NONE, st->id, NGHTTP2_CANCEL);
		stream_end(st);
		return;
	}
	st->left = true;
	st->left_usec = loop_now(c->up->loop);
	if (st->is_ready)
		TAILQ_REMOVE(&c->ready, st, ready);
	st->is_ready = false;
	queue_fini(&st->in);
	consume(st, st->owed);
	h2_up_soon(c);
}

static const struct inner_ops stream_ops = {
	.read = on_read, .peek = on_peek, .writev = up_out_writev, .shut = on_shut, .close = on_close,
};

/* An exchange asks this of a stream that it knows to be one of these. */
bool
h2_up_is_unprocessed(const struct stream *s)
{
	const struct inner *n = inner_under(s, &stream_ops);

	return n != NULL && ((const struct up_stream *)n)->unprocessed;
}

bool
h2_up_has_head(const struct stream *s)
{
	const struct inner *n = inner_under(s, &stream_ops);

	return n != NULL && ((const struct up_stream *)n)->has_head;
}

bool
h2_up_is_stream(const struct stream *s)
{
	return inner_under(s, &stream_ops) != NULL;
}

bool
h2_up_is_reset(const struct stream *s, uint32_t *code)
{
	const struct inner *n = inner_under(s, &stream_ops);
	const struct up_stream *st = (const struct up_stream *)n;

	if (n == NULL || !st->reset)
		return false;
	*code = st->code;
	return true;
}

const struct why *
h2_up_why(const struct stream *s)
{
	const struct inner *n = inner_under(s, &stream_ops);

	return n != NULL ? ((const struct up_stream *)n)->why : NULL;
}
