/*
 * health: asks tasks whether they are well, over HTTP, and tells live. Runs in one worker, for all of them.
 */
#ifndef PROXY_HEALTH_H
#define PROXY_HEALTH_H

#include "net/loop.h"
#include "world/live.h"
#include "world/table.h"

struct health;

struct health	*health_new(struct loop *, struct live *, uint64_t seed);
void		 health_free(struct health **);
/* From now on checks every task of this table whose service has a health path; nothing of the table is kept. */
void		 health_table(struct health *, const struct table *);

#endif
