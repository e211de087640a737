/*
 * The request goes up, the response comes down, and each side may be slow, early, or gone. Knows
 * what a byte means where it is; which task it is, attempt.c knows.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/bug.h"
#include "base/clock.h"
#include "http/h1_write.h"
#include "proxy/exchange_priv.h"
#include "proxy/task_load.h"

#define CUT_OFF_USEC	(3 * USEC_PER_SEC)	/* before it is looked for */
#define INTERIMS_MAX	64	/* 1xx before a response */

/* ---- the way up ---- */

static const struct wait forever = { INT64_MAX, NULL };

/* The task has some of it, and sees that the rest is missing. */
static enum state
up_too_large(struct exchange *x)
{
	if (x->status == 0)
		filter_run_too_large(x->filters, false);
	return exchange_fail(x, WHY_BODY_TOO_LARGE);
}

/* Its client waits for the task, to say 100 Continue. */
static bool
expects(const struct exchange *x)
{
	return x->expects_continue && x->up.body_bytes == 0 && x->up.wait == FLOW_SOURCE;
}

bool
relay_waits_for_client(const struct exchange *x)
{
	return x->attempt.connected && !x->up.over && x->up.since_usec != 0 && x->up.wait == FLOW_SOURCE
	    && !expects(x);
}

/*
 * STAY: as much as possible has gone up. A task that no longer reads may have responded already:
 * its response, or that it is gone, is found on the way down.
 */
static enum state
send_up(struct exchange *x)
{
	bool waited = relay_waits_for_client(x);
	int64_t moved = x->up.moved_usec;
	enum flow_result res;

	ASSERT(x->attempt.connected && x->up.sink == x->down.source);
	if (x->up.over)
		return STAY;
	res = flow_run(&x->up, exchange_now(x));
	if (waited && x->up.moved_usec != moved)
		x->attempt.asked_usec = x->up.moved_usec;
	switch (res) {
	case FLOW_MORE:
		return STAY;
	case FLOW_YIELD:
		return exchange_yield(x);
	case FLOW_DONE:
		x->up.over = true;
		return STAY;
	case FLOW_SINK_BROKEN:
		x->attempt.deaf = x->up.over = true;
		return STAY;
	case FLOW_STARVED:
		return exchange_fail(x, WHY_NO_MEMORY);
	case FLOW_BAD:
		return exchange_fail(x, WHY_BAD_CHUNK);
	case FLOW_LARGE:
		return up_too_large(x);
	default:
		return exchange_fail(x, WHY_CLIENT_GONE);
	}
}

static struct wait
up_wait(const struct exchange *x)
{
	if (x->up.over)
		return forever;
	if (x->up.wait == FLOW_SINK)
		return (struct wait){ x->up.moved_usec + x->attempt.service->idle_usec,
		    WHY_UPSTREAM_SLOW_READ };
	return sooner((struct wait){ x->up.moved_usec + x->proxy->conf.client_body_usec,
	    WHY_CLIENT_SLOW_BODY }, sooner(head_rate_wait(x, &x->up, x->up.body_bytes,
	    WHY_CLIENT_SLOW_RATE), head_whole_wait(x)));
}

/* ---- AWAIT and INTERIM ---- */

/* The response is due when the task has all of the request, or all that it will get before its
 * 100 Continue. */
static struct wait
response_wait(const struct exchange *x)
{
	if (x->up.over || expects(x))
		return (struct wait){ x->up.moved_usec + x->attempt.service->response_usec,
		    WHY_UPSTREAM_SLOW_HEAD };
	return up_wait(x);
}

/* A request that another task could have as well does not wait for a node that is cut off: of that
 * it is looked after some seconds, and then each second. */
struct wait
relay_await_wait(const struct exchange *x)
{
	struct wait w = sooner(sooner(response_wait(x), retry_try_wait(x)), hedge_wait(x));
	int64_t look = x->up.moved_usec + CUT_OFF_USEC;

	if (x->attempt.headed)
		return relay_wait(x);
	if (!retry_is_harmless(x) || !x->up.over)
		return w;
	return sooner(w, (struct wait){ look > x->attempt.look_usec ? look : x->attempt.look_usec,
	    WHY_UPSTREAM_CUT_OFF });
}

