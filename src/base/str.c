#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/alloc.h"
#include "base/bug.h"
#include "base/str.h"

struct str
str_of(const char *s)
{
	return (struct str){ s, s == NULL ? 0 : strlen(s) };
}

static char
lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

bool
bytes_eq_nocase(const char *a, const char *b, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (lower(a[i]) != lower(b[i]))
			return false;
	return true;
}

bool
str_starts(struct str s, struct str prefix)
{
	return s.len >= prefix.len && str_eq((struct str){ s.p, prefix.len }, prefix);
}

/* The last `len` bytes of a slice that has so many. */
static struct str
str_tail(struct str s, size_t len)
{
	ASSERT(s.len >= len);
	return (struct str){ s.p + (s.len - len), len };
}

bool
str_ends(struct str s, struct str suffix)
{
	return s.len >= suffix.len && str_eq(str_tail(s, suffix.len), suffix);
}

bool
str_ends_nocase(struct str s, struct str suffix)
{
	return s.len >= suffix.len && str_eq_nocase(str_tail(s, suffix.len), suffix);
}

struct str
str_trim(struct str s)
{
	while (s.len > 0 && (*s.p == ' ' || *s.p == '\t'))
		s.p++, s.len--;
	while (s.len > 0 && (s.p[s.len - 1] == ' ' || s.p[s.len - 1] == '\t'))
		s.len--;
	return s;
}

bool
str_split(struct str *rest, char sep, struct str *part)
{
	const char *at;

	if (rest->p == NULL)
		return false;
	at = rest->len == 0 ? NULL : memchr(rest->p, sep, rest->len);
	if (at == NULL) {
		*part = *rest;
		*rest = (struct str){ NULL, 0 };
		return true;
	}
	*part = (struct str){ rest->p, (size_t)(at - rest->p) };
	ASSERT(part->len < rest->len);
	rest->len -= part->len + 1;
	rest->p = at + 1;
	return true;
}

bool
str_split_last(struct str *rest, char sep, struct str *part)
{
	size_t at = rest->len;

	if (rest->p == NULL)
		return false;
	while (at > 0 && rest->p[at - 1] != sep)
		at--;
	*part = (struct str){ rest->p + at, rest->len - at };
	*rest = at == 0 ? (struct str){ NULL, 0 } : (struct str){ rest->p, at - 1 };
	return true;
}

bool
str_to_u64(struct str s, uint64_t *out)
{
	uint64_t v = 0;

	if (s.len == 0)
		return false;
	for (size_t i = 0; i < s.len; i++) {
		unsigned d = (unsigned)(s.p[i] - '0');
		if (d > 9 || v > (UINT64_MAX - d) / 10)
			return false;
		v = v * 10 + d;
	}
	*out = v;
	return true;
}

bool
str_to_double(struct str s, double *out)
{
	char copy[64], *end;
	double v;

	/* strtod would skip it */
	if (s.len == 0 || s.len >= sizeof copy || isspace((unsigned char)s.p[0]))
		return false;
	str_copy(copy, sizeof copy, s);
	v = strtod(copy, &end);
	if (end != copy + s.len)
		return false;
	*out = v;
	return true;
}

size_t
str_copy(char *dst, size_t cap, struct str s)
{
	size_t n = s.len < cap ? s.len : cap - 1;

	ASSERT(cap > 0);
	if (n > 0)
		memcpy(dst, s.p, n);
	dst[n] = '\0';
	return n;
}

char *
str_dup(struct str s)
{
	char *copy = must_alloc(s.len + 1);

	str_copy(copy, s.len + 1, s);
	return copy;
}

/* Both halves of the product, of 128 bits, one xor the other. */
static uint64_t
fold(uint64_t a, uint64_t b)
{
#ifdef __SIZEOF_INT128__
	unsigned __int128 p = (unsigned __int128)a * b;

	return (uint64_t)p ^ (uint64_t)(p >> 64);
#else			/* machines of 32 bits: in four products, as in long multiplication */
	uint64_t al = (uint32_t)a, ah = a >> 32, bl = (uint32_t)b, bh = b >> 32;
	uint64_t ll = al * bl, lh = al * bh, hl = ah * bl, hh = ah * bh;
	uint64_t middle = (ll >> 32) + (uint32_t)lh + (uint32_t)hl;
	uint64_t low = (uint32_t)ll | (middle << 32);

	return low ^ (hh + (lh >> 32) + (hl >> 32) + (middle >> 32));
#endif
}

static const uint64_t odd = 0x9e3779b97f4a7c15u;

/*
 * Eight bytes at a time, each multiplied into what came before (the step of wyhash), with a random
 * start, so that clients cannot choose colliding keys beforehand.
 */
uint64_t
str_hash(struct str s)
{
	static uint64_t seed;

	if (seed == 0) {
		if (getrandom(&seed, sizeof seed, GRND_NONBLOCK) != sizeof seed)
			seed = odd;
		seed |= 1;
	}
	return str_hash_from(seed, s);
}

uint64_t
str_hash_from(uint64_t seed, struct str s)
{
	uint64_t h = seed ^ s.len, word;
	size_t i = 0;

	for (; s.len - i >= sizeof word; i += sizeof word) {
		memcpy(&word, s.p + i, sizeof word);
		h = fold(h ^ word, odd);
	}
	word = 0;
	if (i < s.len)
		memcpy(&word, s.p + i, s.len - i);
	return fold(h ^ word, odd);
}
