/* buf, heap, map: each against something slow and simple. */
#include "base/buf.c"
#include "base/heap.c"
#include "base/map.c"
#include "base/rng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static void
a_buf_grows_to_its_ceiling_and_says_when_it_is_full(void **state)
{
	char big[1000];
	struct buf b;

	(void)state;
	memset(big, 'x', sizeof big);
	buf_init(&b, 1200);
	assert_true(buf_add(&b, big, sizeof big));
	assert_false(buf_add(&b, big, 201));
	assert_true(b.full);
	assert_int_equal(b.len, 1000);		/* what does not fit is not cut in two */
	assert_true(buf_printf(&b, "%0200d", 5));
	assert_int_equal(b.len, 1200);
	assert_false(buf_add(&b, "y", 1));
	buf_eat(&b, 1199);
	assert_true(str_eq(buf_str(&b), STR("5")));
	buf_clear(&b);
	assert_false(b.full);
	assert_true(buf_add(&b, big, 700));
	buf_fini(&b);
}

static void
a_buf_prints_texts_of_any_length(void **state)
{
	char text[3001];
	struct buf b;

	(void)state;
	memset(text, 'p', 3000);
	text[3000] = '\0';
	buf_init(&b, 10000);
	assert_true(buf_printf(&b, "<%s>", text));
	assert_int_equal(b.len, 3002);
	assert_int_equal(b.p[3001], '>');
	buf_fini(&b);
}

static void
an_empty_buf_may_be_eaten_and_added_to(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 0);
	buf_eat(&b, 0);
	assert_true(buf_add(&b, NULL, 0));
	assert_false(buf_add(&b, "x", 1));
	assert_int_equal(buf_str(&b).len, 0);
	buf_fini(&b);
}

#define NODES 500

static void
a_heap_gives_the_smallest_whatever_is_taken_out(void **state)
{
	static struct heap_node n[NODES];
	struct heap h;
	struct rng r;
	size_t in = 0;

	(void)state;
	rng_seed(&r, 1);
	heap_init(&h);
	assert_null(heap_min(&h));
	for (int step = 0; step < 20000; step++) {
		struct heap_node *x = &n[rng_below(&r, NODES)], *min;
		if (x->at == 0) {
			heap_push(&h, x, (int64_t)rng_below(&r, 1000) - 500);
			in++;
		} else {
			heap_remove(&h, x);
			in--;
		}
		assert_int_equal(h.count, in);
		min = heap_min(&h);
		assert_int_equal(min == NULL, in == 0);
		for (int i = 0; i < NODES; i++)
			if (n[i].at != 0)
				assert_true(h.node[n[i].at] == &n[i] && min->key <= n[i].key);
	}
	heap_fini(&h);
}

static void
a_map_agrees_with_an_array(void **state)
{
	static char value[300];
	void *want[300] = { NULL };
	struct map *m = map_new();
	size_t count = 0;
	struct rng r;

	(void)state;
	rng_seed(&r, 2);
	for (int step = 0; step < 30000; step++) {
		uint32_t i = rng_below(&r, 300);
		char name[16];
		struct str key = { name, (size_t)snprintf(name, sizeof name, "key-%u", i) };
		assert_ptr_equal(map_get(m, key), want[i]);
		if (rng_below(&r, 2) == 0) {
			count += want[i] == NULL;
			want[i] = &value[rng_below(&r, 300)];
			map_put(m, key, want[i]);
		} else {
			assert_ptr_equal(map_remove(m, key), want[i]);
			count -= want[i] != NULL;
			want[i] = NULL;
		}
		assert_int_equal(map_count(m), count);
	}
	map_free(&m);
	assert_null(m);
}

static void
a_map_shows_each_entry_once(void **state)
{
	static int value[100], seen[100];
	struct map *m = map_new();
	struct str key;
	void *v;

	(void)state;
	for (int i = 0; i < 100; i++) {
		char name[16];
		map_put(m, (struct str){ name, (size_t)snprintf(name, sizeof name, "%d", i) }, &value[i]);
	}
	for (size_t at = 0; map_next(m, &at, &key, &v);)
		seen[(int *)v - value]++;
	for (int i = 0; i < 100; i++)
		assert_int_equal(seen[i], 1);
	map_free(&m);
	map_free(&m);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_buf_grows_to_its_ceiling_and_says_when_it_is_full),
		cmocka_unit_test(a_buf_prints_texts_of_any_length),
		cmocka_unit_test(an_empty_buf_may_be_eaten_and_added_to),
		cmocka_unit_test(a_heap_gives_the_smallest_whatever_is_taken_out),
		cmocka_unit_test(a_map_agrees_with_an_array),
		cmocka_unit_test(a_map_shows_each_entry_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
