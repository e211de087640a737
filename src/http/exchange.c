/*
 * exchange: one client's connection and the request it is about, one at a time and in order. A connection is in
 * exactly one place; exchange_move() is the only door. Every wait has a deadline, save the one for our own answer.
 *
 *	AT_HEAD -> AT_BODY -> AT_WORK -+-> AT_ANSWER ---------------+-> AT_HEAD (kept alive)
 *	     \________\__ refused _____/`-> AT_STREAM -- ended ----/ `-> AT_LINGER -> AT_END
 *	                                         `-- client gone -> AT_GONE -> AT_END
 *
 * Knows nothing of what requests mean.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "base/clock.h"
#include "http/exchange.h"
#include "http/h1_body.h"
#include "http/h1_parse.h"
#include "http/query.h"
#include "net/stream.h"

#define READ_BYTES	16384
#define CHUNKING_MAX	16384		/* what chunked framing may add to a body of the largest size */
#define ANSWER_MAX	(64u << 20)
#define BACKLOG_MAX	(1u << 20)	/* of a stream whose client reads too slowly */
#define PROGRESS_BYTES	16384		/* a client must take so much per stall time, or all that is left */
#define KEEP_BYTES	65536		/* larger buffers are not kept for the next request */
#define LINGER_USEC	USEC_PER_SEC
#define LINGER_BYTES	(256u << 10)
#define STEPS_PER_TURN	64		/* a client with many requests in one piece must not starve the others */

enum place {
	AT_HEAD,		/* waiting for a request, or within its head */
	AT_BODY,
	AT_WORK,		/* the callback has it; the client may be gone: then the stream is closed */
	AT_ANSWER,		/* the answer is being written */
	AT_STREAM,
	AT_GONE,		/* the client of a stream is gone and the callback not yet told */
	AT_LINGER,		/* all is said; what the client still sends is thrown away, so that it can read our last words */
	AT_END
};

struct exchange {
	struct server	*server;	/* NULL: freed before the answer came */
	TAILQ_ENTRY(exchange) link;
	struct stream	 stream;
	struct timer	 deadline, again;
	struct grave	 grave;
	struct addr	 peer;
	void		*tag;

	enum place	 place;
	bool		 running;	/* exchange_run is under way: it will see what the callback did */
	bool		 closing;	/* after this answer */
	bool		 chunked;	/* the stream's framing; HTTP/1.0 has none */

	struct buf	 in;		/* the request, and what came after it */
	size_t		 scanned, head_len, raw_len;	/* raw: the body as it came, framing included */
	struct head	 head;
	struct h1_body	 framing;
	struct str	 body;

	struct buf	 out;
	size_t		 sent;		/* of out */
	uint64_t	 mark;		/* bytes written when the deadline was last moved */
	size_t		 lingered;
	exchange_gone_f	*gone;
	void		*gone_arg;
};

static void exchange_run(struct exchange *);
static enum io_result exchange_flush(struct exchange *);
static void exchange_expire(void *);

/* ---- life ---- */

static void
exchange_allow(struct exchange *x, int64_t usec)
{
	timer_set(x->stream.loop, &x->deadline, loop_now(x->stream.loop) + usec, exchange_expire, x);
}

static void
exchange_move(struct exchange *x, enum place to)
{
	struct server *s = x->server;

	x->place = to;
	if (s != NULL) {
		TAILQ_REMOVE(&s->exchanges, x, link);
		TAILQ_INSERT_TAIL(&s->exchanges, x, link);
	}
	if (to == AT_HEAD || to == AT_BODY)
		exchange_allow(x, s->conf.idle_usec);
	else if (to == AT_ANSWER)
		exchange_allow(x, s->conf.stall_usec);
	else if (to == AT_LINGER)
		exchange_allow(x, LINGER_USEC);
	else if (to == AT_GONE)
		exchange_allow(x, 1);
	else
		timer_clear(x->stream.loop, &x->deadline);
}

static void
exchange_bury(void *arg)
{
	struct exchange *x = arg;

	buf_fini(&x->in);
	buf_fini(&x->out);
	free(x);
}

static void
exchange_leave(struct exchange *x)
{
	if (x->server == NULL)
		return;
	TAILQ_REMOVE(&x->server->exchanges, x, link);
	x->server->count--;
	x->server = NULL;
}

static void
exchange_close(struct exchange *x)
{
	ASSERT(x->place != AT_END);
	exchange_move(x, AT_END);
	exchange_leave(x);
	timer_clear(x->stream.loop, &x->again);
	stream_close(&x->stream);
	loop_bury(x->stream.loop, &x->grave, exchange_bury, x);
}

