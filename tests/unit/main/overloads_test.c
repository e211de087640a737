/* overloads: a service that refuses is said once, and once when it does no longer. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "main/overloads.c"

#include "said.h"

static struct live *live;
static struct phys *phys;
static struct world *world;
static struct world_service *web;
static int64_t now;

/* A second passes, in which so many are refused. */
static void
refused_for(const struct why *why, unsigned n, const char *want)
{
	now += USEC_PER_SEC;
	for (unsigned i = 0; i < n; i++)
		live_count_service_error(live, web->slot, (struct live_cause){ why, 503 });
	live_count_service_error(live, web->slot, (struct live_cause){ WHY_NO_TASK, 503 });	/* others do not matter */
	for (int look = 0; look < 3; look++)
		overloads_tick(world, now);
	said_is(want);
}

static void
refused(unsigned n, const char *want)
{
	refused_for(WHY_OVERLOADED, n, want);
}

static void
pass(void)
{
	struct service_conf conf = { .max_inflight = 7 };

	world_pass_begin(world);
	web = world_pass_service(world, "web", &conf, NULL, 0);
	world_pass_end(world);
}

static int
setup(void **state)
{
	(void)state;
	live = live_init(memset(aligned_alloc(64, live_bytes()), 0, live_bytes()), 1);
	phys = phys_init(must_zalloc(phys_bytes()));
	world = world_new(live, phys);
	now = 50 * USEC_PER_SEC;
	live_set_bound(live, 0, 4);
	pass();
	said_open();
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	said_close();
	world_free(&world);
	free(live);
	free(phys);
	return 0;
}

static void
an_overload_is_said_once(void **state)
{
	(void)state;
	refused(0, "");
	refused(7, "service.overloaded service=web refused=7 bound=4.0 text=\"every node of it is full, and requests are refused\"\n");
	assert_true(web->refusals[REFUSALS_OVERLOADED].reported);
	for (int i = 0; i < 30; i++)
		refused(i % 5 == 0, "");
	for (int i = 0; i < 10; i++)
		refused(0, i < 5 ? "" : i == 5 ? "service.relieved service=web refused=13 bound=4.0 text=\"its requests are not refused any more\"\n" : "");
	assert_false(web->refusals[REFUSALS_OVERLOADED].reported);
	live_set_bound(live, 0, 1.5);
	refused(1, "service.overloaded service=web refused=1 bound=1.5 text=\"every node of it is full, and requests are refused\"\n");
}

static void
a_limit_of_the_service_is_said_apart(void **state)
{
	(void)state;
	refused(0, "");
	refused_for(WHY_MAX_INFLIGHT, 3, "service.at_limit service=web refused=3 max_inflight=7 task_max_inflight=0 "
	    "text=\"it has as many in flight as max_inflight or task_max_inflight allow, and requests are refused\"\n");
	refused_for(WHY_MAX_INFLIGHT, 3, "");
	assert_false(web->refusals[REFUSALS_OVERLOADED].reported);
	for (int i = 0; i < 10; i++)
		refused(0, i < 9 ? "" : "service.below_limit service=web refused=6 "
		    "text=\"its requests are not refused any more\"\n");
}

static void
an_open_breaker_is_said_apart(void **state)
{
	(void)state;
	refused(0, "");
	refused_for(WHY_BREAKER_OPEN, 4, "service.breaker_open service=web refused=4 "
	    "text=\"a circuit breaker of its routes is open, and requests are refused\"\n");
	refused_for(WHY_BREAKER_OPEN, 3, "");
	for (int i = 0; i < 10; i++)
		refused(0, i < 9 ? "" : "service.breaker_closed service=web refused=7 "
		    "text=\"its requests are not refused any more\"\n");
}

static void
what_was_before_the_brain_is_no_news(void **state)
{
	(void)state;
	for (int i = 0; i < 5; i++)
		live_count_service_error(live, web->slot, (struct live_cause){ WHY_OVERLOADED, 503 });
	refused(0, "");
	refused(0, "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(an_overload_is_said_once, setup, teardown),
		cmocka_unit_test_setup_teardown(a_limit_of_the_service_is_said_apart, setup, teardown),
		cmocka_unit_test_setup_teardown(an_open_breaker_is_said_apart, setup, teardown),
		cmocka_unit_test_setup_teardown(what_was_before_the_brain_is_no_news, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
