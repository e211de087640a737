/*
 * rush: a world in which all requests come at once, for one service, of which no more than some may be in flight: of all its tasks,
 * of each of them, or as many as its nodes have cores for; or without such a limit. Who waits for room, who is let in, and when.
 */
#ifndef SIM_RUSH_H
#define SIM_RUSH_H

#include "plan_priv.h"
#include "world/live.h"
#include "world/phys.h"

void	rush_settle(struct plan *, struct rng);	/* once all is drawn; not of every plan */
/* Nodes have so many cores, and the samples of them say so; no more than those have is in flight. */
void	rush_begin(const struct plan *, struct phys *);
void	rush_check_now(const struct plan *, const struct live *);
void	rush_check(const struct plan *);		/* when all is over */

#endif
