/*
 * Whole exchanges: what clients and tasks see of each other through the proxy.
 */
#include "stage.h"

static void
test_get(void **state)
{
	int c, t;

	(void)state;
	stage_open(1);
	c = dial();
	say(c, GET("/"));
	t = answer_call(0);
	hear(t, GOT("/"));
	assert_int_equal(inflight(), 1);
	say(t, OK(2, "ok"));
	hear(c, OK(2, "ok"));
	assert_int_equal(inflight(), 0);
	exchange(c, t);
	exchange(c, t);
	close(c);
	close(t);
	stage_close();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_get),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
