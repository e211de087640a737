/*
 * tree: over libyaml's events. What a configuration has no need of is refused here (anchors and
 * aliases, tags, further documents), so that a small file cannot unfold into a large one. Knows
 * nothing of what the keys mean.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "base/bug.h"
#include "conf/tree.h"

struct tree_reader {
	yaml_parser_t	 parser;
	struct str	 text;
	struct tree	*open[TREE_DEPTH_MAX];	/* from the root to the collection that is being filled */
	unsigned	 depth;
	unsigned	 count;
	struct tree	*root;
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
has_control(const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (((unsigned char)s[i] < ' ' && s[i] != '\n') || s[i] == 0x7f)
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
	ASSERT(line > 0 && r->depth <= TREE_DEPTH_MAX);
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

static bool
read_scalar(struct tree_reader *r, const yaml_event_t *e, int line)
{
	const char *value = (const char *)e->data.scalar.value;
	struct str text = { value, e->data.scalar.length };
	struct tree *t;

	if (e->data.scalar.anchor != NULL)
		return refuse(r, line, "an anchor (&); expected plain values, without anchors and aliases");
	if (e->data.scalar.tag != NULL)
		return refuse(r, line, "a tag (!); expected plain values, without tags");
	if (has_control(text.p, text.len))
		return refuse(r, line, "a control character in a value");
	if (awaits_key(r)) {
		r->key = str_dup(text);
		r->key_line = line;
		return true;
	}
	t = place(r, TREE_SCALAR, line);
	t->text = str_dup(text);
	t->empty = e->data.scalar.style == YAML_PLAIN_SCALAR_STYLE && is_null(t->text);
	return true;
}

static bool
read_open(struct tree_reader *r, enum tree_shape shape, const void *anchor, const void *tag,
    int line)
{
	struct tree *t;

	if (anchor != NULL)
		return refuse(r, line, "an anchor (&); expected plain values, without anchors and aliases");
	if (tag != NULL)
		return refuse(r, line, "a tag (!); expected plain values, without tags");
	if (awaits_key(r))
		return refuse(r, line, "a list or mapping stands where a key was expected");
	if (r->depth == TREE_DEPTH_MAX)
		return refuse(r, line, "nested too deeply");
	t = place(r, shape, line);
	r->open[r->depth++] = t;
	return true;
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
		return refuse(r, line, STAR);
	case YAML_SCALAR_EVENT:
		return read_scalar(r, e, line);
	case YAML_SEQUENCE_START_EVENT:
		return read_open(r, TREE_LIST, e->data.sequence_start.anchor, e->data.sequence_start.tag, line);
	case YAML_MAPPING_START_EVENT:
		return read_open(r, TREE_MAP, e->data.mapping_start.anchor, e->data.mapping_start.tag, line);
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		ASSERT(r->depth > 0);
		r->depth--;
		return true;
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

struct tree *
tree_read(struct str text, int *line, char *problem, size_t cap)
{
	struct tree_reader r = { .problem = problem, .problem_cap = cap };

	if (str_starts(text, STR("\xef\xbb\xbf")))	/* a byte order mark */
		text = (struct str){ text.p + 3, text.len - 3 };
	r.text = text;
	if (yaml_parser_initialize(&r.parser) != 1)
		BUG("out of memory");
	yaml_parser_set_encoding(&r.parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&r.parser, (const unsigned char *)(text.len > 0 ? text.p : ""),
	    text.len);
	if (!read_all(&r)) {
		*line = r.line;
		tree_free(&r.root);
	} else if (r.root == NULL) {
		r.root = place(&r, TREE_SCALAR, 1);
		r.root->text = must_strdup("");
		r.root->empty = true;
	}
	ASSERT(r.root == NULL || r.depth == 0);		/* what was opened is closed */
	free(r.key);
	yaml_parser_delete(&r.parser);
	return r.root;
}

/* Recursion is as deep as TREE_DEPTH_MAX at most. */
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
