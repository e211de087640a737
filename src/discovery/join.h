/*
 * join: one pass that turns the picture into the world. Private to this room; swarm_pass is its only door.
 */
#ifndef DISCOVERY_JOIN_H
#define DISCOVERY_JOIN_H

#include "discovery/labels.h"
#include "discovery/report.h"

/* A node of the picture under the name that it has in the world. */
struct join_node {
	const struct swarm_node *node;
	const char	*name;			/* NULL: not named */
};

/* A Traefik of the Swarm that goes by its labels. */
struct join_traefik {
	struct traefik_static *config;
	const struct constraint *constraint;	/* NULL: it takes every service, or people have said whom */
};

struct join {
	const struct swarm *swarm;
	const struct swarm_conf *conf;
	struct world	*world;
	struct arena	*arena;
	struct swarm_report *report;
	struct join_node *node;			/* in order of hostname */
	struct join_traefik *traefik;
	unsigned	 ntraefiks;
	struct map	*nodes;			/* id to join_node */
	struct map	*services;		/* id to the bucket of its tasks */
	struct map	*routes;		/* "host path" to the name of the service that has it */
	struct middlewares *middlewares;	/* of all services */
};

/* A service of the picture on its way. */
struct join_tasks {
	const struct swarm_service *of;
	const struct swarm_task **task;
	unsigned	 n;
};
struct join_service {
	const struct swarm_service *from;
	struct labels	 labels;
	struct join_tasks tasks;
};

/* join_nodes.c */
void	join_nodes(struct join *);

/* join_traefik.c: once, and then what holds for the traefik.* labels of a service; `left_to`: why they do not count, or NULL */
void	join_traefiks(struct join *);
const struct traefik_rules *join_traefik_rules(struct join *, const struct swarm_service *, const char **reason);

/* claims.c: takes away the routes that belong to routers which are not served, and names in the world what is refused */
void	join_claims(struct join *, struct join_service *, unsigned n);

/* join_tasks.c: the tasks of a service that is in the world already, at one of its ports; `first`: the one that counts */
void	join_tasks(struct join *, const struct labels *, struct world_service *, const struct join_tasks *, unsigned port, bool first);
/* The port of a service that does not say it; 0: there is none, or several. */
unsigned join_port(const struct swarm_service *, const struct join_tasks *);

/* join.c */
char	*join_route_key(struct arena *, const struct route_conf *);
char	*join_route_text(struct arena *, const struct route_conf *);	/* for people */
void	join_add_trouble(struct join *, struct report_service *, const struct why *, char *text);	/* NULL: of no service */

#endif
