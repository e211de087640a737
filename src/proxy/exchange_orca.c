/*
 * A client of gRPC subscribes to load reports: its call of StreamCoreMetrics has one message, and
 * the response gets another one each interval, until the client cancels. Filters of the route have
 * passed the request. A client that is too slow misses reports.
 */
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/bug.h"
#include "base/clock.h"
#include "proxy/exchange_priv.h"

#define LEAST_USEC	USEC_PER_SEC		/* between reports */
#define USUAL_USEC	(10 * USEC_PER_SEC)	/* as clients of gRPC request of themselves */
#define BODY_MOST	(ORCA_REQUEST_MAX + 1024)	/* with the framing of chunks */
#define CALL		"/xds.service.orca.v3.OpenRcaService/StreamCoreMetrics"

static const char head[] = "HTTP/1.1 200 OK\r\nContent-Type: application/grpc\r\n"
    "Transfer-Encoding: chunked\r\n\r\n";

bool
orca_is_asked(const struct exchange *x, const struct table_service *s, const struct message *h)
{
	return s->orca_reports && x->client->is_grpc && str_eq(h->path, STR(CALL))
	    && str_eq(h->method, STR("POST"));
}

static enum state
fail(struct exchange *x, const struct why *why)
{
	x->subscribes = x->status != 0;
	return exchange_fail(x, why);
}

/* ---- reports ---- */

/* As a chunk. */
static void
add_report(struct exchange *x)
{
	char message[ORCA_MESSAGE_MAX];
	struct orca_report r;
	size_t n, len;

	service_load(x->proxy, x->attempt.table, x->attempt.service, &x->orca.since, &r);
	len = orca_write(&r, message);
	n = (size_t)snprintf(x->answer, sizeof x->answer, "%zx\r\n", len);
	memcpy(x->answer + n, message, len);
	memcpy(x->answer + n + len, "\r\n", 2);
	gather_add(&x->down.head, (struct str){ x->answer, n + len + 2 });
	x->own_content += len;
}

/* The client may call again, and finds what there is then. */
static void
add_end(struct exchange *x)
{
	gather_add(&x->down.head, STR("0\r\nGrpc-Status: 14\r\n"
	    "Grpc-Message: load reports of this service end here\r\n\r\n"));
	x->orca.ends = true;
}

static enum state
push(struct exchange *x)
{
	switch (flow_write(&x->down, exchange_now(x))) {
	case IO_DONE:
		break;
	case IO_AGAIN:
		return STAY;
	default:
		return fail(x, WHY_CLIENT_GONE);
	}
	if (x->filters != NULL && !filter_run_counts(x->filters, true))
		filters_end(x);
	if (!x->orca.ends)
		return STAY;
	x->why = WHY_COMPLETE;
	return END;
}

static enum state
report(struct exchange *x)
{
	x->orca.due_usec = exchange_now(x) + x->orca.interval_usec;
	if (!gather_done(&x->down.head))
		return STAY;
	gather_clear(&x->down.head);
	x->down.moved_usec = exchange_now(x);
	if (session_is_draining(&x->client->session) || !attempt_follow(&x->attempt)
	    || !x->attempt.service->orca_reports)
		add_end(x);
	else
		add_report(x);
	return push(x);
}

/* ---- the call ---- */

/* The head goes with the first report. */
static enum state
begin(struct exchange *x)
{
	flow_fini(&x->down);
	gather_clear(&x->up.head);
	x->down.moved_usec = exchange_now(x);
	x->keep = x->keep && !session_is_draining(&x->client->session);
	if (!filters_begin_answer(x, str_of(head)))
		return fail(x, WHY_NO_MEMORY);
	x->status = 200;
	x->orca.since.usec = 0;
	x->orca.ends = false;
	x->orca.due_usec = exchange_now(x) + x->orca.interval_usec;
	add_report(x);
	return push(x);
}

static bool
read_interval(struct exchange *x)
{
	struct str body = flow_body(&x->up);
	struct buf data;
	int64_t usec;
	bool good;

	buf_init(&data, body.len + 1);
	if (x->up.body.kind == BODY_CHUNKED)
		good = filters_unchunk(body, &data) && orca_read_request(buf_str(&data), &usec);
	else
		good = orca_read_request(body, &usec);
	buf_fini(&data);
	if (good)
		x->orca.interval_usec = usec == 0 ? USUAL_USEC : usec < LEAST_USEC ? LEAST_USEC : usec;
	return good;
}

enum state
orca_enter(struct exchange *x)
{
	ASSERT(x->subscribes && x->status == 0);
	switch (flow_read_body(&x->up, BODY_MOST, exchange_now(x))) {
	case FLOW_DONE:
		return read_interval(x) ? begin(x) : fail(x, WHY_LOAD_REQUEST_BAD);
	case FLOW_MORE:
		return STAY;
	case FLOW_STARVED:
		return fail(x, WHY_NO_MEMORY);
	case FLOW_LARGE:
		return fail(x, WHY_LOAD_REQUEST_BAD);
	case FLOW_BAD:
		x->keep = false;
		return fail(x, WHY_BAD_CHUNK);
	default:
		return fail(x, WHY_CLIENT_GONE);
	}
}

enum state
orca_watch(struct exchange *x)
{
	if (stream_is_broken(x->up.source))
		return fail(x, WHY_CLIENT_GONE);
	return x->status == 0 ? orca_enter(x) : push(x);
}

enum state
orca_late(struct exchange *x, const struct why *why)
{
	return why == NULL ? report(x) : fail(x, why);
}

struct wait
orca_wait(const struct exchange *x)
{
	struct wait due = { x->orca.due_usec, NULL };

	if (x->status == 0)
		return sooner((struct wait){ x->up.moved_usec + x->proxy->conf.client_body_usec,
		    WHY_CLIENT_SLOW_BODY }, head_whole_wait(x));
	return gather_done(&x->down.head) ? due : sooner(due, relay_write_wait(x));
}
