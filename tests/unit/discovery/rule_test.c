/* rule: which hosts and paths a rule of Traefik's comes down to, and what of it is not understood. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/rng.h"
#include "discovery/route.c"
#include "discovery/rule.c"
#include "discovery/rule_leaf.c"
#include "discovery/rule_regexp.c"
#include "discovery/rule_terms.c"

/* "host/path host/path", '*' for any host, '$' behind a whole path, '~' behind what has a condition, then "!names" that are not
 * understood; or "? problem". */
static void
expect_in(enum rule_syntax syntax, const char *text, const char *wanted)
{
	struct arena *a = arena_new();
	char problem[RULE_PROBLEM];
	struct rule rule;
	struct buf out;
	bool partial = false;

	buf_init(&out, 1 << 16);
	if (!rule_parse(str_of(text), syntax, a, &rule, problem))
		buf_printf(&out, "? %s", problem);
	else {
		for (unsigned i = 0; i < rule.n; i++) {
			buf_printf(&out, "%s%s%s%s%s", i > 0 ? " " : "", rule.term[i].host == NULL ? "*" : rule.term[i].host,
			    rule.term[i].path == NULL ? "" : rule.term[i].path, rule.term[i].whole ? "$" : "", rule.term[i].partial ? "~" : "");
			partial |= rule.term[i].partial;
		}
		if (rule.unsupported[0] != '\0')
			buf_printf(&out, " !%s", rule.unsupported);
		assert_int_equal(partial, rule.condition != NULL);
	}
	buf_add(&out, "", 1);
	if (strcmp(out.p, wanted) != 0)
		fail_msg("%s: %s; expected %s", text, out.p, wanted);
	buf_fini(&out);
	arena_free(&a);
}

static void
expect(const char *text, const char *wanted)
{
	expect_in(RULE_ANY, text, wanted);
}

static void
hosts_and_paths(void **state)
{
	(void)state;
	expect("Host(`a.example.org`)", "a.example.org");
	expect("Host(`A.Example.ORG`)", "a.example.org");
	expect("host(\"a\")", "a");
	expect("HOST(`a`) || Host(`b`)", "a b");
	expect("Host(`a.org.`)", "a.org");
	expect("Host(`*`)", "*");
	expect("!Host(`*`)", "");
	expect("!!Host(`*`)", "*");
	expect("Host(`a`) || Host(`a`) && Method(`GET`)", "a");
	expect("PathPrefix(`/api`)", "*/api");
	expect("Pathprefix(`/api`)", "*/api");
	expect("Path(`/api`)", "*/api$");
	expect("Host(`a`) && PathPrefix(`/x`)", "a/x");
	expect(" Host( `a` )&&PathPrefix(`/x`)  ", "a/x");
	expect("PathPrefix(`/a%20b`)", "*/a%20b");
	expect("PathPrefix(`/a\\b`)", "*/a\\b");
}

/* Of Traefik 3, and of no other. */
static void
names_are_spelled_in_four_ways(void **state)
{
	(void)state;
	expect("hOST(`a`)", "*~ !hOST");
	expect("pathPrefix(`/a`)", "*~ !pathPrefix");
	expect("PATHPREFIX(`/a`)", "*/a");
	expect("HostHeader(`a`)", "a");
	expect_in(RULE_V3, "HostHeader(`a`)", "*~ !HostHeader");
}

static void
what_only_traefik_2_has_is_read_where_it_is_clear(void **state)
{
	(void)state;
	expect("Host(`a`,`b`)", "a b");
	expect_in(RULE_V3, "Host(`a`,`b`)", "*~ !Host with 2 texts");
	expect("Host(`a` ,`b` )&&PathPrefix(`/x`,`/y`)", "a/x a/y b/x b/y");
	expect("Method(`GET`, `POST`) && Host(`a`)", "a~");
	expect("Headers(`X`, `y`) && Host(`a`)", "a~");
	expect_in(RULE_V3, "Headers(`X`, `y`) && Host(`a`)", "a~ !Headers");
	expect("HostRegexp(`{sub:[a-z]+}.Example.org`)", "*.example.org~");
	expect_in(RULE_V3, "HostRegexp(`{sub:[a-z]+}.example.org`)", "*~");
	expect_in(RULE_V2, "HostRegexp(`{sub}.example.org`)", "*.example.org~");
	expect_in(RULE_V2, "HostRegexp(`a.org`)", "a.org~");
	expect("PathPrefix(`/x/{name:[a-z]+}`)", "*/x/~ !PathPrefix with {}");
	expect_in(RULE_V3, "PathPrefix(`/x/{name:[a-z]+}`)", "*/x/{name:[a-z]+}");
	expect_in(RULE_V2, "PathPrefix(`/x/{name:[a-z]+}`)", "*~");
	expect("Query(`a=b`)", "*~ !Query of Traefik 2");
	expect_in(RULE_V3, "Query(`a=b`)", "*~");
	expect_in(RULE_V2, "Query(`a=b`)", "*~ !Query of Traefik 2");
}

