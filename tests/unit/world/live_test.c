/* live: columns of workers, what a dead worker leaves, ejection and its end. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/clock.h"
#include "world/live.c"
#include "../between.h"

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

	live_count_response(l, 9, 200, 1000);
	live_count_response(l, 9, 499, 0);
	live_count_response(l, 9, 500, 200);
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
	live_stopped(l, LIVE_BRAIN);
	live_started(l, LIVE_BRAIN, 43);
	live_stopped(l, 2);
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

/* A worker that runs and has an older table, or none, may still send requests by it. */
static void
a_table_is_in_force_when_all_workers_that_run_have_it(void **state)
{
	struct live *l = *state;

	assert_false(live_table_reached_all(l, 1));	/* none runs */
	assert_false(live_table_reached_any(l));
	live_started(l, 0, 40);
	live_started(l, 1, 41);
	live_started(l, 2, 42);
	live_set_table(l, 0, 7);
	live_set_table(l, 1, 7);
	assert_false(live_table_reached_all(l, 1));	/* the last one has just been started */
	assert_true(live_table_reached_any(l));
	live_set_table(l, 2, 6);
	assert_false(live_table_reached_all(l, 7));
	assert_true(live_table_reached_all(l, 6));
	live_set_table(l, 2, 8);
	assert_true(live_table_reached_all(l, 7));
	assert_false(live_table_reached_all(l, 8));
	assert_int_equal(live_table(l, 2), 8);
}

static void
a_dead_worker_has_no_table(void **state)
{
	struct live *l = *state;

	live_started(l, 0, 40);
	live_started(l, 1, 41);
	live_set_table(l, 0, 7);
	live_set_table(l, 1, 8);
	live_stopped(l, 0);
	live_forget_worker(l, 0);
	assert_true(live_table_reached_all(l, 8));	/* its successor begins with what the other one has */
	live_started(l, 0, 42);
	assert_false(live_table_reached_all(l, 1));
	live_set_table(l, 0, 8);
	assert_true(live_table_reached_all(l, 8));
	live_stopped(l, 0);
	live_forget_worker(l, 0);
	live_stopped(l, 1);
	live_forget_worker(l, 1);
	assert_false(live_table_reached_all(l, 1));	/* nobody is there to have it */
	assert_false(live_table_reached_any(l));
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
	assert_between(pages, 1, 64);
	free(resident);
	munmap(memory, bytes);
}

static void
a_cause_is_kept_as_it_was_given(void **state)
{
	struct live *l = *state;
	struct live_task t;

	live_task_read(l, 1, &t);
	assert_null(t.ejected_cause.why);
	assert_true(live_eject(l, 1, (struct live_cause){ WHY_UPSTREAM_STATUS, 503 }, 1));
	assert_false(live_eject(l, 1, (struct live_cause){ WHY_CONNECT_REFUSED, 0 }, 1));	/* it is already */
	live_set_health_cause(l, 1, (struct live_cause){ WHY_CONNECT_TIMEOUT, 0 });
	live_task_read(l, 1, &t);
	assert_ptr_equal(t.ejected_cause.why, WHY_UPSTREAM_STATUS);
	assert_int_equal(t.ejected_cause.status, 503);
	assert_ptr_equal(t.health_cause.why, WHY_CONNECT_TIMEOUT);
	assert_int_equal(t.health_cause.status, 0);
	assert_int_equal(t.ejections, 1);
	assert_true(live_has_ejected(l, 1));
	assert_false(live_has_ejected(l, 2 * USEC_PER_SEC));
}

/* Of those that are not down, more than the part: half, where none is set. */
static void
a_census_says_when_ejections_do_not_count(void **state)
{
	struct live *l = *state;
	struct live_census c = { 0 }, d = { 0 };

	live_set_health(l, 0, HEALTH_DOWN);
	live_eject(l, 0, (struct live_cause){ WHY_UPSTREAM_GONE, 0 }, 1);
	live_eject(l, 1, (struct live_cause){ WHY_UPSTREAM_GONE, 0 }, 1);
	for (unsigned i = 0; i < 3; i++)
		live_census_add(l, i, 1, &c);
	assert_false(live_census_all(&c, 0));
	assert_false(live_census_all(&c, 50));
	assert_true(live_census_all(&c, 49));
	live_set_health(l, 2, HEALTH_DOWN);
	for (unsigned i = 0; i < 3; i++)
		live_census_add(l, i, 1, &d);
	assert_true(live_census_all(&d, 0));
	assert_false(live_census_all(&d, 100));
}

static void
what_changes_a_state_changes_the_serial(void **state)
{
	struct live *l = *state;
	uint32_t was = live_state_serial(l);

	live_set_health(l, 3, HEALTH_UNKNOWN);		/* as it was */
	assert_int_equal(live_state_serial(l), was);
	live_set_health(l, 3, HEALTH_UP);
	assert_int_not_equal(live_state_serial(l), was);
	was = live_state_serial(l);
	live_eject(l, 3, (struct live_cause){ WHY_UPSTREAM_GONE, 0 }, 1);
	assert_int_not_equal(live_state_serial(l), was);
	was = live_state_serial(l);
	live_reset_task(l, 3);
	assert_int_not_equal(live_state_serial(l), was);
}

static void
down_is_not_usable_and_unknown_is(void **state)
{
	struct live *l = *state;

	assert_true(live_is_usable(l, 3, 1));
	live_set_health(l, 3, HEALTH_DOWN);
	assert_false(live_is_usable(l, 3, 1));
	live_set_health(l, 3, HEALTH_UP);
	assert_true(live_is_usable(l, 3, 1));
}

