/*
 * reader: what is wrong ends it at once, with its line. No prediction could stand on such a file.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "recording/reader_priv.h"

struct recorded *
reader_event(struct reader *rd, enum recorded_kind kind, uint32_t id)
{
	struct recording *r = rd->r;

	if (r->n == rd->cap) {
		rd->cap = rd->cap * 2 + 256;
		r->event = must_realloc(r->event, rd->cap * sizeof *r->event);
	}
	r->event[r->n] = (struct recorded){ .kind = kind, .id = id };
	return &r->event[r->n++];
}

/* What an unfinished part came to. */
static void
part_over(struct reader *rd)
{
	if (rd->tick_usec > 0)
		rd->r->length_usec += rd->tick_usec;
}

static bool
read_begin(struct line *l)
{
	struct reader *rd = l->reader;
	uint64_t version, wall;
	struct str how, found = l->rest;
	char text[SHOWN_MAX];

	if (!str_to_u64(take_field(l), &version) || version == 0)
		return line_expected(l, "the version of the format", found);
	if (version > RECORDING_VERSION)
		return line_fail(l, "the recording is of version %llu of the format, and this Mola reads "
		    "up to %d: it was made by a newer one", (unsigned long long)version, RECORDING_VERSION);
	if (!take_count(l, "when it began, in microseconds since 1970", INT64_MAX, &wall))
		return false;
	how = take_field(l);
	rd->version = version;
	rd->names = str_eq(how, STR("names"));
	if (!rd->names && !str_eq(how, STR("numbers")))
		return line_fail(l, "expected names or numbers, and found %s", field_shown(how, text));
	if (++rd->r->parts > RECORDING_PARTS_MAX)
		return line_fail(l, "expected at most %d parts in a recording", RECORDING_PARTS_MAX);
	part_over(rd);
	rd->tick_usec = -1;
	rd->law = rd->over = false;
	rd->service = NULL;
	memset(rd->service_is, 0, sizeof rd->service_is);
	memset(rd->node_is, 0, sizeof rd->node_is);
	memset(rd->task_is, 0, sizeof rd->task_is);
	memset(rd->was_of, 0, sizeof rd->was_of);
	reader_event(rd, RECORDED_BEGIN, 0)->usec = (int64_t)wall;
	return true;
}

static bool
read_law(struct line *l)
{
	struct recorded_law *law = NEW(l->reader, struct recorded_law);

	if (!take_span(l, "the period of samples, in microseconds", 1000, &law->period_usec) ||
	    !take_span(l, "Prometheus' period, in microseconds", 0, &law->prometheus_period_usec) ||
	    !take_number(l, "the number of balancers", 1, 1e6, false, &law->balancers) ||
	    !take_span(l, "the period of scores, in microseconds", 1000, &law->best_node_period_usec) ||
	    !take_number(l, "a weight from 0 to 1", 0, 1, false, &law->cpu_weight) ||
	    !take_number(l, "a weight from 0 to 1", 0, 1, false, &law->ram_weight) ||
	    !take_span(l, "when scores are due, in microseconds", 0, &law->scores_due_usec))
		return false;
	l->reader->law = true;
	reader_event(l->reader, RECORDED_LAW, 0)->law = law;
	return true;
}

static bool
read_state(struct line *l)
{
	enum recorded_state state;
	uint32_t id;

	if (!take_task(l, true, &id) || !take_state(l, &state))
		return false;
	reader_event(l->reader, RECORDED_STATE, id)->state = state;
	return true;
}

static bool
read_penalty(struct line *l)
{
	double amount;
	uint32_t id;

	if (!take_task(l, true, &id) ||
	    !take_number(l, "a penalty, in requests", 0, 1e9, false, &amount))
		return false;
	reader_event(l->reader, RECORDED_PENALTY, id)->amount = amount;
	return true;
}

static bool
read_since(struct line *l)
{
	int64_t since;
	uint32_t id;

	if (!take_task(l, true, &id) ||
	    !take_time(l, "since when the task is in use, in microseconds", false, &since))
		return false;
	reader_event(l->reader, RECORDED_SINCE, id)->usec = since;
	return true;
}

static bool
read_available(struct line *l)
{
	double cores;
	uint32_t id;

	if (l->reader->version < 2)
		return line_fail(l, "expected none of 'available': recordings of version 1 have no such line");
	if (!take_task(l, true, &id) ||
	    !take_number(l, "cores that a container could have, or -", 1e-9, 1e9, true, &cores))
		return false;
	reader_event(l->reader, RECORDED_AVAILABLE, id)->amount = cores;
	return true;
}

static bool
read_sample(struct line *l)
{
	struct recorded_sample *s = NEW(l->reader, struct recorded_sample);
	uint32_t id;

	if (!take_node(l, true, &id) ||
	    !take_time(l, "when the sample came, in microseconds", false, &s->at_usec) ||
	    !take_number(l, "requests in flight", 0, 1e9, false, &s->inflight) ||
	    !take_number(l, "requests in flight that counted", 0, 1e9, false, &s->counted) ||
	    !take_sample(l, &s->sample))
		return false;
	reader_event(l->reader, RECORDED_SAMPLE, id)->sample = s;
	return true;
}

static bool
read_value(struct line *l)
{
	struct recorded_value *v = NEW(l->reader, struct recorded_value);
	uint32_t id;

	if (!take_node(l, true, &id) ||
	    !take_u32(l, "the number of a query, below 28", QUERIES_MAX - 1, &v->query) ||
	    !take_time(l, "when the value is of, in microseconds", false, &v->at_usec) ||
	    !take_number(l, "a value", -1e300, 1e300, false, &v->value))
		return false;
	reader_event(l->reader, RECORDED_VALUE, id)->value = v;
	return true;
}

