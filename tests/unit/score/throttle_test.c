/* throttle: requests that a limit holds back, told from those that wait for something else. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <math.h>
#include <cmocka.h>

#include "score/throttle.c"

#define SEC USEC_PER_SEC

struct task {
	struct throttle	 t;
	struct throttle_best best;
	uint64_t	 requests, usec;
	double		 inflight, threads;
	int64_t		 now;
};
/* Its node runs as many threads as its limit allows. */
#define TASK { .now = SEC, .threads = 0.4 }

/* `seconds` in which `rate` requests a second ended, each after `took`; `inflight` are there then. */
static void
pass(struct task *k, int seconds, double rate, double took, double inflight)
{
	for (int i = 0; i < seconds; i++) {
		k->requests = (uint64_t)((double)k->requests + rate + inflight - k->inflight);
		k->usec += (uint64_t)(rate * took * SEC);
		k->inflight = inflight;
		k->now += SEC;
		throttle_look(&k->t, &k->best, &(struct throttle_counts){ k->requests, inflight, k->usec }, k->threads, k->now);
	}
}

static double
held(const struct task *k)
{
	return throttle_held_back(&k->t, &k->best, 0.4);
}

static void
requests_that_take_longer_than_ever_are_held_back(void **state)
{
	struct task k = TASK;

	(void)state;
	pass(&k, 20, 16, 0.1, 2);
	assert_true(held(&k) == 0);
	pass(&k, 1, 20, 0.15, 11);		/* a queue that has just begun */
	assert_true(held(&k) > 3);
	pass(&k, 15, 20, 0.55, 11);		/* in flight: 11 = 20 * 0.55 */
	assert_true(fabs(held(&k) - (11 - 0.4 - 20 * 0.15)) < 0.1);
	k.threads = 0.2;			/* the limit is not used up */
	pass(&k, 5, 20, 0.55, 11);
	assert_true(held(&k) == 0);
}

static void
requests_that_wait_for_a_database_are_not(void **state)
{
	struct task k = TASK;

	(void)state;
	pass(&k, 20, 10, 0.5, 5);
	for (int i = 0; i < 5; i++) {
		pass(&k, 1, 100, 0.5, 50);	/* ten times as many, each as long as ever */
		assert_true(held(&k) == 0);
	}
}

static void
nor_are_connections_that_idle(void **state)
{
	struct task k = TASK;

	(void)state;
	pass(&k, 1, 0, 0, 300);			/* of before the first look */
	for (int i = 0; i < 20; i++) {
		pass(&k, 1, 10, 0.1, 301);
		assert_true(held(&k) == 0);
	}
	pass(&k, 10, 10, 0.1, 401);		/* a hundred more: for some seconds they may be a queue */
	pass(&k, 10, 10, 0.1, 401);
	assert_true(held(&k) < 1);
}

static void
before_a_hundred_ended_nothing_is_known(void **state)
{
	struct task k = TASK;

	(void)state;
	pass(&k, 5, 16, 0.1, 2);
	pass(&k, 1, 10, 0.9, 9);
	assert_true(held(&k) == 0);
}

/* Else a task whose requests take longer from now on would look full for ever. */
static void
how_long_it_took_at_best_is_forgotten(void **state)
{
	struct task k = TASK;

	(void)state;
	pass(&k, 20, 16, 0.1, 2);
	pass(&k, 10, 16, 0.4, 6);
	assert_true(held(&k) > 3);
	pass(&k, 1200, 16, 0.4, 6);
	assert_true(held(&k) == 0);
}

static void
another_task_in_its_slot_begins_anew(void **state)
{
	struct task k = TASK;

	(void)state;
	pass(&k, 20, 16, 0.1, 2);
	pass(&k, 5, 20, 0.55, 11);
	k.requests = k.usec = 0;
	k.inflight = 0;
	pass(&k, 1, 16, 0.1, 2);		/* what its service takes is known */
	assert_true(held(&k) == 0);
	pass(&k, 5, 20, 0.55, 11);
	assert_true(held(&k) > 4);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(requests_that_take_longer_than_ever_are_held_back),
		cmocka_unit_test(requests_that_wait_for_a_database_are_not),
		cmocka_unit_test(nor_are_connections_that_idle),
		cmocka_unit_test(before_a_hundred_ended_nothing_is_known),
		cmocka_unit_test(how_long_it_took_at_best_is_forgotten),
		cmocka_unit_test(another_task_in_its_slot_begins_anew),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
