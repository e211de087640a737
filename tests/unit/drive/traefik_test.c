/* traefik: a plan becomes YAML that Traefik reads as we mean it, and what its API says is set beside the plan. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "base/clock.h"
#include "drive/traefik.c"
#include "drive/traefik_migrate.c"
#include "drive/traefik_compare.c"
#include "many.h"

static struct plan_server server[] = {
	{ .name = "web.1", .node = "a", .weight = 30, .share = 0.75 },
	{ .name = "web.2", .node = "b", .weight = 10, .share = 0.25 },
	{ .name = "web.3", .node = "b", .draining = true },
};
static struct route_conf routes[] = { { .host = (char *)"www.example.org", .path = (char *)"/" }, { .host = (char *)"*.example.org", .path = (char *)"/api" } };
static struct plan_service service;
static struct plan plan = { .service = &service, .nservices = 1 };
static char *points[] = { (char *)"web" };
static struct traefik_options options;

static int
setup(void **state)
{
	(void)state;
	assert_null(addr_parse(STR("10.0.0.1:80"), &server[0].addr));
	assert_null(addr_parse(STR("[fd00::2]:80"), &server[1].addr));
	assert_null(addr_parse(STR("10.0.0.3:80"), &server[2].addr));
	service = (struct plan_service){ .name = "web", .route = routes, .nroutes = 2, .server = server, .nservers = 3, .nserving = 2 };
	options = (struct traefik_options){ .backend = "{service}", .routers = true, .entry_point = points, .nentry_points = 1 };
	return 0;
}

static char *
written(void)
{
	static char text[8192];
	struct buf out;

	buf_init(&out, sizeof text - 1);
	traefik_write(&plan, &options, &out);
	assert_false(out.full);
	str_copy(text, sizeof text, buf_str(&out));
	buf_fini(&out);
	return text;
}

static void
whole(void **state)
{
	(void)state;
	service.conf = (struct service_conf){ .health_path = (char *)"/up", .health_interval_usec = 2 * USEC_PER_SEC,
	    .health_timeout_usec = USEC_PER_SEC / 2 };
	options.api_entry_point = "api";
	assert_string_equal(written(),
	    "# Written by Mola, and again with the next change.\n"
	    "http:\n"
	    "  routers:\n"
	    "    \"web~mola\":\n"
	    "      entryPoints:\n"
	    "        - \"web\"\n"
	    "      rule: \"Host(`www.example.org`)\"\n"
	    "      priority: -999999\n"
	    "      service: \"web\"\n"
	    "    \"web~mola~2\":\n"
	    "      entryPoints:\n"
	    "        - \"web\"\n"
	    "      rule: \"HostRegexp(`^.+\\\\.example\\\\.org$`) && (Path(`/api`) || PathPrefix(`/api/`))\"\n"
	    "      priority: -1985684\n"
	    "      service: \"web\"\n"
	    "    \"mola~api\":\n"
	    "      entryPoints:\n"
	    "        - \"api\"\n"
	    "      rule: \"PathPrefix(`/`)\"\n"
	    "      priority: -2000000\n"
	    "      service: \"api@internal\"\n"
	    "  services:\n"
	    "    \"web\":\n"
	    "      loadBalancer:\n"
	    "        servers:\n"
	    "          - url: \"http://10.0.0.1:80\"\n"
	    "            weight: 30\n"
	    "          - url: \"http://[fd00::2]:80\"\n"
	    "            weight: 10\n"
	    "        passHostHeader: false\n"
	    "        healthCheck:\n"
	    "          path: \"/up\"\n"
	    "          interval: 2000ms\n"
	    "          timeout: 500ms\n");
}

static void
texts_of_others_stay_texts(void **state)
{
	struct route_conf odd = { .host = (char *)"", .path = (char *)"/{{ env }}/\"x\\`" };

	(void)state;
	service.route = &odd;
	service.nroutes = 1;
	assert_null(strstr(written(), "{{"));
	assert_non_null(strstr(written(), "rule: \"Path(\\\"/\\x7B\\x7B env \\x7D\\x7D/\\\\\\\"x\\\\\\\\`\\\") || PathPrefix("));
}

static void
ruled(const char *host, const char *path, const char *expected)
{
	struct route_conf r = { .host = (char *)(uintptr_t)host, .path = (char *)(uintptr_t)path };
	struct buf rule;

	buf_init(&rule, 4096);
	traefik_rule(&r, &rule);
	buf_add(&rule, "", 1);
	assert_string_equal(rule.p, expected);
	buf_fini(&rule);
}

/* As Traefik has hosts and paths when it compares them with a rule: it was asked. */
static void
rules_are_in_traefiks_spelling(void **state)
{
	(void)state;
	ruled("[::1]", "/", "Host(`::1`)");
	ruled("", "/a%20b/", "PathPrefix(`/a b/`)");
	ruled("", "/caf%C3%a9/", "PathPrefix(`/caf\xc3\xa9/`)");
	ruled("", "/%7e%60/", "PathPrefix(\"/~`/\")");
	ruled("", "/a%2Fb%25%3b/", "PathPrefix(`/a%2Fb%25%3b/`)");		/* reserved: Traefik leaves them, too */
	ruled("", "/%20%C3/", "PathPrefix(`/ %C3/`)");			/* no text */
	ruled("", "/%0a%7f%C2%85/", "PathPrefix(`/%0a%7f%C2%85/`)");
	ruled("", "/%zz%2/%", "Path(`/%zz%2/%`) || PathPrefix(`/%zz%2/%/`)");
}

