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

static void
put_points(struct buf *out, const char *key, const double point[HISTORY_POINTS])
{
	buf_printf(out, ",\"%s\":[", key);
	for (unsigned i = 0; i < HISTORY_POINTS; i++) {
		if (i > 0)
			buf_adds(out, STR(","));
		if (!isfinite(point[i]))
			buf_adds(out, STR("null"));
		else if (fabs(point[i]) < 1e-9)
			buf_adds(out, STR("0"));
		else
			buf_printf(out, "%.3g", point[i]);
	}
	buf_adds(out, STR("]"));
}

static void
put_column(struct buf *out, const char *key, const struct history_ring *r, unsigned column,
    int64_t step)
{
	double point[HISTORY_POINTS];

	for (unsigned i = 0; i < HISTORY_POINTS; i++)
		point[i] = history_at(r, column, step - HISTORY_POINTS + 1 + i);
	put_points(out, key, point);
}

/* The parts that these are of the rate of a service, which is rounded: they are no more than it. */
static void
put_share(struct buf *out, const struct history_ring *of, double rate[HISTORY_POINTS], int64_t step)
{
	for (unsigned i = 0; i < HISTORY_POINTS; i++) {
		double whole = history_at(of, SERVICE_RATE, step - HISTORY_POINTS + 1 + i);
		rate[i] = rate[i] > whole ? 1 : rate[i] / whole;
	}
	put_points(out, "share", rate);
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
		put_column(out, keys[c], r, c, step);
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
		put_column(out, keys[c], r, c, step);
	buf_adds(out, STR("}"));
}

static void
put_task(struct buf *out, const struct admin_view *v, int64_t step, const struct world_task *t)
{
	double rate[HISTORY_POINTS];

	history_of_task(v->history, v->world->live, t, step, rate);
	buf_adds(out, STR("{"));
	put_name(out, "name", t->name);
	buf_adds(out, STR(","));
	put_name(out, "service", t->service->name);
	buf_adds(out, STR(","));
	put_name(out, "node", t->node->name);
	put_points(out, "rate", rate);
	/* a service without a row of its own (live.h) has no rate: its tasks' shares are not known */
	put_share(out, history_of_service(v->history, t->service), rate, step);
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
		put_task(out, v, w->step, w->task);
		w->task = LIST_NEXT(w->task, link);
	}
	return true;
}
