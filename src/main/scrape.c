/*
 * An eye per node, with up to two sources: the exporter is asked by a timer, the agent speaks by itself. Both bring
 * pages to source_page(), failures to source_lost(); eye_judge() tells the world what the two together mean.
 * Must not know what a metric is (signals/node.c does) nor what a sample is good for.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/map.h"
#include "base/rng.h"
#include "main/scrape.h"

#define PAGE_MAX	(4u << 20)
#define BLOCK_MAX	(1u << 20)			/* of an agent's stream */
#define SILENT_PERIODS	3				/* without a good page: the source is silent */
#define LONG_PERIODS	10				/* a rate over so long says nothing of now */
#define EAGER_PAGES	3				/* the first pages come sooner: nobody is judged before two samples */
#define EAGER_USEC	(250 * USEC_PER_MSEC)
#define QUIET_LEAST_USEC USEC_PER_SEC			/* a machine may stand still for a moment; its agent need not be called again */
#define QUIET_OWN_PACE_USEC (30 * USEC_PER_SEC)		/* three times an agent's longest period */
#define BACKOFF_LEAST_USEC (100 * USEC_PER_MSEC)
#define BACKOFF_MOST_USEC (5 * USEC_PER_SEC)

struct source {
	struct eye	*eye;
	enum sample_source kind;
	char		*url;		/* NULL: there is no such source */
	struct node	*node;		/* its last page */
	struct timer	 timer;		/* the next start; of a stream under way: when the next block is overdue */
	int64_t		 due_usec;
	int64_t		 backoff_usec;
	struct fetch	*fetch;		/* under way, or NULL */
	struct buf	 page;		/* what has come of it, and when it began */
	int64_t		 began_usec;
	double		 inflight;	/* then */
	const struct why *verdict;	/* why we ended the exchange ourselves */
	unsigned	 pages;		/* sound ones since the node was last forgotten */
	int64_t		 good_usec;	/* the last sound one; 0: never */
	const struct why *why;		/* what is wrong now; NULL: nothing, or nothing known */
	char		 detail[NODE_DETAIL_MAX];
};

struct eye {
	LIST_ENTRY(eye)	 link;
	struct scrape	*scrape;
	char		*name;
	struct world_node *node;	/* until the next pass */
	bool		 seen;		/* in the sync under way */
	int64_t		 sampled_usec;	/* the last, from either source */
	struct source	 exporter, agent;
};

struct scrape {
	struct loop	*loop;
	struct fetcher	*fetcher;
	scrape_sample_f	*fn;
	void		*arg;
	const struct live *live;
	int64_t		 period_usec, timeout_usec;
	struct rng	 rng;
	struct map	*by_name;
	LIST_HEAD(, eye) eyes;
};

static const char *
kind_name(const struct source *src)
{
	return src->kind == SOURCE_AGENT ? "agent" : "node_exporter";
}

static bool
source_speaks(const struct source *src)
{
	const struct scrape *s = src->eye->scrape;

	return src->url != NULL && src->why == NULL && src->good_usec != 0 &&
	    loop_now(s->loop) - src->good_usec <= SILENT_PERIODS * s->period_usec;
}

/* A node's signal is wrong when one of its sources is and the other does not make up for it. */
static void
eye_judge(struct eye *e)
{
	const struct source *bad = e->agent.why != NULL ? &e->agent : e->exporter.why != NULL ? &e->exporter : NULL;
	struct world_node *n = e->node;

	if (bad == NULL || source_speaks(&e->agent) || source_speaks(&e->exporter)) {
		n->signal_why = NULL;
		n->signal_detail[0] = '\0';
		n->signal_wrong_usec = 0;
		return;
	}
	if (n->signal_why == NULL)
		n->signal_wrong_usec = loop_now(e->scrape->loop);
	n->signal_why = bad->why;
	snprintf(n->signal_detail, sizeof n->signal_detail, "%s", bad->detail);
}

