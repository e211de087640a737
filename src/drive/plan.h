/*
 * plan: what an external proxy should know now: services, their servers, and the share of new
 * requests that each server should get. A plan is a value of its own: it outlives the world that
 * it was made of. traefik.h, haproxy.h and envoy.h write it in the words of one proxy;
 * targets/target.h decides when it is published.
 */
#ifndef DRIVE_PLAN_H
#define DRIVE_PLAN_H

#include "world/world.h"

/* Names of services and servers: 1 to so many of A-Z, a-z, 0-9, '.', '_', ':' and '-'. Others in
 * the world are left out. */
#define PLAN_NAME_MAX	160

struct plan_server {
	const char	*name;		/* the task's, unique among all tasks */
	const char	*node;
	struct addr	 addr;
	/* of the service's new requests: the sum over servers that take some is 1; else 0 */
	double		 share;
	/* the share in the proxy's scale: least..most, the largest is most; 0 when draining */
	unsigned	 weight;
	bool		 draining;	/* takes no new requests */
};

/*
 * Servers are sorted by name. Those that are down or ejected are left out, unless all of them
 * are: then all are listed. nservers 0: the service exists, and has no task now. nservers > 0
 * with nserving 0: every server that is listed drains, and any other is down. Servers that report
 * themselves degraded drain while enough others serve (panic); in a slow start a share is less.
 */
struct plan_service {
	const char	*name;
	struct service_conf conf;	/* health_path belongs to the plan, what else it points to does not */
	struct route_conf *route;
	unsigned	 nroutes;
	struct route_requirements requirements;	/* entry_points belongs to the plan */
	struct plan_server *server;
	unsigned	 nservers;
	unsigned	 nserving;	/* servers that do not drain */
};

struct plan {
	struct plan_service *service;	/* sorted by name */
	unsigned	 nservices;
	struct arena	*arena;		/* private: holds everything above */
};

struct plan_rules {
	char *const	*only;		/* names of services, none: all */
	unsigned	 nonly;
	unsigned	 least, most;	/* weights, 0 < least <= most */
	double		 power;		/* a weight is the share to this power; 0: 1 */
	bool		 best;		/* one server of each service takes all requests, the others drain */
	/* What the proxy has now. Where health is checked, a task that is new to the service is
	 * left out until its first check has passed, because the proxy would send it requests at
	 * once. NULL: no task waits. */
	const struct plan *before;
};

/*
 * What a node is worth to a service beside the service's other nodes: on any scale, > 0. The
 * service's tasks on a node divide its worth. With `best` the first of equal nodes is chosen, and
 * a node that is NAN never is.
 */
typedef double	plan_weigh_f(void *arg, const struct world_service *, const struct world_node *);

/* Never NULL. The caller frees it. */
struct plan	*plan_make(const struct world *, const struct plan_rules *, plan_weigh_f *,
		    void *arg, int64_t now_usec);
void		 plan_free(struct plan **);
/* Services in which no server could be chosen keep the choice of `before` (NULL: none), as far as
 * those servers still exist. True: there are such services. */
bool		 plan_keep_choices(struct plan *, const struct plan *before);
/* NULL: there is none of this name. */
const struct plan_service *plan_find_service(const struct plan *, const char *name);
const struct plan_server *plan_find_server(const struct plan_service *, const char *name);

enum plan_change {
	PLAN_SAME,
	PLAN_WEIGHT,			/* a share moved by more than the hysteresis */
	/* services or servers came or went, began or ended to drain; or routes or checks changed */
	PLAN_MEMBERS
};
const char	*plan_change_name(enum plan_change);	/* "same", "weight", "members" */
/* Does a server take requests in the new plan that took none in the old one (NULL: no plan)? */
bool		 plan_adds_server(const struct plan *old, const struct plan *new);
/* `old` NULL: there was none. `hysteresis` is a part of the old share, >= 0. */
enum plan_change plan_compare(const struct plan *old, const struct plan *new, double hysteresis);

#endif
