/*
 * upgrade: services whose labels a Mola 0.1.0 would have served, and of which less or nothing
 * is served since labels are read as their authors meant them. For people who upgrade from
 * there.
 */
#ifndef DISCOVERY_UPGRADE_H
#define DISCOVERY_UPGRADE_H

#include "discovery/report.h"

struct swarm_service;

/* Whether 0.1.0 would have had a route to it. */
bool	upgrade_served(const struct swarm_service *, bool traefik);
/* Whether less than that is served according to the report. */
bool	upgrade_lost(const struct report_service *);

#endif
