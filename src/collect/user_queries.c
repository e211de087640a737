/*
 * user_queries: sends queries, and sorts the results by node. A query is another one when its
 * text is: its slot in the world may be the same. Must not decide what a value means.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/bug.h"
#include "base/clock.h"
#include "base/log.h"
#include "collect/user_queries.h"
#include "score/user_metric.h"
#include "signals/prom_keys.h"

#define STAGGER_USEC	(20 * USEC_PER_MSEC)	/* between the first requests of several */

struct user_query {
	struct user_queries *queries;
	char		*text;			/* NULL: the slot is free */
	struct prom_request *request;		/* under way, or NULL */
	struct timer	 timer;			/* the next request */
	int64_t		 sent_usec;		/* the last request; 0: none yet */
	int64_t		 good_usec;		/* of the last response of use, when it was evaluated; 0: none yet */
	int64_t		 since_usec;		/* that `why` is what it is */
	const struct why *why;			/* what is wrong with the last response, NULL: nothing */
	bool		 partial;		/* and yet it had values */
	unsigned	 known;			/* nodes that the good one had a value for */
	char		 detail[2 * PROM_DETAIL];
};

struct user_queries {
	struct loop	*loop;
	struct prometheus *prom;
	struct world	*world;
	struct user_query query[QUERIES_MAX];	/* by slot of world.query */
};

static unsigned
slot_of(const struct user_query *q)
{
	return (unsigned)(q - q->queries->query);
}

/* The same in the world. */
static const struct world_query *
world_query_of(const struct user_query *q)
{
	const struct world_query *wq = &q->queries->world->query[slot_of(q)];

	ASSERT(wq->text != NULL && strcmp(wq->text, q->text) == 0 && wq->period_usec > 0);
	return wq;
}

/* ---- what is wrong with it ---- */

/* The index of the service's term with this query; terms.n: it has none. */
static unsigned
find_term(const struct world_service *s, const char *text)
{
	unsigned i = 0;

	while (i < s->conf.terms.n && strcmp(s->conf.terms.term[i].query, text) != 0)
		i++;
	return i;
}

static void
query_set_state(struct user_query *q, const struct why *why, const char *detail, bool partial)
{
	const char *service = "", *name = "";
	const struct world_service *s;
	unsigned i;

	snprintf(q->detail, sizeof q->detail, "%s", detail);
	q->partial = partial;
	if (why == q->why && q->since_usec != 0)
		return;
	LIST_FOREACH(s, &q->queries->world->services, link)	/* the first that has it, for the log */
		if ((i = find_term(s, q->text)) < s->conf.terms.n) {
			service = s->name;
			name = s->conf.terms.term[i].name;
			break;
		}
	if (why != NULL)
		log_event(LOG_WARN, "query.lost", "service", service, "query", name, "why", why_name(why),
		    "detail", detail, NULL);
	else if (q->why != NULL)
		log_event(LOG_INFO, "query.back", "service", service, "query", name, NULL);
	q->why = why;
	q->since_usec = loop_now(q->queries->loop);
}

/* ---- a response ---- */

struct sorted_series {			/* by node slot */
	struct { const struct prom_series *series; unsigned n; } node[NODES_MAX];
	/* the first of each kind */
	const struct prom_series *unkeyed, *duplicate;
	const struct world_node *duplicate_node, *nan_node, *absent_node;
	unsigned nunkeyed, nduplicates, nnan, nabsent, known;
};

static void
sort_by_node(struct sorted_series *s, const struct world *w, const struct prom_response *r)
{
	struct prom_keys *keys = prom_keys_new(w);

	for (unsigned i = 0; i < r->nseries; i++) {
		const struct world_node *n = prom_keys_node(keys, &r->series[i]);
		if (n == NULL) {
			if (s->nunkeyed++ == 0)
				s->unkeyed = &r->series[i];
			continue;
		}
		ASSERT(n->slot < NODES_MAX);
		s->node[n->slot].series = &r->series[i];
		if (++s->node[n->slot].n == 2 && s->nduplicates++ == 0) {
			s->duplicate = &r->series[i];
			s->duplicate_node = n;
		}
	}
	prom_keys_free(&keys);
}

