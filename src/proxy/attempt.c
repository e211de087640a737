/*
 * One request is offered to one task after another, until one responds: which task, which connection, did it accept,
 * may the request be repeated? A task is counted in live from attempt_pick() to attempt_leave(), whatever happens
 * between.
 *
 * A request is repeated when no task can have processed it, or when processing it twice does no harm (its method is
 * idempotent) and the client has received nothing yet; doc/why/0011-a-task-that-fails.md.
 */
#include <errno.h>

#include "base/bug.h"
#include "base/clock.h"
#include "proxy/budget.h"
#include "proxy/outcome.h"
#include "proxy/steps.h"

#define OTHER_USEC	USEC_PER_SEC	/* after which the next address is tried */

/* ---- choosing and connecting ---- */

static enum state
attempt_begin(struct request *r, const struct table_task *task)
{
	struct proxy *p = r->proxy;
	struct attempt *a = &r->attempt;

	ASSERT(!a->taken && a->conn == NULL);
	a->task = task;
	a->taken = true;
	a->connected = a->reopened = a->deaf = a->keeps = false;
	a->interims = 0;
	a->status = 0;
	a->began_usec = request_now(r);
	live_take(p->conf.live, p->conf.worker, task->node_slot, task->slot);
	if (upstream_take(p->upstream, task, !(r->idempotent && r->up.body.done), request_on_task, r, &a->conn) != NULL)
		return attempt_failed(r, upstream_why(errno));
	return CONNECT;
}

enum state
attempt_pick(struct request *r)
{
	struct proxy *p = r->proxy;
	const struct table_task *task;
	const struct why *why;

	if (attempt_client_left(r))
		return request_fail(r, WHY_CLIENT_GONE);
	budget_add(p->budget, r->table, r->service);
	if ((why = pick_task(p->pick, r->table, r->service, &r->attempt.avoid, request_now(r), &task)) != NULL)
		return request_fail(r, why);
	return attempt_begin(r, task);
}

/* A task with several addresses may be reachable at another one: there is no need to wait for all of the time-out. */
struct wait
attempt_wait(const struct request *r)
{
	int64_t most = r->service->connect_usec;

	if (most > OTHER_USEC && upconn_has_other(r->attempt.conn))
		most = OTHER_USEC;
	return (struct wait){ r->attempt.began_usec + most, WHY_CONNECT_TIMEOUT };
}

/* The same task at its next address, if there is one, else another task. */
enum state
attempt_unreached(struct request *r, const struct why *why)
{
	struct attempt *a = &r->attempt;

	if (why->blame != BLAME_UPSTREAM || !upconn_unreachable(a->conn))
		return attempt_failed(r, why);
	upstream_drop(&a->conn);
	a->began_usec = request_now(r);
	if (upstream_open(r->proxy->upstream, a->task, request_on_task, r, &a->conn) != NULL)
		return attempt_failed(r, upstream_why(errno));
	return CONNECT;
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
		return attempt_unreached(r, upstream_why(stream_error(s)));
	}
	r->attempt.connected = true;
	r->up.sink = s;
	r->down.source = s;
	r->up.moved_usec = r->down.moved_usec = request_now(r);
	return AWAIT;
}

/*
 * A client that ended its direction may still be reading, and on the wire nothing tells it from one that has left. Of
 * those who may ask for more on this connection it is believed that they have left; one who cannot may have said by it
 * that its request is whole.
 */
bool
attempt_client_left(const struct request *r)
{
	const struct stream *s = &r->client->stream;

	return stream_is_broken(s) || (stream_peer_ended(s) && r->proxy->conf.client_abort_on_close && (r->minor == 1 || r->keep));
}

enum state
attempt_watch(struct request *r)
{
	return attempt_client_left(r) ? request_fail(r, WHY_CLIENT_GONE) : STAY;
}

/* ---- once more ---- */

static bool
may_repeat(const struct request *r, const struct why *why)
{
	const struct attempt *a = &r->attempt;

	if (why->blame != BLAME_UPSTREAM && why != WHY_NO_PORTS)	/* ports may be left for another task's address */
		return false;
	if (a->avoid.n + 1 == PICK_TRIES || r->status != 0 || a->interims > 0)
		return false;
	return !flow_begun(&r->up) || (r->idempotent && r->up.whole);
}

/* The other task; NULL: the request ends as it is. */
static const struct table_task *
repeat_pick(struct request *r, const struct why *why)
{
	struct proxy *p = r->proxy;
	struct attempt *a = &r->attempt;
	const struct table_task *task;

	if (!may_repeat(r, why))
		return NULL;
	a->avoid.task[a->avoid.n++] = a->task;
	if (pick_task(p->pick, r->table, r->service, &a->avoid, request_now(r), &task) != NULL)
		return NULL;
	if (!budget_take(p->budget, r->table, r->service, request_now(r))) {
		live_count_retry(p->conf.live, a->task->slot, false);
		return NULL;
	}
	live_count_retry(p->conf.live, a->task->slot, true);
	return task;
}

bool
attempt_repeat(struct request *r, const struct why *why, enum state *next)
{
	const struct table_task *task = repeat_pick(r, why);

	if (task == NULL)
		return false;
	attempt_leave(r, why, false);
	flow_rewind(&r->up);
	flow_fini(&r->down);
	r->scanned = 0;
	*next = attempt_begin(r, task);
	return true;
}

/* Nothing of a response went down: another task may take the request. */
enum state
attempt_failed(struct request *r, const struct why *why)
{
	enum state next;

	return attempt_repeat(r, why, &next) ? next : request_fail(r, why);
}

/*
 * The task closed before it said anything. An idle connection may have died while our request was on its
 * way: that is nobody's fault, and the request may be sent to it again if it does no harm twice.
 */
enum state
attempt_lost(struct request *r)
{
	struct attempt *a = &r->attempt;
	bool harmless = !flow_begun(&r->up) || (r->idempotent && r->up.whole);
	bool idle_died = upconn_reused(a->conn) && r->down.end == 0 && a->interims == 0;

	if (idle_died)
		upconn_died_idle(a->conn);
	if (!idle_died || a->reopened || !harmless)
		return attempt_failed(r, WHY_UPSTREAM_GONE);
	a->reopened = true;
	a->deaf = false;
	upstream_drop(&a->conn);
	flow_rewind(&r->up);
	a->began_usec = request_now(r);
	if (upstream_open(r->proxy->upstream, a->task, request_on_task, r, &a->conn) != NULL)
		return attempt_failed(r, upstream_why(errno));
	return CONNECT;
}

/* ---- the end ---- */

/* A taken task is given back, here and nowhere else. */
void
attempt_leave(struct request *r, const struct why *why, bool conn_clean)
{
	struct proxy *p = r->proxy;
	struct attempt *a = &r->attempt;

	if (a->conn != NULL && conn_clean)
		upstream_give(&a->conn, a->keeps_usec);
	else
		upstream_drop(&a->conn);
	if (!a->taken)
		return;
	a->taken = false;
	outcome_note(p->conf.live, &(struct outcome){ .table = r->table, .service = r->service, .task = a->task, .why = why,
	    .status = a->status, .client = &r->from }, request_now(r));
	live_give(p->conf.live, p->conf.worker, a->task->node_slot, a->task->slot);
}
