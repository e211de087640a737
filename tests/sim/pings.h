/*
 * pings: a client of HTTP/2 that has no request, and sends PINGs, many at once. As many as Mola allows are responded to; more end
 * the connection, and it is told why (RFC 9113, 10.5).
 */
#ifndef SIM_PINGS_H
#define SIM_PINGS_H

#include "base/addr.h"
#include "plan_priv.h"

void	pings_draw(struct plan *, struct rng);
void	pings_begin(const struct plan *, const struct addr *front);
void	pings_check(void);			/* when all is over */

#endif
