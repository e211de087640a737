/*
 * rule: a small recursive descent. What is not understood may match anything, and marks its
 * terms as partial: with && it marks those that it is multiplied with, with || only its own. So
 * both are known: what may be served, and what must not fall to another router; and neither is
 * too little.
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/bug.h"
#include "base/form.h"
#include "discovery/route.h"
#include "discovery/rule.h"

#define DEPTH_MAX	16
#define ARGS_MAX	32

struct rule_terms {
	struct rule_term term[RULE_TERMS_MAX];
	unsigned	 n;
};

struct rule_parser {
	struct str	 rest;
	struct arena	*arena;
	char		*unsupported;	/* of struct rule */
	char		*problem;
	unsigned	 depth;
	bool		 tcp;		/* whose matchers are others */
	bool		 escaped;	/* the matcher being read has an escape that is not understood */
};

static bool	read_or(struct rule_parser *, struct rule_terms *);

_Static_assert(2 * ARGS_MAX <= RULE_TERMS_MAX, "a matcher makes two terms of a text at most");

static void
term_add(struct rule_terms *t, struct rule_term term)
{
	ASSERT(t->n < RULE_TERMS_MAX);
	t->term[t->n++] = term;
}

static bool
reject(struct rule_parser *r, const char *text)
{
	snprintf(r->problem, 120, "%s", text);
	return false;
}

static void
advance(struct rule_parser *r, size_t n)
{
	ASSERT(n <= r->rest.len);
	r->rest = (struct str){ r->rest.p + n, r->rest.len - n };
}

static void
skip_blanks(struct rule_parser *r)
{
	while (r->rest.len > 0 && isspace((unsigned char)*r->rest.p))
		advance(r, 1);
}

static bool
take_token(struct rule_parser *r, struct str token)
{
	skip_blanks(r);
	if (!str_starts(r->rest, token))
		return false;
	advance(r, token.len);
	return true;
}

/* Each name once, in a list with commas. */
static void
unsupported_add(struct rule_parser *r, struct str name)
{
	size_t len = strlen(r->unsupported), cap = sizeof ((struct rule *)0)->unsupported;
	char text[40];

	str_copy(text, sizeof text, name);
	if (strstr(r->unsupported, text) == NULL && len + strlen(text) + 3 < cap)
		snprintf(r->unsupported + len, cap - len, "%s%s", len > 0 ? ", " : "", text);
}

/* ---- sums and products ---- */

static bool
terms_add(struct rule_parser *r, struct rule_terms *to, const struct rule_terms *with)
{
	ASSERT(to->n <= RULE_TERMS_MAX && with->n <= RULE_TERMS_MAX);
	if (to->n + with->n > RULE_TERMS_MAX)
		return reject(r, "more than 64 alternatives");
	memcpy(to->term + to->n, with->term, with->n * sizeof *with->term);
	to->n += with->n;
	return true;
}

/* False: nothing is both. */
static bool
term_intersect(const struct rule_term *a, const struct rule_term *b, struct rule_term *out)
{
	struct rule_term t = { .partial = a->partial || b->partial };

	if (!route_host_intersect(a->host, b->host, &t.host) || !route_path_intersect(a->path,
	    b->path, &t.path))
		return false;
	*out = t;
	return true;
}

static bool
terms_multiply(struct rule_parser *r, struct rule_terms *to, const struct rule_terms *with)
{
	struct rule_terms out = { .n = 0 };
	struct rule_term t;

	for (unsigned i = 0; i < to->n; i++)
		for (unsigned k = 0; k < with->n; k++) {
			if (!term_intersect(&to->term[i], &with->term[k], &t))
				continue;
			if (out.n == RULE_TERMS_MAX)
				return reject(r, "more than 64 alternatives");
			term_add(&out, t);
		}
	*to = out;
	return true;
}

/* ---- matchers ---- */

/* The closing double quote; `s` begins after the opening one. NULL: there is none. */
static const char *
quote_end(struct str s)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.p[i] == '"')
			return s.p + i;
		else if (s.p[i] == '\\')
			i++;
	return NULL;
}

/* Go's escapes; of all of them, only that of the backslash itself and that of the quote are
 * understood. */
