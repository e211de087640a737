/*
 * constraint: a tree, read by recursive descent. Traefik reads the expression as one of Go's,
 * so that strings are Go's, too: raw in backquotes, or with escapes in double quotes; of these,
 * only \" and \\ are understood.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/bug.h"
#include "base/pattern.h"
#include "discovery/constraint.h"
#include "discovery/swarm_priv.h"

#define DEPTH_MAX	64

struct constraint {
	enum { IS_LABEL, IS_REGEX, IS_AND, IS_OR, IS_NOT } kind;
	const struct constraint *left, *right;
	const char	*name, *value;
	const struct pattern *pattern;
};

struct constraint_parser {
	struct arena	*arena;
	struct str	 all, rest;
	unsigned	 depth;
	char		*problem;
};

static const struct constraint *read_or(struct constraint_parser *);

static const struct constraint *
reject(struct constraint_parser *r, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static const struct constraint *
reject(struct constraint_parser *r, const char *fmt, ...)
{
	size_t n = (size_t)snprintf(r->problem, CONSTRAINT_PROBLEM, "column %zu: ",
	    r->all.len - r->rest.len + 1);
	va_list ap;

	ASSERT(r->rest.len <= r->all.len && n < CONSTRAINT_PROBLEM);
	va_start(ap, fmt);
	vsnprintf(r->problem + n, CONSTRAINT_PROBLEM - n, fmt, ap);
	va_end(ap);
	return NULL;
}

static void
skip_blanks(struct constraint_parser *r)
{
	while (r->rest.len > 0 && strchr(" \t\r\n", *r->rest.p) != NULL)
		r->rest = (struct str){ r->rest.p + 1, r->rest.len - 1 };
}

static bool
take_token(struct constraint_parser *r, const char *s)
{
	skip_blanks(r);
	if (!str_starts(r->rest, str_of(s)))
		return false;
	r->rest = (struct str){ r->rest.p + strlen(s), r->rest.len - strlen(s) };
	return true;
}

/* NULL: there is no string that is understood. */
static const char *
read_string(struct constraint_parser *r)
{
	char quote, *out, *at;
	size_t i = 1;

	skip_blanks(r);
	quote = r->rest.len > 0 ? *r->rest.p : '\0';
	if (quote != '`' && quote != '"')
		return NULL;
	out = at = arena_zalloc(r->arena, r->rest.len + 1);
	for (; i < r->rest.len && r->rest.p[i] != quote; i++) {
		if (quote == '"' && r->rest.p[i] == '\\' &&
		    (++i == r->rest.len || (r->rest.p[i] != '"' && r->rest.p[i] != '\\')))
			return NULL;
		if (r->rest.p[i] == '\0')
			return NULL;
		*at++ = r->rest.p[i];
	}
	if (i >= r->rest.len)
		return NULL;
	ASSERT(at <= out + i);			/* escapes only make it shorter */
	r->rest = (struct str){ r->rest.p + i + 1, r->rest.len - i - 1 };
	return out;
}

/* What follows the function's name. */
static const struct constraint *
read_call(struct constraint_parser *r, bool regex)
{
	struct constraint *c = arena_zalloc(r->arena, sizeof *c);
	char problem[PATTERN_PROBLEM];

	c->kind = regex ? IS_REGEX : IS_LABEL;
	if (!take_token(r, "(") || (c->name = read_string(r)) == NULL || !take_token(r, ",") ||
	    (c->value = read_string(r)) == NULL)
		return reject(r, "expected two strings: %s(`key`, `%s`)",
		    regex ? "LabelRegex" : "Label", regex ? "regex" : "value");
	if (regex && (c->pattern = pattern_parse(r->arena, str_of(c->value), problem)) == NULL)
		return reject(r, "the regular expression before is not understood: %s", problem);
	return take_token(r, ")") ? c : reject(r, "expected ')'");
}

static const struct constraint *
node_new(struct constraint_parser *r, int kind, const struct constraint *left,
    const struct constraint *right)
{
	struct constraint *c = arena_zalloc(r->arena, sizeof *c);

	*c = (struct constraint){ .kind = kind, .left = left, .right = right };
	return c;
}

static const struct constraint *
read_unary(struct constraint_parser *r)
{
	const struct constraint *c;

	if (++r->depth > DEPTH_MAX)
		return reject(r, "nested deeper than %d", DEPTH_MAX);
	if (take_token(r, "!"))
		c = (c = read_unary(r)) == NULL ? NULL : node_new(r, IS_NOT, c, NULL);
	else if (take_token(r, "("))
		c = (c = read_or(r)) == NULL ? NULL : take_token(r, ")") ? c :
		    reject(r, "expected ')', && or ||");
	else if (take_token(r, "LabelRegex"))
		c = read_call(r, true);
	else if (take_token(r, "Label"))
		c = read_call(r, false);
	else
		c = reject(r, "expected Label, LabelRegex, '!' or '('");
	r->depth--;
	return c;
}

static const struct constraint *
read_and(struct constraint_parser *r)
{
	const struct constraint *c = read_unary(r), *next;

	while (c != NULL && take_token(r, "&&"))
		c = (next = read_unary(r)) == NULL ? NULL : node_new(r, IS_AND, c, next);
	return c;
}

static const struct constraint *
read_or(struct constraint_parser *r)
{
	const struct constraint *c = read_and(r), *next;

	while (c != NULL && take_token(r, "||"))
		c = (next = read_and(r)) == NULL ? NULL : node_new(r, IS_OR, c, next);
	return c;
}

const struct constraint *
constraint_parse(struct arena *a, struct str s, char problem[CONSTRAINT_PROBLEM])
{
	struct constraint_parser r = { .arena = a, .all = s, .rest = s, .problem = problem };
	const struct constraint *c;

	if (s.len > CONSTRAINT_MAX)
		return reject(&r, "more than %d bytes", CONSTRAINT_MAX);
	c = read_or(&r);
	ASSERT(c == NULL || r.depth == 0);
	skip_blanks(&r);
	return c != NULL && r.rest.len > 0 ? reject(&r, "expected && or ||, or the end") : c;
}

bool
constraint_match(const struct constraint *c, const struct swarm_label *label, unsigned nlabels)
{
	const char *value = "";

	switch (c->kind) {
	case IS_NOT:
		return !constraint_match(c->left, label, nlabels);
	case IS_AND:
		return constraint_match(c->left, label, nlabels) && constraint_match(c->right, label, nlabels);
	case IS_OR:
		return constraint_match(c->left, label, nlabels) || constraint_match(c->right, label, nlabels);
	case IS_LABEL:
	case IS_REGEX:
		break;
	}
	ASSERT((c->kind == IS_REGEX) == (c->pattern != NULL));
	for (unsigned i = 0; i < nlabels; i++)
		if (strcmp(label[i].name, c->name) == 0)
			value = label[i].value;
	return c->kind == IS_LABEL ? strcmp(value, c->value) == 0 :
	    pattern_match(c->pattern, str_of(value));
}
