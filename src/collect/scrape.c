/*
 * scrape: a target for each node of the world, made, changed and freed as passes come by. What
 * comes from its sources is source.c's affair.
 */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/bug.h"
#include "base/clock.h"
#include "collect/scrape_priv.h"

static void
source_init(struct source *src, struct scrape_target *t, enum sample_source kind)
{
	ASSERT(kind == SOURCE_AGENT || kind == SOURCE_NODE_EXPORTER);
	src->target = t;
	src->kind = kind;
	buf_init(&src->page, kind == SOURCE_AGENT ? BLOCK_MAX : PAGE_MAX);
}

static void
source_stop(struct source *src)
{
	timer_clear(src->target->scrape->loop, &src->timer);
	if (src->fetch != NULL)
		fetch_cancel(src->fetch);
	src->fetch = NULL;
}

static void
source_fini(struct source *src)
{
	source_stop(src);
	node_free(&src->counters);
	buf_fini(&src->page);
	free(src->url);
	free(src->detail);
}

static bool
is_same_url(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static void
source_sync(struct source *src, const char *url, bool restart)
{
	bool same = is_same_url(src->url, url);

	ASSERT(src->url != NULL || src->fetch == NULL);
	if (same && !restart)
		return;
	source_stop(src);
	if (!same) {
		free(src->url);
		src->url = url == NULL ? NULL : must_strdup(url);
		src->why = NULL;
		src->good_usec = 0;
		node_free(&src->counters);
		src->counters = url == NULL ? NULL : node_new(src->kind);
	}
	src->backoff_usec = BACKOFF_LEAST_USEC;
	if (url != NULL)
		(src->kind == SOURCE_AGENT ? feed_start : exporter_start)(src);
}

static struct scrape_target *
scrape_target_new(struct scrape *s, const char *name)
{
	struct scrape_target *t = must_zalloc(sizeof *t);

	t->scrape = s;
	t->name = must_strdup(name);
	source_init(&t->exporter, t, SOURCE_NODE_EXPORTER);
	source_init(&t->agent, t, SOURCE_AGENT);
	map_put_lent(s->by_name, str_of(t->name), t);
	LIST_INSERT_HEAD(&s->targets, t, link);
	return t;
}

static void
scrape_target_free(struct scrape_target *t)
{
	ASSERT(map_get(t->scrape->by_name, str_of(t->name)) == t);
	map_remove(t->scrape->by_name, str_of(t->name));
	LIST_REMOVE(t, link);
	source_fini(&t->exporter);
	source_fini(&t->agent);
	scrape_tasks_stop(t);
	free(t->name);
	free(t);
}

struct scrape *
scrape_new(struct loop *loop, struct fetcher *fetcher, scrape_sample_f *on_sample, void *arg)
{
	struct scrape *s = must_zalloc(sizeof *s);

	s->loop = loop;
	s->fetcher = fetcher;
	s->on_sample = on_sample;
	s->arg = arg;
	s->by_name = map_new();
	rng_seed(&s->rng, (uint64_t)clock_wall_usec());
	LIST_INIT(&s->targets);
	return s;
}

void
scrape_free(struct scrape **sp)
{
	struct scrape *s = *sp;

	*sp = NULL;
	if (s == NULL)
		return;
	while (!LIST_EMPTY(&s->targets))
		scrape_target_free(LIST_FIRST(&s->targets));
	map_free(&s->by_name);
	free(s->throttles);
	free(s);
}

void
scrape_update_signals(struct scrape *s)
{
	struct scrape_target *t;

	LIST_FOREACH(t, &s->targets, link)
		scrape_target_update_signal(t);
}

/* Every target gets its node of this pass before anything else is done with it. */
static void
scrape_targets_sync(struct scrape *s, struct world *w, bool restart)
{
	struct scrape_target *t, *next;
	struct world_node *n;

	LIST_FOREACH(t, &s->targets, link)
		t->seen = false;
	LIST_FOREACH(n, &w->nodes, link) {
		if ((t = map_get(s->by_name, str_of(n->name))) == NULL)
			t = scrape_target_new(s, n->name);
		ASSERT(!t->seen && strcmp(t->name, n->name) == 0);	/* names are unique */
		t->node = n;
		t->seen = true;
		source_sync(&t->exporter, n->exporter_url, restart);
		source_sync(&t->agent, n->agent_url, restart);
		scrape_target_update_signal(t);
	}
	for (t = LIST_FIRST(&s->targets); t != NULL; t = next) {
		next = LIST_NEXT(t, link);
		if (!t->seen)
			scrape_target_free(t);
	}
}

void
scrape_sync(struct scrape *s, struct world *w, int64_t period_usec, int64_t timeout_usec)
{
	bool restart = period_usec != s->period_usec || timeout_usec != s->timeout_usec;

	ASSERT(period_usec > 0 && timeout_usec > 0);
	s->world = w;
	s->live = w->live;
	s->period_usec = period_usec;
	s->timeout_usec = timeout_usec;
	scrape_targets_sync(s, w, restart);
	scrape_tasks_sync(s);
}
