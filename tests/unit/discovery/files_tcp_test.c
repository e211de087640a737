/* TCP in files of Traefik's, and its middlewares in files and labels: who gets which connections, and who does not. */
#include "stage.h"

#include "world/filter.h"

static const struct swarm_listener listeners[] = { { .name = "pg", .tls = false }, { .name = "kv", .tls = false }, { .name = "secure", .tls = true } };
static struct swarm_file file = { "/a.yml", NULL, NULL };

/* One service of labels, "db", beside this file. */
static void
swarm(struct stage *s, const char *labels, const char *lines)
{
	file = (struct swarm_file){ "/a.yml", lines, NULL };
	s->conf.provided = &file;
	s->conf.nprovided = 1;
	s->conf.listener = listeners;
	s->conf.nlisteners = 3;
	swarm_detach(s->swarm);
	swarm_attach(s->swarm, "shared");
	node(s, "n1", "alpha", "10.0.0.1", "ready", "active");
	service(s, "db", "2024-01-01T00:00:00Z", labels, "");
	task(s, "t1", "db", 1, "n1", RUNNING, ON_SHARED("10.0.1.5"), "");
	play(s);
}

/* Of the table: "NAME by allow, limit" of a connection to this listener whose client names `host`; "refused", "-". */
static const char *
way(struct stage *s, const char *listener, const char *host)
{
	static char out[200];
	const struct filter_chain *chain;
	const struct table_tcp *row;
	const struct why *why;
	struct table *t;
	size_t n;
	int fd;

	assert_null(world_table(s->world, &fd));
	assert_null(table_open(fd, &t));
	row = table_match_tcp(t, str_of(listener), str_of(host), &why);
	chain = row == NULL ? NULL : table_tcp_chain(t, row);
	n = str_copy(out, sizeof out, row != NULL ? table_text(t, table_services(t, NULL)[row->service].name) :
	    why == WHY_ROUTE_REFUSED ? STR("refused") : STR("-"));
	n += (size_t)snprintf(out + n, sizeof out - n, "%s", row != NULL && row->ends_tls ? "!" : "");
	for (unsigned i = 0; chain != NULL && i < chain->n; i++)
		n += (size_t)snprintf(out + n, sizeof out - n, "%s%.*s", i == 0 ? " by " : ", ", STR_ARG(chain->filter[i].name));
	table_unref(&t);
	return out;
}

#define L(name, value) "\"traefik.tcp." name "\":\"" value "\""
#define ROUTER(name, key, value) "1 tcp.routers." name "." key "=" value "\n"
#define ALL(name, on, service) ROUTER(name, "rule", "HostSNI(`*`)") ROUTER(name, "entryPoints", on) ROUTER(name, "service", service)
#define NAMED(name, host, service) ROUTER(name, "rule", "HostSNI(`" host "`)") ROUTER(name, "entryPoints", "pg") ROUTER(name, "service", service)
#define SERVICE(name, key, value) "2 tcp.services." name "." key "=" value "\n"
#define SERVER(name, n, address) SERVICE(name, "loadBalancer.servers[" n "].address", address)
#define ALLOW "3 tcp.middlewares.allow.ipAllowList.sourceRange=10.0.0.0/8,192.168.0.1\n"
#define LIMIT "3 tcp.middlewares.limit.inFlightConn.amount=2\n"
#define DB L("services.x.loadbalancer.server.port", "5432")

