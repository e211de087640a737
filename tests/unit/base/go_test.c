/* go: what Go itself reads, and what it does not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/go.h"

static void
durations_are_as_go_reads_them(void **state)
{
	static const struct { const char *text; int64_t usec; } good[] = { { "0", 0 }, { "7", 7000000 }, { "1m30s", 90000000 }, { "1.5h", 5400000000 },
		{ ".5s", 500000 }, { "5.s", 5000000 }, { "300ms", 300000 }, { "1\u00b5s", 1 }, { "2500ns", 3 }, { "3155760000", 3155760000000000 } };
	static const char *const bad[] = { "", "s", ".s", "-1s", "+1s", "1x", "1 s", "soon", "1s2", "1h 2m", "3155760001", "9999999h" };
	int64_t usec;

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof *good; i++)
		if (!go_duration(str_of(good[i].text), &usec) || usec != good[i].usec)
			fail_msg("%s: %lld", good[i].text, (long long)usec);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		if (go_duration(str_of(bad[i]), &usec))
			fail_msg("%s is read", bad[i]);
}

static void
bools_are_as_go_reads_them(void **state)
{
	bool on = false;

	(void)state;
	assert_true(go_bool(STR("T"), &on) && on);
	assert_true(go_bool(STR("False"), &on) && !on);
	assert_false(go_bool(STR("yes"), &on));
	assert_false(go_bool(STR("tRUE"), &on));
	assert_false(go_bool(STR(""), &on));
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(durations_are_as_go_reads_them), cmocka_unit_test(bools_are_as_go_reads_them) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
