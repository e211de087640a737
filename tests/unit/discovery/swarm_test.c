/* swarm: answers of the Engine, honest, odd and hostile. */
#include "stage.h"

#include "discovery/swarm.c"
#include "discovery/swarm_tasks.c"
#include "discovery/part.c"
#include "discovery/json_reader.c"

static void
refuse(const struct why *(*read)(struct swarm *, struct str, char *), struct swarm *s, const char *json, const struct why *wanted, const char *detail)
{
	char got[SWARM_DETAIL] = "";
	const struct why *why = read(s, str_of(json), got);

	assert_string_equal(why_name(why), why_name(wanted));
	if (strstr(got, detail) == NULL)
		fail_msg("'%s' does not say '%s'", got, detail);
}

static void
what_is_not_a_list_of_objects_is_refused_in_words(void **state)
{
	struct stage *s = *state;

	refuse(swarm_read_nodes, s->swarm, "", WHY_ENGINE_SYNTAX, "nodes: expected a list");
	refuse(swarm_read_nodes, s->swarm, "{\"message\":\"This node is not a swarm manager.\"}", WHY_ENGINE_SHAPE, "nodes: expected a list");
	refuse(swarm_read_nodes, s->swarm, "[1]", WHY_ENGINE_SHAPE, "nodes[0]: expected an object");
	refuse(swarm_read_nodes, s->swarm, "[{\"ID\":\"a\"},]", WHY_ENGINE_SHAPE, "nodes[1]");
	refuse(swarm_read_nodes, s->swarm, "[{\"ID\":\"a\"}", WHY_ENGINE_SYNTAX, "nodes[1]");
	refuse(swarm_read_nodes, s->swarm, "[{\"ID\":\"a\"} {}]", WHY_ENGINE_SYNTAX, "comma");
	refuse(swarm_read_nodes, s->swarm, "[{\"ID\":\"a\"}] x", WHY_ENGINE_SYNTAX, "follows");
	refuse(swarm_read_nodes, s->swarm, "[{\"ID\":\"a\"", WHY_ENGINE_SYNTAX, "ends here");
	refuse(swarm_read_nodes, s->swarm, "[{\"ID\":\"a]}", WHY_ENGINE_SYNTAX, "ends here");
	refuse(swarm_read_nodes, s->swarm, "[{\"ID\" \"a\"}]", WHY_ENGINE_SYNTAX, "nodes[0]");
	assert_false(swarm_is_complete(s->swarm));
}

static void
values_of_another_type_are_named(void **state)
{
	struct stage *s = *state;

	refuse(swarm_read_nodes, s->swarm, "[{}]", WHY_ENGINE_SHAPE, "nodes[0].ID: expected an id");
	refuse(swarm_read_nodes, s->swarm, "[{\"ID\":7}]", WHY_ENGINE_SHAPE, "nodes[0].ID: expected a string");
	refuse(swarm_read_nodes, s->swarm, "[{\"ID\":\"b\",\"Status\":3}]", WHY_ENGINE_SHAPE, "nodes[0] (b).Status.Addr: expected objects");
	refuse(swarm_read_nodes, s->swarm, "[{\"ID\":\"a\",\"Description\":{\"Resources\":{\"NanoCPUs\":\"4\"}}}]", WHY_ENGINE_SHAPE, "NanoCPUs: expected a number");
	refuse(swarm_read_nodes, s->swarm, "[{\"ID\":\"a\",\"Description\":{\"Resources\":{\"NanoCPUs\":-4}}}]", WHY_ENGINE_SHAPE, "sensible");
	refuse(swarm_read_services, s->swarm, "[{\"ID\":\"a\",\"Spec\":{\"Labels\":[]}}]", WHY_ENGINE_SHAPE, "services[0] (a).Spec.Labels: expected an object");
	refuse(swarm_read_services, s->swarm, "[{\"ID\":\"a\",\"Spec\":{\"Labels\":{\"mola.port\":80}}}]", WHY_ENGINE_SHAPE, "Labels: expected strings");
	refuse(swarm_read_services, s->swarm, "[{\"ID\":\"a\",\"Spec\":{\"EndpointSpec\":{\"Ports\":[{\"TargetPort\":1e9}]}}}]", WHY_ENGINE_SHAPE, "a port");
	refuse(swarm_read_tasks, s->swarm, "[{\"ID\":\"a\",\"Slot\":-1,\"Status\":{\"State\":\"running\"}}]", WHY_ENGINE_SHAPE, "Slot");
	refuse(swarm_read_networks, s->swarm, "[{\"Id\":\"a\",\"Ingress\":\"yes\"}]", WHY_ENGINE_SHAPE, "networks[0].Ingress: expected true or false");
}

