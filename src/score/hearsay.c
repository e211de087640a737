/*
 * hearsay: answers in, belief out. Must not know who is asked, nor what a profile makes of it.
 */
#include <math.h>

#include "base/bug.h"
#include "score/guard.h"
#include "score/hearsay.h"

#define FELT_PERIODS	2	/* as for what else presses besides the CPU: believed at once, load would swing */

double
hearsay_trust(const struct world_heard *h, int64_t period, int64_t now)
{
	int64_t late = now - h->at_usec - LAW_FRESH_PERIODS * period;
	double trust;

	if (h->at_usec == 0)
		return 0;
	trust = late <= 0 ? 1 : exp(-(double)late / ((double)period * LAW_DECAY_PERIODS));
	return trust < GUARD_FAINT ? 0 : trust;
}

void
hearsay_take(const struct world *w, struct world_node *n, unsigned query, double value, int64_t at)
{
	const struct world_query *q = &w->query[query];
	struct world_heard *h = &n->heard[query];
	double gap = (double)(at - h->at_usec) / (double)q->period_usec, part = 1;

	ASSERT(isfinite(value) && q->text != NULL);
	if (at <= h->at_usec)
		return;				/* a stored copy: what it says grows old */
	value = fmin(fmax(value, 0), q->full);
	if (h->at_usec != 0 && gap < LAW_FRESH_PERIODS + LAW_DECAY_PERIODS)
		part = 1 - exp(-gap / FELT_PERIODS);
	h->felt = part == 1 ? value : h->felt + part * (value - h->felt);
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
		double t = n->drained ? 0 : hearsay_trust(&n->heard[query], q->period_usec, now);
		sum += t * n->heard[query].felt;
		trust += t;
	}
	q->mean = trust > 0 ? sum / trust : NAN;
	LIST_FOREACH(n, &w->nodes, link) {
		double t = hearsay_trust(&n->heard[query], q->period_usec, now);
		n->heard[query].believed = t == 1 ? n->heard[query].felt : t * n->heard[query].felt + (1 - t) * q->mean;
	}
}

void
hearsay_look(struct world *w, int64_t now)
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
hearsay_used(const struct world_node *n, const struct profile *p, double used[TERMS_MAX])
{
	for (unsigned i = 0; i < TERMS_MAX; i++)
		used[i] = p->term[i].query == 0 ? NAN : used_of(&p->term[i], n->heard[p->term[i].query - 1].believed);
}

void
hearsay_plain(const struct world *w, const struct world_node *n, const struct profile *p, int64_t now, double used[TERMS_MAX])
{
	for (unsigned i = 0; i < TERMS_MAX; i++) {
		const struct profile_term *t = &p->term[i];
		const struct world_query *q = t->query == 0 ? NULL : &w->query[t->query - 1];
		const struct world_heard *h = q == NULL ? NULL : &n->heard[t->query - 1];
		bool known = q != NULL && hearsay_trust(h, q->period_usec, now) > 0;
		used[i] = known ? used_of(t, h->value) : q != NULL && n->samples > 0 ? used_of(t, q->mean) : NAN;
	}
}
