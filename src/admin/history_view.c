/*
 * history_view: the history as text, one node, service or task after another: each has hundreds of
 * numbers.
 */
#include <math.h>

#include "admin/history_priv.h"
#include "base/bug.h"

static void
put_name(struct buf *out, const char *key, const char *name)
{
	buf_printf(out, "\"%s\":", key);
	view_put(out, view_text(name));
}

/* The column of `r`; with `of` as its part of the rate of that service. */
static void
put_column(struct buf *out, const char *key, const struct history_ring *r, unsigned column,
    const struct history_ring *of, int64_t step)
{
	buf_printf(out, ",\"%s\":[", key);
	for (int64_t i = step - HISTORY_POINTS + 1; i <= step; i++) {
		double x = history_at(r, column, i), whole = history_at(of, SERVICE_RATE, i);
		if (of != NULL)			/* both are rounded: it is no more than the whole */
			x = x > whole ? 1 : x / whole;
		if (i > step - HISTORY_POINTS + 1)
			buf_adds(out, STR(","));
		if (!isfinite(x))
			buf_adds(out, STR("null"));
		else if (fabs(x) < 1e-9)
			buf_adds(out, STR("0"));
		else
			buf_printf(out, "%.3g", x);
	}
	buf_adds(out, STR("]"));
}

static void
put_node(struct buf *out, const struct history *h, int64_t step,
    const struct world_node *n)
{
	static const char *const keys[] = { "ours", "others", "memory", "pressure" };
	const struct history_ring *r = history_of_node(h, n);

	buf_adds(out, STR("{"));
	put_name(out, "name", n->name);
	for (unsigned c = 0; c < NODE_COLUMNS; c++)
		put_column(out, keys[c], r, c, NULL, step);
	buf_adds(out, STR("}"));
}

static void
put_service(struct buf *out, const struct history *h, int64_t step,
    const struct world_service *s)
{
	static const char *const keys[] = { "rate", "errors", "inflight", "p50", "p99" };
	const struct history_ring *r = history_of_service(h, s);

	buf_adds(out, STR("{"));
	put_name(out, "name", s->name);
	for (unsigned c = 0; c < SERVICE_COLUMNS; c++)
		put_column(out, keys[c], r, c, NULL, step);
	buf_adds(out, STR("}"));
}

static void
put_task(struct buf *out, const struct history *h, int64_t step,
    const struct world_task *t)
{
	const struct history_ring *r = history_of_task(h, t);
	const struct history_ring *of = history_of_service(h, t->service);

	buf_adds(out, STR("{"));
	put_name(out, "name", t->name);
	buf_adds(out, STR(","));
	put_name(out, "service", t->service->name);
	buf_adds(out, STR(","));
	put_name(out, "node", t->node->name);
	put_column(out, "rate", r, TASK_RATE, NULL, step);
	/* a service without a row of its own (live.h) has no rate: its tasks' shares are not known */
	put_column(out, "share", of != NULL ? r : NULL, TASK_RATE, of, step);
	buf_adds(out, STR("}"));
}

void
history_start(struct view_walk *w, const struct admin_view *v, const struct world_node *node,
    const struct world_service *service, struct buf *out)
{
	int64_t end;

	*w = (struct view_walk){ .all = node == NULL && service == NULL, .node = node,
	    .service = service, .step = history_last(v->history, &end) };
	if (w->all) {
		w->node = LIST_FIRST(&v->world->nodes);
		w->service = LIST_FIRST(&v->world->services);
	} else if (service != NULL)
		w->task = LIST_FIRST(&service->tasks);
	buf_printf(out, "{\"brain\":\"%s\",\"step_seconds\":%d,\"end\":%lld,\"points\":%d,\"nodes\":[",
	    v->brain, RATES_STEP_SECONDS, (long long)end, HISTORY_POINTS);
}

/* The lists follow one another: w->of is the one that is being written, w->at what is in it. */
static void
list_end(struct view_walk *w, struct buf *out)
{
	static const char *const next[] = { "],\"services\":[", "],\"tasks\":[", "]}" };

	ASSERT(w->of < 3);
	buf_adds(out, str_of(next[w->of++]));
	w->at = 0;
}

bool
history_next(struct view_walk *w, const struct admin_view *v, struct buf *out)
{
	const void *one = w->of == 0 ? (const void *)w->node : w->of == 1 ? (const void *)w->service
	    : (const void *)w->task;

	if (one == NULL) {
		list_end(w, out);
		return w->of < 3;
	}
	buf_adds(out, w->at++ > 0 ? STR(",") : STR(""));
	if (w->of == 0) {
		put_node(out, v->history, w->step, w->node);
		w->node = w->all ? LIST_NEXT(w->node, link) : NULL;
	} else if (w->of == 1) {
		put_service(out, v->history, w->step, w->service);
		w->service = w->all ? LIST_NEXT(w->service, link) : NULL;
	} else {
		put_task(out, v->history, w->step, w->task);
		w->task = LIST_NEXT(w->task, link);
	}
	return true;
}
