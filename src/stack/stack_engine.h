/*
 * stack_engine: what an Engine would say of stacks that run: one node that is ready, each service
 * with one task on it, Mola on all of their networks.
 */
#ifndef STACK_STACK_ENGINE_H
#define STACK_STACK_ENGINE_H

#include "discovery/swarm.h"
#include "stack/stack.h"

/* The snapshot of such a Swarm. */
struct swarm	*stack_swarm(struct stack *const *, unsigned nstacks);

#endif
