#include "../../../bench/lib/plan.c"
#include "../../../bench/lib/config.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void
cores_are_listed(void **state)
{
	struct plan p;

	(void)state;
	plan_default(&p);
	assert_int_equal(p.nnodes, 8);
	assert_true(plan_total_cores(&p) == 30);
	assert_true(plan_cores(&p, "1, 2.5,4"));
	assert_int_equal(p.nnodes, 3);
	assert_true(plan_total_cores(&p) == 7.5);
	assert_true(plan_ram(&p, "16") && p.ram[0] == 16 && p.ram[2] == 16);
	assert_true(plan_parked(&p, ".1 .2 .3") && p.parked[1] == 0.2);
	assert_false(plan_parked(&p, ".1 .2"));
	assert_false(plan_parked(&p, "1.1"));
	assert_false(plan_cores(&p, ""));
	assert_false(plan_cores(&p, "1 two"));
	assert_false(plan_cores(&p, "0"));
}

static void
everybody_has_an_address(void **state)
{
	char text[PLAN_TEXT_MAX];
	struct plan p;

	(void)state;
	plan_default(&p);
	assert_true(plan_net(&p, "127.3.40"));
	assert_string_equal(plan_address(&p, 2, 7, 99, text), "127.3.42.7:99");
	assert_false(plan_net(&p, "10.0.0"));		/* loopback only */
	assert_false(plan_net(&p, "127.3.250"));	/* no room for the sets */
	assert_false(plan_net(&p, "127.3.4.5"));
}

/* What Mola is told names every task and every exporter once. */
static void
a_configuration_names_everybody(void **state)
{
	struct plan p;
	char *text, *at;
	size_t len;
	unsigned tasks = 0, exporters = 0;
	FILE *f = open_memstream(&text, &len);

	(void)state;
	plan_default(&p);
	p.nsets = 2;
	config_write(&(struct config){ .plan = &p, .policy = { "mine=ram", "least-conn" }, .npolicies = 2, .listen = "127.0.0.1:1",
	    .admin = "127.0.0.1:2", .socket = "/tmp/x", .period = "1s" }, f);
	fclose(f);
	for (at = text; (at = strstr(at, "address: \"127.0.1")) != NULL; at++)
		tasks++;
	for (at = text; (at = strstr(at, "node_exporter: ")) != NULL; at++)
		exporters++;
	assert_int_equal(tasks, 16);
	assert_int_equal(exporters, 16);
	assert_non_null(strstr(text, "{ node: least-conn-n8, address: \"127.0.11.8:20080\" }"));
	assert_non_null(strstr(text, "  - name: mine\n    host: mine\n    policy: marginal\n    profile: ram\n"));
	assert_non_null(strstr(text, "{ node: mine-n1, "));
	free(text);
}

/* With agents, a task says which container it is, and the agent of its node knows it by that name. */
static void
a_configuration_with_agents_names_containers(void **state)
{
	struct plan p;
	char *text, id[PLAN_CONTAINER_BYTES], task[256];
	size_t len;
	FILE *f = open_memstream(&text, &len);

	(void)state;
	plan_default(&p);
	config_write(&(struct config){ .plan = &p, .policy = { "mine" }, .npolicies = 1, .listen = "127.0.0.1:1",
	    .admin = "127.0.0.1:2", .socket = "/tmp/x", .period = "100ms", .agents = true }, f);
	fclose(f);
	assert_null(strstr(text, "node_exporter"));
	assert_non_null(strstr(text, "  - { name: mine-n3, agent: \"127.0.10.3:29101\" }\n"));
	plan_container(0, 3, PLAN_TASK, id);
	assert_int_equal(strlen(id), 64);
	assert_int_equal(strncmp(id, "000300000001", 12), 0);
	snprintf(task, sizeof task, "{ node: mine-n3, address: \"127.0.10.3:20080\", container: \"%s\" }", id);
	assert_non_null(strstr(text, task));
	free(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cores_are_listed),
		cmocka_unit_test(everybody_has_an_address),
		cmocka_unit_test(a_configuration_names_everybody),
		cmocka_unit_test(a_configuration_with_agents_names_containers),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
