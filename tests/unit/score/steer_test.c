/* steer: what becomes of samples in the rows that workers read. Courses of events stand in tests/brain. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "score/steer.c"

#define T (1000 * USEC_PER_SEC)

struct stage {
	struct live	*live;
	struct phys	*phys;
	struct world	*world;
	struct steer	*steer;
	struct world_node *a, *b;
};

static int
setup(void **state)
{
	struct stage *s = must_zalloc(sizeof *s);

	s->live = live_init(memset(aligned_alloc(64, live_bytes()), 0, live_bytes()), 1);
	s->phys = phys_init(must_zalloc(phys_bytes()));
	s->world = world_new(s->live, s->phys);
	s->steer = steer_new(s->world);
	world_pass_begin(s->world);
	s->a = world_pass_node(s->world, &(struct world_node){ .name = (char *)(uintptr_t)"a" });
	s->b = world_pass_node(s->world, &(struct world_node){ .name = (char *)(uintptr_t)"b", .cores_declared = 6 });
	world_pass_end(s->world);
	steer_tick(s->steer, T);
	*state = s;
	return 0;
}

static int
teardown(void **state)
{
	struct stage *s = *state;

	steer_free(&s->steer);
	world_free(&s->world);
	free(s->live);
	free(s->phys);
	free(s);
	return 0;
}

static const struct why *
sampled(struct stage *s, struct world_node *n, int64_t at, double cores, double busy, double running, double inflight)
{
	struct sample m = { .taken_usec = at, .span_usec = USEC_PER_SEC, .source = SOURCE_AGENT, .cores = cores, .busy = busy,
	    .running = running, .memory_total_bytes = 100, .memory_available_bytes = 50 };

	return steer_sample(s->steer, n, &m, inflight);
}

static struct phys_row
row_of(struct stage *s, const struct world_node *n)
{
	struct phys_row r;

	phys_read(s->phys, n->slot, &r);
	return r;
}

static void
near(double a, double b)
{
	if (fabs(a - b) > 1e-9)
		print_error("%g is not %g\n", a, b);
	assert_true(fabs(a - b) <= 1e-9);
}

static void
two_samples_make_a_judgement_and_workers_see_it_at_once(void **state)
{
	struct stage *s = *state;

	assert_null(sampled(s, s->a, T, 4, 3, 3, 2));
	assert_int_equal(row_of(s, s->a).law.sampled_usec, 0);
	near(row_of(s, s->a).law.cores, 4);
	assert_null(sampled(s, s->a, T + USEC_PER_SEC, 4, 3, 3, 2));
	near(row_of(s, s->a).law.others, 1);
	assert_int_equal(row_of(s, s->a).law.sampled_usec, T + USEC_PER_SEC);
	near(s->a->observed.inflight, 2);
}

static void
a_mean_for_a_mean_and_an_instant_for_an_instant(void **state)
{
	struct stage *s = *state;

	sampled(s, s->a, T, 4, 0, 0, 0);
	for (int i = 0; i < 4; i++) {			/* 1, 2, 3, 4 in flight at four ticks */
		live_take(s->live, 0, s->a->slot, 0);
		steer_tick(s->steer, T + i);
	}
	sampled(s, s->a, T + 100, 4, 3.5, 4, 4);
	near(row_of(s, s->a).law.others, 1);
	steer_tick(s->steer, T + 200);
	sampled(s, s->a, T + 300, 4, 4, 9, 4);
	near(row_of(s, s->a).law.others, 5);
}

static void
each_balancer_like_us_is_counted(void **state)
{
	struct stage *s = *state;
	struct steer_conf c = { .period_usec = USEC_PER_SEC, .balancers = 3, .best_node_period_usec = 5 * USEC_PER_SEC,
	    .cpu_weight = 0.8, .ram_weight = 0.2 };

	steer_conf(s->steer, &c);
	sampled(s, s->a, T, 4, 4, 9, 2);
	sampled(s, s->a, T + 1, 4, 4, 9, 2);
	near(row_of(s, s->a).law.others, 3);
	near(row_of(s, s->a).law.balancers, 3);
}

static void
who_is_held_back_by_a_quota_wants_a_core(void **state)
{
	struct stage *s = *state;

	sampled(s, s->a, T, 4, 2, 2, 6);
	sampled(s, s->a, T + 100, 4, 2, 2, 6);
	near(row_of(s, s->a).law.others, -4);		/* four wait for something else */
	s->a->signal.allowed = 2;
	sampled(s, s->a, T + 200, 4, 2, 2, 6);
	near(row_of(s, s->a).law.others, 0);		/* they wait for the quota's next period */
	sampled(s, s->a, T + 300, 4, 3, 3, 6);
	near(row_of(s, s->a).law.others, 1);
	sampled(s, s->a, T + 400, 4, 1, 1, 6);
	near(row_of(s, s->a).law.others, -5);		/* the quota is not used up */
}

