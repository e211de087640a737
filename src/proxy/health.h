/*
 * health: checks whether tasks are well, over HTTP or by a connection, and writes the results into
 * live. Runs in one worker, for all of them: live_prober. A worker that no longer is that one and
 * does not know it yet (it hung) writes nothing.
 */
#ifndef PROXY_HEALTH_H
#define PROXY_HEALTH_H

#include "net/loop.h"
#include "world/live.h"
#include "world/table.h"

struct health;
struct task_tls;

/* What is known of tasks from an earlier prober stays until it is found to be otherwise. */
struct health	*health_new(struct loop *, struct live *, uint64_t seed, unsigned worker,
		    struct task_tls *);
void		 health_free(struct health **);
/* From now on checks every task of this table whose service is checked. Takes a reference. */
void		 health_set_table(struct health *, struct table *);

#endif
