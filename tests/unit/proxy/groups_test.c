/*
 * Services that lead to others: counts by weight, over workers and tables; cookies; fallbacks; ways that lead back.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "http/h1_read.h"
#include "proxy/groups.h"

#define MOST	8
#define ROUNDS	4000

/* Services "a", "b", ... one task each, whose slot is its place in the alphabet; then the groups "A", "B", ... */
struct made {
	enum group_kind	 kind;
	const char	*children;	/* by name; '?' is not there */
	unsigned	 weight[MOST];
	bool		 sticky;
};

static struct live *live;
static struct table *table;
static struct groups *groups;
static unsigned services, made_first;

static struct table *
make(unsigned n, const struct made *g, unsigned ngroups, unsigned draining)
{
	struct table_maker *m = table_maker_new(1);
	struct table_service s = { .connect_usec = 1, .response_usec = 1, .idle_usec = 1, .tunnel_usec = 1 };
	struct table *t;
	char name[2] = "";
	int fd;

	table_maker_node(m, &(struct table_node){ .name = table_maker_text(m, STR("n")) });
	for (unsigned i = 0; i < n; i++) {
		struct table_task task = { .slot = i, .draining = (draining & 1u << i) != 0 };
		name[0] = (char)('a' + i);
		s.name = task.name = table_maker_text(m, str_of(name));
		assert_null(addr_parse(STR("127.0.0.1:80"), &task.addr));
		table_maker_service(m, &s);
		table_maker_task(m, &task);
	}
	for (unsigned i = 0; i < ngroups; i++) {
		name[0] = (char)('A' + i);
		s.name = table_maker_text(m, str_of(name));
		s.sticky_cookie = g[i].sticky ? table_maker_text(m, str_of(name)) : (struct table_ref){ 0, 0 };
		table_maker_service(m, &s);
	}
	for (unsigned i = 0; i < ngroups; i++) {
		struct table_child c[MOST];
		unsigned k = 0;
		for (; g[i].children[k] != '\0'; k++) {
			char at = g[i].children[k];
			name[0] = at;
			c[k] = (struct table_child){ .weight = g[i].weight[k], .name = table_maker_text(m, str_of(name)),
			    .service = at == '?' ? TABLE_REFUSED : at >= 'a' ? (uint32_t)(at - 'a') : (uint32_t)(at - 'A') + n };
		}
		table_maker_group(m, n + i, &(struct table_group){ .kind = g[i].kind, .n = k, .body_most = 1000 }, c);
	}
	assert_null(table_maker_seal(m, &fd));
	table_maker_free(&m);
	assert_null(table_open(fd, &t));
	services = n;
	made_first = n;
	return t;
}

static void
put(unsigned n, const struct made *g, unsigned ngroups, unsigned draining)
{
	table_unref(&table);
	table = make(n, g, ngroups, draining);
	groups_set_table(groups, table);
}

static int
begin(void **state)
{
	(void)state;
	live = live_init(must_zalloc(live_bytes()), 2);
	groups = groups_new(live, 7);
	return 0;
}

static int
end(void **state)
{
	(void)state;
	groups_free(&groups);
	table_unref(&table);
	free(live);
	return 0;
}

static void
health_is(const char *down)
{
	for (unsigned i = 0; i < services; i++)
		live_set_health(live, i, strchr(down, 'a' + (int)i) != NULL ? HEALTH_DOWN : HEALTH_UP);
}

/* Where a request to group `g` goes, without a cookie; '-': nowhere. */
static char
got(unsigned g)
{
	struct group_cookies cookies = { 0 };
	const struct table_service *all = table_services(table, &(uint32_t){ 0 }), *s;

	s = groups_resolve(groups, &all[made_first + g], NULL, &cookies, NULL);
	assert_int_equal(cookies.n, 0);
	return s == NULL ? '-' : (char)('a' + (s - all));
}

static void
count(unsigned g, unsigned rounds, unsigned n[MOST])
{
	memset(n, 0, MOST * sizeof *n);
	for (unsigned i = 0; i < rounds; i++) {
		char c = got(g);
		assert_int_not_equal(c, '-');
		n[c - 'a']++;
	}
}

