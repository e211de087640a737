/*
 * user_queries: the services' own queries (world.query): each is sent at its period, and its
 * values for the nodes go into the world. Keeps the state of each. What becomes of the values is
 * score's affair (score/user_metric.h).
 */
#ifndef COLLECT_USER_QUERIES_H
#define COLLECT_USER_QUERIES_H

#include <jansson.h>

#include "collect/prometheus.h"

struct user_queries;

struct user_queries *user_queries_new(struct loop *, struct prometheus *, struct world *);
void		 user_queries_free(struct user_queries **);		/* before the Prometheus */
/* After each pass over the world: new queries begin, those that are gone end. */
void		 user_queries_sync(struct user_queries *);

struct user_query_facts {
	bool		 good;			/* the last response had a value for every node that needs one */
	int64_t		 good_usec;		/* of the last response that was of use, monotonic; 0: none yet */
	unsigned	 known;			/* nodes that it had a value for */
	bool		 tried;			/* there was a response, or none could be had */
};
void		 user_queries_facts(const struct user_queries *, const struct world_service *, unsigned term,
		    struct user_query_facts *);

/* The state of a service's queries, for the API: a list in the service's order. `nodes`: with
 * each node's values. */
json_t		*user_queries_view(const struct user_queries *, const struct world_service *, bool nodes,
		    int64_t now_usec);

#endif
