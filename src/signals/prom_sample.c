/*
 * prom_sample: an age and a share of the cores make a sample; all else may be missing. Values that cannot be are
 * told as such and not bent into shape: a query that yields 3 000 "percent" means something else than we think.
 * Must not know how the values came here, nor which labels they had.
 */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/clock.h"
#include "signals/prom_sample.h"

#define FUTURE	1.0		/* seconds by which a sample may be younger than its answer */
#define BEYOND	5.0		/* percent that a rate may go beyond what can be: Prometheus extrapolates */
#define CORES_MOST 65536
#define MEMORY_MOST 1e18	/* bytes */

const char *
prom_query_name(enum prom_query q)
{
	static const char *const names[] = { "age", "cpu", "ram", "cores", "memory", "running" };

	return names[q];
}

struct judging {
	const struct prom_result *said;
	const struct prom_moment *moment;
	char		*detail;
};

static const struct why *
say(const struct judging *j, const struct why *why, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

static const struct why *
say(const struct judging *j, const struct why *why, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(j->detail, PROM_DETAIL, fmt, ap);
	va_end(ap);
	return why;
}

/* The value of a query, if it is one. */
static const struct why *
value_of(const struct judging *j, enum prom_query q, double *value)
{
	const struct prom_result *s = &j->said[q];

	if (s->why != NULL)
		return say(j, s->why, "query %s%s%.120s", prom_query_name(q), *s->words == '\0' ? "" : ": ", s->words);
	if (!isfinite(s->value))
		return say(j, WHY_PROM_NAN, "query %s: %s", prom_query_name(q), isnan(s->value) ? "NaN" : s->value > 0 ? "+Inf" : "-Inf");
	*value = s->value;
	return NULL;
}

/* 0..1 of what are percent in the query. */
static const struct why *
percent_of(const struct judging *j, enum prom_query q, double *ratio)
{
	const struct why *why;
	double percent;

	if ((why = value_of(j, q, &percent)) != NULL)
		return why;
	if (percent < -BEYOND || percent > 100 + BEYOND)
		return say(j, WHY_PROM_RANGE, "query %s: %.6g; expected percent, 0 to 100", prom_query_name(q), percent);
	*ratio = fmin(fmax(percent / 100, 0), 1);
	return NULL;
}

static const struct why *
taken_of(const struct judging *j, int64_t *taken)
{
	const struct prom_moment *m = j->moment;
	double age, stored = (double)(m->now_usec - m->as_of_usec) / USEC_PER_SEC, most = (double)m->max_age_usec / USEC_PER_SEC;
	const struct why *why;

	if ((why = value_of(j, PROM_AGE, &age)) != NULL)
		return why;
	if (age < -FUTURE)
		return say(j, WHY_PROM_FUTURE, "by %.0f s; expected query age to give the seconds since the last sample", -age);
	if (stored > most)
		return say(j, WHY_PROM_STALE, "the response is %.0f s old: a stored copy, or the server's clock has stopped or was set back", stored);
	if (age + stored > most)
		return say(j, WHY_PROM_STALE, "seen %.0f s ago; expected at most %.0f s (max_age)", age + stored, most);
	*taken = m->as_of_usec - (int64_t)(fmax(age, 0) * USEC_PER_SEC);
	return NULL;
}

static const struct why *
cores_of(const struct judging *j, const struct world_node *n, double *cores)
{
	const struct why *why = value_of(j, PROM_CORES, cores);

	if (why == NULL && *cores > 0 && *cores <= CORES_MOST)
		return NULL;
	if (why == NULL)
		why = say(j, WHY_PROM_RANGE, "query cores: %.6g", *cores);
	*cores = n->sample.taken_usec != 0 ? n->sample.cores : n->cores_declared;
	return *cores > 0 ? NULL : why;
}

/* Memory is told as its size and its share in use, and kept as bytes. */
static const struct why *
memory_of(const struct judging *j, const struct world_node *n, struct sample *s)
{
	const struct why *why;
	double used;

	if ((why = percent_of(j, PROM_RAM, &used)) != NULL)
		return why;
	why = value_of(j, PROM_MEMORY, &s->memory_total_bytes);
	if (why == NULL && !(s->memory_total_bytes > 0 && s->memory_total_bytes <= MEMORY_MOST))
		why = say(j, WHY_PROM_RANGE, "query memory: %.6g", s->memory_total_bytes);
	if (why != NULL) {
		s->memory_total_bytes = n->sample.memory_total_bytes > 0 ? n->sample.memory_total_bytes : n->memory_declared_bytes;
		if (!(s->memory_total_bytes > 0)) {
			s->memory_total_bytes = NAN;
			return why;
		}
	}
	s->memory_available_bytes = s->memory_total_bytes * (1 - used);
	return NULL;
}

const struct why *
prom_sample(const struct prom_result said[PROM_QUERIES], const struct world_node *n, const struct prom_moment *m, bool *sampled,
    struct sample *out, char detail[PROM_DETAIL])
{
	const struct judging j = { said, m, detail };
	struct sample s = { .source = SOURCE_PROMETHEUS, .running = NAN, .load1 = NAN, .memory_total_bytes = NAN,
	    .memory_available_bytes = NAN, .psi_cpu_waiting = NAN, .psi_memory_waiting = NAN, .psi_memory_stalled = NAN,
	    .psi_io_waiting = NAN, .psi_io_stalled = NAN, .disk_busy = NAN, .net_receive = NAN, .net_transmit = NAN };
	const struct why *why;
	int64_t from = m->as_of_usec - m->range_usec;
	double cpu, running;

	*sampled = false;
	detail[0] = '\0';
	if ((why = taken_of(&j, &s.taken_usec)) != NULL || (why = percent_of(&j, PROM_CPU, &cpu)) != NULL
	    || (why = cores_of(&j, n, &s.cores)) != NULL)
		return why;
	detail[0] = '\0';		/* of cores that were known otherwise */
	s.busy = cpu * s.cores;
	s.span_usec = s.taken_usec - from > USEC_PER_SEC ? s.taken_usec - from : USEC_PER_SEC;
	if (said[PROM_RUNNING].why == NULL && said[PROM_RUNNING].value >= 0 && isfinite(running = said[PROM_RUNNING].value))
		s.running = running < 1 ? 0 : running - 1;	/* one of them is the reader */
	why = memory_of(&j, n, &s);
	if (why == NULL)
		detail[0] = '\0';
	*sampled = true;
	*out = s;
	return why;
}
