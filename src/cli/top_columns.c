/*
 * top_columns: tables of columns, and how a value of each kind is compared and written. Bars and
 * states differ in characters and words; colours only repeat them.
 */
#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/bug.h"
#include "cli/top_columns.h"

enum column_kind {
	KIND_TEXT, KIND_STATE, KIND_NUMBER, KIND_PRECISE, KIND_COUNT, KIND_PERCENT, KIND_SECONDS,
	KIND_BAR,		/* of a node: its cores */
	KIND_BUSY,		/* of a node: in use, and all */
	KIND_TREND,
	KIND_USABLE,		/* of a service: tasks that take requests, and all */
	KIND_TIME		/* of an event */
};

struct top_column {
	const char	*title;
	enum column_kind kind;
	int		 least, most;	/* width */
	int		 from;		/* shown on screens of as many columns */
	size_t		 at;		/* a double, or a text */
};

#define NODE(member)	offsetof(struct top_node, member)
#define SERVICE(member)	offsetof(struct top_service, member)
#define TASK(member)	offsetof(struct top_task, member)
#define EVENT_AT(member) offsetof(struct top_event, member)

static const struct top_column node_columns[] = {
	{ "NODE", KIND_TEXT, 10, 32, 0, NODE(name) },
	{ "STATE", KIND_STATE, 7, 7, 0, NODE(state) },
	{ "LOAD", KIND_BAR, 10, 40, 0, NODE(ours) },
	{ "BUSY", KIND_BUSY, 9, 11, 0, NODE(ours) },
	{ " ", KIND_TREND, 1, 1, 0, NODE(trend) },
	{ "OTHERS", KIND_NUMBER, 6, 6, 0, NODE(threads) },
	{ "OURS", KIND_COUNT, 5, 5, 0, NODE(inflight) },
	{ "MEM", KIND_PERCENT, 4, 4, 0, NODE(memory) },
	{ "COST", KIND_PRECISE, 6, 6, 0, NODE(cost) },
	{ "SHARE", KIND_PERCENT, 5, 5, 0, NODE(share) },
	{ "PRESS", KIND_PERCENT, 5, 5, 100, NODE(pressure) },
	{ "TASKS", KIND_COUNT, 5, 5, 100, NODE(tasks) },
	{ "AGE", KIND_SECONDS, 6, 6, 110, NODE(age) },
	{ "SOURCE", KIND_TEXT, 13, 13, 130, NODE(source) },
	{ "PROBLEM", KIND_TEXT, 8, 200, 150, NODE(text) },
};

static const struct top_column service_columns[] = {
	{ "SERVICE", KIND_TEXT, 14, 40, 0, SERVICE(name) },
	{ "POLICY", KIND_TEXT, 11, 11, 0, SERVICE(policy) },
	{ "TASKS", KIND_USABLE, 7, 9, 0, SERVICE(usable) },
	{ "INFLIGHT", KIND_COUNT, 8, 8, 0, SERVICE(inflight) },
	{ "REQ/S", KIND_COUNT, 6, 8, 0, SERVICE(rate) },
	{ "ERR/S", KIND_COUNT, 5, 7, 0, SERVICE(errors) },
	{ "P50", KIND_SECONDS, 6, 6, 0, SERVICE(p50) },
	{ "P99", KIND_SECONDS, 6, 6, 0, SERVICE(p99) },
	{ "REQUESTS", KIND_COUNT, 8, 8, 100, SERVICE(requests) },
	{ "FAILED", KIND_COUNT, 6, 6, 90, SERVICE(failures) },
	{ "PROFILE", KIND_TEXT, 10, 10, 120, SERVICE(profile) },
	{ "ROUTE", KIND_TEXT, 16, 32, 130, SERVICE(route) },
	{ "PROBLEM", KIND_TEXT, 8, 200, 150, SERVICE(text) },
};