/* One more or less for each, whatever the weights. */
static void
counts_follow_weights(void **state)
{
	static const struct made made[] = {
		{ GROUP_WEIGHTED, "ab", { 3, 1 }, false },
		{ GROUP_WEIGHTED, "abc", { 70, 29, 1 }, false },
		{ GROUP_WEIGHTED, "abcd", { 1, 1, 0, 1 }, false },
		{ GROUP_WEIGHTED, "abcd", { 1000000, 1000000, 1, 500000 }, false },
	};
	unsigned n[MOST];

	(void)state;
	put(4, made, 4, 0);
	for (unsigned g = 0; g < 4; g++) {
		double all = 0;
		for (int i = 0; i < MOST; i++)
			all += made[g].weight[i];
		count(g, ROUNDS, n);
		for (int i = 0; i < MOST; i++) {
			double fair = ROUNDS * made[g].weight[i] / all;
			if (made[g].weight[i] == 0)
				assert_int_equal(n[i], 0);
			assert_true(n[i] >= fair - 1.01 && n[i] <= fair + 1.01);
		}
	}
}

/* Tables come with every task that comes or goes: the turns go on. */
static void
another_table_changes_no_turn(void **state)
{
	static const struct made made[] = { { GROUP_WEIGHTED, "ab", { 9, 1 }, false } };
	unsigned b = 0;

	(void)state;
	for (int i = 0; i < 1000; i++) {
		put(2, made, 1, 0);
		b += got(0) == 'b';
	}
	assert_true(b >= 99 && b <= 101);
}

static void
what_cannot_be_used_is_left_out(void **state)
{
	static const struct made made[] = {
		{ GROUP_WEIGHTED, "ab?c", { 8, 1, 5, 1 }, false },
		{ GROUP_FAILOVER, "ab", { 1, 1 }, false },
		{ GROUP_FAILOVER, "Bc", { 1, 1 }, false },
		{ GROUP_FAILOVER, "?a", { 1, 1 }, false },
		{ GROUP_WEIGHTED, "?", { 1 }, false },
	};
	unsigned n[MOST];

	(void)state;
	put(3, made, 5, 0);
	health_is("");
	count(0, 100, n);
	assert_true(n[0] >= 79 && n[0] <= 81);
	assert_int_equal(got(1), 'a');
	assert_int_equal(got(2), 'a');
	assert_int_equal(got(3), 'a');
	assert_int_equal(got(4), '-');
	health_is("a");
	count(0, 100, n);
	assert_int_equal(n[0], 0);
	assert_true(n[1] >= 49 && n[1] <= 51);
	assert_int_equal(got(1), 'b');
	assert_int_equal(got(2), 'b');
	health_is("");
	count(0, 100, n);				/* it gets its part again, and none in arrears */
	assert_true(n[0] >= 78 && n[0] <= 82);
	health_is("ab");
	assert_int_equal(got(1), 'a');		/* and fails there, for its reason */
	assert_int_equal(got(2), 'c');
	put(3, made, 5, 1);
	health_is("");
	assert_int_equal(got(1), 'b');
	count(0, 100, n);
	assert_int_equal(n[0], 0);
}

/* A table is foreign bytes to a worker: a way back ends, and so does a wide and deep one. */
static void
ways_are_bounded(void **state)
{
	static const struct made made[] = {
		{ GROUP_WEIGHTED, "B", { 1 }, false },
		{ GROUP_FAILOVER, "AA", { 1, 1 }, false },
		{ GROUP_WEIGHTED, "DDDDDDDD", { 1, 1, 1, 1, 1, 1, 1, 1 }, false },
		{ GROUP_WEIGHTED, "CCCCCCCC", { 1, 1, 1, 1, 1, 1, 1, 1 }, false },
		{ GROUP_WEIGHTED, "F", { 1 }, false },
		{ GROUP_FAILOVER, "Gb", { 1, 1 }, false },
		{ GROUP_WEIGHTED, "H", { 1 }, false },
		{ GROUP_WEIGHTED, "a", { 1 }, false },
		{ GROUP_WEIGHTED, "E", { 1 }, false },
	};

	(void)state;
	put(2, made, 9, 0);
	for (unsigned g = 0; g < 4; g++)
		assert_int_equal(got(g), '-');
	assert_int_equal(got(4), 'a');		/* four in a row */
	assert_int_equal(got(8), 'b');		/* five, of which the last counts as not there: the fallback has it */
}

