/*
 * warnings_past: since when a worker has been behind or down, and when lines of the log or spans
 * were last lost.
 */
#include <stdlib.h>

#include "admin/warnings_priv.h"
#include "base/alloc.h"
#include "base/clock.h"

struct warnings *
warnings_new(void)
{
	return must_zalloc(sizeof(struct warnings));
}

void
warnings_free(struct warnings **wp)
{
	free(*wp);
	*wp = NULL;
}

static void
since(int64_t *at, bool is, int64_t now)
{
	if (!is)
		*at = 0;
	else if (*at == 0)
		*at = now;
}

static void
grown(int64_t *at, uint64_t *was, uint64_t is, bool first, int64_t now)
{
	if (is > *was && !first)
		*at = now;
	*was = is;
}

void
warnings_tick(struct warnings *ws, const struct world *w, int64_t now)
{
	const struct live *l = w->live;
	bool first = ws->looked_usec == 0;

	if (!first && now - ws->looked_usec < USEC_PER_SEC)
		return;
	ws->looked_usec = now;
	for (unsigned p = 0; p < PROCESSES; p++) {
		grown(&ws->dropped_usec[p], &ws->dropped[p], live_log_dropped_total(l, p), first, now);
		grown(&ws->spent_usec[p], &ws->spent[p], live_memory_short_total(l, p), first, now);
	}
	grown(&ws->spans_usec, &ws->spans,
	    live_spans_total(l, SPANS_FAILED) + live_spans_total(l, SPANS_LOST), first, now);
	for (unsigned i = 0; i < live_workers(l); i++) {
		bool down = live_process(l, i).pid == 0;
		since(&ws->down_usec[i], down, now);
		since(&ws->behind_usec[i], !down && live_table(l, i) < w->serial, now);
	}
}