static struct str
unescape(struct rule_parser *r, struct str s)
{
	char *copy = arena_zalloc(r->arena, s.len + 1);
	size_t n = 0;

	for (size_t i = 0; i < s.len; i++) {
		if (s.p[i] == '\\') {
			ASSERT(i + 1 < s.len);		/* quote_end does not stop at an escaped quote */
			i++;
			r->escaped |= s.p[i] != '\\' && s.p[i] != '"';
		}
		copy[n++] = s.p[i];
	}
	return (struct str){ copy, n };
}

/* `text` or "text". */
static bool
read_quoted(struct rule_parser *r, struct str *out)
{
	const char *end;
	char quote;

	skip_blanks(r);
	if (r->rest.len == 0 || (*r->rest.p != '`' && *r->rest.p != '"'))
		return reject(r, "expected a text between backquotes");
	quote = *r->rest.p;
	advance(r, 1);
	end = quote == '`' ? memchr(r->rest.p, quote, r->rest.len) : quote_end(r->rest);
	if (end == NULL)
		return reject(r, "a text has no closing quote");
	*out = (struct str){ r->rest.p, (size_t)(end - r->rest.p) };
	advance(r, out->len + 1);
	if (quote == '"' && memchr(out->p, '\\', out->len) != NULL)
		*out = unescape(r, *out);
	return true;
}

static bool
read_args(struct rule_parser *r, struct str *arg, unsigned *n)
{
	*n = 0;
	if (!take_token(r, STR("(")))
		return reject(r, "expected '(' after a name");
	if (take_token(r, STR(")")))
		return true;
	do {
		if (*n == ARGS_MAX)
			return reject(r, "more than 32 texts in one matcher");
		if (!read_quoted(r, &arg[(*n)++]))
			return false;
	} while (take_token(r, STR(",")));
	return take_token(r, STR(")")) || reject(r, "expected ')' or ','");
}

static char *
lower(struct arena *a, struct str s)
{
	char *copy = arena_text(a, s);

	for (char *c = copy; *c != '\0'; c++)
		*c = (char)tolower((unsigned char)*c);
	return copy;
}

/* Host(`*.example.org`) is for one label, since Traefik 3.7. A dot at the end has no
 * meaning, neither here nor in a request. */
static bool
read_hosts(struct rule_parser *r, const struct str *arg, unsigned n, struct rule_terms *out)
{
	for (unsigned i = 0; i < n; i++) {
		bool dot = arg[i].len > 1 && arg[i].p[arg[i].len - 1] == '.';
		struct str name = { arg[i].p, arg[i].len - dot };
		char *host = lower(r->arena, name);
		if (!form_host(name, true))
			return reject(r, "Host holds something that is not a host name");
		if (host[0] == '*')
			host[0] = '+';
		term_add(out, (struct rule_term){ .host = host });
	}
	return true;
}

static bool
is_plain_path(struct str s)
{
	for (size_t i = 0; i < s.len; i++)
		if (!isalnum((unsigned char)s.p[i]) && (s.p[i] == '\0' || strchr("/_-.~", s.p[i]) == NULL))
			return false;
	return true;
}

/* Whole paths (Path) are no prefixes, and a path with braces or '%' is not compared as it is
 * spelled. */
static bool
read_paths(struct rule_parser *r, struct str name, const struct str *arg, unsigned n,
    struct rule_terms *out)
{
	bool prefix = str_eq_nocase(name, STR("PathPrefix"));

	if (!prefix)
		unsupported_add(r, name);
	for (unsigned i = 0; i < n; i++) {
		struct str path = arg[i];
		bool odd = memchr(path.p, '{', path.len) != NULL || memchr(path.p, '%', path.len) != NULL;
		if (!form_path(path) || memchr(path.p, '?', path.len) != NULL)
			return reject(r, "a path does not begin with '/', or holds what no path does");
		if (odd && prefix)
			unsupported_add(r, memchr(path.p, '{', path.len) != NULL ?
			    STR("PathPrefix with {}") : STR("PathPrefix with %"));
		while (odd && !is_plain_path(path))
			path.len--;
		term_add(out, (struct rule_term){ .path = arena_text(r->arena, path),
		    .partial = odd || !prefix });
	}
	return true;
}

