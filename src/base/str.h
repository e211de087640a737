/*
 * str: a slice of bytes that are owned elsewhere, and not NUL-terminated by promise.
 */
#ifndef BASE_STR_H
#define BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct str {
	const char	*p;
	size_t		 len;
};

#define STR(literal) ((struct str){ (literal), sizeof(literal) - 1 })
#define STR_ARG(s) (int)(s).len, (s).p			/* for "%.*s" */

struct str	str_of(const char *nul_terminated);	/* NULL gives the empty slice */
bool		bytes_eq_nocase(const char *, const char *, size_t len);

/* These are called a hundred times for a request, and mostly the lengths differ. */
static inline bool
str_eq(struct str a, struct str b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.p, b.p, a.len) == 0);
}

static inline bool
str_eq_nocase(struct str a, struct str b)	/* ASCII only */
{
	return a.len == b.len && bytes_eq_nocase(a.p, b.p, a.len);
}

bool		str_starts(struct str, struct str prefix);
bool		str_ends(struct str, struct str suffix);
bool		str_ends_nocase(struct str, struct str suffix);	/* ASCII only */
struct str	str_trim(struct str);			/* spaces and tabs, both ends */
/* Takes what is before `sep` off the front of `rest`; false when `rest` is spent. */
bool		str_split(struct str *rest, char sep, struct str *part);
/* The same from the end: what is behind the last `sep`. */
bool		str_split_last(struct str *rest, char sep, struct str *part);
bool		str_to_u64(struct str, uint64_t *out);	/* decimal digits only, no overflow */
bool		str_to_double(struct str, double *out);	/* the whole slice, finite or not */
/* NUL-terminated, truncated; returns its length */
size_t		str_copy(char *dst, size_t cap, struct str);
char		*str_dup(struct str);			/* NUL-terminated, the caller frees */
uint64_t	str_hash(struct str);			/* seeded once per process: not for storage */
uint64_t	str_hash_from(uint64_t seed, struct str);	/* for what processes share */

#endif
