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
#include "http/h1_parse.h"
#include "http/query.h"

#define READ_BYTES	16384
#define CHUNKING_MAX	16384		/* what chunked framing may add to a body of the largest size */
#define LINGER_USEC	USEC_PER_SEC
#define STEPS_PER_TURN	64		/* a client with many requests in one piece must not starve the others */
#define TURN_USEC	(2 * USEC_PER_MSEC)	/* of the loop's turn, for all clients: others live on the loop, too */
#define LATE_USEC	(10 * USEC_PER_MSEC)

static void exchange_expire(void *);

/* ---- life ---- */

void
exchange_allow(struct exchange *x, int64_t usec)
{
	timer_set(x->stream.loop, &x->deadline, loop_now(x->stream.loop) + usec, exchange_expire, x);
}

void
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
exchange_free(void *arg)
{
	struct exchange *x = arg;

	buf_fini(&x->in);
	buf_fini(&x->out);
	shared_unref(&x->shared);
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

void
exchange_close(struct exchange *x)
{
	ASSERT(x->place != AT_END);
	exchange_move(x, AT_END);
	exchange_leave(x);
	timer_clear(x->stream.loop, &x->again);
	stream_close(&x->stream);
	loop_defer(x->stream.loop, &x->deferred, exchange_free, x);
}

void
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
	x->head.limits = (struct head_limits){ EXCHANGE_HEAD_MAX, EXCHANGE_FIELDS_MAX };
	x->head.field = x->field;
	x->peer = *peer;
	x->tag = tag;
	buf_init(&x->in, EXCHANGE_HEAD_MAX + s->conf.body_max + CHUNKING_MAX + READ_BYTES);
	buf_init(&x->out, EXCHANGE_ANSWER_MAX);
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
		if (x->in.len - x->head_len > x->server->conf.body_max + CHUNKING_MAX)
			return exchange_refuse(x, 413, "the request body is larger than the limit");
		return read_more(x);
	}
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
		return exchange_step_answer(x);
	case AT_STREAM:
		return exchange_step_stream(x);
	case AT_LINGER:
		return exchange_step_linger(x);
	default:
		return false;
	}
}

static bool
turn_spent(struct server *s)
{
	if (s->turn_usec != loop_now(s->loop)) {
		s->turn_usec = loop_now(s->loop);
		s->spent_usec = 0;
	}
	return s->spent_usec >= TURN_USEC;
}

void
exchange_run_later(struct exchange *x)
{
	timer_set(x->stream.loop, &x->again, loop_now(x->stream.loop) + 1, exchange_ready, x);
}

void
exchange_run(struct exchange *x)
{
	struct server *s = x->server;
	int64_t start;
	int steps = 0;

	if (x->running)
		return;
	if (s != NULL && turn_spent(s)) {
		exchange_run_later(x);
		return;
	}
	start = clock_mono_usec();
	x->running = true;
	while (exchange_step(x))
		if (++steps == STEPS_PER_TURN || (s != NULL && clock_mono_usec() - start > TURN_USEC)) {
			exchange_run_later(x);
			break;
		}
	x->running = false;
	if (s != NULL)
		s->spent_usec += clock_mono_usec() - start;
}

/* When it was we who came late, the rest of the request is there already. */
static bool
came_in_time(struct exchange *x)
{
	if (!asking(x))
		return false;
	x->stream.readable = true;
	exchange_run(x);
	if (x->again.node.at != 0 && x->deadline.node.at == 0 && asking(x))
		exchange_allow(x, LATE_USEC);
	return !asking(x) || x->deadline.node.at != 0;
}

static void
exchange_expire(void *arg)
{
	struct exchange *x = arg;

	if (x->again.node.at != 0) {	/* it waits for us */
		exchange_allow(x, LATE_USEC);
		return;
	}
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
