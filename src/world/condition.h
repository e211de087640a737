/*
 * condition: what a rule asks of a request beyond what finds its route in the table, as a program
 * of tests. Each test leads on to a later one, or to the end: so that a program ends whatever it
 * says, without a stack. It is one block without pointers, which the brain makes, the table has,
 * and workers walk in place.
 */
#ifndef WORLD_CONDITION_H
#define WORLD_CONDITION_H

#include "base/arena.h"
#include "base/str.h"

enum matcher {
#define MATCHER(id, ...) MATCHER_##id,
#include "tbl/matchers.h"
#undef MATCHER
	MATCHER_COUNT
};

/* What may be looked at of a request: as it was sent, but for `path` and `host`. */
struct request_view {
	struct str	 host;			/* without a port; any case */
	struct str	 path;
	struct str	 method, query;
	bool		 tls;			/* it came by TLS */
	bool		 tls_said;		/* it came in plain from a trusted proxy, to which it came by TLS */
	struct str	 listener;		/* by which it came; empty: none that is known */
	const uint8_t	*client;		/* its address, 16 bytes; IPv4 is mapped */
	/* the value of its nth field of this name, in any case; false: there are no more */
	bool		(*field)(const void *arg, struct str name, unsigned nth, struct str *value);
	const void	*arg;
};

/* A rule as a tree, to make a program of. */
struct condition_node {
	enum { CONDITION_TEST, CONDITION_AND, CONDITION_OR, CONDITION_ALWAYS } kind;
	bool		 not;			/* of a test, and of ALWAYS */
	enum matcher	 matcher;
	/*
	 * By the matcher: `name` of a field or of a part of the query; `value` to compare with: hosts in
	 * lower case ("+.org" for one label more), methods in upper case, CONDITION_NET_BYTES of a
	 * network, or a pattern's bytes, whose `name` may be what each host that it matches ends with.
	 */
	struct str	 name, value;
	const struct condition_node *left, *right;
};

#define CONDITION_NET_BYTES	17		/* an address of 16 bytes, and how many bits of it count */

struct condition;

/* Lives in the arena. NULL: it is too large. */
const struct condition	*condition_make(struct arena *, const struct condition_node *);
size_t			 condition_bytes(const struct condition *);
/* Whether foreign bytes, aligned to 4, are a condition: then no request leads outside of them. */
bool			 condition_valid(const void *bytes, size_t len);
/* `host` and `path` stand for those of the request: lower case, and as route_path makes it. */
bool			 condition_holds(const struct condition *, const struct request_view *,
			    struct str host, struct str path);

#endif