/* Node a wants one thread more than b, or less; b wants two. Samples are a second apart. */
static double
lasting_after(struct stage *s, bool changes)
{
	for (int i = 0; i < 200; i++) {
		int64_t t = T + i * USEC_PER_SEC;
		sampled(s, s->a, t, 4, changes && i / 2 % 2 ? 0 : 3, 0, 0);
		sampled(s, s->b, t, 4, 2, 0, 0);
		steer_tick(s->steer, t + 1);
	}
	return row_of(s, s->a).law.lasting;
}

static void
what_stays_from_sample_to_sample_is_learnt_to_last(void **state)
{
	double lasting = lasting_after(*state, false);

	assert_true(lasting > 0.95 && lasting <= 1);
}

static void
what_changes_from_sample_to_sample_is_learnt_not_to_last(void **state)
{
	double lasting = lasting_after(*state, true);

	assert_true(lasting >= 0 && lasting < 0.3);
}

static void
what_is_far_beyond_the_usual_is_news(void **state)
{
	struct stage *s = *state;

	sampled(s, s->a, T - USEC_PER_SEC, 4, 3, 0, 0);
	sampled(s, s->a, T - 1, 4, 3, 0, 0);
	near(row_of(s, s->a).law.unusual, 1);		/* nothing is usual yet */
	lasting_after(s, true);
	assert_true(row_of(s, s->a).law.unusual < 0.1);
	sampled(s, s->a, T + 200 * USEC_PER_SEC, 4, 4, 24, 0);
	assert_true(row_of(s, s->a).law.unusual > 0.9);
}

static void
before_anything_is_learnt_seconds_are_thought_to_last(void **state)
{
	struct stage *s = *state;

	sampled(s, s->a, T, 4, 3, 0, 0);
	sampled(s, s->a, T + USEC_PER_SEC, 4, 3, 0, 0);
	near(row_of(s, s->a).law.lasting, exp(-0.2));
}

static void
the_unseen_are_taken_for_the_mean(void **state)
{
	struct stage *s = *state;
	struct phys_row r;

	sampled(s, s->a, T, 4, 2, 2, 0);
	sampled(s, s->a, T + 1, 4, 2, 2, 0);
	steer_tick(s->steer, T + 2);
	near(row_of(s, s->b).law.cores, 6);
	near(row_of(s, s->b).law.neutral, 3);		/* half of its cores, as with a */
	r = row_of(s, s->b);
	near(law_others(&r.law, T), 3);
}

static void
the_period_is_the_rhythm_and_not_the_longest_silence(void **state)
{
	struct stage *s = *state;
	int64_t t = T;

	for (int i = 0; i < 4; i++, t += 5 * USEC_PER_SEC) {
		steer_tick(s->steer, t);
		sampled(s, s->a, t, 4, 1, 1, 0);
	}
	assert_int_equal(row_of(s, s->a).law.period_usec, 5 * USEC_PER_SEC);
	for (int i = 0; i < 4; i++, t += 100 * USEC_PER_MSEC) {
		steer_tick(s->steer, t);
		sampled(s, s->a, t, 4, 1, 1, 0);
	}
	assert_int_equal(row_of(s, s->a).law.period_usec, USEC_PER_SEC);	/* never below what was asked for */
	t += 10 * USEC_PER_SEC;
	steer_tick(s->steer, t);
	sampled(s, s->a, t, 4, 1, 1, 0);
	assert_int_equal(row_of(s, s->a).law.period_usec, USEC_PER_SEC);	/* one silence is no rhythm */
}

static void
scores_keep_their_own_pace(void **state)
{
	struct stage *s = *state;

	sampled(s, s->a, T, 4, 0, 0, 0);
	near(row_of(s, s->a).score, 90);		/* never scored before: at once */
	steer_tick(s->steer, T + 1);
	sampled(s, s->a, T + 2, 4, 4, 4, 0);
	steer_tick(s->steer, T + 4 * USEC_PER_SEC);
	near(row_of(s, s->a).score, 90);
	steer_tick(s->steer, T + 5 * USEC_PER_SEC);
	near(row_of(s, s->a).score, 10);
	near(row_of(s, s->b).score, 0);
}

