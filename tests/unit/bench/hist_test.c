#include "../../../bench/lib/hist.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

static void
quantiles_are_within_a_percent(void **state)
{
	struct hist *h = calloc(1, sizeof *h);

	(void)state;
	for (int64_t v = 1; v <= 100000; v++)
		hist_add(h, v * 7);
	for (double q = .01; q < 1; q += .01) {
		double want = q * 700000, got = (double)hist_quantile(h, q);
		assert_true(got > want * .99 && got < want * 1.01);
	}
	assert_int_equal(hist_quantile(h, 1), 700000);
	assert_int_equal(h->max, 700000);
	assert_true(hist_mean(h) == 350003.5);
	free(h);
}

static void
every_size_has_a_place_of_its_own_order(void **state)
{
	unsigned was = 0;

	(void)state;
	for (uint64_t v = 1; v < UINT64_C(1) << 45; v += v / 50 + 1) {
		unsigned cell = cell_of(v);
		uint64_t middle = cell_middle(cell);
		assert_true(cell >= was && cell < HIST_CELLS);
		if (v < UINT64_C(1) << 42)
			assert_true((double)middle >= .99 * (double)v && (double)middle <= 1.01 * (double)v + 1);
		was = cell;
	}
}

static void
what_never_came_ranks_last(void **state)
{
	struct hist *h = calloc(1, sizeof *h), *sum = calloc(1, sizeof *sum);

	(void)state;
	for (int i = 0; i < 98; i++)
		hist_add(h, 1000);
	hist_add_never(h);
	hist_add_never(h);
	hist_merge(sum, h);
	assert_int_equal(sum->count, 100);
	assert_int_equal(hist_quantile(sum, .97), 1000);
	assert_true(hist_quantile(sum, .99) == HIST_NEVER);
	assert_true(hist_mean(sum) == 1000);
	free(h);
	free(sum);
}

static void
an_empty_one_says_nothing(void **state)
{
	struct hist *h = calloc(1, sizeof *h);

	(void)state;
	assert_int_equal(hist_quantile(h, .5), 0);
	assert_true(hist_mean(h) == 0);
	hist_add(h, -5);
	assert_int_equal(hist_quantile(h, .5), 0);
	free(h);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(quantiles_are_within_a_percent),
		cmocka_unit_test(every_size_has_a_place_of_its_own_order),
		cmocka_unit_test(what_never_came_ranks_last),
		cmocka_unit_test(an_empty_one_says_nothing),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
