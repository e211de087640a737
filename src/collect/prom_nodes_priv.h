/*
 * prom_nodes_priv: nodes and queries of a round, for prom_nodes.c, which makes rounds, and
 * prom_nodes_query.c, which knows what a query's last response was.
 */
#ifndef COLLECT_PROM_NODES_PRIV_H
#define COLLECT_PROM_NODES_PRIV_H

#include "collect/prom_nodes.h"
#include "signals/prom_sample.h"

#define WORDS_MAX 120

struct node_result {			/* of one query */
	unsigned	 n;		/* series that are about this node */
	double		 value;		/* of the first */
};

struct prom_node {			/* a node, by its slot */
	char		*name;		/* of the node that had the slot when the round began */
	bool		 seen;
	struct node_result result[PROM_QUERIES];
	double		 stamp;		/* of its last sample, by the server's clock */
	unsigned	 server;
	const struct why *logged;	/* its own trouble */
};

struct nodes_query {
	struct prom_nodes *nodes;
	enum prom_query	 id;
	char		*text;		/* NULL: not in use */
	struct prom_request *request;	/* under way */
	/* the last response */
	const struct why *why;
	char		 detail[PROM_DETAIL];
	/* the first of each, or "" */
	char		 warning[WORDS_MAX], info[WORDS_MAX], unkeyed[WORDS_MAX];
	unsigned	 nseries, nnodes, nunkeyed;
	unsigned	 server;
	double		 at;		/* the server's clock */
	int64_t		 as_of_usec, received_usec;
};

struct prom_nodes {
	struct loop	*loop;
	struct prometheus *prom;
	struct world	*world;
	prom_sample_f	*sample;
	prom_round_f	*round;
	void		*arg;
	bool		 on;
	int64_t		 period_usec, max_age_usec, range_usec;
	int64_t		 due_usec;
	struct timer	 timer;
	unsigned	 pending;	/* responses that this round waits for; 0: no round is under way */
	struct nodes_query query[PROM_QUERIES];
	struct prom_node *node[NODES_MAX];
	struct past	*past;		/* NULL while it is off */
};

/* Of this round; NULL: the node came later, or another one had its slot when the round began. */
struct prom_node *prom_node_find(const struct prom_nodes *, const struct world_node *);
/* The response to the query that is under way: each node gets its result. `r` NULL: there is none,
 * `why` and `detail` say why. A new trouble, and its end, are logged. */
void		 nodes_query_receive(struct nodes_query *, const struct why *why, const char *detail,
    const struct prom_response *r);

#endif
