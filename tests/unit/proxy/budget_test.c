/*
 * How many of a service's requests may be repeated: a fifth, whatever happens to tables meanwhile.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"
#include "proxy/budget.h"

#define START	(1000 * USEC_PER_SEC)

static const struct table_service web = { .slot = 1, .retry_budget = 20 }, shop = { .slot = 2, .retry_budget = 20 };

/* The services of slots 1 and 2, by these names. */
static struct table *
table(const char *first, const char *second)
{
	struct table_maker *m = table_maker_new(1);
	struct table *t;
	int fd;

	table_maker_service(m, &(struct table_service){ .name = table_maker_text(m, str_of(first)), .slot = 1, .connect_usec = 10000,
	    .response_usec = 10000, .idle_usec = 10000, .tunnel_usec = 100000 });
	table_maker_service(m, &(struct table_service){ .name = table_maker_text(m, str_of(second)), .slot = 2, .connect_usec = 10000,
	    .response_usec = 10000, .idle_usec = 10000, .tunnel_usec = 100000 });
	assert_null(table_maker_seal(m, &fd));
	table_maker_free(&m);
	assert_null(table_open(fd, &t));
	return t;
}

static void
set_table(struct budget *b, const char *first, const char *second)
{
	struct table *t = table(first, second);

	budget_set_table(b, t);
	table_unref(&t);
}

/* All of them fail, `tries` times each if they may; how many were repeated. */
static unsigned
all_fail(struct budget *b, const struct table_service *s, unsigned requests, unsigned tries, int64_t now)
{
	unsigned repeats = 0;

	for (unsigned i = 0; i < requests; i++) {
		budget_add(b, s, now);
		for (unsigned k = 1; k < tries && budget_take(b, s); k++)
			repeats++;
	}
	return repeats;
}

static void
test_a_fifth(void **state)
{
	struct budget *b = budget_new();

	(void)state;
	set_table(b, "web", "shop");
	assert_int_equal(all_fail(b, &web, 50, 3, START), 10);
	assert_int_equal(all_fail(b, &web, 1000, 3, START + USEC_PER_SEC / 2), 200);
	/* and services have nothing to do with each other */
	assert_int_equal(all_fail(b, &shop, 50, 3, START), 10);
	budget_free(&b);
}

/* What comes saves up, within bounds. */
static void
test_good_times(void **state)
{
	struct budget *b = budget_new();

	(void)state;
	set_table(b, "web", "shop");
	for (int i = 0; i < 100000; i++)
		budget_add(b, &web, START);
	assert_int_equal(all_fail(b, &web, 201, 2, START), 100 + 200 / 5);	/* the first one brings what is lost */
	budget_free(&b);
}

static void
test_tables_bring_nothing(void **state)
{
	struct budget *b = budget_new();
	unsigned repeats = 0;

	(void)state;
	for (int i = 0; i < 50; i++) {
		set_table(b, "web", i % 2 == 0 ? "shop" : "other");
		repeats += all_fail(b, &web, 20, 3, START);
	}
	assert_int_equal(repeats, 50 * 20 / 5);
	budget_free(&b);
}

static void
test_a_slot_has_another_service(void **state)
{
	struct budget *b = budget_new();

	(void)state;
	set_table(b, "web", "shop");
	for (int i = 0; i < 1000; i++)
		budget_add(b, &web, START);
	set_table(b, "new", "shop");
	assert_int_equal(all_fail(b, &web, 50, 3, START), 10);
	budget_free(&b);
}

/* A request in ten seconds may be repeated each time that it fails once; one in two seconds may not be for ever. */
static void
test_silence(void **state)
{
	struct budget *b = budget_new();
	int64_t now = START;
	unsigned repeats = 0;

	(void)state;
	set_table(b, "web", "shop");
	assert_int_equal(all_fail(b, &web, 50, 3, now), 10);
	for (int i = 0; i < 100; i++)
		repeats += all_fail(b, &web, 1, 2, now += 10 * USEC_PER_SEC);
	assert_int_equal(repeats, 100);
	/* an hour is worth no more than ten repeats, and they are paid for */
	assert_int_equal(all_fail(b, &web, 50, 3, now += 3600 * USEC_PER_SEC), 10);
	/* time alone brings nothing where requests come */
	repeats = 0;
	for (int i = 0; i < 1000; i++)
		repeats += all_fail(b, &web, 1, 3, now += USEC_PER_SEC / 2);
	assert_int_equal(repeats, 200);
	budget_free(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_fifth),
		cmocka_unit_test(test_good_times),
		cmocka_unit_test(test_tables_bring_nothing),
		cmocka_unit_test(test_a_slot_has_another_service),
		cmocka_unit_test(test_silence),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