static void
routes_are_tried_as_mola_tries_them(void **state)
{
	struct route_conf order[] = { { .host = (char *)"", .path = (char *)"/" }, { .host = (char *)"", .path = (char *)"/a/very/long/path/that/is/longer/than/a/host" },
		{ .host = (char *)"*.org", .path = (char *)"/" }, { .host = (char *)"*.org", .path = (char *)"/a" }, { .host = (char *)"*.example.org", .path = (char *)"/" },
		{ .host = (char *)"a.b", .path = (char *)"/" }, { .host = (char *)"www.example.org", .path = (char *)"/a" } };

	(void)state;
	for (size_t i = 1; i < sizeof order / sizeof *order; i++)
		assert_true(traefik_priority(&order[i]) > traefik_priority(&order[i - 1]));
	for (size_t i = 0; i < sizeof order / sizeof *order; i++)	/* somebody else's has the length of its rule, or what they say */
		assert_true(traefik_priority(&order[i]) > TRAEFIK_PRIORITY && traefik_priority(&order[i]) < -900000);
}

/* --- services without routers --- */

static void
services_alone(void **state)
{
	(void)state;
	options.routers = false;
	options.nentry_points = 0;
	assert_null(strstr(written(), "routers:"));
	assert_non_null(strstr(written(), "  services:\n    \"web\":\n"));
	assert_null(traefik_withheld_reason(&options, &service));
	options.api_entry_point = "api";
	assert_non_null(strstr(written(), "  routers:\n    \"mola~api\":\n      entryPoints:\n        - \"api\"\n"));
	assert_null(strstr(written(), "rule: \"Host("));
}

static void
withheld(struct route_requirements d, const char *reason)
{
	service.requirements = d;
	if (reason == NULL)
		assert_null(traefik_withheld_reason(&options, &service));
	else
		assert_string_equal(traefik_withheld_reason(&options, &service), reason);
	assert_true((strstr(written(), "routers:") != NULL) == (reason == NULL));
}

static void
no_router_where_labels_ask_for_more(void **state)
{
	static const char points_text[] = "its labels demand other entry points";

	(void)state;
	withheld((struct route_requirements){ .middlewares = true }, "its labels demand middlewares");
	withheld((struct route_requirements){ .tls = true }, "its labels demand TLS");
	withheld((struct route_requirements){ .refused = true }, "its routes take in requests for a router that is not served");
	withheld((struct route_requirements){ .entry_points = (char *)"websecure" }, points_text);
	withheld((struct route_requirements){ .entry_points = (char *)"websecure, web" }, NULL);
	withheld((struct route_requirements){ .entry_points = (char *)"web;websecure" }, points_text);
	withheld((struct route_requirements){ .entry_points = (char *)"" }, points_text);
	withheld((struct route_requirements){ .entry_points = (char *)"Web" }, points_text);
	options.nentry_points = 0;		/* Traefik's default ones: any */
	withheld((struct route_requirements){ .entry_points = (char *)"web" }, points_text);
	withheld((struct route_requirements){ 0 }, NULL);
}

/* --- what an older Mola has left --- */

#define OLD_API "    \"mola~api\":\n      entryPoints:\n        - \"api\"\n      rule: \"PathPrefix(`/`)\"\n      service: \"api@internal\"\n"
#define OLD_ROUTERS(priority) "    \"web\":\n      rule: \"Host(`a`)\"\n      priority: " priority "\n      service: \"web\"\n"
#define OLD_SERVICES "  services:\n    \"web\":\n      loadBalancer:\n        servers: []\n"

static void
lowered(const char *from, const char *to)
{
	struct buf out;

	buf_init(&out, 65536);
	assert_int_equal(traefik_migrate(str_of(from), &options, &out), to != NULL);
	if (to != NULL) {
		buf_add(&out, "", 1);
		assert_string_equal(out.p, to);
	}
	buf_fini(&out);
}

