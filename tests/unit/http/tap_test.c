/*
 * Copies of bodies: what they hold, how large they may get, and what all of them may take.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "http/tap.h"

static char bytes[200000];

static int
begin(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof bytes; i++)
		bytes[i] = (char)('a' + i % 23);
	return 0;
}

/* In pieces of this size, as a body without framing comes. */
static void
add(struct tap *t, size_t from, size_t to, size_t piece)
{
	for (size_t at = from, n; at < to; at += n) {
		n = to - at < piece ? to - at : piece;
		tap_add(t, (struct str){ bytes + at, n }, at + n);
	}
}

static void
it_has_all_that_came(void **state)
{
	static const size_t pieces[] = { 1, 7, 4096, 5000, sizeof bytes };
	struct tap_room room = { 0, 4 * sizeof bytes };
	struct tap t;

	(void)state;
	for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
		tap_init(&t, &room, sizeof bytes);
		add(&t, 0, sizeof bytes, pieces[i]);
		assert_false(t.lost);
		assert_int_equal(t.len, sizeof bytes);
		assert_memory_equal(t.p, bytes, sizeof bytes);
		tap_fini(&t);
		assert_int_equal(room.used, 0);
	}
}

static void
a_body_that_is_too_large_is_given_up(void **state)
{
	struct tap_room room = { 0, 4 * sizeof bytes };
	struct tap t;

	(void)state;
	tap_init(&t, &room, 1000);
	add(&t, 0, 1000, 100);
	assert_false(t.lost);
	assert_int_equal(t.len, 1000);
	add(&t, 1000, 1001, 1);
	assert_true(t.lost);
	assert_int_equal(room.used, 0);
	add(&t, 1001, 2000, 10);
	assert_int_equal(t.len, 0);
	tap_fini(&t);
	/* framing is not the body's: 500 bytes of it in 2000 */
	tap_init(&t, &room, 1000);
	tap_add(&t, (struct str){ bytes, 2000 }, 500);
	assert_false(t.lost);
	assert_int_equal(t.len, 2000);
	tap_fini(&t);
	/* of none, an empty body is one */
	tap_init(&t, &room, 0);
	tap_add(&t, STR(""), 0);
	assert_false(t.lost);
	tap_add(&t, STR("x"), 1);
	assert_true(t.lost);
	tap_fini(&t);
}

static void
all_together_have_a_bound(void **state)
{
	struct tap_room room = { 0, 20000 };
	struct tap a, b;

	(void)state;
	tap_init(&a, &room, sizeof bytes);
	tap_init(&b, &room, sizeof bytes);
	add(&a, 0, 10000, 1000);
	assert_false(a.lost);
	assert_true(room.used <= room.most);
	add(&b, 0, 10000, 1000);
	assert_true(b.lost);		/* and what it had is free again */
	assert_int_equal(room.used, a.cap);
	assert_memory_equal(a.p, bytes, 10000);
	tap_fini(&a);
	tap_fini(&b);
	assert_int_equal(room.used, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_has_all_that_came),
		cmocka_unit_test(a_body_that_is_too_large_is_given_up),
		cmocka_unit_test(all_together_have_a_bound),
	};

	return cmocka_run_group_tests(tests, begin, NULL);
}
