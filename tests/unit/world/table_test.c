/* table: who is matched, what is refused, and that a hostile block cannot lead a reader outside. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>

#include "base/rng.h"
#include "world/table.c"
#include "world/table_maker.c"
#include "world/table_match.c"
#include "world/table_path.c"
#include "world/table_tcp.c"

static struct table_service
plain_service(struct table_maker *m, const char *name)
{
	return (struct table_service){ .name = table_maker_text(m, str_of(name)), .connect_usec = 1, .response_usec = 1,
	    .idle_usec = 1, .tunnel_usec = 1 };
}

static void
add_service(struct table_maker *m, const char *name, const char *host, const char *path)
{
	struct table_service s = plain_service(m, name);
	uint32_t at = table_maker_service(m, &s);

	table_maker_route(m, &(struct table_route){ .host = table_maker_text(m, str_of(host)),
	    .path = table_maker_text(m, str_of(path)), .service = at });
}

static void
add_refused(struct table_maker *m, const char *host, const char *path)
{
	table_maker_route(m, &(struct table_route){ .host = table_maker_text(m, str_of(host)),
	    .path = table_maker_text(m, str_of(path)), .service = TABLE_REFUSED });
}

static void
add_task(struct table_maker *m, const char *name, uint32_t node, uint32_t slot)
{
	struct table_task t = { .name = table_maker_text(m, str_of(name)), .node = node, .slot = slot };

	assert_null(addr_parse(STR("127.0.0.1:80"), &t.addr));
	table_maker_task(m, &t);
}

static int
sealed(struct table_maker *m)
{
	int fd = -1;

	assert_null(table_maker_seal(m, &fd));
	table_maker_free(&m);
	return fd;
}

static struct table *
opened(struct table_maker *m)
{
	struct table *t = NULL;

	assert_null(table_open(sealed(m), &t));
	return t;
}

static const char *
match(const struct table *t, const char *host, const char *path)
{
	static char name[64];
	const struct why *why = NULL;
	const struct table_service *s = table_match(t, &(struct request_view){ .host = str_of(host), .path = str_of(path) }, &why);

	if (s == NULL)
		return why == WHY_NO_ROUTE ? "-" : why == WHY_ROUTE_REFUSED ? "refused" : "?";
	str_copy(name, sizeof name, table_text(t, s->name));
	return name;
}

static void
paths_match_at_a_slash_or_at_the_end(void **state)
{
	(void)state;
	struct table_maker *m = table_maker_new(7);
	add_service(m, "root", "", "/");
	add_service(m, "api", "", "/api");
	add_service(m, "api2", "", "/api/v2");
	add_service(m, "dir", "", "/dir/");
	struct table *t = opened(m);

	assert_int_equal(table_serial(t), 7);
	assert_string_equal(match(t, "h", "/"), "root");
	assert_string_equal(match(t, "h", "/x/y"), "root");
	assert_string_equal(match(t, "h", "/api"), "api");
	assert_string_equal(match(t, "h", "/api/"), "api");
	assert_string_equal(match(t, "h", "/api/x"), "api");
	assert_string_equal(match(t, "h", "/apix"), "root");
	assert_string_equal(match(t, "h", "/api/v2/x"), "api2");
	assert_string_equal(match(t, "h", "/api/v22"), "api");
	assert_string_equal(match(t, "h", "/dir/x"), "dir");
	assert_string_equal(match(t, "h", "/dir/"), "dir");
	assert_string_equal(match(t, "h", "/dir"), "root");
	assert_string_equal(match(t, "h", "*"), "-");
	assert_string_equal(match(t, "h", ""), "-");
	table_unref(&t);
}

static void
hosts_match_exactly_then_by_wildcard_then_any(void **state)
{
	(void)state;
	struct table_maker *m = table_maker_new(1);
	add_service(m, "any", "", "/");
	add_service(m, "wild", "*.example.org", "/");
	add_service(m, "deep", "*.eu.example.org", "/");
	add_service(m, "www", "www.example.org", "/");
	add_service(m, "apex", "example.org", "/only");
	struct table *t = opened(m);

	assert_string_equal(match(t, "www.example.org", "/"), "www");
	assert_string_equal(match(t, "WWW.Example.ORG", "/"), "www");
	assert_string_equal(match(t, "www.example.org.", "/"), "www");
	assert_string_equal(match(t, "a.example.org", "/"), "wild");
	assert_string_equal(match(t, "a.b.example.org", "/"), "wild");
	assert_string_equal(match(t, "a.eu.example.org", "/"), "deep");
	assert_string_equal(match(t, "eu.example.org", "/"), "wild");
	assert_string_equal(match(t, "badexample.org", "/"), "any");
	assert_string_equal(match(t, "example.org", "/only/x"), "apex");
	assert_string_equal(match(t, "example.org", "/"), "any");	/* its path does not match: the next host */
	assert_string_equal(match(t, ".example.org", "/"), "any");
	assert_string_equal(match(t, "", "/"), "any");
	assert_string_equal(match(t, ".", "/"), "any");
	char longest[400];
	memset(longest, 'a', sizeof longest);
	longest[399] = '\0';
	assert_string_equal(match(t, longest, "/"), "any");
	table_unref(&t);
}

