/*
 * exchange_answer: how answers leave, whole or as a stream, and how a client that takes them too slowly is let go.
 * Both kinds are put into `out` first; what the socket does not take stays there, up to a ceiling.
 */
#include <stdlib.h>

#include "base/bug.h"
#include "base/clock.h"
#include "http/exchange.h"

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
	if (s == NULL || --s->refs > 0)
		return;
	buf_fini(&s->text);
	free(s);
}

/* The pieces that are to be sent now: what is left of `out`, and of the shared text behind it. */
static int
flush_pieces(const struct exchange *x, struct iovec piece[2])
{
	size_t behind = x->sent > x->out.len ? x->sent - x->out.len : 0, most = FLUSH_BYTES;
	int n = 0;

	if (x->sent < x->out.len) {
		piece[n] = (struct iovec){ x->out.p + x->sent, x->out.len - x->sent < most ? x->out.len - x->sent : most };
		most -= piece[n++].iov_len;
	}
	if (x->shared != NULL && behind < x->shared->text.len && most > 0) {
		size_t left = x->shared->text.len - behind;
		piece[n++] = (struct iovec){ x->shared->text.p + behind, left < most ? left : most };
	}
	return n;
}

enum io_result
exchange_flush(struct exchange *x)
{
	struct iovec piece[2];
	size_t all = 0, put;
	int n;

	while ((n = flush_pieces(x, piece)) > 0) {
		enum io_result r = all < FLUSH_BYTES ? stream_writev(&x->stream, piece, n, &put) : IO_AGAIN;
		if (r == IO_AGAIN && all >= FLUSH_BYTES)
			exchange_run_later(x);
		if (r != IO_DONE)
			return r;
		x->sent += put;
		all += put;
	}
	buf_clear(&x->out);
	shared_unref(&x->shared);
	x->sent = 0;
	return IO_DONE;
}