static struct message *
message_with(const char *cookie, struct message *m, struct field *field)
{
	static char text[512];
	const struct why *why;
	size_t scanned = 0, used;

	snprintf(text, sizeof text, "GET / HTTP/1.1\r\nHost: a\r\n%s%s%s\r\n", cookie == NULL ? "" : "Cookie: ",
	    cookie == NULL ? "" : cookie, cookie == NULL ? "" : "\r\n");
	*m = (struct message){ .limits = { sizeof text, 8 }, .field = field };
	assert_int_equal(h1_read_request(m, str_of(text), &scanned, &used, &why), PARSE_DONE);
	return m;
}

static char
got_with(unsigned g, const char *cookie, const char *first, const char *second)
{
	struct group_cookies cookies = { 0 };
	const struct table_service *all = table_services(table, &(uint32_t){ 0 }), *s;
	struct field field[8];
	struct message m;

	s = groups_resolve(groups, &all[made_first + g], message_with(cookie, &m, field), &cookies, NULL);
	assert_non_null(s);
	assert_int_equal(cookies.n, (first != NULL) + (second != NULL));
	if (first != NULL)
		assert_string_equal(cookies.text[0], first);
	if (second != NULL)
		assert_string_equal(cookies.text[1], second);
	group_cookies_free(&cookies);
	return (char)('a' + (s - all));
}

/* Values as Traefik 3.6 writes them: the first digits of the SHA-256 of the name. */
static void
cookies_name_services(void **state)
{
	static const struct made made[] = {
		{ GROUP_WEIGHTED, "ab", { 1000000, 1 }, true },
		{ GROUP_WEIGHTED, "Ac", { 1000000, 1 }, true },
		{ GROUP_WEIGHTED, "ab", { 0, 1 }, true },
	};
	const char *a = "A=ca978112ca1bbdca", *b = "A=3e23e8160039594a";

	(void)state;
	put(3, made, 3, 0);
	health_is("");
	assert_int_equal(got_with(0, NULL, a, NULL), 'a');
	for (int i = 0; i < 5; i++) {
		assert_int_equal(got_with(0, b, NULL, NULL), 'b');
		assert_int_equal(got_with(0, a, NULL, NULL), 'a');
		assert_int_equal(got_with(0, "x=1; A=b", b, NULL), 'b');	/* older forms */
		assert_int_equal(got_with(0, "A=a", a, NULL), 'a');
	}
	assert_int_equal(got_with(0, "A=0000000000000000", a, NULL), 'a');
	assert_int_equal(got_with(2, "C=ca978112ca1bbdca", "C=3e23e8160039594a", NULL), 'b');	/* its weight is 0 */
	/* of two in a row, each has its own */
	assert_int_equal(got_with(1, NULL, "B=559aead08264d579", a), 'a');
	assert_int_equal(got_with(1, "B=559aead08264d579; A=3e23e8160039594a", NULL, NULL), 'b');
	assert_int_equal(got_with(1, "B=2e7d2c03a9507ae2", NULL, NULL), 'c');
	health_is("b");
	assert_int_equal(got_with(0, b, a, NULL), 'a');		/* what is gone has no client */
}

/* The copies of so many requests, by service; all of them go to `expected`. */
static void
copies(unsigned g, unsigned rounds, char expected, unsigned n[MOST])
{
	const struct table_service *all = table_services(table, &(uint32_t){ 0 }), *s;
	struct group_cookies none = { 0 };

	memset(n, 0, MOST * sizeof *n);
	for (unsigned i = 0; i < rounds; i++) {
		struct group_mirrors m = { .n = 0 };
		s = groups_resolve(groups, &all[made_first + g], NULL, &none, &m);
		assert_int_equal(s == NULL ? '-' : 'a' + (s - all), expected);
		for (unsigned k = 0; k < m.n; k++) {
			assert_int_equal(m.of[k].body_most, 1000);
			assert_false(m.of[k].bodiless);
			n[m.of[k].service - all]++;
		}
	}
}

