/*
 * conf_form: what stands behind a key: one value, a list of them, a pair, or a mapping, as its type
 * allows. All become the one text that conf_value knows how to read.
 */
#include <stdio.h>
#include <string.h>

#include "conf/conf_form.h"
#include "conf/flat.h"

const char *
where_inside(const char *where, const char *key, char out[WHERE_MAX])
{
	snprintf(out, WHERE_MAX, "%.*s%s%.60s", WHERE_MAX - 62, where, *where == '\0' ? "" : ".", key);
	return out;
}

static void
read_text(struct faults *faults, const struct conf_key *k, struct str text, int line,
    const char *where, void *base)
{
	char problem[CONF_PROBLEM_MAX];

	if (!value_read(k, text, base, problem))
		faults_add(faults, line, where, "%s", problem);
}

void
form_read_plain(struct faults *faults, const struct conf_key *k, const struct tree *t,
    const char *where, void *base)
{
	if (t->shape != TREE_SCALAR)
		faults_add(faults, t->line, where, "a %s; expected %s",
		    t->shape == TREE_LIST ? "list" : "mapping", value_is_list(k) ? "plain values" : "one value");
	else if (t->empty)
		faults_add(faults, t->line, where, "no value. %s", k->help);
	else
		read_text(faults, k, str_of(t->text), t->line, where, base);
}

static bool
is_pair(const struct tree *t)
{
	return t->shape == TREE_LIST && t->first != NULL && t->first->shape == TREE_SCALAR &&
	    t->last->shape == TREE_SCALAR && t->first->next == t->last;
}

/* A mapping as the text of its type: "a=1,b.c=2-3". False: something in it has no place there. */
static bool
flatten(const struct tree *map, const char *prefix, struct buf *out)
{
	for (const struct tree *t = map->first; t != NULL; t = t->next) {
		if (t->shape == TREE_MAP && *prefix == '\0') {
			char deeper[WHERE_MAX];
			snprintf(deeper, sizeof deeper, "%.60s.", t->key);
			if (!flatten(t, deeper, out))
				return false;
			continue;
		}
		buf_printf(out, "%s%s%s=", out->len > 0 ? "," : "", prefix, t->key);
		if (t->shape == TREE_SCALAR && !t->empty)
			buf_printf(out, "%s", t->text);
		else if (is_pair(t))
			buf_printf(out, "%s-%s", t->first->text, t->last->text);
		else
			return false;
	}
	return true;
}

static void
read_flat(struct faults *faults, const struct conf_key *k, const struct tree *t,
    const char *where, void *base)
{
	struct flat flat = { .names = 2 };
	char key[WHERE_MAX];
	struct buf out;

	buf_init(&out, CONF_TEXT_MAX);
	if (t->shape != TREE_MAP)
		faults_add(faults, t->line, where, "not a mapping. %s", k->help);
	else if (!flat_write(&flat, t, &out))
		faults_add(faults, flat.line, where_inside(where, flat.path, key), "%s", flat.problem);
	else
		read_text(faults, k, buf_str(&out), t->line, where, base);
	buf_fini(&out);
}

/* A list as the text of its type: "a,b". */
static void
read_joined(struct faults *faults, const struct conf_key *k, const struct tree *list,
    const char *where, void *base)
{
	struct buf text;

	buf_init(&text, CONF_TEXT_MAX);
	for (const struct tree *t = list->first; t != NULL; t = t->next) {
		if (t->shape != TREE_SCALAR)
			form_read_plain(faults, k, t, where, base);
		else
			buf_printf(&text, "%s%s", t == list->first ? "" : ",", t->text);
	}
	read_text(faults, k, list->first == NULL ? STR("none") : buf_str(&text), list->line, where, base);
	buf_fini(&text);
}

/* A mapping of plain values, and of pairs. */
static void
read_mapped(struct faults *faults, const struct conf_key *k, const struct tree *map,
    const char *where, void *base)
{
	struct buf flat;

	buf_init(&flat, CONF_TEXT_MAX);
	if (flatten(map, "", &flat))
		read_text(faults, k, buf_str(&flat), map->line, where, base);
	else
		faults_add(faults, map->line, where,
		    "not understood; expected plain values, and lists of two. %s", k->help);
	buf_fini(&flat);
}

/* Names with the places where they are served, of which there is one: "internal: all". */
static void
read_placed(struct faults *faults, const struct conf_key *k, const struct tree *map,
    const char *where, void *base)
{
	char key[WHERE_MAX];

	if (map->first == NULL)
		faults_add(faults, map->line, where, "an empty mapping. %s", k->help);
	for (const struct tree *t = map->first; t != NULL; t = t->next)
		if (t->shape == TREE_SCALAR && strcmp(t->text, "all") == 0)
			read_text(faults, k, str_of(t->key), t->line, where_inside(where, t->key, key), base);
		else
			faults_add(faults, t->line, where_inside(where, t->key, key),
			    "expected all: what is served is served on every listener");
}

static void
read_pair(struct faults *faults, const struct conf_key *k, const struct tree *pair,
    const char *where, void *base)
{
	char text[WHERE_MAX];

	snprintf(text, sizeof text, "%.60s-%.60s", pair->first->text, pair->last->text);
	read_text(faults, k, str_of(text), pair->line, where, base);
}

static void
read_list(struct faults *faults, const struct conf_key *k, const struct tree *list,
    const char *where, void *base)
{
	if (list->first == NULL)
		faults_add(faults, list->line, where, "an empty list. %s", k->help);
	for (const struct tree *t = list->first; t != NULL; t = t->next)
		form_read_plain(faults, k, t, where, base);
}

void
form_read(struct faults *faults, const struct conf_key *k, const struct tree *t,
    const char *where, void *base)
{
	if (value_is_flat(k))
		read_flat(faults, k, t, where, base);
	else if (is_pair(t) && value_is_pair(k))
		read_pair(faults, k, t, where, base);
	else if (t->shape == TREE_MAP && value_is_mapped(k))
		read_mapped(faults, k, t, where, base);
	else if (t->shape == TREE_MAP && value_is_placed(k))
		read_placed(faults, k, t, where, base);
	else if (t->shape == TREE_LIST && value_is_joined(k))
		read_joined(faults, k, t, where, base);
	else if (t->shape == TREE_LIST && value_is_list(k))
		read_list(faults, k, t, where, base);
	else
		form_read_plain(faults, k, t, where, base);
}