/* The client has left or is thrown out: whoever holds the exchange keeps it until they have been told. */
static void
exchange_lose(struct exchange *x)
{
	stream_close(&x->stream);
	if (x->place == AT_STREAM)
		exchange_move(x, AT_GONE);
	else if (x->place != AT_WORK)
		exchange_close(x);
}

static void
exchange_ready(void *arg)
{
	exchange_run(arg);
}

void
exchange_open(struct server *s, int fd, const struct addr *peer, void *tag)
{
	struct exchange *x = must_zalloc(sizeof *x);

	x->server = s;
	x->peer = *peer;
	x->tag = tag;
	buf_init(&x->in, MSG_HEAD_MAX + s->conf.body_max + CHUNKING_MAX + READ_BYTES);
	buf_init(&x->out, ANSWER_MAX);
	stream_open(&x->stream, s->loop, fd, exchange_ready, x);
	TAILQ_INSERT_TAIL(&s->exchanges, x, link);
	s->count++;
	exchange_move(x, AT_HEAD);
}

static bool
asking(const struct exchange *x)
{
	return x->place == AT_HEAD || x->place == AT_BODY;
}

bool
exchange_make_room(struct server *s)
{
	struct exchange *x;

	TAILQ_FOREACH(x, &s->exchanges, link)
		if (asking(x) || x->place == AT_LINGER) {
			exchange_close(x);
			return true;
		}
	return false;
}

void
exchange_orphan(struct exchange *x)
{
	bool tell = x->place == AT_STREAM || x->place == AT_GONE;

	if (x->place == AT_WORK) {
		stream_close(&x->stream);
		exchange_leave(x);
		return;
	}
	exchange_close(x);
	if (tell)
		x->gone(x->gone_arg, x);
}

/* ---- reading ---- */

/* An answer of our own to what is never handed out. */
static bool
exchange_refuse(struct exchange *x, int status, const char *text)
{
	char json[256];

	x->closing = true;
	x->head.is_head = false;	/* nothing in it can be trusted now */
	x->head.minor = 1;
	exchange_move(x, AT_WORK);
	snprintf(json, sizeof json, "{\"error\":\"%s\"}\n", text);
	exchange_reply(x, status, "application/json", str_of(json), NULL);
	return true;
}

static bool
read_more(struct exchange *x)
{
	char piece[READ_BYTES];
	size_t got;

	switch (stream_read(&x->stream, piece, sizeof piece, &got)) {
	case IO_DONE:
		if (!buf_add(&x->in, piece, got))
			BUG("more was read than may be asked for");
		return true;
	case IO_AGAIN:
		return false;
	default:
		exchange_lose(x);
		return false;
	}
}

static bool
begin_body(struct exchange *x)
{
	if (x->head.body == BODY_LENGTH && x->head.length > x->server->conf.body_max)
		return exchange_refuse(x, 413, "the request body is larger than the limit");
	h1_body_init(&x->framing, x->head.body, x->head.length);
	x->raw_len = 0;
	exchange_move(x, AT_BODY);
	if (x->head.expect_continue && x->head.body != BODY_NONE && x->in.len == x->head_len)
		buf_adds(&x->out, STR("HTTP/1.1 100 Continue\r\n\r\n"));
	return true;
}

static bool
step_head(struct exchange *x)
{
	const struct why *why;

	if (x->in.len == 0)
		return read_more(x);
	switch (h1_parse_request(&x->head, buf_str(&x->in), &x->scanned, &x->head_len, &why)) {
	case PARSE_DONE:
		return begin_body(x);
	case PARSE_BAD:
		return exchange_refuse(x, why->status, why->text);
	default:
		return read_more(x);
	}
}

/* Takes the framing, which has been checked, out of a chunked body. */
static size_t
unchunk(char *raw)
{
	char *from = raw, *to = raw, *end;
	unsigned long n;

	while ((n = strtoul(from, &end, 16)) > 0) {
		from = (char *)rawmemchr(end, '\n') + 1;
		memmove(to, from, n);
		to += n;
		from += n + 2;
	}
	return (size_t)(to - raw);
}

static bool
begin_work(struct exchange *x)
{
	const struct why *why;
	size_t scanned = 0;
	char *raw;

	/* the buffer may have moved while the body came in, and the head's slices with it */
	if (x->head.body != BODY_NONE
	    && h1_parse_request(&x->head, buf_str(&x->in), &scanned, &x->head_len, &why) != PARSE_DONE)
		BUG("a head that was fine is no longer");
	raw = x->in.p + x->head_len;
	x->body = (struct str){ raw, x->head.body == BODY_CHUNKED ? unchunk(raw) : x->raw_len };
	x->closing = !x->head.keep_alive;
	exchange_move(x, AT_WORK);
	x->server->fn(x->server->arg, x);
	return true;
}

