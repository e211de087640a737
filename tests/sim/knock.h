/*
 * knock: clients of the listener with TLS that come to nothing: they stop or leave in the middle of the handshake, want what there is
 * not, or speak something else; and what is counted and reported of them.
 */
#ifndef SIM_KNOCK_H
#define SIM_KNOCK_H

#include "plan.h"
#include "proxy/proxy.h"
#include "world/live.h"

void	knocks_begin(const struct plan *, const struct addr *secure);
/* A worker says it of handshakes that failed. */
void	knocks_report(const struct proxy_failed *);
void	knocks_check(const struct live *);	/* when all is over */

#endif
