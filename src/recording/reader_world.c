/*
 * reader_world: the lines of what exists: services, nodes and tasks, what is said of one in the
 * lines below it, and that it is gone.
 */
#include "recording/reader_priv.h"

bool
read_service(struct line *l)
{
	struct recorded_service *s = NEW(l->reader, struct recorded_service);
	struct reader *rd = l->reader;
	struct str word;
	uint32_t id;

	if (!take_service(l, false, &id))
		return false;
	if (!policy_parse(word = take_field(l), &s->policy))
		return line_expected(l, "a policy", word);
	if (profile_parse(word = take_field(l), &s->profile) != NULL)
		return line_expected(l, "a profile", word);
	word = take_field(l);
	s->sticky = str_eq(word, STR("sticky"));
	s->tcp = str_eq(word, STR("tcp"));
	if (!s->sticky && !s->tcp && !str_eq(word, STR("http")))
		return line_expected(l, "http, sticky or tcp", word);
	if (!take_name(l, &s->name))
		return false;
	rd->service_is[id] = true;
	rd->service = s;
	rd->r->services = id >= rd->r->services ? id + 1 : rd->r->services;
	reader_event(rd, RECORDED_SERVICE, id)->service = s;
	return true;
}

/* Of the service in the line above. */
static bool
take_service_above(struct line *l)
{
	const struct recording *r = l->reader->r;
	const struct recorded *above = &r->event[r->n - 1];
	uint32_t id;

	if (!take_service(l, true, &id))
		return false;
	return (above->kind == RECORDED_SERVICE && above->id == id) ||
	    line_fail(l, "expected '%s' below the line 'service' of %u", l->kind, id);
}

bool
read_tenants(struct line *l)
{
	return take_service_above(l) && take_tenants(l, &l->reader->service->tenants);
}

bool
read_slow_start(struct line *l)
{
	return take_service_above(l) &&
	    take_span(l, "a slow start, in microseconds", 1, &l->reader->service->slow_start_usec);
}

bool
read_query(struct line *l)
{
	struct recorded_query *q = NEW(l->reader, struct recorded_query);
	struct term *t = &q->term;
	uint32_t id;

	if (!take_service(l, true, &id) ||
	    !take_u32(l, "the number of a query, below 28", QUERIES_MAX - 1, &q->query) ||
	    !take_number(l, "a weight from 0 to 1", 0, 1, false, &t->weight) ||
	    !take_number(l, "a limit from 0 to 1", 0, 1, false, &t->limit.soft) ||
	    !take_number(l, "a limit from 0 to 1", 0, 1, false, &t->limit.hard) ||
	    !take_number(l, "a value above 0", 1e-300, 1e300, false, &t->full) ||
	    !take_span(l, "the period of a query, in microseconds", TERM_PERIOD_LEAST, &t->period_usec))
		return false;
	if (t->period_usec > TERM_PERIOD_MOST || (t->limit.hard > 0 && t->limit.soft >= t->limit.hard))
		return line_fail(l, "a query with such limits, or such a period, cannot be");
	reader_event(l->reader, RECORDED_QUERY, id)->query = q;
	return true;
}

bool
read_node(struct line *l)
{
	struct recorded_node *n = NEW(l->reader, struct recorded_node);
	struct reader *rd = l->reader;
	uint32_t id;

	if (!take_node(l, false, &id) ||
	    !take_number(l, "declared cores, or 0", 0, 65536, false, &n->cores_declared) ||
	    !take_bool(l, "1 where the node is drained, else 0", &n->drained) || !take_name(l, &n->name))
		return false;
	rd->node_is[id] = true;
	rd->r->nodes = id >= rd->r->nodes ? id + 1 : rd->r->nodes;
	reader_event(rd, RECORDED_NODE, id)->node = n;
	return true;
}

bool
read_was(struct line *l)
{
	struct recorded_was *w = NEW(l->reader, struct recorded_was);
	uint32_t id;

	if (!take_node(l, true, &id) || !take_u32(l, "a number of samples", UINT32_MAX, &w->samples) ||
	    !take_number(l, "the threads of others", -1e9, 1e9, false, &w->others) ||
	    !take_time(l, "when it was sampled, or -", true, &w->sampled_usec) ||
	    !take_span(l, "its period, in microseconds", 1000, &w->period_usec) ||
	    !take_span(l, "the gap between samples, in microseconds", 0, &w->gap_usec) ||
	    !take_time(l, "when its slow start began, or -", true, &w->ramp_usec) ||
	    !take_number(l, "a score from 0 to 100", 0, 100, false, &w->score) ||
	    !take_number(l, "requests in flight", 0, 1e9, false, &w->inflight) ||
	    !take_number(l, "a sum of requests in flight", 0, 1e12, false, &w->inflight_sum) ||
	    !take_u32(l, "a number of looks", UINT32_MAX, &w->inflight_looks))
		return false;
	w->last.taken_usec = w->smoothed.taken_usec = INT64_MIN;
	l->reader->was_of[id] = w;
	reader_event(l->reader, RECORDED_WAS, id)->was = w;
	return true;
}

/* A sample that steering has accepted: no others are kept. */
static bool
read_kept(struct line *l, bool smoothed)
{
	struct sample s;
	uint32_t id;

	if (!take_node(l, true, &id))
		return false;
	if (l->reader->was_of[id] == NULL)
		return line_fail(l, "'%s' without a line 'was' of the node before it", l->kind);
	if (!take_sample(l, &s))
		return false;
	if (!(s.cores > 0 && s.cores <= 65536 && s.busy >= 0 && s.busy <= s.cores) || s.span_usec == 0)
		return line_fail(l, "'%s' has a sample that is none: its cores in use or its span", l->kind);
	*(smoothed ? &l->reader->was_of[id]->smoothed : &l->reader->was_of[id]->last) = s;
	return true;
}

bool
read_last(struct line *l)
{
	return read_kept(l, false);
}

bool
read_smoothed(struct line *l)
{
	return read_kept(l, true);
}

bool
read_task(struct line *l)
{
	struct recorded_task *t = NEW(l->reader, struct recorded_task);
	struct reader *rd = l->reader;
	uint32_t id;

	if (!take_task(l, false, &id) || !take_service(l, true, &t->service) ||
	    !take_node(l, true, &t->node) ||
	    !take_u32(l, "requests in flight, up to a million", RECORDING_COUNT_MAX, &t->inflight) ||
	    !take_bool(l, "1 where the task is draining, else 0", &t->draining) ||
	    !take_same(l, id, &t->same))
		return false;
	rd->r->picks += t->inflight;
	rd->task_is[id] = true;
	rd->r->tasks = id >= rd->r->tasks ? id + 1 : rd->r->tasks;
	reader_event(rd, RECORDED_TASK, id)->task = t;
	return true;
}

bool
read_gone(struct line *l)
{
	struct str what = take_field(l);
	struct reader *rd = l->reader;
	uint32_t id;

	if (str_eq(what, STR("task"))) {
		if (!take_task(l, true, &id))
			return false;
		rd->task_is[id] = false;
		reader_event(rd, RECORDED_GONE_TASK, id);
	} else if (str_eq(what, STR("service"))) {
		if (!take_service(l, true, &id))
			return false;
		rd->service_is[id] = false;
		reader_event(rd, RECORDED_GONE_SERVICE, id);
	} else if (str_eq(what, STR("node"))) {
		if (!take_node(l, true, &id))
			return false;
		rd->node_is[id] = false;
		rd->was_of[id] = NULL;
		reader_event(rd, RECORDED_GONE_NODE, id);
	} else
		return line_expected(l, "service, node or task", what);
	return true;
}
