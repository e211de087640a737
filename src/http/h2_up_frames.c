/*
 * What nghttp2 calls when frames come from a task, or may go to it. Owners are not called from
 * here: they are woken, and called when nghttp2 has returned. A task that keeps us busy with frames
 * that bring nothing is as broken as one that sends malformed ones.
 */
#include "base/bug.h"
#include "http/h2_up_priv.h"

#define PIECES_MAX	64		/* CONTINUATIONs of one head */
#define TRAILER_MAX	8192		/* bytes, as much as HTTP/1.1 may have */
#define OUT_MOST	(64 * 1024)	/* frames that wait for the socket before more are made */

#define GO_ON		0
#define END_ALL		NGHTTP2_ERR_CALLBACK_FAILURE

static struct up_stream *
stream_of(struct h2_up_conn *c, int32_t id)
{
	return id == 0 ? NULL : nghttp2_session_get_stream_user_data(c->session, id);
}

/* The same, but NULL also where its owner has left. */
static struct up_stream *
heard_by(struct h2_up_conn *c, int32_t id)
{
	struct up_stream *st = stream_of(c, id);

	return st == NULL || st->left ? NULL : st;
}

static int
end_all(struct h2_up_conn *c, const struct why *why, uint32_t code)
{
	h2_up_fail(c, why, code);
	return END_ALL;
}

static int
frame_charge(struct h2_up_conn *c)
{
	return h2_guard_frame(&c->guard, loop_now(c->up->loop)) ? GO_ON
	    : end_all(c, WHY_UPSTREAM_H2_BROKEN, NGHTTP2_ENHANCE_YOUR_CALM);
}

/* Heads and data of a stream that is still there are looked at when they are complete. */
static int
on_begin_frame(nghttp2_session *session, const nghttp2_frame_hd *hd, void *arg)
{
	struct h2_up_conn *c = arg;

	(void)session;
	if (hd->type == NGHTTP2_CONTINUATION)
		return ++c->pieces <= PIECES_MAX ? GO_ON
		    : end_all(c, WHY_UPSTREAM_H2_BROKEN, NGHTTP2_ENHANCE_YOUR_CALM);
	c->pieces = 0;
	if (hd->type == NGHTTP2_HEADERS || hd->type == NGHTTP2_DATA)
		return stream_of(c, hd->stream_id) != NULL ? GO_ON : frame_charge(c);
	return frame_charge(c);
}

/* ---- heads and trailers ---- */

static int
on_begin_headers(nghttp2_session *session, const nghttp2_frame *frame, void *arg)
{
	struct up_stream *st = stream_of(arg, frame->hd.stream_id);

	(void)session;
	if (st != NULL && st->has_head)
		st->in_trailers = true;
	return GO_ON;
}

static int
failed(struct up_stream *st, const struct why *why)
{
	if (why != NULL)
		up_stream_fail(st, why, why == WHY_NO_MEMORY ? NGHTTP2_INTERNAL_ERROR : NGHTTP2_PROTOCOL_ERROR);
	return GO_ON;
}

static int
on_header(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name, size_t namelen,
    const uint8_t *value, size_t valuelen, uint8_t flags, void *arg)
{
	struct h2_up_conn *c = arg;
	struct up_stream *st = heard_by(c, frame->hd.stream_id);
	struct str n = { (const char *)name, namelen }, v = { (const char *)value, valuelen };

	(void)session, (void)flags;
	if (st == NULL)
		return GO_ON;
	if (!st->in_trailers) {
		h2_response_field(&st->response, n, v, c->up->response);
		return GO_ON;
	}
	if (queue_len(&st->in_trailer) + n.len + v.len + 4 > TRAILER_MAX)
		return failed(st, WHY_UPSTREAM_HEAD_LARGE);
	return failed(st, h2_trailer_field(&st->in_trailer, n, v));
}

/* nghttp2 would leave it out and go on. */
static int
on_invalid_header(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name,
    size_t namelen, const uint8_t *value, size_t valuelen, uint8_t flags, void *arg)
{
	struct up_stream *st = stream_of(arg, frame->hd.stream_id);

	(void)session, (void)name, (void)namelen, (void)value, (void)valuelen, (void)flags;
	if (st != NULL)
		failed(st, WHY_UPSTREAM_BAD_HEAD);
	return GO_ON;
}