/* As in Go: whoever writes /\u0061dmin means /admin. */
static void
a_backslash_between_double_quotes(void **state)
{
	(void)state;
	expect("PathPrefix(\"/\\u0061dmin\")", "*/admin");
	expect("Host(`a`) && PathPrefix(\"/\\x61\\144min\\U00000061\")", "a/admina");
	expect("HostRegexp(\"^.+\\\\.a\\\\.org$\")", "*.a.org~");
	expect("Header(\"x\", \"a\\\"b\") && Host(`a`)", "a~");
	expect("Host(\"a\\\")", "? a text has no closing quote");
	expect("PathPrefix(\"/\\q\")", "? a text between double quotes has a backslash that Go does not know");
	expect("PathPrefix(\"/\\u00\")", "? a text between double quotes has a backslash that Go does not know");
	expect("PathPrefix(\"/admin\\x00\")", "? a text has a byte that is 0");
	expect("Path(\"/\\000b\")", "? a text has a byte that is 0");
	expect("PathPrefix(\"/\\ud800\")", "? a text between double quotes has a backslash that Go does not know");
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
	expect("Path(`/x/y`) && PathPrefix(`/x`)", "*/x/y$");
	expect("PathPrefix(`/x`) && Path(`/x`)", "*/x$");
	expect("PathPrefix(`/x/y`) && Path(`/x`)", "");
	expect("Path(`/x`) && Path(`/y`)", "");
	expect("Path(`/x`) && Path(`/x`)", "*/x$");
}

static void
what_is_no_host_and_no_path_is_a_condition(void **state)
{
	(void)state;
	expect("Host(`a`) && Header(`X`, `y`)", "a~");
	expect("Host(`a`) || HostRegexp(`.+`)", "a *~");
	expect("Host(`a`) && !PathPrefix(`/x`)", "a~");
	expect("!Host(`a`) && PathPrefix(`/x`)", "*/x~");
	expect("!(Host(`a`) || PathPrefix(`/x`))", "*~");
	expect("!(!Host(`a`) || PathPrefix(`/x`))", "*~");
	expect("(Host(`a`) && ClientIP(`10.0.0.0/8`)) || (Host(`b`) && Method(`GET`))", "a~ b~");
	expect("Strange()", "*~ !Strange");
	expect("Host(`a`) && Strange(`x`)", "a~ !Strange");
	expect("Host(`a`) && !Strange(`x`)", "a~ !Strange");
	expect("Host(`a`) && Method()", "a~ !Method");
	expect("Host(`a`) && Header(`x`)", "a~ !Header with 1 texts");
	expect("Host(`a`) && PathRegexp(`^/x\\pL`)", "a/x~ !PathRegexp (the escape \\p)");
	expect("Query(`a`) && Query(`b`, `c`) && QueryRegexp(`d`) && QueryRegexp(`e`, `^f`)", "*~");
	expect("ClientIP(`10.0.0.1`) || ClientIP(`::1`) || ClientIP(`fd00::/8`) || ClientIP(`10.1.2.3/8`)", "*~");
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
	expect("Host(`a.*.org`)", "? Host holds something that is not a host name");
}

