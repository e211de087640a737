/*
 * traefik: what decides about a service's traefik.* labels besides these labels themselves:
 * what the operator configures (swarm.traefik in the configuration file), and what the Traefik
 * services of the same Swarm require. Values only; the texts are the caller's and stay for the
 * pass.
 */
#ifndef DISCOVERY_TRAEFIK_H
#define DISCOVERY_TRAEFIK_H

#include "base/str.h"
#include "discovery/rule.h"

struct traefik_names {
	const char	*const *name;
	unsigned	 n;
};

/* One entry point. Several Traefiks may have one of the same name: then there are several
 * rows, and the requirements of each apply. A name without a row is served when it is one of
 * the usual public ones: web, websecure, http, https. */
struct traefik_entry_point {
	const char	*name;			/* compared without case */
	bool		 served;		/* Mola's listeners stand for it */
	bool		 as_default;		/* asDefault: routers that name no entry point are on it */
	struct traefik_names middlewares;	/* such as auth@file, put before those of a router */
	const char	*redirect;		/* where it sends every request, such as websecure; NULL: nowhere */
	unsigned	 port;			/* of its address, 0: it is not known */
	unsigned	 redirect_port;		/* of https, where that is all of it; else 0 */
	bool		 redirect_temporary;
	bool		 tls;			/* it has TLS: so have its routers, whatever their labels say */
	const char	*tls_options;		/* NULL: none */
	/* whose X-Forwarded-... it believes, and whose headers of the PROXY protocol it takes */
	struct traefik_names trusted, proxies;
	bool		 trusts_all, proxies_all;
	bool		 wider;			/* clients.trusted has others, too: found by the pass */
	bool		 semicolons;		/* in queries are encoded before rules are asked */
	bool		 orders;		/* it has a certResolver: routers without TLS of their own have it, too */
	const char	*unreadable;		/* what of its configuration cannot be read, for people; NULL: nothing */
	const char	*owner;			/* its Traefik service, for people; NULL: the operator configured it */
};

struct traefik_rules {
	bool		 enable;		/* traefik.* labels are read at all */
	bool		 exposed_by_default;	/* services need no traefik.enable=true */
	bool		 exposed_unknown;	/* they do here, as what cannot be read may require it */
	const char	*default_rule;		/* of routers without a rule; NULL: none is known, "": there is none */
	const char	*network;		/* on which tasks are reached before others; NULL: on none */
	struct traefik_names ignore_middlewares; /* by exact name: left out for all routers */
	enum rule_syntax rule_syntax;		/* of routers that do not say theirs; RULE_ANY: nobody says it */
	const struct traefik_entry_point *entry_point;
	unsigned	 nentry_points;
	/* What of a Traefik's configuration cannot be read, for people: routers on entry points without
	 * a row are not served; NULL: nothing. */
	const char	*unreadable;
};

/* Traefik's own default rule, where nobody sets another. */
#define TRAEFIK_DEFAULT_RULE	"Host(`{{ normalize .Name }}`)"

/* Nothing is configured: labels are read, nothing is ignored, the usual public entry points
 * are served. */
extern const struct traefik_rules traefik_rules_default;

/* The usual public entry points: where nothing else is known, Mola's listeners stand for them. */
#define TRAEFIK_USUAL	4
extern const char *const traefik_usual[TRAEFIK_USUAL];
bool	traefik_is_usual(struct str entry_point);	/* without case */

#endif
