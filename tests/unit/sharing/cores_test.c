/* cores: what real cgroups gave on two cores, and that time, work and cores add up. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "sharing/cores.c"

#define MS	1000

static void
near_by(double got, double want, double by)
{
	if (!(fabs(got - want) <= by))
		fail_msg("%g, and not %g", got, want);
}

static void
near(double got, double want)
{
	near_by(got, want, 1e-9);
}

/* What our container's threads have got on two cores, the others' being there. */
static double
ours(struct cores *c, struct cores_group *g, int threads)
{
	double rate;

	cores_hold(c, g, threads);
	rate = cores_group_rate(g);
	near(c->busy, c->cores);
	cores_hold(c, g, -threads);
	return rate;
}

/* Measured: .38 .41 .41 beside four containers; .94 1.02 1.03 beside one; .41 .69 1.03 within one. */
static void
cores_go_to_groups_first_and_to_threads_within(void **state)
{
	struct cores_group *us, *one, *four[4];
	struct cores c;

	(void)state;
	cores_init(&c, 2, 0);
	us = cores_group_new(&c, CORES_WEIGHT, INFINITY);
	one = cores_group_new(&c, CORES_WEIGHT, INFINITY);
	for (int i = 0; i < 4; i++) {
		four[i] = cores_group_new(&c, CORES_WEIGHT, INFINITY);
		cores_hold(&c, four[i], 1);
	}
	near(cores_group_most(&c, us), 0.4);
	near(ours(&c, us, 1), 0.4);
	near(ours(&c, us, 2), 0.4);
	near(ours(&c, us, 4), 0.4);
	for (int i = 0; i < 4; i++)
		cores_hold(&c, four[i], -1);
	cores_hold(&c, one, 4);
	near(cores_group_most(&c, us), 1);
	near(ours(&c, us, 1), 1);
	near(ours(&c, us, 2), 1);
	near(ours(&c, us, 4), 1);
	cores_hold(&c, one, -4);
	cores_hold(&c, us, 4);
	near(ours(&c, us, 1) / 5 * 1, 0.4);
	near(ours(&c, us, 2) / 6 * 2, 2.0 / 3);
	near(ours(&c, us, 4) / 8 * 4, 1);
	cores_fini(&c);
}

static void
weights_quotas_and_what_is_left_over_count(void **state)
{
	struct cores_group *a, *b, *q;
	struct cores c;

	(void)state;
	cores_init(&c, 4, 0);
	a = cores_group_new(&c, 2 * CORES_WEIGHT, INFINITY);
	b = cores_group_new(&c, CORES_WEIGHT, INFINITY);
	q = cores_group_new(&c, CORES_WEIGHT, 0.5);
	cores_hold(&c, a, 10);
	cores_hold(&c, b, 10);
	near(cores_group_rate(a), 8.0 / 3);
	near(cores_group_rate(b), 4.0 / 3);
	cores_hold(&c, q, 3);				/* could have a core, but for its quota */
	near(cores_group_rate(q), 0.5);
	near(cores_group_rate(a), 3.5 * 2 / 3);
	near(cores_group_most(&c, q), 0.5);
	near(cores_group_most(&c, b), 3.5 / 3);
	near(cores_threads(&c), 23);
	/* without its quota it would have one core, so it waits for half of the time with none runnable */
	near(cores_runnable(&c), 20 + 3 * 0.5 / (3.5 / 3));
	cores_hold(&c, a, -9);				/* one thread: one core, and the rest is for b */
	near(cores_group_rate(a), 1);
	near(cores_group_rate(b), 2.5);
	near(cores_group_most(&c, a), 7.0 / 3);
	cores_done(&c, 100 * MS);
	near(cores_group_used_usec(q), 50 * MS);
	near(cores_group_meter(q), 50 * MS);
	near(cores_group_meter(q), 0);
	near(cores_group_throttled_usec(q), 100 * MS);
	near(cores_group_throttled_usec(b), 0);
	near(c.busy_usec, 400 * MS);
	cores_set_limits(&c, q, CORES_WEIGHT, INFINITY);
	near(cores_group_rate(q), 1.5);
	cores_set_cores(&c, 2);
	near(cores_group_rate(q), 0.5);
	near(cores_group_rate(a), 1);
	cores_fini(&c);
}

/* When the next job ends, asked at `now`; -1: none has ended by then. */
static int64_t
end_by(struct cores *c, int64_t now, struct cores_job *expected)
{
	struct cores_job *j = cores_done(c, now);

	if (j == NULL)
		return -1;
	assert_ptr_equal(j, expected);
	return c->now_usec;
}