static void
routers_and_services(void **state)
{
	struct stage *s = *state;
	const struct world_service *ws;

	swarm(s, "", ALL("r", "pg", "one") SERVER("one", "0", "10.0.0.7:5432") SERVER("one", "1", "nas.lan:1") SERVER("one", "2", "[fd00::1]:5433"));
	ws = world_service(s->world, STR("tcp.one@file"));
	assert_non_null(ws);
	assert_int_equal(ws->conf.kind, SERVICE_TCP);
	assert_string_equal(way(s, "pg", ""), "tcp.one@file");
	assert_string_equal(way(s, "kv", ""), "-");
	expect_tasks(s, "tcp.one@file", "tcp.one@file.10.0.0.7:5432=10.0.0.7:5432 tcp.one@file.fd00::1:5433=[fd00::1]:5433");
	expect_trouble(s, "tcp.one@file", WHY_SERVICE_UNREACHABLE, "nas.lan");
	expect_label(s, "tcp.one@file", "tcp.routers.r.rule", LABEL_VALID, NULL);
	swarm(s, "", NAMED("r", "a.org", "one") ROUTER("r", "tls.passthrough", "true") NAMED("q", "b.org", "one@file") ROUTER("q", "tls", "") SERVER("one", "0", "10.0.0.7:5432")
	    SERVICE("one", "loadBalancer.proxyProtocol.version", "1") SERVICE("one", "loadBalancer.terminationDelay", "100"));
	assert_string_equal(way(s, "pg", "a.org"), "tcp.one@file");
	assert_string_equal(way(s, "pg", "b.org"), "tcp.one@file!");
	ws = world_service(s->world, STR("tcp.one@file"));
	assert_int_equal(ws->conf.proxy_version, PROXY_V1);
	assert_int_equal(ws->conf.tls, SERVICE_TLS_TERMINATE);
	swarm(s, "", ALL("r", "pg", "one") SERVER("one", "0", "10.0.0.7:5432") SERVICE("one", "loadBalancer.proxyProtocol", ""));
	assert_int_equal(world_service(s->world, STR("tcp.one@file"))->conf.proxy_version, PROXY_V2);
}

/* One of each kind may have the name. */
static void
names_of_both_kinds(void **state)
{
	struct stage *s = *state;

	swarm(s, "", ALL("r", "pg", "one") SERVER("one", "0", "10.0.0.7:5432") "4 http.services.one.loadBalancer.servers[0].url=http://10.0.0.8\n"
	    "4 http.routers.r.rule=Host(`a.org`)\n" "4 http.routers.r.service=one\n");
	expect_tasks(s, "tcp.one@file", "tcp.one@file.10.0.0.7:5432=10.0.0.7:5432");
	expect_tasks(s, "one@file", "one@file.10.0.0.8:80=10.0.0.8:80");
	assert_int_equal(world_service(s->world, STR("one@file"))->conf.kind, SERVICE_HTTP);
}

static void
between_files_and_labels(void **state)
{
	struct service_conf ordered = stage_defaults;
	struct stage *s = *state;

	swarm(s, DB, ALL("r", "pg", "x@swarm"));
	assert_string_equal(way(s, "pg", ""), "db");
	assert_int_equal(world_service(s->world, STR("db"))->conf.kind, SERVICE_TCP);
	expect_tasks(s, "db", "db.1.t1=10.0.1.5:5432");
	/* beside routers of its own, for HTTP, too */
	swarm(s, DB ",\"traefik.http.routers.w.rule\":\"Host(`a.org`)\",\"traefik.http.services.w.loadbalancer.server.port\":\"80\"", ALL("r", "pg", "X@docker"));
	assert_string_equal(way(s, "pg", ""), "db:5432");
	assert_int_equal(world_service(s->world, STR("db"))->conf.kind, SERVICE_HTTP);
	swarm(s, L("routers.y.rule", "HostSNI(`*`)") "," L("routers.y.entrypoints", "kv") "," L("routers.y.service", "one@file"), SERVER("one", "0", "10.0.0.7:5432"));
	assert_string_equal(way(s, "kv", ""), "tcp.one@file");
	/* what the router wants of TLS */
	ordered.tls = SERVICE_TLS_ACME;
	s->conf.defaults = &ordered;
	swarm(s, DB, NAMED("r", "a.org", "x@swarm") ROUTER("r", "tls.certResolver", "le"));
	assert_string_equal(way(s, "pg", "a.org"), "db!");
	assert_int_equal(world_service(s->world, STR("db"))->conf.tls, SERVICE_TLS_ACME);
	swarm(s, DB, NAMED("r", "a.org", "x@swarm") ROUTER("r", "tls.passthrough", "true"));
	assert_int_equal(world_service(s->world, STR("db"))->conf.tls, SERVICE_TLS_NONE);
	s->conf.defaults = &stage_defaults;
}

