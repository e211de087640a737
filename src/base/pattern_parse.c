/*
 * pattern_parse: an expression becomes a tree: alternatives, sequences, repetitions, groups. What
 * Go refuses is refused, and what is not understood.
 */
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/bug.h"
#include "base/pattern_priv.h"

#define DEPTH_MAX	32		/* groups within groups */
#define REPEAT_MAX	1000		/* RE2's */

static const struct pattern_node *read_alt(struct pattern_reader *);

const struct pattern_node *
pattern_refuse(struct pattern_reader *r, const char *fmt, ...)
{
	va_list ap;

	if (!r->failed) {
		va_start(ap, fmt);
		vsnprintf(r->problem, PATTERN_PROBLEM, fmt, ap);
		va_end(ap);
	}
	r->failed = true;
	r->rest.len = 0;
	return NULL;
}

struct pattern_node *
pattern_node_new(struct pattern_reader *r, enum node_kind kind, const struct pattern_node *left,
    const struct pattern_node *right)
{
	struct pattern_node *n = arena_zalloc(r->arena, sizeof *n);

	ASSERT(r->failed || (kind == NODE_CAT || kind == NODE_ALT) == (right != NULL));
	*n = (struct pattern_node){ .kind = kind, .left = left, .right = right };
	return n;
}

bool
pattern_peek(const struct pattern_reader *r, char c)
{
	return r->rest.len > 0 && *r->rest.p == c;
}

void
pattern_advance(struct pattern_reader *r, size_t n)
{
	ASSERT(n <= r->rest.len);
	r->rest = (struct str){ r->rest.p + n, r->rest.len - n };
}

bool
pattern_take(struct pattern_reader *r, const char *s)
{
	if (!str_starts(r->rest, str_of(s)))
		return false;
	pattern_advance(r, strlen(s));
	return true;
}

static bool
count_take(struct str *s, unsigned *n)
{
	size_t digits = 0;
	uint64_t x;

	while (digits < s->len && s->p[digits] >= '0' && s->p[digits] <= '9')
		digits++;
	if (digits == 0)
		return false;
	if (!str_to_u64((struct str){ s->p, digits }, &x) || x > REPEAT_MAX)
		x = REPEAT_MAX + 1;
	*n = (unsigned)x;
	*s = (struct str){ s->p + digits, s->len - digits };
	return true;
}

/* "{2}", "{2,}" or "{2,5}"; false: these are plain characters, or too many, which is refused. */
static bool
braces_take(struct pattern_reader *r, unsigned *least, unsigned *most)
{
	struct str s = r->rest;

	if (s.len == 0 || *s.p != '{')
		return false;
	s = (struct str){ s.p + 1, s.len - 1 };
	if (!count_take(&s, least))
		return false;
	*most = *least;
	if (s.len > 0 && *s.p == ',') {
		s = (struct str){ s.p + 1, s.len - 1 };
		*most = UINT32_MAX;
		if (s.len > 0 && *s.p != '}' && !count_take(&s, most))
			return false;
	}
	if (s.len == 0 || *s.p != '}')
		return false;
	if (*least > REPEAT_MAX || (*most > REPEAT_MAX && *most != UINT32_MAX))
		return pattern_refuse(r, "a repetition of more than %d times", REPEAT_MAX) != NULL;
	r->rest = (struct str){ s.p + 1, s.len - 1 };
	return true;
}

static bool
repeat_take(struct pattern_reader *r, unsigned *least, unsigned *most)
{
	*least = 0;
	*most = UINT32_MAX;
	if (pattern_take(r, "*"))
		return true;
	if (pattern_take(r, "+")) {
		*least = 1;
		return true;
	}
	if (pattern_take(r, "?")) {
		*most = 1;
		return true;
	}
	return braces_take(r, least, most);
}

/* Behind "(?<": letters, digits and underscores, and no name twice. */
static bool
take_name(struct pattern_reader *r)
{
	struct str name = { r->rest.p, 0 };

	while (r->rest.len > 0 && (isalnum((unsigned char)*r->rest.p) || *r->rest.p == '_')) {
		name.len++;
		pattern_advance(r, 1);
	}
	if (name.len == 0 || !pattern_take(r, ">"))
		return false;
	for (unsigned i = 1; i < PATTERN_GROUPS; i++)
		if (str_eq(r->names->name[i], name))
			return false;
	if (r->groups < PATTERN_GROUPS)
		r->names->name[r->groups] = name;
	return true;
}

/* Behind "(?". False: refused. `alone`: nothing but flags is in the parentheses. */
static bool
take_flags(struct pattern_reader *r, bool *alone)
{
	bool on = true;

	for (; r->rest.len > 0; pattern_advance(r, 1))
		if (pattern_peek(r, '-'))
			on = false;
		else if (pattern_peek(r, 'i'))
			r->fold = on;
		else if (pattern_peek(r, 's'))
			r->dot_all = on;
		else if (pattern_peek(r, 'm'))
			r->lines = on;
		else if (pattern_peek(r, 'U'))
			r->lazy = on;
		else
			break;
	*alone = pattern_take(r, ")");
	return *alone || pattern_take(r, ":");
}

/* Behind what opens a group: up to its end. */
static const struct pattern_node *
read_inside(struct pattern_reader *r)
{
	const struct pattern_node *n;

	if (++r->depth > DEPTH_MAX)
		return pattern_refuse(r, "groups nested deeper than %d", DEPTH_MAX);
	n = read_alt(r);
	ASSERT(r->depth > 0);
	r->depth--;
	if (!r->failed && !pattern_take(r, ")"))
		return pattern_refuse(r, "a '(' that nothing closes");
	return n;
}

