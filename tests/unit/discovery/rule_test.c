/* rule: which hosts and paths a rule of Traefik's comes down to, and what of it is not understood. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>

#include "base/buf.h"
#include "discovery/route.c"
#include "discovery/rule.c"

/* "host/path host/path", '*' for any host, '~' behind what is partial, then "!names" that are strange; or "? problem". */
static void
expect(const char *text, const char *wanted)
{
	struct arena *a = arena_new();
	char problem[120];
	struct rule rule;
	struct buf out;

	buf_init(&out, 1 << 16);
	if (!rule_parse(str_of(text), a, &rule, problem))
		buf_printf(&out, "? %s", problem);
	else {
		for (unsigned i = 0; i < rule.n; i++)
			buf_printf(&out, "%s%s%s%s", i > 0 ? " " : "", rule.term[i].host == NULL ? "*" : rule.term[i].host,
			    rule.term[i].path == NULL ? "" : rule.term[i].path, rule.term[i].partial ? "~" : "");
		if (rule.unsupported[0] != '\0')
			buf_printf(&out, " !%s", rule.unsupported);
	}
	buf_add(&out, "", 1);
	assert_string_equal(out.p, wanted);
	buf_fini(&out);
	arena_free(&a);
}

static void
hosts_and_prefixes(void **state)
{
	(void)state;
	expect("Host(`a.example.org`)", "a.example.org");
	expect("Host(`A.Example.ORG`)", "a.example.org");
	expect("Host(`a`,`b`)", "a b");
	expect("host(\"a\")", "a");
	expect("Host(`a.org.`)", "a.org");
	expect("PathPrefix(`/api`)", "*/api");
	expect("Host(`a`) && PathPrefix(`/x`)", "a/x");
	expect(" Host( `a` ,`b` )&&PathPrefix(`/x`,`/y`)  ", "a/x a/y b/x b/y");
}

/* As in Go: whoever writes /\u0061dmin means /admin. */
static void
a_backslash_between_double_quotes(void **state)
{
	(void)state;
	expect("PathPrefix(\"/\\u0061dmin\")", "*~ !\\ in a text");
	expect("Host(`a`) && PathPrefix(\"/\\x61dmin\")", "a~ !\\ in a text");
	expect("HostRegexp(\"^.+\\\\.a\\\\.org$\")", "*.a.org~ !HostRegexp");
	expect("Header(\"x\", \"a\\\"b\") && Host(`a`)", "a~ !Header");
	expect("Host(\"a\\\")", "? a text has no closing quote");
	expect("PathPrefix(`/a\\b`)", "*/a\\b");
}

static void
and_binds_closer_than_or(void **state)
{
	(void)state;
	expect("Host(`a`) || Host(`b`) && PathPrefix(`/x`)", "a b/x");
	expect("(Host(`a`) || Host(`b`)) && PathPrefix(`/x`)", "a/x b/x");
	expect("((Host(`a`)))", "a");
}

static void
what_cannot_be_is_left_out(void **state)
{
	(void)state;
	expect("Host(`a`) && Host(`b`)", "");
	expect("Host(`a`) && Host(`a`)", "a");
	expect("PathPrefix(`/x`) && PathPrefix(`/x/y`)", "*/x/y");
	expect("PathPrefix(`/x/y`) && PathPrefix(`/x`)", "*/x/y");
	expect("PathPrefix(`/x`) && PathPrefix(`/y`)", "");
}

/* What is marked may not be served, and holds what it might match. */
static void
what_is_not_understood_marks_its_companions(void **state)
{
	(void)state;
	expect("Host(`a`) && Headers(`X`, `y`)", "a~ !Headers");
	expect("Host(`a`) || HostRegexp(`.+`)", "a *~ !HostRegexp");
	expect("Host(`a`) && !PathPrefix(`/x`)", "a~ !!");
	expect("!Host(`a`) && PathPrefix(`/x`)", "*/x~ !!");
	expect("(Host(`a`) && ClientIP(`10.0.0.0/8`)) || (Host(`b`) && Method(`GET`))", "a~ b~ !ClientIP, Method");
	expect("PathPrefix(`/x/{name:[a-z]+}`)", "*/x/~ !PathPrefix with {}");
	expect("PathPrefix(`/a%20b`)", "*/a~ !PathPrefix with %");
	expect("Host(`a`) && Path(`/x`)", "a/x~ !Path");
	expect("Strange()", "*~ !Strange");
}

static void
wildcards_are_for_one_label(void **state)
{
	(void)state;
	expect("Host(`*.Example.org`)", "+.example.org");
	expect("Host(`*.b.org`) && Host(`a.b.org`)", "a.b.org");
	expect("Host(`*.b.org`) && Host(`x.a.b.org`)", "");
	expect("Host(`*.b.org`) && Host(`b.org`)", "");
	expect("Host(`*.b.org`) && Host(`*.a.b.org`)", "");
	expect("Host(`*`)", "? Host holds something that is not a host name");
	expect("Host(`a.*.org`)", "? Host holds something that is not a host name");
}

