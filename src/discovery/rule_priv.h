/*
 * rule_priv: a rule while it is read: rule.c has the grammar, rule_leaf.c the matchers,
 * rule_regexp.c what is certain of regular expressions, rule_terms.c the sum. Private to these.
 */
#ifndef DISCOVERY_RULE_PRIV_H
#define DISCOVERY_RULE_PRIV_H

#include "discovery/rule.h"

#define ARGS_MAX	32
#define KEYS_MAX	2

/* A node of the condition, and of a test, which hosts and paths the requests that pass it have. */
struct rule_node {
	struct condition_node c;		/* first: the condition is made of these */
	struct rule_term key[KEYS_MAX];
	unsigned	 nkeys;			/* 0: any host and path, and that is not all of it */
	bool		 certain;		/* of CONDITION_ALWAYS: it is so, and not for want of understanding */
};

struct rule_parser {
	struct str	 rest;
	struct arena	*arena;
	char		*unsupported;		/* of struct rule */
	char		*problem;
	struct rule_host *hosts;		/* of struct rule */
	unsigned	 depth;
	enum rule_syntax syntax;
	bool		 tcp;			/* whose matchers are others */
	bool		 ended;			/* a line could end here, as in Go: nothing may follow it */
};

/* rule.c: false, and `problem` says why. */
bool	rule_reject(struct rule_parser *, const char *text);
/* What is not understood: it may match anything. The name goes into the list of such. */
struct rule_node *rule_unknown(struct rule_parser *, struct str name);
struct rule_node *rule_node_new(struct rule_parser *);

/* rule_leaf.c: one matcher; NULL: rejected. */
struct rule_node *rule_leaf(struct rule_parser *, struct str name, const struct str *arg,
    unsigned n);

/* rule_regexp.c: what each host that an expression matches ends with, "" for nothing certain; and
 * keys that each such host has one of, 0: it may have any. */
struct str	rule_host_end(struct arena *, struct str regexp);
unsigned	rule_host_keys(struct arena *, struct str regexp, struct rule_term key[KEYS_MAX]);
/* What each path that it matches begins with, at least "/"; NULL: it may begin with anything. */
const char	*rule_path_begin(struct arena *, struct str regexp);
/* Traefik 2's templates: "{name:regexp}" and "{name}" as an expression. */
bool		rule_has_template(struct str);
struct str	rule_template(struct arena *, struct str, bool host, bool prefix);

/* rule_terms.c */
void	rule_terms(const struct rule_node *, struct rule *);

#endif
