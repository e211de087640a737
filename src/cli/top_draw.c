/*
 * top_draw: the screen of `mola top`: two lines on how things stand, lists or a page, and below
 * what is selected and which keys there are. From STACKED_ROWS on all lists are shown.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/bug.h"
#include "cli/top_view.h"

#define STACKED_ROWS	34		/* from here on all panes are shown, below each other */
#define STRIP_ROWS	20		/* from here on the last events are, below another pane */
#define STRIP_EVENTS	3
#define STALE_PERIODS	4

static const char *const titles[PANES] = { "Nodes", "Services", "Tasks", "Events" };

/* ---- the head ---- */

static bool
is_stale(const struct top_view *v)
{
	return v->age > STALE_PERIODS * (v->period > 1 ? v->period : 1);
}

static unsigned
connection_text(const struct top_view *v, char *out, size_t cap)
{
	double age = v->age < 0 ? 0 : v->age;

	if (v->connection == TOP_LOST) {
		if (v->age >= 0)
			snprintf(out, cap, "DISCONNECTED, %.0f s old", age);
		else
			snprintf(out, cap, "DISCONNECTED");
		return HUE_BAD | STYLE_BOLD;
	}
	if (v->connection == TOP_CONNECTING) {
		snprintf(out, cap, "connecting");
		return HUE_WARN;
	}
	if (v->paused) {
		snprintf(out, cap, "PAUSED");
		return HUE_WARN | STYLE_BOLD;
	}
	if (is_stale(v)) {
		snprintf(out, cap, "STALE, %.0f s old", age);
		return HUE_WARN | STYLE_BOLD;
	}
	snprintf(out, cap, v->connection == TOP_POLLS ? "polling" : "live");
	return HUE_GOOD;
}

static void
head_draw(const struct top_view *v, struct canvas *c)
{
	char text[64];
	unsigned style = connection_text(v, text, sizeof text);
	int col = canvas_put(c, 0, 0, c->cols, "mola top", STYLE_BOLD) + 2;
	int right = c->cols - (int)strlen(v->time), state = right - (int)strlen(text) - 2;

	canvas_put(c, 0, right, c->cols, v->time, HUE_PLAIN);
	canvas_put(c, 0, state, c->cols, text, style);
	canvas_put(c, 0, col, state - col - 2, v->where, HUE_FAINT);
}

/* A part of the summary; nothing where it is 0, unless `always`. */
static int
part_draw(struct canvas *c, int col, double n, const char *word, unsigned style, bool always)
{
	char text[64];

	if (isnan(n) || (n == 0 && !always))
		return col;
	snprintf(text, sizeof text, n < 10 && n != floor(n) ? "%.1f %s" : "%.0f %s", n, word);
	return canvas_put(c, 1, col, c->cols, text, style) + 2;
}

static int
nodes_draw(const struct top_model *m, struct canvas *c, int col)
{
	unsigned blind = 0, stale = 0, drained = 0;
	double cores = 0, busy = 0, ours = 0, others = 0;
	char text[80];

	for (size_t i = 0; i < m->nnodes; i++) {
		const struct top_node *n = &m->node[i];
		blind += strcmp(n->state, "blind") == 0;
		stale += strcmp(n->state, "stale") == 0;
		drained += strcmp(n->state, "drained") == 0;
		if (isnan(n->cores) || isnan(n->busy))
			continue;
		cores += n->cores;
		busy += n->busy;
		ours += n->ours;
		others += n->others;
	}
	col = part_draw(c, col, (double)m->nnodes, m->nnodes == 1 ? "node" : "nodes", HUE_PLAIN, true);
	col = part_draw(c, col, blind, "blind", HUE_BAD, false);
	col = part_draw(c, col, stale, "stale", HUE_WARN, false);
	col = part_draw(c, col, drained, "drained", HUE_WARN, false);
	if (cores > 0) {
		if (isnan(ours) || isnan(others))
			snprintf(text, sizeof text, "%.1f of %.4g cores", busy, cores);
		else
			snprintf(text, sizeof text, "cores: Mola %.1f, others %.1f, of %.4g", ours, others, cores);
		col = canvas_put(c, 1, col, c->cols, text, HUE_PLAIN) + 2;
	}
	return col;
}

