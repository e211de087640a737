/*
 * budget: how many requests of a service may be repeated: a part (retry.budget) of those that came.
 * When most of what is sent fails, repeating it would only be more load. Each worker counts its own
 * requests: the ratio is the same for all together. What a service has lasts longer than tables do:
 * the reloads of a bad day bring nobody another repeat.
 *
 * A quiet service would have nothing to repeat with, so it begins with an advance, and silence
 * brings some of that back. The requests that follow pay for it before they bring anything, so that
 * of all requests no more than that part were repeated as soon as that is done.
 */
#ifndef PROXY_BUDGET_H
#define PROXY_BUDGET_H

#include "world/table.h"

struct budget;

struct budget	*budget_new(void);
void		 budget_free(struct budget **);
/* Whose slots are whose from now on: a slot's next service does not inherit. */
void		 budget_set_table(struct budget *, const struct table *);

/* A request of the service came. Those without a slot of their own share one budget. */
void		 budget_add(struct budget *, const struct table_service *, int64_t now_usec);
/* One is to be repeated. False: not now. */
bool		 budget_take(struct budget *, const struct table_service *);

#endif
