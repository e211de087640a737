/*
 * conf_swarm: types of values that decide which services of a Swarm are served: names that
 * Traefik's labels hold, and Traefik's expressions.
 */
#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "conf/conf_type.h"
#include "discovery/constraint.h"

static bool
is_line(struct str s)
{
	for (size_t i = 0; i < s.len; i++)
		if ((unsigned char)s.p[i] < ' ' || s.p[i] == 0x7f)
			return false;
	return s.len > 0;
}

/* It is parsed once more when it is put to use: what is kept here is the text. */
static bool
read_constraint(const struct conf_key *k, struct str s, void *member, char *problem)
{
	char inside[CONSTRAINT_PROBLEM] = "";
	struct arena *a = arena_new();
	bool good = constraint_parse(a, s, inside) != NULL;

	(void)k;
	arena_free(&a);
	if (!good)
		return problem_set(problem, "not a constraint: %s", inside);
	return text_set(member, s);
}

static bool
read_rule(const struct conf_key *k, struct str s, void *member, char *problem)
{
	(void)k;
	if (!is_line(s) || s.len > 1024)
		return problem_set(problem, "'%s' is not a rule; expected one such as Host(`{{ .Name "
		    "}}.example.org`)", QUOTED(s));
	return text_set(member, s);
}

/* As Traefik writes it: chain names with commas, and another provider's behind an @. */
static bool
read_middleware(const struct conf_key *k, struct str s, void *member, char *problem)
{
	(void)k;
	if (!is_line(s) || s.len > 255 || memchr(s.p, ',', s.len) != NULL ||
	    memchr(s.p, ' ', s.len) != NULL)
		return problem_set(problem, "'%s' is not the name of a middleware; expected one such as compress "
		    "or hsts@file", QUOTED(s));
	return list_append(member, s, problem);
}

static bool
read_entry_point(const struct conf_key *k, struct str s, void *member, char *problem)
{
	(void)k;
	if (!is_line(s) || s.len > 255 || memchr(s.p, ',', s.len) != NULL ||
	    memchr(s.p, ' ', s.len) != NULL)
		return problem_set(problem, "'%s' is not an entry point; expected a name such as internal",
		    QUOTED(s));
	return list_append(member, s, problem);
}

static bool
read_maybe(const struct conf_key *k, struct str s, void *member, char *problem)
{
	static const char *const words[] = { "false", "true", NULL };
	int at = word_of(s, words, problem);
	enum conf_maybe maybe = at == 1 ? MAYBE_YES : MAYBE_NO;

	(void)k;
	if (at >= 0)
		memcpy(member, &maybe, sizeof maybe);
	return at >= 0;
}

static bool
write_maybe(const void *member, struct buf *out)
{
	const enum conf_maybe *maybe = member;

	return *maybe != MAYBE_ABSENT && buf_adds(out, *maybe == MAYBE_YES ? STR("true") : STR("false"));
}

const struct conf_type
	type_CONSTRAINT = { read_constraint, write_text, KIND_TEXT, false, NULL },
	type_DEFAULT_RULE = { read_rule, write_text, KIND_TEXT, false, NULL },
	type_MIDDLEWARES = { read_middleware, NULL, KIND_LIST, false, NULL },
	type_ENTRY_POINTS = { read_entry_point, NULL, KIND_LIST, false, NULL },
	type_MAYBE = { read_maybe, write_maybe, KIND_PLAIN, true, NULL };