static void
source_lost(struct source *src, const struct why *why, const char *detail)
{
	snprintf(src->detail, sizeof src->detail, "%s", detail);
	if (src->why != why)
		log_event(LOG_WARN, "signal.lost", "node", src->eye->name, "source", kind_name(src), "why", why_name(why),
		    "detail", detail, NULL);
	src->why = why;
	eye_judge(src->eye);
}

static void
source_back(struct source *src)
{
	if (src->why != NULL)
		log_event(LOG_INFO, "signal.back", "node", src->eye->name, "source", kind_name(src), NULL);
	src->why = NULL;
	src->good_usec = src->began_usec;
	src->backoff_usec = BACKOFF_LEAST_USEC;
	src->pages++;
	eye_judge(src->eye);
}

/* The answer to a question, or one block of a stream. */
static const struct why *
source_page(struct source *src, struct str text)
{
	struct eye *e = src->eye;
	struct scrape *s = e->scrape;
	int64_t long_ago = src->began_usec - LONG_PERIODS * s->period_usec;
	const struct why *why;
	struct sample sample;
	bool sampled = false;

	if (src->good_usec < long_ago) {
		node_forget(src->node);
		src->pages = 0;
	}
	why = node_page(src->node, text, src->began_usec, &sampled, &sample);
	if (why != NULL) {
		source_lost(src, why, node_detail(src->node));
		return why;
	}
	source_back(src);
	if (sampled && sample.taken_usec > e->sampled_usec) {		/* the freshest wins */
		if (e->sampled_usec < long_ago)
			e->node->samples = 0;
		e->sampled_usec = sample.taken_usec;
		s->fn(s->arg, e->node, &sample, src->inflight);
	}
	return NULL;
}

/* The first byte of a page says of when it is, as nearly as we can know. */
static bool
source_piece(struct source *src, struct str piece)
{
	struct scrape *s = src->eye->scrape;

	if (src->page.len == 0) {
		src->began_usec = loop_now(s->loop);
		src->inflight = s->live == NULL ? 0 : live_node_inflight(s->live, src->eye->node->slot);
	}
	if (buf_adds(&src->page, piece))
		return true;
	src->verdict = WHY_METRICS_LARGE;
	return false;
}

static void
source_failed(struct source *src, const struct fetch_result *r)
{
	char detail[NODE_DETAIL_MAX];

	if (src->verdict == WHY_METRICS_LARGE || (src->verdict == NULL && r->why == WHY_METRICS_LARGE))
		snprintf(detail, sizeof detail, "more than %zu bytes", src->page.max);
	else if (r->why == WHY_METRICS_STATUS)
		snprintf(detail, sizeof detail, "status %ld", r->status);
	else
		snprintf(detail, sizeof detail, "%s", r->detail);
	source_lost(src, src->verdict != NULL ? src->verdict : r->why, detail);
}

static void
source_start(struct source *src, const char *url, int64_t timeout_usec, fetch_data_f *piece, fetch_done_f *done)
{
	struct scrape *s = src->eye->scrape;
	struct fetch_conf conf = { .url = url, .timeout_usec = timeout_usec };

	buf_clear(&src->page);
	src->verdict = NULL;
	src->fetch = fetch_start(s->fetcher, &conf, piece, done, src);
}

/* the exporter: a question each period */

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

	if (src->pages < EAGER_PAGES && wait > EAGER_USEC && src->why == NULL)
		wait = EAGER_USEC;
	src->due_usec += wait;
	if (src->due_usec <= now)
		src->due_usec = now + wait;
	timer_set(s->loop, &src->timer, src->due_usec + rng_below(&s->rng, (uint32_t)(wait / 20) + 1), exporter_due, src);
	if (src->fetch == NULL && !source_speaks(&src->eye->agent))
		source_start(src, src->url, s->timeout_usec, exporter_piece, exporter_done);
}

/* the agent: a stream that is kept open */

static void	agent_due(void *);