static void
services_by_weight(void **state)
{
	struct stage *s = *state;
	const struct world_service *ws;

	swarm(s, DB, ALL("r", "pg", "w") SERVICE("w", "weighted.services[0].name", "one") SERVICE("w", "weighted.services[0].weight", "3") SERVICE("w", "weighted.services[1].name", "x@swarm")
	    SERVER("one", "0", "10.0.0.7:5432"));
	assert_string_equal(way(s, "pg", ""), "tcp.w@file");
	ws = world_service(s->world, STR("tcp.w@file"));
	assert_non_null(ws->group);
	assert_int_equal(ws->group->n, 2);
	assert_string_equal(ws->group->child[0].service, "tcp.one@file");
	assert_int_equal(ws->group->child[0].weight, 3);
	assert_string_equal(ws->group->child[1].service, "db");
	expect_tasks(s, "db", "db.1.t1=10.0.1.5:5432");
	expect_tasks(s, "tcp.one@file", "tcp.one@file.10.0.0.7:5432=10.0.0.7:5432");
	/* not to one of HTTP */
	swarm(s, "", ALL("r", "pg", "w") SERVICE("w", "weighted.services[0].name", "one") "4 http.services.one.loadBalancer.servers[0].url=http://10.0.0.8\n");
	assert_string_equal(way(s, "pg", ""), "-");
	expect_trouble(s, "tcp.w@file", WHY_ROUTER_SERVICE, "it leads to one, which nothing defines");
}

static void
middlewares(void **state)
{
	struct stage *s = *state;

	swarm(s, "", ALL("r", "pg", "one") ROUTER("r", "middlewares", "allow,limit@file") ALLOW LIMIT SERVER("one", "0", "10.0.0.7:5432"));
	assert_string_equal(way(s, "pg", ""), "tcp.one@file by allow@file, limit@file");
	swarm(s, DB "," L("routers.y.rule", "HostSNI(`*`)") "," L("routers.y.entrypoints", "kv") "," L("routers.y.middlewares", "own, allow@file") ","
	    L("middlewares.Own.IPAllowList.SourceRange", "10.1.0.0/16"), ALLOW);
	assert_string_equal(way(s, "kv", ""), "db by own, allow@file");
	expect_label(s, "db", "traefik.tcp.middlewares.Own.IPAllowList.SourceRange", LABEL_VALID, NULL);
	/* one that nobody names is reported, too */
	swarm(s, "", "3 tcp.middlewares.bad.rateLimit.average=1\n");
	assert_int_equal(s->report->ntroubles, 1);
	assert_non_null(strstr(s->report->trouble[0].text, "/a.yml:3: tcp.middlewares.bad: routers that name it are not served: which Mola does not have"));
	/* those of HTTP are others */
	swarm(s, "", NAMED("r", "a.org", "one") ROUTER("r", "tls.passthrough", "true") ROUTER("r", "middlewares", "allow") SERVER("one", "0", "10.0.0.7:5432")
	    "3 http.middlewares.allow.ipAllowList.sourceRange=10.0.0.0/8\n");
	assert_string_equal(way(s, "pg", "a.org"), "refused");
}

/* The names stay refused, and no router of HTTP or of other connections is any wiser. */
static void
what_is_not_served(void **state)
{
	static const struct { const char *lines, *part; const struct why *const *why; } odd[] = {
		{ ROUTER("r", "middlewares", "nothing"), "nothing, which nothing defines", &WHY_NEEDS_MIDDLEWARE },
		{ ROUTER("r", "middlewares", "bad") "3 tcp.middlewares.bad.ipAllowList.sourceRange=10.0.0.0/99\n", "bad, which is not understood", &WHY_NEEDS_MIDDLEWARE },
		{ ROUTER("r", "middlewares", "bad") "3 tcp.middlewares.bad.ipAllowList.ipStrategy.depth=1\n", "expected ipAllowList.sourceRange", &WHY_NEEDS_MIDDLEWARE },
		{ ROUTER("r", "middlewares", "allow") ALLOW "3 tcp.middlewares.allow.ipAllowList.frob=1\n", "several ways", &WHY_NEEDS_MIDDLEWARE },
		{ ROUTER("r", "middlewares", "bad") "3 tcp.middlewares.bad.basicAuth.users=a:b\n", "Mola does not have", &WHY_NEEDS_MIDDLEWARE },
		{ ROUTER("r", "middlewares", "limit,limit,limit,limit,limit") LIMIT, "more than 4", &WHY_NEEDS_MIDDLEWARE },
		{ ROUTER("r", "middlewares", "ALLOW") ALLOW, "which nothing defines", &WHY_NEEDS_MIDDLEWARE },
		{ SERVICE("one", "loadBalancer.servers[1].address", "10.0.0.9"), "servers[1].address (line 2 of /a.yml) of its service is not", &WHY_ROUTER_SERVICE },
		{ SERVICE("one", "loadBalancer.servers[1].address", "10.0.0.9:0"), "servers[1].address (line 2 of /a.yml) of its service is not", &WHY_ROUTER_SERVICE },
		{ SERVICE("one", "loadBalancer.servers[0].tls", "true"), "servers[0].tls (line 2 of /a.yml) of its service is not", &WHY_ROUTER_SERVICE },
		{ SERVICE("one", "loadBalancer.serversTransport", "slow"), "serversTransport (line 2 of /a.yml) of its service: no file", &WHY_ROUTER_SERVICE },
		{ SERVICE("one", "loadBalancer.serversTransport", "slow") "3 tcp.serversTransports.slow.dialTimeout=0s\n", "without a time-out", &WHY_ROUTER_SERVICE },
		{ SERVICE("one", "loadBalancer.frob", "slow"), "frob (line 2 of /a.yml) of its service is not", &WHY_ROUTER_SERVICE },
		{ SERVICE("one", "weighted.services[0].name", "one"), "of its service is not understood", &WHY_ROUTER_SERVICE },
		{ ROUTER("r", "frob", "1"), "frob (line 1 of /a.yml) is not understood", &WHY_ROUTER_LABEL },
	};
	struct stage *s = *state;
	char lines[2000];

	for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
		snprintf(lines, sizeof lines, "%s%s", NAMED("r", "a.org", "one") ROUTER("r", "tls.passthrough", "true") SERVER("one", "0", "10.0.0.7:5432")
		    NAMED("q", "*", "two") SERVER("two", "0", "10.0.0.8:1"), odd[i].lines);
		swarm(s, "", lines);
		expect_trouble(s, "tcp.one@file", *odd[i].why, odd[i].part);
		assert_string_equal(way(s, "pg", "a.org"), "refused");
		assert_string_equal(way(s, "pg", "b.org"), "tcp.two@file");
	}
}

