/*
 * prom_nodes: rounds of questions. What an answer says is laid down per node and query; when the last has come, each node
 * is judged. A query that failed as a whole is that query's trouble, told once; a node that it does not know of, or
 * knows twice, is that node's.
 * Must not know what makes a sample (signals/prom_sample), nor what a sample is good for.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "base/clock.h"
#include "collect/past.h"
#include "collect/prom_nodes.h"
#include "signals/prom_keys.h"
#include "signals/prom_sample.h"
#include "signals/promql.h"

#define WORDS_MAX 120

struct cell {
	unsigned	 n;		/* series that are about this node */
	double		 value;		/* of the first */
};

struct known {				/* a node, by its slot */
	char		*name;		/* whose slot it was when the round began */
	bool		 seen;
	struct cell	 cell[PROM_QUERIES];
	double		 stamp;		/* of its last sample, by the server's clock */
	unsigned	 server;
	const struct why *told;		/* its own trouble, as told */
};

struct query {
	struct prom_nodes *nodes;
	enum prom_query	 id;
	char		*text;		/* NULL: not asked */
	struct prom_request	*ask;		/* under way */
	/* the last answer */
	const struct why *why;
	char		 detail[PROM_DETAIL];
	char		 warning[WORDS_MAX], info[WORDS_MAX], unkeyed[WORDS_MAX];	/* the first of each, or "" */
	unsigned	 nseries, nnodes, nunkeyed;
	unsigned	 server;
	double		 at;		/* the server's clock */
	int64_t		 as_of_usec, heard_usec;
};

struct prom_nodes {
	struct loop	*loop;
	struct prometheus *prom;
	struct world	*world;
	prom_sample_f	*sample;
	prom_round_f	*round;
	void		*arg;
	bool		 on;
	int64_t		 period_usec, max_age_usec, range_usec;
	int64_t		 due_usec;
	struct timer	 timer;
	unsigned	 asked;		/* answers that this round waits for */
	struct query	 query[PROM_QUERIES];
	struct known	*known[NODES_MAX];
	struct past	*past;		/* NULL while nothing is asked */
};

static void	round_begin(void *);

/* --- who is known --- */

static struct known *
known_of(const struct prom_nodes *p, const struct world_node *n)
{
	struct known *k = p->known[n->slot];

	return k != NULL && strcmp(k->name, n->name) == 0 ? k : NULL;
}

static void
known_free(struct prom_nodes *p, unsigned slot)
{
	if (p->known[slot] == NULL)
		return;
	free(p->known[slot]->name);
	free(p->known[slot]);
	p->known[slot] = NULL;
}

/* Every node of the world begins the round with nothing said of it. */
static void
known_begin(struct prom_nodes *p)
{
	const struct world_node *n;
	struct known *k;

	for (unsigned i = 0; i < NODES_MAX; i++)
		if (p->known[i] != NULL)
			p->known[i]->seen = false;
	LIST_FOREACH(n, &p->world->nodes, link) {
		if ((k = known_of(p, n)) == NULL) {
			known_free(p, n->slot);
			k = p->known[n->slot] = must_zalloc(sizeof *k);
			k->name = must_strdup(n->name);
		}
		k->seen = true;
		memset(k->cell, 0, sizeof k->cell);
	}
	for (unsigned i = 0; i < NODES_MAX; i++)
		if (p->known[i] != NULL && !p->known[i]->seen)
			known_free(p, i);
}

/* --- what the answers say of each --- */

static const struct why *
fault_of(struct query *q, const struct prom_response *a)
{
	if (a->scalar) {
		snprintf(q->detail, sizeof q->detail, "one number for all");
		return WHY_PROM_SHAPE;
	}
	if (a->nseries > 0 || a->histograms == 0)
		return a->nseries == 0 ? WHY_PROM_EMPTY : NULL;
	snprintf(q->detail, sizeof q->detail, "%u histograms", a->histograms);
	return WHY_PROM_SHAPE;
}

static void
answer_lay_down(struct query *q, const struct prom_response *a)
{
	struct prom_keys *keys = prom_keys_new(q->nodes->world);
	const struct world_node *n;
	struct known *k;

	q->nseries = a->nseries;
	for (unsigned i = 0; i < a->nseries; i++) {
		const struct prom_series *s = &a->series[i];
		n = prom_keys_node(keys, s);
		if (n == NULL) {
			if (q->nunkeyed++ == 0)
				prom_series_text(s, q->unkeyed, sizeof q->unkeyed);
		} else if ((k = known_of(q->nodes, n)) != NULL) {
			if (k->cell[q->id].n++ == 0)
				k->cell[q->id].value = s->value;
			q->nnodes++;
		}
	}
	prom_keys_free(&keys);
}

/* An empty result has one cause more often than all others. */
static void
hint(struct query *q)
{
	int64_t range;

	if (q->why == WHY_PROM_EMPTY && promql_range(str_of(q->text), &range))
		snprintf(q->detail, sizeof q->detail, "is its range, %.6g s, at least twice the scrape_interval of Prometheus?",
		    (double)range / USEC_PER_SEC);
	else if (q->why == WHY_PROM_UNKEYED)
		snprintf(q->detail, sizeof q->detail, "%s", q->unkeyed);
}

