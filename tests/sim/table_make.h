/*
 * table_make: what workers get where no brain makes their tables: the services of a plan, and those of their tasks that are there now.
 */
#ifndef SIM_TABLE_MAKE_H
#define SIM_TABLE_MAKE_H

#include "plan.h"

/* A sealed table, whose descriptor is the caller's. `at`: where tasks are; `detour`: where some of them are said to be first. */
int	table_make(const struct plan *, const struct addr at[ALL_SERVICES][TASKS], const struct addr detour[ALL_SERVICES][TASKS],
    uint64_t serial);

#endif