/* Where the last whole block in the page stands; what comes before it is stale already. The last `fresh` bytes have
 * not been looked at before. */
static bool
agent_block(const struct buf *page, size_t fresh, struct str *block, size_t *end)
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
agent_later(struct source *src)
{
	struct scrape *s = src->eye->scrape;

	timer_set(s->loop, &src->timer, loop_now(s->loop) + src->backoff_usec / 2 +
	    rng_below(&s->rng, (uint32_t)src->backoff_usec), agent_due, src);
	src->backoff_usec = 2 * src->backoff_usec > BACKOFF_MOST_USEC ? BACKOFF_MOST_USEC : 2 * src->backoff_usec;
}

/* A stream that URLs ask for at a pace of their own is given time for the slowest there is. */
static int64_t
agent_patience(const struct source *src)
{
	int64_t patience = SILENT_PERIODS * src->eye->scrape->period_usec;

	if (strchr(src->url, '?') != NULL)
		return QUIET_OWN_PACE_USEC;
	return patience < QUIET_LEAST_USEC ? QUIET_LEAST_USEC : patience;
}

static void
agent_overdue(void *arg)
{
	struct source *src = arg;
	char detail[NODE_DETAIL_MAX];

	fetch_cancel(src->fetch);
	src->fetch = NULL;
	snprintf(detail, sizeof detail, "no whole block of the stream for %d ms", (int)(agent_patience(src) / USEC_PER_MSEC));
	source_lost(src, WHY_METRICS_FETCH, detail);
	agent_later(src);
}

static void
agent_expect(struct source *src)
{
	struct scrape *s = src->eye->scrape;

	timer_set(s->loop, &src->timer, loop_now(s->loop) + agent_patience(src), agent_overdue, src);
}

static bool
agent_piece(void *arg, struct str piece)
{
	struct source *src = arg;
	struct str block;
	size_t end;

	if (!source_piece(src, piece))
		return false;
	if (!agent_block(&src->page, piece.len, &block, &end))
		return true;
	agent_expect(src);
	src->verdict = source_page(src, block);
	if (src->verdict == WHY_METRICS_BACKWARDS)	/* said; the next block will do */
		src->verdict = NULL;
	buf_eat(&src->page, end);
	return src->verdict == NULL;
}

static void
agent_done(void *arg, const struct fetch_result *r)
{
	struct source *src = arg;

	src->fetch = NULL;
	if (src->verdict == WHY_METRICS_LARGE || (src->verdict == NULL && r->why != NULL))
		source_failed(src, r);
	else if (src->verdict == NULL && src->page.len > 0 && src->good_usec == 0)
		source_lost(src, WHY_METRICS_SYNTAX, "the answer ended without # EOF: is this the URL of an agent's /stream?");
	else if (src->verdict == NULL)
		source_lost(src, WHY_METRICS_FETCH, "the stream ended");
	agent_later(src);
}

/* The stream is asked for at our pace, unless the URL says another. */
static void
agent_due(void *arg)
{
	struct source *src = arg;
	char url[2048];

	snprintf(url, sizeof url, "%s", src->url);
	if (strchr(src->url, '?') == NULL)
		snprintf(url, sizeof url, "%s?period=%dms", src->url,
		    (int)(src->eye->scrape->period_usec / USEC_PER_MSEC));
	source_start(src, url, 0, agent_piece, agent_done);
	agent_expect(src);
}

/* who is looked at */

static void
source_init(struct source *src, struct eye *e, enum sample_source kind)
{
	src->eye = e;
	src->kind = kind;
	src->node = node_new(kind);
	buf_init(&src->page, kind == SOURCE_AGENT ? BLOCK_MAX : PAGE_MAX);
}

static void
source_stop(struct source *src)
{
	timer_clear(src->eye->scrape->loop, &src->timer);
	if (src->fetch != NULL)
		fetch_cancel(src->fetch);
	src->fetch = NULL;
}

