/* Filters that change the path. What they shall make of it was read off the real Traefik: tests/drive/filters.sh compares both. */
#include "stage.h"

static void
a_prefix_goes_and_is_said(void **state)
{
	(void)state;
	becomes("stripprefix prefixes=/api", "/api/x?y=1&z", "/x?y=1&z");
	has("\r\nX-Forwarded-Prefix: /api\r\n");
	has("\r\nX-Forwarded-For: 10.0.0.9\r\n");
	has("\r\nHost: a.org\r\n");
	becomes("stripprefix prefixes=/api", "/api", "/");
	becomes("stripprefix prefixes=/api", "/apix", "/x");
	becomes("stripprefix prefixes=/api", "/x/api", "/x/api");
	has_not("X-Forwarded-Prefix");
	becomes("stripprefix prefixes=/v1/api,/api,/v1", "/v1/api/x", "/x");
	becomes("stripprefix prefixes=/api/", "/api/x", "/x");
	becomes("stripprefix prefixes=/api/", "/api", "/api");
	becomes("stripprefix prefixes=/api; stripprefix prefixes=/v1", "/api/v1/x", "/x");
	becomes("stripprefix prefixes=/api forceslash=true", "/api", "/");
	assert_null(request("stripprefix prefixes=/", "OPTIONS *"));
	has("OPTIONS * HTTP/1.1\r\n");
}

static void
a_path_is_read_and_spelled_as_go_does(void **state)
{
	(void)state;
	becomes("stripprefix prefixes=/api", "/%61pi/%e4%7e", "/%E4~");
	becomes("stripprefix prefixes=/a_b", "/a%20b/c%20d", "/c%20d");
	becomes("stripprefix prefixes=/api", "/api/%2Fx", "/%2Fx");
	becomes("stripprefix prefixes=/api", "/api%2Fx", "/x");
	becomes("stripprefix prefixes=/api", "//api//x/./y/", "/x/y/");
	becomes("stripprefix prefixes=/api", "/api/a+b!c'd(e)*f;g", "/a+b!c'd(e)*f;g");
	becomes("stripprefix prefixes=/api", "/api%00x", "/%00x");
	assert_ptr_equal(request("stripprefix prefixes=/api", "GET /api/%zz"), WHY_BAD_TARGET);
}

static void
a_prefix_comes_and_a_path_goes(void **state)
{
	(void)state;
	becomes("addprefix prefix=/v2", "/x?y", "/v2/x?y");
	becomes("addprefix prefix=/a_b%c", "/", "/a%20b%25c/");
	becomes("stripprefix prefixes=/api; addprefix prefix=/v2", "/api", "/v2");
	becomes("addprefix prefix=/v2", "/a%2fb", "/v2/a%2Fb");
	becomes("replacepath path=/new", "/x%20y?z", "/new?z");
	has("\r\nX-Replaced-Path: /x%20y\r\n");
	becomes("replacepath path=/new%2fx_y", "/x", "/new/x%20y");
	becomes("stripprefix prefixes=/api; replacepath path=/new", "/api", "/new");
	has("\r\nX-Replaced-Path: \r\n");
}

/* As Traefik since 3.6.19: what is left of a path may be another one to the task than it was to the rules. */
static void
a_path_that_is_not_clean_when_a_part_has_gone_is_refused(void **state)
{
	static const char *const middlewares[] = { "stripprefix prefixes=/a", "stripprefixregex regex=^/a", "replacepathregex regex=^/a(.*) replacement=/$1" };
	static const char *const unclean[] = { "GET /a./x", "GET /a../x", "GET /a..", "GET /a." };

	(void)state;
	for (size_t m = 0; m < sizeof middlewares / sizeof *middlewares; m++)
		for (size_t i = 0; i < sizeof unclean / sizeof *unclean; i++)
			assert_ptr_equal(request(middlewares[m], unclean[i]), WHY_UNCLEAN_PATH);
	response("");
	has("HTTP/1.1 400 Bad Request\r\n");
	assert_ptr_equal(request("replacepathregex regex=^/a replacement=/b//c", "GET /a"), WHY_UNCLEAN_PATH);
	becomes("replacepathregex regex=^/a replacement=/b//c", "/b//a", "/b/a");
	becomes("stripprefix prefixes=/a", "/a.x/.y", "/.x/.y");
	becomes("stripprefix prefixes=/a", "/a/%2F.", "/%2F.");
	becomes("replacepath path=/b//c", "/a", "/b//c");		/* what the configuration says itself */
}

