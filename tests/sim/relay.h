/*
 * relay: connections of TCP services: simulated clients of them, and tasks. Each side of a connection begins with eight bytes that
 * say whose they are, and has the pattern of message.h behind them.
 */
#ifndef SIM_RELAY_H
#define SIM_RELAY_H

#include "plan.h"

struct relay;

struct relay	*relay_new(const struct plan *, unsigned number, const struct addr *proxy);
bool		 relay_is_done(const struct relay *);
/* A task of such a service, on a node. */
void		 relay_task_new(const struct plan *, unsigned service, unsigned number, struct host *, const struct addr *at);

#endif
