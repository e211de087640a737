/* traefik_static: what a Traefik of the same Swarm demands, wherever it is said, and what becomes of routers then. */
#include "stage.h"

#include "discovery/constraint.h"
#include "discovery/flat_yaml.c"
#include "discovery/swarm_priv.h"
#include "discovery/traefik_spec.h"
#include "discovery/traefik_static.c"

#define AGE "2026-01-01T00:00:00Z"
#define SWARM_ARGS "\"--providers.swarm=true\",\"--entrypoints.web.address=:80\",\"--entrypoints.websecure.address=:443\""
#define WEB(entry) "\"traefik.enable\":\"true\",\"traefik.http.routers.a.rule\":\"Host(`a.org`)\"," \
	"\"traefik.http.routers.a.entrypoints\":\"" entry "\",\"traefik.http.services.a.loadbalancer.server.port\":\"80\""

/* A service with a container's specification: the inside of an object. */
static void
container(struct stage *s, const char *name, const char *labels, const char *spec)
{
	list_add(&s->services, "{\"ID\":\"id-%s\",\"CreatedAt\":\"%s\",\"Spec\":{\"Name\":\"%s\",\"Labels\":{%s},\"TaskTemplate\":{\"ContainerSpec\":{%s}}}}",
	    name, AGE, name, labels, spec);
}

static void
traefik(struct stage *s, const char *args)
{
	char spec[3000];

	snprintf(spec, sizeof spec, "\"Image\":\"traefik:v3.2@sha256:12\",\"Args\":[%s]", args);
	container(s, "edge", "", spec);
}

static bool
serves(struct stage *s)
{
	play(s);
	return reported(s, "web")->served;
}

/* Whether a router on `entry` is served beside a Traefik with these arguments. */
static bool
served_beside(struct stage *s, const char *args, const char *labels)
{
	traefik(s, args);
	service(s, "web", AGE, labels, "");
	return serves(s);
}

static void
demands_of_entry_points_hold(void **state)
{
	static const char *const args[] = {
		"\"--entrypoints.websecure.http.middlewares=auth@file\"",
		"\"--entryPoints.WebSecure.HTTP.Middlewares=auth@file\"",
		"\"-entrypoints.websecure.http.middlewares\",\"auth@file\"",
		"\"--entrypoints.websecure.http.middlewares[0]=auth@file\"",
		"\"--entrypoints.websecure.http.middlewares=compress,auth@file\"",
		"\"--entrypoints.websecure.http.tls.options=mtls@file\"",
		"\"--entrypoints.websecure.http.redirections.entrypoint.to=other\"",
		"\"--entrypoints.websecure.http.somethingnew=x\"",
		"\"--entrypoints.websecure.somethingnew=x\"",
		"\"--entrypoints.websecure.http.encodedCharacters.allowEncodedSlash=false\"",
		"\"--entrypoints.websecure.address=:443/udp\"",
	};
	struct stage *s = *state;
	char all[1000];

	s->traefik.ignore_middlewares = (struct traefik_names){ (const char *const[]){ "compress" }, 1 };
	assert_true(served_beside(s, SWARM_ARGS, WEB("websecure")));
	assert_true(served_beside(s, SWARM_ARGS ",\"--entrypoints.websecure.http.tls=true\"", WEB("websecure")));
	assert_true(served_beside(s, SWARM_ARGS ",\"--entrypoints.websecure.http.middlewares=compress\"", WEB("websecure")));
	assert_true(served_beside(s, SWARM_ARGS ",\"--entrypoints.websecure.http3\",\"--entrypoints.websecure.reusePort=true\","
	    "\"--entrypoints.websecure.transport.respondingTimeouts.readTimeout=5\",\"--entrypoints.websecure.forwardedHeaders.trustedIPs=10.0.0.0/8\","
	    "\"--entrypoints.websecure.proxyProtocol.insecure\",\"--entrypoints.websecure.http.encodedCharacters.allowEncodedSlash=true\"", WEB("websecure")));
	for (size_t i = 0; i < sizeof args / sizeof *args; i++) {
		snprintf(all, sizeof all, SWARM_ARGS ",%s", args[i]);
		if (served_beside(s, all, WEB("websecure")))
			fail_msg("served beside %s", args[i]);
		assert_true(served_beside(s, all, WEB("web")));
	}
}

static void
the_redirected_side_is_not_served_and_the_other_is(void **state)
{
	struct stage *s = *state;

#define REDIRECT SWARM_ARGS ",\"--entrypoints.web.http.redirections.entryPoint.to=websecure\""
	assert_false(served_beside(s, REDIRECT, WEB("web")));
	assert_true(served_beside(s, REDIRECT, WEB("websecure")));
	assert_true(served_beside(s, REDIRECT, WEB("web,websecure")));
}

