/* What tasks say of their load: smoothed, bounded, forgotten. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/clock.h"
#include "world/utilization.c"

static struct utilization u;
static int64_t now = USEC_PER_SEC;

static void
says(double value)
{
	utilization_note(&u, &(struct utilization_report){ .utilization = value, .rps = 7 }, now);
}

static double
factor(void)
{
	double trust;

	return utilization_factor(&u, now, &trust);
}

static double
trust(void)
{
	double trust;

	utilization_factor(&u, now, &trust);
	return trust;
}

static int
clean(void **state)
{
	(void)state;
	utilization_reset(&u);
	return 0;
}

static void
it_costs_what_the_formula_says(void **state)
{
	static const double at[][2] = { { 0.5, 1.0625 }, { 0.9, 1.6561 }, { 1, 2 }, { 1.3, 3.8561 }, { 1.4, 4 }, { 1e300, 4 } };

	(void)state;
	assert_true(factor() == 1 && trust() == 0);
	for (size_t i = 0; i < sizeof at / sizeof *at; i++) {
		utilization_reset(&u);
		says(at[i][0]);
		assert_true(fabs(factor() - at[i][1]) < 1e-9 && trust() == 1);
	}
}

static void
a_single_report_does_not_turn_it_over(void **state)
{
	(void)state;
	says(0.2);
	now += 10000;
	says(1);
	assert_true(GET(u.smooth) < 0.25);
	for (int i = 0; i < 300; i++) {
		now += 10000;
		says(1);
	}
	assert_true(GET(u.smooth) > 0.95);
	now += UTILIZATION_GONE_USEC;
	says(0.3);				/* nothing is left of what was */
	assert_true(GET(u.smooth) == 0.3);
}

static void
what_is_old_does_not_count(void **state)
{
	(void)state;
	says(1);
	now += UTILIZATION_FRESH_USEC;
	assert_true(trust() == 1);
	now += (UTILIZATION_GONE_USEC - UTILIZATION_FRESH_USEC) / 2;
	assert_true(trust() == 0.5 && factor() == 2);
	now += (UTILIZATION_GONE_USEC - UTILIZATION_FRESH_USEC) / 2;
	assert_true(trust() == 0 && factor() == 1);
}

/* As gRPC has it: 0 is what a message has that says nothing. */
static void
a_report_without_utilization_is_counted_only(void **state)
{
	(void)state;
	says(0);
	assert_true(trust() == 0 && GET(u.reports) == 1 && GET(u.rps) == 7);
	utilization_note_nonsense(&u);
	assert_true(GET(u.nonsense) == 1 && GET(u.reports) == 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(it_costs_what_the_formula_says, clean),
		cmocka_unit_test_setup(a_single_report_does_not_turn_it_over, clean),
		cmocka_unit_test_setup(what_is_old_does_not_count, clean),
		cmocka_unit_test_setup(a_report_without_utilization_is_counted_only, clean),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
