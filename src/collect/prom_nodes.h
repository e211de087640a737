/*
 * prom_nodes: the state of the nodes as Prometheus has it. Each period its queries are sent, the
 * age first, so that no value can be older than is assumed; the results for each node become a
 * sample. What is wrong is in the node's signal.prom_why and signal.prom_detail, and in the view;
 * it is logged when it changes.
 */
#ifndef COLLECT_PROM_NODES_H
#define COLLECT_PROM_NODES_H

#include "collect/prometheus.h"
#include "world/world.h"

struct prom_nodes;

/*
 * A good sample, newer than the last from here. Of our requests: how many were in flight there
 * then, and as a mean over its span.
 */
typedef void	 prom_sample_f(void *arg, struct world_node *, const struct sample *,
		    double inflight_at, double inflight_mean);
typedef void	 prom_round_f(void *arg);	/* a round is over: the nodes' prom_... have changed */

struct prom_nodes *prom_nodes_new(struct loop *, struct prometheus *, struct world *,
		    prom_sample_f *, prom_round_f *, void *arg);
void		 prom_nodes_free(struct prom_nodes **);		/* before the prometheus */
void		 prom_nodes_reconf(struct prom_nodes *, const struct conf *);
/* Some times a second: records what is in flight. */
void		 prom_nodes_tick(struct prom_nodes *, int64_t now_usec);
json_t		*prom_nodes_view(const struct prom_nodes *);	/* its queries, for the API */

#endif
