/*
 * One request is offered to one task after another, until one takes it: which task, which connection, did it
 * accept? A task is counted in live from attempt_pick() to attempt_leave(), whatever happens between.
 */
#include <errno.h>

#include "base/bug.h"
#include "proxy/steps.h"

enum state
attempt_pick(struct request *r)
{
	struct proxy *p = r->proxy;
	const struct why *why = pick_task(p->pick, r->table, r->service, &r->attempt.avoid, request_now(r), &r->attempt.task);

	if (why != NULL)
		return request_fail(r, r->attempt.why != NULL ? r->attempt.why : why);	/* says more */
	r->attempt.taken = true;
	r->attempt.connected = false;
	r->attempt.began_usec = request_now(r);
	live_take(p->conf.live, p->conf.worker, r->attempt.task->node_slot, r->attempt.task->slot);
	if (upstream_take(p->upstream, r->attempt.task, request_on_task, r, &r->attempt.conn) != NULL)
		return attempt_failed(r, upstream_why(errno));
	return CONNECT;
}

/* Nothing of the request was sent: another task may take it. */
enum state
attempt_failed(struct request *r, const struct why *why)
{
	r->attempt.why = why;
	r->attempt.avoid.task[r->attempt.avoid.n++] = r->attempt.task;
	if (r->attempt.avoid.n == PICK_TRIES)
		return request_fail(r, why);
	attempt_leave(r, why, false);
	return PICK;
}

struct wait
attempt_wait(const struct request *r)
{
	return (struct wait){ r->attempt.began_usec + r->service->connect_usec, WHY_CONNECT_TIMEOUT };
}

enum state
attempt_check(struct request *r)
{
	struct stream *s = upconn_stream(r->attempt.conn);

	switch (stream_connected(s)) {
	case IO_AGAIN:
		return STAY;
	case IO_DONE:
		break;
	default:
		return attempt_failed(r, upstream_why(s->error));
	}
	r->attempt.connected = true;
	r->up.sink = s;
	r->down.source = s;
	r->up.moved_usec = r->down.moved_usec = request_now(r);
	return AWAIT;
}

/*
 * A client that ended its direction may still be reading, and on the wire nothing tells it from one that has left: it
 * is served. One whose connection is broken is not.
 */
enum state
attempt_watch(struct request *r)
{
	return r->client->stream.hup ? request_fail(r, WHY_CLIENT_GONE) : STAY;
}

/*
 * The task closed before it said anything. An idle connection may have died while our request was on its
 * way: that is nobody's fault, and the request may be sent again if it does no harm twice.
 */
enum state
attempt_lost(struct request *r)
{
	bool unsent = r->up.head.first == 0 && r->up.head.offset == 0;
	bool harmless = r->idempotent && r->up.body.kind == BODY_NONE;

	if (!upconn_reused(r->attempt.conn) || r->attempt.reopened || r->down.end > 0 || r->attempt.interims > 0 || !(unsent || harmless))
		return request_fail(r, WHY_UPSTREAM_GONE);
	r->attempt.reopened = true;
	upstream_drop(&r->attempt.conn);
	gather_rewind(&r->up.head);
	r->up.over = r->attempt.deaf = false;
	r->attempt.began_usec = request_now(r);
	if (upstream_open(r->proxy->upstream, r->attempt.task, request_on_task, r, &r->attempt.conn) != NULL)
		return attempt_failed(r, upstream_why(errno));
	return CONNECT;
}

/* A taken task is given back, here and nowhere else. A client's fault before the task accepted says nothing of it. */
void
attempt_leave(struct request *r, const struct why *why, bool conn_clean)
{
	struct proxy *p = r->proxy;

	if (r->attempt.conn != NULL && conn_clean)
		upstream_give(&r->attempt.conn);
	else
		upstream_drop(&r->attempt.conn);
	if (!r->attempt.taken)
		return;
	r->attempt.taken = false;
	if (r->attempt.connected || why->blame == BLAME_UPSTREAM)
		live_ended(p->conf.live, r->attempt.task->slot, why, request_now(r));
	live_give(p->conf.live, p->conf.worker, r->attempt.task->node_slot, r->attempt.task->slot);
}
