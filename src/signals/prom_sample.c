/*
 * prom_sample: an age and a share of the cores make a sample; all else may be missing. Values
 * that cannot be are reported and not bent into shape: a query that yields 3 000 "percent" means
 * something else than is assumed. Must not know how the values came here, nor which labels they
 * had.
 */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/bug.h"
#include "base/clock.h"
#include "signals/prom_sample.h"

#define FUTURE	1.0		/* seconds by which a sample may be younger than its response */
#define BEYOND	5.0		/* percent that a rate may go beyond what can be: Prometheus extrapolates */
#define CORES_MOST 65536
#define MEMORY_MOST 1e18	/* bytes */

const char *
prom_query_name(enum prom_query q)
{
	static const char *const names[] = { "age", "cpu", "ram", "cores", "memory", "running" };

	ASSERT(q < PROM_QUERIES);
	return names[q];
}

struct sample_check {
	const struct prom_result *result;	/* by query */
	const struct prom_moment *moment;
	char		*detail;		/* words for the last failure */
};

static const struct why *
reject(const struct sample_check *, const struct why *, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

static const struct why *
reject(const struct sample_check *c, const struct why *why, const char *fmt, ...)
{
	va_list ap;

	ASSERT(why != NULL);
	va_start(ap, fmt);
	vsnprintf(c->detail, PROM_DETAIL, fmt, ap);
	va_end(ap);
	return why;
}

/* The value of a query, if it is one. */
static const struct why *
value_of(const struct sample_check *c, enum prom_query q, double *value)
{
	const struct prom_result *r = &c->result[q];
	const char *name = prom_query_name(q);

	if (r->why != NULL)
		return reject(c, r->why, "query %s%s%.120s", name, *r->words == '\0' ? "" : ": ", r->words);
	if (!isfinite(r->value))
		return reject(c, WHY_PROM_NAN, "query %s: %s", name,
		    isnan(r->value) ? "NaN" : r->value > 0 ? "+Inf" : "-Inf");
	*value = r->value;
	return NULL;
}

/* 0..1 of what are percent in the query. */
static const struct why *
percent_of(const struct sample_check *c, enum prom_query q, double *ratio)
{
	const struct why *why;
	double percent;

	if ((why = value_of(c, q, &percent)) != NULL)
		return why;
	if (percent < -BEYOND || percent > 100 + BEYOND)
		return reject(c, WHY_PROM_RANGE, "query %s: %.6g; expected percent, 0 to 100",
		    prom_query_name(q), percent);
	*ratio = fmin(fmax(percent / 100, 0), 1);
	return NULL;
}

static const struct why *
taken_of(const struct sample_check *c, int64_t *taken)
{
	const struct prom_moment *m = c->moment;
	double stored = (double)(m->now_usec - m->as_of_usec) / USEC_PER_SEC;
	double most = (double)m->max_age_usec / USEC_PER_SEC, age;
	const struct why *why;

	if ((why = value_of(c, PROM_AGE, &age)) != NULL)
		return why;
	if (age < -FUTURE)
		return reject(c, WHY_PROM_FUTURE,
		    "by %.0f s; expected query age to give the seconds since the last sample", -age);
	if (stored > most)
		return reject(c, WHY_PROM_STALE, "the response is %.0f s old: a stored copy, "
		    "or the server's clock has stopped or was set back", stored);
	if (age + stored > most)
		return reject(c, WHY_PROM_STALE, "seen %.0f s ago; expected at most %.0f s (max_age)",
		    age + stored, most);
	*taken = m->as_of_usec - (int64_t)(fmax(age, 0) * USEC_PER_SEC);
	ASSERT(*taken >= m->now_usec - m->max_age_usec - USEC_PER_SEC);
	return NULL;
}

static const struct why *
cores_of(const struct sample_check *c, const struct world_node *n, double *cores)
{
	const struct why *why = value_of(c, PROM_CORES, cores);

	if (why == NULL && *cores > 0 && *cores <= CORES_MOST)
		return NULL;
	if (why == NULL)
		why = reject(c, WHY_PROM_RANGE, "query cores: %.6g", *cores);
	*cores = n->observed.sample.taken_usec != 0 ? n->observed.sample.cores : n->cores_declared;
	return *cores > 0 ? NULL : why;
}

/* Memory comes as its size and its share in use, and is kept as bytes. */
static const struct why *
memory_of(const struct sample_check *c, const struct world_node *n, struct sample *s)
{
	double total, used;
	const struct why *why;

	if ((why = percent_of(c, PROM_RAM, &used)) != NULL)
		return why;
	why = value_of(c, PROM_MEMORY, &total);
	if (why == NULL && !(total > 0 && total <= MEMORY_MOST))
		why = reject(c, WHY_PROM_RANGE, "query memory: %.6g", total);
	if (why != NULL) {
		total = n->observed.sample.memory_total_bytes;
		if (!(total > 0))
			total = n->memory_declared_bytes;
		if (!(total > 0))
			return why;
	}
	s->memory_total_bytes = total;
	s->memory_available_bytes = total * (1 - used);
	return NULL;
}

const struct why *
prom_sample(const struct prom_result result[PROM_QUERIES], const struct world_node *n,
    const struct prom_moment *m, bool *sampled, struct sample *out, char detail[PROM_DETAIL])
{
	const struct sample_check c = { result, m, detail };
	struct sample s = { .source = SOURCE_PROMETHEUS, .running = NAN, .load1 = NAN,
	    .memory_total_bytes = NAN, .memory_available_bytes = NAN, .psi_cpu_waiting = NAN,
	    .psi_memory_waiting = NAN, .psi_memory_stalled = NAN, .psi_io_waiting = NAN,
	    .psi_io_stalled = NAN, .disk_busy = NAN, .net_receive = NAN, .net_transmit = NAN };
	double cpu, running = result[PROM_RUNNING].value;
	int64_t from = m->as_of_usec - m->range_usec;
	const struct why *why;

	ASSERT(m->max_age_usec > 0 && m->range_usec > 0);
	*sampled = false;
	detail[0] = '\0';
	if ((why = taken_of(&c, &s.taken_usec)) != NULL ||
	    (why = percent_of(&c, PROM_CPU, &cpu)) != NULL ||
	    (why = cores_of(&c, n, &s.cores)) != NULL)
		return why;
	detail[0] = '\0';		/* of cores that were known otherwise */
	s.busy = cpu * s.cores;
	s.span_usec = s.taken_usec - from > USEC_PER_SEC ? s.taken_usec - from : USEC_PER_SEC;
	if (result[PROM_RUNNING].why == NULL && running >= 0 && isfinite(running))
		s.running = running < 1 ? 0 : running - 1;	/* one of them is the reader */
	why = memory_of(&c, n, &s);
	if (why == NULL)
		detail[0] = '\0';
	ASSERT(s.cores > 0 && s.busy >= 0 && s.busy <= s.cores && s.span_usec > 0);
	*sampled = true;
	*out = s;
	return why;
}
