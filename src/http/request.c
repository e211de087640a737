/*
 * request: one client's requests, one at a time and in order, from the first byte to the
 * callback. Every wait has a deadline, but for the one for the callback's response.
 *
 *	AT_REST -> AT_HEAD -> AT_BODY -> AT_WORK -+-> AT_RESPONSE -----------+-> AT_HEAD, AT_REST
 *	               \________\__ refused _____/`-> AT_STREAM -- ended ---/ `-> linger (session.h)
 *	                                                 `-- client gone -> AT_GONE -> AT_END
 *
 * Knows nothing of what requests mean.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/bug.h"
#include "base/clock.h"
#include "http/query.h"
#include "http/server_priv.h"

#define CHUNKING_MAX	16384		/* bytes that chunked framing may add to a body of the largest size */
#define STEPS_PER_TURN	64		/* a client with many requests in one piece must not starve the others */
/* of the loop's turn, for all clients: others live on the loop, too */
#define TURN_USEC	(2 * USEC_PER_MSEC)
#define LATE_USEC	(10 * USEC_PER_MSEC)

static void on_deadline(void *);

/* ---- life ---- */

static struct loop *
loop_of(const struct request *req)
{
	return stream_loop(&req->session.stream);
}

void
request_allow(struct request *req, int64_t usec)
{
	ASSERT(req->state != AT_REST && req->state != AT_END);
	timer_set(loop_of(req), &req->session.timer, loop_now(loop_of(req)) + usec, on_deadline, req);
}

void
request_move(struct request *req, enum request_state to)
{
	ASSERT(req->state != AT_END);
	ASSERT(to != AT_RESPONSE || req->state == AT_WORK || req->state == AT_STREAM);
	ASSERT(to != AT_GONE || !stream_is_open(request_client(req)));
	req->state = to;
	switch (to) {
	case AT_HEAD:
	case AT_BODY:
		request_allow(req, req->server->conf.idle_usec);
		break;
	case AT_RESPONSE:
		request_allow(req, req->server->conf.stall_usec);
		break;
	case AT_GONE:
		request_allow(req, 1);
		break;
	case AT_WORK:
	case AT_STREAM:
		timer_clear(loop_of(req), &req->session.timer);
		break;
	case AT_REST:		/* the time-outs are the session's, and it holds no buffer */
		flow_fini(&req->in);
		break;
	case AT_END:
		break;
	}
}

static void
request_free(void *arg)
{
	struct request *req = arg;

	ASSERT(req->state == AT_END && req->session.place == SESSION_CLOSED);
	flow_fini(&req->in);
	buf_fini(&req->out);
	request_clear_pieces(req);
	free(req);
}

static void
request_retire(struct request *req)
{
	timer_clear(loop_of(req), &req->session.timer);
	request_move(req, AT_END);
	loop_defer(loop_of(req), &req->deferred, request_free, req);
}

/* The session is closed. A request that the callback has lives on without it, until its response
 * comes. */
static void
on_end(struct session *s, const struct why *why)
{
	struct request *req = (struct request *)s;

	(void)why;
	ASSERT(req->server != NULL);
	req->server = NULL;
	timer_clear(loop_of(req), &req->again);
	if (req->state != AT_WORK)
		request_retire(req);
}

void
request_lose(struct request *req)
{
	stream_close(request_client(req));
	if (req->state == AT_STREAM)
		request_move(req, AT_GONE);
	else if (req->state != AT_WORK)
		session_close(&req->session);
}

void
request_drop(struct request *req)
{
	ASSERT((req->state == AT_WORK || req->state == AT_GONE) && !stream_is_open(request_client(req)));
	if (req->server == NULL)
		request_retire(req);
	else {
		request_move(req, AT_REST);
		session_close(&req->session);
	}
}

