#include "http/h1_body.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static bool lenient;		/* how bodies are read */
static char passed[16384];	/* what of the last one was used and not cut */

/* Adds what may go on of a piece. */
static void
pass(const struct h1_body *b, const char *piece, size_t used)
{
	size_t from = 0;

	for (unsigned i = 0; i <= b->ncuts; i++) {
		size_t until = i < b->ncuts ? b->cut[i].at : used;
		assert_true(until >= from && until <= used);
		strncat(passed, piece + from, until - from);
		from = i < b->ncuts ? until + b->cut[i].len : used;
	}
	assert_true(from <= used);
}

/*
 * Eats `text` in pieces of `step` bytes, each together with what the one before left over; how many bytes of it belong to the body,
 * or -1 when it is refused.
 */
static long
eat(enum body_kind kind, uint64_t length, const char *text, size_t step, bool *done)
{
	size_t len = strlen(text), at = 0, come = 0, used;
	struct h1_body b;

	h1_body_init(&b, kind, length);
	b.lenient = lenient;
	passed[0] = '\0';
	while (come < len && !b.done) {
		come = len - come < step ? len : come + step;
		do {
			size_t n = come - at;
			char *copy = malloc(n + (n == 0));		/* of exactly its size, for ASan */
			enum parse r;
			memcpy(copy, text + at, n);
			r = h1_body_eat(&b, copy, n, &used);
			if (r == PARSE_BAD) {
				free(copy);
				return -1;
			}
			assert_int_equal(r, b.done ? PARSE_DONE : PARSE_MORE);
			assert_true(used <= n && (b.ncuts <= H1_CUTS_MAX));
			pass(&b, copy, used);
			free(copy);
			at += used;
		} while (b.ncuts > 0 && !b.done);
	}
	*done = b.done;
	return (long)(b.done ? at : come);
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
	refused("0\r\nX: y\r\n\rZ\n");
	goes_on("0\r\nX: y\r\n\rZ");
}

/* What goes on of a body, in pieces of every size. */
static void
passes(const char *text, const char *want)
{
	bool done;

	for (size_t step = 1; step < 40; step++) {
		assert_int_equal(eat(BODY_CHUNKED, 0, text, step, &done), strlen(text));
		assert_true(done);
		assert_string_equal(passed, want);
	}
}

/* Merged into the head, they would speak of another message than the one that we saw. */
static void
trailers_that_may_not_be(void **state)
{
	(void)state;
	passes("1\r\na\r\n0\r\nContent-Length: 3\r\nX-Sum: 1\r\nHOST: b\r\nAuthorization: Basic x\r\nContent-Digest: y\r\n\r\n",
	    "1\r\na\r\n0\r\nX-Sum: 1\r\nContent-Digest: y\r\n\r\n");
	passes("0\r\nTransfer-Encoding: chunked\r\nContent-Type: a\r\ncookie: b\r\nSet-Cookie: c\r\nX-Forwarded-For: d\r\nX-Real-IP: e\r\n"
	    "Forwarded: f\r\nConnection: g\r\nTrailer: h\r\nIf-Match: i\r\nCache-Control: j\r\n\r\n", "0\r\n\r\n");
	passes("0\r\nX_Forwarded_For: d\r\nContent_Length: 3\r\nX_Real-IP: e\r\n\r\n", "0\r\n\r\n");
	passes("0\r\nA: 1\r\nHost: x\r\nB: 2\r\nHost: x\r\nC: 3\r\nHost: x\r\nD: 4\r\nHost: x\r\nE: 5\r\nHost: x\r\nF: 6\r\nHost: x\r\n"
	    "G: 7\r\nHost: x\r\nH: 8\r\nHost: x\r\nI: 9\r\nHost: x\r\nJ: 10\r\nHost: x\r\n\r\n",
	    "0\r\nA: 1\r\nB: 2\r\nC: 3\r\nD: 4\r\nE: 5\r\nF: 6\r\nG: 7\r\nH: 8\r\nI: 9\r\nJ: 10\r\n\r\n");
	passes("0\r\nHosts: a\r\nContents: b\r\nIfs: c\r\ngrpc-status: 0\r\n\r\n", "0\r\nHosts: a\r\nContents: b\r\nIfs: c\r\ngrpc-status: 0\r\n\r\n");
}

