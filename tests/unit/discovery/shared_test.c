/* join_shared: routers and services that several services of the Swarm define together. */
#include "stage.h"

#define L(name, value) "\"traefik.http." name "\":\"" value "\""
#define WEB(rule) L("routers.web.rule", rule)
#define APP(port) L("services.app.loadbalancer.server.port", port)
#define BOTH WEB("Host(`a.org`)") "," APP("80")

/* Services s0, s1, ... of these labels, the first one the oldest, with a task each; NULL at the end. */
static void
swarm(struct stage *s, const char *first, ...)
{
	char name[16], age[40], id[16], at[120];
	const char *labels = first;
	va_list ap;

	va_start(ap, first);
	node(s, "n1", "alpha", "192.168.0.1", "ready", "active");
	for (int i = 0; labels != NULL; i++) {
		snprintf(name, sizeof name, "s%d", i);
		snprintf(id, sizeof id, "task-%d", i);
		snprintf(age, sizeof age, "2026-01-01T00:00:%02dZ", i);
		snprintf(at, sizeof at, "{\"Network\":{\"ID\":\"net1\",\"Spec\":{\"Name\":\"shared\"}},\"Addresses\":[\"10.0.0.%d/24\"]}", i + 1);
		service(s, name, age, *labels == '-' ? labels + 1 : labels, "");
		if (*labels != '-')
			task(s, id, name, 1, "n1", RUNNING, at, "");
		labels = va_arg(ap, const char *);
	}
	va_end(ap);
	swarm_attach(s->swarm, "net1");
	play(s);
}

/* "s0", "refused" or "-". */
static const char *
reach(struct stage *s, const char *host, const char *path)
{
	static char name[64];
	const struct table_service *to;
	const struct why *why;
	struct table *t;
	int fd;

	assert_null(world_table(s->world, &fd));
	assert_null(table_open(fd, &t));
	to = table_match(t, &(struct request_view){ .host = str_of(host), .path = str_of(path), .method = STR("GET") }, &why);
	str_copy(name, sizeof name, to != NULL ? table_text(t, to->name) : why == WHY_ROUTE_REFUSED ? STR("refused") : STR("-"));
	table_unref(&t);
	return name;
}

static void
equal_ones_are_one_with_the_tasks_of_all(void **state)
{
	struct stage *s = *state;

	swarm(s, BOTH, WEB("Host(`a.org`)") "," APP("8080"), NULL);
	assert_string_equal(reach(s, "a.org", "/"), "s0");
	expect_tasks(s, "s0", "s0.1.task-0=10.0.0.1:80 s1.1.task-1=10.0.0.2:8080");
	assert_int_equal(reported(s, "s0")->ntroubles, 0);
	assert_int_equal(reported(s, "s1")->ntroubles, 0);
	assert_string_equal(reported(s, "s1")->with, "s0");
	/* blanks, a number's spelling, and a priority of 0 make no difference */
	swarm(s, BOTH "," L("routers.web.entrypoints", "web, websecure") "," L("routers.web.priority", "0"),
	    BOTH "," L("routers.web.entrypoints", "web,websecure"), NULL);
	expect_tasks(s, "s0", "s0.1.task-0=10.0.0.1:80 s1.1.task-1=10.0.0.2:80");
	/* each has a router of its own, and one task may serve under two names */
	swarm(s, L("routers.a.rule", "Host(`a.org`)") "," APP("80"), L("routers.b.rule", "Host(`b.org`)") "," L("routers.b.service", "app") "," APP("80") ","
	    L("routers.c.rule", "Host(`c.org`)") "," L("routers.c.service", "own") "," L("services.own.loadbalancer.server.port", "81"), NULL);
	assert_string_equal(reach(s, "b.org", "/"), "s0");
	assert_string_equal(reach(s, "c.org", "/"), "s1:81");
	expect_tasks(s, "s0", "s0.1.task-0=10.0.0.1:80 s1.1.task-1.s0=10.0.0.2:80");
	expect_tasks(s, "s1:81", "s1:81.1.task-1=10.0.0.2:81");
}

