/*
 * race: who of a service costs least now. Its rivals are the nodes that its tasks stand on (marginal, best-node)
 * or the tasks themselves (least-conn). Says nothing of which task of a node it shall be.
 */
#ifndef PROXY_RACE_H
#define PROXY_RACE_H

#include "base/rng.h"
#include "world/live.h"
#include "world/phys.h"
#include "world/table.h"

#define RACE_WINNERS	32	/* of more equals than this, so many are named, from a random one on */

struct races;
struct race;

struct races	*races_new(const struct live *, const struct phys *);
void		 races_free(struct races **);
/* From now on the races are those of this table's services; the caller keeps a reference. */
void		 races_table(struct races *, const struct table *);
/* NULL for a service whose policy compares nothing. */
struct race	*races_of(struct races *, uint32_t service);

/* A choice begins: brings the costs up to date. */
void		 race_begin(struct race *, int64_t now_usec);
/* The rivals with the lowest cost, equals included; returns how many, 0 when no rival has a usable task. */
uint32_t	 race_winners(struct race *, struct rng *, uint32_t out[RACE_WINNERS]);
/* Takes a rival out of the choice under way. */
void		 race_withdraw(struct race *, uint32_t rival);
/* Ejections do not count: more than half of the service's tasks would be out of use. As of the choice under way. */
bool		 race_all_used(const struct race *);
/* A rival's tasks that do not drain, as indexes of the table's tasks. */
const uint32_t	*race_tasks(const struct race *, uint32_t rival, uint32_t *n);

#endif
