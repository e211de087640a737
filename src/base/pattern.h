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

struct pattern;

/* Lives in the arena. NULL: `problem` says what is not understood. */
const struct pattern	*pattern_parse(struct arena *, struct str, char problem[PATTERN_PROBLEM]);
/* Whether it matches anywhere in the text, as Go's MatchString: ^ and $ tie it to the ends. */
bool			 pattern_match(const struct pattern *, struct str text);

size_t			 pattern_bytes(const struct pattern *);
/* Whether foreign bytes, aligned to 4, are a pattern: then no match reads or writes beyond them. */
bool			 pattern_valid(const void *bytes, size_t len);

#endif
