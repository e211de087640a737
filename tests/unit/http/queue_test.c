/* Bytes in, the same bytes out, in order. */
#include "http/queue.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

static void
all_come_out_in_order(void **state)
{
	struct queue q = { 0 };
	unsigned in = 0, out = 0, seed = 1;

	(void)state;
	for (int round = 0; round < 20000; round++) {
		unsigned n = (seed = seed * 1103515245 + 12345) >> 16 & 255;
		uint8_t bytes[256];
		if (round % 3 != 2) {
			for (unsigned i = 0; i < n; i++)
				bytes[i] = (uint8_t)(in++ * 31 >> 3);
			assert_true(queue_add(&q, bytes, n));
		} else {
			struct str s = queue_str(&q);
			n = n * 3 < s.len ? n * 3 : (unsigned)s.len;
			for (unsigned i = 0; i < n; i++)
				assert_int_equal((uint8_t)s.p[i], (uint8_t)(out++ * 31 >> 3));
			queue_take(&q, n);
		}
		assert_int_equal(queue_len(&q), in - out);
	}
	queue_fini(&q);
	assert_int_equal(queue_len(&q), 0);
}

static void
an_empty_one_has_an_empty_slice(void **state)
{
	struct queue q = { 0 };

	(void)state;
	assert_true(queue_add(&q, "", 0));
	assert_true(queue_str(&q).p != NULL && queue_str(&q).len == 0);
	assert_null(q.p);
}

/* What is taken from the front makes room at the end, without more memory. */
static void
it_does_not_grow_with_what_has_gone(void **state)
{
	struct queue q = { 0 };
	char bytes[100] = { 0 };

	(void)state;
	for (int i = 0; i < 10000; i++) {
		queue_add(&q, bytes, sizeof bytes);
		if (i > 0)
			queue_take(&q, sizeof bytes);
	}
	assert_true(q.cap <= 1024);
	queue_fini(&q);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_come_out_in_order),
		cmocka_unit_test(an_empty_one_has_an_empty_slice),
		cmocka_unit_test(it_does_not_grow_with_what_has_gone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
