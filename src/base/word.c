/*
 * word: exact and near matches among a handful of known words.
 */
#include <stdio.h>
#include <string.h>

#include "base/bug.h"
#include "base/word.h"

#define LONGEST 64

int
word_place(struct str s, const char *const *words)
{
	for (int n = 0; words[n] != NULL; n++)
		if (str_eq(s, str_of(words[n])))
			return n;
	return -1;
}

/* Levenshtein's distance, one row at a time. Long words are far from everything. */
static unsigned
distance(struct str a, struct str b)
{
	unsigned row[LONGEST], diagonal, above, least;

	if (a.len >= LONGEST || b.len >= LONGEST)
		return LONGEST;
	for (unsigned j = 0; j <= b.len; j++)
		row[j] = j;
	for (unsigned i = 1; i <= a.len; i++) {
		diagonal = row[0];
		row[0] = i;
		for (unsigned j = 1; j <= b.len; j++) {
			above = row[j];
			least = above < row[j - 1] ? above : row[j - 1];
			row[j] = diagonal + (a.p[i - 1] != b.p[j - 1]);
			if (least + 1 < row[j])
				row[j] = least + 1;
			diagonal = above;
		}
	}
	return row[b.len];
}

/* Near: a letter wrong, and one more for every three. The first of the nearest. */
const char *
word_near(struct str s, const char *const *words)
{
	unsigned least = (unsigned)(s.len / 3) + 2, d;
	const char *best = NULL;

	for (; *words != NULL; words++) {
		d = distance(s, str_of(*words));
		if (d < least && d < strlen(*words)) {
			best = *words;
			least = d;
		}
	}
	return best;
}

const char *
word_all(const char *const *words, char *out, size_t cap)
{
	size_t len = 0;

	ASSERT(cap > 0);
	out[0] = '\0';
	for (int n = 0; words[n] != NULL && len < cap; n++)
		len += (size_t)snprintf(out + len, cap - len, "%s%s",
		    n == 0 ? "" : words[n + 1] == NULL ? " or " : ", ", words[n]);
	return out;
}
