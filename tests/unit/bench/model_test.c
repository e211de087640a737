/*
 * The model against closed formulas of queueing, with the whole of it in between (table, pick, brain, samples); the
 * sentences of its scenario files; that it meets the tenants of the emulated cluster where it should; that drawn scenarios are the same each time.
 */
#include "../../../bench/sim/scenario.c"
#include "../../../bench/sim/draw.c"
#include "../../../bench/sim/machine.c"
#include "../../../bench/sim/requests.c"
#include "../../../bench/sim/balancer.c"
#include "../../../bench/sim/ways.c"
#include "../../../bench/sim/run.c"
#include "../../../bench/lib/tenants.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <unistd.h>

#include <cmocka.h>

static struct scenario
scenario_of(const char *text)
{
	struct scenario s;
	char error[512] = "";

	if (!scenario_parse(&s, text, "x.scenario", error, sizeof error))
		fail_msg("%s", error);
	return s;
}

/* The mean in msec, within 2 %. */
static void
mean_is(const char *text, const char *way, double want)
{
	static struct scenario s;
	struct result r;

	s = scenario_of(text);
	run_play(&s, way_named(way), 7, &r);
	if (!(fabs(r.mean / want - 1) < .02))
		fail_msg("%s: %.2f ms, and by the formula %.2f", text, r.mean, want);
	assert_true(r.requests > 90000 && r.failed == 0);
}

/* Work of 20 ms; one core under processor sharing: 1 / (mu - lambda), whatever the work's distribution. */
static void
one_core_is_as_in_the_books(void **state)
{
	(void)state;
	mean_is("nodes 1\nours .5\nseconds 4000\n", "law-new", 20 / (1 - .5));
	mean_is("nodes 1\nours .8\nseconds 9000\n", "law-new", 20 / (1 - .8));
	mean_is("nodes 1\nours .5\nwork bimodal .01 .21 .05\nseconds 4000\n", "law-new", 20 / (1 - .5));
	mean_is("nodes 1\nours .5\nwait const .1\nseconds 4000\n", "law-new", 100 + 20 / (1 - .5));
	mean_is("nodes 1\nours .5\nwait const .1 rounds 3\nseconds 4000\n", "law-new", 300 + 20 / (1 - .5));
}

/* Of c cores at load r: as in M/M/c, by Erlang's C. */
static double
erlang(unsigned c, double r)
{
	double term = 1, sum = 0, last;

	for (unsigned k = 0; k < c; k++) {
		sum += term;
		term *= c * r / (k + 1);
	}
	last = term / (1 - r);
	return 20 + 20 * last / (sum + last) / (c * (1 - r));
}

static void
several_cores_are_as_in_the_books(void **state)
{
	(void)state;
	mean_is("nodes 4\nours .8\nseconds 900\n", "law-new", erlang(4, .8));
	mean_is("nodes 8\nours .9\nseconds 1500\n", "least-conn", erlang(8, .9));
	/* half as fast */
	mean_is("nodes 4\nslow part 1 speed .5\nours .8\nseconds 1800\n", "law-new", 2 * erlang(4, .8));
}

/* A group has what the others leave it, however many threads it has. */
static void
containers_are_as_in_the_books(void **state)
{
	(void)state;
	/* one busy neighbour: half a core is ours; three: a quarter */
	mean_is("nodes 1\nours .25\npermanent one size 1\nseconds 8000\n", "law-new", 40 / (1 - .5));
	mean_is("nodes 1\nours .1\npermanent many size 3\nseconds 20000\n", "law-new", 80 / (1 - .4));
	mean_is("nodes 1\nours .25\npermanent each size 3\nseconds 8000\n", "law-new", 40 / (1 - .5));
	/* three times its weight: three quarters of a core */
	mean_is("nodes 1\nours .3\ntasks 1 weight 3072\npermanent one size 1\nseconds 8000\n", "law-new", 20 / .75 / (1 - .4));
	/* a quota of half a core, on two */
	mean_is("nodes 2\nours .125\ntasks 1 quota .25\nseconds 8000\n", "law-new", 40 / (1 - .5));
}

static void
every_policy_meets_the_same_requests(void **state)
{
	static struct scenario s;
	uint64_t requests = 0;

	(void)state;
	s = scenario_of("ours .3\ntenants many load .1\npermanent one part .3\nhog each part .2 every 5 lasts 2\nafter exp .005\n"
	    "tasks 2 quota .9\nsteal part .3\nsockets part .02 lasts 3\nfailures part .3 every 8 lasts 2\nbalancers 2\nseconds 20\n");
	for (unsigned i = 0; i < ways_count; i++) {
		struct result r;
		if (!way_exists(&ways[i]))
			continue;
		run_play(&s, &ways[i], 3, &r);
		assert_true(r.requests > 1000 && r.p99 >= r.p50 && r.p999 >= r.p99 && r.p50 > 0);
		assert_true(r.failed < r.requests / 20);
		assert_true(requests == 0 || r.requests == requests);
		requests = r.requests;
		assert_true(r.tenants > 1 && r.tenants < 20);
	}
}

/* Of all threads in one group, it knows which are ours. */
static void
perfect_knowledge_is_no_worse_where_threads_share(void **state)
{
	static struct scenario s;
	struct result oracle, law;

	(void)state;
	s = scenario_of("sharing thread\ntenants each load .15\nseconds 120\n");
	run_play(&s, way_named("oracle"), 1, &oracle);
	run_play(&s, way_named("law-new"), 1, &law);
	assert_true(oracle.mean < law.mean && oracle.p99 < law.p99);
}

