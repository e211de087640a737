/*
 * files: what the files of Traefik's file provider define, as labels of the same meaning.
 * Each of their services is a service here, "NAME@file", or "tcp.NAME@file", and has the labels of
 * the routers that lead to it, so that all that is known of labels holds for files; routers that
 * lead elsewhere are those of one more, "@file".
 */
#ifndef DISCOVERY_FILES_H
#define DISCOVERY_FILES_H

#include "discovery/middlewares.h"
#include "discovery/swarm_priv.h"
#include "world/tls_options.h"

struct files;

/* Middlewares of the files are put into `middlewares`. All is the arena's. */
struct files	*files_read(const struct swarm_conf *, struct arena *, struct middlewares *);
void		 files_free(struct files **);

const struct swarm_service	*files_services(const struct files *, unsigned *n);
/* The one that routers name so: "web@file". NULL: there is none. */
const struct swarm_service	*files_service(const struct files *, struct str reference);
/* The same of connections. */
const struct swarm_service	*files_tcp_service(const struct files *, struct str reference);
bool	files_are_there(const struct files *);
/* What else is defined, in lower case: "http.serverstransports", "tcp.serverstransports",
 * "tls.options". */
struct file_line;
struct files_key {
	struct str	 key;			/* "rootCAs"; "": there is nothing below the name */
	const struct swarm_label *label;
};
bool	files_has(const struct files *, const char *kind, struct str name);
/* *at starts as NULL. */
bool	files_next(const struct files *, const char *kind, struct str name,
	    const struct file_line **at, struct files_key *);

/* The TLS options of a whole name, "strict@file", or "default"; NULL: there are none of these by
 * default, or Mola cannot have them, and *problem says why, for people. */
const struct tls_options *files_tls(const struct files *, struct arena *, const char *name,
	    const char **problem);
/* For files_tls.c: the configuration, and what was found by name. */
const struct swarm_conf *files_conf(const struct files *);
struct map	*files_tls_known(const struct files *);

/* A file that was never read: what it defines is not known, and a router of Traefik's may be less
 * open by it. The text is for people; NULL: there is no such file. */
const char			*files_unreadable(const struct files *);
/* What is wrong with the files, and what of them is not used; for people. */
unsigned			 files_troubles(const struct files *, const char *const **text);

#endif
