/* weigh: what weights a target gets for nodes that are made and sampled by hand. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "score/weigh.c"

#define NODES	3

struct stage {
	struct world	 world;
	struct world_node node[NODES];
	struct weigh	*weigh;
	struct weigh_rules rules;
	int64_t		 now;
};

static void
near(double a, double b)
{
	if (fabs(a - b) > 1e-6)
		print_error("%g is not %g\n", a, b);
	assert_true(fabs(a - b) <= 1e-6);
}

static void
stage_open(struct stage *s, double a, double b, double c)
{
	double cores[NODES] = { a, b, c };

	memset(s, 0, sizeof *s);
	LIST_INIT(&s->world.nodes);
	s->weigh = weigh_new();
	s->rules = (struct weigh_rules){ .lean = 0.5, .trim = 0, .floor = 0.05 };
	s->now = 1000 * USEC_PER_SEC;
	for (unsigned i = 0; i < NODES; i++) {
		s->node[i].slot = i;
		s->node[i].steering.row.law = (struct law_node){ .cores = cores[i], .balancers = 1, .period_usec = USEC_PER_SEC };
		LIST_INSERT_HEAD(&s->world.nodes, &s->node[i], link);
	}
}

/* So many threads want a core; some seconds of nothing else; below 0: no sample. */
static void
stage_sample(struct stage *s, unsigned seconds, double a, double b, double c)
{
	double wanted[NODES] = { a, b, c };

	for (unsigned t = 0; t < seconds; t++) {
		s->now += USEC_PER_SEC;
		for (unsigned i = 0; i < NODES; i++) {
			struct world_node *n = &s->node[i];
			if (wanted[i] < 0)
				continue;
			n->observed.sample = (struct sample){ .taken_usec = s->now, .span_usec = USEC_PER_SEC, .cores = n->steering.row.law.cores,
			    .busy = fmin(wanted[i], n->steering.row.law.cores), .running = wanted[i] };
			n->steering.row.law.sampled_usec = s->now;
			n->observed.samples = 2;
		}
		weigh_update(s->weigh, &s->world, &s->rules, s->now);
	}
}

static double
weight(const struct stage *s, unsigned node)
{
	return weigh_node(s->weigh, 0, &s->node[node]);
}

static void
a_node_without_samples_counts_by_cores(void **state)
{
	struct stage s;

	(void)state;
	stage_open(&s, 1, 2, 8);
	near(weight(&s, 0), 1);
	near(weight(&s, 2), 8);
	stage_sample(&s, 20, -1, -1, -1);
	near(weight(&s, 1), 2);
	s.node[1].steering.row.law.cores = 0;				/* nobody has steered yet */
	assert_true(weight(&s, 1) > 0);
	weigh_free(&s.weigh);
	assert_null(s.weigh);
}

/* A new brain trusts rows of the one before it that are fresh, and has no sample yet: cores as the profile sees them. */
static void
an_inherited_node_counts_by_cores_of_the_profile(void **state)
{
	struct stage s;

	(void)state;
	stage_open(&s, 4, 4, 4);
	for (unsigned i = 0; i < NODES; i++)
		s.node[i].steering.row.law.sampled_usec = s.now;
	s.node[0].steering.row.as[0].cores = 1;
	weigh_update(s.weigh, &s.world, &s.rules, s.now);
	near(weigh_node(s.weigh, 1, &s.node[0]), 1);
	near(weigh_node(s.weigh, 1, &s.node[1]), 4);
	weigh_free(&s.weigh);
}

static void
nodes_that_are_used_alike_count_by_cores(void **state)
{
	struct stage s;

	(void)state;
	stage_open(&s, 1, 2, 8);
	s.rules.trim = 0.5;
	stage_sample(&s, 60, 0.6, 1.2, 4.8);
	near(weight(&s, 0), 1);
	near(weight(&s, 2), 8);
	stage_sample(&s, 60, 3, 6, 24);				/* all are full */
	near(weight(&s, 0), 1);
	near(weight(&s, 2), 8);
	weigh_free(&s.weigh);
}

static void
weights_lean_away_from_where_more_is_wanted(void **state)
{
	struct stage s;

	(void)state;
	stage_open(&s, 4, 4, 4);
	stage_sample(&s, 1, 3.2, 0.8, 0.8);			/* 0.8 of the cores; 0.4 in the fleet */
	near(weight(&s, 0), 4 / (1 + 0.5 * 0.4));
	near(weight(&s, 1), 4);
	s.rules.lean = 0;
	stage_sample(&s, 1, 3.2, 0.8, 0.8);
	near(weight(&s, 0), 4);
	weigh_free(&s.weigh);
}

