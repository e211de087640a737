/*
 * tree: over libyaml's events. What a configuration has no need of is refused here (anchors and
 * aliases, tags, further documents). In files of others, copies count as what they are copies of:
 * a small file cannot unfold into a large tree. Knows nothing of what the keys mean.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "base/alloc.h"
#include "base/bug.h"
#include "conf/tree.h"

#define ANCHORS_MAX	1000

struct tree_reader {
	yaml_parser_t	 parser;
	struct str	 text;
	/* from the root to the collection that is being filled */
	struct tree	*open[TREE_FOREIGN_DEPTH_MAX];
	unsigned	 depth, depth_max;
	unsigned	 count;
	struct tree	*root;
	bool		 foreign;
	struct anchor {			/* of foreign ones */
		char		*name;
		struct tree	*of;
	} anchor[ANCHORS_MAX];
	unsigned	 nanchors;
	char		*key;			/* of a mapping, waiting for its value */
	int		 key_line;
	int		 line;			/* of what is wrong */
	char		*problem;
	size_t		 problem_cap;
};

static bool
refuse(struct tree_reader *r, int line, const char *problem)
{
	r->line = line;
	snprintf(r->problem, r->problem_cap, "%s", problem);
	return false;
}

static int
line_at(struct str text, size_t offset)
{
	int line = 1;

	for (size_t i = 0; i < text.len && i < offset; i++)
		line += text.p[i] == '\n';
	return line;
}

#define STAR "an alias (*); expected plain values: " \
    "what begins with '*' must be quoted, such as \"*.example.org\""

/* libyaml's own errors, reworded where they are frequent and unclear. */
static bool
refuse_syntax(struct tree_reader *r)
{
	const yaml_parser_t *p = &r->parser;
	char text[200];
	size_t at = p->problem_mark.index;

	if (p->error == YAML_READER_ERROR)
		return refuse(r, line_at(r->text, p->problem_offset), "not UTF-8 text, or a control character");
	if (at < r->text.len && r->text.p[at] == '\t')
		return refuse(r, (int)p->problem_mark.line + 1, "a tab cannot indent; expected spaces");
	if (p->context != NULL && strstr(p->context, "alias") != NULL)
		return refuse(r, (int)p->context_mark.line + 1, STAR);
	if (at < r->text.len && r->text.p[at] == ':')
		return refuse(r, (int)p->problem_mark.line + 1,
		    "not YAML: what begins with ':' must be quoted here");
	if (p->context != NULL && p->context_mark.line != p->problem_mark.line)
		snprintf(text, sizeof text, "not YAML: %s, %s that begins in line %zu", p->problem, p->context,
		    p->context_mark.line + 1);
	else
		snprintf(text, sizeof text, "not YAML: %s", p->problem != NULL ? p->problem : "out of memory");
	return refuse(r, (int)p->problem_mark.line + 1, text);
}

static bool
has_control(const struct tree_reader *r, const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (((unsigned char)s[i] < ' ' && s[i] != '\n' && !(s[i] == '\t' && r->foreign)) || s[i] == 0x7f)
			return true;
	return false;
}

/* Makes a node for the place where the reader stands: root, item of a list, or value of the
 * waiting key. */
static struct tree *
place(struct tree_reader *r, enum tree_shape shape, int line)
{
	struct tree *t = must_zalloc(sizeof *t), *in = r->depth == 0 ? NULL : r->open[r->depth - 1];

	r->count++;
	t->shape = shape;
	t->line = line;
	ASSERT(line > 0 && r->depth <= r->depth_max);
	if (in == NULL) {
		ASSERT(r->root == NULL);	/* a second document was refused */
		r->root = t;
		return t;
	}
	ASSERT(in->shape != TREE_SCALAR && (in->shape == TREE_MAP) == (r->key != NULL));
	if (in->shape == TREE_MAP) {
		t->key = r->key;
		t->line = r->key_line;
		r->key = NULL;
	}
	if (in->last == NULL)
		in->first = t;
	else
		in->last->next = t;
	in->last = t;
	return t;
}

