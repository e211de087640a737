/*
 * The response of a stream: its owner writes HTTP/1.1, which is parsed, and goes to nghttp2 as
 * fields and body bytes. A write finds no room while those wait for the client's window.
 */
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
	size_t now = queue_len(&st->out.q);

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
	h2_body_finish(&st->out);
}

static bool
submit(struct h2_stream *st, const struct message *m, bool opens)
{
	struct h2_conn *c = st->conn;
	struct h2_fields *f = &c->h2->fields;
	nghttp2_data_provider body = { .read_callback = h2_out_source };
	bool bare = !opens && m->body == BODY_NONE;

	if (!h2_fields_response(f, m, opens))
		return false;
	if (m->status < 200 && !opens)
		return nghttp2_session_get_outbound_queue_size(c->session) > INTERIMS_WAIT
		    || nghttp2_submit_headers(c->session, NGHTTP2_FLAG_NONE, st->id, NULL, f->nv, f->n,
		    NULL) == 0;
	if (nghttp2_submit_response(c->session, st->id, f->nv, f->n, bare ? NULL : &body) != 0)
		return false;
	if (opens)
		st->out_state = H2_TUNNEL;
	else if (bare)
		st->out.ended = true;
	else {
		st->out_state = H2_BODY;
		h1_body_init(&st->out.framing, m->body, m->body == BODY_LENGTH ? m->length : 0);
		st->out.framing.lenient = true;
	}
	return true;
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
	res = h1_read_response(m, queue_str(&st->out.q), st->request.is_head, &st->scanned, &used, &why);
	if (res != PARSE_DONE)
		return res;
	st->scanned = 0;
	opens = m->status == 101 && st->request.is_tunnel;
	if ((m->status == 101 && !opens) || !submit(st, m, opens))
		return PARSE_BAD;
	queue_take(&st->out.q, used);
	if (st->out.ended)
		out_finish(st);
	return PARSE_DONE;
}

/* False: what the owner writes is not what it should be, or there is no memory. */
static bool
out_parse(struct h2_stream *st)
{
	enum parse res = PARSE_DONE;

	while (st->out_state == H2_HEAD && queue_len(&st->out.q) > 0 && (res = out_head(st)) == PARSE_DONE)
		;
	if (st->out_state == H2_BODY && (res = h2_body_parse(&st->out)) == PARSE_DONE)
		out_finish(st);
	if (st->out_state == H2_TUNNEL)
		h2_body_all_good(&st->out);
	held_update(st);
	resume(st);
	return res != PARSE_BAD;
}

/* How much an owner may write now. A head is taken whole. */
static size_t
out_room(struct h2_stream *st)
{
	struct h2_conn *c = st->conn;
	size_t have = queue_len(&st->out.q), most = H2_STREAM_HELD;

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
		if (st->out_state != H2_SENT && !queue_add(&st->out.q, iov[i].iov_base, part))
			break;
		done += part;
	}
	if (done == 0) {
		st->waits = true;
		if (room > 0)		/* nothing is on its way that could make room */
			h2_stream_fail(st, WHY_NO_MEMORY, NGHTTP2_INTERNAL_ERROR);
		return IO_AGAIN;
	}
	st->moved_usec = loop_now(st->conn->h2->loop);
	*put = done;
	if (!out_parse(st))
		h2_stream_fail(st, st->out.starved ? WHY_NO_MEMORY : WHY_H2_PROTOCOL, NGHTTP2_INTERNAL_ERROR);
	return IO_DONE;
}

void
h2_out_end(struct h2_stream *st)
{
	if (st->out_state == H2_TUNNEL)
		st->out.ended = true;
	else if (st->out_state == H2_BODY && st->out.framing.kind == BODY_UNTIL_CLOSE)
		out_finish(st);
	resume(st);
}

/* ---- for nghttp2 ---- */

ssize_t
h2_out_source(nghttp2_session *session, int32_t id, uint8_t *buf, size_t cap, uint32_t *flags,
    nghttp2_data_source *source, void *conn)
{
	struct h2_stream *st = nghttp2_session_get_stream_user_data(session, id);
	size_t n;

	(void)buf, (void)source, (void)conn;
	if (st == NULL)
		return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
	n = st->out.good < cap ? st->out.good : cap;
	if (n == 0 && !st->out.ended) {
		st->deferred = true;
		return NGHTTP2_ERR_DEFERRED;
	}
	return h2_body_offer(&st->out, session, id, n, flags, &st->conn->h2->fields);
}

void
h2_out_taken(struct h2_stream *st)
{
	st->moved_usec = loop_now(st->conn->h2->loop);
	held_update(st);
	if (st->waits && queue_len(&st->out.q) <= H2_STREAM_HELD / 2 && inner_is_open(&st->inner)) {
		st->waits = false;
		inner_mark(&st->inner, INNER_WRITABLE);
		h2_stream_wake(st);
	}
}