static void
a_new_life_begins_clean(void **state)
{
	struct live *l = *state;
	struct live_task t;

	live_take(l, 0, 0, 4);
	live_give(l, 0, 0, 4);
	live_set_health(l, 4, HEALTH_DOWN);
	live_count_failure(l, 4, (struct live_cause){ WHY_UPSTREAM_STATUS, 503 }, 7);
	live_task_read(l, 4, &t);
	assert_ptr_equal(t.failure.why, WHY_UPSTREAM_STATUS);
	assert_true(t.failure.status == 503 && t.failed_usec == 7);
	live_eject(l, 4, (struct live_cause){ WHY_CONNECT_REFUSED, 0 }, 1);
	live_reset_task(l, 4);
	live_task_read(l, 4, &t);
	assert_int_equal(t.requests, 0);
	assert_int_equal(t.failures, 0);
	assert_null(t.failure.why);
	assert_int_equal(t.health, HEALTH_UNKNOWN);
	assert_true(live_is_usable(l, 4, 1));
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

/* Of a service each worker counts for itself; a task that begins anew begins with nothing. */
static void
durations_and_errors_are_counted_by_task_and_service(void **state)
{
	struct live *l = *state;
	static struct live_traffic t;

	live_count_response(l, 9, 200, 1000);
	live_observe_service(l, 0, 3, 1000);
	live_observe_service(l, 2, 3, 1000);
	live_observe_service(l, 2, 4, 1000);
	live_count_task_error(l, 9, (struct live_cause){ WHY_CONNECT_REFUSED, 0 });
	live_count_service_error(l, 3, (struct live_cause){ WHY_NO_LIVE_TASK, 503 });
	live_task_traffic(l, 9, &t);
	assert_int_equal(t.step[latency_step(1000)], 1);
	assert_ptr_equal(t.cause[0].why, WHY_CONNECT_REFUSED);
	assert_int_equal(t.error[0], 1);
	live_forget_worker(l, 2);		/* what was counted stays */
	live_service_traffic(l, 3, &t);
	assert_int_equal(t.step[latency_step(1000)], 2);
	assert_int_equal(live_service_step_total(l, 3, latency_step(1000)), 2);
	assert_true(live_service_duration_sum_seconds(l, 3) > 0.00199 && live_service_duration_sum_seconds(l, 3) < 0.00201);
	assert_int_equal(t.cause[0].status, 503);
	live_reset_task(l, 9);
	live_reset_service(l, 3);
	live_task_traffic(l, 9, &t);
	assert_int_equal(t.step[latency_step(1000)] + t.error[0], 0);
	assert_null(t.cause[0].why);
	live_service_traffic(l, 3, &t);
	assert_int_equal(t.step[latency_step(1000)] + t.error[0], 0);
	assert_int_equal(t.lives, 1);
	live_service_traffic(l, 4, &t);
	assert_int_equal(t.step[latency_step(1000)], 1);
}

/* Steps that lie apart take memory of their own, which the slot's next tenant begins without. */
static void
durations_of_a_task_lie_in_blocks(void **state)
{
	struct live *l = *state;
	static struct live_traffic t;

	live_reset_task(l, 9);
	for (unsigned i = 0; i < LATENCY_STEPS; i++)
		for (unsigned k = 0; k <= i % 3; k++)
			live_count_response(l, 9, 200, latency_begin_usec(i));
	live_count_response(l, 10, 200, 1000);
	live_task_traffic(l, 9, &t);
	for (unsigned i = 0; i < LATENCY_STEPS; i++)
		assert_int_equal(t.step[i], 1 + i % 3);
	assert_int_equal(l->blocks, TASK_BLOCKS + 1);
	live_reset_task(l, 9);
	live_task_traffic(l, 9, &t);
	for (unsigned i = 0; i < LATENCY_STEPS; i++)
		assert_int_equal(t.step[i], 0);
	live_count_response(l, 9, 200, 1000);
	assert_int_equal(l->blocks, TASK_BLOCKS + 1);
	live_task_traffic(l, 10, &t);
	assert_int_equal(t.step[latency_step(1000)], 1);
	/* none is left, and a number that cannot be: nothing is counted, nothing breaks */
	l->task_traffic[12].block[latency_step(1000) / BLOCK_STEPS] = UINT32_MAX;
	live_count_response(l, 12, 200, 1000);
	l->blocks = BLOCKS_MAX - WORKERS_MAX;
	live_count_response(l, 11, 200, 1000);
	live_reset_task(l, 12);
	for (unsigned i = 11; i < 13; i++) {
		live_task_traffic(l, i, &t);
		assert_int_equal(t.step[latency_step(1000)], 0);
	}
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
		TEST(a_table_is_in_force_when_all_workers_that_run_have_it),
		TEST(a_dead_worker_has_no_table),
		TEST(forgetting_a_worker_touches_no_more_than_it_did),
		TEST(a_cause_is_kept_as_it_was_given),
		TEST(a_census_says_when_ejections_do_not_count),
		TEST(what_changes_a_state_changes_the_serial),
		TEST(down_is_not_usable_and_unknown_is),
		TEST(a_new_life_begins_clean),
		TEST(durations_fall_into_their_buckets),
		TEST(durations_and_errors_are_counted_by_task_and_service),
		TEST(durations_of_a_task_lie_in_blocks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
