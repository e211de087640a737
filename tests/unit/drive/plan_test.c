/* plan: who is named, who gets what, and what counts as a change. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>
#include <cmocka.h>

#include "base/clock.h"
#include "drive/plan.c"

static struct live *live;
static struct phys *phys;
static struct world *world;
static void *live_memory, *phys_memory;
static int64_t slow_start;
static const struct plan_rules rules = { .least = 1, .most = 100 };

static void *
shared(size_t bytes)
{
	void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	assert_true(p != MAP_FAILED);
	return p;
}

static void
pass(unsigned nodes, unsigned tasks, const char *drains)
{
	const struct service_conf conf = { .health_path = (char *)"/up", .health_interval_usec = 1, .health_timeout_usec = 1,
	    .slow_start_usec = slow_start };
	static const struct route_conf route = { .host = (char *)"", .path = (char *)"/" };
	struct world_service *s;
	struct addr a;
	char name[32], node[32];

	world_pass_begin(world);
	for (unsigned i = 0; i < nodes; i++) {
		snprintf(node, sizeof node, "n%u", i);
		world_pass_node(world, &(struct world_node){ .name = node });
	}
	s = world_pass_service(world, "web", &conf, &route, 1);
	world_pass_service(world, "idle", &conf, &route, 0);
	for (unsigned i = 0; i < tasks; i++) {
		snprintf(name, sizeof name, "web.%u", i);
		snprintf(node, sizeof node, "n%u", i % nodes);
		assert_null(addr_parse(STR("10.0.0.1:80"), &a));
		a.sa.v4.sin_port = (in_port_t)(i + 1);
		assert_non_null(world_pass_task(world, s, name, node, &a, drains != NULL && strcmp(drains, name) == 0));
	}
	world_pass_end(world);
}

static int
setup(void **state)
{
	(void)state;
	live_memory = shared(live_bytes());
	phys_memory = shared(phys_bytes());
	live = live_init(live_memory, 1);
	phys = phys_init(phys_memory);
	world = world_new(live, phys);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	world_free(&world);
	munmap(live_memory, live_bytes());
	munmap(phys_memory, phys_bytes());
	return 0;
}

/* Node number k is worth k + 1. */
static double
by_number(void *arg, const struct world_service *s, const struct world_node *n)
{
	(void)arg, (void)s;
	return n->name[1] - '0' + 1;
}

static double
unknown(void *arg, const struct world_service *s, const struct world_node *n)
{
	(void)arg, (void)s, (void)n;
	return NAN;
}

static double
equal_but_for_rounding(void *arg, const struct world_service *s, const struct world_node *n)
{
	(void)arg, (void)s;
	return 58.4 + (n->name[1] - '0') * 1e-14;
}

static struct plan *
plan_of(const struct plan_rules *r)
{
	return plan_make(world, r, by_number, NULL, 0);
}

/* While more than half of them are not, as ejections have it; then they serve, too, with a quarter. */
static void
degraded_tasks_drain_while_others_are_enough(void **state)
{
	const struct plan_service *s;
	struct plan *p;

	(void)state;
	pass(4, 4, NULL);
	live_set_health(live, world_task(world, STR("web.3"))->slot, HEALTH_DEGRADED);
	p = plan_of(&rules);
	s = plan_find_service(p, "web");
	assert_int_equal(s->nservers, 4);
	assert_int_equal(s->nserving, 3);
	assert_true(plan_find_server(s, "web.3")->draining);
	assert_float_equal(plan_find_server(s, "web.2")->share, 3. / 6, 1e-9);
	plan_free(&p);
	for (int i = 1; i < 3; i++)
		live_set_health(live, world_task(world, i == 1 ? STR("web.1") : STR("web.2"))->slot, HEALTH_DEGRADED);
	p = plan_of(&rules);
	s = plan_find_service(p, "web");
	assert_int_equal(s->nserving, 4);
	assert_float_equal(plan_find_server(s, "web.0")->share, 1 / (1 + 2. / 4 + 3. / 4 + 4. / 4), 1e-9);
	plan_free(&p);
	live_set_health(live, world_task(world, STR("web.0"))->slot, HEALTH_DEGRADED);
	p = plan_of(&rules);
	s = plan_find_service(p, "web");
	assert_int_equal(s->nserving, 4);
	assert_float_equal(plan_find_server(s, "web.0")->share, 1. / 10, 1e-9);
	plan_free(&p);
}

