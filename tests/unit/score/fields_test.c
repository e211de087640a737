/* fields: what a sample lacks is as in the last one that had it, and is dropped by its own age. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/clock.h"
#include "score/fields.c"

#define SEC	USEC_PER_SEC

static struct world_node node;

/* A sample at so many seconds, with half of the memory in use, or without word of it. */
static void
sample(int at, enum sample_source source, bool memory, double disk)
{
	struct sample s = { .taken_usec = at * SEC, .span_usec = SEC, .source = source, .cores = 4, .busy = 1,
	    .running = NAN, .load1 = NAN, .memory_total_bytes = memory ? 8e9 : NAN,
	    .memory_available_bytes = memory ? 4e9 : NAN, .psi_cpu_waiting = NAN, .psi_memory_waiting = NAN,
	    .psi_memory_stalled = NAN, .psi_io_waiting = NAN, .psi_io_stalled = NAN, .disk_busy = disk,
	    .net_receive = NAN, .net_transmit = NAN };

	fields_keep(&node, &s);
	node.observed.sample = s;
}

static int
begin(void **state)
{
	(void)state;
	node = (struct world_node){ .slot = 0 };
	node.steering.row.law.period_usec = SEC;
	return 0;
}

static bool
knows_memory(void)
{
	return node.observed.sample.memory_available_bytes == 4e9 && node.observed.sample.memory_total_bytes == 8e9;
}

static void
one_field_grows_old_alone(void **state)
{
	(void)state;
	sample(1, SOURCE_AGENT, true, 0.25);
	sample(2, SOURCE_AGENT, true, 0.25);
	assert_false(fields_differ(&node, PART_MEMORY));
	for (int at = 3; at <= 5; at++) {
		sample(at, SOURCE_AGENT, false, 0.5);
		assert_true(knows_memory() && fields_differ(&node, PART_MEMORY));
		assert_int_equal(node.observed.origin[PART_MEMORY].taken_usec, 2 * SEC);
		assert_false(fields_differ(&node, PART_DISK));
	}
	sample(6, SOURCE_AGENT, false, 0.5);
	assert_true(isnan(node.observed.sample.memory_available_bytes));
	assert_false(fields_differ(&node, PART_MEMORY));	/* it is not known: there is nothing to tell */
	assert_true(node.observed.sample.disk_busy == 0.5);
	sample(7, SOURCE_AGENT, true, NAN);
	assert_true(knows_memory() && node.observed.sample.disk_busy == 0.5);
}

static void
what_comes_less_often_is_fresh_for_longer(void **state)
{
	(void)state;
	for (int at = 1; at <= 40; at++) {
		sample(at, at % 5 == 0 && at <= 20 ? SOURCE_NODE_EXPORTER : SOURCE_AGENT, at % 5 == 0 && at <= 20, NAN);
		assert_int_equal(knows_memory(), at >= 5 && at <= 35 && (at < 9 || at >= 10));
		if (at == 22)
			assert_int_equal(node.observed.origin[PART_MEMORY].source, SOURCE_NODE_EXPORTER);
	}
}

static void
what_never_comes_is_never_known(void **state)
{
	(void)state;
	sample(1, SOURCE_AGENT, false, NAN);
	sample(2, SOURCE_AGENT, false, NAN);
	assert_int_equal(node.observed.origin[PART_MEMORY].taken_usec, 0);
	assert_true(isnan(node.observed.sample.disk_busy));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(one_field_grows_old_alone, begin),
		cmocka_unit_test_setup(what_comes_less_often_is_fresh_for_longer, begin),
		cmocka_unit_test_setup(what_never_comes_is_never_known, begin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