/* "^(...\.)?": one optional group and nothing else. */
static bool
is_one_option(struct str s)
{
	struct str inner = s.len < 5 ? STR("") : (struct str){ s.p + 2, s.len - 4 };

	return s.len > 5 && str_starts(s, STR("^(")) && str_eq((struct str){ s.p + s.len - 3, 3 },
	    STR(".)?")) && memchr(inner.p, '(', inner.len) == NULL &&
	    memchr(inner.p, ')', inner.len) == NULL;
}

/* The closing brace of the last {name:regexp}, as Traefik 2 has them; NULL: there is none,
 * and braces are a repetition. */
static const char *
regexp_brace(struct str s)
{
	size_t open = 0, colon;

	while (open < s.len && s.p[open] != '{')
		open++;
	for (colon = open + 1; colon < s.len && isalnum((unsigned char)s.p[colon]); colon++)
		;
	return colon < s.len && s.p[colon] == ':' ? memrchr(s.p, '}', s.len) : NULL;
}

/* Which hosts a regular expression may match: those that end with its literal end, as
 * "*.example.org"; one or two where nothing else can come before that (^example\.org$,
 * ^(www\.)?example\.org$). A dot is a dot: few people escape it, and nobody means
 * "exampleXorg". */
static void
regexp_host(struct arena *a, struct str s, struct rule_terms *out)
{
	const char *brace = regexp_brace(s);		/* then it is anchored by itself */
	size_t end = s.len, at;
	char *text = arena_zalloc(a, s.len + 3), *p = text + s.len + 2, *dot;
	struct str before;

	if (memchr(s.p, '|', s.len) != NULL || s.len == 0 || (brace == NULL && s.p[--end] != '$')) {
		term_add(out, (struct rule_term){ .partial = true });
		return;
	}
	for (at = end; at > 0; at--) {
		char c = s.p[at - 1];
		bool escaped = at > 1 && s.p[at - 2] == '\\';
		if (c != '.' && (escaped || !(isalnum((unsigned char)c) || c == '-')))
			break;
		*--p = (char)tolower((unsigned char)c);
		at -= escaped;
	}
	before = (struct str){ s.p, at };
	dot = strchr(p, '.');
	if (form_host(str_of(p), false) && p[0] != '.' &&
	    (str_eq(before, STR("^")) || is_one_option(before))) {
		term_add(out, (struct rule_term){ .host = arena_text(a, str_of(p)), .partial = true });
		if (before.len > 1)
			term_add(out, (struct rule_term){ .host = arena_printf(a, "*.%s", p), .partial = true });
		return;
	}
	if (dot != NULL && form_host(str_of(dot + 1), false))
		*--dot = '*';
	else
		dot = NULL;
	term_add(out, (struct rule_term){ .host = dot, .partial = true });
}

/* The literal beginning of a regular expression for paths; NULL: it has none. */
static const char *
regexp_path(struct arena *a, struct str s)
{
	size_t n = 1;

	if (s.len < 2 || s.p[0] != '^' || s.p[1] != '/' || memchr(s.p, '|', s.len) != NULL)
		return NULL;
	while (n < s.len && is_plain_path((struct str){ s.p + n, 1 }) && s.p[n] != '.')
		n++;
	if (n < s.len && strchr("?*{", s.p[n]) != NULL)
		n--;
	return n < 2 ? NULL : arena_text(a, (struct str){ s.p + 1, n - 1 });
}

static void
read_unsupported(struct rule_parser *r, struct str name, const struct str *arg, unsigned n,
    struct rule_terms *out)
{
	bool host = str_eq_nocase(name, STR("HostRegexp")), path = str_eq_nocase(name, STR("PathRegexp"));

	unsupported_add(r, name);
	for (unsigned i = 0; i < n && host; i++)
		regexp_host(r->arena, arg[i], out);
	for (unsigned i = 0; i < n && path; i++)
		term_add(out, (struct rule_term){ .path = regexp_path(r->arena, arg[i]),
		    .partial = true });
	if (out->n == 0)
		term_add(out, (struct rule_term){ .partial = true });
}

