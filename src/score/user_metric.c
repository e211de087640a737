/*
 * user_metric: values in, smoothed and faded values out. Must not know where they come from, nor
 * what a profile makes of them.
 */
#include <math.h>

#include "base/bug.h"
#include "score/guard.h"
#include "score/user_metric.h"

double
user_metric_trust(const struct world_user_metric *m, int64_t period, int64_t now)
{
	int64_t late = now - m->at_usec - LAW_FRESH_PERIODS * period;
	double trust;

	ASSERT(period > 0);
	if (m->at_usec == 0)
		return 0;
	trust = late <= 0 ? 1 : exp(-(double)late / ((double)period * LAW_DECAY_PERIODS));
	return trust < GUARD_FAINT ? 0 : trust;
}

void
user_metric_update(const struct world *w, struct world_node *n, unsigned query, double value,
    int64_t at)
{
	const struct world_query *q = &w->query[query];
	struct world_user_metric *m = &n->observed.user_metric[query];
	double gap, part = 1;

	ASSERT(query < QUERIES_MAX && q->text != NULL && q->full > 0 && q->period_usec > 0);
	ASSERT(isfinite(value));
	if (at <= m->at_usec)
		return;				/* a stored copy: what it is a copy of grows old */
	value = fmin(fmax(value, 0), q->full);
	gap = (double)(at - m->at_usec) / (double)q->period_usec;
	if (m->at_usec != 0 && gap < LAW_FRESH_PERIODS + LAW_DECAY_PERIODS)
		part = 1 - exp(-gap / SMOOTH_PERIODS);
	ASSERT(part > 0 && part <= 1);
	m->smoothed = part == 1 ? value : m->smoothed + part * (value - m->smoothed);
	m->value = value;
	m->at_usec = at;
}

static void
query_refresh(struct world *w, unsigned query, int64_t now)
{
	struct world_query *q = &w->query[query];
	double sum = 0, trust = 0;
	struct world_node *n;

	LIST_FOREACH(n, &w->nodes, link) {
		const struct world_user_metric *m = &n->observed.user_metric[query];
		double t = n->drained ? 0 : user_metric_trust(m, q->period_usec, now);
		ASSERT(m->smoothed >= 0);
		sum += t * m->smoothed;
		trust += t;
	}
	q->mean = trust > 0 ? sum / trust : NAN;
	LIST_FOREACH(n, &w->nodes, link) {
		struct world_user_metric *m = &n->observed.user_metric[query];
		double t = user_metric_trust(m, q->period_usec, now);
		m->effective = t == 1 ? m->smoothed : t * m->smoothed + (1 - t) * q->mean;
	}
}

void
user_metric_refresh(struct world *w, int64_t now)
{
	for (unsigned i = 0; i < QUERIES_MAX; i++)
		if (w->query[i].text != NULL)
			query_refresh(w, i, now);
}

static double
usage_of(const struct profile_term *t, double value)
{
	ASSERT(t->full > 0 && (isnan(value) || value >= 0));
	return isnan(value) ? NAN : fmin(1, value / t->full);
}

void
user_metric_usage(const struct world_node *n, const struct profile *p, double used[TERMS_MAX])
{
	for (unsigned i = 0; i < TERMS_MAX; i++) {
		const struct profile_term *t = &p->term[i];
		ASSERT(t->query <= QUERIES_MAX);
		used[i] = t->query == 0 ? NAN : usage_of(t, n->observed.user_metric[t->query - 1].effective);
	}
}

void
user_metric_usage_latest(const struct world *w, const struct world_node *n,
    const struct profile *p, int64_t now, double used[TERMS_MAX])
{
	for (unsigned i = 0; i < TERMS_MAX; i++) {
		const struct profile_term *t = &p->term[i];
		const struct world_user_metric *m;
		const struct world_query *q;
		used[i] = NAN;
		if (t->query == 0)
			continue;
		ASSERT(t->query <= QUERIES_MAX);
		q = &w->query[t->query - 1];
		m = &n->observed.user_metric[t->query - 1];
		if (user_metric_trust(m, q->period_usec, now) > 0)
			used[i] = usage_of(t, m->value);
		else if (n->observed.samples > 0)
			used[i] = usage_of(t, q->mean);
	}
}
