/* labels of services of kind tcp: which connections they get, of mola.* and of Traefik's labels. */
#include "stage.h"

static const struct swarm_listener listeners[] = { { .name = "web", .tls = false }, { .name = "pg", .tls = false }, { .name = "websecure", .tls = true }, { .name = "extra", .tls = true } };

static const struct world_service *
play_one(struct stage *s, const char *labels)
{
	s->conf.listener = listeners;
	s->conf.nlisteners = 4;
	swarm_detach(s->swarm);
	swarm_attach(s->swarm, "shared");
	node(s, "n1", "alpha", "10.0.0.1", "ready", "active");
	service(s, "db", "2024-01-01T00:00:00Z", labels, "");
	task(s, "t1", "db", 1, "n1", RUNNING, ON_SHARED("10.0.1.5"), "");
	play(s);
	return world_service(s->world, STR("db"));
}

static void
expect_routes(const struct world_service *ws, const char *wanted)
{
	char out[1024] = "";

	assert_non_null(ws);
	for (unsigned i = 0; i < ws->nroutes; i++) {
		const struct route_conf *r = &ws->route[i];
		size_t n = strlen(out);
		snprintf(out + n, sizeof out - n, "%s%s:%s%s", n > 0 ? " " : "", r->listener == NULL ? "http" : r->listener, r->host,
		    r->ends_tls ? "!" : "");
	}
	assert_string_equal(out, wanted);
}

#define TCP "\"mola.kind\":\"tcp\",\"mola.port\":\"5432\""

static void
by_listener_and_host(void **state)
{
	struct stage *s = *state;
	const struct world_service *ws = play_one(s, TCP ",\"mola.listen\":\"pg\",\"mola.proxy_protocol\":\"v2\",\"mola.health.connect\":\"false\"");

	expect_routes(ws, "pg:");
	assert_int_equal(ws->conf.kind, SERVICE_TCP);
	assert_int_equal(ws->conf.proxy_version, PROXY_V2);
	assert_false(ws->conf.health_connect);
	expect_tasks(s, "db", "db.1.t1=10.0.1.5:5432");
	assert_string_equal(reported(s, "db")->route[0], "tcp pg");
	assert_int_equal(reported(s, "db")->ntroubles, 0);
	expect_routes(play_one(s, TCP ",\"mola.listen\":\" PG , extra\",\"mola.host\":\"A.org,*.b.org\""),
	    "pg:a.org pg:*.b.org extra:a.org extra:*.b.org");
	assert_string_equal(reported(s, "db")->route[1], "tcp pg *.b.org");
	expect_routes(play_one(s, TCP ",\"mola.host\":\"a.org\""), "websecure:a.org extra:a.org");
	expect_routes(play_one(s, TCP ",\"mola.listen\":\"pg\",\"mola.host\":\"*\""), "pg:");
	expect_routes(play_one(s, "\"mola.kind\":\"tcp\",\"mola.listen\":\"pg\""), "pg:");	/* enough to be served */
	expect_trouble(s, "db", WHY_SERVICE_NO_PORT, "no port");
}

static void
what_is_not_clear_is_not_served(void **state)
{
	struct stage *s = *state;

	assert_null(play_one(s, TCP ",\"mola.listen\":\"pgg\""));
	expect_trouble(s, "db", WHY_LISTENER, "there is no listener pgg; the listeners are web, pg, websecure, extra");
	assert_null(play_one(s, TCP));
	expect_trouble(s, "db", WHY_LISTENER, "expected mola.listen");
	assert_null(play_one(s, TCP ",\"mola.listen\":\"websecure\""));
	expect_trouble(s, "db", WHY_LISTENER, "has tls");
	assert_null(play_one(s, TCP ",\"mola.listen\":\"pg\",\"mola.host\":\"a_b!\""));
	expect_label(s, "db", "mola.host", LABEL_INVALID, "expected a host");
	assert_null(play_one(s, TCP ",\"mola.listen\":\"\""));
	expect_label(s, "db", "mola.listen", LABEL_INVALID, "expected names of listeners");
	expect_routes(play_one(s, TCP ",\"mola.listen\":\"pg,nowhere\""), "pg:");
	expect_trouble(s, "db", WHY_LISTENER, "nowhere");
}