/* As in Traefik; and nothing wider has their requests. */
static void
different_ones_are_none(void **state)
{
	struct stage *s = *state;
#define ALL L("routers.all.rule", "PathPrefix(`/`)") "," L("routers.all.priority", "1") "," L("services.all.loadbalancer.server.port", "80")

	swarm(s, BOTH, WEB("Host(`a.org`) && Path(`/x`)") "," APP("80"), ALL, NULL);
	assert_string_equal(reach(s, "a.org", "/"), "refused");
	assert_string_equal(reach(s, "b.org", "/"), "s2");
	expect_trouble(s, "s0", WHY_DEFINED_TWICE, "router web@swarm is not served: s0 and s1 define it differently");
	expect_trouble(s, "s1", WHY_DEFINED_TWICE, "s0 and s1 define it differently");
	/* the service that follows from what else is defined */
	swarm(s, BOTH, WEB("Host(`a.org`)") "," L("services.other.loadbalancer.server.port", "80"), NULL);
	assert_string_equal(reach(s, "a.org", "/"), "refused");
	swarm(s, BOTH "," L("services.app.loadbalancer.sticky.cookie.name", "c"), BOTH, NULL);
	assert_string_equal(reach(s, "a.org", "/"), "refused");
	expect_trouble(s, "s0", WHY_DEFINED_TWICE, "it leads to app@swarm: s0 and s1 define it differently");
	swarm(s, BOTH ",\"mola.policy\":\"random-two\"", BOTH, NULL);
	assert_string_equal(reach(s, "a.org", "/"), "refused");
	swarm(s, BOTH "," L("services.app.loadbalancer.server.scheme", "https"), BOTH, NULL);
	assert_string_equal(reach(s, "a.org", "/"), "refused");
	swarm(s, BOTH "," L("services.app.loadbalancer.server.scheme", "http"), BOTH, NULL);
	assert_string_equal(reach(s, "a.org", "/"), "s0");
	/* a name is as it is spelled */
	swarm(s, BOTH, L("routers.Web.rule", "Host(`b.org`)") "," APP("80"), NULL);
	assert_string_equal(reach(s, "a.org", "/"), "s0");
	assert_string_equal(reach(s, "b.org", "/"), "s0");
}

/* One that Traefik does not see does not count. */
static void
what_is_not_there_makes_no_difference(void **state)
{
	struct stage *s = *state;

	swarm(s, BOTH, "-" WEB("Host(`a.org`) && Path(`/x`)") "," APP("80"), NULL);
	assert_string_equal(reach(s, "a.org", "/x"), "s0");
	swarm(s, "\"traefik.enable\":\"false\"," WEB("Host(`c.org`)") "," APP("80"), BOTH, NULL);
	assert_string_equal(reach(s, "a.org", "/x"), "s1");
	swarm(s, WEB("Host(`c.org`)") "," L("odd", "1") "," APP("80"), BOTH, NULL);
	assert_string_equal(reach(s, "a.org", "/x"), "s1");
	/* of a Swarm without any task all count */
	swarm(s, "-" BOTH, "-" WEB("Host(`c.org`)") "," APP("80"), NULL);
	assert_string_equal(reach(s, "a.org", "/x"), "refused");
}

static void
a_router_may_lead_to_the_service_of_other_labels(void **state)
{
	struct stage *s = *state;
#define LEADS(to) WEB("Host(`a.org`)") "," L("routers.web.service", to) "," L("services.own.loadbalancer.server.port", "80")

	swarm(s, APP("80"), LEADS("app@swarm"), NULL);
	assert_string_equal(reach(s, "a.org", "/"), "s0");
	expect_tasks(s, "s0", "s0.1.task-0=10.0.0.1:80");
	assert_int_equal(reported(s, "s0")->ntroubles, 0);
	swarm(s, L("services.one.loadbalancer.server.port", "81") "," APP("80") "," L("routers.r.rule", "Host(`r.org`)") "," L("routers.r.service", "one"),
	    LEADS("app"), NULL);
	assert_string_equal(reach(s, "a.org", "/"), "s0:80");
	assert_string_equal(reach(s, "r.org", "/"), "s0");
	swarm(s, APP("80"), APP("81"), LEADS("app"), NULL);
	expect_tasks(s, "s0", "s0.1.task-0=10.0.0.1:80 s1.1.task-1=10.0.0.2:81");
	swarm(s, APP("80"), LEADS("App"), NULL);
	assert_string_equal(reach(s, "a.org", "/"), "refused");
	swarm(s, "\"traefik.enable\":\"false\"," APP("80"), LEADS("app"), NULL);
	assert_string_equal(reach(s, "a.org", "/"), "refused");
	expect_trouble(s, "s1", WHY_DEFINED_TWICE, "nothing that Traefik would read defines app@swarm");
	swarm(s, APP("80") "," L("services.app.loadbalancer.odd", "1"), LEADS("app"), NULL);
	assert_string_equal(reach(s, "a.org", "/"), "refused");
}

