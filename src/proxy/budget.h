/*
 * budget: how many requests of a service may be repeated: one for every five that came, and a few
 * for services that are quiet. When most of what is sent fails, repeating it would only be more
 * load. Each worker counts its own requests: the ratio is the same for all together.
 */
#ifndef PROXY_BUDGET_H
#define PROXY_BUDGET_H

#include "world/table.h"

struct budget;

struct budget	*budget_new(void);
void		 budget_free(struct budget **);
/* From now on services are those of this table; all begin with what a quiet one has. */
void		 budget_set_table(struct budget *, const struct table *, int64_t now_usec);

/* A request of the service came; the table is the one in force. */
void		 budget_add(struct budget *, const struct table *, const struct table_service *);
/* One is to be repeated. False: not now. */
bool		 budget_take(struct budget *, const struct table *, const struct table_service *,
    int64_t now_usec);

#endif
