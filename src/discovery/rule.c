/*
 * rule: the grammar, by recursive descent. It is that of Go's expressions, which Traefik's rules
 * are, with strings as Go writes them; a line may not end where Go would put a semicolon. What is
 * not understood stands for anything: so both are known, what may be served, and what must not
 * fall to another router; and neither is too little.
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/bug.h"
#include "discovery/rule_priv.h"

#define DEPTH_MAX	16

static struct rule_node	*read_or(struct rule_parser *);

bool
rule_reject(struct rule_parser *r, const char *text)
{
	if (r->problem[0] == '\0')
		snprintf(r->problem, RULE_PROBLEM, "%s", text);
	return false;
}

static struct rule_node *
reject_node(struct rule_parser *r, const char *text)
{
	rule_reject(r, text);
	return NULL;
}

static void
advance(struct rule_parser *r, size_t n)
{
	ASSERT(n <= r->rest.len);
	r->rest = (struct str){ r->rest.p + n, r->rest.len - n };
}

/* False: a line ends where Go ends the expression, and it goes on. */
static bool
skip_blanks(struct rule_parser *r)
{
	bool line = false;

	while (r->rest.len > 0 && strchr(" \t\r\n", *r->rest.p) != NULL && *r->rest.p != '\0') {
		line |= *r->rest.p == '\n';
		advance(r, 1);
	}
	return !line || !r->ended || r->rest.len == 0 ||
	    rule_reject(r, "a line ends before && or ||; expected these at its end, as in Traefik");
}

static bool
take_token(struct rule_parser *r, struct str token)
{
	if (!skip_blanks(r) || !str_starts(r->rest, token))
		return false;
	advance(r, token.len);
	r->ended = str_eq(token, STR(")"));
	return true;
}

struct rule_node *
rule_node_new(struct rule_parser *r)
{
	return arena_zalloc(r->arena, sizeof(struct rule_node));
}

/* Each name once, in a list with commas. */
struct rule_node *
rule_unknown(struct rule_parser *r, struct str name)
{
	size_t len = strlen(r->unsupported), cap = sizeof ((struct rule *)0)->unsupported;
	struct rule_node *n = rule_node_new(r);
	char text[RULE_PROBLEM];

	str_copy(text, sizeof text, name);
	if (strstr(r->unsupported, text) == NULL && len + strlen(text) + 3 < cap)
		snprintf(r->unsupported + len, cap - len, "%s%s", len > 0 ? ", " : "", text);
	n->c.kind = CONDITION_ALWAYS;
	return n;
}

/* ---- strings ---- */

/* The closing double quote; `s` begins after the opening one. NULL: there is none. */
static const char *
quote_end(struct str s)
{
	for (size_t i = 0; i < s.len && s.p[i] != '\n'; i++)
		if (s.p[i] == '"')
			return s.p + i;
		else if (s.p[i] == '\\')
			i++;
	return NULL;
}

static int
digit_value(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 :
	    c >= 'A' && c <= 'F' ? c - 'A' + 10 : 99;
}

static bool
digits_take(struct str *s, unsigned n, unsigned base, uint32_t *value)
{
	*value = 0;
	for (unsigned i = 0; i < n; i++) {
		int v = i < s->len ? digit_value(s->p[i]) : 99;
		if (v >= (int)base)
			return false;
		*value = *value * base + (unsigned)v;
	}
	*s = (struct str){ s->p + n, s->len - n };
	return true;
}

static size_t
put_utf8(char *out, uint32_t rune)
{
	if (rune < 0x80) {
		out[0] = (char)rune;
		return 1;
	}
	if (rune < 0x800) {
		out[0] = (char)(0xc0 | rune >> 6);
		out[1] = (char)(0x80 | (rune & 0x3f));
		return 2;
	}
	if (rune < 0x10000) {
		out[0] = (char)(0xe0 | rune >> 12);
		out[1] = (char)(0x80 | (rune >> 6 & 0x3f));
		out[2] = (char)(0x80 | (rune & 0x3f));
		return 3;
	}
	out[0] = (char)(0xf0 | rune >> 18);
	out[1] = (char)(0x80 | (rune >> 12 & 0x3f));
	out[2] = (char)(0x80 | (rune >> 6 & 0x3f));
	out[3] = (char)(0x80 | (rune & 0x3f));
	return 4;
}

