/* law: the shape of the cost, and what age does to what was sampled. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "world/law.c"

#define SEC 1000000

static const struct law_node node = { .cores = 4, .others = 3, .neutral = 1, .sampled_usec = 100 * SEC, .period_usec = SEC,
    .balancers = 1, .lasting = 0.8, .unusual = 1 };

static void
near(double a, double b)
{
	assert_true(fabs(a - b) < 1e-9);
}

static void
an_idle_core_is_cheaper_than_a_busy_one(void **state)
{
	(void)state;
	near(law_cost(&node, 0, 0), 0.5 + 0.5 * 1 / 4);
	near(law_cost(&node, 2, 1), 1.0);		/* the last core */
	near(law_cost(&node, 2, 2), (5 + 2) / 4.0);	/* none left: one's own delay and that of those already there */
	assert_true(law_cost(&node, 3, 1) > law_cost(&node, 3, 0));
}

static void
larger_nodes_are_cheaper_at_equal_demand(void **state)
{
	(void)state;
	struct law_node large = node;

	large.cores = 8;
	for (double n = 0; n < 20; n++)
		assert_true(law_cost(&large, 2, n) < law_cost(&node, 2, n));
}

static void
cost_never_falls_as_requests_come(void **state)
{
	(void)state;
	for (double others = -5; others < 10; others += 0.5)
		for (double n = 0; n < 30; n++)
			assert_true(law_cost(&node, others, n + 1) >= law_cost(&node, others, n));
}

static void
who_waits_counts_as_far_as_what_he_holds_matters(void **state)
{
	(void)state;
	struct law_node half = node;

	near(law_cost(&node, -10, 10), law_cost(&node, 0, 0));		/* ten of ours, and no core is wanted */
	half.held = 0.5;
	near(law_cost(&half, -10, 10), law_cost(&node, 0, 5) + 5 / 4.0);
	near(law_cost(&half, 3, 10), law_cost(&node, 3, 10));		/* others' work is what it is */
}

static void
each_balancer_counts_for_all(void **state)
{
	(void)state;
	struct law_node two = node;

	two.balancers = 2;
	near(law_cost(&two, 0, 3), law_cost(&node, 0, 6));
}

static void
requests_that_wait_for_something_else_do_not_make_demand_negative(void **state)
{
	(void)state;
	near(law_cost(&node, -50, 10), law_cost(&node, 0, 0));
}

static void
what_lasts_is_believed_and_what_does_not_while_it_is_young(void **state)
{
	(void)state;
	struct law_node n = node;
	int64_t t = node.sampled_usec;

	near(law_others(&node, t), 3);
	near(law_others(&node, t - SEC), 3);			/* a reader whose turn began before the sample */
	near(law_others(&node, t + SEC), 1 + 2 * (0.8 + 0.2 * exp(-1)));
	near(law_others(&node, t + 2 * SEC), 1 + 2 * (0.64 + 0.36 * exp(-2)));	/* a period late: what lasts twice */
	n.period_usec = 60 * SEC;
	near(law_others(&n, t + 30 * SEC), 1 + 2 * (0.8 + 0.2 * exp(-30)));	/* the rhythm says what lasts */
	n.lasting = 1;						/* tenants that never change */
	near(law_others(&n, t + 60 * SEC), 3);
	n.lasting = 0;						/* one sample says nothing of the next */
	assert_true(law_others(&n, t + 100000) > 2.5);
	n.unusual = 0.25;					/* it is hardly more than noise */
	near(law_others(&n, t + 100000), 1 + 2 * 0.25 * exp(-0.1));
	near(law_others(&n, t + 60 * SEC), 1);
}

static void
connections_that_idle_do_not_become_threads_while_their_sample_ages(void **state)
{
	(void)state;
	struct law_node n = node;
	int64_t t = node.sampled_usec;

	n.others = -59;						/* 60 of ours, and one thread that wants a core */
	n.neutral = -20;
	n.lasting = 0;						/* learnt of requests that come and go */
	n.period_usec = 2 * SEC;
	near(law_cost(&n, law_others(&n, t + SEC / 5), 60), law_cost(&n, -59, 60));
	near(law_others(&n, t + 5 * SEC), -59);
	near(law_others(&n, t + 6 * SEC), -20 - 39 * exp(-0.2));	/* by then a sample says more */
	n.others = 59;						/* the same of others */
	assert_true(law_others(&n, t + SEC) < 10);
}

static void
who_has_fallen_silent_is_trusted_less_whatever_lasts(void **state)
{
	(void)state;
	struct law_node n = node;
	int64_t t = node.sampled_usec;

	n.lasting = 1;
	near(law_others(&n, t + 3 * SEC), 3);
	near(law_others(&n, t + 8 * SEC), 1 + 2 * exp(-1));	/* one time constant after three periods */
	assert_true(fabs(law_others(&n, t + 100 * SEC) - 1) < 1e-6);
}

