#include "base/str.c"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static void
slices_are_compared(void **state)
{
	(void)state;
	assert_true(str_eq(STR("abc"), STR("abc")));
	assert_false(str_eq(STR("abc"), STR("abd")));
	assert_false(str_eq(STR("abc"), STR("ab")));
	assert_true(str_eq(STR(""), str_of(NULL)));
	assert_true(str_eq_nocase(STR("Content-Length"), STR("cONTENT-lENGTH")));
	assert_false(str_eq_nocase(STR("a@"), STR("a`")));		/* only letters have two cases */
	assert_true(str_starts(STR("unix:/x"), STR("unix:")));
	assert_false(str_starts(STR("uni"), STR("unix:")));
	assert_true(str_starts(STR(""), STR("")));
	assert_true(str_ends(STR("a.rule"), STR(".rule")) && str_ends(STR("a"), STR("a")));
	assert_true(str_ends(STR("a"), STR("")) && str_ends(STR(""), STR("")));
	assert_false(str_ends(STR("a.rule"), STR(".Rule")));
	assert_false(str_ends(STR("rule"), STR(".rule")));
	assert_true(str_ends_nocase(STR("a.rule"), STR(".RULE")));
	assert_false(str_ends_nocase(STR("rule"), STR(".rule")) || str_ends_nocase(STR("a.rul"), STR(".rule")));
}

static void
blanks_are_trimmed(void **state)
{
	(void)state;
	assert_true(str_eq(str_trim(STR(" \t a b\t ")), STR("a b")));
	assert_int_equal(str_trim(STR(" \t ")).len, 0);
	assert_true(str_eq(str_trim(STR("\na")), STR("\na")));
	assert_int_equal(str_trim(str_of(NULL)).len, 0);
}

static void
lists_are_split(void **state)
{
	struct str rest = STR("a,,b,"), part;

	(void)state;
	assert_true(str_split(&rest, ',', &part) && str_eq(part, STR("a")));
	assert_true(str_split(&rest, ',', &part) && str_eq(part, STR("")));
	assert_true(str_split(&rest, ',', &part) && str_eq(part, STR("b")));
	assert_true(str_split(&rest, ',', &part) && str_eq(part, STR("")));
	assert_false(str_split(&rest, ',', &part));
	rest = STR("a,,b");
	assert_true(str_split_last(&rest, ',', &part) && str_eq(part, STR("b")));
	assert_true(str_split_last(&rest, ',', &part) && part.len == 0);
	assert_true(str_split_last(&rest, ',', &part) && str_eq(part, STR("a")));
	assert_false(str_split_last(&rest, ',', &part));
	rest = STR("");
	assert_true(str_split(&rest, ',', &part) && part.len == 0);
	assert_false(str_split(&rest, ',', &part));
}

static void
whole_numbers(void **state)
{
	uint64_t n = 7;

	(void)state;
	assert_true(str_to_u64(STR("0"), &n) && n == 0);
	assert_true(str_to_u64(STR("18446744073709551615"), &n) && n == UINT64_MAX);
	n = 7;
	assert_false(str_to_u64(STR("18446744073709551616"), &n));
	assert_false(str_to_u64(STR("99999999999999999999999999"), &n));
	assert_false(str_to_u64(STR(""), &n));
	assert_false(str_to_u64(STR("-1"), &n));
	assert_false(str_to_u64(STR("+1"), &n));
	assert_false(str_to_u64(STR(" 1"), &n));
	assert_false(str_to_u64(STR("1 "), &n));
	assert_false(str_to_u64(STR("1.0"), &n));
	assert_int_equal(n, 7);
}

static void
real_numbers(void **state)
{
	double x = 7;

	(void)state;
	assert_true(str_to_double(STR("1.5e3"), &x) && x == 1500);
	assert_true(str_to_double(STR("-0.25"), &x) && x == -0.25);
	assert_true(str_to_double(STR("+Inf"), &x) && isinf(x));
	assert_true(str_to_double(STR("NaN"), &x) && isnan(x));
	x = 7;
	assert_false(str_to_double(STR(""), &x));
	assert_false(str_to_double(STR("1.5x"), &x));
	assert_false(str_to_double(STR("1.5 "), &x));
	assert_false(str_to_double(STR(" 1.5"), &x));
	assert_false(str_to_double(STR("\n1.5"), &x));
	assert_false(str_to_double(STR("\v1.5"), &x));
	assert_false(str_to_double(STR("1\0002"), &x));
	assert_true(x == 7);
	/* a slice need not end where its text does */
	assert_true(str_to_double((struct str){ "12345", 2 }, &x) && x == 12);
}

static void
copies_are_cut_and_terminated(void **state)
{
	char out[4];
	char *all;

	(void)state;
	assert_int_equal(str_copy(out, sizeof out, STR("abcdef")), 3);
	assert_string_equal(out, "abc");
	assert_int_equal(str_copy(out, sizeof out, str_of(NULL)), 0);
	assert_string_equal(out, "");
	all = str_dup((struct str){ "abcdef", 4 });
	assert_string_equal(all, "abcd");
	free(all);
}

static void
hashes_agree_with_equality(void **state)
{
	(void)state;
	assert_true(str_hash(STR("node-a")) == str_hash((struct str){ "node-abc", 6 }));
	assert_true(str_hash(STR("node-a")) != str_hash(STR("node-b")));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(slices_are_compared),
		cmocka_unit_test(blanks_are_trimmed),
		cmocka_unit_test(lists_are_split),
		cmocka_unit_test(whole_numbers),
		cmocka_unit_test(real_numbers),
		cmocka_unit_test(copies_are_cut_and_terminated),
		cmocka_unit_test(hashes_agree_with_equality),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