/* Behind a backslash. What it makes is never longer than what it is written as. */
static bool
escape_take(struct str *s, char *out, size_t *n)
{
	static const char from[] = "abfnrtv\\\"", to[] = "\a\b\f\n\r\t\v\\\"";
	char c = s->len == 0 ? '\0' : *s->p;
	const char *at = c == '\0' ? NULL : strchr(from, c);
	uint32_t value;

	if (at != NULL) {
		out[(*n)++] = to[at - from];
		*s = (struct str){ s->p + 1, s->len - 1 };
		return true;
	}
	if (c >= '0' && c <= '7') {
		if (!digits_take(s, 3, 8, &value) || value > 255)
			return false;
		out[(*n)++] = (char)value;
		return true;
	}
	if (c != 'x' && c != 'u' && c != 'U')
		return false;
	*s = (struct str){ s->p + 1, s->len - 1 };
	if (!digits_take(s, c == 'x' ? 2 : c == 'u' ? 4 : 8, 16, &value) || value > 0x10ffff ||
	    (value >= 0xd800 && value < 0xe000))
		return false;
	if (c == 'x')
		out[(*n)++] = (char)value;
	else
		*n += put_utf8(out + *n, value);
	return true;
}

static bool
unescape(struct rule_parser *r, struct str s, struct str *out)
{
	char *copy = arena_zalloc(r->arena, s.len + 1);
	size_t n = 0;

	while (s.len > 0) {
		char c = *s.p;
		s = (struct str){ s.p + 1, s.len - 1 };
		if (c != '\\')
			copy[n++] = c;
		else if (!escape_take(&s, copy, &n))
			return rule_reject(r, "a text between double quotes has a backslash that Go does not know");
	}
	*out = (struct str){ copy, n };
	return true;
}

/* `text` or "text". */
static bool
read_quoted(struct rule_parser *r, struct str *out)
{
	const char *end;
	char quote;

	if (!skip_blanks(r))
		return false;
	if (r->rest.len == 0 || (*r->rest.p != '`' && *r->rest.p != '"'))
		return rule_reject(r, "expected a text between backquotes");
	quote = *r->rest.p;
	advance(r, 1);
	end = quote == '`' ? memchr(r->rest.p, quote, r->rest.len) : quote_end(r->rest);
	if (end == NULL)
		return rule_reject(r, "a text has no closing quote");
	*out = (struct str){ r->rest.p, (size_t)(end - r->rest.p) };
	advance(r, out->len + 1);
	r->ended = true;
	if (out->len == 0 || memchr(out->p, '\0', out->len) != NULL)
		return rule_reject(r, "a text is empty");
	if (quote == '`' || memchr(out->p, '\\', out->len) == NULL)
		return true;
	/* hosts and paths end at one, and would be wider than they are written */
	return unescape(r, *out, out) && (memchr(out->p, '\0', out->len) == NULL ||
	    rule_reject(r, "a text has a byte that is 0"));
}

/* ---- matchers ---- */

static bool
read_args(struct rule_parser *r, struct str *arg, unsigned *n)
{
	*n = 0;
	if (!take_token(r, STR("(")))
		return rule_reject(r, "expected '(' after a name");
	if (take_token(r, STR(")")))
		return true;
	do {
		if (*n == ARGS_MAX)
			return rule_reject(r, "more than 32 texts in one matcher");
		if (!read_quoted(r, &arg[(*n)++]))
			return false;
	} while (take_token(r, STR(",")));
	return take_token(r, STR(")")) || rule_reject(r, "expected ')' or ','");
}

static struct rule_node *
read_matcher(struct rule_parser *r)
{
	struct str name, arg[ARGS_MAX];
	size_t len = 0;
	unsigned n;

	if (!skip_blanks(r))
		return NULL;
	while (len < r->rest.len && isalnum((unsigned char)r->rest.p[len]))
		len++;
	if (len == 0)
		return reject_node(r, "expected a name such as Host or PathPrefix");
	name = (struct str){ r->rest.p, len };
	advance(r, len);
	r->ended = true;
	if (!read_args(r, arg, &n))
		return NULL;
	return n == 0 ? rule_unknown(r, name) : rule_leaf(r, name, arg, n);
}

