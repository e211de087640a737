/*
 * Two flows that know no end but their source's. Time-outs are the request's.
 */
#include "base/bug.h"
#include "proxy/tunnel.h"

void
tunnel_begin(struct flow *up, struct flow *down, size_t down_head_bytes)
{
	flow_begin(up, 0, BODY_UNTIL_CLOSE, 0);
	flow_begin(down, down_head_bytes, BODY_UNTIL_CLOSE, 0);
	ASSERT(up->source == down->sink && up->sink == down->source);
	up->over = down->over = false;
}

static enum tunnel_result
one_way(struct flow *f, int64_t now)
{
	ASSERT(f->body.kind == BODY_UNTIL_CLOSE && !f->body.done);
	if (f->over)
		return TUNNEL_OPEN;
	switch (flow_run(f, now)) {
	case FLOW_MORE:
		return TUNNEL_OPEN;
	case FLOW_YIELD:
		return TUNNEL_YIELD;
	case FLOW_SOURCE_END:
		f->over = stream_shut(f->sink) != IO_AGAIN;	/* else the source's end is found once more */
		return TUNNEL_OPEN;
	default:
		return TUNNEL_BROKEN;
	}
}

/* Nothing is read any more from a side that has ended, so its breaking off would show at the next
 * write alone. */
static bool
has_no_taker(const struct flow *f, const struct flow *back)
{
	return !f->over && back->over && stream_is_broken(f->sink);
}

enum tunnel_result
tunnel_run(struct flow *up, struct flow *down, int64_t now)
{
	enum tunnel_result u = one_way(up, now), d = one_way(down, now);

	if (u == TUNNEL_BROKEN || d == TUNNEL_BROKEN || has_no_taker(up, down) || has_no_taker(down, up))
		return TUNNEL_BROKEN;
	if (up->over && down->over)
		return TUNNEL_ENDED;
	return u == TUNNEL_YIELD || d == TUNNEL_YIELD ? TUNNEL_YIELD : TUNNEL_OPEN;
}