static const struct top_column task_columns[] = {
	{ "TASK", KIND_TEXT, 16, 40, 0, TASK(name) },
	{ "NODE", KIND_TEXT, 10, 20, 0, TASK(node) },
	{ "STATE", KIND_STATE, 8, 8, 0, TASK(state) },
	{ "INFLIGHT", KIND_COUNT, 8, 8, 0, TASK(inflight) },
	{ "REQ/S", KIND_COUNT, 6, 8, 0, TASK(rate) },
	{ "SHARE", KIND_PERCENT, 5, 5, 0, TASK(share) },
	{ "COST", KIND_PRECISE, 6, 6, 0, TASK(cost) },
	{ "P99", KIND_SECONDS, 6, 6, 0, TASK(p99) },
	{ "ERR/S", KIND_COUNT, 5, 7, 90, TASK(errors) },
	{ "FAILED", KIND_COUNT, 6, 6, 90, TASK(failures) },
	{ "REQUESTS", KIND_COUNT, 8, 8, 100, TASK(requests) },
	{ "SERVICE", KIND_TEXT, 14, 24, 120, TASK(service) },
	{ "ADDRESS", KIND_TEXT, 21, 21, 140, TASK(address) },
	{ "PROBLEM", KIND_TEXT, 8, 200, 160, TASK(text) },
};

static const struct top_column event_columns[] = {
	{ "TIME", KIND_TIME, 8, 8, 0, EVENT_AT(time) },
	{ "LEVEL", KIND_STATE, 5, 5, 0, EVENT_AT(level) },
	{ "EVENT", KIND_TEXT, 18, 26, 0, EVENT_AT(name) },
	{ "TEXT", KIND_TEXT, 20, 400, 0, EVENT_AT(text) },
};

#define COUNT(columns)	(sizeof (columns) / sizeof *(columns))

_Static_assert(COUNT(node_columns) <= COLUMNS_MOST && COUNT(service_columns) <= COLUMNS_MOST &&
    COUNT(task_columns) <= COLUMNS_MOST && COUNT(event_columns) <= COLUMNS_MOST, "room for widths");

static const struct top_column *
columns_of(enum top_pane p, unsigned *n)
{
	static const struct {
		const struct top_column *column;
		unsigned	 n;
	} all[PANES] = {
		[PANE_NODES] = { node_columns, COUNT(node_columns) },
		[PANE_SERVICES] = { service_columns, COUNT(service_columns) },
		[PANE_TASKS] = { task_columns, COUNT(task_columns) },
		[PANE_EVENTS] = { event_columns, COUNT(event_columns) },
	};

	ASSERT(p < PANES);
	*n = all[p].n;
	return all[p].column;
}

unsigned
columns_count(enum top_pane p)
{
	unsigned n;

	columns_of(p, &n);
	return n;
}

const struct top_column *
column_at(enum top_pane p, unsigned i)
{
	unsigned n;
	const struct top_column *c = columns_of(p, &n);

	ASSERT(i < n);
	return &c[i];
}

/* ---- rows ---- */

size_t
rows_count(const struct top_model *m, enum top_pane p)
{
	return p == PANE_NODES ? m->nnodes : p == PANE_SERVICES ? m->nservices :
	    p == PANE_TASKS ? m->ntasks : m->nevents;
}

const void *
rows_at(const struct top_model *m, enum top_pane p, size_t i)
{
	ASSERT(i < rows_count(m, p));
	switch (p) {
	case PANE_NODES:
		return &m->node[i];
	case PANE_SERVICES:
		return &m->service[i];
	case PANE_TASKS:
		return &m->task[i];
	case PANE_EVENTS:
		return &m->event[i];
	case PANES:
		break;
	}
	BUG("no pane");
}

const char *
rows_name(const void *row, enum top_pane p)
{
	return p == PANE_EVENTS ? ((const struct top_event *)row)->time : row;	/* names come first */
}

_Static_assert(NODE(name) == 0 && SERVICE(name) == 0 && TASK(name) == 0, "names come first");

static const char *
text_at(const struct top_column *c, const void *row)
{
	return (const char *)row + c->at;
}

static bool
is_text(const struct top_column *c)
{
	return c->kind == KIND_TEXT || c->kind == KIND_STATE || c->kind == KIND_TREND ||
	    c->kind == KIND_TIME;
}

bool
rows_match(const void *row, enum top_pane p, const char *filter)
{
	unsigned n;
	const struct top_column *c = columns_of(p, &n);

	for (unsigned i = 0; i < n; i++)
		if (is_text(&c[i]) && strcasestr(text_at(&c[i], row), filter) != NULL)
			return true;
	return *filter == '\0';
}

/* ---- sorting ---- */

