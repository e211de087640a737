/* alloc: memory for when there is none: the reserve, who may spend it, and when it is back. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

static unsigned poor;		/* allocations that fail from here on */

static void *
poor_realloc(void *p, size_t n)
{
	return poor > 0 && poor-- > 0 ? NULL : realloc(p, n);
}

static void *
poor_calloc(size_t n, size_t each)
{
	return poor > 0 && poor-- > 0 ? NULL : calloc(n, each);
}

#define malloc(n)	poor_realloc(NULL, n)
#define realloc		poor_realloc
#define calloc		poor_calloc
#include "base/alloc.c"
#undef malloc
#undef realloc
#undef calloc

static void
one_failure_is_survived(void **state)
{
	char *p;

	(void)state;
	alloc_reserve(1000);
	poor = 1;
	p = must_strdup("abc");
	assert_string_equal(p, "abc");
	assert_int_equal(alloc_restore(), 1);
	poor = 1;
	p = must_realloc(p, 10000);
	assert_string_equal(p, "abc");
	free(p);
	assert_int_equal(alloc_restore(), 1);
	poor = 1;
	p = must_zalloc(100);
	assert_int_equal(p[99], 0);
	free(p);
	assert_int_equal(alloc_restore(), 1);
	poor = 1;
	p = must_printf("%d %s", 12, "x");
	assert_string_equal(p, "12 x");
	free(p);
	poor = 5;
	assert_int_equal(alloc_restore(), 1);		/* and there was no memory for it yet */
	assert_null(reserve.p);
	assert_int_equal(alloc_restore(), 0);
	assert_non_null(reserve.p);
	alloc_reserve(0);
}

/* What others decide the amount of never spends it, and waits until it is whole. */
static void
clients_wait_for_the_reserve(void **state)
{
	void *p;

	(void)state;
	alloc_reserve(1000);
	poor = 1;
	assert_null(try_alloc(10));
	assert_int_equal(alloc_restore(), 0);
	assert_true(alloc_spend());
	assert_false(alloc_spend());
	poor = 5;
	assert_null(try_alloc(10));
	assert_null(reserve.p);
	poor = 2;
	p = try_alloc(10);
	assert_true(p != NULL && reserve.p != NULL);
	assert_int_equal(reserve.has, 250);		/* of 1000: there is no more yet */
	free(p);
	assert_int_equal(alloc_restore(), 1);
	assert_int_equal(reserve.has, 1000);
	alloc_reserve(0);
}

/* A library lives with NULL, where the reserve does not help. */
static void
a_library_is_told_when_nothing_helps(void **state)
{
	void *p;

	(void)state;
	alloc_reserve(1000);
	poor = 1;
	p = reserve_alloc(10);
	assert_non_null(p);
	poor = 1;
	assert_null(reserve_realloc(p, 20));
	p = reserve_realloc(p, 20);
	assert_non_null(p);
	free(p);
	alloc_reserve(0);
	poor = 1;
	assert_null(reserve_alloc(10));
	assert_int_equal(alloc_restore(), 1);
	assert_int_equal(alloc_restore(), 0);
}

/* As calloc does. */
static void
a_library_gets_zeros(void **state)
{
	unsigned char *p = malloc(30);

	(void)state;
	assert_non_null(p);
	memset(p, 1, 30);
	free(p);
	p = reserve_zalloc(3, 10);
	assert_non_null(p);
	for (int i = 0; i < 30; i++)
		assert_int_equal(p[i], 0);
	free(p);
	assert_null(reserve_zalloc(SIZE_MAX / 2, 3));
	assert_null(reserve_zalloc(3, SIZE_MAX / 2));
	p = reserve_zalloc(0, 10);		/* NULL is a failure */
	assert_non_null(p);
	free(p);
}

/* It helps clients, too; who uses it learns that something is short, until there is memory again. */
static void
the_cushion_is_spent_first(void **state)
{
	void *p;

	(void)state;
	alloc_reserve(1000);
	alloc_cushion(4 * ALLOC_PIECE_BYTES);
	assert_false(alloc_short);
	poor = 1;
	p = try_alloc(10);
	assert_non_null(p);
	free(p);
	assert_true(alloc_short && reserve.p != NULL);
	poor = 2;
	assert_null(try_alloc(10));		/* all of it was one block */
	poor = 1;
	assert_true(alloc_refill());		/* in pieces */
	assert_int_equal(cushion.npieces, 4);
	poor = 1;
	p = must_zalloc(10);
	free(p);
	assert_int_equal(cushion.npieces, 3);
	assert_true(alloc_short && reserve.p != NULL);
	poor = 100;
	assert_null(try_alloc(ALLOC_PIECE_BYTES));	/* a large one does not take all */
	assert_int_equal(cushion.npieces, 0);
	poor = 0;
	assert_int_equal(alloc_restore(), 5);
	assert_false(alloc_short);
	assert_non_null(cushion.whole);
	alloc_cushion(0);
	alloc_reserve(0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_failure_is_survived),
		cmocka_unit_test(clients_wait_for_the_reserve),
		cmocka_unit_test(the_cushion_is_spent_first),
		cmocka_unit_test(a_library_is_told_when_nothing_helps),
		cmocka_unit_test(a_library_gets_zeros),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
