/*
 * plan_priv: how a plan is drawn.
 */
#ifndef SIM_PLAN_PRIV_H
#define SIM_PLAN_PRIV_H

#include "plan.h"

/* One of so many percent; a choice. Draws as much in either case: what follows it is drawn from `own`. */
bool		may(struct rng *, unsigned percent);
extern struct rng own;
int64_t		between(struct rng *, int64_t least, int64_t most);

void		brain_draw(struct plan_brain *, struct rng);
void		brain_print(const struct plan_brain *);

#endif