/* The server ends, and the connection with it. */
static void
on_abort(struct session *s)
{
	struct request *req = (struct request *)s;
	bool notify = req->state == AT_STREAM || req->state == AT_GONE;

	session_close(s);
	if (notify)
		req->gone(req->gone_arg, req);
}

static void
on_client(void *arg)
{
	request_run(arg);
}

/* A request has as much time as the session had: a byte now and then does not win any. */
static void
on_begin(struct session *s)
{
	struct request *req = (struct request *)s;
	int64_t until = s->since_usec + req->server->conf.idle_usec;

	ASSERT(req->state == AT_REST && req->in.end == 0);
	session_busy(s, req, on_client);
	session_reading(s);
	request_move(req, AT_HEAD);
	timer_set(loop_of(req), &s->timer, until, on_deadline, req);
	request_run(req);
}

static void
on_evict(struct session *s, const struct why *why)
{
	(void)why;
	session_close(s);
}

const struct session_ops request_ops = {
	.begin = on_begin, .evict = on_evict, .abort = on_abort, .end = on_end
};

void
request_open(struct server *s, int fd, const struct addr *peer, void *tag)
{
	struct request *req = must_zalloc(sizeof *req);

	req->server = s;
	req->head.limits = (struct head_limits){ REQUEST_HEAD_MAX, REQUEST_FIELDS_MAX };
	req->head.field = req->field;
	req->peer = *peer;
	req->tag = tag;
	buf_init(&req->out, RESPONSE_MAX);
	STAILQ_INIT(&req->pieces);
	flow_init(&req->in, NULL, NULL, request_client(req), NULL, loop_now(s->loop));
	session_open(&req->session, &s->sessions, fd);
}

/* ---- reading ---- */

/* A response of our own to what the callback does not get. */
static bool
request_refuse(struct request *req, int status, const char *text)
{
	char json[256];

	ASSERT(status >= 400 && (req->state == AT_HEAD || req->state == AT_BODY));
	req->closing = true;
	req->head.is_head = false;	/* nothing in it can be trusted now */
	req->head.h1.minor = 1;
	session_busy(&req->session, req, on_client);
	request_move(req, AT_WORK);
	snprintf(json, sizeof json, "{\"error\":\"%s\"}\n", text);
	request_reply(req, status, "application/json", str_of(json), NULL);
	return true;
}

static bool
refuse_why(struct request *req, const struct why *why)
{
	return request_refuse(req, why->status, why->text);
}

static bool
refuse_large(struct request *req)
{
	return request_refuse(req, 413, "the request body is larger than the limit");
}

static bool
begin_body(struct request *req, size_t head_bytes)
{
	struct message *h = &req->head;

	if (h->body == BODY_LENGTH && h->length > req->server->conf.body_max)
		return refuse_large(req);
	req->head_page = req->in.page;
	if (!flow_begin_whole(&req->in, head_bytes, h->body, h->length))
		return refuse_why(req, WHY_BAD_CHUNK);
	request_move(req, AT_BODY);
	if (h->expect_continue && h->body != BODY_NONE && req->in.end == head_bytes)
		buf_adds(&req->out, STR("HTTP/1.1 100 Continue\r\n\r\n"));
	return true;
}

static bool
step_head(struct request *req)
{
	const struct why *why;
	size_t used;

	switch (flow_read_head(&req->in, FLOW_REQUEST, &req->head, &used, &why, loop_now(loop_of(req)))) {
	case FLOW_DONE:
		return begin_body(req, used);
	case FLOW_BAD:
		return refuse_why(req, why);
	case FLOW_MORE:
		if (req->in.end == 0) {		/* of the next request: there is none yet */
			request_move(req, AT_REST);
			session_idle(&req->session);
		}
		return false;
	case FLOW_STARVED:
		return refuse_why(req, WHY_NO_MEMORY);
	default:
		request_lose(req);
		return false;
	}
}