/* What its filters refuse is not mirrored, and is no request of which a mirror has its part. */
static void
what_is_refused_does_not_count(void **state)
{
	static const struct made made[] = { { GROUP_MIRRORING, "ab", { 0, 50 }, false } };
	const struct table_service *all;
	struct group_cookies none = { 0 };
	unsigned n = 0;

	(void)state;
	put(2, made, 1, 0);
	all = table_services(table, &(uint32_t){ 0 });
	for (unsigned i = 0; i < 20; i++) {
		struct group_passed passed = { .n = 0 };
		struct group_mirrors m = { .later = &passed };
		assert_ptr_equal(groups_resolve(groups, &all[made_first], NULL, &none, &m), &all[0]);
		assert_true(passed.n == 1 && m.n == 0);
		m.later = NULL;
		if (i % 2 == 1)
			groups_mirror(groups, &passed, &m);
		n += m.n;
	}
	assert_int_equal(n, 5);
}

/* Exactly, and from the first request on: with 1 %, that one, the 101st, ... */
static void
copies_follow_percents(void **state)
{
	static const struct made made[] = {
		{ GROUP_MIRRORING, "abcd", { 0, 100, 1, 33 }, false },
		{ GROUP_MIRRORING, "ab?", { 0, 0, 100 }, false },
		{ GROUP_MIRRORING, "aD", { 0, 100 }, false },		/* the mirror is one by weight */
		{ GROUP_WEIGHTED, "cd", { 1, 3 }, false },
		{ GROUP_MIRRORING, "AbE", { 0, 100, 100 }, false },	/* both lead to more of them, and one back to itself */
	};
	unsigned n[MOST];

	(void)state;
	put(4, made, 5, 0);
	copies(0, 1, 'a', n);
	assert_true(n[1] == 1 && n[2] == 1 && n[3] == 1);
	copies(0, ROUNDS - 1, 'a', n);
	assert_int_equal(n[1], ROUNDS - 1);
	assert_int_equal(n[2], ROUNDS / 100 - 1);
	assert_int_equal(n[3], ROUNDS * 33 / 100 - 1);
	copies(1, 100, 'a', n);
	assert_true(n[1] == 0 && n[2] == 0);
	copies(2, 400, 'a', n);
	assert_true(n[2] >= 99 && n[2] <= 101);
	assert_int_equal(n[2] + n[3], 400);
	copies(4, 1, 'a', n);			/* as many as one request may have */
	assert_true(n[1] > 1);
}

static void
another_table_changes_no_percent(void **state)
{
	static const struct made made[] = { { GROUP_MIRRORING, "ab", { 0, 10 }, false } };
	unsigned all = 0, n[MOST];

	(void)state;
	for (int i = 0; i < 1000; i++) {
		put(2, made, 1, 0);
		copies(0, 1, 'a', n);
		all += n[1];
	}
	assert_int_equal(all, 100);
}

/* Its own task decides: a mirror that cannot be used changes nothing. */
static void
a_mirror_makes_nothing_usable(void **state)
{
	static const struct made made[] = {
		{ GROUP_MIRRORING, "ab", { 0, 100 }, false },
		{ GROUP_FAILOVER, "Ac", { 1, 1 }, false },
	};

	(void)state;
	put(3, made, 2, 0);
	health_is("");
	assert_int_equal(got(1), 'a');
	health_is("b");
	assert_int_equal(got(1), 'a');
	health_is("a");
	assert_int_equal(got(1), 'c');
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)
	const struct CMUnitTest tests[] = {
		TEST(counts_follow_weights),
		TEST(another_table_changes_no_turn),
		TEST(what_cannot_be_used_is_left_out),
		TEST(ways_are_bounded),
		TEST(cookies_name_services),
		TEST(copies_follow_percents),
		TEST(another_table_changes_no_percent),
		TEST(what_is_refused_does_not_count),
		TEST(a_mirror_makes_nothing_usable),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