static void
query_told(struct query *q, const struct why *before, bool warned)
{
	const char *name = prom_query_name(q->id);

	if (q->why != NULL && q->why != before)
		log_event(LOG_WARN, "prometheus.query", "query", name, "why", why_name(q->why), "detail", q->detail, NULL);
	else if (q->why == NULL && before != NULL)
		log_event(LOG_INFO, "prometheus.query", "query", name, "why", "ok", NULL);
	if (*q->warning != '\0' && !warned)
		log_event(LOG_WARN, "prometheus.partial", "query", name, "why", why_name(WHY_PROM_PARTIAL), "detail", q->warning, NULL);
}

static void
query_answered(struct query *q, const struct why *why, const char *detail, const struct prom_response *a)
{
	const struct why *before = q->why;
	bool warned = *q->warning != '\0';

	q->ask = NULL;
	q->nseries = q->nnodes = q->nunkeyed = 0;
	*q->warning = *q->info = *q->unkeyed = '\0';
	q->heard_usec = loop_now(q->nodes->loop);
	q->why = why;
	snprintf(q->detail, sizeof q->detail, "%s", detail);
	if (a != NULL) {
		q->server = a->server;
		q->at = a->at;
		q->as_of_usec = a->as_of_usec;
		snprintf(q->warning, sizeof q->warning, "%s", a->warning == NULL ? "" : a->warning);
		snprintf(q->info, sizeof q->info, "%s", a->info == NULL ? "" : a->info);
		q->why = fault_of(q, a);
		if (q->why == NULL)
			answer_lay_down(q, a);
		if (q->why == NULL && q->nnodes == 0)
			q->why = WHY_PROM_UNKEYED;
		hint(q);
	}
	query_told(q, before, warned);
}

/* --- judging --- */

static struct prom_result
said_of(const struct query *q, const struct known *k)
{
	const struct cell *c = &k->cell[q->id];

	if (q->text == NULL)
		return (struct prom_result){ WHY_PROM_ABSENT, "not queried", NAN };
	if (q->why != NULL)
		return (struct prom_result){ q->why, q->detail, NAN };
	if (c->n == 0)
		return (struct prom_result){ WHY_PROM_ABSENT, q->warning, NAN };
	if (c->n > 1)
		return (struct prom_result){ WHY_PROM_DUPLICATE, "an aggregation such as avg by (instance) makes one of them", NAN };
	return (struct prom_result){ NULL, "", c->value };
}

static bool
querys_own(const struct prom_nodes *p, const struct why *why)
{
	for (int i = 0; i < PROM_QUERIES; i++)
		if (p->query[i].why == why)
			return true;
	return false;
}

static void
node_told(const struct prom_nodes *p, struct world_node *n, struct known *k, const struct why *why, const char *detail)
{
	const struct why *own = why != NULL && querys_own(p, why) ? NULL : why;

	if (own != NULL && own != k->told)
		log_event(LOG_WARN, "signal.lost", "node", n->name, "source", "prometheus", "why", why_name(own), "detail", detail, NULL);
	else if (why == NULL && k->told != NULL)
		log_event(LOG_INFO, "signal.back", "node", n->name, "source", "prometheus", NULL);
	if (why == NULL || own != NULL)
		k->told = own;
	n->prom_why = why;
	snprintf(n->prom_detail, sizeof n->prom_detail, "%s", detail);
}

/* The node's own agent or node_exporter is nearer to it, as long as it speaks. */
static bool
speaks_for_itself(const struct world_node *n, int64_t now)
{
	return n->sample.taken_usec != 0 && n->sample.source != SOURCE_PROMETHEUS && law_trust(&n->row.law, now) == 1;
}

static void
sample_pass_on(struct prom_nodes *p, struct world_node *n, struct known *k, const struct sample *s)
{
	const struct query *age = &p->query[PROM_AGE];
	double stamp = age->at - k->cell[PROM_AGE].value;
	bool new = age->server != k->server || fabs(stamp - k->stamp) > 0.002;	/* less: a clock may be set back */

	if (!new || s->taken_usec <= n->sample.taken_usec || speaks_for_itself(n, loop_now(p->loop)))
		return;
	k->stamp = stamp;
	k->server = age->server;
	p->sample(p->arg, n, s, past_at(p->past, n, s->taken_usec), past_mean(p->past, n, s->taken_usec - s->span_usec, s->taken_usec));
}

static void
node_judge(struct prom_nodes *p, struct world_node *n, struct known *k)
{
	struct prom_moment moment = { loop_now(p->loop), p->query[PROM_AGE].as_of_usec, p->max_age_usec, p->range_usec };
	struct prom_result said[PROM_QUERIES];
	char detail[PROM_DETAIL];
	const struct why *why;
	struct sample sample;
	bool sampled;

	for (int i = 0; i < PROM_QUERIES; i++)
		said[i] = said_of(&p->query[i], k);
	why = prom_sample(said, n, &moment, &sampled, &sample, detail);
	if (sampled) {
		n->prom_until_usec = moment.now_usec + LAW_FRESH_PERIODS * p->period_usec;
		sample_pass_on(p, n, k, &sample);
	}
	node_told(p, n, k, why, detail);
}

