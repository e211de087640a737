/*
 * rule: a small recursive descent. What is not understood matches nothing: with && it takes its companions along,
 * with || it stays alone; so a service is never open to more than its rule says.
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/form.h"
#include "discovery/rule.h"

#define DEPTH_MAX	16
#define ARGS_MAX	32

struct terms {
	struct rule_term term[RULE_TERMS_MAX];
	unsigned	 n;
};

struct reader {
	struct str	 rest;
	struct arena	*arena;
	char		*strange;	/* of struct rule */
	char		*problem;
	unsigned	 depth;
};

static bool	read_or(struct reader *, struct terms *);

static bool
say(struct reader *r, const char *text)
{
	snprintf(r->problem, 120, "%s", text);
	return false;
}

static void
drop(struct reader *r, size_t n)
{
	r->rest = (struct str){ r->rest.p + n, r->rest.len - n };
}

static void
skip_blanks(struct reader *r)
{
	while (r->rest.len > 0 && isspace((unsigned char)*r->rest.p))
		drop(r, 1);
}

static bool
take(struct reader *r, struct str token)
{
	skip_blanks(r);
	if (!str_starts(r->rest, token))
		return false;
	drop(r, token.len);
	return true;
}

/* Each name once, in a list with commas. */
static void
strange_add(struct reader *r, struct str name)
{
	size_t len = strlen(r->strange), cap = sizeof ((struct rule *)0)->strange;
	char text[40];

	str_copy(text, sizeof text, name);
	if (strstr(r->strange, text) == NULL && len + strlen(text) + 3 < cap)
		snprintf(r->strange + len, cap - len, "%s%s", len > 0 ? ", " : "", text);
}

/* --- sums and products --- */

static bool
sum(struct reader *r, struct terms *to, const struct terms *with)
{
	if (to->n + with->n > RULE_TERMS_MAX)
		return say(r, "more than 64 alternatives");
	memcpy(to->term + to->n, with->term, with->n * sizeof *with->term);
	to->n += with->n;
	return true;
}

/* Two hosts must be the same, of two prefixes the longer holds; false: nothing is both. */
static bool
both(struct rule_term a, struct rule_term b, struct rule_term *out)
{
	if (a.host != NULL && b.host != NULL && strcmp(a.host, b.host) != 0)
		return false;
	if (a.path != NULL && b.path != NULL && strncmp(a.path, b.path, strlen(a.path)) != 0) {
		if (strncmp(a.path, b.path, strlen(b.path)) != 0)
			return false;
		b.path = NULL;
	}
	*out = (struct rule_term){ a.host != NULL ? a.host : b.host, b.path != NULL ? b.path : a.path };
	return true;
}

static bool
product(struct reader *r, struct terms *to, const struct terms *with)
{
	struct terms out = { .n = 0 };
	struct rule_term t;

	for (unsigned i = 0; i < to->n; i++)
		for (unsigned k = 0; k < with->n; k++) {
			if (!both(to->term[i], with->term[k], &t))
				continue;
			if (out.n == RULE_TERMS_MAX)
				return say(r, "more than 64 alternatives");
			out.term[out.n++] = t;
		}
	*to = out;
	return true;
}

/* --- matchers --- */

/* `text` or "text". */
static bool
read_quoted(struct reader *r, struct str *out)
{
	const char *end;
	char quote;

	skip_blanks(r);
	if (r->rest.len == 0 || (*r->rest.p != '`' && *r->rest.p != '"'))
		return say(r, "expected a text between backquotes");
	quote = *r->rest.p;
	drop(r, 1);
	end = memchr(r->rest.p, quote, r->rest.len);
	if (end == NULL)
		return say(r, "a text has no closing quote");
	*out = (struct str){ r->rest.p, (size_t)(end - r->rest.p) };
	drop(r, out->len + 1);
	return true;
}