/* Never less than the expression matches; often more. */
static void
expressions_are_known_by_their_ends(void **state)
{
	static const struct { const char *regexp, *host; } hosts[] = { { "^.+\\.example\\.org$", "*.example.org" },
		{ "^(.+\\.)?example\\.org$", "example.org~ *.example.org" },
		{ "^[a-z]?example\\.org$", "*.org" }, { "^[a-z]+(x\\.)?b\\.org$", "*.org" },
		{ "(x\\.)?b\\.org$", "*.org" }, { "^(x.)?B.org$", "b.org~ *.b.org" }, { "{sub:[a-z]+}.Example.org", "*.example.org" }, { "{any:.*}", "*" },
		{ "^.+\\.example\\.org", "*" }, { "^.+.example.org$", "*.example.org" }, { "^a\\.org$", "a.org" }, { "^a\\.org|b$", "*" },
		{ "^[a-z]{2}.org", "*" }, { "^[a-z]{2}\\.x\\.org$", "*.x.org" }, { "", "*" }, { "$", "*" }, { "\\.org$", "*.org" },
		{ "\\p{Greek}.org", "*" }, { "\\d.org$", "*.org" }, { "\\.\\d$", "*" }, { "x\\.$", "*" } };
	static const struct { const char *regexp, *path; } paths[] = { { "^/api/v[0-9]+", "/api/v" }, { "/api", "" }, { "^/ap?i", "/a" },
		{ "^/api$", "/api" }, { "^/api|/x", "" }, { "^/?x", "" }, { "^/a.b", "/a" }, { "(?i)^/api", "" }, { "^/*", "" } };
	char rule[200], wanted[200];

	(void)state;
	for (unsigned i = 0; i < sizeof hosts / sizeof *hosts; i++) {
		snprintf(rule, sizeof rule, "HostRegexp(`%s`)", hosts[i].regexp);
		snprintf(wanted, sizeof wanted, "%s~ !HostRegexp", hosts[i].host);
		expect(rule, wanted);
	}
	for (unsigned i = 0; i < sizeof paths / sizeof *paths; i++) {
		snprintf(rule, sizeof rule, "PathRegexp(`%s`)", paths[i].regexp);
		snprintf(wanted, sizeof wanted, "*%s~ !PathRegexp", paths[i].path);
		expect(rule, wanted);
	}
}

static void
hosts_and_paths_hold_each_other(void **state)
{
	static const char *const holds[][2] = { { NULL, "a.org" }, { NULL, "*.org" }, { NULL, NULL }, { "*.org", "a.org" },
		{ "*.org", "a.b.org" }, { "*.org", "+.org" }, { "*.org", "*.org" }, { "*.org", "+.b.org" }, { "*.org", "*.b.org" },
		{ "+.org", "a.org" }, { "+.org", "+.org" }, { "a.org", "a.org" } };
	static const char *const not[][2] = { { "a.org", NULL }, { "*.org", NULL }, { "*.org", "org" }, { "*.org", "borg" },
		{ "+.org", "a.b.org" }, { "+.org", "*.org" }, { "+.org", "+.b.org" }, { "+.org", "*.b.org" }, { "a.org", "b.org" },
		{ "a.org", "*.org" }, { "*.b.org", "*.org" } };

	(void)state;
	for (unsigned i = 0; i < sizeof holds / sizeof *holds; i++)
		if (!route_host_covers(holds[i][0], holds[i][1]))
			fail_msg("%s does not hold %s", holds[i][0], holds[i][1]);
	for (unsigned i = 0; i < sizeof not / sizeof *not; i++)
		if (route_host_covers(not[i][0], not[i][1]))
			fail_msg("%s holds %s", not[i][0], not[i][1]);
	assert_true(route_path_covers("/ad", "/admin") && route_path_covers(NULL, "/") && !route_path_covers("/a", "/"));
}

static void
what_is_no_rule_is_refused_in_words(void **state)
{
	(void)state;
	expect("", "? expected a name such as Host or PathPrefix");
	expect("Host", "? expected '(' after a name");
	expect("Host(a)", "? expected a text between backquotes");
	expect("Host(`a", "? a text has no closing quote");
	expect("Host(`a`", "? expected ')' or ','");
	expect("Host(`a`) Host(`b`)", "? expected && or || or the end");
	expect("Host(`a`) &&", "? expected a name such as Host or PathPrefix");
	expect("(Host(`a`)", "? expected ')'");
	expect("Host(`a b`)", "? Host holds something that is not a host name");
	expect("PathPrefix(`x`)", "? a path does not begin with '/', or holds what no path does");
}

static void
large_ones_end_in_words_too(void **state)
{
	char deep[64], *long_one = calloc(1, 9000), wide[] = "(Host(`a`,`b`,`c`,`d`,`e`,`f`,`g`,`h`,`i`) && PathPrefix(`/a`,`/b`,`/c`,`/d`,`/e`,`/f`,`/g`,`/h`))";

	(void)state;
	memset(deep, '(', 40);
	deep[40] = '\0';
	expect(deep, "? more than 16 parentheses deep");
	memset(long_one, '!', 8999);
	expect(long_one, "? longer than 4096 bytes");
	expect(wide, "? more than 64 alternatives");
	free(long_one);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hosts_and_prefixes),
		cmocka_unit_test(a_backslash_between_double_quotes),
		cmocka_unit_test(and_binds_closer_than_or),
		cmocka_unit_test(what_cannot_be_is_left_out),
		cmocka_unit_test(what_is_not_understood_marks_its_companions),
		cmocka_unit_test(wildcards_are_for_one_label),
		cmocka_unit_test(expressions_are_known_by_their_ends),
		cmocka_unit_test(hosts_and_paths_hold_each_other),
		cmocka_unit_test(what_is_no_rule_is_refused_in_words),
		cmocka_unit_test(large_ones_end_in_words_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
