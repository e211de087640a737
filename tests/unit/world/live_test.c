/* live: columns of workers, what a dead worker leaves, ejection and its end. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "world/live.c"

static int
setup(void **state)
{
	void *memory;

	if (posix_memalign(&memory, 64, live_bytes()) != 0)
		return -1;
	memset(memory, 0, live_bytes());
	*state = live_init(memory, 3);
	return 0;
}

static int
teardown(void **state)
{
	free(*state);
	return 0;
}

static void
every_worker_sees_what_the_others_took(void **state)
{
	struct live *l = *state;

	live_take(l, 0, 7, 100);
	live_take(l, 1, 7, 101);
	live_take(l, 2, 8, 100);
	assert_int_equal(live_node_inflight(l, 7), 2);
	assert_int_equal(live_task_inflight(l, 100), 2);
	live_give(l, 1, 7, 101);
	assert_int_equal(live_node_inflight(l, 7), 1);
	assert_int_equal(live_task_inflight(l, 101), 0);
}

static void
what_a_task_answered_is_added_up(void **state)
{
	struct live *l = *state;
	struct live_task t;

	live_answered(l, 9, 200, 1000);
	live_answered(l, 9, 499, 0);
	live_answered(l, 9, 500, 200);
	live_task_read(l, 9, &t);
	assert_int_equal(t.errors, 1);
	assert_int_equal(t.duration_usec, 1200);
	live_reset_task(l, 9);
	live_task_read(l, 9, &t);
	assert_int_equal(t.errors, 0);
	assert_int_equal(t.duration_usec, 0);
}

static void
processes_are_remembered_beyond_their_death(void **state)
{
	struct live *l = *state;

	assert_int_equal(live_process(l, LIVE_BRAIN).starts, 0);
	live_started(l, LIVE_BRAIN, 41);
	live_started(l, 2, 42);
	live_ceased(l, LIVE_BRAIN);
	live_started(l, LIVE_BRAIN, 43);
	live_ceased(l, 2);
	assert_int_equal(live_process(l, LIVE_BRAIN).pid, 43);
	assert_int_equal(live_process(l, LIVE_BRAIN).starts, 2);
	assert_int_equal(live_process(l, 2).pid, 0);
	assert_int_equal(live_process(l, 2).starts, 1);
}

static void
a_dead_worker_takes_its_requests_with_it_and_nobody_elses(void **state)
{
	struct live *l = *state;

	live_take(l, 0, 7, 100);
	live_take(l, 1, 7, 100);
	live_take(l, 1, NODES_MAX - 1, TASKS_MAX - 1);
	live_gauge_add(l, 1, LIVE_CLIENTS, 5);
	live_gauge_add(l, 0, LIVE_CLIENTS, 2);
	live_forget_worker(l, 1);
	assert_int_equal(live_node_inflight(l, 7), 1);
	assert_int_equal(live_node_inflight(l, NODES_MAX - 1), 0);
	assert_int_equal(live_task_inflight(l, TASKS_MAX - 1), 0);
	assert_int_equal(live_gauge_total(l, LIVE_CLIENTS), 2);
	live_give(l, 0, 7, 100);
	assert_int_equal(live_task_inflight(l, 100), 0);
}

/* Shared pages that nobody wrote cost memory once they are read. */
static void
forgetting_a_worker_touches_no_more_than_it_did(void **state)
{
	size_t bytes = live_bytes(), pages = 0;
	void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	unsigned char *resident = calloc(bytes / 4096 + 1, 1);
	struct live *l;

	(void)state;
	assert_ptr_not_equal(memory, MAP_FAILED);
	l = live_init(memory, 1);
	live_take(l, 0, 1, 3);
	live_forget_worker(l, 0);
	assert_int_equal(live_task_inflight(l, 3), 0);
	assert_int_equal(mincore(memory, bytes, resident), 0);
	for (size_t i = 0; i < bytes / 4096; i++)
		pages += resident[i] & 1;
	assert_in_range(pages, 1, 64);
	free(resident);
	munmap(memory, bytes);
}

static void
three_refusals_in_a_row_eject(void **state)
{
	struct live *l = *state;
	int64_t now = 50 * USEC_PER_SEC;

	live_ended(l, 1, WHY_CONNECT_REFUSED, now);
	live_ended(l, 1, WHY_CONNECT_TIMEOUT, now);
	assert_true(live_usable(l, 1, now));
	live_ended(l, 1, WHY_CONNECT_FAILED, now);
	assert_false(live_usable(l, 1, now));
	assert_false(live_usable(l, 1, now + USEC_PER_SEC - 1));
	assert_true(live_usable(l, 1, now + USEC_PER_SEC));
	live_ended(l, 1, WHY_CONNECT_REFUSED, now + USEC_PER_SEC);	/* the probe that followed failed too */
	assert_false(live_usable(l, 1, now + 3 * USEC_PER_SEC - 1));
	for (int i = 1; i < 100; i++)
		live_ended(l, 1, WHY_CONNECT_REFUSED, now + i * 60 * USEC_PER_SEC);
	assert_false(live_usable(l, 1, now + 99 * 60 * USEC_PER_SEC + 30 * USEC_PER_SEC - 1));
	assert_true(live_usable(l, 1, now + 99 * 60 * USEC_PER_SEC + 30 * USEC_PER_SEC));	/* never longer */
}