static bool
read_args(struct reader *r, struct str *arg, unsigned *n)
{
	*n = 0;
	if (!take(r, STR("(")))
		return say(r, "expected '(' after a name");
	if (take(r, STR(")")))
		return true;
	do {
		if (*n == ARGS_MAX)
			return say(r, "more than 32 texts in one matcher");
		if (!read_quoted(r, &arg[(*n)++]))
			return false;
	} while (take(r, STR(",")));
	return take(r, STR(")")) || say(r, "expected ')' or ','");
}

static char *
lower(struct arena *a, struct str s)
{
	char *copy = arena_text(a, s);

	for (char *c = copy; *c != '\0'; c++)
		*c = (char)tolower((unsigned char)*c);
	return copy;
}

static bool
read_hosts(struct reader *r, const struct str *arg, unsigned n, struct terms *out)
{
	for (unsigned i = 0; i < n; i++) {
		if (!form_host(arg[i], false))
			return say(r, "Host holds something that is not a host name");
		out->term[out->n++] = (struct rule_term){ lower(r->arena, arg[i]), NULL };
	}
	return true;
}

static bool
read_prefixes(struct reader *r, const struct str *arg, unsigned n, struct terms *out)
{
	for (unsigned i = 0; i < n; i++) {
		if (!form_path(arg[i]) || memchr(arg[i].p, '?', arg[i].len) != NULL)
			return say(r, "PathPrefix holds something that is not a path");
		if (memchr(arg[i].p, '{', arg[i].len) != NULL)
			strange_add(r, STR("PathPrefix with {}"));
		else
			out->term[out->n++] = (struct rule_term){ NULL, arena_text(r->arena, arg[i]) };
	}
	return true;
}

static bool
read_matcher(struct reader *r, struct terms *out)
{
	struct str name, arg[ARGS_MAX];
	size_t len = 0;
	unsigned n;

	skip_blanks(r);
	while (len < r->rest.len && isalnum((unsigned char)r->rest.p[len]))
		len++;
	if (len == 0)
		return say(r, "expected a name such as Host or PathPrefix");
	name = (struct str){ r->rest.p, len };
	drop(r, len);
	if (!read_args(r, arg, &n))
		return false;
	out->n = 0;
	if (str_eq_nocase(name, STR("Host")))
		return read_hosts(r, arg, n, out);
	if (str_eq_nocase(name, STR("PathPrefix")))
		return read_prefixes(r, arg, n, out);
	strange_add(r, name);
	return true;
}

/* --- operators --- */

static bool
read_unary(struct reader *r, struct terms *out)
{
	if (take(r, STR("!"))) {
		if (!read_unary(r, out))
			return false;
		strange_add(r, STR("!"));
		out->n = 0;
		return true;
	}
	if (!take(r, STR("(")))
		return read_matcher(r, out);
	if (++r->depth > DEPTH_MAX)
		return say(r, "more than 16 parentheses deep");
	if (!read_or(r, out))
		return false;
	r->depth--;
	return take(r, STR(")")) || say(r, "expected ')'");
}

static bool
read_and(struct reader *r, struct terms *out)
{
	struct terms next;

	if (!read_unary(r, out))
		return false;
	while (take(r, STR("&&")))
		if (!read_unary(r, &next) || !product(r, out, &next))
			return false;
	return true;
}

static bool
read_or(struct reader *r, struct terms *out)
{
	struct terms next;

	if (!read_and(r, out))
		return false;
	while (take(r, STR("||")))
		if (!read_and(r, &next) || !sum(r, out, &next))
			return false;
	return true;
}

bool
rule_parse(struct str s, struct arena *a, struct rule *out, char problem[120])
{
	struct rule rule = { .n = 0 };
	struct reader r = { .rest = s, .arena = a, .strange = rule.strange, .problem = problem };
	struct terms t;

	if (s.len > RULE_BYTES_MAX)
		return say(&r, "longer than 4096 bytes");
	if (!read_or(&r, &t))
		return false;
	skip_blanks(&r);
	if (r.rest.len > 0)
		return say(&r, "expected && or || or the end");
	rule.n = t.n;
	memcpy(rule.term, t.term, t.n * sizeof *t.term);
	*out = rule;
	return true;
}
