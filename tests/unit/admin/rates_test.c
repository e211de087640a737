/* rates: what windows hold of durations and errors, of tasks and services that come, go and return. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "admin/looks.c"
#include "admin/rates.c"

#define MSEC USEC_PER_MSEC

struct stage {
	struct live	*live;
	struct phys	*phys;
	struct world	*world;
	struct rates	*rates;
	int64_t		 now;
};

static const struct service_conf plain = { .connect_usec = 1, .response_usec = 1, .idle_usec = 1, .tunnel_usec = 1 };

static void
pass(struct stage *s, bool web)
{
	struct route_conf r = { .host = (char *)(uintptr_t)"", .path = (char *)(uintptr_t)"/" };
	struct world_service *ws;
	struct addr a;

	world_pass_begin(s->world);
	world_pass_node(s->world, &(struct world_node){ .name = (char *)(uintptr_t)"alpha" });
	if (web) {
		ws = world_pass_service(s->world, "web", &plain, &r, 1);
		assert_null(addr_parse(STR("127.0.0.1:80"), &a));
		world_pass_task(s->world, ws, "web.1", "alpha", &a, false);
	}
	world_pass_end(s->world);
}

static int
setup(void **state)
{
	struct stage *s = must_zalloc(sizeof *s);
	void *memory = aligned_alloc(64, live_bytes());

	s->live = live_init(memset(memory, 0, live_bytes()), 2);
	s->phys = phys_init(must_zalloc(phys_bytes()));
	s->world = world_new(s->live, s->phys);
	s->rates = rates_new();
	s->now = 99 * USEC_PER_SEC;
	pass(s, true);
	*state = s;
	return 0;
}

static int
teardown(void **state)
{
	struct stage *s = *state;

	rates_free(&s->rates);
	world_free(&s->world);
	free(s->live);
	free(s->phys);
	free(s);
	return 0;
}

static unsigned
task(const struct stage *s)
{
	return world_task(s->world, STR("web.1"))->slot;
}

static unsigned
service(const struct stage *s)
{
	return world_service(s->world, STR("web"))->slot;
}

static void
request(struct stage *s, int64_t usec, int status)
{
	live_take(s->live, 0, 0, task(s));
	live_give(s->live, 0, 0, task(s));
	live_count_response(s->live, task(s), status, usec);
	live_observe_service(s->live, s->now / MSEC % 2 == 0, service(s), usec);
	if (status >= 500) {
		live_count_task_error(s->live, task(s), (struct live_cause){ WHY_UPSTREAM_STATUS, status });
		live_count_service_error(s->live, service(s), (struct live_cause){ WHY_UPSTREAM_STATUS, status });
	}
}

/* `n` requests in each of these seconds. */
static void
seconds(struct stage *s, unsigned length, unsigned n, int64_t usec, int status)
{
	for (unsigned i = 0; i < length; i++) {
		for (unsigned k = 0; k < n; k++)
			request(s, usec, status);
		s->now += USEC_PER_SEC;
		rates_tick(s->rates, s->world, s->now);
	}
}

static void
a_window_has_durations_and_errors_of_its_time(void **state)
{
	struct stage *s = *state;
	struct rates_state t, v;

	rates_of_task(s->rates, s->world, task(s), s->now, &t);
	assert_true(t.seconds <= 0 && isnan(t.p50) && t.ncauses == 0);
	seconds(s, 1, 0, 0, 0);
	for (unsigned i = 0; i < 60; i++) {
		seconds(s, 1, 98, 10 * MSEC, 200);
		for (unsigned k = 0; k < 2; k++)
			request(s, 900 * MSEC, 503);
	}
	rates_of_task(s->rates, s->world, task(s), s->now, &t);
	rates_of_service(s->rates, s->world, service(s), s->now, &v);
	assert_true(t.seconds >= 20 && t.seconds <= 30 && v.seconds >= 20 && v.seconds <= 30);
	assert_true(fabs(t.p50 - 0.01) < 0.00064 && fabs(t.p99 - 0.9) < 0.058);
	assert_true(fabs(v.p50 - 0.01) < 0.00064 && fabs(v.p99 - 0.9) < 0.058);
	assert_true(fabs((double)t.requests / t.seconds - 100) < 0.5 && fabs((double)v.errors / v.seconds - 2) < 0.2);
	assert_int_equal(v.ncauses, 1);
	assert_ptr_equal(v.by_cause[0].cause.why, WHY_UPSTREAM_STATUS);
	assert_int_equal(v.by_cause[0].cause.status, 503);
	assert_int_equal(v.by_cause[0].ever, 120);
	assert_int_equal(v.by_cause[0].count, v.errors);
	seconds(s, 31, 0, 0, 0);
	rates_of_task(s->rates, s->world, task(s), s->now, &t);
	assert_true(isnan(t.p50) && t.errors == 0 && t.ncauses == 1);	/* but it is known that there was one */
}

