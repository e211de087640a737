/* labels: each is understood by itself; what is wrong is told by name, and nothing else suffers. */
#include "stage.h"

#include "discovery/labels.c"

#define AGE "2026-01-01T00:00:00Z"
#define PLAIN "\"mola.port\":\"80\",\"mola.host\":\"a.org\""

/* One service with one task. */
static const struct world_service *
named(struct stage *s, const char *name, const char *labels)
{
	node(s, "n1", "alpha", "10.0.0.1", "ready", "active");
	service(s, name, AGE, labels, "");
	task(s, "t1", name, 1, "n1", RUNNING, ON_SHARED("10.0.1.5"), "");
	swarm_detach(s->swarm);
	swarm_attach(s->swarm, "net1");
	play(s);
	return world_service(s->world, str_of(name));
}

static const struct world_service *
web(struct stage *s, const char *labels)
{
	return named(s, "web", labels);
}

static void
expect_routes(const struct world_service *ws, const char *wanted)
{
	char out[1024] = "";

	for (unsigned i = 0; i < ws->nroutes; i++) {
		size_t n = strlen(out);
		snprintf(out + n, sizeof out - n, "%s%s%s", n > 0 ? " " : "", *ws->route[i].host == '\0' ? "*" : ws->route[i].host, ws->route[i].path);
	}
	assert_string_equal(out, wanted);
}

static void
who_is_served(void **state)
{
	struct stage *s = *state;

	assert_null(web(s, ""));
	assert_false(reported(s, "web")->enabled);
	assert_null(web(s, "\"mola.path\":\"/x\""));
	assert_null(web(s, "\"com.example\":\"x\""));
	expect_routes(web(s, PLAIN), "a.org/");
	assert_null(web(s, PLAIN ",\"mola.enable\":\"false\""));
	expect_routes(web(s, "\"mola.port\":\"80\",\"mola.host\":\"*\""), "*/");
}

/* Only a plain yes serves, and only an explicit * serves any host. */
static void
what_is_not_plain_serves_nothing(void **state)
{
	static const char *const no[] = { "false", "0", "no", "off", "OFF" }, *const odd[] = { "", "f", "maybe", "tru", "true!", "truetrue" },
	    *const yes[] = { "true", "TRUE", "yes", "on", "1", " true " };
	struct stage *s = *state;
	char labels[200];

	for (unsigned i = 0; i < 5 + 6 + 6; i++) {
		snprintf(labels, sizeof labels, PLAIN ",\"mola.enable\":\"%s\"", i < 5 ? no[i] : i < 11 ? odd[i - 5] : yes[i - 11]);
		assert_true((web(s, labels) == NULL) == (i < 11));
		expect_label(s, "web", "mola.enable", i < 5 || i > 10 ? LABEL_VALID : LABEL_INVALID, i < 5 || i > 10 ? NULL : "counts as false");
	}
	assert_null(web(s, "\"mola.port\":\"80\""));
	expect_trouble(s, "web", WHY_SERVICE_NO_ROUTE, "mola.host (* for any host)");
	assert_null(web(s, "\"mola.port\":\"80\",\"mola.path\":\"/x\""));
	expect_trouble(s, "web", WHY_SERVICE_NO_ROUTE, "mola.host=* means any host");
	assert_null(web(s, "\"mola.enable\":\"true\",\"mola.port\":\"80\""));
	assert_null(web(s, "\"mola.port\":\"80\",\"mola.hots\":\"a.org\""));
	expect_trouble(s, "web", WHY_LABEL_UNKNOWN, "did you mean mola.host?");
	assert_null(web(s, PLAIN ",\"mola.pth\":\"/x\""));
	expect_trouble(s, "web", WHY_LABEL_UNKNOWN, "did you mean mola.path?");
	assert_null(web(s, PLAIN ",\"mola.enabel\":\"false\""));
	assert_null(web(s, PLAIN ",\"mola.auth\":\"basic\""));
	assert_null(web(s, PLAIN ",\"Mola.Enable\":\"false\""));
	expect_routes(web(s, PLAIN ",\"mola.hosts\":\"b.org\",\"mola.polcy\":\"x\""), "a.org/");
}

/* Not every word that looks a little like a label is a slip of the pen. */
static void
words_that_may_say_who_gets_in_serve_nothing(void **state)
{
	static const char *const words[] = { "prefix", "public", "expose", "ssl", "cert", "role", "oauth", "rate", "disable", "paths",
		"private", "verify", "allow" };
	static const char *const slips[] = { "polcy", "polciy", "policyy", "migrte", "prot", "ports", "health.intervall" };
	struct stage *s = *state;
	char labels[200];

	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		snprintf(labels, sizeof labels, PLAIN ",\"mola.%s\":\"/x\"", words[i]);
		if (web(s, labels) != NULL)
			fail_msg("served with mola.%s", words[i]);
		expect_trouble(s, "web", WHY_LABEL_UNKNOWN, words[i]);
	}
	for (size_t i = 0; i < sizeof slips / sizeof *slips; i++) {
		snprintf(labels, sizeof labels, PLAIN ",\"mola.%s\":\"x\"", slips[i]);
		if (web(s, labels) == NULL)
			fail_msg("not served with mola.%s", slips[i]);
	}
}

static void
everything_that_can_be_said(void **state)
{
	struct stage *s = *state;
	const struct world_service *ws = web(s, "\"mola.enable\":\"true\",\"mola.port\":\"80\",\"mola.host\":\"A.org, *.b.org\","
	    "\"mola.path\":\"/x,/y/z\",\"mola.policy\":\"least-conn\",\"mola.profile\":\"ram\",\"mola.health.path\":\"/healthz\","
	    "\"mola.health.interval\":\"5s\",\"mola.health.timeout\":\"500ms\",\"mola.health.rise\":\"1\",\"mola.health.fall\":\"4\","
	    "\"mola.connect\":\"1s\",\"mola.response\":\"2m\",\"mola.idle\":\"3m\",\"mola.tunnel\":\"2h\",\"mola.migrate\":\"true\","
	    "\"mola.scale.min\":\"2\",\"mola.scale.max\":\"6\",\"mola.retry.on\":\"connect, 5xx\",\"mola.retry.attempts\":\"4\","
	    "\"mola.retry.budget\":\"30%\"");
	const struct service_conf *c = &ws->conf;

	expect_routes(ws, "a.org/x a.org/y/z *.b.org/x *.b.org/y/z");
	assert_int_equal(c->policy, POLICY_LEAST_CONN);
	assert_string_equal(profile_name(&c->profile), "ram");
	assert_string_equal(c->health_path, "/healthz");
	assert_int_equal(c->health_interval_usec, 5000000);
	assert_int_equal(c->health_timeout_usec, 500000);
	assert_int_equal(c->health_rise, 1);
	assert_int_equal(c->health_fall, 4);
	assert_int_equal(c->connect_usec, 1000000);
	assert_int_equal(c->response_usec, 120000000);
	assert_int_equal(c->idle_usec, 180000000);
	assert_int_equal(c->tunnel_usec, INT64_C(7200000000));
	assert_true(c->migrate);
	assert_int_equal(c->scale_min, 2);
	assert_int_equal(c->scale_max, 6);
	for (unsigned i = 0; i < reported(s, "web")->nlabels; i++)
		assert_int_equal(reported(s, "web")->label[i].state, LABEL_VALID);
	assert_true(retry_on_has(&c->retry_on, RETRY_CONNECT) && retry_on_has_status(&c->retry_on, 501));
	assert_int_equal(c->retry_attempts, 4);
	assert_int_equal(c->retry_budget, 30);
	assert_int_equal(reported(s, "web")->nlabels, 21);
	assert_int_equal(reported(s, "web")->ntroubles, 0);
}