static void
depth_and_size_have_ceilings(void **state)
{
	struct stage *s = *state;
	char *deep = calloc(1, 4100), detail[SWARM_DETAIL];

	memset(deep, '[', 4000);
	memcpy(deep, "[{\"ID\":", 7);
	refuse(swarm_read_nodes, s->swarm, deep, WHY_ENGINE_LARGE, "nested");
	assert_ptr_equal(swarm_read_nodes(s->swarm, (struct str){ deep, SWARM_JSON_MAX + 1 }, detail), WHY_ENGINE_LARGE);
	free(deep);
}

static void
a_failed_reading_leaves_the_picture_as_it_was(void **state)
{
	struct stage *s = *state;
	char detail[SWARM_DETAIL];

	assert_null(swarm_read_nodes(s->swarm, STR("[{\"ID\":\"a\"},{\"ID\":\"b\"}]"), detail));
	assert_int_equal(s->swarm->nodes.n, 2);
	refuse(swarm_read_nodes, s->swarm, "[{\"ID\":\"c\"},{\"ID\":3]", WHY_ENGINE_SYNTAX, "");
	assert_int_equal(s->swarm->nodes.n, 2);
	assert_string_equal(SWARM_NODES(s->swarm)[1].id, "b");
}

/* One service that is odd must not cost the others their updates. */
static void
one_odd_object_is_left_out_and_named(void **state)
{
#define RUNS "\"ServiceID\":\"s\",\"NodeID\":\"a\",\"DesiredState\":\"running\",\"Status\":{\"State\":\"running\"}"
	static const char tasks[] = "[{\"ID\":\"t1\",\"Slot\":1," RUNS "},{\"ID\":\"t2\",\"Slot\":-1," RUNS "},{\"ID\":\"t3\",\"Slot\":3," RUNS "}]";
	struct stage *s = *state;
	char detail[SWARM_DETAIL], odd[SWARM_SKIPPED_MAX];

	assert_null(swarm_read_nodes(s->swarm, STR("[{\"ID\":\"a\"},{\"ID\":\"b\",\"Description\":{\"Hostname\":\"n2\",\"Resources\":"
	    "{\"NanoCPUs\":-5}}},{\"ID\":\"c\"}]"), detail));
	assert_int_equal(s->swarm->nodes.n, 2);
	assert_string_equal(SWARM_NODES(s->swarm)[1].id, "c");
	assert_null(swarm_read_services(s->swarm, STR("[5,{\"ID\":\"x\",\"Spec\":{\"Name\":\"web\",\"Labels\":{\"mola.port\":80}}},"
	    "{\"ID\":\"s\",\"Spec\":{\"Name\":\"api\"}},[{\"a\":[]}],\"}],\",null,true]"), detail));
	assert_int_equal(s->swarm->services.n, 1);
	for (int twice = 0; twice < 2; twice++) {	/* the same bytes again: still told */
		assert_null(swarm_read_tasks(s->swarm, str_of(tasks), detail));
		assert_int_equal(s->swarm->tasks.n, 2);
		assert_string_equal(SWARM_TASKS(s->swarm)[1].id, "t3");
		assert_int_equal(swarm_skipped(s->swarm, odd, sizeof odd), 1 + 6 + 1);
	}
	assert_non_null(strstr(odd, "nodes[1] (n2).Description.Resources: expected sensible amounts; services[0]: expected an object; "
	    "services[1] (web).Spec.Labels: expected strings; "));
	assert_non_null(strstr(odd, "; tasks[1] (t2).Slot: expected a small number"));
	assert_true(swarm_is_complete(s->swarm));
	/* what a Traefik demands of all others must not be lost */
	refuse(swarm_read_services, s->swarm, "[{\"ID\":\"s\"},{\"ID\":\"t\",\"Spec\":{\"Name\":\"proxy\",\"Labels\":{\"a\":1},\"TaskTemplate\":"
	    "{\"ContainerSpec\":{\"Image\":\"traefik:v3\"}}}}]", WHY_ENGINE_SHAPE, "Spec.Labels");
	refuse(swarm_read_services, s->swarm, "[{\"ID\":\"s\"},{\"ID\":\"t\",\"Spec\":{\"Name\":\"proxy\",\"TaskTemplate\":"
	    "{\"ContainerSpec\":{\"Image\":7}}}}]", WHY_ENGINE_SHAPE, "Image");
	assert_int_equal(s->swarm->services.n, 1);
}