static void
the_lean_is_bounded_however_long_the_queue(void **state)
{
	struct stage s;

	(void)state;
	stage_open(&s, 4, 4, 4);
	stage_sample(&s, 1, 4000, 0, 0);
	near(weight(&s, 0), 4 / 1.5);
	weigh_free(&s.weigh);
}

/* 1 - 1 / 1.5 of a third of the cores are 1 / 9 of all; 0.85 of 0.9 are in use, which leaves half of that. */
static void
nodes_lean_no_further_than_the_others_have_room(void **state)
{
	struct stage s;

	(void)state;
	stage_open(&s, 4, 4, 4);
	stage_sample(&s, 1, 400, 3.1, 3.1);
	near(weight(&s, 0), 4 * (1 - (1 - 10.2 / 12 / 0.9) * 9 * (1 - 1 / 1.5)));
	assert_true(weight(&s, 0) > 3.2);
	stage_sample(&s, 1, 400, 3.6, 3.6);			/* no room at all */
	near(weight(&s, 0), 4);
	weigh_free(&s.weigh);
}

static void
the_trim_is_slow_has_a_floor_and_comes_back(void **state)
{
	struct stage s;
	double first;

	(void)state;
	stage_open(&s, 4, 4, 4);
	s.rules = (struct weigh_rules){ .lean = 0, .trim = 0.5, .floor = 0.2 };
	/* The mean is 0.5, the first look has no span, and 0.025 less or more is noise: trims of -0.475, 0.225, 0.225. */
	stage_sample(&s, 6, 4, 1, 1);
	near(weight(&s, 0), 4 * exp(0.5 * (-0.475 + 0.025 / 3)));
	near(weight(&s, 1), 4 * exp(0.5 * (0.225 + 0.025 / 3)));
	stage_sample(&s, 600, 4, 1, 1);
	near(weight(&s, 0), 4 * 0.2);
	assert_true(weight(&s, 1) > 8 && weight(&s, 1) <= 4 / 0.2);
	first = weight(&s, 0);
	stage_sample(&s, 30, 1, 4, 1);
	assert_true(weight(&s, 0) > first);			/* soon */
	weigh_free(&s.weigh);
}

/* On nodes of 4 cores at 0.7, 2.8 threads jump about by 1.7. */
static void
noise_moves_little_and_a_hog_counts_at_once(void **state)
{
	struct stage s;
	double least = 4, most = 0;

	(void)state;
	stage_open(&s, 4, 4, 4);
	s.rules = WEIGH_RULES_DEFAULT;
	for (unsigned t = 0; t < 300; t++) {
		stage_sample(&s, 1, t % 2 == 0 ? 3.9 : 1.7, 2.8, t % 3 == 0 ? 3.9 : 2.2);
		least = fmin(least, weight(&s, 0));
		most = fmax(most, weight(&s, 0));
	}
	assert_true(most / least < 1.1);			/* what a target does not publish */
	stage_sample(&s, 1, 12, 2.8, 2.2);
	assert_true(weight(&s, 0) < 0.85 * least);
	weigh_free(&s.weigh);
}

static void
a_long_silence_is_no_long_step(void **state)
{
	struct stage s;

	(void)state;
	stage_open(&s, 4, 4, 4);
	s.rules = (struct weigh_rules){ .lean = 0, .trim = 0.5, .floor = 0.01 };
	stage_sample(&s, 1, 4, 1, 1);
	for (unsigned t = 0; t < 100; t++)
		stage_sample(&s, 1, -1, 1, 1);
	stage_sample(&s, 1, 4, 1, 1);
	assert_true(weight(&s, 0) >= 4 * exp(0.5 * -0.5 * 2) - 1e-6);
	weigh_free(&s.weigh);
}

static void
what_is_old_is_forgotten(void **state)
{
	struct stage s;
	double then;

	(void)state;
	stage_open(&s, 4, 4, 4);
	stage_sample(&s, 1, 8, 1, 1);
	then = weight(&s, 0);
	assert_true(then < 3);
	stage_sample(&s, 2, -1, 1, 1);				/* still fresh */
	near(weight(&s, 0), then);
	stage_sample(&s, 60, -1, 1, 1);
	assert_true(weight(&s, 0) > 3.99 && weight(&s, 0) <= 4);
	near(weight(&s, 1), 4);
	weigh_free(&s.weigh);
}

