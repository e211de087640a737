/*
 * exporter: requests a node_exporter's page by the clock: each period, never twice at once, not
 * in step with other nodes', and not at all while the node's agent is fresh.
 */
#include "base/bug.h"
#include "base/clock.h"
#include "collect/scrape_priv.h"

static void
exporter_done(void *arg, const struct fetch_result *r)
{
	struct source *src = arg;

	ASSERT(src->kind == SOURCE_NODE_EXPORTER && src->fetch != NULL);
	src->fetch = NULL;
	if (src->verdict != NULL || r->why != NULL)
		source_set_fetch_failed(src, r);
	else
		source_read_page(src, buf_str(&src->page));
	/* pages are tens of kilobytes: with thousands of nodes they are not to lie about until the next */
	buf_fini(&src->page);
	buf_init(&src->page, PAGE_MAX);
}

static bool
exporter_piece(void *arg, struct str piece)
{
	return source_add_piece(arg, piece);
}

/* On time and not in step with others: a twentieth of a period of jitter, forgotten at the next
 * turn. */
static void
exporter_due(void *arg)
{
	struct source *src = arg;
	struct scrape *s = src->target->scrape;
	int64_t now = loop_now(s->loop), wait = s->period_usec, jitter;
	bool wanted = !source_is_fresh(&src->target->agent);

	if (wanted && src->pages < EAGER_PAGES && src->why == NULL)
		wait = source_eager_usec(src);
	src->due_usec += wait;
	if (src->due_usec <= now)
		src->due_usec = now + wait;
	jitter = rng_below(&s->rng, (uint32_t)(wait / 20) + 1);
	timer_set(s->loop, &src->timer, src->due_usec + jitter, exporter_due, src);
	if (wanted && src->fetch == NULL)
		source_request(src, src->url, s->timeout_usec, exporter_piece, exporter_done);
}

void
exporter_start(struct source *src)
{
	struct scrape *s = src->target->scrape;

	src->due_usec = loop_now(s->loop) + source_random_delay(src);
	timer_set(s->loop, &src->timer, src->due_usec, exporter_due, src);
}
