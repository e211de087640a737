/*
 * middlewares: what the labels of a whole Swarm define as Traefik's middlewares, by name.
 * Routers of one service may use those of another.
 */
#ifndef DISCOVERY_MIDDLEWARES_H
#define DISCOVERY_MIDDLEWARES_H

#include "discovery/swarm_priv.h"

struct middlewares;

/* The configuration says how files are read that they name. */
struct middlewares	*middlewares_new(const struct swarm_conf *);
void			 middlewares_free(struct middlewares **);
/* The labels must stay as long as the middlewares do. */
void			 middlewares_read(struct middlewares *, const struct swarm_service *);

/* Of a reference such as "auth", "auth@swarm" or "auth@file": its kind, for people:
 * "basicauth", "chain", "several kinds"; NULL when no label defines it. */
const char		*middlewares_kind(const struct middlewares *, struct str reference);
/* Whether it may keep requests out that would get in without it. True where that is not known. */
bool			 middlewares_guards(const struct middlewares *, struct str reference);

/*
 * The text of a chain (world/filter.h; "" is empty) with what the reference stands for behind it:
 * one filter, or those of a chain. NULL: it cannot be applied as it is meant, and *problem says
 * why. All texts are the arena's.
 */
const char		*middlewares_add(const struct middlewares *, struct arena *, const char *chain,
			    struct str reference, const char **problem);

/* The name of a reference within the provider of labels: without "@swarm" and "@docker". A
 * reference to another provider stays whole. */
struct str		 middlewares_name(struct str reference);

#endif