static void
a_slot_that_another_node_has_got_begins_anew(void **state)
{
	struct stage s;

	(void)state;
	stage_open(&s, 4, 4, 4);
	stage_sample(&s, 1, 40, 1, 1);
	assert_true(weight(&s, 0) < 4);
	LIST_REMOVE(&s.node[0], link);
	stage_sample(&s, 1, -1, 1, 1);
	s.node[0].observed.sample.taken_usec = s.node[0].steering.row.law.sampled_usec = 0;
	LIST_INSERT_HEAD(&s.world.nodes, &s.node[0], link);
	stage_sample(&s, 1, -1, 1, 1);
	near(weight(&s, 0), 4);
	weigh_free(&s.weigh);
}

static void
a_drained_node_has_a_weight_and_no_say(void **state)
{
	struct stage s;

	(void)state;
	stage_open(&s, 4, 4, 4);
	s.node[0].drained = true;
	stage_sample(&s, 1, 400, 2, 2);
	near(weight(&s, 0), 4);
	near(weight(&s, 1), 4);
	weigh_free(&s.weigh);
}

/* It idles for an hour; then it gets a task. Those that serve are compared with each other. */
static void
a_node_without_tasks_is_not_trimmed_for_it(void **state)
{
	struct world_service web = { .ntasks = 2 };
	struct world_task task[NODES];
	struct stage s;

	(void)state;
	stage_open(&s, 4, 4, 4);
	s.rules = (struct weigh_rules){ .lean = 0, .trim = 0.05, .floor = 0.05 };
	LIST_INIT(&web.tasks);
	LIST_INSERT_HEAD(&s.world.services, &web, link);
	for (unsigned i = 0; i < NODES; i++)
		task[i] = (struct world_task){ .node = &s.node[i] };
	LIST_INSERT_HEAD(&web.tasks, &task[0], link);
	LIST_INSERT_HEAD(&web.tasks, &task[1], link);
	stage_sample(&s, 3600, 2.4, 2.4, 0.1);
	near(weight(&s, 2), 4);
	near(weight(&s, 0), 4);
	LIST_INSERT_HEAD(&web.tasks, &task[2], link);
	stage_sample(&s, 60, 2.4, 2.4, 0.1);			/* now it counts */
	assert_true(weight(&s, 2) > 4.5 && weight(&s, 0) < 4);
	weigh_free(&s.weigh);
}

static void
each_profile_has_its_own_cores_and_all_have_a_floor(void **state)
{
	struct stage s;

	(void)state;
	stage_open(&s, 4, 4, 4);
	s.node[0].steering.row.as[2 - 1].cores = 1;
	s.node[0].steering.row.as[3 - 1].cores = 1e-6;
	stage_sample(&s, 1, 2, 2, 2);
	near(weigh_node(s.weigh, 0, &s.node[0]), 4);
	near(weigh_node(s.weigh, 1, &s.node[0]), 4);	/* a profile that nobody has */
	near(weigh_node(s.weigh, 2, &s.node[0]), 1);
	near(weigh_node(s.weigh, 3, &s.node[0]), 0.2);
	weigh_free(&s.weigh);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_node_without_samples_counts_by_cores),
		cmocka_unit_test(an_inherited_node_counts_by_cores_of_the_profile),
		cmocka_unit_test(nodes_that_are_used_alike_count_by_cores),
		cmocka_unit_test(weights_lean_away_from_where_more_is_wanted),
		cmocka_unit_test(the_lean_is_bounded_however_long_the_queue),
		cmocka_unit_test(nodes_lean_no_further_than_the_others_have_room),
		cmocka_unit_test(the_trim_is_slow_has_a_floor_and_comes_back),
		cmocka_unit_test(noise_moves_little_and_a_hog_counts_at_once),
		cmocka_unit_test(a_long_silence_is_no_long_step),
		cmocka_unit_test(what_is_old_is_forgotten),
		cmocka_unit_test(a_slot_that_another_node_has_got_begins_anew),
		cmocka_unit_test(a_drained_node_has_a_weight_and_no_say),
		cmocka_unit_test(a_node_without_tasks_is_not_trimmed_for_it),
		cmocka_unit_test(each_profile_has_its_own_cores_and_all_have_a_floor),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
