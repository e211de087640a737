/*
 * user_queries: asks, and sorts what comes by node. A query is another one when its text is: its slot in the world may be the same.
 * Must not judge what a value means.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "base/clock.h"
#include "base/log.h"
#include "collect/user_queries.h"
#include "score/user_metric.h"
#include "signals/prom_keys.h"

#define STAGGER_USEC	(20 * USEC_PER_MSEC)	/* between the first questions of several */

struct user_query {
	struct user_queries *queries;
	char		*query;			/* NULL: the slot is free */
	struct prom_request	*ask;			/* under way, or NULL */
	struct timer	 timer;			/* the next question */
	int64_t		 asked_usec;
	int64_t		 good_usec;		/* of the last answer, when it was evaluated; 0: none yet */
	int64_t		 since_usec;		/* that `why` is what it is */
	const struct why *why;			/* what is wrong with the last answer, NULL: nothing */
	bool		 partial;		/* and yet it says something */
	unsigned	 heard;			/* nodes that that one had a value for */
	char		 detail[2 * PROM_DETAIL];
};

struct user_queries {
	struct loop	*loop;
	struct prometheus *prom;
	struct world	*world;
	struct user_query	 query[QUERIES_MAX];	/* by slot of world.query */
};

static unsigned
slot_of(const struct user_query *r)
{
	return (unsigned)(r - r->queries->query);
}

/* --- what is wrong with it --- */

/* Who asks it first, for the log. */
static const struct world_service *
asker(const struct user_queries *qs, const char *query, const char **name)
{
	const struct world_service *s;

	LIST_FOREACH(s, &qs->world->services, link)
		for (unsigned i = 0; i < s->conf.terms.n; i++)
			if (strcmp(s->conf.terms.term[i].query, query) == 0) {
				*name = s->conf.terms.term[i].name;
				return s;
			}
	*name = "";
	return NULL;
}

static void
user_query_told(struct user_query *r, const struct why *why, const char *detail, bool partial)
{
	const char *name;
	const struct world_service *s = asker(r->queries, r->query, &name);

	snprintf(r->detail, sizeof r->detail, "%s", detail);
	r->partial = partial;
	if (why == r->why && r->since_usec != 0)
		return;
	if (why != NULL)
		log_event(LOG_WARN, "query.lost", "service", s == NULL ? "" : s->name, "query", name, "why", why_name(why), "detail",
		    detail, NULL);
	else if (r->why != NULL)
		log_event(LOG_INFO, "query.back", "service", s == NULL ? "" : s->name, "query", name, NULL);
	r->why = why;
	r->since_usec = loop_now(r->queries->loop);
}

/* --- an answer --- */

struct sorted {			/* by node slot */
	struct { const struct prom_series *series; unsigned n; } node[NODES_MAX];
	const struct prom_series *stranger, *odd, *twice;	/* the first of each kind */
	const struct world_node *odd_node, *twice_node, *absent;
	unsigned strangers, odds, twices, absents, heard;
};

static void
sort_out(struct sorted *s, const struct world *w, const struct prom_response *a)
{
	struct prom_keys *keys = prom_keys_new(w);

	for (unsigned i = 0; i < a->nseries; i++) {
		const struct world_node *n = prom_keys_node(keys, &a->series[i]);
		if (n == NULL) {
			s->stranger = s->strangers++ == 0 ? &a->series[i] : s->stranger;
			continue;
		}
		s->node[n->slot].series = &a->series[i];
		if (++s->node[n->slot].n == 2 && s->twices++ == 0) {
			s->twice = &a->series[i];
			s->twice_node = n;
		}
	}
	prom_keys_free(&keys);
}

static void
take(struct user_query *r, struct sorted *s, int64_t at)
{
	struct world *w = r->queries->world;
	struct world_node *n;

	LIST_FOREACH(n, &w->nodes, link) {
		const struct prom_series *series = s->node[n->slot].series;
		if (s->node[n->slot].n != 1)
			continue;
		if (isfinite(series->value)) {
			user_metric_update(w, n, slot_of(r), series->value, at);
			s->heard++;
		} else if (s->odds++ == 0) {
			s->odd = series;
			s->odd_node = n;
		}
	}
}