static void
store_values(struct user_query *q, struct sorted_series *s, int64_t at)
{
	struct world *w = q->queries->world;
	struct world_node *n;

	LIST_FOREACH(n, &w->nodes, link) {
		const struct prom_series *series = s->node[n->slot].series;
		if (s->node[n->slot].n != 1)
			continue;
		if (isfinite(series->value)) {
			user_metric_update(w, n, slot_of(q), series->value, at);
			s->known++;
		} else if (s->nnan++ == 0)
			s->nan_node = n;
	}
}

/* Nodes without a value, though a service that has the query has tasks there. */
static void
count_absent(const struct user_query *q, struct sorted_series *s)
{
	const struct world_service *v;
	const struct world_task *t;

	LIST_FOREACH(v, &q->queries->world->services, link) {
		if (find_term(v, q->text) == v->conf.terms.n)
			continue;
		LIST_FOREACH(t, &v->tasks, link)
			if (s->node[t->node->slot].n++ == 0 && s->nabsent++ == 0)	/* each node once */
				s->absent_node = t->node;
	}
}

/* The worst of it first. */
static void
evaluate(struct user_query *q, const struct sorted_series *s, const struct prom_response *r)
{
	bool some = s->known > 0;
	char detail[sizeof q->detail], series[PROM_DETAIL];

	ASSERT(s->known + s->nunkeyed <= r->nseries && s->known <= q->queries->world->nnodes);
	if (r->scalar)
		query_set_state(q, WHY_PROM_SHAPE, "one value without labels; expected one for each node", false);
	else if (r->nseries == 0 && r->histograms > 0) {
		snprintf(detail, sizeof detail,
		    "%u histograms; a function such as histogram_quantile() makes numbers of them",
		    r->histograms);
		query_set_state(q, WHY_PROM_SHAPE, detail, false);
	} else if (r->nseries == 0)
		query_set_state(q, WHY_PROM_EMPTY, r->info == NULL ? "" : r->info, false);
	else if (s->nunkeyed == r->nseries) {
		snprintf(detail, sizeof detail, "%u series, the first is %s", r->nseries,
		    prom_series_text(s->unkeyed, series, sizeof series));
		query_set_state(q, WHY_PROM_UNKEYED, detail, false);
	} else if (s->nduplicates > 0) {
		snprintf(detail, sizeof detail, "%s (%u such), one of them %s", s->duplicate_node->name,
		    s->nduplicates, prom_series_text(s->duplicate, series, sizeof series));
		query_set_state(q, WHY_PROM_DUPLICATE, detail, some);
	} else if (s->nnan > 0) {
		snprintf(detail, sizeof detail, "%s (%u such)", s->nan_node->name, s->nnan);
		query_set_state(q, WHY_PROM_NAN, detail, some);
	} else if (r->nwarnings > 0) {
		snprintf(detail, sizeof detail, "%.*s", PROM_DETAIL, r->warning);
		query_set_state(q, WHY_PROM_PARTIAL, detail, some);
	} else if (s->nabsent > 0) {
		snprintf(detail, sizeof detail, "%s (%u such nodes have tasks of the services)",
		    s->absent_node->name, s->nabsent);
		query_set_state(q, WHY_PROM_ABSENT, detail, some);
	} else
		query_set_state(q, NULL, "", false);
	if (s->known == 0)
		return;
	q->good_usec = r->as_of_usec;
	q->known = s->known;
}

/* ---- requests ---- */

static void	query_send(void *);

/* A period after the last request, or at once. */
static void
query_schedule(struct user_query *q)
{
	struct user_queries *qs = q->queries;
	int64_t due = q->sent_usec + world_query_of(q)->period_usec, now = loop_now(qs->loop);

	ASSERT(q->request == NULL && q->sent_usec != 0);
	timer_set(qs->loop, &q->timer, due > now ? due : now, query_send, q);
}

static void
on_response(void *arg, const struct why *why, const char *detail, const struct prom_response *r)
{
	struct user_query *q = arg;
	struct sorted_series *s;

	ASSERT(q->text != NULL && q->request != NULL);
	q->request = NULL;
	if (why != NULL)
		query_set_state(q, why, detail, false);
	else {
		s = must_zalloc(sizeof *s);
		if (!r->scalar)
			sort_by_node(s, q->queries->world, r);
		store_values(q, s, r->as_of_usec);
		count_absent(q, s);
		evaluate(q, s, r);
		free(s);
	}
	query_schedule(q);
}

