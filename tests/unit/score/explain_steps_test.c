/* explain_steps: the law turned around says what the law says, and steps have the values that their table names. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "score/explain_choice.c"
#include "score/explain_steps.c"

#define T (1000 * USEC_PER_SEC)

static uint64_t seed = 88172645463325252;

static double
drawn(double least, double most)
{
	seed ^= seed << 13, seed ^= seed >> 7, seed ^= seed << 17;
	return least + (most - least) * (double)(seed >> 11) / 9007199254740992.0;
}

static struct law_node
some_law(void)
{
	return (struct law_node){ .cores = drawn(0.3, 16), .balancers = 1 + (int)drawn(0, 3), .held = drawn(0, 3) < 1 ? drawn(0, 1) : 0 };
}

/* Half of the time it is known what the container could have. */
static struct charge
some_charge(void)
{
	struct charge c = { .law = some_law(), .inflight = (int)drawn(0, 20), .others = drawn(-2, 8) };

	c.on_task = (int)drawn(0, c.inflight + 1);
	c.available = drawn(0, 2) < 1 ? NAN : drawn(0.05, c.law.cores);
	return c;
}

/* With a little fewer others than said the cost is not exceeded, and with a little more it is. */
static void
others_are_the_most_that_the_cost_allows(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 100000; i++) {
		struct charge c = some_charge();
		double cost = drawn(0.4, 6), x = others_at(&c, cost);
		if (isinf(x)) {
			if (cost_at(&c, -1000, 0) <= cost && c.law.held < 1)
				fail_msg("%g cores, %g in flight: no others would do for %g", c.law.cores, c.inflight, cost);
			continue;
		}
		if (cost_at(&c, x - 1e-6, 0) > cost + 1e-9)
			fail_msg("%g cores, %g in flight, %g others: %g is more than %g", c.law.cores, c.inflight, x, cost_at(&c, x - 1e-6, 0), cost);
		if (cost_at(&c, x + 1e-6, 0) < cost - 1e-4)
			fail_msg("%g cores, %g in flight, %g others: %g is less than %g", c.law.cores, c.inflight, x, cost_at(&c, x + 1e-6, 0), cost);
	}
}

static void
more_are_as_many_as_it_takes(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 20000; i++) {
		struct charge c = some_charge();
		double cost = drawn(0.4, 6);
		unsigned k = more_at(&c, cost, false);
		if (k == 0)
			continue;
		assert_true(cost_at(&c, c.others, k) >= cost);
		if (k > 1)
			assert_true(cost_at(&c, c.others, k - 1) < cost);
	}
}

struct stage {
	struct live	*live;
	struct phys	*phys;
	struct world	*world;
	struct world_node *a, *b;
	struct world_service *web;
	struct world_task *one, *two;
	struct explain_steps steps;
};

static struct world_task *
add_task(struct stage *s, const char *name, const char *node, const char *addr)
{
	struct addr a;

	assert_null(addr_parse(str_of(addr), &a));
	return world_pass_task(s->world, s->web, name, node, &a, false);
}

static void
judge(struct world_node *n, double cores, double others)
{
	n->observed.sample = (struct sample){ .taken_usec = T - 400000, .span_usec = 1, .source = SOURCE_AGENT, .cores = cores,
	    .busy = cores, .running = others, .memory_total_bytes = 100, .memory_available_bytes = 50 };
	n->observed.smoothed = n->observed.sample;
	n->observed.samples = 2;
	n->steering.row.law = (struct law_node){ cores, others, 0, T - 400000, USEC_PER_SEC, 1, 0, 1, 1 };
}

