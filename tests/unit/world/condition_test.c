/* condition: what each matcher means, how they are put together, and that foreign bytes lead nowhere. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>

#include "base/rng.h"
#include "world/condition.c"

static struct arena *arena;

static int
setup(void **state)
{
	(void)state;
	arena = arena_new();
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	arena_free(&arena);
	return 0;
}

static struct condition_node *
node(int kind, const struct condition_node *left, const struct condition_node *right)
{
	struct condition_node *n = arena_zalloc(arena, sizeof *n);

	n->kind = kind;
	n->left = left;
	n->right = right;
	return n;
}

static struct condition_node *
test(enum matcher matcher, const char *name, const char *value)
{
	struct condition_node *n = node(CONDITION_TEST, NULL, NULL);
	char problem[PATTERN_PROBLEM];

	n->matcher = matcher;
	n->name = str_of(name);
	n->value = str_of(value);
	if (takes_pattern(matcher)) {
		const struct pattern *p = pattern_parse(arena, str_of(value), problem);
		assert_non_null(p);
		n->value = (struct str){ (const char *)p, pattern_bytes(p) };
	}
	return n;
}

static const struct { const char *name, *value; } fields[] = { { "Accept", "text/html" }, { "X-Kind", "a" }, { "x-kind", "b" }, { "Empty", "" } };

static bool
field(const void *arg, struct str name, unsigned nth, struct str *value)
{
	(void)arg;
	for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
		if (str_eq_nocase(name, str_of(fields[i].name)) && nth-- == 0) {
			*value = str_of(fields[i].value);
			return true;
		}
	return false;
}

static bool
holds(const struct condition_node *n, const char *host, const char *path, const char *query)
{
	static const uint8_t client[16] = { [10] = 0xff, [11] = 0xff, [12] = 10, [13] = 1, [14] = 2, [15] = 3 };
	const struct request_view r = { .host = str_of(host), .path = str_of(path), .method = STR("POST"), .query = str_of(query),
	    .client = client, .field = field };
	const struct condition *c = condition_make(arena, n);

	assert_non_null(c);
	assert_true(condition_valid(c, condition_bytes(c)));
	return condition_holds(c, &r, r.host, r.path);
}

static bool
one(enum matcher matcher, const char *name, const char *value, const char *host, const char *path, const char *query)
{
	bool is = holds(test(matcher, name, value), host, path, query);
	struct condition_node *not = test(matcher, name, value);

	not->not = true;
	assert_true(holds(not, host, path, query) != is);
	return is;
}

static void
hosts(void **state)
{
	(void)state;
	assert_true(one(MATCHER_HOST, "", "a.org", "a.org", "/", ""));
	assert_true(one(MATCHER_HOST, "", "a.org", "a.org.", "/", ""));
	assert_false(one(MATCHER_HOST, "", "a.org", "b.a.org", "/", ""));
	assert_false(one(MATCHER_HOST, "", "a.org", "", "/", ""));
	assert_true(one(MATCHER_HOST, "", "+.a.org", "b.a.org", "/", ""));
	assert_true(one(MATCHER_HOST, "", "+.a.org", "b.a.org.", "/", ""));
	assert_false(one(MATCHER_HOST, "", "+.a.org", "c.b.a.org", "/", ""));
	assert_false(one(MATCHER_HOST, "", "+.a.org", "a.org", "/", ""));
	assert_true(one(MATCHER_HOST_REGEXP, ".org", "^[a-z]+\\.org$", "a.org", "/", ""));
	assert_false(one(MATCHER_HOST_REGEXP, ".org", "^[a-z]+\\.org$", "a1.org", "/", ""));
	assert_false(one(MATCHER_HOST_REGEXP, ".org", "^[a-z]+\\.org$", "a.net", "/", ""));
	assert_false(one(MATCHER_HOST_REGEXP, ".org", "^[a-z]+\\.org$", "a.org.", "/", ""));	/* as in Traefik */
}

static void
paths_and_methods(void **state)
{
	(void)state;
	assert_true(one(MATCHER_PATH, "", "/a", "h", "/a", ""));
	assert_false(one(MATCHER_PATH, "", "/a", "h", "/a/", ""));
	assert_true(one(MATCHER_PATH_PREFIX, "", "/a", "h", "/ab", ""));
	assert_false(one(MATCHER_PATH_PREFIX, "", "/a", "h", "/", ""));
	assert_true(one(MATCHER_PATH_REGEXP, "/v", "^/v[0-9]+$", "h", "/v12", ""));
	assert_false(one(MATCHER_PATH_REGEXP, "/v", "^/v[0-9]+$", "h", "/v12/", ""));
	assert_true(one(MATCHER_METHOD, "", "POST", "h", "/", ""));
	assert_false(one(MATCHER_METHOD, "", "GET", "h", "/", ""));
}