static void
a_plus_stands_for_one_label(void **state)
{
	(void)state;
	struct table_maker *m = table_maker_new(1);
	add_service(m, "one", "+.example.org", "/");
	add_service(m, "all", "*.example.org", "/");
	add_service(m, "com", "+.example.com", "/");
	struct table *t = opened(m);

	assert_string_equal(match(t, "a.example.org", "/"), "one");
	assert_string_equal(match(t, "a.b.example.org", "/"), "all");
	assert_string_equal(match(t, "a.example.com", "/"), "com");
	assert_string_equal(match(t, "a.b.example.com", "/"), "-");
	assert_string_equal(match(t, "example.com", "/"), "-");
	assert_string_equal(match(t, "+.example.com", "/"), "com");
	table_unref(&t);
}

/* Whoever asks another proxy to protect /admin means everything that a task may take for it. */
static void
what_is_refused_reaches_no_wider_route(void **state)
{
	const char *const refused[] = { "/admin", "/admin/x", "/administrator", "/admin;x", "/%61dmin", "/x/../admin", "//admin",
		"/./admin", "/x/%2e%2E/admin", "/%2fadmin", "/x/..%2fadmin/", "/\\admin", "/a/b/../../admin/..;/x", "/pub/../admin",
		"/admin/../x", "/admin/./pub", "/x/..;/admin", "/;a/admin", "/x/..;a=b/%61dmin", "/z/../admin//../y",
		"/z/../admin/%2f..%2f..%2fy", "/z/..;/admin//..;/y", "/z/../admin/%5c../%2e%2e/y" };
	const char *const open[] = { "/", "/adm", "/x/admin", "/admin/pub", "/admin/pub/x", "/%61dm", "/pub", "/x/..",
		"/../../x", "/%", "/%4", "/%zz/./" };
	struct table_maker *m = table_maker_new(1);

	(void)state;
	add_service(m, "any", "", "/");
	add_service(m, "web", "a.org", "/");
	add_service(m, "pub", "a.org", "/admin/pub");
	add_refused(m, "a.org", "/admin");
	add_refused(m, "b.org", "/");
	add_refused(m, "*.c.org", "/");
	struct table *t = opened(m);

	for (unsigned i = 0; i < sizeof refused / sizeof *refused; i++)
		if (strcmp(match(t, "a.org", refused[i]), "refused") != 0)
			fail_msg("%s: %s", refused[i], match(t, "a.org", refused[i]));
	for (unsigned i = 0; i < sizeof open / sizeof *open; i++)
		if (strcmp(match(t, "a.org", open[i]), "web") != 0 && strcmp(match(t, "a.org", open[i]), "pub") != 0)
			fail_msg("%s: %s", open[i], match(t, "a.org", open[i]));
	assert_string_equal(match(t, "b.org", "/x"), "refused");
	assert_string_equal(match(t, "x.y.c.org", "/x"), "refused");
	assert_string_equal(match(t, "c.org", "/admin"), "any");
	table_unref(&t);
}

/* A route for a path is not one for what lies above it, however that is spelled. */
static void
a_prefix_is_not_left_upwards(void **state)
{
	const char *const out[] = { "/pub/..", "/pub/../admin", "/pub/%2e%2e/admin", "/pub/..;/admin", "/pub/..%2fadmin", "/pub/x\\..\\..\\admin",
		"/pub/x/../../admin", "/pub//../../admin", "/pub/x//../../../y", "/pub/.%2e", "/pub/%2e.%5cadmin", "/pub/../other" };
	const char *const in[] = { "/pub", "/pub/", "/pub/x/..", "/pub/x/../y", "/pub//x", "/pub/%2f", "/pub/a..b", "/pub/./x", "/pub/...",
		"/pub/../more", "/p%20q/a..b", "/p%20q/..c/x" };
	struct table_maker *m = table_maker_new(1);
	struct table_service s = plain_service(m, "pub");
	uint32_t at = table_maker_service(m, &s);
	char path[6000];

	(void)state;
	for (int i = 0; i < 2; i++)
		table_maker_route(m, &(struct table_route){ .host = table_maker_text(m, STR("a.org")),
		    .path = table_maker_text(m, i == 0 ? STR("/pub") : STR("/more")), .service = at });
	table_maker_route(m, &(struct table_route){ .host = table_maker_text(m, STR("a.org")), .path = table_maker_text(m, STR("/p%20q")),
	    .service = at });
	add_service(m, "other", "a.org", "/other");
	struct table *t = opened(m);

	for (unsigned i = 0; i < sizeof out / sizeof *out; i++)
		if (strcmp(match(t, "a.org", out[i]), "-") != 0)
			fail_msg("%s: %s", out[i], match(t, "a.org", out[i]));
	for (unsigned i = 0; i < sizeof in / sizeof *in; i++)
		if (strcmp(match(t, "a.org", in[i]), "pub") != 0)
			fail_msg("%s: %s", in[i], match(t, "a.org", in[i]));
	memset(path, 'a', sizeof path);
	memcpy(path, "/pub/%41", 8);
	path[sizeof path - 1] = '\0';
	assert_string_equal(match(t, "a.org", path), "pub");
	memcpy(path, "/pub/../", 8);
	assert_string_equal(match(t, "a.org", path), "refused");
	table_unref(&t);
}

