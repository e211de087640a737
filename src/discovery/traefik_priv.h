/*
 * traefik_priv: the traefik.* labels of one service as they are read: traefik.c gathers them, router.c judges the routers,
 * entry_points.c where they are, backend.c the services that they lead to. Private to these.
 */
#ifndef DISCOVERY_TRAEFIK_PRIV_H
#define DISCOVERY_TRAEFIK_PRIV_H

#include "discovery/labels.h"

#define ROUTERS_MAX	64		/* of one service, and as many of what Traefik calls services */

struct router {
	struct str	 name;
	const struct swarm_label *rule, *service, *middlewares, *entry_points, *priority, *tls_options;	/* NULL: none */
	const struct swarm_label *unknown;		/* the first that is not understood */
	bool		 tls;
	/* what is made of it */
	const struct backend *backend;
	bool		 refused;		/* and why is told */
	bool		 guarded;		/* refused for what keeps somebody out, or may: see struct labels_claim */
};

struct backend {			/* what Traefik calls a service */
	struct str	 name;
	const struct swarm_label *port, *scheme;
	const struct swarm_label *unknown;		/* the first that is not understood: nothing may lead there */
	const struct swarm_label *path, *interval, *timeout, *check_port;	/* of its health check */
	const struct swarm_label *check;	/* the first of it that Mola's checks cannot do */
	/* what is made of it */
	char		*health_path;		/* NULL: none is said */
	int64_t		 health_interval_usec, health_timeout_usec;	/* 0: none is said */
	bool		 unchecked;		/* it is to be checked in a way that is not Mola's */
	bool		 unsupported_scheme;		/* it is to be spoken to in anything but plain HTTP */
};

struct traefik_reading {
	struct labels	*l;
	const struct swarm_service *service;
	const struct traefik_rules *rules;
	const struct middlewares *middlewares;
	struct router	 router[ROUTERS_MAX];
	struct backend	 backend[ROUTERS_MAX];
	unsigned	 nrouters, nbackends;
	enum { MODE_ALL, MODE_OFF, MODE_PORT_ONLY } mode;	/* OFF: the labels do not count; ROUTED: but for the port */
	bool		 enabled;			/* traefik.enable is true */
	bool		 too_many;		/* there are more routers or services than are read */
	unsigned	 nv1, ntcp_udp;	/* labels of Traefik 1; of TCP and UDP */
	const struct swarm_label *v1;		/* the first */
	const struct swarm_label *unknown;		/* the first that may have been meant for any router: none is served */
};

/* One label, told of; text NULL only with LABEL_VALID. */
void	reading_report(struct traefik_reading *, const struct swarm_label *, enum label_state, const char *text);
bool	reading_has_label(const struct traefik_reading *, const char *label);
/* Whether the operator lets requests reach the tasks without this middleware. */
bool	reading_ignores_middleware(const struct traefik_reading *, struct str reference);

/* backend.c */
void	backend_gather(struct traefik_reading *, const struct swarm_label *, const struct str *word, unsigned n);
/* The port of it, 0: none is said, or none that is one. */
unsigned backend_port(const struct backend *);
/* Understands its labels, and tells of each. Before anything is made of it. */
void	backend_read(struct traefik_reading *, struct backend *);
/* Puts into `conf` how its tasks are checked. */
void	backend_conf(const struct backend *, struct service_conf *);

/* entry_points.c: why a router is not served on those that the label names (NULL: the standard ones); NULL: it is. `guarded`: they
 * may keep somebody out. */
const char *entry_points_refusal(const struct traefik_reading *, const struct swarm_label *, const struct why **, bool *guarded);

/* router.c */
void	router_gather(struct traefik_reading *, const struct swarm_label *, const struct str *word, unsigned n);
/* Finds its backend, and refuses it where something of it is not understood; tells why. */
void	router_check(struct traefik_reading *, struct router *);
/* Its rule into routes and claims, led to `port`. */
void	router_resolve(struct traefik_reading *, struct router *, unsigned port);

#endif
