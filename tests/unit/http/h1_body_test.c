#include "http/h1_body.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Eats `text` in pieces of `step` bytes; the sum of what was used, or -1 when it is refused. */
static long
eat(enum body_kind kind, uint64_t length, const char *text, size_t step, bool *done)
{
	size_t len = strlen(text), at = 0, used;
	struct h1_body b;

	h1_body_init(&b, kind, length);
	while (at < len && !b.done) {
		size_t n = len - at < step ? len - at : step;
		char *copy = malloc(n);		/* of exactly its size, for ASan */
		enum parse r;
		memcpy(copy, text + at, n);
		r = h1_body_eat(&b, copy, n, &used);
		free(copy);
		if (r == PARSE_BAD)
			return -1;
		assert_int_equal(r, b.done ? PARSE_DONE : PARSE_MORE);
		assert_true(used <= n && (r == PARSE_DONE || used == n));
		at += used;
	}
	*done = b.done;
	return (long)at;
}

static void
ends_after(const char *text, size_t bytes)
{
	bool done;

	for (size_t step = 1; step < 40; step++)
		if (eat(BODY_CHUNKED, 0, text, step, &done) != (long)bytes || !done)
			fail_msg("in steps of %zu: %s", step, text);
}

static void
goes_on(const char *text)
{
	bool done;

	for (size_t step = 1; step < 40; step++)
		if (eat(BODY_CHUNKED, 0, text, step, &done) != (long)strlen(text) || done)
			fail_msg("in steps of %zu: %s", step, text);
}

static void
refused(const char *text)
{
	bool done;

	for (size_t step = 1; step < 40; step++)
		if (eat(BODY_CHUNKED, 0, text, step, &done) != -1)
			fail_msg("in steps of %zu: %s", step, text);
}

static void
no_body_takes_nothing(void **state)
{
	struct h1_body b;
	size_t used = 9;

	(void)state;
	h1_body_init(&b, BODY_NONE, 0);
	assert_true(b.done);
	assert_int_equal(h1_body_eat(&b, "abc", 3, &used), PARSE_DONE);
	assert_int_equal(used, 0);
}

static void
a_length_takes_its_bytes_and_no_more(void **state)
{
	bool done;

	(void)state;
	for (size_t step = 1; step < 8; step++) {
		assert_int_equal(eat(BODY_LENGTH, 5, "abcdefgh", step, &done), 5);
		assert_true(done);
		assert_int_equal(eat(BODY_LENGTH, 9, "abcdefgh", step, &done), 8);
		assert_false(done);
	}
}

static void
until_close_never_ends(void **state)
{
	bool done;

	(void)state;
	assert_int_equal(eat(BODY_UNTIL_CLOSE, 0, "0\r\n\r\nabc", 3, &done), 8);
	assert_false(done);
}

static void
chunks(void **state)
{
	(void)state;
	ends_after("0\r\n\r\n", 5);
	ends_after("0\r\n\r\nGET / HTTP/1.1\r\n", 5);
	ends_after("5\r\nhello\r\n0\r\n\r\n", 15);
	ends_after("A\r\n0123456789\r\n00b\r\n\r\n\r\n\r\n\r\n\r\na\r\n000\r\n\r\nx", 40);
	ends_after("1;name=value;x=\"y z\"\r\na\r\n0;last\r\n\r\n", 35);
	goes_on("5\r\nhel");
	goes_on("5\r\nhello\r\n");
	goes_on("0\r\n");
	goes_on("0\r\n\r");
	goes_on("00000000000000f\r\n");
}

static void
broken_framing(void **state)
{
	(void)state;
	refused("\r\n");
	refused("x\r\n");
	refused("-5\r\nhello");
	refused("+5\r\nhello");
	refused("0x5\r\nhello");
	refused(" 5\r\nhello");
	refused("5 \r\nhello");
	refused("5\t;a\r\nhello");
	refused(";a\r\n");
	refused("5\nhello");
	refused("5\r\r\nhello");
	refused("5\rhello");
	refused("5\r\nhelloo\r\n");
	refused("5\r\nhello\n0\r\n\r\n");
	refused("5\r\nhello\r0");
	refused("5;a\x01\r\n");
	refused("5;a\nhello");
	refused("5;a\rb");
	refused("0\r\n\n");
	refused("0000000000000001\r\na");
	refused("ffffffffffffffff\r\na");
}

static void
trailers(void **state)
{
	(void)state;
	ends_after("0\r\nX: y\r\nZ:\r\n\r\nrest", 15);
	refused("0\r\n X: y\r\n\r\n");
	refused("0\r\nX : y\r\n\r\n");
	refused("0\r\nX\r\n\r\n");
	refused("0\r\n: y\r\n\r\n");
	refused("0\r\nX: y\r\n z\r\n\r\n");
	refused("0\r\nX: y\nZ: a\r\n\r\n");
	refused("0\r\nX: \x02\r\n\r\n");
	refused("0\r\nX: y\r\n\rZ");
}

static void
extension_lines_are_limited(void **state)
{
	char text[LINE_MAX_BYTES + 64];
	int n = snprintf(text, sizeof text, "1;");

	(void)state;
	memset(text + n, 'e', LINE_MAX_BYTES - 2);
	strcpy(text + LINE_MAX_BYTES, "\r\na\r\n0\r\n\r\n");
	ends_after(text, strlen(text));
	memmove(text + 3, text + 2, strlen(text + 2) + 1);
	refused(text);
}

static void
trailers_are_limited(void **state)
{
	static char text[TRAILER_MAX + 64] = "0\r\nX:";
	size_t last = 3 + TRAILER_MAX;		/* the byte after the last that is allowed */
	bool done;

	(void)state;
	memset(text + 5, 'y', sizeof text - 6);
	memcpy(text + last - 4, "\r\n\r\n", 5);
	assert_int_equal(eat(BODY_CHUNKED, 0, text, 1000, &done), last);
	assert_true(done);
	memcpy(text + last - 4, "y\r\n\r\n", 6);
	assert_int_equal(eat(BODY_CHUNKED, 0, text, 1000, &done), -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_body_takes_nothing),
		cmocka_unit_test(a_length_takes_its_bytes_and_no_more),
		cmocka_unit_test(until_close_never_ends),
		cmocka_unit_test(chunks),
		cmocka_unit_test(broken_framing),
		cmocka_unit_test(trailers),
		cmocka_unit_test(extension_lines_are_limited),
		cmocka_unit_test(trailers_are_limited),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
