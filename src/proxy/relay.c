/*
 * The request goes up, the answer comes down, and each side may be slow, early, or gone. Knows what a byte may
 * mean where it stands; which task it is, attempt.c knows.
 */
#include <stdio.h>

#include "base/clock.h"
#include "http/h1_parse.h"
#include "proxy/rewrite.h"
#include "proxy/steps.h"
#include "proxy/tunnel.h"

#define INTERIMS_MAX	64	/* 1xx before an answer */

/* ---- the way up ---- */

static const struct wait forever = { INT64_MAX, NULL };

/*
 * STAY: as much as possible has gone up. A task that no longer reads may have answered already: what it has to
 * say, or that it is gone, is found on the way down.
 */
static enum state
send_up(struct request *r)
{
	if (r->up.over)
		return STAY;
	switch (flow_run(&r->up, request_now(r))) {
	case FLOW_MORE:
		return STAY;
	case FLOW_YIELD:
		return request_yield(r);
	case FLOW_DONE:
		r->up.over = true;
		return STAY;
	case FLOW_SINK_BROKEN:
		r->attempt.deaf = r->up.over = true;
		return STAY;
	case FLOW_STARVED:
		return request_fail(r, WHY_NO_MEMORY);
	case FLOW_BAD:
		r->keep = false;
		return request_fail(r, WHY_BAD_CHUNK);
	default:
		return request_fail(r, WHY_CLIENT_GONE);
	}
}

static struct wait
up_wait(const struct request *r)
{
	if (r->up.over)
		return forever;
	if (r->up.wait == FLOW_SINK)
		return (struct wait){ r->up.moved_usec + r->service->idle_usec, WHY_UPSTREAM_SLOW_READ };
	return sooner((struct wait){ r->up.moved_usec + r->proxy->conf.client_body_usec, WHY_CLIENT_SLOW_BODY },
	    sooner(request_rate_wait(r, &r->up, r->up.body_bytes, WHY_CLIENT_SLOW_RATE), request_whole_wait(r)));
}

/* ---- AWAIT and INTERIM ---- */

/* The response is due when the task has all of the request, or all that it will get before it says 100. */
struct wait
relay_await_wait(const struct request *r)
{
	if (r->up.over || (r->expects_continue && r->up.body_bytes == 0 && r->up.wait == FLOW_SOURCE))
		return (struct wait){ r->up.moved_usec + r->service->response_usec, WHY_UPSTREAM_SLOW_HEAD };
	return up_wait(r);
}

/* A 1xx: an HTTP/1.0 client would not understand it. */
static enum state
interim_begin(struct request *r, size_t used)
{
	r->expects_continue = false;
	r->scanned = 0;
	if (++r->attempt.interims > INTERIMS_MAX)
		return attempt_failed(r, WHY_UPSTREAM_BAD_HEAD);
	flow_begin(&r->down, used, BODY_NONE, 0);
	if (r->minor == 1 && !rewrite_response(&r->down.head, &r->proxy->head, CONNECTION_UNSAID))
		return request_fail(r, WHY_NO_MEMORY);
	return INTERIM;
}

/* Who is waited for may be another now, the client instead of the task: the wait begins anew. */
enum state
relay_interim(struct request *r)
{
	switch (flow_write(&r->down, request_now(r))) {
	case IO_DONE:
		flow_next(&r->down, request_now(r));
		r->up.moved_usec = request_now(r);
		flow_excuse(&r->up);		/* it may have waited for this */
		return AWAIT;
	case IO_AGAIN:
		return STAY;
	default:
		return request_fail(r, WHY_CLIENT_GONE);
	}
}

struct wait
relay_write_wait(const struct request *r)
{
	uint64_t bytes = stream_bytes_out(&r->client->stream) - r->bytes_before;

	return sooner((struct wait){ r->down.moved_usec + r->proxy->conf.client_write_usec, WHY_CLIENT_SLOW_READ },
	    request_rate_wait(r, &r->down, bytes, WHY_CLIENT_SLOW_READ));
}

