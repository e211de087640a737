/*
 * filter_read: the options of a middleware, from pairs of path and value, whoever wrote them. An
 * option that is not known, that is there twice, or whose value is none is a problem, never left
 * out: half a middleware may be an open one.
 * Must not know what the options of a kind mean together (filter_check.c).
 */
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/bug.h"
#include "base/go.h"
#include "base/form.h"
#include "world/filter_priv.h"

#define ITEMS_MAX	512	/* of one option */

bool
filter_wrong(char problem[FILTER_PROBLEM], const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(problem, FILTER_PROBLEM, fmt, ap);
	va_end(ap);
	return false;
}

struct option {
	const char	*label;
	bool		(*read)(const struct option *, struct arena *, struct str value, void *member,
			    char problem[FILTER_PROBLEM]);
	size_t		 at;
	int64_t		 fallback, least, most;
};

/* ---- values, by type ---- */

static bool
read_TEXT(const struct option *o, struct arena *a, struct str value, void *member,
    char problem[FILTER_PROBLEM])
{
	(void)o;
	(void)a;
	(void)problem;
	*(struct str *)member = value;
	return true;
}

/* Traefik drops none, so that an empty prefix is one that every path begins with. */
static bool
split_list(struct str value, struct str item[ITEMS_MAX], unsigned *n, char problem[FILTER_PROBLEM])
{
	struct str one;

	for (*n = 0; str_split(&value, ',', &one); (*n)++) {
		one = str_trim(one);
		if (one.len == 0)
			return filter_wrong(problem, "an item of the list is empty");
		if (*n == ITEMS_MAX)
			return filter_wrong(problem, "expected at most %d items", ITEMS_MAX);
		item[*n] = one;
	}
	return true;
}

static bool
read_TEXTS(const struct option *o, struct arena *a, struct str value, void *member,
    char problem[FILTER_PROBLEM])
{
	struct filter_texts *out = member;
	struct str item[ITEMS_MAX];

	(void)o;
	if (!split_list(value, item, &out->n, problem))
		return false;
	out->item = arena_zalloc(a, out->n * sizeof *out->item);
	memcpy(out->item, item, out->n * sizeof *out->item);
	return true;
}

static bool
read_PATTERNS(const struct option *o, struct arena *a, struct str value, void *member,
    char problem[FILTER_PROBLEM])
{
	struct filter_patterns *out = member;
	struct pattern_names names;
	char wrong[PATTERN_PROBLEM];
	struct str item[ITEMS_MAX];

	(void)o;
	if (!split_list(value, item, &out->n, problem))
		return false;
	out->item = arena_zalloc(a, out->n * sizeof *out->item);
	for (unsigned i = 0; i < out->n; i++)
		if ((out->item[i] = pattern_parse_groups(a, item[i], &names, wrong)) == NULL)
			return filter_wrong(problem, "the expression %.*s is not understood: %s",
			    STR_ARG(item[i]), wrong);
	return true;
}

static bool
read_PATTERN(const struct option *o, struct arena *a, struct str value, void *member,
    char problem[FILTER_PROBLEM])
{
	struct pattern_names *names = arena_zalloc(a, sizeof *names);
	struct filter_pattern *out = member;
	char wrong[PATTERN_PROBLEM];

	(void)o;
	if ((out->of = pattern_parse_groups(a, value, names, wrong)) == NULL)
		return filter_wrong(problem, "the expression %.*s is not understood: %s", STR_ARG(value), wrong);
	out->names = names;
	return true;
}

static bool
read_TEMPLATE(const struct option *o, struct arena *a, struct str value, void *member,
    char problem[FILTER_PROBLEM])
{
	(void)o;
	(void)a;
	if (!pattern_template_valid(value))
		return filter_wrong(problem, "a name behind a $ has letters beyond ASCII");
	*(struct str *)member = value;
	return true;
}

