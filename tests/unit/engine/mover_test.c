/* mover: who is moved, when, and what is said of it; against a scripted Swarm. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>

#include "base/log.h"
#include "fake_swarm.h"
#include "engine/mover.c"

#define WEB "{'Name': 'web', 'Labels': {}, 'TaskTemplate': {'ContainerSpec': {'Image': 'i'}, 'Placement': {}}, 'Mode': {'Replicated': {'Replicas': 1}}}"
#define WEB_WITH(extra) "{'Name': 'web', 'Labels': {}, 'TaskTemplate': {'ContainerSpec': {'Image': 'i'" extra "}, 'Placement': {}}, " \
    "'Mode': {'Replicated': {'Replicas': 1}}}"

static struct stage stage;
static struct mover *mover;
static double load[3];			/* threads that want a core on a, b, c */
static struct mover_conf conf;
static char said[64][40];		/* events, in their order */
static int nsaid;

static void
on_line(void *arg, enum log_level level, const char *event, const char *pairs)
{
	(void)arg;
	(void)pairs;
	if (level >= LOG_INFO && nsaid < 64)
		str_copy(said[nsaid++], sizeof said[0], str_of(event));
}

static int
times_said(const char *event)
{
	int n = 0;

	for (int i = 0; i < nsaid; i++)
		n += strcmp(said[i], event) == 0;
	return n;
}

static void
sample_all(void)
{
	struct world_node *n;

	LIST_FOREACH(n, &stage.world->nodes, link) {
		double threads = load[n->name[0] - 'a'];
		n->observed.sample = (struct sample){ .taken_usec = fake.now, .span_usec = USEC_PER_SEC, .source = SOURCE_AGENT, .cores = 1,
		    .busy = fmin(1, threads), .running = threads, .memory_total_bytes = NAN, .memory_available_bytes = NAN,
		    .psi_memory_stalled = NAN };
		n->observed.samples = 9;
		n->steering.row.law = (struct law_node){ .cores = 1, .sampled_usec = fake.now, .period_usec = USEC_PER_SEC, .balancers = 1,
		    .others = threads - live_node_inflight(stage.live, n->slot) };
	}
}

static void
run(double seconds)
{
	for (double t = 0; t < seconds; t += 0.5) {
		sample_all();
		fake_run(0.5);
	}
}

static void
begin(const char *spec, const char *on)
{
	fake_begin(spec);
	stage_begin(&stage, on);
	nsaid = 0;
	log_tap(on_line, NULL);
	memset(load, 0, sizeof load);
	conf = (struct mover_conf){ .enable = true, .patience_usec = 60 * USEC_PER_SEC, .rules = { .margin = 0.25, .heat = {
	    .hot = 0.9, .cold = 0.7, .dwell_usec = 5 * USEC_PER_SEC, .cool_down_usec = 60 * USEC_PER_SEC } } };
	mover = mover_new(NULL, stage.world, &conf, "m1");
	mover_engine(mover, (struct engine *)&fake);
}

static void
finish(void)
{
	mover_free(&mover);
	stage_end(&stage);
	fake_end();
	log_tap(NULL, NULL);
}

static const char *
word(const char *key)
{
	static char out[400];
	json_t *j = mover_view(mover, world_service(stage.world, STR("web")));

	str_copy(out, sizeof out, str_of(json_string_value(json_object_get(j, key))));
	json_decref(j);
	return out;
}

static json_t *
constraints(void)
{
	return json_object_get(json_object_get(json_object_get(fake_spec(), "TaskTemplate"), "Placement"), "Constraints");
}

/* The Swarm does what it was told. */
static void
obey(const char *on)
{
	fake_status("completed");
	stage_tasks(&stage, on);
	run(3);
}

static void
it_leaves_a_hot_node_for_the_coldest(void **state)
{
	(void)state;
	begin(WEB, "a");
	load[1] = 0.5;
	run(10);
	assert_string_equal(word("refusal"), "not_hot");
	load[0] = 4;
	run(4);
	assert_string_equal(word("refusal"), "not_long");
	run(4);
	assert_int_equal(fake.posts, 1);
	assert_string_equal(word("state"), "busy");
	assert_int_equal(json_array_size(constraints()), 2);	/* the hot one, and the lukewarm */
	assert_string_equal(json_string_value(json_array_get(constraints(), 0)), "node.id!=na");
	assert_string_equal(json_string_value(json_array_get(constraints(), 1)), "node.id!=nb");
	obey("c");
	assert_int_equal(fake.posts, 2);
	assert_int_equal(json_array_size(constraints()), 0);
	assert_int_equal(times_said("mover.moving"), 1);
	assert_int_equal(times_said("mover.done"), 1);
	run(40);
	assert_int_equal(fake.posts, 2);
	finish();
}

