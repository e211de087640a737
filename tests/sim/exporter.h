/*
 * exporter: the simulated node_exporters of a plan's nodes, and its agents, which send the same as a stream. What they export follows the load that the simulated tasks on the node
 * have, until something is wrong with one.
 */
#ifndef SIM_EXPORTER_H
#define SIM_EXPORTER_H

#include "plan.h"

#define EXPORTER_PORT	9100
#define AGENT_PORT	9101

/* `busy`: how many requests the tasks on a node are working on now. */
typedef unsigned exporter_busy_f(unsigned node);

void	exporters_begin(const struct plan *, struct host node[NODES], exporter_busy_f *);

#endif