/* "!": Mola ends the TLS */
static void
tls_that_ends_here(void **state)
{
	struct service_conf ordered = stage_defaults;
	struct stage *s = *state;
	const struct world_service *ws = play_one(s, TCP ",\"mola.listen\":\"pg\",\"mola.tls\":\"terminate\",\"mola.alpn\":\"postgresql\"");

	expect_routes(ws, "pg:!");
	assert_string_equal(ws->conf.alpn, "postgresql");
	assert_int_equal(reported(s, "db")->ntroubles, 0);
	ws = play_one(s, TCP ",\"mola.host\":\"a.org\",\"mola.tls\":\"acme\"");
	expect_routes(ws, "websecure:a.org! extra:a.org!");
	assert_int_equal(ws->conf.tls, SERVICE_TLS_ACME);
	play_one(s, TCP ",\"mola.listen\":\"pg\",\"mola.tls\":\"acme\"");
	expect_trouble(s, "db", WHY_LISTENER, "mola.tls: acme without a host");
	assert_null(play_one(s, TCP ",\"mola.listen\":\"websecure\",\"mola.tls\":\"terminate\""));	/* no label takes all of HTTPS */
	expect_trouble(s, "db", WHY_LISTENER, "has tls");
	expect_routes(play_one(s, TCP ",\"mola.listen\":\"pg\",\"mola.alpn\":\"postgresql\""), "pg:");
	expect_label(s, "db", "mola.alpn", LABEL_UNUSED, "passed through");
	ordered.tls = SERVICE_TLS_ACME;
	s->conf.defaults = &ordered;		/* for hosts of HTTP */
	ws = play_one(s, TCP ",\"mola.host\":\"a.org\"");
	expect_routes(ws, "websecure:a.org extra:a.org");
	assert_int_equal(ws->conf.tls, SERVICE_TLS_NONE);
	s->conf.defaults = &stage_defaults;
}

static void
labels_of_the_other_kind_are_unused(void **state)
{
	struct stage *s = *state;

	expect_routes(play_one(s, TCP ",\"mola.listen\":\"pg\",\"mola.path\":\"/x\",\"mola.response\":\"1s\",\"mola.health.path\":\"/up\""), "pg:");
	expect_label(s, "db", "mola.path", LABEL_UNUSED, "kind http");
	expect_label(s, "db", "mola.response", LABEL_UNUSED, "kind http");
	expect_label(s, "db", "mola.health.path", LABEL_UNUSED, "kind http");
	expect_routes(play_one(s, TCP ",\"mola.listen\":\"pg\",\"mola.health.send\":\"PING\",\"mola.health.degraded_status\":\"429\""), "pg:");
	expect_label(s, "db", "mola.health.send", LABEL_VALID, NULL);
	expect_label(s, "db", "mola.health.degraded_status", LABEL_UNUSED, "kind http");
	expect_label(s, "db", "mola.listen", LABEL_VALID, NULL);
	expect_routes(play_one(s, TCP ",\"mola.listen\":\"pg\",\"mola.scheme\":\"https\",\"mola.task_tls.verify\":\"false\""), "pg:");
	expect_label(s, "db", "mola.scheme", LABEL_UNUSED, "kind http");
	expect_label(s, "db", "mola.task_tls.verify", LABEL_UNUSED, "kind http");
	expect_routes(play_one(s, "\"mola.port\":\"80\",\"mola.host\":\"a.org\",\"mola.listen\":\"pg\""), "http:a.org");
	expect_label(s, "db", "mola.listen", LABEL_VALID, NULL);
	assert_null(play_one(s, "\"mola.kind\":\"udp\",\"mola.port\":\"80\",\"mola.listen\":\"pg\""));
	expect_label(s, "db", "mola.kind", LABEL_INVALID, "expected http or tcp");
}

