/* join: who is in the table after a pass, under which address, and what is said of those who are not. */
#include <time.h>

#include "stage.h"

#include "discovery/join.c"
#include "discovery/join_tasks.c"

#define AGE "2026-01-01T00:00:00Z"
#define WEB "\"mola.port\":\"80\",\"mola.host\":\"a.org\""

static void
expect_others(const struct stage *s, const char *task, const char *want)
{
	const struct world_task *t = world_task(s->world, str_of(task));
	char got[256] = "", text[ADDR_TEXT_MAX];

	assert_non_null(t);
	for (unsigned i = 0; i < t->nothers; i++)
		snprintf(got + strlen(got), sizeof got - strlen(got), "%s%s", i > 0 ? " " : "", addr_text((struct addr[]){ addr_of_ip(&t->other[i]) }, text));
	assert_string_equal(got, want);
}

/* Two nodes, service web, Mola on the network "shared". */
static void
begin(struct stage *s)
{
	node(s, "n1", "alpha", "10.0.0.1", "ready", "active");
	node(s, "n2", "beta", "10.0.0.2", "ready", "active");
	service(s, "web", AGE, WEB, "");
	swarm_detach(s->swarm);
	swarm_attach(s->swarm, "net0");
	swarm_attach(s->swarm, "net1");
}

static void
a_picture_that_is_not_whole_names_nothing(void **state)
{
	struct stage *s = *state;
	char detail[SWARM_DETAIL];

	assert_null(swarm_read_nodes(s->swarm, STR("[{\"ID\":\"a\"}]"), detail));
	world_pass_begin(s->world);
	assert_false(swarm_pass(s->swarm, &s->conf, s->world, &s->report));
	assert_non_null(s->report);
	world_pass_end(s->world);
	assert_int_equal(s->world->nnodes, 0);
}

/* Where no agent says what a task could have, that is what counts. */
static void
limits_of_tasks_reach_the_world(void **state)
{
	struct stage *s = *state;

	begin(s);
	task(s, "aa", "web", 1, "n1", RUNNING, ON_SHARED("10.0.1.5"), "");
	list_add(&s->tasks, "{\"ID\":\"bb\",\"ServiceID\":\"id-web\",\"NodeID\":\"n2\",\"Slot\":2,\"DesiredState\":\"running\",\"Status\":"
	    "{\"State\":\"running\"},\"NetworksAttachments\":[" ON_SHARED("10.0.1.6") "],"
	    "\"Spec\":{\"Resources\":{\"Limits\":{\"NanoCPUs\":500000000}}}}");
	play(s);
	assert_true(world_task(s->world, STR("web.1.aa"))->limit == 0);
	assert_true(world_task(s->world, STR("web.2.bb"))->limit == 0.5);
}

/* A network with IPv6 gives a task two addresses; and the port that its node publishes is a way to it, too. */
static void
all_addresses_are_known(void **state)
{
	struct stage *s = *state;

	begin(s);
	swarm_attach(s->swarm, "net2");
	task(s, "aa", "web", 1, "n1", RUNNING, "{\"Network\":{\"ID\":\"net1\",\"Spec\":{\"Name\":\"shared\"}},"
	    "\"Addresses\":[\"fd00::5/64\",\"10.0.1.5/24\"]}," ON_OTHER("10.9.0.5"), HOST_PORT(80, 30000));
	task(s, "bb", "web", 2, "n2", RUNNING, ON_SHARED("10.0.1.6"), "");
	play(s);
	expect_tasks(s, "web", "web.1.aa=[fd00::5]:80 web.2.bb=10.0.1.6:80");
	expect_others(s, "web.1.aa", "10.0.1.5:80 10.9.0.5:80 10.0.0.1:30000");
	expect_others(s, "web.2.bb", "");
	begin(s);			/* one of them is gone: that is a change */
	task(s, "aa", "web", 1, "n1", RUNNING, "{\"Network\":{\"ID\":\"net1\",\"Spec\":{\"Name\":\"shared\"}},"
	    "\"Addresses\":[\"fd00::5/64\",\"10.0.1.5/24\"]}", HOST_PORT(80, 30000));
	task(s, "bb", "web", 2, "n2", RUNNING, ON_SHARED("10.0.1.6"), "");
	play(s);
	assert_true(s->changed);
	expect_others(s, "web.1.aa", "10.0.1.5:80 10.0.0.1:30000");
}

