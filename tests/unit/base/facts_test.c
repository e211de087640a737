/* why, rng: constants and numbers that others build on. */
#include "base/rng.c"
#include "base/why.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void
every_reason_can_be_told(void **state)
{
	(void)state;
	assert_string_equal(why_name(NULL), "ok");
	assert_string_equal(why_name(WHY_UPSTREAM_SLOW_HEAD), "upstream_slow_head");
	for (int i = 0; i < WHY_COUNT; i++) {
		const struct why *w = &why_all[i];
		assert_int_equal(w->id, i);
		assert_true(w->status == 0 || (w->status >= 200 && w->status <= 599));
		assert_int_equal(strspn(w->name, "abcdefghijklmnopqrstuvwxyz0123456789_"), strlen(w->name));
		assert_int_equal(strspn(w->name, "0123456789_"), 0);
		assert_true(strlen(w->name) > 0 && strlen(w->name) < 31);	/* whole, not cut */
		assert_null(strpbrk(w->text, "\"\\\n"));			/* goes into JSON and header fields */
		assert_non_null(why_blame_name(w->blame));
		for (int k = 0; k < i; k++)
			assert_string_not_equal(w->name, why_all[k].name);
	}
}

static void
the_same_seed_gives_the_same_numbers(void **state)
{
	struct rng a, b;

	(void)state;
	rng_seed(&a, 42);
	rng_seed(&b, 42);
	for (int i = 0; i < 100; i++)
		assert_true(rng_u64(&a) == rng_u64(&b));
}

static void
numbers_are_spread_as_promised(void **state)
{
	double sum = 0, expsum = 0;
	int count[10] = { 0 };
	struct rng r;

	(void)state;
	rng_seed(&r, 1);
	for (int i = 0; i < 100000; i++) {
		uint32_t n = rng_below(&r, 10);
		double x = rng_double(&r);
		assert_true(n < 10 && x >= 0 && x < 1);
		count[n]++;
		sum += x;
		expsum += rng_exp(&r, 3);
	}
	for (int i = 0; i < 10; i++)
		assert_true(count[i] > 9500 && count[i] < 10500);
	assert_true(sum > 49500 && sum < 50500);
	assert_true(expsum > 295000 && expsum < 305000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_reason_can_be_told),
		cmocka_unit_test(the_same_seed_gives_the_same_numbers),
		cmocka_unit_test(numbers_are_spread_as_promised),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
