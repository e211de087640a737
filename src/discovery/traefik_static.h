/*
 * traefik_static: the static configuration of a Traefik that runs in the same Swarm. Its entry
 * points may require what stands in no label: middlewares, a redirection, TLS options. Read
 * from the service's specification (arguments, environment) and from the file that it names,
 * where that is one of Swarm's configs.
 * Bytes in, values out.
 */
#ifndef DISCOVERY_TRAEFIK_STATIC_H
#define DISCOVERY_TRAEFIK_STATIC_H

#include <stdbool.h>

#include "base/arena.h"
#include "discovery/report.h"
#include "discovery/traefik.h"

#define STATIC_FILE_MAX	((size_t)1 << 20)	/* bytes; Swarm's own limit for a config is about that */

/* What a service's specification holds of it. Texts are never NULL unless noted. */
struct traefik_spec {
	const char	**arg;			/* entrypoint and arguments */
	unsigned	 nargs;
	const char	**env;			/* NAME=value, those of Traefik's alone */
	unsigned	 nenv;
	const char	*file;			/* path of its file; NULL: none is known */
	const char	*config;		/* id of the config that is the file; NULL: it is none */
	const char	*unreadable;		/* why not all can be read, for people; NULL: all can */
};

/* What does not hold for Mola as it is (tbl/static_keys.h). */
struct static_key {
	const char	*path, *setting, *text;
	enum label_state state;
};
struct static_note {
	const char	*name, *value;		/* "entrypoints.web.http3" */
	const struct static_key *key;
};

struct traefik_static {
	const char	*owner;			/* the Swarm service; for people */
	bool		 swarm;			/* it takes its routers from the labels of Swarm's services */
	bool		 exposed_by_default;
	const char	*default_rule;		/* NULL: none is given; "": there is to be none */
	const char	*constraints;		/* NULL: none */
	const char	*network;		/* NULL: none */
	enum rule_syntax rule_syntax;		/* RULE_ANY: it is not said */
	const char	*unreadable;		/* NULL: all was read */
	struct traefik_entry_point *entry_point;
	unsigned	 nentry_points;
	struct static_note *note;
	unsigned	 nnotes;
};

/* `file` is the text of spec->file, with p NULL when there is none; `file_unreadable` says
 * why, NULL: it is there, or not needed. */
struct traefik_static	*traefik_static_read(struct arena *, const char *owner,
	    const struct traefik_spec *, struct str file, const char *file_unreadable);

/* static_keys.c: one setting, which may be nothing to note. */
void		static_keys_note(struct arena *, struct traefik_static *, const struct str *word,
		    unsigned n, struct str value);

/* flat_yaml.c: calls `fn` for the settings of a YAML file, one after the other, with the
 * words of a key's path and a value; items of a list have its path. False: `problem` says
 * why it is not understood. */
typedef void	flat_f(void *arg, const struct str *word, unsigned n, struct str value);
bool		flat_yaml(struct str text, flat_f *fn, void *arg, char problem[120]);

#endif
