/*
 * ejected: how long tasks are out of use for their failures, which the API and metrics show. By a rule of its service a task is out for
 * the rule's window, and where its service checks it, for as long as two checks may take to come besides; otherwise for a second at
 * first, then twice as long each time, up to half a minute. Nothing but a check that it passes ends the former before its time.
 */
#ifndef SIM_EJECTED_H
#define SIM_EJECTED_H

#include "plan_priv.h"
#include "world/live.h"

void	ejected_begin(const struct plan *, const struct live *);
void	ejected_look(void);		/* after each turn */

#endif
