/* core: threads share cores, and none gets more than one. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "replay/core.c"

static void
jobs_take_as_long_as_their_share_of_the_cores_makes_them(void **state)
{
	struct core_job a = { 0 }, b = { 0 }, c = { 0 };
	struct core m;

	(void)state;
	core_init(&m, 2, 1000);
	core_add(&m, &a, 100);
	core_add(&m, &b, 300);
	assert_true(core_next_usec(&m) == 1100 || core_next_usec(&m) == 1101);
	core_advance(&m, 1101);
	assert_ptr_equal(core_done(&m), &a);
	assert_null(core_done(&m));
	/* three threads of others: two cores among four */
	m.others = 3;
	core_advance(&m, 1201);
	assert_true(fabs(m.ours_usec - (101 + 101 + 50)) < 0.01);
	core_add(&m, &c, 40);			/* now among five */
	assert_true(core_next_usec(&m) >= 1301 && core_next_usec(&m) <= 1302);
	core_advance(&m, 1302);
	assert_ptr_equal(core_done(&m), &c);
	m.others = 0;
	core_advance(&m, 1302 + 110);
	assert_ptr_equal(core_done(&m), &b);
	assert_true(core_next_usec(&m) == INT64_MAX);
	core_fini(&m);
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(jobs_take_as_long_as_their_share_of_the_cores_makes_them) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
