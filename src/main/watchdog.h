/*
 * watchdog: workers that hang, or are dead and not yet replaced. Their siblings accept from their
 * queues meanwhile, and the health checks are another's. doc/why/0014 says why it is done so. A
 * worker or a brain that does not come back is told of with a stack trace, and replaced: 0047.
 */
#ifndef MAIN_WATCHDOG_H
#define MAIN_WATCHDOG_H

#include "main/parent_priv.h"

void	watchdog_look(struct parent *, int64_t now_usec);	/* several times a second */
void	watchdog_born(struct parent *, struct child *);	/* a child that was just started */
void	watchdog_listen(struct parent *);	/* listeners were added */

#endif
