/*
 * traefik1_rule: a rule of Traefik 1 in Traefik 3's language: matchers joined by semicolons, each
 * with texts that are separated by commas; some of them change the path as well.
 */
#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "stack/foreign_priv.h"

enum does { MATCHES, STRIPS, STRIPS_REGEX, ADDS, REPLACES, REPLACES_REGEX };

static const struct function {
	const char	*name, *matcher, *pattern;	/* pattern: the matcher where a text has a template */
	enum does	 does;
} functions[] = {
	{ "Host", "Host", NULL, MATCHES },
	{ "HostRegexp", "Host", "HostRegexp", MATCHES },
	{ "Path", "Path", "PathRegexp", MATCHES },
	{ "PathPrefix", "PathPrefix", "PathRegexp", MATCHES },
	{ "PathStrip", "Path", NULL, STRIPS },
	{ "PathPrefixStrip", "PathPrefix", NULL, STRIPS },
	{ "PathStripRegex", NULL, NULL, STRIPS_REGEX },
	{ "PathPrefixStripRegex", NULL, NULL, STRIPS_REGEX },
	{ "Method", "Method", NULL, MATCHES },
	{ "Headers", "Header", NULL, MATCHES },
	{ "HeadersRegexp", "HeaderRegexp", NULL, MATCHES },
	{ "Query", "Query", NULL, MATCHES },
	{ "AddPrefix", NULL, NULL, ADDS },
	{ "ReplacePath", NULL, NULL, REPLACES },
	{ "ReplacePathRegex", NULL, NULL, REPLACES_REGEX },
};

struct reading {
	struct foreign_reading *r;
	struct foreign_route *route;
	const struct stack_pair *pair;
	const char	*rule;
};

static void
add_term(struct reading *g, const char *term)
{
	if (term != NULL)
		g->rule = g->rule == NULL ? term : arena_printf(g->r->a, "%s && %s", g->rule, term);
}

/* ---- templates ---- */

/* "{name:[a-z]+}.example.org" as an expression; NULL: its braces do not match. */
static const char *
template_regexp(struct arena *a, struct str s, const char *gap)
{
	const char *out = "";

	for (size_t i = 0, k; i < s.len; i = k) {
		const char *open = memchr(s.p + i, '{', s.len - i), *colon;
		size_t depth = 1;
		k = open == NULL ? s.len : (size_t)(open - s.p);
		out = arena_printf(a, "%s%s", out, foreign_quoted(a, (struct str){ s.p + i, k - i }));
		if (open == NULL)
			break;
		for (i = ++k; k < s.len && depth > 0; k++)
			depth += (s.p[k] == '{') - (s.p[k] == '}');
		if (depth > 0)
			return NULL;
		colon = memchr(s.p + i, ':', k - 1 - i);
		out = colon == NULL ? arena_printf(a, "%s%s", out, gap) : arena_printf(a, "%s(?:%.*s)", out,
		    (int)(s.p + k - 2 - colon), colon + 1);
	}
	return out;
}

/* One text of a matcher, as a term. */
static const char *
one_term(struct reading *g, const struct function *f, struct str text)
{
	bool host = strcmp(f->matcher, "Host") == 0, prefix = strcmp(f->matcher, "PathPrefix") == 0;
	const char *regexp;

	if (memchr(text.p, '`', text.len) != NULL) {
		foreign_refuse(g->r, &g->pair->at, "%s: a backquote", f->name);
		return NULL;
	}
	if (memchr(text.p, '{', text.len) == NULL)
		return arena_printf(g->r->a, "%s(`%.*s`)", f->matcher, STR_ARG(text));
	regexp = f->pattern == NULL ? NULL : template_regexp(g->r->a, text, host ? "[^.]+" : "[^/]+");
	if (regexp == NULL) {
		foreign_refuse(g->r, &g->pair->at, "%s: the template %.*s", f->name, STR_ARG(text));
		return NULL;
	}
	return arena_printf(g->r->a, "%s(`^%s%s`)", f->pattern, regexp, prefix ? "" : "$");
}

/* Any of the texts will do. */
static void
read_any(struct reading *g, const struct function *f, struct str texts)
{
	const char *all = NULL, *term;
	struct str one;
	unsigned n = 0;

	while (str_split(&texts, ',', &one)) {
		if ((one = str_trim(one)).len == 0)
			continue;
		if ((term = one_term(g, f, one)) == NULL)
			return;
		all = n++ == 0 ? term : arena_printf(g->r->a, "%s || %s", all, term);
	}
	if (n == 0)
		foreign_refuse(g->r, &g->pair->at, "%s has no text", f->name);
	else
		add_term(g, n == 1 ? all : arena_printf(g->r->a, "(%s)", all));
}

