/* memory_limit: which limit of a control group counts, and what a worker has of it. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <ftw.h>
#include <stdlib.h>

#include "tree.h"
#include "main/memory_limit.c"

static char top[] = "/tmp/mola-memory-XXXXXX";

static int
remove_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
	(void)st;
	(void)kind;
	(void)at;
	return remove(path);
}

static int
begin(void **state)
{
	(void)state;
	strcpy(strrchr(top, '-'), "-XXXXXX");
	return mkdtemp(top) == NULL;
}

static int
end(void **state)
{
	(void)state;
	return nftw(top, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static void
the_least_along_the_way_counts(void **state)
{
	(void)state;
	tree_put(top, "a/memory.max", "500000000\n");
	tree_put(top, "a/b/memory.max", "max\n");
	tree_put(top, "a/b/c/memory.max", "800000000\n");
	assert_int_equal(memory_limit_of("0::/a/b/c\n", top), 500000000);
	assert_int_equal(memory_limit_of("0::/a/b\n", top), 500000000);
	assert_true(memory_limit_of("0::/\n", top) == MEMORY_UNLIMITED);	/* the root has none */
	assert_true(memory_limit_of("0::/d\n", top) == MEMORY_UNLIMITED);
	assert_true(memory_limit_of("", top) == MEMORY_UNLIMITED);
	assert_true(memory_limit_of("nonsense\n0\n::\n0:\n", top) == MEMORY_UNLIMITED);
}

/* A container sees its own group as the root of the mount, by whatever path. */
static void
a_container_has_its_group_at_the_top(void **state)
{
	(void)state;
	tree_put(top, "memory.max", "300000000\n");
	assert_int_equal(memory_limit_of("0::/\n", top), 300000000);
	assert_int_equal(memory_limit_of("0::/docker/0123456789ab\n", top), 300000000);
}

static void
v1_has_a_hierarchy_for_memory(void **state)
{
	(void)state;
	tree_put(top, "memory/memory.limit_in_bytes", "9223372036854771712\n");
	tree_put(top, "memory/x/memory.limit_in_bytes", "200000000\n");
	tree_put(top, "cpu/x/memory.limit_in_bytes", "100\n");
	assert_int_equal(memory_limit_of("12:cpu,cpuacct:/x\n4:hugetlb,memory:/x\n0::/\n", top), 200000000);
	assert_true(memory_limit_of("12:cpu,cpuacct:/x\n4:memory:/y\n", top) == MEMORY_UNLIMITED);
	tree_put(top, "unified/z/memory.max", "100000000\n");		/* both kinds at once */
	assert_int_equal(memory_limit_of("4:memory:/x\n0::/z\n", top), 100000000);
}

static void
workers_share_what_is_left(void **state)
{
	(void)state;
	assert_true(memory_limit_room(MEMORY_UNLIMITED, 2) == MEMORY_UNLIMITED);
	assert_int_equal(memory_limit_room(512 * MB, 1), (512 - 64 - 24 - 8) * MB);
	assert_int_equal(memory_limit_room(512 * MB, 4), (512 - 64 - 24 - 32) * MB / 4);
	assert_int_equal(memory_limit_room(32 * MB, 2), ROOM_LEAST);
	assert_int_equal(memory_limit_room(1, 16), ROOM_LEAST);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_least_along_the_way_counts, begin, end),
		cmocka_unit_test_setup_teardown(a_container_has_its_group_at_the_top, begin, end),
		cmocka_unit_test_setup_teardown(v1_has_a_hierarchy_for_memory, begin, end),
		cmocka_unit_test(workers_share_what_is_left),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
