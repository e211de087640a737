/*
 * top_view: lists in their order, the selection, and the screen around them. The selection stays
 * with its row, not with its place: rows change places all the time.
 */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/str.h"
#include "cli/top_view.h"


static const struct {
	const char	*title;
	unsigned	 sorted;	/* at first */
} panes[PANES] = {
	[PANE_NODES] = { "Nodes", 8 },		/* by cost: what is hot is above */
	[PANE_SERVICES] = { "Services", 4 },
	[PANE_TASKS] = { "Tasks", 4 },
	[PANE_EVENTS] = { "Events", 0 },
};

void
view_init(struct top_view *v, struct top_model *m)
{
	*v = (struct top_view){ .m = m, .where = "", .time = "", .problem = "", .age = -1, .period = 1,
		.rows = 24, .cols = 80 };
	for (enum top_pane p = 0; p < PANES; p++)
		v->list[p] = (struct top_list){ .sorted = panes[p].sorted, .reverse = true };
}

void
view_fini(struct top_view *v)
{
	for (enum top_pane p = 0; p < PANES; p++)
		free(v->list[p].order);
	detail_clear(&v->detail);
}

void
view_say(struct top_view *v, bool bad, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(v->message, sizeof v->message, fmt, ap);
	va_end(ap);
	v->message_bad = bad;
}

/* ---- lists ---- */

static const void *
row_of(const struct top_view *v, enum top_pane p, size_t place)
{
	return rows_at(v->m, p, v->list[p].order[place]);
}

static bool
is_selected(const struct top_list *l, enum top_pane p, const void *row)
{
	if (p == PANE_EVENTS)
		return l->selected_id != 0 && ((const struct top_event *)row)->id == l->selected_id;
	return strcmp(rows_name(row, p), l->selected) == 0;
}

static void
select_at(struct top_view *v, enum top_pane p, size_t at)
{
	struct top_list *l = &v->list[p];

	l->at = l->n == 0 ? 0 : at < l->n ? at : l->n - 1;
	l->selected[0] = '\0';
	l->selected_id = 0;
	if (l->n == 0 || l->at == 0)		/* whatever comes to be first */
		return;
	if (p == PANE_EVENTS)
		l->selected_id = ((const struct top_event *)row_of(v, p, l->at))->id;
	else
		str_copy(l->selected, sizeof l->selected, str_of(rows_name(row_of(v, p, l->at), p)));
}

struct sorting {
	const struct top_view *v;
	enum top_pane	 pane;
	const struct top_column *column;
	bool		 reverse;
};

static int
compare(const void *a, const void *b, void *arg)
{
	const struct sorting *s = arg;
	unsigned i = *(const unsigned *)a, k = *(const unsigned *)b;
	const void *x = rows_at(s->v->m, s->pane, i), *y = rows_at(s->v->m, s->pane, k);
	bool by_time = s->pane == PANE_EVENTS && s->column == column_at(s->pane, 0);
	int order = by_time ? 0 : column_compare(s->column, x, y, s->reverse);

	if (order == 0 && s->pane == PANE_EVENTS)	/* as they came */
		return s->reverse ? (i < k) - (i > k) : (i > k) - (i < k);
	return order != 0 ? order : strverscmp(rows_name(x, s->pane), rows_name(y, s->pane));
}

static void
list_sort(struct top_view *v, enum top_pane p)
{
	struct top_list *l = &v->list[p];
	size_t all = rows_count(v->m, p), at = 0;
	struct sorting s = { v, p, column_at(p, l->sorted), l->reverse };

	l->order = must_realloc(l->order, (all + 1) * sizeof *l->order);
	l->n = 0;
	for (size_t i = 0; i < all; i++)
		if (rows_match(rows_at(v->m, p, i), p, v->filter))
			l->order[l->n++] = (unsigned)i;
	qsort_r(l->order, l->n, sizeof *l->order, compare, &s);
	if (l->selected[0] != '\0' || l->selected_id != 0)
		while (at < l->n && !is_selected(l, p, row_of(v, p, at)))
			at++;
	if (at < l->n)
		l->at = at;
	else					/* it is gone: what has its place now */
		select_at(v, p, l->at);
}

