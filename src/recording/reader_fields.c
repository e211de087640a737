/*
 * reader_fields: fields of lines, from left to right, each checked for what may stand there.
 */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>

#include "recording/reader_priv.h"

#define SHOWN	40		/* bytes of a field that an error shows */

/* ---- errors ---- */

bool
line_fail(struct line *l, const char *fmt, ...)
{
	struct reader *rd = l->reader;
	char what[READER_ERROR_MAX - 40];
	va_list ap;

	if (rd->error[0] != '\0')
		return false;
	va_start(ap, fmt);
	vsnprintf(what, sizeof what, fmt, ap);
	va_end(ap);
	snprintf(rd->error, READER_ERROR_MAX, "line %llu: %s", (unsigned long long)rd->number, what);
	return false;
}

/* What was found, fit to be shown. */
const char *
field_shown(struct str s, char out[SHOWN_MAX])
{
	size_t n = s.len < SHOWN ? s.len : SHOWN;

	if (s.len == 0)
		return "nothing";
	out[0] = '\'';
	for (size_t i = 0; i < n; i++)
		out[i + 1] = s.p[i] >= ' ' && s.p[i] < 0x7f ? s.p[i] : '?';
	snprintf(out + 1 + n, 7, "%s", s.len > n ? "...'" : "'");
	return out;
}

bool
line_expected(struct line *l, const char *what, struct str found)
{
	char text[SHOWN_MAX];

	return line_fail(l, "expected %s in '%s', and found %s", what, l->kind, field_shown(found, text));
}

/* ---- fields ---- */

struct str
take_field(struct line *l)
{
	struct str part = { "", 0 };

	str_split(&l->rest, ' ', &part);
	return part;
}

bool
take_count(struct line *l, const char *what, uint64_t most, uint64_t *out)
{
	struct str s = take_field(l);

	if (!str_to_u64(s, out) || *out > most)
		return line_expected(l, what, s);
	return true;
}

bool
take_u32(struct line *l, const char *what, uint32_t most, uint32_t *out)
{
	uint64_t v;

	if (!take_count(l, what, most, &v))
		return false;
	*out = (uint32_t)v;
	return true;
}

bool
take_bool(struct line *l, const char *what, bool *out)
{
	uint64_t v;

	if (!take_count(l, what, 1, &v))
		return false;
	*out = v == 1;
	return true;
}

/* Finite, and between the two; "-": NAN, where that may be. */
bool
take_number(struct line *l, const char *what, double least, double most, bool unknown, double *out)
{
	struct str s = take_field(l);

	if (unknown && str_eq(s, STR("-"))) {
		*out = NAN;
		return true;
	}
	if (!str_to_double(s, out) || !(*out >= least && *out <= most))
		return line_expected(l, what, s);
	return true;
}

/* May be before the beginning. */
bool
take_time(struct line *l, const char *what, bool never, int64_t *out)
{
	struct str s = take_field(l), digits = s;
	bool minus = s.len > 0 && s.p[0] == '-';
	uint64_t v;

	if (never && str_eq(s, STR("-"))) {
		*out = INT64_MIN;
		return true;
	}
	if (minus)
		digits = (struct str){ s.p + 1, s.len - 1 };
	if (!str_to_u64(digits, &v) || v > (uint64_t)RECORDING_USEC_MAX)
		return line_expected(l, what, s);
	*out = minus ? -(int64_t)v : (int64_t)v;
	return true;
}

bool
take_span(struct line *l, const char *what, int64_t least, int64_t *out)
{
	struct str s = take_field(l);
	uint64_t v;

	if (!str_to_u64(s, &v) || v > (uint64_t)RECORDING_USEC_MAX || (int64_t)v < least)
		return line_expected(l, what, s);
	*out = (int64_t)v;
	return true;
}

bool
take_node(struct line *l, bool known, uint32_t *out)
{
	char text[SHOWN_MAX];
	struct str s = l->rest;

	if (!take_u32(l, "the number of a node, below 2048", NODES_MAX - 1, out))
		return false;
	if (known && !l->reader->node_is[*out])
		return line_fail(l, "'%s' names a node that no line before has: %s", l->kind,
		    field_shown(s, text));
	return true;
}

