/* outages: each time that a task goes out of use or comes back is said once, with its cause. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "main/outages.c"

#include "said.h"

static struct live *live;
static struct phys *phys;
static struct world *world;
static struct outages *outages;
static int64_t now;

/* Everything that was said since the last time. */
static void
says(const char *want)
{
	outages_tick(outages, world, now);
	said_is(want);
}

static void
pass(unsigned ntasks)
{
	struct service_conf c = { .connect_usec = 1, .response_usec = 1, .idle_usec = 1, .tunnel_usec = 1 };
	struct route_conf r = { .host = (char *)(uintptr_t)"", .path = (char *)(uintptr_t)"/" };
	struct world_service *web;

	world_pass_begin(world);
	world_pass_node(world, &(struct world_node){ .name = (char *)(uintptr_t)"a" });
	web = world_pass_service(world, "web", &c, &r, 1);
	for (unsigned i = 0; i < ntasks; i++) {
		char name[16], text[32];
		struct addr addr;

		snprintf(name, sizeof name, "web.%u", i);
		snprintf(text, sizeof text, "10.0.0.%u:80", i + 1);
		assert_null(addr_parse(str_of(text), &addr));
		assert_non_null(world_pass_task(world, web, name, "a", &addr, false));
	}
	world_pass_end(world);
}

static int
setup(void **state)
{
	(void)state;
	live = live_init(memset(aligned_alloc(64, live_bytes()), 0, live_bytes()), 1);
	phys = phys_init(must_zalloc(phys_bytes()));
	world = world_new(live, phys);
	outages = outages_new();
	now = 50 * USEC_PER_SEC;
	pass(4);
	outages_tick(outages, world, now);
	said_open();
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	said_close();
	outages_free(&outages);
	world_free(&world);
	free(live);
	free(phys);
	return 0;
}

#define OF(task)	"service=web task=" task " node=a"
#define REFUSED		" why=connect_refused text=\"the task refused the connection\"\n"
#define STATUS		" why=upstream_status text=\"the task responded with a status that means failure\" status=503\n"

static void
an_ejection_is_said_with_its_cause_and_its_end(void **state)
{
	(void)state;
	says("");
	live_eject(live, 1, (struct live_cause){ WHY_UPSTREAM_STATUS, 503 }, now);
	says("task.ejected " OF("web.1") STATUS);
	says("");
	now += USEC_PER_SEC;
	says("task.readmitted " OF("web.1") "\n");
	live_eject(live, 1, (struct live_cause){ WHY_CONNECT_REFUSED, 0 }, now);
	now += 2 * USEC_PER_SEC;		/* a brain that was busy meanwhile says both */
	says("task.ejected " OF("web.1") REFUSED "task.readmitted " OF("web.1") "\n");
}

static void
health_is_said_when_it_turns(void **state)
{
	(void)state;
	live_set_health(live, 0, HEALTH_UP);	/* the first good word is no news */
	says("");
	live_set_health_cause(live, 0, (struct live_cause){ WHY_CONNECT_REFUSED, 0 });
	live_set_health(live, 0, HEALTH_DOWN);
	says("task.down " OF("web.0") REFUSED);
	live_set_health(live, 0, HEALTH_UP);
	says("task.up " OF("web.0") "\n");
	live_set_health(live, 0, HEALTH_DEGRADED);
	says("task.degraded " OF("web.0") "\n");
	live_set_health(live, 0, HEALTH_UP);
	says("task.up " OF("web.0") "\n");
}

static void
when_all_are_used_that_is_said(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 3; i++)
		live_eject(live, i, (struct live_cause){ WHY_CONNECT_REFUSED, 0 }, now);
	says("task.ejected " OF("web.0") REFUSED "task.ejected " OF("web.1") REFUSED "task.ejected " OF("web.2") REFUSED
	    "service.all_used service=web text=\"more of its tasks would be ejected than panic allows: all are used\"\n");
	says("");
	now += USEC_PER_SEC;
	says("task.readmitted " OF("web.0") "\ntask.readmitted " OF("web.1") "\ntask.readmitted " OF("web.2") "\n"
	    "service.recovered service=web text=\"no more of its tasks are ejected than panic allows\"\n");
}

/* Another task in the slot is another story, and a brain that comes back does not tell old news. */
static void
what_was_not_seen_to_happen_is_not_said(void **state)
{
	(void)state;
	live_eject(live, 1, (struct live_cause){ WHY_CONNECT_REFUSED, 0 }, now);
	live_reset_task(live, 1);
	says("");
	live_eject(live, 1, (struct live_cause){ WHY_CONNECT_REFUSED, 0 }, now);
	outages_free(&outages);
	outages = outages_new();
	says("");
	now += USEC_PER_SEC;
	says("task.readmitted " OF("web.1") "\n");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(an_ejection_is_said_with_its_cause_and_its_end, setup, teardown),
		cmocka_unit_test_setup_teardown(health_is_said_when_it_turns, setup, teardown),
		cmocka_unit_test_setup_teardown(when_all_are_used_that_is_said, setup, teardown),
		cmocka_unit_test_setup_teardown(what_was_not_seen_to_happen_is_not_said, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