static void
tasks_are_dialled_on_the_shared_network(void **state)
{
	struct stage *s = *state;
	const struct world_node *n;

	begin(s);
	task(s, "bb", "web", 2, "n2", RUNNING, ON_INGRESS("10.255.0.6") "," ON_SHARED("10.0.1.6"), HOST_PORT(80, 30000));
	task(s, "aaaaaaaaaaaa", "web", 1, "n1", RUNNING, ON_OTHER("10.9.0.5") "," ON_SHARED("10.0.1.5"), "");
	play(s);
	assert_true(s->changed);
	expect_tasks(s, "web", "web.1.aaaaaaaa=10.0.1.5:80 web.2.bb=10.0.1.6:80");
	n = world_node(s->world, STR("alpha"));
	assert_string_equal(n->address, "10.0.0.1");
	assert_string_equal(n->swarm_id, "n1");
	assert_true(n->swarm_active && n->cores_declared > 3.9 && n->memory_declared_bytes > 8e9);
	assert_int_equal(reported(s, "web")->ntasks, 2);
	assert_int_equal(reported(s, "web")->nserving, 2);
	assert_string_equal(reported(s, "web")->route[0], "a.org/");
	assert_int_equal(reported(s, "web")->ntroubles, 0);
}

static void
else_at_the_nodes_own_port(void **state)
{
	struct stage *s = *state;

	begin(s);
	task(s, "aa", "web", 1, "n1", RUNNING, ON_OTHER("10.9.0.5"), HOST_PORT(443, 30001) "," HOST_PORT(80, 30000));
	task(s, "bb", "web", 2, "n2", RUNNING, "", HOST_PORT(80, 30000));
	play(s);
	expect_tasks(s, "web", "web.1.aa=10.0.0.1:30000 web.2.bb=10.0.0.2:30000");
}

/* A port that the service asked for is known even where the engine does not say that the task has it. */
static void
a_port_asked_for_is_as_good_as_one_given(void **state)
{
	struct stage *s = *state;

	begin(s);
	service(s, "fixed", AGE, "\"mola.host\":\"f.org\"", HOST_PORT(80, 8080));
	service(s, "any", AGE, "\"mola.host\":\"x.org\"", "{\"Protocol\":\"tcp\",\"TargetPort\":80,\"PublishMode\":\"host\"}");
	task(s, "aa", "fixed", 1, "n1", RUNNING, "", "");
	task(s, "bb", "any", 1, "n1", RUNNING, "", "");
	play(s);
	expect_tasks(s, "fixed", "fixed.1.aa=10.0.0.1:8080");
	expect_tasks(s, "any", "");
}

/* After a change of the managers' leader a task says no more on which port of its node it is. */
static void
or_at_the_port_that_its_service_names(void **state)
{
	struct stage *s = *state;

	node(s, "n1", "alpha", "10.0.0.1", "ready", "active");
	service(s, "fixed", AGE, WEB, HOST_PORT(443, 30001) "," HOST_PORT(80, 30000));
	service(s, "free", AGE, "\"mola.port\":\"80\",\"mola.host\":\"free.org\"", "{\"TargetPort\":80,\"PublishMode\":\"host\"}");
	task(s, "aa", "fixed", 1, "n1", RUNNING, "", "");
	task(s, "bb", "free", 1, "n1", RUNNING, "", "");
	play(s);
	expect_tasks(s, "fixed", "fixed.1.aa=10.0.0.1:30000");
	expect_tasks(s, "free", "");
}

