/* limits: requests in flight and rates, by limiter and source; full tables; workers that die; two that count at once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "world/limits.h"

#define MSEC	INT64_C(1000000)
#define SEC	(1000 * MSEC)

static struct limits *l;

static int
setup(void **state)
{
	(void)state;
	l = mmap(NULL, sizeof *l, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(l, MAP_FAILED);
	limits_init(l);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	return munmap(l, sizeof *l);
}

static uint64_t
limiter(const char *router)
{
	return limits_limiter(l, &(struct limits_owner){ STR("web"), str_of(router), STR("m"), 0 });
}

static struct str
number(int i)
{
	static char text[16];

	snprintf(text, sizeof text, "%d", i);
	return str_of(text);
}

static void
limiters_are_apart(void **state)
{
	(void)state;
	assert_true(limiter("a") == limiter("a"));
	assert_true(limiter("a") != limiter("b"));
	assert_true(limiter("a") != limits_limiter(l, &(struct limits_owner){ STR("web"), STR("a"), STR("m"), 1 }));
	assert_true(limiter("a") != limits_limiter(l, &(struct limits_owner){ STR("other"), STR("a"), STR("m"), 0 }));
}

static void
so_many_of_a_source_are_in_flight(void **state)
{
	uint32_t a, b, other;

	(void)state;
	a = limits_fly(l, 0, limiter("r"), STR("x"), 2);
	b = limits_fly(l, 1, limiter("r"), STR("x"), 2);
	assert_int_not_equal(a, LIMITS_NOWHERE);
	assert_int_equal(b, a);
	assert_int_equal(limits_fly(l, 0, limiter("r"), STR("x"), 2), LIMITS_NOWHERE);
	assert_int_equal(limits_fly(l, 2, limiter("r"), STR("x"), 2), LIMITS_NOWHERE);
	other = limits_fly(l, 0, limiter("r"), STR("y"), 2);
	assert_int_not_equal(other, LIMITS_NOWHERE);
	assert_int_not_equal(limits_fly(l, 0, limiter("s"), STR("x"), 1), LIMITS_NOWHERE);
	limits_land(l, 1, b);
	assert_int_not_equal(limits_fly(l, 0, limiter("r"), STR("x"), 2), LIMITS_NOWHERE);
	assert_int_equal(limits_fly(l, 0, limiter("r"), STR(""), 0), LIMITS_NOWHERE);
	assert_int_not_equal(limits_fly(l, 0, limiter("r"), STR(""), 1), LIMITS_NOWHERE);
}

static void
a_dead_worker_gives_back_what_it_had(void **state)
{
	(void)state;
	limits_fly(l, 3, limiter("r"), STR("x"), 2);
	limits_fly(l, 4, limiter("r"), STR("x"), 2);
	limits_forget_worker(l, 3);
	assert_int_not_equal(limits_fly(l, 5, limiter("r"), STR("x"), 2), LIMITS_NOWHERE);
	assert_int_equal(limits_fly(l, 5, limiter("r"), STR("x"), 2), LIMITS_NOWHERE);
}

/* Whoever comes when all places are taken shares one: it may be sent away too early, but none of a limiter's sources gets more. */
static void
a_full_table_lets_nobody_have_more(void **state)
{
	int flown = 0, n = 2 * LIMITS_FLIGHTS;
	uint32_t *place = must_zalloc((size_t)n * sizeof *place);

	(void)state;
	for (int i = 0; i < n; i++)
		flown += (place[i] = limits_fly(l, 0, limiter("r"), number(i), 1)) != LIMITS_NOWHERE;
	assert_true(flown > LIMITS_FLIGHTS / 2 && flown <= LIMITS_FLIGHTS * 3 / 4 + 256);
	for (int i = 0; i < n; i++)
		assert_int_equal(limits_fly(l, 0, limiter("r"), number(i), 1), LIMITS_NOWHERE);
	/* another limiter has room for its own, but for two that meet by chance and share */
	flown = 0;
	for (int i = 0; i < 200; i++) {
		flown += limits_fly(l, 0, limiter("s"), number(i), 1) != LIMITS_NOWHERE;
		assert_int_equal(limits_fly(l, 0, limiter("s"), number(i), 1), LIMITS_NOWHERE);
	}
	assert_true(flown >= 190);
	for (int i = 0; i < n; i++)
		if (place[i] != LIMITS_NOWHERE)
			limits_land(l, 0, place[i]);
	/* nor are all of a thousand alone: a few are more than a set of places takes, and two of these may meet */
	flown = 0;
	for (int i = 0; i < 1000; i++)
		flown += limits_fly(l, 0, limiter("t"), number(i), 1) != LIMITS_NOWHERE;
	assert_true(flown >= 990);
	free(place);
}

#define RATE(n, usual) { .each_nsec = SEC / (n), .wait_nsec = SEC / (n) / 2, .burst = usual }

static int64_t
spend(const char *source, const struct limits_rate *r, int64_t now)
{
	return limits_spend(l, limiter("r"), str_of(source), r, now);
}