/* Two texts that belong together: a name and its value. */
static void
read_two(struct reading *g, const struct function *f, struct str texts, char between)
{
	struct str name;

	if (!str_split(&texts, between, &name) || texts.p == NULL ||
	    memchr(texts.p, ',', texts.len) != NULL || memchr(texts.p, '`', texts.len) != NULL ||
	    memchr(name.p, '`', name.len) != NULL ||
	    (between == '=' && memchr(texts.p, '{', texts.len) != NULL)) {
		foreign_refuse(g->r, &g->pair->at, "%s: expected one name and one value", f->name);
		return;
	}
	name = str_trim(name);
	texts = str_trim(texts);
	add_term(g, arena_printf(g->r->a, "%s(`%.*s`, `%.*s`)", f->matcher, STR_ARG(name),
	    STR_ARG(texts)));
}

/* ---- what changes the path ---- */

static int
longer_first(const void *a, const void *b)
{
	const struct str *x = a, *y = b;

	return x->len > y->len ? -1 : x->len < y->len;
}

static void
read_strip(struct reading *g, struct str texts)
{
	struct str all[32], one;
	const char *prefixes = NULL;
	size_t n = 0;

	while (n < 32 && str_split(&texts, ',', &one))
		if ((one = str_trim(one)).len > 0)
			all[n++] = one;
	qsort(all, n, sizeof *all, longer_first);
	for (size_t i = 0; i < n; i++)
		prefixes = arena_printf(g->r->a, "%s%s%.*s", i == 0 ? "" : prefixes, i == 0 ? "" : ",",
		    STR_ARG(all[i]));
	if (prefixes != NULL)
		foreign_option(g->r, g->route, FOREIGN_stripprefix, "prefixes", prefixes, &g->pair->at);
}

static void
read_change(struct reading *g, const struct function *f, struct str text)
{
	const struct stack_at *at = &g->pair->at;
	const char *value = arena_text(g->r->a, text), *space = strchr(value, ' ');

	if (f->does == ADDS)
		foreign_option(g->r, g->route, FOREIGN_addprefix, "prefix", value, at);
	else if (f->does == REPLACES)
		foreign_option(g->r, g->route, FOREIGN_replacepath, "path", value, at);
	else if (f->does == REPLACES_REGEX && space != NULL) {
		struct str to = str_trim(str_of(space));
		foreign_option(g->r, g->route, FOREIGN_replacepathregex, "regex",
		    arena_text(g->r->a, (struct str){ value, (size_t)(space - value) }), at);
		foreign_option(g->r, g->route, FOREIGN_replacepathregex, "replacement",
		    arena_text(g->r->a, to), at);
	} else
		foreign_refuse(g->r, at, "%s in its rule: Mola has nothing that is the same", f->name);
}

/* ---- the rule ---- */

static void
read_function(struct reading *g, const struct function *f, struct str texts)
{
	if (f->matcher != NULL && strncmp(f->matcher, "Header", 6) == 0)
		read_two(g, f, texts, ',');
	else if (f->matcher != NULL && strcmp(f->matcher, "Query") == 0)
		read_two(g, f, texts, '=');
	else if (f->matcher != NULL)
		read_any(g, f, texts);
	if (f->does == STRIPS)
		read_strip(g, texts);
	else if (f->does != MATCHES)
		read_change(g, f, texts);
	if (strcmp(f->name, "Host") == 0)
		g->route->hosts = arena_text(g->r->a, texts);
}

static const struct function *
function_of(struct str name)
{
	for (size_t i = 0; i < sizeof functions / sizeof *functions; i++)
		if (str_eq(name, str_of(functions[i].name)))
			return &functions[i];
	return NULL;
}

void
foreign_rule_traefik1(struct foreign_reading *r, struct foreign_route *route,
    const struct stack_pair *pair)
{
	struct reading g = { .r = r, .route = route, .pair = pair };
	struct str rest = str_of(pair->value), one, name;
	bool others = false;

	while (str_split(&rest, ';', &one)) {
		const struct function *f;
		if ((one = str_trim(one)).len == 0)
			continue;
		str_split(&one, ':', &name);
		f = function_of(str_trim(name));
		if (f == NULL || one.p == NULL || str_trim(one).len == 0) {
			foreign_refuse(r, &pair->at, "%s: %.*s is no matcher of Traefik 1 with texts", pair->name,
			    STR_ARG(name));
			return;
		}
		others |= f->matcher != NULL && strcmp(f->name, "Host") != 0;
		if (strcmp(f->name, "Host") == 0 && route->hosts != NULL)
			others = true;		/* no request has two hosts: the rule says it */
		read_function(&g, f, str_trim(one));
	}
	if (g.rule == NULL && r->out->problem.n == 0)
		foreign_refuse(r, &pair->at, "%s matches nothing", pair->name);
	route->rule = g.rule;
	if (others)
		route->hosts = NULL;
}