static void
who_lost_something_to_a_move_is_left_alone(void **state)
{
	(void)state;
	begin(WEB_WITH(", 'Large': 'big'"), "a");
	fake.drops = "ContainerSpec";
	load[0] = 4;
	run(20);
	assert_string_equal(word("refusal"), "altered");
	run(120);
	assert_int_equal(times_said("mover.moving"), 1);
	assert_int_equal(times_said("mover.altered"), 1);
	assert_int_equal(fake.rollbacks, 1);
	finish();
}

static void
image_set(json_t *spec, const char *image)
{
	json_object_set_new(json_object_get(json_object_get(spec, "TaskTemplate"), "ContainerSpec"), "Image", json_string(image));
}

static void
a_rollback_that_would_undo_a_step_is_explained(void **state)
{
	static const char *const images[] = { "i:1", "i", "i:2" };
	json_t *previous;

	(void)state;
	for (int i = 0; i < 3; i++) {
		begin(WEB, "a");
		previous = json_deep_copy(fake_spec());
		image_set(previous, images[i]);
		json_object_set_new(fake.service, "PreviousSpec", previous);
		run(1);
		assert_string_equal(word("rollback"), "");
		load[0] = 4;
		run(8);
		obey("c");
		run(31);
		assert_int_equal(fake.posts, 2);
		assert_non_null(strstr(word("rollback"), i == 1 ? "undo the last move, not your last update; until then it went back to a version with the same"
		    : "undo the last move, not your last update; until then it went back to i:"));
		/* people update it, and a rollback is what it was */
		json_object_set_new(fake.service, "PreviousSpec", json_deep_copy(fake_spec()));
		image_set(fake_spec(), "i:3");
		fake_bump();
		run(31);
		assert_string_equal(word("rollback"), "");
		finish();
	}
}

static void
dry_run_says_it_once_and_does_nothing(void **state)
{
	(void)state;
	begin(WEB, "a");
	conf.dry_run = true;
	mover_reconf(mover, &conf);
	load[0] = 4;
	run(30);
	assert_int_equal(fake.posts, 0);
	assert_int_equal(times_said("mover.would_move"), 1);
	assert_string_equal(word("refusal"), "dry_run");
	assert_string_equal(word("from"), "a");
	assert_non_null(strstr(word("text"), "4.0 threads per core on a, hot since"));
	finish();
}

static void
a_specification_that_forbids_is_heeded_and_said(void **state)
{
	static const struct {
		const char	*spec, *refusal;
	} cases[] = {
		{ "{'Name': 'web', 'TaskTemplate': {'ContainerSpec': {}}, 'Mode': {'Replicated': {'Replicas': 1}}}", "no_placement" },
		{ WEB_WITH(", 'Mounts': [{'Type': 'volume', 'Source': 'v', 'Target': '/d'}]"), "volume" },
		{ WEB_WITH(", 'Mounts': [{'Type': 'bind', 'Source': '/v', 'Target': '/d'}]"), "bind" },
		{ "{'Name': 'web', 'TaskTemplate': {'ContainerSpec': {}}, 'Mode': {'Global': {}}}", "global" },
	};

	(void)state;
	for (int i = 0; i < 4; i++) {
		begin(cases[i].spec, "a");
		load[0] = 4;
		run(20);
		assert_int_equal(fake.posts, 0);
		assert_string_equal(word("refusal"), cases[i].refusal);
		assert_int_equal(times_said("mover.stays"), 1);
		finish();
	}
}

static void
who_is_off_asks_nobody(void **state)
{
	(void)state;
	begin(WEB, "a");
	conf.enable = false;
	mover_reconf(mover, &conf);
	load[0] = 4;
	run(20);
	assert_int_equal(fake.gets + fake.posts, 0);
	assert_string_equal(word("refusal"), "unseen");
	finish();
}

static void
nobody_follows_an_alternating_hog(void **state)
{
	(void)state;
	begin(WEB, "a");
	for (int i = 0; i < 10; i++) {		/* 20 s here, 20 s there */
		load[0] = i % 2 == 0 ? 4 : 0.1;
		load[1] = i % 2 == 1 ? 4 : 0.1;
		load[2] = 4;
		run(20);
		if (fake.posts == 1)
			obey("b");
	}
	assert_true(fake.posts <= 2);		/* one move, before b was ever hot; and never back */
	finish();
}

static void
the_own_heat_is_not_carried_about(void **state)
{
	struct world_task *t;

	(void)state;
	begin(WEB, "a");
	t = LIST_FIRST(&world_service(stage.world, STR("web"))->tasks);
	for (int i = 0; i < 3; i++)
		live_take(stage.live, 0, t->node->slot, t->slot);
	load[0] = 3;				/* all of it its own */
	run(30);
	assert_int_equal(fake.posts, 0);
	assert_string_equal(word("refusal"), "gain");
	finish();
}