/* As one that its listener does: whatever comes in plain is sent on, and what comes by TLS is not. */
static void
a_redirection_is_its_listeners(void **state)
{
	static const struct swarm_listener listeners[] = { { .name = "web" }, { .name = "websecure", .tls = true } };
	struct stage *s = *state;

	s->conf.listener = listeners;
	s->conf.nlisteners = 2;
	assert_true(served_beside(s, REDIRECT, WEB("web")));
	assert_int_equal(s->world->listener[0].redirect_port, 443);
	assert_false(s->world->listener[0].redirect_temporary);
	assert_int_equal(s->world->listener[1].redirect_port, 0);
	served_beside(s, REDIRECT ",\"--entrypoints.web.http.redirections.entryPoint.permanent=false\"", WEB("web"));
	assert_true(s->world->listener[0].redirect_temporary);
	served_beside(s, SWARM_ARGS ",\"--entrypoints.web.http.redirections.entryPoint.to=:8443\"", WEB("web"));
	assert_int_equal(s->world->listener[0].redirect_port, 8443);
	/* not to https, or it is not known where to: nobody is served by it, and nobody is sent elsewhere */
	assert_false(served_beside(s, REDIRECT ",\"--entrypoints.web.http.redirections.entryPoint.scheme=http\"", WEB("web")));
	assert_int_equal(s->world->listener[0].redirect_port, 0);
	assert_false(served_beside(s, REDIRECT ",\"--entrypoints.web.http.redirections.entryPoint.priority=10\"", WEB("web")));
	assert_false(served_beside(s, SWARM_ARGS ",\"--entrypoints.web.http.redirections.entryPoint.to=other\"", WEB("web")));
	assert_int_equal(s->world->listener[0].redirect_port, 0);
}

static void
the_syntax_of_rules_may_be_traefik_2s(void **state)
{
	struct stage *s = *state;
	static const char labels[] = "\"traefik.http.routers.a.rule\":\"Path(`/{x:[a-z]+}`)\",\"traefik.http.services.a.loadbalancer.server.port\":\"80\"";

	assert_false(served_beside(s, SWARM_ARGS, labels));	/* it may mean one thing or another */
	assert_true(served_beside(s, SWARM_ARGS ",\"--core.defaultRuleSyntax=v3\"", labels));
}

static void
a_router_that_names_none_is_on_the_standard_ones(void **state)
{
	struct stage *s = *state;

#define NONE "\"traefik.http.routers.a.rule\":\"Host(`a.org`)\",\"traefik.http.services.a.loadbalancer.server.port\":\"80\""
	assert_true(served_beside(s, REDIRECT, NONE));
	assert_false(served_beside(s, REDIRECT ",\"--entrypoints.websecure.http.middlewares=auth@file\"", NONE));
	assert_true(served_beside(s, SWARM_ARGS ",\"--entrypoints.web.asDefault=true\",\"--entrypoints.websecure.http.middlewares=auth@file\"", NONE));
	assert_false(served_beside(s, SWARM_ARGS ",\"--entrypoints.websecure.asDefault\",\"--entrypoints.websecure.http.middlewares=auth@file\"",
	    NONE));
	expect_trouble(s, "web", WHY_NEEDS_MIDDLEWARE, "entry point websecure of Traefik edge has middleware auth@file");
}

static void
the_environment_says_the_same(void **state)
{
	struct stage *s = *state;

	container(s, "edge", "", "\"Image\":\"docker.io/library/traefik\",\"Env\":[\"A=b\",\"TRAEFIK_PROVIDERS_DOCKER_SWARMMODE=true\","
	    "\"TRAEFIK_ENTRYPOINTS_WEB_ADDRESS=:80\",\"TRAEFIK_ENTRYPOINTS_WEB_HTTP_MIDDLEWARES=auth@file\"]");
	service(s, "web", AGE, WEB("web"), "");
	assert_false(serves(s));
}

static void
renamed_images_are_known_by_their_arguments(void **state)
{
	struct stage *s = *state;

	container(s, "edge", "", "\"Image\":\"mirror:5000/ops/edge-proxy:7\",\"Args\":[" SWARM_ARGS ",\"--entrypoints.web.http.middlewares=x\"]");
	service(s, "web", AGE, WEB("web"), "");
	assert_false(serves(s));
	container(s, "edge", "", "\"Image\":\"traefik/whoami\",\"Args\":[\"--port=80\"]");
	container(s, "fwd", "", "\"Image\":\"thomseddon/traefik-forward-auth:2\"");
	service(s, "web", AGE, WEB("web"), "");
	assert_true(serves(s));
}

#define CONFIG(path) "\"Image\":\"traefik:v3\",\"Configs\":[{\"File\":{\"Name\":\"" path "\"},\"ConfigID\":\"cfg1\",\"ConfigName\":\"c\"}]"