static void
summary_draw(const struct top_view *v, struct canvas *c)
{
	const struct top_model *m = v->m;
	double rate = 0, inflight = 0, errors = 0;
	unsigned unserved = 0, away = 0;
	int col = 0;

	if (v->connection == TOP_LOST) {
		canvas_put(c, 1, 0, c->cols, v->problem, HUE_BAD);
		return;
	}
	for (size_t i = 0; i < m->nservices; i++) {
		rate += isnan(m->service[i].rate) ? 0 : m->service[i].rate;
		inflight += isnan(m->service[i].inflight) ? 0 : m->service[i].inflight;
		errors += isnan(m->service[i].errors) ? 0 : m->service[i].errors;
		unserved += !m->service[i].served;
	}
	for (size_t i = 0; i < m->ntasks; i++)
		away += strcmp(m->task[i].state, "down") == 0 || strcmp(m->task[i].state, "ejected") == 0;
	col = part_draw(c, col, (double)m->nwarnings, m->nwarnings == 1 ? "warning (w)" : "warnings (w)",
	    HUE_WARN | STYLE_BOLD, false);
	col = nodes_draw(m, c, col);
	col = part_draw(c, col, rate, "req/s", HUE_PLAIN, true);
	col = part_draw(c, col, inflight, "in flight", HUE_PLAIN, true);
	col = part_draw(c, col, errors, "err/s", HUE_BAD, false);
	col = part_draw(c, col, unserved, "not served", HUE_BAD, false);
	part_draw(c, col, away, "tasks away", HUE_BAD, false);
}

/* ---- lists ---- */

static int
name_width(const struct top_view *v, enum top_pane p)
{
	const struct top_list *l = &v->list[p];
	int most = 4, width;

	for (size_t i = 0; i < l->n && p != PANE_EVENTS; i++) {
		width = (int)strlen(rows_name(rows_at(v->m, p, l->order[i]), p));
		most = width > most ? width : most;
	}
	return most;
}

/* Scrolls as far as it must for the selection to be seen. */
static void
list_scroll(struct top_list *l, size_t rows)
{
	if (l->at < l->first)
		l->first = l->at;
	if (rows > 0 && l->at >= l->first + rows)
		l->first = l->at - rows + 1;
	if (l->n <= rows)
		l->first = 0;
	else if (l->first + rows > l->n)
		l->first = l->n - rows;
}

static const char *
empty_text(const struct top_view *v, enum top_pane p)
{
	bool has = p == PANE_NODES ? v->m->has_nodes : p == PANE_SERVICES ? v->m->has_services :
	    p == PANE_TASKS ? v->m->has_tasks : v->m->has_events;

	if (!has)
		return "nothing has come yet";
	if (rows_count(v->m, p) > 0)
		return "nothing matches the filter: Esc shows all";
	return p == PANE_NODES ? "there is no node: mola.yaml, or a Swarm, names them" :
	    p == PANE_SERVICES ? "there is no service: mola.yaml, or labels in a Swarm, define them" :
	    p == PANE_TASKS ? "there is no task" : "nothing has happened";
}

/* Titles of columns, and rows: `rows` lines with the titles. */
static void
list_draw(struct top_view *v, struct canvas *c, enum top_pane p, int row, int rows)
{
	struct top_list *l = &v->list[p];
	bool focus = p == v->pane;
	int width[COLUMNS_MOST];

	if (rows < 2)
		return;
	columns_fit(p, c->cols, name_width(v, p), width);
	columns_titles(c, row, p, width, l->sorted);
	if (l->n == 0)
		canvas_put(c, row + 1, 2, c->cols - 2, empty_text(v, p), HUE_FAINT);
	list_scroll(l, (size_t)rows - 1);
	for (int i = 1; i < rows && l->first + (size_t)i - 1 < l->n; i++) {
		size_t at = l->first + (size_t)i - 1;
		columns_row(c, row + i, p, width, rows_at(v->m, p, l->order[at]));
		if (at == l->at && focus) {
			canvas_fill(c, row + i, 0, 1, '>', STYLE_BOLD);
			canvas_mark(c, row + i, 0, c->cols, STYLE_REVERSE);
		}
	}
}

static void
sort_text(const struct top_view *v, enum top_pane p, char out[80])
{
	snprintf(out, 80, "by %s, %s", column_title(column_at(p, v->list[p].sorted)),
	    v->list[p].reverse ? "falling" : "rising");
}

