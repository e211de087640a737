/*
 * request: one client's connection and the request it is about, one at a time and in order. A connection is in
 * exactly one place; request_move() is the only door. Every wait has a deadline, save the one for our own answer.
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
#include "http/h1_read.h"
#include "http/query.h"
#include "http/server_priv.h"

#define READ_BYTES	16384
#define CHUNKING_MAX	16384		/* what chunked framing may add to a body of the largest size */
#define LINGER_USEC	USEC_PER_SEC
#define STEPS_PER_TURN	64		/* a client with many requests in one piece must not starve the others */
#define TURN_USEC	(2 * USEC_PER_MSEC)	/* of the loop's turn, for all clients: others live on the loop, too */
#define LATE_USEC	(10 * USEC_PER_MSEC)

static void request_expire(void *);

/* ---- life ---- */

void
request_allow(struct request *req, int64_t usec)
{
	timer_set(stream_loop(&req->stream), &req->deadline, loop_now(stream_loop(&req->stream)) + usec, request_expire, req);
}

void
request_move(struct request *req, enum place to)
{
	struct server *s = req->server;

	req->place = to;
	if (s != NULL) {
		TAILQ_REMOVE(&s->requests, req, link);
		TAILQ_INSERT_TAIL(&s->requests, req, link);
	}
	if (to == AT_HEAD || to == AT_BODY)
		request_allow(req, s->conf.idle_usec);
	else if (to == AT_ANSWER)
		request_allow(req, s->conf.stall_usec);
	else if (to == AT_LINGER)
		request_allow(req, LINGER_USEC);
	else if (to == AT_GONE)
		request_allow(req, 1);
	else
		timer_clear(stream_loop(&req->stream), &req->deadline);
}

static void
request_free(void *arg)
{
	struct request *req = arg;

	buf_fini(&req->in);
	buf_fini(&req->out);
	shared_unref(&req->shared);
	free(req);
}

static void
request_leave(struct request *req)
{
	if (req->server == NULL)
		return;
	TAILQ_REMOVE(&req->server->requests, req, link);
	req->server->count--;
	req->server = NULL;
}

void
request_close(struct request *req)
{
	ASSERT(req->place != AT_END);
	request_move(req, AT_END);
	request_leave(req);
	timer_clear(stream_loop(&req->stream), &req->again);
	stream_close(&req->stream);
	loop_defer(stream_loop(&req->stream), &req->deferred, request_free, req);
}

void
request_lose(struct request *req)
{
	stream_close(&req->stream);
	if (req->place == AT_STREAM)
		request_move(req, AT_GONE);
	else if (req->place != AT_WORK)
		request_close(req);
}

static void
request_ready(void *arg)
{
	request_run(arg);
}

void
request_open(struct server *s, int fd, const struct addr *peer, void *tag)
{
	struct request *req = must_zalloc(sizeof *req);

	req->server = s;
	req->head.limits = (struct head_limits){ REQUEST_HEAD_MAX, REQUEST_FIELDS_MAX };
	req->head.field = req->field;
	req->peer = *peer;
	req->tag = tag;
	buf_init(&req->in, REQUEST_HEAD_MAX + s->conf.body_max + CHUNKING_MAX + READ_BYTES);
	buf_init(&req->out, RESPONSE_MAX);
	stream_open(&req->stream, s->loop, fd, request_ready, req);
	TAILQ_INSERT_TAIL(&s->requests, req, link);
	s->count++;
	request_move(req, AT_HEAD);
}

static bool
asking(const struct request *req)
{
	return req->place == AT_HEAD || req->place == AT_BODY;
}

bool
request_make_room(struct server *s)
{
	struct request *req;

	TAILQ_FOREACH(req, &s->requests, link)
		if (asking(req) || req->place == AT_LINGER) {
			request_close(req);
			return true;
		}
	return false;
}

void
request_orphan(struct request *req)
{
	bool tell = req->place == AT_STREAM || req->place == AT_GONE;

	if (req->place == AT_WORK) {
		stream_close(&req->stream);
		request_leave(req);
		return;
	}
	request_close(req);
	if (tell)
		req->gone(req->gone_arg, req);
}

/* ---- reading ---- */

/* An answer of our own to what is never handed out. */
static bool
request_refuse(struct request *req, int status, const char *text)
{
	char json[256];

	req->closing = true;
	req->head.is_head = false;	/* nothing in it can be trusted now */
	req->head.h1.minor = 1;
	request_move(req, AT_WORK);
	snprintf(json, sizeof json, "{\"error\":\"%s\"}\n", text);
	request_reply(req, status, "application/json", str_of(json), NULL);
	return true;
}

static bool
read_more(struct request *req)
{
	char piece[READ_BYTES];
	size_t got;

	switch (stream_read(&req->stream, piece, sizeof piece, &got)) {
	case IO_DONE:
		if (!buf_add(&req->in, piece, got))
			BUG("more was read than requested");
		return true;
	case IO_AGAIN:
		return false;
	default:
		request_lose(req);
		return false;
	}
}