static void
a_wrong_label_spoils_itself_alone(void **state)
{
	struct stage *s = *state;
	const struct world_service *ws = web(s, PLAIN ",\"mola.policy\":\"leastconn\",\"mola.connect\":\"5\",\"mola.response\":\"90000h\","
	    "\"mola.health.path\":\"healthz\",\"mola.health.interval\":\"1s\",\"mola.profile\":\"fast\",\"mola.migrate\":\"maybe\"");

	expect_tasks(s, "web", "web.1.t1=10.0.1.5:80");
	assert_int_equal(ws->conf.policy, stage_defaults.policy);
	assert_int_equal(ws->conf.connect_usec, stage_defaults.connect_usec);
	assert_int_equal(ws->conf.response_usec, stage_defaults.response_usec);
	assert_int_equal(ws->conf.health_interval_usec, 1000000);
	assert_null(ws->conf.health_path);
	expect_label(s, "web", "mola.policy", LABEL_INVALID, "did you mean least-conn?");
	expect_label(s, "web", "mola.connect", LABEL_INVALID, "expected a duration such as 500ms");
	expect_label(s, "web", "mola.response", LABEL_INVALID, "10ms to 24h");
	expect_label(s, "web", "mola.health.path", LABEL_INVALID, "begins with '/'");
	expect_label(s, "web", "mola.health.interval", LABEL_VALID, NULL);
	expect_label(s, "web", "mola.profile", LABEL_INVALID, "balanced, cpu, ram");
	expect_label(s, "web", "mola.migrate", LABEL_INVALID, "false or true");
	expect_label(s, "web", "mola.port", LABEL_VALID, NULL);
}

static void
queries_and_what_is_said_of_them(void **state)
{
	struct stage *s = *state;
	const struct world_service *ws = web(s, PLAIN ",\"mola.promql.gpu.limits\":\"0.7-0.9\",\"mola.promql\":\" sum by (instance) (q) \","
	    "\"mola.promql.gpu\":\"g{a=\\\"b\\\"}\",\"mola.promql.gpu.full\":\"100\",\"mola.promql.gpu.weight\":\"0.25\",\"mola.promql.period\":\"15s\"");
	const struct terms *t = &ws->conf.terms;

	assert_int_equal(t->n, 2);
	assert_string_equal(t->term[0].name, "gpu");
	assert_string_equal(t->term[0].query, "g{a=\"b\"}");
	assert_true(t->term[0].weight == 0.25 && t->term[0].limit.soft == 0.7 && t->term[0].limit.hard == 0.9 && t->term[0].full == 100);
	assert_string_equal(t->term[1].name, "promql");
	assert_string_equal(t->term[1].query, "sum by (instance) (q)");
	assert_true(t->term[1].weight == TERM_WEIGHT && t->term[1].limit.hard == 0 && t->term[1].full == 1);
	assert_int_equal(t->term[1].period_usec, 15000000);
	expect_label(s, "web", "mola.promql.gpu.limits", LABEL_VALID, NULL);
	ws = web(s, PLAIN);
	assert_int_equal(ws->conf.terms.n, 0);
}

static void
a_wrong_query_spoils_itself_alone(void **state)
{
	struct stage *s = *state;
	const struct world_service *ws = web(s, PLAIN ",\"mola.promql.a\":\"sum(x\",\"mola.promql.b\":\"x\",\"mola.promql.b.limits\":\"0.9-0.7\","
	    "\"mola.promql.b.period\":\"1ms\",\"mola.promql.b.weight\":\"2\",\"mola.promql.b.full\":\"0\",\"mola.promql.c.weight\":\"1\","
	    "\"mola.promql.limits\":\"0.1-0.2\",\"mola.promql.b.wieght\":\"1\",\"mola.promql.\":\"x\"");

	assert_int_equal(ws->conf.terms.n, 1);
	assert_true(ws->conf.terms.term[0].weight == TERM_WEIGHT && ws->conf.terms.term[0].limit.hard == 0 && ws->conf.terms.term[0].full == 1);
	expect_label(s, "web", "mola.promql.a", LABEL_INVALID, "closes what it opens");
	expect_label(s, "web", "mola.promql.b", LABEL_VALID, NULL);
	expect_label(s, "web", "mola.promql.b.limits", LABEL_INVALID, "0.7-0.9");
	expect_label(s, "web", "mola.promql.b.period", LABEL_INVALID, "1s to 10m");
	expect_label(s, "web", "mola.promql.b.weight", LABEL_INVALID, "0 to 1");
	expect_label(s, "web", "mola.promql.b.full", LABEL_INVALID, "above 0");
	expect_label(s, "web", "mola.promql.c.weight", LABEL_UNUSED, "no query mola.promql.c");
	expect_label(s, "web", "mola.promql.limits", LABEL_UNUSED, "no query mola.promql that");
	expect_label(s, "web", "mola.promql.b.wieght", LABEL_UNKNOWN, "mola.promql.NAME");
	expect_label(s, "web", "mola.promql.", LABEL_UNKNOWN, "mola.promql.NAME");
}

static void
unknown_and_reserved_labels_are_named(void **state)
{
	struct stage *s = *state;

	assert_null(web(s, PLAIN ",\"mola.prot\":\"80\",\"mola.banana\":\"1\",\"mola.sticky\":\"true\",\"mola.sticky.cookie\":\"a b\",\"other\":\"1\""));
	expect_label(s, "web", "mola.prot", LABEL_UNKNOWN, "did you mean mola.port?");
	expect_label(s, "web", "mola.banana", LABEL_UNKNOWN, "no label of Mola's");
	expect_label(s, "web", "mola.sticky", LABEL_UNKNOWN, "");
	expect_label(s, "web", "mola.sticky.cookie", LABEL_INVALID, "expected up to 128 letters");
	assert_int_equal(reported(s, "web")->nlabels, 6);
}

/* A slip of the pen in the host must not open the service to all hosts. */
static void
a_wrong_host_opens_nothing(void **state)
{
	struct stage *s = *state;

	assert_null(web(s, "\"mola.port\":\"80\",\"mola.host\":\"http://a.org\""));
	expect_trouble(s, "web", WHY_SERVICE_NO_ROUTE, "expected mola.host");
	expect_label(s, "web", "mola.host", LABEL_INVALID, "expected a host such as");
	expect_routes(web(s, "\"mola.port\":\"80\",\"mola.host\":\"a.org,b org\""), "a.org/");
	expect_label(s, "web", "mola.host", LABEL_INVALID, "'b org'");
	assert_null(web(s, PLAIN ",\"mola.path\":\"api\""));
	expect_routes(web(s, "\"mola.port\":\"80\",\"mola.host\":\"*\""), "*/");
}

static void
bounds_of_scaling_fit_together(void **state)
{
	struct stage *s = *state;
	const struct world_service *ws = web(s, PLAIN ",\"mola.scale.min\":\"5\",\"mola.scale.max\":\"3\"");

	assert_int_equal(ws->conf.scale_max, 0);
	expect_label(s, "web", "mola.scale.min", LABEL_INVALID, "at most");
	expect_label(s, "web", "mola.scale.max", LABEL_INVALID, "at most");
	ws = web(s, PLAIN ",\"mola.scale.min\":\"5\"");
	assert_int_equal(ws->conf.scale_max, 0);
	expect_label(s, "web", "mola.scale.min", LABEL_UNUSED, "mola.scale.max is missing");
	ws = web(s, PLAIN ",\"mola.scale.max\":\"5\",\"mola.health.send\":\"x\",\"mola.health.service\":\"a.B\"");
	expect_label(s, "web", "mola.health.send", LABEL_UNUSED, "mola.health.mode tcp");
	expect_label(s, "web", "mola.health.service", LABEL_UNUSED, "mola.health.mode grpc");
	assert_int_equal(ws->conf.scale_min, 1);
	assert_int_equal(ws->conf.scale_max, 5);
}

