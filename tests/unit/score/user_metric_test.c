/* user_metric: values of users' queries count for a while, fades, and is measured as each profile wants it. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "score/user_metric.c"
#include "score/pressure.h"
#include "score/score.h"

#define T (1000 * USEC_PER_SEC)
#define PERIOD (5 * USEC_PER_SEC)

struct stage {
	struct live	*live;
	struct phys	*phys;
	struct world	*world;
	struct world_node *a, *b, *c;
};

static void
near(double a, double b)
{
	if (!(fabs(a - b) <= 1e-9))
		print_error("%g is not %g\n", a, b);
	assert_true(fabs(a - b) <= 1e-9);
}

static struct world_node *
node(struct world *w, const char *name)
{
	return world_pass_node(w, &(struct world_node){ .name = (char *)(uintptr_t)name });
}

static int
setup(void **state)
{
	struct stage *s = calloc(1, sizeof *s);
	struct service_conf c = { .connect_usec = 1, .response_usec = 1, .idle_usec = 1, .tunnel_usec = 1, .terms = { .n = 1, .term = {
	    { (char *)(uintptr_t)"q", (char *)(uintptr_t)"q", 0.8, { 0.5, 0.9 }, 10, PERIOD } } } };

	s->live = live_init(memset(aligned_alloc(64, live_bytes()), 0, live_bytes()), 1);
	s->phys = phys_init(calloc(1, phys_bytes()));
	s->world = world_new(s->live, s->phys);
	world_pass_begin(s->world);
	s->a = node(s->world, "a");
	s->b = node(s->world, "b");
	s->c = node(s->world, "c");
	world_pass_service(s->world, "web", &c, NULL, 0);
	world_pass_end(s->world);
	assert_string_equal(s->world->query[0].text, "q");
	*state = s;
	return 0;
}

static int
teardown(void **state)
{
	struct stage *s = *state;

	world_free(&s->world);
	free(s->live);
	free(s->phys);
	free(s);
	return 0;
}

static double
used(struct stage *s, const struct world_node *n)
{
	double u[TERMS_MAX];

	user_metric_usage(n, &s->world->profile[1], u);
	assert_true(isnan(u[1]) && isnan(u[2]) && isnan(u[3]));
	return u[0];
}

static double
plain(struct stage *s, const struct world_node *n, int64_t now)
{
	double u[TERMS_MAX];

	user_metric_usage_latest(s->world, n, &s->world->profile[1], now, u);
	return u[0];
}

static void
without_values_nothing_is_known(void **state)
{
	struct stage *s = *state;

	user_metric_refresh(s->world, T);
	assert_true(isnan(used(s, s->a)) && isnan(plain(s, s->a, T)) && isnan(s->world->query[0].mean));
}

static void
who_is_not_known_is_the_mean_of_those_who_are(void **state)
{
	struct stage *s = *state;

	user_metric_update(s->world, s->a, 0, 2, T);
	user_metric_update(s->world, s->b, 0, 8, T);
	user_metric_refresh(s->world, T);
	near(used(s, s->a), 0.2);
	near(used(s, s->b), 0.8);
	near(used(s, s->c), 0.5);
	assert_true(isnan(plain(s, s->c, T)));
	s->c->observed.samples = 2;			/* seen by others: its score is not made of the rest alone */
	near(plain(s, s->c, T), 0.5);
	s->c->observed.samples = 0;
	s->b->drained = true;			/* the mean is of those who take requests */
	user_metric_refresh(s->world, T);
	near(used(s, s->c), 0.2);
	near(used(s, s->b), 0.8);
}

static void
answers_fade_to_the_mean_and_are_forgotten(void **state)
{
	struct stage *s = *state;
	double last = 0.2;

	user_metric_update(s->world, s->a, 0, 2, T);
	for (int64_t now = T; now < T + 50 * PERIOD; now += PERIOD) {
		double u;
		user_metric_update(s->world, s->b, 0, 8, now + 1);
		user_metric_refresh(s->world, now + 1);
		near(used(s, s->b), 0.8);
		u = used(s, s->a);
		assert_true(u >= last - 1e-9 && u <= 0.8 + 1e-9);
		if (now <= T + 2 * PERIOD)
			near(u, 0.2);
		last = u;
	}
	near(last, 0.8);
	assert_true(isnan(plain(s, s->a, T + 50 * PERIOD)));
	user_metric_refresh(s->world, T + 200 * PERIOD);	/* Prometheus is gone */
	assert_true(isnan(used(s, s->a)) && isnan(used(s, s->b)));
}