static void
who_cannot_be_reached_is_told_what_to_do(void **state)
{
	struct stage *s = *state;
	char detail[SWARM_DETAIL];

	assert_null(swarm_read_networks(s->swarm, STR("[{\"Id\":\"net1\",\"Name\":\"shared\"},{\"Id\":\"net0\",\"Name\":\"ingress\",\"Ingress\":true}]"), detail));
	begin(s);
	task(s, "aa", "web", 1, "n1", RUNNING, ON_OTHER("10.9.0.5") "," ON_INGRESS("10.255.0.5"),
	    "{\"Protocol\":\"tcp\",\"TargetPort\":80,\"PublishedPort\":9000,\"PublishMode\":\"ingress\"}");
	play(s);
	expect_tasks(s, "web", "");
	expect_trouble(s, "web", WHY_SERVICE_UNREACHABLE, "it is on networks other, Mola is on networks shared; join one of them, or publish port 80 with mode=host");
	assert_true(reported(s, "web")->served);
	assert_int_equal(reported(s, "web")->ntasks, 1);
	assert_int_equal(reported(s, "web")->nserving, 0);
}

static void
only_what_runs_counts(void **state)
{
	struct stage *s = *state;

	begin(s);
	node(s, "n3", "gamma", "10.0.0.3", "down", "active");
	node(s, "n4", "delta", "10.0.0.4", "ready", "pause");
	node(s, "n5", "epsilon", "10.0.0.5", "ready", "drain");
	node(s, "n6", "zeta", "10.0.0.6", "unknown", "active");
	task(s, "aa", "web", 1, "n1", "starting", "running", ON_SHARED("10.0.1.1"), "");
	task(s, "ab", "web", 2, "n1", "failed", "shutdown", ON_SHARED("10.0.1.2"), "");
	task(s, "ac", "web", 3, "n1", RUNNING, ON_SHARED("10.0.1.3"), "");
	task(s, "ad", "web", 4, "n3", RUNNING, ON_SHARED("10.0.1.4"), "");
	task(s, "ae", "web", 5, "n4", RUNNING, ON_SHARED("10.0.1.5"), "");
	task(s, "af", "web", 6, "n5", RUNNING, ON_SHARED("10.0.1.6"), "");
	task(s, "ag", "web", 7, "n6", RUNNING, ON_SHARED("10.0.1.7"), "");
	task(s, "ah", "web", 8, "n1", "running", "shutdown", ON_SHARED("10.0.1.8"), "");
	task(s, "ai", "web", 9, "n1", "running", "remove", ON_SHARED("10.0.1.9"), "");
	task(s, "aj", "web", 10, "nowhere", RUNNING, ON_SHARED("10.0.1.10"), "");
	task(s, "ak", "nothing", 1, "n1", RUNNING, ON_SHARED("10.0.1.11"), "");
	play(s);
	expect_tasks(s, "web", "web.3.ac=10.0.1.3:80 web.5.ae=10.0.1.5:80 web.6.af=10.0.1.6:80(draining) web.7.ag=10.0.1.7:80 "
	    "web.8.ah=10.0.1.8:80(draining) web.9.ai=10.0.1.9:80(draining)");
	assert_int_equal(reported(s, "web")->ntasks, 3);
	assert_int_equal(reported(s, "web")->ndraining, 3);
	assert_false(world_node(s->world, STR("gamma"))->swarm_active);
	assert_false(world_node(s->world, STR("delta"))->swarm_active);
}

static void
who_is_told_to_stop_drains_and_then_goes(void **state)
{
	struct stage *s = *state;

	begin(s);
	task(s, "aa", "web", 1, "n1", RUNNING, ON_SHARED("10.0.1.5"), "");
	task(s, "bb", "web", 2, "n2", RUNNING, ON_SHARED("10.0.1.6"), "");
	play(s);
	begin(s);
	task(s, "bb", "web", 2, "n2", RUNNING, ON_SHARED("10.0.1.6"), "");	/* the answer holds only those that are to run */
	play(s);
	assert_true(s->changed);
	expect_tasks(s, "web", "web.1.aa=10.0.1.5:80(draining) web.2.bb=10.0.1.6:80");
	begin(s);
	task(s, "bb", "web", 2, "n2", RUNNING, ON_SHARED("10.0.1.6"), "");
	play(s);
	expect_tasks(s, "web", "web.2.bb=10.0.1.6:80");
}