static bool
asks(const struct world_service *s, const char *query)
{
	for (unsigned i = 0; i < s->conf.terms.n; i++)
		if (strcmp(s->conf.terms.term[i].query, query) == 0)
			return true;
	return false;
}

/* Nodes of which nothing is said, though a service that asks has tasks there. */
static void
absent_count(const struct user_query *r, struct sorted *s)
{
	const struct world_service *v;
	const struct world_task *t;

	LIST_FOREACH(v, &r->queries->world->services, link) {
		if (!asks(v, r->query))
			continue;
		LIST_FOREACH(t, &v->tasks, link)
			if (s->node[t->node->slot].n++ == 0 && s->absents++ == 0)	/* each node once */
				s->absent = t->node;
	}
}

/* What is worst of it first. */
static void
judge(struct user_query *r, const struct sorted *s, const struct prom_response *a)
{
	bool some = s->heard > 0;
	char detail[sizeof r->detail], series[PROM_DETAIL];

	if (a->scalar)
		user_query_told(r, WHY_PROM_SHAPE, "one value without labels; expected one for each node", false);
	else if (a->nseries == 0 && a->histograms > 0) {
		snprintf(detail, sizeof detail, "%u histograms; a function such as histogram_quantile() makes numbers of them", a->histograms);
		user_query_told(r, WHY_PROM_SHAPE, detail, false);
	} else if (a->nseries == 0)
		user_query_told(r, WHY_PROM_EMPTY, a->info == NULL ? "" : a->info, false);
	else if (s->strangers == a->nseries) {
		snprintf(detail, sizeof detail, "%u series, the first is %s", a->nseries, prom_series_text(s->stranger, series, sizeof series));
		user_query_told(r, WHY_PROM_UNKEYED, detail, false);
	} else if (s->twices > 0) {
		snprintf(detail, sizeof detail, "%s (%u such), one of them %s", s->twice_node->name, s->twices,
		    prom_series_text(s->twice, series, sizeof series));
		user_query_told(r, WHY_PROM_DUPLICATE, detail, some);
	} else if (s->odds > 0) {
		snprintf(detail, sizeof detail, "%s (%u such)", s->odd_node->name, s->odds);
		user_query_told(r, WHY_PROM_NAN, detail, some);
	} else if (a->nwarnings > 0) {
		snprintf(detail, sizeof detail, "%.*s", PROM_DETAIL, a->warning);
		user_query_told(r, WHY_PROM_PARTIAL, detail, some);
	} else if (s->absents > 0) {
		snprintf(detail, sizeof detail, "%s (%u such nodes have tasks of the services)", s->absent->name, s->absents);
		user_query_told(r, WHY_PROM_ABSENT, detail, some);
	} else
		user_query_told(r, NULL, "", false);
	if (s->heard == 0)
		return;
	r->good_usec = a->as_of_usec;
	r->heard = s->heard;
}

static void	user_query_ask(void *);

static void
on_answer(void *arg, const struct why *why, const char *detail, const struct prom_response *a)
{
	struct user_query *r = arg;
	struct user_queries *qs = r->queries;
	int64_t due = r->asked_usec + qs->world->query[slot_of(r)].period_usec, now = loop_now(qs->loop);
	struct sorted *s;

	r->ask = NULL;
	if (why != NULL)
		user_query_told(r, why, detail, false);
	else {
		s = must_zalloc(sizeof *s);
		if (!a->scalar)
			sort_out(s, qs->world, a);
		take(r, s, a->as_of_usec);
		absent_count(r, s);
		judge(r, s, a);
		free(s);
	}
	timer_set(qs->loop, &r->timer, due > now ? due : now, user_query_ask, r);
}

