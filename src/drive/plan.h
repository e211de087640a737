/*
 * plan: what a proxy that is not ours should know now: services, their servers, what share of new requests each should
 * get. A plan is a value of its own: it outlives the world that it was made of. What it looks like in the words of one
 * proxy is traefik.h's, haproxy.h's and envoy.h's affair; when it is published, targets/target.h's.
 */
#ifndef DRIVE_PLAN_H
#define DRIVE_PLAN_H

#include "world/world.h"

struct plan_server {
	const char	*name;		/* the task's, unique among all tasks */
	const char	*node;
	struct addr	 addr;
	double		 share;		/* of the service's new requests: sum 1 over those that take some, else 0 */
	unsigned	 weight;	/* the same in the proxy's scale (plan_rules): least..most, the largest is most; 0 when draining */
	bool		 draining;	/* takes no new requests */
};

/*
 * Servers are in order of their names. Those that are down or ejected are left out, unless that were all: then all are
 * named. Without servers: the service exists, and has no task now. nserving 0 besides: all are draining, and those that
 * do not are down.
 */
struct plan_service {
	const char	*name;
	struct service_conf conf;	/* health_path is the plan's */
	struct route_conf *route;
	unsigned	 nroutes;
	struct route_requirements requirements;	/* entry_points is the plan's */
	struct plan_server *server;
	unsigned	 nservers;
	unsigned	 nserving;	/* of them, those that are not draining */
};

struct plan {
	struct plan_service *service;
	unsigned	 nservices;
	struct arena	*arena;		/* private: all of it lies there */
};

struct plan_rules {
	char *const	*only;		/* names of services, none: all */
	unsigned	 nonly;
	unsigned	 least, most;	/* weights, 0 < least <= most */
	double		 power;		/* weights are shares to it; 0: 1 */
	bool		 best;		/* one server of each service takes all, the rest drains */
	/* What the proxy has. Where health is looked at, a task that a service has new waits until it is found well: the
	 * proxy would send requests there at once. NULL: nobody waits. */
	const struct plan *before;
};

/* How much a node should get of a service, beside the service's other nodes: any scale, > 0. What a node gets is shared
 * by the service's tasks there. Of equal ones `best` takes the first, and never one that is NAN. */
typedef double	plan_weigh_f(void *arg, const struct world_service *, const struct world_node *);

struct plan	*plan_make(const struct world *, const struct plan_rules *, plan_weigh_f *, void *arg, int64_t now_usec);
void		 plan_free(struct plan **);
/* Services without a choice keep the one that was made before, as far as it is still there. True: there are such. */
bool		 plan_keep_choices(struct plan *, const struct plan *before);
const struct plan_service *plan_find_service(const struct plan *, const char *name);	/* NULL: not there */
const struct plan_server *plan_find_server(const struct plan_service *, const char *name);

enum plan_change {
	PLAN_SAME,
	PLAN_WEIGHT,			/* a share moved by more than the hysteresis */
	PLAN_MEMBERS			/* servers or services came, went, began or ceased to drain, or routes and checks changed */
};
const char	*plan_change_name(enum plan_change);	/* "same", "weight", "members" */
/* Does a server take requests that took none before? */
bool		 plan_adds_server(const struct plan *old, const struct plan *new);
/* NULL: there was none. `hysteresis` is a part of the old share. */
enum plan_change plan_compare(const struct plan *old, const struct plan *new, double hysteresis);

#endif
