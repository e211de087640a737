/* demand, profile, score, guard: what one sample says of one node. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/clock.h"
#include "score/demand.c"
#include "score/guard.c"
#include "score/pressure.c"
#include "score/score.c"

static const struct sample quiet = { .taken_usec = 100 * USEC_PER_SEC, .span_usec = USEC_PER_SEC, .source = SOURCE_AGENT,
    .cores = 4, .busy = 1, .running = 1, .load1 = 1, .memory_total_bytes = 100, .memory_available_bytes = 50 };

static const struct profile *const balanced = &profile_all[PROFILE_BALANCED];

static void
near(double a, double b)
{
	if (fabs(a - b) > 1e-9)
		print_error("%g is not %g\n", a, b);
	assert_true(fabs(a - b) <= 1e-9);
}

static void
busy_speaks_below_saturation_and_running_above(void **state)
{
	(void)state;
	struct sample s = quiet;

	s.running = 3;
	near(demand_of(&s).threads, 1);
	near(demand_of(&s).instant, 0);
	s.running = 9, s.busy = 2;		/* more than cores: a queue that the mean does not show yet */
	near(demand_of(&s).threads, 9);
	near(demand_of(&s).instant, 1);
	s.busy = 3.7, s.running = 3;
	near(demand_of(&s).threads, 3);
	near(demand_of(&s).instant, 1);
	s.running = NAN;
	near(demand_of(&s).threads, 3.7);
}

/* As of a real node_exporter on a node of one core, while nobody else did anything: its own threads are
 * no queue that lasts. */
static void
a_count_goes_for_no_more_than_the_mean_leaves_room_for(void **state)
{
	struct sample s = quiet;

	(void)state;
	s.cores = 1, s.busy = .05, s.running = 3;
	near(demand_of(&s).threads, .05 + .1 * 2.95);
	near(demand_of(&s).instant, .1);
	s.busy = 0;				/* an exporter that had nothing before it to compare with */
	near(demand_of(&s).threads, 0);
	s.busy = .5;				/* a hog since half a second */
	near(demand_of(&s).threads, 3);
	s.busy = .05, s.source = SOURCE_PROMETHEUS;	/* its mean is over minutes */
	near(demand_of(&s).threads, 3);
}

static void
effective_cores_fall_on_a_line_to_a_floor(void **state)
{
	(void)state;
	struct sample s = quiet;
	double last = 1;

	near(pressure_limit(balanced, &s).factor, 1);
	for (s.memory_available_bytes = 20; s.memory_available_bytes > 0; s.memory_available_bytes -= 0.5) {
		double f = pressure_limit(balanced, &s).factor;
		assert_true(f <= last + 1e-12 && last - f < 0.05);	/* never a step */
		last = f;
	}
	near(last, 0.1);
	s.memory_available_bytes = 9;
	near(pressure_limit(balanced, &s).factor, 0.55);	/* half way */
	assert_int_equal(pressure_limit(balanced, &s).by, PRESSURE_RAM);
	s.psi_memory_stalled = 0.6;				/* the scarcer one binds */
	near(pressure_limit(balanced, &s).factor, 0.1);
	assert_int_equal(pressure_limit(balanced, &s).by, PRESSURE_STALLS);
}

static void
what_is_not_known_cuts_nothing(void **state)
{
	(void)state;
	struct sample s = quiet;

	s.memory_available_bytes = s.psi_memory_stalled = NAN;
	near(pressure_limit(balanced, &s).factor, 1);
	s.memory_total_bytes = 0;
	assert_true(isnan(pressure_used(balanced, RESOURCE_RAM, &s)));
}

/* Available memory is a mean over the last samples, the size is of the last one: after a balloon, more may be free than there is. */
static void
a_machine_that_has_lost_memory_is_no_better_than_an_empty_one(void **state)
{
	(void)state;
	const struct profile *ram = &profile_all[PROFILE_RAM];
	struct sample s = quiet;

	s.memory_total_bytes = 40, s.memory_available_bytes = 90;
	near(pressure_used(ram, RESOURCE_RAM, &s), 0);
	near(pressure_preference(ram, &s), 1);
}

static void
a_sum_does_not_veto_and_a_cap_does(void **state)
{
	(void)state;
	struct profile w = *balanced, same = { .weight = { 8, 2 } };
	struct sample s = quiet;

	near(score_plain(&w, &s, NULL), 0.8 * 75 + 0.2 * 50);
	near(score_plain(&same, &s, NULL), score_plain(&w, &s, NULL));
	near(score_capped(&w, &s, NULL), score_plain(&w, &s, NULL));
	s.busy = 0.2, s.memory_available_bytes = 1;
	near(score_plain(&w, &s, NULL), 0.8 * 95 + 0.2 * 1);
	near(score_capped(&w, &s, NULL), 0);
	s = quiet;
	s.memory_available_bytes = NAN;
	near(score_plain(&w, &s, NULL), 75);
	s.busy = 4;
	near(score_capped(&w, &s, NULL), 0);
}