static void
expect_not_served(struct stage *s, const char *spec, const char *words)
{
	const struct report_service *r;

	container(s, "edge", "", spec);
	service(s, "web", AGE, WEB("web"), "");
	if (serves(s))
		fail_msg("served beside %s", spec);
	r = reported(s, "web");
	for (unsigned i = 0; i < r->ntroubles; i++)
		if (strstr(r->trouble[i].text, words) != NULL)
			return;
	fail_msg("%s: %s", words, r->ntroubles > 0 ? r->trouble[0].text : "nothing is said");
}

static void
what_cannot_be_read_is_not_served_beside(void **state)
{
	static const struct traefik_entry_point said = { .name = "web", .served = true, .as_default = true };
	struct stage *s = *state;

	expect_not_served(s, "\"Image\":\"traefik:v3\"", "edge");
	expect_not_served(s, "\"Image\":\"traefik:v3\",\"Args\":[\"--configFile=/etc/traefik/my.yml\"]", "/etc/traefik/my.yml");
	expect_not_served(s, "\"Image\":\"traefik:v3\",\"Env\":[\"TRAEFIK_CONFIGFILE=/x.yml\"]", "/x.yml");
	expect_not_served(s, "\"Image\":\"traefik:v3\",\"Mounts\":[{\"Type\":\"bind\",\"Source\":\"/srv/t.yml\",\"Target\":\"/etc/traefik/traefik.yml\"}],"
	    "\"Args\":[" SWARM_ARGS "]", "/etc/traefik/traefik.yml");
	expect_not_served(s, "\"Image\":\"traefik:v3\",\"Mounts\":[{\"Type\":\"bind\",\"Source\":\"/srv/t\",\"Target\":\"/etc/traefik/\"}],"
	    "\"Args\":[" SWARM_ARGS "]", "mounted");
	expect_not_served(s, "\"Image\":\"traefik:v3\",\"Secrets\":[{\"File\":{\"Name\":\"/etc/traefik/traefik.yml\"},\"SecretID\":\"s\"}]", "secret");
	expect_not_served(s, "\"Image\":\"traefik:v3\",\"Command\":[\"sh\",\"-c\",\"traefik --providers.swarm --entrypoints.web.address=:80\"]", "shell");
	expect_not_served(s, CONFIG("/etc/traefik/traefik.toml"), "not been read yet");
	assert_string_equal(swarm_config_wanted(s->swarm), "cfg1");
	swarm_config_failed(s->swarm, "cfg1", "is not there");
	assert_null(swarm_config_wanted(s->swarm));
	expect_not_served(s, CONFIG("/etc/traefik/traefik.yml"), "is not there");
	assert_true(swarm_configs_retry(s->swarm));
	s->traefik.entry_point = &said;		/* the operator's word is enough */
	s->traefik.nentry_points = 1;
	container(s, "edge", "", "\"Image\":\"traefik:v3\"");
	service(s, "web", AGE, WEB("web"), "");
	assert_true(serves(s));
	/* but not on which services it takes unasked */
	container(s, "edge", "", "\"Image\":\"traefik:v3\"");
	service(s, "web", AGE, "\"traefik.http.routers.a.rule\":\"Host(`a.org`)\",\"traefik.http.services.a.loadbalancer.server.port\":\"80\"", "");
	assert_false(serves(s));
	expect_trouble(s, "web", WHY_LABELS_FOREIGN, "cannot be read whole");
	s->conf.traefik_exposed_configured = true;
	container(s, "edge", "", "\"Image\":\"traefik:v3\"");
	service(s, "web", AGE, "\"traefik.http.routers.a.rule\":\"Host(`a.org`)\",\"traefik.http.services.a.loadbalancer.server.port\":\"80\"", "");
	assert_true(serves(s));
}

/* Traefik also looks in the folder that it runs in, which is / in its image, and in its user's; what it finds goes before arguments. */
static void
a_file_is_looked_for_where_traefik_looks(void **state)
{
#define MOUNTED(target, more) "\"Image\":\"traefik:v3\",\"Args\":[" SWARM_ARGS "],\"Mounts\":[{\"Type\":\"bind\",\"Source\":\"/srv/t\",\"Target\":\"" target \
	"\"}]" more
	struct stage *s = *state;

	expect_not_served(s, MOUNTED("/traefik.yml", ""), "/traefik.yml");
	expect_not_served(s, MOUNTED("/srv/traefik.toml", ""), "/srv/traefik.toml");
	expect_not_served(s, MOUNTED("/root/.config", ""), "/root/.config/traefik");
	expect_not_served(s, MOUNTED("/srv", ",\"Dir\":\"/srv\""), "/srv/traefik");
	expect_not_served(s, MOUNTED("/etc/traefik", ",\"Configs\":[{\"File\":{\"Name\":\"/traefik.yml\"},\"ConfigID\":\"cfg1\",\"ConfigName\":\"c\"}]"),
	    "mounted");		/* it is looked for there first */
	container(s, "edge", "", MOUNTED("/srv", ""));
	service(s, "web", AGE, WEB("web"), "");
	assert_true(serves(s));
}

