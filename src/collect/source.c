/*
 * source: what comes of an exchange: a page becomes a sample, a failure a reason, and
 * scrape_target_update_signal() combines the two sources of a node.
 *
 * One sample, from here to the cost of its node:
 *     source_read_page    a page has come; what was in flight when it began is known
 *     node_page           signals/node.c: its counters less those of the last page are a sample
 *     on_sample           main/brain.c: hands it to
 *     steer_sample        score/steer.c: checks it, smooths it, others = R - L * n_s
 *     node_publish        score/steer.c: effective cores for each profile make the node's row
 *     phys_write          world/phys.c: into memory that all workers read
 *     law_cost            world/law.c: in a worker, the cost of one more request there
 * What a task's container could have takes a way of its own, scrape_tasks_take().
 * Must not know what a metric is, nor what a sample is good for.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/bug.h"
#include "base/clock.h"
#include "base/log.h"
#include "collect/scrape_priv.h"
#include "score/steer.h"

static const char *
kind_name(const struct source *src)
{
	return src->kind == SOURCE_AGENT ? "agent" : "node_exporter";
}

bool
source_is_fresh(const struct source *src)
{
	const struct scrape *s = src->target->scrape;

	return src->url != NULL && src->why == NULL && src->good_usec != 0 &&
	    loop_now(s->loop) - src->good_usec <= LAW_FRESH_PERIODS * s->period_usec;
}

/*
 * A node's signal is wrong when one of its own sources is and no other makes up for it.
 * Prometheus makes up for them, and counts by itself where they are not fresh.
 */
void
scrape_target_update_signal(struct scrape_target *t)
{
	bool own = source_is_fresh(&t->agent) || source_is_fresh(&t->exporter);
	int64_t now = loop_now(t->scrape->loop);
	struct world_node *n = t->node;
	const struct why *why = NULL;
	const struct source *bad = NULL;
	const char *detail = "";

	if (t->agent.why != NULL)
		bad = &t->agent;
	else if (t->exporter.why != NULL)
		bad = &t->exporter;
	if (bad != NULL && !own && n->signal.prom_until_usec <= now)
		why = bad->why;
	else if (!own)
		why = n->signal.prom_why;
	if (why != NULL)
		detail = bad != NULL && why == bad->why ? bad->detail : n->signal.prom_detail;
	if (why == NULL)
		n->signal.wrong_usec = 0;
	else if (n->signal.why == NULL)
		n->signal.wrong_usec = now;
	n->signal.why = why;
	snprintf(n->signal.detail, sizeof n->signal.detail, "%s", detail);
}

void
source_set_failed(struct source *src, const struct why *why, const char *detail)
{
	ASSERT(why != NULL && src->url != NULL);
	free(src->detail);
	src->detail = must_strdup(detail);
	if (src->why != why)
		log_event(LOG_WARN, "signal.lost", "node", src->target->name, "source", kind_name(src),
		    "why", why_name(why), "detail", detail, NULL);
	src->why = why;
	scrape_target_update_signal(src->target);
}

static void
source_set_good(struct source *src)
{
	ASSERT(src->began_usec >= src->good_usec);
	if (src->why != NULL)
		log_event(LOG_INFO, "signal.back", "node", src->target->name, "source", kind_name(src), NULL);
	src->why = NULL;
	src->good_usec = src->began_usec;
	src->backoff_usec = BACKOFF_LEAST_USEC;
	src->pages++;
	scrape_target_update_signal(src->target);
}

const struct why *
source_read_page(struct source *src, struct str text)
{
	struct scrape_target *t = src->target;
	struct scrape *s = t->scrape;
	int64_t long_ago = src->began_usec - LONG_PERIODS * s->period_usec;
	const struct why *why;
	struct sample sample;
	bool sampled = false;

	/* A page that stands still is compared with what it was, however long ago: as a first one it
	 * would look sound. */
	if (src->good_usec < long_ago && src->why != WHY_METRICS_STUCK && src->why != WHY_METRICS_VALUE) {
		node_forget(src->counters);
		src->pages = 0;
	}
	why = node_page(src->counters, text, src->began_usec, &sampled, &sample);
	if (why != NULL) {
		source_set_failed(src, why, node_detail(src->counters));
		return why;
	}
	source_set_good(src);
	scrape_tasks_take(src, sampled ? &sample : NULL);
	if (!sampled || sample.taken_usec <= t->sampled_usec)	/* the other source had a later one */
		return NULL;
	/* it was away, if Prometheus did not see it meanwhile either */
	if (t->sampled_usec < long_ago && t->node->signal.prom_until_usec <= loop_now(s->loop))
		steer_forget(t->node);
	t->sampled_usec = sample.taken_usec;
	s->on_sample(s->arg, t->node, &sample, src->inflight);
	return NULL;
}

/* The first byte of a page says of when it is, as nearly as can be known. */
bool
source_add_piece(struct source *src, struct str piece)
{
	struct scrape *s = src->target->scrape;

	if (src->page.len == 0) {
		src->began_usec = loop_now(s->loop);
		src->inflight = s->live == NULL ? 0 : live_node_inflight(s->live, src->target->node->slot);
	}
	if (buf_adds(&src->page, piece))
		return true;
	src->verdict = WHY_METRICS_LARGE;
	return false;
}

void
source_set_fetch_failed(struct source *src, const struct fetch_result *r)
{
	const struct why *why = src->verdict != NULL ? src->verdict : r->why;
	char detail[NODE_DETAIL_MAX];

	if (why == WHY_METRICS_LARGE)
		snprintf(detail, sizeof detail, "more than %zu bytes", src->page.max);
	else if (r->why == WHY_METRICS_STATUS)
		snprintf(detail, sizeof detail, "status %ld", r->status);
	else
		snprintf(detail, sizeof detail, "%s", r->detail);
	source_set_failed(src, why, detail);
}

void
source_request(struct source *src, const char *url, int64_t timeout_usec, fetch_data_f *piece,
    fetch_done_f *done)
{
	struct fetch_conf conf = { .url = url, .timeout_usec = timeout_usec };

	ASSERT(src->fetch == NULL && src->url != NULL);
	buf_clear(&src->page);
	src->verdict = NULL;
	src->fetch = fetch_start(src->target->scrape->fetcher, &conf, piece, done, src);
}

int64_t
source_eager_usec(const struct source *src)
{
	const struct scrape *s = src->target->scrape;
	int64_t span = START_USEC * s->world->nnodes;

	if (span < EAGER_USEC)
		span = EAGER_USEC;
	return span < s->period_usec ? span : s->period_usec;
}

int64_t
source_random_delay(const struct source *src)
{
	return rng_below(&src->target->scrape->rng, (uint32_t)source_eager_usec(src) + 1);
}