static void
one_balancer_knows_of_all_requests_and_several_do_not(void **state)
{
	(void)state;
	struct law_node n = node;

	near(law_unseen(&n, 0.9), 0);
	n.balancers = 4;
	near(law_unseen(&n, 0), 0);
	near(law_unseen(&n, 0.8), 0.6);
}

static void
the_never_sampled_are_neutral(void **state)
{
	(void)state;
	struct law_node n = node;

	n.sampled_usec = 0;
	near(law_others(&n, 5), 1);
	near(law_trust(&n, 5), 0);
}

static void
a_container_that_gets_less_than_it_wants_costs_what_it_gets(void **state)
{
	(void)state;
	/* four busy containers beside it on four cores leave it .8 of a core, though few threads want one */
	near(law_cost_task(&node, 0, 0, 0.8, 0), 1 / 0.8);
	near(law_cost_task(&node, 0, 3, 0.8, 3), (4 + 0.75 * 3) / 0.8);	/* its own delay, and most of that added to the three */
	near(law_cost_task(&node, 0, 3, 0.8, 1), 2.75 / 0.8 + 2. / 4);	/* two of the three, on another task there, lose what it gets */
	near(law_cost_task(&node, -2, 3, 0.8, 3), 2.75 / 0.8);		/* two of the three wait for something else */
	near(law_cost_task(&node, -9, 3, 0.8, 3), 1 / 0.8);
	struct law_node shared = node;
	shared.balancers = 2;
	near(law_cost_task(&shared, 0, 2, 0.8, 1), 4.5 / 0.8 + 2. / 4);	/* the other balancer has as many there */
}

static void
a_container_that_gets_what_it_wants_costs_what_its_node_costs(void **state)
{
	(void)state;
	for (double others = -2; others < 9; others++)
		for (double n = 0; n < 9; n++) {
			near(law_cost_task(&node, others, n, NAN, n), law_cost(&node, others, n));	/* not known */
			near(law_cost_task(&node, others, n, 0, n), law_cost(&node, others, n));
			/* all that it wants: its own delay, and most of that added to ours, if no core is free */
			double th = fmax(0, others + n) + 1;
			near(law_cost_task(&node, others, n, n + 1, n), th <= 4 ? law_cost(&node, others, n) : (th + 0.75 * n) / 4);
			for (double e = 0.1; e < 4; e += 0.1)
				assert_true(law_cost_task(&node, others, n + 1, e, n + 1) >= law_cost_task(&node, others, n, e, n));
		}
}

static void
what_a_container_could_have_becomes_the_node_as_it_grows_old(void **state)
{
	(void)state;
	int64_t t = node.sampled_usec;
	double e = law_available(&node, 0.5, t), belief = 0.64 + 0.36 * exp(-2);

	near(e, 0.5);
	for (int64_t late = 0; late < 20 * SEC; late += SEC) {
		assert_true(law_available(&node, 0.5, t + late) >= e);
		e = law_available(&node, 0.5, t + late);
	}
	near(1 / law_available(&node, 0.5, t + 2 * SEC), belief / 0.5 + (1 - belief) / 4);
	assert_true(isnan(law_available(&node, 0.5, t + 600 * SEC)));		/* and then it is forgotten */
	assert_true(isnan(law_available(&node, NAN, t)) && isnan(law_available(&node, 0, t)));
}

static void
others_count_as_the_service_says(void **state)
{
	(void)state;
	for (double others = -3; others < 6; others += 0.5) {
		double up = others > 0 ? others : 0, down = others < 0 ? others : 0;
		near(law_tenants(TENANTS_FAIR, others), others);
		near(law_tenants(TENANTS_POLITE, others), 2 * up + down);	/* our own that wait stay what they are */
		near(law_tenants(TENANTS_GREEDY, others), up / 2 + down);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_idle_core_is_cheaper_than_a_busy_one),
		cmocka_unit_test(larger_nodes_are_cheaper_at_equal_demand),
		cmocka_unit_test(cost_never_falls_as_requests_come),
		cmocka_unit_test(who_waits_counts_as_far_as_what_he_holds_matters),
		cmocka_unit_test(each_balancer_counts_for_all),
		cmocka_unit_test(requests_that_wait_for_something_else_do_not_make_demand_negative),
		cmocka_unit_test(what_lasts_is_believed_and_what_does_not_while_it_is_young),
		cmocka_unit_test(connections_that_idle_do_not_become_threads_while_their_sample_ages),
		cmocka_unit_test(who_has_fallen_silent_is_trusted_less_whatever_lasts),
		cmocka_unit_test(one_balancer_knows_of_all_requests_and_several_do_not),
		cmocka_unit_test(the_never_sampled_are_neutral),
		cmocka_unit_test(others_count_as_the_service_says),
		cmocka_unit_test(a_container_that_gets_less_than_it_wants_costs_what_it_gets),
		cmocka_unit_test(a_container_that_gets_what_it_wants_costs_what_its_node_costs),
		cmocka_unit_test(what_a_container_could_have_becomes_the_node_as_it_grows_old),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
