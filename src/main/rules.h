/*
 * rules: the services' own queries (world.query): each is asked at its period, and what it says of the nodes goes into the world.
 * Remembers how each fares. What becomes of the values is score's affair (score/hearsay.h).
 */
#ifndef MAIN_RULES_H
#define MAIN_RULES_H

#include <jansson.h>

#include "main/prometheus.h"

struct rules;

struct rules	*rules_new(struct loop *, struct prometheus *, struct world *);
void		 rules_free(struct rules **);		/* before the Prometheus */
/* After each pass over the world: who is new is asked, who is gone is no longer. */
void		 rules_sync(struct rules *);

/* The state of a service's queries, for the API: a list in the service's order. `nodes`: with what each node has. */
json_t		*rules_view(const struct rules *, const struct world_service *, bool nodes, int64_t now_usec);

#endif