static void
fields_are_compared_one_by_one(void **state)
{
	(void)state;
	assert_true(one(MATCHER_HEADER, "accept", "text/html", "h", "/", ""));
	assert_false(one(MATCHER_HEADER, "Accept", "Text/html", "h", "/", ""));
	assert_true(one(MATCHER_HEADER, "X-Kind", "b", "h", "/", ""));
	assert_false(one(MATCHER_HEADER, "X-Kind", "a, b", "h", "/", ""));
	assert_false(one(MATCHER_HEADER, "None", "", "h", "/", ""));
	assert_true(one(MATCHER_HEADER_REGEXP, "X-Kind", "^[b-z]$", "h", "/", ""));
	assert_true(one(MATCHER_HEADER_REGEXP, "Empty", "", "h", "/", ""));
	assert_false(one(MATCHER_HEADER_REGEXP, "None", "", "h", "/", ""));
}

static void
the_query_is_decoded_as_go_decodes_it(void **state)
{
	(void)state;
	assert_true(one(MATCHER_QUERY, "a", "b", "h", "/", "a=b"));
	assert_true(one(MATCHER_QUERY, "a", "b", "h", "/", "x&a=c&a=b"));
	assert_false(one(MATCHER_QUERY, "a", "b", "h", "/", "a=bc&A=b"));
	assert_true(one(MATCHER_QUERY, "a", "", "h", "/", "a"));
	assert_true(one(MATCHER_QUERY, "a", "", "h", "/", "a="));
	assert_false(one(MATCHER_QUERY, "a", "", "h", "/", "a=b"));
	assert_false(one(MATCHER_QUERY, "a", "", "h", "/", ""));
	assert_true(one(MATCHER_QUERY, "a b", "c d", "h", "/", "a+b=c%20d"));
	assert_true(one(MATCHER_QUERY, "a", "b=c", "h", "/", "a=b=c"));
	assert_true(one(MATCHER_QUERY, "a", "b", "h", "/", "x;a=b"));
	assert_false(one(MATCHER_QUERY, "a", "%zz", "h", "/", "a=%zz"));	/* that part is left out */
	assert_true(one(MATCHER_QUERY, "a", "b", "h", "/", "a=%zz&a=b"));
	assert_false(one(MATCHER_QUERY, "a", "%4", "h", "/", "a=%4"));
	assert_true(one(MATCHER_QUERY, "a", "A", "h", "/", "%61=%41"));
	assert_true(one(MATCHER_QUERY, "", "b", "h", "/", "=b"));
	assert_true(one(MATCHER_QUERY_REGEXP, "a", "^[0-9]+$", "h", "/", "a=x&a=%31%32"));
	assert_false(one(MATCHER_QUERY_REGEXP, "a", "^[0-9]+$", "h", "/", "b=12"));
}

static void
a_long_query_is_read_to_its_end(void **state)
{
	char query[5000] = "";

	(void)state;
	memset(query, 'x', 4000);
	strcpy(query + 4000, "&a=%62");
	assert_true(one(MATCHER_QUERY, "a", "b", "h", "/", query));
}

static bool
client(const char *net, unsigned bits)
{
	unsigned b[4];
	char value[CONDITION_NET_BYTES] = { [10] = (char)0xff, [11] = (char)0xff };
	struct condition_node *n = node(CONDITION_TEST, NULL, NULL);

	assert_int_equal(sscanf(net, "%u.%u.%u.%u", &b[0], &b[1], &b[2], &b[3]), 4);
	for (int i = 0; i < 4; i++)
		value[12 + i] = (char)b[i];
	value[16] = (char)(bits + 96);
	n->matcher = MATCHER_CLIENT_IP;
	n->value = (struct str){ value, sizeof value };
	return holds(n, "h", "/", "");
}

