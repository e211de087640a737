/*
 * The response of a stream: its owner writes HTTP/1.1, which is parsed, and goes to nghttp2 as
 * fields and body bytes. A write finds no room while those wait for the client's window.
 */
#include <string.h>

#include "base/bug.h"
#include "http/h1_read.h"
#include "http/h2_priv.h"

/*
 * Frames that wait for a client's socket, past which interim responses are left out: `held` does
 * not count heads, and nobody needs a hint that comes so late.
 */
#define INTERIMS_WAIT	(2 * H2_STREAMS_MOST)

/* The connection's `held` follows what is in `out`. */
static void
held_update(struct h2_stream *st)
{
	size_t now = queue_len(&st->out);

	if (st->conn != NULL)
		st->conn->held += now - st->counted;
	st->counted = now;
}

static void
resume(struct h2_stream *st)
{
	h2_conn_soon(st->conn);
	if (!st->deferred)
		return;
	st->deferred = false;
	nghttp2_session_resume_data(st->conn->session, st->id);
}

static void
out_finish(struct h2_stream *st)
{
	st->out_state = H2_SENT;
	st->out_ended = true;
	st->out.len = st->out.at + st->out_good;	/* what comes behind is no part of it */
}

static bool
submit(struct h2_stream *st, const struct message *m, bool opens)
{
	struct h2_conn *c = st->conn;
	struct h2_fields *f = &c->h2->fields;
	nghttp2_data_provider body = { .read_callback = h2_out_source };

	if (!h2_fields_response(f, m, opens))
		return false;
	if (m->status < 200 && !opens)
		return nghttp2_session_get_outbound_queue_size(c->session) > INTERIMS_WAIT
		    || nghttp2_submit_headers(c->session, NGHTTP2_FLAG_NONE, st->id, NULL, f->nv, f->n,
		    NULL) == 0;
	if (opens)
		st->out_state = H2_TUNNEL;
	else if (m->body == BODY_NONE)
		st->out_ended = true;
	else {
		st->out_state = H2_BODY;
		h1_body_init(&st->body, m->body, m->body == BODY_LENGTH ? m->length : 0);
		st->body.lenient = true;
	}
	return nghttp2_submit_response(c->session, st->id, f->nv, f->n,
	    st->out_ended ? NULL : &body) == 0;
}

/* PARSE_DONE: a head went on. */
static enum parse
out_head(struct h2_stream *st)
{
	struct h2 *h2 = st->conn->h2;
	struct message *m = &h2->head;
	const struct why *why;
	enum parse res;
	size_t used;
	bool opens;

	m->limits = h2->conf.response;
	res = h1_read_response(m, queue_str(&st->out), st->request.is_head, &st->scanned, &used, &why);
	if (res != PARSE_DONE)
		return res;
	st->scanned = 0;
	opens = m->status == 101 && st->request.is_tunnel;
	if ((m->status == 101 && !opens) || !submit(st, m, opens))
		return PARSE_BAD;
	queue_take(&st->out, used);
	if (st->out_ended)
		out_finish(st);
	return PARSE_DONE;
}

static void
on_trailer(void *arg, struct str line)
{
	struct h2_stream *st = arg;

	if (!queue_add(&st->out_trailer, line.p, line.len) || !queue_add(&st->out_trailer, "\r\n", 2))
		h2_conn_fail(st->conn, WHY_NO_MEMORY, NGHTTP2_INTERNAL_ERROR);
}

/* Of what is behind the body bytes that are known as such. */
static enum parse
out_body(struct h2_stream *st)
{
	char *p = st->out.p + st->out.at + st->out_good;
	size_t len = queue_len(&st->out) - st->out_good, used = 0, data = 0;
	enum parse res;

	if (st->body.kind != BODY_CHUNKED) {
		res = h1_body_eat(&st->body, p, len, &used);
		st->out_good += used;
		return res;
	}
	if (len == 0)
		return PARSE_MORE;
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
out_parse(struct h2_stream *st)
{
	enum parse res = PARSE_DONE;

	while (st->out_state == H2_HEAD && queue_len(&st->out) > 0 && (res = out_head(st)) == PARSE_DONE)
		;
	if (st->out_state == H2_BODY && (res = out_body(st)) == PARSE_DONE)
		out_finish(st);
	if (st->out_state == H2_TUNNEL)
		st->out_good = queue_len(&st->out);
	held_update(st);
	resume(st);
	return res != PARSE_BAD;
}

/* How much an owner may write now. A head is taken whole. */
static size_t
out_room(struct h2_stream *st)
{
	struct h2_conn *c = st->conn;
	size_t have = queue_len(&st->out), most = H2_STREAM_HELD;

	if (st->out_state == H2_HEAD)
		return most + c->h2->conf.response.bytes - have;
	if (c->held >= H2_HELD_MOST) {
		c->starved = true;
		return 0;
	}
	return have < most ? most - have : 0;
}

enum io_result
h2_out_writev(struct inner *n, const struct iovec *iov, int count, size_t *put)
{
	struct h2_stream *st = (struct h2_stream *)n;
	size_t room = out_room(st), done = 0;

	ASSERT(!st->shut);
	for (int i = 0; i < count && done < room; i++) {
		size_t part = iov[i].iov_len < room - done ? iov[i].iov_len : room - done;
		if (st->out_state != H2_SENT && !queue_add(&st->out, iov[i].iov_base, part))
			break;
		done += part;
	}
	if (done == 0) {
		st->waits = true;
		return IO_AGAIN;
	}
	st->moved_usec = loop_now(st->conn->h2->loop);
	*put = done;
	if (!out_parse(st))
		h2_stream_fail(st, WHY_H2_PROTOCOL, NGHTTP2_INTERNAL_ERROR);
	return IO_DONE;
}

void
h2_out_end(struct h2_stream *st)
{
	if (st->out_state == H2_TUNNEL)
		st->out_ended = true;
	else if (st->out_state == H2_BODY && st->body.kind == BODY_UNTIL_CLOSE)
		out_finish(st);
	resume(st);
}

/* ---- for nghttp2 ---- */

static int
submit_trailers(struct h2_stream *st)
{
	struct h2_fields *f = &st->conn->h2->fields;

	if (!h2_fields_trailers(f, queue_str(&st->out_trailer)))
		return NGHTTP2_ERR_NOMEM;
	return nghttp2_submit_trailer(st->conn->session, st->id, f->nv, f->n);
}

ssize_t
h2_out_source(nghttp2_session *session, int32_t id, uint8_t *buf, size_t cap, uint32_t *flags,
    nghttp2_data_source *source, void *conn)
{
	struct h2_stream *st = nghttp2_session_get_stream_user_data(session, id);
	size_t n;

	(void)buf, (void)source, (void)conn;
	if (st == NULL)
		return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
	n = st->out_good < cap ? st->out_good : cap;
	if (n == 0 && !st->out_ended) {
		st->deferred = true;
		return NGHTTP2_ERR_DEFERRED;
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

struct str
h2_out_body(const struct h2_stream *st)
{
	return (struct str){ queue_str(&st->out).p, st->out_good };
}

void
h2_out_taken(struct h2_stream *st, size_t n)
{
	ASSERT(n <= st->out_good);
	queue_take(&st->out, n);
	st->out_good -= n;
	st->moved_usec = loop_now(st->conn->h2->loop);
	held_update(st);
	if (st->waits && queue_len(&st->out) <= H2_STREAM_HELD / 2 && inner_is_open(&st->inner)) {
		st->waits = false;
		inner_mark(&st->inner, INNER_WRITABLE);
		h2_stream_wake(st);
	}
}
