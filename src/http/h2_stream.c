/*
 * A stream of a connection, as its owner sees it: an inner stream from which the request is read,
 * and to which the response is written, both as HTTP/1.1. What the owner writes is parsed, and
 * goes to nghttp2 as fields and body bytes; a write finds no room while those wait.
 *
 * Whoever has left leaves the rest to us: a response that is whole goes out without its owner.
 */
#include <string.h>

#include "base/bug.h"
#include "http/h2_priv.h"

static const struct inner_ops stream_ops;

#define LEFT_TIMES	4	/* write_usec, that what an owner has left behind may take in all */

/* ---- life ---- */

struct h2_stream *
h2_stream_new(struct h2_conn *c, int32_t id)
{
	struct h2_stream *st = slab_take(c->h2->streams);

	if (st == NULL)
		return NULL;
	memset(st, 0, sizeof *st);
	st->slab = c->h2->streams;
	st->inner.ops = &stream_ops;
	st->inner.under = c->stream;
	st->conn = c;
	st->id = id;
	st->code = NGHTTP2_INTERNAL_ERROR;
	st->moved_usec = loop_now(c->h2->loop);
	h2_request_init(&st->request, c->h2->conf.request);
	LIST_INSERT_HEAD(&c->streams, st, link);
	c->nstreams++;
	return st;
}

static void
stream_free(struct h2_stream *st)
{
	ASSERT(!inner_is_open(&st->inner) && st->conn == NULL);
	h2_request_fini(&st->request);
	h2_body_fini(&st->out);
	queue_fini(&st->in_trailer);
	slab_give(st->slab, st);
}

/* The connection forgets it; what nghttp2 may still have of it is nobody's. */
void
h2_stream_detach(struct h2_stream *st)
{
	struct h2_conn *c = st->conn;

	ASSERT(c->nstreams > 0);
	if (!st->closed)
		nghttp2_session_set_stream_user_data(c->session, st->id, NULL);
	if (st->is_ready)
		TAILQ_REMOVE(&c->ready, st, ready);
	st->is_ready = false;
	LIST_REMOVE(st, link);
	c->nstreams--;
	c->held -= st->counted;
	st->counted = 0;
	if (st->owed > 0)
		nghttp2_session_consume_connection(c->session, st->owed);
	st->owed = 0;
	st->conn = NULL;
	h2_conn_soon(c);
}

static void
stream_end(struct h2_stream *st)
{
	h2_stream_detach(st);
	stream_free(st);
}

void
h2_stream_wake(struct h2_stream *st)
{
	if (st->is_ready)
		return;
	st->is_ready = true;
	TAILQ_INSERT_TAIL(&st->conn->ready, st, ready);
	h2_conn_soon(st->conn);
}

void
h2_stream_closed(struct h2_stream *st, bool whole)
{
	st->closed = true;
	if (!inner_is_open(&st->inner)) {
		stream_end(st);
		return;
	}
	inner_mark(&st->inner, whole ? INNER_READABLE : INNER_BROKEN);
	h2_stream_wake(st);
}

void
h2_stream_fail(struct h2_stream *st, const struct why *why, uint32_t code)
{
	struct h2_conn *c = st->conn;

	if (!st->closed)
		nghttp2_submit_rst_stream(c->session, NGHTTP2_FLAG_NONE, st->id, code);
	if (!st->offered || !inner_is_open(&st->inner))
		c->h2->ops->ended(c->owner, why, 0);
	if (inner_is_open(&st->inner)) {
		inner_mark(&st->inner, INNER_BROKEN);
		h2_stream_wake(st);
	} else
		stream_end(st);
	h2_conn_soon(c);
}

void
h2_stream_call(struct h2_stream *st)
{
	struct h2_conn *c = st->conn;

	if (st->offered) {
		if (inner_is_open(&st->inner))
			inner_call(&st->inner);
		return;
	}
	st->offered = true;
	if (!c->h2->ops->begin(c->owner, st))
		h2_stream_fail(st, WHY_H2_TOO_MANY, NGHTTP2_REFUSED_STREAM);
}

void
h2_stream_open(struct h2_stream *st, struct stream *s, stream_f *fn, void *arg)
{
	ASSERT(st->conn != NULL && st->offered);
	inner_open(s, st->conn->h2->loop, &st->inner, fn, arg);
	inner_mark(&st->inner, INNER_READABLE | INNER_WRITABLE);
}

bool
h2_stream_is_grpc(const struct h2_stream *st)
{
	return st->request.is_grpc;
}

bool
h2_stream_is_tunnel(const struct h2_stream *st)
{
	return st->request.is_tunnel;
}

int64_t
h2_stream_until(const struct h2_stream *st)
{
	int64_t usec = st->conn->h2->conf.write_usec;
	int64_t moved = st->moved_usec + usec, left = st->left_usec + LEFT_TIMES * usec;

	if (st->left_usec == 0)
		return INT64_MAX;
	return moved < left ? moved : left;
}

/* ---- the end of the owner's side ---- */

static void
on_shut(struct inner *n)
{
	struct h2_stream *st = (struct h2_stream *)n;

	st->shut = true;
	inner_mark(n, INNER_READABLE);		/* nothing more comes for whoever reads on */
	h2_out_end(st);
}

/* A response that is not whole must not look so. */
static void
on_close(struct inner *n, bool broken)
{
	struct h2_stream *st = (struct h2_stream *)n;
	struct h2_conn *c = st->conn;

	if (c == NULL) {
		stream_free(st);
		return;
	}
	if (st->closed) {
		stream_end(st);
		return;
	}
	if (broken || !st->out.ended) {
		nghttp2_submit_rst_stream(c->session, NGHTTP2_FLAG_NONE, st->id, st->code);
		stream_end(st);
		return;
	}
	st->left_usec = loop_now(c->h2->loop);
	h2_in_forget(st);
	h2_conn_soon(c);
}

static const struct inner_ops stream_ops = {
	.read = h2_in_read, .peek = h2_in_peek, .writev = h2_out_writev, .shut = on_shut,
	.close = on_close,
};

/*
 * A task that cancels, for a deadline that has passed, or has had too much says so of the request;
 * with all other codes it speaks of its connection with us, which is none of the client's.
 */
void
h2_stream_set_reset(struct stream *s, uint32_t code)
{
	const struct inner *n = inner_under(s, &stream_ops);

	if (n != NULL && (code == NGHTTP2_CANCEL || code == NGHTTP2_ENHANCE_YOUR_CALM))
		((struct h2_stream *)(uintptr_t)n)->code = code;
}
