/* breaker: what its rules mean; when it opens, for how long, and how it closes again. Times are given from outside. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "world/breaker.h"

#define MSEC	USEC_PER_MSEC
#define SEC	USEC_PER_SEC

static struct arena *arena;
static struct breaker *all;
static int64_t now;
static struct breaker_conf conf;

static int
setup(void **state)
{
	(void)state;
	arena = arena_new();
	all = must_zalloc(BREAKERS * sizeof *all);
	now = 1000 * SEC;
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	free(all);
	arena_free(&arena);
	return 0;
}

static const struct breaker_rule *
rule(const char *text)
{
	char problem[BREAKER_PROBLEM] = "";
	const struct breaker_rule *r = breaker_rule_parse(arena, str_of(text), problem);

	if (r == NULL)
		fail_msg("%s: %s", text, problem);
	return r;
}

/* With values of its metrics, in their order. */
static bool
holds(const char *text, double a, double b, double c)
{
	return breaker_rule_holds(rule(text), (double[BREAKER_METRICS]){ a, b, c });
}

#define E "NetworkErrorRatio()"

static void
a_rule_is_read_as_go_reads_it(void **state)
{
	(void)state;
	assert_true(holds(E " > 0.30", .31, 0, 0));
	assert_false(holds(E ">0.30", .3, 0, 0));
	assert_true(holds(E " >= .3", .3, 0, 0));
	assert_true(holds(E " < 1.", .3, 0, 0));
	assert_true(holds(E " <= 3e-1", .3, 0, 0));
	assert_true(holds(E " == 0.5 ", .5, 0, 0));
	assert_true(holds(" " E " != 0.5", .4, 0, 0));
	assert_true(holds("( ( " E " ) > ( 0.5 ) )", .6, 0, 0));
	/* && before ||, from the left, and parentheses before both */
	assert_true(holds(E " > 0.5 || " E " > 0.5 && " E " > 0.5", 1, 0, 0));
	assert_false(holds("(" E " > 0.5 || " E " > 0.5) && " E " > 0.5", 1, 0, 0));
	assert_true(holds(E " > 0.5 && " E " > 0.5 || " E " > 0.5", 0, 0, 1));
	assert_false(holds(E " > 0.5 && (" E " > 0.5 || " E " > 0.5)", 0, 0, 1));
	assert_true(holds("LatencyAtQuantileMS ( 50.0 ) > 100", 101, 0, 0));
	assert_true(rule("LatencyAtQuantileMS(99.5) > 100")->metric[0].quantile == 99.5);
	assert_true(rule("ResponseCodeRatio(500, 600, 0, 600) > 0.25")->metric[0].code[1] == 600);
}

static void
what_is_no_rule_is_refused(void **state)
{
	static const char *const odd[] = { "", " ", "true", "1", "0.5", E, "(" E ")", E " >", E " > 0.5 &&", "&& " E " > 0.5", E " > 1", E " > -0.5",
		"!(" E " > 0.5)", "0.5 < " E, E " > " E, E " > 0.5 > 0.5", E " > 0.5 & " E " > 0.5", E " = 0.5", "(" E " > 0.5", E " > 0.5)",
		"NetworkErrorRatio > 0.5", "NetworkErrorRatio(1) > 0.5", "networkErrorRatio() > 0.5", "NetworkErrorRatios() > 0.5",
		"LatencyAtQuantileMS(50) > 100", "LatencyAtQuantileMS(50.0) > 100.0", "LatencyAtQuantileMS() > 100", "LatencyAtQuantileMS(50.0, 1.0) > 1",
		"LatencyAtQuantileMS(50.0) > 0100", "LatencyAtQuantileMS(50.0) > 0x10", "LatencyAtQuantileMS(50.0) > 1_0",
		"LatencyAtQuantileMS(50.0) > 99999999999999999999", "ResponseCodeRatio(500, 600, 0) > 0.5", "ResponseCodeRatio(500.0, 600, 0, 600) > 0.5",
		"ResponseCodeRatio(500, 600, 0, 600,) > 0.5", "ResponseCodeRatio(500 600, 0, 600) > 0.5", E " > 1e999", E " > 1.5.2", E " > 1e", E " > .",
		E " > 0.5 " E " > 0.5", E " > 0.5 # all", E " > 0.5 /* all */", "(" E " > 0.5) && 1", E " > \"0.5\"" };
	char problem[BREAKER_PROBLEM], *deep = arena_text(arena, STR(E " > 0.5"));

	(void)state;
	for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
		problem[0] = '\0';
		if (breaker_rule_parse(arena, str_of(odd[i]), problem) != NULL)
			fail_msg("%s is a rule", odd[i]);
		assert_true(problem[0] != '\0');
	}
	for (int i = 0; i < 30; i++)
		deep = arena_printf(arena, "(%s)", deep);
	rule(deep);
	for (int i = 0; i < 10000; i++)
		problem[0] = '\0';
	deep = arena_text(arena, STR("("));
	for (int i = 0; i < 12; i++)
		deep = arena_printf(arena, "%s%s", deep, deep);
	assert_null(breaker_rule_parse(arena, str_of(deep), problem));
	assert_string_equal(problem, "it is nested too deeply");
	deep = arena_text(arena, STR(E " > 0.5"));
	for (int i = 1; i < BREAKER_METRICS; i++)
		deep = arena_printf(arena, "%s || " E " > 0.5", deep);
	rule(deep);
	assert_null(breaker_rule_parse(arena, str_of(arena_printf(arena, "%s || " E " > 0.5", deep)), problem));
}