static void
what_leads_nowhere(void **state)
{
	struct stage *s = *state;

	swarm(s, DB, NAMED("r", "a.org", "none") ROUTER("r", "tls.passthrough", "true"));
	assert_string_equal(way(s, "pg", "a.org"), "refused");
	expect_trouble(s, "@file", WHY_ROUTER_SERVICE, "/a.yml:1: tcp router r@file is not served: it leads to a service that no file");
	swarm(s, DB, NAMED("r", "a.org", "none@swarm") ROUTER("r", "tls.passthrough", "true"));
	assert_string_equal(way(s, "pg", "a.org"), "refused");
	swarm(s, DB, ROUTER("r", "rule", "HostSNI(`a.org`)") ROUTER("r", "entryPoints", "pg") ROUTER("r", "tls.passthrough", "true"));
	assert_string_equal(way(s, "pg", "a.org"), "refused");
	/* a service that is not to be served */
	swarm(s, DB ",\"traefik.enable\":\"false\"", NAMED("r", "a.org", "x@swarm") ROUTER("r", "tls.passthrough", "true"));
	assert_string_equal(way(s, "pg", "a.org"), "refused");
	/* a file of which nothing is known may have the narrower one */
	file = (struct swarm_file){ "/a.yml", NULL, "3: not YAML" };
	service(s, "db", "2024-01-01T00:00:00Z", DB "," L("routers.y.rule", "HostSNI(`*`)") "," L("routers.y.entrypoints", "kv"), "");
	play(s);
	assert_string_equal(way(s, "kv", ""), "-");
	expect_trouble(s, "db", WHY_TRAEFIK_FILE, "could not be read");
}

static void
transports(void **state)
{
	struct stage *s = *state;

	swarm(s, "", ALL("r", "pg", "one") SERVER("one", "0", "10.0.0.7:5432") SERVICE("one", "loadBalancer.serversTransport", "slow")
	    "3 tcp.serversTransports.slow.dialTimeout=700ms\n" "3 tcp.serversTransports.slow.dialKeepAlive=15s\n" "3 tcp.serversTransports.slow.tls.serverName=x\n");
	assert_int_equal(world_service(s->world, STR("tcp.one@file"))->conf.connect_usec, 700000);
	assert_string_equal(way(s, "pg", ""), "tcp.one@file");
}

int
main(void)
{
#define STAGED(test) cmocka_unit_test_setup_teardown(test, stage_setup, stage_teardown)
	const struct CMUnitTest tests[] = {
		STAGED(routers_and_services),
		STAGED(names_of_both_kinds),
		STAGED(between_files_and_labels),
		STAGED(services_by_weight),
		STAGED(middlewares),
		STAGED(what_is_not_served),
		STAGED(what_leads_nowhere),
		STAGED(transports),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
