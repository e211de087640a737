/*
 * top_detail: the page about one row, as lines: why the tasks of a service get their shares, what
 * is known of a node, the whole of an event.
 */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "cli/note.h"
#include "cli/top_view.h"

void
detail_clear(struct top_detail *d)
{
	for (size_t i = 0; i < d->n; i++)
		free(d->line[i]);
	free(d->line);
	d->line = NULL;
	d->n = 0;
}

static void
line_add(struct top_detail *d, const char *text)
{
	if (d->n == TOP_LINES_MAX)
		return;
	d->line = must_realloc(d->line, (d->n + 1) * sizeof *d->line);
	d->line[d->n++] = must_strdup(text);
}

/* Where the first line of a text ends that is to take `cols` columns. */
static size_t
line_length(const char *text, int cols)
{
	size_t at = 0, space = 0;
	uint32_t c;

	for (int used = 0; text[at] != '\0' && used < cols; used++) {
		if (text[at] == ' ')
			space = at;
		at += grid_character(text + at, &c);
	}
	return text[at] == '\0' || text[at] == ' ' || space == 0 ? at : space;
}

/* The first line after `indent` spaces, the others after `hang` more. */
static void
hanging_add(struct top_detail *d, int indent, int hang, int cols, const char *text)
{
	struct printable safe;
	const char *s = printable(text, &safe);
	char line[CANVAS_ROW_MAX];
	size_t n;

	while (*s != '\0') {
		n = line_length(s, cols - indent > 10 ? cols - indent : 10);
		snprintf(line, sizeof line, "%*s%.*s", indent, "", (int)n, s);
		line_add(d, line);
		s += n;
		s += strspn(s, " ");
		indent += hang;
		hang = 0;
	}
}

static void
wrapped_add(struct top_detail *d, int indent, int cols, const char *text)
{
	hanging_add(d, indent, 0, cols, text);
}

static void __attribute__((format(printf, 4, 5)))
text_add(struct top_detail *d, int indent, int cols, const char *fmt, ...)
{
	char text[1200];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	wrapped_add(d, indent, cols, text);
}

static void
title_add(struct top_detail *d, const char *text)
{
	if (d->n > 0)
		line_add(d, "");
	line_add(d, text);
}

void
detail_of_text(struct top_detail *d, const char *text, int cols)
{
	detail_clear(d);
	wrapped_add(d, 0, cols, text);
}

/* ---- of a service, by /api/v1/why ---- */

static void
task_add(struct top_detail *d, const json_t *task, int cols)
{
	const json_t *share = json_object_get(task, "share"), *step;
	const json_t *steps = json_object_get(task, "steps");
	char head[400], part[64] = "";
	size_t i;

	if (json_is_number(share))
		snprintf(part, sizeof part, ", %.0f%% of the requests", 100 * json_number_value(share));
	snprintf(head, sizeof head, "%.120s on %.120s, %.20s%s", text_of(task, "name"),
	    text_of(task, "node"), text_of(task, "state"), part);
	line_add(d, "");
	wrapped_add(d, 0, cols, head);
	wrapped_add(d, 2, cols, text_of(task, "reason"));
	json_array_foreach(steps, i, step) {
		snprintf(head, sizeof head, "- %.380s", text_of(step, "text"));
		hanging_add(d, 4, 2, cols, head);
	}
}

void
detail_of_why(struct top_detail *d, const json_t *why, int cols)
{
	const json_t *mover = json_object_get(why, "mover"), *one;
	char text[NOTE_MAX];
	size_t i;

	detail_clear(d);
	wrapped_add(d, 0, cols, text_of(why, "summary"));
	json_array_foreach(json_object_get(why, "troubles"), i, one)
		wrapped_add(d, 2, cols, text_of(one, "text"));
	json_array_foreach(json_object_get(why, "labels"), i, one)
		if (note_label(one, text))
			wrapped_add(d, 2, cols, text);
	if (json_is_true(json_object_get(mover, "migrate"))) {
		title_add(d, "moving");
		wrapped_add(d, 2, cols, text_of(mover, "text"));
	}
	json_array_foreach(json_object_get(why, "queries"), i, one)
		text_add(d, 2, cols, "query %.100s: %.400s", text_of(one, "name"), text_of(one, "text"));
	json_array_foreach(json_object_get(why, "tasks"), i, one)
		task_add(d, one, cols);
}

/* ---- of what the model has ---- */

static void
node_add(struct top_detail *d, const struct top_model *m, const struct top_node *n, int cols)
{
	bool any = false;

	text_add(d, 0, cols, "node %s, %s", n->name, n->state);
	wrapped_add(d, 2, cols, n->reason);
	if (*n->text != '\0')
		wrapped_add(d, 2, cols, n->text);
	line_add(d, "");
	text_add(d, 2, cols, "source of its samples: %s, the last one %.1f s ago", n->source, n->age);
	if (!isnan(n->busy))
		text_add(d, 2, cols, "cores in use: %.2f of %.4g", n->busy, n->cores);
	if (!isnan(n->ours) && !isnan(n->others))
		text_add(d, 2, cols, "of them by Mola's requests %.2f, by others %.2f", n->ours, n->others);
	if (!isnan(n->threads))
		text_add(d, 2, cols, "others' threads that want a core: %.1f; Mola's requests in flight: %.0f",
		    n->threads, n->inflight);
	if (!isnan(n->memory))
		text_add(d, 2, cols, "memory in use: %.0f%% of %.1f GiB", 100 * n->memory,
		    n->memory_bytes / (1 << 30));
	if (!isnan(n->pressure))
		text_add(d, 2, cols, "threads waited for a core %.0f%% of the time", 100 * n->pressure);
	if (!isnan(n->cost))
		text_add(d, 2, cols, "cost of one more request: %.2f; score: %.0f of 100", n->cost, n->score);
	for (size_t i = 0; i < m->ntasks; i++) {
		const struct top_task *t = &m->task[i];
		if (strcmp(t->node, n->name) != 0)
			continue;
		if (!any)
			title_add(d, "tasks on it");
		any = true;
		text_add(d, 2, cols, "%s of %s, %s, %.0f in flight%s%s", t->name, t->service, t->state,
		    t->inflight, *t->text == '\0' ? "" : "; ", t->text);
	}
}

void
detail_of_warnings(struct top_detail *d, const struct top_model *m, int cols)
{
	detail_clear(d);
	if (m->nwarnings == 0)
		line_add(d, "there is nothing that needs attention");
	for (size_t i = 0; i < m->nwarnings; i++) {
		const struct top_warning *w = &m->warning[i];
		if (i > 0)
			line_add(d, "");
		text_add(d, 0, cols, "%s: %s%s%s", w->severity, w->kind, *w->name == '\0' ? "" : " ", w->name);
		wrapped_add(d, 2, cols, w->text);
		hanging_add(d, 2, 2, cols, w->remedy);
	}
}

void
detail_of_model(struct top_detail *d, const struct top_model *m, int cols)
{
	detail_clear(d);
	for (size_t i = 0; d->pane == PANE_NODES && i < m->nnodes; i++)
		if (strcmp(m->node[i].name, d->name) == 0) {
			node_add(d, m, &m->node[i], cols);
			return;
		}
	line_add(d, "it is gone");
}
