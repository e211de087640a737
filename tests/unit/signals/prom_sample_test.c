/* What several queries say of one node. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "score/score.h"
#include "signals/prom_sample.c"

#define SEC USEC_PER_SEC

static struct prom_result said[PROM_QUERIES];
static struct world_node node;
static struct prom_moment moment;
static struct sample sample;
static char detail[PROM_DETAIL];
static bool sampled;

static int
begin(void **state)
{
	const double values[] = { 2, 25, 40, 8, 1e9, 5 };

	(void)state;
	for (int i = 0; i < PROM_QUERIES; i++)
		said[i] = (struct prom_result){ NULL, "", values[i] };
	moment = (struct prom_moment){ 100 * SEC, 100 * SEC, 30 * SEC, 15 * SEC };
	node = (struct world_node){ .cores_declared = 0 };
	return 0;
}

static const struct why *
judge(void)
{
	return prom_sample(said, &node, &moment, &sampled, &sample, detail);
}

static void
refused(const struct why *why, const char *words)
{
	assert_ptr_equal(judge(), why);
	assert_false(sampled);
	assert_string_equal(detail, words);
}

static void
all_that_is_said_makes_a_sample(void **state)
{
	(void)state;
	assert_null(judge());
	assert_true(sampled);
	assert_int_equal(sample.taken_usec, 98 * SEC);
	assert_int_equal(sample.span_usec, 13 * SEC);	/* the range began before the answer */
	assert_int_equal(sample.source, SOURCE_PROMETHEUS);
	assert_true(sample.cores == 8 && sample.busy == 2 && sample.running == 4 && isnan(sample.load1));
	assert_true(sample.memory_total_bytes == 1e9 && sample.memory_available_bytes == 6e8);
}

static void
a_rate_may_go_a_little_beyond(void **state)
{
	(void)state;
	said[PROM_CPU].value = -0.3;
	assert_null(judge());
	assert_true(sample.busy == 0);
	said[PROM_CPU].value = 101;
	assert_null(judge());
	assert_true(sample.busy == 8);
	said[PROM_CPU].value = 106;
	refused(WHY_PROM_RANGE, "query cpu: 106; expected percent, 0 to 100");
}

static void
without_an_age_there_is_none(void **state)
{
	(void)state;
	said[PROM_AGE].value = NAN;
	refused(WHY_PROM_NAN, "query age: NaN");
	said[PROM_AGE].value = -INFINITY;
	refused(WHY_PROM_NAN, "query age: -Inf");
	said[PROM_AGE].value = -60;
	refused(WHY_PROM_FUTURE, "by 60 s; expected query age to give the seconds since the last sample");
	said[PROM_AGE].value = 31;
	refused(WHY_PROM_STALE, "seen 31 s ago; expected at most 30 s (max_age)");
	said[PROM_AGE] = (struct prom_result){ WHY_PROM_ABSENT, "", 0 };
	refused(WHY_PROM_ABSENT, "query age");
	said[PROM_AGE] = (struct prom_result){ WHY_PROM_EMPTY, "why?", 0 };
	refused(WHY_PROM_EMPTY, "query age: why?");
}

static void
an_old_answer_adds_to_the_age(void **state)
{
	(void)state;
	moment.as_of_usec = 80 * SEC;
	assert_null(judge());
	assert_int_equal(sample.taken_usec, 78 * SEC);
	said[PROM_AGE].value = 11;
	refused(WHY_PROM_STALE, "seen 31 s ago; expected at most 30 s (max_age)");
	moment.as_of_usec = 60 * SEC;
	refused(WHY_PROM_STALE, "the response is 40 s old: a stored copy, or the server's clock has stopped or was set back");
}

static void
cores_may_be_known_otherwise(void **state)
{
	(void)state;
	said[PROM_CORES] = (struct prom_result){ WHY_PROM_ABSENT, "", 0 };
	refused(WHY_PROM_ABSENT, "query cores");
	node.cores_declared = 4;
	assert_null(judge());
	assert_true(sample.cores == 4);
	assert_string_equal(detail, "");
	node.observed.sample.taken_usec = 1;
	node.observed.sample.cores = 16;
	assert_null(judge());
	assert_true(sample.cores == 16);
	node = (struct world_node){ .name = NULL };
	said[PROM_CORES] = (struct prom_result){ NULL, "", 0 };
	refused(WHY_PROM_RANGE, "query cores: 0");
	said[PROM_CORES].value = 1e9;
	refused(WHY_PROM_RANGE, "query cores: 1e+09");
}

static void
without_memory_there_is_one_and_that_is_said(void **state)
{
	(void)state;
	said[PROM_RAM] = (struct prom_result){ WHY_PROM_DUPLICATE, "x", 0 };
	assert_ptr_equal(judge(), WHY_PROM_DUPLICATE);
	assert_true(sampled && isnan(sample.memory_available_bytes) && sample.busy == 2);
	assert_string_equal(detail, "query ram: x");
	said[PROM_RAM] = (struct prom_result){ NULL, "", 50 };
	said[PROM_MEMORY] = (struct prom_result){ WHY_PROM_ABSENT, "not asked", 0 };
	assert_ptr_equal(judge(), WHY_PROM_ABSENT);
	assert_true(sampled && isnan(sample.memory_total_bytes));
	said[PROM_MEMORY] = (struct prom_result){ NULL, "", 1e308 };
	assert_ptr_equal(judge(), WHY_PROM_RANGE);
	assert_string_equal(detail, "query memory: 1e+308");
	assert_true(sampled && isnan(sample.memory_total_bytes));
	node.memory_declared_bytes = 4e9;
	assert_null(judge());
	assert_true(sample.memory_available_bytes == 2e9);
}

/* (100 - cpu) * 0.8 + (100 - ram) * 0.2, whatever the cores. */
static void
the_reference_score_comes_of_its_two_queries(void **state)
{
	struct profile p = { .weight = { [RESOURCE_CPU] = 0.8, [RESOURCE_RAM] = 0.2 } };

	(void)state;
	for (int cores = 1; cores <= 7; cores++)
		for (double cpu = 0; cpu <= 100; cpu += 12.34)
			for (double ram = 100; ram >= 0; ram -= 5.67) {
				said[PROM_CORES].value = cores;
				said[PROM_CPU].value = cpu;
				said[PROM_RAM].value = ram;
				assert_null(judge());
				assert_float_equal(score_plain(&p, &sample, NULL), (100 - cpu) * 0.8 + (100 - ram) * 0.2, 1e-9);
			}
}

static void
threads_are_not_needed(void **state)
{
	(void)state;
	said[PROM_RUNNING].why = WHY_PROM_ABSENT;
	assert_null(judge());
	assert_true(isnan(sample.running));
	said[PROM_RUNNING] = (struct prom_result){ NULL, "", NAN };
	assert_null(judge());
	assert_true(isnan(sample.running));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(all_that_is_said_makes_a_sample, begin),
		cmocka_unit_test_setup(a_rate_may_go_a_little_beyond, begin),
		cmocka_unit_test_setup(without_an_age_there_is_none, begin),
		cmocka_unit_test_setup(an_old_answer_adds_to_the_age, begin),
		cmocka_unit_test_setup(cores_may_be_known_otherwise, begin),
		cmocka_unit_test_setup(without_memory_there_is_one_and_that_is_said, begin),
		cmocka_unit_test_setup(the_reference_score_comes_of_its_two_queries, begin),
		cmocka_unit_test_setup(threads_are_not_needed, begin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
