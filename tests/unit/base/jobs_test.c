/* Jobs: done in another thread, one after the other; the queue is bounded; a job may outlive its owner. */
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/jobs.h"

struct sum {
	struct job	 job;
	int		 n, out;
};

static struct jobs *jobs;
static int done, freed, last;
static atomic_bool gate;	/* work waits for it */
static pthread_t loop_thread;
static atomic_int policy;	/* of the thread that works */

static void
work(struct job *j)
{
	struct sum *s = (struct sum *)j;

	assert_false(pthread_equal(pthread_self(), loop_thread));
	policy = sched_getscheduler(0);
	while (!gate)
		poll(NULL, 0, 1);
	s->out = s->n + 1;
}

static void
is_done(struct job *j)
{
	struct sum *s = (struct sum *)j;

	assert_true(pthread_equal(pthread_self(), loop_thread));
	assert_int_equal(s->out, s->n + 1);
	last = s->n;
	done++;
	free(s);
}

static void
is_free(struct job *j)
{
	freed++;
	free(j);
}

static struct sum *
sum_new(int n, uint64_t whose)
{
	struct sum *s = calloc(1, sizeof *s);

	s->n = n;
	s->job = (struct job){ .work = work, .done = is_done, .free = is_free, .whose = whose };
	return s;
}

static void
until_done(int n)
{
	struct pollfd p = { .fd = jobs_fd(jobs), .events = POLLIN };

	while (done + freed < n) {
		assert_int_equal(poll(&p, 1, 20000), 1);
		jobs_turn(jobs);
	}
}

static int
setup(void **state)
{
	(void)state;
	loop_thread = pthread_self();
	jobs = jobs_new(8);
	done = freed = 0;
	gate = true;
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	gate = true;
	jobs_free(&jobs);
	return 0;
}

static void
they_are_done_in_their_order(void **state)
{
	(void)state;
	for (int i = 0; i < 20; i++) {
		assert_true(jobs_add(jobs, &sum_new(i, 0)->job));
		until_done(i + 1);
		assert_int_equal(last, i);
	}
	assert_int_equal(freed, 0);
}

/* On a core that both want, the loop has it at once. */
static void
their_thread_stands_back(void **state)
{
	(void)state;
	assert_true(jobs_add(jobs, &sum_new(1, 0)->job));
	until_done(1);
	assert_int_equal(policy, SCHED_IDLE);
}

static void
the_queue_is_bounded(void **state)
{
	struct sum *one = sum_new(99, 99);

	(void)state;
	gate = false;
	for (int i = 0; i < 8; i++)
		assert_true(jobs_add(jobs, &sum_new(i, (uint64_t)i)->job));
	assert_false(jobs_add(jobs, &one->job));
	gate = true;
	until_done(8);
	assert_true(jobs_add(jobs, &one->job));
	until_done(9);
	assert_int_equal(last, 99);
}

static void
nobody_gets_more_than_a_quarter(void **state)
{
	struct sum *one = sum_new(3, 7);

	(void)state;
	gate = false;
	assert_true(jobs_add(jobs, &sum_new(1, 7)->job));
	assert_true(jobs_add(jobs, &sum_new(2, 7)->job));
	assert_false(jobs_add(jobs, &one->job));
	assert_true(jobs_add(jobs, &sum_new(4, 8)->job));
	gate = true;
	until_done(3);
	assert_true(jobs_add(jobs, &one->job));
	until_done(4);
}

static void
what_is_dropped_is_freed_and_not_done(void **state)
{
	struct sum *first = sum_new(1, 1), *second = sum_new(2, 2);

	(void)state;
	gate = false;
	assert_true(jobs_add(jobs, &first->job));
	assert_true(jobs_add(jobs, &second->job));
	jobs_drop(jobs, &second->job);
	assert_int_equal(freed, 1);
	jobs_drop(jobs, &first->job);	/* maybe under way */
	gate = true;
	until_done(2);
	assert_int_equal(freed, 2);
	assert_int_equal(done, 0);
}

static void
the_end_waits_for_the_one_under_way(void **state)
{
	(void)state;
	for (int i = 0; i < 4; i++)
		assert_true(jobs_add(jobs, &sum_new(i, (uint64_t)i)->job));
	jobs_free(&jobs);
	assert_int_equal(done, 0);
	assert_int_equal(freed, 4);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = { T(they_are_done_in_their_order), T(their_thread_stands_back), T(the_queue_is_bounded), T(nobody_gets_more_than_a_quarter),
		T(what_is_dropped_is_freed_and_not_done), T(the_end_waits_for_the_one_under_way) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
