/*
 * weigh: weights for a target, an external proxy that Mola configures. It cannot be sent each
 * sample, so it gets what holds for a while:
 *     weight = cores * trim * (1 - room * (1 - 1 / (1 + lean * e))), at least `floor` of the cores
 *     e      = how many more threads want each of its cores than in the fleet, 0..1
 *     room   = as much of that, up to 1, as the other nodes have cores for
 *     trim  *= exp(rules.trim * (u_mean - u) * elapsed / 5 s)
 *     u      = the part of its cores that is in use
 * Cores are effective, by the service's profile. A node without a signal gets what its cores say.
 * Evidence: doc/why/0010-weights-for-others.md.
 */
#ifndef SCORE_WEIGH_H
#define SCORE_WEIGH_H

#include "world/world.h"

struct weigh;

struct weigh_rules {
	double	 lean;			/* >= 0; 0: not at all */
	double	 trim;			/* >= 0, per 5 s; 0: not at all */
	double	 floor;			/* of the fair share, that is of the cores; 0 < floor <= 1 */
};
#define WEIGH_RULES_DEFAULT	((struct weigh_rules){ .lean = 1, .trim = 0.05, .floor = 0.05 })

struct weigh	*weigh_new(void);
void		 weigh_free(struct weigh **);
/* Folds in the samples that have come since. In any rhythm, but at least every 10 s. */
void		 weigh_update(struct weigh *, const struct world *, const struct weigh_rules *,
		    int64_t now_usec);
/*
 * What the node is worth beside other nodes, in cores; > 0. For drained nodes too: that they get
 * nothing is decided by the plan. Tasks of one service on one node share it.
 */
double		 weigh_node(const struct weigh *, unsigned profile_slot, const struct world_node *);

#endif