static void
a_path_too_long_to_be_read_is_refused_where_anything_is(void **state)
{
	char path[6000];
	struct table_maker *m = table_maker_new(1);

	(void)state;
	memset(path, 'a', sizeof path);
	memcpy(path, "/../", 4);
	path[sizeof path - 1] = '\0';
	add_service(m, "web", "", "/");
	add_refused(m, "b.org", "/");
	struct table *t = opened(m);
	assert_string_equal(match(t, "a.org", path), "refused");
	memcpy(path, "/a/b", 4);
	assert_string_equal(match(t, "a.org", path), "web");
	table_unref(&t);
}

static void
of_two_equal_routes_the_first_service_wins(void **state)
{
	(void)state;
	struct table_maker *m = table_maker_new(1);
	add_service(m, "one", "h", "/");
	add_service(m, "two", "h", "/");
	struct table *t = opened(m);

	assert_string_equal(match(t, "h", "/"), "one");
	table_unref(&t);
}

/* The searches against a plain reading of the rules, over many random routes and questions. */
static bool
prefix_of(struct str prefix, struct str path)
{
	if (!str_starts(path, prefix))
		return false;
	return path.len == prefix.len || prefix.p[prefix.len - 1] == '/' || path.p[prefix.len] == '/';
}

static const struct table_route *
match_plainly(const struct table *t, struct str host, struct str path)
{
	const struct table_route *best = NULL;
	struct str bh = { NULL, 0 };
	uint32_t n;
	const struct table_route *r = table_routes(t, &n);

	for (uint32_t i = 0; i < n; i++) {
		struct str h = table_text(t, r[i].host), p = table_text(t, r[i].path);
		bool wild = h.len > 0 && h.p[0] == '*', fits = h.len == 0 || str_eq(h, host) ||
		    (wild && host.len >= h.len && str_eq((struct str){ host.p + host.len - h.len + 1, h.len - 1 }, (struct str){ h.p + 1, h.len - 1 }));
		if (!fits || !prefix_of(p, path))
			continue;
		int rank = h.len == 0 ? 0 : wild ? 1 : 2, brank = best == NULL ? -1 : bh.len == 0 ? 0 : bh.p[0] == '*' ? 1 : 2;
		if (rank > brank || (rank == brank && (h.len > bh.len || (h.len == bh.len && p.len > table_text(t, best->path).len))))
			best = &r[i], bh = h;
	}
	return best;
}

static void
random_path(struct rng *g, char *out)
{
	unsigned parts_ = rng_below(g, 4);

	*out++ = '/';
	for (unsigned i = 0; i < parts_; i++) {
		*out++ = "ab"[rng_below(g, 2)];
		if (rng_below(g, 3) == 0)
			*out++ = 'c';
		if (i + 1 < parts_ || rng_below(g, 2))
			*out++ = '/';
	}
	*out = '\0';
}

static void
random_host(struct rng *g, char *out, bool wild)
{
	unsigned labels = rng_below(g, 4);

	if (wild && labels > 0 && rng_below(g, 2))
		*out++ = '*', *out++ = '.';
	for (unsigned i = 0; i < labels; i++) {
		*out++ = "xy"[rng_below(g, 2)];
		if (i + 1 < labels)
			*out++ = '.';
	}
	*out = '\0';
}

static void
the_search_agrees_with_the_rules(void **state)
{
	(void)state;
	struct rng g;

	rng_seed(&g, 4);
	for (int round = 0; round < 60; round++) {
		struct table_maker *m = table_maker_new(1);
		char host[64], path[64], name[16];
		for (uint32_t i = rng_below(&g, 40); i > 0; i--) {
			random_host(&g, host, true);
			random_path(&g, path);
			snprintf(name, sizeof name, "s%u", i);
			add_service(m, name, host, path);
		}
		struct table *t = opened(m);
		for (int i = 0; i < 200; i++) {
			random_host(&g, host, false);
			random_path(&g, path);
			const struct table_route *r = match_plainly(t, str_of(host), str_of(path));
			const struct why *why;
			const struct table_service *s = table_match(t, &(struct request_view){ .host = str_of(host), .path = str_of(path) }, &why);
			assert_ptr_equal(s, r == NULL ? NULL : &table_services(t, NULL)[r->service]);
		}
		table_unref(&t);
	}
}

