/*
 * What comes of an exchange: a page becomes a sample, a failure a reason, and eye_judge() tells the world what the two
 * sources of a node together mean. Must not know what a metric is (signals/node.c does) nor what a sample is good for.
 */
#include <stdio.h>

#include "base/clock.h"
#include "base/log.h"
#include "collect/source.h"

static const char *
kind_name(const struct source *src)
{
	return src->kind == SOURCE_AGENT ? "agent" : "node_exporter";
}

bool
source_speaks(const struct source *src)
{
	const struct scrape *s = src->eye->scrape;

	return src->url != NULL && src->why == NULL && src->good_usec != 0 &&
	    loop_now(s->loop) - src->good_usec <= LAW_FRESH_PERIODS * s->period_usec;
}

/*
 * A node's signal is wrong when one of its own sources is and no other makes up for it. Prometheus makes up for them, and
 * counts by itself where they do not speak.
 */
void
eye_judge(struct eye *e)
{
	const struct source *bad = e->agent.why != NULL ? &e->agent : e->exporter.why != NULL ? &e->exporter : NULL;
	bool own = source_speaks(&e->agent) || source_speaks(&e->exporter);
	int64_t now = loop_now(e->scrape->loop);
	struct world_node *n = e->node;
	const struct why *why = NULL;

	if (bad != NULL && !own && n->prom_until_usec <= now)
		why = bad->why;
	else if (!own)
		why = n->prom_why;
	if (why != NULL && n->signal_why == NULL)
		n->signal_wrong_usec = now;
	n->signal_why = why;
	if (why == NULL)
		n->signal_wrong_usec = 0;
	snprintf(n->signal_detail, sizeof n->signal_detail, "%s", why == NULL ? "" : bad != NULL && why == bad->why ? bad->detail : n->prom_detail);
}

void
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
const struct why *
source_page(struct source *src, struct str text)
{
	struct eye *e = src->eye;
	struct scrape *s = e->scrape;
	int64_t long_ago = src->began_usec - LONG_PERIODS * s->period_usec;
	const struct why *why;
	struct sample sample;
	bool sampled = false;

	/* A page that stands still is compared with what it was, however long ago: as a first one it would look sound. */
	if (src->good_usec < long_ago && src->why != WHY_METRICS_STUCK && src->why != WHY_METRICS_VALUE) {
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
		/* it was away, if Prometheus did not see it meanwhile either */
		if (e->sampled_usec < long_ago && e->node->prom_until_usec <= loop_now(s->loop))
			e->node->samples = 0;
		e->sampled_usec = sample.taken_usec;
		s->fn(s->arg, e->node, &sample, src->inflight);
	}
	return NULL;
}

/* The first byte of a page says of when it is, as nearly as we can know. */
bool
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

void
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

void
source_start(struct source *src, const char *url, int64_t timeout_usec, fetch_data_f *piece, fetch_done_f *done)
{
	struct scrape *s = src->eye->scrape;
	struct fetch_conf conf = { .url = url, .timeout_usec = timeout_usec };

	buf_clear(&src->page);
	src->verdict = NULL;
	src->fetch = fetch_start(s->fetcher, &conf, piece, done, src);
}

int64_t
source_moment(const struct source *src)
{
	struct scrape *s = src->eye->scrape;

	return rng_below(&s->rng, (uint32_t)(s->period_usec < EAGER_USEC ? s->period_usec : EAGER_USEC) + 1);
}
