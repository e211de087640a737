/*
 * TUNNEL: a task has accepted what the request is to be upgraded to. From there on bytes go both
 * ways as they are, until both sides have ended, or nothing has moved for too long.
 */
#include "base/bug.h"
#include "http/h1_write.h"
#include "proxy/exchange_priv.h"
#include "proxy/task_load.h"
#include "proxy/tunnel.h"

enum state
relay_enter_tunnel(struct exchange *x, size_t used)
{
	struct edits edits;

	ASSERT(x->status == 0);
	if (!x->upgrade || !x->up.over || x->attempt.deaf)
		return exchange_try_other(x, WHY_UPSTREAM_BAD_HEAD);
	edits_init(&edits);
	task_load_head(&x->attempt, &x->proxy->head, &edits);
	if (!relay_bind(x, &edits)
	    || !h1_write_response(&x->down.head, &x->proxy->head, &edits, H1_UPGRADE))
		return exchange_fail(x, WHY_NO_MEMORY);
	x->status = x->attempt.status = 101;
	x->up.keep = false;
	x->keep = false;
	tunnel_begin(&x->up, &x->down, used);
	/* tunnels last, and both heads are written, or not theirs */
	if (x->filters != NULL && !filter_run_counts(x->filters, true))
		filters_end(x);
	return TUNNEL;
}

struct wait
relay_tunnel_wait(const struct exchange *x)
{
	int64_t moved = x->up.moved_usec > x->down.moved_usec ? x->up.moved_usec : x->down.moved_usec;

	return (struct wait){ moved + x->attempt.service->tunnel_usec, WHY_TUNNEL_IDLE };
}

enum state
relay_tunnel(struct exchange *x)
{
	ASSERT(x->status == 101 && !x->keep);
	switch (tunnel_run(&x->up, &x->down, exchange_now(x))) {
	case TUNNEL_OPEN:
		return STAY;
	case TUNNEL_YIELD:
		return exchange_yield(x);
	case TUNNEL_ENDED:
		x->why = WHY_TUNNEL_CLOSED;
		return END;
	default:
		return exchange_fail(x, WHY_TUNNEL_CLOSED);
	}
}

enum state
relay_tunnel_late(struct exchange *x, const struct why *why)
{
	x->why = why;
	return END;
}