#define ROUTER(rule) "\"traefik.enable\":\"true\",\"traefik.http.routers.web.rule\":\"" rule "\","
#define BACKEND "\"traefik.http.services.web.loadbalancer.server.port\":\"80\""

static void
traefiks_labels_serve_too(void **state)
{
	struct stage *s = *state;

	expect_routes(web(s, ROUTER("Host(`a.org`) && PathPrefix(`/x`)") BACKEND), "a.org/x");
	expect_tasks(s, "web", "web.1.t1=10.0.1.5:80");
	expect_label(s, "web", "traefik.enable", LABEL_VALID, NULL);
	expect_label(s, "web", "traefik.http.routers.web.rule", LABEL_VALID, NULL);
	expect_label(s, "web", "traefik.http.services.web.loadbalancer.server.port", LABEL_VALID, NULL);
	assert_non_null(web(s, "\"traefik.http.routers.web.rule\":\"Host(`a.org`)\"," BACKEND));
	assert_null(web(s, "\"traefik.enable\":\"false\",\"traefik.http.routers.web.rule\":\"Host(`a.org`)\"," BACKEND));
	expect_label(s, "web", "traefik.http.routers.web.rule", LABEL_UNUSED, "traefik.enable is not true");
	s->traefik.enable = false;
	assert_null(web(s, ROUTER("Host(`a.org`)") BACKEND));
}

static void
what_is_not_understood_of_traefik_is_named(void **state)
{
	struct stage *s = *state;

	assert_non_null(web(s, ROUTER("Host(`a.org`) && HostRegexp(`.*`)") BACKEND ","
	    "\"traefik.http.routers.web.tls\":\"true\",\"traefik.http.routers.web.tls.domains[0].main\":\"a.org\",\"traefik.udp.routers.u.entrypoints\":\"u\","
	    "\"traefik.http.routers.web.priority\":\"3\",\"traefik.http.routers.web.entrypoints\":\"web\","
	    "\"traefik.http.middlewares.auth.basicauth.users\":\"x\",\"traefik.tcp.routers.t.rule\":\"HostSNI(`*`)\",\"traefik.bogus\":\"1\",\"traefik.bogus.more\":\"1\","
	    "\"traefik.http.services.web.loadbalancer.sticky.cookie\":\"true\",\"traefik.http.services.web.loadbalancer.healthcheck.path\":\"/hc\","
	    "\"traefik.http.services.web.loadbalancer.healthcheck.interval\":\"7\",\"traefik.docker.network\":\"x\""));
	expect_label(s, "web", "traefik.http.routers.web.rule", LABEL_VALID, NULL);
	expect_label(s, "web", "traefik.http.routers.web.tls", LABEL_VALID, NULL);
	expect_label(s, "web", "traefik.http.routers.web.tls.domains[0].main", LABEL_UNUSED, "acme.names");
	expect_label(s, "web", "traefik.udp.routers.u.entrypoints", LABEL_UNSUPPORTED, "publish the port");
	expect_label(s, "web", "traefik.http.routers.web.priority", LABEL_VALID, NULL);
	expect_label(s, "web", "traefik.http.routers.web.entrypoints", LABEL_VALID, NULL);
	expect_label(s, "web", "traefik.http.middlewares.auth.basicauth.users", LABEL_UNUSED, "");
	expect_label(s, "web", "traefik.tcp.routers.t.rule", LABEL_UNUSED, "not served");
	expect_label(s, "web", "traefik.bogus", LABEL_UNUSED, "for constraints");
	expect_label(s, "web", "traefik.bogus.more", LABEL_UNKNOWN, "not understood");
	expect_label(s, "web", "traefik.http.services.web.loadbalancer.sticky.cookie", LABEL_VALID, NULL);
	assert_string_equal(world_service(s->world, STR("web"))->conf.sticky_cookie, "_bb9e4");
	assert_string_equal(world_service(s->world, STR("web"))->conf.sticky_path, "/");
	assert_string_equal(world_service(s->world, STR("web"))->conf.health_path, "/hc");
	assert_int_equal(world_service(s->world, STR("web"))->conf.health_interval_usec, 7000000);
}

#define STICKY(rest) "\"traefik.http.services.web.loadbalancer.sticky" rest

static void
a_sticky_cookie_is_read_from_labels_of_traefik(void **state)
{
	struct stage *s = *state;
	const struct service_conf *c;

	assert_non_null(web(s, ROUTER("Host(`a.org`)") BACKEND "," STICKY(".cookie.name\":\"my app\",") STICKY(".cookie.httponly\":\"1\",")
	    STICKY(".cookie.samesite\":\"strict\",") STICKY(".cookie.maxage\":\"60\",") STICKY(".cookie.domain\":\".a.org\",")
	    "\"mola.sticky.secure\":\"true\"," STICKY(".cookie.secure\":\"false\"")));
	c = &world_service(s->world, STR("web"))->conf;
	assert_string_equal(c->sticky_cookie, "my_app");
	assert_true(c->sticky_http_only && c->sticky_secure);
	assert_int_equal(c->sticky_same_site, SAME_SITE_STRICT);
	assert_int_equal(c->sticky_max_age, 60);
	assert_string_equal(c->sticky_domain, ".a.org");
	expect_label(s, "web", "traefik.http.services.web.loadbalancer.sticky.cookie.secure", LABEL_UNUSED, "precedence");
}

/* Its clients would lose their sessions, and its author would not know. */
static void
half_a_sticky_cookie_is_none(void **state)
{
	struct stage *s = *state;

	assert_null(web(s, ROUTER("Host(`a.org`)") BACKEND "," STICKY(".cookie.maxage\":\"-1\"")));
	assert_null(web(s, ROUTER("Host(`a.org`)") BACKEND "," STICKY(".cookie.colour\":\"red\"")));
	assert_null(web(s, ROUTER("Host(`a.org`)") BACKEND "," STICKY(".cookie.path\":\"/a;b\"")));
	/* what binds nobody in Traefik, either */
	assert_non_null(web(s, ROUTER("Host(`a.org`)") BACKEND "," STICKY("\":\"true\"")));
	assert_null(world_service(s->world, STR("web"))->conf.sticky_cookie);
	assert_non_null(web(s, ROUTER("Host(`a.org`)") BACKEND "," STICKY(".cookie\":\"false\"")));
	assert_null(world_service(s->world, STR("web"))->conf.sticky_cookie);
}

static void
a_middleware_that_is_not_there_is_missed(void **state)
{
	struct stage *s = *state;
	const char *const names[] = { "traefik.http.routers.web.middlewares", "traefik.http.routers.web.Middlewares" };
	const char *const values[] = { "auth", "auth@swarm", "lan@file", "gzip, auth", "AUTH" };
	const char *const ignore[] = { "gzip" };
	char labels[1000];

	s->traefik.ignore_middlewares = (struct traefik_names){ ignore, 1 };
	for (int i = 0; i < 10; i++) {
		snprintf(labels, sizeof labels, ROUTER("Host(`a.org`)") BACKEND ",\"%s\":\"%s\","
		    "\"traefik.http.middlewares.auth.basicauth.users\":\"x\"", names[i / 5], values[i % 5]);
		assert_null(web(s, labels));
		expect_trouble(s, "web", WHY_NEEDS_MIDDLEWARE, "router web is not served");
	}
	expect_routes(web(s, ROUTER("Host(`a.org`)") BACKEND ",\"traefik.http.routers.web.middlewares\":\" gzip \""), "a.org/");
	expect_label(s, "web", "traefik.http.routers.web.middlewares", LABEL_UNUSED, "left out");
}

