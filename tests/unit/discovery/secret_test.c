/* secret: what may be shown of labels. */
#include "stage.h"

#include "discovery/secret.c"

static void
shown(const char *label, const char *value, const char *wanted)
{
	struct arena *a = arena_new();

	assert_string_equal(secret_value(a, label, value), wanted);
	arena_free(&a);
}

static void
secrets_are_hidden(void **state)
{
	static const struct { const char *label, *value; } rows[] = {
		{ "traefik.http.middlewares.au.basicauth.users", "joe:$apr1$H6uskkkW$IgXLP6ewTrSuBkTrqE8wj/" },
		{ "Traefik.HTTP.Middlewares.au.BasicAuth.Users", "joe:x" },
		{ "traefik.http.middlewares.au.digestauth.users", "joe:realm:18f1ab" },
		{ "traefik.http.middlewares.fwd.forwardauth.address", "http://user:pass@auth:4181" },
		{ "traefik.http.middlewares.h.headers.customrequestheaders.Authorization", "Basic am9lOng=" },
		{ "traefik.http.middlewares.c.plugin.crowdsec.crowdsecLapi", "abcdef" },
		{ "traefik.tcp.middlewares.x.ipallowlist.sourcerange", "10.0.0.0/8" },
		{ "traefik.http.services.web.loadbalancer.healthcheck.headers.X-Token", "abcdef" },
		{ "traefik.frontend.auth.basic", "joe:hash" },
		{ "traefik.admin.frontend.auth.basic.users", "joe:hash" },
		{ "traefik.http.routers.web.mydlewares", "joe:$2y$05$NrR4hl3V7uCFT8nOdc5ZC" },
		{ "traefik.http.services.web.loadbalancer.server.url", "https://joe:x@10.0.0.1/" },
		{ "mola.apikey", "abcdef" },
		{ "mola.health.path", "/hc?full=1&Access_Token=abcdef" },
		{ "traefik.http.services.web.loadbalancer.healthcheck.path", "/hc?key=abcdef" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		shown(rows[i].label, rows[i].value, "(not shown)");
}

static void
what_is_no_secret_is_shown(void **state)
{
	(void)state;
	shown("traefik.http.routers.keycloak-auth.entrypoints", "websecure", "websecure");
	shown("traefik.http.routers.users.middlewares", "au@file", "au@file");
	shown("traefik.http.routers.users", "x", "x");
	shown("traefik.http.services.token.loadbalancer.server.port", "80", "80");
	shown("traefik.http.services.web.loadbalancer.server.url", "https://10.0.0.1/@x", "https://10.0.0.1/@x");
	shown("mola.host", "a.org", "a.org");
	shown("mola.health.path", "/hc?full=1&tokens", "/hc?full=1&tokens");
	shown("mola.health.path", "/token=x", "/token=x");
	shown("mola.port", "", "");
	shown("traefik.http.middlewares.au.basicauth", "", "");
}

static void
rules_lose_what_they_compare_headers_with(void **state)
{
	const char *rule = "traefik.http.routers.web.rule";

	(void)state;
	shown(rule, "Host(`a.org`) && PathPrefix(`/x`)", "Host(`a.org`) && PathPrefix(`/x`)");
	shown(rule, "Host(`a.org`) && Header(`X-Key`, `abc`)", "Host(`a.org`) && Header(`X-Key`, `...`)");
	shown(rule, "HeaderRegexp(`X`, `k`)", "HeaderRegexp(`...`, `...`)");
	shown(rule, "Query(`token=s`) || Host(\"b.org\")", "Query(`...`) || Host(\"b.org\")");
	shown(rule, "Header(`X`, `abc", "Header(`X`, `...`");
	shown(rule, "`", "`...`");
	shown(rule, "", "");
}

static void
sentences_keep_their_words(void **state)
{
	struct arena *a = arena_new();

	(void)state;
	assert_null(secret_text(a, "x", NULL));
	assert_string_equal(secret_text(a, "traefik.http.middlewares.a.basicauth.users", "needs it"), "needs it");
	assert_string_equal(secret_text(a, "traefik.http.routers.a.rule", "not understood: Header(`X`, `s`)"),
	    "not understood: Header(`X`, `...`)");
	arena_free(&a);
}

static void
reasons_quote_no_header(void **state)
{
	struct arena *a = arena_new();
	struct report_trouble *t = NULL;
	unsigned n = 0;

	(void)state;
	report_add_trouble(a, &t, &n, WHY_SERVICE_NO_ROUTE, arena_text(a, STR("not understood: Header(`X`, `s`)")));
	assert_int_equal(n, 1);
	assert_string_equal(t[0].text, "not understood: Header(`X`, `...`)");
	arena_free(&a);
}

/* Through the whole reader: nothing of a hash stands in the report, whatever label it came by. */
static void
the_report_holds_no_hash(void **state)
{
	struct stage *s = *state;
	const struct report_service *r;

	service(s, "web", "2026-01-01T00:00:00Z", "\"mola.port\":\"80\",\"mola.host\":\"a.org\",\"mola.password\":\"s3cret\","
	    "\"traefik.http.middlewares.au.basicauth.users\":\"joe:s3cret\",\"traefik.frontend.auth.basic\":\"joe:s3cret\","
	    "\"traefik.http.routers.a.rule\":\"Header(`k`,`s3cret`)\",\"traefik.http.routers.a.middlewares\":\"au\"", "");
	play(s);
	r = reported(s, "web");
	assert_true(r->nlabels >= 5);
	for (unsigned i = 0; i < r->nlabels; i++) {
		assert_null(strstr(r->label[i].value, "s3cret"));
		assert_true(r->label[i].text == NULL || strstr(r->label[i].text, "s3cret") == NULL);
	}
	for (unsigned i = 0; i < r->ntroubles; i++)
		assert_null(strstr(r->trouble[i].text, "s3cret"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(secrets_are_hidden),
		cmocka_unit_test(what_is_no_secret_is_shown),
		cmocka_unit_test(rules_lose_what_they_compare_headers_with),
		cmocka_unit_test(sentences_keep_their_words),
		cmocka_unit_test(reasons_quote_no_header),
		cmocka_unit_test_setup_teardown(the_report_holds_no_hash, stage_setup, stage_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
