/*
 * entry_points: what an entry point of Traefik's is to a router. Private to traefik.c's files.
 */
#ifndef DISCOVERY_ENTRY_POINTS_H
#define DISCOVERY_ENTRY_POINTS_H

#include "discovery/traefik_priv.h"

/* How requests to an entry point come. */
#define SIDE_PLAIN	1U
#define SIDE_TLS	2U

/* The listener that stands for it alone; NULL: none has its name. */
const struct swarm_listener *entry_point_listener(const struct traefik_reading *, struct str name);
/* Why its requests may not go to tasks, NULL: they may, behind *chain. `guarded`: set when it keeps
 * requests out, or may. */
const char *entry_point_refuses(const struct traefik_reading *, struct str name,
	    const struct why **, bool *guarded, const char **chain);
/* Of a router without TLS of its own: Traefik gives it that of the entry point. *certain becomes
 * false where that is not known, and the name or the listener says it. */
unsigned entry_point_sides(const struct traefik_reading *, struct str name, bool *certain);
/* What else it does to requests: what of entry_groups is so for its routers, by the rows of its
 * name. `tls`: they have TLS of their own. */
void	entry_point_mark(const struct traefik_reading *, struct str name, bool tls,
	    struct entry_groups *);

#endif
