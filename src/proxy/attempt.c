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
#include "proxy/exchange_priv.h"
#include "proxy/outcome.h"

#define OTHER_USEC	USEC_PER_SEC	/* after which the next address is tried */

/* ---- choosing and connecting ---- */

static enum state
attempt_begin(struct exchange *x, const struct table_task *task)
{
	struct proxy *p = x->proxy;
	struct attempt *a = &x->attempt;

	ASSERT(!a->taken && a->conn == NULL);
	a->task = task;
	a->taken = true;
	a->connected = a->reopened = a->deaf = a->keeps = false;
	a->interims = 0;
	a->status = 0;
	a->began_usec = exchange_now(x);
	live_take(p->conf.live, p->conf.worker, task->node_slot, task->slot);
	if (upstream_take(p->upstream, task, !(x->idempotent && x->up.body.done), exchange_on_task, x, &a->conn) != NULL)
		return attempt_failed(x, upstream_why(errno));
	return CONNECT;
}

enum state
attempt_pick(struct exchange *x)
{
	struct proxy *p = x->proxy;
	const struct table_task *task;
	const struct why *why;

	if (attempt_client_left(x))
		return exchange_fail(x, WHY_CLIENT_GONE);
	budget_add(p->budget, x->table, x->service);
	if ((why = pick_task(p->pick, x->table, x->service, &x->attempt.avoid, exchange_now(x), &task)) != NULL)
		return exchange_fail(x, why);
	return attempt_begin(x, task);
}

/* A task with several addresses may be reachable at another one: there is no need to wait for all of the time-out. */
struct wait
attempt_wait(const struct exchange *x)
{
	int64_t most = x->service->connect_usec;

	if (most > OTHER_USEC && upconn_has_other(x->attempt.conn))
		most = OTHER_USEC;
	return (struct wait){ x->attempt.began_usec + most, WHY_CONNECT_TIMEOUT };
}

/* The same task at its next address, if there is one, else another task. */
enum state
attempt_unreached(struct exchange *x, const struct why *why)
{
	struct attempt *a = &x->attempt;

	if (why->blame != BLAME_UPSTREAM || !upconn_unreachable(a->conn))
		return attempt_failed(x, why);
	upstream_drop(&a->conn);
	a->began_usec = exchange_now(x);
	if (upstream_open(x->proxy->upstream, a->task, exchange_on_task, x, &a->conn) != NULL)
		return attempt_failed(x, upstream_why(errno));
	return CONNECT;
}

enum state
attempt_check(struct exchange *x)
{
	struct stream *s = upconn_stream(x->attempt.conn);

	switch (stream_connected(s)) {
	case IO_AGAIN:
		return STAY;
	case IO_DONE:
		break;
	default:
		return attempt_unreached(x, upstream_why(stream_error(s)));
	}
	x->attempt.connected = true;
	x->up.sink = s;
	x->down.source = s;
	x->up.moved_usec = x->down.moved_usec = exchange_now(x);
	return AWAIT;
}

/*
 * A client that ended its direction may still be reading, and on the wire nothing tells it from one that has left. Of
 * those who may ask for more on this connection it is believed that they have left; one who cannot may have said by it
 * that its request is whole.
 */
bool
attempt_client_left(const struct exchange *x)
{
	const struct stream *s = &x->client->session.stream;

	return stream_is_broken(s) || (stream_peer_ended(s) && x->proxy->conf.client_abort_on_close && (x->minor == 1 || x->keep));
}

enum state
attempt_watch(struct exchange *x)
{
	return attempt_client_left(x) ? exchange_fail(x, WHY_CLIENT_GONE) : STAY;
}

/* ---- once more ---- */

static bool
may_repeat(const struct exchange *x, const struct why *why)
{
	const struct attempt *a = &x->attempt;

	if (why->blame != BLAME_UPSTREAM && why != WHY_NO_PORTS)	/* ports may be left for another task's address */
		return false;
	if (a->avoid.n + 1 == PICK_TRIES || x->status != 0 || a->interims > 0)
		return false;
	return !flow_begun(&x->up) || (x->idempotent && x->up.whole);
}

/* The other task; NULL: the request ends as it is. */
static const struct table_task *
repeat_pick(struct exchange *x, const struct why *why)
{
	struct proxy *p = x->proxy;
	struct attempt *a = &x->attempt;
	const struct table_task *task;

	if (!may_repeat(x, why))
		return NULL;
	a->avoid.task[a->avoid.n++] = a->task;
	if (pick_task(p->pick, x->table, x->service, &a->avoid, exchange_now(x), &task) != NULL)
		return NULL;
	if (!budget_take(p->budget, x->table, x->service, exchange_now(x))) {
		live_count_retry(p->conf.live, a->task->slot, false);
		return NULL;
	}
	live_count_retry(p->conf.live, a->task->slot, true);
	return task;
}

bool
attempt_repeat(struct exchange *x, const struct why *why, enum state *next)
{
	const struct table_task *task = repeat_pick(x, why);

	if (task == NULL)
		return false;
	attempt_leave(x, why, false);
	flow_rewind(&x->up);
	flow_fini(&x->down);
	x->scanned = 0;
	*next = attempt_begin(x, task);
	return true;
}

/* Nothing of a response went down: another task may take the request. */
enum state
attempt_failed(struct exchange *x, const struct why *why)
{
	enum state next;

	return attempt_repeat(x, why, &next) ? next : exchange_fail(x, why);
}

/*
 * The task closed before it said anything. An idle connection may have died while our request was on its
 * way: that is nobody's fault, and the request may be sent to it again if it does no harm twice.
 */
enum state
attempt_lost(struct exchange *x)
{
	struct attempt *a = &x->attempt;
	bool harmless = !flow_begun(&x->up) || (x->idempotent && x->up.whole);
	bool idle_died = upconn_reused(a->conn) && x->down.end == 0 && a->interims == 0;

	if (idle_died)
		upconn_died_idle(a->conn);
	if (!idle_died || a->reopened || !harmless)
		return attempt_failed(x, WHY_UPSTREAM_GONE);
	a->reopened = true;
	a->deaf = false;
	upstream_drop(&a->conn);
	flow_rewind(&x->up);
	a->began_usec = exchange_now(x);
	if (upstream_open(x->proxy->upstream, a->task, exchange_on_task, x, &a->conn) != NULL)
		return attempt_failed(x, upstream_why(errno));
	return CONNECT;
}

/* ---- the end ---- */

/* A taken task is given back, here and nowhere else. */
void
attempt_leave(struct exchange *x, const struct why *why, bool conn_clean)
{
	struct proxy *p = x->proxy;
	struct attempt *a = &x->attempt;

	if (a->conn != NULL && conn_clean)
		upstream_give(&a->conn, a->keeps_usec);
	else
		upstream_drop(&a->conn);
	if (!a->taken)
		return;
	a->taken = false;
	outcome_note(p->conf.live, &(struct outcome){ .table = x->table, .service = x->service, .task = a->task, .why = why,
	    .status = a->status, .client = &x->from }, exchange_now(x));
	live_give(p->conf.live, p->conf.worker, a->task->node_slot, a->task->slot);
}
