/* A small /proc of the test's own making. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/stat.h>
#include <cmocka.h>

#include "base/clock.h"
#include "main/procfs.c"
#include "tree.h"

#define NEAR(a, b) assert_true(fabs((a) - (b)) < 1e-9)

struct tree {
	char	top[64], proc[80], cgroup[80];
};

static void
put(const struct tree *t, const char *path, const char *text)
{
	tree_put(t->top, path, text);
}

static int
grow(void **state)
{
	struct tree *t = must_zalloc(sizeof *t);

	strcpy(t->top, "/tmp/procfs-test-XXXXXX");
	assert_non_null(mkdtemp(t->top));
	snprintf(t->proc, sizeof t->proc, "%s/proc", t->top);
	snprintf(t->cgroup, sizeof t->cgroup, "%s/cg", t->top);
	put(t, "proc/stat", "cpu0 100 0 0 1000\nprocs_running 2\n");
	*state = t;
	return 0;
}

static int
fell(void **state)
{
	struct tree *t = *state;
	char command[128];

	snprintf(command, sizeof command, "rm -rf %s", t->top);
	assert_int_equal(system(command), 0);
	free(t);
	return 0;
}

static void
test_a_look(void **state)
{
	const struct tree *t = *state;
	struct procfs *p = procfs_new(t->proc, t->cgroup);
	const struct proc_view *v;

	put(t, "proc/meminfo", "MemTotal: 10 kB\n");
	put(t, "proc/net/dev", "e0: 5 0 0 0 0 0 0 0 6 0\n");
	put(t, "proc/pressure/cpu", "some avg10=0.00 total=2000000\n");
	v = procfs_look(p, 1, true);
	NEAR(v->cpu[0].seconds[MODE_USER], 1);
	NEAR(v->value[FACT_MEM_TOTAL], 10240);
	NEAR(v->value[FACT_PSI_CPU], 2);
	assert_true(isnan(v->value[FACT_PSI_IO]) && isnan(v->value[FACT_LOAD1]));
	assert_int_equal(v->nnets, 1);
	assert_int_equal(v->ncontainers, 0);
	put(t, "proc/stat", "cpu0 99 0 0 1100\n");
	v = procfs_look(p, 2, true);
	NEAR(v->cpu[0].seconds[MODE_USER], 1);		/* no step back */
	NEAR(v->cpu[0].seconds[MODE_IDLE], 11);
	assert_true(isnan(v->value[FACT_RUNNING]));
	procfs_free(&p);
	assert_null(p);
}

static void
test_no_proc_no_procfs(void **state)
{
	const struct tree *t = *state;

	assert_null(procfs_new(t->cgroup, t->cgroup));
	assert_int_equal(errno, ENOENT);
}

/* The quota of a machine that is a cgroup with a /proc/stat of its own; with the kernel's, it is not the machine's. */
static void
test_quota(void **state)
{
	const struct tree *t = *state;
	struct procfs *p;

	put(t, "cg/cgroup.controllers", "cpu\n");
	put(t, "cg/cpu.stat", "usage_usec 1000000\n");
	put(t, "cg/cpu.max", "max 100000\n");
	p = procfs_new(t->proc, t->cgroup);
	assert_true(isnan(procfs_look(p, USEC_PER_SEC, false)->value[FACT_QUOTA]));
	put(t, "cg/cpu.max", "50000 100000\n");
	NEAR(procfs_look(p, 60 * USEC_PER_SEC, false)->value[FACT_QUOTA], .5);
	procfs_free(&p);
	p = procfs_new("/proc", t->cgroup);
	assert_true(isnan(procfs_look(p, USEC_PER_SEC, false)->value[FACT_QUOTA]));
	procfs_free(&p);
}

static void
test_quota_v1(void **state)
{
	const struct tree *t = *state;
	struct procfs *p;

	put(t, "cg/cpuacct/cpuacct.usage", "99\n");
	put(t, "cg/cpu/cpu.cfs_quota_us", "30000\n");
	put(t, "cg/cpu/cpu.cfs_period_us", "20000\n");
	p = procfs_new(t->proc, t->cgroup);
	NEAR(procfs_look(p, USEC_PER_SEC, false)->value[FACT_QUOTA], 1.5);
	procfs_free(&p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_a_look, grow, fell),
		cmocka_unit_test_setup_teardown(test_quota, grow, fell),
		cmocka_unit_test_setup_teardown(test_quota_v1, grow, fell),
		cmocka_unit_test_setup_teardown(test_no_proc_no_procfs, grow, fell),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
