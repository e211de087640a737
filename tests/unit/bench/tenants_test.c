#include "../../../bench/lib/tenants.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include <cmocka.h>

static const struct tenants_conf usual = { .load = .2, .size = 2, .work_seconds = 1 };

static void
their_work_adds_up_to_the_load(void **state)
{
	struct tenants t;
	double work = 0;

	(void)state;
	tenants_init(&t, 1, &usual, 4, 0);
	assert_int_equal(t.threads, 8);
	while (t.next < INT64_C(100000) * 1000000) {
		for (unsigned i = 0; i < t.threads; i++)
			work += tenants_work(&t);
		tenants_step(&t);
	}
	work /= 4 * 100000e6;
	assert_true(work > .19 && work < .21);
}

static void
a_seed_repeats_itself(void **state)
{
	struct tenants a, b, other;

	(void)state;
	tenants_init(&a, 5, &usual, 1, 0);
	tenants_init(&b, 5, &usual, 1, 0);
	tenants_init(&other, 6, &usual, 1, 0);
	assert_true(a.next == b.next && a.next != other.next);
	assert_true(tenants_work(&a) == tenants_work(&b));
}

/* Small ones bring the same work in short pieces, into containers that stay. */
static void
small_tenants_are_many(void **state)
{
	struct tenants_conf conf = usual;
	bool seen[4 * TENANTS_SMALL_PER_CORE] = { false };
	struct tenants t;
	double work = 0;

	(void)state;
	conf.in = TENANTS_SMALL;
	tenants_init(&t, 1, &conf, 4, 0);
	assert_int_equal(t.threads, 1);
	assert_int_equal(t.lasting, 4 * TENANTS_SMALL_PER_CORE);
	while (t.next < 1000000000) {
		unsigned at = tenants_container(&t);
		assert_true(at < t.lasting);
		seen[at] = true;
		work += tenants_work(&t);
		tenants_step(&t);
	}
	assert_true(work > .95 * .2 * 4 * 1e9 && work < 1.05 * .2 * 4 * 1e9);
	for (unsigned i = 0; i < t.lasting; i++)
		assert_true(seen[i]);
}

static void
no_load_no_tenants(void **state)
{
	struct tenants t;

	(void)state;
	tenants_init(&t, 1, &(struct tenants_conf){ .size = 1, .work_seconds = 1 }, 8, 0);
	assert_true(t.next == INT64_MAX);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(their_work_adds_up_to_the_load),
		cmocka_unit_test(a_seed_repeats_itself),
		cmocka_unit_test(small_tenants_are_many),
		cmocka_unit_test(no_load_no_tenants),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
