/* traefik: a plan becomes YAML that Traefik reads as we mean it, and what its API says is set beside the plan. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "base/clock.h"
#include "drive/traefik.c"
#include "drive/traefik_read.c"
#include "many.h"

static struct plan_server server[] = {
	{ .name = "web.1", .node = "a", .weight = 30, .share = 0.75 },
	{ .name = "web.2", .node = "b", .weight = 10, .share = 0.25 },
	{ .name = "web.3", .node = "b", .draining = true },
};
static struct route_conf routes[] = { { (char *)"www.example.org", (char *)"/" }, { (char *)"*.example.org", (char *)"/api" } };
static struct plan_service service;
static struct plan plan = { .service = &service, .nservices = 1 };
static char *points[] = { (char *)"web" };
static struct traefik_words words;

static int
setup(void **state)
{
	(void)state;
	assert_null(addr_parse(STR("10.0.0.1:80"), &server[0].addr));
	assert_null(addr_parse(STR("[fd00::2]:80"), &server[1].addr));
	assert_null(addr_parse(STR("10.0.0.3:80"), &server[2].addr));
	service = (struct plan_service){ .name = "web", .route = routes, .nroutes = 2, .server = server, .nservers = 3, .nserving = 2 };
	words = (struct traefik_words){ .backend = "{service}", .entry_point = points, .nentry_points = 1 };
	return 0;
}

static char *
written(void)
{
	static char text[8192];
	struct buf out;

	buf_init(&out, sizeof text - 1);
	traefik_write(&plan, &words, &out);
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
	words.api_entry_point = "api";
	assert_string_equal(written(),
	    "# Written by Mola, and again with the next change.\n"
	    "http:\n"
	    "  routers:\n"
	    "    \"web\":\n"
	    "      entryPoints:\n"
	    "        - \"web\"\n"
	    "      rule: \"Host(`www.example.org`)\"\n"
	    "      priority: 1000001\n"
	    "      service: \"web\"\n"
	    "    \"web~2\":\n"
	    "      entryPoints:\n"
	    "        - \"web\"\n"
	    "      rule: \"HostRegexp(`^.+\\\\.example\\\\.org$`) && (Path(`/api`) || PathPrefix(`/api/`))\"\n"
	    "      priority: 14316\n"
	    "      service: \"web\"\n"
	    "    \"mola~api\":\n"
	    "      entryPoints:\n"
	    "        - \"api\"\n"
	    "      rule: \"PathPrefix(`/`)\"\n"
	    "      service: \"api@internal\"\n"
	    "  services:\n"
	    "    \"web\":\n"
	    "      loadBalancer:\n"
	    "        servers:\n"
	    "          - url: \"http://10.0.0.1:80\"\n"
	    "            weight: 30\n"
	    "          - url: \"http://[fd00::2]:80\"\n"
	    "            weight: 10\n"
	    "        healthCheck:\n"
	    "          path: \"/up\"\n"
	    "          interval: 2000ms\n"
	    "          timeout: 500ms\n");
}

static void
texts_of_others_stay_texts(void **state)
{
	struct route_conf odd = { (char *)"", (char *)"/{{ env }}/\"x\\`" };

	(void)state;
	service.route = &odd;
	service.nroutes = 1;
	assert_null(strstr(written(), "{{"));
	assert_non_null(strstr(written(), "rule: \"Path(\\\"/\\x7B\\x7B env \\x7D\\x7D/\\\\\\\"x\\\\\\\\`\\\") || PathPrefix("));
}

static void
ruled(const char *host, const char *path, const char *expected)
{
	struct route_conf r = { (char *)(uintptr_t)host, (char *)(uintptr_t)path };
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
	struct route_conf order[] = { { (char *)"", (char *)"/" }, { (char *)"", (char *)"/a/very/long/path/that/is/longer/than/a/host" },
		{ (char *)"*.org", (char *)"/" }, { (char *)"*.org", (char *)"/a" }, { (char *)"*.example.org", (char *)"/" },
		{ (char *)"a.b", (char *)"/" }, { (char *)"www.example.org", (char *)"/a" } };

	(void)state;
	for (size_t i = 1; i < sizeof order / sizeof *order; i++)
		assert_true(traefik_priority(&order[i]) > traefik_priority(&order[i - 1]));
}

static void
nobody_left(void **state)
{
	(void)state;
	service.nserving = 0;
	for (unsigned i = 0; i < 3; i++)
		server[i].draining = true;
	assert_non_null(strstr(written(), "10.0.0.3:80"));		/* better they than nobody */
	words.fallback = "http://localhost:8020";
	assert_null(strstr(written(), "10.0.0.3:80"));
	assert_non_null(strstr(written(), "          - url: \"http://localhost:8020\"\n            weight: 1\n"));
	words.fallback = NULL;
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
#define ROUTER(name, rule) "{\"name\":\"" name "\",\"rule\":\"" rule "\",\"status\":\"enabled\"}"
#define SECOND ROUTER("web~2@file", "HostRegexp(`^.+\\\\.example\\\\.org$`) && (Path(`/api`) || PathPrefix(`/api/`))")
#define ROUTERS "[" ROUTER("web@file", "Host(`www.example.org`)") "," SECOND "]"

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
	const struct why *why = traefik_compare(&plan, &words, "file", str_of(services), str_of(routers), seen, log, got, sizeof got);

	if (detail != NULL)
		assert_string_equal(got, detail);
	return why;
}

