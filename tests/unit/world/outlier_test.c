/* outlier: whom failures are counted against, when that is enough, and for how long a task is set aside. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "world/outlier.c"
#include "../between.h"

#define NOBODY	0

static struct outlier o;
static struct outlier_strikes strikes;
static uint64_t ended;
static int64_t now;

static int
setup(void **state)
{
	(void)state;
	memset(&o, 0, sizeof o);
	ended = 0;
	now = 50 * USEC_PER_SEC;
	return 0;
}

static void
fails(uint32_t from, uint32_t weight)
{
	outlier_failed(&o, &(struct outlier_failure){ from, weight, 1 }, ended, now);
	ended++;
}

static void
serves(unsigned n)
{
	ended += n;
	outlier_succeeded(&o);
}

static bool
suspect(void)
{
	bool certain;

	return outlier_is_suspect(&o, ended, now, &certain);
}

static void
three_refusals_in_a_row_are_certain(void **state)
{
	bool certain = false;

	(void)state;
	fails(NOBODY, OUTLIER_HEAVY);
	fails(NOBODY, OUTLIER_HEAVY);
	assert_false(suspect());
	fails(NOBODY, OUTLIER_HEAVY);
	assert_true(outlier_is_suspect(&o, ended, now, &certain));
	assert_true(certain);
}

static void
a_success_in_between_starts_the_count_anew(void **state)
{
	(void)state;
	for (int i = 0; i < 10; i++) {
		if (i % 3 == 2)
			serves(1);
		else
			fails(NOBODY, OUTLIER_HEAVY);
		assert_false(o.row_unprovoked >= ROW_MOST);
	}
}

static void
one_address_alone_is_never_enough(void **state)
{
	(void)state;
	for (int i = 0; i < 1000; i++)
		fails(7, OUTLIER_HEAVY);
	assert_false(suspect());
	serves(100);			/* to others */
	for (int i = 0; i < 1000; i++)
		fails(7, OUTLIER_LIGHT);
	fails(8, OUTLIER_LIGHT);	/* another one's bad luck, among a hundred that went well */
	serves(1);
	assert_false(suspect());
	fails(9, OUTLIER_LIGHT);
	serves(1);
	assert_false(suspect());
}

static void
five_in_a_row_of_two_addresses_are(void **state)
{
	(void)state;
	for (int i = 0; i < 4; i++)
		fails(7, OUTLIER_LIGHT);
	assert_false(suspect());
	fails(8, OUTLIER_LIGHT);
	assert_true(suspect());
}

static void
three_that_never_came_are(void **state)
{
	(void)state;
	fails(7, OUTLIER_HEAVY);
	now += 60 * USEC_PER_SEC;	/* whatever lies between */
	fails(8, OUTLIER_HEAVY);
	assert_false(suspect());
	now += 60 * USEC_PER_SEC;
	fails(7, OUTLIER_HEAVY);
	assert_true(suspect());
}

/* A fifth fails, with successes between: seen over time. A twentieth is not. */
static void
a_part_over_time_is_enough(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < 60 && !suspect(); i++) {
		fails(1 + i % 3, OUTLIER_LIGHT);
		serves(4);
		now += 100 * USEC_PER_MSEC;
	}
	assert_true(suspect());
	setup(NULL);
	for (uint32_t i = 0; i < 200; i++) {
		fails(1 + i % 3, OUTLIER_LIGHT);
		serves(19);
		now += 100 * USEC_PER_MSEC;
		if (i > 5)
			assert_false(suspect());
	}
}

static void
the_past_is_forgotten(void **state)
{
	struct outlier_rate r;

	(void)state;
	for (uint32_t i = 0; i < 40; i++)
		fails(1 + i % 3, OUTLIER_LIGHT);
	serves(60);
	r = outlier_rate(&o, ended, now);
	assert_true(r.failed == 40 && r.good == 60);
	now += OUTLIER_HALF_USEC;
	r = outlier_rate(&o, ended, now);
	assert_true(r.failed == 20 && r.good == 30);
	now += 100 * OUTLIER_HALF_USEC;
	r = outlier_rate(&o, ended, now);
	assert_true(r.failed == 0);
	for (int i = 0; i < OUTLIER_ADDRESSES; i++)
		assert_int_equal(o.from[i], 0);
}

/* More addresses than are told apart: still those count that are not the one that fails most. */
static void
many_addresses(void **state)
{
	(void)state;
	for (uint32_t i = 1; i <= 50; i++) {
		fails(i, OUTLIER_LIGHT);
		serves(1);
	}
	assert_int_equal(from_most(&o), 1);
	assert_true(suspect());
}

static int64_t
ejected_for(void)
{
	assert_true(outlier_eject(&o, 1, now));
	return o.until_usec - now;
}

static void
ejections_grow_to_a_bound_and_are_forgotten(void **state)
{
	(void)state;
	for (int i = 0; i < 8; i++) {
		int64_t want = i < 5 ? USEC_PER_SEC << i : 30 * USEC_PER_SEC;
		assert_int_equal(ejected_for(), want);
		assert_false(outlier_eject(&o, 1, now + want - 1));
		assert_true(outlier_is_ejected(&o, now + want - 1));
		now += want;
		assert_false(outlier_is_ejected(&o, now));
	}
	now += 3 * EJECT_FORGET;
	assert_between(ejected_for(), 4 * USEC_PER_SEC, 8 * USEC_PER_SEC);
	now += 1000 * EJECT_FORGET;
	assert_int_equal(ejected_for(), USEC_PER_SEC);
	assert_int_equal(o.ejections, 10);
}

