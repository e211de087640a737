/*
 * task: a simulated task: what listens at its address, and what it responds to which exchange.
 */
#ifndef SIM_TASK_H
#define SIM_TASK_H

#include "plan.h"

struct task;

struct task	*task_new(const struct plan *, unsigned service, unsigned number, struct host *, const struct addr *);
unsigned	 task_connections(const struct task *);		/* open now */
unsigned	 task_busy(const struct task *);		/* requests that it is working on */
int64_t		 task_checked_usec(const struct task *);	/* when a check of its health came last; 0: none has */
void		 task_stop(struct task *);			/* all of them end */

#endif