static void
user_query_ask(void *arg)
{
	struct user_query *r = arg;

	r->asked_usec = loop_now(r->queries->loop);
	r->ask = prometheus_query(r->queries->prom, r->query, on_answer, r);
}

/* --- life --- */

/* Who wants to know sooner than others did when it was asked last does not wait for what was due then. */
static void
user_query_hurry(struct user_query *r)
{
	struct user_queries *qs = r->queries;
	int64_t due = r->asked_usec + qs->world->query[slot_of(r)].period_usec, now = loop_now(qs->loop);

	if (r->asked_usec != 0 && r->ask == NULL && due < r->timer.deadline)
		timer_set(qs->loop, &r->timer, due > now ? due : now, user_query_ask, r);
}

static void
user_query_end(struct user_query *r)
{
	struct user_queries *qs = r->queries;

	timer_clear(qs->loop, &r->timer);
	if (r->ask != NULL)
		prom_request_cancel(r->ask);
	free(r->query);
	*r = (struct user_query){ .queries = qs };
}

static void
user_query_begin(struct user_query *r, const char *query)
{
	struct user_queries *qs = r->queries;

	r->query = must_strdup(query);
	timer_set(qs->loop, &r->timer, loop_now(qs->loop) + slot_of(r) * STAGGER_USEC, user_query_ask, r);
}

