/*
 * overloads: logs when requests of a service begin to be refused, because every node is full, as
 * many are in flight as may be or a circuit breaker is open, and when that is over; each once.
 * Workers count the refusals in live.
 */
#ifndef MAIN_OVERLOADS_H
#define MAIN_OVERLOADS_H

#include "world/world.h"

void	overloads_tick(struct world *, int64_t now_usec);

#endif
