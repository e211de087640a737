/* latency: steps join without gaps, and quantiles are as near as they claim. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "world/latency.c"

static void
every_duration_is_in_the_step_that_it_is_said_to_be(void **state)
{
	(void)state;
	for (int64_t usec = 0; usec < 300000; usec++) {
		unsigned s = latency_step(usec);
		assert_true(s < LATENCY_STEPS && latency_begin_usec(s) <= usec);
		assert_true(latency_begin_usec(s + 1) > usec);
	}
	for (unsigned s = 0; s < LATENCY_STEPS; s++) {
		assert_int_equal(latency_step(latency_begin_usec(s)), s);
		if (s > 0)
			assert_int_equal(latency_step(latency_begin_usec(s) - 1), s - 1);
	}
	assert_int_equal(latency_step(INT64_MAX), LATENCY_STEPS - 1);
	assert_true(latency_begin_usec(LATENCY_STEPS - 1) == INT64_C(1) << 27);
}

static int
by_size(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

static void
quantiles_are_within_some_per_cent(void **state)
{
	uint32_t n[LATENCY_STEPS] = { 0 };
	static int usec[10000];
	uint64_t x = 88172645463325252;

	(void)state;
	for (unsigned i = 0; i < 10000; i++) {
		x ^= x << 13, x ^= x >> 7, x ^= x << 17;
		usec[i] = 100 + (int)((x >> 20) % 1000 * ((x >> 40) % 1000));
		n[latency_step(usec[i])]++;
	}
	qsort(usec, 10000, sizeof *usec, by_size);
	for (unsigned i = 1; i < 100; i++) {
		double exact = usec[i * 100 - 1] / 1e6, q = latency_quantile(n, i / 100.0);
		if (fabs(q - exact) > exact * 0.063)
			fail_msg("%u %%: %g, expected %g", i, q, exact);
	}
}

static void
one_duration_is_all_quantiles_and_none_is_none(void **state)
{
	uint32_t n[LATENCY_STEPS] = { 0 };

	(void)state;
	assert_true(isnan(latency_quantile(n, 0.5)));
	n[latency_step(20000)] = 1;
	assert_true(fabs(latency_quantile(n, 0.01) - 0.02) < 0.00126);
	assert_true(latency_quantile(n, 0.99) == latency_quantile(n, 0.5));
	n[latency_step(20000)] = 0;
	n[LATENCY_STEPS - 1] = 1;
	assert_true(latency_quantile(n, 0.5) > 134);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_duration_is_in_the_step_that_it_is_said_to_be),
		cmocka_unit_test(quantiles_are_within_some_per_cent),
		cmocka_unit_test(one_duration_is_all_quantiles_and_none_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