/* A client that takes its bytes one by one is no better than one that takes none. */
static void
exchange_progress(struct exchange *x)
{
	if (x->stream.bytes_out - x->mark < PROGRESS_BYTES)
		return;
	x->mark = x->stream.bytes_out;
	exchange_allow(x, x->server->conf.stall_usec);
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

static bool
begin_linger(struct exchange *x)
{
	stream_shut(&x->stream);
	x->lingered = 0;
	exchange_move(x, AT_LINGER);
	return true;
}

static bool
begin_next(struct exchange *x)
{
	buf_eat(&x->in, x->head_len + x->raw_len);
	buf_trim(&x->in);
	buf_trim(&x->out);
	x->head_len = x->raw_len = x->scanned = 0;
	exchange_move(x, AT_HEAD);
	return true;
}

bool
exchange_step_answer(struct exchange *x)
{
	switch (exchange_flush(x)) {
	case IO_DONE:
		return x->closing ? begin_linger(x) : begin_next(x);
	case IO_AGAIN:
		exchange_progress(x);
		return false;
	default:
		exchange_lose(x);
		return false;
	}
}

bool
exchange_step_stream(struct exchange *x)
{
	if (x->stream.hup || x->stream.eof_hint || x->out.full) {
		exchange_lose(x);
		return false;
	}
	switch (exchange_flush(x)) {
	case IO_DONE:
		timer_clear(x->stream.loop, &x->deadline);
		if (x->head.is_head)	/* that was all there is to an endless answer without a body */
			exchange_lose(x);
		return false;
	case IO_AGAIN:
		if (x->deadline.node.at == 0)
			exchange_allow(x, x->server->conf.stall_usec);
		exchange_progress(x);
		if (x->sent > x->out.len / 2) {
			buf_eat(&x->out, x->sent);
			x->sent = 0;
		}
		if (x->out.len - x->sent <= BACKLOG_MAX)
			return false;
		/* fall through */
	default:
		exchange_lose(x);
		return false;
	}
}

bool
exchange_step_linger(struct exchange *x)
{
	char waste[WASTE_BYTES];
	size_t got;
	enum io_result r = stream_read(&x->stream, waste, sizeof waste, &got);

	if (r == IO_DONE && (x->lingered += got) <= LINGER_BYTES)
		return true;
	if (r != IO_AGAIN)
		exchange_close(x);
	return false;
}

/* ---- answers ---- */

static void
put_head(struct exchange *x, int status, const char *type, const char *fields)
{
	buf_printf(&x->out, "HTTP/1.1 %d %s\r\n", status, status_reason(status));
	if (type != NULL)
		buf_printf(&x->out, "Content-Type: %s\r\n", type);
	if (fields != NULL)
		buf_adds(&x->out, str_of(fields));
	if (x->closing)
		buf_adds(&x->out, STR("Connection: close\r\n"));
	else if (x->head.minor == 0)
		buf_adds(&x->out, STR("Connection: keep-alive\r\n"));
}

void
exchange_reply(struct exchange *x, int status, const char *type, struct str body, const char *fields)
{
	size_t before = x->out.len;

	ASSERT(x->place == AT_WORK && status >= 200 && status <= 599);
	if (!x->stream.open) {
		exchange_close(x);
		return;
	}
	put_head(x, status, type, fields);
	if (status != 204 && status != 304)
		buf_printf(&x->out, "Content-Length: %zu\r\n", body.len);
	buf_adds(&x->out, STR("\r\n"));
	if (!x->head.is_head && status != 204 && status != 304)
		buf_adds(&x->out, body);
	if (x->out.full) {
		x->out.len = before;
		x->out.full = false;
		exchange_reply(x, 500, "application/json", STR("{\"error\":\"the answer is too large\"}\n"), NULL);
		return;
	}
	x->mark = x->stream.bytes_out;
	exchange_move(x, AT_ANSWER);
	exchange_run(x);
}

void
exchange_reply_shared(struct exchange *x, int status, const char *type, struct shared *text, const char *fields)
{
	ASSERT(x->place == AT_WORK && status >= 200 && status <= 299 && status != 204);
	if (!x->stream.open) {
		exchange_close(x);
		return;
	}
	put_head(x, status, type, fields);
	buf_printf(&x->out, "Content-Length: %zu\r\n\r\n", text->text.len);
	if (!x->head.is_head) {
		ASSERT(x->shared == NULL);
		x->shared = text;
		text->refs++;
	}
	x->mark = x->stream.bytes_out;
	exchange_move(x, AT_ANSWER);
	exchange_run(x);
}

void
exchange_stream(struct exchange *x, const char *type, exchange_gone_f *gone, void *arg)
{
	ASSERT(x->place == AT_WORK);
	x->gone = gone;
	x->gone_arg = arg;
	if (!x->stream.open) {
		exchange_move(x, AT_GONE);
		return;
	}
	x->chunked = x->head.minor == 1;
	x->closing |= !x->chunked;
	put_head(x, 200, type, x->chunked ? "Transfer-Encoding: chunked\r\n" : NULL);
	buf_adds(&x->out, STR("\r\n"));
	x->mark = x->stream.bytes_out;
	exchange_move(x, AT_STREAM);
	exchange_run(x);
}

void
exchange_write(struct exchange *x, struct str piece)
{
	ASSERT(x->place == AT_STREAM || x->place == AT_GONE);
	if (x->place == AT_GONE || piece.len == 0 || x->head.is_head)
		return;
	if (x->chunked)
		buf_printf(&x->out, "%zx\r\n", piece.len);
	buf_adds(&x->out, piece);
	if (x->chunked)
		buf_adds(&x->out, STR("\r\n"));
	exchange_run(x);
	/* a turn that is spent puts the rest off, but not without a bound */
	if (!x->running && x->place == AT_STREAM && x->out.len - x->sent > BACKLOG_MAX)
		exchange_step_stream(x);
}

void
exchange_end(struct exchange *x)
{
	ASSERT(x->place == AT_STREAM || x->place == AT_GONE);
	if (x->place == AT_GONE) {
		exchange_close(x);
		return;
	}
	if (x->chunked && !x->head.is_head)
		buf_adds(&x->out, STR("0\r\n\r\n"));
	exchange_move(x, AT_ANSWER);
	exchange_run(x);
}