/* Never less than the expression matches; often more. */
static void
expressions_are_known_by_their_ends(void **state)
{
	static const struct { const char *regexp, *host; } hosts[] = { { "^.+\\.example\\.org$", "*.example.org~" },
		{ "^(.+\\.)?example\\.org$", "example.org~ *.example.org~" }, { "^(www.)?example\\.org$", "*.org~" },
		{ "^[a-z]?example\\.org$", "*.org~" }, { "^[a-z]+(x\\.)?b\\.org$", "*.org~" },
		{ "(x\\.)?b\\.org$", "*.org~" }, { "^(x\\.)?b.org$", "*~" }, { "^(x\\.)?B\\.org$", "*.org~" }, { "{any:.*}", "*~" },
		{ "^.+\\.example\\.org", "*~" }, { "^.+.example.org$", "*~" }, { "^a\\.org$", "a.org~" }, { "^a\\.org|b$", "*~" },
		{ "^[a-z]{2}.org", "*~" }, { "^[a-z]{2}\\.x\\.org$", "*.x.org~" }, { "$", "*~" }, { "\\.org$", "*.org~" },
		{ "\\d\\.org$", "*.org~" }, { "\\.\\d$", "*~" }, { "x\\.$", "*~" }, { "(?i)^A\\.org$", "*~" }, { "(?:a)\\.org$", "*.org~" },
		{ "^(a(?i))b\\.org$", "*~" }, { "a\\$", "*~" }, { "x\\\\.org$", "*~" }, { "x\\-a\\.org$", "*.org~" }, { "^(x.\\.)?b\\.org$", "b.org~ *.b.org~" } };
	static const struct { const char *regexp, *path; } paths[] = { { "^/api/v[0-9]+", "/api/v~" }, { "/api", "~" }, { "^/ap?i", "/a~" },
		{ "^/api$", "/api~" }, { "^/api|/x", "~" }, { "^/?x", "~" }, { "^/a.b", "/a~" }, { "(?i)^/api", "~" }, { "^/*", "~" }, { "^/ab{0}", "/a~" },
		{ "^/a\\.b", "/a~" }, { "^/ab+", "/ab~" } };
	char rule[200], wanted[200];

	(void)state;
	for (unsigned i = 0; i < sizeof hosts / sizeof *hosts; i++) {
		snprintf(rule, sizeof rule, "HostRegexp(`%s`)", hosts[i].regexp);
		expect(rule, hosts[i].host);
	}
	for (unsigned i = 0; i < sizeof paths / sizeof *paths; i++) {
		snprintf(rule, sizeof rule, "PathRegexp(`%s`)", paths[i].regexp);
		snprintf(wanted, sizeof wanted, "*%s", paths[i].path);
		expect(rule, wanted);
	}
}

/* A request that a rule matches has a host and a path of its terms, and its condition holds; for all that a few hosts, paths and
 * methods can be. */
static bool
term_fits(const struct rule_term *t, const char *host, const char *path)
{
	const char *dot = strchr(host, '.');
	bool fits = t->host == NULL || strcmp(t->host, host) == 0 || (t->host[0] == '+' && dot != NULL && strcmp(dot, t->host + 1) == 0) ||
	    (t->host[0] == '*' && strlen(host) > strlen(t->host + 1) && str_ends(str_of(host), str_of(t->host + 1)));

	return fits && (t->path == NULL || (t->whole ? strcmp(path, t->path) == 0 : strncmp(path, t->path, strlen(t->path)) == 0));
}

static bool
rule_matches(const struct rule *r, const char *host, const char *path, const char *method)
{
	const struct request_view v = { .host = str_of(host), .path = str_of(path), .method = str_of(method) };

	for (unsigned i = 0; i < r->n; i++)
		if (term_fits(&r->term[i], host, path) && (!r->term[i].partial || condition_holds(r->condition, &v, v.host, v.path)))
			return true;
	return false;
}

struct made { char text[4096]; bool matches[5][5][2]; };
static const char *const made_hosts[] = { "a.org", "b.a.org", "c.b.a.org", "ba.org", "xorg" };
static const char *const made_paths[] = { "/", "/x", "/x/", "/x/y", "/xy" };
static const char *const made_methods[] = { "GET", "POST" };