/* The first may have an entry point of the same name, and ask for a password there. */
static void
one_that_is_read_does_not_speak_for_one_that_is_not(void **state)
{
	struct stage *s = *state;

	container(s, "other", "", "\"Image\":\"traefik:v3\",\"Args\":[\"--configFile=/etc/traefik/my.yml\"]");
	assert_false(served_beside(s, SWARM_ARGS, WEB("web")));
}

static const char wanted_file[] = "{\"ID\":\"cfg1\",\"Spec\":{\"Name\":\"c\",\"Data\":\"%s\"}}";

/* printf 'entryPoints:\n  web:\n    address: ":80"\n    http:\n      middlewares:\n      - auth@file\n  websecure:\n    address: ":443"\n
 * providers:\n  swarm:\n    exposedByDefault: false\n' | base64 */
static const char file_base64[] = "ZW50cnlQb2ludHM6CiAgd2ViOgogICAgYWRkcmVzczogIjo4MCIKICAgIGh0dHA6CiAgICAgIG1pZGRsZXdhcmVzOgogICAgICAtIGF1dGhAZmlsZQogIHdlYnNlY3VyZToKICAgIGFkZHJlc3M6ICI6NDQzIgpwcm92aWRlcnM6CiAgc3dhcm06CiAgICBleHBvc2VkQnlEZWZhdWx0OiBmYWxzZQo=";

static void
read_config(struct stage *s, const char *base64)
{
	char json[4000];

	snprintf(json, sizeof json, wanted_file, base64);
	swarm_read_config(s->swarm, "cfg1", str_of(json));
}

/* What a Traefik that takes the service says, and its own where it says nothing; not where it cannot be read whole. */
static void
a_default_rule_is_that_of_traefik(void **state)
{
	static const char labels[] = "\"traefik.enable\":\"true\",\"traefik.http.services.a.loadbalancer.server.port\":\"80\"";
	struct stage *s = *state;

	assert_true(served_beside(s, SWARM_ARGS, labels));
	expect_label(s, "web", "traefik.http.routers.web.rule", LABEL_VALID, "the default rule");
	assert_string_equal(reported(s, "web")->route[0], "web/");
	assert_true(served_beside(s, SWARM_ARGS ",\"--providers.swarm.defaultRule=Host(`{{ .Name }}.org`)\"", labels));
	assert_string_equal(reported(s, "web")->route[0], "web.org/");
	assert_false(served_beside(s, SWARM_ARGS ",\"--providers.swarm.defaultRule=\"", labels));
	expect_trouble(s, "web", WHY_ROUTER_RULE, "is set to nothing");
	expect_not_served(s, "\"Image\":\"traefik:v3\",\"Args\":[" SWARM_ARGS ",\"--configFile=/x.yml\"]", "cannot be read whole");
	s->traefik.entry_point = &(struct traefik_entry_point){ .name = "web", .served = true, .as_default = true };
	s->traefik.nentry_points = 1;
	container(s, "edge", "", "\"Image\":\"traefik:v3\",\"Args\":[" SWARM_ARGS ",\"--configFile=/x.yml\"]");
	service(s, "web", AGE, "\"traefik.http.routers.a.middlewares\":\"\"," "\"traefik.enable\":\"true\"", "");
	assert_false(serves(s));
	expect_trouble(s, "web", WHY_ROUTER_RULE, "the default rule is not known, as");
}

static const char *
address_of_task(struct stage *s)
{
	static char text[ADDR_TEXT_MAX];
	struct world_service *ws = world_service(s->world, STR("web"));

	return ws == NULL || LIST_EMPTY(&ws->tasks) ? "none" : addr_text((struct addr[]){ addr_of_ip(&LIST_FIRST(&ws->tasks)->addr) }, text);
}

/* On which of two networks that Mola and a task have in common it is reached. */
static const char *
reached_beside(struct stage *s, const char *args, const char *labels)
{
	char all[800];

	node(s, "n1", "n1", "192.0.2.1", "ready", "active");
	snprintf(all, sizeof all, WEB("web") "%s", labels);
	task(s, "t1", "web", 1, "n1", RUNNING, ON_SHARED("10.0.1.5") "," ON_OTHER("10.0.2.5"), "");
	served_beside(s, args, all);
	return address_of_task(s);
}