static int
headers_done(struct h2_up_conn *c, const nghttp2_frame *frame)
{
	struct up_stream *st = heard_by(c, frame->hd.stream_id);
	bool ended = (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;

	h2_guard_head(&c->guard);
	if (st == NULL)
		return GO_ON;
	if (!st->in_trailers)
		return failed(st, up_stream_head(st, ended));
	return failed(st, ended ? up_stream_end(st) : WHY_UPSTREAM_BAD_BODY);
}

/* ---- what else comes ---- */

static int
on_data_chunk(nghttp2_session *session, uint8_t flags, int32_t id, const uint8_t *p, size_t len,
    void *arg)
{
	struct up_stream *st = heard_by(arg, id);

	(void)flags;
	if (st == NULL)
		nghttp2_session_consume(session, id, len);
	else
		failed(st, up_stream_data(st, p, len));
	return GO_ON;
}

static int
data_done(struct h2_up_conn *c, const nghttp2_frame *frame)
{
	struct up_stream *st = heard_by(c, frame->hd.stream_id);
	bool ended = (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
	size_t bytes = frame->hd.length - frame->data.padlen;

	if (bytes > 0)
		h2_guard_data(&c->guard, bytes);
	if (ended)
		return st == NULL ? GO_ON : failed(st, up_stream_end(st));
	return bytes > 0 ? GO_ON : frame_charge(c);
}

static void
settings_done(struct h2_up_conn *c, bool ack)
{
	struct up_stream *st, *next;

	c->changed = true;
	if (ack || c->settled)
		return;
	c->settled = true;
	for (st = LIST_FIRST(&c->streams); st != NULL; st = next) {
		next = LIST_NEXT(st, link);
		up_out_settled(st);
	}
}

static void
on_reset(struct up_stream *st, uint32_t code)
{
	if (st->in_ended)
		return;			/* it wants no more of the request: RFC 9113, 8.1 */
	st->reset = true;
	st->code = code;
	if (st->why == NULL)
		st->why = code == NGHTTP2_CANCEL ? WHY_UPSTREAM_CANCELLED : WHY_UPSTREAM_RESET;
}

static int
on_frame(nghttp2_session *session, const nghttp2_frame *frame, void *arg)
{
	struct h2_up_conn *c = arg;
	struct up_stream *st = stream_of(c, frame->hd.stream_id);

	(void)session;
	switch (frame->hd.type) {
	case NGHTTP2_HEADERS:
		return headers_done(c, frame);
	case NGHTTP2_DATA:
		return data_done(c, frame);
	case NGHTTP2_RST_STREAM:
		if (st != NULL)
			on_reset(st, frame->rst_stream.error_code);
		return GO_ON;
	case NGHTTP2_GOAWAY:
		c->leaving = c->changed = true;
		return GO_ON;
	case NGHTTP2_SETTINGS:
		settings_done(c, (frame->hd.flags & NGHTTP2_FLAG_ACK) != 0);
		return GO_ON;
	default:
		return GO_ON;
	}
}

/* nghttp2 resets the stream: that is not what its owner is to be told. */
static int
on_invalid_frame(nghttp2_session *session, const nghttp2_frame *frame, int error, void *arg)
{
	struct up_stream *st = stream_of(arg, frame->hd.stream_id);

	(void)session, (void)error;
	if (st != NULL && st->why == NULL)
		st->why = st->has_head ? WHY_UPSTREAM_BAD_BODY : WHY_UPSTREAM_BAD_HEAD;
	return GO_ON;
}

static int
on_stream_close(nghttp2_session *session, int32_t id, uint32_t code, void *arg)
{
	struct h2_up_conn *c = arg;
	struct up_stream *st = nghttp2_session_get_stream_user_data(session, id);

	c->changed = true;
	if (st == NULL)
		return GO_ON;
	if (code == NGHTTP2_REFUSED_STREAM && !st->has_head)
		st->unprocessed = true;
	up_stream_closed(st, st->in_ended);
	return GO_ON;
}

/* ---- what goes ---- */

/* The task is leaving, or a head does not fit into what HTTP/2 sends: nothing of it went. */
static int
on_frame_unsent(nghttp2_session *session, const nghttp2_frame *frame, int error, void *arg)
{
	struct up_stream *st = stream_of(arg, frame->hd.stream_id);

	(void)session;
	if (frame->hd.type != NGHTTP2_HEADERS || st == NULL || st->closed)
		return GO_ON;
	st->unprocessed = error == NGHTTP2_ERR_START_STREAM_NOT_ALLOWED
	    || error == NGHTTP2_ERR_SESSION_CLOSING;
	up_stream_closed(st, false);
	return GO_ON;
}

static int
on_send_data(nghttp2_session *session, nghttp2_frame *frame, const uint8_t *head, size_t len,
    nghttp2_data_source *source, void *arg)
{
	struct h2_up_conn *c = arg;
	struct up_stream *st = stream_of(c, frame->hd.stream_id);
	int res;

	(void)session, (void)source;
	ASSERT(frame->data.padlen == 0);
	if (st == NULL)
		return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
	if ((res = h2_body_send(&st->out, &c->out, OUT_MOST, head, len)) != 0)
		return res;
	up_stream_taken(st, len);
	if (len > 0)
		h2_guard_data(&c->guard, len);
	return GO_ON;
}

void
h2_up_frames_init(nghttp2_session_callbacks *cb)
{
	nghttp2_session_callbacks_set_on_begin_frame_callback(cb, on_begin_frame);
	nghttp2_session_callbacks_set_on_begin_headers_callback(cb, on_begin_headers);
	nghttp2_session_callbacks_set_on_header_callback(cb, on_header);
	nghttp2_session_callbacks_set_on_invalid_header_callback(cb, on_invalid_header);
	nghttp2_session_callbacks_set_on_frame_recv_callback(cb, on_frame);
	nghttp2_session_callbacks_set_on_data_chunk_recv_callback(cb, on_data_chunk);
	nghttp2_session_callbacks_set_on_invalid_frame_recv_callback(cb, on_invalid_frame);
	nghttp2_session_callbacks_set_on_stream_close_callback(cb, on_stream_close);
	nghttp2_session_callbacks_set_on_frame_not_send_callback(cb, on_frame_unsent);
	nghttp2_session_callbacks_set_send_data_callback(cb, on_send_data);
}