/* The oldest keeps what it has; the other gets nothing of it. */
static void
a_listener_is_taken_once(void **state)
{
	struct stage *s = *state;

	service(s, "young", "2025-01-01T00:00:00Z", TCP ",\"mola.listen\":\"pg,web\"", "");
	play_one(s, TCP ",\"mola.listen\":\"pg\"");
	expect_routes(world_service(s->world, STR("db")), "pg:");
	expect_routes(world_service(s->world, STR("young")), "web:");
	expect_trouble(s, "young", WHY_ROUTE_TAKEN, "tcp pg belongs to db");
}

/* ---- Traefik's ---- */

#define T(key, value) "\"traefik.tcp." key "\":\"" value "\""
#define RULE(rule) T("routers.x.rule", rule)
#define ON(names) "," T("routers.x.entrypoints", names)
#define PORT "," T("services.x.loadbalancer.server.port", "5432")
#define THROUGH "," T("routers.x.tls.passthrough", "true")

#define CHECK(key, value) "," T("services.x.loadbalancer.healthcheck." key, value)

static void
checks_of_tcp(void **state)
{
	struct stage *s = *state;
	const struct world_service *ws = play_one(s, RULE("HostSNI(`*`)") ON("pg") PORT CHECK("send", "PING\\r\\n") CHECK("expect", "+PONG")
	    CHECK("interval", "7s") CHECK("unhealthyInterval", "2s") CHECK("timeout", "1s") CHECK("port", "81"));
	char bytes[100];

	assert_int_equal(reported(s, "db")->ntroubles, 0);
	for (unsigned i = 0; i < reported(s, "db")->nlabels; i++)
		assert_int_equal(reported(s, "db")->label[i].state, LABEL_VALID);
	assert_int_equal(setting_bytes(str_of(ws->conf.health_send), bytes), 6);
	assert_memory_equal(bytes, "PING\r\n", 6);
	assert_int_equal(setting_bytes(str_of(ws->conf.health_expect), bytes), 5);
	assert_memory_equal(bytes, "+PONG", 5);
	assert_int_equal(ws->conf.health_interval_usec, 7000000);
	assert_int_equal(ws->conf.health_unhealthy_interval_usec, 2000000);
	assert_int_equal(ws->conf.health_timeout_usec, 1000000);
	assert_int_equal(ws->conf.health_port, 81);
	assert_int_equal(ws->conf.health_rise, 1);
	assert_true(ws->conf.health_connect);
	/* Mola's own have precedence */
	ws = play_one(s, RULE("HostSNI(`*`)") ON("pg") PORT CHECK("expect", "none") ",\"mola.health.send\":\"a\"" CHECK("send", "b"));
	assert_string_equal(ws->conf.health_send, "a");
	assert_int_equal(setting_bytes(str_of(ws->conf.health_expect), bytes), 4);
	/* what Mola does not do is reported, and connections decide */
	ws = play_one(s, RULE("HostSNI(`*`)") ON("pg") PORT CHECK("send", "b") CHECK("path", "/"));
	assert_non_null(ws);
	assert_null(ws->conf.health_send);
	assert_int_equal(reported(s, "db")->nlabels, 5);
}

static void
routers_of_tcp(void **state)
{
	struct stage *s = *state;
	const struct world_service *ws = play_one(s, RULE("HostSNI(`*`)") ON("PG") PORT "," T("services.x.loadbalancer.proxyprotocol.version", "1"));

	expect_routes(ws, "pg:");
	expect_tasks(s, "db", "db.1.t1=10.0.1.5:5432");
	assert_int_equal(ws->conf.kind, SERVICE_TCP);
	assert_int_equal(ws->conf.proxy_version, PROXY_V1);
	assert_int_equal(reported(s, "db")->ntroubles, 0);
	for (unsigned i = 0; i < reported(s, "db")->nlabels; i++)
		assert_int_equal(reported(s, "db")->label[i].state, LABEL_VALID);
	expect_routes(play_one(s, RULE("HostSNI(`A.org`, `b.org`) || HostSNI(`*.c.org`)") THROUGH ON("websecure,none") PORT ","
	    T("routers.x.tls", "true")), "websecure:a.org websecure:b.org websecure:+.c.org");
	expect_routes(play_one(s, RULE("HostSNI(`a.org`)") THROUGH PORT), "websecure:a.org extra:a.org");
	ws = play_one(s, RULE("HostSNI(`*`)") ON("pg") PORT "," T("services.x.loadbalancer.proxyprotocol", "true"));
	assert_int_equal(ws->conf.proxy_version, PROXY_V2);
	s->traefik.enable = false;
	assert_null(play_one(s, RULE("HostSNI(`*`)") ON("pg") PORT));
	s->traefik.enable = true;
}

