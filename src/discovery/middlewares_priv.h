/*
 * middlewares_priv: what becomes of options before they are read. Private to middlewares*.c.
 */
#ifndef DISCOVERY_MIDDLEWARES_PRIV_H
#define DISCOVERY_MIDDLEWARES_PRIV_H

#include "discovery/middlewares.h"
#include "world/filter.h"

/* The users of a file (usersFile) stand before those of the label then, as in Traefik. False:
 * `problem`. Where no files are read, nothing changes. */
bool	middlewares_take_users(const struct swarm_conf *, struct arena *, enum filter_kind,
	    const struct filter_setting **, unsigned *n, const char **problem);

#endif