/* --- rounds --- */

static void
round_end(struct prom_nodes *p)
{
	int64_t now = loop_now(p->loop);
	struct world_node *n;
	struct known *k;

	/* The age of one server says nothing of another's values. */
	for (int i = 0; i < PROM_QUERIES && p->query[PROM_AGE].why == NULL; i++) {
		struct query *q = &p->query[i];
		if (q->text != NULL && q->why == NULL && q->server != p->query[PROM_AGE].server) {
			q->why = WHY_PROM_GONE;
			snprintf(q->detail, sizeof q->detail, "the value and the age came from different servers");
		}
	}
	LIST_FOREACH(n, &p->world->nodes, link)
		if ((k = known_of(p, n)) != NULL)
			node_judge(p, n, k);
	timer_set(p->loop, &p->timer, p->due_usec > now ? p->due_usec : now, round_begin, p);
	p->round(p->arg);
}

static void
on_value(void *arg, const struct why *why, const char *detail, const struct prom_response *a)
{
	struct query *q = arg;

	query_answered(q, why, detail, a);
	if (--q->nodes->asked == 0)
		round_end(q->nodes);
}

/* Without an age nothing else is worth asking; and when servers do not answer, once is enough. */
static void
on_age(void *arg, const struct why *why, const char *detail, const struct prom_response *a)
{
	struct query *q = arg;
	struct prom_nodes *p = q->nodes;

	query_answered(q, why, detail, a);
	p->asked--;
	for (int i = 0; i < PROM_QUERIES && q->why == NULL; i++)
		if (i != PROM_AGE && p->query[i].text != NULL) {
			p->query[i].ask = prometheus_query_urgent(p->prom, p->query[i].text, on_value, &p->query[i]);
			p->asked++;
		}
	if (p->asked == 0)
		round_end(p);
}

static void
round_begin(void *arg)
{
	struct prom_nodes *p = arg;
	struct query *age = &p->query[PROM_AGE];

	p->due_usec = loop_now(p->loop) + p->period_usec;
	known_begin(p);
	p->asked = 1;
	age->ask = prometheus_query_urgent(p->prom, age->text, on_age, age);
}

/* --- for others --- */

struct prom_nodes *
prom_nodes_new(struct loop *loop, struct prometheus *prom, struct world *w, prom_sample_f *sample, prom_round_f *round, void *arg)
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

/* Nothing is asked any more, and nobody is spoken for. */
static void
stop(struct prom_nodes *p)
{
	struct world_node *n;

	timer_clear(p->loop, &p->timer);
	for (int i = 0; i < PROM_QUERIES; i++) {
		struct query *q = &p->query[i];
		if (q->ask != NULL)
			prom_request_cancel(q->ask);
		free(q->text);
		*q = (struct query){ .nodes = p, .id = i };
	}
	for (unsigned i = 0; i < NODES_MAX; i++)
		known_free(p, i);
	LIST_FOREACH(n, &p->world->nodes, link) {
		n->prom_why = NULL;
		n->prom_detail[0] = '\0';
		n->prom_until_usec = 0;
	}
	past_free(&p->past);
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
same_questions(const struct prom_nodes *p, const struct conf_prom *c)
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
	if (on ? same_questions(p, c) : !p->on)
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

static json_t *
text_or_null(const char *s)
{
	json_t *j = *s == '\0' ? NULL : json_string(s);

	return j == NULL ? json_null() : j;
}

json_t *
prom_nodes_view(const struct prom_nodes *p)
{
	int64_t now = loop_now(p->loop);
	json_t *list = json_array();

	for (int i = 0; i < PROM_QUERIES; i++) {
		const struct query *q = &p->query[i];
		if (q->text == NULL)
			continue;
		json_array_append_new(list, json_pack("{s:s, s:o, s:s, s:o, s:o, s:o, s:o, s:i, s:i, s:i, s:o, s:o}",
		    "name", prom_query_name(i), "query", text_or_null(q->text),
		    "state", q->why != NULL ? "failed" : q->heard_usec != 0 ? "ok" : "new",
		    "why", text_or_null(q->why == NULL ? "" : why_name(q->why)), "detail", text_or_null(q->why == NULL ? "" : q->detail),
		    "warning", text_or_null(q->warning), "info", text_or_null(q->info),
		    "series", (int)q->nseries, "nodes", (int)q->nnodes, "unkeyed", (int)q->nunkeyed,
		    "unkeyed_example", text_or_null(q->unkeyed),
		    "answered_seconds", q->heard_usec == 0 ? json_null() : json_real((double)(now - q->heard_usec) / USEC_PER_SEC)));
	}
	return list;
}