const char *
column_title(const struct top_column *c)
{
	return c->kind == KIND_TREND ? "TREND" : c->title;
}

bool
column_falls(const struct top_column *c)
{
	return !is_text(c) || c->kind == KIND_TIME;
}

static double
number_at(const struct top_column *c, const void *row)
{
	const struct top_node *n = row;
	const struct top_service *s = row;

	if (c->kind == KIND_BAR)
		return n->busy / n->cores;
	if (c->kind == KIND_BUSY)
		return n->busy;
	if (c->kind == KIND_USABLE)
		return s->usable / s->tasks;
	return *(const double *)(const void *)((const char *)row + c->at);
}

int
column_compare(const struct top_column *c, const void *a, const void *b, bool reverse)
{
	double x, y;
	int order;

	if (is_text(c)) {
		if ((*text_at(c, a) == '\0') != (*text_at(c, b) == '\0'))
			return *text_at(c, a) == '\0' ? 1 : -1;
		order = strverscmp(text_at(c, a), text_at(c, b));
		return reverse ? -order : order;
	}
	x = number_at(c, a);
	y = number_at(c, b);
	if (isnan(x) || isnan(y))
		return isnan(x) - isnan(y);
	order = (x > y) - (x < y);
	return reverse ? -order : order;
}

/* ---- widths ---- */

void
columns_fit(enum top_pane p, int cols, int name, int width[COLUMNS_MOST])
{
	int gap = cols >= 100 ? 2 : 1, left = cols - 2;		/* two for the mark of the selection */
	unsigned n, last = 0;
	const struct top_column *c = columns_of(p, &n);

	for (unsigned i = 0; i < n; i++) {
		width[i] = cols >= c[i].from ? c[i].least : 0;
		left -= width[i] > 0 ? width[i] + (i > 0 ? gap : 0) : 0;
		last = width[i] > 0 ? i : last;
	}
	for (unsigned i = 0; i < n && left > 0; i++) {
		int most = i == 0 && p != PANE_EVENTS && name < c[i].most ? name : c[i].most;
		int more = width[i] == 0 ? 0 : most - width[i];

		more = more < 0 ? 0 : more < left ? more : left;
		if (i == last || c[i].kind == KIND_BAR || i == 0 || left > 20) {
			width[i] += more;
			left -= more;
		}
	}
}

/* ---- drawing ---- */

static bool
is_right(const struct top_column *c)
{
	return !is_text(c) && c->kind != KIND_BAR;
}

static void
seconds_text(double x, char out[32])
{
	if (x < 0.0995)
		snprintf(out, 32, "%.*fms", x < 0.00995 ? 1 : 0, 1000 * x);
	else if (x < 99.95)
		snprintf(out, 32, "%.*fs", x < 9.995 ? 2 : 1, x);
	else
		snprintf(out, 32, "%.0fm", x / 60);
}

static void
count_text(double x, char out[32])
{
	static const char unit[] = " kMGT";
	unsigned u = 0;

	while (x >= 9999.5 && u < sizeof unit - 2) {
		x /= 1000;
		u++;
	}
	if (u == 0)
		snprintf(out, 32, "%.*f", x >= 99.95 || x == floor(x) ? 0 : x < 0.995 ? 2 : 1, x);
	else
		snprintf(out, 32, "%.*f%c", x >= 99.95 ? 0 : 1, x, unit[u]);
}

static void
number_text(const struct top_column *c, const void *row, char out[32])
{
	const struct top_node *n = row;
	const struct top_service *s = row;
	double x = number_at(c, row);

	if (c->kind == KIND_USABLE) {
		snprintf(out, 32, "%.0f/%.0f", s->usable, s->tasks);
		return;
	}
	if (isnan(x))
		strcpy(out, "-");
	else if (c->kind == KIND_BUSY)
		snprintf(out, 32, "%.1f/%.4g", x, n->cores);
	else if (c->kind == KIND_PERCENT)
		snprintf(out, 32, "%.0f%%", 100 * x);
	else if (c->kind == KIND_SECONDS)
		seconds_text(x, out);
	else if (c->kind == KIND_COUNT)
		count_text(x, out);
	else
		snprintf(out, 32, "%.*f", c->kind == KIND_PRECISE && x < 99.995 ? 2 : 1, x);
}

