/* setting: each one that changes is noticed, copied and freed; texts in and out. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include "world/setting.c"

/* Something else than zeroed memory, by type. */
static char other_path[] = "/up";
static struct term other_term = { .name = other_path, .query = other_path, .weight = 1, .full = 1, .period_usec = 1 };
#define OTHER_POLICY		POLICY_BEST_NODE
#define OTHER_KIND		SERVICE_TCP
#define OTHER_PROXY_VERSION	PROXY_V2
#define OTHER_PROFILE		profile_all[PROFILE_RAM]
#define OTHER_DURATION		1
#define OTHER_COUNT		1
#define OTHER_SWITCH		true
#define OTHER_SERVICE_TLS	SERVICE_TLS_ACME
#define OTHER_PATH_OR_NONE	other_path
#define OTHER_TENANTS		TENANTS_POLITE
#define OTHER_PRECEDENCE	PRECEDENCE_HIGH
#define OTHER_LOAD		LOAD_ORCA
#define OTHER_SCHEME		SCHEME_H2
#define OTHER_TLS_CA		other_path
#define OTHER_TLS_NAME		other_path
#define OTHER_TLS_CERT		other_path
#define OTHER_COOKIE_NAME	other_path
#define OTHER_COOKIE_PATH	other_path
#define OTHER_COOKIE_DOMAIN	other_path
#define OTHER_SAME_SITE		SAME_SITE_LAX
#define OTHER_ALPN		other_path
#define OTHER_METHOD		other_path
#define OTHER_CHECK_HOST	other_path
#define OTHER_HEADERS		other_path
#define OTHER_CHECK_MODE	CHECK_GRPC
#define OTHER_CHECK_SCHEME	CHECK_SCHEME_FIRST
#define OTHER_DURATION_OR_SAME	1
#define OTHER_PORT_OR_SAME	1
#define OTHER_RETRY_ON		(struct retry_on){ .reasons = 1 }
#define OTHER_RETRY_METHODS	RETRY_ALL
#define OTHER_CHECK_SERVICE	other_path
#define OTHER_CHECK_BYTES	other_path
#define OTHER_PERCENT		1
#define OTHER_BYTES		1
#define OTHER_DURATION_OR_NONE	1
#define OTHER_ALL_DOWN		ALL_DOWN_USE
#define OTHER_QUERIES		(struct terms){ .term = { other_term }, .n = 1 }

/* What is forgotten here is a reload that changes nothing. */
static void
each_setting_that_changes_is_noticed(void **state)
{
	struct service_conf at = { 0 };

	(void)state;
#define SETTING(type, field, ...) { \
		struct service_conf changed = { .field = OTHER_##type }; \
		assert_true(service_conf_set(&at, &changed)); \
		assert_false(service_conf_set(&at, &changed)); \
		assert_true(service_conf_set(&at, &(struct service_conf){ 0 })); \
	}
#include "tbl/service.h"
#undef SETTING
	assert_false(service_conf_set(&at, &(struct service_conf){ 0 }));
}

static void
texts_that_are_the_same_stay_where_they_are(void **state)
{
	char path[] = "/up";
	struct service_conf at = { 0 }, from = { .health_path = path, .health_rise = 1 };
	const char *kept;

	(void)state;
	service_conf_set(&at, &from);
	kept = at.health_path;
	assert_ptr_not_equal(kept, path);
	from.health_rise = 2;
	assert_true(service_conf_set(&at, &from));
	assert_ptr_equal(at.health_path, kept);
	assert_int_equal(at.health_rise, 2);
	service_conf_clear(&at);
	assert_false(service_conf_set(&at, &(struct service_conf){ 0 }));
}

static const char *
problem_of(const struct setting_type *type, const char *least, const char *most, const char *text)
{
	static char problem[SETTING_PROBLEM_MAX];
	union {
		char *text;
		int64_t n;
		struct profile profile;
	} member = { .n = 0 };
	struct arena *a = arena_new();

	strcpy(problem, "none");
	if (!type->read(str_of(text), (struct setting_range){ least, most }, &member, a, problem))
		assert_int_equal(member.n, 0);		/* untouched */
	arena_free(&a);
	return problem;
}