/* "3 Tasks 12", or "3 Tasks 4 of 12" */
static void
title_text(const struct top_view *v, enum top_pane p, char out[80])
{
	size_t all = rows_count(v->m, p);

	if (v->list[p].n < all)
		snprintf(out, 80, "%d %s %zu of %zu", (int)p + 1, titles[p], v->list[p].n, all);
	else
		snprintf(out, 80, "%d %s %zu", (int)p + 1, titles[p], all);
}

/* All panes in one line, the one that is shown in brackets. */
static void
tabs_draw(const struct top_view *v, struct canvas *c, int row)
{
	char text[80], tab[90];
	int col = 0;

	for (enum top_pane p = 0; p < PANES; p++) {
		title_text(v, p, text);
		snprintf(tab, sizeof tab, p == v->pane ? "[%s]" : " %s ", text);
		col = canvas_put(c, row, col, c->cols, tab, p == v->pane ? STYLE_BOLD : HUE_PLAIN) + 1;
	}
	sort_text(v, v->pane, text);
	if (col + (int)strlen(text) < c->cols)
		canvas_put_right(c, row, col, c->cols - col, text, HUE_FAINT);
}

static void
strip_draw(const struct top_view *v, struct canvas *c, int row)
{
	const struct top_model *m = v->m;
	int width[COLUMNS_MOST];

	canvas_fill(c, row, 0, c->cols, '-', HUE_FAINT);
	canvas_put(c, row, 2, c->cols, " last events ", HUE_FAINT);
	columns_fit(PANE_EVENTS, c->cols, 0, width);
	for (size_t i = 0; i < STRIP_EVENTS && i < m->nevents; i++)
		columns_row(c, row + 1 + (int)i, PANE_EVENTS, width, &m->event[m->nevents - 1 - i]);
}

/* One above the other: what is focused gets what the others do not need. */
static void
stack_draw(struct top_view *v, struct canvas *c, int row, int rows)
{
	int height[PANES], left = rows, need;
	char text[80];

	for (enum top_pane p = 0; p < PANES; p++) {
		need = (int)(v->list[p].n < 1 ? 1 : v->list[p].n < 1000 ? v->list[p].n : 1000) + 2;
		height[p] = need < rows / PANES ? need : rows / PANES;
		left -= height[p];
	}
	for (enum top_pane k = 0; k < PANES; k++) {	/* the focused first, then from above */
		enum top_pane p = k == 0 ? v->pane : k <= v->pane ? k - 1 : k;
		need = (int)(v->list[p].n < 1000 ? v->list[p].n : 1000) + 2 - height[p];
		need = need < 0 ? 0 : need < left ? need : left;
		height[p] += need;
		left -= need;
	}
	for (enum top_pane p = 0; p < PANES; p++) {
		canvas_fill(c, row, 0, c->cols, '-', HUE_FAINT);
		title_text(v, p, text);
		need = canvas_put(c, row, 2, c->cols, p == v->pane ? "[" : " ", STYLE_BOLD);
		need = canvas_put(c, row, need, c->cols, text, p == v->pane ? STYLE_BOLD : HUE_PLAIN);
		need = canvas_put(c, row, need, c->cols, p == v->pane ? "]" : " ", STYLE_BOLD) + 1;
		sort_text(v, p, text);
		canvas_put(c, row, c->cols - (int)strlen(text) - 4, c->cols, " ", HUE_FAINT);
		canvas_put(c, row, c->cols - (int)strlen(text) - 3, c->cols, text, HUE_FAINT);
		canvas_put(c, row, c->cols - 3, 1, " ", HUE_FAINT);
		list_draw(v, c, p, row + 1, height[p] - 1);
		row += height[p];
	}
}

/* ---- pages ---- */

static void
detail_draw(const struct top_view *v, struct canvas *c)
{
	const struct top_detail *d = &v->detail;

	for (int row = 2; row < c->rows - 1; row++)
		if (d->first + (size_t)row - 2 < d->n)
			canvas_put(c, row, 1, c->cols - 1, d->line[d->first + (size_t)row - 2], HUE_PLAIN);
}

