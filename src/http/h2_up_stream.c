/*
 * A stream of a connection to a task, as its owner sees it: an inner stream to which the request is
 * written, and from which the response is read, both as HTTP/1.1. A write finds no room while the
 * task has not taken what came before.
 */
#include <string.h>

#include "base/bug.h"
#include "http/h1_read.h"
#include "http/h2_up_priv.h"

#define TURN_BYTES	32768	/* of one request's body before other streams get their turn */

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
	queue_fini(&st->out);
	queue_fini(&st->in);
	queue_fini(&st->in_trailer);
	queue_fini(&st->out_trailer);
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

/* ---- the request ---- */

static void
resume(struct up_stream *st)
{
	h2_up_soon(st->conn);
	if (!st->deferred)
		return;
	st->deferred = false;
	nghttp2_session_resume_data(st->conn->session, st->id);
}

static void
out_finish(struct up_stream *st)
{
	st->out_state = UP_SENT;
	st->out_ended = true;
	st->out.len = st->out.at + st->out_good;
}

static bool
submit(struct up_stream *st, const struct message *m)
{
	struct h2_up_conn *c = st->conn;
	struct h2_fields *f = &c->up->fields;
	nghttp2_data_provider body = { .read_callback = up_stream_source };
	bool bare = m->body == BODY_NONE;

	if (!h2_fields_request(f, m, c->secure ? STR("https") : STR("http")))
		return false;
	st->is_head = m->is_head;
	st->id = nghttp2_submit_request(c->session, NULL, f->nv, f->n, bare ? NULL : &body, st);
	if (st->id < 0) {
		st->id = 0;
		st->unprocessed = true;
		return false;
	}
	st->out_state = UP_BODY;
	if (!bare)
		h1_body_init(&st->body, m->body, m->body == BODY_LENGTH ? m->length : 0);
	return true;
}

static enum parse
out_head(struct up_stream *st)
{
	struct h2_up *up = st->conn->up;
	struct message *m = &up->head;
	const struct why *why;
	enum parse res;
	size_t used;

	m->limits = up->request;
	res = h1_read_request(m, queue_str(&st->out), &st->scanned, &used, &why);
	if (res != PARSE_DONE)
		return res;
	if (!submit(st, m))
		return PARSE_BAD;
	queue_take(&st->out, used);
	if (m->body == BODY_NONE)
		out_finish(st);
	return PARSE_DONE;
}

static void
on_trailer(void *arg, struct str line)
{
	struct up_stream *st = arg;

	if (!queue_add(&st->out_trailer, line.p, line.len) || !queue_add(&st->out_trailer, "\r\n", 2))
		h2_up_fail(st->conn, WHY_NO_MEMORY, NGHTTP2_INTERNAL_ERROR);
}

/* Of what is behind the body bytes that are known as such. */
static enum parse
out_body(struct up_stream *st)
{
	char *p = st->out.p + st->out.at + st->out_good;
	size_t len = queue_len(&st->out) - st->out_good, used = 0, data = 0;
	enum parse res;

	if (len == 0)
		return PARSE_MORE;
	if (st->body.kind != BODY_CHUNKED) {
		res = h1_body_eat(&st->body, p, len, &used);
		st->out_good += used;
		return res;
	}
	res = h1_body_split(&st->body, p, len, &used, &data, on_trailer, st);
	if (res == PARSE_BAD)
		return res;
	memmove(p + data, p + used, len - used);
	st->out.len -= used - data;
	st->out_good += data;
	return res;
}

/* False: what the owner writes is not what it should be, or there is no memory. */
static bool
out_parse(struct up_stream *st)
{
	enum parse res = PARSE_DONE;

	if (st->out_state == UP_HEAD)
		res = out_head(st);
	if (st->out_state == UP_BODY && res == PARSE_DONE && (res = out_body(st)) == PARSE_DONE)
		out_finish(st);
	resume(st);
	return res != PARSE_BAD;
}