/* ---- open and closed ---- */

static struct breaker *
closed(const char *text)
{
	struct breaker *b = breaker_of(all, 7, now);

	conf = (struct breaker_conf){ rule(text), 100 * MSEC, 10 * SEC, 10 * SEC };
	assert_non_null(b);
	assert_true(breaker_lets(b, &conf, now));
	return b;
}

/* Requests that pass, 200 ms apart. */
static void
seen(struct breaker *b, int n, int status, int64_t took)
{
	for (int i = 0; i < n; i++) {
		now += 200 * MSEC;
		breaker_note(b, &conf, status, took, now);
	}
}

static void
it_opens_when_too_much_fails(void **state)
{
	struct breaker *b = closed("NetworkErrorRatio() > 0.5");

	(void)state;
	seen(b, 3, 200, MSEC);
	seen(b, 3, 502, MSEC);
	assert_true(breaker_lets(b, &conf, now));
	seen(b, 1, 504, MSEC);
	assert_string_equal(breaker_state(all, 7, now - 1), "open");
	assert_string_equal(breaker_state(all, 8, now), "closed");
	assert_false(breaker_lets(b, &conf, now));
	assert_false(breaker_lets(b, &conf, now + 9900 * MSEC));
	assert_string_equal(breaker_state(all, 7, now + 10000 * MSEC), "recovering");
	/* what is under way while it is open changes nothing */
	seen(b, 10, 502, MSEC);
	now += 8 * SEC;		/* 10 s after it has opened */
	/* then a part passes: about half of it at the end */
	for (int half = 0; half < 2; half++) {
		int passed = 0;
		for (int i = 0; i < 500; i++) {
			now += 9 * MSEC;
			passed += breaker_lets(b, &conf, now);
		}
		assert_true(half == 0 ? passed > 50 && passed < 150 : passed > 150 && passed < 350);
	}
	assert_string_equal(breaker_state(all, 7, now), "recovering");
	now += 2 * SEC;
	assert_string_equal(breaker_state(all, 7, now), "closed");
	for (int i = 0; i < 100; i++)
		assert_true(breaker_lets(b, &conf, now));
	/* what made it open is forgotten */
	seen(b, 1, 200, MSEC);
	assert_true(breaker_lets(b, &conf, now));
}

static void
it_opens_again_while_it_recovers(void **state)
{
	struct breaker *b = closed("ResponseCodeRatio(500, 600, 0, 600) > 0.25");

	(void)state;
	seen(b, 3, 200, MSEC);
	seen(b, 1, 599, MSEC);
	assert_true(breaker_lets(b, &conf, now));	/* 0.25 is not more */
	seen(b, 1, 500, MSEC);
	assert_false(breaker_lets(b, &conf, now));
	now += 10 * SEC;
	assert_false(breaker_lets(b, &conf, now));	/* it begins to recover */
	seen(b, 1, 500, MSEC);
	now += 9 * SEC;
	assert_false(breaker_lets(b, &conf, now));
	now += 1 * SEC + 1;
	for (int i = 0; i < 10; i++)
		assert_false(breaker_lets(b, &conf, now));
	now += 11 * SEC;
	assert_true(breaker_lets(b, &conf, now));
}