static enum state
tunnel_enter(struct request *r, size_t used)
{
	if (!r->upgrade || !r->up.over || r->attempt.deaf)
		return attempt_failed(r, WHY_UPSTREAM_BAD_HEAD);
	if (!rewrite_response(&r->down.head, &r->proxy->head, CONNECTION_UPGRADE))
		return request_fail(r, WHY_NO_MEMORY);
	r->status = r->attempt.status = 101;
	r->up.keep = false;
	r->keep = false;
	tunnel_begin(&r->up, &r->down, used);
	return TUNNEL;
}

/* What the client hears of its connection. An HTTP/1.0 client expects its end unless told otherwise. */
static enum rewrite_connection
connection_said(const struct request *r)
{
	if (!r->keep)
		return CONNECTION_CLOSE;
	return r->minor == 0 ? CONNECTION_KEEP_ALIVE : CONNECTION_UNSAID;
}

/* The task has not done what was asked, or could not reach whom it asks; another one may. */
static bool
tells_to_retry(int status)
{
	return status == 502 || status == 503 || status == 504;
}

/* Keep-Alive: timeout=5, max=100. Negative: the task does not say for how long. */
static int64_t
keeps_usec(const struct head *h)
{
	const struct field *f = head_find(h, FIELD_KEEP_ALIVE);
	struct str list = f == NULL ? STR("") : f->value, item;
	uint64_t seconds;

	while (str_split(&list, ',', &item)) {
		item = str_trim(item);
		if (item.len > 8 && str_eq_nocase((struct str){ item.p, 8 }, STR("timeout="))
		    && str_to_u64((struct str){ item.p + 8, item.len - 8 }, &seconds))
			return seconds > 86400 ? -1 : (int64_t)seconds * USEC_PER_SEC;
	}
	return -1;
}

/*
 * The body begins. An HTTP/1.0 client cannot read chunks: it gets their data alone, with its length if all of it is here already,
 * else until the connection's end. False: the framing is malformed.
 */
static bool
body_begin(struct request *r, struct head *h, size_t used)
{
	if (r->minor == 1)
		return flow_begin_lenient(&r->down, used, h->body, h->length);
	for (int i = 0; i < h->nfields; i++)
		if (h->field[i].id == FIELD_TRANSFER_ENCODING || h->field[i].id == FIELD_TRAILER)
			h->field[i].hop = true;
	if (h->body != BODY_CHUNKED)
		return flow_begin_lenient(&r->down, used, h->body, h->length);
	if (!flow_begin_bare(&r->down, used))
		return false;
	if (r->down.body.done) {
		int n = snprintf(r->answer, sizeof r->answer, "%zu", r->down.good - r->down.at);
		h->length_text = (struct str){ r->answer, (size_t)n };
	} else
		r->keep = false;
	return true;
}

/* An answer that comes before the request is whole ends the connection: the rest of the body has no reader. */
static enum state
response_begin(struct request *r, size_t used)
{
	struct head *h = &r->proxy->head;
	enum state next;

	r->attempt.status = h->status;
	if (tells_to_retry(h->status) && attempt_repeat(r, WHY_UPSTREAM_STATUS, &next))
		return next;
	if (!body_begin(r, h, used))
		return attempt_failed(r, WHY_UPSTREAM_BAD_BODY);
	r->attempt.keeps = h->keep_alive && !r->attempt.deaf;
	r->attempt.keeps_usec = r->attempt.keeps ? keeps_usec(h) : -1;
	r->keep = r->keep && r->up.over && !r->attempt.deaf && h->body != BODY_UNTIL_CLOSE && !r->proxy->draining;
	if (!rewrite_response(&r->down.head, h, connection_said(r)))
		return request_fail(r, WHY_NO_MEMORY);
	r->down.last = !r->keep;
	r->status = h->status;
	r->up.keep = false;
	return RELAY;
}