static void
causes_are_bounded_and_the_most_frequent_comes_first(void **state)
{
	struct stage *s = *state;
	struct rates_state t;

	seconds(s, 2, 0, 0, 0);
	for (int i = 0; i < 40; i++)
		live_count_task_error(s->live, task(s), (struct live_cause){ WHY_UPSTREAM_STATUS, 500 + i });
	for (int i = 0; i < 5; i++)
		live_count_task_error(s->live, task(s), (struct live_cause){ WHY_UPSTREAM_STATUS, 503 });
	s->now += USEC_PER_SEC;
	rates_of_task(s->rates, s->world, task(s), s->now, &t);
	assert_int_equal(t.errors, 45);
	assert_int_equal(t.ncauses, LIVE_ERRORS);
	assert_null(t.by_cause[0].cause.why);
	assert_int_equal(t.by_cause[0].count, 40 - (LIVE_ERRORS - 1));
	assert_int_equal(t.by_cause[1].cause.status, 503);
	assert_int_equal(t.by_cause[1].count, 6);
}

static void
steps_are_of_five_seconds_each(void **state)
{
	struct stage *s = *state;
	struct rates_state v;

	seconds(s, 1, 0, 0, 0);
	assert_int_equal(rates_steps(s->rates), 0);
	seconds(s, 5, 10, 5 * MSEC, 200);
	assert_int_equal(rates_steps(s->rates), 1);
	rates_step_of_service(s->rates, service(s), &v);
	assert_true(v.seconds > 4.99 && v.seconds < 5.01);
	assert_int_equal(v.requests, 50);
	seconds(s, 4, 10, 5 * MSEC, 200);
	rates_step_of_service(s->rates, service(s), &v);
	assert_int_equal(v.requests, 50);
	seconds(s, 1, 0, 0, 0);
	rates_step_of_service(s->rates, service(s), &v);
	assert_int_equal(rates_steps(s->rates), 2);
	assert_int_equal(v.requests, 40);
}

/* Its counters are there again, and what was between is of no window. */
static void
one_that_was_away_begins_anew(void **state)
{
	struct stage *s = *state;
	struct rates_state t, v;

	seconds(s, 30, 10, 5 * MSEC, 200);
	pass(s, false);
	for (unsigned i = 0; i < 100; i++) {
		s->now += USEC_PER_SEC;
		rates_tick(s->rates, s->world, s->now);
	}
	pass(s, true);
	rates_of_task(s->rates, s->world, task(s), s->now, &t);
	assert_true(t.seconds <= 0 && isnan(t.p50));
	seconds(s, 3, 10, 40 * MSEC, 200);
	rates_of_task(s->rates, s->world, task(s), s->now, &t);
	rates_of_service(s->rates, s->world, service(s), s->now, &v);
	assert_true(t.seconds < 4 && v.seconds < 4 && t.p50 > 0.035 && v.p50 > 0.035);
	rates_step_of_service(s->rates, service(s), &v);
	assert_true(v.seconds < 6);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_window_has_durations_and_errors_of_its_time),
		TEST(causes_are_bounded_and_the_most_frequent_comes_first),
		TEST(steps_are_of_five_seconds_each),
		TEST(one_that_was_away_begins_anew),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
