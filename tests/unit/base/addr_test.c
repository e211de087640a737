#include "base/addr.c"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static void
round_trip(const char *in, const char *out)
{
	char text[ADDR_TEXT_MAX];
	struct addr a;

	assert_null(addr_parse(str_of(in), &a));
	assert_string_equal(addr_text(&a, text), out);
}

static void
addresses_are_read_and_written(void **state)
{
	char text[ADDR_TEXT_MAX];
	struct addr a, b;

	(void)state;
	round_trip("10.0.0.1:80", "10.0.0.1:80");
	round_trip("[::1]:65535", "[::1]:65535");
	round_trip("[2001:db8:0::1]:0", "[2001:db8::1]:0");
	round_trip(":8000", "0.0.0.0:8000");
	round_trip("unix:/run/mola.sock", "unix:/run/mola.sock");
	assert_null(addr_parse(STR("[::1]:80"), &a));
	assert_string_equal(addr_host_text(&a, text), "::1");
	assert_null(addr_parse(STR("[0::1]:80"), &b));
	assert_true(addr_eq(&a, &b));
	assert_null(addr_parse(STR("[0::1]:81"), &b));
	assert_false(addr_eq(&a, &b));
}

static void
what_is_no_address_is_refused(void **state)
{
	static const char *const bad[] = { "", "10.0.0.1", "10.0.0.1:", "10.0.0.1:65536", "10.0.0.1:-1", "10.0.0.1:8o",
	    "10.0.0:80", "10.0.0.256:80", "localhost:80", "::1:80", "[::1]", "[::1]80", "[::g]:80", "[]:80", "[10.0.0.1]:80",
	    "unix:", " 10.0.0.1:80", "10.0.0.1 :80" };
	struct addr a = { .len = 7 };
	char path[200] = "unix:/";

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		if (addr_parse(str_of(bad[i]), &a) != WHY_BAD_ADDRESS)
			fail_msg("taken: %s", bad[i]);
	assert_ptr_equal(addr_parse(STR("10.0.0.1\0x:80"), &a), WHY_BAD_ADDRESS);
	assert_ptr_equal(addr_parse(STR("unix:/a\0b"), &a), WHY_BAD_ADDRESS);
	memset(path + 6, 'p', 120);
	assert_ptr_equal(addr_parse(str_of(path), &a), WHY_BAD_ADDRESS);
	assert_int_equal(a.len, 7);		/* untouched */
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_are_read_and_written),
		cmocka_unit_test(what_is_no_address_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
