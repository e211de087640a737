/*
 * pattern: regular expressions as Go writes them (RE2), in time linear in the text, whoever wrote
 * them. What is not understood is refused, never guessed: no look-around, no back references, no
 * \p classes.
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

#endif
