/*
 * response: how responses leave, whole or as a stream, and how a client that takes them too
 * slowly is let go. Both kinds are put into `out` first; what the socket does not take stays
 * there, up to a ceiling.
 */
#include <stdlib.h>

#include "base/bug.h"
#include "base/clock.h"
#include "http/server_priv.h"

#define BACKLOG_MAX	(1u << 20)	/* of a stream whose client reads too slowly */
#define PROGRESS_BYTES	16384		/* a client must take so much per stall time, or all that is left */
#define KEEP_BYTES	65536		/* larger buffers are not kept for the next request */
#define LINGER_BYTES	(256u << 10)
#define WASTE_BYTES	16384
#define FLUSH_BYTES	(256u << 10)	/* to one client in one turn, however fast it reads */

struct shared {
	unsigned	 refs;
	struct buf	 text;
};

struct shared *
shared_new(struct buf *text)
{
	struct shared *s = must_alloc(sizeof *s);

	*s = (struct shared){ 1, *text };
	*text = (struct buf){ .max = text->max };
	return s;
}

void
shared_unref(struct shared **sp)
{
	struct shared *s = *sp;

	*sp = NULL;
	if (s == NULL)
		return;
	ASSERT(s->refs > 0);
	if (--s->refs > 0)
		return;
	buf_fini(&s->text);
	free(s);
}

/* The pieces that are to be sent now: what is left of `out`, and of the shared text behind it. */
static int
flush_pieces(const struct request *req, struct iovec piece[2])
{
	size_t behind = req->sent > req->out.len ? req->sent - req->out.len : 0, most = FLUSH_BYTES;
	int n = 0;

	if (req->sent < req->out.len) {
		piece[n] = (struct iovec){ req->out.p + req->sent,
		    req->out.len - req->sent < most ? req->out.len - req->sent : most };
		most -= piece[n++].iov_len;
	}
	if (req->shared != NULL && behind < req->shared->text.len && most > 0) {
		size_t left = req->shared->text.len - behind;
		piece[n++] = (struct iovec){ req->shared->text.p + behind, left < most ? left : most };
	}
	return n;
}

enum io_result
request_flush(struct request *req)
{
	struct iovec piece[2];
	size_t all = 0, put;
	int n;

	ASSERT(req->sent <= req->out.len + (req->shared != NULL ? req->shared->text.len : 0));
	while ((n = flush_pieces(req, piece)) > 0) {
		enum io_result r = all < FLUSH_BYTES
		    ? stream_writev(request_client(req), piece, n, &put) : IO_AGAIN;
		if (r == IO_AGAIN && all >= FLUSH_BYTES)
			request_run_later(req);
		if (r != IO_DONE)
			return r;
		req->sent += put;
		all += put;
	}
	buf_clear(&req->out);
	shared_unref(&req->shared);
	req->sent = 0;
	return IO_DONE;
}

/* A client that takes its bytes one by one is no better than one that takes none. */
static void
request_progress(struct request *req)
{
	if (stream_bytes_out(request_client(req)) - req->mark < PROGRESS_BYTES)
		return;
	req->mark = stream_bytes_out(request_client(req));
	request_allow(req, req->server->conf.stall_usec);
}

static void
buf_trim(struct buf *b)
{
	size_t max = b->max;

	if (b->len > 0 || b->cap <= KEEP_BYTES)
		return;
	buf_fini(b);
	buf_init(b, max);
}

/* The response has gone: the connection ends, or the next request may be here already. */
static bool
begin_next(struct request *req)
{
	ASSERT(req->state == AT_RESPONSE && req->sent == 0 && (req->closing || req->in.body.done));
	session_served(&req->session);
	if (req->closing) {
		request_move(req, AT_REST);
		session_linger(&req->session);
		return false;
	}
	flow_next(&req->in, loop_now(stream_loop(request_client(req))));
	buf_trim(&req->out);
	req->body = STR("");
	session_reading(&req->session);
	request_move(req, AT_HEAD);
	return true;
}

bool
request_step_response(struct request *req)
{
	switch (request_flush(req)) {
	case IO_DONE:
		return begin_next(req);
	case IO_AGAIN:
		request_progress(req);
		return false;
	default:
		request_lose(req);
		return false;
	}
}

