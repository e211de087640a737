/*
 * What nghttp2 calls when frames come, or may go. Nothing is called back to owners from here but
 * counters: they are woken, and called when nghttp2 has returned.
 */
#include <string.h>

#include "base/bug.h"
#include "http/h2_priv.h"

#define PIECES_MAX	16		/* CONTINUATIONs of one head */
#define TRAILER_MAX	8192		/* bytes, as much as HTTP/1.1 may have */
#define OUT_MOST	(64 * 1024)	/* frames that wait for the socket before more are made */

#define GO_ON		0
#define END_ALL		NGHTTP2_ERR_CALLBACK_FAILURE

static struct h2_stream *
stream_of(struct h2_conn *c, int32_t id)
{
	return nghttp2_session_get_stream_user_data(c->session, id);
}

static int
end_all(struct h2_conn *c, const struct why *why, uint32_t code)
{
	h2_conn_fail(c, why, code);
	return END_ALL;
}

static int64_t
now(const struct h2_conn *c)
{
	return loop_now(c->h2->loop);
}

/* ---- which streams there were ---- */

/* The bit of a stream in `known` and `done`; 0: it is too old, or none of the client's. */
static uint64_t
id_bit(const struct h2_conn *c, int32_t id)
{
	int32_t back = (c->last_id - id) / 2;

	return id % 2 == 0 || id > c->last_id || back >= 64 ? 0 : UINT64_C(1) << back;
}

static void
id_come(struct h2_conn *c, int32_t id)
{
	int32_t ahead = (id - c->last_id + 1) / 2;

	if (id <= c->last_id)
		return;
	c->known = ahead < 64 ? c->known << ahead : 0;
	c->done = ahead < 64 ? c->done << ahead : 0;
	c->last_id = id;
	c->known |= 1;
}

/*
 * nghttp2 passes over what comes on a stream that is no longer there: it may have been sent before
 * our RST_STREAM arrived. Not so behind the client's own end, nor on one that it had passed by
 * (RFC 9113, 5.1 and 5.1.1).
 */
static int
id_check(struct h2_conn *c, const nghttp2_frame_hd *hd)
{
	uint64_t bit = id_bit(c, hd->stream_id);

	if (bit == 0)
		return GO_ON;
	if ((c->known & bit) == 0)
		return end_all(c, WHY_H2_PROTOCOL, NGHTTP2_PROTOCOL_ERROR);
	if ((c->done & bit) != 0 && stream_of(c, hd->stream_id) == NULL)
		return end_all(c, WHY_H2_PROTOCOL, NGHTTP2_STREAM_CLOSED);
	return GO_ON;
}

/* ---- any frame ---- */

static int
frame_charge(struct h2_conn *c)
{
	return h2_guard_frame(&c->guard, now(c)) ? GO_ON
	    : end_all(c, WHY_H2_FLOOD, NGHTTP2_ENHANCE_YOUR_CALM);
}

/* Before anything of it is read, and before nghttp2 judges it. */
static int
on_begin_frame(nghttp2_session *session, const nghttp2_frame_hd *hd, void *arg)
{
	struct h2_conn *c = arg;

	(void)session;
	if (hd->type == NGHTTP2_CONTINUATION)
		return ++c->pieces <= PIECES_MAX ? GO_ON
		    : end_all(c, WHY_H2_HEAD_FLOOD, NGHTTP2_ENHANCE_YOUR_CALM);
	c->head_id = 0;
	if (hd->type == NGHTTP2_HEADERS || hd->type == NGHTTP2_DATA)
		return id_check(c, hd);
	if (hd->type == NGHTTP2_PRIORITY && hd->stream_id == 0)		/* nghttp2 reads none */
		return end_all(c, WHY_H2_PROTOCOL, NGHTTP2_PROTOCOL_ERROR);
	return hd->type == NGHTTP2_RST_STREAM ? GO_ON : frame_charge(c);
}

/* ---- heads ---- */

static int
on_begin_headers(nghttp2_session *session, const nghttp2_frame *frame, void *arg)
{
	struct h2_conn *c = arg;
	struct h2_stream *st;
	int32_t id = frame->hd.stream_id;

	c->head_id = id;
	c->head_usec = now(c);
	c->pieces = 0;
	if (frame->headers.cat != NGHTTP2_HCAT_REQUEST) {
		if ((st = stream_of(c, id)) != NULL)
			st->in_trailers = true;
		return GO_ON;
	}
	id_come(c, id);
	h2_guard_head(&c->guard);
	if ((st = h2_stream_new(c, id)) == NULL) {
		c->h2->ops->ended(c->owner, WHY_NO_MEMORY, 0);
		return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
	}
	nghttp2_session_set_stream_user_data(session, id, st);
	return GO_ON;
}

