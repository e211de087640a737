/*
 * tcp_guard: what the middlewares of a relayed connection make of it: whether its client's address
 * may pass, and how many connections of it there are at a time.
 */
#ifndef PROXY_TCP_GUARD_H
#define PROXY_TCP_GUARD_H

#include "proxy/client.h"

/* NULL: this client may pass as far as its address goes. `chain` may be NULL. */
const struct why *tcp_guard_address(const struct client *, const struct filter_chain *);

struct tcp_guard {			/* zeroed: it counts nowhere */
	uint32_t	 place[TCP_COUNTED];	/* in limits */
	uint8_t		 n;
};

/* The connection begins. Else there is why it may not, and it counts nowhere. */
const struct why *tcp_guard_enter(struct tcp_guard *, const struct client *,
		    const struct filter_chain *, struct str service);
void		 tcp_guard_leave(struct tcp_guard *, const struct proxy *);

#endif
