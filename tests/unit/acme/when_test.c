#include "acme/when.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static int64_t
rfc3339(const char *text)
{
	int64_t sec = -1;

	return when_rfc3339(str_of(text), &sec) ? sec : -1;
}

static void
times_of_json(void **state)
{
	(void)state;
	assert_int_equal(rfc3339("1970-01-01T00:00:00Z"), 0);
	assert_int_equal(rfc3339("2026-11-27T22:53:00Z"), 1795819980);
	assert_int_equal(rfc3339("2026-11-27T22:53:00.123456789Z"), 1795819980);
	assert_int_equal(rfc3339("2026-11-27T23:53:00+01:00"), 1795819980);
	assert_int_equal(rfc3339("2026-11-27t21:23:00-01:30"), 1795819980);
	assert_int_equal(rfc3339("2024-02-29T00:00:00Z"), 1709164800);
	assert_int_equal(rfc3339("2016-12-31T23:59:60Z"), 1483228800);		/* a leap second */
	assert_int_equal(rfc3339("2026-02-29T00:00:00Z"), -1);
	assert_int_equal(rfc3339("2026-13-01T00:00:00Z"), -1);
	assert_int_equal(rfc3339("2026-11-27T24:00:00Z"), -1);
	assert_int_equal(rfc3339("2026-11-27T22:53:00"), -1);
	assert_int_equal(rfc3339("2026-11-27T22:53:00Zx"), -1);
	assert_int_equal(rfc3339("2026-11-27 22:53:00Z"), -1);
	assert_int_equal(rfc3339("2026-11-27T22:53:00.Z"), -1);
	assert_int_equal(rfc3339(""), -1);
}

static void
times_of_http(void **state)
{
	int64_t sec = 0;

	(void)state;
	assert_true(when_http_date(STR("Fri, 27 Nov 2026 22:53:00 GMT"), &sec));
	assert_int_equal(sec, 1795819980);
	assert_false(when_http_date(STR("Fri, 31 Feb 2026 22:53:00 GMT"), &sec));
	assert_false(when_http_date(STR("Friday, 27-Nov-26 22:53:00 GMT"), &sec));
	assert_false(when_http_date(STR("Fri, 27 Nov 2026 22:53:00"), &sec));
	assert_int_equal(sec, 1795819980);
}

static void
retry_after_is_seconds_or_a_date(void **state)
{
	(void)state;
	assert_int_equal(when_retry_after(STR(" 17 "), 1000, 3600), 17);
	assert_int_equal(when_retry_after(STR("86400"), 1000, 3600), 3600);
	assert_int_equal(when_retry_after(STR("99999999999999999999"), 1000, 3600), -1);
	assert_int_equal(when_retry_after(STR("Fri, 27 Nov 2026 22:53:00 GMT"), 1795819980 - 30, 3600), 30);
	assert_int_equal(when_retry_after(STR("Fri, 27 Nov 2026 22:53:00 GMT"), 1795819980 + 30, 3600), 0);
	assert_int_equal(when_retry_after(STR("soon"), 1000, 3600), -1);
	assert_int_equal(when_retry_after(STR(""), 1000, 3600), -1);
}

#define DAY 86400

static void
a_third_is_left_at_renewal(void **state)
{
	struct when_window w = { 5 * DAY, 7 * DAY };

	(void)state;
	assert_true(llabs(when_renew(0, 90 * DAY, NULL, .5) - 60 * DAY) <= 1);
	assert_true(when_renew(0, 90 * DAY, NULL, 0) < when_renew(0, 90 * DAY, NULL, 1));
	assert_true(when_renew(0, 6 * DAY, NULL, 0) > 3 * DAY && when_renew(0, 6 * DAY, NULL, 0) < 4 * DAY);
	assert_int_equal(when_renew(0, 90 * DAY, &w, .5), 6 * DAY);
	assert_int_equal(when_renew(DAY, DAY, NULL, .5), DAY);		/* nonsense is due at once */
}

static void
failures_are_waited_for_longer_and_longer(void **state)
{
	(void)state;
	assert_int_equal(when_again(1), 60);
	assert_int_equal(when_again(2), 300);
	assert_int_equal(when_again(3), 1800);
	assert_int_equal(when_again(4), 7200);
	assert_int_equal(when_again(1000), 7200);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(times_of_json),
		cmocka_unit_test(times_of_http),
		cmocka_unit_test(retry_after_is_seconds_or_a_date),
		cmocka_unit_test(a_third_is_left_at_renewal),
		cmocka_unit_test(failures_are_waited_for_longer_and_longer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