static int
trailer_field(struct h2_stream *st, struct str name, struct str value)
{
	if (queue_len(&st->in_trailer) + name.len + value.len + 4 > TRAILER_MAX)
		return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
	return h2_trailer_field(&st->in_trailer, name, value) == NULL ? GO_ON
	    : NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
}

/* Far beyond what is answered with 431, and so far only to keep us busy. */
static bool
is_bomb(const struct h2_request *r)
{
	return r->decoded > 4 * r->limits.bytes + 65536
	    || r->ncounted > 4u * (unsigned)r->limits.fields + 4096;
}

static int
on_header(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name, size_t namelen,
    const uint8_t *value, size_t valuelen, uint8_t flags, void *arg)
{
	struct h2_conn *c = arg;
	struct h2_stream *st = stream_of(c, frame->hd.stream_id);
	struct str n = { (const char *)name, namelen }, v = { (const char *)value, valuelen };

	(void)session, (void)flags;
	if (st == NULL)
		return GO_ON;
	if (st->in_trailers)
		return trailer_field(st, n, v);
	h2_request_field(&st->request, n, v);
	return is_bomb(&st->request) ? end_all(c, WHY_H2_HEAD_FLOOD, NGHTTP2_ENHANCE_YOUR_CALM) : GO_ON;
}

/* nghttp2 would leave it out and go on. */
static int
on_invalid_header(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name,
    size_t namelen, const uint8_t *value, size_t valuelen, uint8_t flags, void *arg)
{
	struct h2_stream *st = stream_of(arg, frame->hd.stream_id);

	(void)session, (void)name, (void)namelen, (void)value, (void)valuelen, (void)flags;
	if (st == NULL)
		return GO_ON;
	if (st->in_trailers)
		return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
	if (st->request.why == NULL)
		st->request.why = WHY_H2_MALFORMED;
	return GO_ON;
}

/* nghttp2 gives streams of one urgency their turns only if they are called incremental. */
static void
priority_set(struct h2_stream *st)
{
	nghttp2_extpri p = { .urgency = (uint32_t)st->request.urgency, .inc = 1 };

	nghttp2_session_change_extpri_stream_priority(st->conn->session, st->id, &p, 1);
}

static int
headers_done(struct h2_conn *c, struct h2_stream *st, bool ended)
{
	c->head_id = 0;
	if (st == NULL)
		return GO_ON;
	if (st->in_trailers)
		return h2_in_end(st) ? GO_ON : end_all(c, WHY_NO_MEMORY, NGHTTP2_INTERNAL_ERROR);
	priority_set(st);
	h2_in_head(st, ended);
	return GO_ON;
}

/* ---- what else comes ---- */

/* Bytes for an owner that has left, or that there never was, are read all the same. */
static int
on_data_chunk(nghttp2_session *session, uint8_t flags, int32_t id, const uint8_t *p, size_t len,
    void *arg)
{
	struct h2_conn *c = arg;
	struct h2_stream *st = stream_of(c, id);

	(void)flags;
	if (st == NULL || (st->offered && !inner_is_open(&st->inner))) {
		nghttp2_session_consume(session, id, len);
		return GO_ON;
	}
	return h2_in_data(st, p, len) ? GO_ON : end_all(c, WHY_NO_MEMORY, NGHTTP2_INTERNAL_ERROR);
}

