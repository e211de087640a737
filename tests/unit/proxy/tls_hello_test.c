/*
 * A TLS client's first message: whole, cut at every place, in records of every size, and wrong in every length that it has.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "proxy/tls_hello.c"

/* ---- a message is made ---- */

struct bytes {
	uint8_t	b[3 * TLS_HELLO_MAX];
	size_t	n;
};

static void
put(struct bytes *o, const void *p, size_t n)
{
	memcpy(o->b + o->n, p, n);
	o->n += n;
}

static void
put16(struct bytes *o, size_t n)
{
	put(o, (uint8_t[]){ (uint8_t)(n >> 8), (uint8_t)n }, 2);
}

/* A handshake message with these extensions; `pad` bytes in one more. */
static void
hello(struct bytes *o, const void *extensions, size_t n, size_t pad)
{
	uint8_t zeroes[2 * TLS_HELLO_MAX] = { 0 };
	size_t all = n + (pad > 0 ? 4 + pad : 0), len = 2 + 32 + 1 + 32 + 2 + 4 + 2 + 2 + all;

	o->n = 0;
	put(o, (uint8_t[]){ 1, (uint8_t)(len >> 16), (uint8_t)(len >> 8), (uint8_t)len, 3, 3 }, 6);
	put(o, zeroes, 32);
	put(o, "\x20", 1);
	put(o, zeroes, 32);
	put(o, "\0\4\x13\1\x13\2\1\0", 8);
	put16(o, all);
	put(o, extensions, n);
	if (pad > 0) {
		put16(o, 21);
		put16(o, pad);
		put(o, zeroes, pad);
	}
}

static void
named(struct bytes *o, const char *name, size_t len, size_t pad)
{
	struct bytes e = { .n = 0 };

	put(&e, "\x4a\x4a\0\0", 4);		/* one that nobody knows */
	put16(&e, 0);
	put16(&e, len + 5);
	put16(&e, len + 3);
	put(&e, "\0", 1);
	put16(&e, len);
	put(&e, name, len);
	hello(o, e.b, e.n, pad);
}

/* The message in records of `size` bytes. */
static void
records(struct bytes *o, const struct bytes *m, size_t size)
{
	o->n = 0;
	for (size_t at = 0; at < m->n; at += size) {
		size_t n = m->n - at < size ? m->n - at : size;
		put(o, "\x16\3\1", 3);
		put16(o, n);
		put(o, m->b + at, n);
	}
}

static enum parse
parse(const void *p, size_t n, struct tls_hello *h)
{
	char *copy = malloc(n + (n == 0));		/* of exactly its size, for ASan */
	enum parse r;

	memcpy(copy, p, n);
	memset(h, 0xaa, sizeof *h);
	r = tls_hello_parse((struct str){ copy, n }, h);
	free(copy);
	return r;
}

static void
expect(const struct bytes *in, const char *name)
{
	struct tls_hello h;

	for (size_t n = 0; n < in->n; n++)
		assert_int_equal(parse(in->b, n, &h), PARSE_MORE);
	assert_int_equal(parse(in->b, in->n, &h), PARSE_DONE);
	assert_true(h.tls);
	assert_int_equal(h.len, strlen(name));
	assert_memory_equal(h.name, name, h.len);
}

static void
test_name(void **state)
{
	static struct bytes m, r;

	(void)state;
	named(&m, "db.example.org", 14, 0);
	for (size_t size = 1; size <= m.n; size++) {
		records(&r, &m, size);
		expect(&r, "db.example.org");
	}
	named(&m, "db.example.org.", 15, 0);
	records(&r, &m, 100);
	expect(&r, "db.example.org");
	put(&r, "what follows", 12);
	struct tls_hello h;
	assert_int_equal(parse(r.b, r.n, &h), PARSE_DONE);
}

static void
test_no_name(void **state)
{
	static struct bytes m, r;

	(void)state;
	hello(&m, "", 0, 0);
	records(&r, &m, 4096);
	expect(&r, "");
	m.n -= 2;				/* no extensions at all: TLS 1.0 */
	m.b[3] = (uint8_t)(m.b[3] - 2);
	records(&r, &m, 4096);
	expect(&r, "");
	hello(&m, "\0\0\0\6\0\4\7\0\1x", 10, 0);	/* a name of another type */
	records(&r, &m, 4096);
	expect(&r, "");
}