/* Old servers pad the sizes of chunks; a client of ours does not see it, and to a task nothing of the kind is sent. */
static void
padded_sizes_of_responses(void **state)
{
	(void)state;
	lenient = true;
	passes("5  \r\nhello\r\n6 \t \r\n world\r\n0 \r\n\r\n", "5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n");
	passes("1 ;a=b \r\na\r\n0\r\n\r\n", "1;a=b \r\na\r\n0\r\n\r\n");
	passes("1 \r\na\r\n1 \r\nb\r\n1 \r\nc\r\n1 \r\nd\r\n1 \r\ne\r\n1 \r\nf\r\n1 \r\ng\r\n1 \r\nh\r\n1 \r\ni\r\n1 \r\nj\r\n0 \r\n\r\n",
	    "1\r\na\r\n1\r\nb\r\n1\r\nc\r\n1\r\nd\r\n1\r\ne\r\n1\r\nf\r\n1\r\ng\r\n1\r\nh\r\n1\r\ni\r\n1\r\nj\r\n0\r\n\r\n");
	refused(" 5\r\nhello");
	refused("5 5\r\nhello");
	refused("5 x\r\nhello");
	refused("5\nhello");
	lenient = false;
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

/* The data alone, from pieces of `step` bytes that come into one buffer, as in a page; NULL when it is refused. */
static const char *
bare(const char *text, size_t step, bool *done)
{
	static char out[256];
	size_t len = strlen(text), come = 0, good = 0, end = 0, used, data;
	enum parse r = PARSE_MORE;
	struct h1_body b;

	h1_body_init(&b, BODY_CHUNKED, 0);
	for (; come < len && r == PARSE_MORE; come += step) {
		size_t n = len - come < step ? len - come : step;
		memcpy(out + end, text + come, n);
		end += n;
		if ((r = h1_body_bare(&b, out + good, end - good, &used, &data)) == PARSE_BAD)
			return NULL;
		memmove(out + good + data, out + good + used, end - good - used);
		end -= used - data;
		good += data;
	}
	*done = r == PARSE_DONE;
	out[good] = '\0';
	return out;
}

static void
data_alone(void **state)
{
	bool done;

	(void)state;
	for (size_t step = 1; step < 60; step++) {
		assert_string_equal(bare("3;x=1\r\nabc\r\n0A\r\n0123456789\r\n0\r\nX: y\r\nHost: z\r\n\r\n", step, &done), "abc0123456789");
		assert_true(done);
		assert_string_equal(bare("0\r\n\r\n", step, &done), "");
		assert_true(done);
		assert_string_equal(bare("5\r\nab\r\nc\r\n3\r\nde", step, &done), "ab\r\ncde");
		assert_false(done);
		assert_string_equal(bare("1\r\na\r\n0\r\nHost: b\r\nHost: c\r\nHost: d\r\nHost: e\r\nA: 1\r\nHost: f\r\nA: 1\r\nHost: g\r\n"
		    "A: 2\r\nHost: h\r\nA: 3\r\nHost: i\r\nA: 4\r\nHost: j\r\nA: 5\r\nHost: k\r\nA: 6\r\nHost: l\r\n\r\n", step, &done), "a");
		assert_true(done);
		assert_null(bare("1\r\nab\r\n", step, &done));
		assert_null(bare("1\r\na\r\n0\r\nX y\r\n\r\n", step, &done));
	}
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
		cmocka_unit_test(trailers_that_may_not_be),
		cmocka_unit_test(padded_sizes_of_responses),
		cmocka_unit_test(extension_lines_are_limited),
		cmocka_unit_test(trailers_are_limited),
		cmocka_unit_test(data_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