/* ---- rules ---- */

static struct arena *rules_arena;

static void
add_rule(struct table_maker *m, const char *name, const char *host, const char *path, int64_t priority, const char *method)
{
	struct table_service s = plain_service(m, name);
	struct condition_node n = { .kind = CONDITION_TEST, .matcher = MATCHER_METHOD, .value = str_of(method) };
	struct table_route r = { .host = table_maker_text(m, str_of(host)), .path = table_maker_text(m, str_of(path)),
	    .service = TABLE_REFUSED, .by_rule = true, .priority = priority, .ways = 1 };

	r.gives_way = strncmp(name, "yields", 6) == 0;
	if (strncmp(name, "refused", 7) != 0 && !r.gives_way)
		r.service = table_maker_service(m, &s);
	if (method != NULL)
		r.condition = table_maker_condition(m, condition_make(rules_arena, &n));
	table_maker_route(m, &r);
}

static const char *
match_by(const struct table *t, const char *method, const char *host, const char *path)
{
	static char name[64];
	const struct why *why = NULL;
	const struct table_service *s = table_match(t, &(struct request_view){ .host = str_of(host), .path = str_of(path), .method = str_of(method) }, &why);

	if (s == NULL)
		return why == WHY_NO_ROUTE ? "-" : why == WHY_ROUTE_REFUSED ? "refused" : "?";
	str_copy(name, sizeof name, table_text(t, s->name));
	return name;
}

static void
the_greatest_priority_has_a_request(void **state)
{
	struct table_maker *m = table_maker_new(1);
	struct table *t;

	(void)state;
	rules_arena = arena_new();
	add_rule(m, "host", "a.org", "/", 10, NULL);
	add_rule(m, "post", "a.org", "/", 20, "POST");
	add_rule(m, "api", "", "/api", 30, NULL);
	add_rule(m, "deep", "a.org", "/api/v1/x", 5, NULL);
	add_rule(m, "wild", "*.b.org", "/", 7, NULL);
	add_rule(m, "label", "+.b.org", "/", 6, NULL);
	add_rule(m, "exact", "x.b.org", "/", 5, NULL);
	add_rule(m, "delete", "x.b.org", "/", 8, "DELETE");
	t = opened(m);
	assert_string_equal(match_by(t, "GET", "a.org", "/x"), "host");
	assert_string_equal(match_by(t, "POST", "a.org", "/x"), "post");
	assert_string_equal(match_by(t, "POST", "A.org.", "/x"), "post");
	assert_string_equal(match_by(t, "POST", "a.org", "/apix"), "api");	/* a prefix of characters */
	assert_string_equal(match_by(t, "GET", "a.org", "/api/v1/x"), "api");
	assert_string_equal(match_by(t, "GET", "c.org", "/api"), "api");
	assert_string_equal(match_by(t, "GET", "c.org", "/"), "-");
	assert_string_equal(match_by(t, "GET", "x.b.org", "/"), "wild");
	assert_string_equal(match_by(t, "DELETE", "x.b.org", "/"), "delete");
	assert_string_equal(match_by(t, "GET", "a.org", "/x/../api"), "api");
	assert_string_equal(match_by(t, "GET", "a.org", "/%61pi"), "api");
	assert_string_equal(match_by(t, "GET", "a.org", "/x/%2e%2e//api"), "-");	/* a task may read //api */
	assert_string_equal(match_by(t, "GET", "a.org", "/%zz"), "-");
	table_unref(&t);
	arena_free(&rules_arena);
}

static void
what_rules_refuse_is_refused_by_priority(void **state)
{
	struct table_maker *m = table_maker_new(1);
	struct table *t;

	(void)state;
	rules_arena = arena_new();
	add_rule(m, "open", "a.org", "/", 10, NULL);
	add_rule(m, "refused", "a.org", "/admin", 20, NULL);
	add_rule(m, "hook", "a.org", "/admin/hook", 30, NULL);
	add_rule(m, "refused", "b.org", "/", 10, NULL);
	add_rule(m, "same", "b.org", "/", 10, NULL);
	add_rule(m, "refused", "", "/", 1, "PUT");
	t = opened(m);
	assert_string_equal(match_by(t, "GET", "a.org", "/"), "open");
	assert_string_equal(match_by(t, "GET", "a.org", "/administrator"), "refused");
	assert_string_equal(match_by(t, "GET", "a.org", "/admin/hook"), "hook");
	assert_string_equal(match_by(t, "GET", "a.org", "/x/..;a/admin"), "refused");
	assert_string_equal(match_by(t, "GET", "a.org", "/x%2f..%2fadmin"), "refused");
	assert_string_equal(match_by(t, "GET", "a.org", "/admin/hook/../x"), "refused");
	assert_string_equal(match_by(t, "GET", "a.org", "/admin/../x"), "refused");	/* it is sent as it is spelled */
	assert_string_equal(match_by(t, "GET", "b.org", "/"), "refused");
	assert_string_equal(match_by(t, "PUT", "a.org", "/"), "open");
	assert_string_equal(match_by(t, "PUT", "c.org", "/"), "refused");
	assert_string_equal(match_by(t, "GET", "c.org", "/"), "-");
	table_unref(&t);
	arena_free(&rules_arena);
}

