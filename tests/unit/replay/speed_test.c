/* speed: of threads in containers, by what these could have. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "replay/speed.c"

#define SEC	USEC_PER_SEC

static void
near(double got, double want)
{
	if (!(fabs(got - want) <= 1e-6))
		fail_msg("%g, and not %g", got, want);
}

/* How far a thread came in the second before. */
static double
ran(const struct speed *s, int64_t now)
{
	return (speed_run(s, now) - speed_run(s, now - SEC)) / (double)SEC;
}

static void
threads_of_a_container_share_what_it_could_have(void **state)
{
	struct speeds *s = speeds_new(3);

	(void)state;
	assert_null(speeds_did(s, 0, 1, SEC));			/* nobody told */
	speeds_available(s, 0, 0.5);
	near(ran(speeds_did(s, 0, 1, 2 * SEC), 2 * SEC), 0.25);	/* one of itself, one in the mean */
	near(ran(speeds_did(s, 0, 0, 3 * SEC), 3 * SEC), 0.5);
	speeds_available(s, 0, 3);
	near(ran(speeds_did(s, 0, 1, 4 * SEC), 4 * SEC), 1);	/* no thread is more than one core */
	speeds_available(s, 0, 0.2);
	speeds_available(s, 0, 0.6);
	near(ran(speeds_did(s, 0, 1, 5 * SEC), 5 * SEC), 0.2);	/* of the mean of what it was */
	speeds_available(s, 0, NAN);
	assert_null(speeds_did(s, 0, 1, 6 * SEC));
	speeds_free(&s);
	assert_null(s);
}

static void
tasks_in_one_container_share_it(void **state)
{
	struct speeds *s = speeds_new(3);

	(void)state;
	speeds_same(s, 2, 1);
	speeds_available(s, 1, 0.9);
	speeds_available(s, 2, 0.9);
	speeds_did(s, 1, 1, SEC);
	speeds_did(s, 2, 1, SEC);
	near(ran(speeds_did(s, 1, 1, 2 * SEC), 2 * SEC), 0.3);
	near(ran(speeds_did(s, 2, 1, 2 * SEC), 2 * SEC), 0.3);
	near(ran(speeds_did(s, 1, 2, 5 * SEC), 5 * SEC), 0.3);	/* the other has had no request since */
	speeds_free(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(threads_of_a_container_share_what_it_could_have),
		cmocka_unit_test(tasks_in_one_container_share_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