/* What Go's rate.Limiter says at the same moments. */
static void
a_rate_is_a_bucket_of_tokens(void **state)
{
	struct limits_rate r = RATE(10, 3);
	int64_t now = 1000 * SEC;

	(void)state;
	for (int i = 0; i < 3; i++)
		assert_true(spend("x", &r, now) == 0);
	assert_true(spend("x", &r, now) == 100 * MSEC);		/* more than it may wait: not taken */
	assert_true(spend("x", &r, now) == 100 * MSEC);
	assert_true(spend("y", &r, now) == 0);
	assert_true(spend("x", &r, now + 60 * MSEC) == 40 * MSEC);	/* soon: taken */
	assert_true(spend("x", &r, now + 60 * MSEC) == 140 * MSEC);
	assert_true(spend("x", &r, now + 150 * MSEC) == 50 * MSEC);
	assert_true(spend("x", &r, now + 299 * MSEC) == 1 * MSEC);
	/* full again, and not fuller */
	now += 3600 * SEC;
	for (int i = 0; i < 3; i++)
		assert_true(spend("x", &r, now) == 0);
	assert_true(spend("x", &r, now) == 100 * MSEC);
}

static void
numbers_may_be_large(void **state)
{
	struct limits_rate huge = { .each_nsec = INT64_MAX / 4, .wait_nsec = SEC / 2, .burst = INT64_MAX };
	struct limits_rate one = { .each_nsec = INT64_MAX / 4, .wait_nsec = SEC / 2, .burst = 1 };
	struct limits_rate free = { .each_nsec = 0, .wait_nsec = 0, .burst = 1 };

	(void)state;
	assert_true(spend("huge", &huge, SEC) == 0);
	assert_true(spend("huge", &huge, SEC) > SEC);
	assert_true(spend("one", &one, SEC) == 0);
	assert_true(spend("one", &one, SEC) > SEC);
	for (int i = 0; i < 1000; i++)
		assert_true(spend("free", &free, SEC) == 0);
}

/* More sources than places: what one has spent is not forgotten for the others, and a source that comes then is served, too. */
static void
a_flood_of_sources_opens_nothing(void **state)
{
	struct limits_rate r = RATE(1, 5);
	int64_t now = 1000 * SEC;
	int passed = 0;

	(void)state;
	for (int i = 0; i < 5; i++)
		assert_true(spend("victim", &r, now) == 0);
	for (int i = 0; i < 3 * LIMITS_RATES; i++)
		passed += limits_spend(l, limiter("r"), number(i), &r, now) == 0;
	assert_true(passed > LIMITS_RATES / 2 && passed <= LIMITS_RATES * 3 / 4 + 256 * 5);
	assert_true(spend("victim", &r, now) > 0);
	/* those of another limiter have all that they may */
	for (int i = 0; i < 6 * 200; i++)
		assert_true((limits_spend(l, limiter("s"), number(i % 200), &r, now) == 0) == (i < 5 * 200));
	/* and when it is over, nothing of it is left */
	now += 6 * SEC;
	for (int i = 0; i < 5; i++)
		assert_true(spend("victim", &r, now) == 0);
}

/* Two processes try for the same at once: together they get no more than there is. */
static void
workers_count_together(void **state)
{
	struct limits_rate r = { .each_nsec = SEC, .wait_nsec = 0, .burst = 5000 };
	int passed = 0, status;
	uint32_t at;
	pid_t pid;

	(void)state;
	spend("x", &r, SEC);
	at = limits_fly(l, 2, limiter("f"), STR("x"), 50);
	if ((pid = fork()) == 0) {
		for (int i = 0; i < 5000; i++) {
			uint32_t mine = limits_fly(l, 1, limiter("f"), STR("x"), 50);
			passed += spend("x", &r, SEC) == 0;
			if (mine != LIMITS_NOWHERE)
				limits_land(l, 1, mine);
		}
		_exit(passed / 25);
	}
	for (int i = 0; i < 5000; i++) {
		uint32_t mine = limits_fly(l, 0, limiter("f"), STR("x"), 50);
		passed += spend("x", &r, SEC) == 0;
		if (mine != LIMITS_NOWHERE)
			limits_land(l, 0, mine);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	passed += WEXITSTATUS(status) * 25;
	assert_true(passed > 4999 - 25 && passed <= 4999);
	limits_land(l, 2, at);
	for (int i = 0; i < 50; i++)
		assert_int_not_equal(limits_fly(l, 0, limiter("f"), STR("x"), 50), LIMITS_NOWHERE);
}

struct inside {
	_Atomic int	 now, too_many, got;
};

static void
go_in_and_out(unsigned worker, struct inside *in)
{
	for (int i = 0; i < 20000; i++) {
		uint32_t mine = limits_fly(l, worker, limiter("f"), STR("x"), 1);
		if (mine == LIMITS_NOWHERE)
			continue;
		if (atomic_fetch_add(&in->now, 1) != 0)
			atomic_fetch_add(&in->too_many, 1);
		atomic_fetch_add(&in->got, 1);
		atomic_fetch_sub(&in->now, 1);
		limits_land(l, worker, mine);
	}
}

static void
never_are_there_two_where_one_may_be(void **state)
{
	struct inside *in = mmap(NULL, sizeof *in, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int status;
	pid_t pid;

	(void)state;
	assert_ptr_not_equal(in, MAP_FAILED);
	limits_land(l, 0, limits_fly(l, 0, limiter("f"), STR("x"), 1));
	if ((pid = fork()) == 0) {
		go_in_and_out(1, in);
		_exit(0);
	}
	go_in_and_out(0, in);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(in->too_many, 0);
	assert_true(in->got > 100);
	munmap(in, sizeof *in);
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = { T(limiters_are_apart), T(so_many_of_a_source_are_in_flight), T(a_dead_worker_gives_back_what_it_had),
		T(a_full_table_lets_nobody_have_more), T(a_rate_is_a_bucket_of_tokens), T(numbers_may_be_large), T(a_flood_of_sources_opens_nothing),
		T(workers_count_together), T(never_are_there_two_where_one_may_be) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
