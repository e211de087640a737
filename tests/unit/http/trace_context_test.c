/* traceparent: what is one, of this version and later ones, and what is not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "http/trace_context.c"

#define TRACE	"0af7651916cd43dd8448eb211c80319c"
#define SPAN	"b7ad6b7169203331"

static void
good_ones_are_read_and_written(void **state)
{
	static const char *const good[] = { "00-" TRACE "-" SPAN "-01", "00-" TRACE "-" SPAN "-ff", "cc-" TRACE "-" SPAN "-01",
		"cc-" TRACE "-" SPAN "-01-what-the-future-will-be-like" };
	struct trace_context c;
	char text[TRACE_CONTEXT_TEXT];

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		assert_true(trace_context_parse(str_of(good[i]), &c));
		trace_context_write(&c, text);
		assert_string_equal(text, "00-" TRACE "-" SPAN "-01");
	}
	assert_true(trace_context_parse(str_of("00-" TRACE "-" SPAN "-02"), &c));
	assert_false(c.sampled);
}

static void
others_are_none(void **state)
{
	static const char *const bad[] = { "", "00", "00-" TRACE "-" SPAN, "00-" TRACE "-" SPAN "-0", "00-" TRACE "-" SPAN "-0g",
		"00-" TRACE "-" SPAN "-01-", "ff-" TRACE "-" SPAN "-01", "cc-" TRACE "-" SPAN "-01.x",
		"00-00000000000000000000000000000000-" SPAN "-01", "00-" TRACE "-0000000000000000-01",
		"00-0AF7651916CD43DD8448EB211C80319C-" SPAN "-01", "00_" TRACE "-" SPAN "-01" };
	struct trace_context c;

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_false(trace_context_parse(str_of(bad[i]), &c));
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(good_ones_are_read_and_written), cmocka_unit_test(others_are_none) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