static void
tasks_are_reached_on_traefiks_network(void **state)
{
	struct stage *s = *state;

#define ON(name) ",\"--providers.swarm.network=" name "\""
	swarm_attach(s->swarm, "net1");
	swarm_attach(s->swarm, "net2");
	assert_string_equal(reached_beside(s, SWARM_ARGS, ""), "10.0.1.5:80");
	assert_string_equal(reached_beside(s, SWARM_ARGS ON("other"), ""), "10.0.2.5:80");
	assert_string_equal(reached_beside(s, SWARM_ARGS ON("absent"), ""), "10.0.1.5:80");
	assert_string_equal(reached_beside(s, SWARM_ARGS, ",\"traefik.docker.network\":\"other\""), "10.0.2.5:80");
	assert_string_equal(reached_beside(s, SWARM_ARGS ON("other"), ",\"traefik.swarm.network\":\"shared\""), "10.0.1.5:80");
	expect_label(s, "web", "traefik.swarm.network", LABEL_VALID, NULL);
	/* Traefik takes nothing of such a service */
	assert_string_equal(reached_beside(s, SWARM_ARGS, ",\"traefik.swarm.network\":\"shared\",\"traefik.docker.network\":\"shared\""), "none");
	expect_trouble(s, "web", WHY_ROUTER_LABEL, "traefik.swarm.network");
	swarm_detach(s->swarm);
	swarm_attach(s->swarm, "net1");
	assert_string_equal(reached_beside(s, SWARM_ARGS ON("other"), ""), "10.0.1.5:80");	/* the one that they share */
}

/* Traefik gives a router without TLS of its own all of its entry point's, and one with TLS nothing of it. */
static void
an_entry_point_orders_certificates(void **state)
{
	struct stage *s = *state;

#define ORDERS SWARM_ARGS ",\"--entrypoints.websecure.http.tls.certResolver=le\""
#define TLS_OF(s) world_service((s)->world, STR("web"))->conf.tls
	assert_true(served_beside(s, ORDERS, WEB("websecure")));
	assert_int_equal(TLS_OF(s), SERVICE_TLS_ACME);
	assert_true(served_beside(s, ORDERS, WEB("web")));
	assert_int_equal(TLS_OF(s), SERVICE_TLS_NONE);
	assert_true(served_beside(s, ORDERS, WEB("websecure") ",\"traefik.http.routers.a.tls\":\"true\""));
	assert_int_equal(TLS_OF(s), SERVICE_TLS_NONE);
	assert_true(served_beside(s, ORDERS, WEB("websecure") ",\"mola.tls\":\"none\""));
	assert_int_equal(TLS_OF(s), SERVICE_TLS_NONE);
	assert_true(served_beside(s, SWARM_ARGS ",\"--entrypoints.websecure.http.tls.certResolver=\"", WEB("websecure")));
	assert_int_equal(TLS_OF(s), SERVICE_TLS_NONE);
}

static void
what_does_not_hold_is_shown_with_both_values(void **state)
{
	struct stage *s = *state;

	s->conf.setting[0].key = "clients.idle";
	s->conf.setting[0].value = "60s";
	assert_true(served_beside(s, SWARM_ARGS ",\"--entrypoints.web.transport.respondingTimeouts.idleTimeout=90\",\"--entrypoints.web.http3\","
	    "\"--entrypoints.web.http.tls.domains[0].main=a.org\",\"--entrypoints.web.http.maxHeaderBytes=9000\",\"--providers.redis.password=x\","
	    "\"--providers.swarm.exposedByDefault=false\",\"--certificatesResolvers.le.acme.eab.hmacEncoded=secret\"", WEB("web")));
	expect_label(s, "edge", "entrypoints.web.transport.respondingTimeouts.idleTimeout", LABEL_VALID, "clients.idle is 60s");
	assert_string_equal(reported(s, "edge")->label[0].value, "90");
	expect_label(s, "edge", "entrypoints.web.http3", LABEL_UNSUPPORTED, "no HTTP/3");
	expect_label(s, "edge", "entrypoints.web.http.tls.domains.main", LABEL_VALID, "acme.names");
	expect_label(s, "edge", "entrypoints.web.http.maxHeaderBytes", LABEL_VALID, "limit of Mola's own holds");
	expect_label(s, "edge", "providers.redis.password", LABEL_UNSUPPORTED, "this provider");
	expect_label(s, "edge", "certificatesResolvers.le.acme.eab.hmacEncoded", LABEL_VALID, "acme of mola.yaml");
	assert_int_equal(reported(s, "edge")->nlabels, 6);
	for (unsigned i = 0; i < 6; i++)		/* of what is no entry point's */
		assert_null(strstr(reported(s, "edge")->label[i].value, "secret"));
}

static bool
swarm_has_trouble(struct stage *s, const char *part)
{
	for (unsigned i = 0; i < s->report->ntroubles; i++)
		if (strstr(s->report->trouble[i].text, part) != NULL)
			return true;
	return false;
}

