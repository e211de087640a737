/* Small cgroup trees of the test's own making, and what is known of a container in them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "main/cgroups.c"
#include "tree.h"

#define NEAR(a, b) assert_true(fabs((a) - (b)) < 1e-9)
#define ID_A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define ID_B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define ID_C "cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc"
#define SEC USEC_PER_SEC

struct tree {
	char	top[64];
	struct proc_view view;		/* of the last look: a machine of two CPUs */
};

static void
put(const struct tree *t, const char *path, const char *text)
{
	tree_put(t->top, path, text);
}

static void
put_number(const struct tree *t, const char *path, const char *before, double number)
{
	char text[64];

	snprintf(text, sizeof text, "%s%.0f\n", before, number);
	put(t, path, text);
}

static void
cut(const struct tree *t, const char *path)
{
	char command[2 * PATH_BYTES];

	snprintf(command, sizeof command, "rm -r %s/%s", t->top, path);
	assert_int_equal(system(command), 0);
}

static int
grow(void **state)
{
	struct tree *t = must_zalloc(sizeof *t);

	strcpy(t->top, "/tmp/cgroups-test-XXXXXX");
	assert_non_null(mkdtemp(t->top));
	*state = t;
	return 0;
}

static int
fell(void **state)
{
	struct tree *t = *state;

	cut(t, "");
	free(t);
	return 0;
}

static struct proc_view *
look(struct tree *t, struct cgroups *c, int64_t now_usec)
{
	proc_clear(&t->view);
	t->view.ncpus = 2;
	t->view.cpu[0].number = 0;
	t->view.cpu[1].number = 1;
	cgroups_look(c, now_usec, true, &t->view);
	return &t->view;
}

static const struct proc_container *
of(const struct proc_view *v, const char *id)
{
	for (unsigned i = 0; i < v->ncontainers; i++)
		if (strcmp(v->container[i].id, id) == 0)
			return &v->container[i];
	return NULL;
}

/* Two containers, a service beside Docker, threads that are in no group, as they use CPU time. */
static void
use_v1(const struct tree *t, double a, double b, double service, double rest)
{
	put_number(t, "cpuacct/docker/" ID_A "/cpuacct.usage", "", a * 1e9);
	put_number(t, "cpuacct/docker/" ID_B "/cpuacct.usage", "", b * 1e9);
	put_number(t, "cpuacct/docker/cpuacct.usage", "", (a + b) * 1e9);
	put_number(t, "cpuacct/system.slice/cpuacct.usage", "", service * 1e9);
	put_number(t, "cpuacct/cpuacct.usage", "", (a + b + service + rest) * 1e9);
}

static void
test_v1(void **state)
{
	struct tree *t = *state;
	const struct proc_container *c;
	struct cgroups *g;

	use_v1(t, 5, 9, 2, 1);
	put(t, "cpuacct/system.slice/ssh.service/cpuacct.usage", "7\n");
	put(t, "cpu/docker/" ID_A "/cpu.shares", "1024\n");
	put(t, "cpu/docker/" ID_B "/cpu.shares", "512\n");
	put(t, "cpu/docker/" ID_B "/cpu.cfs_quota_us", "50000\n");
	put(t, "cpu/docker/" ID_B "/cpu.cfs_period_us", "100000\n");
	put(t, "cpu/docker/" ID_B "/cpu.stat", "nr_periods 1\nnr_throttled 1\nthrottled_time 2500000000\n");
	g = cgroups_new(t->top);
	look(t, g, SEC);
	assert_int_equal(t->view.ncontainers, 2);
	NEAR(of(&t->view, ID_A)->cpu_seconds, 5);
	assert_true(isnan(of(&t->view, ID_A)->available));
	use_v1(t, 5, 9.5, 3, 1.5);		/* in one second */
	c = of(look(t, g, 2 * SEC), ID_A);
	NEAR(c->available, .5);		/* .75 for Docker, of which it gets two thirds beside B */
	assert_true(isnan(c->throttled_seconds) && isinf(c->quota));
	NEAR(c->weight, 1024);
	c = of(&t->view, ID_B);
	NEAR(c->quota, .5);
	NEAR(c->weight, 512);
	NEAR(c->throttled_seconds, 2.5);
	NEAR(c->available, .5);
	cgroups_free(&g);
}

static void
use_v2(const struct tree *t, double a, double b, double service)
{
	put_number(t, "system.slice/docker-" ID_A ".scope/cpu.stat", "usage_usec ", a * 1e6);
	put_number(t, "system.slice/docker-" ID_B ".scope/cpu.stat", "usage_usec ", b * 1e6);
	put_number(t, "system.slice/dockerd.service/cpu.stat", "usage_usec ", service * 1e6);
	put_number(t, "system.slice/cpu.stat", "usage_usec ", (a + b + service) * 1e6);
}