void
view_changed(struct top_view *v)
{
	for (enum top_pane p = 0; p < PANES; p++)
		list_sort(v, p);
	if (v->detail.open && v->detail.warnings)
		detail_of_warnings(&v->detail, v->m, v->cols - 2);
	else if (v->detail.open && v->detail.pane == PANE_NODES)
		detail_of_model(&v->detail, v->m, v->cols - 2);
}

static const void *
selected_row(const struct top_view *v)
{
	const struct top_list *l = &v->list[v->pane];

	return l->n == 0 ? NULL : row_of(v, v->pane, l->at);
}

/* ---- keys ---- */

static enum top_action
key_typing(struct top_view *v, unsigned key)
{
	size_t n = strlen(v->filter);

	if (key == KEY_IS_ENTER || key == KEY_IS_ESCAPE) {
		v->typing = false;
		if (key == KEY_IS_ESCAPE)
			v->filter[0] = '\0';
	} else if (key == KEY_IS_ERASE && n > 0)
		v->filter[n - 1] = '\0';
	else if (key >= ' ' && key < 0x7f && n < sizeof v->filter - 1) {
		v->filter[n] = (char)key;
		v->filter[n + 1] = '\0';
	}
	view_changed(v);
	return TOP_NOTHING;
}

static enum top_action
key_asking(struct top_view *v, unsigned key)
{
	v->asking = false;
	if (key == 'y' || key == 'Y')
		return TOP_DRAIN;
	view_say(v, false, "nothing was changed");
	return TOP_NOTHING;
}

static void
drain_begin(struct top_view *v)
{
	const void *row = selected_row(v);
	const char *state;

	if (row == NULL || (v->pane != PANE_NODES && v->pane != PANE_TASKS)) {
		view_say(v, true, "a node or a task can be drained: select one, by 1 or 3");
		return;
	}
	if (!v->may_write) {
		view_say(v, true, "you may not drain here: use the unix socket, or a token that may write");
		return;
	}
	v->drain.task = v->pane == PANE_TASKS;
	state = v->drain.task ? ((const struct top_task *)row)->state :
	    ((const struct top_node *)row)->state;
	v->drain.on = strcmp(state, v->drain.task ? "draining" : "drained") != 0;
	str_copy(v->drain.name, sizeof v->drain.name, str_of(rows_name(row, v->pane)));
	v->asking = true;
}

static enum top_action
detail_begin(struct top_view *v)
{
	const void *row = selected_row(v);
	struct top_detail *d = &v->detail;
	const struct top_event *e = row;
	char text[TOP_TEXT_MAX + 200];

	if (row == NULL)
		return TOP_NOTHING;
	d->open = true;
	d->warnings = false;
	d->pane = v->pane;
	d->first = 0;
	str_copy(d->name, sizeof d->name, str_of(rows_name(row, v->pane)));
	str_copy(d->service, sizeof d->service, str_of(v->pane == PANE_TASKS ?
	    ((const struct top_task *)row)->service : d->name));
	if (v->pane == PANE_NODES) {
		detail_of_model(d, v->m, v->cols - 2);
		return TOP_NOTHING;
	}
	if (v->pane == PANE_EVENTS) {
		snprintf(text, sizeof text, "%s  %s  %s  %s", e->time, e->level, e->name, e->text);
		detail_of_text(d, text, v->cols - 2);
		return TOP_NOTHING;
	}
	detail_of_text(d, "it is requested ...", v->cols - 2);
	return TOP_DETAIL;
}

static size_t
page_rows(const struct top_view *v)
{
	return v->rows > 12 ? (size_t)v->rows - 10 : 2;
}

