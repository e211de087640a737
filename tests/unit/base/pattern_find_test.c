/* pattern_find and pattern_replace: what Go's regexp (1.24) says of the same expressions, texts and templates. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/pattern.h"

static const struct row {
	const char *expression, *text;
	const char *groups;		/* "0-2 x 1-2": where each begins and ends; those at the end that have no part are left out */
	const char *template, *replaced;
} rows[] = {
	{ "^http://([^/]+)/(.*)$", "http://a.org/x/y", "0-16 7-12 13-16", "https://$1/$2", "https://a.org/x/y" },
	{ "^https?://www\\.(.+)", "https://www.a.org/x", "0-19 12-19", "https://${1}", "https://a.org/x" },
	{ "^/api/(?P<version>v\\d+)/(.*)", "/api/v12/x", "0-10 5-8 9-10", "/$version/$2", "/v12/x" },
	{ "a", "banana", "1-2", "<$0>", "b<a>n<a>n<a>" },
	{ "a*", "baac", "0-0", "-", "-b-c-" },
	{ "()", "ab", "0-0 0-0", ".", ".a.b." },
	{ "(a)|b", "ab", "0-1 0-1", "[$1]", "[a][]" },
	{ "(a|ab)(c|bcd)(d*)", "abcd", "0-4 0-1 1-4 4-4", "$1.$2.$3", "a.bcd." },
	{ "(a+?)(a*)", "aaa", "0-3 0-1 1-3", "$1,$2", "a,aa" },
	{ "(?U)(a+)(a*)", "aaa", "0-1 0-1 1-1", "$1,$2", "a,a,a," },
	{ "(|a)*", "aaa", "0-0 0-0", "x", "xaxaxax" },
	{ "(|a)+", "aaa", "0-0 0-0", "x", "xaxaxax" },
	{ "(a*)*", "b", "0-0 0-0", "x$1", "xbx" },
	{ "(a*)+", "aab", "0-2 0-2", "x$1", "xaabx" },
	{ "(?:(a)|b)*", "ab", "0-2 0-1", "$1", "a" },
	{ "(a|b)*", "ab", "0-2 1-2", "$1", "b" },
	{ "(a{2}){2,3}", "aaaaaaa", "0-6 4-6", "$1", "aaa" },
	{ "(?i)(X)", "axAX", "1-2 1-2", "$1$1", "axxAXX" },
	{ "\\bfoo\\b", "foo-foo x", "0-3", "bar", "bar-bar x" },
	{ "^", "abc", "0-0", ">", ">abc" },
	{ "$", "abc", "3-3", "<", "abc<" },
	{ "(?m)^", "a\nb", "0-0", ">", ">a\n>b" },
	{ "x", "abc", "", "y", "abc" },
	{ "(a)(b)?", "ac", "0-1 0-1", "$1$2.", "a.c" },
	{ "(a)", "a", "0-1 0-1", "$1x${1}x$$1$2$", "ax$1$" },
	{ "(?P<n>a)", "a", "0-1 0-1", "$n-${n}-$nn-${nn}-$n_", "a-a---" },
	{ "(a)", "a", "0-1 0-1", "$01$10${01}", "" },
	{ "(?P<x>a)(?P<y>b)", "ab", "0-2 0-1 1-2", "$y$x", "ba" },
	{ ".", "\xc3" "\xa4" "b", "0-2", "<$0>", "<\xc3" "\xa4" "><b>" },
	{ "([^/]+)$", "/a/bcd", "3-6 3-6", "$1$1", "/a/bcdbcd" },
	{ "^/(.*)/(.*)/(.*)$", "/a/b/c/d", "0-8 1-4 5-6 7-8", "$3-$2-$1", "d-c-a/b" },
	{ "\\B", "abc", "1-1", ".", "a.b.c" },
	{ "(?:)", "abc", "0-0", "-", "-a-b-c-" },
	{ "a|b|", "cab", "0-0", "_", "_c__" },
	{ "^(.{1,3}?)(.*)$", "abcd", "0-4 0-1 1-4", "$1|$2", "a|bcd" },
};

/* "0-2 x 1-2" */
static void
places(const struct str group[PATTERN_GROUPS], const char *text, char *out, size_t cap)
{
	unsigned n = PATTERN_GROUPS;
	size_t len = 0;

	out[0] = '\0';
	while (n > 0 && group[n - 1].p == NULL)
		n--;
	for (unsigned i = 0; i < n; i++)
		len += (size_t)(group[i].p == NULL ? snprintf(out + len, cap - len, "%sx", i > 0 ? " " : "") :
		    snprintf(out + len, cap - len, "%s%zu-%zu", i > 0 ? " " : "", (size_t)(group[i].p - text),
		        (size_t)(group[i].p - text) + group[i].len));
}