static void
test_v2(void **state)
{
	struct tree *t = *state;
	struct cgroups *g;

	put(t, "cgroup.controllers", "cpuset cpu\n");
	use_v2(t, 1, 1, 1);
	put(t, "system.slice/docker-" ID_A ".scope/cpu.weight", "300\n");
	put(t, "system.slice/docker-" ID_A ".scope/cpu.max", "max 100000\n");
	put(t, "system.slice/docker-" ID_B ".scope/cpu.max", "150000 100000\n");
	put(t, "system.slice/docker-" ID_B ".scope/cpuset.cpus.effective", "1\n");
	g = cgroups_new(t->top);
	look(t, g, SEC);
	use_v2(t, 2, 1, 2);
	look(t, g, 2 * SEC);
	NEAR(of(&t->view, ID_A)->weight, 3 * 1024);
	NEAR(of(&t->view, ID_A)->available, 1.5);	/* three for itself, one for the service */
	NEAR(of(&t->view, ID_B)->available, .5);	/* A wants no more than its one */
	NEAR(of(&t->view, ID_B)->quota, 1);		/* it may use one CPU */
	use_v2(t, 2, 1, 2);				/* too soon: as it was */
	NEAR(of(look(t, g, 2 * SEC + APART_USEC / 2), ID_A)->available, 1.5);
	NEAR(of(look(t, g, 3 * SEC), ID_A)->available, 2);
	assert_true(isnan(of(look(t, g, 4 * SEC + LONG_AGO_USEC), ID_A)->available));
	cgroups_free(&g);
}

/* A group that came after the walk uses what its parent does, until it is seen; a stranger's limits
 * are those of the walk. One that has gone is not told of, and another one of its name is a new one. */
static void
test_groups_come_and_go(void **state)
{
	struct tree *t = *state;
	struct stat st;
	struct cgroups *g;

	put(t, "cgroup.controllers", "cpu\n");
	use_v2(t, 1, 1, 1);
	g = cgroups_new(t->top);
	look(t, g, SEC);
	cut(t, "system.slice/docker-" ID_B ".scope");
	put_number(t, "docker/" ID_C "/cpu.stat", "usage_usec ", 7e6);
	look(t, g, SEC + APART_USEC);
	assert_null(of(&t->view, ID_C));
	assert_int_equal(stat(t->top, &st), 0);
	look(t, g, SEC + (st.st_nlink > 2 ? NEW_EVERY_USEC : WALK_EVERY_USEC));	/* not all file systems count */
	assert_int_equal(t->view.ncontainers, 2);
	assert_null(of(&t->view, ID_B));
	NEAR(of(&t->view, ID_C)->cpu_seconds, 7);
	NEAR(of(&t->view, ID_C)->available, 2);
	cut(t, "docker");
	look(t, g, 20 * SEC);
	assert_int_equal(t->view.ncontainers, 1);
	assert_non_null(of(&t->view, ID_A));
	cgroups_free(&g);
}

/* A user who may make groups below his own gives one the name of a container. */
static void
test_an_id_that_is_there_twice(void **state)
{
	static const char *const of_user[] = { "user.slice/user-1000.slice/docker-" ID_A ".scope",
	    "a.slice/user.slice/" ID_A, "z.slice/user.slice/" ID_A };
	char path[200];
	struct tree *t = *state;
	struct cgroups *g;

	put(t, "cgroup.controllers", "cpu\n");
	put(t, "docker/" ID_A "/cpu.stat", "usage_usec 3000000\n");
	for (size_t i = 0; i < sizeof of_user / sizeof *of_user; i++) {
		snprintf(path, sizeof path, "%s/cpu.stat", of_user[i]);
		put(t, path, "usage_usec 1000000\n");
	}
	g = cgroups_new(t->top);
	look(t, g, SEC);
	assert_int_equal(t->view.ncontainers, 1);
	NEAR(t->view.container[0].cpu_seconds, 3);
	cgroups_free(&g);
}

static void
test_v2_beside_v1_without_cpuacct(void **state)
{
	struct tree *t = *state;
	struct cgroups *g;

	put(t, "unified/cgroup.controllers", "\n");
	put(t, "unified/docker/" ID_A "/cpu.stat", "usage_usec 1000000\nthrottled_usec 1\n");
	put(t, "cpu/docker/" ID_A "/cpu.shares", "2\n");
	g = cgroups_new(t->top);
	look(t, g, SEC);
	NEAR(of(&t->view, ID_A)->cpu_seconds, 1);
	NEAR(of(&t->view, ID_A)->weight, 2);
	cgroups_free(&g);
}

static void
test_no_cgroups(void **state)
{
	struct tree *t = *state;
	struct cgroups *g = cgroups_new(t->top);

	assert_int_equal(look(t, g, SEC)->ncontainers, 0);
	cgroups_free(&g);
	assert_null(g);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_v1, grow, fell),
		cmocka_unit_test_setup_teardown(test_v2, grow, fell),
		cmocka_unit_test_setup_teardown(test_groups_come_and_go, grow, fell),
		cmocka_unit_test_setup_teardown(test_an_id_that_is_there_twice, grow, fell),
		cmocka_unit_test_setup_teardown(test_v2_beside_v1_without_cpuacct, grow, fell),
		cmocka_unit_test_setup_teardown(test_no_cgroups, grow, fell),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
