/* change: a move is begun, watched, cleaned up or taken back, whoever dies or interferes. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "fake_swarm.h"
#include "engine/change.c"
#include "engine/change_edit.c"

#define TASK_OF(placement) "'TaskTemplate': {'ContainerSpec': {'Image': 'i@sha256:1', 'Unknown': [1, {'x': 9007199254740993}], 'Large': 'big'}, 'Resources': {'SwapBytes': 7}, " \
    "'RestartPolicy': {'Delay': 5000000000}" placement "}"
#define REPLICATED "'Mode': {'Replicated': {'Replicas': 1}}"
#define PLAIN "{'Name': 'web', 'Labels': {'mola.migrate': 'true'}, " TASK_OF(", 'Placement': {'Constraints': ['node.role==worker'], 'Platforms': []}") \
    ", " REPLICATED ", 'UpdateConfig': {'Parallelism': 1, 'Delay': 9223372036854775807, 'MaxFailureRatio': 0.1, 'Order': 'stop-first'}}"
#define BARE "{'Name': 'web', 'Labels': {}, " TASK_OF(", 'Placement': {}") ", " REPLICATED "}"

static struct stage stage;
static struct change *change;
static struct {
	int	 ended;
	bool	 moved, begun;
	enum refusal refusal;
	char	 text[320];
} end;

static void
on_ended(void *arg, const struct change_end *e)
{
	(void)arg;
	end.ended++;
	end.moved = e->moved;
	end.begun = e->begun;
	end.refusal = e->refusal;
	str_copy(end.text, sizeof end.text, str_of(e->text));
	change_free(&change);
}

static const char *const excluded[] = { "na", "nc" };

static void
open_stage(const char *spec)
{
	memset(&end, 0, sizeof end);
	fake_begin(spec);
	stage_begin(&stage, "a");
}

static void
close_stage(void)
{
	change_free(&change);
	stage_end(&stage);
	fake_end();
}

static void
move(void)
{
	struct change_move m = { .service = "web", .exclude = excluded, .nexclude = 2, .mark = { .by = "m1", .from = "na", .to = "nb",
	    .since = clock_wall_usec() / USEC_PER_SEC, .until = clock_wall_usec() / USEC_PER_SEC + 60 } };

	change = change_move_new(NULL, NULL, stage.world, &m, on_ended, NULL);
}

/* The label is found and the work taken up, as a new Mola does. */
static void
die_and_come_back(void)
{
	struct placement_mark mark;

	change_free(&change);
	if (placement_mark(fake.service, &mark))
		change = change_adopt_new(NULL, NULL, stage.world, "web", &mark, on_ended, NULL);
}

static bool
has_constraint(const char *text)
{
	json_t *list = json_object_get(json_object_get(json_object_get(fake_spec(), "TaskTemplate"), "Placement"), "Constraints"), *item;
	size_t i;

	json_array_foreach(list, i, item)
		if (strcmp(json_string_value(item), text) == 0)
			return true;
	return false;
}

static void
a_move_leaves_no_trace(void **state)
{
	static const char *const specs[] = { PLAIN, BARE };
	json_t *before;

	(void)state;
	for (int i = 0; i < 2; i++) {
		open_stage(specs[i]);
		before = json_deep_copy(fake_spec());
		move();
		fake_run(1);
		assert_int_equal(fake.posts, 1);
		assert_true(has_constraint("node.id!=na") && has_constraint("node.id!=nc"));
		assert_true(i == 1 || has_constraint("node.role==worker"));
		assert_string_equal(json_string_value(json_object_get(json_object_get(fake_spec(), "UpdateConfig"), "Order")), "start-first");
		fake_status("updating");
		stage_tasks(&stage, "ab");		/* both run: not yet */
		fake_run(5);
		assert_int_equal(fake.posts, 1);
		stage_tasks(&stage, "b");
		fake_run(5);
		assert_int_equal(fake.posts, 1);	/* Swarm is still at it */
		fake_status("completed");
		fake_run(3);
		assert_int_equal(fake.posts, 2);
		assert_true(end.ended == 1 && end.moved && end.begun);
		assert_true(json_equal(before, fake_spec()));
		json_decref(before);
		close_stage();
	}
}

