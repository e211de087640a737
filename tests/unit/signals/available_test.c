/* Worked examples, what always holds, and random trees beside a search that takes small steps. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "base/rng.h"
#include "signals/available.c"

#define NEAR(a, b) assert_true(fabs((a) - (b)) < 1e-9)
#define W AVAILABLE_WEIGHT
#define MOST 64

static const struct available_group root = { 0, W, INFINITY, 0 };

/* On two cores: what the first group below `docker` could have beside others that use this much. */
static double
beside(const double *used, unsigned n, double quota)
{
	struct available_group g[MOST] = { root, { 0, W, INFINITY, 0 }, { 1, W, quota, 0 } };
	double cores[MOST];

	for (unsigned i = 0; i < n; i++) {
		g[3 + i] = (struct available_group){ 1, W, INFINITY, used[i] };
		g[0].used += used[i];
		g[1].used += used[i];
	}
	available_find(g, 3 + n, 2, NAN, cores);
	NEAR(cores[0], 2);
	return cores[2];
}

static void
test_what_was_measured(void **state)
{
	(void)state;
	NEAR(beside(NULL, 0, INFINITY), 2);
	NEAR(beside(NULL, 0, .5), .5);
	NEAR(beside((const double[]){ 2 }, 1, INFINITY), 1);
	NEAR(beside((const double[]){ .5, .5, .5, .5 }, 4, INFINITY), .4);
	NEAR(beside((const double[]){ .5, .5, .5, .5 }, 4, .3), .3);
	NEAR(beside((const double[]){ .1, .2, 1.7 }, 3, INFINITY), .85);
	NEAR(beside((const double[]){ .1, .2, .3 }, 3, INFINITY), 1.4);
}

static void
test_services_beside_docker(void **state)
{
	const struct available_group g[] = {
		{ 0, W, INFINITY, 2 },		/* the machine */
		{ 0, W, INFINITY, .8 },		/* docker */
		{ 0, W, INFINITY, 1.2 },	/* system.slice */
		{ 1, W, INFINITY, .3 },
		{ 1, W, INFINITY, .5 },
	};
	double cores[5];

	(void)state;
	available_find(g, 5, 2, NAN, cores);
	NEAR(cores[1], 1);
	NEAR(cores[2], 1.2);
	NEAR(cores[3], .5);
	NEAR(cores[4], .7);
}

static void
test_weights_and_quotas_of_others(void **state)
{
	const struct available_group g[] = {
		{ 0, W, INFINITY, 4 }, { 0, 3 * W, INFINITY, 2 }, { 0, W, 1.5, 1.5 }, { 0, W / 2, INFINITY, .5 },
		{ 1, W, INFINITY, 2 }, { 1, 2, INFINITY, 0 },
	};
	double cores[6];

	(void)state;
	available_find(g, 6, 4, NAN, cores);
	NEAR(cores[1], 4 * 3 / 4.5);		/* all want more than they would get */
	NEAR(cores[2], 1.5);			/* its quota: 4 - 2 - .5 would be free for it */
	NEAR(cores[3], 2 / 3.);			/* half of what the one with the quota gets then */
	NEAR(cores[5], cores[1] - 2);		/* however light: its sibling wants no more than it has */
}

/* What a group could have beside threads in the root, as where system services have no groups for CPU: each is as
 * heavy as a group. */
static double
beside_threads(double they, double group, double running)
{
	const struct available_group g[] = { { 0, W, INFINITY, they + group }, { 0, W, INFINITY, group } };
	double cores[2];

	available_find(g, 2, 2, running, cores);
	return cores[1];
}

static void
test_threads_of_a_parent(void **state)
{
	(void)state;
	NEAR(beside_threads(1.6, .4, NAN), .4);		/* four of them, or each had more than the group */
	NEAR(beside_threads(1.6, .4, 5), .4);
	NEAR(beside_threads(2, 0, 4), .4);		/* nobody to compare with: all that run */
	NEAR(beside_threads(2, 0, NAN), 2 / 3.);
	NEAR(beside_threads(1.95, .05, 4), 2 / 4.95);	/* a group that wants little says nothing of how many they are */
	NEAR(beside_threads(1, .1, NAN), 1);		/* one core is idle */
	NEAR(beside_threads(.2, .1, NAN), 1.8);
}

