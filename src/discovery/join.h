/*
 * join: one pass that turns the snapshot into the world. Private to this room; swarm_pass is
 * its only entry point.
 */
#ifndef DISCOVERY_JOIN_H
#define DISCOVERY_JOIN_H

#include "discovery/labels.h"
#include "discovery/report.h"

/* A node of the snapshot under the name that it has in the world. */
struct join_node {
	const struct swarm_node *node;
	const char	*name;			/* NULL: it is not published */
};

/* A Traefik of the Swarm that takes its routers from labels. */
struct join_traefik {
	struct traefik_static *config;
	const struct swarm_service *from;
	const struct constraint *constraint;	/* NULL: it takes every service, or one is configured */
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
	struct swarm_listener *listener;	/* conf->listener, with what the Traefiks make of them */
	struct map	*nodes;			/* id to join_node */
	struct map	*services;		/* id to join_service */
	struct map	*routes;		/* join_route_key to the join_owner that has it */
	struct middlewares *middlewares;	/* of all services */
	struct map	*shared[DEFINITION_KINDS]; /* what several services may define (join_shared.c) */
	struct files	*files;
};

/* A service of the snapshot, and what the pass has made of it so far. */
struct join_tasks {
	const struct swarm_service *of;
	const struct swarm_task **task;
	unsigned	 n;
};
struct join_service {
	const struct swarm_service *from;
	struct labels	 labels;
	struct join_tasks tasks;
	const struct labels_route **lent;	/* routes of others that lead to its tasks */
	unsigned	 nlent;
};

/* Tasks that serve under the name of one service, that of the first part: those of a service, at
 * this port. */
struct join_part {
	struct join_service *of;
	unsigned	 port;
};

/* Who has a route. */
struct join_owner {
	const char	*service;
	const struct labels_route *route;	/* NULL: it is of the configuration file */
	int64_t		 priority;
	bool		 guards;
};

/* join_nodes.c */
void	join_nodes(struct join *);

/* join_traefik.c: once, and then what applies to the traefik.* labels of a service;
 * `reason`: why they do not count, or NULL */
void	join_traefiks(struct join *);
/* join_static.c: what of their configuration does not hold for Mola, once services are read; and
 * whether Mola believes X-Forwarded-... of others than an entry point does */
void	join_static(struct join *);
bool	join_trust_is_wider(const struct join *, const struct traefik_entry_point *);
/* join_listeners.c: which listeners have the names of entry points */
void	join_listeners(struct join *);
const struct traefik_rules *join_traefik_rules(struct join *, const struct swarm_service *,
	    const char **reason);

/* join_group.c: those of which anything cannot be served are broken; then what a group leads to */
void	join_check_groups(struct join *, struct join_service *, unsigned n);
void	join_group(struct join *, const struct labels *, struct world_service *);

/* join_files.c: publishes the servers of a service that a file defines */
void	join_servers(struct join *, const struct labels *, struct world_service *);
bool	join_has_port(const struct labels *, unsigned port);
/* Routes to another service that is not there become claims; before routes are offered. */
void	join_lend(struct join *, struct join_service *, unsigned n);
/* Once it is known which are kept; then, of a service, those that lead to it. */
void	join_find_lent(struct join *, struct join_service *, unsigned n);
unsigned join_lent(const struct join_service *, unsigned port, bool first, struct route_conf *,
	    unsigned n);

/* Keeps the requests of a route from others, as those of a router that is not served. */
void	join_refuse_route(struct join *, struct join_service *, const struct labels_route *,
	    const struct why *, char *text);

/* Traefik reads a service from its tasks, or from a file: one without tasks it does not have.
 * Where no tasks are known at all, all services count as having some. */
bool	join_is_read(const struct join *, const struct join_service *);
/* join_shared.c: routes of routers that services define together; the oldest service first, and
 * before groups are checked. Then the service that has the tasks of a name that labels define
 * (NULL: none has), and whose tasks they are. */
void	join_share(struct join *, struct join_service **old, unsigned n);
struct join_service *join_shared_service(const struct join *, struct str name, unsigned *port);
unsigned join_parts(const struct join *, struct join_service *, unsigned port, struct join_part **);

/* join_tls.c: publishes which TLS options handshakes have, by the names of all routers with TLS */
void	join_tls(struct join *, struct join_service *, unsigned n);

/* claims.c: removes routes that would get no request, for the routers that are not served, and
 * publishes which requests are refused */
void	join_claims(struct join *, struct join_service *, unsigned n);

/* join_tasks.c: publishes the tasks of a service that is in the world already, at one of its
 * ports; `first`: the port whose tasks the report counts */
void	join_tasks(struct join *, struct world_service *, const struct join_part *, unsigned n,
	    bool first);
/* "10.0.0.7" and its port; false: it is no address. */
bool	join_address(const char *ip, unsigned port, struct addr *);
/* The port of a service whose labels name none; 0: there is none, or several. */
unsigned join_port(const struct swarm_service *, const struct join_tasks *);

/* join.c */
char	*join_route_key(struct arena *, const struct route_conf *, int listener);
char	*join_route_text(struct arena *, const struct route_conf *);	/* for people */
/* The report of a service, NULL: of none in particular; the text is the arena's. */
void	join_add_trouble(struct join *, struct report_service *, const struct why *, char *text);

#endif
