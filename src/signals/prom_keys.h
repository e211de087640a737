/*
 * prom_keys: which node a series of Prometheus is about.
 *
 * By its labels, the first that leads to a node: node_id (of the Swarm), instance (host:port of
 * the node's exporter or agent; else the host alone, when it is one node's: its address, its
 * URLs' host, its name), node, nodename, hostname (name or address).
 */
#ifndef SIGNALS_PROM_KEYS_H
#define SIGNALS_PROM_KEYS_H

#include "signals/prom_response.h"
#include "world/world.h"

struct prom_keys;

/* Holds pointers into the world: not beyond the turn. */
struct prom_keys *prom_keys_new(const struct world *);
void		 prom_keys_free(struct prom_keys **);
/* NULL: no node's, or more than one's. */
struct world_node *prom_keys_node(const struct prom_keys *, const struct prom_series *);

#endif
