/*
 * world_index: names, and which of them holds which slot. Known to the files of world/
 * that name what exists: world*.c, and handover_write.c and handover_take.c.
 */
#ifndef WORLD_WORLD_INDEX_H
#define WORLD_WORLD_INDEX_H

#include "base/map.h"
#include "world/slots.h"
#include "world/world.h"

struct world_index {
	struct map	*nodes, *services, *tasks;
	struct slots	*node_slots, *task_slots;
	struct slots	*service_slots;	/* one less than the row in live, of which 0 is nobody's */
	bool		 node_drained[NODES_MAX];	/* by slot, so that it outlives a node that blinks */
	bool		 task_drained[TASKS_MAX];
	struct world_user_metric no_values[QUERIES_MAX];	/* of all nodes that never had a query's */
	struct world_node *last_node;
	struct world_service *last_service;
	bool		 passing;			/* a pass is under way */
	bool		 changed;			/* by that one */
	bool		 refused;			/* so is what is refused */
	bool		 began;				/* the first pass is over */
};

void	 world_node_free(struct world *, struct world_node *);
void	 world_service_free(struct world *, struct world_service *);	/* and its tasks */
void	 world_task_free(struct world *, struct world_task *);
void	 world_routes_free(struct route_conf *, unsigned n);
void	 world_listeners_free(struct world *);
/* world_tls.c */
void	 world_tls_free(struct world *);
uint32_t world_tls_number(const struct world *, const char *name);	/* as in struct table_tcp */
void	 world_tls_table(const struct world *, struct table_maker *);
/* which slots the services' profiles and queries have */
void	 world_profiles_settle(struct world *);
void	 world_queries_free(struct world *);
void	 world_queries_begin(struct world *);
void	 world_values_begin(struct world *, struct world_node *);	/* values of queries on a node */
void	 world_values_end(struct world *, struct world_node *);
/* The name under which a task holds its slot; the caller frees. */
char	*world_task_key(struct str service, struct str name, const struct addr *);

#endif
