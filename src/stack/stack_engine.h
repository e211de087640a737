/*
 * stack_engine: what an Engine would say of a stack that runs: one node that is ready, each service
 * with one task on it, Mola on all of its networks.
 */
#ifndef STACK_STACK_ENGINE_H
#define STACK_STACK_ENGINE_H

#include "discovery/swarm.h"
#include "stack/stack.h"

/* The snapshot of such a Swarm. */
struct swarm	*stack_swarm(const struct stack *);

#endif
