/*
 * scrape: the brain's side of the signals. For every node of the world it asks the node_exporter each period,
 * keeps the agent's stream open, or both: then the exporter is asked only while the agent is silent. Pages go
 * through signals/node.c; what comes out goes to the callback, what is wrong stands in the node's signal_why,
 * signal_detail and signal_wrong_usec (of Prometheus, too, where a node's own do not speak), and is logged when it changes (signal.lost, signal.back).
 * One node's trouble is its own: nothing here waits for anything.
 */
#ifndef COLLECT_SCRAPE_H
#define COLLECT_SCRAPE_H

#include "net/fetch.h"
#include "net/loop.h"
#include "signals/node.h"
#include "world/world.h"

struct scrape;

/* A good sample (`taken_usec` says of when). `inflight_at`: our requests on the node at that moment, all workers.
 * Storing it in the node is the callback's; `samples` is set to 0 beforehand when the node was lost for long, to Prometheus, too. */
typedef void	scrape_sample_f(void *arg, struct world_node *, const struct sample *, double inflight_at);

struct scrape	*scrape_new(struct loop *, struct fetcher *, scrape_sample_f *, void *arg);
void		 scrape_free(struct scrape **);

/* After each discovery pass, in the same turn: starts with new nodes, stops with those that are gone, starts again where
 * a URL, the period or the time-out changed. Pointers to nodes are held from one call to the next, no longer. */
void		 scrape_sync(struct scrape *, struct world *, int64_t period_usec, int64_t timeout_usec);

/* What Prometheus says of nodes (world_node.prom_…) has changed: verdicts are found anew. Between passes only. */
void		 scrape_update_signals(struct scrape *);

#endif