/* Read, kept for elements whose bytes are the same, and handed on to the task in the world. */
static void
the_container_of_a_task_is_known(void **state)
{
#define ID "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define IN(id) "\"ServiceID\":\"s\",\"NodeID\":\"a\",\"DesiredState\":\"running\"," \
	"\"Status\":{\"State\":\"running\",\"ContainerStatus\":{\"ContainerID\":\"" id "\",\"PID\":7}}"
	static const char tasks[] = "[{\"ID\":\"t1\",\"Slot\":1," IN(ID) "},{\"ID\":\"t2\",\"Slot\":2," RUNS "}]";
	struct stage *s = *state;
	char detail[SWARM_DETAIL];

	for (int twice = 0; twice < 2; twice++) {
		assert_null(swarm_read_tasks(s->swarm, str_of(tasks), detail));
		assert_string_equal(SWARM_TASKS(s->swarm)[0].container, ID);
		assert_string_equal(SWARM_TASKS(s->swarm)[1].container, "");
	}
}

/* The specification of the task itself counts: during an update some have that of before. What is no amount is no limit. */
static void
the_limit_of_a_task_is_known(void **state)
{
#define LIMITED(cpus) RUNS ",\"Spec\":{\"Resources\":{\"Limits\":{\"NanoCPUs\":" cpus "},\"Reservations\":{\"NanoCPUs\":100000000}}}"
	static const char tasks[] = "[{\"ID\":\"t1\",\"Slot\":1," LIMITED("400000000") "},{\"ID\":\"t2\",\"Slot\":2," LIMITED("-4") "},"
	    "{\"ID\":\"t3\",\"Slot\":3," LIMITED("1e300") "},{\"ID\":\"t4\",\"Slot\":4," RUNS "}]";
	struct stage *s = *state;
	char detail[SWARM_DETAIL];

	for (int twice = 0; twice < 2; twice++) {
		assert_null(swarm_read_tasks(s->swarm, str_of(tasks), detail));
		assert_int_equal(s->swarm->tasks.n, 4);
		assert_true(SWARM_TASKS(s->swarm)[0].limit == 0.4);
		for (int i = 1; i < 4; i++)
			assert_true(SWARM_TASKS(s->swarm)[i].limit == 0);
	}
}

static void
nothing_at_all_is_read_too(void **state)
{
	struct stage *s = *state;
	char detail[SWARM_DETAIL];

	assert_null(swarm_read_nodes(s->swarm, STR(" [ ] \n"), detail));
	assert_null(swarm_read_services(s->swarm, STR("null\n"), detail));
	assert_false(swarm_is_complete(s->swarm));
	assert_null(swarm_read_tasks(s->swarm, STR("[]"), detail));
	assert_true(swarm_is_complete(s->swarm));
}