/* Of connections, clients name the server, and nothing else is known. */
static bool
read_tcp(struct rule_parser *r, struct str name, const struct str *arg, unsigned n,
    struct rule_terms *out)
{
	if (str_eq_nocase(name, STR("HostSNI")) && n == 1 && str_eq(arg[0], STR("*")))
		term_add(out, (struct rule_term){ .host = NULL });
	else if (str_eq_nocase(name, STR("HostSNI")))
		return read_hosts(r, arg, n, out);
	else {
		unsupported_add(r, name);
		for (unsigned i = 0; i < n && str_eq_nocase(name, STR("HostSNIRegexp")); i++)
			regexp_host(r->arena, arg[i], out);
		if (out->n == 0)
			term_add(out, (struct rule_term){ .partial = true });
	}
	return true;
}

static bool
read_matcher(struct rule_parser *r, struct rule_terms *out)
{
	struct str name, arg[ARGS_MAX];
	size_t len = 0;
	unsigned n;

	skip_blanks(r);
	while (len < r->rest.len && isalnum((unsigned char)r->rest.p[len]))
		len++;
	if (len == 0)
		return reject(r, "expected a name such as Host or PathPrefix");
	name = (struct str){ r->rest.p, len };
	advance(r, len);
	r->escaped = false;
	if (!read_args(r, arg, &n))
		return false;
	out->n = 0;
	if (r->escaped) {
		unsupported_add(r, STR("\\ in a text"));
		term_add(out, (struct rule_term){ .partial = true });
		return true;
	}
	if (r->tcp)
		return read_tcp(r, name, arg, n, out);
	if (str_eq_nocase(name, STR("Host")) || str_eq_nocase(name, STR("HostHeader")))
		return read_hosts(r, arg, n, out);
	if (str_eq_nocase(name, STR("PathPrefix")) || str_eq_nocase(name, STR("Path")))
		return read_paths(r, name, arg, n, out);
	read_unsupported(r, name, arg, n, out);
	return true;
}

/* ---- operators ---- */

static bool
read_unary(struct rule_parser *r, struct rule_terms *out)
{
	if (take_token(r, STR("!"))) {
		if (!read_unary(r, out))
			return false;
		unsupported_add(r, STR("!"));
		*out = (struct rule_terms){ .term = { { .partial = true } }, .n = 1 };
		return true;
	}
	if (!take_token(r, STR("(")))
		return read_matcher(r, out);
	if (++r->depth > DEPTH_MAX)
		return reject(r, "more than 16 parentheses deep");
	if (!read_or(r, out))
		return false;
	r->depth--;
	return take_token(r, STR(")")) || reject(r, "expected ')'");
}

static bool
read_and(struct rule_parser *r, struct rule_terms *out)
{
	struct rule_terms next;

	if (!read_unary(r, out))
		return false;
	while (take_token(r, STR("&&")))
		if (!read_unary(r, &next) || !terms_multiply(r, out, &next))
			return false;
	return true;
}

static bool
read_or(struct rule_parser *r, struct rule_terms *out)
{
	struct rule_terms next;

	if (!read_and(r, out))
		return false;
	while (take_token(r, STR("||")))
		if (!read_and(r, &next) || !terms_add(r, out, &next))
			return false;
	return true;
}

static bool
parse(struct str s, struct arena *a, bool tcp, struct rule *out, char problem[120])
{
	struct rule rule = { .n = 0 };
	struct rule_parser r = { .rest = s, .arena = a, .tcp = tcp, .unsupported = rule.unsupported,
	    .problem = problem };
	struct rule_terms t;

	if (s.len > RULE_BYTES_MAX)
		return reject(&r, "longer than 4096 bytes");
	if (!read_or(&r, &t))
		return false;
	skip_blanks(&r);
	if (r.rest.len > 0)
		return reject(&r, "expected && or || or the end");
	ASSERT(r.depth == 0 && t.n <= RULE_TERMS_MAX);
	rule.n = t.n;
	memcpy(rule.term, t.term, t.n * sizeof *t.term);
	*out = rule;
	return true;
}

bool
rule_parse(struct str s, struct arena *a, struct rule *out, char problem[120])
{
	return parse(s, a, false, out, problem);
}

bool
rule_parse_tcp(struct str s, struct arena *a, struct rule *out, char problem[120])
{
	return parse(s, a, true, out, problem);
}
