/*
 * middlewares_priv: what is known by name, and what becomes of it. Private to middlewares*.c.
 */
#ifndef DISCOVERY_MIDDLEWARES_PRIV_H
#define DISCOVERY_MIDDLEWARES_PRIV_H

#include "discovery/middlewares.h"
#include "world/filter.h"

/* Followed for one reference: chains may form cycles, and meet again. */
#define MIDDLEWARES_LINKS 64

/* What the labels of one service say of it. */
struct definition {
	struct definition *next;		/* another service's */
	const void	*of;		/* who: a service, or a file */
	struct filter_setting *setting;
	unsigned	 n, room;
};

struct middleware {
	const char	*kind;		/* of the table; "chain"; "several kinds"; "an unknown kind" */
	const char	*chain;		/* its references, NULL: it is no chain */
	const char	*provider;	/* "@file"; "": labels */
	struct str	 name;		/* as it was written first */
	bool		 guards;
	struct definition *definition;
};

struct middlewares {
	const struct swarm_conf *conf;
	struct map	*by_name;
	struct map	*pages;		/* services that labels define, for errors; by name, without case */
	struct map	*provided;	/* those of files, as they are written */
	struct tcp_middlewares *tcp;
	struct arena	*arena;
};

/* A service that labels define, for errors. */
struct page {
	const struct swarm_service *of;
	const char	*port;
	bool		 several;	/* defined more than once */
	bool		 wanted;	/* its pages are */
};

/* NULL: nothing defines it. */
const struct middleware	*middlewares_find(const struct middlewares *, struct str reference);
/* Of a chain: each reference, in its provider. False: there is no more. */
bool	middlewares_next_link(const struct middlewares *, const struct middleware *, struct str *rest,
	    struct str *one);
struct page *middlewares_page_find(const struct middlewares *, struct str name);

/* The users of a file (usersFile) stand before those of the label then, as in Traefik. False:
 * `problem`. Where no files are read, nothing changes. */
bool	middlewares_take_users(const struct swarm_conf *, struct arena *, enum filter_kind,
	    const struct filter_setting **, unsigned *n, const char **problem);

#endif