void
user_queries_sync(struct user_queries *qs)
{
	for (unsigned i = 0; i < QUERIES_MAX; i++) {
		const char *query = qs->world->query[i].text;
		struct user_query *r = &qs->query[i];
		if (r->query != NULL && (query == NULL || strcmp(r->query, query) != 0))
			user_query_end(r);
		if (r->query == NULL && query != NULL)
			user_query_begin(r, query);
		else if (r->query != NULL)
			user_query_hurry(r);
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
user_queries_free(struct user_queries **rsp)
{
	struct user_queries *qs = *rsp;

	*rsp = NULL;
	if (qs == NULL)
		return;
	for (unsigned i = 0; i < QUERIES_MAX; i++)
		user_query_end(&qs->query[i]);
	free(qs);
}

/* --- for people --- */

static json_t *
text(const char *s)
{
	json_t *j = s == NULL || *s == '\0' ? NULL : json_string(s);

	return j == NULL ? json_null() : j;
}

static double
seconds(int64_t usec)
{
	return (double)usec / (double)USEC_PER_SEC;
}

/* NULL: it is not asked. */
static const struct user_query *
user_query_of(const struct user_queries *qs, const struct world_service *s, unsigned term)
{
	uint64_t query = s->profile_crowded ? 0 : qs->world->profile[s->profile].term[term].query;

	return query == 0 || qs->query[query - 1].query == NULL ? NULL : &qs->query[query - 1];
}

void
user_queries_facts(const struct user_queries *qs, const struct world_service *s, unsigned term, struct user_query_facts *f)
{
	const struct user_query *r = user_query_of(qs, s, term);

	*f = (struct user_query_facts){ .good = false };
	if (r != NULL)
		*f = (struct user_query_facts){ r->since_usec != 0 && r->why == NULL, r->good_usec, r->heard };
}

static const char *
state_of(const struct user_query *r)
{
	if (r->since_usec == 0)
		return "new";
	return r->why == NULL ? "ok" : r->partial ? "partial" : "failed";
}

static json_t *
sentence(const struct user_query *r, const struct world *w, const struct term *t, const struct profile *p, unsigned i, int64_t now)
{
	double trust = user_metric_trust(&(struct world_user_metric){ .at_usec = r->good_usec }, w->query[slot_of(r)].period_usec, now);
	struct buf out;
	json_t *j;

	buf_init(&out, 2048);
	if (r->since_usec == 0)
		buf_printf(&out, "no result yet");
	else if (r->why != NULL)
		buf_printf(&out, "since %.0f s: %s%s%s%s", seconds(now - r->since_usec), r->why->text, *r->detail == '\0' ? "" : " (",
		    r->detail, *r->detail == '\0' ? "" : ")");
	if (r->since_usec != 0 && r->good_usec == 0)
		buf_printf(&out, "; no value so far, nodes are as they are without it");
	else if (r->good_usec != 0) {
		buf_printf(&out, "%s%u of %u nodes %.0f s ago", out.len > 0 ? "; " : "", r->heard, w->nnodes, seconds(now - r->good_usec));
		if (trust == 0)
			buf_printf(&out, ", forgotten: nodes are as they are without it");
		else if (trust < 1)
			buf_printf(&out, ", counts for %.0f %%", 100 * trust);
	}
	if (t->limit.hard == 0 && p->term[i].weight <= p->weight[RESOURCE_CPU])
		buf_printf(&out, "; it weighs no more than cpu and has no limits, so it only counts in scores");
	j = json_stringn(out.p, out.len);
	buf_fini(&out);
	return j == NULL ? json_null() : j;
}

static json_t *
number(double x)
{
	return isfinite(x) ? json_real(x) : json_null();
}

static json_t *
nodes_view(const struct user_queries *qs, const struct term *t, unsigned slot, int64_t now)
{
	const struct world_query *q = &qs->world->query[slot];
	const struct world_node *n;
	json_t *list = json_array();

	LIST_FOREACH(n, &qs->world->nodes, link) {
		const struct world_user_metric *h = &n->user_metric[slot];
		bool told = h->at_usec != 0, known = told && user_metric_trust(h, q->period_usec, now) > 0;
		json_array_append_new(list, json_pack("{s:s, s:o, s:o, s:o, s:o}", "node", n->name, "value", number(told ? h->value : NAN),
		    "used", number(known ? fmin(1, h->value / t->full) : NAN), "age_seconds", number(told ? seconds(now - h->at_usec) : NAN),
		    "believed", number(isnan(q->mean) ? NAN : fmin(1, h->effective / t->full))));
	}
	return list;
}

static json_t *
term_view(const struct user_queries *qs, const struct world_service *s, unsigned i, bool nodes, int64_t now)
{
	const struct term *t = &s->conf.terms.term[i];
	const struct profile *p = &qs->world->profile[s->profile];
	const struct user_query *r = user_query_of(qs, s, i);
	bool asked = r != NULL;
	json_t *j = json_pack("{s:s, s:o, s:f, s:f, s:f}", "name", t->name, "query", text(t->query), "weight", t->weight, "full",
	    t->full, "period_seconds", seconds(t->period_usec));

	json_object_set_new(j, "limits", t->limit.hard > 0 ? json_pack("[f, f]", t->limit.soft, t->limit.hard) : json_null());
	json_object_set_new(j, "state", json_string(asked ? state_of(r) : "unused"));
	json_object_set_new(j, "why", asked && r->why != NULL ? json_string(why_name(r->why)) : json_null());
	json_object_set_new(j, "detail", asked ? text(r->detail) : json_null());
	json_object_set_new(j, "age_seconds", asked && r->good_usec != 0 ? json_real(seconds(now - r->good_usec)) : json_null());
	json_object_set_new(j, "known", json_integer(asked ? r->heard : 0));
	json_object_set_new(j, "text", asked ? sentence(r, qs->world, t, p, i, now) :
	    json_string("not evaluated: there are more different profiles than a table can hold, and the service uses balanced"));
	if (nodes)
		json_object_set_new(j, "nodes", asked ? nodes_view(qs, t, slot_of(r), now) : json_array());
	return j;
}

json_t *
user_queries_view(const struct user_queries *qs, const struct world_service *s, bool nodes, int64_t now)
{
	json_t *list = json_array();

	for (unsigned i = 0; qs != NULL && i < s->conf.terms.n; i++)
		json_array_append_new(list, term_view(qs, s, i, nodes, now));
	return list;
}
