/*
 * foreign_priv: what dialects have in common: the routes of a service, what is done to their
 * requests, and the labels that say so. Private to stack/.
 */
#ifndef STACK_FOREIGN_PRIV_H
#define STACK_FOREIGN_PRIV_H

#include "stack/foreign.h"

#define FOREIGN_ROUTES_MAX 32		/* of one service */

/* Kinds of middlewares in the order in which a request passes them, whatever the dialect. */
#define FOREIGN_KINDS(KIND)							\
	KIND(ipallowlist) KIND(redirectregex) KIND(headers) KIND(basicauth)	\
	KIND(digestauth) KIND(forwardauth) KIND(buffering) KIND(ratelimit)	\
	KIND(inflightreq) KIND(circuitbreaker) KIND(compress) KIND(stripprefix)	\
	KIND(addprefix) KIND(replacepath) KIND(replacepathregex)
enum foreign_kind {
#define KIND(name) FOREIGN_##name,
	FOREIGN_KINDS(KIND)
#undef KIND
	FOREIGN_KIND_COUNT
};

enum foreign_way { WAY_BOTH, WAY_PLAIN, WAY_TLS };

struct foreign_route {
	const char	*name;			/* among those of the service; "" for the only one */
	const char	*hosts;			/* as of mola.host; NULL: the rule says more */
	const char	*rule;			/* in Traefik 3's language */
	const char	*priority;		/* NULL: that of the rule */
	unsigned	 port;			/* 0: the only one that is published */
	const char	*scheme;		/* as of mola.scheme; NULL: http */
	enum foreign_way way;
	bool		 to_tls, to_tls_for_good;	/* plain requests are sent to https */
	bool		 acme;
	unsigned	 kinds;			/* bits: middlewares that were defined for it */
	const char	*chain;			/* their names, where the dialect has names; NULL: kinds */
};

struct foreign_reading {
	struct stack	*s;
	struct stack	*const *stack;		/* all of the Swarm's, that one included */
	unsigned	 nstacks;
	const struct stack_service *v;
	struct arena	*a;
	struct foreign	*out;
	struct foreign_route route[FOREIGN_ROUTES_MAX];
	unsigned	 nroutes;
	struct foreign_line *set;		/* labels of the service as a whole, and comments */
	unsigned	 nset;
	struct foreign_line *define;		/* labels of middlewares */
	unsigned	 ndefine;
};

/* One service, whichever dialect it has; `s` to `nstacks` are set. */
void	foreign_read(struct foreign_reading *, struct foreign *);

/* Why nothing is said of the service; `at` NULL: the whole of it. */
void	foreign_refuse(struct foreign_reading *, const struct stack_at *, const char *fmt, ...)
	    __attribute__((format(printf, 3, 4)));
/* What people have to know of it. */
void	foreign_note(struct foreign_reading *, const char *fmt, ...)
	    __attribute__((format(printf, 2, 3)));
/* A label of the service as a whole; the last of one name counts. */
void	foreign_set(struct foreign_reading *, const char *label, const char *value);
/* NULL: there are too many, and that is reported. */
struct foreign_route *foreign_route_add(struct foreign_reading *, const char *name);
/* Refuses routes whose names are one, as Mola's labels spell them. */
void	foreign_names_differ(struct foreign_reading *);
const char *foreign_kind_name(enum foreign_kind);	/* as in labels */
/* An option of the route's middleware of this kind; `at`: where its value stands. */
void	foreign_option(struct foreign_reading *, struct foreign_route *, enum foreign_kind,
	    const char *option, const char *value, const struct stack_at *at);
/* The name of the route's middleware of a kind, or of another one. */
const char *foreign_name(const struct foreign_reading *, const struct foreign_route *,
	    const char *what);
/* A line of a middleware that has its name already. */
void	foreign_define(struct foreign_reading *, const char *label, const char *value,
	    const struct stack_at *at);
/* "Host(`a`) || Host(`b`)" of texts that are separated by commas; NULL, and a problem, when one of
 * them cannot stand between backquotes. */
const char *foreign_matcher(struct foreign_reading *, const char *matcher, struct str texts,
	    const struct stack_at *at);
/* The expression that matches this text alone. */
const char *foreign_quoted(struct arena *, struct str);

/* foreign_write.c: the lines of all that was read. */
void	foreign_write(struct foreign_reading *);

/* The dialects: whether the service has labels or variables of theirs, and the reading of them.
 * `mine` gets the first. */
bool	foreign_is_traefik1(const struct stack *, const struct stack_service *, struct stack_at *mine);
void	foreign_read_traefik1(struct foreign_reading *);
bool	foreign_is_caddy(const struct stack *, const struct stack_service *, struct stack_at *mine);
void	foreign_read_caddy(struct foreign_reading *);
bool	foreign_is_nginx(const struct stack *, const struct stack_service *, struct stack_at *mine);
void	foreign_read_nginx(struct foreign_reading *);
bool	foreign_is_traefik3(const struct stack *, const struct stack_service *, struct stack_at *mine);
void	foreign_read_traefik3(struct foreign_reading *);

/* traefik1_entry.c: refuses what entry points of a Traefik 1 there may guard. */
void	foreign_check_entries_traefik1(struct foreign_reading *);

/* traefik1_rule.c: a rule of Traefik 1 into the route's, and into what it does to paths. */
void	foreign_rule_traefik1(struct foreign_reading *, struct foreign_route *,
	    const struct stack_pair *);

#endif
