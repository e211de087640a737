/*
 * haproxy: a simulated HAProxy that Mola drives: its Runtime API, the servers that it has, and what is wrong with it for a while.
 */
#ifndef SIM_HAPROXY_H
#define SIM_HAPROXY_H

#include "plan.h"

#define HAPROXY_AT	"10.0.0.8:9999"

void	haproxy_begin(const struct plan *);
/* Since when nothing was wrong with it. */
int64_t	haproxy_good_usec(void);

struct haproxy_seen {
	bool		 there, ready;		/* ready: it takes new requests */
};
struct haproxy_seen haproxy_server_at(unsigned service, const struct addr *);
unsigned haproxy_servers(unsigned service);	/* that there are, but for those that wait for their end */

#endif
