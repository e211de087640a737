/* demand: what a node's sample says of a container's cores. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <math.h>
#include <cmocka.h>

#include "score/demand.c"

static void
a_container_can_have_what_is_idle_now_and_no_more_than_its_quota(void **state)
{
	struct sample s = { .cores = 4, .busy = 3, .running = 2 };

	(void)state;
	/* by the mean of the interval one core; at this instant one thread of others runs */
	assert_true(demand_available(&s, 1, 1, INFINITY) == 3);
	assert_true(demand_available(&s, 5, 1, INFINITY) == 4);	/* ours wait for something else */
	assert_true(demand_available(&s, 1, 1, 0.5) == 0.5);
	s.running = 9;
	assert_true(demand_available(&s, 1, 1.5, INFINITY) == 1.5);
	s.running = NAN;
	assert_true(demand_available(&s, 1, 1.5, INFINITY) == 1.5);
	assert_true(demand_available(NULL, 0, 1.5, 1) == 1);
	assert_true(isnan(demand_available(&s, 1, NAN, 1)));
}

/* 0 is what is not known, further on, and would count as the whole node. */
static void
a_container_that_could_have_nothing_is_known_to(void **state)
{
	const struct sample s = { .cores = 4, .running = 9 };

	(void)state;
	assert_true(demand_available(&s, 1, 0, INFINITY) == DEMAND_LEAST);
	assert_true(demand_available(NULL, 0, 2, 0) == DEMAND_LEAST);
	assert_true(demand_available(NULL, 0, 1e-320, INFINITY) == DEMAND_LEAST);
}

static void
who_is_held_back_by_a_quota_does_not_look_like_one_who_waits(void **state)
{
	(void)state;
	/* ten requests in a container of two cores, which are in use: eight wait for the next period */
	assert_true(demand_held_back(2, 10, 2) == 8);
	assert_true(demand_held_back(7, 10, 2) == 8);		/* others want five */
	assert_true(demand_held_back(0.4, 10, 2) == 0);		/* a core and more are left: they wait for something else */
	assert_true(fabs(demand_held_back(1.8, 10, 2) - 4) < 1e-9);
	assert_true(demand_held_back(2, 1.5, 2) == 0);
	assert_true(demand_held_back(2, 10, 0) == 0);		/* no quota is known */
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_container_can_have_what_is_idle_now_and_no_more_than_its_quota),
		cmocka_unit_test(a_container_that_could_have_nothing_is_known_to),
		cmocka_unit_test(who_is_held_back_by_a_quota_does_not_look_like_one_who_waits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
