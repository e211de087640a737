/*
 * What is kept for the next ones, and what goes back.
 */
#include "http/slab.c"
#include "../until.h"

static struct loop *loop;
static struct slab *slab;

static int
begin(void **state)
{
	(void)state;
	loop = loop_new();
	slab = slab_new(loop, 1000, 50);
	return 0;
}

static int
end(void **state)
{
	(void)state;
	slab_free(&slab);
	loop_free(&loop);
	return 0;
}

/* `n` pieces in use at once, for a moment. */
static void
peak(unsigned n)
{
	void *piece[100];

	for (unsigned i = 0; i < n; i++)
		assert_non_null(piece[i] = slab_take(slab));
	for (unsigned i = 0; i < n; i++)
		slab_give(slab, piece[i]);
}

static void
what_was_used_is_kept(void **state)
{
	(void)state;
	peak(40);
	assert_int_equal(slab_tidy(slab), 0);
	peak(40);
	assert_int_equal(slab_tidy(slab), 0);
	peak(10);
	assert_int_equal(slab_tidy(slab), 30 * 1000);
	assert_int_equal(slab->nunused, 10);
	assert_int_equal(slab_tidy(slab), 10 * 1000);
	assert_int_equal(slab_tidy(slab), 0);
	peak(5);
}

static void
what_exceeds_the_limit_counts(void **state)
{
	(void)state;
	peak(80);
	assert_int_equal(slab->nunused, 50);
	assert_int_equal(slab_tidy(slab), 30 * 1000);
	assert_int_equal(slab_tidy(slab), 50 * 1000);
	assert_int_equal(slab->nunused, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_was_used_is_kept, begin, end),
		cmocka_unit_test_setup_teardown(what_exceeds_the_limit_counts, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