static void
some_that_are_refused_give_way(void **state)
{
	struct table_maker *m = table_maker_new(1);
	struct table *t;

	(void)state;
	rules_arena = arena_new();
	add_rule(m, "open", "a.org", "/", 10, NULL);
	add_rule(m, "yields", "a.org", "/", 5, NULL);
	add_rule(m, "yields", "a.org", "/x", 15, NULL);		/* by the same entry point */
	add_rule(m, "yields", "b.org", "/", 5, NULL);
	add_rule(m, "yields", "", "/", 1, NULL);
	t = opened(m);
	assert_string_equal(match_by(t, "GET", "a.org", "/"), "open");
	assert_string_equal(match_by(t, "GET", "a.org", "/x"), "refused");
	assert_string_equal(match_by(t, "GET", "b.org", "/"), "refused");
	assert_string_equal(match_by(t, "GET", "c.org", "/"), "-");
	table_unref(&t);
	arena_free(&rules_arena);
}

static void
between_both_kinds_the_more_specific_has_it(void **state)
{
	struct table_maker *m = table_maker_new(1);
	struct table *t;

	(void)state;
	rules_arena = arena_new();
	add_service(m, "any", "", "/");
	add_service(m, "anyapi", "", "/api");
	add_service(m, "own", "a.org", "/");
	add_service(m, "wild", "*.b.org", "/");
	add_rule(m, "refused", "", "/", 99999, NULL);
	add_rule(m, "rule", "c.org", "/", 1, NULL);
	add_rule(m, "deep", "a.org", "/deep", 1, NULL);
	add_rule(m, "one", "x.b.org", "/", 2, NULL);
	t = opened(m);
	assert_string_equal(match_by(t, "GET", "a.org", "/"), "own");
	assert_string_equal(match_by(t, "GET", "a.org", "/deep"), "own");	/* rules by priority: the one for any host */
	assert_string_equal(match_by(t, "GET", "d.org", "/"), "any");
	assert_string_equal(match_by(t, "GET", "d.org", "/api"), "anyapi");
	assert_string_equal(match_by(t, "GET", "c.org", "/"), "any");
	assert_string_equal(match_by(t, "GET", "y.b.org", "/"), "wild");
	table_unref(&t);
	m = table_maker_new(1);
	add_service(m, "any", "", "/api");
	add_service(m, "wild", "*.b.org", "/api");
	add_rule(m, "rule", "c.org", "/", 1, NULL);
	add_rule(m, "one", "x.b.org", "/", 2, NULL);
	add_rule(m, "all", "", "/", 1, NULL);
	t = opened(m);
	assert_string_equal(match_by(t, "GET", "c.org", "/api"), "rule");
	assert_string_equal(match_by(t, "GET", "x.b.org", "/api"), "one");
	assert_string_equal(match_by(t, "GET", "y.b.org", "/api"), "wild");
	assert_string_equal(match_by(t, "GET", "d.org", "/api/x"), "any");
	assert_string_equal(match_by(t, "GET", "d.org", "/apix"), "all");
	table_unref(&t);
	arena_free(&rules_arena);
}

/* Against a plain look at all of them, in order of their priority. */
static void
the_search_agrees_with_all_rules_in_turn(void **state)
{
	static const char *const methods[] = { NULL, "GET", "POST" };
	struct { char host[64], path[64], name[16]; int64_t priority; const char *method; } rule[40];
	struct rng g;

	(void)state;
	rng_seed(&g, 5);
	for (int round = 0; round < 60; round++) {
		struct table_maker *m = table_maker_new(1);
		unsigned n = 1 + rng_below(&g, 40);
		struct table *t;
		char host[64], path[64];
		rules_arena = arena_new();
		for (unsigned i = 0; i < n; i++) {
			random_host(&g, rule[i].host, true);
			if (rule[i].host[0] == '*' && rng_below(&g, 2))
				rule[i].host[0] = '+';
			random_path(&g, rule[i].path);
			snprintf(rule[i].name, sizeof rule[i].name, "s%u", i);
			rule[i].priority = (int64_t)(rng_below(&g, 1000) * 100 + i);	/* no two are equal */
			rule[i].method = methods[rng_below(&g, 3)];
			add_rule(m, rule[i].name, rule[i].host, rule[i].path, rule[i].priority, rule[i].method);
		}
		t = opened(m);
		for (int i = 0; i < 200; i++) {
			const char *method = methods[1 + rng_below(&g, 2)], *wanted = "-";
			int64_t best = -1;
			random_host(&g, host, false);
			random_path(&g, path);
			for (unsigned k = 0; k < n; k++) {
				const char *h = rule[k].host, *dot = strchr(host, '.');
				bool fits = *h == '\0' || strcmp(h, host) == 0 || (*h == '+' && dot != NULL && strcmp(dot, h + 1) == 0) ||
				    (*h == '*' && str_ends(str_of(host), str_of(h + 1)) && strlen(host) > strlen(h + 1));
				fits = fits && strncmp(path, rule[k].path, strlen(rule[k].path)) == 0 && (rule[k].method == NULL || strcmp(rule[k].method, method) == 0);
				if (fits && rule[k].priority > best) {
					best = rule[k].priority;
					wanted = rule[k].name;
				}
			}
			assert_string_equal(match_by(t, method, host, path), wanted);
		}
		table_unref(&t);
		arena_free(&rules_arena);
	}
}

