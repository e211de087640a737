/*
 * An agent speaks by itself: its stream is cut into blocks, and opened again when it ends, is wrong or falls silent.
 */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "collect/source.h"

#define QUIET_LEAST_USEC USEC_PER_SEC		/* a machine may stand still for a moment; its agent need not be called again */
#define QUIET_OWN_PACE_USEC (30 * USEC_PER_SEC)	/* three times an agent's longest period */
#define BACKOFF_MOST_USEC (5 * USEC_PER_SEC)

static void	feed_due(void *);

/* Where the last whole block in the page stands; what comes before it is stale already. The last `fresh` bytes have
 * not been looked at before. */
static bool
feed_block(const struct buf *page, size_t fresh, struct str *block, size_t *end)
{
	static const struct str mark = { "# EOF\n", 6 };
	size_t unseen = fresh + mark.len - 1 < page->len ? fresh + mark.len - 1 : page->len;
	const char *stop = page->p + page->len, *p = stop - unseen, *start = page->p, *at;
	bool found = false;

	while (p < stop && (at = memmem(p, (size_t)(stop - p), mark.p, mark.len)) != NULL) {
		p = at + mark.len;
		if (at != page->p && at[-1] != '\n')
			continue;
		*block = (struct str){ start, (size_t)(p - start) };
		*end = (size_t)(p - page->p);
		start = p;
		found = true;
	}
	return found;
}

/* Tried again soon, and less and less so. */
static void
feed_later(struct source *src)
{
	struct scrape *s = src->eye->scrape;

	timer_set(s->loop, &src->timer, loop_now(s->loop) + src->backoff_usec / 2 +
	    rng_below(&s->rng, (uint32_t)src->backoff_usec), feed_due, src);
	src->backoff_usec = 2 * src->backoff_usec > BACKOFF_MOST_USEC ? BACKOFF_MOST_USEC : 2 * src->backoff_usec;
}

/* A stream whose URL asks for a pace of its own is given time for the slowest there is. */
static int64_t
feed_patience(const struct source *src)
{
	int64_t patience = LAW_FRESH_PERIODS * src->eye->scrape->period_usec;

	if (strchr(src->url, '?') != NULL)
		return QUIET_OWN_PACE_USEC;
	return patience < QUIET_LEAST_USEC ? QUIET_LEAST_USEC : patience;
}

static void
feed_overdue(void *arg)
{
	struct source *src = arg;
	char detail[NODE_DETAIL_MAX];

	fetch_cancel(src->fetch);
	src->fetch = NULL;
	snprintf(detail, sizeof detail, "no whole block of the stream for %d ms", (int)(feed_patience(src) / USEC_PER_MSEC));
	source_lost(src, WHY_METRICS_FETCH, detail);
	feed_later(src);
}

static void
feed_expect(struct source *src)
{
	struct scrape *s = src->eye->scrape;

	timer_set(s->loop, &src->timer, loop_now(s->loop) + feed_patience(src), feed_overdue, src);
}

static bool
feed_piece(void *arg, struct str piece)
{
	struct source *src = arg;
	struct str block;
	size_t end;

	if (!source_piece(src, piece))
		return false;
	if (piece.len == 0)
		return true;
	if (!feed_block(&src->page, piece.len, &block, &end))
		return true;
	feed_expect(src);
	src->verdict = source_page(src, block);
	if (src->verdict == WHY_METRICS_BACKWARDS)	/* said; the next block will do */
		src->verdict = NULL;
	buf_eat(&src->page, end);
	return src->verdict == NULL;
}

static void
feed_done(void *arg, const struct fetch_result *r)
{
	struct source *src = arg;

	src->fetch = NULL;
	if (src->verdict == WHY_METRICS_LARGE || (src->verdict == NULL && r->why != NULL))
		source_failed(src, r);
	else if (src->verdict == NULL && src->page.len > 0 && src->good_usec == 0)
		source_lost(src, WHY_METRICS_SYNTAX, "the response ended without # EOF: is this the URL of an agent's /stream?");
	else if (src->verdict == NULL)
		source_lost(src, WHY_METRICS_FETCH, "the stream ended");
	feed_later(src);
}

/* The stream is asked for at our pace, unless the URL says another. */
static void
feed_due(void *arg)
{
	struct source *src = arg;
	char url[2048];

	snprintf(url, sizeof url, "%s", src->url);
	if (strchr(src->url, '?') == NULL)
		snprintf(url, sizeof url, "%s?period=%dms", src->url,
		    (int)(src->eye->scrape->period_usec / USEC_PER_MSEC));
	source_start(src, url, 0, feed_piece, feed_done);
	feed_expect(src);
}

void
feed_start(struct source *src)
{
	struct scrape *s = src->eye->scrape;

	timer_set(s->loop, &src->timer, loop_now(s->loop) + source_moment(src), feed_due, src);
}