/* The whole request is here. */
static bool
begin_work(struct request *req)
{
	struct str head = flow_head_bytes(&req->in);
	const struct why *why;
	size_t scanned = 0, used;

	/* the page may have grown while the body came in, and the head's slices point into the
	 * one before */
	if (req->in.page != req->head_page
	    && h1_read_request(&req->head, head, &scanned, &used, &why) != PARSE_DONE)
		BUG("a head that was fine is no longer");
	req->body = flow_body(&req->in);
	req->closing = !req->head.h1.keep_alive;
	session_busy(&req->session, req, on_client);
	request_move(req, AT_WORK);
	req->server->fn(req->server->arg, req);
	return true;
}

static bool
step_body(struct request *req)
{
	if (req->out.len > 0 && request_flush(req) == IO_FAIL) {	/* 100 Continue */
		request_lose(req);
		return false;
	}
	switch (flow_read_body(&req->in, req->server->conf.body_max + CHUNKING_MAX,
	    loop_now(loop_of(req)))) {
	case FLOW_DONE:
		return begin_work(req);
	case FLOW_BAD:
		return refuse_why(req, WHY_BAD_CHUNK);
	case FLOW_LARGE:
		return refuse_large(req);
	case FLOW_STARVED:
		return refuse_why(req, WHY_NO_MEMORY);
	case FLOW_MORE:
		return false;
	default:
		request_lose(req);
		return false;
	}
}

/* ---- turns ---- */

/* True when there may be more to do at once. */
static bool
request_step(struct request *req)
{
	switch (req->state) {
	case AT_HEAD:
		return step_head(req);
	case AT_BODY:
		return step_body(req);
	case AT_WORK:
		if (stream_is_open(request_client(req)) && stream_is_broken(request_client(req)))
			request_lose(req);
		return false;
	case AT_RESPONSE:
		return request_step_response(req);
	case AT_STREAM:
		return request_step_stream(req);
	case AT_REST:
	case AT_GONE:
	case AT_END:
		break;
	}
	return false;
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
	timer_set(loop_of(req), &req->again, loop_now(loop_of(req)) + 1, on_client, req);
}

void
request_run(struct request *req)
{
	struct server *s = req->server;		/* lives to the end of this turn at least */
	int64_t start;
	int steps = 0;

	if (req->running || s == NULL)
		return;
	if (turn_spent(s)) {
		request_run_later(req);
		return;
	}
	start = clock_mono_usec();
	req->running = true;
	while (request_step(req))
		if (++steps == STEPS_PER_TURN || clock_mono_usec() - start > TURN_USEC) {
			request_run_later(req);
			break;
		}
	req->running = false;
	s->spent_usec += clock_mono_usec() - start;
}

static bool
is_reading(const struct request *req)
{
	return req->state == AT_HEAD || req->state == AT_BODY;
}

/* The loop may have come late: then the rest of the request is there already. True: there is no
 * need to end it. */
static bool
came_in_time(struct request *req)
{
	if (!is_reading(req))
		return false;
	stream_assume_readable(request_client(req));
	request_run(req);
	if (req->again.node.at != 0 && req->session.timer.node.at == 0 && is_reading(req))
		request_allow(req, LATE_USEC);
	return !is_reading(req) || req->session.timer.node.at != 0;
}

static void
on_deadline(void *arg)
{
	struct request *req = arg;

	if (req->again.node.at != 0) {	/* it waits for its turn, not for its client */
		request_allow(req, LATE_USEC);
		return;
	}
	if (came_in_time(req))
		return;
	if (req->state == AT_GONE) {
		request_drop(req);
		req->gone(req->gone_arg, req);
	} else if (req->state == AT_BODY)
		refuse_why(req, WHY_CLIENT_SLOW_BODY);
	else if (req->state == AT_HEAD && req->in.end > 0)
		refuse_why(req, WHY_CLIENT_SLOW_HEAD);
	else
		request_lose(req);
}

/* ---- what it is ---- */

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
