/*
 * middlewares: what the labels of a whole Swarm define as Traefik's middlewares, by name, and what
 * the configuration file and Traefik's own files define.
 * Routers of one service may use those of another.
 */
#ifndef DISCOVERY_MIDDLEWARES_H
#define DISCOVERY_MIDDLEWARES_H

#include "discovery/swarm_priv.h"
#include "discovery/tcp_middlewares.h"

#define MOLA_PROVIDER	"@mola"
#define FILE_PROVIDER	"@file"

struct middlewares;

/* The configuration says how files are read that they name. */
struct middlewares	*middlewares_new(const struct swarm_conf *);
void			 middlewares_free(struct middlewares **);
/* The labels must stay as long as the middlewares do. */
void			 middlewares_read(struct middlewares *, const struct swarm_service *);

/* One setting of another provider, "@file" or "@mola": NAME.KIND.OPTION and its value. `of` tells
 * one who defines it from another; all texts stay. */
void			 middlewares_put(struct middlewares *, const char *provider, const void *of,
			    struct str path, const char *value);
/* The same of another provider, "@file" or "@mola", as lines of NAME.KIND.OPTION=value; an option
 * that has none of its own, as in compress: {}, is NAME.KIND=true. `of` tells one who defines it
 * from another. */
void			 middlewares_read_settings(struct middlewares *, const char *provider, const void *of,
			    struct str settings);
/* A service that a file defines, as references have it: "web@file". */
void			 middlewares_put_service(struct middlewares *, struct str name);
/* A reference as others understand it, that is written by somebody of this provider. */
const char		*middlewares_qualify(struct arena *, struct str reference, const char *provider);

/* Of a reference such as "auth", "auth@swarm" or "auth@file": its kind, for people:
 * "basicauth", "chain", "several kinds"; NULL when no label defines it. */
const char		*middlewares_kind(const struct middlewares *, struct str reference);
/* Whether it may keep requests out that would get in without it. True where that is not known. */
bool			 middlewares_guards(const struct middlewares *, struct str reference);
/* The operator has it left out where it cannot be applied. */
bool			 middlewares_ignored(const struct middlewares *, struct str reference);
/* The whole of it: of a chain, what can be applied never is. */
bool			 middlewares_left_out(const struct middlewares *, struct str reference);

/*
 * The text of a chain (world/filter.h; "" is empty) with what the reference stands for behind it:
 * one filter, or those of a chain. NULL: it cannot be applied as it is meant, and *problem says
 * why. Else *problem is NULL, or says what of a chain was left out, as the operator has it.
 * All texts are the arena's.
 */
const char		*middlewares_add(const struct middlewares *, struct arena *, const char *chain,
			    struct str reference, const char **problem);

/* The service whose port the labels of exactly one define; NULL: there is none. And the first one,
 * of several, too. */
const struct swarm_service *middlewares_page(const struct middlewares *, struct str name,
			    unsigned *port);
const struct swarm_service *middlewares_page_first(const struct middlewares *, struct str name,
			    unsigned *port);

/* Services of labels whose pages a middleware shows, one after another; NULL: no more. */
const struct swarm_service *middlewares_next_wanted(const struct middlewares *, size_t *at);

/* What there is for connections. */
struct tcp_middlewares	*middlewares_tcp(const struct middlewares *);

/* The name of a reference within the provider of labels: without "@swarm" and "@docker". A
 * reference to another provider stays whole. */
struct str		 middlewares_name(struct str reference);
/* It may be one: it travels in the text of a chain, and people read it. */
bool			 middlewares_is_name(struct str);

#endif