static void
help_draw(struct canvas *c)
{
	static const char *const lines[] = {
		"1 2 3 4, Tab      nodes, services, tasks, events",
		"up down, j k      select; PgUp PgDn, Home End, g G",
		"Enter             why: the page about what is selected; Esc leaves it",
		"s S, r            sort by the next or the previous column; reverse",
		"/                 filter by any text of a row; Esc shows all",
		"p, space          pause, and go on",
		"w                 warnings: what needs attention, and what to do",
		"d                 drain a node or a task, or undo that, once you confirm it",
		"?, q              this page; quit",
		"",
		"[###::....]       cores of a node: # Mola's requests, : others, . free; = in use",
		"^ v               its load is rising, or falling",
		"OTHERS            threads that want a core and do not serve Mola's requests",
		"COST              of one more request on the node, which goes where it is least",
		"SHARE             of the requests of the last five seconds",
		"",
		"mola(8) has more. Any key leaves this page.",
	};

	for (int i = 0; i < (int)(sizeof lines / sizeof *lines); i++)
		canvas_put(c, 3 + i, 2, c->cols - 2, lines[i], HUE_PLAIN);
}

/* ---- the foot ---- */

static void
selected_draw(const struct top_view *v, struct canvas *c, int row)
{
	const struct top_list *l = &v->list[v->pane];
	const void *item = l->n == 0 ? NULL : rows_at(v->m, v->pane, l->order[l->at]);
	const struct top_node *n = item;
	const char *text = item == NULL ? "" : v->pane == PANE_NODES ? (*n->text ? n->text : n->reason) :
	    v->pane == PANE_SERVICES ? ((const struct top_service *)item)->text :
	    v->pane == PANE_TASKS ? ((const struct top_task *)item)->text : "";
	int col;

	if (*text == '\0')
		return;
	col = canvas_put(c, row, 0, c->cols, rows_name(item, v->pane), STYLE_BOLD);
	canvas_put(c, row, canvas_put(c, row, col, c->cols, ": ", HUE_PLAIN), c->cols, text, HUE_PLAIN);
}

static void
foot_draw(const struct top_view *v, struct canvas *c)
{
	int row = c->rows - 1;
	char text[TOP_NAME_MAX + 120];

	if (v->asking) {
		snprintf(text, sizeof text, v->drain.on ? "Drain %s %s: no new requests for it until this is "
		    "undone? y/n" : "Undrain %s %s: new requests for it again? y/n", v->drain.task ? "task" :
		    "node", v->drain.name);
		canvas_put(c, row, 0, c->cols, text, STYLE_BOLD | HUE_WARN);
	} else if (v->typing) {
		snprintf(text, sizeof text, "filter: %s_", v->filter);
		canvas_put(c, row, 0, c->cols, text, STYLE_BOLD);
	} else if (v->message[0] != '\0')
		canvas_put(c, row, 0, c->cols, v->message, v->message_bad ? HUE_BAD : HUE_GOOD);
	else if (v->detail.open)
		canvas_put(c, row, 0, c->cols, "Esc back  up/down scroll  ? help", HUE_FAINT);
	else if (v->filter[0] != '\0') {
		snprintf(text, sizeof text, "filter: %s  Esc shows all  / changes it", v->filter);
		canvas_put(c, row, 0, c->cols, text, HUE_WARN);
	} else
		canvas_put(c, row, 0, c->cols, "q quit  ? help  Tab pane  Enter why  / filter  s sort  d drain  "
		    "p pause", HUE_FAINT);
}

void
view_draw(struct top_view *v, struct canvas *c)
{
	bool stacked = c->rows >= STACKED_ROWS, strip = c->rows >= STRIP_ROWS && v->pane != PANE_EVENTS;
	int end = c->rows - 2;

	canvas_clear(c);
	v->rows = c->rows;
	v->cols = c->cols;
	head_draw(v, c);
	if (c->rows < 6 || c->cols < 40) {
		canvas_put(c, 1, 0, c->cols, "the screen is too small", HUE_BAD);
		return;
	}
	summary_draw(v, c);
	if (v->help)
		help_draw(c);
	else if (v->detail.open)
		detail_draw(v, c);
	else {
		if (stacked)
			stack_draw(v, c, 2, end - 2);
		else {
			if (strip) {
				end -= STRIP_EVENTS + 1;
				strip_draw(v, c, end);
			}
			tabs_draw(v, c, 2);
			list_draw(v, c, v->pane, 3, end - 3);
		}
		selected_draw(v, c, c->rows - 2);
	}
	foot_draw(v, c);
}