/* What a tenant may write into his specification must not blind us: huge numbers, NUL bytes, brackets in strings. */
static void
odd_specifications_do_no_harm(void **state)
{
	struct stage *s = *state;
	char detail[SWARM_DETAIL];

	assert_null(swarm_read_services(s->swarm, STR("[{\"ID\":\"a\",\"CreatedAt\":\"2026-01-02T03:04:05.5Z\",\"Spec\":{\"Name\":\"web\",\"Labels\":{"
	    "\"mola.host\":\"a\\u0000b\",\"x\":\"]}\\\"{[\",\"mola.port\":\"80\"},\"Mode\":{\"Replicated\":{\"Replicas\":18446744073709551615}},"
	    "\"TaskTemplate\":null}},{\"ID\":\"a\",\"Spec\":{\"Name\":\"twin\"}}]"), detail));
	assert_int_equal(s->swarm->services.n, 1);
	assert_string_equal(SWARM_SERVICES(s->swarm)[0].name, "web");
	assert_string_equal(SWARM_SERVICES(s->swarm)[0].created, "2026-01-02T03:04:05.500000000");
	assert_int_equal(SWARM_SERVICES(s->swarm)[0].nlabels, 2);
}

static void
nodes_are_told_apart_by_state(void **state)
{
	struct stage *s = *state;
	const struct swarm_node *n;
	char detail[SWARM_DETAIL];

	node(s, "a", "h", "10.0.0.1", "ready", "active");
	node(s, "b", "h", "10.0.0.1", "down", "pause");
	node(s, "c", "h", "0.0.0.0", "unknown", "drain");
	list_add(&s->nodes, "{\"ID\":\"d\",\"Status\":{\"State\":\"disconnected\",\"Addr\":\"0.0.0.0\"},\"ManagerStatus\":{\"Addr\":\"[fd00::7]:2377\"}}");
	buf_printf(&s->nodes, "]");
	assert_null(swarm_read_nodes(s->swarm, buf_str(&s->nodes), detail));
	n = SWARM_NODES(s->swarm);
	assert_true(n[0].state == NODE_READY && n[0].use == NODE_ACTIVE);
	assert_true(n[0].cores > 3.99 && n[0].cores < 4.01 && n[0].memory_bytes > 8.5e9);
	assert_true(n[1].state == NODE_DOWN && n[1].use == NODE_PAUSED);
	assert_true(n[2].state == NODE_UNKNOWN && n[2].use == NODE_DRAINED);
	assert_string_equal(n[2].address, "");
	assert_string_equal(n[3].address, "fd00::7");
}

static void
tasks_that_leave_the_answer_are_remembered_once(void **state)
{
	struct stage *s = *state;

	task(s, "aa", "web", 1, "n", RUNNING, ON_SHARED("10.0.1.5"), HOST_PORT(80, 30001));
	task(s, "bb", "web", 2, "n", RUNNING, "", "");
	task(s, "cc", "web", 3, "n", "failed", "shutdown", "", "");
	must_read(swarm_read_tasks, s->swarm, &s->tasks);
	assert_int_equal(s->swarm->tasks.n, 2);
	stage_clear(s);
	task(s, "bb", "web", 2, "n", "complete", "shutdown", "", "");
	must_read(swarm_read_tasks, s->swarm, &s->tasks);
	assert_int_equal(s->swarm->tasks.n, 1);
	assert_true(SWARM_TASKS(s->swarm)[0].gone);
	assert_string_equal(SWARM_TASKS(s->swarm)[0].attachment[0].address, "10.0.1.5");
	assert_int_equal(SWARM_TASKS(s->swarm)[0].port[0].published, 30001);
	stage_clear(s);
	must_read(swarm_read_tasks, s->swarm, &s->tasks);
	assert_int_equal(s->swarm->tasks.n, 0);
}