static struct table_maker *
small(void)
{
	struct table_maker *m = table_maker_new(1);
	struct table_node n = { .name = table_maker_text(m, STR("alpha")), .slot = 3 };

	table_maker_node(m, &n);
	add_service(m, "web", "www.example.org", "/");
	add_task(m, "web.1", 0, 11);
	add_task(m, "web.2", 0, 12);
	add_service(m, "api", "", "/api");
	add_task(m, "api.1", 0, 13);
	return m;
}

static void
tasks_know_their_node_and_service(void **state)
{
	(void)state;
	struct table *t = opened(small()), *again;
	uint32_t n;
	const struct table_task *k = table_tasks(t, &n);

	assert_int_equal(n, 3);
	assert_int_equal(k[2].service, 1);
	assert_int_equal(k[2].node_slot, 3);
	assert_int_equal(table_services(t, &n)[0].ntasks, 2);
	assert_int_equal(table_services(t, &n)[1].first_task, 2);
	again = table_ref(t);
	table_unref(&again);
	assert_null(again);
	assert_string_equal(match(t, "x", "/api/1"), "api");
	table_unref(&t);
}

static void
what_is_not_sealed_is_refused(void **state)
{
	(void)state;
	struct table *t = NULL;
	char bytes[8192];
	int from = sealed(small()), to = memfd_create("t", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	ssize_t n = pread(from, bytes, sizeof bytes, 0);

	assert_true(n > 0 && write(to, bytes, (size_t)n) == n);
	assert_int_equal(fcntl(to, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL), 0);	/* but still writable */
	assert_ptr_equal(table_open(to, &t), WHY_TABLE_BROKEN);
	assert_null(t);
	assert_int_equal(fcntl(to, F_GETFD), -1);		/* ours is closed in failure too */
	assert_int_equal(pwrite(from, "x", 1, 0), -1);		/* and the sealed one cannot be written */
	assert_null(table_open(from, &t));
	table_unref(&t);
	assert_ptr_equal(table_open(open("/dev/null", O_RDONLY), &t), WHY_TABLE_BROKEN);
}

static void
add_tcp(struct table_maker *m, const char *name, const char *listener, const char *host)
{
	struct table_service s = plain_service(m, name);
	uint32_t at = TABLE_REFUSED;

	s.kind = SERVICE_TCP;
	if (strcmp(name, "refused") != 0)
		at = table_maker_service(m, &s);
	table_maker_tcp(m, &(struct table_tcp){ .listener = table_maker_text(m, str_of(listener)),
	    .host = table_maker_text(m, str_of(host)), .service = at });
}

static const char *
match_tcp(const struct table *t, const char *listener, const char *name)
{
	static char out[64];
	const struct why *why = NULL;
	const struct table_tcp *r = table_match_tcp(t, str_of(listener), str_of(name), &why);

	if (r == NULL)
		return why == WHY_NO_ROUTE ? "-" : why == WHY_ROUTE_REFUSED ? "refused" : "?";
	str_copy(out, sizeof out, table_text(t, table_services(t, NULL)[r->service].name));
	return out;
}

/* Whatever one byte becomes, either the check refuses or every read stays inside. */
static void
walk(const struct table *t)
{
	uint32_t n;
	const struct table_task *k = table_tasks(t, &n);
	char text[ADDR_TEXT_MAX];

	for (uint32_t i = 0; i < n; i++) {
		str_hash(table_text(t, k[i].name));
		addr_text(&k[i].addr, text);
		assert_true(k[i].draining || !k[i].draining);	/* UBSan looks at the byte */
		assert_true(table_services(t, NULL)[k[i].service].ntasks > 0);
	}
	match(t, "www.example.org", "/api/x");
	match_tcp(t, "tls", "a.example.org");
	table_relays(t, STR("tls"));
}

static void
no_changed_byte_leads_outside(void **state)
{
	(void)state;
	struct table_maker *m = small();
	add_tcp(m, "db", "tls", "*.example.org");
	add_tcp(m, "refused", "tls", "a.example.org");
	rules_arena = arena_new();
	add_rule(m, "rule", "www.example.org", "/api", 1, "GET");
	arena_free(&rules_arena);
	int fd = sealed(m);
	off_t size = lseek(fd, 0, SEEK_END);
	unsigned char *bytes = malloc((size_t)size);
	static const unsigned char values[] = { 0, 1, 0x7f, 0x80, 0xff };
	int refused = 0;

	assert_int_equal(pread(fd, bytes, (size_t)size, 0), size);
	close(fd);
	for (off_t i = 0; i < size; i++)
		for (size_t v = 0; v < sizeof values; v++) {
			unsigned char was = bytes[i];
			struct table t = { 0 };
			bytes[i] = values[v];
			if (table_view(&t, bytes, (size_t)size))
				walk(&t);
			else
				refused++;
			bytes[i] = was;
		}
	assert_true(refused > 100);
	for (size_t cut = 0; cut < (size_t)size; cut++) {
		unsigned char *shorter = malloc(cut + 1);
		struct table t = { 0 };
		memcpy(shorter, bytes, cut);
		assert_false(table_view(&t, shorter, cut));
		free(shorter);
	}
	free(bytes);
}

static void
too_many_are_refused_and_nothing_breaks(void **state)
{
	(void)state;
	struct table_maker *m = table_maker_new(1);
	int fd = -1;

	for (uint32_t i = 0; i < NODES_MAX + 5; i++)
		table_maker_node(m, &(struct table_node){ .slot = i % NODES_MAX });
	add_service(m, "web", "", "/");
	add_task(m, "web.1", 0, 1);
	assert_ptr_equal(table_maker_seal(m, &fd), WHY_TABLE_LARGE);
	assert_int_equal(fd, -1);
	table_maker_free(&m);
}

static void
an_empty_table_is_a_table(void **state)
{
	(void)state;
	struct table *t = opened(table_maker_new(9));

	assert_int_equal(table_serial(t), 9);
	assert_string_equal(match(t, "h", "/"), "-");
	table_unref(&t);
}

static void
policies_are_known_by_name(void **state)
{
	(void)state;
	enum policy p = POLICY_BEST_NODE;

	assert_true(policy_parse(STR("least-conn"), &p));
	assert_int_equal(p, POLICY_LEAST_CONN);
	assert_false(policy_parse(STR("LEAST"), &p));
	assert_int_equal(p, POLICY_LEAST_CONN);
	assert_string_equal(policy_name(POLICY_MARGINAL), "marginal");
}

/* ---- connections ---- */

static void
connections_match_by_listener_and_name(void **state)
{
	(void)state;
	struct table_maker *m = table_maker_new(1);
	add_tcp(m, "wild", "tls", "*.example.org");
	add_tcp(m, "near", "tls", "*.db.example.org");
	add_tcp(m, "one", "tls", "+.example.org");
	add_tcp(m, "exact", "tls", "a.example.org");
	add_tcp(m, "refused", "tls", "b.example.org");
	add_tcp(m, "pg", "pg", "");
	add_tcp(m, "both", "both", "");
	add_tcp(m, "named", "both", "x.org");
	table_maker_tcp(m, &(struct table_tcp){ .listener = table_maker_text(m, STR("ended")), .ends_tls = true });
	add_service(m, "web", "a.example.org", "/");
	struct table *t = opened(m);
	char longest[300];

	assert_string_equal(match_tcp(t, "tls", "a.example.org"), "exact");
	assert_string_equal(match_tcp(t, "tls", "A.Example.ORG"), "exact");
	assert_string_equal(match_tcp(t, "tls", "b.example.org"), "refused");
	assert_string_equal(match_tcp(t, "tls", "c.example.org"), "one");
	assert_string_equal(match_tcp(t, "tls", "d.c.example.org"), "wild");
	assert_string_equal(match_tcp(t, "tls", "x.db.example.org"), "near");
	assert_string_equal(match_tcp(t, "tls", "x.y.db.example.org"), "near");
	assert_string_equal(match_tcp(t, "tls", "example.org"), "-");
	assert_string_equal(match_tcp(t, "tls", "example.net"), "-");
	assert_string_equal(match_tcp(t, "tls", ""), "-");
	assert_string_equal(match_tcp(t, "tls", "*.example.org"), "one");
	assert_string_equal(match_tcp(t, "tl", "a.example.org"), "-");
	assert_string_equal(match_tcp(t, "", "a.example.org"), "-");
	assert_string_equal(match_tcp(t, "pg", ""), "pg");
	assert_string_equal(match_tcp(t, "pg", "a.example.org"), "pg");
	assert_string_equal(match_tcp(t, "both", "x.org"), "named");
	assert_string_equal(match_tcp(t, "both", "y.org"), "both");
	assert_int_equal(table_relays(t, STR("ended")), RELAYS_BOTH);	/* of each, its first message is looked at */
	memset(longest, 'a', sizeof longest - 1);
	longest[sizeof longest - 1] = '\0';
	assert_string_equal(match_tcp(t, "both", longest), "both");
	assert_int_equal(table_relays(t, STR("tls")), RELAYS_NAMED);
	assert_int_equal(table_relays(t, STR("pg")), RELAYS_ALL);
	assert_int_equal(table_relays(t, STR("both")), RELAYS_BOTH);
	assert_int_equal(table_relays(t, STR("bot")), RELAYS_NONE);
	assert_int_equal(table_relays(t, STR("")), RELAYS_NONE);
	assert_int_equal(table_relays(t, STR("zz")), RELAYS_NONE);
	assert_string_equal(match(t, "a.example.org", "/"), "web");
	table_unref(&t);
}

/* "one" to "three", "broken", or "-". */
static const char *
match_tls(const struct table *t, const char *listener, const char *host)
{
	const struct table_tls *o = table_tls_find(t, str_of(listener), str_of(host));
	static char out[64];

	str_copy(out, sizeof out, o == NULL ? STR("-") : table_text(t, o->name));
	return out;
}

static void
add_tls(struct table_maker *m, const char *host, uint64_t on, uint32_t options)
{
	table_maker_tls_host(m, &(struct table_tls_host){ table_maker_text(m, str_of(host)), on, options });
}

static void
handshakes_have_options_by_listener_and_name(void **state)
{
	static const char *const names[] = { "one", "two", "three" };
	struct table_maker *m = table_maker_new(1);
	struct table *t;

	(void)state;
	table_maker_listener(m, &(struct table_listener){ .name = table_maker_text(m, STR("web")) });
	table_maker_listener(m, &(struct table_listener){ .name = table_maker_text(m, STR("inner")) });
	for (unsigned i = 0; i < 3; i++)
		table_maker_tls(m, &(struct table_tls){ .name = table_maker_text(m, str_of(names[i])),
		    .auth = i == 1 ? TLS_AUTH_VERIFY : TLS_AUTH_NONE });
	add_tls(m, "b.org", 0, 0);
	add_tls(m, "a.org", 1, 0);
	add_tls(m, "a.org", 2, 1);
	add_tls(m, "+.a.org", 0, 2);
	add_tls(m, "inner.org", 2, 1);
	t = opened(m);
	assert_string_equal(match_tls(t, "web", "a.org"), "one");
	assert_string_equal(match_tls(t, "inner", "A.ORG."), "two");
	assert_string_equal(match_tls(t, "other", "a.org"), "two");	/* one that is not known: what demands most */
	assert_string_equal(match_tls(t, "", "a.org"), "two");
	assert_string_equal(match_tls(t, "web", "b.org"), "one");
	assert_string_equal(match_tls(t, "web", "x.a.org"), "three");
	assert_string_equal(match_tls(t, "web", "y.x.a.org"), "-");
	assert_string_equal(match_tls(t, "web", ".a.org"), "-");
	assert_string_equal(match_tls(t, "web", "..a.org"), "three");	/* as in routes */
	assert_string_equal(match_tls(t, "web", "[b.org.]"), "one");
	assert_string_equal(match_tls(t, "web", "inner.org"), "-");
	assert_string_equal(match_tls(t, "inner", "inner.org"), "two");
	assert_string_equal(match_tls(t, "web", ""), "-");
	assert_string_equal(match_tls(t, "web", "."), "-");
	assert_string_equal(match_tls(t, "web", "+.a.org"), "three");
	table_unref(&t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(connections_match_by_listener_and_name),
		cmocka_unit_test(handshakes_have_options_by_listener_and_name),
		cmocka_unit_test(paths_match_at_a_slash_or_at_the_end),
		cmocka_unit_test(hosts_match_exactly_then_by_wildcard_then_any),
		cmocka_unit_test(a_plus_stands_for_one_label),
		cmocka_unit_test(what_is_refused_reaches_no_wider_route),
		cmocka_unit_test(a_prefix_is_not_left_upwards),
		cmocka_unit_test(a_path_too_long_to_be_read_is_refused_where_anything_is),
		cmocka_unit_test(of_two_equal_routes_the_first_service_wins),
		cmocka_unit_test(the_search_agrees_with_the_rules),
		cmocka_unit_test(the_greatest_priority_has_a_request),
		cmocka_unit_test(what_rules_refuse_is_refused_by_priority),
		cmocka_unit_test(some_that_are_refused_give_way),
		cmocka_unit_test(between_both_kinds_the_more_specific_has_it),
		cmocka_unit_test(the_search_agrees_with_all_rules_in_turn),
		cmocka_unit_test(tasks_know_their_node_and_service),
		cmocka_unit_test(what_is_not_sealed_is_refused),
		cmocka_unit_test(no_changed_byte_leads_outside),
		cmocka_unit_test(too_many_are_refused_and_nothing_breaks),
		cmocka_unit_test(an_empty_table_is_a_table),
		cmocka_unit_test(policies_are_known_by_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
