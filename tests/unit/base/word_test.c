#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "base/word.c"

static const char *const words[] = { "listen", "workers", "user", "idle", "idle_max", NULL };

static void
test_place(void **state)
{
	(void)state;
	assert_int_equal(word_place(STR("user"), words), 2);
	assert_int_equal(word_place(STR("idle"), words), 3);
	assert_int_equal(word_place(STR("use"), words), -1);
	assert_int_equal(word_place(STR(""), words), -1);
}

static void
test_near(void **state)
{
	static const struct {
		const char	*typed, *meant;
	} cases[] = { { "lisen", "listen" }, { "Listen", "listen" }, { "worker", "workers" }, { "idel", "idle" }, { "idlemax", "idle_max" },
		{ "usr", "user" }, { "frobnicate", NULL }, { "x", NULL }, { "", NULL } };

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const char *near = word_near(str_of(cases[i].typed), words);
		assert_string_equal(near == NULL ? "-" : near, cases[i].meant == NULL ? "-" : cases[i].meant);
	}
}

static void
test_long_words_are_far(void **state)
{
	char word[500];

	(void)state;
	memset(word, 'a', sizeof word);
	assert_null(word_near((struct str){ word, sizeof word }, words));
}

static void
test_all(void **state)
{
	static const char *const one[] = { "a", NULL }, *const none[] = { NULL };
	char out[64], small[10];

	(void)state;
	assert_string_equal(word_all(words, out, sizeof out), "listen, workers, user, idle or idle_max");
	assert_string_equal(word_all(words, small, sizeof small), "listen, w");
	assert_string_equal(word_all(one, out, sizeof out), "a");
	assert_string_equal(word_all(none, out, sizeof out), "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_place),
		cmocka_unit_test(test_near),
		cmocka_unit_test(test_long_words_are_far),
		cmocka_unit_test(test_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