static void
jobs_end_exactly_when_their_work_is_done(void **state)
{
	struct cores_job a = { 0 }, b = { 0 }, d = { 0 };
	struct cores_group *g, *h;
	struct cores c;

	(void)state;
	cores_init(&c, 1, 0);
	g = cores_group_new(&c, CORES_WEIGHT, INFINITY);
	h = cores_group_new(&c, CORES_WEIGHT, INFINITY);
	assert_true(cores_next_usec(&c) == INT64_MAX);
	cores_add(&c, g, &a, 10 * MS);
	cores_add(&c, g, &b, 30 * MS);
	near_by((double)end_by(&c, 100 * MS, &a), 20 * MS, 1);	/* half a core each */
	cores_add(&c, h, &d, 5 * MS);				/* half for each container */
	near_by((double)cores_next_usec(&c), 30 * MS, 1);
	assert_int_equal(end_by(&c, 25 * MS, NULL), -1);
	near_by((double)end_by(&c, 100 * MS, &d), 30 * MS, 2);
	near_by((double)end_by(&c, 100 * MS, &b), 45 * MS, 3);
	assert_null(cores_done(&c, 100 * MS));
	near_by(c.busy_usec, 45 * MS, 3);
	near_by(c.waiting_usec, 30 * MS, 3);
	near_by(cores_group_used_usec(g), 40 * MS, 3);
	near_by(cores_group_used_usec(h), 5 * MS, 1);
	near(c.threads, 0);
	cores_add(&c, g, &a, 10 * MS);
	cores_add(&c, g, &b, 20 * MS);
	assert_ptr_equal(cores_any(g), &a);
	cores_remove(&c, g, &a);				/* its client is gone */
	near_by((double)end_by(&c, 200 * MS, &b), 120 * MS, 1);
	cores_group_free(&c, &g);
	cores_group_free(&c, &h);
	cores_fini(&c);
}

/* Whoever asks late gets the same history; cores are never used twice. */
static void
being_late_changes_nothing_and_work_is_conserved(void **state)
{
	struct cores_job early[60] = { 0 }, late[60] = { 0 };
	struct cores_group *ga[4], *gb[4];
	struct cores a, b;
	double work = 0;
	unsigned ended = 0;

	(void)state;
	cores_init(&a, 3, 0);
	cores_init(&b, 3, 0);
	for (int i = 0; i < 4; i++) {
		ga[i] = cores_group_new(&a, CORES_WEIGHT * (i + 1), i == 3 ? 0.3 : INFINITY);
		gb[i] = cores_group_new(&b, CORES_WEIGHT * (i + 1), i == 3 ? 0.3 : INFINITY);
	}
	for (int i = 0; i < 60; i++) {
		work += (i * 7 % 13 + 1) * MS;
		cores_add(&a, ga[i % 4], &early[i], (i * 7 % 13 + 1) * MS);
		cores_add(&b, gb[i % 4], &late[i], (i * 7 % 13 + 1) * MS);
	}
	for (int64_t now = 0; now < 900 * MS; now += 100)
		while (cores_done(&a, now) != NULL) {
			assert_non_null(cores_done(&b, 900 * MS));
			near_by((double)b.now_usec, (double)a.now_usec, 2);
			ended++;
		}
	assert_int_equal(ended, 60);
	assert_null(cores_done(&b, 900 * MS));
	near_by(a.busy_usec, b.busy_usec, 3);
	near_by(a.busy_usec, work, 100);
	cores_fini(&a);
	cores_fini(&b);
}

static void
who_waits_for_pages_wants_no_core(void **state)
{
	struct cores_job a = { 0 }, b = { 0 };
	struct cores_group *g;
	struct cores c;

	(void)state;
	cores_init(&c, 1, 0);
	g = cores_group_new(&c, CORES_WEIGHT, INFINITY);
	cores_set_stall(&c, 0.75);
	cores_add(&c, g, &a, 10 * MS);
	cores_add(&c, g, &b, 20 * MS);
	near(cores_runnable(&c), 0.5);			/* of one core: the machine is half idle */
	near(c.busy, 0.5);
	near_by((double)end_by(&c, 100 * MS, &a), 40 * MS, 1);
	cores_set_stall(&c, 0);				/* there is memory again */
	near_by((double)end_by(&c, 100 * MS, &b), 50 * MS, 2);
	near_by(c.busy_usec, 30 * MS, 2);
	cores_fini(&c);
}

/* The rates of a machine that has changed step by step are those of one made as it is now. */
static void
rates_do_not_depend_on_how_it_came_to_be(void **state)
{
	unsigned dice = 1;

	(void)state;
	for (int round = 0; round < 200; round++) {
		struct cores a, b;
		struct cores_group *ga[6], *gb[6];
		int threads[6] = { 0 };
		cores_init(&a, 1 + round % 7, 0);
		cores_init(&b, 1 + round % 7, 0);
		for (int i = 0; i < 6; i++)
			ga[i] = cores_group_new(&a, 100 + 300 * i, i % 3 == 2 ? 0.7 : INFINITY);
		for (int step = 0; step < 40; step++) {
			int i, more;
			dice = dice * 1103515245 + 12345;
			i = (int)(dice >> 16) % 6;
			more = (int)(dice >> 24) % 5 - 2;
			more = threads[i] + more < 0 ? -threads[i] : more;
			threads[i] += more;
			cores_hold(&a, ga[i], more);
		}
		for (int i = 5; i >= 0; i--)
			cores_hold(&b, gb[i] = cores_group_new(&b, 100 + 300 * i,
			    i % 3 == 2 ? 0.7 : INFINITY), threads[i]);
		for (int i = 0; i < 6; i++)
			near(cores_group_rate(ga[i]), cores_group_rate(gb[i]));
		near(a.busy, b.busy);
		near(cores_runnable(&a), cores_runnable(&b));
		assert_int_equal(a.scarce, b.scarce);
		cores_fini(&a);
		cores_fini(&b);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cores_go_to_groups_first_and_to_threads_within),
		cmocka_unit_test(weights_quotas_and_what_is_left_over_count),
		cmocka_unit_test(jobs_end_exactly_when_their_work_is_done),
		cmocka_unit_test(being_late_changes_nothing_and_work_is_conserved),
		cmocka_unit_test(who_waits_for_pages_wants_no_core),
		cmocka_unit_test(rates_do_not_depend_on_how_it_came_to_be),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