static void
a_path_that_goes_up_when_filters_leave_it_is_refused(void **state)
{
	static const char *const up[] = { "GET /a..%2fsecret", "GET /a..;x/secret" };

	(void)state;
	for (size_t i = 0; i < sizeof up / sizeof *up; i++) {
		assert_ptr_equal(request("stripprefix prefixes=/a; addprefix prefix=/pub", up[i]), WHY_ROUTE_REFUSED);
		assert_ptr_equal(request("stripprefixregex regex=^/a", up[i]), WHY_ROUTE_REFUSED);
		assert_ptr_equal(request("replacepathregex regex=^/a(.*) replacement=/pub/$1", up[i]), WHY_ROUTE_REFUSED);
	}
	becomes("stripprefix prefixes=/a; addprefix prefix=/pub", "/a..b/c", "/pub/..b/c");
	becomes("stripprefix prefixes=/a", "/a/x?y=/../z", "/x?y=/../z");
}

/* As long as heads may be: what filters make of a path does not take several times its room. */
static void
a_long_path_passes(void **state)
{
	static char target[20000], line[20100];

	(void)state;
	memset(target, 'a', sizeof target - 1);
	memcpy(target, "/api/", 5);
	snprintf(line, sizeof line, "GET %s", target);
	assert_null(request("headers customrequestheaders.A=b", line));
	snprintf(line, sizeof line, "GET %s HTTP/1.1\r\n", target);
	assert_true(strncmp(out, line, strlen(line)) == 0);
	snprintf(line, sizeof line, "GET %s", target);
	assert_null(request("stripprefix prefixes=/api; addprefix prefix=/v2", line));
	snprintf(line, sizeof line, "GET /v2%s HTTP/1.1\r\n", target + 4);
	assert_true(strncmp(out, line, strlen(line)) == 0);
	memcpy(target + 5, "%2Fb%C3%A4/../c%20;d/./", 23);
	target[6000] = '\0';
	snprintf(line, sizeof line, "GET %s", target);
	assert_null(request("stripprefix prefixes=/api; addprefix prefix=/v2", line));
	has("GET /v2/c%20;d/aaa");
}

static void
what_an_expression_matches_goes(void **state)
{
	(void)state;
	becomes("stripprefixregex regex=^/v[0-9]+", "/v12/x?y", "/x?y");
	has("\r\nX-Forwarded-Prefix: /v12\r\n");
	becomes("stripprefixregex regex=/b$", "/b/b", "/b");		/* found at the end, and taken from the beginning */
	becomes("stripprefixregex regex=/x*,/a", "/ab/c", "/ab/c");	/* the first that matches at the beginning: "/" */
	becomes("stripprefixregex regex=/b", "/a/b", "/a/b");
	has_not("X-Forwarded-Prefix");
	becomes("stripprefixregex regex=^/c+/d", "/%63%63/%64%2fe", "/e");
	/* what no field can carry does not become a field */
	assert_ptr_equal(request("stripprefixregex regex=^/.*", "GET /%0d%0aA:b"), WHY_BAD_REPLACEMENT);
}

static void
a_path_is_rewritten(void **state)
{
	(void)state;
	becomes("replacepathregex regex=^/api/(?P<rest>.*) replacement=/v2/${rest}/$1x", "/api/a%2fb?q", "/v2/a%2Fb/?q");
	has("\r\nX-Replaced-Path: /api/a%2Fb\r\n");
	becomes("replacepathregex regex=/ replacement=/x/", "/a/b", "/x/a/x/b");
	becomes("replacepathregex regex=^/a$ replacement=/b", "/ab", "/ab");
	has_not("X-Replaced-Path");
	becomes("replacepathregex regex=a replacement=b_c?", "/a", "/b%20c%3F");
	assert_ptr_equal(request("replacepathregex regex=^/x replacement=/%z", "GET /x"), WHY_BAD_REPLACEMENT);
	response("");
	has("HTTP/1.1 500 Internal Server Error\r\n");
	has("invalid URL escape \"%z\"\n");
	assert_ptr_equal(request("replacepathregex regex=^/ replacement=x", "GET /y"), WHY_BAD_REPLACEMENT);
}

int
main(void)
{
	const struct CMUnitTest tests[] = { T(a_prefix_goes_and_is_said), T(a_path_is_read_and_spelled_as_go_does), T(a_prefix_comes_and_a_path_goes), T(a_path_that_is_not_clean_when_a_part_has_gone_is_refused),
		T(a_path_that_goes_up_when_filters_leave_it_is_refused),
		T(a_long_path_passes), T(what_an_expression_matches_goes), T(a_path_is_rewritten) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
