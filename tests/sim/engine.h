/*
 * engine: a simulated Docker Engine, a manager of the Swarm that has the nodes, services and tasks of a plan: what its API responds,
 * its stream of events, and what is wrong with it for a while.
 */
#ifndef SIM_ENGINE_H
#define SIM_ENGINE_H

#include "plan.h"

#define ENGINE_AT	"10.0.0.9:2375"
#define ENGINE_NETWORK	"net"

/* `at`: the addresses of tasks. What changes in the Swarm comes by itself; times are from now on. */
void	engine_begin(const struct plan *, struct addr at[SERVICES][TASKS]);

/* The task that this address is of is to be served, or stopped, or neither, for the Engine that would be asked now. */
enum engine_task { ENGINE_NONE, ENGINE_RUNS, ENGINE_STOPS };
enum engine_task engine_says(unsigned service, unsigned task);
/* Since when all that it was asked for has been responded to well, and when something in the Swarm has changed last. */
int64_t	engine_good_usec(void);
int64_t	engine_changed_usec(void);

#endif