static void
whoever_was_faster_is_read_again(void **state)
{
	(void)state;
	open_stage(PLAIN);
	fake.stale = 3;
	move();
	fake_run(2);
	assert_int_equal(fake.posts, 1);
	fake.stale = 8;				/* to clean up there is no limit */
	stage_tasks(&stage, "b");
	fake_status("completed");
	fake_run(5);
	assert_int_equal(fake.posts, 2);
	assert_true(end.moved);
	close_stage();
}

static void
a_fresh_refusal_touches_nothing(void **state)
{
	(void)state;
	open_stage(PLAIN);
	fake_status("updating");
	move();
	fake_run(2);
	assert_true(end.ended == 1 && !end.moved && !end.begun && end.refusal == REFUSAL_UPDATING);
	assert_int_equal(fake.posts, 0);
	close_stage();
}

/* What is given up is first pinned to where it was, then freed. */
static void
taken_back(void (*cause)(void), const char *words)
{
	json_t *before;

	open_stage(PLAIN);
	before = json_deep_copy(fake_spec());
	move();
	fake_run(1);
	cause();
	fake_run(1);
	assert_int_equal(fake.posts, 2);
	assert_true(has_constraint("node.id==na") && !has_constraint("node.id!=na") && !has_constraint("node.id!=nc"));
	fake_status("updating");
	fake_run(3);
	assert_int_equal(fake.posts, 2);
	fake_status("completed");
	fake_run(2);
	assert_int_equal(fake.posts, 3);
	assert_true(end.ended == 1 && !end.moved);
	assert_non_null(strstr(end.text, words));
	assert_true(json_equal(before, fake_spec()));
	json_decref(before);
	close_stage();
}

static void
pause_it(void)
{
	fake_status("paused");
}

static void
wait_too_long(void)
{
	fake_status("updating");
	fake_run(59.2);			/* and the second that began before it */
}

static void
a_paused_update_is_taken_back(void **state)
{
	(void)state;
	taken_back(pause_it, "paused");
}

static void
a_move_without_end_is_taken_back(void **state)
{
	(void)state;
	taken_back(wait_too_long, "patience");
}

static void
with_the_old_task_gone_there_is_no_way_back(void **state)
{
	(void)state;
	open_stage(PLAIN);
	move();
	fake_run(1);
	stage_tasks(&stage, "");
	fake_status("paused");
	fake_run(2);
	assert_false(has_constraint("node.id==na"));
	assert_true(end.ended == 1 && !end.moved && fake.posts == 2);
	close_stage();
}

static void
who_dies_in_the_middle_is_cleaned_up_after(void **state)
{
	json_t *before;

	(void)state;
	for (double t = 0; t < 12; t += 0.1) {	/* at any moment */
		open_stage(PLAIN);
		before = json_deep_copy(fake_spec());
		move();
		for (double at = 0; at < 12; at += 0.1) {
			if (at >= 2 && at < 2.1 && fake.posts > 0)
				fake_status("updating");
			if (at >= 4 && at < 4.1 && fake.posts > 0)
				stage_tasks(&stage, "b"), fake_status("completed");
			if (at >= t && at < t + 0.05)
				die_and_come_back();
			fake_run(0.1);
		}
		assert_null(change);
		assert_true(json_equal(before, fake_spec()));
		json_decref(before);
		close_stage();
	}
}

static void
a_lost_answer_is_looked_for(void **state)
{
	(void)state;
	open_stage(PLAIN);
	fake.lost_answer = true;
	move();
	fake_run(1);
	stage_tasks(&stage, "b");
	fake_status("completed");
	fake_run(2);
	assert_true(end.moved && fake.posts == 2);
	close_stage();
}

