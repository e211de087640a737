/*
 * PROXY protocol headers, sound and otherwise, whole and cut at every place.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "proxy/proxy_header.c"

#define SIG "\r\n\r\n\0\r\nQUIT\n"
#define S(literal) literal, sizeof(literal) - 1
#define V4 "\xc0\0\2\1\xc6\x33\x64\2\x9c\x40\0\x50"		/* 192.0.2.1:40000 to 198.51.100.2:80 */
#define V6 "\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1" "\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\2" "\x9c\x40\0\x50"

static enum parse
parse(const char *p, size_t len, struct proxy_header *h, size_t *used)
{
	char *copy = malloc(len + (len == 0));		/* of exactly its size, for ASan */
	enum parse r;

	memcpy(copy, p, len);
	r = proxy_header_parse((struct str){ copy, len }, h, used);
	free(copy);
	return r;
}

/* `want` is the address, or "local"; a request follows, and is left alone. */
static void
names(const char *p, size_t len, const char *want)
{
	char text[IP_TEXT_MAX], *all = malloc(len + 4);
	struct proxy_header h;
	size_t used = 0;

	memcpy(all, p, len);
	memcpy(all + len, "GET ", 4);
	for (size_t n = 0; n < len; n++)
		assert_int_equal(parse(p, n, &h, &used), PARSE_MORE);
	for (size_t more = 0; more <= 4; more += 4) {
		assert_int_equal(parse(all, len + more, &h, &used), PARSE_DONE);
		assert_int_equal(used, len);
		if (h.local)
			assert_string_equal("local", want);
		else
			assert_true(str_eq(ip_text(&h.source, text), str_of(want)));
	}
	free(all);
}

static void
refused(const char *p, size_t len)
{
	struct proxy_header h;
	size_t used;

	assert_int_equal(parse(p, len, &h, &used), PARSE_BAD);
}

static void
test_version_1(void **state)
{
	(void)state;
	names(S("PROXY TCP4 192.0.2.1 198.51.100.2 40000 80\r\n"), "192.0.2.1");
	names(S("PROXY TCP6 2001:db8::1 2001:db8::2 40000 80\r\n"), "2001:db8::1");
	names(S("PROXY TCP6 ::ffff:10.0.0.1 ::1 0 65535\r\n"), "10.0.0.1");
	names(S("PROXY TCP6 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n"),
	    "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff");
	names(S("PROXY UNKNOWN\r\n"), "local");
	names(S("PROXY UNKNOWN whatever 1 2 3 4 5 6\r\n"), "local");
}

static void
test_version_1_refused(void **state)
{
	(void)state;
	refused(S("GET / HTTP/1.1\r\n"));
	refused(S("PROXIES"));
	refused(S("proxy TCP4 192.0.2.1 198.51.100.2 40000 80\r\n"));
	refused(S("PROXY TCP4 192.0.2.1 198.51.100.2 40000 80\n"));
	refused(S("PROXY \n"));
	refused(S("PROXY TCP4 192.0.2.1 198.51.100.2 40000\r\n"));
	refused(S("PROXY TCP4 192.0.2.1 198.51.100.2 40000 80 1\r\n"));
	refused(S("PROXY TCP4 192.0.2.1 198.51.100.2 40000 65536\r\n"));
	refused(S("PROXY TCP4 192.0.2.1 198.51.100.2 40000 \r\n"));
	refused(S("PROXY TCP4 192.0.2.1  198.51.100.2 40000 80\r\n"));
	refused(S("PROXY TCP4 192.0.2.256 198.51.100.2 40000 80\r\n"));
	refused(S("PROXY TCP4 2001:db8::1 2001:db8::2 40000 80\r\n"));
	refused(S("PROXY TCP6 192.0.2.1 198.51.100.2 40000 80\r\n"));
	refused(S("PROXY UDP4 192.0.2.1 198.51.100.2 40000 80\r\n"));
	refused(S("PROXY TCP4 192.0.2.1 a.example 40000 80\r\n"));
	refused(S("PROXY UNKNOWN 012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678\r\n"));
}

