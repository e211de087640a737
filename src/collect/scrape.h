/*
 * scrape: samples from the nodes themselves. For every node of the world it requests the
 * node_exporter's page each period, keeps the agent's stream open, or both: then the exporter is
 * used only while the agent is silent. Pages go through signals/node.c; a sample goes to the
 * callback, what is wrong is in the node's signal.why, signal.detail and signal.wrong_usec (of
 * Prometheus, too, where a node's own sources fail), and is logged when it changes (signal.lost,
 * signal.back). One node's trouble is its own: nothing here waits for anything.
 * What an agent reports of containers goes to the tasks in them (world_task_set_available).
 */
#ifndef COLLECT_SCRAPE_H
#define COLLECT_SCRAPE_H

#include "net/fetch.h"
#include "net/loop.h"
#include "signals/node.h"
#include "world/world.h"

struct scrape;

/*
 * A good sample, true at its `taken_usec`. `inflight_at`: our requests on the node at that
 * moment, all workers. The callback stores it in the node; `samples` is set to 0 beforehand when
 * no sample of the node has come for long, from Prometheus neither.
 */
typedef void	scrape_sample_f(void *arg, struct world_node *, const struct sample *,
		    double inflight_at);

struct scrape	*scrape_new(struct loop *, struct fetcher *, scrape_sample_f *, void *arg);
void		 scrape_free(struct scrape **);

/*
 * After each discovery pass, in the same turn: starts with new nodes, stops with those that are
 * gone, starts again where a URL, the period or the time-out changed. Pointers to nodes are held
 * from one call to the next, no longer.
 */
void		 scrape_sync(struct scrape *, struct world *, int64_t period_usec, int64_t timeout_usec);

/* Call when the state of nodes in Prometheus (signal.prom_why) has changed. Between passes only. */
void		 scrape_update_signals(struct scrape *);

#endif
