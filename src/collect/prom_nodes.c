/*
 * prom_nodes: rounds of queries. Results are kept per node and query (prom_nodes_query.c); when the
 * last response has come, each node's are evaluated. A query that fails as a whole is that query's
 * trouble, logged once; a node that it has no series for, or more than one, is that node's. Must
 * not know what makes a sample (signals/prom_sample), nor what a sample is good for.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/bug.h"
#include "collect/past.h"
#include "collect/prom_nodes_priv.h"
#include "signals/promql.h"

static void	round_begin(void *);

/* ---- nodes of this round ---- */

struct prom_node *
prom_node_find(const struct prom_nodes *p, const struct world_node *n)
{
	struct prom_node *pn = p->node[n->slot];

	return pn != NULL && strcmp(pn->name, n->name) == 0 ? pn : NULL;
}

static void
prom_node_free(struct prom_nodes *p, unsigned slot)
{
	if (p->node[slot] == NULL)
		return;
	free(p->node[slot]->name);
	free(p->node[slot]);
	p->node[slot] = NULL;
}

/* Every node of the world begins the round without a result. */
static void
prom_nodes_begin(struct prom_nodes *p)
{
	const struct world_node *n;
	struct prom_node *pn;

	for (unsigned i = 0; i < NODES_MAX; i++)
		if (p->node[i] != NULL)
			p->node[i]->seen = false;
	LIST_FOREACH(n, &p->world->nodes, link) {
		if ((pn = prom_node_find(p, n)) == NULL) {
			prom_node_free(p, n->slot);
			pn = p->node[n->slot] = must_zalloc(sizeof *pn);
			pn->name = must_strdup(n->name);
		}
		ASSERT(!pn->seen);		/* slots are unique */
		pn->seen = true;
		memset(pn->result, 0, sizeof pn->result);
	}
	for (unsigned i = 0; i < NODES_MAX; i++)
		if (p->node[i] != NULL && !p->node[i]->seen)
			prom_node_free(p, i);
}

/* ---- from results to samples ---- */

static struct prom_result
result_of(const struct nodes_query *q, const struct prom_node *pn)
{
	const struct node_result *r = &pn->result[q->id];

	if (q->text == NULL)
		return (struct prom_result){ WHY_PROM_ABSENT, "not queried", NAN };
	if (q->why != NULL)
		return (struct prom_result){ q->why, q->detail, NAN };
	if (r->n == 0)
		return (struct prom_result){ WHY_PROM_ABSENT, q->warning, NAN };
	if (r->n > 1)
		return (struct prom_result){ WHY_PROM_DUPLICATE,
		    "an aggregation such as avg by (instance) makes one of them", NAN };
	return (struct prom_result){ NULL, "", r->value };
}

/* Some query failed as a whole for that reason. */
static bool
is_query_trouble(const struct prom_nodes *p, const struct why *why)
{
	for (int i = 0; i < PROM_QUERIES; i++)
		if (p->query[i].why == why)
			return true;
	return false;
}

static void
node_set_state(const struct prom_nodes *p, struct world_node *n, struct prom_node *pn,
    const struct why *why, const char *detail)
{
	const struct why *own = why != NULL && is_query_trouble(p, why) ? NULL : why;

	if (own != NULL && own != pn->logged)
		log_event(LOG_WARN, "signal.lost", "node", n->name, "source", "prometheus", "why",
		    why_name(own), "detail", detail, NULL);
	else if (why == NULL && pn->logged != NULL)
		log_event(LOG_INFO, "signal.back", "node", n->name, "source", "prometheus", NULL);
	if (why == NULL || own != NULL)
		pn->logged = own;
	n->signal.prom_why = why;
	snprintf(n->signal.prom_detail, sizeof n->signal.prom_detail, "%s", detail);
}

static void
pass_sample(struct prom_nodes *p, struct world_node *n, struct prom_node *pn,
    const struct sample *s)
{
	const struct nodes_query *age = &p->query[PROM_AGE];
	double stamp = age->at - pn->result[PROM_AGE].value;
	int64_t taken = s->taken_usec;
	bool new, own;

	/* less than 2 ms apart: the same sample, of a clock that was set back a little */
	new = age->server != pn->server || fabs(stamp - pn->stamp) > 0.002;
	/* the node's own agent or node_exporter is nearer to it, as long as its samples are fresh */
	own = n->observed.sample.taken_usec != 0 && n->observed.sample.source != SOURCE_PROMETHEUS &&
	    law_trust(&n->steering.row.law, loop_now(p->loop)) == 1;
	if (!new || own || taken <= n->observed.sample.taken_usec)
		return;
	ASSERT(s->span_usec > 0 && s->source == SOURCE_PROMETHEUS);
	pn->stamp = stamp;
	pn->server = age->server;
	p->sample(p->arg, n, s, past_at(p->past, n, taken),
	    past_mean(p->past, n, taken - s->span_usec, taken));
}

static void
node_evaluate(struct prom_nodes *p, struct world_node *n, struct prom_node *pn)
{
	struct prom_moment moment = { loop_now(p->loop), p->query[PROM_AGE].as_of_usec, p->max_age_usec,
	    p->range_usec };
	struct prom_result result[PROM_QUERIES];
	char detail[PROM_DETAIL];
	const struct why *why;
	struct sample sample;
	bool sampled;

	for (int i = 0; i < PROM_QUERIES; i++)
		result[i] = result_of(&p->query[i], pn);
	why = prom_sample(result, n, &moment, &sampled, &sample, detail);
	if (sampled) {
		n->signal.prom_until_usec = moment.now_usec + LAW_FRESH_PERIODS * p->period_usec;
		pass_sample(p, n, pn, &sample);
	}
	node_set_state(p, n, pn, why, detail);
}

