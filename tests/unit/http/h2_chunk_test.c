/* Data becomes chunks, which grow while nobody has read them. */
#include "http/h2_chunk.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "http/h1_body.h"

static struct queue q;
static size_t last;

static void
add(const char *text)
{
	assert_true(h2_chunk_add(&q, &last, text, strlen(text)));
}

static void
holds(const char *want)
{
	char *got = strndup(queue_str(&q).p, queue_len(&q));

	assert_string_equal(got, want);
	free(got);
}

static int
begin(void **state)
{
	(void)state;
	last = 0;
	return 0;
}

static int
end(void **state)
{
	(void)state;
	queue_fini(&q);
	return 0;
}

static void
a_chunk_grows_until_it_is_read(void **state)
{
	(void)state;
	assert_true(queue_add(&q, "head\r\n", 6));
	add("abc");
	add("d");
	holds("head\r\n4\r\nabcd\r\n");
	add("0123456789abcdef");
	holds("head\r\n14\r\nabcd0123456789abcdef\r\n");
	queue_take(&q, 6);
	add("x");
	holds("15\r\nabcd0123456789abcdefx\r\n");
	queue_take(&q, 1);
	add("y");
	holds("5\r\nabcd0123456789abcdefx\r\n1\r\ny\r\n");
	queue_take(&q, queue_len(&q));
	add("z");
	assert_true(h2_chunk_end(&q, STR("a: b\r\n")));
	holds("1\r\nz\r\n0\r\na: b\r\n\r\n");
}

/* However it comes and is read, the bytes are the same, and framing is next to nothing. */
static void
bytes_are_what_they_were(void **state)
{
	enum { TOTAL = 3 << 20 };
	char *in = malloc(TOTAL), *raw = malloc(2 * TOTAL);
	size_t put = 0, got = 0, used, data;
	struct h1_body body;

	(void)state;
	srand(7);
	for (int i = 0; i < TOTAL; i++)
		in[i] = (char)rand();
	while (put < TOTAL) {
		size_t n = rand() % 4 == 0 ? (size_t)rand() % 40000 + 1 : 1, take;

		n = n < TOTAL - put ? n : TOTAL - put;
		assert_true(h2_chunk_add(&q, &last, in + put, n));
		put += n;
		take = rand() % 8 == 0 ? (size_t)rand() % (queue_len(&q) + 1) : 0;
		memcpy(raw + got, queue_str(&q).p, take);
		queue_take(&q, take);
		got += take;
	}
	assert_true(h2_chunk_end(&q, STR("")));
	memcpy(raw + got, queue_str(&q).p, queue_len(&q));
	got += queue_len(&q);
	h1_body_init(&body, BODY_CHUNKED, 0);
	assert_int_equal(h1_body_split(&body, raw, got, &used, &data, NULL, NULL), PARSE_DONE);
	assert_int_equal(used, got);
	assert_int_equal(data, TOTAL);
	assert_memory_equal(raw, in, TOTAL);
	free(in);
	free(raw);
}

static void
small_pieces_take_no_more_room(void **state)
{
	(void)state;
	for (int i = 0; i < 128 * 1024; i++)
		add("x");
	assert_true(queue_len(&q) < 128 * 1024 + 16);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_chunk_grows_until_it_is_read, begin, end),
		cmocka_unit_test_setup_teardown(bytes_are_what_they_were, begin, end),
		cmocka_unit_test_setup_teardown(small_pieces_take_no_more_room, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
