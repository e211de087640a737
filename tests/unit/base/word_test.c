#include "base/word.c"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const char *const verbs[] = { "run", "agent", "check", "services", NULL };
static const char *const one[] = { "only", NULL };

static void
words_are_known_exactly(void **state)
{
	(void)state;
	assert_int_equal(word_place(STR("agent"), verbs), 1);
	assert_int_equal(word_place(STR("Agent"), verbs), -1);
	assert_int_equal(word_place(STR("agen"), verbs), -1);
	assert_int_equal(word_place(STR(""), verbs), -1);
}

static void
slips_are_recognised(void **state)
{
	char huge[300];

	(void)state;
	assert_string_equal(word_near(STR("serivces"), verbs), "services");
	assert_string_equal(word_near(STR("chek"), verbs), "check");
	assert_string_equal(word_near(STR("ran"), verbs), "run");
	assert_null(word_near(STR("version"), verbs));
	assert_null(word_near(STR(""), verbs));
	memset(huge, 'a', sizeof huge);
	assert_null(word_near((struct str){ huge, sizeof huge }, verbs));
}

static void
lists_read_as_people_write_them(void **state)
{
	char text[64];

	(void)state;
	assert_string_equal(word_all(verbs, text, sizeof text), "run, agent, check or services");
	assert_string_equal(word_all(one, text, sizeof text), "only");
	assert_string_equal(word_all(verbs, text, 8), "run, ag");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_are_known_exactly),
		cmocka_unit_test(slips_are_recognised),
		cmocka_unit_test(lists_read_as_people_write_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
