/*
 * prom_nodes_query: the last response to each query about nodes: which series is about which node,
 * what is wrong with the query as a whole, and what people get to see of it.
 */
#include <stdio.h>

#include "base/bug.h"
#include "base/clock.h"
#include "collect/prom_nodes_priv.h"
#include "signals/prom_keys.h"
#include "signals/promql.h"

static const struct why *
check_shape(struct nodes_query *q, const struct prom_response *r)
{
	if (r->scalar) {
		snprintf(q->detail, sizeof q->detail, "one number for all");
		return WHY_PROM_SHAPE;
	}
	if (r->nseries > 0 || r->histograms == 0)
		return r->nseries == 0 ? WHY_PROM_EMPTY : NULL;
	snprintf(q->detail, sizeof q->detail, "%u histograms", r->histograms);
	return WHY_PROM_SHAPE;
}

static void
sort_by_node(struct nodes_query *q, const struct prom_response *r)
{
	struct prom_keys *keys = prom_keys_new(q->nodes->world);
	const struct world_node *n;
	struct prom_node *pn;

	q->nseries = r->nseries;
	for (unsigned i = 0; i < r->nseries; i++) {
		const struct prom_series *s = &r->series[i];
		n = prom_keys_node(keys, s);
		if (n == NULL) {
			if (q->nunkeyed++ == 0)
				prom_series_text(s, q->unkeyed, sizeof q->unkeyed);
		} else if ((pn = prom_node_find(q->nodes, n)) != NULL) {
			if (pn->result[q->id].n++ == 0)
				pn->result[q->id].value = s->value;
			q->nnodes++;
		}
	}
	ASSERT(q->nnodes + q->nunkeyed <= q->nseries);
	prom_keys_free(&keys);
}

static void
query_log(const struct nodes_query *q, const struct why *before, bool warned)
{
	const char *name = prom_query_name(q->id);

	if (q->why != NULL && q->why != before)
		log_event(LOG_WARN, "prometheus.query", "query", name, "why", why_name(q->why), "detail",
		    q->detail, NULL);
	else if (q->why == NULL && before != NULL)
		log_event(LOG_INFO, "prometheus.query", "query", name, "why", "ok", NULL);
	if (*q->warning != '\0' && !warned)
		log_event(LOG_WARN, "prometheus.partial", "query", name, "why", why_name(WHY_PROM_PARTIAL),
		    "detail", q->warning, NULL);
}

void
nodes_query_receive(struct nodes_query *q, const struct why *why, const char *detail,
    const struct prom_response *r)
{
	const struct why *before = q->why;
	bool warned = *q->warning != '\0';
	int64_t range;

	ASSERT(q->request != NULL && q->nodes->pending > 0);
	q->request = NULL;
	q->nseries = q->nnodes = q->nunkeyed = 0;
	*q->warning = *q->info = *q->unkeyed = '\0';
	q->received_usec = loop_now(q->nodes->loop);
	q->why = why;
	snprintf(q->detail, sizeof q->detail, "%s", detail);
	if (r != NULL) {
		q->server = r->server;
		q->at = r->at;
		q->as_of_usec = r->as_of_usec;
		snprintf(q->warning, sizeof q->warning, "%s", r->warning == NULL ? "" : r->warning);
		snprintf(q->info, sizeof q->info, "%s", r->info == NULL ? "" : r->info);
		q->why = check_shape(q, r);
		if (q->why == NULL)
			sort_by_node(q, r);
		if (q->why == NULL && q->nnodes == 0) {
			q->why = WHY_PROM_UNKEYED;
			snprintf(q->detail, sizeof q->detail, "%s", q->unkeyed);
		}
		/* an empty result has one cause more often than all others */
		if (q->why == WHY_PROM_EMPTY && promql_range(str_of(q->text), &range))
			snprintf(q->detail, sizeof q->detail,
			    "is its range, %.6g s, at least twice the scrape_interval of Prometheus?",
			    (double)range / USEC_PER_SEC);
	}
	query_log(q, before, warned);
}

/* ---- for the API ---- */

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
		const struct nodes_query *q = &p->query[i];
		json_t *received = json_null();
		if (q->text == NULL)
			continue;
		if (q->received_usec != 0)
			received = json_real((double)(now - q->received_usec) / USEC_PER_SEC);
		json_array_append_new(list, json_pack(
		    "{s:s, s:o, s:s, s:o, s:o, s:o, s:o, s:i, s:i, s:i, s:o, s:o}",
		    "name", prom_query_name(i), "query", text_or_null(q->text),
		    "state", q->why != NULL ? "failed" : q->received_usec != 0 ? "ok" : "new",
		    "why", text_or_null(q->why == NULL ? "" : why_name(q->why)),
		    "detail", text_or_null(q->why == NULL ? "" : q->detail),
		    "warning", text_or_null(q->warning), "info", text_or_null(q->info),
		    "series", (int)q->nseries, "nodes", (int)q->nnodes, "unkeyed", (int)q->nunkeyed,
		    "unkeyed_example", text_or_null(q->unkeyed), "answered_seconds", received));
	}
	return list;
}
