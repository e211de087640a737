/* Answers of when? The server's clock is wrong by any amount, and may be set, and stand still. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "signals/prom_clock.c"
#include "signals/promql.c"

#define USEC(s) ((int64_t)((s) * 1e6))

static struct prom_clock clock_;

/* Requested at `sent` seconds, evaluated when the server's clock says `at`, received a tenth later: how late is it? */
static double
late(double at, double sent)
{
	return (double)(USEC(sent) - prom_clock_update(&clock_, at, USEC(sent), USEC(sent + 0.1))) / 1e6;
}

static void
a_clock_of_its_own_is_no_lie(void **state)
{
	(void)state;
	clock_ = (struct prom_clock){ 0 };
	for (int i = 0; i < 100; i++)
		assert_true(late(-5000 + 5 * i, 5 * i) == 0);
}

static void
a_slow_answer_is_as_old_as_its_question(void **state)
{
	(void)state;
	clock_ = (struct prom_clock){ 0 };
	assert_int_equal(prom_clock_update(&clock_, 1000, USEC(10), USEC(14)), USEC(10));
	assert_int_equal(prom_clock_update(&clock_, 1005, USEC(15), USEC(15.1)), USEC(15));
}

static void
a_stored_copy_is_as_old_as_it_is(void **state)
{
	(void)state;
	clock_ = (struct prom_clock){ 0 };
	late(1000, 0);
	assert_true(late(1005, 5) == 0);
	for (int i = 1; i < 200; i++) {		/* for however long it is served */
		double l = late(1005, 5 + 5 * i);
		assert_true(l > 5 * i - 0.2 && l < 5 * i + 0.2);
	}
}

static void
a_clock_that_is_set_back_is_trusted_when_it_has_moved_on(void **state)
{
	double t;

	(void)state;
	clock_ = (struct prom_clock){ 0 };
	late(10000, 0);
	for (t = 5; t < 35; t += 5)
		assert_true(late(1000 + t, t) > 8000);
	for (; t < 60; t += 5)
		assert_true(late(1000 + t, t) == 0);
}

/* Each five seconds two questions, of which one takes two seconds before its answer begins. */
static void
some_slow_queries_do_not_hide_that_it_moves_on(void **state)
{
	double t;

	(void)state;
	clock_ = (struct prom_clock){ 0 };
	late(10000, 0);
	for (t = 5; t < 35; t += 5) {
		assert_true(late(1000 + t, t) > 8000);
		prom_clock_update(&clock_, 1000 + t, USEC(t), USEC(t + 2));
	}
	for (t = 40; t < 90; t += 5) {
		assert_true(late(1000 + t, t) == 0);
		assert_int_equal(prom_clock_update(&clock_, 1000 + t, USEC(t), USEC(t + 2)), USEC(t));
	}
	for (int i = 0; i < 50; i++, t += 5)		/* one that stands still is none, however long */
		late(2000, t);
	assert_true(late(2000, t) > 200);
}

static void
a_clock_that_is_set_forward_is_trusted_at_once(void **state)
{
	(void)state;
	clock_ = (struct prom_clock){ 0 };
	late(1000, 0);
	assert_true(late(90000, 5) == 0);
	assert_true(late(90005, 10) == 0);
}

static void
no_time_and_wild_times_are_now(void **state)
{
	(void)state;
	clock_ = (struct prom_clock){ 0 };
	assert_true(late(NAN, 5) == 0);
	assert_true(late(1e300, 5) == 0);
	assert_true(late(1e11, 5) == 0);
	assert_true(late(-1e11, 10) == 86400);
}

static int64_t
range_of(const char *query)
{
	int64_t usec = -1;

	return promql_range(str_of(query), &usec) ? usec : -1;
}

static void
the_range_of_a_query_is_found(void **state)
{
	(void)state;
	assert_int_equal(range_of("100 - avg by(instance)(rate(x{mode=\"idle\"}[15s])) * 100"), USEC(15));
	assert_int_equal(range_of("rate(x{a=\"[1h]\"}[ 1m30s ])"), USEC(90));
	assert_int_equal(range_of("max_over_time(x[5m:30s])"), USEC(300));
	assert_int_equal(range_of("# [1h]\nx[500ms]"), USEC(0.5));
	assert_int_equal(range_of("rate(x[90])"), USEC(90));
	assert_int_equal(range_of("rate(x[1d])"), USEC(86400));
	assert_int_equal(range_of("x"), -1);
	assert_int_equal(range_of("x[]"), -1);
	assert_int_equal(range_of("x[soon]"), -1);
	assert_int_equal(range_of("x[0s]"), -1);
	assert_int_equal(range_of("'x["), -1);
	assert_int_equal(range_of("x[5m"), USEC(300));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_clock_of_its_own_is_no_lie),
		cmocka_unit_test(a_slow_answer_is_as_old_as_its_question),
		cmocka_unit_test(a_stored_copy_is_as_old_as_it_is),
		cmocka_unit_test(a_clock_that_is_set_back_is_trusted_when_it_has_moved_on),
		cmocka_unit_test(some_slow_queries_do_not_hide_that_it_moves_on),
		cmocka_unit_test(a_clock_that_is_set_forward_is_trusted_at_once),
		cmocka_unit_test(no_time_and_wild_times_are_now),
		cmocka_unit_test(the_range_of_a_query_is_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
