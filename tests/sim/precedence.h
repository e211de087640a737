/*
 * precedence: a rush for two services that share their nodes, where one may come before the other: what is in flight there is no more
 * than each may have beside the other (doc/overload.md), and nobody waits while there could be more of both.
 */
#ifndef SIM_PRECEDENCE_H
#define SIM_PRECEDENCE_H

#include "plan_priv.h"
#include "world/live.h"
#include "world/phys.h"

#define SHARING		2	/* services: the first ones */

void	precedence_settle(struct plan *, struct rng *);		/* of a rush for the first service, once that has been drawn */
/* What their tasks could have is known, too: as much as there is. */
void	precedence_sample(const struct plan *, struct phys *);
void	precedence_begin(const struct plan *, const struct live *);
void	precedence_look(void);		/* after each turn */

#endif