static void
make_rule(struct rng *g, unsigned depth, struct made *out)
{
	static const struct { const char *text; int kind; const char *of; } leaves[] = {
		{ "Host(`a.org`)", 0, "a.org" }, { "Host(`*.a.org`)", 1, ".a.org" }, { "PathPrefix(`/x`)", 2, "/x" }, { "Path(`/x/`)", 3, "/x/" },
		{ "Method(`POST`)", 4, "POST" }, { "HostRegexp(`^.+\\.a\\.org$`)", 5, ".a.org" }, { "HostRegexp(`a\\.org$`)", 6, "a.org" },
		{ "HostRegexp(`^(.+\\.)?a\\.org$`)", 7, "a.org" }, { "PathRegexp(`^/x.`)", 8, "/x" }, { "HostRegexp(`.org$`)", 6, "org" } };
	struct made *left, *right;
	unsigned op = rng_below(g, 5);

	if (depth == 0 || op == 0) {
		unsigned k = rng_below(g, sizeof leaves / sizeof *leaves);
		const char *of = leaves[k].of;
		strcpy(out->text, leaves[k].text);
		for (int h = 0; h < 5; h++)
			for (int p = 0; p < 5; p++)
				for (int m = 0; m < 2; m++) {
					const char *host = made_hosts[h], *path = made_paths[p], *dot = strchr(host, '.');
					bool ends = str_ends(str_of(host), str_of(of));
					bool is[] = { strcmp(host, of) == 0, dot != NULL && strcmp(dot, of) == 0, strncmp(path, of, strlen(of)) == 0,
						strcmp(path, of) == 0, strcmp(made_methods[m], of) == 0, ends && strlen(host) > strlen(of), ends,
						ends && (strlen(host) == strlen(of) || host[strlen(host) - strlen(of) - 1] == '.'),
						strncmp(path, of, strlen(of)) == 0 && strlen(path) > strlen(of) };
					out->matches[h][p][m] = is[leaves[k].kind];
				}
		return;
	}
	left = calloc(1, sizeof *left);
	right = calloc(1, sizeof *right);
	make_rule(g, depth - 1, left);
	make_rule(g, depth - 1, right);
	if (op == 1)
		sprintf(out->text, "!(%.1500s)", left->text);
	else
		sprintf(out->text, "(%.1500s) %s (%.1500s)", left->text, op < 4 ? "&&" : "||", right->text);
	for (int h = 0; h < 5; h++)
		for (int p = 0; p < 5; p++)
			for (int m = 0; m < 2; m++) {
				bool a = left->matches[h][p][m], b = right->matches[h][p][m];
				out->matches[h][p][m] = op == 1 ? !a : op < 4 ? a && b : a || b;
			}
	free(left);
	free(right);
}

static void
terms_and_condition_say_what_the_rule_says(void **state)
{
	struct made *made = calloc(1, sizeof *made);
	struct rng g;

	(void)state;
	rng_seed(&g, 3);
	for (int round = 0; round < 3000; round++) {
		struct arena *a = arena_new();
		char problem[RULE_PROBLEM];
		struct rule rule;
		make_rule(&g, 4, made);
		if (!rule_parse(str_of(made->text), RULE_V3, a, &rule, problem))
			fail_msg("%s: %s", made->text, problem);
		for (int h = 0; h < 5; h++)
			for (int p = 0; p < 5; p++)
				for (int m = 0; m < 2; m++)
					if (rule_matches(&rule, made_hosts[h], made_paths[p], made_methods[m]) != made->matches[h][p][m])
						fail_msg("%s: %s%s %s", made->text, made_hosts[h], made_paths[p], made_methods[m]);
		arena_free(&a);
	}
	free(made);
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
	expect("Host(``)", "? a text is empty");
	expect("Host(`a`) & Host(`b`)", "? expected && or || or the end");
	expect("Host(`a`)\n", "a");
	expect("Host(`a`) ||\n Host(`b`)", "a b");
	expect("Host(`a`)\n|| Host(`b`)", "? a line ends before && or ||; expected these at its end, as in Traefik");
	expect("Host(`a`\n)", "? a line ends before && or ||; expected these at its end, as in Traefik");
	expect("Host(`a b`)", "? Host holds something that is not a host name");
	expect("ClientIP(`10.0.0`)", "? ClientIP holds something that is no address and no network");
	expect("ClientIP(`10.0.0.0/33`)", "? ClientIP holds something that is no address and no network");
	expect("PathPrefix(`x`)", "? a path does not begin with '/'");
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
	expect(wide, "*~");		/* found by any host and path */
	free(long_one);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hosts_and_paths),
		cmocka_unit_test(names_are_spelled_in_four_ways),
		cmocka_unit_test(what_only_traefik_2_has_is_read_where_it_is_clear),
		cmocka_unit_test(a_backslash_between_double_quotes),
		cmocka_unit_test(and_binds_closer_than_or),
		cmocka_unit_test(what_cannot_be_is_left_out),
		cmocka_unit_test(what_is_no_host_and_no_path_is_a_condition),
		cmocka_unit_test(wildcards_are_for_one_label),
		cmocka_unit_test(expressions_are_known_by_their_ends),
		cmocka_unit_test(terms_and_condition_say_what_the_rule_says),
		cmocka_unit_test(hosts_and_paths_hold_each_other),
		cmocka_unit_test(what_is_no_rule_is_refused_in_words),
		cmocka_unit_test(large_ones_end_in_words_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