static bool
read_tick(struct line *l)
{
	struct reader *rd = l->reader;
	int64_t usec;

	if (!take_span(l, "a time, in microseconds", 0, &usec))
		return false;
	if (usec < rd->tick_usec)
		return line_fail(l, "this tick is of %lld us, and the one before of %lld us: expected a "
		    "later one", (long long)usec, (long long)rd->tick_usec);
	rd->tick_usec = usec;
	reader_event(rd, RECORDED_TICK, 0)->usec = usec;
	return true;
}

static bool
read_arrived(struct line *l)
{
	uint32_t id, count;

	if (!take_service(l, true, &id) ||
	    !take_u32(l, "a number of requests, up to a million", RECORDING_COUNT_MAX, &count))
		return false;
	l->reader->r->picks += count;
	reader_event(l->reader, RECORDED_ARRIVED, id)->count = count;
	return true;
}

static bool
read_did(struct line *l)
{
	struct recorded_did *d = NEW(l->reader, struct recorded_did);
	uint32_t id;

	if (!take_task(l, true, &id) ||
	    !take_count(l, "a number of requests", RECORDING_PICKS_MAX, &d->picks) ||
	    !take_count(l, "a sum of requests in flight", UINT64_C(1) << 40, &d->looks_sum) ||
	    !take_u32(l, "a number of looks", UINT32_MAX, &d->looks) ||
	    !take_count(l, "a number of requests that ended", RECORDING_PICKS_MAX, &d->ended) ||
	    !take_span(l, "a sum of durations, in microseconds", 0, &d->duration_usec) ||
	    !take_steps(l, d))
		return false;
	reader_event(l->reader, RECORDED_DID, id)->did = d;
	return true;
}

static bool
read_end(struct line *l)
{
	int64_t usec;

	if (!take_span(l, "a time, in microseconds", 0, &usec))
		return false;
	l->reader->over = true;
	reader_event(l->reader, RECORDED_END, 0)->usec = usec;
	return true;
}

static const struct {
	const char	*word;
	bool		(*read)(struct line *);
} lines[] = {
	{ "sample", read_sample }, { "did", read_did }, { "tick", read_tick }, { "in", read_arrived },
	{ "law", read_law }, { "service", read_service }, { "query", read_query },
	{ "node", read_node }, { "was", read_was }, { "last", read_last },
	{ "smoothed", read_smoothed }, { "task", read_task }, { "gone", read_gone },
	{ "state", read_state }, { "penalty", read_penalty }, { "value", read_value },
	{ "available", read_available }, { "tenants", read_tenants },
	{ "slow_start", read_slow_start }, { "since", read_since }, { "end", read_end },
};

static bool
read_line(struct reader *rd, struct str text)
{
	struct line l = { .reader = rd, .rest = text, .kind = "mola-recording" };
	struct str word = take_field(&l);
	char found[SHOWN_MAX];
	size_t i;

	if (str_eq(word, STR("mola-recording")))
		return read_begin(&l) && (l.rest.len == 0 || line_expected(&l, "the end of the line", l.rest));
	if (rd->r->parts == 0)
		return line_fail(&l, "expected 'mola-recording %d', and found %s: this is no recording",
		    RECORDING_VERSION, field_shown(text, found));
	for (i = 0; i < sizeof lines / sizeof *lines; i++)
		if (str_eq(word, str_of(lines[i].word)))
			break;
	if (i == sizeof lines / sizeof *lines)
		return line_fail(&l, "expected one of the lines that recordings have, such as 'tick', and "
		    "found %s", field_shown(word, found));
	l.kind = lines[i].word;
	if (rd->over)
		return line_fail(&l, "expected another recording or nothing after 'end', and found '%s'", l.kind);
	if (!rd->law && lines[i].read != read_law)
		return line_fail(&l, "expected 'law' after 'mola-recording', and found '%s'", l.kind);
	if (!lines[i].read(&l))
		return false;
	if (l.rest.len > 0)
		return line_expected(&l, "the end of the line", l.rest);
	if (rd->r->picks > RECORDING_PICKS_MAX || rd->responses > RECORDING_PICKS_MAX)
		return line_fail(&l, "these are more than %llu requests: record a shorter time",
		    (unsigned long long)RECORDING_PICKS_MAX);
	return true;
}

/* A last line without an end was cut off. */
static bool
read_lines(struct reader *rd, struct str text)
{
	while (text.len > 0) {
		const char *end = memchr(text.p, '\n', text.len);
		size_t n = end == NULL ? 0 : (size_t)(end - text.p);
		rd->number++;
		if (end == NULL && rd->r->parts > 0)
			break;
		if (!read_line(rd, (struct str){ text.p, end == NULL ? text.len : n }))
			return false;
		if (end == NULL)
			break;
		text.p += n + 1;
		text.len -= n + 1;
	}
	return true;
}

struct recording *
reader_read(struct str text, char error[READER_ERROR_MAX])
{
	struct reader *rd = must_zalloc(sizeof *rd);
	struct recording *r = rd->r = must_zalloc(sizeof *r);
	bool ok;

	rd->error = error;
	rd->tick_usec = -1;
	error[0] = '\0';
	r->arena = arena_new();
	ok = read_lines(rd, text);
	part_over(rd);
	r->cut = !rd->over;
	if (ok && r->length_usec == 0) {
		snprintf(error, READER_ERROR_MAX, "line %llu: expected at least two ticks, and it ends here",
		    (unsigned long long)rd->number);
		ok = false;
	}
	free(rd);
	if (!ok)
		recording_free(&r);
	return r;
}

void
recording_free(struct recording **rp)
{
	struct recording *r = *rp;

	*rp = NULL;
	if (r == NULL)
		return;
	arena_free(&r->arena);
	free(r->event);
	free(r);
}
