/*
 * A chain as text: each filter ends with RECORD, and is FIELD-separated: name, kind, then path and
 * value of each setting. No part of it has such bytes: filter_read accepts none.
 */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "base/bug.h"
#include "world/filter.h"

#define RECORD		'\x1e'
#define FIELD		'\x1f'
#define CHAIN_BYTES	65536

static const struct {
	const char	*name;
	bool		 guards;
} kinds[FILTER_KINDS] = {
#define FILTER(kind, field, label, guards) { label, guards },
#include "tbl/filters.h"
};

const char *
filter_kind_name(enum filter_kind kind)
{
	ASSERT((unsigned)kind < FILTER_KINDS);
	return kinds[kind].name;
}

bool
filter_kind_guards(enum filter_kind kind)
{
	ASSERT((unsigned)kind < FILTER_KINDS);
	return kinds[kind].guards;
}

bool
filter_kind_parse(struct str name, enum filter_kind *kind)
{
	for (unsigned i = 0; i < FILTER_KINDS; i++)
		if (str_eq_nocase(name, str_of(kinds[i].name))) {
			*kind = (enum filter_kind)i;
			return true;
		}
	return false;
}

/* ---- to text ---- */

static unsigned
count(struct str text, char what)
{
	unsigned n = 0;

	for (size_t i = 0; i < text.len; i++)
		n += text.p[i] == what;
	return n;
}

char *
filter_chain_add(struct arena *a, const char *chain, struct str name, enum filter_kind kind,
    const struct filter_setting *s, unsigned n)
{
	struct buf b;
	char *text;

	ASSERT(name.len > 0 && memchr(name.p, FIELD, name.len) == NULL);
	if (count(str_of(chain), RECORD) >= FILTERS_MAX)
		return NULL;
	buf_init(&b, CHAIN_BYTES);
	buf_adds(&b, str_of(chain));
	buf_printf(&b, "%.*s%c%s", STR_ARG(name), FIELD, filter_kind_name(kind));
	for (unsigned i = 0; i < n; i++)
		buf_printf(&b, "%c%.*s%c%.*s", FIELD, STR_ARG(s[i].path), FIELD, STR_ARG(s[i].value));
	buf_printf(&b, "%c", RECORD);
	text = b.full ? NULL : arena_text(a, buf_str(&b));
	buf_fini(&b);
	return text;
}

/* ---- from text ---- */

static bool
record_parse(struct arena *a, struct str record, struct filter *out)
{
	struct filter_setting s[FILTER_SETTINGS_MAX];
	char problem[FILTER_PROBLEM];
	struct str name, word;
	enum filter_kind kind;
	unsigned n = 0;

	if (!str_split(&record, FIELD, &name) || name.len == 0 || !str_split(&record, FIELD, &word)
	    || !filter_kind_parse(word, &kind))
		return false;
	while (str_split(&record, FIELD, &word)) {
		if (n == FILTER_SETTINGS_MAX || !str_split(&record, FIELD, &s[n].value))
			return false;
		s[n++].path = word;
	}
	if (!filter_read(a, kind, s, n, out, problem))
		return false;
	out->name = name;
	return true;
}

const struct filter_chain *
filter_chain_parse(struct arena *a, struct str text)
{
	unsigned n = count(text, RECORD);
	struct filter_chain *c;
	struct str record;

	if (n == 0 || n > FILTERS_MAX || text.p[text.len - 1] != RECORD)
		return NULL;
	text = str_of(arena_text(a, text));
	c = arena_zalloc(a, sizeof *c + n * sizeof *c->filter);
	for (; c->n < n && str_split(&text, RECORD, &record); c->n++) {
		if (!record_parse(a, record, &c->filter[c->n]))
			return NULL;
		c->guards |= filter_kind_guards(c->filter[c->n].kind);
	}
	return c->n == n ? c : NULL;
}

bool
filter_chain_next(struct str *text, struct str *name, struct str *kind)
{
	struct str record;

	return text->len > 0 && str_split(text, RECORD, &record) && record.len > 0 &&
	    str_split(&record, FIELD, name) && str_split(&record, FIELD, kind);
}