/* web.1 is no longer ejected for half of the time. */
static void
a_slow_start_is_a_part_of_the_weight(void **state)
{
	const struct plan_service *s;
	struct plan *p;
	int64_t begun;

	(void)state;
	slow_start = 60 * USEC_PER_SEC;
	pass(2, 2, NULL);
	slow_start = 0;
	begun = clock_mono_usec() + 100 * USEC_PER_SEC;
	live_eject(live, world_task(world, STR("web.1"))->slot, (struct live_cause){ WHY_CONNECT_REFUSED, 0 },
	    begun - USEC_PER_SEC);
	p = plan_make(world, &rules, by_number, NULL, begun + 30 * USEC_PER_SEC);
	s = plan_find_service(p, "web");
	assert_float_equal(plan_find_server(s, "web.1")->share, 0.5, 1e-9);
	plan_free(&p);
	p = plan_make(world, &rules, by_number, NULL, begun + 61 * USEC_PER_SEC);
	s = plan_find_service(p, "web");
	assert_float_equal(plan_find_server(s, "web.1")->share, 2. / 3, 1e-9);
	plan_free(&p);
}

static void
shares_follow_the_nodes_and_their_tasks_divide_them(void **state)
{
	const struct plan_service *s;
	struct plan *p;

	(void)state;
	pass(2, 3, NULL);			/* n0 has web.0 and web.2: half of 1 each; n1 has web.1: 2 */
	p = plan_of(&rules);
	s = plan_find_service(p, "web");
	assert_int_equal(p->nservices, 2);
	assert_int_equal(s->nservers, 3);
	assert_float_equal(plan_find_server(s, "web.0")->share, 0.5 / 3, 1e-9);
	assert_float_equal(plan_find_server(s, "web.1")->share, 2.0 / 3, 1e-9);
	assert_int_equal(plan_find_server(s, "web.1")->weight, 100);
	assert_int_equal(plan_find_server(s, "web.2")->weight, 25);
	assert_string_equal(s->conf.health_path, "/up");
	assert_int_equal(plan_find_service(p, "idle")->nservers, 0);
	assert_null(plan_find_service(p, "none"));
	assert_null(plan_find_server(s, "web.9"));
	plan_free(&p);
}

static void
only_those_that_are_named(void **state)
{
	char *only[] = { (char *)"idle" };
	struct plan_rules r = { .least = 1, .most = 10, .only = only, .nonly = 1 };
	struct plan *p;

	(void)state;
	pass(2, 2, NULL);
	p = plan_of(&r);
	assert_int_equal(p->nservices, 1);
	assert_string_equal(p->service[0].name, "idle");
	plan_free(&p);
}

static void
those_that_drain_get_nothing_and_stay(void **state)
{
	const struct plan_service *s;
	struct plan *p;

	(void)state;
	pass(2, 2, "web.1");
	p = plan_of(&rules);
	s = plan_find_service(p, "web");
	assert_int_equal(s->nservers, 2);
	assert_int_equal(s->nserving, 1);
	assert_true(plan_find_server(s, "web.1")->draining && plan_find_server(s, "web.1")->weight == 0 && plan_find_server(s, "web.1")->share == 0);
	assert_float_equal(plan_find_server(s, "web.0")->share, 1, 1e-9);
	plan_free(&p);
	world_drain(world, world_node(world, STR("n0")), true);
	p = plan_of(&rules);
	assert_int_equal(plan_find_service(p, "web")->nserving, 0);
	plan_free(&p);
	world_drain(world, world_node(world, STR("n0")), false);
}

