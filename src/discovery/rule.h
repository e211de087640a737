/*
 * rule: Traefik's rules, as far as hosts and path prefixes go: Host(`a`, `b`),
 * PathPrefix(`/x`), &&, || and parentheses, made into a sum of products. What is not understood
 * stands for any request that it might match.
 */
#ifndef DISCOVERY_RULE_H
#define DISCOVERY_RULE_H

#include "base/arena.h"

#define RULE_TERMS_MAX	64
#define RULE_BYTES_MAX	4096

struct rule_term {
	const char	*host, *path;		/* as in discovery/route.h; NULL: any */
	bool		 partial;		/* the rule requires more than is understood: not to be served */
};

struct rule {
	struct rule_term term[RULE_TERMS_MAX];
	unsigned	 n;			/* 0: no request can match */
	char		 unsupported[120];	/* names of what is not understood, "" for none */
};

/* False: not a rule, or too large; `problem` says why. Texts are the arena's. */
bool	rule_parse(struct str, struct arena *, struct rule *, char problem[120]);
/* The same for routers of TCP: HostSNI(`a`, `b`), HostSNI(`*`) for any. */
bool	rule_parse_tcp(struct str, struct arena *, struct rule *, char problem[120]);

#endif
