/*
 * What several queries of Prometheus say of one node, as its sample: an input is doubles as they come, behind bytes that say which
 * of the queries failed, and how. A sample is within its bounds; what is refused is refused in words. And the clock of a server
 * that says any times: a response is never of a time after it was asked for.
 */
#include <math.h>
#include <string.h>

#include "base/bug.h"
#include "base/clock.h"
#include "signals/prom_clock.h"
#include "signals/prom_sample.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static double
take(const uint8_t **at, size_t *len)
{
	double x = 0;
	size_t n = *len < sizeof x ? *len : sizeof x;

	memcpy(&x, *at, n);
	*at += n;
	*len -= n;
	return x;
}

static int64_t
take_usec(const uint8_t **at, size_t *len)
{
	double x = take(at, len);

	return isfinite(x) ? (int64_t)fmin(fmax(x, 0), 1e6) * USEC_PER_MSEC : 0;
}

static void
check_words(const char *s)
{
	for (; *s != '\0'; s++)
		ASSERT(*s >= ' ' && *s <= '~');
}

static void
check_sample(const struct sample *s, const struct prom_moment *m)
{
	ASSERT(s->cores > 0 && s->busy >= 0 && s->busy <= s->cores && s->span_usec > 0);
	ASSERT(s->taken_usec <= m->as_of_usec && s->taken_usec >= m->now_usec - m->max_age_usec - USEC_PER_SEC);
	ASSERT(!(s->running < 0) && !isinf(s->running));
	ASSERT(!(s->memory_available_bytes > s->memory_total_bytes) && !(s->memory_available_bytes < 0));
}

static void
sample_of(uint8_t failed, uint8_t known, const uint8_t **at, size_t *len)
{
	struct prom_result r[PROM_QUERIES];
	struct world_node n = { .name = (char *)"n" };
	struct prom_moment m = { .max_age_usec = 60 * USEC_PER_SEC, .range_usec = 30 * USEC_PER_SEC };
	struct sample s;
	char detail[PROM_DETAIL];
	const struct why *why;
	bool sampled;

	m.as_of_usec = 1000 * USEC_PER_SEC + take_usec(at, len);
	m.now_usec = m.as_of_usec + take_usec(at, len);
	for (int q = 0; q < PROM_QUERIES; q++)
		r[q] = (struct prom_result){ .why = (failed >> q & 1) != 0 ? WHY_PROM_ABSENT : NULL,
		    .words = (failed & 64) != 0 ? "no series" : "", .value = take(at, len) };
	if ((known & 1) != 0)
		n.observed.sample = (struct sample){ .taken_usec = 1, .cores = 4, .memory_total_bytes = (known & 4) != 0 ? 1e9 : NAN };
	if ((known & 2) != 0) {
		n.cores_declared = 2;
		n.memory_declared_bytes = 1e9;
	}
	why = prom_sample(r, &n, &m, &sampled, &s, detail);
	ASSERT(why == NULL || detail[0] != '\0');
	ASSERT(sampled || why != NULL);
	check_words(detail);
	if (sampled)
		check_sample(&s, &m);
	for (int q = 0; q < PROM_QUERIES; q++)
		check_words(prom_query_name((enum prom_query)q));
}

static void
clock_of(const uint8_t **at, size_t *len)
{
	struct prom_clock c = { .known = false };
	int64_t sent = USEC_PER_SEC, as_of;

	while (*len > 0) {
		int64_t received = sent + take_usec(at, len) / 1000;
		double told = take(at, len);
		as_of = prom_clock_update(&c, told, sent, received);
		ASSERT(as_of <= sent);
		sent = received + take_usec(at, len);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	uint8_t failed, known;

	if (len < 2)
		return 0;
	failed = bytes[0];
	known = bytes[1];
	bytes += 2;
	len -= 2;
	if ((known & 128) != 0)
		clock_of(&bytes, &len);
	else
		sample_of(failed, known, &bytes, &len);
	return 0;
}