/* bench/check-model compares the two; this is what it rests on. */
static void
tenants_are_those_of_the_emulated_cluster(void **state)
{
	static struct scenario s;
	const struct tenants_conf conf = { .in = TENANTS_MANY, .load = .3, .size = 2, .work_seconds = 2 };
	struct run u;

	(void)state;
	s = scenario_of("nodes 1 4\nload .7\ntenants many load .3\nemulated 60\n");
	run_init(&u, &s, way_named("least-conn"), 9);
	for (unsigned i = 0; i < u.nmachines; i++) {
		struct machine *m = &u.machine[i];
		struct tenants t;
		u.now = RUN_BEGIN_USEC;
		tenants_init(&t, 9000 + i, &conf, s.cores[i], u.now);
		for (unsigned n = 0; n < 50; n++) {
			assert_int_equal(m->tenants[0].r.next, t.next);
			assert_int_equal(m->tenants[0].threads, t.threads);
			for (unsigned k = 0; k < t.threads; k++)
				tenants_work(&t);
			tenants_step(&t);
			for (; m->tenants[0].r.next != t.next; machine_step(m)) {
				assert_true(m->due.key <= t.next);
				u.now = m->due.key;
			}
		}
	}
	run_fini(&u);
}

static void
a_wrong_line_is_an_error_with_its_place(void **state)
{
	static const struct { const char *text, *error; } wrong[] = {
		{ "load .7\nlaod .7\n", "x.scenario:2: laod: this key is not known" },
		{ "load\n", "x.scenario:1: load: expected a fraction of all cores, and the line ends" },
		{ "load 7x\n", "x.scenario:1: load: 7x: expected a fraction of all cores, a number from 0 to 3" },
		{ "load .5 .6\n", "x.scenario:1: load: .6: expected the end of the line" },
		{ "nodes 2 0x4\n", "x.scenario:1: nodes: 0x4: expected cores" },
		{ "nodes 3000x1\n", "x.scenario:1: nodes: 3000x1: expected cores" },
		{ "nodes 1500x1 501x1\n", "x.scenario:1: nodes: expected at most 2000 nodes" },
		{ "nodes\n", "x.scenario:1: nodes: expected the cores" },
		{ "work gamma 1\n", "x.scenario:1: work: gamma: expected const, exp" },
		{ "tenants load .2\n", "x.scenario:1: tenants: load: expected one, many" },
		{ "tenants one lode .2\n", "x.scenario:1: tenants: lode: expected one of the words" },
		{ "tenants one load .4\nload .3\n", "x.scenario: load: expected more than the tenants'" },
		{ "hog one every 5 lasts 6\n", "x.scenario: hog: expected that it lasts" },
		{ "samples prometheus 1\n", "x.scenario:1: samples: expected agent or exporter" },
		{ "balancers 1.5\n", "x.scenario:1: balancers: 1.5: expected how many, a whole number" },
		{ "emulated 60\nhog one\n", "x.scenario: emulated: expected a scenario of nodes, load" },
		{ "emulated 60\nwork pareto .01 2\n", "x.scenario: emulated: expected a scenario of nodes, load" },
		{ "permanent one\npermanent one\npermanent one\npermanent one\npermanent one\n", "x.scenario:5: permanent: expected at most 4" },
	};
	struct scenario s;
	char error[512];

	(void)state;
	for (unsigned i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		assert_false(scenario_parse(&s, wrong[i].text, "dir/x.scenario" + 4, error, sizeof error));
		if (strncmp(error, wrong[i].error, strlen(wrong[i].error)) != 0)
			fail_msg("%s, and not %s", error, wrong[i].error);
	}
}

static void
a_file_says_what_a_cluster_is(void **state)
{
	struct scenario s = scenario_of("# a comment\nworld w\nnodes 2x4 8   # another\nload .6\ntenants each load .2 part .5 quota 2\nslow part 1 speed .5\n");

	(void)state;
	assert_string_equal(s.name, "x");
	assert_true(s.nnodes == 3 && s.cores[1] == 4 && s.cores[2] == 8);
	assert_true(s.ntenants == 1 && s.tenants[0].as == CONTAINERS_EACH && s.tenants[0].quota == 2);
	/* one of two nodes has tenants, the second one */
	assert_true(fabs(scenario_cores(&s) - 8) < 1e-9);
	assert_true(fabs(scenario_rate(&s) - (.6 * 8 - .2 * 4 * .5) / .02) < 1e-6);
}

static void
drawn_scenarios_are_the_same_each_time(void **state)
{
	char folder[] = "/tmp/mola-model.XXXXXX", path[2][64];
	static char text[2][8192];

	(void)state;
	assert_non_null(mkdtemp(folder));
	for (unsigned i = 0; i < 2; i++) {
		FILE *f;
		assert_true(draw_write(5, 40, folder));
		snprintf(path[i], sizeof path[i], "%s/5-039.scenario", folder);
		f = fopen(path[i], "r");
		assert_non_null(f);
		assert_true(fread(text[i], 1, sizeof text[i], f) > 50);
		fclose(f);
	}
	assert_string_equal(text[0], text[1]);
	for (unsigned i = 0; i < 40; i++) {
		snprintf(path[0], sizeof path[0], "%s/5-%03u.scenario", folder, i);
		unlink(path[0]);
	}
	rmdir(folder);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_core_is_as_in_the_books),
		cmocka_unit_test(several_cores_are_as_in_the_books),
		cmocka_unit_test(containers_are_as_in_the_books),
		cmocka_unit_test(every_policy_meets_the_same_requests),
		cmocka_unit_test(perfect_knowledge_is_no_worse_where_threads_share),
		cmocka_unit_test(tenants_are_those_of_the_emulated_cluster),
		cmocka_unit_test(a_wrong_line_is_an_error_with_its_place),
		cmocka_unit_test(a_file_says_what_a_cluster_is),
		cmocka_unit_test(drawn_scenarios_are_the_same_each_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
