/*
 * media_type: what Go's mime.ParseMediaType makes of a Content-Type. Its parameters have to be
 * readable, or all of it is not; nobody asks for their values.
 */
#include <string.h>

#include "base/bug.h"
#include "world/filter.h"

static bool
is_token_char(char c)
{
	return c > ' ' && c < 0x7f && strchr("()<>@,;:\\\"/[]?=", c) == NULL;
}

static size_t
token_len(struct str s)
{
	size_t n = 0;

	while (n < s.len && is_token_char(s.p[n]))
		n++;
	return n;
}

static void
skip(struct str *s, size_t n)
{
	ASSERT(n <= s->len);
	s->p += n;
	s->len -= n;
}

static void
skip_blanks(struct str *s)
{
	while (s->len > 0 && strchr(" \t", s->p[0]) != NULL)
		skip(s, 1);
}

/* The length of a quoted string with its quotes; 0: it is none. */
static size_t
quoted_len(struct str s)
{
	for (size_t i = 1; i < s.len; i++) {
		if (s.p[i] == '"')
			return i + 1;
		if (s.p[i] == '\\')
			i++;
	}
	return 0;
}

/* A token, or with a slash two. */
static bool
is_type(struct str s)
{
	size_t n = token_len(s);

	if (n == 0 || n == s.len)
		return n > 0;
	if (s.p[n] != '/')
		return false;
	skip(&s, n + 1);
	return s.len > 0 && token_len(s) == s.len;
}

/* ";name=value" and so on; a semicolon may end them. */
static bool
are_parameters(struct str s)
{
	for (;;) {
		size_t n;
		skip_blanks(&s);
		if (s.len == 0)
			return true;
		if (s.p[0] != ';')
			return false;
		skip(&s, 1);
		skip_blanks(&s);
		if (s.len == 0)
			return true;
		if ((n = token_len(s)) == 0)
			return false;
		skip(&s, n);
		skip_blanks(&s);
		if (s.len == 0 || s.p[0] != '=')
			return false;
		skip(&s, 1);
		skip_blanks(&s);
		n = s.len > 0 && s.p[0] == '"' ? quoted_len(s) : token_len(s);
		if (n == 0)
			return false;
		skip(&s, n);
	}
}

bool
media_type_parse(struct str s, char type[MEDIA_TYPE_MAX])
{
	struct str rest = s, base = STR("");
	size_t before = 0;

	if (str_split(&rest, ';', &base))
		before = base.len;
	base = str_trim(base);
	type[0] = '\0';
	if (base.len >= MEDIA_TYPE_MAX || !is_type(base))
		return false;
	for (size_t i = 0; i <= base.len; i++) {
		char c = i < base.len ? base.p[i] : '\0';
		type[i] = c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
	}
	s = (struct str){ s.p + before, s.len - before };
	return are_parameters(s);
}