static void
test_large(void **state)
{
	static struct bytes m, r;
	struct tls_hello h;

	(void)state;
	named(&m, "a.org", 5, 16000);
	records(&r, &m, 16384);
	assert_int_equal(parse(r.b, r.n - 1, &h), PARSE_MORE);
	assert_int_equal(parse(r.b, r.n, &h), PARSE_DONE);
	records(&r, &m, 50);			/* the heads make it too long */
	assert_int_equal(parse(r.b, r.n, &h), PARSE_BAD);
	assert_int_equal(parse(r.b, TLS_HELLO_MAX - 1, &h), PARSE_MORE);
	named(&m, "a.org", 5, 17000);		/* known as soon as its length is */
	records(&r, &m, 16384);
	assert_int_equal(parse(r.b, 8, &h), PARSE_MORE);
	assert_int_equal(parse(r.b, 9, &h), PARSE_BAD);
	assert_true(h.tls);
}

static void
test_other_protocols(void **state)
{
	static const char *const text[] = { "GET / HTTP/1.1\r\n", "SSH-2.0-OpenSSH", "\x16\x02\x01", "\x80\x2e\1\3",
		"\x15\3\1\0\2", "\x17\3\3\0\1" };
	struct tls_hello h;

	(void)state;
	for (size_t i = 0; i < sizeof text / sizeof *text; i++) {
		assert_int_equal(parse(text[i], strlen(text[i]), &h), PARSE_BAD);
		assert_false(h.tls);
	}
	assert_int_equal(parse("\x16\3\1\0\5\2", 6, &h), PARSE_BAD);	/* another handshake message */
	assert_true(h.tls);
	assert_int_equal(parse("\x16\3\1\0\0", 5, &h), PARSE_BAD);	/* an empty record */
	assert_int_equal(parse("\x16\3\1\x40\1", 5, &h), PARSE_BAD);	/* too long a record */
	assert_int_equal(parse("", 0, &h), PARSE_MORE);
	assert_false(h.tls);
}

/* Every byte of the message wrong in some ways: whatever comes of it, ASan agrees, and no name is
 * longer than what it is in. */
static void
test_wrong_bytes(void **state)
{
	static struct bytes m, r;
	struct tls_hello h;
	unsigned bad = 0;

	(void)state;
	named(&m, "db.example.org", 14, 20);
	records(&r, &m, 4096);
	for (size_t at = 0; at < r.n; at++)
		for (unsigned v = 0; v < 256; v += 5) {
			uint8_t was = r.b[at];
			r.b[at] = (uint8_t)v;
			bad += parse(r.b, r.n, &h) == PARSE_BAD;
			assert_true(h.len < sizeof h.name);
			r.b[at] = was;
		}
	assert_true(bad > 1000);
}

static void
test_names(void **state)
{
	static struct bytes m, r;
	struct tls_hello h;
	char longest[256];

	(void)state;
	memset(longest, 'a', sizeof longest);
	named(&m, longest, 255, 0);
	records(&r, &m, 4096);
	assert_int_equal(parse(r.b, r.n, &h), PARSE_DONE);
	assert_int_equal(h.len, 255);
	named(&m, longest, 256, 0);
	records(&r, &m, 4096);
	assert_int_equal(parse(r.b, r.n, &h), PARSE_BAD);
	named(&m, "a\0b", 3, 0);
	records(&r, &m, 4096);
	assert_int_equal(parse(r.b, r.n, &h), PARSE_BAD);
	hello(&m, "\0\0\0\6\0\4\0\0\1x" "\0\0\0\6\0\4\0\0\1y", 20, 0);	/* the extension twice */
	records(&r, &m, 4096);
	assert_int_equal(parse(r.b, r.n, &h), PARSE_BAD);
	assert_int_equal(h.len, 0);
	hello(&m, "\0\0\0\x0a\0\x08\0\0\1x\0\0\1y", 14, 0);		/* two names */
	records(&r, &m, 4096);
	assert_int_equal(parse(r.b, r.n, &h), PARSE_BAD);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_name),
		cmocka_unit_test(test_no_name),
		cmocka_unit_test(test_large),
		cmocka_unit_test(test_other_protocols),
		cmocka_unit_test(test_wrong_bytes),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
