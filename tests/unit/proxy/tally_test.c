/*
 * Counts per address.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "proxy/tally.c"

static struct ip
ip(const char *text)
{
	struct ip out;

	assert_true(ip_parse(str_of(text), &out));
	return out;
}

static void
test_counts(void **state)
{
	struct tally *t = tally_new();
	struct ip a = ip("10.0.0.1"), b = ip("10.0.0.2"), mapped = ip("::ffff:10.0.0.1");

	(void)state;
	assert_int_equal(tally_count(t, &a), 0);
	assert_true(tally_add(t, &a) && tally_add(t, &mapped) && tally_add(t, &b));
	assert_int_equal(tally_count(t, &a), 2);
	assert_int_equal(tally_count(t, &b), 1);
	tally_take(t, &a);
	assert_int_equal(tally_count(t, &mapped), 1);
	tally_take(t, &a);
	tally_take(t, &b);
	assert_int_equal(t->entries, 0);
	tally_free(&t);
	assert_null(t);
}

static void
test_a_network_of_ipv6_is_one(void **state)
{
	struct tally *t = tally_new();
	struct ip a = ip("2001:db8:0:1::1"), b = ip("2001:db8:0:1:ffff::2"), other = ip("2001:db8:0:2::1");

	(void)state;
	assert_true(tally_same(&a, &b) && !tally_same(&a, &other));
	assert_true(tally_add(t, &a) && tally_add(t, &b) && tally_add(t, &other));
	assert_int_equal(tally_count(t, &a), 2);
	tally_take(t, &b);
	tally_take(t, &b);
	assert_int_equal(tally_count(t, &a), 0);
	tally_take(t, &other);
	tally_free(&t);
}

static void
test_many(void **state)
{
	struct tally *t = tally_new();
	char text[IP_TEXT_MAX];
	struct ip a;

	(void)state;
	for (int round = 0; round < 2; round++)
		for (int i = 0; i < 20000; i++) {
			snprintf(text, sizeof text, "10.%d.%d.%d", i / 65536, i / 256 % 256, i % 256);
			a = ip(text);
			if (round == 0)
				assert_true(tally_add(t, &a));
			else
				tally_take(t, &a);
		}
	tally_free(&t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_counts),
		cmocka_unit_test(test_a_network_of_ipv6_is_one),
		cmocka_unit_test(test_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
