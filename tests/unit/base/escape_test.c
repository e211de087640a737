#include "base/escape.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const char *
escaped(const char *s, enum escape how)
{
	static char out[200];

	out[escape_text(out, sizeof out - 1, str_of(s), how, NULL)] = '\0';
	return out;
}

static void
nothing_ends_a_value_or_steers_a_terminal(void **state)
{
	(void)state;
	assert_string_equal(escaped("a\"b\\c\r\n\033[31m\x7f\xc2\x9b", ESCAPE_LOG),
	    "a\\\"b\\\\c\\u000d\\u000a\\u001b[31m\\u007f\\u00c2\\u009b");
	assert_string_equal(escaped("a\"b\\c\r\n\033[31m\x7f", ESCAPE_LABEL), "a\\\"b\\\\c\\\\u000d\\n\\\\u001b[31m\\\\u007f");
	assert_string_equal(escaped("n\xc3\xb6rd", ESCAPE_LABEL), "n\xc3\xb6rd");	/* label values are UTF-8 */
}

static void
no_escape_is_cut(void **state)
{
	char out[8];
	size_t used;

	(void)state;
	assert_int_equal(escape_text(out, 8, STR("ab\033d"), ESCAPE_LOG, &used), 8);
	assert_int_equal(used, 3);
	assert_int_equal(escape_text(out, 7, STR("ab\033d"), ESCAPE_LOG, &used), 2);
	assert_int_equal(used, 2);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_ends_a_value_or_steers_a_terminal),
		cmocka_unit_test(no_escape_is_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
