/*
 * relief: while memory is short, sessions that hold some without a request under way give it back,
 * so that requests which could be served are.
 */
#ifndef PROXY_RELIEF_H
#define PROXY_RELIEF_H

#include "base/alloc.h"
#include "proxy/client.h"

/* Ends sessions until nothing is short, a few in one call at most; never `but`, which may be NULL.
 * Not while somebody walks through a list of sessions. */
void	relief_seek(struct proxy *, const struct session *but);

/* To be called where a client is about to have memory of its own. */
static inline void
relief(struct proxy *p, const struct session *but)
{
	if (alloc_short)
		relief_seek(p, but);
}

#endif