bool
take_service(struct line *l, bool known, uint32_t *out)
{
	char text[SHOWN_MAX];
	struct str s = l->rest;

	if (!take_u32(l, "the number of a service, below 512", RECORDING_SERVICES - 1, out))
		return false;
	if (known && !l->reader->service_is[*out])
		return line_fail(l, "'%s' names a service that no line before has: %s", l->kind,
		    field_shown(s, text));
	return true;
}

bool
take_task(struct line *l, bool known, uint32_t *out)
{
	char text[SHOWN_MAX];
	struct str s = l->rest;

	if (!take_u32(l, "the number of a task, below 32768", TASKS_MAX - 1, out))
		return false;
	if (known && !l->reader->task_is[*out])
		return line_fail(l, "'%s' names a task that no line before has: %s", l->kind,
		    field_shown(s, text));
	return true;
}

bool
take_same(struct line *l, uint32_t own, uint32_t *out)
{
	*out = own;
	return l->rest.len == 0 || take_task(l, true, out);
}

bool
take_name(struct line *l, char **out)
{
	struct str s;

	*out = NULL;
	if (!l->reader->names)
		return true;
	s = take_field(l);
	if (s.len == 0 || s.len > RECORDING_NAME_MAX)
		return line_expected(l, "a name of up to 64 letters, digits, '.', '_' and '-'", s);
	for (size_t i = 0; i < s.len; i++)
		if (memchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-", s.p[i], 65)
		    == NULL)
			return line_expected(l, "a name of up to 64 letters, digits, '.', '_' and '-'", s);
	*out = arena_text(l->reader->r->arena, s);
	return true;
}

bool
take_sample(struct line *l, struct sample *s)
{
	double *const value[] = { &s->running, &s->load1, &s->memory_total_bytes,
	    &s->memory_available_bytes, &s->psi_cpu_waiting, &s->psi_memory_waiting,
	    &s->psi_memory_stalled, &s->psi_io_waiting, &s->psi_io_stalled, &s->disk_busy,
	    &s->net_receive, &s->net_transmit };
	uint32_t source;

	if (!take_time(l, "when the sample is of, in microseconds", false, &s->taken_usec) ||
	    !take_span(l, "the span of the sample, in microseconds", 0, &s->span_usec) ||
	    !take_u32(l, "a source, 0 to 3", SOURCE_PROMETHEUS, &source) ||
	    !take_number(l, "the cores", -1e300, 1e300, true, &s->cores) ||
	    !take_number(l, "the cores in use", -1e300, 1e300, true, &s->busy))
		return false;
	s->source = (enum sample_source)source;
	for (size_t i = 0; i < sizeof value / sizeof *value; i++)
		if (!take_number(l, "a value of the sample, or -", 0, 1e18, true, value[i]))
			return false;
	return true;
}

/* The rest of the line. */
bool
take_steps(struct line *l, struct recorded_did *d)
{
	struct recorded_step step[LATENCY_STEPS], *kept;
	struct str word, number;
	uint64_t s, n;

	while (l->rest.len > 0) {
		word = take_field(l);
		if (d->nsteps == LATENCY_STEPS || !str_split(&word, ':', &number) ||
		    !str_to_u64(number, &s) || s >= LATENCY_STEPS || !str_to_u64(word, &n) ||
		    n > UINT32_MAX)
			return line_expected(l, "STEP:COUNT with a step below 177", number);
		step[d->nsteps++] = (struct recorded_step){ (uint16_t)s, (uint32_t)n };
		l->reader->responses += n;
	}
	kept = arena_zalloc(l->reader->r->arena, (d->nsteps + 1) * sizeof *kept);
	memcpy(kept, step, d->nsteps * sizeof *kept);
	d->step = kept;
	return true;
}

bool
take_state(struct line *l, enum recorded_state *out)
{
	static const char *const states[] = { "used", "ejected", "down", "degraded" };
	struct str word = take_field(l);

	for (unsigned i = 0; i < sizeof states / sizeof *states; i++)
		if (str_eq(word, str_of(states[i]))) {
			*out = (enum recorded_state)i;
			return true;
		}
	return line_expected(l, "used, ejected, down or degraded", word);
}

bool
take_tenants(struct line *l, enum tenancy *out)
{
	char problem[SETTING_PROBLEM_MAX];
	struct str word = take_field(l);

	return setting_TENANTS.read(word, (struct setting_range){ "", "" }, out, NULL, problem) ||
	    line_expected(l, "fair, polite or greedy", word);
}