/* ---- operators ---- */

/* && and || change places, and tests are negated; what is not understood stays so. */
static void
negate(struct rule_node *n)
{
	if (n->c.kind == CONDITION_AND || n->c.kind == CONDITION_OR) {
		n->c.kind = n->c.kind == CONDITION_AND ? CONDITION_OR : CONDITION_AND;
		negate((struct rule_node *)(uintptr_t)n->c.left);
		negate((struct rule_node *)(uintptr_t)n->c.right);
		return;
	}
	if (n->c.kind == CONDITION_TEST || n->certain)
		n->c.not = !n->c.not;
	n->nkeys = 0;
}

static struct rule_node *
read_unary(struct rule_parser *r)
{
	struct rule_node *n;

	if (take_token(r, STR("!"))) {
		if ((n = read_unary(r)) != NULL)
			negate(n);
		return n;
	}
	if (!take_token(r, STR("(")))
		return r->problem[0] != '\0' ? NULL : read_matcher(r);
	if (++r->depth > DEPTH_MAX)
		return reject_node(r, "more than 16 parentheses deep");
	if ((n = read_or(r)) == NULL)
		return NULL;
	r->depth--;
	return take_token(r, STR(")")) ? n : reject_node(r, "expected ')'");
}

static struct rule_node *
join_nodes(struct rule_parser *r, int kind, struct rule_node *left, struct rule_node *right)
{
	struct rule_node *n = rule_node_new(r);

	n->c.kind = kind;
	n->c.left = &left->c;
	n->c.right = &right->c;
	return n;
}

static struct rule_node *
read_and(struct rule_parser *r)
{
	struct rule_node *n = read_unary(r), *next;

	while (n != NULL && take_token(r, STR("&&")))
		n = (next = read_unary(r)) == NULL ? NULL : join_nodes(r, CONDITION_AND, n, next);
	return n;
}

static struct rule_node *
read_or(struct rule_parser *r)
{
	struct rule_node *n = read_and(r), *next;

	while (n != NULL && take_token(r, STR("||")))
		n = (next = read_and(r)) == NULL ? NULL : join_nodes(r, CONDITION_OR, n, next);
	return n;
}

static bool
parse(struct rule_parser *r, struct str s, struct rule *out)
{
	struct rule rule = { .n = 0 };
	struct rule_node *root;
	bool partial = false;

	r->problem[0] = '\0';
	r->rest = s;
	if (s.len > RULE_BYTES_MAX)
		return rule_reject(r, "longer than 4096 bytes");
	r->unsupported = rule.unsupported;
	root = read_or(r);
	r->unsupported = NULL;
	if (root == NULL || !skip_blanks(r) || r->problem[0] != '\0')
		return rule_reject(r, "not understood");
	if (r->rest.len > 0)
		return rule_reject(r, "expected && or || or the end");
	ASSERT(r->depth == 0);
	rule.hosts = r->hosts;
	rule_terms(root, &rule);
	for (unsigned i = 0; i < rule.n; i++)
		partial |= rule.term[i].partial;
	if (partial && !r->tcp && (rule.condition = condition_make(r->arena, &root->c)) == NULL)
		return rule_reject(r, "it is too large");
	*out = rule;
	return true;
}

bool
rule_parse(struct str s, enum rule_syntax syntax, struct arena *a, struct rule *out,
    char problem[RULE_PROBLEM])
{
	return parse(&(struct rule_parser){ .arena = a, .syntax = syntax, .problem = problem }, s, out);
}

bool
rule_parse_tcp(struct str s, struct arena *a, struct rule *out, char problem[RULE_PROBLEM])
{
	return parse(&(struct rule_parser){ .arena = a, .tcp = true, .problem = problem }, s, out);
}

bool
rule_priority(struct str s, int64_t *out)
{
	bool minus = str_starts(s, STR("-"));
	uint64_t n;

	if (!str_to_u64(minus ? (struct str){ s.p + 1, s.len - 1 } : s, &n) || n > INT64_MAX - 1000)
		return false;
	*out = minus ? -(int64_t)n : (int64_t)n;
	return true;
}