static bool
read_NETS(const struct option *o, struct arena *a, struct str value, void *member,
    char problem[FILTER_PROBLEM])
{
	struct filter_nets *out = member;
	struct str item[ITEMS_MAX];

	(void)o;
	if (!split_list(value, item, &out->n, problem))
		return false;
	out->item = arena_zalloc(a, out->n * sizeof *out->item);
	for (unsigned i = 0; i < out->n; i++)
		if (!filter_net_parse(item[i], &out->item[i]))
			return filter_wrong(problem, "%.*s is no address or network", STR_ARG(item[i]));
	return true;
}

/* As Go's strconv.ParseBool. */
static bool
read_SWITCH(const struct option *o, struct arena *a, struct str value, void *member,
    char problem[FILTER_PROBLEM])
{
	(void)o;
	(void)a;
	if (go_bool(value, member))
		return true;
	return filter_wrong(problem, "expected true or false");
}

static bool
read_COUNT(const struct option *o, struct arena *a, struct str value, void *member,
    char problem[FILTER_PROBLEM])
{
	uint64_t n;

	(void)a;
	if (o->least == -1 && str_eq(value, STR("-1"))) {
		*(int64_t *)member = -1;
		return true;
	}
	if (!str_to_u64(value, &n) || n > INT64_MAX || (int64_t)n < o->least || (int64_t)n > o->most)
		return filter_wrong(problem, "expected a whole number from %lld to %lld",
		    (long long)o->least, (long long)o->most);
	*(int64_t *)member = (int64_t)n;
	return true;
}

/* As Traefik: a number of seconds, or as Go's time.ParseDuration. None is negative. */
static bool
read_DURATION(const struct option *o, struct arena *a, struct str value, void *member,
    char problem[FILTER_PROBLEM])
{
	int64_t usec;

	(void)o;
	(void)a;
	if (!go_duration(value, &usec))
		return filter_wrong(problem, "expected a duration such as 500ms, 10s, 1m30s, or seconds");
	*(int64_t *)member = usec;
	return true;
}

static bool
read_BREAKER(const struct option *o, struct arena *a, struct str value, void *member,
    char problem[FILTER_PROBLEM])
{
	char wrong[BREAKER_PROBLEM];
	const struct breaker_rule *rule = breaker_rule_parse(a, value, wrong);

	(void)o;
	if (rule == NULL)
		return filter_wrong(problem, "%s", wrong);
	*(const struct breaker_rule **)member = rule;
	return true;
}

/* Never called: each of its settings is one pair (read_pair). */
static bool
read_PAIRS(const struct option *o, struct arena *a, struct str value, void *member,
    char problem[FILTER_PROBLEM])
{
	(void)a;
	(void)value;
	(void)member;
	return filter_wrong(problem, "expected %s.NAME", o->label);
}

/* ---- options, by kind ---- */

struct options {
	const struct option *item;
	unsigned	 n;
};

#define FILTER(kind, field, ...) \
static struct options \
field##_options(void) \
{ \
	typedef struct filter_##field filter __attribute__((unused)); \
	static const struct option item[] = {
#define OPTION(type, field, label, fallback, least, most, help) \
	{ label, read_##type, offsetof(struct filter, of) + offsetof(filter, field), fallback, least, \
	    most },
#define FILTER_END(...) \
	}; \
	return (struct options){ item, sizeof item / sizeof *item }; \
}
#include "tbl/filters.h"

static struct options
options_of(enum filter_kind kind)
{
	static struct options (*const of[FILTER_KINDS])(void) = {
#define FILTER(kind, field, ...) field##_options,
#include "tbl/filters.h"
	};

	ASSERT((unsigned)kind < FILTER_KINDS);
	return of[kind]();
}

/* The option of a path such as "customRequestHeaders.X-One"; `rest` is the name of a pair. */
static const struct option *
find_option(enum filter_kind kind, struct str path, struct str *rest)
{
	struct options all = options_of(kind);

	for (unsigned i = 0; i < all.n; i++) {
		const struct option *o = &all.item[i];
		struct str label = str_of(o->label);
		*rest = (struct str){ NULL, 0 };
		if (str_eq_nocase(path, label))
			return o;
		if (o->read != read_PAIRS || path.len <= label.len + 1 || path.p[label.len] != '.'
		    || !str_eq_nocase((struct str){ path.p, label.len }, label))
			continue;
		*rest = (struct str){ path.p + label.len + 1, path.len - label.len - 1 };
		return o;
	}
	return NULL;
}