static void
routers_of_an_older_mola(void **state)
{
	static const char old[] = TRAEFIK_HEAD "http:\n  routers:\n" OLD_ROUTERS("1000001") OLD_API OLD_SERVICES;

	(void)state;
	lowered(old, TRAEFIK_HEAD "http:\n  routers:\n" OLD_ROUTERS("-999999") OLD_API OLD_SERVICES);
	lowered(TRAEFIK_HEAD "http:\n  routers:\n" OLD_ROUTERS("-999999") OLD_SERVICES, NULL);
	options.routers = false;
	lowered(old, TRAEFIK_HEAD "http:\n" OLD_SERVICES);
	options.api_entry_point = "api";
	lowered(old, TRAEFIK_HEAD "http:\n  routers:\n" OLD_API OLD_SERVICES);
	lowered(TRAEFIK_HEAD "http:\n" OLD_SERVICES, NULL);
	lowered("http:\n  routers:\n" OLD_ROUTERS("1000001"), NULL);		/* somebody else's */
	options.routers = true;
	lowered(TRAEFIK_HEAD "http:\n  routers:\n" OLD_ROUTERS("99999999999999999999"), TRAEFIK_HEAD "http:\n  routers:\n"
	    OLD_ROUTERS("-2000000"));
}

/* So that Traefik takes it as a change, and nobody's share moves by more than a thousandth. */
static void
weight_varied(void **state)
{
	(void)state;
	server[0].weight = 1000;
	options.vary_weight = true;
	assert_non_null(strstr(written(), "weight: 999\n"));
	assert_null(strstr(written(), "weight: 1000\n"));
	assert_non_null(strstr(written(), "weight: 10\n"));
	server[0].weight = 30;
}

static void
nobody_left(void **state)
{
	(void)state;
	service.nserving = 0;
	for (unsigned i = 0; i < 3; i++)
		server[i].draining = true;
	assert_non_null(strstr(written(), "10.0.0.3:80"));		/* better they than nobody */
	options.fallback = "http://localhost:8020";
	assert_null(strstr(written(), "10.0.0.3:80"));
	assert_non_null(strstr(written(), "          - url: \"http://localhost:8020\"\n            weight: 1\n"));
	options.fallback = NULL;
	service.nservers = 0;
	assert_non_null(strstr(written(), "        servers: []\n"));	/* 503, and not 404 */
	for (unsigned i = 0; i < 2; i++)
		server[i].draining = false;
}

/* --- reading back --- */

#define WEB(servers) "[{\"name\":\"web@file\",\"status\":\"enabled\",\"loadBalancer\":{\"servers\":[" servers "]}," \
	"\"serverStatus\":{\"http://10.0.0.1:80\":\"UP\"}},{\"name\":\"web@http\"},{\"name\":\"noop\"}]"
#define ONE "{\"url\":\"http://10.0.0.1:80\",\"weight\":30}"
#define TWO "{\"url\":\"http://[fd00::2]:80\",\"weight\":10}"
#define ROUTER(name, rule, priority) "{\"name\":\"" name "\",\"rule\":\"" rule "\",\"status\":\"enabled\",\"priority\":" priority "}"
#define SECOND ROUTER("web~mola~2@file", "HostRegexp(`^.+\\\\.example\\\\.org$`) && (Path(`/api`) || PathPrefix(`/api/`))", "-1985684")
#define FIRST(priority) ROUTER("web~mola@file", "Host(`www.example.org`)", priority)
#define API_ROUTERS "[" FIRST("-999999") "," SECOND "]"

static void
seen(void *arg, const char *of, const char *name, int weight, const char *state)
{
	char *log = arg;

	sprintf(log + strlen(log), "%s/%s %d %s;", of, name, weight, state == NULL ? "-" : state);
}

static const struct why *
compared(const char *services, const char *routers, const char *detail)
{
	char log[1000] = "", got[240];
	const struct why *why = traefik_compare(&plan, &options, "file", str_of(services), str_of(routers), seen, log, got, sizeof got);

	if (detail != NULL)
		assert_string_equal(got, detail);
	return why;
}

static void
as_it_was_told(void **state)
{
	char log[1000] = "", detail[240];

	(void)state;
	assert_null(traefik_compare(&plan, &options, "file", str_of(WEB(ONE "," TWO)), str_of(API_ROUTERS), seen, log, detail, sizeof detail));
	assert_string_equal(log, "web/web.1 30 UP;web/web.2 10 -;");
}