static void
who_is_seen_by_half_has_no_score_beside_those_who_are_seen(void **state)
{
	struct stage *s = *state;
	struct sample m = { .taken_usec = T, .span_usec = USEC_PER_SEC, .source = SOURCE_PROMETHEUS, .cores = 4, .busy = 1,
	    .running = NAN, .memory_total_bytes = NAN, .memory_available_bytes = NAN };

	assert_null(steer_sample(s->steer, s->a, &m, 0));
	near(row_of(s, s->a).score, 75);		/* nobody's memory is seen */
	sampled(s, s->b, T, 4, 2, 2, 0);
	sampled(s, s->b, T + 1, 4, 2, 2, 0);
	steer_tick(s->steer, T + 5 * USEC_PER_SEC);
	near(row_of(s, s->b).score, 50);
	m.taken_usec = T + 5 * USEC_PER_SEC, sampled(s, s->b, T + 5 * USEC_PER_SEC, 4, 2, 2, 0);
	assert_null(steer_sample(s->steer, s->a, &m, 0));
	steer_tick(s->steer, T + 5 * USEC_PER_SEC + 1);
	steer_tick(s->steer, T + 10 * USEC_PER_SEC);
	near(row_of(s, s->a).score, 0);
	near(row_of(s, s->b).score, 50);
}

static void
a_refused_sample_leaves_the_node_as_it_was(void **state)
{
	struct stage *s = *state;

	sampled(s, s->a, T, 4, 3, 3, 0);
	sampled(s, s->a, T + 1, 4, 3, 3, 0);
	assert_ptr_equal(sampled(s, s->a, T + 1, 4, 0, 0, 0), WHY_METRICS_BACKWARDS);
	assert_ptr_equal(sampled(s, s->a, T + 3600 * USEC_PER_SEC, 4, 0, 0, 0), WHY_METRICS_BACKWARDS);
	assert_ptr_equal(sampled(s, s->a, T + 2, -4, 0, 0, 0), WHY_METRICS_INCOMPLETE);
	near(row_of(s, s->a).law.others, 3);
	assert_int_equal(s->a->observed.samples, 2);
}

static void
who_was_away_ramps_up_and_who_was_mute_does_not(void **state)
{
	struct stage *s = *state;
	int64_t t = T;

	for (int i = 0; i < 60; i++, t += USEC_PER_SEC) {	/* both have been here for a minute, b is silent all along */
		sampled(s, s->a, t, 4, 1, 1, 0);
		if (i < 5)
			sampled(s, s->b, t, 6, 1, 1, 0);
		steer_tick(s->steer, t);
	}
	assert_int_equal(s->b->observed.samples, 0);
	near(row_of(s, s->b).law.cores, 6);
	sampled(s, s->b, t, 6, 1, 1, 0);
	steer_tick(s->steer, t);
	near(row_of(s, s->b).law.cores, 0.6);
	s->b->observed.samples = 0, s->b->steering.ramp_usec = T;
	sampled(s, s->b, t + 1, 6, 1, 1, 2);			/* two of ours were on it */
	near(row_of(s, s->b).law.cores, 6);
}

static void
give_sample(struct stage *s, struct world_node *n, int64_t at, double inflight)
{
	struct sample m = { .taken_usec = at, .span_usec = USEC_PER_SEC, .source = SOURCE_PROMETHEUS, .cores = 4, .busy = 1, .running = NAN };

	assert_null(steer_sample_late(s->steer, n, &m, inflight, inflight));
}

static void
who_returns_together_with_prometheus_was_not_away(void **state)
{
	struct stage *s = *state;
	int64_t t = T;

	for (int i = 0; i < 60; i++, t += USEC_PER_SEC) {	/* it is mute for most of a minute */
		if (i < 5) {
			give_sample(s, s->a, t, 0);
			give_sample(s, s->b, t, 0);
		}
		steer_tick(s->steer, t);
	}
	assert_int_equal(s->a->observed.samples + s->b->observed.samples, 0);
	for (int i = 0; i < 2; i++, t += USEC_PER_SEC) {
		give_sample(s, s->a, t, 0);
		give_sample(s, s->b, t, 2);
		steer_tick(s->steer, t);
	}
	near(row_of(s, s->a).law.cores, 4);
	near(row_of(s, s->b).law.cores, 4);
	for (int i = 0; i < 60; i++, t += USEC_PER_SEC) {	/* of a alone */
		give_sample(s, s->b, t, 2);
		steer_tick(s->steer, t);
	}
	give_sample(s, s->a, t, 0);
	near(row_of(s, s->a).law.cores, 0.4);
}