static void
query_send(void *arg)
{
	struct user_query *q = arg;

	ASSERT(q->text != NULL && q->request == NULL);
	q->sent_usec = loop_now(q->queries->loop);
	q->request = prometheus_query(q->queries->prom, q->text, on_response, q);
}

static void
query_begin(struct user_query *q, const char *text)
{
	struct user_queries *qs = q->queries;

	ASSERT(q->text == NULL && q->request == NULL);
	q->text = must_strdup(text);
	timer_set(qs->loop, &q->timer, loop_now(qs->loop) + slot_of(q) * STAGGER_USEC, query_send, q);
}

static void
query_end(struct user_query *q)
{
	struct user_queries *qs = q->queries;

	timer_clear(qs->loop, &q->timer);
	if (q->request != NULL)
		prom_request_cancel(q->request);
	free(q->text);
	*q = (struct user_query){ .queries = qs };
}

void
user_queries_sync(struct user_queries *qs)
{
	for (unsigned i = 0; i < QUERIES_MAX; i++) {
		const char *text = qs->world->query[i].text;
		struct user_query *q = &qs->query[i];
		if (q->text != NULL && (text == NULL || strcmp(q->text, text) != 0))
			query_end(q);
		if (q->text == NULL && text != NULL)
			query_begin(q, text);
		/* a service that wants it sooner than others did does not wait for what was due then */
		else if (q->text != NULL && q->sent_usec != 0 && q->request == NULL &&
		    q->sent_usec + world_query_of(q)->period_usec < q->timer.deadline)
			query_schedule(q);
	}
}

struct user_queries *
user_queries_new(struct loop *l, struct prometheus *p, struct world *w)
{
	struct user_queries *qs = must_zalloc(sizeof *qs);

	qs->loop = l;
	qs->prom = p;
	qs->world = w;
	for (unsigned i = 0; i < QUERIES_MAX; i++)
		qs->query[i].queries = qs;
	return qs;
}

void
user_queries_free(struct user_queries **qsp)
{
	struct user_queries *qs = *qsp;

	*qsp = NULL;
	if (qs == NULL)
		return;
	for (unsigned i = 0; i < QUERIES_MAX; i++)
		query_end(&qs->query[i]);
	free(qs);
}

/* ---- for metrics and the API ---- */

/* NULL: it is not evaluated. */
static const struct user_query *
find_query(const struct user_queries *qs, const struct world_service *s, unsigned term)
{
	uint64_t query;

	ASSERT(term < TERMS_MAX && s->profile < PROFILE_SLOTS);
	query = s->profile_crowded ? 0 : qs->world->profile[s->profile].term[term].query;
	ASSERT(query <= QUERIES_MAX);
	return query == 0 || qs->query[query - 1].text == NULL ? NULL : &qs->query[query - 1];
}

void
user_queries_facts(const struct user_queries *qs, const struct world_service *s, unsigned term,
    struct user_query_facts *f)
{
	const struct user_query *q = find_query(qs, s, term);

	*f = (struct user_query_facts){ .good = false };
	if (q != NULL)
		*f = (struct user_query_facts){ q->since_usec != 0 && q->why == NULL, q->good_usec, q->known,
		    q->since_usec != 0 || q->why != NULL };
}

static json_t *
text_or_null(const char *s)
{
	json_t *j = s == NULL || *s == '\0' ? NULL : json_string(s);

	return j == NULL ? json_null() : j;
}

static json_t *
number_or_null(double x)
{
	return isfinite(x) ? json_real(x) : json_null();
}

static double
seconds(int64_t usec)
{
	return (double)usec / (double)USEC_PER_SEC;
}

static const char *
state_of(const struct user_query *q)
{
	if (q->since_usec == 0)
		return "new";
	return q->why == NULL ? "ok" : q->partial ? "partial" : "failed";
}