static void
routers_that_end_tls(void **state)
{
	struct service_conf ordered = stage_defaults;
	struct stage *s = *state;
	const struct world_service *ws = play_one(s, RULE("HostSNI(`db.example.org`)") ON("pg") PORT "," T("routers.x.tls", "true") ","
	    T("routers.x.tls.options", "default"));

	expect_routes(ws, "pg:db.example.org!");
	assert_int_equal(ws->conf.tls, SERVICE_TLS_TERMINATE);
	assert_int_equal(reported(s, "db")->ntroubles, 0);
	expect_routes(play_one(s, RULE("HostSNI(`*`)") ON("pg") PORT "," T("routers.x.tls", "true")), "pg:!");
	ws = play_one(s, RULE("HostSNI(`a.org`)") PORT "," T("routers.x.tls.certresolver", "le"));
	expect_routes(ws, "websecure:a.org! extra:a.org!");
	assert_int_equal(ws->conf.tls, SERVICE_TLS_ACME);
	expect_label(s, "db", "traefik.tcp.routers.x.tls.certresolver", LABEL_VALID, NULL);
	/* of one service: plain here, with TLS there; as it is, and what was in it */
	ws = play_one(s, RULE("HostSNI(`*`)") ON("web") PORT "," T("routers.y.rule", "HostSNI(`*`)") "," T("routers.y.entrypoints", "pg") ","
	    T("routers.y.tls", "true"));
	expect_routes(ws, "web: pg:!");
	ws = play_one(s, RULE("HostSNI(`a.org`)") ON("pg") PORT THROUGH "," T("routers.y.rule", "HostSNI(`b.org`)") ","
	    T("routers.y.entrypoints", "pg") "," T("routers.y.tls", "true"));
	expect_routes(ws, "pg:a.org pg:b.org!");
	expect_routes(play_one(s, RULE("HostSNI(`a.org`)") ON("pg") PORT THROUGH "," T("routers.x.tls.certresolver", "le")), "pg:a.org");
	expect_label(s, "db", "traefik.tcp.routers.x.tls.certresolver", LABEL_UNUSED, "passed through");
	/* Mola's own word has precedence, but where TLS is passed through */
	ws = play_one(s, RULE("HostSNI(`a.org`)") ON("pg") PORT ",\"mola.tls\":\"acme\"," T("routers.x.tls", "true"));
	expect_routes(ws, "pg:a.org!");
	assert_int_equal(ws->conf.tls, SERVICE_TLS_ACME);
	expect_routes(play_one(s, RULE("HostSNI(`*`)") ON("pg") PORT ",\"mola.tls\":\"terminate\""), "pg:!");
	ordered.tls = SERVICE_TLS_ACME;
	s->conf.defaults = &ordered;
	ws = play_one(s, RULE("HostSNI(`a.org`)") ON("pg") PORT THROUGH);
	assert_int_equal(ws->conf.tls, SERVICE_TLS_NONE);
	s->conf.defaults = &stage_defaults;
}

