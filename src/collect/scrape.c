/*
 * Who is looked at: an eye per node of the world, made, changed and unmade as passes come by. What the eyes see is
 * source.c's business.
 */
#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "base/clock.h"
#include "collect/source.h"

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

static void
source_sync(struct source *src, const char *url, bool anew)
{
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
	if (url != NULL)
		(src->kind == SOURCE_AGENT ? feed_start : exporter_start)(src);
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

void
scrape_update_signals(struct scrape *s)
{
	struct eye *e;

	LIST_FOREACH(e, &s->eyes, link)
		eye_judge(e);
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