/* What takes a client's word for its address is not served where Mola believes more clients than Traefik does. */
static void
trust_is_no_wider_than_traefiks(void **state)
{
#define TRUSTED(nets) SWARM_ARGS ",\"--entrypoints.web.forwardedHeaders.trustedIPs=" nets "\",\"--entrypoints.websecure.forwardedHeaders.insecure\""
#define STRATEGY(more) WEB("web") ",\"traefik.http.routers.a.middlewares\":\"m\",\"traefik.http.middlewares.m.ipallowlist.sourcerange\":\"10.0.0.0/8\"" more
#define DEPTH ",\"traefik.http.middlewares.m.ipallowlist.ipstrategy.depth\":\"1\""
#define LIMITED(amount, field, kind) WEB("web") ",\"traefik.http.routers.a.middlewares\":\"m\",\"traefik.http.middlewares.m." amount "\":\"5\"," \
	"\"traefik.http.middlewares.m." kind ".sourcecriterion.requestheadername\":\"" field "\""
	static const char *const trusted[] = { "10.1.0.0/16", "10.2.0.1", "fd00::/8" };
	struct stage *s = *state;

	s->conf.trusted = (struct traefik_names){ trusted, 3 };
	assert_true(served_beside(s, TRUSTED("10.0.0.0/8,fd00::/8"), STRATEGY(DEPTH)));
	assert_true(swarm_has_trouble(s, "entry point web of Traefik edge believes X-Forwarded-... of 10.0.0.0/8, fd00::/8, and clients.trusted has 10.1.0.0/16"));
	assert_true(swarm_has_trouble(s, "entry point websecure of Traefik edge believes X-Forwarded-... of all clients"));
	assert_false(served_beside(s, TRUSTED("10.0.0.0/15,fd00::/8"), STRATEGY(DEPTH)));	/* without 10.2.0.1 */
	expect_trouble(s, "web", WHY_ENTRY_POINT, "its middleware m takes the client's address from X-Forwarded-For");
	assert_true(swarm_has_trouble(s, "clients.trusted should have no others"));
	assert_true(served_beside(s, TRUSTED("10.0.0.0/15,fd00::/8"), STRATEGY("")));
	assert_false(served_beside(s, TRUSTED("10.0.0.0/15,fd00::/8"), LIMITED("ratelimit.average", "x-forwarded-for", "ratelimit")));
	assert_false(served_beside(s, TRUSTED("10.0.0.0/15,fd00::/8"), LIMITED("inflightreq.amount", "X-Real-IP", "inflightreq")));
	assert_true(served_beside(s, TRUSTED("10.0.0.0/15,fd00::/8"), LIMITED("ratelimit.average", "X-Own", "ratelimit")));
	assert_false(served_beside(s, TRUSTED("0.0.0.0/0,fd00::/9"), STRATEGY(DEPTH)));
	assert_false(served_beside(s, SWARM_ARGS, STRATEGY(DEPTH)));
	assert_false(served_beside(s, SWARM_ARGS, "\"traefik.http.routers.a.rule\":\"Host(`a.org`) && !Header(`X-Forwarded-Proto`,`http`)\","
	    "\"traefik.http.services.a.loadbalancer.server.port\":\"80\""));
	assert_true(served_beside(s, TRUSTED("10.1.0.0/16,10.2.0.1/32,fd00::/8") ",\"--entrypoints.websecure.forwardedHeaders.trustedIPs=::/0\"",
	    STRATEGY(DEPTH)));
	assert_false(swarm_has_trouble(s, "entry point web of"));
	s->conf.trusted.n = 0;
	assert_true(served_beside(s, TRUSTED("10.0.0.0/8"), STRATEGY(DEPTH)));
	assert_true(swarm_has_trouble(s, "clients.trusted has nobody"));
	assert_true(served_beside(s, SWARM_ARGS, STRATEGY(DEPTH)));
	assert_int_equal(s->report->ntroubles, 0);
}

static void
the_proxy_protocol_is_compared_with_the_listener(void **state)
{
	static const struct swarm_listener listeners[] = { { .name = "web", .proxy_protocol = true }, { .name = "websecure", .tls = true } };
	struct stage *s = *state;

	s->conf.listener = listeners;
	s->conf.nlisteners = 2;
	assert_true(served_beside(s, SWARM_ARGS ",\"--entrypoints.websecure.proxyProtocol.trustedIPs=10.0.0.1\"", WEB("web")));
	assert_true(swarm_has_trouble(s, "listener web has proxy_protocol, and entry point web of Traefik edge does not take it"));
	assert_true(swarm_has_trouble(s, "entry point websecure of Traefik edge takes the PROXY protocol of 10.0.0.1, and its listener does not"));
	assert_true(served_beside(s, SWARM_ARGS ",\"--entrypoints.web.proxyProtocol.insecure=true\"", WEB("web")));
	assert_int_equal(s->report->ntroubles, 0);
}