static void
cleaning_up_never_gives_up(void **state)
{
	json_t *before;

	(void)state;
	open_stage(PLAIN);
	before = json_deep_copy(fake_spec());
	move();
	fake_run(1);
	stage_tasks(&stage, "b");
	fake_status("completed");
	fake.gone = 50;
	fake_run(30);
	assert_int_equal(end.ended, 0);
	fake_run(40);
	assert_true(end.moved && json_equal(before, fake_spec()));
	json_decref(before);
	close_stage();
}

static void
what_others_wrote_stays(void **state)
{
	(void)state;
	open_stage(PLAIN);
	move();
	fake_run(1);
	/* a stack is deployed anew: label and constraints are gone */
	json_object_del(json_object_get(fake_spec(), "Labels"), PLACEMENT_LABEL);
	json_object_set_new(json_object_get(json_object_get(fake_spec(), "TaskTemplate"), "Placement"), "Constraints",
	    json_pack("[s]", "node.id!=nz"));
	fake_bump();
	fake_run(2);
	assert_true(end.ended == 1 && !end.moved && fake.posts == 1);
	assert_true(has_constraint("node.id!=nz"));
	close_stage();
}

static void
what_others_changed_meanwhile_survives_the_end(void **state)
{
	(void)state;
	open_stage(PLAIN);
	move();
	fake_run(1);
	json_array_append_new(json_object_get(json_object_get(json_object_get(fake_spec(), "TaskTemplate"), "Placement"), "Constraints"),
	    json_string("node.labels.x==y"));
	json_object_set_new(json_object_get(fake_spec(), "UpdateConfig"), "Order", json_string("stop-first"));
	fake_status("completed");
	stage_tasks(&stage, "b");
	fake_run(2);
	assert_true(end.moved && has_constraint("node.labels.x==y") && !has_constraint("node.id!=na"));
	close_stage();
}

static void
a_service_that_is_gone_needs_nothing(void **state)
{
	(void)state;
	open_stage(PLAIN);
	move();
	fake_run(1);
	json_decref(fake.service);
	fake.service = NULL;
	fake_run(2);
	assert_true(end.ended == 1 && !end.moved);
	close_stage();
}

static void
a_label_that_cannot_be_read_is_taken_off(void **state)
{
	(void)state;
	open_stage("{'Name': 'web', 'Labels': {'mola.moving': 'yes', 'a': 'b'}, " TASK_OF(", 'Placement': {}") ", " REPLICATED "}");
	die_and_come_back();
	fake_run(3);
	assert_int_equal(end.ended, 1);
	assert_int_equal(json_object_size(json_object_get(fake_spec(), "Labels")), 1);
	close_stage();
}

static void
scaling_is_one_edit(void **state)
{
	(void)state;
	open_stage(PLAIN);
	change = change_scale_new(NULL, NULL, stage.world, "web", 1, 2, on_ended, NULL);
	fake_run(1);
	assert_true(end.moved && placement_replicas(fake.service) == 2 && fake.posts == 1);
	change = change_scale_new(NULL, NULL, stage.world, "web", 1, 2, on_ended, NULL);
	fake_run(1);
	assert_true(end.ended == 2 && !end.moved && fake.posts == 1);	/* somebody has scaled it meanwhile: us */
	close_stage();
}

static void
what_an_engine_drops_is_noticed_and_restored(void **state)
{
	json_t *before;

	(void)state;
	for (int i = 0; i < 2; i++) {
		open_stage(PLAIN);
		before = json_deep_copy(fake_spec());
		fake.drops = "Resources";
		if (i == 0)
			move();
		else
			change = change_scale_new(NULL, NULL, stage.world, "web", 1, 2, on_ended, NULL);
		fake_run(2);
		assert_true(end.ended == 1 && !end.moved && end.begun && end.refusal == REFUSAL_ALTERED);
		assert_non_null(strstr(end.text, "API 1.56"));
		assert_non_null(strstr(end.text, "TaskTemplate.Resources"));
		assert_int_equal(fake.rollbacks, 1);
		assert_true(json_equal(before, fake_spec()));
		json_decref(before);
		close_stage();
	}
}