/* As it was read, in as few words. */
static void
what_is_sent_again_is_written(void **state)
{
	static const char *const texts[][2] = {
		{ "none", "none" }, { "503,connect , reset", "connect, reset, 503" }, { "5XX, 429", "429, 5xx" },
		{ "500-504, 502", "500-504" }, { "400-599", "4xx, 5xx" }, { "499-501", "499, 500, 501" }, { "status", NULL },
		{ "hedge", NULL }, { "", NULL }, { "503,", NULL }, { "600", NULL }, { "399", NULL }, { "504-500", NULL }, { "6xx", NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		struct retry_on on = { .reasons = 0 };
		struct str wrong;
		struct buf out;

		buf_init(&out, 1000);
		assert_int_equal(retry_on_read(str_of(texts[i][0]), &on, &wrong), texts[i][1] != NULL);
		assert_true(retry_on_sound(&on));
		if (texts[i][1] != NULL) {
			assert_true(retry_on_write(&on, &out));
			assert_true(str_eq(buf_str(&out), str_of(texts[i][1])));
		}
		buf_fini(&out);
	}
	assert_false(retry_on_sound(&(struct retry_on){ .reasons = 1 << RETRY_HEDGE }));
	assert_false(retry_on_sound(&(struct retry_on){ .status = { 0, 0, 0, UINT64_C(1) << 8 } }));
}

static void
what_is_wrong_is_said_with_what_was_expected(void **state)
{
	(void)state;
	assert_string_equal(problem_of(&setting_DURATION, "1s", "2s", "2s"), "none");
	assert_string_equal(problem_of(&setting_DURATION, "1s", "2s", "2001ms"), "is out of range; expected 1s to 2s");
	assert_string_equal(problem_of(&setting_DURATION, "1s", "2s", "2"), "has no unit; expected a duration such as 500ms, 2s, 5m or 1h");
	assert_string_equal(problem_of(&setting_DURATION, "1s", "2s", "x"), "is not a duration; expected one such as 500ms, 2s, 5m or 1h");
	assert_string_equal(problem_of(&setting_COUNT, "1", "100", "100"), "none");
	assert_string_equal(problem_of(&setting_COUNT, "1", "100", "0"), "is out of range; expected 1 to 100");
	assert_string_equal(problem_of(&setting_COUNT, "1", "100", "99999999999999999999"), "is out of range; expected 1 to 100");
	assert_string_equal(problem_of(&setting_COUNT, "1", "100", "1.5"), "is not a whole number; expected 1 to 100");
	assert_string_equal(problem_of(&setting_COUNT, "1", "100", "-1"), "is not a whole number; expected 1 to 100");
	assert_string_equal(problem_of(&setting_SWITCH, "", "", "True"), "none");
	assert_string_equal(problem_of(&setting_SWITCH, "", "", "yes"), "is not known; expected false or true");
	assert_string_equal(problem_of(&setting_POLICY, "", "", "leastconn"), "is not known; expected marginal, least-conn, round-robin, "
	    "random-two, best-node or marginal-1; did you mean least-conn?");
	assert_string_equal(problem_of(&setting_PATH_OR_NONE, "", "", "up"), "is not a path; expected one that begins with '/', or none");
	assert_string_equal(problem_of(&setting_PATH_OR_NONE, "", "", "none"), "none");
	assert_string_equal(problem_of(&setting_PERCENT, "0%", "100%", "20%"), "none");
	assert_string_equal(problem_of(&setting_PERCENT, "0%", "100%", "0.2"), "is not a percentage; expected one such as 20%");
	assert_string_equal(problem_of(&setting_PERCENT, "0%", "100%", "101%"), "is out of range; expected 0% to 100%");
	assert_string_equal(problem_of(&setting_BYTES, "0", "16m", "64KB"), "none");
	assert_string_equal(problem_of(&setting_BYTES, "0", "16m", "17m"), "is out of range; expected 0 to 16m");
	assert_string_equal(problem_of(&setting_BYTES, "0", "16m", "10b"), "is not a number of bytes; expected one such as 500, 16k or 1m");
	assert_string_equal(problem_of(&setting_RETRY_ON, "", "", "connect, 503,4xx"), "none");
	assert_string_equal(problem_of(&setting_RETRY_ON, "", "", "connect, conect"), "has 'conect', which is not known; expected connect, "
	    "reset, timeout or unavailable, statuses such as 503, 500-504 or 5xx, with commas between them, or none");
	assert_string_equal(problem_of(&setting_SCHEME, "", "", "grpc"), "is not known; expected http, h2c, https or h2");
	assert_string_equal(problem_of(&setting_TLS_CA, "", "", "my ca"), "is not a name; expected 1 to 63 of A-Z, a-z, 0-9, '.', '_' "
	    "and '-', or system");
	assert_string_equal(problem_of(&setting_TLS_NAME, "", "", "*.example.org"), "is not a host name; expected one, address, or service");
	assert_string_equal(problem_of(&setting_TLS_NAME, "", "", "address"), "none");
	assert_string_equal(problem_of(&setting_TLS_CERT, "", "", "none"), "none");
	assert_string_equal(problem_of(&setting_METHOD, "", "", "PROPFIND"), "none");
	assert_string_equal(problem_of(&setting_METHOD, "", "", "CONNECT"), "is not a method; expected one such as HEAD, POST, or GET");
	assert_string_equal(problem_of(&setting_METHOD, "", "", "GET /x"), "is not a method; expected one such as HEAD, POST, or GET");
	assert_string_equal(problem_of(&setting_CHECK_HOST, "", "", "app.example.org:8080"), "none");
	assert_string_equal(problem_of(&setting_CHECK_HOST, "", "", "http://app"), "is not a host; expected a name such as app.example.org, "
	    "with a port or without, or address");
	assert_string_equal(problem_of(&setting_HEADERS, "", "", "X-A: b\n\n X-C:d\n"), "none");
	assert_non_null(strstr(problem_of(&setting_HEADERS, "", "", "X-A: b\nHost: c"), "expected 'Name: value'"));
	assert_non_null(strstr(problem_of(&setting_HEADERS, "", "", "X-A: b\rX-C: d"), "expected 'Name: value'"));
	assert_non_null(strstr(problem_of(&setting_HEADERS, "", "", "X-A"), "expected 'Name: value'"));
	assert_string_equal(problem_of(&setting_CHECK_MODE, "", "", "rpc"), "is not known; expected http, grpc or tcp; did you mean grpc?");
	assert_string_equal(problem_of(&setting_CHECK_SERVICE, "", "", "a b"), "is not a name of a service of gRPC; expected one such as "
	    "helloworld.Greeter, or none");
	assert_string_equal(problem_of(&setting_CHECK_BYTES, "", "", "PING\\r\\n\\x00\\\\"), "none");
	assert_non_null(strstr(problem_of(&setting_CHECK_BYTES, "", "", "PING\\r\\"), "expected up to 1024"));
	assert_non_null(strstr(problem_of(&setting_CHECK_BYTES, "", "", "\\x0"), "expected up to 1024"));
	assert_non_null(strstr(problem_of(&setting_CHECK_BYTES, "", "", "\\q"), "expected up to 1024"));
	assert_string_equal(problem_of(&setting_CHECK_SCHEME, "", "", "grpc"), "is not known; expected same, http, h2c, https or h2");
	assert_string_equal(problem_of(&setting_DURATION_OR_SAME, "1s", "2s", "same"), "none");
	assert_string_equal(problem_of(&setting_DURATION_OR_SAME, "1s", "2s", "3s"), "is out of range; expected 1s to 2s");
	assert_string_equal(problem_of(&setting_PORT_OR_SAME, "1", "65535", "same"), "none");
	assert_string_equal(problem_of(&setting_PORT_OR_SAME, "1", "65535", "0"), "is out of range; expected 1 to 65535");
	assert_string_equal(problem_of(&setting_PERCENT, "1%", "100%", "100%"), "none");
	assert_string_equal(problem_of(&setting_PERCENT, "1%", "100%", "0%"), "is out of range; expected 1% to 100%");
	assert_string_equal(problem_of(&setting_PERCENT, "1%", "100%", "50"), "is not a percentage; expected one such as 20%");
	assert_string_equal(problem_of(&setting_PERCENT, "1%", "100%", "1.5%"), "is not a percentage; expected one such as 20%");
	assert_string_equal(problem_of(&setting_PERCENT, "1%", "100%", "%"), "is not a percentage; expected one such as 20%");
	assert_string_equal(problem_of(&setting_ALL_DOWN, "", "", "ignore"), "is not known; expected refuse or use");
	assert_non_null(strstr(problem_of(&setting_PROFILE, "", "", "rum"), "is not a profile; expected balanced"));
}

/* As a user would write it: what was written is read again, and is the same. */
static void
values_are_written_as_they_are_read(void **state)
{
	struct service_conf c = { 0 }, again = { 0 };
	char problem[SETTING_PROBLEM_MAX];
	struct buf out;

	(void)state;
	buf_init(&out, 4096);
#define TEXT_OF_ELSEWHERE(...)
#define TEXT_OF_LABEL(...) TEXT_OF_FILE_AND_LABEL(__VA_ARGS__)
#define TEXT_OF_FILE_AND_LABEL(type, field, fallback, least, most) \
	if (setting_##type.read(str_of(fallback), (struct setting_range){ least, most }, &c.field, NULL, problem)) { \
		buf_clear(&out); \
		assert_true(setting_##type.write(&c.field, &out)); \
		assert_true(setting_##type.read(buf_str(&out), (struct setting_range){ least, most }, &again.field, NULL, problem)); \
	}
#define SETTING(type, field, reach, ways, section, key, fallback, least, most, help) \
	TEXT_OF_##ways(type, field, fallback, least, most)
#include "tbl/service.h"
#undef SETTING
	assert_int_equal(c.health_interval_usec, 2000000);
	assert_false(service_conf_set(&again, &c));
	service_conf_clear(&c);
	service_conf_clear(&again);
	buf_fini(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_setting_that_changes_is_noticed),
		cmocka_unit_test(texts_that_are_the_same_stay_where_they_are),
		cmocka_unit_test(what_is_sent_again_is_written),
		cmocka_unit_test(what_is_wrong_is_said_with_what_was_expected),
		cmocka_unit_test(values_are_written_as_they_are_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