/* ---- rounds ---- */

static void
round_end(struct prom_nodes *p)
{
	const struct nodes_query *age = &p->query[PROM_AGE];
	int64_t now = loop_now(p->loop);
	struct world_node *n;
	struct prom_node *pn;

	ASSERT(p->on && p->pending == 0);
	/* The age of one server says nothing of another's values. */
	for (int i = 0; i < PROM_QUERIES && age->why == NULL; i++) {
		struct nodes_query *q = &p->query[i];
		ASSERT(q->request == NULL);
		if (q->text != NULL && q->why == NULL && q->server != age->server) {
			q->why = WHY_PROM_GONE;
			snprintf(q->detail, sizeof q->detail,
			    "the value and the age came from different servers");
		}
	}
	LIST_FOREACH(n, &p->world->nodes, link)
		if ((pn = prom_node_find(p, n)) != NULL)
			node_evaluate(p, n, pn);
	timer_set(p->loop, &p->timer, p->due_usec > now ? p->due_usec : now, round_begin, p);
	p->round(p->arg);
}

static void
on_value(void *arg, const struct why *why, const char *detail, const struct prom_response *r)
{
	struct nodes_query *q = arg;

	nodes_query_receive(q, why, detail, r);
	if (--q->nodes->pending == 0)
		round_end(q->nodes);
}

/* Without an age no other query is of use; and when servers do not respond, once is enough. */
static void
on_age(void *arg, const struct why *why, const char *detail, const struct prom_response *r)
{
	struct nodes_query *age = arg;
	struct prom_nodes *p = age->nodes;

	nodes_query_receive(age, why, detail, r);
	p->pending--;
	for (int i = 0; i < PROM_QUERIES && age->why == NULL; i++) {
		struct nodes_query *q = &p->query[i];
		if (i == PROM_AGE || q->text == NULL)
			continue;
		q->request = prometheus_query_urgent(p->prom, q->text, on_value, q);
		p->pending++;
	}
	if (p->pending == 0)
		round_end(p);
}

static void
round_begin(void *arg)
{
	struct prom_nodes *p = arg;
	struct nodes_query *age = &p->query[PROM_AGE];

	ASSERT(p->on && p->pending == 0 && age->request == NULL);
	p->due_usec = loop_now(p->loop) + p->period_usec;
	prom_nodes_begin(p);
	p->pending = 1;
	age->request = prometheus_query_urgent(p->prom, age->text, on_age, age);
}

/* ---- life ---- */

struct prom_nodes *
prom_nodes_new(struct loop *loop, struct prometheus *prom, struct world *w, prom_sample_f *sample,
    prom_round_f *round, void *arg)
{
	struct prom_nodes *p = must_zalloc(sizeof *p);

	p->loop = loop;
	p->prom = prom;
	p->world = w;
	p->sample = sample;
	p->round = round;
	p->arg = arg;
	for (int i = 0; i < PROM_QUERIES; i++) {
		p->query[i].nodes = p;
		p->query[i].id = i;
	}
	return p;
}

/* No queries any more, and no state of nodes that came of them. */
static void
stop(struct prom_nodes *p)
{
	struct world_node *n;

	timer_clear(p->loop, &p->timer);
	for (int i = 0; i < PROM_QUERIES; i++) {
		struct nodes_query *q = &p->query[i];
		if (q->request != NULL)
			prom_request_cancel(q->request);
		free(q->text);
		*q = (struct nodes_query){ .nodes = p, .id = i };
	}
	for (unsigned i = 0; i < NODES_MAX; i++)
		prom_node_free(p, i);
	LIST_FOREACH(n, &p->world->nodes, link) {
		n->signal.prom_why = NULL;
		n->signal.prom_detail[0] = '\0';
		n->signal.prom_until_usec = 0;
	}
	past_free(&p->past);
	p->pending = 0;
	p->on = false;
}

void
prom_nodes_free(struct prom_nodes **pp)
{
	struct prom_nodes *p = *pp;

	*pp = NULL;
	if (p == NULL)
		return;
	stop(p);
	free(p);
}

static const char *
text_of(const struct conf_prom *c, enum prom_query q)
{
	const char *const text[] = { c->age, c->cpu, c->ram, c->cores, c->memory, c->running };

	return text[q];
}

static bool
has_queries(const struct prom_nodes *p, const struct conf_prom *c)
{
	for (int i = 0; i < PROM_QUERIES; i++) {
		const char *a = p->query[i].text, *b = text_of(c, i);
		if (a != b && (a == NULL || b == NULL || strcmp(a, b) != 0))
			return false;
	}
	return p->on && p->period_usec == c->period_usec;
}

void
prom_nodes_reconf(struct prom_nodes *p, const struct conf *conf)
{
	const struct conf_prom *c = &conf->prom;
	bool on = c->servers.n > 0 && c->signals;

	p->max_age_usec = c->max_age_usec;
	if (on ? has_queries(p, c) : !p->on)
		return;
	stop(p);
	if (!on) {
		p->round(p->arg);
		return;
	}
	p->on = true;
	p->period_usec = c->period_usec;
	if (!promql_range(str_of(c->cpu), &p->range_usec))
		p->range_usec = c->period_usec;
	for (int i = 0; i < PROM_QUERIES; i++)
		p->query[i].text = text_of(c, i) == NULL ? NULL : must_strdup(text_of(c, i));
	p->past = past_new();
	timer_set(p->loop, &p->timer, loop_now(p->loop), round_begin, p);
}

void
prom_nodes_tick(struct prom_nodes *p, int64_t now)
{
	if (p->past != NULL)
		past_record(p->past, p->world, now);
}
