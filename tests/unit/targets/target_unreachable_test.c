/* target_unreachable: what is reported of an API that does not respond. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "targets/target_unreachable.c"
#include "fake_target.h"

static void
reported(const char *url, long status, const char *detail, const char *expected)
{
	struct target t = { 0 };
	struct fetch_result r = { .why = status != 0 ? WHY_METRICS_STATUS : WHY_METRICS_FETCH, .status = status, .detail = detail };

	target_unreachable(&t, url, "its API", &r);
	assert_ptr_equal(t.why, status != 0 ? WHY_PROXY_SYNTAX : WHY_PROXY_GONE);
	assert_string_equal(t.detail, expected);
}

static void
passwords_are_not_told(void **unused)
{
	(void)unused;
	reported("http://10.0.0.1:8080/api", 0, "refused", "http://10.0.0.1:8080/api: refused");
	reported("https://me:sec@ret@proxy:8080/base/api?x=a@b", 401, "", "https://proxy:8080/base/api?x=a@b: status 401; expected its API there");
	reported("http://me@proxy", 404, "", "http://proxy: status 404; expected its API there");
	reported("http://proxy/a@b", 0, "", "http://proxy/a@b: its response is too large");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(passwords_are_not_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
