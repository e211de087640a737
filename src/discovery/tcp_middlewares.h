/*
 * tcp_middlewares: what the labels of a whole Swarm, and Traefik's files, define as middlewares of
 * TCP, by name. They are others than those of HTTP, also where their names are the same.
 */
#ifndef DISCOVERY_TCP_MIDDLEWARES_H
#define DISCOVERY_TCP_MIDDLEWARES_H

#include "discovery/swarm_priv.h"

struct tcp_middlewares;

struct tcp_middlewares	*tcp_middlewares_new(void);
void			 tcp_middlewares_free(struct tcp_middlewares **);
/* The labels of a service must stay as long as this does. */
void			 tcp_middlewares_read(struct tcp_middlewares *, const struct swarm_service *);
/* One setting: NAME.KIND.OPTION and its value. `provider`: "" of labels, or "@file"; `of` tells one
 * who defines it from another. All texts stay. */
void			 tcp_middlewares_put(struct tcp_middlewares *, const char *provider, const void *of,
			    struct str path, const char *value);
/* As middlewares_add: the chain with one more filter. NULL: *problem says why there is none. */
const char		*tcp_middlewares_add(const struct tcp_middlewares *, struct arena *,
			    const char *chain, struct str reference, const char **problem);
/* What Traefik calls a service of TCP: whose port the labels of exactly one define; NULL: there is
 * none. */
const struct swarm_service *tcp_middlewares_page(const struct tcp_middlewares *, struct str name,
			    unsigned *port);

/* No more than TCP_COUNTED of its filters count connections. */
bool			 tcp_chain_fits(struct arena *, const char *chain);

#endif
