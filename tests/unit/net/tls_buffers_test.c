/*
 * What OpenSSL gets for memory: buffers of records come back, everything else is malloc's.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "net/tls_buffers.c"

static void
a_buffer_comes_back_and_is_long_enough(void **state)
{
	void *p = memory_take(BUFFER_LEAST, NULL, 0), *q;

	(void)state;
	memory_give(p, NULL, 0);
	assert_int_equal(buffers.n, 1);
	q = memory_take(BUFFER_BYTES, NULL, 0);
	assert_ptr_equal(p, q);
	assert_int_equal(buffers.n, 0);
	memset(q, 1, BUFFER_BYTES);		/* the sanitizer looks on */
	memory_give(q, NULL, 0);
	free(memory_take(BUFFER_LEAST, NULL, 0));
}

static void
no_more_are_kept_than_a_few(void **state)
{
	void *p[KEEP + 2];

	(void)state;
	for (unsigned i = 0; i < KEEP + 2; i++)
		p[i] = memory_take(16800, NULL, 0);
	for (unsigned i = 0; i < KEEP + 2; i++)
		memory_give(p[i], NULL, 0);
	assert_int_equal(buffers.n, KEEP);
	while (buffers.n > 0)
		free(memory_take(16800, NULL, 0));
}

static void
other_memory_is_not_kept(void **state)
{
	static const size_t bytes[] = { 1, 100, BUFFER_LEAST - 1, BUFFER_BYTES + BUFFER_SLACK + 1, 1 << 20 };
	void *p = NULL;

	(void)state;
	for (unsigned i = 0; i < sizeof bytes / sizeof *bytes; i++)
		memory_give(memory_take(bytes[i], NULL, 0), NULL, 0);
	memory_give(NULL, NULL, 0);
	p = memory_resize(p, 10, NULL, 0);
	memory_give(memory_resize(p, 20, NULL, 0), NULL, 0);
	assert_int_equal(buffers.n, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_buffer_comes_back_and_is_long_enough),
		cmocka_unit_test(no_more_are_kept_than_a_few),
		cmocka_unit_test(other_memory_is_not_kept),
	};

	return cmocka_run_group_tests_name("tls_buffers", tests, NULL, NULL);
}