/* Behind the opening parenthesis. (?flags) without a colon hold to the end of the group around. */
static const struct pattern_node *
read_group(struct pattern_reader *r)
{
	const struct pattern_reader before = *r;
	bool special = pattern_take(r, "?"), named, alone = false;
	struct pattern_node *group = NULL;
	const struct pattern_node *n;

	named = special && (pattern_take(r, "P<") || pattern_take(r, "<"));
	if (!special || named) {
		group = pattern_node_new(r, NODE_GROUP, NULL, NULL);
		group->group = ++r->groups;
	}
	if (special && !(named ? take_name(r) : take_flags(r, &alone)))
		return pattern_refuse(r, "what follows '(?'");
	if (alone) {
		if (r->rest.len > 0 && repeat_take(r, &(unsigned){ 0 }, &(unsigned){ 0 }))
			return pattern_refuse(r, "a repetition of flags");
		return pattern_node_new(r, NODE_EMPTY, NULL, NULL);
	}
	n = read_inside(r);
	r->fold = before.fold;
	r->dot_all = before.dot_all;
	r->lines = before.lines;
	r->lazy = before.lazy;
	if (group == NULL || r->failed)
		return n;
	group->left = n;
	return group;
}

static const struct pattern_node *
read_atom(struct pattern_reader *r)
{
	if (r->rest.len > 0 && strchr("*+?", *r->rest.p) != NULL)
		return pattern_refuse(r, "'%c' with nothing before it that could be repeated", *r->rest.p);
	if (pattern_take(r, "("))
		return read_group(r);
	if (pattern_take(r, "["))
		return pattern_class(r);
	if (pattern_take(r, "\\"))
		return pattern_escape(r);
	if (pattern_take(r, "."))
		return pattern_any(r);
	if (pattern_take(r, "^"))
		return pattern_assert(r, r->lines ? OP_LINE_BEGIN : OP_BEGIN);
	if (pattern_take(r, "$"))
		return pattern_assert(r, r->lines ? OP_LINE_END : OP_END);
	return pattern_one(r, pattern_rune(&r->rest));
}

static const struct pattern_node *
read_repeat(struct pattern_reader *r)
{
	const struct pattern_node *n = read_atom(r);
	unsigned least, most;
	struct pattern_node *all;
	bool lazy;

	if (r->failed || !repeat_take(r, &least, &most))
		return n;
	if (most < least)
		return pattern_refuse(r, "a repetition whose maximum is below its minimum");
	lazy = pattern_take(r, "?");
	if (r->rest.len > 0 && repeat_take(r, &(unsigned){ 0 }, &(unsigned){ 0 }))
		return pattern_refuse(r, "two repetitions after each other");
	all = pattern_node_new(r, NODE_REPEAT, n, NULL);
	all->least = least;
	all->most = most;
	all->lazy = lazy != r->lazy;
	return all;
}

static const struct pattern_node *
read_cat(struct pattern_reader *r)
{
	const struct pattern_node *n = NULL, *next;

	while (r->rest.len > 0 && !pattern_peek(r, '|') && !pattern_peek(r, ')')) {
		next = read_repeat(r);
		n = n == NULL || r->failed ? next : pattern_node_new(r, NODE_CAT, n, next);
	}
	return n != NULL || r->failed ? n : pattern_node_new(r, NODE_EMPTY, NULL, NULL);
}

static const struct pattern_node *
read_alt(struct pattern_reader *r)
{
	const struct pattern_node *n = read_cat(r);

	while (!r->failed && pattern_take(r, "|"))
		n = pattern_node_new(r, NODE_ALT, n, read_cat(r));
	return n;
}

static const struct pattern *
parse(struct pattern_reader *r, bool groups)
{
	const struct pattern_node *root;
	const struct pattern *p;

	if (r->rest.len > PATTERN_MAX)
		return pattern_refuse(r, "an expression of more than %d bytes", PATTERN_MAX), NULL;
	if (memchr(r->rest.p == NULL ? "" : r->rest.p, '\0', r->rest.len) != NULL)
		return pattern_refuse(r, "a zero byte"), NULL;
	root = read_alt(r);
	if (!r->failed && r->rest.len > 0)
		pattern_refuse(r, "a ')' that nothing opens");
	if (!r->failed && groups && r->groups >= PATTERN_GROUPS)
		pattern_refuse(r, "more than %d groups", PATTERN_GROUPS - 1);
	if (r->failed)
		return NULL;
	p = pattern_program(r->arena, root, groups ? r->groups + 1 : 0);
	return p != NULL ? p : (pattern_refuse(r, "repetitions that are too large altogether"), NULL);
}

const struct pattern *
pattern_parse(struct arena *a, struct str s, char problem[PATTERN_PROBLEM])
{
	struct pattern_names names = { { { NULL, 0 } } };
	struct pattern_reader r = { .arena = a, .rest = s, .problem = problem, .names = &names };

	return parse(&r, false);
}

const struct pattern *
pattern_parse_groups(struct arena *a, struct str s, struct pattern_names *names,
    char problem[PATTERN_PROBLEM])
{
	struct pattern_reader r = { .arena = a, .rest = s, .problem = problem, .names = names };

	memset(names, 0, sizeof *names);
	return parse(&r, true);
}