static bool
begin_body(struct request *req)
{
	if (req->head.body == BODY_LENGTH && req->head.length > req->server->conf.body_max)
		return request_refuse(req, 413, "the request body is larger than the limit");
	h1_body_init(&req->framing, req->head.body, req->head.length);
	req->raw_len = 0;
	request_move(req, AT_BODY);
	if (req->head.expect_continue && req->head.body != BODY_NONE && req->in.len == req->head_len)
		buf_adds(&req->out, STR("HTTP/1.1 100 Continue\r\n\r\n"));
	return true;
}

static bool
step_head(struct request *req)
{
	const struct why *why;

	if (req->in.len == 0)
		return read_more(req);
	switch (h1_read_request(&req->head, buf_str(&req->in), &req->scanned, &req->head_len, &why)) {
	case PARSE_DONE:
		return begin_body(req);
	case PARSE_BAD:
		return request_refuse(req, why->status, why->text);
	default:
		return read_more(req);
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
begin_work(struct request *req)
{
	const struct why *why;
	size_t scanned = 0;
	char *raw;

	/* the buffer may have moved while the body came in, and the head's slices with it */
	if (req->head.body != BODY_NONE
	    && h1_read_request(&req->head, buf_str(&req->in), &scanned, &req->head_len, &why) != PARSE_DONE)
		BUG("a head that was fine is no longer");
	raw = req->in.p + req->head_len;
	req->body = (struct str){ raw, req->head.body == BODY_CHUNKED ? unchunk(raw) : req->raw_len };
	req->closing = !req->head.h1.keep_alive;
	request_move(req, AT_WORK);
	req->server->fn(req->server->arg, req);
	return true;
}

static bool
step_body(struct request *req)
{
	size_t at = req->head_len + req->raw_len, used;

	if (req->out.len > 0 && request_flush(req) == IO_FAIL) {	/* 100 Continue */
		request_lose(req);
		return false;
	}
	switch (h1_body_eat(&req->framing, req->in.p + at, req->in.len - at, &used)) {
	case PARSE_DONE:
		req->raw_len += used;
		return begin_work(req);
	case PARSE_BAD:
		return request_refuse(req, WHY_BAD_CHUNK->status, WHY_BAD_CHUNK->text);
	default:
		req->raw_len += used;
		if (req->in.len - req->head_len > req->server->conf.body_max + CHUNKING_MAX)
			return request_refuse(req, 413, "the request body is larger than the limit");
		return read_more(req);
	}
}

/* ---- turns ---- */

/* True when there may be more to do at once. */
static bool
request_step(struct request *req)
{
	switch (req->place) {
	case AT_HEAD:
		return step_head(req);
	case AT_BODY:
		return step_body(req);
	case AT_WORK:
		if (stream_is_open(&req->stream) && stream_is_broken(&req->stream))
			request_lose(req);
		return false;
	case AT_ANSWER:
		return request_step_answer(req);
	case AT_STREAM:
		return request_step_stream(req);
	case AT_LINGER:
		return request_step_linger(req);
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
request_run_later(struct request *req)
{
	timer_set(stream_loop(&req->stream), &req->again, loop_now(stream_loop(&req->stream)) + 1, request_ready, req);
}

void
request_run(struct request *req)
{
	struct server *s = req->server;
	int64_t start;
	int steps = 0;

	if (req->running)
		return;
	if (s != NULL && turn_spent(s)) {
		request_run_later(req);
		return;
	}
	start = clock_mono_usec();
	req->running = true;
	while (request_step(req))
		if (++steps == STEPS_PER_TURN || (s != NULL && clock_mono_usec() - start > TURN_USEC)) {
			request_run_later(req);
			break;
		}
	req->running = false;
	if (s != NULL)
		s->spent_usec += clock_mono_usec() - start;
}

/* When it was we who came late, the rest of the request is there already. */
static bool
came_in_time(struct request *req)
{
	if (!asking(req))
		return false;
	stream_assume_readable(&req->stream);
	request_run(req);
	if (req->again.node.at != 0 && req->deadline.node.at == 0 && asking(req))
		request_allow(req, LATE_USEC);
	return !asking(req) || req->deadline.node.at != 0;
}

static void
request_expire(void *arg)
{
	struct request *req = arg;

	if (req->again.node.at != 0) {	/* it waits for us */
		request_allow(req, LATE_USEC);
		return;
	}
	if (came_in_time(req))
		return;
	if (req->place == AT_GONE) {
		request_close(req);
		req->gone(req->gone_arg, req);
	} else if (req->place == AT_BODY || (req->place == AT_HEAD && req->in.len > 0)) {
		const struct why *why = req->place == AT_BODY ? WHY_CLIENT_SLOW_BODY : WHY_CLIENT_SLOW_HEAD;
		request_refuse(req, why->status, why->text);
	} else
		request_lose(req);
}

/* ---- what was asked ---- */

const struct message *
request_head(const struct request *req)
{
	return &req->head;
}

struct str
request_path(const struct request *req)
{
	return req->head.path;
}

struct str
request_body(const struct request *req)
{
	return req->body;
}

void *
request_tag(const struct request *req)
{
	return req->tag;
}

const struct addr *
request_peer(const struct request *req)
{
	return &req->peer;
}

bool
request_query(const struct request *req, const char *name, char *out, size_t cap)
{
	struct str target = req->head.target;
	size_t path = req->head.path.len;

	if (target.len == path)
		return false;
	return query_get((struct str){ target.p + path + 1, target.len - path - 1 }, name, out, cap);
}
