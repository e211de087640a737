/*
 * rule: Traefik's rules: matchers with &&, ||, ! and parentheses. A rule becomes a sum of hosts and
 * paths by which the routing table finds it, and a condition where these are not all of it. Rules
 * of Traefik 2 are read, too, where they cannot mean anything else in Traefik 3.
 */
#ifndef DISCOVERY_RULE_H
#define DISCOVERY_RULE_H

#include "base/arena.h"
#include "world/condition.h"

#define RULE_TERMS_MAX	64
#define RULE_BYTES_MAX	4096
#define RULE_PROBLEM	120

/* Whose language it is; ANY: Traefik 3's, and what only Traefik 2 understands. */
enum rule_syntax { RULE_ANY, RULE_V3, RULE_V2 };

struct rule_term {
	const char	*host, *path;		/* as in discovery/route.h; NULL: any */
	bool		 whole;			/* the path is no prefix */
	bool		 partial;		/* the rule requires more than that: its condition */
};

struct rule_host {
	const char	*name;			/* as in a term */
	struct rule_host *next;
};

struct rule {
	struct rule_term term[RULE_TERMS_MAX];
	unsigned	 n;			/* 0: no request can match */
	/* NULL: the terms are all of the rule. Of what is not understood it holds. */
	const struct condition *condition;
	struct rule_host *hosts;		/* of all of its Host matchers, also those behind a ! */
	char		 unsupported[240];	/* names of what is not understood, "" for none */
};

/* False: not a rule; `problem` says why. Texts are the arena's. */
bool	rule_parse(struct str, enum rule_syntax, struct arena *, struct rule *,
	    char problem[RULE_PROBLEM]);
/* The same for routers of TCP: HostSNI(`a`, `b`), HostSNI(`*`) for any. There are no conditions:
 * what is partial is not understood. */
bool	rule_parse_tcp(struct str, struct arena *, struct rule *, char problem[RULE_PROBLEM]);

/* A priority as Traefik takes it: a whole number, at most INT64_MAX - 1000. */
bool	rule_priority(struct str, int64_t *);

#endif
