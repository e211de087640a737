/* pattern: what RE2 says of the same expressions; what is not understood; and time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/pattern.c"

#include <string.h>

static bool
matches(const char *expression, const char *text)
{
	struct arena *a = arena_new();
	char problem[PATTERN_PROBLEM] = "";
	const struct pattern *p = pattern_parse(a, str_of(expression), problem);
	bool matched;

	if (p == NULL)
		fail_msg("%s: %s", expression, problem);
	matched = pattern_match(p, str_of(text));
	arena_free(&a);
	return matched;
}

static void
it_matches_as_re2_does(void **state)
{
	static const struct { const char *expression, *text; bool matched; } rows[] = {
		{ "", "", true }, { "", "x", true }, { "b", "abc", true }, { "^b", "abc", false }, { "^abc$", "abc", true },
		{ "a*", "", true }, { "a+", "", false }, { "^a?$", "aa", false }, { "^(ab|cd)+$", "abcdab", true },
		{ "^(ab|cd)+$", "abc", false }, { "^[a-c]{2,3}$", "abca", false }, { "^[a-c]{2,3}$", "ab", true },
		{ "^[^a-c]+$", "xyz", true }, { "^[^a-c]+$", "xbz", false }, { "^a{3}$", "aaa", true }, { "^a{2,}$", "a", false },
		{ "^\\d+\\.\\w\\s$", "12.x ", true }, { "\\D", "123", false }, { "(?i)^traefik-PUBLIC$", "Traefik-Public", true },
		{ "^(?i:a)b$", "Ab", true }, { "^(?i:a)b$", "AB", false }, { "^.$", "\n", false }, { "(?s)^.$", "\n", true },
		{ "^.$", "\xc3\xa4", true }, { "^\xc3\xa4$", "\xc3\xa4", true }, { "\\bprod\\b", "a prod b", true },
		{ "\\bprod\\b", "aprod", false }, { "prod|staging", "my-staging", true }, { "^(prod|)$", "", true },
		{ "a|b|", "zzz", true }, { "^[]a]+$", "a]", true }, { "^[a-]+$", "-a-", true }, { "^\\[x\\]$", "[x]", true },
		{ "^(?P<env>dev|prod)-.*$", "prod-eu", true }, { "^.*?x$", "abx", true }, { "^(a|b)*c$", "ababc", true },
		{ "x$", "xy", false }, { "^(((a)))$", "a", true }, { "^[\\d-]+$", "1-2", true }, { "^(a*)*$", "aaaa", true },
		{ "^(a*)*$", "ab", false }, { "\\Aabc\\z", "abc", true },
		{ "^[[:alpha:]]+$", "aZ", true }, { "^[[:alpha:]]+$", "a1", false }, { "^[[:^digit:]x]+$", "ax", true }, { "^[[:^digit:]]+$", "a1", false },
		{ "^\\x41\\x{42}$", "AB", true }, { "(?m)^b$", "a\nb\nc", true },
		{ "^b$", "a\nb\nc", false }, { "(?U)^a+$", "aa", true }, { "^{a:b}$", "{a:b}", true }, { "^a{x}$", "a{x}", true }, { "^x{,2}$", "x{,2}", true },
		{ "(?i)^k$", "\xe2\x84\xaa", true }, { "^k$", "\xe2\x84\xaa", false }, { "(?m)a$", "a\n", true }, { "a$", "a\n", false }, { "^(?i)a$", "A", true },
		{ "(?i)^[^k]$", "\xe2\x84\xaa", false }, { "a|^b", "xb", false }, { "^a|b", "xb", true }, { "^(a|^)b", "b", true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (matches(rows[i].expression, rows[i].text) != rows[i].matched)
			fail_msg("%s on '%s'", rows[i].expression, rows[i].text);
}

static void
what_is_not_understood_is_refused(void **state)
{
	static const char *const rows[] = { "(", ")", "a)", "[a", "*a", "a**", "a{1001}", "a{3,2}", "(?=a)", "(?<!a)", "\\1", "\\pL",
		"[[:alpha]]", "[[:letters:]]", "\\xg1", "\\x{110000}", "a*{2}", "\\Qa\\E", "a{2}{3}", "\\", "(?x)a", "[z-a]", "(?i)\xc3\xa4", "((((((((((((((((((((((((((((((((((a))))))))))))))))))))))))))))))))))",
		"((a{100}){100}){100}", "((){1000}){1000}" };
	struct arena *a = arena_new();
	char problem[PATTERN_PROBLEM];

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		problem[0] = '\0';
		if (pattern_parse(a, str_of(rows[i]), problem) != NULL)
			fail_msg("%s was taken", rows[i]);
		assert_string_not_equal(problem, "");
	}
	arena_free(&a);
}

/* Whatever one word of it becomes, it is refused, or no match steps outside: for the sanitizers. */
static void
foreign_bytes_are_checked(void **state)
{
	static const uint32_t values[] = { 0, 1, 5, 9, 10, 4001, 0x7fffffff, 0x80000001, UINT32_MAX };
	struct arena *a = arena_new();
	char problem[PATTERN_PROBLEM];
	const struct pattern *p = pattern_parse(a, STR("^(a|[b-d]+x)*\\bfoo$"), problem);
	size_t len = pattern_bytes(p);
	uint32_t *copy = malloc(len);
	unsigned refused = 0;

	(void)state;
	assert_true(pattern_valid(p, len));
	assert_false(pattern_valid(p, len - 4) || pattern_valid(p, 4) || pattern_valid(p, 0));
	for (size_t i = 0; i < len / 4; i++)
		for (size_t v = 0; v < sizeof values / sizeof *values; v++) {
			memcpy(copy, p, len);
			copy[i] = values[v];
			if (pattern_valid(copy, len))
				pattern_match((const struct pattern *)copy, STR("abcx foo"));
			else
				refused++;
		}
	assert_true(refused > 50);
	free(copy);
	arena_free(&a);
}

/* For an engine that goes back, this is a matter of centuries. */
static void
nobody_can_make_it_slow(void **state)
{
	char text[2001];

	(void)state;
	memset(text, 'a', sizeof text - 1);
	text[sizeof text - 1] = '\0';
	assert_false(matches("^(a*)*b$", text));
	assert_false(matches("^(a|aa)+$b", text));
	assert_false(matches("a{0,30}a{0,30}a{0,30}b", text));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_matches_as_re2_does),
		cmocka_unit_test(what_is_not_understood_is_refused),
		cmocka_unit_test(foreign_bytes_are_checked),
		cmocka_unit_test(nobody_can_make_it_slow),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
