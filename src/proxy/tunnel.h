/*
 * tunnel: after 101 Switching Protocols, bytes both ways until both sides have ended. An idle
 * tunnel holds no buffers.
 */
#ifndef PROXY_TUNNEL_H
#define PROXY_TUNNEL_H

#include "http/flow.h"

enum tunnel_result {
	TUNNEL_OPEN,
	TUNNEL_YIELD,		/* as FLOW_YIELD */
	TUNNEL_ENDED,		/* both sides ended, all bytes are passed on */
	TUNNEL_BROKEN
};

/* No framing from here on; what is in the pages already belongs to the tunnel. */
void			tunnel_begin(struct flow *up, struct flow *down, size_t down_head_bytes);
/* One side's end is passed on as the end of that direction alone. */
enum tunnel_result	tunnel_run(struct flow *up, struct flow *down, int64_t now_usec);

#endif
