/*
 * The request of a stream: its owner writes HTTP/1.1, which is parsed, and goes to nghttp2 as
 * fields and body bytes. A write finds no room while the task has not taken what came before.
 *
 * A request for a WebSocket becomes an extended CONNECT, where the task allows that (RFC 8441). It
 * says so in its first SETTINGS: until then such a request waits, and no other does.
 */
#include "base/bug.h"
#include "http/h1_read.h"
#include "http/h2_up_priv.h"

#define TURN_BYTES	32768	/* of one request's body before other streams get their turn */

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
	h2_body_finish(&st->out);
}

static bool
submit_fields(struct up_stream *st, bool bare)
{
	struct h2_up_conn *c = st->conn;
	const struct h2_fields *f = &c->up->fields;
	nghttp2_data_provider body = { .read_callback = up_stream_source };

	st->id = nghttp2_submit_request(c->session, NULL, f->nv, f->n, bare ? NULL : &body, st);
	if (st->id > 0)
		return true;
	st->id = 0;
	st->unprocessed = true;
	return false;
}

static bool
tunnel_submit(struct up_stream *st, const struct message *m, struct str key)
{
	struct h2_up_conn *c = st->conn;

	if (!h2_fields_tunnel(&c->up->fields, m, c->secure ? STR("https") : STR("http"))
	    || !submit_fields(st, false))
		return false;
	h2_response_tunnel(&st->response, key);
	st->out_state = UP_TUNNEL;
	return true;
}

static bool
submit(struct up_stream *st, const struct message *m)
{
	struct h2_up_conn *c = st->conn;
	struct h2_fields *f = &c->up->fields;
	bool bare = m->body == BODY_NONE;

	if (!h2_fields_request(f, m, c->secure ? STR("https") : STR("http")) || !submit_fields(st, bare))
		return false;
	st->is_head = m->is_head;
	st->out_state = UP_BODY;
	if (!bare)
		h1_body_init(&st->out.framing, m->body, m->body == BODY_LENGTH ? m->length : 0);
	return true;
}

/* PARSE_MORE: it is not known yet; PARSE_BAD: it may not, and the stream has its reason. */
static enum parse
tunnel_may_open(struct up_stream *st)
{
	struct h2_up_conn *c = st->conn;

	st->scanned = 0;
	st->asks = !c->settled;
	if (st->asks)
		return PARSE_MORE;
	if (nghttp2_session_get_remote_settings(c->session, NGHTTP2_SETTINGS_ENABLE_CONNECT_PROTOCOL) == 1)
		return PARSE_DONE;
	st->why = WHY_UPSTREAM_NO_WEBSOCKET;
	return PARSE_BAD;
}

static enum parse
out_head(struct up_stream *st)
{
	struct h2_up *up = st->conn->up;
	struct message *m = &up->head;
	const struct str *key;
	const struct why *why;
	enum parse res;
	size_t used;

	m->limits = up->request;
	res = h1_read_request(m, queue_str(&st->out.q), &st->scanned, &used, &why);
	if (res != PARSE_DONE)
		return res;
	if ((key = websocket_wanted(m)) != NULL) {
		if ((res = tunnel_may_open(st)) != PARSE_DONE)
			return res;
		if (!tunnel_submit(st, m, *key))
			return PARSE_BAD;
	} else if (!submit(st, m))
		return PARSE_BAD;
	queue_take(&st->out.q, used);
	if (key == NULL && m->body == BODY_NONE)
		out_finish(st);
	return PARSE_DONE;
}

/* False: what the owner writes is not what it should be, or there is no memory. */
static bool
out_parse(struct up_stream *st)
{
	enum parse res = PARSE_DONE;

	if (st->out_state == UP_HEAD)
		res = out_head(st);
	if (st->out_state == UP_BODY && res == PARSE_DONE && (res = h2_body_parse(&st->out)) == PARSE_DONE)
		out_finish(st);
	if (st->out_state == UP_TUNNEL)
		h2_body_all_good(&st->out);
	resume(st);
	return res != PARSE_BAD;
}

static void
out_fail(struct up_stream *st)
{
	up_stream_fail(st, st->unprocessed ? NULL : WHY_NO_MEMORY, NGHTTP2_INTERNAL_ERROR);
}

/* How much an owner may write now. A head is taken whole. */
static size_t
out_room(const struct up_stream *st)
{
	size_t have = queue_len(&st->out.q), most = H2_UP_HELD;

	if (st->out_state == UP_SENT)
		return SIZE_MAX;
	if (st->out_state == UP_HEAD)
		most += st->conn->up->request.bytes;
	return have < most ? most - have : 0;
}

enum io_result
up_out_writev(struct inner *n, const struct iovec *iov, int count, size_t *put)
{
	struct up_stream *st = (struct up_stream *)n;
	size_t room = out_room(st), done = 0;

	for (int i = 0; i < count && done < room; i++) {
		size_t part = iov[i].iov_len < room - done ? iov[i].iov_len : room - done;
		if (st->out_state != UP_SENT && !queue_add(&st->out.q, iov[i].iov_base, part))
			break;
		done += part;
	}
	if (done == 0) {
		st->waits = true;
		return IO_AGAIN;
	}
	*put = done;
	if (st->out_state != UP_SENT && !out_parse(st))
		out_fail(st);
	return IO_DONE;
}

/* One that is closed meanwhile has nothing left to parse. */
void
up_out_settled(struct up_stream *st)
{
	if (!st->asks)
		return;
	st->asks = false;
	if (!out_parse(st))
		out_fail(st);
}

void
up_out_end(struct up_stream *st)
{
	if (st->out_state != UP_TUNNEL)
		return;			/* where other requests end, their framing says */
	st->out_state = UP_SENT;
	st->out.ended = true;
	resume(st);
}

/* There is no tunnel: the response is all that comes, and nothing goes. */
void
up_out_refused(struct up_stream *st)
{
	out_finish(st);
	resume(st);
}

/* ---- for nghttp2 ---- */

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
	n = st->out.good < cap ? st->out.good : cap;
	if (n == 0 && !st->out.ended)
		return defer(st);
	if (n > 0 && st->turn_bytes >= TURN_BYTES) {
		st->rests = st->conn->rest = true;
		return defer(st);
	}
	return h2_body_offer(&st->out, session, id, n, flags, &st->conn->up->fields);
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

void
up_stream_taken(struct up_stream *st, size_t n)
{
	st->turn_bytes += n;
	if (st->waits && queue_len(&st->out.q) <= H2_UP_HELD / 2 && inner_is_open(&st->inner)) {
		st->waits = false;
		inner_mark(&st->inner, INNER_WRITABLE);
		up_stream_wake(st);
	}
}