/* As Docker does it after a change of leaders: the same task, running still, and no ports any more. */
static void
a_task_keeps_its_ports(void **state)
{
	struct stage *s = *state;

	task(s, "aa", "web", 1, "n", RUNNING, "", HOST_PORT(80, 30001));
	task(s, "bb", "web", 2, "n", RUNNING, "", HOST_PORT(80, 30002));
	must_read(swarm_read_tasks, s->swarm, &s->tasks);
	for (int again = 0; again < 2; again++) {
		stage_clear(s);
		task(s, "cc", "web", 3, "n", "preparing", "running", "", "");
		task(s, "bb", "web", 2, "n", RUNNING, "", HOST_PORT(80, 30003));
		task(s, "aa", "web", 1, "n", RUNNING, "", "");
		must_read(swarm_read_tasks, s->swarm, &s->tasks);
		assert_int_equal(s->swarm->tasks.n, 2);
		assert_int_equal(SWARM_TASKS(s->swarm)[0].port[0].published, 30003);
		assert_int_equal(SWARM_TASKS(s->swarm)[1].nports, 1);
		assert_int_equal(SWARM_TASKS(s->swarm)[1].port[0].published, 30001);
	}
}

/* What says the same as before is not read again, wherever it stands now; what came between is. */
static void
an_answer_that_changed_a_little_is_read_right(void **state)
{
	struct stage *s = *state;
	const struct swarm_task *t;

	for (int round = 0; round < 2; round++) {
		task(s, "aa", "web", 1, "n", RUNNING, ON_SHARED("10.0.1.5"), HOST_PORT(80, 30001));
		task(s, "dd", "web", 4, "n", "failed", "shutdown", "", "");
		task(s, "bb", "web", 2, "n", RUNNING, "", "");
		task(s, "cc", "web", 3, "n", RUNNING, "", "");
		must_read(swarm_read_tasks, s->swarm, &s->tasks);
		assert_int_equal(s->swarm->tasks.n, 3);
		stage_clear(s);
	}
	for (unsigned i = 0; i < 3; i++)
		assert_true(SWARM_TASKS(s->swarm)[i].wanted);
	assert_string_equal(SWARM_TASKS(s->swarm)[0].attachment[0].address, "10.0.1.5");
	task(s, "ee", "web", 5, "n", RUNNING, "", "");
	task(s, "aa", "web", 1, "n", "running", "shutdown", ON_SHARED("10.0.1.5"), "");
	task(s, "cc", "web", 3, "n", RUNNING, "", "");
	task(s, "cc", "web", 3, "n", RUNNING, "", "");
	task(s, "bb", "web", 2, "n", RUNNING, "", "");
	must_read(swarm_read_tasks, s->swarm, &s->tasks);
	t = SWARM_TASKS(s->swarm);
	assert_int_equal(s->swarm->tasks.n, 4);
	assert_string_equal(t[0].id, "ee");
	assert_false(t[1].wanted);
	assert_int_equal(t[1].port[0].published, 30001);
	assert_string_equal(t[2].id, "cc");
	assert_string_equal(t[3].id, "bb");
	assert_false(t[2].gone || t[3].gone);
}

int
main(void)
{
#define SCENE(f) cmocka_unit_test_setup_teardown(f, stage_setup, stage_teardown)
	const struct CMUnitTest tests[] = {
		SCENE(what_is_not_a_list_of_objects_is_refused_in_words),
		SCENE(values_of_another_type_are_named),
		SCENE(depth_and_size_have_ceilings),
		SCENE(a_failed_reading_leaves_the_picture_as_it_was),
		SCENE(one_odd_object_is_left_out_and_named),
		SCENE(the_container_of_a_task_is_known),
		SCENE(the_limit_of_a_task_is_known),
		SCENE(nothing_at_all_is_read_too),
		SCENE(odd_specifications_do_no_harm),
		SCENE(nodes_are_told_apart_by_state),
		SCENE(tasks_that_leave_the_answer_are_remembered_once),
		SCENE(an_answer_that_changed_a_little_is_read_right),
		SCENE(a_task_keeps_its_ports),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