static void
statuses_count_by_their_ranges(void **state)
{
	struct breaker *b = closed("ResponseCodeRatio(500, 502, 500, 600) > 0.5 && ResponseCodeRatio(200, 300, 0, 600) < 0.5");

	(void)state;
	seen(b, 4, 200, MSEC);
	seen(b, 3, 501, MSEC);
	assert_true(breaker_lets(b, &conf, now));
	seen(b, 1, 404, MSEC);
	seen(b, 1, 502, MSEC);
	assert_false(breaker_lets(b, &conf, now));
}

static void
it_opens_when_too_much_is_slow(void **state)
{
	struct breaker *b = closed("LatencyAtQuantileMS(50.0) > 100");

	(void)state;
	seen(b, 10, 200, 20 * MSEC);
	seen(b, 9, 200, 3000 * MSEC);
	assert_true(breaker_lets(b, &conf, now));
	seen(b, 3, 200, 103 * MSEC);
	assert_false(breaker_lets(b, &conf, now));
	now += 1000 * SEC;
	assert_false(breaker_lets(b, &conf, now));
	now += 1000 * SEC;
	assert_true(breaker_lets(b, &conf, now));
	seen(b, 20, 200, 99 * MSEC);
	assert_true(breaker_lets(b, &conf, now));
	seen(b, 300, 200, 3600 * SEC);
	assert_false(breaker_lets(b, &conf, now));
}

/* Steps of latencies are 1/64 wide at most. */
static void
a_latency_is_known_to_a_sixty_fourth(void **state)
{
	char text[64];

	(void)state;
	for (int64_t ms = 2; ms < 1000000; ms = ms * 5 / 3 + 1) {
		struct breaker *b = breaker_of(all, (uint64_t)ms * 0x9e3779b97f4a7c15u, now);
		snprintf(text, sizeof text, "LatencyAtQuantileMS(100.0) >= %lld", (long long)ms);
		conf = (struct breaker_conf){ rule(text), 100 * MSEC, 10 * SEC, 10 * SEC };
		seen(b, 5, 200, (ms - ms / 63 - 1) * MSEC);
		assert_true(breaker_lets(b, &conf, now));
		seen(b, 1, 200, ms * MSEC);
		assert_false(breaker_lets(b, &conf, now));
	}
}

static void
old_failures_are_forgotten(void **state)
{
	struct breaker *b = closed("NetworkErrorRatio() > 0.5");

	(void)state;
	conf.check_usec = 3600 * SEC;
	seen(b, 1, 200, MSEC);		/* it is looked at, and not for an hour */
	seen(b, 20, 502, MSEC);
	now += 3600 * SEC;
	seen(b, 1, 200, MSEC);
	assert_true(breaker_lets(b, &conf, now));
}

/* Every place is somebody's, and another's when it was not used for a while. */
static void
places_are_found_again(void **state)
{
	struct breaker *mine = breaker_of(all, 12345 << 8, now);
	int had = 0;

	(void)state;
	assert_ptr_equal(breaker_of(all, 12345 << 8, now), mine);
	for (uint64_t k = 1; k < 20 * BREAKERS; k++)
		had += breaker_of(all, k * 0x9e3779b97f4a7c15u, now) != NULL;
	assert_true(had > BREAKERS / 2 && had < BREAKERS);
	assert_ptr_equal(breaker_of(all, 12345 << 8, now + SEC), mine);
	assert_null(breaker_of(all, (uint64_t)(12345 << 8) + 2, now + 300 * SEC));
	assert_non_null(breaker_of(all, (uint64_t)(12345 << 8) + 2, now + 601 * SEC));
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = { T(a_rule_is_read_as_go_reads_it), T(what_is_no_rule_is_refused), T(it_opens_when_too_much_fails),
		T(it_opens_again_while_it_recovers), T(statuses_count_by_their_ranges), T(it_opens_when_too_much_is_slow),
		T(a_latency_is_known_to_a_sixty_fourth), T(old_failures_are_forgotten), T(places_are_found_again) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