static const struct why *
sampled_memory(struct stage *s, struct world_node *n, int64_t at, double available, double stalled)
{
	struct sample m = { .taken_usec = at, .span_usec = USEC_PER_SEC, .source = SOURCE_AGENT, .cores = 4, .busy = 1, .running = 1,
	    .memory_total_bytes = 100, .memory_available_bytes = available, .psi_memory_stalled = stalled };

	steer_tick(s->steer, at);
	return steer_sample(s->steer, n, &m, 0);
}

static void
memory_is_smoothed_and_stalls_count_at_once(void **state)
{
	struct stage *s = *state;
	int64_t at = T;

	for (int i = 0; i < 3; i++)
		assert_null(sampled_memory(s, s->a, at += USEC_PER_SEC, 50, 0));
	near(row_of(s, s->a).law.cores, 4);
	assert_null(sampled_memory(s, s->a, at += USEC_PER_SEC, 0, 0));
	near(s->a->observed.smoothed.memory_available_bytes, 50 * exp(-1.0 / SMOOTH_PERIODS));
	near(s->a->observed.sample.memory_available_bytes, 0);		/* what people are shown is what was said */
	near(row_of(s, s->a).law.cores, 4);
	for (int i = 0; i < 20; i++)
		assert_null(sampled_memory(s, s->a, at += USEC_PER_SEC, 0, 0));
	near(row_of(s, s->a).law.cores, 0.4);
	for (int i = 0; i < 30; i++)
		assert_null(sampled_memory(s, s->a, at += USEC_PER_SEC, 50, 0));
	near(row_of(s, s->a).law.cores, 4);
	assert_null(sampled_memory(s, s->a, at += USEC_PER_SEC, 50, 0.5));
	near(row_of(s, s->a).law.cores, 0.4);
}

static void
columns_follow_the_profiles_in_use(void **state)
{
	struct stage *s = *state;
	struct service_conf c = { .connect_usec = 1, .response_usec = 1, .idle_usec = 1, .tunnel_usec = 1,
	    .profile = profile_all[PROFILE_RAM] };
	struct phys_row r;

	for (int i = 1; i <= 2; i++) {
		sampled_memory(s, s->a, T + i * USEC_PER_SEC, 90, 0);
		sampled_memory(s, s->b, T + i * USEC_PER_SEC, 45, 0);
	}
	world_pass_begin(s->world);
	s->a->seen = s->b->seen = true;
	world_pass_service(s->world, "redis", &c, NULL, 0);
	world_pass_end(s->world);
	steer_tick(s->steer, T + 2 * USEC_PER_SEC);
	r = row_of(s, s->b);
	assert_true(phys_cores(&r, 1) < 3 && phys_law(&r, 1).held == 0.75 && phys_law(&r, 0).held == 0);
	assert_true(phys_cores(&r, 0) == phys_cores(&r, 2));	/* that nobody has: as balanced */
	world_pass_begin(s->world);
	s->a->seen = s->b->seen = true;
	world_pass_end(s->world);				/* redis is gone */
	steer_tick(s->steer, T + 2 * USEC_PER_SEC);
	r = row_of(s, s->b);
	assert_true(phys_cores(&r, 1) == phys_cores(&r, 0));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(two_samples_make_a_judgement_and_workers_see_it_at_once),
		TEST(a_mean_for_a_mean_and_an_instant_for_an_instant),
		TEST(each_balancer_like_us_is_counted),
		TEST(who_is_held_back_by_a_quota_wants_a_core),
		TEST(what_stays_from_sample_to_sample_is_learnt_to_last),
		TEST(what_changes_from_sample_to_sample_is_learnt_not_to_last),
		TEST(what_is_far_beyond_the_usual_is_news),
		TEST(before_anything_is_learnt_seconds_are_thought_to_last),
		TEST(the_unseen_are_taken_for_the_mean),
		TEST(the_period_is_the_rhythm_and_not_the_longest_silence),
		TEST(scores_keep_their_own_pace),
		TEST(who_is_seen_by_half_has_no_score_beside_those_who_are_seen),
		TEST(a_refused_sample_leaves_the_node_as_it_was),
		TEST(who_was_away_ramps_up_and_who_was_mute_does_not),
		TEST(who_returns_together_with_prometheus_was_not_away),
		TEST(memory_is_smoothed_and_stalls_count_at_once),
		TEST(columns_follow_the_profiles_in_use),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