static bool
step_body(struct exchange *x)
{
	size_t at = x->head_len + x->raw_len, used;

	if (x->out.len > 0 && exchange_flush(x) == IO_FAIL) {	/* 100 Continue */
		exchange_lose(x);
		return false;
	}
	switch (h1_body_eat(&x->framing, x->in.p + at, x->in.len - at, &used)) {
	case PARSE_DONE:
		x->raw_len += used;
		return begin_work(x);
	case PARSE_BAD:
		return exchange_refuse(x, WHY_BAD_CHUNK->status, WHY_BAD_CHUNK->text);
	default:
		x->raw_len += used;
		if (x->raw_len > x->server->conf.body_max + CHUNKING_MAX)
			return exchange_refuse(x, 413, "the request body is larger than the limit");
		return read_more(x);
	}
}

/* ---- writing ---- */

static enum io_result
exchange_flush(struct exchange *x)
{
	while (x->sent < x->out.len) {
		struct iovec piece = { x->out.p + x->sent, x->out.len - x->sent };
		size_t put;
		enum io_result r = stream_writev(&x->stream, &piece, 1, &put);
		if (r != IO_DONE)
			return r;
		x->sent += put;
	}
	buf_clear(&x->out);
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

static bool
step_answer(struct exchange *x)
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

static bool
step_stream(struct exchange *x)
{
	if (x->stream.hup || x->stream.eof_hint) {
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

static bool
step_linger(struct exchange *x)
{
	char waste[READ_BYTES];
	size_t got;
	enum io_result r = stream_read(&x->stream, waste, sizeof waste, &got);

	if (r == IO_DONE && (x->lingered += got) <= LINGER_BYTES)
		return true;
	if (r != IO_AGAIN)
		exchange_close(x);
	return false;
}

/* ---- turns ---- */

/* True when there may be more to do at once. */
static bool
exchange_step(struct exchange *x)
{
	switch (x->place) {
	case AT_HEAD:
		return step_head(x);
	case AT_BODY:
		return step_body(x);
	case AT_WORK:
		if (x->stream.open && x->stream.hup)
			exchange_lose(x);
		return false;
	case AT_ANSWER:
		return step_answer(x);
	case AT_STREAM:
		return step_stream(x);
	case AT_LINGER:
		return step_linger(x);
	default:
		return false;
	}
}

static void
exchange_run(struct exchange *x)
{
	int steps = 0;

	if (x->running)
		return;
	x->running = true;
	while (exchange_step(x))
		if (++steps == STEPS_PER_TURN) {
			timer_set(x->stream.loop, &x->again, loop_now(x->stream.loop) + 1, exchange_ready, x);
			break;
		}
	x->running = false;
}

/* When it was we who came late, the rest of the request is there already. */
static bool
came_in_time(struct exchange *x)
{
	if (!asking(x))
		return false;
	x->stream.readable = true;
	exchange_run(x);
	return !asking(x) || x->deadline.node.at != 0;
}

static void
exchange_expire(void *arg)
{
	struct exchange *x = arg;

	if (came_in_time(x))
		return;
	if (x->place == AT_GONE) {
		exchange_close(x);
		x->gone(x->gone_arg, x);
	} else if (x->place == AT_BODY || (x->place == AT_HEAD && x->in.len > 0)) {
		const struct why *why = x->place == AT_BODY ? WHY_CLIENT_SLOW_BODY : WHY_CLIENT_SLOW_HEAD;
		exchange_refuse(x, why->status, why->text);
	} else
		exchange_lose(x);
}

/* ---- what was asked ---- */

const struct head *
exchange_head(const struct exchange *x)
{
	return &x->head;
}

struct str
exchange_path(const struct exchange *x)
{
	return x->head.path;
}

struct str
exchange_body(const struct exchange *x)
{
	return x->body;
}

void *
exchange_tag(const struct exchange *x)
{
	return x->tag;
}

const struct addr *
exchange_peer(const struct exchange *x)
{
	return &x->peer;
}

bool
exchange_query(const struct exchange *x, const char *name, char *out, size_t cap)
{
	struct str target = x->head.target;
	size_t path = x->head.path.len;

	if (target.len == path)
		return false;
	return query_get((struct str){ target.p + path + 1, target.len - path - 1 }, name, out, cap);
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