/* A name of a router that is not served goes to nobody, so that a wider one does not get it. */
static void
routers_of_tcp_that_are_not_served(void **state)
{
	static const struct {
		const char *labels, *part;
		const struct why *const *why;
		unsigned refused;
	} odd[] = {
		{ RULE("HostSNI(`a.org`)") PORT "," T("routers.x.tls", "true") "," T("routers.x.tls.options", "mtls@file"), "TLS options mtls@file", &WHY_TLS_OPTIONS, 2 },
		{ RULE("HostSNI(`a.org`)") PORT ON("pg"), "is for TLS", &WHY_ROUTER_RULE, 1 },
		{ RULE("HostSNI(`a.org`)") PORT THROUGH ON("nowhere"), "(nowhere)", &WHY_ENTRY_POINT, 0 },
		{ RULE("HostSNI(`*`)") PORT THROUGH ON("websecure"), "has tls", &WHY_LISTENER, 0 },
		{ RULE("HostSNI(`a.org`) && ClientIP(`10.0.0.0/8`)") PORT THROUGH ON("pg"), "ClientIP", &WHY_ROUTER_RULE, 1 },
		{ RULE("HostSNIRegexp(`^.+\\\\.a\\\\.org$`)") PORT THROUGH ON("pg"), "HostSNIRegexp", &WHY_ROUTER_RULE, 1 },
		{ RULE("HostSNI(`a.org`)") PORT THROUGH ON("pg") "," T("routers.x.middlewares", "allow@swarm"), "allow@swarm", &WHY_NEEDS_MIDDLEWARE, 1 },
		{ RULE("HostSNI(`a.org`)") PORT THROUGH ON("pg") "," T("routers.x.priority", "7"), "expected 12 or more", &WHY_ROUTER_LABEL, 1 },
		{ RULE("HostSNI(`*.a.org`)") PORT THROUGH ON("pg") "," T("routers.x.priority", "77"), "none for a wildcard", &WHY_ROUTER_LABEL, 1 },
		{ RULE("HostSNI(`a.org`)") PORT THROUGH ON("pg") "," T("routers.x.priority", "high"), "is no number", &WHY_ROUTER_LABEL, 1 },
		{ RULE("HostSNI(`*`)") PORT ON("pg") "," T("routers.x.priority", "12"), "expected less than 12", &WHY_ROUTER_LABEL, 0 },
		{ RULE("HostSNI(`a.org`)") PORT THROUGH ON("pg") "," T("routers.x.frob", "7"), "frob", &WHY_ROUTER_LABEL, 1 },
		{ RULE("HostSNI(`a.org`)") PORT THROUGH ON("pg") "," T("services.x.loadbalancer.server.tls", "true"), "server.tls", &WHY_ROUTER_SERVICE, 1 },
		{ RULE("HostSNI(`a.org`)") PORT THROUGH ON("pg") "," T("services.x.loadbalancer.proxyprotocol.version", "3"), "version", &WHY_ROUTER_SERVICE, 1 },
		{ RULE("HostSNI(`a.org`)") PORT THROUGH ON("pg") "," T("routers.y.rule", "HostSNI("), "another tcp router", &WHY_ROUTER_RULE, 1 },
		{ RULE("HostSNI(`a.org`)") PORT THROUGH ON("pg") "," T("frob.x", "1"), "another tcp router", &WHY_ROUTER_RULE, 1 },
		{ RULE("HostSNI(`a.org`)") PORT THROUGH ON("pg") "," T("routers.x.service", "other"), "no label here defines", &WHY_ROUTER_SERVICE, 1 },
	};
	struct stage *s = *state;

	for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
		assert_null(play_one(s, odd[i].labels));
		expect_trouble(s, "db", *odd[i].why, odd[i].part);
		assert_int_equal(s->world->nrefused, odd[i].refused);
		for (unsigned k = 0; k < s->world->nrefused; k++)
			assert_non_null(s->world->refused[k].listener);
	}
}