/* Where no other task can have it, the node may still come back in time. */
enum state
relay_await_late(struct exchange *x, const struct why *why)
{
	enum state next;

	if (why == WHY_UPSTREAM_TRY_SLOW)
		return retry_try_late(x);
	if (why == WHY_HEDGED)
		return hedge_begin(x);
	if (why != WHY_UPSTREAM_CUT_OFF)
		return exchange_try_other(x, why);
	x->attempt.look_usec = exchange_now(x) + USEC_PER_SEC;
	return upconn_is_cut_off(x->attempt.conn) && retry_elsewhere(x, why, &next) ? next : STAY;
}

/* A 1xx: an HTTP/1.0 client would not understand it. */
static enum state
interim_begin(struct exchange *x, size_t used)
{
	ASSERT(x->status == 0 && used <= x->down.end);
	x->expects_continue = false;
	hedge_drop(x, WHY_HEDGED);		/* the client sees that this one is at work */
	if (++x->attempt.interims > INTERIMS_MAX)
		return exchange_try_other(x, WHY_UPSTREAM_BAD_HEAD);
	flow_begin(&x->down, used, BODY_NONE, 0);
	if (x->minor == 1 && !h1_write_response(&x->down.head, &x->proxy->head, &edits_none, H1_UNSAID))
		return exchange_fail(x, WHY_NO_MEMORY);
	return INTERIM;
}

/* The wait may be for the client now instead of the task: it begins again. */
enum state
relay_interim(struct exchange *x)
{
	ASSERT(x->status == 0 && x->attempt.interims > 0);
	switch (flow_write(&x->down, exchange_now(x))) {
	case IO_DONE:
		flow_next(&x->down, exchange_now(x));
		x->up.moved_usec = exchange_now(x);
		flow_excuse(&x->up);		/* it may have waited for this */
		return AWAIT;
	case IO_AGAIN:
		return STAY;
	default:
		return exchange_fail(x, WHY_CLIENT_GONE);
	}
}

struct wait
relay_write_wait(const struct exchange *x)
{
	uint64_t bytes = stream_bytes_out(x->down.sink) - x->bytes_before;

	return sooner((struct wait){ x->down.moved_usec + x->proxy->conf.client_write_usec,
	    WHY_CLIENT_SLOW_READ }, head_rate_wait(x, &x->down, bytes, WHY_CLIENT_SLOW_READ));
}

bool
relay_bind(struct exchange *x, struct edits *edits)
{
	const struct attempt *a = &x->attempt;

	for (unsigned i = 0; i < x->group_cookies.n; i++)
		edits_add(edits, EDIT_NAME("Set-Cookie"), str_of(x->group_cookies.text[i]));
	if (a->service->sticky_cookie.len == 0 || a->bound)
		return true;
	free(x->cookie);
	if ((x->cookie = sticky_cookie(a->table, a->service, a->task)) == NULL)
		return false;
	edits_add(edits, EDIT_NAME("Set-Cookie"), str_of(x->cookie));
	return true;
}

/* What the response says of the client's connection. An HTTP/1.0 client expects its end unless
 * it is said to stay. */
static enum h1_connection
connection_for_client(const struct exchange *x)
{
	if (!x->keep)
		return H1_CLOSE;
	return x->minor == 0 ? H1_KEEP_ALIVE : H1_UNSAID;
}

/*
 * An HTTP/1.0 client cannot read chunks: it gets their data alone, with its length if all of it is
 * here already, else until the connection's end. False: the framing is malformed.
 */
static bool
body_begin_bare(struct exchange *x, const struct message *h, size_t used, struct edits *edits)
{
	edits_drop(edits, FIELD_BIT(FIELD_TRANSFER_ENCODING) | FIELD_BIT(FIELD_TRAILER));
	if (h->body != BODY_CHUNKED)
		return flow_begin_lenient(&x->down, used, h->body, h->length);
	if (!flow_begin_bare(&x->down, used))
		return false;
	if (x->down.body.done) {
		int n = snprintf(x->answer, sizeof x->answer, "%zu", x->down.good - x->down.at);
		edits_add(edits, EDIT_NAME("Content-Length"), (struct str){ x->answer, (size_t)n });
	} else
		x->keep = false;
	return true;
}

/* Nobody knows how long it becomes. */
static const struct why *
body_begin_encoded(struct exchange *x, const struct message *h, size_t used, enum encoding e,
    struct edits *edits)
{
	struct flow_stage *stage = flow_stage_new(e, x->minor == 1, &x->proxy->encoders);