/* How much an owner may write now. A head is taken whole. */
static size_t
out_room(const struct up_stream *st)
{
	size_t have = queue_len(&st->out), most = H2_UP_HELD;

	if (st->out_state == UP_SENT)
		return SIZE_MAX;
	if (st->out_state == UP_HEAD)
		most += st->conn->up->request.bytes;
	return have < most ? most - have : 0;
}

static enum io_result
on_writev(struct inner *n, const struct iovec *iov, int count, size_t *put)
{
	struct up_stream *st = (struct up_stream *)n;
	size_t room = out_room(st), done = 0;

	for (int i = 0; i < count && done < room; i++) {
		size_t part = iov[i].iov_len < room - done ? iov[i].iov_len : room - done;
		if (st->out_state != UP_SENT && !queue_add(&st->out, iov[i].iov_base, part))
			break;
		done += part;
	}
	if (done == 0) {
		st->waits = true;
		return IO_AGAIN;
	}
	*put = done;
	if (st->out_state != UP_SENT && !out_parse(st))
		up_stream_fail(st, st->unprocessed ? NULL : WHY_NO_MEMORY, NGHTTP2_INTERNAL_ERROR);
	return IO_DONE;
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
	bool final = st->response.status >= 200;
	const struct why *why;

	/* the window does not bound these, and the owner may be waiting for its client */
	if (!final && queue_len(&st->in) > st->conn->up->response.bytes)
		return WHY_UPSTREAM_HEAD_LARGE;
	if ((why = h2_response_end(&st->response, ended, st->is_head, &st->in)) != NULL)
		return why;
	st->has_head = final;
	st->in_ended = ended;
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
	(void)n;		/* where the request ends, its framing says */
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
	if (broken || !st->out_ended || !st->has_head) {
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
	.read = on_read, .peek = on_peek, .writev = on_writev, .shut = on_shut, .close = on_close,
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

/* ---- for nghttp2 ---- */

static int
submit_trailers(struct up_stream *st)
{
	struct h2_fields *f = &st->conn->up->fields;

	if (!h2_fields_trailers(f, queue_str(&st->out_trailer)))
		return NGHTTP2_ERR_NOMEM;
	return nghttp2_submit_trailer(st->conn->session, st->id, f->nv, f->n);
}

static ssize_t
defer(struct up_stream *st)
{
	st->deferred = true;
	return NGHTTP2_ERR_DEFERRED;
}

ssize_t
up_stream_source(nghttp2_session *session, int32_t id, uint8_t *buf, size_t cap, uint32_t *flags,
    nghttp2_data_source *source, void *conn)
{
	struct up_stream *st = nghttp2_session_get_stream_user_data(session, id);
	size_t n;

	(void)buf, (void)source, (void)conn;
	if (st == NULL)
		return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
	n = st->out_good < cap ? st->out_good : cap;
	if (n == 0 && !st->out_ended)
		return defer(st);
	if (n > 0 && st->turn_bytes >= TURN_BYTES) {
		st->rests = st->conn->rest = true;
		return defer(st);
	}
	*flags |= NGHTTP2_DATA_FLAG_NO_COPY;
	if (!st->out_ended || n < st->out_good)
		return (ssize_t)n;
	*flags |= NGHTTP2_DATA_FLAG_EOF;
	if (queue_len(&st->out_trailer) > 0) {
		*flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
		if (submit_trailers(st) != 0)
			return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
	}
	return (ssize_t)n;
}

void
up_stream_rested(struct up_stream *st)
{
	st->turn_bytes = 0;
	if (!st->rests)
		return;
	st->rests = false;
	resume(st);
}

struct str
up_stream_body(const struct up_stream *st)
{
	return (struct str){ queue_str(&st->out).p, st->out_good };
}

void
up_stream_taken(struct up_stream *st, size_t n)
{
	ASSERT(n <= st->out_good);
	queue_take(&st->out, n);
	st->out_good -= n;
	st->turn_bytes += n;
	if (st->waits && queue_len(&st->out) <= H2_UP_HELD / 2 && inner_is_open(&st->inner)) {
		st->waits = false;
		inner_mark(&st->inner, INNER_WRITABLE);
		up_stream_wake(st);
	}
}