static void
a_router_is_served_where_its_entry_point_is(void **state)
{
	struct stage *s = *state;
	const char *const auth[] = { "auth@file" };
	struct traefik_entry_point points[] = { { .name = "lan", .served = true }, { .name = "websecure", .served = true } };

	assert_null(web(s, ROUTER("Host(`a.org`)") BACKEND ",\"traefik.http.routers.web.entrypoints\":\"internal\""));
	expect_trouble(s, "web", WHY_ENTRY_POINT, "swarm.traefik.entry_points");
	expect_routes(web(s, ROUTER("Host(`a.org`)") BACKEND ",\"traefik.http.routers.web.entryPoints\":\"internal, web\""), "a.org/");
	s->traefik.entry_point = points;
	s->traefik.nentry_points = 2;
	expect_routes(web(s, ROUTER("Host(`a.org`)") BACKEND ",\"traefik.http.routers.web.entrypoints\":\"LAN\""), "a.org/");
	points[1].middlewares = (struct traefik_names){ auth, 1 };
	assert_null(web(s, ROUTER("Host(`a.org`)") BACKEND ",\"traefik.http.routers.web.entrypoints\":\"websecure\""));
	s->traefik.ignore_middlewares = (struct traefik_names){ auth, 1 };
	expect_routes(web(s, ROUTER("Host(`a.org`)") BACKEND ",\"traefik.http.routers.web.entrypoints\":\"websecure\""), "a.org/");
}

static void
molas_own_labels_have_precedence(void **state)
{
	struct stage *s = *state;

	expect_routes(web(s, ROUTER("Host(`t.org`)") "\"mola.host\":\"m.org\",\"mola.port\":\"81\"," BACKEND), "m.org/");
	expect_tasks(s, "web", "web.1.t1=10.0.1.5:81");
	expect_label(s, "web", "traefik.http.routers.web.rule", LABEL_UNUSED, "mola.host");
	expect_label(s, "web", "traefik.http.services.web.loadbalancer.server.port", LABEL_UNUSED, "mola.port");
	assert_null(web(s, ROUTER("Host(`t.org`)") BACKEND ",\"mola.enable\":\"false\""));
	/* what is missing in one is taken from the other */
	expect_routes(web(s, ROUTER("Host(`t.org`)") "\"mola.port\":\"81\""), "t.org/");
	/* a rule that is not understood is not replaced by all hosts */
	assert_null(web(s, ROUTER("Strange(`.*`)") "\"mola.enable\":\"true\",\"mola.port\":\"81\""));
}

/* In Traefik, one matcher that is not understood takes the whole router. */
static void
a_rule_is_understood_as_a_whole_or_not_served(void **state)
{
	struct stage *s = *state;

	assert_null(web(s, ROUTER("Host(`a.org`) || Strange(`x`)") BACKEND));
	expect_label(s, "web", "traefik.http.routers.web.rule", LABEL_UNSUPPORTED, "Strange");
	expect_trouble(s, "web", WHY_ROUTER_RULE, "Strange");
	assert_null(web(s, ROUTER("Host(`a.org`, `b.org`)") "\"traefik.http.routers.web.rulesyntax\":\"v3\"," BACKEND));
	expect_routes(web(s, ROUTER("Host(`a.org`, `b.org`)") "\"traefik.http.routers.web.ruleSyntax\":\"v2\"," BACKEND), "a.org/ b.org/");
	expect_label(s, "web", "traefik.http.routers.web.ruleSyntax", LABEL_VALID, NULL);
	assert_null(web(s, ROUTER("Host(`a.org`)") "\"traefik.http.routers.web.priority\":\"9223372036854775807\"," BACKEND));
}

static void
molas_own_rules(void **state)
{
	struct stage *s = *state;
	const struct world_service *ws = web(s, "\"mola.rule\":\"Host(`a.org`) && Method(`GET`)\",\"mola.priority\":\"-7\",\"mola.port\":\"80\"");

	expect_routes(ws, "a.org/");
	assert_int_equal(ws->route[0].rule->priority, -7);
	assert_non_null(ws->route[0].rule->condition);
	assert_string_equal(ws->route[0].rule->text, "Host(`a.org`) && Method(`GET`)");
	ws = web(s, "\"mola.rule\":\"Host(`a.org`) || Path(`/x`)\",\"mola.host\":\"b.org\",\"mola.port\":\"80\"," ROUTER("Host(`t.org`)") BACKEND);
	expect_routes(ws, "a.org/ */x");
	assert_int_equal(ws->route[0].rule->priority, 27);
	assert_null(ws->route[0].rule->condition);
	assert_true(ws->route[1].rule->whole);
	expect_label(s, "web", "mola.host", LABEL_UNUSED, "mola.rule");
	expect_label(s, "web", "traefik.http.routers.web.rule", LABEL_UNUSED, "mola.host");
	/* one that is wrong does not give way to what would be more open */
	assert_null(web(s, "\"mola.rule\":\"Host(a.org)\",\"mola.host\":\"b.org\",\"mola.port\":\"80\""));
	expect_label(s, "web", "mola.rule", LABEL_INVALID, "expected a text between backquotes");
	assert_null(web(s, "\"mola.rule\":\"Host(`a`, `b`)\",\"mola.port\":\"80\""));
	assert_null(web(s, "\"mola.rule\":\"Host(`a`) && Host(`b`)\",\"mola.port\":\"80\""));
	assert_non_null(web(s, "\"mola.host\":\"b.org\",\"mola.port\":\"80\",\"mola.priority\":\"3\""));
	expect_label(s, "web", "mola.priority", LABEL_UNUSED, "there is no mola.rule");
}

static void
routers_and_services_find_each_other(void **state)
{
	struct stage *s = *state;

	assert_null(web(s, ROUTER("Host(`a.org`)") "\"traefik.http.routers.web.service\":\"api@internal\"," BACKEND));
	expect_label(s, "web", "traefik.http.routers.web.service", LABEL_INVALID, "a service of Traefik's own");
	expect_trouble(s, "web", WHY_ROUTER_SERVICE, "router web is not served: it leads to api@internal, a service of Traefik's own; Mola's own API");
	assert_null(web(s, ROUTER("Host(`a.org`)") "\"traefik.http.routers.web.service\":\"other@http\"," BACKEND));
	expect_label(s, "web", "traefik.http.routers.web.service", LABEL_INVALID, "another provider");
	assert_null(web(s, ROUTER("Host(`a.org`)") "\"traefik.http.routers.web.service\":\"nobody\"," BACKEND));
	assert_null(web(s, ROUTER("Host(`a.org`)") "\"traefik.http.services.one.loadbalancer.server.port\":\"81\","
	    "\"traefik.http.services.two.loadbalancer.server.port\":\"82\""));
	expect_trouble(s, "web", WHY_ROUTER_SERVICE, "several services");
	expect_routes(web(s, ROUTER("Host(`a.org`)") "\"traefik.http.routers.web.service\":\"web@swarm\"," BACKEND), "a.org/");
	expect_routes(web(s, ROUTER("Host(`a.org`)") "\"traefik.http.routers.web.service\":\"WEB@docker\"," BACKEND), "a.org/");
	/* a weighted service is no port of the tasks */
	assert_null(web(s, ROUTER("Host(`a.org`)") "\"traefik.http.routers.web.service\":\"w\","
	    "\"traefik.http.services.w.weighted.services[0].name\":\"web\"," BACKEND));
	assert_null(web(s, ROUTER("Host(`a.org`)") "\"traefik.http.services.w.weighted.services[0].name\":\"web\""));
}

