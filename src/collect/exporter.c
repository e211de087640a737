/*
 * An exporter is asked by the clock: each period, never twice at once, not in step with the others, and not at all
 * while the node's agent speaks.
 */
#include "base/clock.h"
#include "collect/source.h"

static void
exporter_done(void *arg, const struct fetch_result *r)
{
	struct source *src = arg;

	src->fetch = NULL;
	if (src->verdict != NULL || r->why != NULL)
		source_failed(src, r);
	else
		source_page(src, buf_str(&src->page));
	buf_clear(&src->page);
}

static bool
exporter_piece(void *arg, struct str piece)
{
	return source_piece(arg, piece);
}

/* On time and not in step with the others: a twentieth of a period of jitter, forgotten at the next turn. */
static void
exporter_due(void *arg)
{
	struct source *src = arg;
	struct scrape *s = src->eye->scrape;
	int64_t now = loop_now(s->loop), wait = s->period_usec;
	bool wanted = !source_speaks(&src->eye->agent);

	if (wanted && src->pages < EAGER_PAGES && src->why == NULL && wait > EAGER_USEC)
		wait = EAGER_USEC;
	src->due_usec += wait;
	if (src->due_usec <= now)
		src->due_usec = now + wait;
	timer_set(s->loop, &src->timer, src->due_usec + rng_below(&s->rng, (uint32_t)(wait / 20) + 1), exporter_due, src);
	if (wanted && src->fetch == NULL)
		source_start(src, src->url, s->timeout_usec, exporter_piece, exporter_done);
}

void
exporter_start(struct source *src)
{
	struct scrape *s = src->eye->scrape;

	src->due_usec = loop_now(s->loop) + source_moment(src);
	timer_set(s->loop, &src->timer, src->due_usec, exporter_due, src);
}
