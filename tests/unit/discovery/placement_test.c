/* placement: what stands against a move, where a task may run, and edits that leave no trace. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "discovery/placement.c"

/* Single quotes for double ones. */
static json_t *
json(const char *text)
{
	char *copy = strdup(text);
	json_t *j;

	for (char *c = copy; *c != '\0'; c++)
		if (*c == '\'')
			*c = '"';
	j = json_loads(copy, 0, NULL);
	free(copy);
	assert_non_null(j);
	return j;
}

#define REPLICATED "'Mode': {'Replicated': {'Replicas': 1}}"
#define WITH(mode, container, placement, more) "{'Spec': {" mode ", 'TaskTemplate': {'ContainerSpec': {" container \
    "}, 'Placement': {" placement "}}" more "}}"

static void
what_stands_against_a_move(void **state)
{
	static const struct {
		const char	*service;
		enum refusal	 refusal;
	} rows[] = {
		{ WITH(REPLICATED, "", "", ""), REFUSAL_NONE },
		{ WITH("'Mode': {'Global': {}}", "", "", ""), REFUSAL_GLOBAL },
		{ WITH("'Mode': {'ReplicatedJob': {}}", "", "", ""), REFUSAL_JOB },
		{ WITH("'Mode': {'GlobalJob': {}}", "", "", ""), REFUSAL_JOB },
		{ WITH("'Mode': {}", "", "", ""), REFUSAL_MALFORMED },
		{ WITH(REPLICATED, "'Mounts': [{'Type': 'tmpfs'}]", "", ""), REFUSAL_NONE },
		{ WITH(REPLICATED, "'Mounts': [{'Type': 'bind'}]", "", ""), REFUSAL_BIND },
		{ WITH(REPLICATED, "'Mounts': [{'Type': 'npipe'}]", "", ""), REFUSAL_BIND },
		{ WITH(REPLICATED, "'Mounts': [{'Type': 'volume'}]", "", ""), REFUSAL_VOLUME },
		{ WITH(REPLICATED, "'Mounts': [{'Type': 'tmpfs'}, {'Type': 'volume', 'VolumeOptions': {'DriverConfig': {'Name': 'local'}}}]",
		    "", ""), REFUSAL_VOLUME },
		{ WITH(REPLICATED, "'Mounts': [{'Type': 'volume', 'VolumeOptions': {'DriverConfig': {'Name': 'ceph'}}}]", "", ""), REFUSAL_NONE },
		{ WITH(REPLICATED, "'Mounts': [{'Type': 'cluster'}]", "", ""), REFUSAL_VOLUME },
		{ WITH(REPLICATED, "", "'Constraints': ['node.role==worker', 'node.id!=x']", ""), REFUSAL_NONE },
		{ WITH(REPLICATED, "", "'Constraints': ['node.hostname == h']", ""), REFUSAL_PINNED },
		{ WITH(REPLICATED, "", "'Constraints': ['Node.ID==x']", ""), REFUSAL_PINNED },
		{ WITH(REPLICATED, "", "'MaxReplicas': 1", ""), REFUSAL_MAX_REPLICAS },
		{ WITH(REPLICATED, "", "", ", 'EndpointSpec': {'Ports': [{'PublishMode': 'host', 'PublishedPort': 80}]}"), REFUSAL_HOST_PORT },
		{ WITH(REPLICATED, "", "", ", 'EndpointSpec': {'Ports': [{'PublishMode': 'host', 'TargetPort': 80}]}"), REFUSAL_NONE },
		{ WITH(REPLICATED, "", "", ", 'EndpointSpec': {'Ports': [{'PublishMode': 'ingress', 'PublishedPort': 80}]}"), REFUSAL_NONE },
		{ "{'Spec': {" REPLICATED ", 'TaskTemplate': {'ContainerSpec': {}, 'Placement': {}, 'Resources': {'Reservations': "
		    "{'GenericResources': [{}]}}}}}", REFUSAL_GENERIC },
		{ "{'Spec': {" REPLICATED ", 'TaskTemplate': {'ContainerSpec': {}}}}", REFUSAL_NO_PLACEMENT },
		{ "{'Spec': {" REPLICATED ", 'TaskTemplate': {'PluginSpec': {}, 'Placement': {}}}}", REFUSAL_MALFORMED },
		{ "{'Spec': 7}", REFUSAL_MALFORMED }, { "{}", REFUSAL_MALFORMED }, { "[]", REFUSAL_MALFORMED },
		{ "{'Spec': {" REPLICATED ", 'TaskTemplate': {'ContainerSpec': {'Mounts': 3}, 'Placement': {'Constraints': [1, 'x', null]}}}}",
		    REFUSAL_NONE },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		json_t *j = json(rows[i].service);
		if (placement_refusal(j) != rows[i].refusal)
			print_error("%s: %s\n", rows[i].service, refusal_name(placement_refusal(j)));
		assert_int_equal(placement_refusal(j), rows[i].refusal);
		json_decref(j);
	}
}

