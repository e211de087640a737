/*
 * tables: what must be true of the tables that brains make, and of what they tell a target.
 */
#ifndef SIM_TABLES_H
#define SIM_TABLES_H

#include "plan.h"
#include "world/live.h"
#include "world/table.h"

#define SETTLES_USEC	(15 * USEC_PER_SEC)	/* after the Engine's, or the brain's, last trouble */

void	tables_begin(const struct plan *, struct addr at[SERVICES][TASKS], struct live *);
void	tables_end(void);
void	tables_check_end(void);
void	tables_take(struct table *);		/* one is in force from now on, and is the callee's */
/* Twice a second. `troubled`: when a brain was not there, or did nothing, last. True: the Swarm and it have been well for long. */
bool	tables_look(int64_t troubled_usec);

#endif
