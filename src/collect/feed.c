/*
 * feed: an agent sends by itself: its stream is cut into blocks, and opened again when it ends,
 * is wrong or falls silent.
 */
#include <stdio.h>
#include <string.h>

#include "base/bug.h"
#include "base/clock.h"
#include "collect/scrape_priv.h"

#define QUIET_LEAST_USEC USEC_PER_SEC		/* a machine may stand still for a moment */
#define QUIET_OWN_PACE_USEC (30 * USEC_PER_SEC)	/* three times an agent's longest period */
#define BACKOFF_MOST_USEC (5 * USEC_PER_SEC)

static void	feed_due(void *);

/*
 * Where the last whole block in the page is; what comes before it is stale already. The last
 * `fresh` bytes have not been looked at before.
 */
static bool
feed_block(const struct buf *page, size_t fresh, struct str *block, size_t *end)
{
	static const struct str mark = { "# EOF\n", 6 };
	size_t unseen = fresh + mark.len - 1 < page->len ? fresh + mark.len - 1 : page->len;
	const char *stop = page->p + page->len, *p = stop - unseen, *start = page->p, *at;
	bool found = false;

	ASSERT(fresh <= page->len);
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

/* Soon, and then less and less so. */
static void
feed_retry(struct source *src)
{
	struct scrape *s = src->target->scrape;
	int64_t wait = src->backoff_usec / 2 + rng_below(&s->rng, (uint32_t)src->backoff_usec);

	ASSERT(src->fetch == NULL);
	ASSERT(src->backoff_usec >= BACKOFF_LEAST_USEC && src->backoff_usec <= BACKOFF_MOST_USEC);
	timer_set(s->loop, &src->timer, loop_now(s->loop) + wait, feed_due, src);
	src->backoff_usec *= 2;
	if (src->backoff_usec > BACKOFF_MOST_USEC)
		src->backoff_usec = BACKOFF_MOST_USEC;
}

/* A stream whose URL sets a period of its own is given time for the slowest there is. */
static int64_t
feed_timeout(const struct source *src)
{
	int64_t timeout = LAW_FRESH_PERIODS * src->target->scrape->period_usec;

	if (strchr(src->url, '?') != NULL)
		return QUIET_OWN_PACE_USEC;
	return timeout < QUIET_LEAST_USEC ? QUIET_LEAST_USEC : timeout;
}

static void
feed_overdue(void *arg)
{
	struct source *src = arg;
	char detail[NODE_DETAIL_MAX];

	fetch_cancel(src->fetch);
	src->fetch = NULL;
	snprintf(detail, sizeof detail, "no whole block of the stream for %d ms",
	    (int)(feed_timeout(src) / USEC_PER_MSEC));
	source_set_failed(src, WHY_METRICS_FETCH, detail);
	feed_retry(src);
}

static void
feed_arm_timeout(struct source *src)
{
	struct scrape *s = src->target->scrape;

	timer_set(s->loop, &src->timer, loop_now(s->loop) + feed_timeout(src), feed_overdue, src);
}

static bool
feed_piece(void *arg, struct str piece)
{
	struct source *src = arg;
	struct str block;
	size_t end;

	ASSERT(src->kind == SOURCE_AGENT && src->verdict == NULL);
	if (!source_add_piece(src, piece))
		return false;
	if (piece.len == 0)
		return true;
	if (!feed_block(&src->page, piece.len, &block, &end))
		return true;
	feed_arm_timeout(src);
	src->verdict = source_read_page(src, block);
	if (src->verdict == WHY_METRICS_BACKWARDS)	/* logged; the next block will do */
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
		source_set_fetch_failed(src, r);
	else if (src->verdict == NULL && src->page.len > 0 && src->good_usec == 0)
		source_set_failed(src, WHY_METRICS_SYNTAX,
		    "the response ended without # EOF: is this the URL of an agent's /stream?");
	else if (src->verdict == NULL)
		source_set_failed(src, WHY_METRICS_FETCH, "the stream ended");
	feed_retry(src);
}

/* The stream is requested at our period, unless the URL sets another. */
static void
feed_due(void *arg)
{
	struct source *src = arg;
	char url[2048];

	snprintf(url, sizeof url, "%s", src->url);
	if (strchr(src->url, '?') == NULL)
		snprintf(url, sizeof url, "%s?period=%dms", src->url,
		    (int)(src->target->scrape->period_usec / USEC_PER_MSEC));
	source_request(src, url, 0, feed_piece, feed_done);
	feed_arm_timeout(src);
}

void
feed_start(struct source *src)
{
	struct scrape *s = src->target->scrape;

	timer_set(s->loop, &src->timer, loop_now(s->loop) + source_random_delay(src), feed_due, src);
}