/* Better one that is about to stop, or one whose engine is lost, than nobody. */
static void
the_last_one_serves_as_long_as_it_can(void **state)
{
	struct stage *s = *state;

	begin(s);
	task(s, "aa", "web", 1, "n1", "running", "shutdown", ON_SHARED("10.0.1.5"), "");
	play(s);
	expect_tasks(s, "web", "web.1.aa=10.0.1.5:80");
	begin(s);
	task(s, "aa", "web", 1, "n1", "running", "shutdown", ON_SHARED("10.0.1.5"), "");
	task(s, "bb", "web", 1, "n2", RUNNING, ON_SHARED("10.0.1.6"), "");
	play(s);
	expect_tasks(s, "web", "web.1.aa=10.0.1.5:80(draining) web.1.bb=10.0.1.6:80");
	service(s, "web", AGE, WEB, "");
	node(s, "n1", "alpha", "10.0.0.1", "down", "active");
	node(s, "n2", "beta", "10.0.0.2", "down", "active");
	task(s, "bb", "web", 1, "n2", RUNNING, ON_SHARED("10.0.1.6"), "");
	play(s);
	expect_tasks(s, "web", "web.1.bb=10.0.1.6:80");
	assert_int_equal(reported(s, "web")->ntasks, 0);
}

static void
a_port_may_go_without_saying(void **state)
{
	struct stage *s = *state;
	const char *tcp = "{\"Protocol\":\"tcp\",\"TargetPort\":8080,\"PublishedPort\":9000,\"PublishMode\":\"ingress\"}";

	begin(s);
	service(s, "one", AGE, "\"mola.enable\":\"true\",\"mola.host\":\"one.org\"", tcp);
	service(s, "udp", AGE, "\"mola.host\":\"udp.org\"",
	    "{\"Protocol\":\"udp\",\"TargetPort\":53},{\"Protocol\":\"tcp\",\"TargetPort\":8080,\"PublishMode\":\"host\"}");
	service(s, "two", AGE, "\"mola.host\":\"two.org\"", "{\"TargetPort\":80},{\"TargetPort\":81}");
	service(s, "hosted", AGE, "\"mola.host\":\"hosted.org\"", "{\"TargetPort\":80},{\"TargetPort\":81,\"PublishMode\":\"host\"}");
	service(s, "none", AGE, "\"mola.host\":\"none.org\"", "");
	task(s, "aa", "one", 1, "n1", RUNNING, ON_SHARED("10.0.1.5"), "");
	play(s);
	expect_tasks(s, "one", "one.1.aa=10.0.1.5:8080");
	assert_int_equal(reported(s, "udp")->port, 8080);
	assert_int_equal(reported(s, "hosted")->port, 81);
	expect_trouble(s, "two", WHY_SERVICE_NO_PORT, "expected mola.port");
	expect_trouble(s, "none", WHY_SERVICE_NO_PORT, "expected mola.port");
	expect_tasks(s, "none", "");
}

static void
the_older_service_keeps_its_host(void **state)
{
	struct stage *s = *state;
	struct world_service *ws;

	begin(s);	/* web has a.org since the beginning of the year */
	service(s, "aaa", "2026-02-01T00:00:00Z", "\"mola.port\":\"80\",\"mola.host\":\"a.org,b.org\"", "");
	service(s, "old", "2025-12-31T23:59:59.9Z", "\"mola.port\":\"80\",\"mola.host\":\"old.org\"", "");
	service(s, "new", "2025-12-31T23:59:59.95Z", "\"mola.port\":\"80\",\"mola.host\":\"old.org\"", "");
	task(s, "aa", "web", 1, "n1", RUNNING, ON_SHARED("10.0.1.5"), "");
	play(s);
	expect_tasks(s, "web", "web.1.aa=10.0.1.5:80");
	assert_int_equal(reported(s, "web")->ntroubles, 0);
	expect_trouble(s, "aaa", WHY_ROUTE_TAKEN, "a.org/ belongs to web");
	ws = world_service(s->world, STR("aaa"));
	assert_int_equal(ws->nroutes, 1);
	assert_string_equal(ws->route[0].host, "b.org");
	expect_trouble(s, "new", WHY_ROUTE_TAKEN, "old.org/ belongs to old");
	assert_null(world_service(s->world, STR("new")));
	assert_false(reported(s, "new")->served);
}

