/*
 * mirror: a service that gets copies of other services' requests (mirroring): its tasks respond as they like, and nobody may notice.
 */
#ifndef SIM_MIRROR_H
#define SIM_MIRROR_H

#include "ledger.h"
#include "plan_priv.h"
#include "world/live.h"

#define MIRROR_TASKS	2
#define MIRROR_SLOT	(ALL_SERVICES + 1)	/* of services; those of groups follow */

void	mirror_draw(struct plan *, struct rng);
bool	mirror_is_needed(const struct plan *);
void	mirror_begin(const struct plan *, struct host nodes[NODES]);
/* The table's services for it; they are known by number afterwards. */
struct table_maker;
uint32_t mirror_add(struct table_maker *);
/* The group that leads to a service, and to its mirror; groups are filled in behind all services. */
uint32_t mirror_group(struct table_maker *, unsigned service);
void	mirror_fill(struct table_maker *, const struct plan *, uint32_t group, uint32_t service, uint32_t mirror);
/* When all is over. */
void	mirror_check(const struct live *);

#endif
