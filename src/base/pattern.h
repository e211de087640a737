/*
 * pattern: regular expressions as Go writes them (RE2), in time linear in the text, whoever wrote
 * them. What is not understood is refused, never guessed: no look-around, no back references, no
 * \p classes. What comes of an expression is one block without pointers: the routing table has
 * such blocks, and workers walk them in place.
 */
#ifndef BASE_PATTERN_H
#define BASE_PATTERN_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/str.h"

#define PATTERN_MAX	512		/* bytes of an expression */
#define PATTERN_PROBLEM	120

#define PATTERN_GROUPS	32		/* that are kept, the whole match among them */

struct pattern;

struct buf;

struct pattern_names {			/* of groups, by number; empty: it has none */
	struct str	 name[PATTERN_GROUPS];
};

/* Lives in the arena. NULL: `problem` says what is not understood. */
const struct pattern	*pattern_parse(struct arena *, struct str, char problem[PATTERN_PROBLEM]);
/* The same for pattern_find and pattern_replace: its groups are kept. One with more is refused. */
const struct pattern	*pattern_parse_groups(struct arena *, struct str, struct pattern_names *,
			    char problem[PATTERN_PROBLEM]);
/* Whether it matches anywhere in the text, as Go's MatchString: ^ and $ tie it to the ends. */
bool			 pattern_match(const struct pattern *, struct str text);

enum pattern_found { PATTERN_NONE, PATTERN_FOUND, PATTERN_STARVED /* there is no memory */ };
/* The first match that begins at `from` or behind it, as Go's FindStringSubmatch. group[0] is all
 * of it; p NULL: the group has no part in it. */
enum pattern_found	 pattern_find(const struct pattern *, struct str text, size_t from,
			    struct str group[PATTERN_GROUPS]);
/* Each match replaced by what the template makes of it, as Go's ReplaceAllString ($1, ${name}).
 * False: it did not fit, there is no memory, or looking again and again would take too long. */
bool			 pattern_replace(const struct pattern *, const struct pattern_names *, struct str text,
			    struct str template, struct buf *out);
/* False: Go may read a name of a group in it that we do not. */
bool			 pattern_template_valid(struct str);

size_t			 pattern_bytes(const struct pattern *);
/* Whether foreign bytes, aligned to 4, are a pattern: then no match reads or writes beyond them. */
bool			 pattern_valid(const void *bytes, size_t len);

#endif