static void
the_configuration_file_comes_first(void **state)
{
	struct stage *s = *state;
	struct route_conf r = { .host = (char *)(uintptr_t)"a.org", .path = (char *)(uintptr_t)"/" };

	begin(s);
	service(s, "file", AGE, "\"mola.port\":\"80\",\"mola.host\":\"c.org\"", "");
	must_read(swarm_read_nodes, s->swarm, &s->nodes);
	must_read(swarm_read_services, s->swarm, &s->services);
	must_read(swarm_read_tasks, s->swarm, &s->tasks);
	world_pass_begin(s->world);
	assert_non_null(world_pass_service(s->world, "file", &stage_defaults, &r, 1));
	pass(s);
	world_pass_end(s->world);
	expect_trouble(s, "web", WHY_ROUTE_TAKEN, "a.org/ belongs to file");
	expect_trouble(s, "file", WHY_SERVICE_NAME, "configuration file");
	assert_string_equal(world_service(s->world, STR("file"))->route[0].host, "a.org");
}

/* The file may speak of a machine of the Swarm by hostname, id or address. */
static void
a_machine_is_one_node_whoever_names_it(void **state)
{
	struct stage *s = *state;
	struct world_node by_name = { .name = (char *)(uintptr_t)"alpha", .exporter_url = (char *)(uintptr_t)"http://x/metrics" };
	struct world_node by_address = { .name = (char *)(uintptr_t)"second", .address = (char *)(uintptr_t)"10.0.0.2", .cores_declared = 2 };
	struct world_node stranger = { .name = (char *)(uintptr_t)"elsewhere" };
	struct swarm_urls urls;

	s->conf.agent_template = "{address}:9101";
	s->conf.exporter_template = "http://{hostname}.lan:9100";
	begin(s);
	node(s, "n3", "gamma", "fd00::3", "ready", "active");
	node(s, "n4", "dead", "10.0.0.4", "down", "active");
	task(s, "aa", "web", 1, "n1", RUNNING, ON_SHARED("10.0.1.5"), "");
	task(s, "bb", "web", 2, "n2", RUNNING, ON_SHARED("10.0.1.6"), "");
	task(s, "cc", "web", 3, "n3", RUNNING, "", HOST_PORT(80, 8080));
	must_read(swarm_read_nodes, s->swarm, &s->nodes);
	must_read(swarm_read_services, s->swarm, &s->services);
	must_read(swarm_read_tasks, s->swarm, &s->tasks);
	world_pass_begin(s->world);
	swarm_fill_node(s->swarm, &s->conf, &by_name, &urls);
	assert_string_equal(by_name.agent_url, "http://10.0.0.1:9101/stream");
	assert_string_equal(by_name.exporter_url, "http://x/metrics");
	assert_true(by_name.cores_declared > 3.9 && by_name.memory_declared_bytes > 8e9 && by_name.swarm_active);
	world_pass_node(s->world, &by_name);
	swarm_fill_node(s->swarm, &s->conf, &by_address, &urls);
	assert_true(by_address.cores_declared < 2.1);
	assert_string_equal(by_address.swarm_id, "n2");
	world_pass_node(s->world, &by_address);
	swarm_fill_node(s->swarm, &s->conf, &stranger, &urls);
	assert_null(stranger.swarm_id);
	pass(s);
	world_pass_end(s->world);
	assert_int_equal(s->world->nnodes, 4);
	assert_string_equal(world_task(s->world, STR("web.2.bb"))->node->name, "second");
	assert_string_equal(world_node(s->world, STR("gamma"))->agent_url, "http://[fd00::3]:9101/stream");
	assert_string_equal(world_node(s->world, STR("gamma"))->exporter_url, "http://gamma.lan:9100/metrics");
	assert_null(world_node(s->world, STR("dead"))->agent_url);
	expect_tasks(s, "web", "web.1.aa=10.0.1.5:80 web.2.bb=10.0.1.6:80 web.3.cc=[fd00::3]:8080");
}

