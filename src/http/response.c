/*
 * response: how responses leave, whole or as a stream, and how a client that takes them too
 * slowly is let go. Both kinds are put into `out` first; what the socket does not take stays
 * there, up to a ceiling.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/bug.h"
#include "base/clock.h"
#include "http/server_priv.h"

#define BACKLOG_MAX	(1u << 20)	/* of a stream whose client reads too slowly */
#define PROGRESS_BYTES	16384		/* a client must take so much per stall time, or all that is left */
#define KEEP_BYTES	65536		/* larger buffers are not kept for the next request */
#define LINGER_BYTES	(256u << 10)
#define WASTE_BYTES	16384
#define FLUSH_BYTES	(256u << 10)	/* to one client in one turn, however fast it reads */
#define FLUSH_PARTS	32		/* of one write */

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

struct shared *
shared_ref(struct shared *s)
{
	ASSERT(s->refs > 0);
	s->refs++;
	return s;
}

struct str
shared_text(const struct shared *s)
{
	return buf_str(&s->text);
}

/* ---- pieces ---- */

static size_t
piece_bytes(const struct piece *p)
{
	return strlen(p->size) + p->text->text.len + (*p->size == '\0' ? 0 : 2);
}

static void
piece_add(struct request *req, struct shared *text, bool owned, bool framed)
{
	struct piece *p = must_zalloc(sizeof *p);

	p->text = shared_ref(text);
	p->owned = owned;
	if (framed)
		snprintf(p->size, sizeof p->size, "%zx\r\n", text->text.len);
	STAILQ_INSERT_TAIL(&req->pieces, p, link);
	req->pieces_bytes += piece_bytes(p);
	req->owned_bytes += owned ? piece_bytes(p) : 0;
}

static void
piece_drop(struct request *req)
{
	struct piece *p = STAILQ_FIRST(&req->pieces);

	STAILQ_REMOVE_HEAD(&req->pieces, link);
	req->pieces_bytes -= piece_bytes(p);
	req->owned_bytes -= p->owned ? piece_bytes(p) : 0;
	shared_unref(&p->text);
	free(p);
}

void
request_clear_pieces(struct request *req)
{
	while (!STAILQ_EMPTY(&req->pieces))
		piece_drop(req);
}

/* What waits: all of it, or what was made for this client alone. */
static size_t
backlog(const struct request *req, bool all)
{
	size_t sent = all || req->sent < req->out.len ? req->sent : req->out.len;

	return req->out.len + (all ? req->pieces_bytes : req->owned_bytes) - sent;
}

size_t
request_backlog(const struct request *req)
{
	return req->state == AT_GONE ? 0 : backlog(req, true);
}

uint64_t
request_written(const struct request *req)
{
	return stream_bytes_out(&req->session.stream);
}

/* ---- writing ---- */

struct batch {			/* of one write */
	struct iovec	 part[FLUSH_PARTS];
	int		 n;
	size_t		 skip, most;
};

static void
batch_add(struct batch *b, char *p, size_t len)
{
	size_t skip = len < b->skip ? len : b->skip;

	b->skip -= skip;
	len -= skip;
	if (len > b->most)
		len = b->most;
	if (len == 0 || b->n == FLUSH_PARTS)
		return;
	b->most -= len;
	b->part[b->n++] = (struct iovec){ p + skip, len };
}

static struct batch
flush_batch(struct request *req)
{
	struct batch b = { .n = 0, .skip = req->sent, .most = FLUSH_BYTES };
	static char crlf[] = "\r\n";
	struct piece *p;

	batch_add(&b, req->out.p, req->out.len);
	STAILQ_FOREACH(p, &req->pieces, link) {
		if (b.most == 0 || b.n + 3 > FLUSH_PARTS)
			break;
		batch_add(&b, p->size, strlen(p->size));
		batch_add(&b, p->text->text.p, p->text->text.len);
		if (*p->size != '\0')
			batch_add(&b, crlf, 2);
	}
	return b;
}

