/* phys: a reader never sees half of one row and half of another, and gets along with what a dead brain left. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <pthread.h>
#include <stdlib.h>

#include "world/phys.c"

#define WRITES 200000

static void *
write_rows(void *arg)
{
	struct phys *p = arg;

	for (int i = 1; i <= WRITES; i++) {
		struct phys_row r = { .law = { i, i, i, i, i, i, i, i }, .score = i, .as = { [PROFILE_SLOTS - 2] = { i, i, i } } };
		phys_write(p, 5, &r);
	}
	return NULL;
}

static void
no_row_is_torn(void **state)
{
	(void)state;
	struct phys *p = phys_init(calloc(1, phys_bytes()));
	struct phys_row r = { .score = 0 }, before;
	pthread_t writer;
	double last = 0;

	write_rows(p);				/* so that the row is never the unwritten one */
	assert_int_equal(pthread_create(&writer, NULL, write_rows, p), 0);
	for (int looks = 0; looks < WRITES && !(r.score == WRITES && last < WRITES && last > 0); looks++) {
		last = r.score;
		before = r;
		if (!phys_read(p, 5, &r)) {	/* the writer, which never pauses, outran it: what was read before stays */
			assert_true(looks == 0 || memcmp(&r, &before, sizeof r) == 0);
			continue;
		}
		assert_true(r.law.cores == r.law.others && r.law.others == r.law.neutral && r.law.neutral == r.law.balancers);
		assert_true(r.law.cores == (double)r.law.sampled_usec && r.law.sampled_usec == r.law.period_usec);
		assert_true(r.score == r.law.cores && r.as[PROFILE_SLOTS - 2].score == r.score);
	}
	pthread_join(writer, NULL);
	assert_true(phys_read(p, 5, &r));
	assert_true(r.score == WRITES);
	free(p);
}

static void
an_unwritten_row_can_be_reckoned_with(void **state)
{
	(void)state;
	struct phys *p = phys_init(calloc(1, phys_bytes()));
	struct phys_row r;

	phys_read(p, NODES_MAX - 1, &r);
	assert_true(r.law.cores > 0 && r.law.period_usec > 0 && r.law.balancers >= 1);
	assert_int_equal(r.law.sampled_usec, 0);
	free(p);
}

static void
what_was_left_half_written_is_not_seen(void **state)
{
	(void)state;
	struct phys *p = phys_init(calloc(1, phys_bytes()));
	struct phys_row r = { .law = { 4, 1, 1, 7, 9, 1, 0, 1 }, .score = 50 };

	phys_write(p, 1, &r);
	p->slot[1].word[(p->slot[1].count + 1) & 1][0] = 99;	/* died in the middle of the next */
	phys_read(p, 1, &r);
	assert_true(r.law.cores == 4);
	r.law.cores = 8;
	phys_write(p, 1, &r);
	phys_read(p, 1, &r);
	assert_true(r.law.cores == 8);
	free(p);
}

static void
the_writer_knows_what_is_in_force(void **state)
{
	(void)state;
	struct phys *p = phys_init(calloc(1, phys_bytes()));
	struct phys_row r = { .law = { 4, 1, 1, 7, 9, 1, 0, 1 }, .score = 50 };

	assert_false(phys_holds(p, 2, &r));
	for (int i = 0; i < 3; i++) {		/* in either copy */
		r.as[PROFILE_SLOTS - 2].score = i;
		assert_false(phys_holds(p, 2, &r));
		phys_write(p, 2, &r);
		assert_true(phys_holds(p, 2, &r));
	}
	assert_false(phys_holds(p, 3, &r));
	free(p);
}

static void
what_a_container_could_have_is_known_or_not(void **state)
{
	(void)state;
	struct phys *p = phys_init(calloc(1, phys_bytes()));
	static const double unknown[] = { NAN, 0, -1 };

	assert_true(isnan(phys_available(p, 0)) && isnan(phys_available(p, TASKS_MAX - 1)));
	for (unsigned i = 0; i < 3; i++) {
		phys_set_available(p, TASKS_MAX - 1, 0.25);
		assert_true(phys_available(p, TASKS_MAX - 1) == 0.25);
		phys_set_available(p, TASKS_MAX - 1, unknown[i]);
		assert_true(isnan(phys_available(p, TASKS_MAX - 1)));
	}
	free(p);
}

static void
who_follows_a_row_has_every_write_of_it(void **state)
{
	(void)state;
	struct phys *p = phys_init(calloc(1, phys_bytes()));
	struct phys_row r = { .score = 0 }, mark;
	uint32_t seen = 0;

	phys_follow(p, 7, &r, &seen);
	assert_true(r.law.cores == 1 && r.law.balancers == 1);	/* unwritten, but can be reckoned with */
	for (int i = 1; i <= 3; i++) {
		struct phys_row w = { .law = { .cores = i, .period_usec = 1, .balancers = 1 }, .score = 10 * i };
		phys_write(p, 7, &w);
		phys_follow(p, 7, &r, &seen);
		assert_true(r.law.cores == i && r.score == 10 * i);
	}
	r.score = 77;						/* not written since: it is left as it is */
	mark = r;
	phys_follow(p, 7, &r, &seen);
	assert_memory_equal(&r, &mark, sizeof r);
	free(p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_row_is_torn),
		cmocka_unit_test(an_unwritten_row_can_be_reckoned_with),
		cmocka_unit_test(what_was_left_half_written_is_not_seen),
		cmocka_unit_test(the_writer_knows_what_is_in_force),
		cmocka_unit_test(what_a_container_could_have_is_known_or_not),
		cmocka_unit_test(who_follows_a_row_has_every_write_of_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