static void
not_as_it_was_told(void **state)
{
	(void)state;
	assert_ptr_equal(compared("[]", API_ROUTERS, "service web@file is missing"), WHY_PROXY_DIFFERS);
	assert_ptr_equal(compared(WEB(ONE), API_ROUTERS, "server http://[fd00::2]:80 of web@file is missing"), WHY_PROXY_DIFFERS);
	assert_ptr_equal(compared(WEB(TWO ",{\"url\":\"http://10.0.0.1:80\"}"), API_ROUTERS,
	    "server http://10.0.0.1:80 of web@file has weight 1, not 30"), WHY_PROXY_DIFFERS);
	assert_ptr_equal(compared(WEB(ONE "," TWO ",{\"url\":\"http://10.0.0.9:80\"}"), API_ROUTERS, "web@file has 3 servers, not 2"),
	    WHY_PROXY_DIFFERS);
	assert_ptr_equal(compared(WEB(ONE "," TWO), "[]", "router web~mola@file is missing"), WHY_PROXY_DIFFERS);
	assert_ptr_equal(compared(WEB(ONE "," TWO), "[" ROUTER("web~mola@file", "Host(`a`)", "1") "," SECOND "]", "router web~mola@file has another rule: "
	    "Host(`a`)"), WHY_PROXY_DIFFERS);
	assert_ptr_equal(compared(WEB(ONE "," TWO), "[" FIRST("23") "," SECOND "]", "router web~mola@file has priority 23, not -999999"),
	    WHY_PROXY_DIFFERS);
	assert_ptr_equal(compared("[{\"name\":\"web@file\",\"status\":\"disabled\",\"error\":[\"no good\"]}]", API_ROUTERS,
	    "service web@file is disabled: no good"), WHY_PROXY_REFUSED);
	options.api_entry_point = "api";
	assert_ptr_equal(compared(WEB(ONE "," TWO), API_ROUTERS, "router mola~api@file is missing"), WHY_PROXY_DIFFERS);
}

static void
routers_that_should_not_be_there(void **state)
{
	(void)state;
	options.routers = false;
	assert_null(compared(WEB(ONE "," TWO), "[]", NULL));
	assert_null(compared(WEB(ONE "," TWO), "[" ROUTER("web@file", "Host(`www.example.org`)", "23") "]", NULL));	/* people's own, as long as its rule */
	assert_ptr_equal(compared(WEB(ONE "," TWO), "[" ROUTER("web@file", "Host(`www.example.org`)", "1000001") "]", "router web@file of an older Mola is still there, before "
	    "all others; remove the file that it stands in"), WHY_PROXY_DIFFERS);
}

static void
what_is_not_understood(void **state)
{
	(void)state;
	assert_ptr_equal(compared("", API_ROUTERS, NULL), WHY_PROXY_SYNTAX);
	assert_ptr_equal(compared("{}", "[]", NULL), WHY_PROXY_SYNTAX);
	assert_ptr_equal(compared("[1,null,{\"name\":3},{\"name\":\"@file\"}]", "[[]]", NULL), WHY_PROXY_DIFFERS);
	assert_ptr_equal(compared("[{\"name\":\"web@file\",\"status\":\"enabled\",\"loadBalancer\":[],\"serverStatus\":7}]", API_ROUTERS, NULL),
	    WHY_PROXY_DIFFERS);
}

static void
many_servers(void **state)
{
	struct many m;
	struct buf has;
	char detail[240], url[TRAEFIK_NAME_MAX];
	double begun;

	(void)state;
	many_init(&m);
	buf_init(&has, 4 << 20);
	for (unsigned i = 0; i < MANY; i++) {
		traefik_url(&m.service, &m.server[i], url);
		buf_printf(&has, "%s{\"url\":\"%s\",\"weight\":100}", i == 0 ? "[{\"name\":\"web@file\",\"status\":\"enabled\","
		    "\"loadBalancer\":{\"servers\":[" : ",", url);
	}
	buf_adds(&has, STR("]}}]"));
	begun = many_cpu();
	assert_null(traefik_compare(&m.plan, &options, "file", buf_str(&has), STR("[]"), NULL, NULL, detail, sizeof detail));
	assert_true(many_cpu() - begun < MANY_SECONDS);
	buf_fini(&has);
	many_fini(&m);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(whole, setup),
		cmocka_unit_test_setup(texts_of_others_stay_texts, setup),
		cmocka_unit_test_setup(rules_are_in_traefiks_spelling, setup),
		cmocka_unit_test_setup(routes_are_tried_as_mola_tries_them, setup),
		cmocka_unit_test_setup(services_alone, setup),
		cmocka_unit_test_setup(no_router_where_labels_ask_for_more, setup),
		cmocka_unit_test_setup(routers_of_an_older_mola, setup),
		cmocka_unit_test_setup(weight_varied, setup),
		cmocka_unit_test_setup(nobody_left, setup),
		cmocka_unit_test_setup(as_it_was_told, setup),
		cmocka_unit_test_setup(not_as_it_was_told, setup),
		cmocka_unit_test_setup(routers_that_should_not_be_there, setup),
		cmocka_unit_test_setup(what_is_not_understood, setup),
		cmocka_unit_test_setup(many_servers, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