static int
data_done(struct h2_conn *c, struct h2_stream *st, const nghttp2_frame *frame)
{
	size_t bytes = frame->hd.length - frame->data.padlen;

	if (bytes > 0)
		h2_guard_data(&c->guard, bytes);
	if ((frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0)
		return st == NULL || h2_in_end(st) ? GO_ON
		    : end_all(c, WHY_NO_MEMORY, NGHTTP2_INTERNAL_ERROR);
	return bytes > 0 ? GO_ON : frame_charge(c);
}

/* A request that somebody works on is another thing than a stream that is over anyway. */
static int
reset_charge(struct h2_conn *c, const struct h2_stream *st)
{
	if (st == NULL || !st->offered || !inner_is_open(&st->inner))
		return frame_charge(c);
	return h2_guard_reset(&c->guard, now(c)) ? GO_ON
	    : end_all(c, WHY_H2_RESETS, NGHTTP2_ENHANCE_YOUR_CALM);
}

static int
on_frame(nghttp2_session *session, const nghttp2_frame *frame, void *arg)
{
	struct h2_conn *c = arg;
	struct h2_stream *st = frame->hd.stream_id == 0 ? NULL : stream_of(c, frame->hd.stream_id);

	(void)session;
	if (frame->hd.type == NGHTTP2_RST_STREAM || ((frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0
	    && (frame->hd.type == NGHTTP2_HEADERS || frame->hd.type == NGHTTP2_DATA)))
		c->done |= id_bit(c, frame->hd.stream_id);
	switch (frame->hd.type) {
	case NGHTTP2_HEADERS:
		return headers_done(c, st, (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0);
	case NGHTTP2_DATA:
		return data_done(c, st, frame);
	case NGHTTP2_RST_STREAM:
		return reset_charge(c, st);
	case NGHTTP2_GOAWAY:
		c->left = true;
		return GO_ON;
	default:
		return GO_ON;
	}
}

static int
on_invalid_frame(nghttp2_session *session, const nghttp2_frame *frame, int error, void *arg)
{
	struct h2_conn *c = arg;
	struct h2_stream *st = frame->hd.stream_id == 0 ? NULL : stream_of(c, frame->hd.stream_id);

	(void)session, (void)error;
	c->head_id = 0;
	if (st != NULL && !st->offered && !st->in_ended)
		c->h2->ops->ended(c->owner, WHY_H2_MALFORMED, 0);
	return GO_ON;
}

static int
on_stream_close(nghttp2_session *session, int32_t id, uint32_t code, void *arg)
{
	struct h2_conn *c = arg;
	struct h2_stream *st = nghttp2_session_get_stream_user_data(session, id);

	if (c->head_id == id)
		c->head_id = 0;
	if (st != NULL)
		h2_stream_closed(st, code == NGHTTP2_NO_ERROR && st->out.ended);
	return GO_ON;
}

/* ---- what goes ---- */

/* A response that is whole before its request ends the stream: nobody reads the rest. */
static int
on_frame_sent(nghttp2_session *session, const nghttp2_frame *frame, void *arg)
{
	const struct h2_stream *st;

	if ((frame->hd.flags & NGHTTP2_FLAG_END_STREAM) == 0
	    || (frame->hd.type != NGHTTP2_DATA && frame->hd.type != NGHTTP2_HEADERS))
		return GO_ON;
	st = stream_of(arg, frame->hd.stream_id);
	if (st != NULL && !st->in_ended && st->out_state == H2_SENT)
		nghttp2_submit_rst_stream(session, NGHTTP2_FLAG_NONE, frame->hd.stream_id, NGHTTP2_NO_ERROR);
	return GO_ON;
}

/* A head that does not fit into what HTTP/2 sends: the client waits for it in vain. */
static int
on_frame_unsent(nghttp2_session *session, const nghttp2_frame *frame, int error, void *arg)
{
	struct h2_stream *st;

	(void)session, (void)error;
	if (frame->hd.type == NGHTTP2_HEADERS && (st = stream_of(arg, frame->hd.stream_id)) != NULL)
		h2_stream_fail(st, WHY_H2_PROTOCOL, NGHTTP2_INTERNAL_ERROR);
	return GO_ON;
}

static int
on_send_data(nghttp2_session *session, nghttp2_frame *frame, const uint8_t *head, size_t len,
    nghttp2_data_source *source, void *arg)
{
	struct h2_conn *c = arg;
	struct h2_stream *st = stream_of(c, frame->hd.stream_id);
	int res;

	(void)session, (void)source;
	ASSERT(frame->data.padlen == 0);
	if (st == NULL)
		return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
	if ((res = h2_body_send(&st->out, &c->out, OUT_MOST, head, len)) != 0)
		return res;
	h2_out_taken(st);
	if (len > 0)
		h2_guard_data(&c->guard, len);
	return GO_ON;
}

void
h2_frames_init(nghttp2_session_callbacks *cb)
{
	nghttp2_session_callbacks_set_on_begin_frame_callback(cb, on_begin_frame);
	nghttp2_session_callbacks_set_on_begin_headers_callback(cb, on_begin_headers);
	nghttp2_session_callbacks_set_on_header_callback(cb, on_header);
	nghttp2_session_callbacks_set_on_invalid_header_callback(cb, on_invalid_header);
	nghttp2_session_callbacks_set_on_frame_recv_callback(cb, on_frame);
	nghttp2_session_callbacks_set_on_data_chunk_recv_callback(cb, on_data_chunk);
	nghttp2_session_callbacks_set_on_invalid_frame_recv_callback(cb, on_invalid_frame);
	nghttp2_session_callbacks_set_on_stream_close_callback(cb, on_stream_close);
	nghttp2_session_callbacks_set_on_frame_send_callback(cb, on_frame_sent);
	nghttp2_session_callbacks_set_on_frame_not_send_callback(cb, on_frame_unsent);
	nghttp2_session_callbacks_set_send_data_callback(cb, on_send_data);
}