static bool
awaits_key(const struct tree_reader *r)
{
	return r->depth > 0 && r->open[r->depth - 1]->shape == TREE_MAP && r->key == NULL;
}

static bool
is_null(const char *s)
{
	return *s == '\0' || strcmp(s, "~") == 0 || strcmp(s, "null") == 0 || strcmp(s, "Null") == 0
	    || strcmp(s, "NULL") == 0;
}

/* ---- anchors and aliases ---- */

static bool
anchor_add(struct tree_reader *r, const void *name, struct tree *of)
{
	if (name == NULL)
		return true;
	if (r->nanchors == ANCHORS_MAX)
		return refuse(r, of->line, "too many anchors");
	for (unsigned i = 0; i <= r->depth; i++) {	/* what is merged does not stay */
		const struct tree *in = i < r->depth ? r->open[i] : of;
		if (in->key != NULL && strcmp(in->key, "<<") == 0)
			return refuse(r, of->line, "an anchor below <<");
	}
	r->anchor[r->nanchors++] = (struct anchor){ must_strdup(name), of };
	return true;
}

static bool
is_open(const struct tree_reader *r, const struct tree *t)
{
	for (unsigned i = 0; i < r->depth; i++)
		if (r->open[i] == t)
			return true;
	return false;
}

/* The newest of that name. */
static const struct tree *
anchor_find(const struct tree_reader *r, const char *name)
{
	for (unsigned i = r->nanchors; i-- > 0; )
		if (strcmp(r->anchor[i].name, name) == 0)
			return r->anchor[i].of;
	return NULL;
}

/* Below `to`, which is a copy of `t` without its members. */
static bool
copy_members(struct tree_reader *r, struct tree *to, const struct tree *t, unsigned depth, int line)
{
	if (depth > r->depth_max)
		return refuse(r, line, "nested too deeply");
	for (const struct tree *m = t->first; m != NULL; m = m->next) {
		struct tree *c;
		if (++r->count >= TREE_COUNT_MAX)
			return refuse(r, line, "too many values");
		c = must_zalloc(sizeof *c);
		*c = (struct tree){ .shape = m->shape, .line = m->line, .empty = m->empty,
		    .key = m->key == NULL ? NULL : must_strdup(m->key),
		    .text = m->text == NULL ? NULL : must_strdup(m->text) };
		if (to->last == NULL)
			to->first = c;
		else
			to->last->next = c;
		to->last = c;
		if (!copy_members(r, c, m, depth + 1, line))
			return false;
	}
	return true;
}

static bool
read_alias(struct tree_reader *r, const char *name, int line)
{
	const struct tree *of;
	struct tree *t;

	if (!r->foreign)
		return refuse(r, line, STAR);
	if (awaits_key(r))
		return refuse(r, line, "an alias as a key");
	if ((of = anchor_find(r, name)) == NULL)
		return refuse(r, line, "an alias of an anchor that is not there; what begins with '*' must be "
		    "quoted, such as \"*.example.org\"");
	if (is_open(r, of))
		return refuse(r, line, "an alias of what it is in");
	t = place(r, of->shape, line);
	t->text = of->text == NULL ? NULL : must_strdup(of->text);
	t->empty = of->empty;
	return copy_members(r, t, of, r->depth + 1, line);
}

/* ---- merge keys ---- */

static void
take_out(struct tree *map, struct tree *t)
{
	struct tree *before = NULL, *m = map->first;

	for (; m != t; m = m->next)
		before = m;
	if (before == NULL)
		map->first = t->next;
	else
		before->next = t->next;
	if (map->last == t)
		map->last = before;
	t->next = NULL;
}

/* What the mapping has itself, or had from an earlier one, stays. */
static void
merge_one(struct tree *map, struct tree *from)
{
	struct tree *m;

	while ((m = from->first) != NULL) {
		take_out(from, m);
		if (tree_find(map, NULL, m->key) != NULL) {
			tree_free(&m);
			continue;
		}
		if (map->last == NULL)
			map->first = m;
		else
			map->last->next = m;
		map->last = m;
	}
}