static int
setup(void **state)
{
	struct stage *s = must_zalloc(sizeof *s);
	struct service_conf c = { .connect_usec = 1, .response_usec = 1, .idle_usec = 1, .tunnel_usec = 1, .health_rise = 2 };
	struct route_conf r = { .host = (char *)(uintptr_t)"", .path = (char *)(uintptr_t)"/" };

	s->live = live_init(memset(aligned_alloc(64, live_bytes()), 0, live_bytes()), 1);
	s->phys = phys_init(must_zalloc(phys_bytes()));
	s->world = world_new(s->live, s->phys);
	world_pass_begin(s->world);
	s->a = world_pass_node(s->world, &(struct world_node){ .name = (char *)(uintptr_t)"a" });
	s->b = world_pass_node(s->world, &(struct world_node){ .name = (char *)(uintptr_t)"b" });
	s->web = world_pass_service(s->world, "web", &c, &r, 1);
	s->one = add_task(s, "web.1", "a", "10.0.0.1:80");
	s->two = add_task(s, "web.2", "b", "10.0.0.2:80");
	world_pass_end(s->world);
	judge(s->a, 8, 5.2);
	judge(s->b, 4, 3.8);
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

/* Every value of a step stands in its row of the table. */
static void
check_values(const struct explain_steps *steps)
{
	static const char *const named[] = {
#define STEP(id, name, values, help) " " values " ",
#include "tbl/steps.h"
#undef STEP
	};
	char word[64];

	for (unsigned i = 0; i < steps->n; i++)
		for (unsigned k = 0; k < steps->step[i].nvalues; k++) {
			snprintf(word, sizeof word, " %s ", steps->step[i].value[k].name);
			if (strstr(named[steps->step[i].step], word) == NULL)
				fail_msg("%s has no value%sin tbl/steps.h", step_name(steps->step[i].step), word);
		}
}

static void
explain(struct stage *s, const struct world_task *t)
{
	struct explain_got got = { .share = 0.25, .per_second = 10.5 };
	struct explain_field f = explain_field(s->world, s->web, T);
	unsigned rank[2];

	got.of = explain_ranks(s->world, s->web, T, rank);
	got.rank = rank[t == s->two];
	explain_steps(s->world, t, &f, &got, T, &s->steps);
	check_values(&s->steps);
	for (unsigned i = 1; i < s->steps.n; i++)
		assert_true(s->steps.step[i].step > s->steps.step[i - 1].step);	/* in the order of the table, each once */
}

static void
says(struct stage *s, const struct world_task *t, enum step_id step, const char *words)
{
	explain(s, t);
	for (unsigned i = 0; i < s->steps.n; i++)
		if (s->steps.step[i].step == step) {
			assert_string_equal(s->steps.step[i].text, words);
			return;
		}
	fail_msg("there is no step %s", step_name(step));
}

static void
the_whole_chain_of_two_tasks(void **state)
{
	struct stage *s = *state;

	says(s, s->one, STEP_SAMPLE, "sampled 0.4 s ago by its agent: 8.0 of 8 cores busy, 5 threads running or waiting for one");
	s->one->node->observed.sample.cores = .5;	/* of a machine with a quota */
	s->one->node->observed.sample.busy = .3;
	says(s, s->one, STEP_SAMPLE, "sampled 0.4 s ago by its agent: 0.3 of 0.5 cores busy, 5 threads running or waiting for one");
	s->one->node->observed.sample.cores = s->one->node->observed.sample.busy = 8;
	says(s, s->two, STEP_OTHERS, "3.8 threads wanted a core then, with 0.0 requests of Mola's in flight: 3.8 are others'");
	says(s, s->two, STEP_INFLIGHT, "0 requests of Mola's are in flight there now, 0 of them on this task");
	says(s, s->two, STEP_COST, "with one more request 4.8 threads want 4.0 cores: cost 1.20");
	says(s, s->two, STEP_RANK, "number 2 of 2 by cost; web.1 on a costs least, 0.89");
	says(s, s->two, STEP_SHARE, "it got 25 % of the requests of the last 5 s, 10.5 per second");
	says(s, s->two, STEP_MORE, "it is next when a has 2 more requests of Mola's in flight");
	says(s, s->two, STEP_FEWER_OTHERS, "or when others on b want 2.1 threads or fewer, not 3.8");
	says(s, s->one, STEP_NEXT, "the next request goes to a, and to another node with 2 more in flight here, or when others want more than 8.6 threads here");
}

/* What is said is what happens. */
static void
what_would_change_it_does(void **state)
{
	struct stage *s = *state;

	explain(s, s->two);
	assert_int_equal(s->steps.step[s->steps.n - 2].step, STEP_MORE);
	for (unsigned i = 0; i < 2; i++)
		live_take(s->live, 0, s->a->slot, s->one->slot);
	says(s, s->two, STEP_NEXT, "the next request goes to b, and to another node with 1 more in flight here, or when others want more than 4.1 threads here");
	/* the cost follows from what is said: (8.2 + 2) / 8 */
	says(s, s->one, STEP_COST_FULL, "with one more request 8.2 threads want 8.0 cores, and 2.0 of Mola's there would wait longer: cost 1.27");
	for (unsigned i = 0; i < 2; i++)
		live_give(s->live, 0, s->a->slot, s->one->slot);
	s->b->steering.row.law.others = 2.05;
	says(s, s->two, STEP_RANK, "number 1 of 2 by cost; web.2 on b costs least, 0.88");
	s->b->steering.row.law.others = 0;
	says(s, s->two, STEP_COST, "with one more request 1.0 thread wants 4.0 cores: cost 0.62");
}

static void
what_is_out_of_the_ordinary_is_a_step(void **state)
{
	struct stage *s = *state;
	char cookie[] = "lb";

	s->b->steering.row.law.balancers = 3;
	live_take(s->live, 0, s->b->slot, s->two->slot);
	says(s, s->two, STEP_INFLIGHT, "1 request of Mola's is in flight there now, 1 of them on this task, as many at each of 3 balancers");
	s->b->steering.row.law.others = -0.5;
	s->b->observed.inflight = 2;
	explain(s, s->two);
	says(s, s->two, STEP_WAITING, "3.8 threads wanted a core then, with 2.0 requests of Mola's in flight, as many at each of 3 balancers: 0.5 of these wants no core");
	s->web->conf.sticky_cookie = cookie;
	says(s, s->two, STEP_STICKY, "clients with the cookie lb come back to the task that gave it, whatever it costs");
	s->web->conf.sticky_cookie = NULL;
	live_eject(s->live, s->two->slot, (struct live_cause){ WHY_CONNECT_REFUSED, 0 }, T);
	says(s, s->two, STEP_EJECTED, "ejected for another 1 s: the task refused the connection");
	says(s, s->two, STEP_BACK, "it takes requests again after that");
	live_eject(s->live, s->one->slot, (struct live_cause){ WHY_CONNECT_REFUSED, 0 }, T);
	says(s, s->two, STEP_ALL_USED, "ejected for another 1 s, but in use, for more of the tasks are than panic allows: the task refused the connection");
	live_set_health(s->live, s->two->slot, HEALTH_DEGRADED);
	says(s, s->two, STEP_DEGRADED, "it reports itself degraded: its cost counts 4 times");
	live_set_health_cause(s->live, s->two->slot, (struct live_cause){ WHY_UPSTREAM_STATUS, 503 });
	live_set_health(s->live, s->two->slot, HEALTH_DOWN);
	says(s, s->two, STEP_DOWN, "its health check fails: the task responded with a status that means failure (503)");
	says(s, s->two, STEP_BACK, "it takes requests again when it passes 2 checks in a row");
	s->two->drained = true;
	says(s, s->two, STEP_BACK, "until mola drain --undo --task web.2");
	s->a->drained = true;
	explain(s, s->one);
	live_give(s->live, 0, s->b->slot, s->two->slot);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(others_are_the_most_that_the_cost_allows),
		cmocka_unit_test(more_are_as_many_as_it_takes),
		TEST(the_whole_chain_of_two_tasks),
		TEST(what_would_change_it_does),
		TEST(what_is_out_of_the_ordinary_is_a_step),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