static void
every_router_leads_to_its_own_port(void **state)
{
	struct stage *s = *state;
	const char *two = "\"traefik.http.routers.api.rule\":\"Host(`a.org`)\",\"traefik.http.routers.api.service\":\"api\","
	    "\"traefik.http.routers.console.rule\":\"Host(`c.org`)\",\"traefik.http.routers.console.service\":\"console\","
	    "\"traefik.http.services.api.loadbalancer.server.port\":\"9000\",\"traefik.http.services.console.loadbalancer.server.port\":\"9001\","
	    "\"traefik.http.services.console.loadbalancer.healthcheck.path\":\"/ok\",\"mola.migrate\":\"true\",\"mola.policy\":\"least-conn\"";
	char labels[2000];

	snprintf(labels, sizeof labels, "%s", two);
	expect_routes(web(s, labels), "a.org/");
	expect_tasks(s, "web", "web.1.t1=10.0.1.5:9000");
	expect_routes(world_service(s->world, STR("web:9001")), "c.org/");
	expect_tasks(s, "web:9001", "web:9001.1.t1=10.0.1.5:9001");
	assert_null(world_service(s->world, STR("web"))->conf.health_path);
	assert_string_equal(world_service(s->world, STR("web:9001"))->conf.health_path, "/ok");
	assert_int_equal(world_service(s->world, STR("web:9001"))->conf.policy, POLICY_LEAST_CONN);
	assert_true(world_service(s->world, STR("web"))->conf.migrate && !world_service(s->world, STR("web:9001"))->conf.migrate);
	assert_int_equal(reported(s, "web")->nroutes, 2);
	assert_int_equal(reported(s, "web")->ntasks, 1);
	assert_string_equal(reported(s, "web:9001")->name, "web");
	/* the first by name is not understood: the other one is served, and has the name */
	snprintf(labels, sizeof labels, "%s,\"traefik.http.routers.api.middlewares\":\"auth\"", two);
	expect_routes(web(s, labels), "c.org/");
	expect_tasks(s, "web", "web.1.t1=10.0.1.5:9001");
	/* mola.port is for all of them */
	snprintf(labels, sizeof labels, "%s,\"mola.port\":\"80\"", two);
	expect_routes(web(s, labels), "a.org/ c.org/");
	expect_tasks(s, "web", "web.1.t1=10.0.1.5:80");
	snprintf(labels, sizeof labels, "%s,\"traefik.http.services.console.loadbalancer.server.Port\":\"1\"", two);
	expect_routes(web(s, labels), "a.org/");
	expect_trouble(s, "web", WHY_ROUTER_SERVICE, "router console is not served");
}

/* People's own routers in a proxy that Mola configures lead to them, with the middlewares that Mola does not have. */
static void
what_is_not_served_has_tasks_for_targets(void **state)
{
	struct stage *s = *state;
	const char *labels = ROUTER("Host(`a.org`)") BACKEND ",\"traefik.http.routers.web.middlewares\":\"auth\","
	    "\"traefik.http.routers.web.service\":\"web@file\"";

	assert_null(web(s, labels));
	s->conf.routeless = true;
	expect_routes(web(s, labels), "");
	expect_tasks(s, "web", "web.1.t1=10.0.1.5:80");
	assert_false(reported(s, "web")->served);
	expect_routes(web(s, "\"mola.port\":\"80\""), "");
	assert_null(web(s, "\"mola.port\":\"80\",\"mola.enable\":\"no\""));
	expect_routes(web(s, PLAIN), "a.org/");
	assert_true(reported(s, "web")->served);
}

static void
traefik_enable_is_read_as_go_reads_it(void **state)
{
	static const char *const no[] = { "0", "f", "F", "false", "False", "FALSE", "no", "off", "", "yes", "on", " true", "tRUE" },
	    *const yes[] = { "1", "t", "T", "true", "True", "TRUE" };
	struct stage *s = *state;
	char labels[400];

	for (unsigned i = 0; i < 13 + 6; i++) {
		snprintf(labels, sizeof labels, "\"traefik.http.routers.web.rule\":\"Host(`a.org`)\"," BACKEND ",\"traefik.Enable\":\"%s\"",
		    i < 13 ? no[i] : yes[i - 13]);
		assert_true((web(s, labels) == NULL) == (i < 13));
		expect_label(s, "web", "traefik.Enable", i < 6 || i > 12 ? LABEL_VALID : LABEL_INVALID, i < 6 || i > 12 ? NULL : "counts as false");
	}
	assert_null(web(s, ROUTER("Host(`a.org`)") BACKEND ",\"traefik.Enable\":\"false\""));
	s->traefik.exposed_by_default = false;
	assert_null(web(s, "\"traefik.http.routers.web.rule\":\"Host(`a.org`)\"," BACKEND));
	expect_label(s, "web", "traefik.http.routers.web.rule", LABEL_UNUSED, "not exposed by default");
	assert_non_null(web(s, ROUTER("Host(`a.org`)") BACKEND));
}

static void
whatever_is_not_understood_of_a_router_refuses_it(void **state)
{
	const struct { const char *label, *value; const struct why *why; const char *part; } odd[] = {
		{ "routers.web.middleware", "auth", WHY_ROUTER_LABEL, "routers.web.middleware is not understood" },
		{ "routers.web.middlewares[0]", "auth", WHY_ROUTER_LABEL, "not understood" },
		{ "routers.web.Rule", "Host(`b.org`)", WHY_ROUTER_LABEL, "not understood" },
		{ "routers.web.parentrefs", "x", WHY_ROUTER_LABEL, "not understood" },
		{ "routers.web.priority", "high", WHY_ROUTER_LABEL, "is no number" },
		{ "routers.web.tls.option", "mtls", WHY_ROUTER_LABEL, "not understood" },
		{ "routers.web.tls.options", "mtls@file", WHY_TLS_OPTIONS, "names TLS options" },
		{ "routers.web.a.b.c.d.e.f.g.h.i", "x", WHY_ROUTER_LABEL, "not understood" },
		{ "services.web.loadbalancer.server.scheme", "fcgi", WHY_SERVER_SCHEME, "expected http, https or h2c" },
		{ "services.web.loadbalancer.server.scheme", "https\",\"traefik.http.services.web.loadbalancer.serverstransport\":\"t@file",
		    WHY_SERVER_SCHEME, "defined elsewhere" },
		{ "services.web.loadbalancer.server.url", "http://10.0.0.1", WHY_ROUTER_SERVICE, "not understood" },
		{ "services.web.loadbalancer.bogus", "x", WHY_ROUTER_SERVICE, "not understood" },
		{ "routers.web.middlewares", "a,", WHY_NEEDS_MIDDLEWARE, "no label defines it" } };
	const struct world_service *ws;
	struct stage *s = *state;
	char labels[600];

	for (unsigned i = 0; i < sizeof odd / sizeof *odd; i++) {
		snprintf(labels, sizeof labels, ROUTER("Host(`a.org`)") BACKEND ",\"traefik.http.%s\":\"%s\"", odd[i].label, odd[i].value);
		if (web(s, labels) != NULL)
			fail_msg("%s is served", odd[i].label);
		expect_trouble(s, "web", odd[i].why, odd[i].part);
	}
	ws = web(s, ROUTER("Host(`a.org`)") BACKEND ",\"traefik.http.routers.web.tls.options\":\"default\","
	    "\"traefik.http.routers.web.tls.certresolver\":\"le\",\"traefik.http.routers.web.tls.domains[0].main\":\"a.org\","
	    "\"traefik.http.routers.web.middlewares\":\" \",\"traefik.http.services.web.loadbalancer.server.scheme\":\"http\","
	    "\"traefik.http.routers.web.observability.accesslogs\":\"true\",\"traefik.http.routers.web.rulesyntax\":\"v2\"");
	assert_true(ws != NULL && ws->conf.tls == SERVICE_TLS_ACME);
	ws = web(s, ROUTER("Host(`a.org`)") BACKEND ",\"traefik.http.routers.web.tls.certresolver\":\"le\",\"mola.tls\":\"none\"");
	assert_true(ws != NULL && ws->conf.tls == SERVICE_TLS_NONE);
}

#define SCHEME(name)	",\"traefik.http.services.web.loadbalancer.server.scheme\":\"" name "\""

