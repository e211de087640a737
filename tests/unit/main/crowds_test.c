/* crowds: a hog is said once when it stays, and once when it has gone; what flickers is not said. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "main/crowds.c"

#include "said.h"

static struct live *live;
static struct phys *phys;
static struct world *world;
static struct world_node *node;
static int64_t now;

/* Half a second later: a sample of a node of 4 cores; then everything that is said. */
static void
sampled(double others, const char *want)
{
	now += USEC_PER_SEC / 2;
	node->observed.samples++;
	node->observed.sample = (struct sample){ .taken_usec = now, .cores = 4 };
	node->steering.row.law = (struct law_node){ .cores = 4, .others = others, .sampled_usec = now };
	for (int look = 0; look < 3; look++)		/* the same sample again is no other one */
		crowds_tick(world);
	said_is(want);
}

static int
setup(void **state)
{
	(void)state;
	live = live_init(memset(aligned_alloc(64, live_bytes()), 0, live_bytes()), 1);
	phys = phys_init(must_zalloc(phys_bytes()));
	world = world_new(live, phys);
	now = 50 * USEC_PER_SEC;
	world_pass_begin(world);
	node = world_pass_node(world, &(struct world_node){ .name = (char *)(uintptr_t)"a" });
	world_pass_end(world);
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
a_hog_that_stays_is_said_once(void **state)
{
	(void)state;
	sampled(1, "");
	sampled(9.25, "");
	sampled(8, "node.crowded node=a cores=4.0 others=8.0 text=\"threads of others want all its cores\"\n");
	for (int i = 0; i < 30; i++)
		sampled(i % 2 == 0 ? 12 : 3, "");
	for (int i = 0; i < 10; i++)		/* from the last sample of 3 on */
		sampled(1, i < 9 ? "" : "node.relieved node=a cores=4.0 others=1.0 text=\"threads of others want less than half of its cores\"\n");
	sampled(0, "");
}

static void
what_flickers_is_no_hog(void **state)
{
	(void)state;
	for (int i = 0; i < 20; i++)
		sampled(i % 2 == 0 ? 20 : 0, "");
}

static void
a_node_without_a_sample_is_not_judged(void **state)
{
	(void)state;
	node->steering.row.law = (struct law_node){ .cores = 4, .others = 9 };
	crowds_tick(world);
	assert_int_equal(said.len, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_hog_that_stays_is_said_once, setup, teardown),
		cmocka_unit_test_setup_teardown(what_flickers_is_no_hog, setup, teardown),
		cmocka_unit_test_setup_teardown(a_node_without_a_sample_is_not_judged, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