/* Requests of one service never get to the tasks of another, though they share a port. */
static void
a_port_is_one_service(void **state)
{
	struct stage *s = *state;
#define TWO L("services.two.loadbalancer.server.port", "80") "," L("routers.t.rule", "Host(`t.org`)") "," L("routers.t.service", "two")
#define TO_APP L("routers.web.service", "app")

	swarm(s, BOTH "," TO_APP "," TWO, BOTH "," TO_APP, NULL);
	assert_string_equal(reach(s, "a.org", "/"), "refused");
	assert_string_equal(reach(s, "t.org", "/"), "s0");
	expect_tasks(s, "s0", "s0.1.task-0=10.0.0.1:80");
	expect_trouble(s, "s0", WHY_DEFINED_TWICE, "s0 has the service two@swarm of the same port");
	swarm(s, BOTH "," TO_APP "," TWO, BOTH "," TO_APP "," TWO, NULL);
	assert_string_equal(reach(s, "a.org", "/"), "s0");
	assert_string_equal(reach(s, "t.org", "/"), "s0");
	expect_tasks(s, "s0", "s0.1.task-0=10.0.0.1:80 s1.1.task-1=10.0.0.2:80");
}

/* A move, and the number of tasks, are of one service. */
static void
several_are_not_changed_in_the_swarm(void **state)
{
	struct stage *s = *state;

	swarm(s, BOTH ",\"mola.migrate\":\"true\",\"mola.scale.max\":\"4\"", BOTH, NULL);
	assert_string_equal(reach(s, "a.org", "/"), "s0");
	assert_false(world_service(s->world, STR("s0"))->conf.migrate);
	assert_int_equal(world_service(s->world, STR("s0"))->conf.scale_max, 0);
	expect_label(s, "s0", "mola.migrate", LABEL_UNUSED, "together");
	expect_label(s, "s0", "mola.scale.max", LABEL_UNUSED, "together");
	swarm(s, BOTH ",\"mola.migrate\":\"true\"", NULL);
	assert_true(world_service(s->world, STR("s0"))->conf.migrate);
}

/* The hosts of a router that leads elsewhere want certificates, too. */
static void
certificates_are_for_all_their_hosts(void **state)
{
	struct stage *s = *state;

	swarm(s, BOTH, L("routers.b.rule", "Host(`b.org`)") "," L("routers.b.tls.certresolver", "le") "," APP("80"), NULL);
	assert_int_equal(world_service(s->world, STR("s0"))->conf.tls, SERVICE_TLS_ACME);
}

/* Connections as requests. */
static void
routers_of_tcp_are_shared_as_well(void **state)
{
	static const struct swarm_listener listeners[] = { { .name = "pg" } };
	struct stage *s = *state;
#define TCP "\"traefik.tcp.routers.db.rule\":\"HostSNI(`*`)\",\"traefik.tcp.routers.db.entrypoints\":\"pg\"," \
	"\"traefik.tcp.services.db.loadbalancer.server.port\":\"5432\""

	s->conf.listener = listeners;
	s->conf.nlisteners = 1;
	swarm(s, TCP, TCP, NULL);
	expect_tasks(s, "s0", "s0.1.task-0=10.0.0.1:5432 s1.1.task-1=10.0.0.2:5432");
	assert_int_equal(reported(s, "s0")->ntroubles, 0);
	assert_int_equal(reported(s, "s1")->ntroubles, 0);
	swarm(s, TCP, TCP ",\"traefik.tcp.routers.db.priority\":\"7\"", NULL);
	assert_null(world_service(s->world, STR("s0")));
	assert_null(world_service(s->world, STR("s1")));
	expect_trouble(s, "s0", WHY_DEFINED_TWICE, "router db@swarm is not served: s0 and s1 define it differently");
	expect_trouble(s, "s1", WHY_DEFINED_TWICE, "router db@swarm is not served");
	swarm(s, TCP, TCP ",\"traefik.tcp.services.db.loadbalancer.proxyprotocol.version\":\"1\"", NULL);
	assert_null(world_service(s->world, STR("s0")));
	expect_trouble(s, "s0", WHY_DEFINED_TWICE, "it leads to db@swarm");
	/* a router of HTTP of the same name is another one */
	swarm(s, TCP, L("routers.db.rule", "Host(`a.org`)") "," L("services.db.loadbalancer.server.port", "80"), NULL);
	assert_string_equal(reach(s, "a.org", "/"), "s1");
	expect_tasks(s, "s0", "s0.1.task-0=10.0.0.1:5432");
}

int
main(void)
{
#define STAGED(test) cmocka_unit_test_setup_teardown(test, stage_setup, stage_teardown)
	const struct CMUnitTest tests[] = { STAGED(equal_ones_are_one_with_the_tasks_of_all), STAGED(different_ones_are_none),
		STAGED(what_is_not_there_makes_no_difference), STAGED(a_router_may_lead_to_the_service_of_other_labels), STAGED(a_port_is_one_service),
		STAGED(several_are_not_changed_in_the_swarm), STAGED(certificates_are_for_all_their_hosts),
		STAGED(routers_of_tcp_are_shared_as_well) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