static bool
read_pair(struct arena *a, struct str name, struct str value, struct filter_pairs *out,
    char problem[FILTER_PROBLEM])
{
	struct filter_pair *more;

	for (unsigned i = 0; i < out->n; i++)
		if (str_eq_nocase(out->item[i].name, name))
			return filter_wrong(problem, "it is there twice");
	more = arena_zalloc(a, (out->n + 1) * sizeof *more);
	if (out->n > 0)
		memcpy(more, out->item, out->n * sizeof *more);
	more[out->n] = (struct filter_pair){ name, value };
	*out = (struct filter_pairs){ more, out->n + 1 };
	return true;
}

/* Visible ASCII, spaces, tabs, and what is beyond ASCII. */
static bool
is_line(struct str s)
{
	for (size_t i = 0; i < s.len; i++)
		if (((unsigned char)s.p[i] < ' ' && s.p[i] != '\t') || s.p[i] == 0x7f)
			return false;
	return true;
}

/* Traefik takes no blanks around numbers, durations and switches. */
static bool
is_exact(const struct option *o)
{
	return o->read == read_COUNT || o->read == read_DURATION || o->read == read_SWITCH;
}

bool
filter_option_is_off(enum filter_kind kind, struct str path, struct str value)
{
	struct str name;
	const struct option *o = find_option(kind, path, &name);
	bool on = true;

	return o != NULL && ((o->read == read_SWITCH && go_bool(value, &on) && !on) ||
	    (o->read == read_COUNT && str_eq(value, STR("0"))));
}

static bool
read_setting(struct arena *a, struct filter *f, const struct filter_setting *s, bool *seen,
    char problem[FILTER_PROBLEM])
{
	char wrong[FILTER_PROBLEM] = "";
	const struct option *o;
	struct str name;
	bool good;

	if (!is_line(s->path) || !is_line(s->value))
		return filter_wrong(problem, "%.*s has a control character", STR_ARG(s->path));
	if ((o = find_option(f->kind, s->path, &name)) == NULL)
		return filter_wrong(problem, "%s has no option %.*s", filter_kind_name(f->kind),
		    STR_ARG(s->path));
	if (name.len > 0)
		good = read_pair(a, name, s->value, (void *)((char *)f + o->at), wrong);
	else if (seen[o - options_of(f->kind).item])
		good = filter_wrong(wrong, "it is there twice");
	else
		good = o->read(o, a, is_exact(o) ? s->value : str_trim(s->value), (char *)f + o->at, wrong);
	seen[o - options_of(f->kind).item] = true;
	return good || filter_wrong(problem, "%.*s: %s", STR_ARG(s->path), wrong);
}

#define OPTIONS_MAX	64

bool
filter_read(struct arena *a, enum filter_kind kind, const struct filter_setting *s, unsigned n,
    struct filter *out, char problem[FILTER_PROBLEM])
{
	bool seen[OPTIONS_MAX] = { false };
	struct options all = options_of(kind);
	struct filter f;

	ASSERT(all.n <= OPTIONS_MAX);
	memset(&f, 0, sizeof f);		/* with what lies between members: kinds are compared */
	f.kind = kind;
	for (unsigned i = 0; i < all.n; i++)
		if (all.item[i].read == read_COUNT || all.item[i].read == read_DURATION)
			*(int64_t *)((char *)&f + all.item[i].at) = all.item[i].fallback;
		else if (all.item[i].read == read_SWITCH)
			*(bool *)((char *)&f + all.item[i].at) = all.item[i].fallback != 0;
	for (unsigned i = 0; i < n; i++)
		if (!read_setting(a, &f, &s[i], seen, problem))
			return false;
	if (!filter_check(a, &f, problem))
		return false;
	*out = f;
	return true;
}
