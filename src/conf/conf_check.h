/*
 * conf_check: whether the parts of a configuration fit together, and what follows from them.
 */
#ifndef CONF_CONF_CHECK_H
#define CONF_CONF_CHECK_H

#include "conf/conf.h"
#include "conf/faults.h"
#include "conf/tree.h"

/* Fills in what is derived: listeners, routes, names of tasks, the token. `root` is for lines.
 * Names may be missing where the parser has already found fault. */
void	conf_check(struct conf *, const struct tree *root, struct faults *);

/* The line of a key, or of the nearest mapping around it that is there. */
int	conf_line(const struct tree *root, const char *section, const char *key);
/* The first line of a file, for a secret; to be wiped afterwards. False: `problem` has why it
 * cannot be read. */
bool	secret_file_read(const char *file, char *text, size_t cap, struct str *line, char *problem,
    size_t problem_cap);
/* The files of section.ca, .cert and .key, those that are given, can be read, and a cert has
 * its key. */
void	tls_check(const struct tree *root, const char *section, const char *ca, const char *cert,
    const char *key, struct faults *);
/* conf_tls.c: fills in what follows from it */
void	listen_tls_check(const struct conf *, struct conf_listen *, struct faults *);
void	certificates_check(const struct conf *, const struct tree *root, struct faults *);
void	task_tls_check(const struct conf *, const struct tree *root, struct faults *);
void	admin_check(struct conf *, const struct tree *root, struct faults *);	/* conf_admin.c */
void	prom_check(struct conf *, const struct tree *root, struct faults *);	/* conf_prom.c */
void	tracing_check(struct conf *, const struct tree *root, struct faults *);	/* conf_trace.c */
void	acme_check(struct conf *, const struct tree *root, struct faults *);	/* conf_acme.c */

/* conf_middlewares.c: what they are, and the chains of services; after their routes are made */
void	middlewares_check(struct conf *, const struct tree *root, struct faults *);

/* Below, `service` is the mapping that the service was read from; NULL: it is none. */
/* conf_rule.c: makes the routes of a service with a rule */
void	rule_routes_check(const struct conf *, struct conf_service *, const struct tree *service,
	    struct faults *);

struct map;
/* conf_group.c: whether the mapping of a service says that it leads to others */
bool	is_group(const struct tree *service);
/* Names of services that others lead to; the caller frees the map. */
struct map *children_find(const struct conf *);
/* Nothing of a service says which requests it gets by itself. */
bool	is_routeless(const struct tree *service);
/* Makes the groups of all services; after their names are known to be unique. `list` is that which
 * they were read from; NULL: it is none. */
void	groups_check(struct conf *, const struct tree *list, struct faults *);
/* conf_tcp.c: keys that a service of this kind may not have */
struct conf_misplaced {
	const char	*section, *key, *text;	/* section NULL: the service's own */
};
const struct conf_misplaced *kind_misplaced(enum service_kind, size_t *n);
/* keys of the service which are for another kind than its own */
void	kind_check(const struct conf_service *, const struct tree *service, struct faults *);
/* what `listen` of a service says, as bits of route_conf.on */
uint64_t listeners_check_names(const struct conf *, const struct conf_service *, struct faults *);
/* makes the routes of a tcp service; `taken`: those of all so far */
void	tcp_routes_check(const struct conf *, struct conf_service *, const struct tree *service,
	    struct map *taken, struct faults *);
/* Names are unique: `names` is a map from the name to the line that gave it. */
void	name_once(struct map *names, const char *name, int line, const char *where, struct faults *);
void	targets_check(struct conf *, const struct tree *root, struct faults *);	/* conf_target.c */

#endif