static void
who_rejoined_is_the_one_that_lives(void **state)
{
	struct stage *s = *state;

	begin(s);
	node(s, "n0", "alpha", "10.0.0.1", "down", "active");		/* the same machine, before it left and joined again */
	node(s, "n9-long-id", "beta", "10.0.0.9", "ready", "active");	/* another one of the same hostname */
	task(s, "aa", "web", 1, "n1", RUNNING, ON_SHARED("10.0.1.5"), "");
	task(s, "bb", "web", 2, "n9-long-id", RUNNING, ON_SHARED("10.0.1.6"), "");
	play(s);
	assert_int_equal(s->world->nnodes, 3);
	assert_string_equal(world_node(s->world, STR("alpha"))->swarm_id, "n1");
	assert_string_equal(world_task(s->world, STR("web.2.bb"))->node->name, "beta-n9-long-");
	assert_int_equal(s->report->ntroubles, 1);
	assert_ptr_equal(s->report->trouble[0].why, WHY_NODE_NAME);
}

/* docker swarm init on one machine may leave it without an address that is worth the name. */
static void
a_swarm_of_one_machine_is_here(void **state)
{
	struct stage *s = *state;

	node(s, "n1", "alpha", "0.0.0.0", "ready", "active");
	service(s, "web", AGE, WEB, "");
	task(s, "aa", "web", 1, "n1", RUNNING, "", HOST_PORT(80, 8080));
	play(s);
	expect_tasks(s, "web", "web.1.aa=127.0.0.1:8080");
}

static void
nonsense_of_one_leaves_the_others_alone(void **state)
{
	struct stage *s = *state;

	begin(s);
	service(s, "bad name", AGE, "\"mola.port\":\"80\",\"mola.host\":\"bad.org\"", "");
	task(s, "aa", "web", 1, "n1", RUNNING, ON_SHARED("not an address") "," ON_SHARED(""), "");
	task(s, "bb", "web", 0, "n2", RUNNING, ON_SHARED("10.0.1.6"), "");
	task(s, "bb", "web", 0, "n2", RUNNING, ON_SHARED("10.0.1.7"), "");
	play(s);
	expect_tasks(s, "web", "web.bb=10.0.1.6:80");
	expect_trouble(s, "bad name", WHY_SERVICE_NAME, "expected a name");
	expect_trouble(s, "web", WHY_SERVICE_UNREACHABLE, "on networks shared");
}

static void
what_stays_the_same_is_no_news(void **state)
{
	struct stage *s = *state;
	struct swarm_report *before;

	begin(s);
	task(s, "aa", "web", 1, "n1", RUNNING, ON_SHARED("10.0.1.5"), "");
	play(s);
	before = s->report;
	s->report = NULL;
	begin(s);
	task(s, "aa", "web", 1, "n1", RUNNING, ON_SHARED("10.0.1.5"), "");
	task(s, "bb", "web", 2, "n1", "preparing", "running", "", "");
	play(s);
	assert_false(s->changed);
	assert_true(report_service_same(swarm_report_find(before, STR("web")), reported(s, "web")));
	assert_null(swarm_report_find(s->report, STR("we")));
	assert_null(swarm_report_find(s->report, STR("webs")));
	swarm_report_free(&before);
}

static void
labels_for_somebody_else_are_named(void **state)
{
	struct stage *s = *state;
	static const struct { const char *labels, *container, *part; } rows[] = {
		{ "", "\"Labels\":{\"traefik.http.routers.w.rule\":\"Host(`a.org`)\",\"mola.host\":\"a.org\"}", "label mola.host is one of its containers" },
		{ "", "\"Labels\":{\"caddy\":\"a.org\"}", "below deploy:" },
		{ "\"caddy_0\":\"a.org\",\"caddy_0.reverse_proxy\":\"x\"", "\"Image\":\"x\"", "label caddy_0 is for caddy-docker-proxy" },
		{ "", "\"Env\":[\"A=b\",7,\"VIRTUAL_HOST=a.org\"]", "nginx-proxy" },
		{ "", "\"Labels\":[1],\"Env\":[\"VIRTUAL_HOSTS=a.org\"]", NULL },
		{ "\"mola.enable\":\"false\"", "\"Env\":[\"VIRTUAL_HOST=a.org\"]", NULL } };

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		list_add(&s->services, "{\"ID\":\"id-web\",\"Spec\":{\"Name\":\"web\",\"Labels\":{%s},\"TaskTemplate\":{\"ContainerSpec\":{%s}}}}",
		    rows[i].labels, rows[i].container);
		play(s);
		assert_int_equal(reported(s, "web")->ntroubles, rows[i].part != NULL);
		if (rows[i].part != NULL)
			expect_trouble(s, "web", WHY_LABELS_FOREIGN, rows[i].part);
	}
}

