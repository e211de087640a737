/*
 * How long responses take: what 95 % of them do not exceed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"
#include "proxy/pace.h"

#include "../between.h"

#define MSEC	1000

static void
note(struct pace *p, int n, int64_t usec)
{
	for (int i = 0; i < n; i++)
		pace_note(p, usec);
}

/* Within the width of a step of world/latency.h. */
static void
near(int64_t got, int64_t want)
{
	assert_between(got, want * 7 / 10, want * 14 / 10);
}

static void
test_nothing_is_known_of_a_few(void **state)
{
	struct pace p = { 0 };

	(void)state;
	note(&p, PACE_LEAST - 1, 10 * MSEC);
	assert_int_equal(pace_p95(&p), INT64_MAX);
	note(&p, 1, 10 * MSEC);
	near(pace_p95(&p), 10 * MSEC);
}

static void
test_slow_ones_count_from_one_in_twenty_on(void **state)
{
	struct pace p = { 0 };

	(void)state;
	for (int i = 0; i < 20; i++) {
		note(&p, 98, 10 * MSEC);
		note(&p, 2, 900 * MSEC);
	}
	near(pace_p95(&p), 10 * MSEC);
	note(&p, 300, 900 * MSEC);
	near(pace_p95(&p), 900 * MSEC);
}

static void
test_what_was_long_ago_is_forgotten(void **state)
{
	struct pace p = { 0 };

	(void)state;
	note(&p, 5000, 900 * MSEC);
	note(&p, 20000, 10 * MSEC);
	near(pace_p95(&p), 10 * MSEC);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing_is_known_of_a_few),
		cmocka_unit_test(test_slow_ones_count_from_one_in_twenty_on),
		cmocka_unit_test(test_what_was_long_ago_is_forgotten),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