bool
request_step_stream(struct request *req)
{
	if (stream_is_broken(request_client(req)) || stream_peer_ended(request_client(req))
	    || req->out.full) {
		request_lose(req);
		return false;
	}
	switch (request_flush(req)) {
	case IO_DONE:
		if (!req->head.is_head)
			timer_clear(stream_loop(request_client(req)), &req->session.timer);
		else if (stream_may_close(request_client(req)))
			request_lose(req);	/* that was all there is to an endless response without a body */
		else if (req->session.timer.node.at == 0)
			request_allow(req, req->server->conf.stall_usec);
		return false;
	case IO_AGAIN:
		if (req->session.timer.node.at == 0)
			request_allow(req, req->server->conf.stall_usec);
		request_progress(req);
		if (req->sent > req->out.len / 2) {
			buf_eat(&req->out, req->sent);
			req->sent = 0;
		}
		if (req->out.len - req->sent <= BACKLOG_MAX)
			return false;
		/* fall through */
	default:
		request_lose(req);
		return false;
	}
}

/* ---- what the callback does ---- */

static void
put_head(struct request *req, int status, const char *type, const char *fields)
{
	buf_printf(&req->out, "HTTP/1.1 %d %s\r\n", status, status_reason(status));
	if (type != NULL)
		buf_printf(&req->out, "Content-Type: %s\r\n", type);
	if (fields != NULL)
		buf_adds(&req->out, str_of(fields));
	if (req->closing)
		buf_adds(&req->out, STR("Connection: close\r\n"));
	else if (req->head.h1.minor == 0)
		buf_adds(&req->out, STR("Connection: keep-alive\r\n"));
}

void
request_reply(struct request *req, int status, const char *type, struct str body,
    const char *fields)
{
	size_t before = req->out.len;

	ASSERT(req->state == AT_WORK && status >= 200 && status <= 599);
	if (!stream_is_open(request_client(req))) {
		request_drop(req);
		return;
	}
	put_head(req, status, type, fields);
	if (status != 204 && status != 304)
		buf_printf(&req->out, "Content-Length: %zu\r\n", body.len);
	buf_adds(&req->out, STR("\r\n"));
	if (!req->head.is_head && status != 204 && status != 304)
		buf_adds(&req->out, body);
	if (req->out.full) {
		req->out.len = before;
		req->out.full = false;
		request_reply(req, 500, "application/json",
		    STR("{\"error\":\"the response is too large\"}\n"), NULL);
		return;
	}
	req->mark = stream_bytes_out(request_client(req));
	request_move(req, AT_RESPONSE);
	request_run(req);
}

void
request_reply_shared(struct request *req, int status, const char *type, struct shared *text,
    const char *fields)
{
	ASSERT(req->state == AT_WORK && status >= 200 && status <= 299 && status != 204);
	if (!stream_is_open(request_client(req))) {
		request_drop(req);
		return;
	}
	put_head(req, status, type, fields);
	buf_printf(&req->out, "Content-Length: %zu\r\n\r\n", text->text.len);
	if (!req->head.is_head) {
		ASSERT(req->shared == NULL);
		req->shared = text;
		text->refs++;
	}
	req->mark = stream_bytes_out(request_client(req));
	request_move(req, AT_RESPONSE);
	request_run(req);
}

void
request_stream(struct request *req, const char *type, request_gone_f *gone, void *arg)
{
	ASSERT(req->state == AT_WORK);
	req->gone = gone;
	req->gone_arg = arg;
	if (!stream_is_open(request_client(req))) {
		request_move(req, AT_GONE);
		return;
	}
	req->chunked = req->head.h1.minor == 1;
	req->closing |= !req->chunked;
	put_head(req, 200, type, req->chunked ? "Transfer-Encoding: chunked\r\n" : NULL);
	buf_adds(&req->out, STR("\r\n"));
	req->mark = stream_bytes_out(request_client(req));
	request_move(req, AT_STREAM);
	request_run(req);
}

void
request_write(struct request *req, struct str piece)
{
	ASSERT(req->state == AT_STREAM || req->state == AT_GONE);
	if (req->state == AT_GONE || piece.len == 0 || req->head.is_head)
		return;
	if (req->chunked)
		buf_printf(&req->out, "%zx\r\n", piece.len);
	buf_adds(&req->out, piece);
	if (req->chunked)
		buf_adds(&req->out, STR("\r\n"));
	request_run(req);
	/* a turn that is spent puts the rest off, but not without a bound */
	if (!req->running && req->state == AT_STREAM && req->out.len - req->sent > BACKLOG_MAX)
		request_step_stream(req);
}

void
request_end(struct request *req)
{
	ASSERT(req->state == AT_STREAM || req->state == AT_GONE);
	if (req->state == AT_GONE) {
		request_drop(req);
		return;
	}
	if (req->chunked && !req->head.is_head)
		buf_adds(&req->out, STR("0\r\n\r\n"));
	request_move(req, AT_RESPONSE);
	request_run(req);
}