/* `weighs_little`: the term counts only in scores. */
static json_t *
sentence_of(const struct user_query *q, bool weighs_little, int64_t now)
{
	const struct world *w = q->queries->world;
	double trust = user_metric_trust(&(struct world_user_metric){ .at_usec = q->good_usec },
	    world_query_of(q)->period_usec, now);
	struct buf out;
	json_t *j;

	buf_init(&out, 2048);
	if (q->since_usec == 0)
		buf_printf(&out, "no result yet");
	else if (q->why != NULL)
		buf_printf(&out, "since %.0f s: %s%s%s%s", seconds(now - q->since_usec), q->why->text,
		    *q->detail == '\0' ? "" : " (", q->detail, *q->detail == '\0' ? "" : ")");
	if (q->since_usec != 0 && q->good_usec == 0)
		buf_printf(&out, "; no value so far, nodes are as they are without it");
	else if (q->good_usec != 0) {
		buf_printf(&out, "%s%u of %u nodes %.0f s ago", out.len > 0 ? "; " : "", q->known, w->nnodes,
		    seconds(now - q->good_usec));
		if (trust == 0)
			buf_printf(&out, ", forgotten: nodes are as they are without it");
		else if (trust < 1)
			buf_printf(&out, ", counts for %.0f %%", 100 * trust);
	}
	if (weighs_little)
		buf_printf(&out, "; it weighs no more than cpu and has no limits, so it only counts in scores");
	j = json_stringn(out.p, out.len);
	buf_fini(&out);
	return j == NULL ? json_null() : j;
}

static json_t *
nodes_view(const struct user_query *q, const struct term *t, int64_t now)
{
	const struct world_query *wq = world_query_of(q);
	const struct world_node *n;
	json_t *list = json_array();

	LIST_FOREACH(n, &q->queries->world->nodes, link) {
		const struct world_user_metric *m = &n->observed.user_metric[slot_of(q)];
		bool has_value = m->at_usec != 0;
		bool counts = has_value && user_metric_trust(m, wq->period_usec, now) > 0;
		json_array_append_new(list, json_pack("{s:s, s:o, s:o, s:o, s:o}", "node", n->name,
		    "value", number_or_null(has_value ? m->value : NAN),
		    "used", number_or_null(counts ? fmin(1, m->value / t->full) : NAN),
		    "age_seconds", number_or_null(has_value ? seconds(now - m->at_usec) : NAN),
		    "believed", number_or_null(isnan(wq->mean) ? NAN : fmin(1, m->effective / t->full))));
	}
	return list;
}

static json_t *
term_view(const struct user_queries *qs, const struct world_service *s, unsigned i, bool nodes,
    int64_t now)
{
	const struct term *t = &s->conf.terms.term[i];
	const struct profile *p = &qs->world->profile[s->profile];
	const struct user_query *q = find_query(qs, s, i);
	bool weighs_little = t->limit.hard == 0 && p->term[i].weight <= p->weight[RESOURCE_CPU];
	json_t *j = json_pack("{s:s, s:o, s:f, s:f, s:f}", "name", t->name,
	    "query", text_or_null(t->query), "weight", t->weight, "full", t->full,
	    "period_seconds", seconds(t->period_usec));
	json_t *limits = json_null();

	if (t->limit.hard > 0)
		limits = json_pack("[f, f]", t->limit.soft, t->limit.hard);
	json_object_set_new(j, "limits", limits);
	json_object_set_new(j, "state", json_string(q != NULL ? state_of(q) : "unused"));
	json_object_set_new(j, "why", text_or_null(q != NULL && q->why != NULL ? why_name(q->why) : NULL));
	json_object_set_new(j, "detail", text_or_null(q != NULL ? q->detail : NULL));
	json_object_set_new(j, "age_seconds",
	    number_or_null(q != NULL && q->good_usec != 0 ? seconds(now - q->good_usec) : NAN));
	json_object_set_new(j, "known", json_integer(q != NULL ? q->known : 0));
	json_object_set_new(j, "text", q != NULL ? sentence_of(q, weighs_little, now) :
	    json_string("not evaluated: there are more different profiles than a table can hold, "
	    "and the service uses balanced"));
	if (nodes)
		json_object_set_new(j, "nodes", q != NULL ? nodes_view(q, t, now) : json_array());
	return j;
}

json_t *
user_queries_view(const struct user_queries *qs, const struct world_service *s, bool nodes,
    int64_t now)
{
	json_t *list = json_array();

	for (unsigned i = 0; qs != NULL && i < s->conf.terms.n; i++)
		json_array_append_new(list, term_view(qs, s, i, nodes, now));
	return list;
}