/* An entry point that encodes semicolons has other parameters for a rule to ask for. */
static void
queries_with_semicolons_are_not_asked(void **state)
{
	struct stage *s = *state;

#define QUERY(rule) "\"traefik.http.routers.a.rule\":\"Host(`a.org`)" rule "\",\"traefik.http.services.a.loadbalancer.server.port\":\"80\""
#define ENCODES SWARM_ARGS ",\"--entrypoints.web.http.encodeQuerySemicolons=true\""
	assert_true(served_beside(s, ENCODES, QUERY("")));
	assert_true(served_beside(s, SWARM_ARGS, QUERY(" && !Query(`a`,`b`)")));
	assert_false(served_beside(s, ENCODES, QUERY(" && !Query(`a`,`b`)")));
	expect_trouble(s, "web", WHY_ENTRY_POINT, "encodeQuerySemicolons");
}

static void
a_config_of_the_swarm_is_read(void **state)
{
	struct stage *s = *state;

	read_config(s, file_base64);
	expect_not_served(s, CONFIG("/etc/traefik/traefik.yml"), "auth@file");
	container(s, "edge", "", CONFIG("/etc/traefik/traefik.yml"));
	service(s, "web", AGE, WEB("websecure"), "");
	assert_true(serves(s));
	expect_not_served(s, CONFIG("/etc/traefik/traefik.toml"), "TOML");
	swarm_configs_clear(s->swarm);
	read_config(s, "OiA6IDo=");
	expect_not_served(s, CONFIG("/etc/traefik/traefik.yml"), "is not understood");
	swarm_configs_clear(s->swarm);
	read_config(s, "???");
	expect_not_served(s, CONFIG("/etc/traefik/traefik.yml"), "is not understood");
	swarm_configs_clear(s->swarm);
	swarm_read_config(s->swarm, "cfg1", STR("{\"Spec\":{\"Data\":\"\",\"Templating\":{\"Name\":\"golang\"}}}"));
	expect_not_served(s, CONFIG("/etc/traefik/traefik.yml"), "template");
}

static void
constraints_say_whose_a_service_is(void **state)
{
	struct stage *s = *state;
	struct arena *a = arena_new();
	char problem[CONSTRAINT_PROBLEM];

#define CONSTRAINED SWARM_ARGS ",\"--providers.swarm.constraints=Label(`net`,`public`)\""
	assert_false(served_beside(s, CONSTRAINED, WEB("web")));
	expect_trouble(s, "web", WHY_OTHER_PROXY, "no Traefik");
	assert_true(served_beside(s, CONSTRAINED, WEB("web") ",\"net\":\"public\""));
	container(s, "lan", "", "\"Image\":\"traefik\",\"Args\":[" SWARM_ARGS ",\"--providers.swarm.constraints=Label(`net`,`lan`)\","
	    "\"--entrypoints.web.http.middlewares=auth@file\"]");
	assert_true(served_beside(s, CONSTRAINED, WEB("web") ",\"net\":\"public\""));
	container(s, "lan", "", "\"Image\":\"traefik\",\"Args\":[" SWARM_ARGS ",\"--providers.swarm.constraints=Label(`net`,`lan`)\","
	    "\"--entrypoints.web.http.middlewares=auth@file\"]");
	assert_false(served_beside(s, CONSTRAINED, WEB("web") ",\"net\":\"lan\""));
	assert_false(served_beside(s, SWARM_ARGS ",\"--providers.swarm.constraints=What(`net`)\"", WEB("web")));

	s->conf.traefik_constraint = constraint_parse(a, STR("Label(`net`,`mine`)"), problem);
	assert_true(served_beside(s, CONSTRAINED, WEB("web") ",\"net\":\"mine\""));
	assert_false(served_beside(s, CONSTRAINED, WEB("web") ",\"net\":\"public\""));
	service(s, "web", AGE, WEB("web") ",\"mola.host\":\"b.org\",\"mola.port\":\"80\"", "");
	assert_true(serves(s));
	s->conf.constraint = s->conf.traefik_constraint;
	service(s, "web", AGE, WEB("web") ",\"mola.host\":\"b.org\",\"mola.port\":\"80\"", "");
	assert_false(serves(s));
	expect_trouble(s, "web", WHY_OTHER_PROXY, "swarm.constraint");
	service(s, "web", AGE, "\"com.example\":\"x\"", "");
	assert_false(serves(s));
	assert_int_equal(reported(s, "web")->ntroubles, 0);
	arena_free(&a);
}