/* What is sent as a whole is let go of. */
static void
flush_settle(struct request *req)
{
	struct piece *p;

	if (req->sent < req->out.len)
		return;
	req->sent -= req->out.len;
	buf_clear(&req->out);
	while ((p = STAILQ_FIRST(&req->pieces)) != NULL && req->sent >= piece_bytes(p)) {
		req->sent -= piece_bytes(p);
		piece_drop(req);
	}
	ASSERT(p != NULL || req->sent == 0);
}

enum io_result
request_flush(struct request *req)
{
	struct batch b;
	size_t all = 0, put;

	while ((b = flush_batch(req)).n > 0) {
		enum io_result r = all < FLUSH_BYTES
		    ? stream_writev(request_client(req), b.part, b.n, &put) : IO_AGAIN;
		if (r == IO_AGAIN && all >= FLUSH_BYTES)
			request_run_later(req);
		if (r != IO_DONE)
			return r;
		req->sent += put;
		all += put;
		flush_settle(req);
	}
	flush_settle(req);
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
		if (req->sent > req->out.len / 2 && req->sent <= req->out.len) {
			buf_eat(&req->out, req->sent);
			req->sent = 0;
		}
		if (backlog(req, false) <= BACKLOG_MAX)
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
	if (!req->head.is_head)
		piece_add(req, text, false, false);
	req->mark = stream_bytes_out(request_client(req));
	request_move(req, AT_RESPONSE);
	request_run(req);
}

void
request_stream(struct request *req, const char *type, const char *fields, request_gone_f *gone,
    void *arg)
{
	char all[300];

	ASSERT(req->state == AT_WORK);
	req->gone = gone;
	req->gone_arg = arg;
	if (!stream_is_open(request_client(req))) {
		request_move(req, AT_GONE);
		return;
	}
	req->chunked = req->head.h1.minor == 1;
	req->closing |= !req->chunked;
	snprintf(all, sizeof all, "%s%s", fields == NULL ? "" : fields,
	    req->chunked ? "Transfer-Encoding: chunked\r\n" : "");
	put_head(req, 200, type, all);
	buf_adds(&req->out, STR("\r\n"));
	req->mark = stream_bytes_out(request_client(req));
	request_move(req, AT_STREAM);
	request_run(req);
}

static void
stream_run(struct request *req)
{
	request_run(req);
	/* a turn that is spent puts the rest off, but not without a bound */
	if (!req->running && req->state == AT_STREAM && backlog(req, false) > BACKLOG_MAX)
		request_step_stream(req);
}

/* Behind shared texts that wait, a piece is one of them. */
static void
stream_add(struct request *req, struct str piece, bool framed)
{
	struct shared *text;
	struct buf copy;

	if (STAILQ_EMPTY(&req->pieces)) {
		if (framed)
			buf_printf(&req->out, "%zx\r\n", piece.len);
		buf_adds(&req->out, piece);
		if (framed)
			buf_adds(&req->out, STR("\r\n"));
		return;
	}
	buf_init(&copy, RESPONSE_MAX);
	buf_adds(&copy, piece);
	text = shared_new(&copy);
	piece_add(req, text, true, framed);
	shared_unref(&text);
}

void
request_write(struct request *req, struct str piece)
{
	ASSERT(req->state == AT_STREAM || req->state == AT_GONE);
	if (req->state == AT_GONE || piece.len == 0 || req->head.is_head)
		return;
	stream_add(req, piece, req->chunked);
	stream_run(req);
}

void
request_write_shared(struct request *req, struct shared *text)
{
	ASSERT(req->state == AT_STREAM || req->state == AT_GONE);
	if (req->state == AT_GONE || text->text.len == 0 || req->head.is_head)
		return;
	piece_add(req, text, false, req->chunked);
	stream_run(req);
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
		stream_add(req, STR("0\r\n\r\n"), false);
	request_move(req, AT_RESPONSE);
	request_run(req);
}