/* By Traefik's rules: the CAs of the system, and the address. What mola.* labels say counts more. */
static void
schemes_of_traefik_are_followed(void **state)
{
	const struct world_service *ws;
	struct stage *s = *state;

	ws = web(s, ROUTER("Host(`a.org`)") BACKEND SCHEME("H2C"));
	assert_true(ws != NULL && ws->conf.scheme == SCHEME_H2C);
	ws = web(s, ROUTER("Host(`a.org`)") BACKEND SCHEME("https"));
	assert_true(ws != NULL && ws->conf.scheme == SCHEME_HTTPS && ws->conf.tls_verify && ws->conf.tls_ca == NULL);
	assert_string_equal(ws->conf.tls_name, TLS_NAME_ADDRESS);
	ws = web(s, ROUTER("Host(`a.org`)") BACKEND SCHEME("https")
	    ",\"traefik.http.services.web.loadbalancer.serverstransport\":\"t@file\",\"mola.task_tls.verify\":\"false\"");
	assert_true(ws != NULL && ws->conf.scheme == SCHEME_HTTPS && !ws->conf.tls_verify);
	ws = web(s, ROUTER("Host(`a.org`)") BACKEND SCHEME("https") ",\"mola.task_tls.ca\":\"own\",\"mola.task_tls.name\":\"web.test\"");
	assert_string_equal(ws->conf.tls_ca, "own");
	assert_string_equal(ws->conf.tls_name, "web.test");
	ws = web(s, ROUTER("Host(`a.org`)") BACKEND SCHEME("https") ",\"mola.scheme\":\"http\"");
	assert_true(ws != NULL && ws->conf.scheme == SCHEME_HTTP);
}

/* A typing error before the router's name leaves the router without what it was to have. */
static void
whatever_may_have_been_meant_for_a_router_refuses_it(void **state)
{
	static const char *const odd[] = { "http.router.web.middlewares", "http.rooters.web.middlewares", "http.routers.web", "http.routers", "http",
		"HTTP.routes.web.middlewares", "http.services.web", "htttp.routers.web.middlewares", "https.Routers.web.middlewares", "http.middlewares",
		"http..web.middlewares", ".routers.web.middlewares" };
	struct stage *s = *state;
	char labels[600];

	for (unsigned i = 0; i < sizeof odd / sizeof *odd; i++) {
		snprintf(labels, sizeof labels, ROUTER("Host(`a.org`)") BACKEND ",\"traefik.%s\":\"auth\"", odd[i]);
		if (web(s, labels) != NULL)
			fail_msg("served with traefik.%s", odd[i]);
		expect_trouble(s, "web", WHY_ROUTER_LABEL, "router web is not served");
	}
	assert_non_null(web(s, ROUTER("Host(`a.org`)") BACKEND ",\"traefik.constraint-label\":\"public\",\"traefik.tags\":\"x\","
	    "\"traefik.tcp.routers.t.rule\":\"HostSNI(`*`)\",\"traefik.http.serverstransports.t.x\":\"1\""));
}

static void
labels_that_cannot_all_be_read_serve_nothing(void **state)
{
	struct stage *s = *state;
	char *many = must_zalloc(40000);
	size_t n;

	assert_null(web(s, ROUTER("Host(`a.org`)") BACKEND ",\"traefik.http.routers.web.middlewares\":\"\\u0000auth\""));
	expect_trouble(s, "web", WHY_NEEDS_MIDDLEWARE, "router web is not served");
	node(s, "n1", "alpha", "10.0.0.1", "ready", "active");
	n = (size_t)snprintf(many, 40000, ROUTER("Host(`a.org`)") BACKEND);
	for (int i = 0; i < 66; i++)
		n += (size_t)snprintf(many + n, 40000 - n, ",\"traefik.http.routers.r%d.tls\":\"true\"", i);
	buf_printf(&s->services, "[{\"ID\":\"id-web\",\"CreatedAt\":\"" AGE "\",\"Spec\":{\"Name\":\"web\",\"Labels\":{%s}}}", many);
	play(s);
	assert_null(world_service(s->world, STR("web")));
	expect_trouble(s, "web", WHY_ROUTER_LABEL, "more than 64 routers");
	free(many);
}

/* All of a check, or none: another check would take tasks out for no reason. */
#define CHECK(rest) ",\"traefik.http.services.web.loadbalancer.healthcheck." rest "\""

/* A server of weight 0 gets nothing from Traefik. */
static void
a_service_without_weight_is_not_served(void **state)
{
	struct stage *s = *state;

	assert_non_null(web(s, ROUTER("Host(`a.org`)") BACKEND ",\"traefik.http.services.web.loadbalancer.server.weight\":\"3\""));
	expect_label(s, "web", "traefik.http.services.web.loadbalancer.server.weight", LABEL_UNUSED, "all tasks");
	assert_null(web(s, ROUTER("Host(`a.org`)") BACKEND ",\"traefik.http.services.web.loadbalancer.server.weight\":\"0\""));
	assert_null(web(s, ROUTER("Host(`a.org`)") BACKEND ",\"traefik.http.services.web.loadbalancer.server.weight\":\"x\""));
}

static void
health_checks_are_done_as_meant_or_not_at_all(void **state)
{
	static const char *const not[] = { "port\":\"80810", "status\":\"ok", "hostname\":\"http://x.org", "scheme\":\"h2", "method\":\"CONNECT",
		"headers.Upgrade\":\"b", "headers.X-A\":\"b\\nX-B: c", "mode\":\"tcp", "followredirects\":\"maybe", "unhealthyinterval\":\"soon",
		"interval\":\"soon", "interval\":\"90h", "timeout\":\"1ms", "bogus\":\"1" };
	static const char *const fine[] = { "port\":\"8081", "status\":\"0", "scheme\":\"http", "method\":\"HEAD", "followredirects\":\"true",
		"headers.Host\":\"x", "headers.X-A\":\"b", "mode\":\"", "interval\":\"0" };
	static const struct { const char *text; int64_t usec; } times[] = { { "7", 7000000 }, { "1m30s", 90000000 }, { "1.5s", 1500000 },
		{ "300ms", 300000 }, { "1500000us", 1500000 }, { "1", 1000000 }, { "0", 30000000 } };
	const size_t wrong = sizeof not / sizeof *not;
	struct stage *s = *state;
	char labels[800];

	for (size_t i = 0; i < wrong + sizeof fine / sizeof *fine; i++) {
		snprintf(labels, sizeof labels, ROUTER("Host(`a.org`)") BACKEND CHECK("path\":\"/hc")
		    ",\"traefik.http.services.web.loadbalancer.healthcheck.%s\"", i < wrong ? not[i] : fine[i - wrong]);
		assert_non_null(web(s, labels));
		assert_true((world_service(s->world, STR("web"))->conf.health_path == NULL) == (i < wrong));
		if (i < wrong)
			expect_trouble(s, "web", WHY_HEALTH_CHECK, "not checked");
	}
	for (unsigned i = 0; i < sizeof times / sizeof *times; i++) {
		snprintf(labels, sizeof labels, ROUTER("Host(`a.org`)") BACKEND CHECK("path\":\"/hc")
		    ",\"traefik.http.services.web.loadbalancer.healthcheck.interval\":\"%s\"", times[i].text);
		assert_int_equal(web(s, labels)->conf.health_interval_usec, times[i].usec);
	}
}