static bool
merge_into(struct tree_reader *r, struct tree *map, struct tree *merged)
{
	if (merged->shape == TREE_SCALAR)
		return refuse(r, merged->line, "<<: expected a mapping, or a list of mappings");
	for (struct tree *m = merged->first; merged->shape == TREE_LIST && m != NULL; m = m->next)
		if (m->shape != TREE_MAP)
			return refuse(r, m->line, "<<: expected a list of mappings");
	if (merged->shape == TREE_MAP)
		merge_one(map, merged);
	else
		for (struct tree *m = merged->first; m != NULL; m = m->next)
			merge_one(map, m);
	return true;
}

/* Of a mapping that has all its members. */
static bool
merge(struct tree_reader *r, struct tree *map)
{
	struct tree *merged;
	bool good;

	while ((merged = tree_find(map, NULL, "<<")) != NULL) {
		take_out(map, merged);
		good = merge_into(r, map, merged);
		tree_free(&merged);
		if (!good)
			return false;
	}
	return true;
}

static int
by_key(const void *a, const void *b)
{
	const struct tree *const *x = a, *const *y = b;
	int c = strcmp((*x)->key, (*y)->key);

	return c != 0 ? c : (*x)->line - (*y)->line;
}

static bool
keys_are_unique(struct tree_reader *r, const struct tree *map)
{
	struct tree **all = must_zalloc((TREE_MEMBERS_MAX + 1) * sizeof *all);
	bool good = true;
	size_t n = 0;

	for (struct tree *m = map->first; m != NULL && n <= TREE_MEMBERS_MAX; m = m->next)
		all[n++] = m;
	if (n > TREE_MEMBERS_MAX)
		good = refuse(r, map->line, "too many members");
	qsort(all, good ? n : 0, sizeof *all, by_key);
	for (size_t i = 1; good && i < n; i++)
		if (strcmp(all[i - 1]->key, all[i]->key) == 0 && strcmp(all[i]->key, "<<") != 0) {
			char text[120];
			snprintf(text, sizeof text, "%.60s: it is there twice, first in line %d", all[i]->key,
			    all[i - 1]->line);
			good = refuse(r, all[i]->line, text);
		}
	free(all);
	return good;
}

static bool
read_close(struct tree_reader *r, bool map)
{
	ASSERT(r->depth > 0);
	r->depth--;
	return !r->foreign || !map ||
	    (keys_are_unique(r, r->open[r->depth]) && merge(r, r->open[r->depth]));
}

/* ---- events ---- */

static bool
may_have(struct tree_reader *r, const void *anchor, const void *tag, int line)
{
	if (anchor != NULL && !r->foreign)
		return refuse(r, line, "an anchor (&); expected plain values, without anchors and aliases");
	return tag == NULL || refuse(r, line, "a tag (!); expected plain values, without tags");
}

/* Which mostly is the \r of a value in double quotes, where YAML itself reads it. */
static bool
refuse_control(struct tree_reader *r, int line)
{
	bool named = r->key != NULL;

	snprintf(r->problem, r->problem_cap, "%s%sa control character; expected text without, where "
	    "\\r and \\n are in single quotes, or in none", named ? r->key : "", named ? ": " : "");
	r->line = line;
	return false;
}

static bool
read_scalar(struct tree_reader *r, const yaml_event_t *e, int line)
{
	const char *value = (const char *)e->data.scalar.value;
	struct str text = { value, e->data.scalar.length };
	struct tree *t;

	if (!may_have(r, e->data.scalar.anchor, e->data.scalar.tag, line))
		return false;
	if (has_control(r, text.p, text.len))
		return refuse_control(r, line);
	if (awaits_key(r)) {
		if (e->data.scalar.anchor != NULL)
			return refuse(r, line, "an anchor of a key");
		r->key = str_dup(text);
		r->key_line = line;
		return true;
	}
	t = place(r, TREE_SCALAR, line);
	t->text = str_dup(text);
	t->empty = e->data.scalar.style == YAML_PLAIN_SCALAR_STYLE && is_null(t->text);
	return anchor_add(r, e->data.scalar.anchor, t);
}