static void
an_entry_point_that_no_traefik_has_is_no_way_in(void **state)
{
	struct stage *s = *state;

	assert_false(served_beside(s, "\"--providers.swarm\",\"--entrypoints.https.address=:443\"", WEB("web")));
	assert_true(served_beside(s, "\"--providers.swarm\",\"--entrypoints.https.address=:443\"", WEB("https")));
	assert_true(served_beside(s, "\"--providers.docker\",\"--entrypoints.https.address=:443\"", WEB("web")));
}

static void
what_is_said_stays_within_bounds(void **state)
{
	struct arena *a = arena_new();
	const char *arg[200], *text;
	struct traefik_spec spec = { .arg = arg, .nargs = 200 };
	struct traefik_static *t;

	(void)state;
	for (unsigned i = 0; i < 200; i++)
		arg[i] = arena_printf(a, "--entrypoints.e%u.http.middlewares=m%u,m,,", i, i);
	t = traefik_static_read(a, "edge", &spec, (struct str){ NULL, 0 }, NULL);
	assert_int_equal(t->nentry_points, 64);
	assert_non_null(t->unreadable);
	for (unsigned i = 0; i < 200; i++)
		arg[i] = arena_printf(a, "--entrypoints.e.http.middlewares=m%u", i);
	t = traefik_static_read(a, "edge", &spec, (struct str){ NULL, 0 }, NULL);
	assert_int_equal(t->entry_point[0].middlewares.n, 64);
	assert_non_null(t->entry_point[0].unreadable);
	for (unsigned i = 0; i < 5; i++) {
		static const char *const tls[] = { "tls", "tls=true", "tls.certresolver=le", "tls=false", "encodequerysemicolons=true" };
		text = arena_printf(a, "--entrypoints.e.http.%s", tls[i]);
		spec = (struct traefik_spec){ .arg = &text, .nargs = 1 };
		t = traefik_static_read(a, "edge", &spec, (struct str){ NULL, 0 }, NULL);
		assert_int_equal(t->entry_point[0].tls, i < 3);
	}
	text = memset(arena_zalloc(a, 4000001), 'a', 4000000);	/* a service's specification may be that large */
	memcpy((char *)(uintptr_t)text, "--entrypoints=Name:x ", 21);
	spec = (struct traefik_spec){ .arg = &text, .nargs = 1 };
	t = traefik_static_read(a, "edge", &spec, (struct str){ NULL, 0 }, NULL);
	assert_string_equal(t->entry_point[0].name, "x");
	text = "--a.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p.q.r.s=x";
	spec = (struct traefik_spec){ .arg = &text, .nargs = 1 };
	t = traefik_static_read(a, "edge", &spec, (struct str){ NULL, 0 }, NULL);
	assert_string_equal(t->entry_point[0].name, "http");
	arena_free(&a);
}

static void
a_traefik_1_is_read(void **state)
{
	struct stage *s = *state;

#define ONE "\"--docker\",\"--docker.swarmMode\",\"--entryPoints=Name:https Address::443 TLS\","
	assert_false(served_beside(s, ONE "\"--entryPoints=Name:http Address::80 Redirect.EntryPoint:https\"", WEB("http")));
	assert_false(served_beside(s, ONE "\"--entryPoints=Name:http Address::80 Auth.Basic.Users:x\"", WEB("http")));
	assert_true(served_beside(s, ONE "\"--entryPoints=Name:http Address::80\"", WEB("http")));
}

#define SCENE(f) cmocka_unit_test_setup_teardown(f, stage_setup, stage_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		SCENE(demands_of_entry_points_hold), SCENE(the_redirected_side_is_not_served_and_the_other_is), SCENE(a_redirection_is_its_listeners),
		SCENE(what_does_not_hold_is_shown_with_both_values), SCENE(trust_is_no_wider_than_traefiks),
		SCENE(the_proxy_protocol_is_compared_with_the_listener), SCENE(queries_with_semicolons_are_not_asked),
		SCENE(a_default_rule_is_that_of_traefik), SCENE(tasks_are_reached_on_traefiks_network), SCENE(an_entry_point_orders_certificates),
		SCENE(the_syntax_of_rules_may_be_traefik_2s), SCENE(a_router_that_names_none_is_on_the_standard_ones), SCENE(the_environment_says_the_same),
		SCENE(renamed_images_are_known_by_their_arguments), SCENE(what_cannot_be_read_is_not_served_beside),
		SCENE(a_file_is_looked_for_where_traefik_looks), SCENE(a_config_of_the_swarm_is_read), SCENE(constraints_say_whose_a_service_is),
		SCENE(one_that_is_read_does_not_speak_for_one_that_is_not), SCENE(a_config_of_the_swarm_is_read), SCENE(constraints_say_whose_a_service_is),
		SCENE(an_entry_point_that_no_traefik_has_is_no_way_in), SCENE(what_is_said_stays_within_bounds), SCENE(a_traefik_1_is_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
