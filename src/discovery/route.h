/*
 * route: sets of requests by host and path prefix, and how two of them relate. A host is exact,
 * "+.org" for one label below org, "*.org" for all below, or NULL for any; a path is a prefix
 * of characters here, as it is for Traefik.
 * Two sets of hosts either have nothing in common, or one contains the other.
 */
#ifndef DISCOVERY_ROUTE_H
#define DISCOVERY_ROUTE_H

#include <stdbool.h>

/* Whether the first contains all of the second. */
bool	route_host_covers(const char *host, const char *of);
bool	route_path_covers(const char *path, const char *of);	/* NULL is any */

/* What both have in common, one of the two; false: nothing. */
bool	route_host_intersect(const char *a, const char *b, const char **out);
bool	route_path_intersect(const char *a, const char *b, const char **out);

#endif