static void
tasks_elsewhere_make_a_move_needless(void **state)
{
	(void)state;
	begin(WEB, "ab");
	load[0] = 4;
	run(20);
	assert_int_equal(fake.posts, 0);
	assert_string_equal(word("refusal"), "elsewhere");
	finish();
}

static void
mark_it(const char *by, int64_t until)
{
	char label[200];

	snprintf(label, sizeof label, "{\"by\":\"%s\",\"since\":1,\"until\":%lld,\"from\":\"na\",\"to\":\"nb\",\"added\":[\"node.id!=na\"],"
	    "\"order\":false}", by, (long long)until);
	json_object_set_new(json_object_get(fake_spec(), "Labels"), PLACEMENT_LABEL, json_string(label));
	json_object_set_new(json_object_get(fake_spec(), "TaskTemplate"), "Placement", json_pack("{s:[s]}", "Constraints", "node.id!=na"));
	json_object_set_new(fake_spec(), "UpdateConfig", json_pack("{s:s}", "Order", "start-first"));
	fake_status("completed");
}

static void
what_an_earlier_life_left_is_cleaned_up(void **state)
{
	(void)state;
	begin(WEB, "b");
	mark_it("m1", clock_wall_usec() / USEC_PER_SEC + 300);
	run(3);
	assert_int_equal(fake.posts, 1);
	assert_int_equal(times_said("mover.resumed"), 1);
	assert_null(json_object_get(json_object_get(fake_spec(), "Labels"), PLACEMENT_LABEL));
	assert_null(json_object_get(fake_spec(), "UpdateConfig"));
	assert_null(constraints());
	finish();
}

/* A time in a label is what anybody may have written there. */
static void
a_mark_with_an_absurd_time_is_only_old_or_new(void **state)
{
	(void)state;
	begin(WEB, "b");
	mark_it("m2", INT64_MAX);
	run(3);
	assert_int_equal(fake.posts, 0);
	mark_it("m2", INT64_MIN);
	run(40);
	assert_true(fake.posts >= 1);
	mark_it("m1", INT64_MAX);
	run(40);
	assert_int_equal(times_said("mover.resumed"), 2);
	finish();
}

static void
what_another_does_is_left_to_it_until_it_is_overdue(void **state)
{
	(void)state;
	begin(WEB, "b");
	load[1] = 4;
	mark_it("m2", clock_wall_usec() / USEC_PER_SEC + 300);
	run(30);
	assert_int_equal(fake.posts, 0);
	assert_string_equal(word("refusal"), "one_at_a_time");
	mark_it("m2", clock_wall_usec() / USEC_PER_SEC - 300);
	run(40);
	assert_true(fake.posts >= 1);
	assert_int_equal(times_said("mover.resumed"), 1);
	finish();
}

static void
an_engine_that_is_gone_is_said_once(void **state)
{
	(void)state;
	begin(WEB, "a");
	fake.gone = 6;
	load[0] = 4;
	run(60);
	assert_int_equal(times_said("mover.blind"), 1);
	assert_true(fake.posts >= 1);
	finish();
}

static void
it_grows_and_shrinks_by_one(void **state)
{
	(void)state;
	begin(WEB, "a");
	stage.conf.migrate = false;
	stage.conf.scale_min = 1;
	stage.conf.scale_max = 2;
	stage_tasks(&stage, "a");
	load[0] = 4;
	run(10);
	assert_int_equal(placement_replicas(fake.service), 2);
	stage_tasks(&stage, "ab");
	load[1] = 4;
	run(100);
	assert_int_equal(placement_replicas(fake.service), 2);
	load[0] = load[1] = 0.1;
	run(100);
	assert_int_equal(placement_replicas(fake.service), 1);
	stage_tasks(&stage, "a");
	run(200);
	assert_int_equal(placement_replicas(fake.service), 1);
	assert_int_equal(times_said("scaler.scaling"), 2);
	finish();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_leaves_a_hot_node_for_the_coldest),
		cmocka_unit_test(who_lost_something_to_a_move_is_left_alone),
		cmocka_unit_test(a_rollback_that_would_undo_a_step_is_explained),
		cmocka_unit_test(dry_run_says_it_once_and_does_nothing),
		cmocka_unit_test(a_specification_that_forbids_is_heeded_and_said),
		cmocka_unit_test(who_is_off_asks_nobody),
		cmocka_unit_test(nobody_follows_an_alternating_hog),
		cmocka_unit_test(the_own_heat_is_not_carried_about),
		cmocka_unit_test(tasks_elsewhere_make_a_move_needless),
		cmocka_unit_test(what_an_earlier_life_left_is_cleaned_up),
		cmocka_unit_test(what_another_does_is_left_to_it_until_it_is_overdue),
		cmocka_unit_test(a_mark_with_an_absurd_time_is_only_old_or_new),
		cmocka_unit_test(an_engine_that_is_gone_is_said_once),
		cmocka_unit_test(it_grows_and_shrinks_by_one),
	};

	log_setup("test", LOG_INFO, false);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
