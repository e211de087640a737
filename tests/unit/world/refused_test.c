/* refused: a kind is a reason with a host; the oldest makes room; what a worker wrote is not believed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "world/refused.h"

static struct refused kept;

static int
begin(void **state)
{
	(void)state;
	memset(&kept, 0, sizeof kept);
	return 0;
}

static bool
find(const struct why *why, const char *host, struct refused_kind *out)
{
	for (unsigned i = 0; i < REFUSED_KINDS; i++)
		if (refused_read(&kept, i, out) && out->why == why && strcmp(out->host, host) == 0)
			return true;
	return false;
}

static void
kinds_are_counted_apart(void **state)
{
	struct refused_kind k;

	(void)state;
	assert_false(find(WHY_TLS_NO_CERT, "", &k));
	refused_note(&kept, WHY_TLS_NO_CERT, STR("a.test"), 1);
	refused_note(&kept, WHY_TLS_NO_CERT, STR("b.test"), 2);
	refused_note(&kept, WHY_TLS_REFUSED, STR("a.test"), 3);
	refused_note(&kept, WHY_TLS_NO_CERT, STR("a.test"), 4);
	refused_note(&kept, WHY_TLS_NO_CERT, STR(""), 5);
	assert_true(find(WHY_TLS_NO_CERT, "a.test", &k));
	assert_true(k.count == 2 && k.last_usec == 4);
	assert_true(find(WHY_TLS_REFUSED, "a.test", &k));
	assert_int_equal(k.count, 1);
	assert_true(find(WHY_TLS_NO_CERT, "", &k));
}

static void
the_oldest_makes_room(void **state)
{
	struct refused_kind k;
	char host[32];

	(void)state;
	for (int i = 1; i <= REFUSED_KINDS; i++) {
		snprintf(host, sizeof host, "%d.test", i);
		refused_note(&kept, WHY_TLS_NO_CERT, str_of(host), i);
	}
	refused_note(&kept, WHY_TLS_NO_CERT, STR("1.test"), 100);
	refused_note(&kept, WHY_TLS_NO_CERT, STR("new.test"), 101);
	assert_true(find(WHY_TLS_NO_CERT, "1.test", &k));
	assert_true(find(WHY_TLS_NO_CERT, "new.test", &k));
	assert_int_equal(k.count, 1);
	assert_false(find(WHY_TLS_NO_CERT, "2.test", &k));
}

static void
hosts_are_cut_and_printable(void **state)
{
	struct refused_kind k;
	char host[300];

	(void)state;
	memset(host, 'x', sizeof host);
	refused_note(&kept, WHY_TLS_NO_CERT, (struct str){ host, sizeof host }, 1);
	refused_note(&kept, WHY_TLS_NO_CERT, (struct str){ host, sizeof host - 1 }, 2);
	assert_true(refused_read(&kept, 0, &k));
	assert_int_equal(strlen(k.host), REFUSED_HOST - 1);
	assert_int_equal(k.count, 2);
	refused_note(&kept, WHY_TLS_NO_CERT, STR("a\x1b[31m\xff"), 3);
	assert_true(find(WHY_TLS_NO_CERT, "a?[31m?", &k));
}

/* A worker that was taken over, or died in the middle of writing. */
static void
nothing_is_believed(void **state)
{
	struct refused_kind k;

	(void)state;
	memset(&kept, 0xff, sizeof kept);	/* the serial is odd */
	assert_false(refused_read(&kept, 0, &k));
	kept.row[0].serial = 2;
	assert_false(refused_read(&kept, 0, &k));		/* no such reason, no such time */
	kept.row[0].last_usec = 7;
	kept.row[0].why = WHY_COUNT;
	assert_false(refused_read(&kept, 0, &k));
	kept.row[0].why = WHY_TLS_SLOW->id;
	assert_true(refused_read(&kept, 0, &k));
	assert_int_equal(strlen(k.host), REFUSED_HOST - 1);
	assert_int_equal(k.host[0], '?');
	memset(&kept, 0, sizeof kept);
	kept.row[0].serial = 7;
	refused_note(&kept, WHY_TLS_SLOW, STR("a.test"), 1);
	assert_true(refused_read(&kept, 0, &k));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(kinds_are_counted_apart, begin),
		cmocka_unit_test_setup(the_oldest_makes_room, begin),
		cmocka_unit_test_setup(hosts_are_cut_and_printable, begin),
		cmocka_unit_test_setup(nothing_is_believed, begin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
