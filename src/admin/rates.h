/*
 * rates: how many requests each task got in the last five seconds, for shares and rates in the API.
 */
#ifndef ADMIN_RATES_H
#define ADMIN_RATES_H

#include "world/world.h"

struct rates;

struct rates	*rates_new(void);
void		 rates_free(struct rates **);
/* May be called at any rate: records the counters once a second. */
void		 rates_tick(struct rates *, const struct world *, int64_t now_usec);
/* Requests of a task since the start of the window; 0 while there is no window. */
uint64_t	 rates_task(const struct rates *, const struct world *, unsigned task_slot);
/* Length of the window now; 0: there is none yet. */
double		 rates_seconds(const struct rates *, int64_t now_usec);

#endif