static double
seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* 1000 nodes, 100 services, 10 000 tasks. The bounds are generous: these are sanitizers on a busy machine. */
static void
ten_thousand_tasks(void **state)
{
	struct stage *s = *state;
	char id[32], name[32];
	double t0, read, first, again;

	for (int i = 0; i < 1000; i++) {
		snprintf(id, sizeof id, "node%04d", i);
		node(s, id, id, "10.0.0.1", "ready", "active");
	}
	for (int i = 0; i < 100; i++) {
		char labels[100];
		snprintf(name, sizeof name, "svc%d", i);
		snprintf(labels, sizeof labels, "\"mola.port\":\"80\",\"mola.host\":\"h%d.org\"", i);
		service(s, name, AGE, labels, "");
	}
	for (int i = 0; i < 10000; i++) {
		char node_id[32], on[256];
		snprintf(id, sizeof id, "task%05d", i);
		snprintf(name, sizeof name, "svc%d", i % 100);
		snprintf(node_id, sizeof node_id, "node%04d", i % 1000);
		snprintf(on, sizeof on, "{\"Network\":{\"ID\":\"net1\",\"Spec\":{\"Name\":\"shared\"}},\"Addresses\":[\"10.%d.%d.%d/16\"]}", i / 10000 + 1,
		    i / 200 % 200, i % 200 + 1);
		task(s, id, name, (unsigned)i / 100 + 1, node_id, RUNNING, on, "");
	}
	swarm_attach(s->swarm, "net1");
	t0 = seconds();
	play(s);
	read = seconds() - t0;
	world_pass_begin(s->world);
	t0 = seconds();
	pass(s);
	again = seconds() - t0;
	assert_false(world_pass_end(s->world));
	first = read;
	print_message("10000 tasks: read and first pass %.0f ms, another pass %.0f ms\n", first * 1e3, again * 1e3);
	assert_int_equal(s->world->ntasks, 10000);
	assert_true(again < 2);
}

int
main(void)
{
#define SCENE(f) cmocka_unit_test_setup_teardown(f, stage_setup, stage_teardown)
	const struct CMUnitTest tests[] = {
		SCENE(a_picture_that_is_not_whole_names_nothing),
		SCENE(limits_of_tasks_reach_the_world),
		SCENE(all_addresses_are_known), SCENE(tasks_are_dialled_on_the_shared_network),
		SCENE(else_at_the_nodes_own_port),
		SCENE(a_port_asked_for_is_as_good_as_one_given),
		SCENE(or_at_the_port_that_its_service_names),
		SCENE(who_cannot_be_reached_is_told_what_to_do),
		SCENE(only_what_runs_counts),
		SCENE(who_is_told_to_stop_drains_and_then_goes),
		SCENE(the_last_one_serves_as_long_as_it_can),
		SCENE(a_port_may_go_without_saying),
		SCENE(the_older_service_keeps_its_host),
		SCENE(the_configuration_file_comes_first),
		SCENE(a_machine_is_one_node_whoever_names_it),
		SCENE(who_rejoined_is_the_one_that_lives),
		SCENE(a_swarm_of_one_machine_is_here),
		SCENE(nonsense_of_one_leaves_the_others_alone),
		SCENE(what_stays_the_same_is_no_news),
		SCENE(labels_for_somebody_else_are_named),
		SCENE(ten_thousand_tasks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