static void
an_update_under_way_is_left_alone(void **state)
{
	static const struct {
		const char	*word;
		bool		 quiet;
	} rows[] = { { "completed", true }, { "rollback_completed", true }, { "updating", false }, { "paused", false },
	    { "rollback_started", false }, { "rollback_paused", false }, { "something new", false } };

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		json_t *j = json(WITH(REPLICATED, "", "", ""));
		json_object_set_new(j, "UpdateStatus", json_pack("{s:s}", "State", rows[i].word));
		assert_int_equal(placement_refusal(j), rows[i].quiet ? REFUSAL_NONE : REFUSAL_UPDATING);
		assert_int_equal(placement_scale_refusal(j), rows[i].quiet ? REFUSAL_NONE : REFUSAL_UPDATING);
		json_decref(j);
	}
}

static bool
allowed(const char *constraints)
{
	json_t *service = json(WITH(REPLICATED, "", "", "")), *list = json(constraints);
	json_t *node = json("{'ID': 'n1', 'Spec': {'Role': 'worker', 'Availability': 'active', 'Labels': {'Zone': 'East'}}, 'Status': "
	    "{'State': 'ready', 'Addr': '10.0.0.1'}, 'Description': {'Hostname': 'h1', 'Platform': {'OS': 'linux', 'Architecture': 'x86_64'}, "
	    "'Engine': {'Labels': {'disk': 'ssd'}}}}");
	bool ok;

	json_object_set_new(json_object_get(json_object_get(json_object_get(service, "Spec"), "TaskTemplate"), "Placement"), "Constraints", list);
	ok = placement_allows(service, node);
	json_decref(service);
	json_decref(node);
	return ok;
}

static void
a_node_satisfies_constraints_or_not(void **state)
{
	(void)state;
	assert_true(allowed("[]"));
	assert_true(allowed("['node.role==worker', 'node.labels.Zone == east', 'engine.labels.disk==ssd', 'node.platform.os==linux']"));
	assert_true(allowed("['node.id!=n2', 'node.hostname!=h2', 'node.labels.none!=x', 'node.platform.arch==x86_64', 'node.ip==10.0.0.1']"));
	assert_false(allowed("['node.role==manager']"));
	assert_false(allowed("['node.role!=worker']"));
	assert_false(allowed("['node.labels.Zone==west']"));
	assert_false(allowed("['node.labels.missing==x']"));
	assert_false(allowed("['strange.key==x']"));		/* better not than wrongly */
	assert_false(allowed("['no operator']"));
	assert_false(allowed("[7]"));
}

