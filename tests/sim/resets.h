/*
 * resets: a client of HTTP/2 that opens streams and resets them while they are served, a round of them at a time: a few less than Mola
 * allows, or more after a pause that has made room for them; or more, which end the connection, and it is told why (RFC 9113, 10.5).
 * Their service has one task, which nothing comes from: not even a connection.
 */
#ifndef SIM_RESETS_H
#define SIM_RESETS_H

#include "base/addr.h"
#include "plan_priv.h"

struct table_maker;

void	resets_draw(struct plan *, struct rng);
void	resets_begin(const struct plan *, const struct addr *front);
void	resets_route(struct table_maker *, const struct plan *);	/* adds the service */
void	resets_line(const char *path, const char *why);			/* of the log; both as they stand there */
void	resets_check(void);						/* when all is over */

#endif
