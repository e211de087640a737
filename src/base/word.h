/*
 * word: a word among the few that are known. For keys, values and verbs that people type.
 */
#ifndef BASE_WORD_H
#define BASE_WORD_H

#include "base/str.h"

/* `words` end with NULL. */
int		 word_place(struct str, const char *const *words);	/* -1 when it is none of them */
/* the one that may have been meant, or NULL */
const char	*word_near(struct str, const char *const *words);
/* "a, b or c", cut to fit. */
const char	*word_all(const char *const *words, char *out, size_t cap);

#endif