/* Of one name the greatest has it, whatever age its service is; the length of the rule is one, too. */
static void
priorities(void **state)
{
	static const struct { const char *old, *young; bool old_has; } two[] = {
		{ RULE("HostSNI(`a.org`)") "," T("routers.x.priority", "30"), RULE("HostSNI(`a.org`)") "," T("routers.x.priority", "40"), false },
		{ RULE("HostSNI(`a.org`)"), RULE("HostSNI(`a.org`)"), true },
		{ RULE("HostSNI(`a.org`)"), RULE("HostSNI(`a.org`) || HostSNI(`b.org`)"), false },
		{ RULE("HostSNI(`a.org`)") "," T("routers.x.priority", "0"), RULE("HostSNI(`a.org`)") "," T("routers.x.priority", "12"), true },
		{ RULE("HostSNI(`*`)"), RULE("HostSNI(`*`)") "," T("routers.x.priority", "1"), false },
		{ RULE("HostSNI(`*`)"), RULE("HostSNI(`*`)") "," T("routers.x.priority", "-5"), true },
	};
	struct stage *s = *state;
	char old[600], young[600];

	for (size_t i = 0; i < sizeof two / sizeof *two; i++) {
		snprintf(old, sizeof old, "%s%s", two[i].old, PORT ON("pg") "," T("routers.x.tls", "true"));
		snprintf(young, sizeof young, "%s%s", two[i].young, PORT ON("pg") "," T("routers.x.tls", "true"));
		for (char *c = young; (c = strstr(c, ".x.")) != NULL; )	/* routers of one name would be one */
			c[1] = 'y';
		service(s, "young", "2025-01-01T00:00:00Z", young, "");
		play_one(s, old);
		assert_int_equal(reported(s, "db")->nroutes, two[i].old_has);
	}
}

static void
routers_of_both_kinds(void **state)
{
	struct stage *s = *state;
	const char *http = "\"traefik.http.routers.w.rule\":\"Host(`a.org`)\",\"traefik.http.services.w.loadbalancer.server.port\":\"80\",";
	const struct world_service *tcp;
	char labels[2000];

	snprintf(labels, sizeof labels, "%s%s", http, RULE("HostSNI(`*`)") ON("pg") PORT);
	expect_routes(play_one(s, labels), "http:a.org");
	tcp = world_service(s->world, STR("db:5432"));
	expect_routes(tcp, "pg:");
	assert_int_equal(tcp->conf.kind, SERVICE_TCP);
	expect_tasks(s, "db:5432", "db:5432.1.t1=10.0.1.5:5432");
	assert_int_equal(world_service(s->world, STR("db"))->conf.kind, SERVICE_HTTP);
	snprintf(labels, sizeof labels, "%s%s", http, RULE("HostSNI(`*`)") ON("pg") "," T("services.x.loadbalancer.server.port", "80"));
	expect_routes(play_one(s, labels), "http:a.org");
	expect_trouble(s, "db", WHY_SERVICE_NO_PORT, "also that of");
	/* two ports of tcp */
	expect_routes(play_one(s, RULE("HostSNI(`*`)") ON("pg") PORT "," T("routers.x.service", "x") "," T("routers.y.service", "y") ","
	    T("routers.y.rule", "HostSNI(`*`)") "," T("routers.y.entrypoints", "web") "," T("services.y.loadbalancer.server.port", "5433")), "pg:");
	expect_routes(world_service(s->world, STR("db:5433")), "web:");
	assert_int_equal(world_service(s->world, STR("db:5433"))->conf.kind, SERVICE_TCP);
	/* mola.* go first */
	expect_routes(play_one(s, TCP ",\"mola.listen\":\"web\"," RULE("HostSNI(`*`)") ON("pg") PORT), "web:");
	expect_label(s, "db", "traefik.tcp.routers.x.rule", LABEL_UNUSED, "precedence");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(by_listener_and_host, stage_setup, stage_teardown),
		cmocka_unit_test_setup_teardown(what_is_not_clear_is_not_served, stage_setup, stage_teardown),
		cmocka_unit_test_setup_teardown(labels_of_the_other_kind_are_unused, stage_setup, stage_teardown),
		cmocka_unit_test_setup_teardown(checks_of_tcp, stage_setup, stage_teardown),
		cmocka_unit_test_setup_teardown(routers_of_tcp, stage_setup, stage_teardown),
		cmocka_unit_test_setup_teardown(tls_that_ends_here, stage_setup, stage_teardown),
		cmocka_unit_test_setup_teardown(routers_that_end_tls, stage_setup, stage_teardown),
		cmocka_unit_test_setup_teardown(routers_of_tcp_that_are_not_served, stage_setup, stage_teardown),
		cmocka_unit_test_setup_teardown(priorities, stage_setup, stage_teardown),
		cmocka_unit_test_setup_teardown(routers_of_both_kinds, stage_setup, stage_teardown),
		cmocka_unit_test_setup_teardown(a_listener_is_taken_once, stage_setup, stage_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