static bool
read_open(struct tree_reader *r, enum tree_shape shape, const void *anchor, const void *tag,
    int line)
{
	struct tree *t;

	if (!may_have(r, anchor, tag, line))
		return false;
	if (awaits_key(r))
		return refuse(r, line, "a list or mapping stands where a key was expected");
	if (r->depth == r->depth_max)
		return refuse(r, line, "nested too deeply");
	t = place(r, shape, line);
	r->open[r->depth++] = t;
	return anchor_add(r, anchor, t);
}

/* True: go on. */
static bool
read_event(struct tree_reader *r, const yaml_event_t *e)
{
	int line = (int)e->start_mark.line + 1;

	if (r->count >= TREE_COUNT_MAX)
		return refuse(r, line, "too many values");
	switch (e->type) {
	case YAML_DOCUMENT_START_EVENT:
		return r->root == NULL || refuse(r, line, "a second document; expected one");
	case YAML_ALIAS_EVENT:
		return read_alias(r, (const char *)e->data.alias.anchor, line);
	case YAML_SCALAR_EVENT:
		return read_scalar(r, e, line);
	case YAML_SEQUENCE_START_EVENT:
		return read_open(r, TREE_LIST, e->data.sequence_start.anchor, e->data.sequence_start.tag, line);
	case YAML_MAPPING_START_EVENT:
		return read_open(r, TREE_MAP, e->data.mapping_start.anchor, e->data.mapping_start.tag, line);
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		return read_close(r, e->type == YAML_MAPPING_END_EVENT);
	default:
		return true;
	}
}

static bool
read_all(struct tree_reader *r)
{
	yaml_event_t e;
	bool ok = true, end = false;

	while (ok && !end) {
		if (!yaml_parser_parse(&r->parser, &e))
			return refuse_syntax(r);
		ok = read_event(r, &e);
		end = e.type == YAML_STREAM_END_EVENT;
		yaml_event_delete(&e);
	}
	return ok;
}

static struct tree *
read_text(struct tree_reader *r, struct str text, int *line)
{
	if (str_starts(text, STR("\xef\xbb\xbf")))	/* a byte order mark */
		text = (struct str){ text.p + 3, text.len - 3 };
	r->text = text;
	if (yaml_parser_initialize(&r->parser) != 1) {
		refuse(r, 1, "out of memory");
		*line = r->line;
		return NULL;
	}
	yaml_parser_set_encoding(&r->parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&r->parser, (const unsigned char *)(text.len > 0 ? text.p : ""),
	    text.len);
	if (!read_all(r)) {
		*line = r->line;
		tree_free(&r->root);
	} else if (r->root == NULL) {
		r->root = place(r, TREE_SCALAR, 1);
		r->root->text = must_strdup("");
		r->root->empty = true;
	}
	ASSERT(r->root == NULL || r->depth == 0);		/* what was opened is closed */
	free(r->key);
	for (unsigned i = 0; i < r->nanchors; i++)
		free(r->anchor[i].name);
	yaml_parser_delete(&r->parser);
	return r->root;
}

struct tree *
tree_read(struct str text, int *line, char *problem, size_t cap)
{
	struct tree_reader r = { .problem = problem, .problem_cap = cap, .depth_max = TREE_DEPTH_MAX };

	return read_text(&r, text, line);
}

struct tree *
tree_read_foreign(struct str text, int *line, char *problem, size_t cap)
{
	struct tree_reader r = { .problem = problem, .problem_cap = cap,
	    .depth_max = TREE_FOREIGN_DEPTH_MAX, .foreign = true };

	return read_text(&r, text, line);
}

/* Recursion is as deep as TREE_FOREIGN_DEPTH_MAX at most. */
void
tree_free(struct tree **tp)
{
	struct tree *t = *tp, *next;

	*tp = NULL;
	for (; t != NULL; t = next) {
		next = t->next;
		tree_free(&t->first);
		free(t->key);
		free(t->text);
		free(t);
	}
}

struct tree *
tree_find(const struct tree *map, const struct tree *after, const char *key)
{
	struct tree *t = after == NULL ? map->first : after->next;

	ASSERT(map->shape == TREE_MAP);		/* items of lists have no keys */
	while (t != NULL && strcmp(t->key, key) != 0)
		t = t->next;
	return t;
}
