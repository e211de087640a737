/*
 * flat_yaml: a YAML file as a list of paths and values, by libyaml's events. Anchors, aliases, tags
 * and further documents are rejected: they would have to be understood to know what the file says.
 */
#include <stdio.h>
#include <string.h>
#include <yaml.h>

#include "base/bug.h"
#include "discovery/traefik_static.h"

#define DEPTH_MAX	16
#define EVENTS_MAX	100000

struct flat {
	struct str	 word[DEPTH_MAX];	/* of the mappings that are open: their keys, each its own memory */
	bool		 list[DEPTH_MAX];
	bool		 keyed[DEPTH_MAX];	/* a key was read, and its value was not */
	unsigned	 depth;			/* of what is open */
	unsigned	 events;
	flat_f		*fn;
	void		*arg;
	char		*problem;
};

static bool
reject(struct flat *f, size_t line, const char *problem)
{
	snprintf(f->problem, 120, "line %zu: %s", line + 1, problem);
	return false;
}

static unsigned
open_path(const struct flat *f, struct str word[DEPTH_MAX])
{
	unsigned n = 0;

	ASSERT(f->depth <= DEPTH_MAX);
	for (unsigned i = 0; i < f->depth; i++)
		if (!f->list[i])
			word[n++] = f->word[i];
	return n;
}

static void
drop_key(struct flat *f)
{
	char *text;

	ASSERT(f->depth > 0 && f->keyed[f->depth - 1] && !f->list[f->depth - 1]);
	text = (char *)(uintptr_t)f->word[f->depth - 1].p;
	free(text);
	f->word[f->depth - 1] = (struct str){ NULL, 0 };
	f->keyed[f->depth - 1] = false;
}

static bool
on_scalar(struct flat *f, const yaml_event_t *e)
{
	struct str text = { (const char *)e->data.scalar.value, e->data.scalar.length }, word[DEPTH_MAX];
	unsigned at = f->depth - 1;

	if (e->data.scalar.anchor != NULL || e->data.scalar.tag != NULL)
		return reject(f, e->start_mark.line, "an anchor or a tag");
	if (f->depth == 0)
		return text.len == 0 || reject(f, e->start_mark.line, "not a mapping");
	if (!f->list[at] && !f->keyed[at]) {
		f->word[at] = (struct str){ str_dup(text), text.len };
		f->keyed[at] = true;
		return true;
	}
	f->fn(f->arg, word, open_path(f, word), text);
	if (!f->list[at])
		drop_key(f);
	return true;
}

static bool
on_open(struct flat *f, const yaml_event_t *e, bool list, const void *anchor, const void *tag)
{
	struct str word[DEPTH_MAX] = { { NULL, 0 } };

	if (anchor != NULL || tag != NULL)
		return reject(f, e->start_mark.line, "an anchor or a tag");
	if (f->depth > 0 && !f->list[f->depth - 1] && !f->keyed[f->depth - 1])
		return reject(f, e->start_mark.line, "a key that is no text");
	if (f->depth == DEPTH_MAX)
		return reject(f, e->start_mark.line, "nested too deeply");
	if (!list)				/* that it is there may mean something: tls: {} */
		f->fn(f->arg, word, open_path(f, word), (struct str){ "", 0 });
	f->list[f->depth] = list;
	f->keyed[f->depth] = false;
	f->word[f->depth++] = (struct str){ NULL, 0 };
	return true;
}

static bool
on_close(struct flat *f)
{
	ASSERT(f->depth > 0);
	f->depth--;
	if (f->depth > 0 && !f->list[f->depth - 1])
		drop_key(f);
	return true;
}

static bool
on_event(struct flat *f, const yaml_event_t *e)
{
	if (++f->events > EVENTS_MAX)
		return reject(f, e->start_mark.line, "too many values");
	switch (e->type) {
	case YAML_SCALAR_EVENT:
		return on_scalar(f, e);
	case YAML_ALIAS_EVENT:
		return reject(f, e->start_mark.line, "an alias");
	case YAML_SEQUENCE_START_EVENT:
		return on_open(f, e, true, e->data.sequence_start.anchor, e->data.sequence_start.tag);
	case YAML_MAPPING_START_EVENT:
		return on_open(f, e, false, e->data.mapping_start.anchor, e->data.mapping_start.tag);
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		return on_close(f);
	default:
		return true;
	}
}

bool
flat_yaml(struct str text, flat_f *fn, void *arg, char problem[120])
{
	struct flat f = { .fn = fn, .arg = arg, .problem = problem };
	bool ok = true, end = false;
	unsigned documents = 0;
	yaml_parser_t parser;
	yaml_event_t e;

	if (yaml_parser_initialize(&parser) != 1)
		return reject(&f, 0, "there is no memory to read it");
	yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&parser, (const unsigned char *)(text.len > 0 ? text.p : ""),
	    text.len);
	while (ok && !end) {
		if (!yaml_parser_parse(&parser, &e)) {
			ok = reject(&f, parser.problem_mark.line, "not YAML");
			break;
		}
		documents += e.type == YAML_DOCUMENT_START_EVENT;
		ok = documents > 1 ? reject(&f, e.start_mark.line, "a second document") : on_event(&f, &e);
		end = e.type == YAML_STREAM_END_EVENT;
		yaml_event_delete(&e);
	}
	ASSERT(!ok || f.depth == 0);		/* all that was opened is closed */
	yaml_parser_delete(&parser);
	for (unsigned i = 0; i < f.depth; i++)
		if (f.keyed[i])
			free((char *)(uintptr_t)f.word[i].p);
	return ok;
}