/* False: the key moves nothing. `most` is the last place. */
static bool
key_moves(const struct top_view *v, unsigned key, size_t most, size_t *at)
{
	size_t page = page_rows(v);

	if (key == KEY_IS_UP || key == 'k')
		*at -= *at > 0;
	else if (key == KEY_IS_DOWN || key == 'j')
		*at += *at < most;
	else if (key == KEY_IS_PAGE_UP)
		*at -= *at < page ? *at : page;
	else if (key == KEY_IS_PAGE_DOWN || (key == ' ' && v->detail.open))
		*at += most - *at < page ? most - *at : page;
	else if (key == KEY_IS_HOME || key == 'g')
		*at = 0;
	else if (key == KEY_IS_END || key == 'G')
		*at = most;
	else
		return false;
	return true;
}

static enum top_action
key_detail(struct top_view *v, unsigned key)
{
	struct top_detail *d = &v->detail;
	size_t page = v->rows > 5 ? (size_t)v->rows - 4 : 1, most = d->n > page ? d->n - page : 0;

	if (key == KEY_IS_ESCAPE || key == 'q' || key == KEY_IS_LEFT || key == KEY_IS_ERASE ||
	    key == KEY_IS_ENTER)
		d->open = false;
	else if (key == '?')
		v->help = true;
	else
		key_moves(v, key, most, &d->first);
	return TOP_NOTHING;
}

/* The next column that is wide enough to be seen. */
static void
sort_next(struct top_view *v, bool back)
{
	struct top_list *l = &v->list[v->pane];
	unsigned n = columns_count(v->pane);
	int width[COLUMNS_MOST];

	columns_fit(v->pane, v->cols, 10, width);
	do
		l->sorted = (l->sorted + (back ? n - 1 : 1)) % n;
	while (width[l->sorted] == 0);
	l->reverse = column_falls(column_at(v->pane, l->sorted));
	list_sort(v, v->pane);
}

static enum top_action
key_list(struct top_view *v, unsigned key)
{
	struct top_list *l = &v->list[v->pane];
	size_t at = l->at;

	if (key_moves(v, key, l->n == 0 ? 0 : l->n - 1, &at)) {
		select_at(v, v->pane, at);
		return TOP_NOTHING;
	}
	switch (key) {
	case 'q':
		return TOP_QUIT;
	case '1': case '2': case '3': case '4':
		v->pane = (enum top_pane)(key - '1');
		break;
	case KEY_IS_TAB: case KEY_IS_RIGHT:
		v->pane = (v->pane + 1) % PANES;
		break;
	case KEY_IS_BACK_TAB: case KEY_IS_LEFT:
		v->pane = (v->pane + PANES - 1) % PANES;
		break;
	case 's': case 'S':
		sort_next(v, key == 'S');
		break;
	case 'r':
		l->reverse = !l->reverse;
		list_sort(v, v->pane);
		break;
	case '/':
		v->typing = true;
		break;
	case KEY_IS_ESCAPE:
		v->filter[0] = '\0';
		view_changed(v);
		break;
	case 'p': case ' ':
		v->paused = !v->paused;
		break;
	case 'd':
		drain_begin(v);
		break;
	case '?': case 'h':
		v->help = true;
		break;
	case 'w':
		v->detail.open = v->detail.warnings = true;
		v->detail.first = 0;
		detail_of_warnings(&v->detail, v->m, v->cols - 2);
		break;
	case KEY_IS_ENTER:
		return detail_begin(v);
	default:
		break;
	}
	return TOP_NOTHING;
}

enum top_action
view_key(struct top_view *v, unsigned key)
{
	v->message[0] = '\0';
	if (v->help) {
		v->help = false;
		return TOP_NOTHING;
	}
	if (v->asking)
		return key_asking(v, key);
	if (v->typing)
		return key_typing(v, key);
	return v->detail.open ? key_detail(v, key) : key_list(v, key);
}
