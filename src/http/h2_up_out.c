/*
 * The request of a stream: its owner writes HTTP/1.1, which is parsed, and goes to nghttp2 as
 * fields and body bytes. A write finds no room while the task has not taken what came before.
 *
 * A request for a WebSocket becomes an extended CONNECT, where the task allows that (RFC 8441). It
 * says so in its first SETTINGS: until then such a request waits, and no other does.
 */
#include <string.h>

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
	st->out_ended = true;
	st->out.len = st->out.at + st->out_good;
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
		h1_body_init(&st->body, m->body, m->body == BODY_LENGTH ? m->length : 0);
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
	res = h1_read_request(m, queue_str(&st->out), &st->scanned, &used, &why);
	if (res != PARSE_DONE)
		return res;
	if ((key = websocket_wanted(m)) != NULL) {
		if ((res = tunnel_may_open(st)) != PARSE_DONE)
			return res;
		if (!tunnel_submit(st, m, *key))
			return PARSE_BAD;
	} else if (!submit(st, m))
		return PARSE_BAD;
	queue_take(&st->out, used);
	if (key == NULL && m->body == BODY_NONE)
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
	if (st->out_state == UP_TUNNEL)
		st->out_good = queue_len(&st->out);
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
	size_t have = queue_len(&st->out), most = H2_UP_HELD;

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
		out_fail(st);
	return IO_DONE;
}

void
up_out_settled(struct up_stream *st)
{
	if (!st->asks || st->out_state != UP_HEAD || st->closed)
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
	st->out_ended = true;
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