	if (stage == NULL)
		return WHY_NO_MEMORY;
	edits_drop(edits, FIELD_BIT(FIELD_CONTENT_LENGTH) | FIELD_BIT(FIELD_TRANSFER_ENCODING));
	if (x->minor == 1)
		edits_add(edits, EDIT_NAME("Transfer-Encoding"), STR("chunked"));
	else {
		edits_drop(edits, FIELD_BIT(FIELD_TRAILER));
		x->keep = false;
	}
	return flow_begin_encoded(&x->down, used, h->body, h->length, stage) ? NULL :
	    WHY_UPSTREAM_BAD_BODY;
}

/* The body begins, as its filters want it, if it has any. NULL, or why it cannot go on. */
static const struct why *
body_begin(struct exchange *x, const struct message *h, size_t used, struct edits *edits)
{
	const struct filter_body *f = x->filters == NULL ? NULL : filter_run_bodies(x->filters);
	const struct why *why = NULL;

	if (f != NULL && f->encoding != ENCODING_NONE)
		why = body_begin_encoded(x, h, used, f->encoding, edits);
	else if (x->minor == 0 ? !body_begin_bare(x, h, used, edits) :
	    !flow_begin_lenient(&x->down, used, h->body, h->length))
		why = WHY_UPSTREAM_BAD_BODY;
	if (why == NULL && f != NULL && f->response_most > 0 && ((h->body == BODY_LENGTH
	    && h->length > f->response_most) || !flow_limit(&x->down, f->response_most))) {
		filter_run_too_large(x->filters, true);
		why = WHY_RESPONSE_TOO_LARGE;
	}
	return why;
}

/* A response that comes before the request is whole ends the connection: the rest of the body
 * has no reader. */
static enum state
response_begin(struct exchange *x, size_t used)
{
	const struct message *h = &x->proxy->head, *m = h;
	const struct why *why;
	struct edits edits;
	enum state next;

	ASSERT(x->status == 0 && h->status >= 200 && h->status <= 999);
	x->attempt.status = h->status;
	access_note_origin(x->proxy->access, &x->log, h);
	edits_init(&edits);
	task_load_head(&x->attempt, h, &edits);
	if (retry_response(x, h, used, &next))
		return next;
	hedge_note_response(x);
	hedge_drop(x, WHY_HEDGED);
	if (x->filters != NULL && filters_catch(x, h->status, WHY_COMPLETE, &next))
		return next;
	if (x->client->sender.tls && x->proxy->hsts != NULL
	    && message_find(h, FIELD_STRICT_TRANSPORT_SECURITY) == NULL)
		edits_add(&edits, EDIT_NAME("Strict-Transport-Security"), str_of(x->proxy->hsts));
	if (!relay_bind(x, &edits))
		return exchange_fail(x, WHY_NO_MEMORY);
	if (x->filters != NULL) {
		if ((m = filters_head(x, h, &edits)) == NULL)
			return exchange_fail(x, WHY_NO_MEMORY);
		edits_init(&edits);
	}
	flow_watch_trailers(&x->down, task_load_watch(&x->attempt), &x->attempt);
	if ((why = body_begin(x, h, used, &edits)) != NULL)
		return exchange_try_other(x, why);
	/* the page's request is no HEAD, whatever the client's is: there may be a body behind it */
	x->attempt.keeps = h->h1.keep_alive && !x->attempt.deaf && !(x->paged && x->is_head);
	x->attempt.keeps_usec = x->attempt.keeps ? message_keeps_usec(h) : -1;
	x->keep = x->keep && x->up.over && !x->attempt.deaf && h->body != BODY_UNTIL_CLOSE
	    && !session_is_draining(&x->client->session);
	if (!h1_write_response(&x->down.head, m, &edits, connection_for_client(x)))
		return exchange_fail(x, WHY_NO_MEMORY);
	access_note_downstream(x->proxy->access, &x->log, &x->down.head);
	x->down.last = !x->keep;
	x->status = m->status;
	x->up.keep = false;
	return RELAY;
}

#define START_BYTES	4096		/* of a body that filters may look at */

static enum state	await_head(struct exchange *x);

static enum flow_result
response_read(struct exchange *x, size_t *used, const struct why **why)
{
	struct message *h = &x->proxy->head;

	h->limits = x->proxy->conf.response_head;
	return flow_read_head(&x->down, x->is_head ? FLOW_RESPONSE_TO_HEAD : FLOW_RESPONSE, h, used, why,
	    exchange_now(x));
}