/* What was under way when it was ejected is no news; after it, less is needed, and one address is still not enough. */
static void
after_an_ejection(void **state)
{
	(void)state;
	ejected_for();
	for (int i = 0; i < 100; i++)
		fails(NOBODY, OUTLIER_HEAVY);
	now = o.until_usec;
	assert_false(suspect());
	fails(7, OUTLIER_HEAVY);
	fails(7, OUTLIER_HEAVY);
	assert_false(suspect());
	fails(8, OUTLIER_LIGHT);
	assert_true(suspect());
	ejected_for();
	now = o.until_usec;
	fails(NOBODY, OUTLIER_HEAVY);
	assert_true(suspect());
	ejected_for();
	now = o.until_usec;
	serves(1);
	fails(NOBODY, OUTLIER_HEAVY);
	assert_false(suspect());
}

static void
a_penalty_fades(void **state)
{
	(void)state;
	assert_true(outlier_penalty(&o, now) == 0);
	for (int i = 0; i < 8; i++)
		fails(7, OUTLIER_LIGHT);
	assert_true(outlier_penalty(&o, now) == 8);
	assert_true(outlier_penalty(&o, now - USEC_PER_SEC) == 8);	/* another worker's clock */
	now += OUTLIER_PENALTY_USEC;
	assert_true(outlier_penalty(&o, now) > 3.9 && outlier_penalty(&o, now) < 4.1);
	fails(7, OUTLIER_LIGHT);
	assert_true(outlier_penalty(&o, now) > 4.9 && outlier_penalty(&o, now) < 5.1);
	for (int i = 0; i < 300; i++)
		outlier_failed(&o, &(struct outlier_failure){ 7, 1, 1e6 }, ended, now);
	assert_true(outlier_penalty(&o, now) <= PENALTY_MOST / PENALTY_UNIT);
	now += 2 * OUTLIER_FADED_USEC;
	assert_true(outlier_penalty(&o, now) < 1);
}

/* A service's own rule: failures in a row within a time, whoever's they are. */
static void
a_rule_of_its_own_counts_in_a_window(void **state)
{
	static const struct outlier_rule rule = { .failures = 3, .window_usec = 2 * USEC_PER_SEC, .span_usec = 4 * USEC_PER_SEC };

	(void)state;
	assert_false(outlier_strike(&o, &strikes, &rule, 7, now));
	assert_false(outlier_strike(&o, &strikes, &rule, 7, now));
	serves(1);
	assert_false(outlier_strike(&o, &strikes, &rule, 7, now));
	assert_false(outlier_strike(&o, &strikes, &rule, 7, now));
	now += 2 * USEC_PER_SEC;
	assert_false(outlier_strike(&o, &strikes, &rule, 7, now));	/* those before are too old */
	assert_false(outlier_strike(&o, &strikes, &rule, 7, now));
	assert_true(outlier_strike(&o, &strikes, &rule, 7, now));
	assert_int_equal(o.cause, 7);
	assert_int_equal(o.ejections, 1);
	assert_true(outlier_is_ejected(&o, now) && outlier_is_out(&o, now));
	assert_false(outlier_strike(&o, &strikes, &rule, 8, now));	/* it is out already */
	now += 4 * USEC_PER_SEC;
	assert_false(outlier_is_ejected(&o, now) || outlier_is_out(&o, now));
	assert_false(outlier_readmit(&o, now));
	for (int i = 0; i < 200; i++)				/* they wrap */
		assert_int_equal(outlier_strike(&o, &strikes, &rule, 7, now), i == 2);
	assert_true(outlier_readmit(&o, now));
	assert_false(outlier_is_ejected(&o, now));
	assert_true(outlier_eject(&o, 1, now) && !outlier_is_out(&o, now));	/* by Mola's own */
	assert_false(outlier_readmit(&o, now));
	assert_false(outlier_strike(&o, &strikes, &rule, 7, now));
	assert_false(outlier_is_out(&o, now));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(three_refusals_in_a_row_are_certain, setup),
		cmocka_unit_test_setup(a_success_in_between_starts_the_count_anew, setup),
		cmocka_unit_test_setup(one_address_alone_is_never_enough, setup),
		cmocka_unit_test_setup(five_in_a_row_of_two_addresses_are, setup),
		cmocka_unit_test_setup(three_that_never_came_are, setup),
		cmocka_unit_test_setup(a_part_over_time_is_enough, setup),
		cmocka_unit_test_setup(the_past_is_forgotten, setup),
		cmocka_unit_test_setup(many_addresses, setup),
		cmocka_unit_test_setup(ejections_grow_to_a_bound_and_are_forgotten, setup),
		cmocka_unit_test_setup(after_an_ejection, setup),
		cmocka_unit_test_setup(a_rule_of_its_own_counts_in_a_window, setup),
		cmocka_unit_test_setup(a_penalty_fades, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
