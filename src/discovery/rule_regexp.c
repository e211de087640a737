/*
 * rule_regexp: what is certain of all that a regular expression matches, without a look at its
 * program: never less than it matches, often more.
 */
#include <ctype.h>
#include <string.h>

#include "base/bug.h"
#include "base/form.h"
#include "discovery/rule_priv.h"

/* The literal text before a '$' at the end, in `out`, and the beginning of it in `s`; 0: nothing is
 * certain. A dot is any character unless it is escaped; flags may change what a letter is. */
static size_t
literal_end(struct str s, char *out, size_t *begin)
{
	size_t at = s.len - 1, n = 0;

	if (s.len < 2 || s.p[at] != '$' || s.p[at - 1] == '\\' || memchr(s.p, '|', s.len) != NULL)
		return 0;
	for (size_t i = 0; i + 2 < s.len; i++)
		if (s.p[i] == '(' && s.p[i + 1] == '?' && strchr(":P<", s.p[i + 2]) == NULL)
			return 0;
	while (at > 0) {
		char c = s.p[at - 1];
		bool escaped = at > 1 && s.p[at - 2] == '\\', dot = c == '.' && escaped;
		if (!dot && (escaped || !(islower((unsigned char)c) || isdigit((unsigned char)c) || c == '-')))
			break;
		if (escaped && at > 2 && s.p[at - 3] == '\\')
			break;				/* who knows what is escaped here */
		out[n++] = c;
		at -= 1 + escaped;
	}
	for (size_t i = 0; i < n / 2; i++) {
		char c = out[i];
		out[i] = out[n - 1 - i];
		out[n - 1 - i] = c;
	}
	*begin = at;
	return n;
}

struct str
rule_host_end(struct arena *a, struct str regexp)
{
	char *out = arena_zalloc(a, regexp.len + 1);
	size_t begin;

	return (struct str){ out, regexp.len == 0 ? 0 : literal_end(regexp, out, &begin) };
}

/* "^(...\.)?": one optional group that ends with a dot, and nothing else. */
static bool
is_one_option(struct str s)
{
	struct str inner = s.len < 6 ? STR("") : (struct str){ s.p + 2, s.len - 6 };

	return s.len > 6 && str_starts(s, STR("^(")) && str_ends(s, STR("\\.)?")) &&
	    s.p[s.len - 5] != '\\' && memchr(inner.p, '(', inner.len) == NULL &&
	    memchr(inner.p, ')', inner.len) == NULL && memchr(inner.p, '[', inner.len) == NULL;
}

/* A host that ends so has "*" and what begins with the first dot; or it is the text itself, or that
 * behind a dot, where nothing else may come before it. */
unsigned
rule_host_keys(struct arena *a, struct str regexp, struct rule_term key[KEYS_MAX])
{
	char *end = arena_zalloc(a, regexp.len + 1), *dot;
	struct str before;
	size_t begin, n;

	if (regexp.len == 0 || (n = literal_end(regexp, end, &begin)) == 0 || end[n - 1] == '.')
		return 0;
	before = (struct str){ regexp.p, begin };
	dot = strchr(end, '.');
	if (form_host(str_of(end), false) && (str_eq(before, STR("^")) || is_one_option(before))) {
		key[0] = (struct rule_term){ .host = end, .partial = true };
		key[1] = (struct rule_term){ .host = arena_printf(a, "*.%s", end), .partial = true };
		return before.len == 1 ? 1 : 2;
	}
	if (dot == NULL || !form_host(str_of(dot + 1), false))
		return 0;
	key[0] = (struct rule_term){ .host = arena_printf(a, "*%s", dot), .partial = true };
	return 1;
}

static bool
is_literal(char c)
{
	return isalnum((unsigned char)c) || (c != '\0' && strchr("/_-~", c) != NULL);
}

/* An alternative may begin otherwise; what a repetition follows may be missing. */
const char *
rule_path_begin(struct arena *a, struct str s)
{
	size_t n = 1;

	if (s.len < 2 || s.p[0] != '^' || s.p[1] != '/' || memchr(s.p, '|', s.len) != NULL)
		return NULL;
	while (n < s.len && is_literal(s.p[n]))
		n++;
	if (n < s.len && strchr("?*{", s.p[n]) != NULL)
		n--;
	return n < 2 ? NULL : arena_text(a, (struct str){ s.p + 1, n - 1 });
}

/* ---- templates ---- */

/* The '}' that closes the brace before it; NULL: none does. */
static const char *
brace_end(struct str s)
{
	unsigned depth = 1;

	for (size_t i = 0; i < s.len; i++)
		if (s.p[i] == '{')
			depth++;
		else if (s.p[i] == '}' && --depth == 0)
			return s.p + i;
	return NULL;
}

bool
rule_has_template(struct str s)
{
	for (size_t i = 0; i < s.len; i++) {
		size_t k = i + 1;
		if (s.p[i] != '{')
			continue;
		while (k < s.len && (isalnum((unsigned char)s.p[k]) || s.p[k] == '_' || s.p[k] == '-'))
			k++;
		if (k < s.len && k > i + 1 && s.p[k] == ':' && !isdigit((unsigned char)s.p[i + 1]))
			return true;
	}
	return false;
}

static size_t
put_quoted(char *out, struct str s, bool host)
{
	size_t n = 0;

	for (size_t i = 0; i < s.len; i++) {
		if (!isalnum((unsigned char)s.p[i]) && (unsigned char)s.p[i] < 0x80)
			out[n++] = '\\';
		out[n++] = host ? (char)tolower((unsigned char)s.p[i]) : s.p[i];
	}
	return n;
}

/* p NULL: a brace that nothing closes. */
struct str
rule_template(struct arena *a, struct str s, bool host, bool prefix)
{
	char *out = arena_zalloc(a, 10 * s.len + 16);
	size_t n = 0;

	out[n++] = '^';
	while (s.len > 0) {
		const char *open = memchr(s.p, '{', s.len), *end, *colon;
		size_t len = open == NULL ? s.len : (size_t)(open - s.p);
		struct str inner;
		n += put_quoted(out + n, (struct str){ s.p, len }, host);
		s = (struct str){ s.p + len, s.len - len };
		if (open == NULL)
			break;
		s = (struct str){ s.p + 1, s.len - 1 };
		if ((end = brace_end(s)) == NULL)
			return (struct str){ NULL, 0 };
		inner = (struct str){ s.p, (size_t)(end - s.p) };
		colon = memchr(inner.p, ':', inner.len);
		inner = colon == NULL ? host ? STR("[^.]+") : STR("[^/]+") :
		    (struct str){ colon + 1, (size_t)(end - colon - 1) };
		out[n++] = '(';
		memcpy(out + n, inner.p, inner.len);
		n += inner.len;
		out[n++] = ')';
		s = (struct str){ end + 1, s.len - (size_t)(end + 1 - s.p) };
	}
	if (!prefix)
		out[n++] = '$';
	return (struct str){ out, n };
}
