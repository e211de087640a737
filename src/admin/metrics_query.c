/*
 * metrics_query: families of the services' own queries to Prometheus: whether each works, and its
 * values.
 */
#include <math.h>

#include "admin/metrics_page.h"
#include "base/bug.h"
#include "base/clock.h"
#include "collect/user_queries.h"
#include "score/user_metric.h"

static void
put_query(struct metrics_page *p, enum family family, const struct world_service *s,
    const char *name, const struct user_query_facts *f)
{
	double age = (double)(p->v->now_usec - f->good_usec) / (double)USEC_PER_SEC;

	if (family == FAMILY_QUERY_AGE && f->good_usec == 0)
		return;
	page_open(p);
	page_label(p, "service", s->name);
	page_label(p, "query", name);
	_Static_assert(FAMILY_QUERY_USED - FAMILY_QUERY_UP == 3,
	    "tbl/metrics.h: a new row of queries needs its value here");
	page_close(p, family == FAMILY_QUERY_UP ? f->good : family == FAMILY_QUERY_NODES ? f->known : age);
}

static void
put_used(struct metrics_page *p, const struct world_service *s, unsigned i)
{
	uint64_t query = s->profile_crowded ? 0 : p->v->world->profile[s->profile].term[i].query;
	const struct term *t = &s->conf.terms.term[i];
	const struct world_node *n;
	int64_t period;

	if (query == 0)			/* it is not in use */
		return;
	period = p->v->world->query[query - 1].period_usec;
	ASSERT(period > 0 && t->full > 0);
	LIST_FOREACH(n, &p->v->world->nodes, link) {
		/* it has none, or it has expired */
		if (user_metric_trust(&n->observed.user_metric[query - 1], period, p->v->now_usec) == 0)
			continue;
		page_open(p);
		page_label(p, "service", s->name);
		page_label(p, "query", t->name);
		page_label(p, "node", n->name);
		page_close(p, fmin(1, n->observed.user_metric[query - 1].value / t->full));
	}
}

void
metrics_queries(struct metrics_page *p, enum family family)
{
	const struct world_service *s;
	struct user_query_facts f;

	LIST_FOREACH(s, &p->v->world->services, link)
		for (unsigned i = 0; p->v->user_queries != NULL && i < s->conf.terms.n; i++) {
			if (family == FAMILY_QUERY_USED) {
				put_used(p, s, i);
				continue;
			}
			user_queries_facts(p->v->user_queries, s, i, &f);
			put_query(p, family, s, s->conf.terms.term[i].name, &f);
		}
}
