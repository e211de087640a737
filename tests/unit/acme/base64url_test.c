#include "acme/base64url.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static bool
becomes(struct str bytes, const char *text)
{
	struct buf b;
	bool good;

	buf_init(&b, 64);
	good = base64url_add(&b, bytes) && str_eq(buf_str(&b), str_of(text));
	buf_clear(&b);
	good = good && base64url_decode(&b, str_of(text)) && str_eq(buf_str(&b), bytes);
	buf_fini(&b);
	return good;
}

/* The examples of RFC 4648, 10, without their padding, and the two characters for URLs. */
static void
bytes_become_text_and_back(void **state)
{
	(void)state;
	assert_true(becomes(STR(""), ""));
	assert_true(becomes(STR("f"), "Zg"));
	assert_true(becomes(STR("fo"), "Zm8"));
	assert_true(becomes(STR("foo"), "Zm9v"));
	assert_true(becomes(STR("foob"), "Zm9vYg"));
	assert_true(becomes(STR("foobar"), "Zm9vYmFy"));
	assert_true(becomes(STR("\xff\xef\xbe"), "_---"));
	assert_true(becomes(STR("\0\0"), "AAA"));
}

static void
what_is_none_is_refused(void **state)
{
	static const char *const bad[] = { "Z", "Zg==", "Zh", "Zm9", "Zm 9", "Zm+v", "Zm/v", "Zm9vY" };
	struct buf b;

	(void)state;
	buf_init(&b, 64);
	buf_adds(&b, STR("kept"));
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_false(base64url_decode(&b, str_of(bad[i])));
	assert_true(str_eq(buf_str(&b), STR("kept")));
	buf_fini(&b);
	buf_init(&b, 2);
	assert_false(base64url_decode(&b, STR("Zm9v")));
	assert_int_equal(b.len, 0);
	buf_fini(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bytes_become_text_and_back),
		cmocka_unit_test(what_is_none_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