static void
samples_are_mended_or_refused(void **state)
{
	(void)state;
	int64_t now = quiet.taken_usec;
	struct sample s = quiet;

	s.busy = 5, s.running = -1, s.memory_available_bytes = 200, s.psi_memory_stalled = 7, s.disk_busy = -0.1;
	assert_null(guard_check_sample(&s, 0, now));
	near(s.busy, 4);
	near(s.psi_memory_stalled, 1);
	assert_true(isnan(s.running) && isnan(s.memory_available_bytes) && isnan(s.disk_busy));
	s = quiet, s.running = 1e308;		/* two such, and the mean of the fleet were infinite */
	assert_null(guard_check_sample(&s, 0, now));
	assert_true(isnan(s.running));
	s = quiet;
	assert_ptr_equal(guard_check_sample(&s, now, now), WHY_METRICS_BACKWARDS);
	assert_ptr_equal(guard_check_sample(&s, 0, now - 2 * USEC_PER_SEC), WHY_METRICS_BACKWARDS);	/* from the future */
	s.cores = NAN;
	assert_ptr_equal(guard_check_sample(&s, 0, now), WHY_METRICS_INCOMPLETE);
	s = quiet, s.cores = 0;
	assert_ptr_equal(guard_check_sample(&s, 0, now), WHY_METRICS_INCOMPLETE);
	s = quiet, s.busy = INFINITY;
	assert_ptr_equal(guard_check_sample(&s, 0, now), WHY_METRICS_INCOMPLETE);
}

static void
slow_start_takes_ten_seconds_or_ten_periods(void **state)
{
	(void)state;
	near(guard_ramp(0, USEC_PER_SEC), 0.1);
	near(guard_ramp(-5, USEC_PER_SEC), 0.1);
	near(guard_ramp(5 * USEC_PER_SEC, 100 * USEC_PER_MSEC), 0.55);
	near(guard_ramp(10 * USEC_PER_SEC, 100 * USEC_PER_MSEC), 1);
	near(guard_ramp(10 * USEC_PER_SEC, 5 * USEC_PER_SEC), 0.1 + 0.9 * 0.2);
	near(guard_ramp(INT64_MAX, 5 * USEC_PER_SEC), 1);
}

static void
a_node_is_new_then_fresh_then_stale_then_blind(void **state)
{
	(void)state;
	int64_t t = quiet.taken_usec;
	struct world_node n = { .steering.row.law = { .cores = 4, .period_usec = USEC_PER_SEC, .balancers = 1 } };

	assert_int_equal(guard_state(&n, t), GUARD_BLIND);
	n.observed.sample = quiet, n.observed.samples = 1;
	assert_int_equal(guard_state(&n, t), GUARD_NEW);
	assert_int_equal(guard_state(&n, t + 60 * USEC_PER_SEC), GUARD_BLIND);	/* one sample, and no more came */
	n.observed.samples = 2, n.steering.row.law.sampled_usec = t;
	assert_int_equal(guard_state(&n, t + 3 * USEC_PER_SEC), GUARD_FRESH);
	assert_int_equal(guard_state(&n, t + 3 * USEC_PER_SEC + 1), GUARD_STALE);
	assert_int_equal(guard_state(&n, t + 26 * USEC_PER_SEC), GUARD_STALE);
	assert_int_equal(guard_state(&n, t + 27 * USEC_PER_SEC), GUARD_BLIND);
	n.drained = true;
	assert_int_equal(guard_state(&n, t), GUARD_DRAINED);
	assert_string_equal(guard_state_name(GUARD_DRAINED), "drained");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(busy_speaks_below_saturation_and_running_above),
		cmocka_unit_test(a_count_goes_for_no_more_than_the_mean_leaves_room_for),
		cmocka_unit_test(effective_cores_fall_on_a_line_to_a_floor),
		cmocka_unit_test(what_is_not_known_cuts_nothing),
		cmocka_unit_test(a_machine_that_has_lost_memory_is_no_better_than_an_empty_one),
		cmocka_unit_test(a_sum_does_not_veto_and_a_cap_does),
		cmocka_unit_test(samples_are_mended_or_refused),
		cmocka_unit_test(slow_start_takes_ten_seconds_or_ten_periods),
		cmocka_unit_test(a_node_is_new_then_fresh_then_stale_then_blind),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