/* The cells of a bar for so many cores; those in use are seen, however few they are. */
static int
bar_cells(double cores, const struct top_node *n, int all)
{
	int cells = (int)lround(cores / n->cores * all);

	return cells > all ? all : cells > 0 ? cells : cores >= 0.05;
}

/* Mola's, others', and what is free; where it is not known whose they are, what is in use. */
static void
bar_draw(struct canvas *v, int row, int col, int width, const struct top_node *n)
{
	bool known = !isnan(n->ours) && !isnan(n->others);
	int all = width - 2, ours, others;

	if (isnan(n->busy) || !(n->cores > 0)) {
		canvas_put(v, row, col, width, "-", HUE_FAINT);
		return;
	}
	ours = bar_cells(known ? n->ours : n->busy, n, all);
	others = known ? bar_cells(n->ours + n->others, n, all) - ours : 0;
	if (known && others <= 0)
		others = n->others >= 0.05 && ours < all;
	col = canvas_fill(v, row, col, 1, '[', HUE_PLAIN);
	col = canvas_fill(v, row, col, ours, known ? '#' : '=', known ? HUE_GOOD : HUE_PLAIN);
	col = canvas_fill(v, row, col, others, ':', HUE_WARN);
	col = canvas_fill(v, row, col, all - ours - others, '.', HUE_FAINT);
	canvas_fill(v, row, col, 1, ']', HUE_PLAIN);
}

static enum hue
state_hue(const char *state)
{
	if (strcmp(state, "error") == 0)
		return HUE_BAD;
	if (strcmp(state, "warn") == 0)
		return HUE_WARN;
	return strcmp(state, "info") == 0 || strcmp(state, "note") == 0 ? HUE_PLAIN :
	    strcmp(state, "debug") == 0 ? HUE_FAINT : hue_of(state);
}

static void
text_draw(struct canvas *v, int row, int col, int width, const struct top_column *c,
    const void *item)
{
	const char *text = text_at(c, item);

	if (c->kind == KIND_TREND)
		text = strcmp(text, "rising") == 0 ? "^" : strcmp(text, "falling") == 0 ? "v" : " ";
	else if (c->kind == KIND_TIME && strlen(text) >= 19)
		text += 11;			/* "2026-11-27T19:55:07.941Z" */
	if (c->kind == KIND_STATE)
		canvas_put(v, row, col, width, *text == '\0' ? "-" : text, state_hue(text));
	else
		canvas_put(v, row, col, width, *text == '\0' && c->kind == KIND_TEXT && c->most < 100 ? "-" :
		    text, HUE_PLAIN);
}

static void
cell_draw(struct canvas *v, int row, int col, int width, const struct top_column *c,
    const void *item)
{
	const struct top_service *s = item;
	unsigned style = HUE_PLAIN;
	char text[32];

	if (c->kind == KIND_BAR)
		bar_draw(v, row, col, width, item);
	else if (is_text(c))
		text_draw(v, row, col, width, c, item);
	else {
		if (c->kind == KIND_USABLE)
			style = !s->served || s->usable == 0 ? HUE_BAD : s->usable < s->tasks ? HUE_WARN : HUE_GOOD;
		number_text(c, item, text);
		canvas_put_right(v, row, col, width, text, style);
	}
}

static int
gap_of(const struct canvas *v)
{
	return v->cols >= 100 ? 2 : 1;
}

void
columns_row(struct canvas *v, int row, enum top_pane p, const int *width, const void *item)
{
	int col = 2;
	unsigned n;
	const struct top_column *c = columns_of(p, &n);

	for (unsigned i = 0; i < n; i++)
		if (width[i] > 0) {
			cell_draw(v, row, col, width[i], &c[i], item);
			col += width[i] + gap_of(v);
		}
}

void
columns_titles(struct canvas *v, int row, enum top_pane p, const int *width, unsigned sorted)
{
	int col = 2;
	unsigned n, style;
	const struct top_column *c = columns_of(p, &n);

	for (unsigned i = 0; i < n; i++) {
		if (width[i] == 0)
			continue;
		style = i == sorted ? STYLE_BOLD : HUE_FAINT;
		if (is_right(&c[i]))
			canvas_put_right(v, row, col, width[i], c[i].title, style);
		else
			canvas_put(v, row, col, width[i], c[i].title, style);
		col += width[i] + gap_of(v);
	}
}
