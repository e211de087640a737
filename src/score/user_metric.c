/*
 * user_metric: answers in, belief out. Must not know who is asked, nor what a profile makes of it.
 */
#include <math.h>

#include "base/bug.h"
#include "score/guard.h"
#include "score/user_metric.h"

#define SMOOTH_PERIODS	2	/* as for what else presses besides the CPU: believed at once, load would swing */

double
user_metric_trust(const struct world_user_metric *h, int64_t period, int64_t now)
{
	int64_t late = now - h->at_usec - LAW_FRESH_PERIODS * period;
	double trust;

	if (h->at_usec == 0)
		return 0;
	trust = late <= 0 ? 1 : exp(-(double)late / ((double)period * LAW_DECAY_PERIODS));
	return trust < GUARD_FAINT ? 0 : trust;
}

void
user_metric_update(const struct world *w, struct world_node *n, unsigned query, double value, int64_t at)
{
	const struct world_query *q = &w->query[query];
	struct world_user_metric *h = &n->user_metric[query];
	double gap = (double)(at - h->at_usec) / (double)q->period_usec, part = 1;

	ASSERT(isfinite(value) && q->text != NULL);
	if (at <= h->at_usec)
		return;				/* a stored copy: what it says grows old */
	value = fmin(fmax(value, 0), q->full);
	if (h->at_usec != 0 && gap < LAW_FRESH_PERIODS + LAW_DECAY_PERIODS)
		part = 1 - exp(-gap / SMOOTH_PERIODS);
	h->smoothed = part == 1 ? value : h->smoothed + part * (value - h->smoothed);
	h->value = value;
	h->at_usec = at;
}

static void
query_look(struct world *w, unsigned query, int64_t now)
{
	struct world_query *q = &w->query[query];
	double sum = 0, trust = 0;
	struct world_node *n;

	LIST_FOREACH(n, &w->nodes, link) {
		double t = n->drained ? 0 : user_metric_trust(&n->user_metric[query], q->period_usec, now);
		sum += t * n->user_metric[query].smoothed;
		trust += t;
	}
	q->mean = trust > 0 ? sum / trust : NAN;
	LIST_FOREACH(n, &w->nodes, link) {
		double t = user_metric_trust(&n->user_metric[query], q->period_usec, now);
		n->user_metric[query].effective = t == 1 ? n->user_metric[query].smoothed : t * n->user_metric[query].smoothed + (1 - t) * q->mean;
	}
}

void
user_metric_refresh(struct world *w, int64_t now)
{
	for (unsigned i = 0; i < QUERIES_MAX; i++)
		if (w->query[i].text != NULL)
			query_look(w, i, now);
}

static double
used_of(const struct profile_term *t, double value)
{
	return isnan(value) ? NAN : fmin(1, value / t->full);
}

void
user_metric_usage(const struct world_node *n, const struct profile *p, double used[TERMS_MAX])
{
	for (unsigned i = 0; i < TERMS_MAX; i++)
		used[i] = p->term[i].query == 0 ? NAN : used_of(&p->term[i], n->user_metric[p->term[i].query - 1].effective);
}

void
user_metric_usage_latest(const struct world *w, const struct world_node *n, const struct profile *p, int64_t now, double used[TERMS_MAX])
{
	for (unsigned i = 0; i < TERMS_MAX; i++) {
		const struct profile_term *t = &p->term[i];
		const struct world_query *q = t->query == 0 ? NULL : &w->query[t->query - 1];
		const struct world_user_metric *h = q == NULL ? NULL : &n->user_metric[t->query - 1];
		bool known = q != NULL && user_metric_trust(h, q->period_usec, now) > 0;
		used[i] = known ? used_of(t, h->value) : q != NULL && n->samples > 0 ? used_of(t, q->mean) : NAN;
	}
}