static void
health_checks_are_what_traefik_makes_of_the_labels(void **state)
{
	struct stage *s = *state;
	const struct service_conf *c;

	c = &web(s, ROUTER("Host(`a.org`)") BACKEND CHECK("Port\":\"8081") CHECK("status\":\"418") CHECK("hostname\":\"x.org:81")
	    CHECK("scheme\":\"https") CHECK("method\":\"HEAD") CHECK("headers.X-A\":\"b") CHECK("headers.X-B\":\"c: d")
	    CHECK("followRedirects\":\"false") CHECK("unhealthyInterval\":\"2s") CHECK("path\":\"up?a=b"))->conf;
	assert_string_equal(c->health_path, "/up?a=b");
	assert_int_equal(c->health_port, 8081);
	assert_int_equal(c->health_status, 418);
	assert_string_equal(c->health_hostname, "x.org:81");
	assert_int_equal(c->health_scheme, CHECK_SCHEME_FIRST + SCHEME_HTTPS);
	assert_int_equal(c->scheme, SCHEME_HTTP);
	assert_true(c->tls_verify);
	assert_string_equal(c->tls_name, TLS_NAME_ADDRESS);
	assert_string_equal(c->health_method, "HEAD");
	assert_string_equal(c->health_headers, "X-A: b\nX-B: c: d\n");
	assert_false(c->health_follow_redirects);
	assert_int_equal(c->health_unhealthy_interval_usec, 2000000);
	/* what is not set is as in Traefik, but for what Mola's labels set */
	c = &web(s, ROUTER("Host(`a.org`)") BACKEND CHECK("timeout\":\"3s") ",\"mola.health.fall\":\"4\"")->conf;
	assert_string_equal(c->health_path, "/");
	assert_int_equal(c->health_interval_usec, 30000000);
	assert_int_equal(c->health_timeout_usec, 3000000);
	assert_int_equal(c->health_rise, 1);
	assert_int_equal(c->health_fall, 4);
	assert_true(c->health_follow_redirects);
	assert_int_equal(c->health_scheme, CHECK_SAME);
	/* gRPC is spoken without TLS, whatever requests are */
	c = &web(s, ROUTER("Host(`a.org`)") BACKEND CHECK("mode\":\"grpc") ",\"traefik.http.services.web.loadbalancer.server.scheme\":\"https\"")->conf;
	assert_int_equal(c->health_mode, CHECK_GRPC);
	assert_int_equal(c->health_scheme, CHECK_SCHEME_FIRST + SCHEME_H2C);
}

#define LB(rest) ",\"traefik.http.services.web.loadbalancer." rest "\""

#define PASSIVE(rest) LB("passiveHealthCheck." rest)

static void
passive_checks_are_a_rule_of_ejection(void **state)
{
	static const struct {
		const char	*labels;
		uint64_t	 failures;
		int64_t		 usec;
	} good[] = {
		{ "", 0, 0 },		/* as in defaults */
		{ PASSIVE("maxFailedAttempts\":\"3"), 3, 10000000 },
		{ PASSIVE("failureWindow\":\"3s"), 1, 3000000 },
		{ PASSIVE("failureWindow\":\"2") PASSIVE("maxfailedattempts\":\"100"), 64, 2000000 },
		{ PASSIVE("maxFailedAttempts\":\"3") ",\"mola.eject.failures\":\"0\"", 0, 10000000 },
		{ PASSIVE("failureWindow\":\"3s") ",\"mola.eject.window\":\"5s\"", 1, 5000000 },
	};
	static const char *const wrong[] = { PASSIVE("maxFailedAttempts\":\"-1"), PASSIVE("failureWindow\":\"0"),
		PASSIVE("failureWindow\":\"soon"), PASSIVE("other\":\"1"), LB("passiveHealthCheck\":\"true") };
	struct stage *s = *state;
	char labels[800];

	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		snprintf(labels, sizeof labels, ROUTER("Host(`a.org`)") BACKEND "%s", good[i].labels);
		assert_int_equal(web(s, labels)->conf.eject_failures, good[i].failures);
		assert_int_equal(web(s, labels)->conf.eject_window_usec, good[i].usec);
	}
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		snprintf(labels, sizeof labels, ROUTER("Host(`a.org`)") BACKEND "%s", wrong[i]);
		assert_null(web(s, labels));
	}
}

static void
hosts_and_strategies_are_those_of_the_labels(void **state)
{
	struct stage *s = *state;
	static const struct {
		const char	*labels;
		bool		 pass_host;
		enum policy	 policy;
	} good[] = {
		{ LB("passhostheader\":\"1"), true, POLICY_MARGINAL },
		{ LB("passhostheader\":\"false"), false, POLICY_MARGINAL },
		{ LB("passHostHeader\":\"f") ",\"mola.pass_host\":\"true\"", true, POLICY_MARGINAL },
		{ LB("strategy\":\"wrr"), true, POLICY_ROUND_ROBIN },
		{ LB("strategy\":\"p2c"), true, POLICY_RANDOM_TWO },
		{ LB("strategy\":\"leasttime"), true, POLICY_MARGINAL },
		{ LB("strategy\":\"hrw") ",\"mola.policy\":\"least-conn\"", true, POLICY_LEAST_CONN },
		{ LB("strategy\":\"p2c") ",\"mola.policy\":\"least-conn\"", true, POLICY_LEAST_CONN },
		{ LB("responseforwarding.flushinterval\":\"-1"), true, POLICY_MARGINAL },
		{ LB("responseForwarding.flushInterval\":\"100ms"), true, POLICY_MARGINAL },
	};
	static const struct {
		const char	*labels, *word;
	} bad[] = {
		{ LB("passhostheader\":\""), "passhostheader" },
		{ LB("passhostheader\":\"no"), "passhostheader" },
		{ LB("strategy\":\"WRR"), "strategy" },
		{ LB("strategy.deep\":\"wrr"), "strategy.deep" },
		{ LB("responseforwarding.flushinterval\":\"soon"), "flushinterval" },
		{ LB("responseforwarding.other\":\"1"), "responseforwarding.other" },
	};
	char labels[2048];

	for (unsigned i = 0; i < sizeof good / sizeof *good; i++) {
		snprintf(labels, sizeof labels, ROUTER("Host(`a.org`)") BACKEND "%s", good[i].labels);
		assert_int_equal(web(s, labels)->conf.pass_host, good[i].pass_host);
		assert_int_equal(web(s, labels)->conf.policy, good[i].policy);
	}
	for (unsigned i = 0; i < sizeof bad / sizeof *bad; i++) {
		snprintf(labels, sizeof labels, ROUTER("Host(`a.org`)") BACKEND "%s", bad[i].labels);
		assert_null(web(s, labels));
		expect_trouble(s, "web", WHY_ROUTER_SERVICE, bad[i].word);
	}
}

static void
a_default_rule_is_filled_in(void **state)
{
	struct stage *s = *state;
	char text[4000];

	expect_routes(web(s, "\"traefik.enable\":\"true\"," BACKEND), "web/");	/* Traefik's own */
	expect_label(s, "web", "traefik.http.routers.web.rule", LABEL_VALID, "the default rule");
	s->traefik.default_rule = "Host(`{{ normalize .Name }}.x.org`)";
	expect_routes(web(s, "\"traefik.enable\":\"true\"," BACKEND), "web.x.org/");
	expect_routes(web(s, BACKEND), "web.x.org/");
	expect_routes(web(s, "\"traefik.http.routers.r.tls\":\"true\"," BACKEND), "web.x.org/");
	expect_label(s, "web", "traefik.http.routers.r.rule", LABEL_VALID, "the default rule");
	assert_null(web(s, "\"traefik.enable\":\"true\",\"traefik.http.routers.r.middlewares\":\"auth\"," BACKEND));
	expect_routes(named(s, "a__b.-", "\"traefik.enable\":\"true\"," BACKEND), "a-b.x.org/");
	s->traefik.default_rule = "Host(`{{.Name}}.x.org`) || PathPrefix(`/{{ .Name }}`)";
	expect_routes(named(s, "A_b", "\"traefik.enable\":\"true\"," BACKEND), "a-b.x.org/ */A-b");
	/* a text that grows with each name is not made longer than a rule may be */
	memset(text, 'x', sizeof text);
	for (size_t i = 0; i + 11 < sizeof text; i += 11)
		memcpy(text + i, "{{ .Name }}", 11);
	text[sizeof text - 1] = '\0';
	s->traefik.default_rule = text;
	assert_null(named(s, "long-name-of-a-service", "\"traefik.enable\":\"true\"," BACKEND));
	expect_trouble(s, "long-name-of-a-service", WHY_ROUTER_RULE, "longer than 4096 bytes");
	s->traefik.default_rule = "Host(`{{ index .Labels `x` }}.x.org`)";
	assert_null(web(s, "\"traefik.enable\":\"true\"," BACKEND));
	expect_trouble(s, "web", WHY_ROUTER_RULE, "of the default rule only");
}

