/* encode: what was encoded is readable at the other end, when it has to be, whatever the pieces; and what a coder takes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <malloc.h>
#include <stdlib.h>

#include <cmocka.h>

void *counted_alloc(unsigned long);
void counted_free(void *);

static size_t taken, most_taken;	/* by coders, of the heap */

#define try_alloc	counted_alloc
#define free		counted_free
#include "http/encode.c"
#undef try_alloc
#undef free

#include "../../decode.h"

void *
counted_alloc(unsigned long bytes)
{
	void *p = malloc(bytes);

	taken += malloc_usable_size(p);
	most_taken = taken > most_taken ? taken : most_taken;
	return p;
}

void
counted_free(void *p)
{
	taken -= malloc_usable_size(p);
	free(p);
}

#define BYTES	300000

static char plain[BYTES], out[BYTES + 70000], seen[BYTES];
static struct encode_budget budget = { 0, 64 << 20 };

static void
fill(unsigned seed)
{
	for (size_t i = 0; i < BYTES; i++) {
		seed = seed * 1103515245 + 12345;
		plain[i] = i % 9 < 6 ? (char)('a' + i % 9) : (char)(seed >> 16);
	}
}

/* One step to its end, with `room` bytes of output at a time; what comes is decoded at once. */
static size_t
step(struct encoder *e, struct decoder *d, enum encode_step s, const char *in, size_t len, size_t room, size_t at)
{
	struct encode_io io = { in, len, out, room };
	enum encode_result res;

	do {
		io.out = out;
		io.out_len = room;
		res = encoder_run(e, s, &io);
		assert_int_not_equal(res, ENCODE_FAIL);
		at += decoder_run(d, out, room - io.out_len, seen + at, BYTES - at);
	} while (res == ENCODE_FULL);
	return at;
}

static void
what_is_encoded_is_readable(void **state)
{
	(void)state;
	for (enum encoding c = ENCODING_GZIP; c <= ENCODING_ZSTD; c++)
		for (size_t piece = 1; piece < BYTES; piece = piece * 7 + 3) {
			struct encoder *e = encoder_new(c, &budget);
			struct decoder d;
			size_t got = 0, at = 0, most = piece < 100 ? piece * 50 : BYTES;
			assert_non_null(e);
			fill((unsigned)piece);
			decoder_init(&d, c);
			for (int i = 0; at < most; i++) {
				size_t n = piece < most - at ? piece : most - at;
				got = step(e, &d, ENCODE_MORE, plain + at, n, 64 + piece % 20000, got);
				at += n;
				if (i % 3 != 0)
					continue;
				got = step(e, &d, ENCODE_FLUSH, NULL, 0, 64, got);
				assert_int_equal(got, at);		/* all of it, at once */
			}
			assert_false(d.ended);
			got = step(e, &d, ENCODE_END, NULL, 0, 64, got);
			assert_true(d.ended);
			assert_int_equal(got, most);
			assert_memory_equal(seen, plain, most);
			decoder_fini(&d);
			encoder_free(&e);
			assert_int_equal(budget.used, 0);
		}
}

/* More than the constants of encode.c say is a lie to whoever bounds their sum. */
static void
coders_take_what_is_said_of_them(void **state)
{
	(void)state;
	fill(1);
	for (enum encoding c = ENCODING_GZIP; c <= ENCODING_ZSTD; c++) {
		struct encoder *e;
		struct decoder d;
		size_t got = 0, bytes;
		taken = most_taken = 0;
		e = encoder_new(c, &budget);
		decoder_init(&d, c);
		for (size_t at = 0; at < BYTES; at += 16384)
			got = step(e, &d, ENCODE_MORE, plain + at, at + 16384 < BYTES ? 16384 : BYTES - at, 16384, got);
		got = step(e, &d, ENCODE_FLUSH, NULL, 0, 16384, got);
		bytes = most_taken + (c == ENCODING_ZSTD ? ZSTD_sizeof_CCtx(e->zstd) : 0);
		print_message("%s takes %zu bytes\n", encoding_name(c), bytes);
		assert_true(bytes <= codings[c].bytes && bytes > codings[c].bytes / 3);
		assert_int_equal(budget.used, codings[c].bytes);
		decoder_fini(&d);
		encoder_free(&e);
	}
}

static void
there_is_a_bound(void **state)
{
	struct encode_budget small = { 0, 2 << 20 };
	struct encoder *e;

	(void)state;
	assert_true(encode_budget_has(&small));
	e = encoder_new(ENCODING_BR, &small);
	assert_false(encode_budget_has(&small));
	encoder_free(&e);
	assert_true(encode_budget_has(&small));
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(what_is_encoded_is_readable), cmocka_unit_test(coders_take_what_is_said_of_them),
		cmocka_unit_test(there_is_a_bound) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