static void
nonsense_is_the_nearest_that_is_none(void **state)
{
	struct stage *s = *state;

	user_metric_update(s->world, s->a, 0, -3, T);
	user_metric_update(s->world, s->b, 0, 1e300, T);
	user_metric_refresh(s->world, T);
	near(used(s, s->a), 0);
	near(used(s, s->b), 1);
	near(used(s, s->c), 0.5);
}

static void
a_jump_is_smoothed_over_a_few_periods(void **state)
{
	struct stage *s = *state;

	user_metric_update(s->world, s->a, 0, 0, T);
	user_metric_update(s->world, s->a, 0, 10, T + PERIOD);
	user_metric_refresh(s->world, T + PERIOD);
	near(used(s, s->a), 1 - exp(-0.5));
	near(plain(s, s->a, T + PERIOD), 1);		/* scores go by what was said */
	user_metric_update(s->world, s->a, 0, 0, T);		/* an older answer, or a stored copy: nothing new */
	near(plain(s, s->a, T + PERIOD), 1);
	user_metric_update(s->world, s->a, 0, 5, T + 100 * PERIOD);	/* after a silence what was is nothing */
	user_metric_refresh(s->world, T + 100 * PERIOD);
	near(used(s, s->a), 0.5);
}

static void
terms_press_as_resources_do(void **state)
{
	const struct profile *p = &((struct stage *)*state)->world->profile[1];
	double u[TERMS_MAX] = { 0.5, NAN, NAN, NAN };

	near(p->weight[RESOURCE_CPU], 0.16);
	near(p->weight[RESOURCE_RAM], 0.04);
	near(pressure_limit_metrics(p, u).factor, 1);
	near(pressure_strength_metrics(p, u), 0.8);
	near(pressure_preference_metrics(p, u), 0.2);		/* at the soft limit: w_cpu / w */
	u[0] = 0.7;
	near(pressure_limit_metrics(p, u).factor, 0.55);
	assert_int_equal(pressure_limit_metrics(p, u).by, PRESSURE_TERM);
	u[0] = 1;
	near(pressure_limit_metrics(p, u).factor, 0.1);
	u[0] = NAN;
	near(pressure_limit_metrics(p, u).factor, 1);
	near(pressure_preference_metrics(p, u), 1);
	near(pressure_strength_metrics(p, u), 0);
}

static void
the_reference_formula_with_a_term_replaced(void **state)
{
	const struct sample s = { .cores = 4, .busy = 1, .memory_total_bytes = 100, .memory_available_bytes = 50 };
	char none[] = "q";
	struct terms cpu = { .n = 1, .term = { { none, none, 0.8, { 0, 0 }, 1, PERIOD } } }, ram = cpu;
	double u[TERMS_MAX] = { 0.9, NAN, NAN, NAN };
	struct profile base, p;

	(void)state;
	assert_null(profile_parse(STR("ram=1"), &base));
	terms_join(&base, &cpu, (unsigned[]){ 0 }, &p);
	near(score_plain(&p, &s, u), 0.8 * 10 + 0.2 * 50);
	ram.term[0].weight = 0.2;
	terms_join(&profile_all[PROFILE_CPU], &ram, (unsigned[]){ 0 }, &p);
	near(score_plain(&p, &s, u), 0.8 * 75 + 0.2 * 10);
	near(score_plain(&p, &s, NULL), 75);		/* not known: the others alone */
	near(score_plain(&p, NULL, u), 10);
	near(score_plain(&p, NULL, NULL), 0);
}

static void
weights_that_are_too_much_are_taken_in_proportion(void **state)
{
	char none[] = "q";
	struct terms t = { .n = 2, .term = { { none, none, 1, { 0, 0 }, 1, PERIOD }, { none, none, 0.6, { 0, 0 }, 1, PERIOD } } };
	struct profile p;

	(void)state;
	terms_join(&profile_all[PROFILE_BALANCED], &t, (unsigned[]){ 4, 7 }, &p);
	near(p.weight[RESOURCE_CPU], 0);
	near(p.term[0].weight, 0.625);
	near(p.term[1].weight, 0.375);
	assert_true(p.term[0].query == 5 && p.term[1].query == 8);
	t.n = 0;
	terms_join(&(struct profile){ .link = 0 }, &t, NULL, &p);
	assert_true(profile_same(&p, &profile_all[PROFILE_BALANCED]));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(without_values_nothing_is_known),
		TEST(who_is_not_known_is_the_mean_of_those_who_are),
		TEST(answers_fade_to_the_mean_and_are_forgotten),
		TEST(nonsense_is_the_nearest_that_is_none),
		TEST(a_jump_is_smoothed_over_a_few_periods),
		TEST(terms_press_as_resources_do),
		TEST(the_reference_formula_with_a_term_replaced),
		TEST(weights_that_are_too_much_are_taken_in_proportion),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
