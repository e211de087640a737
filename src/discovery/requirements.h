/*
 * requirements: what Traefik's labels on a service require of its routers, besides hosts and
 * paths. Whether Mola itself serves such a router is decided by traefik.c; this is for targets,
 * whose routers have none of it.
 */
#ifndef DISCOVERY_REQUIREMENTS_H
#define DISCOVERY_REQUIREMENTS_H

#include "discovery/swarm_priv.h"
#include "world/world.h"

/* The text lies in the arena. */
void	requirements_read(const struct swarm_service *, struct arena *,
	    struct route_requirements *out);

#endif