/* ---- random trees ---- */

static double
draw(struct rng *r, double most)
{
	return rng_below(r, 1000001) / 1e6 * most;
}

static unsigned
grow(struct rng *r, struct available_group *g, double machine)
{
	unsigned n = 2 + rng_below(r, MOST - 2);

	g[0] = root;
	for (unsigned i = 1; i < n; i++) {
		g[i] = (struct available_group){ rng_below(r, i), 2 + draw(r, 3 * W), INFINITY, 0 };
		if (rng_below(r, 4) == 0)
			g[i].quota = draw(r, machine);
		g[i].used = fmin(rng_below(r, 3) == 0 ? 0 : draw(r, 2 * machine / n), g[i].quota);
	}
	for (unsigned i = n - 1; i > 0; i--)
		g[g[i].parent].used += g[i].used;
	for (unsigned i = 0; i < n; i++)
		if (rng_below(r, 5) == 0)	/* noise: more or less than its children */
			g[i].used = draw(r, machine);
	return n;
}

/* The level is narrowed by halves; children and the parent's threads are looked at one by one. */
static double
search(const struct available_group *g, unsigned n, double machine, unsigned who)
{
	double all, own, low = 0, high = 1e9, threads, most = 0;
	unsigned p = g[who].parent;

	if (who == 0)
		return fmin(machine, g[0].quota);
	all = search(g, n, machine, p);
	threads = g[p].used;
	for (unsigned i = 1; i < n; i++)
		if (g[i].parent == p) {
			threads -= g[i].used;
			most = fmax(most, g[i].used / g[i].weight);
		}
	for (int step = 0; step < 200; step++) {
		double level = (low + high) / 2, sum = own = level * g[who].weight;
		for (unsigned i = 1; i < n; i++)
			if (g[i].parent == p && i != who)
				sum += fmin(g[i].used, level * g[i].weight);
		if (threads > 0)
			sum += fmin(threads, level * fmax(most > 0 ? threads / most : 0, W * fmax(1, ceil(threads))));
		*(sum < all ? &low : &high) = level;
	}
	return fmin(low * g[who].weight, g[who].quota);
}

static void
test_random_trees(void **state)
{
	struct rng r;

	(void)state;
	rng_seed(&r, 13);
	for (int round = 0; round < 400; round++) {
		double machine = 1 + rng_below(&r, 16), cores[MOST];
		struct available_group g[MOST];
		unsigned n = grow(&r, g, machine);
		available_find(g, n, machine, NAN, cores);
		for (unsigned i = 0; i < n; i++) {
			assert_true(cores[i] >= 0 && cores[i] <= g[i].quota && cores[i] <= machine);
			assert_true(cores[i] <= cores[g[i].parent] + 1e-9);
			assert_true(fabs(cores[i] - search(g, n, machine, i)) < 1e-6);
		}
	}
}

/* Where nobody was measured to use more than there is, all could have what they use, and the only
 * child of an idle machine all of it. */
static void
test_nobody_could_have_less_than_it_uses(void **state)
{
	struct rng r;

	(void)state;
	rng_seed(&r, 7);
	for (int round = 0; round < 400; round++) {
		struct available_group g[MOST] = { root };
		double cores[MOST], left = 4;
		unsigned n = 2 + rng_below(&r, MOST - 2);
		for (unsigned i = 1; i < n; i++) {
			g[i] = (struct available_group){ 0, 2 + draw(&r, 2 * W), INFINITY, draw(&r, left) };
			left -= g[i].used;
			g[0].used += g[i].used;
		}
		available_find(g, n, 4, NAN, cores);
		for (unsigned i = 1; i < n; i++)
			assert_true(cores[i] >= g[i].used - 1e-9 && cores[i] >= left);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_was_measured),
		cmocka_unit_test(test_services_beside_docker),
		cmocka_unit_test(test_weights_and_quotas_of_others),
		cmocka_unit_test(test_threads_of_a_parent),
		cmocka_unit_test(test_random_trees),
		cmocka_unit_test(test_nobody_could_have_less_than_it_uses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