/* Nothing that asks for it, or what asks for another thing. */
static void
a_default_rule_is_for_those_who_ask(void **state)
{
	static const char *const not[] = { "\"traefik.public\":\"yes\"", "\"traefik.enable\":\"false\"," BACKEND,
	    BACKEND "," "\"traefik.http.services.other.loadbalancer.server.port\":\"81\"",
	    "\"traefik.enable\":\"true\",\"traefik.tcp.services.t.loadbalancer.server.port\":\"53\"",
	    "\"traefik.http.middlewares.m.stripprefix.prefixes\":\"/x\"", "\"traefik.frontend.rule\":\"Host:x\"," BACKEND };
	struct stage *s = *state;

	for (size_t i = 0; i < sizeof not / sizeof *not; i++)
		if (web(s, not[i]) != NULL)
			fail_msg("served by the default rule: %s", not[i]);
	expect_routes(web(s, "\"mola.host\":\"m.org\",\"traefik.enable\":\"true\"," BACKEND), "m.org/");
	s->traefik.exposed_by_default = false;
	s->conf.traefik_exposed_configured = true;
	assert_null(web(s, BACKEND));
}

/* As Traefik 3.6.12 names them: each run of signs is one dash, and none is at an end. */
static void
names_in_a_default_rule_are_normalized(void **state)
{
	static const struct { const char *name, *labels, *host; } names[] = { { "shop_web", "", "shop-web/" }, { "a__b.-c", "", "a-b-c/" },
	    { "Web1", "", "web1/" }, { "web-", "", "web/" },
	    { "x", ",\"com.docker.compose.project\":\"p.q\",\"com.docker.compose.service\":\"s\"", "s-p-q/" },
	    { "x", ",\"com.docker.compose.project\":\"p\"", "x/" } };
	struct stage *s = *state;
	char labels[300];

	s->traefik.default_rule = "Host(`{{ .Name }}`)";
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		snprintf(labels, sizeof labels, BACKEND "%s", names[i].labels);
		service(s, names[i].name, AGE, labels, "");
		play(s);
		expect_routes(world_service(s->world, str_of(names[i].name)), names[i].host);
	}
}

static void
labels_of_others_are_named_in_one_line(void **state)
{
	struct stage *s = *state;

	assert_null(web(s, "\"traefik.frontend.rule\":\"Host:a.org\""));
	expect_trouble(s, "web", WHY_LABELS_FOREIGN, "1 label of Traefik 1 (traefik.frontend.rule)");
	assert_null(web(s, "\"traefik.enable\":\"true\",\"traefik.frontend.rule\":\"Host:a.org\",\"traefik.port\":\"80\","
	    "\"traefik.frontend.auth.basic.users\":\"x\",\"traefik.admin.port\":\"81\""));
	expect_trouble(s, "web", WHY_LABELS_FOREIGN, "4 labels of Traefik 1");
	assert_int_equal(reported(s, "web")->ntroubles, 1);
	assert_null(web(s, "\"traefik.enable\":\"true\",\"traefik.udp.routers.t.entrypoints\":\"dns\","
	    "\"traefik.udp.services.t.loadbalancer.server.port\":\"53\""));
	expect_trouble(s, "web", WHY_LABELS_FOREIGN, "UDP alone");
	assert_int_equal(reported(s, "web")->ntroubles, 1);
}

/* Whatever a tenant writes, the report can be told in JSON: valid UTF-8, no control characters in our words. */
static void
odd_bytes_are_told_safely(void **state)
{
	struct stage *s = *state;

	web(s, "\"mola.port\":\"\\u0007\\u00e9\",\"mola.host\":\"\\u00e9\\u00e9\\u00e9\\u00e9\\u00e9\\u00e9\\u00e9\\u00e9\\u00e9\\u00e9\\u00e9\\u00e9"
	    "\\u00e9\\u00e9\\u00e9\\u00e9\\u00e9\\u00e9\\u00e9\\u00e9\\u00e9\\u00e9x\\u00e9\"");
	for (unsigned i = 0; i < reported(s, "web")->nlabels; i++)
		for (const char *c = reported(s, "web")->label[i].text; *c != '\0'; c++)
			assert_true(*c >= ' ' && *c <= '~');
	web(s, "\"traefik.http.routers.\\u0007\\u00e9.middlewares\":\"\\u00e9\\u0007\",\"traefik.http.routers.w.rule\":\"Host(`a.org`)\","
	    "\"traefik.http.services.w.loadbalancer.server.scheme\":\"\\u00e9\\u00e9\\u00e9\\u00e9\\u00e9\\u00e9\\u00e9\\u00e9\\u00e9\\u00e9\\u00e9x\"");
	assert_int_equal(reported(s, "web")->ntroubles, 2);
	for (unsigned i = 0; i < 2; i++)
		for (const char *c = reported(s, "web")->trouble[i].text; *c != '\0'; c++)
			assert_true(*c >= ' ' && *c <= '~');
}

int
main(void)
{
#define SCENE(f) cmocka_unit_test_setup_teardown(f, stage_setup, stage_teardown)
	const struct CMUnitTest tests[] = {
		SCENE(who_is_served),
		SCENE(what_is_not_plain_serves_nothing),
		SCENE(words_that_may_say_who_gets_in_serve_nothing),
		SCENE(everything_that_can_be_said),
		SCENE(a_wrong_label_spoils_itself_alone),
		SCENE(queries_and_what_is_said_of_them),
		SCENE(a_wrong_query_spoils_itself_alone),
		SCENE(unknown_and_reserved_labels_are_named),
		SCENE(a_wrong_host_opens_nothing),
		SCENE(bounds_of_scaling_fit_together),
		SCENE(traefiks_labels_serve_too),
		SCENE(what_is_not_understood_of_traefik_is_named),
		SCENE(a_sticky_cookie_is_read_from_labels_of_traefik),
		SCENE(half_a_sticky_cookie_is_none),
		SCENE(a_middleware_that_is_not_there_is_missed),
		SCENE(a_router_is_served_where_its_entry_point_is),
		SCENE(molas_own_labels_have_precedence),
		SCENE(a_rule_is_understood_as_a_whole_or_not_served),
		SCENE(molas_own_rules),
		SCENE(routers_and_services_find_each_other),
		SCENE(every_router_leads_to_its_own_port),
		SCENE(what_is_not_served_has_tasks_for_targets),
		SCENE(traefik_enable_is_read_as_go_reads_it),
		SCENE(whatever_is_not_understood_of_a_router_refuses_it),
		SCENE(schemes_of_traefik_are_followed),
		SCENE(whatever_may_have_been_meant_for_a_router_refuses_it),
		SCENE(labels_that_cannot_all_be_read_serve_nothing),
		SCENE(a_service_without_weight_is_not_served),
		SCENE(health_checks_are_done_as_meant_or_not_at_all),
		SCENE(health_checks_are_what_traefik_makes_of_the_labels),
		SCENE(passive_checks_are_a_rule_of_ejection),
		SCENE(hosts_and_strategies_are_those_of_the_labels),
		SCENE(a_default_rule_is_filled_in),
		SCENE(a_default_rule_is_for_those_who_ask),
		SCENE(names_in_a_default_rule_are_normalized),
		SCENE(labels_of_others_are_named_in_one_line),
		SCENE(odd_bytes_are_told_safely),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