static enum state
await_head(struct request *r)
{
	struct head *h = &r->proxy->head;
	const struct why *why;
	size_t used;

	h->limits = r->proxy->conf.response_head;
	for (;;) {
		switch (h1_parse_response(h, flow_unread(&r->down), r->is_head, &r->scanned, &used, &why)) {
		case PARSE_DONE:
			if (h->status == 101)
				return tunnel_enter(r, used);
			return h->status < 200 ? interim_begin(r, used) : response_begin(r, used);
		case PARSE_BAD:
			return attempt_failed(r, why);
		case PARSE_MORE:
			break;
		}
		if (!flow_widen(&r->down, h->limits.bytes))
			return request_fail(r, WHY_NO_MEMORY);
		switch (flow_fill(&r->down, request_now(r))) {
		case IO_DONE:
			break;
		case IO_AGAIN:
			return STAY;
		default:
			return r->down.starved ? request_fail(r, WHY_NO_MEMORY) : attempt_lost(r);
		}
	}
}

enum state
relay_await(struct request *r)
{
	enum state next;

	if (attempt_client_left(r))
		return request_fail(r, WHY_CLIENT_GONE);
	if ((next = send_up(r)) != STAY)
		return next;
	return await_head(r);
}

/* ---- RELAY ---- */

struct wait
relay_wait(const struct request *r)
{
	int64_t moved = r->up.moved_usec > r->down.moved_usec ? r->up.moved_usec : r->down.moved_usec;
	struct wait down = { moved + r->service->idle_usec, WHY_UPSTREAM_SLOW_BODY };

	return sooner(up_wait(r), r->down.wait == FLOW_SINK ? relay_write_wait(r) : down);
}

static enum state
complete(struct request *r)
{
	r->why = WHY_COMPLETE;
	return END;
}

static enum state
send_down(struct request *r)
{
	switch (flow_run(&r->down, request_now(r))) {
	case FLOW_MORE:
		return STAY;
	case FLOW_YIELD:
		return request_yield(r);
	case FLOW_DONE:
		return complete(r);
	case FLOW_SOURCE_END:
		return r->down.body.kind == BODY_UNTIL_CLOSE ? complete(r) : request_fail(r, WHY_UPSTREAM_GONE);
	case FLOW_SOURCE_BROKEN:
		return request_fail(r, WHY_UPSTREAM_GONE);
	case FLOW_STARVED:
		return request_fail(r, WHY_NO_MEMORY);
	case FLOW_BAD:
		return request_fail(r, WHY_UPSTREAM_BAD_BODY);
	default:
		return request_fail(r, WHY_CLIENT_GONE);
	}
}

enum state
relay_both(struct request *r)
{
	enum state next;

	if (stream_is_broken(&r->client->stream))
		return request_fail(r, WHY_CLIENT_GONE);
	if ((next = send_up(r)) != STAY)
		return next;
	return send_down(r);
}

/* ---- TUNNEL ---- */

struct wait
relay_tunnel_wait(const struct request *r)
{
	int64_t moved = r->up.moved_usec > r->down.moved_usec ? r->up.moved_usec : r->down.moved_usec;

	return (struct wait){ moved + r->service->tunnel_usec, WHY_TUNNEL_IDLE };
}

enum state
relay_tunnel(struct request *r)
{
	switch (tunnel_run(&r->up, &r->down, request_now(r))) {
	case TUNNEL_OPEN:
		return STAY;
	case TUNNEL_YIELD:
		return request_yield(r);
	case TUNNEL_ENDED:
		r->why = WHY_TUNNEL_CLOSED;
		return END;
	default:
		return request_fail(r, WHY_TUNNEL_CLOSED);
	}
}

enum state
relay_tunnel_late(struct request *r, const struct why *why)
{
	r->why = why;
	return END;
}
