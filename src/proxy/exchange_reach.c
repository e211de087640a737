/*
 * exchange_reach: a request gets a task, and a connection to it: the states PICK, QUEUE and
 * CONNECT. How long a request waits for room, and who comes first, waiting.c knows; which task,
 * attempt.c.
 */
#include "base/bug.h"
#include "proxy/exchange_priv.h"

/* ---- PICK and QUEUE ---- */

/* False: it may not wait for that, or has waited as long as it may. */
static bool
queue_enter(struct exchange *x, const struct why *why)
{
	struct waiting *w = &x->proxy->waiting;
	const struct table_service *s = x->attempt.service;

	if (why != WHY_OVERLOADED && why != WHY_MAX_INFLIGHT)
		return false;
	x->waited |= why == WHY_OVERLOADED;
	if (x->waiter.in && waiting_is_over(w, &x->waiter))
		return false;
	if (!x->waiter.in && s->overload_wait_usec == 0)
		return false;
	if (!x->waiter.in)
		waiting_enter(w, &x->waiter, x->attempt.lane, s, exchange_pick, x);
	waiting_is_for(w, &x->waiter, why == WHY_OVERLOADED);
	return true;
}

enum state
reach_pick(struct exchange *x)
{
	const struct why *why;

	if (exchange_client_left(x))
		return exchange_fail(x, WHY_CLIENT_GONE);
	if (x->subscribes)
		return REPORT;
	/* WebSocket, server-sent events: it will be idle for most of its time */
	x->attempt.can_wait = !x->upgrade && !x->streams;
	why = attempt_pick(&x->attempt, &x->from);
	if (queue_enter(x, why))
		return QUEUE;
	waiting_leave(&x->proxy->waiting, &x->waiter);
	return why == NULL ? reach_connect(x) : exchange_fail(x, why);
}

enum state
reach_queue_late(struct exchange *x, const struct why *why)
{
	(void)why;
	return reach_pick(x);
}

/* The queue ends it when its time is over, after newer ones have had their turn. */
struct wait
reach_queue_wait(const struct exchange *x)
{
	return (struct wait){ x->waiter.until_usec + 2 * WAITING_LOOK_USEC, WHY_OVERLOADED };
}

/* ---- CONNECT ---- */

/* A connection to the task that was taken: not one that it may be about to close, for what cannot
 * be sent again. */
enum state
reach_connect(struct exchange *x)
{
	const struct why *why;

	if (!head_name_task(x) || !retry_count_tries(x))
		return exchange_fail(x, WHY_NO_MEMORY);
	why = attempt_connect(&x->attempt, !(retry_is_harmless(x) && x->up.body.done));
	return why == NULL ? CONNECT : exchange_try_other(x, why);
}

enum state
reach_check(struct exchange *x)
{
	const struct why *why;

	switch (attempt_check(&x->attempt, &why)) {
	case IO_AGAIN:
		return STAY;
	case IO_DONE:
		break;
	default:
		return exchange_try_other(x, why);
	}
	x->up.sink = x->down.source = upconn_stream(x->attempt.conn);
	x->up.moved_usec = x->down.moved_usec = exchange_now(x);
	return AWAIT;
}

enum state
reach_late(struct exchange *x, const struct why *why)
{
	if (why == WHY_UPSTREAM_TRY_SLOW)
		return retry_try_late(x);
	why = attempt_late(&x->attempt);
	return why == NULL ? CONNECT : exchange_try_other(x, why);
}

struct wait
reach_wait(const struct exchange *x)
{
	return sooner((struct wait){ attempt_connect_until(&x->attempt), WHY_CONNECT_TIMEOUT },
	    retry_try_wait(x));
}

enum state
reach_watch(struct exchange *x)
{
	return exchange_client_left(x) ? exchange_fail(x, WHY_CLIENT_GONE) : STAY;
}
