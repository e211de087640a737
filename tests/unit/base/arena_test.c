/* arena: small and large things side by side, aligned, and all gone at once. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/arena.c"

static void
things_keep_to_themselves(void **state)
{
	struct arena *a = arena_new();
	char *text[2000], wanted[32];

	(void)state;
	for (int i = 0; i < 2000; i++) {
		text[i] = arena_printf(a, "number %d", i);
		if (i % 500 == 0)
			memset(arena_zalloc(a, 40000), 'x', 40000);
		assert_int_equal((uintptr_t)arena_zalloc(a, 1) % _Alignof(max_align_t), 0);
	}
	for (int i = 0; i < 2000; i++) {
		snprintf(wanted, sizeof wanted, "number %d", i);
		assert_string_equal(text[i], wanted);
	}
	assert_string_equal(arena_text(a, STR("")), "");
	assert_string_equal(arena_text(a, (struct str){ "abc", 2 }), "ab");
	arena_free(&a);
	assert_null(a);
	arena_free(&a);
}

static void
memory_is_zeroed(void **state)
{
	struct arena *a = arena_new();
	const char *p;

	(void)state;
	for (size_t n = 1; n < 70000; n *= 3) {
		p = arena_zalloc(a, n);
		for (size_t i = 0; i < n; i++)
			assert_int_equal(p[i], 0);
	}
	arena_free(&a);
}

/* Blocks of its size come again, zeroed; a large one and those beyond `keep` are gone. */
static void
what_is_reset_is_used_again(void **state)
{
	struct arena *a = arena_try_new(1024);
	char *first, *second;

	(void)state;
	first = arena_try_zalloc(a, 1000);
	memset(first, 'x', 1000);
	second = arena_try_zalloc(a, 1000);
	arena_try_zalloc(a, 5000);
	arena_try_zalloc(a, 1000);
	arena_reset(a, 2);
	assert_null(a->first);
	for (unsigned round = 0; round < 3; round++) {
		char *one = arena_try_zalloc(a, 1000), *two;
		assert_int_equal(one[0], 0);
		memset(one, 'x', 1000);
		two = arena_try_zalloc(a, 1000);
		assert_true(one != two && a->spare == NULL);
		assert_true(one == first || one == second || two == first || two == second);
		arena_reset(a, 2);
		assert_true(a->spare != NULL && a->spare->next != NULL && a->spare->next->next == NULL);
	}
	arena_free(&a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(things_keep_to_themselves),
		cmocka_unit_test(memory_is_zeroed),
		cmocka_unit_test(what_is_reset_is_used_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
