/*
 * promql: the labels mola.promql, mola.promql.NAME and the settings of these queries. Two
 * passes: the queries first, then their weights, limits and so on, so that their order does not
 * matter.
 * Must not know what a query means.
 */
#include <stdio.h>
#include <string.h>

#include "base/bug.h"
#include "base/form.h"
#include "discovery/labels.h"

#define ALONE "promql"			/* what the query of mola.promql is called */

enum what { QUERY, WEIGHT, LIMITS, FULL, PERIOD, WHATS };
static const char *const whats[WHATS] = { [WEIGHT] = "weight", [LIMITS] = "limits", [FULL] = "full",
    [PERIOD] = "period" };

bool
promql_is_label(const char *name)
{
	return strncmp(name, "mola.promql", 11) == 0 && (name[11] == '\0' || name[11] == '.');
}

static enum what
what_of(struct str s)
{
	for (int i = WEIGHT; i < WHATS; i++)
		if (str_eq(s, str_of(whats[i])))
			return (enum what)i;
	return QUERY;
}

/* Which query a label is about, and what of it; false: it has no name. */
static bool
about(const char *label, struct str *name, enum what *what)
{
	struct str rest = str_of(label + 11), first;

	ASSERT(promql_is_label(label));
	*name = STR(ALONE);
	*what = QUERY;
	if (rest.len == 0)
		return true;
	rest = (struct str){ rest.p + 1, rest.len - 1 };
	*what = what_of(rest);
	if (*what != QUERY)
		return true;
	if (memchr(rest.p, '.', rest.len) != NULL) {
		str_split(&rest, '.', &first);
		*what = what_of(rest);
		*name = first;
		return form_name(first) && *what != QUERY;
	}
	*name = rest;
	return form_name(rest);
}

static struct term *
term_find(struct terms *all, struct str name)
{
	for (unsigned i = 0; i < all->n; i++)
		if (str_eq(name, str_of(all->term[i].name)))
			return &all->term[i];
	return NULL;
}

/* In order of name: the same labels in another order are the same. */
static void
term_add(struct terms *all, char *name, char *query)
{
	unsigned at = all->n;

	ASSERT(all->n < TERMS_MAX && term_find(all, str_of(name)) == NULL);
	all->n++;
	for (; at > 0 && strcmp(all->term[at - 1].name, name) > 0; at--)
		all->term[at] = all->term[at - 1];
	all->term[at] = (struct term){ name, query, TERM_WEIGHT, { 0, 0 }, 1, TERM_PERIOD_USEC };
}

static void
bad(struct labels *l, const struct swarm_label *label, const char *expected)
{
	labels_report(l, label, LABEL_INVALID, arena_text(l->arena, str_of(expected)));
}

static void
read_query(struct labels *l, const struct swarm_label *label, struct str name, struct terms *all)
{
	struct str query = str_trim(str_of(label->value));

	if (!form_promql(query))
		bad(l, label, "expected PromQL of at most 4000 bytes that closes what it opens: "
		    "brackets, quotes");
	else if (term_find(all, name) != NULL)
		bad(l, label, "given twice; expected names of their own");
	else if (all->n == TERMS_MAX)
		bad(l, label, "expected at most four queries");
	else {
		term_add(all, arena_text(l->arena, name), arena_text(l->arena, query));
		labels_report(l, label, LABEL_VALID, NULL);
	}
}

static bool
number_within(struct str s, double least, double most, double *out)
{
	double x;

	if (!form_number(s, &x) || !(x >= least && x <= most))
		return false;
	*out = x;
	return true;
}

static const char *
read_part(enum what what, struct str s, struct term *t)
{
	int64_t usec;

	switch (what) {
	case WEIGHT:
		return number_within(s, 0, 1, &t->weight) ? NULL : "expected a number, 0 to 1";
	case LIMITS:
		return profile_limit_read(s, &t->limit) ? NULL :
		    "expected limits such as 0.7-0.9, the soft one below the hard one, or none";
	case FULL:
		return number_within(s, 1e-6, 1e12, &t->full) ? NULL :
		    "expected the value that means 100 %, above 0";
	case PERIOD:
		if (!form_duration(s, &usec) || usec < TERM_PERIOD_LEAST || usec > TERM_PERIOD_MOST)
			return "expected a duration, 1s to 10m";
		t->period_usec = usec;
		return NULL;
	default:
		BUG("no part of a query");
	}
}

static void
read_about(struct labels *l, const struct swarm_label *label, struct str name, enum what what,
    struct terms *all)
{
	struct term *t = term_find(all, name);
	const char *expected;

	if (t == NULL) {
		labels_report(l, label, LABEL_UNUSED, arena_printf(l->arena,
		    "there is no query %s%.*s that this is about",
		    str_eq(name, STR(ALONE)) ? "mola." : "mola.promql.",
		    (int)(name.len < 63 ? name.len : 63), name.p));
		return;
	}
	expected = read_part(what, str_trim(str_of(label->value)), t);
	if (expected != NULL)
		bad(l, label, expected);
	else
		labels_report(l, label, LABEL_VALID, NULL);
}

void
promql_read(struct labels *l, const struct swarm_service *s)
{
	struct terms all = { .n = 0 };
	bool none = false;
	struct str name;
	enum what what;

	for (unsigned i = 0; i < s->nlabels; i++) {
		if (!promql_is_label(s->label[i].name))
			continue;
		if (!about(s->label[i].name, &name, &what))
			labels_report(l, &s->label[i], LABEL_UNKNOWN,
			    arena_text(l->arena, STR("no label of Mola's; expected "
			    "mola.promql.NAME, or weight, limits, full or period after it")));
		else if (what == QUERY && s->label[i].name[11] == '\0' &&
		    str_eq(str_trim(str_of(s->label[i].value)), STR("none"))) {
			none = true;
			labels_report(l, &s->label[i], LABEL_VALID, NULL);
		} else if (what == QUERY)
			read_query(l, &s->label[i], name, &all);
	}
	for (unsigned i = 0; i < s->nlabels; i++)
		if (promql_is_label(s->label[i].name) && about(s->label[i].name, &name, &what) && what != QUERY)
			read_about(l, &s->label[i], name, what, &all);
	if (all.n > 0 || none)
		l->conf.terms = all;
}