static void
test_version_2(void **state)
{
	char large[PROXY_HEADER_MAX];

	(void)state;
	names(S(SIG "\x21\x11\0\x0c" V4), "192.0.2.1");
	names(S(SIG "\x21\x21\0\x24" V6), "2001:db8::1");
	names(S(SIG "\x21\x11\0\x10" V4 "\1\0\1x"), "192.0.2.1");
	names(S(SIG "\x20\0\0\0"), "local");
	names(S(SIG "\x20\x11\0\x0c" V4), "local");
	names(S(SIG "\x20\x11\0\1" "x"), "local");
	names(S(SIG "\x21\0\0\0"), "local");
	names(S(SIG "\x21\0\0\4abcd"), "local");
	memset(large, 0, sizeof large);
	memcpy(large, SIG "\x21\x11\x10\0" V4 "\x04\x0f\xf1", 31);		/* a value that fills it */
	names(large, sizeof large, "192.0.2.1");
	memcpy(large, SIG "\x21\x31\0\xd8", 16);
	names(large, 16 + 216, "local");
}

static void
test_version_2_refused(void **state)
{
	(void)state;
	refused(S(SIG "\x11\x11\0\x0c" V4));			/* version 1 in binary */
	refused(S(SIG "\x22\x11\0\x0c" V4));			/* no such command */
	refused(S(SIG "\x21\x12\0\x0c" V4));			/* UDP */
	refused(S(SIG "\x21\x41\0\x0c" V4));			/* no such family */
	refused(S(SIG "\x21\x11\0\x0b" V4));			/* too short for its family */
	refused(S(SIG "\x21\x11\x10\1" V4));			/* too long for us */
	refused(S(SIG "\x21\x11\0\x0e" V4 "\1\0"));		/* half a type and length */
	refused(S(SIG "\x21\x11\0\x0f" V4 "\1\0\1"));		/* a value that is not there */
	refused(S("\r\n\r\n\0\r\nQUIT\r"));
}

/* The sums are of an independent implementation. */
static void
test_checksum(void **state)
{
	char with[] = SIG "\x21\x11\0\x13" V4 "\3\0\4\x03\x60\xbb\x3d";

	(void)state;
	assert_int_equal(crc32c_add(0xffffffff, (const uint8_t *)"123456789", 9) ^ 0xffffffff, 0xe3069283);
	names(with, sizeof with - 1, "192.0.2.1");
	with[16] ^= 1;
	refused(with, sizeof with - 1);
	refused(S(SIG "\x21\x11\0\x12" V4 "\3\0\3abc"));
}

/* What is written is read as what it was made of, in either version. */
static void
test_written(void **state)
{
	static const char *const ends[][2] = { { "192.0.2.1", "198.51.100.2" }, { "2001:db8::1", "2001:db8::2" },
		{ "192.0.2.1", "2001:db8::2" }, { "::", "192.0.2.1" }, { "192.0.2.1", "::" }, { "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:fff0" } };
	char out[PROXY_SENT_MAX];
	struct proxy_header h;
	size_t len, used;

	(void)state;
	for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
		for (int v = PROXY_V1; v <= PROXY_V2; v++) {
			struct proxy_ends e = { .source_port = 65535, .here_port = 65534 };
			assert_true(ip_parse(str_of(ends[i][0]), &e.source) && ip_parse(str_of(ends[i][1]), &e.here));
			len = proxy_header_write(out, (enum proxy_version)v, &e);
			assert_true(len > 0 && len <= sizeof out);
			assert_int_equal(parse(out, len, &h, &used), PARSE_DONE);
			assert_int_equal(used, len);
			assert_false(h.local);
			assert_true(ip_eq(&h.source, &e.source));
			assert_int_equal(h.source_port, 65535);
		}
	for (int v = PROXY_V1; v <= PROXY_V2; v++) {
		len = proxy_header_write(out, (enum proxy_version)v, NULL);
		assert_int_equal(parse(out, len, &h, &used), PARSE_DONE);
		assert_true(h.local && used == len);
	}
	assert_int_equal(proxy_header_write(out, PROXY_NONE, NULL), 0);
	assert_int_equal(proxy_header_write(out, PROXY_V2, &(struct proxy_ends){ .source = ip_of_v4("\xc0\0\2\1"),
	    .here = ip_of_v4("\xc6\x33\x64\2"), .source_port = 40000, .here_port = 80 }), 28);
	assert_memory_equal(out, SIG "\x21\x11\0\x0c" V4, 28);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_written),
		cmocka_unit_test(test_version_1),
		cmocka_unit_test(test_version_1_refused),
		cmocka_unit_test(test_version_2),
		cmocka_unit_test(test_version_2_refused),
		cmocka_unit_test(test_checksum),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