static void
a_burst_of_refusals_is_one_refusal(void **state)
{
	struct live *l = *state;

	for (int i = 0; i < 100; i++)
		live_ended(l, 1, WHY_CONNECT_REFUSED, 5);
	assert_false(live_usable(l, 1, 5));
	assert_true(live_usable(l, 1, 5 + USEC_PER_SEC));
}

static void
a_success_in_between_starts_the_count_anew(void **state)
{
	struct live *l = *state;

	for (int i = 0; i < 10; i++)
		live_ended(l, 1, i % 3 == 2 ? WHY_COMPLETE : WHY_CONNECT_REFUSED, 1);
	assert_true(live_usable(l, 1, 1));
	for (int i = 0; i < 3; i++)
		live_ended(l, 1, WHY_CONNECT_REFUSED, 1);
	assert_false(live_usable(l, 1, 1));
	live_ended(l, 1, NULL, 1);
	assert_true(live_usable(l, 1, 1));
}

static void
only_what_blames_the_task_counts_as_its_failure(void **state)
{
	struct live *l = *state;
	struct live_task t;

	live_ended(l, 2, WHY_UPSTREAM_GONE, 1);
	live_ended(l, 2, WHY_CLIENT_GONE, 1);
	live_ended(l, 2, WHY_COMPLETE, 1);
	live_ended(l, 2, WHY_UPSTREAM_SLOW_HEAD, 1);
	live_task_read(l, 2, &t);
	assert_int_equal(t.failures, 2);
	assert_true(live_usable(l, 2, 1));
}

static void
down_is_not_usable_and_unknown_is(void **state)
{
	struct live *l = *state;

	assert_true(live_usable(l, 3, 1));
	live_set_health(l, 3, HEALTH_DOWN);
	assert_false(live_usable(l, 3, 1));
	live_set_health(l, 3, HEALTH_UP);
	assert_true(live_usable(l, 3, 1));
}

static void
a_new_life_begins_clean(void **state)
{
	struct live *l = *state;
	struct live_task t;

	live_take(l, 0, 0, 4);
	live_give(l, 0, 0, 4);
	live_set_health(l, 4, HEALTH_DOWN);
	for (int i = 0; i < 3; i++)
		live_ended(l, 4, WHY_CONNECT_REFUSED, 1);
	live_reset_task(l, 4);
	live_task_read(l, 4, &t);
	assert_int_equal(t.requests, 0);
	assert_int_equal(t.failures, 0);
	assert_int_equal(t.health, HEALTH_UNKNOWN);
	assert_true(live_usable(l, 4, 1));
}

static void
durations_fall_into_their_buckets(void **state)
{
	struct live *l = *state;
	uint64_t all = 0;

	live_observe(l, 0, 400);
	live_observe(l, 1, 500);
	live_observe(l, 2, 501);
	live_observe(l, 0, 3600 * USEC_PER_SEC);
	assert_int_equal(live_bucket_total(l, 0), 2);
	assert_int_equal(live_bucket_total(l, 1), 1);
	assert_int_equal(live_bucket_total(l, LIVE_BUCKETS - 1), 1);
	for (unsigned b = 0; b < LIVE_BUCKETS; b++)
		all += live_bucket_total(l, b);
	assert_int_equal(all, 4);
	assert_true(live_duration_sum_seconds(l) > 3600 && live_duration_sum_seconds(l) < 3600.01);
	live_count_why(l, 0, WHY_NO_ROUTE);
	live_count_why(l, 2, WHY_NO_ROUTE);
	assert_int_equal(live_why_total(l, WHY_NO_ROUTE->id), 2);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(every_worker_sees_what_the_others_took),
		TEST(what_a_task_answered_is_added_up),
		TEST(processes_are_remembered_beyond_their_death),
		TEST(a_dead_worker_takes_its_requests_with_it_and_nobody_elses),
		TEST(forgetting_a_worker_touches_no_more_than_it_did),
		TEST(three_refusals_in_a_row_eject),
		TEST(a_burst_of_refusals_is_one_refusal),
		TEST(a_success_in_between_starts_the_count_anew),
		TEST(only_what_blames_the_task_counts_as_its_failure),
		TEST(down_is_not_usable_and_unknown_is),
		TEST(a_new_life_begins_clean),
		TEST(durations_fall_into_their_buckets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