static void
those_that_are_down_are_left_out_but_never_all(void **state)
{
	struct plan *p;

	(void)state;
	pass(2, 2, NULL);
	live_set_health(live, world_task(world, STR("web.0"))->slot, HEALTH_DOWN);
	p = plan_of(&rules);
	assert_int_equal(plan_find_service(p, "web")->nservers, 1);
	assert_string_equal(plan_find_service(p, "web")->server[0].name, "web.1");
	plan_free(&p);
	live_set_health(live, world_task(world, STR("web.1"))->slot, HEALTH_DOWN);
	p = plan_of(&rules);
	assert_int_equal(plan_find_service(p, "web")->nservers, 2);
	assert_int_equal(plan_find_service(p, "web")->nserving, 2);
	plan_free(&p);
}

/* One that is well and drains serves better than one that is down. */
static void
those_that_drain_serve_when_all_others_are_down(void **state)
{
	const struct plan_service *s;
	struct plan *p;

	(void)state;
	pass(2, 2, "web.1");
	live_set_health(live, world_task(world, STR("web.0"))->slot, HEALTH_DOWN);
	p = plan_of(&rules);
	s = plan_find_service(p, "web");
	assert_int_equal(s->nservers, 1);
	assert_string_equal(s->server[0].name, "web.1");
	assert_int_equal(s->nserving, 0);		/* which is to say: all of them serve */
	plan_free(&p);
}

static void
those_that_come_wait_until_they_are_found_well(void **state)
{
	struct plan_rules r = rules;
	struct plan *before, *p;

	(void)state;
	pass(2, 2, NULL);				/* nothing is known of anybody yet */
	before = plan_of(&rules);
	assert_int_equal(plan_find_service(before, "web")->nservers, 2);
	r.before = before;
	pass(2, 3, NULL);
	p = plan_of(&r);
	assert_int_equal(plan_find_service(p, "web")->nservers, 2);
	plan_free(&p);
	live_set_health(live, world_task(world, STR("web.2"))->slot, HEALTH_UP);
	p = plan_of(&r);
	assert_int_equal(plan_find_service(p, "web")->nservers, 3);
	plan_free(&p);
	live_set_health(live, world_task(world, STR("web.2"))->slot, HEALTH_UNKNOWN);
	for (unsigned i = 0; i < 2; i++)
		live_set_health(live, world_task(world, i == 0 ? STR("web.0") : STR("web.1"))->slot, HEALTH_DOWN);
	p = plan_of(&r);				/* else it would have all that there is */
	assert_int_equal(plan_find_service(p, "web")->nservers, 3);
	plan_free(&p);
	plan_free(&before);
}

static void
a_choice_is_kept_as_long_as_it_is_there(void **state)
{
	struct plan_rules r = { .least = 1, .most = 10, .best = true };
	struct plan *before, *p;

	(void)state;
	pass(2, 2, NULL);
	before = plan_of(&r);
	p = plan_make(world, &r, unknown, NULL, 0);
	assert_true(plan_keep_choices(p, before));
	assert_int_equal(plan_compare(before, p, 0.1), PLAN_SAME);
	assert_false(plan_keep_choices(p, before));		/* now there is one */
	plan_free(&p);
	pass(2, 1, NULL);				/* web.1 is gone, which had it all */
	p = plan_make(world, &r, unknown, NULL, 0);
	assert_true(plan_keep_choices(p, before));
	assert_int_equal(plan_find_service(p, "web")->nserving, 0);
	plan_free(&p);
	p = plan_make(world, &r, unknown, NULL, 0);
	assert_true(plan_keep_choices(p, NULL));
	plan_free(&p);
	plan_free(&before);
}

