/*
 * rule: Traefik's rules, as far as a host and a path prefix go: Host(`a`, `b`), PathPrefix(`/x`), &&, || and
 * parentheses, made into a sum of products.
 */
#ifndef DISCOVERY_RULE_H
#define DISCOVERY_RULE_H

#include "base/arena.h"

#define RULE_TERMS_MAX	64
#define RULE_BYTES_MAX	4096

struct rule_term {
	const char	*host, *path;		/* NULL: any */
};

struct rule {
	struct rule_term term[RULE_TERMS_MAX];
	unsigned	 n;			/* 0: nothing of it can be served */
	char		 strange[120];		/* names of what is not understood, "" for none; what depends on it is left out */
};

/* False: not a rule, or too large; `problem` says why. Texts are the arena's. */
bool	rule_parse(struct str, struct arena *, struct rule *, char problem[120]);

#endif
