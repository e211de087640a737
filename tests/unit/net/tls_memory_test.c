/*
 * What OpenSSL gets for memory: pieces come back to those that want as much, up to what is kept; the rest is malloc's.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "net/tls_memory.c"

static void *
take(size_t bytes)
{
	void *p = memory_take(bytes, NULL, 0);

	assert_non_null(p);
	memset(p, 1, bytes);		/* the sanitizer looks on */
	return p;
}

static void
give(void *p)
{
	memory_give(p, NULL, 0);
}

/* All that is kept goes back to malloc. */
static int
empty(void **state)
{
	(void)state;
	for (size_t n = 1; n <= SMALL; n++)
		while (small[n].n > 0)
			free(small_take(n));
	while (buffers.n > 0)
		free(buffer_take());
	assert_int_equal(small_bytes, 0);
	return 0;
}

static void
a_piece_comes_back_and_is_long_enough(void **state)
{
	(void)state;
	for (size_t bytes = 1; bytes <= bytes_of(SMALL); bytes++) {
		void *p = take(bytes), *q;
		size_t n = malloc_usable_size(p) / GRAIN;

		assert_true(malloc_usable_size(p) >= bytes);
		give(p);
		q = take(bytes);
		assert_ptr_equal(p, q);
		give(q);
		assert_int_equal(small[n].n, 1);
		empty(NULL);
	}
}

static void
a_buffer_serves_for_all_records(void **state)
{
	void *p = take(BUFFER_LEAST), *q;

	(void)state;
	give(p);
	assert_int_equal(buffers.n, 1);
	q = take(BUFFER_BYTES);
	assert_ptr_equal(p, q);
	assert_int_equal(buffers.n, 0);
	give(q);
}

static void
no_more_is_kept_than_enough(void **state)
{
	static void *p[SMALL * (SMALL_KEEP + 1)];
	unsigned n = 0;

	(void)state;
	for (size_t bytes = 8; bytes <= bytes_of(SMALL); bytes += GRAIN)
		for (int i = 0; i <= SMALL_KEEP; i++)
			if (n < sizeof p / sizeof *p)
				p[n++] = take(bytes);
	while (n > 0)
		give(p[--n]);
	assert_true(small_bytes <= KEEP_BYTES && small_bytes > KEEP_BYTES / 2);
	for (size_t i = 1; i <= SMALL; i++)
		assert_true(small[i].n <= SMALL_KEEP);
	for (n = 0; n < BUFFER_KEEP + 2; n++)
		p[n] = take(16800);
	while (n > 0)
		give(p[--n]);
	assert_int_equal(buffers.n, BUFFER_KEEP);
}

static void
other_memory_is_not_kept(void **state)
{
	static const size_t bytes[] = { 1033, 4096, BUFFER_LEAST - 1, BUFFER_BYTES + 1, 1 << 20 };
	void *p = NULL;

	(void)state;
	for (unsigned i = 0; i < sizeof bytes / sizeof *bytes; i++)
		give(take(bytes[i]));
	give(NULL);
	assert_true(small_bytes == 0 && buffers.n == 0);
	p = memory_resize(p, 10, NULL, 0);
	p = memory_resize(p, 2000, NULL, 0);
	give(p);
	give(memory_resize(take(100), 3000, NULL, 0));
	assert_true(small_bytes == 0 && buffers.n == 0);
}

/* As the thread does that verifies passwords: it gives one piece and takes two. */
static void *
other_thread(void *taken)
{
	void **p = taken;

	give(p[0]);
	p[1] = take(100);
	p[2] = take(BUFFER_BYTES);
	return NULL;
}

static void
another_thread_has_memory_of_its_own(void **state)
{
	void *p[3] = { take(100) }, *mine = take(100), *buffer = take(BUFFER_BYTES);
	size_t n = malloc_usable_size(mine) / GRAIN;
	pthread_t other;

	(void)state;
	give(mine);
	give(buffer);
	assert_int_equal(pthread_create(&other, NULL, other_thread, p), 0);
	assert_int_equal(pthread_join(other, NULL), 0);
	assert_ptr_not_equal(p[1], mine);
	assert_ptr_not_equal(p[2], buffer);
	assert_int_equal(small[n].n, 1);
	assert_int_equal(buffers.n, 1);
	assert_ptr_equal(take(100), mine);
	give(mine);
	give(p[1]);
	give(p[2]);
}

static int
begin(void **state)
{
	(void)state;
	keeps = true;		/* as after tls_memory_init, but OpenSSL is not part of this */
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(a_piece_comes_back_and_is_long_enough, empty),
		cmocka_unit_test_teardown(a_buffer_serves_for_all_records, empty),
		cmocka_unit_test_teardown(no_more_is_kept_than_enough, empty),
		cmocka_unit_test_teardown(other_memory_is_not_kept, empty),
		cmocka_unit_test_teardown(another_thread_has_memory_of_its_own, empty),
	};

	return cmocka_run_group_tests_name("tls_memory", tests, begin, NULL);
}