static void
of_equals_the_first_is_best(void **state)
{
	struct plan_rules r = { .least = 1, .most = 10, .best = true };
	struct plan *p;

	(void)state;
	pass(3, 3, NULL);
	p = plan_make(world, &r, equal_but_for_rounding, NULL, 0);
	assert_false(plan_find_service(p, "web")->server[0].draining);
	assert_true(plan_find_service(p, "web")->server[2].draining && plan_find_service(p, "web")->nserving == 1);
	plan_free(&p);
}

static void
best_takes_one_and_none_when_nobody_is_known(void **state)
{
	struct plan_rules r = { .least = 1, .most = 10, .best = true };
	const struct plan_service *s;
	struct plan *p;

	(void)state;
	pass(3, 6, NULL);
	p = plan_of(&r);
	s = plan_find_service(p, "web");
	assert_int_equal(s->nserving, 1);
	assert_false(plan_find_server(s, "web.2")->draining);		/* the first on n2 */
	assert_true(plan_find_server(s, "web.5")->draining);
	assert_int_equal(plan_find_server(s, "web.2")->weight, 10);
	plan_free(&p);
	p = plan_make(world, &r, unknown, NULL, 0);
	assert_int_equal(plan_find_service(p, "web")->nserving, 0);
	plan_free(&p);
	p = plan_make(world, &rules, unknown, NULL, 0);			/* weights: nobody is starved by a number */
	assert_int_equal(plan_find_service(p, "web")->nserving, 6);
	assert_int_equal(plan_find_service(p, "web")->server[0].weight, 100);
	plan_free(&p);
}

static void
changes_have_names(void **state)
{
	struct plan *a, *b;

	(void)state;
	pass(2, 2, NULL);
	a = plan_of(&rules);
	b = plan_of(&rules);
	assert_int_equal(plan_compare(NULL, b, 0.1), PLAN_MEMBERS);
	assert_int_equal(plan_compare(a, b, 0.1), PLAN_SAME);
	assert_true(plan_adds_server(NULL, b));
	assert_false(plan_adds_server(a, b));
	b->service[1].server[0].share *= 1.05;
	assert_int_equal(plan_compare(a, b, 0.1), PLAN_SAME);
	b->service[1].server[0].share *= 1.1;
	assert_int_equal(plan_compare(a, b, 0.1), PLAN_WEIGHT);
	plan_free(&b);
	pass(2, 2, "web.1");
	b = plan_of(&rules);
	assert_int_equal(plan_compare(a, b, 0.1), PLAN_MEMBERS);
	assert_false(plan_adds_server(a, b));
	assert_true(plan_adds_server(b, a));			/* it drained before */
	plan_free(&b);
	pass(2, 1, NULL);
	b = plan_of(&rules);
	assert_int_equal(plan_compare(a, b, 0.1), PLAN_MEMBERS);
	assert_false(plan_adds_server(a, b));
	assert_true(plan_adds_server(b, a));
	plan_free(&b);
	plan_free(&a);
}

static void
meets(const char *host, const char *path, bool expected)
{
	struct route_conf route = { .host = (char *)(uintptr_t)host, .path = (char *)(uintptr_t)path };
	struct route_conf refused[] = { { .host = (char *)"www.example.org", .path = (char *)"/admin" }, { .host = (char *)"+.example.net", .path = (char *)"/" } };
	struct world_service s = { .route = &route, .nroutes = 1 };
	struct world w = { .refused = refused, .nrefused = 2 };

	assert_int_equal(overlaps_refused(&w, &s), expected);
}

static void
refused_routes_are_met(void **state)
{
	(void)state;
	meets("www.example.org", "/", true);
	meets("www.example.org", "/administer", true);
	meets("www.example.org", "/shop", false);
	meets("*.example.org", "/", true);
	meets("", "/", true);
	meets("api.example.org", "/", false);
	meets("a.example.net", "/x", true);
	meets("*.example.net", "/", true);
	meets("example.net", "/", false);
}