static void
clients(void **state)
{
	(void)state;
	assert_true(client("10.1.2.3", 32));
	assert_false(client("10.1.2.2", 32));
	assert_true(client("10.1.2.2", 31));
	assert_true(client("10.0.0.0", 8));
	assert_true(client("10.1.0.0", 17));
	assert_false(client("10.2.0.0", 15));
	assert_false(client("10.1.128.0", 17));
	assert_true(client("0.0.0.0", 0));
	assert_false(client("0.0.0.0", -96u));		/* ::/0 has addresses of v6 */
	assert_false(client("0.0.0.0", -1u));
}

static bool
evaluate(const struct condition_node *n, unsigned bits)
{
	switch (n->kind) {
	case CONDITION_AND:
		return evaluate(n->left, bits) && evaluate(n->right, bits);
	case CONDITION_OR:
		return evaluate(n->left, bits) || evaluate(n->right, bits);
	case CONDITION_ALWAYS:
		return !n->not;
	case CONDITION_TEST:
		break;
	}
	return ((bits >> (n->name.p[0] - 'a') & 1) != 0) != n->not;
}

static const struct condition_node *
random_node(struct rng *g, unsigned depth)
{
	struct condition_node *n;
	char name[2] = "";

	if (depth == 0 || rng_below(g, 4) == 0) {
		name[0] = (char)('a' + rng_below(g, 5));
		n = rng_below(g, 8) == 0 ? node(CONDITION_ALWAYS, NULL, NULL) : test(MATCHER_QUERY, arena_text(arena, str_of(name)), "");
		n->not = rng_below(g, 2) == 0;
		return n;
	}
	return node(rng_below(g, 2) == 0 ? CONDITION_AND : CONDITION_OR, random_node(g, depth - 1), random_node(g, depth - 1));
}

static void
a_program_says_what_its_tree_says(void **state)
{
	struct rng g;

	(void)state;
	rng_seed(&g, 1);
	for (int round = 0; round < 2000; round++) {
		const struct condition_node *n = random_node(&g, 5);
		for (unsigned bits = 0; bits < 32; bits++) {
			char query[16] = "";
			for (unsigned i = 0; i < 5; i++)
				if ((bits >> i & 1) != 0)
					sprintf(query + strlen(query), "%c&", 'a' + (int)i);
			assert_int_equal(holds(n, "h", "/", query), evaluate(n, bits));
		}
	}
}

static void
foreign_bytes_are_checked(void **state)
{
	static const uint32_t values[] = { 0, 1, 2, 11, 17, 24, 1000, 0x7fffffff, UINT32_MAX - 1, UINT32_MAX };
	struct condition_node *net = node(CONDITION_TEST, NULL, NULL);
	const struct condition *c;
	const struct request_view r = { .host = STR("a.org"), .path = STR("/"), .query = STR("a=b"), .field = field };
	unsigned refused = 0;
	uint32_t *copy;

	(void)state;
	net->matcher = MATCHER_CLIENT_IP;
	net->value = (struct str){ "0123456789abcdef\x40", CONDITION_NET_BYTES };
	c = condition_make(arena, node(CONDITION_OR, node(CONDITION_AND, test(MATCHER_HOST_REGEXP, "org", "^a|[bc]+$"), net),
	    node(CONDITION_AND, test(MATCHER_QUERY, "a", "b"), test(MATCHER_HEADER, "x", "y"))));
	copy = malloc(condition_bytes(c));
	for (size_t i = 0; i < condition_bytes(c) / 4; i++)
		for (size_t v = 0; v < sizeof values / sizeof *values; v++) {
			memcpy(copy, c, condition_bytes(c));
			copy[i] = values[v];
			if (condition_valid(copy, condition_bytes(c)))
				condition_holds((const struct condition *)copy, &r, r.host, r.path);
			else
				refused++;
		}
	assert_true(refused > 50);
	for (size_t len = 0; len < condition_bytes(c); len++)
		assert_false(condition_valid(c, len));
	free(copy);
}

static void
too_many_tests_are_no_condition(void **state)
{
	const struct condition_node *n = test(MATCHER_METHOD, "", "GET");

	(void)state;
	for (int i = 0; i < TESTS_MAX; i++)
		n = node(CONDITION_OR, n, test(MATCHER_METHOD, "", "GET"));
	assert_null(condition_make(arena, n));
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(hosts),
		TEST(paths_and_methods),
		TEST(fields_are_compared_one_by_one),
		TEST(the_query_is_decoded_as_go_decodes_it),
		TEST(a_long_query_is_read_to_its_end),
		TEST(clients),
		TEST(a_program_says_what_its_tree_says),
		TEST(foreign_bytes_are_checked),
		TEST(too_many_tests_are_no_condition),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
