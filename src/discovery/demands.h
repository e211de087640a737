/*
 * demands: what Traefik's labels on a service ask of the routers to it, beside hosts and paths. Whether Mola itself serves
 * such a router is traefik.c's affair; this is for targets, whose routers have none of it.
 */
#ifndef DISCOVERY_DEMANDS_H
#define DISCOVERY_DEMANDS_H

#include "discovery/picture.h"
#include "world/world.h"

/* The text lies in the arena. */
void	demands_read(const struct swarm_service *, struct arena *, struct route_demands *out);

#endif