static void
weights_may_be_another_power_of_the_share(void **state)
{
	struct plan_rules r = { .least = 1, .most = 100, .power = 2 };
	struct plan *p;

	(void)state;
	pass(2, 2, NULL);
	p = plan_of(&r);
	assert_int_equal(plan_find_service(p, "web")->server[0].weight, 25);
	assert_float_equal(plan_find_service(p, "web")->server[0].share, 1.0 / 3, 1e-9);
	plan_free(&p);
}

/* What an Engine sends is foreign, and names become commands of HAProxy and keys of documents. */
static void
names_that_no_proxy_takes_are_left_out(void **state)
{
	static const struct service_conf conf;
	static const struct route_conf route = { .host = (char *)"", .path = (char *)"/" };
	static const char *const names[] = { "", "web\nshutdown", "web;disable", "a b", "{{", "web:9000", "w_1-2.x" };
	char endless[400];
	struct world_service *s;
	struct addr a;
	struct plan *p;

	(void)state;
	memset(endless, 'e', sizeof endless - 1);
	endless[sizeof endless - 1] = '\0';
	assert_null(addr_parse(STR("10.0.0.1:80"), &a));
	world_pass_begin(world);
	world_pass_node(world, &(struct world_node){ .name = (char *)"n0" });
	for (unsigned i = 0; i < sizeof names / sizeof *names; i++)
		assert_non_null(world_pass_service(world, names[i], &conf, &route, 1));
	assert_non_null(world_pass_service(world, endless, &conf, &route, 1));
	s = world_service(world, STR("w_1-2.x"));
	assert_non_null(world_pass_task(world, s, "w.1\ndel server", "n0", &a, false));
	assert_non_null(world_pass_task(world, s, endless, "n0", &a, false));
	a.sa.v4.sin_port = htons(81);
	assert_non_null(world_pass_task(world, s, "w.1.abc", "n0", &a, false));
	world_pass_end(world);
	p = plan_of(&rules);
	assert_int_equal(p->nservices, 2);
	assert_non_null(plan_find_service(p, "web:9000"));
	assert_int_equal(plan_find_service(p, "w_1-2.x")->nservers, 1);
	assert_float_equal(plan_find_server(plan_find_service(p, "w_1-2.x"), "w.1.abc")->share, 1, 1e-9);
	plan_free(&p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(degraded_tasks_drain_while_others_are_enough, setup, teardown),
		cmocka_unit_test_setup_teardown(a_slow_start_is_a_part_of_the_weight, setup, teardown),
		cmocka_unit_test_setup_teardown(shares_follow_the_nodes_and_their_tasks_divide_them, setup, teardown),
		cmocka_unit_test_setup_teardown(only_those_that_are_named, setup, teardown),
		cmocka_unit_test_setup_teardown(those_that_drain_get_nothing_and_stay, setup, teardown),
		cmocka_unit_test_setup_teardown(those_that_are_down_are_left_out_but_never_all, setup, teardown),
		cmocka_unit_test_setup_teardown(those_that_drain_serve_when_all_others_are_down, setup, teardown),
		cmocka_unit_test_setup_teardown(those_that_come_wait_until_they_are_found_well, setup, teardown),
		cmocka_unit_test_setup_teardown(a_choice_is_kept_as_long_as_it_is_there, setup, teardown),
		cmocka_unit_test_setup_teardown(of_equals_the_first_is_best, setup, teardown),
		cmocka_unit_test_setup_teardown(best_takes_one_and_none_when_nobody_is_known, setup, teardown),
		cmocka_unit_test_setup_teardown(changes_have_names, setup, teardown),
		cmocka_unit_test_setup_teardown(weights_may_be_another_power_of_the_share, setup, teardown),
		cmocka_unit_test_setup_teardown(names_that_no_proxy_takes_are_left_out, setup, teardown),
		cmocka_unit_test(refused_routes_are_met),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