/* There is no more of it, which is for others to judge. The head may be in a larger page now. */
static enum state
start_is_short(struct exchange *x)
{
	const struct why *why;
	size_t used;
	enum flow_result res = response_read(x, &used, &why);

	ASSERT(res == FLOW_DONE);		/* as it was before */
	return response_begin(x, used);
}

/* A filter looks at the start of the body, which is not here. */
static enum state
await_start(struct exchange *x, size_t head_bytes)
{
	switch (flow_read_on(&x->down, head_bytes + START_BYTES, exchange_now(x))) {
	case FLOW_DONE:
		return await_head(x);
	case FLOW_MORE:
		x->attempt.headed = true;
		return STAY;
	default:
		return start_is_short(x);
	}
}

static enum state
await_head(struct exchange *x)
{
	const struct message *h = &x->proxy->head;
	const struct why *why;
	size_t used;

	switch (response_read(x, &used, &why)) {
	case FLOW_DONE:
		if (h->status == 101)
			return relay_enter_tunnel(x, used);
		if (x->client->is_tunnel && h->status >= 200 && h->status <= 299)
			return exchange_fail(x, WHY_NOT_UPGRADED);
		if (h->status < 200)
			return interim_begin(x, used);
		return x->filters == NULL || filters_see_start(x, h, used) ? response_begin(x, used) :
		    await_start(x, used);
	case FLOW_MORE:
		return STAY;
	case FLOW_BAD:
		return exchange_try_other(x, why);
	case FLOW_STARVED:
		return exchange_fail(x, WHY_NO_MEMORY);
	case FLOW_SOURCE_END:
	case FLOW_SOURCE_BROKEN:
		return exchange_task_lost(x);
	case FLOW_YIELD:
	case FLOW_SINK_BROKEN:
	case FLOW_LARGE:
		break;
	}
	BUG("reading a head ends otherwise");
}

enum state
relay_await(struct exchange *x)
{
	enum state next;

	if (exchange_client_left(x))
		return exchange_fail(x, WHY_CLIENT_GONE);
	if ((next = send_up(x)) != STAY)
		return next;
	return await_head(x);
}

/* ---- RELAY ---- */

struct wait
relay_wait(const struct exchange *x)
{
	int64_t moved = x->up.moved_usec > x->down.moved_usec ? x->up.moved_usec : x->down.moved_usec;
	struct wait down = { moved + x->attempt.service->idle_usec, WHY_UPSTREAM_SLOW_BODY };

	return sooner(up_wait(x), x->down.wait == FLOW_SINK ? relay_write_wait(x) : down);
}

static enum state
complete(struct exchange *x)
{
	x->why = WHY_COMPLETE;
	return END;
}

static enum state
send_down(struct exchange *x)
{
	switch (flow_run(&x->down, exchange_now(x))) {
	case FLOW_MORE:
		return STAY;
	case FLOW_YIELD:
		return exchange_yield(x);
	case FLOW_DONE:
		return complete(x);
	case FLOW_SOURCE_END:
		return x->down.body.kind == BODY_UNTIL_CLOSE ? complete(x) : exchange_fail(x, WHY_UPSTREAM_GONE);
	case FLOW_SOURCE_BROKEN:
		return exchange_fail(x, attempt_broken(&x->attempt));
	case FLOW_STARVED:
		return exchange_fail(x, WHY_NO_MEMORY);
	case FLOW_BAD:
		return exchange_fail(x, WHY_UPSTREAM_BAD_BODY);
	case FLOW_LARGE:
		return exchange_fail(x, WHY_RESPONSE_TOO_LARGE);
	default:
		return exchange_fail(x, WHY_CLIENT_GONE);
	}
}

/* Both heads have gone, and nothing more is asked of what has edited them. */
static void
filters_leave(struct exchange *x)
{
	if (gather_done(&x->down.head) && gather_done(&x->up.head)
	    && !filter_run_counts(x->filters, false))
		filters_end(x);
}

enum state
relay_both(struct exchange *x)
{
	enum state next;

	ASSERT(x->status >= 200 && (x->paged || x->status == x->attempt.status));
	if (stream_is_broken(x->down.sink))
		return exchange_fail(x, WHY_CLIENT_GONE);
	if ((next = send_up(x)) != STAY)
		return next;
	if (x->filters != NULL)
		filters_leave(x);
	return send_down(x);
}
