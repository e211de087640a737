/*
 * filter: what a middleware becomes: its options as values, and the chain of them that a route has.
 * A chain travels as one line of text, in the table and through the world; filter_chain_parse is
 * the one reader of it, so that what discovery has accepted is what workers run.
 */
#ifndef WORLD_FILTER_H
#define WORLD_FILTER_H

#include "base/arena.h"
#include "base/pattern.h"
#include "world/breaker_rule.h"

#define FILTERS_MAX	32		/* of one chain */
#define FILTER_SETTINGS_MAX 256		/* of one filter */
#define FILTER_PROBLEM	240

enum filter_kind {
#define FILTER(kind, ...) FILTER_##kind,
#include "tbl/filters.h"
	FILTER_KINDS
};

struct filter_texts {
	struct str	*item;
	unsigned	 n;
};

struct filter_patterns {
	const struct pattern **item;
	unsigned	 n;
};

struct filter_pattern {
	const struct pattern *of;	/* NULL: none is given */
	const struct pattern_names *names;
};

struct filter_pair {
	struct str	 name, value;
};

struct filter_pairs {
	struct filter_pair *item;
	unsigned	 n;
};

struct filter_net {
	uint8_t		 ip[16];	/* v4 as v4-mapped */
	unsigned	 bits;		/* of the 128 */
	bool		 v4;		/* no other address is in it, nor is one of v4 in another */
};

struct filter_nets {
	struct filter_net *item;
	unsigned	 n;
};

/* What an option of each type is in C. */
#define FILTER_TEXT	struct str
#define FILTER_TEXTS	struct filter_texts
#define FILTER_PATTERNS	struct filter_patterns
#define FILTER_PATTERN	struct filter_pattern
#define FILTER_TEMPLATE	struct str
#define FILTER_PAIRS	struct filter_pairs
#define FILTER_NETS	struct filter_nets
#define FILTER_SWITCH	bool
#define FILTER_COUNT	int64_t
#define FILTER_DURATION	int64_t
#define FILTER_BREAKER	const struct breaker_rule *

/* struct filter_headers, and so on: the options of each kind. */
#define FILTER(kind, field, ...) struct filter_##field {
#define OPTION(type, field, ...) FILTER_##type field;
#define FILTER_END(...) };
#include "tbl/filters.h"

struct filter {
	enum filter_kind kind;
	struct str	 name;		/* of its middleware, for people */
	union {
#define FILTER(kind, field, ...) struct filter_##field field;
#include "tbl/filters.h"
	} of;
};

struct filter_chain {
	unsigned	 n;
	bool		 guards;	/* one of them does */
	struct filter	 filter[];
};

/* What a filter made of a request, as it is counted. */
enum filter_outcome {
	FILTER_PASSED,
	FILTER_RESPONDED,	/* with a status below 400: a redirection, a preflight's response */
	FILTER_REFUSED,		/* with another one */
	FILTER_WAITED,		/* before any of these */
	FILTER_OUTCOMES
};

struct filter_setting {		/* as a label: "customRequestHeaders.X-One" and its value */
	struct str	 path, value;
};

const char	*filter_kind_name(enum filter_kind);	/* as in labels: "stripprefix" */
bool		 filter_kind_parse(struct str, enum filter_kind *);	/* without case */
bool		 filter_kind_guards(enum filter_kind);

/* Reads a middleware; texts and patterns are the arena's. False: `problem` names the option, and
 * what was expected. */
bool		 filter_read(struct arena *, enum filter_kind, const struct filter_setting *, unsigned n,
		    struct filter *, char problem[FILTER_PROBLEM]);

/* Whether an option is a switch that this value turns off, or a number that is 0. */
bool		 filter_option_is_off(enum filter_kind, struct str path, struct str value);

/* "404" or "500-599"; of one that filter_read has accepted. */
bool		 filter_status_in(struct str range, int status);

/* The media type of a Content-Type, in lower case, as Go's mime.ParseMediaType reads it. False: it
 * cannot be read; `type` is what stands there as far as it can, maybe empty. */
#define MEDIA_TYPE_MAX	128
bool		 media_type_parse(struct str, char type[MEDIA_TYPE_MAX]);

/* What states where a message ends, or belongs to its connection, is nobody's to change; with '_'
 * for '-', too. */
bool		 filter_is_framing(struct str name);

/* An address as text, v4 as v4-mapped; false: it is none. */
bool		 filter_ip_parse(struct str, uint8_t ip[16]);
bool		 filter_nets_have(const struct filter_nets *, const uint8_t ip[16]);
void		 filter_ip_mask(uint8_t ip[16], unsigned bits);

/* The text of a chain: "" has none. `chain` and one more; the settings must be such as filter_read
 * accepts. NULL: the chain is full, or too long. */
char		*filter_chain_add(struct arena *, const char *chain, struct str name, enum filter_kind,
		    const struct filter_setting *, unsigned n);
/* NULL: it is no chain of at least one filter. */
const struct filter_chain *filter_chain_parse(struct arena *, struct str text);
/* Takes the first filter off the text of a chain: what people may see of it. False: it has none. */
bool		 filter_chain_next(struct str *text, struct str *name, struct str *kind);

#endif
