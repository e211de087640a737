/*
 * One request is offered to one task after another, until one takes it: which task, which connection, did it
 * accept? A task is counted in live from attempt_pick() to attempt_leave(), whatever happens between.
 */
#include <errno.h>

#include "base/bug.h"
#include "proxy/steps.h"

/* What a failed connect says: of the task, or of us when it is our side that has run out of something. */
static const struct why *
connect_why(int error)
{
	switch (error) {
	case ECONNREFUSED:
		return WHY_CONNECT_REFUSED;
	case ETIMEDOUT:
		return WHY_CONNECT_TIMEOUT;
	case EMFILE: case ENFILE: case ENOBUFS: case ENOMEM: case EADDRNOTAVAIL:
		return WHY_NO_MEMORY;
	default:
		return WHY_CONNECT_FAILED;
	}
}

enum state
attempt_pick(struct request *r)
{
	struct proxy *p = r->proxy;
	const struct why *why = pick_task(p->pick, r->table, r->service, &r->avoid, request_now(r), &r->task);

	if (why != NULL)
		return request_fail(r, r->avoid.n > 0 ? r->why : why);	/* what ended the last try says more */
	r->taken = true;
	r->connected = false;
	r->connect_usec = request_now(r);
	live_take(p->conf.live, p->conf.worker, r->task->node_slot, r->task->slot);
	if (upstream_take(p->upstream, r->task, request_on_task, r, &r->conn) != NULL)
		return attempt_failed(r, connect_why(errno));
	return CONNECT;
}

/* Nothing of the request was sent: another task may take it. */
enum state
attempt_failed(struct request *r, const struct why *why)
{
	r->why = why;
	r->avoid.task[r->avoid.n++] = r->task;
	if (r->avoid.n == PICK_TRIES)
		return request_fail(r, why);
	attempt_leave(r, why, false);
	return PICK;
}

struct wait
attempt_wait(const struct request *r)
{
	return (struct wait){ r->connect_usec + r->service->connect_usec, WHY_CONNECT_TIMEOUT };
}

enum state
attempt_check(struct request *r)
{
	struct stream *s = upconn_stream(r->conn);

	switch (stream_connected(s)) {
	case IO_AGAIN:
		return STAY;
	case IO_DONE:
		break;
	default:
		return attempt_failed(r, connect_why(s->error));
	}
	r->connected = true;
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

	if (!upconn_reused(r->conn) || r->reopened || r->down.end > 0 || r->interims > 0 || !(unsent || harmless))
		return request_fail(r, WHY_UPSTREAM_GONE);
	r->reopened = true;
	upstream_drop(&r->conn);
	gather_rewind(&r->up.head);
	r->up.over = r->up_broken = false;
	r->connect_usec = request_now(r);
	if (upstream_open(r->proxy->upstream, r->task, request_on_task, r, &r->conn) != NULL)
		return attempt_failed(r, connect_why(errno));
	return CONNECT;
}

/* A taken task is given back, here and nowhere else. A client's fault before the task accepted says nothing of it. */
void
attempt_leave(struct request *r, const struct why *why, bool conn_clean)
{
	struct proxy *p = r->proxy;

	if (r->conn != NULL && conn_clean)
		upstream_give(&r->conn);
	else
		upstream_drop(&r->conn);
	if (!r->taken)
		return;
	r->taken = false;
	if (r->connected || why->blame == BLAME_UPSTREAM)
		live_ended(p->conf.live, r->task->slot, why, request_now(r));
	live_give(p->conf.live, p->conf.worker, r->task->node_slot, r->task->slot);
}