static void
source_fini(struct source *src)
{
	source_stop(src);
	node_free(&src->node);
	buf_fini(&src->page);
	free(src->url);
}

static bool
same_url(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

/* Starts at a moment of its own within the period, so that a thousand nodes are not asked at once. */
static void
source_sync(struct source *src, const char *url, bool anew)
{
	struct scrape *s = src->eye->scrape;
	int64_t most = s->period_usec < EAGER_USEC ? s->period_usec : EAGER_USEC;

	if (!anew && same_url(src->url, url))
		return;
	source_stop(src);
	if (!same_url(src->url, url)) {
		free(src->url);
		src->url = url == NULL ? NULL : must_strdup(url);
		src->why = NULL;
		src->good_usec = 0;
		node_forget(src->node);
	}
	src->backoff_usec = BACKOFF_LEAST_USEC;
	if (url == NULL)
		return;
	src->due_usec = loop_now(s->loop) + rng_below(&s->rng, (uint32_t)most + 1);
	timer_set(s->loop, &src->timer, src->due_usec, src->kind == SOURCE_AGENT ? agent_due : exporter_due, src);
}

static struct eye *
eye_new(struct scrape *s, const char *name)
{
	struct eye *e = must_zalloc(sizeof *e);

	e->scrape = s;
	e->name = must_strdup(name);
	source_init(&e->exporter, e, SOURCE_NODE_EXPORTER);
	source_init(&e->agent, e, SOURCE_AGENT);
	map_put(s->by_name, str_of(e->name), e);
	LIST_INSERT_HEAD(&s->eyes, e, link);
	return e;
}

static void
eye_free(struct eye *e)
{
	map_remove(e->scrape->by_name, str_of(e->name));
	LIST_REMOVE(e, link);
	source_fini(&e->exporter);
	source_fini(&e->agent);
	free(e->name);
	free(e);
}

struct scrape *
scrape_new(struct loop *loop, struct fetcher *fetcher, scrape_sample_f *fn, void *arg)
{
	struct scrape *s = must_zalloc(sizeof *s);

	s->loop = loop;
	s->fetcher = fetcher;
	s->fn = fn;
	s->arg = arg;
	s->by_name = map_new();
	rng_seed(&s->rng, (uint64_t)clock_wall_usec());
	LIST_INIT(&s->eyes);
	return s;
}

void
scrape_free(struct scrape **sp)
{
	struct scrape *s = *sp;

	*sp = NULL;
	if (s == NULL)
		return;
	while (!LIST_EMPTY(&s->eyes))
		eye_free(LIST_FIRST(&s->eyes));
	map_free(&s->by_name);
	free(s);
}

/* Every eye gets its node of this pass before anything else is done with it. */
static void
eyes_meet(struct scrape *s, struct world *w, bool anew)
{
	struct world_node *n;
	struct eye *e;

	LIST_FOREACH(n, &w->nodes, link) {
		if ((e = map_get(s->by_name, str_of(n->name))) == NULL)
			e = eye_new(s, n->name);
		e->node = n;
		e->seen = true;
		source_sync(&e->exporter, n->exporter_url, anew);
		source_sync(&e->agent, n->agent_url, anew);
		eye_judge(e);
	}
}

void
scrape_sync(struct scrape *s, struct world *w, int64_t period_usec, int64_t timeout_usec)
{
	bool anew = period_usec != s->period_usec || timeout_usec != s->timeout_usec;
	struct eye *e, *next;

	ASSERT(period_usec > 0 && timeout_usec > 0);
	s->live = w->live;
	s->period_usec = period_usec;
	s->timeout_usec = timeout_usec;
	LIST_FOREACH(e, &s->eyes, link)
		e->seen = false;
	eyes_meet(s, w, anew);
	for (e = LIST_FIRST(&s->eyes); e != NULL; e = next) {
		next = LIST_NEXT(e, link);
		if (!e->seen)
			eye_free(e);
	}
}