static void
as_it_was_told(void **state)
{
	char log[1000] = "", detail[240];

	(void)state;
	assert_null(traefik_compare(&plan, &words, "file", str_of(WEB(ONE "," TWO)), str_of(ROUTERS), seen, log, detail, sizeof detail));
	assert_string_equal(log, "web/web.1 30 UP;web/web.2 10 -;");
}

static void
not_as_it_was_told(void **state)
{
	(void)state;
	assert_ptr_equal(compared("[]", ROUTERS, "service web@file is missing"), WHY_PROXY_DIFFERS);
	assert_ptr_equal(compared(WEB(ONE), ROUTERS, "server http://[fd00::2]:80 of web@file is missing"), WHY_PROXY_DIFFERS);
	assert_ptr_equal(compared(WEB(TWO ",{\"url\":\"http://10.0.0.1:80\"}"), ROUTERS,
	    "server http://10.0.0.1:80 of web@file has weight 1, not 30"), WHY_PROXY_DIFFERS);
	assert_ptr_equal(compared(WEB(ONE "," TWO ",{\"url\":\"http://10.0.0.9:80\"}"), ROUTERS, "web@file has 3 servers, not 2"),
	    WHY_PROXY_DIFFERS);
	assert_ptr_equal(compared(WEB(ONE "," TWO), "[]", "router web@file is missing"), WHY_PROXY_DIFFERS);
	assert_ptr_equal(compared(WEB(ONE "," TWO), "[" ROUTER("web@file", "Host(`a`)") "," SECOND "]", "router web@file has another rule: "
	    "Host(`a`)"), WHY_PROXY_DIFFERS);
	assert_ptr_equal(compared("[{\"name\":\"web@file\",\"status\":\"disabled\",\"error\":[\"no good\"]}]", ROUTERS,
	    "service web@file is disabled: no good"), WHY_PROXY_REFUSED);
	words.api_entry_point = "api";
	assert_ptr_equal(compared(WEB(ONE "," TWO), ROUTERS, "router mola~api@file is missing"), WHY_PROXY_DIFFERS);
}

static void
what_is_not_understood(void **state)
{
	(void)state;
	assert_ptr_equal(compared("", ROUTERS, NULL), WHY_PROXY_SYNTAX);
	assert_ptr_equal(compared("{}", "[]", NULL), WHY_PROXY_SYNTAX);
	assert_ptr_equal(compared("[1,null,{\"name\":3},{\"name\":\"@file\"}]", "[[]]", NULL), WHY_PROXY_DIFFERS);
	assert_ptr_equal(compared("[{\"name\":\"web@file\",\"status\":\"enabled\",\"loadBalancer\":[],\"serverStatus\":7}]", ROUTERS, NULL),
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
		traefik_url(&m.server[i], url);
		buf_printf(&has, "%s{\"url\":\"%s\",\"weight\":100}", i == 0 ? "[{\"name\":\"web@file\",\"status\":\"enabled\","
		    "\"loadBalancer\":{\"servers\":[" : ",", url);
	}
	buf_adds(&has, STR("]}}]"));
	begun = many_cpu();
	assert_null(traefik_compare(&m.plan, &words, "file", buf_str(&has), STR("[]"), NULL, NULL, detail, sizeof detail));
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
		cmocka_unit_test_setup(nobody_left, setup),
		cmocka_unit_test_setup(as_it_was_told, setup),
		cmocka_unit_test_setup(not_as_it_was_told, setup),
		cmocka_unit_test_setup(what_is_not_understood, setup),
		cmocka_unit_test_setup(many_servers, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
