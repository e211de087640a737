/* rule: which hosts and paths a rule of Traefik's comes down to, and what of it is not understood. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>

#include "base/buf.h"
#include "discovery/rule.c"

/* "host/path host/path", '*' for any host, then "!names" that are strange; or "? problem". */
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
			buf_printf(&out, "%s%s%s", i > 0 ? " " : "", rule.term[i].host == NULL ? "*" : rule.term[i].host,
			    rule.term[i].path == NULL ? "" : rule.term[i].path);
		if (rule.strange[0] != '\0')
			buf_printf(&out, " !%s", rule.strange);
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
	expect("PathPrefix(`/api`)", "*/api");
	expect("Host(`a`) && PathPrefix(`/x`)", "a/x");
	expect(" Host( `a` ,`b` )&&PathPrefix(`/x`,`/y`)  ", "a/x a/y b/x b/y");
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

/* A service is never open to more than its rule says. */
static void
what_is_not_understood_takes_its_companions_along(void **state)
{
	(void)state;
	expect("Host(`a`) && Headers(`X`, `y`)", " !Headers");
	expect("Host(`a`) || HostRegexp(`.+`)", "a !HostRegexp");
	expect("Host(`a`) && !PathPrefix(`/x`)", " !!");
	expect("(Host(`a`) && ClientIP(`10.0.0.0/8`)) || (Host(`b`) && Method(`GET`))", " !ClientIP, Method");
	expect("PathPrefix(`/{name:[a-z]+}`)", " !PathPrefix with {}");
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
	expect("PathPrefix(`x`)", "? PathPrefix holds something that is not a path");
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
		cmocka_unit_test(and_binds_closer_than_or),
		cmocka_unit_test(what_cannot_be_is_left_out),
		cmocka_unit_test(what_is_not_understood_takes_its_companions_along),
		cmocka_unit_test(what_is_no_rule_is_refused_in_words),
		cmocka_unit_test(large_ones_end_in_words_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