static void
a_node_that_is_down_or_drained_is_no_place(void **state)
{
	static const char *const nodes[] = { "{'Spec': {'Availability': 'drain'}, 'Status': {'State': 'ready'}}",
	    "{'Spec': {'Availability': 'pause'}, 'Status': {'State': 'ready'}}", "{'Spec': {'Availability': 'active'}, 'Status': {'State': 'down'}}",
	    "{}" };
	json_t *service = json(WITH(REPLICATED, "", "", ""));

	(void)state;
	for (size_t i = 0; i < sizeof nodes / sizeof *nodes; i++) {
		json_t *node = json(nodes[i]);
		assert_false(placement_allows(service, node));
		json_decref(node);
	}
	json_decref(service);
}

static void
edits_leave_no_trace(void **state)
{
	static const char *const specs[] = {
		"{'Name': 'w', 'Labels': {'a': 'b'}, 'TaskTemplate': {'Placement': {}}, 'UpdateConfig': {'Order': 'stop-first'}}",
		"{'Name': 'w', 'Labels': {}, 'TaskTemplate': {'Placement': {'Platforms': [{}]}}, 'UpdateConfig': {'Parallelism': 2}}",
		"{'Name': 'w', 'Labels': {}, 'TaskTemplate': {'Placement': {'Constraints': ['node.id!=x1', 'a==b']}}}",
		"{'Name': 'w', 'Labels': {}, 'TaskTemplate': {'Placement': {'Constraints': ['a==b']}}, 'UpdateConfig': {'Order': 'start-first'}}",
	};
	static const char *const out[] = { "x1", "x2" };
	struct placement_mark m = { .by = "me", .since = 1, .until = INT64_C(9007199254740993), .from = "x1", .to = "x3" }, found;

	(void)state;
	for (size_t i = 0; i < sizeof specs / sizeof *specs; i++)
		for (int back = 0; back < 2; back++) {
			json_t *spec = json(specs[i]), *before = json_deep_copy(spec), *service = json_pack("{s:O}", "Spec", spec);
			placement_begin(spec, &m, out, 2);
			assert_true(placement_mark(service, &found));
			assert_true(found.until == m.until && strcmp(found.from, "x1") == 0 && strcmp(found.by, "me") == 0);
			if (back)
				placement_back(spec, "x1");
			assert_false(json_equal(spec, before));
			assert_true(placement_end(spec));
			assert_true(json_equal(spec, before));
			assert_false(placement_end(spec));
			json_decref(before);
			json_decref(service);
			json_decref(spec);
		}
}

/* A specification without a placement, where there was one, kills managers. */
static void
a_placement_is_never_taken_away(void **state)
{
	static const char *const out[] = { "x1" };
	struct placement_mark m = { .by = "me", .from = "x1", .to = "x3" };
	json_t *spec = json("{'TaskTemplate': {'Placement': {}}}");

	(void)state;
	placement_begin(spec, &m, out, 1);
	placement_end(spec);
	assert_true(json_is_object(json_object_get(json_object_get(spec, "TaskTemplate"), "Placement")));
	json_decref(spec);
}

static void
numbers_and_times(void **state)
{
	json_t *j = json(WITH(REPLICATED, "", "", ""));

	(void)state;
	assert_int_equal(placement_replicas(j), 1);
	assert_true(placement_scale(json_object_get(j, "Spec"), 4));
	assert_int_equal(placement_replicas(j), 4);
	assert_int_equal(placement_changed(j), 0);
	json_object_set_new(j, "UpdatedAt", json_string("2026-11-22T17:16:12.420961514Z"));
	assert_int_equal(placement_changed(j), 1795367772);
	json_decref(j);
	j = json(WITH("'Mode': {'Global': {}}", "", "", ""));
	assert_int_equal(placement_replicas(j), -1);
	assert_false(placement_scale(json_object_get(j, "Spec"), 4));
	json_decref(j);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_stands_against_a_move),
		cmocka_unit_test(an_update_under_way_is_left_alone),
		cmocka_unit_test(a_node_satisfies_constraints_or_not),
		cmocka_unit_test(a_node_that_is_down_or_drained_is_no_place),
		cmocka_unit_test(edits_leave_no_trace),
		cmocka_unit_test(a_placement_is_never_taken_away),
		cmocka_unit_test(numbers_and_times),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
