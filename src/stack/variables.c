/*
 * variables: a value is read once, from its beginning to its end.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/map.h"
#include "stack/variables.h"

#define DEPTH_MAX	16

struct variables {
	struct map	*named;		/* to char *, ours */
};

struct variables *
variables_new(void)
{
	struct variables *v = must_zalloc(sizeof *v);

	v->named = map_new();
	return v;
}

void
variables_free(struct variables **vp)
{
	struct variables *v = *vp;
	struct str name;
	size_t at = 0;
	void *value;

	*vp = NULL;
	if (v == NULL)
		return;
	while (map_next(v->named, &at, &name, &value))
		free(value);
	map_free(&v->named);
	free(v);
}

void
variables_set(struct variables *v, struct str name, struct str value)
{
	free(map_remove(v->named, name));
	map_put(v->named, name, str_dup(value));
}

static size_t
name_length(struct str s)
{
	size_t n = 0;

	while (n < s.len && (isalnum((unsigned char)s.p[n]) || s.p[n] == '_'))
		n++;
	return n > 0 && isdigit((unsigned char)s.p[0]) ? 0 : n;
}

/* NULL: it is not set. */
static const char *
value_of(const struct variables *v, struct str name)
{
	const char *value = map_get(v->named, name);
	char text[256];

	if (value != NULL || name.len >= sizeof text)
		return value;
	str_copy(text, sizeof text, name);
	return getenv(text);
}

/* ---- files of variables ---- */

static bool
wrong(char problem[VARIABLES_PROBLEM], const char *text)
{
	snprintf(problem, VARIABLES_PROBLEM, "%s", text);
	return false;
}

/* Without quotes; a comment may stand behind a value that has none, after a blank. */
static struct str
bare(struct str s)
{
	const char *end;

	s = str_trim(s);
	if (s.len >= 2 && (*s.p == '"' || *s.p == '\'')
	    && (end = memchr(s.p + 1, *s.p, s.len - 1)) != NULL)
		return (struct str){ s.p + 1, (size_t)(end - s.p) - 1 };
	for (size_t i = 1; i < s.len; i++)
		if (s.p[i] == '#' && (s.p[i - 1] == ' ' || s.p[i - 1] == '\t'))
			return str_trim((struct str){ s.p, i });
	return s;
}

static bool
read_line(struct variables *v, struct str line, char problem[VARIABLES_PROBLEM])
{
	const char *value;
	struct str name;

	line = str_trim(line);
	if (line.len > 0 && line.p[line.len - 1] == '\r')
		line = str_trim((struct str){ line.p, line.len - 1 });
	if (line.len == 0 || *line.p == '#')
		return true;
	if (str_starts(line, STR("export ")))
		line = str_trim((struct str){ line.p + 7, line.len - 7 });
	name = (struct str){ line.p, name_length(line) };
	line = str_trim((struct str){ line.p + name.len, line.len - name.len });
	if (name.len == 0 || (line.len > 0 && *line.p != '='))
		return wrong(problem, "expected NAME=VALUE");
	if (line.len > 0)
		variables_set(v, name, bare((struct str){ line.p + 1, line.len - 1 }));
	else if ((value = value_of(v, name)) != NULL)
		variables_set(v, name, str_of(value));
	return true;
}

bool
variables_read(struct variables *v, struct str text, int *line, char problem[VARIABLES_PROBLEM])
{
	struct str one;

	if (memchr(text.p == NULL ? "" : text.p, '\0', text.len) != NULL)
		return *line = 1, wrong(problem, "not a text");
	for (*line = 1; str_split(&text, '\n', &one); ++*line)
		if (!read_line(v, one, problem))
			return false;
	return true;
}

/* ---- expansion ---- */

struct expansion {
	const struct variables *v;
	variables_doubt_f *doubt;
	void		*arg;
	char		*problem;
};

static bool	expand(const struct expansion *, struct str, unsigned depth, struct buf *out);

static bool
has_braces(struct str s)
{
	return s.len > 1 && memmem(s.p, s.len, "${", 2) != NULL;
}

/* Up to the brace that closes the one before it; false: there is none. */
static bool
find_close(struct str s, size_t *len)
{
	unsigned open = 1;

	for (size_t i = 0; i < s.len; i++) {
		if (s.p[i] == '$' && i + 1 < s.len && s.p[i + 1] == '{')
			open++;
		else if (s.p[i] == '}' && --open == 0)
			return *len = i, true;
	}
	return false;
}

/* ${NAME}, or $NAME */
static bool
expand_name(const struct expansion *e, struct str name, struct buf *out)
{
	const char *value = value_of(e->v, name);

	if (value == NULL)
		e->doubt(e->arg, VARIABLES_UNSET, name);
	return buf_adds(out, str_of(value));
}