static void
it_finds_and_replaces_as_go_does(void **state)
{
	(void)state;
	for (const struct row *r = rows; r < rows + sizeof rows / sizeof *rows; r++) {
		struct str group[PATTERN_GROUPS];
		struct arena *a = arena_new();
		char problem[PATTERN_PROBLEM] = "", found[400];
		struct pattern_names names;
		const struct pattern *p = pattern_parse_groups(a, str_of(r->expression), &names, problem);
		struct buf out;

		if (p == NULL)
			fail_msg("%s: %s", r->expression, problem);
		assert_true(pattern_valid(p, pattern_bytes(p)));
		assert_int_equal(pattern_find(p, str_of(r->text), 0, group), *r->groups != '\0' ? PATTERN_FOUND : PATTERN_NONE);
		assert_int_equal(pattern_match(p, str_of(r->text)), *r->groups != '\0');
		places(group, r->text, found, sizeof found);
		if (strcmp(found, r->groups) != 0)
			fail_msg("%s on '%s': %s, expected %s", r->expression, r->text, found, r->groups);
		buf_init(&out, 1000);
		assert_true(pattern_replace(p, &names, str_of(r->text), str_of(r->template), &out));
		if (!str_eq(buf_str(&out), str_of(r->replaced)))
			fail_msg("%s on '%s': %.*s, expected %s", r->expression, r->text, STR_ARG(buf_str(&out)), r->replaced);
		buf_fini(&out);
		arena_free(&a);
	}
}

static void
a_search_begins_where_it_is_said(void **state)
{
	struct str group[PATTERN_GROUPS], text = STR("ab \xc3\xa4" "b");
	struct pattern_names names;
	char problem[PATTERN_PROBLEM];
	struct arena *a = arena_new();
	const struct pattern *b = pattern_parse_groups(a, STR("\\bb"), &names, problem),
	    *begin = pattern_parse_groups(a, STR("^b"), &names, problem);

	(void)state;
	assert_int_equal(pattern_find(b, text, 1, group), PATTERN_FOUND);	/* what is before it is no letter of ASCII */
	assert_ptr_equal(group[0].p, text.p + 5);
	assert_int_equal(pattern_find(begin, text, 1, group), PATTERN_NONE);
	arena_free(&a);
}

static void
what_go_refuses_is_refused(void **state)
{
	static const char *const refused[] = { "(?P<n>a)(?P<n>b)", "(?P<>a)", "(?P<a-b>a)", "a(?i)*", "(?P=n)", "(?P<n" };
	char many[PATTERN_MAX] = "", problem[PATTERN_PROBLEM];
	struct pattern_names names;
	struct arena *a = arena_new();

	(void)state;
	for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
		assert_null(pattern_parse_groups(a, str_of(refused[i]), &names, problem));
	for (unsigned i = 0; i < PATTERN_GROUPS; i++)
		strcat(many, "()");
	assert_null(pattern_parse_groups(a, str_of(many), &names, problem));
	assert_string_equal(problem, "more than 31 groups");
	assert_non_null(pattern_parse(a, str_of(many), problem));
	arena_free(&a);
}

static void
a_template_with_other_letters_is_not_valid(void **state)
{
	(void)state;
	assert_true(pattern_template_valid(STR("/\xc3\xa4/$1/${name}$")));
	assert_true(pattern_template_valid(STR("$$\xc3\xa4")));
	assert_false(pattern_template_valid(STR("$1\xc3\xa4")));
	assert_false(pattern_template_valid(STR("${\xc3\xa4}")));
}

/* Searches that look at all of the rest each time would take a time that is the square of the text's. */
static void
replacing_has_an_end(void **state)
{
	static char text[20000];
	struct pattern_names names;
	char problem[PATTERN_PROBLEM];
	struct arena *a = arena_new();
	const struct pattern *p = pattern_parse_groups(a, STR("a.*b|a"), &names, problem);
	struct buf out;

	(void)state;
	memset(text, 'a', sizeof text);
	buf_init(&out, 1 << 20);
	assert_false(pattern_replace(p, &names, (struct str){ text, sizeof text }, STR("x"), &out));
	buf_clear(&out);
	p = pattern_parse_groups(a, STR("a"), &names, problem);
	assert_true(pattern_replace(p, &names, (struct str){ text, sizeof text }, STR("x"), &out));
	assert_int_equal(out.len, sizeof text);
	buf_fini(&out);
	arena_free(&a);
}

static void
what_does_not_fit_is_said(void **state)
{
	struct pattern_names names;
	char problem[PATTERN_PROBLEM];
	struct arena *a = arena_new();
	const struct pattern *p = pattern_parse_groups(a, STR("(a)"), &names, problem);
	struct buf out;

	(void)state;
	buf_init(&out, 5);
	assert_false(pattern_replace(p, &names, STR("aaa"), STR("$1$1"), &out));
	buf_fini(&out);
	arena_free(&a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_finds_and_replaces_as_go_does),
		cmocka_unit_test(a_search_begins_where_it_is_said),
		cmocka_unit_test(what_go_refuses_is_refused),
		cmocka_unit_test(a_template_with_other_letters_is_not_valid),
		cmocka_unit_test(replacing_has_an_end),
		cmocka_unit_test(what_does_not_fit_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