static void
undone_behind(int others, bool restored)
{
	open_stage(PLAIN);
	fake.drops = "Resources";
	change = change_scale_new(NULL, NULL, stage.world, "web", 1, 2, on_ended, NULL);
	for (int i = 0; i < 20 && fake.posts == 0; i++)
		fake_run(0.1);
	fake.stale = others;			/* Swarm itself writes the state of the update */
	fake_run(10);
	assert_true(end.ended == 1 && !end.moved && end.refusal == REFUSAL_ALTERED);
	assert_int_equal(fake.rollbacks, restored);
	assert_non_null(strstr(end.text, "TaskTemplate.Resources"));
	close_stage();
}

static void
an_update_that_has_begun_is_undone_all_the_same(void **state)
{
	(void)state;
	undone_behind(8, true);
	undone_behind(1000, false);
}

static void
what_somebody_else_drops_is_not_ours_to_restore(void **state)
{
	(void)state;
	open_stage(PLAIN);
	change = change_scale_new(NULL, NULL, stage.world, "web", 1, 2, on_ended, NULL);
	for (int i = 0; i < 20 && fake.posts == 0; i++)
		fake_run(0.1);
	json_object_set_new(fake.service, "PreviousSpec", json_deep_copy(fake_spec()));
	json_object_del(json_object_get(fake_spec(), "TaskTemplate"), "Resources");
	fake_bump();
	fake_run(1);
	assert_true(end.ended == 1 && end.moved && fake.rollbacks == 0 && fake.posts == 1);
	close_stage();
}

/* The manager that was read from is gone before anything is sent, and the next one speaks an older version. */
static void
behind_an_older_manager(bool hides, enum refusal refusal)
{
	open_stage(PLAIN);
	change = change_scale_new(NULL, NULL, stage.world, "web", 1, 2, on_ended, NULL);
	for (int i = 0; i < 20 && fake.gets == 0; i++)
		fake_run(0.1);
	fake.minor = 41;
	if (hides)
		json_object_del(json_object_get(fake_spec(), "TaskTemplate"), "Resources");
	fake_run(2);
	assert_true(end.ended == 1 && end.moved == (refusal == REFUSAL_NONE) && end.refusal == refusal);
	assert_int_equal(fake.posts, refusal == REFUSAL_NONE);
	assert_true(end.begun == !hides);
	if (hides) {
		assert_non_null(strstr(end.text, "API 1.41"));
		assert_non_null(strstr(end.text, "TaskTemplate.Resources"));
	}
	close_stage();
}

static void
an_older_version_is_spoken_only_where_nothing_is_lost(void **state)
{
	(void)state;
	behind_an_older_manager(false, REFUSAL_NONE);
	behind_an_older_manager(true, REFUSAL_OLD_ENGINE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_move_leaves_no_trace),
		cmocka_unit_test(whoever_was_faster_is_read_again),
		cmocka_unit_test(a_fresh_refusal_touches_nothing),
		cmocka_unit_test(a_paused_update_is_taken_back),
		cmocka_unit_test(a_move_without_end_is_taken_back),
		cmocka_unit_test(with_the_old_task_gone_there_is_no_way_back),
		cmocka_unit_test(who_dies_in_the_middle_is_cleaned_up_after),
		cmocka_unit_test(a_lost_answer_is_looked_for),
		cmocka_unit_test(cleaning_up_never_gives_up),
		cmocka_unit_test(what_others_wrote_stays),
		cmocka_unit_test(what_others_changed_meanwhile_survives_the_end),
		cmocka_unit_test(a_service_that_is_gone_needs_nothing),
		cmocka_unit_test(a_label_that_cannot_be_read_is_taken_off),
		cmocka_unit_test(scaling_is_one_edit),
		cmocka_unit_test(what_an_engine_drops_is_noticed_and_restored),
		cmocka_unit_test(an_update_that_has_begun_is_undone_all_the_same),
		cmocka_unit_test(what_somebody_else_drops_is_not_ours_to_restore),
		cmocka_unit_test(an_older_version_is_spoken_only_where_nothing_is_lost),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