static bool
missing(const struct expansion *e, struct str name, struct str text)
{
	snprintf(e->problem, VARIABLES_PROBLEM, "%.*s is required%s%.*s", (int)(name.len < 60 ? name.len :
	    60), name.p, text.len > 0 ? ": " : "", (int)(text.len < 60 ? text.len : 60), text.p);
	return false;
}

/* What stands for a variable: as it is, dollars included, unless it has braces of its own. */
static bool
expand_word(const struct expansion *e, struct str name, struct str word, unsigned depth,
    struct buf *out)
{
	if (!has_braces(word))
		return buf_adds(out, word);
	e->doubt(e->arg, VARIABLES_NESTED, name);
	return expand(e, word, depth + 1, out);
}

/* What follows the name: an operation and its word. */
static bool
expand_operation(const struct expansion *e, struct str name, struct str rest, unsigned depth,
    struct buf *out)
{
	const char *value = value_of(e->v, name);
	bool colon = *rest.p == ':', set = value != NULL && (!colon || *value != '\0');
	struct str word;
	char op;

	rest = (struct str){ rest.p + colon, rest.len - colon };
	op = rest.len > 0 ? *rest.p : '\0';
	if (op != '-' && op != '?' && op != '+')
		return wrong(e->problem, "expected ${NAME}, or one of :- - :? ? :+ + behind the name");
	word = (struct str){ rest.p + 1, rest.len - 1 };
	if (op == '?')
		return set ? buf_adds(out, str_of(value)) : missing(e, name, word);
	if (set == (op == '+'))
		return expand_word(e, name, word, depth, out);
	return op == '+' || buf_adds(out, str_of(value));
}

/* Behind "${"; *used: with the brace that closes it. */
static bool
expand_braces(const struct expansion *e, struct str s, unsigned depth, size_t *used,
    struct buf *out)
{
	struct str name = { s.p, name_length(s) };
	size_t len;

	if (depth == DEPTH_MAX)
		return wrong(e->problem, "variables in variables too deeply");
	if (!find_close(s, &len))
		return wrong(e->problem, "a ${ without its }; a dollar itself is $$");
	if (name.len == 0)
		return wrong(e->problem, "expected the name of a variable behind ${; a dollar itself is $$");
	*used = len + 1;
	if (name.len == len)
		return expand_name(e, name, out);
	return expand_operation(e, name, (struct str){ s.p + name.len, len - name.len }, depth, out);
}

/* Without braces; -else and ?text count as with them, and reach to the next brace or the end. */
static bool
expand_bare(const struct expansion *e, struct str s, unsigned depth, size_t *used,
    struct buf *out)
{
	struct str name = { s.p, name_length(s) };
	size_t colon = name.len < s.len && s.p[name.len] == ':', op = name.len + colon;
	const char *end;

	if (name.len == 0)
		return wrong(e->problem, "a dollar without a variable; a dollar itself is $$");
	if (op >= s.len || (s.p[op] != '-' && s.p[op] != '?')) {
		*used = name.len;
		return expand_name(e, name, out);
	}
	end = memchr(s.p, '}', s.len);
	*used = end == NULL ? s.len : (size_t)(end - s.p);
	e->doubt(e->arg, VARIABLES_GREEDY, name);
	return expand_operation(e, name, (struct str){ s.p + name.len, *used - name.len }, depth, out);
}

/* Behind '$' */
static bool
expand_dollar(const struct expansion *e, struct str s, unsigned depth, size_t *used,
    struct buf *out)
{
	if (s.len > 0 && *s.p == '$')
		return *used = 1, buf_adds(out, STR("$"));
	if (s.len > 0 && *s.p == '{') {
		bool good = expand_braces(e, (struct str){ s.p + 1, s.len - 1 }, depth, used, out);
		++*used;
		return good;
	}
	return expand_bare(e, s, depth, used, out);
}

static bool
expand(const struct expansion *e, struct str s, unsigned depth, struct buf *out)
{
	size_t used = 0;

	for (size_t i = 0; i < s.len; i += used) {
		const char *dollar = memchr(s.p + i, '$', s.len - i);
		size_t plain = dollar == NULL ? s.len - i : (size_t)(dollar - s.p) - i;
		if (!buf_add(out, s.p + i, plain))
			return false;
		if (dollar == NULL)
			return true;
		i += plain + 1;
		used = 0;
		if (!expand_dollar(e, (struct str){ s.p + i, s.len - i }, depth, &used, out))
			return false;
	}
	return true;
}

bool
variables_expand(const struct variables *v, struct str text, variables_doubt_f *doubt, void *arg,
    struct buf *out, char problem[VARIABLES_PROBLEM])
{
	struct expansion e = { v, doubt, arg, problem };

	*problem = '\0';
	return expand(&e, text, 0, out);
}
