#include "base/base64.h"
#include "base/bug.h"

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

bool
base64_add(struct buf *b, struct str bytes)
{
	const unsigned char *p = (const unsigned char *)bytes.p;
	char four[4];

	for (size_t i = 0; i < bytes.len && !b->full; i += 3) {
		size_t left = bytes.len - i;
		uint32_t bits = (uint32_t)p[i] << 16 | (left > 1 ? (uint32_t)p[i + 1] << 8 : 0) |
		    (left > 2 ? p[i + 2] : 0);
		for (unsigned k = 0; k < 4; k++)
			four[k] = k > left ? '=' : digits[bits >> (18 - 6 * k) & 63];
		buf_add(b, four, sizeof four);
	}
	return !b->full;
}

/* The value of a digit, plus one; 0: it is none. */
static const uint8_t values[256] = {
	['A'] = 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25,
	    26,
	['a'] = 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49,
	    50, 51, 52,
	['0'] = 53, 54, 55, 56, 57, 58, 59, 60, 61, 62, ['+'] = 63, ['/'] = 64
};

bool
base64_read(struct str s, char *out, size_t *len)
{
	uint32_t bits = 0;
	unsigned n = 0;

	*len = 0;
	while (s.len > 0 && s.p[s.len - 1] == '=')
		s.len--;
	for (size_t i = 0; i < s.len; i++) {
		unsigned digit = values[(unsigned char)s.p[i]];
		if (digit == 0)
			return false;
		ASSERT(n < 8);
		bits = bits << 6 | (digit - 1);
		n += 6;
		if (n >= 8) {
			n -= 8;
			out[(*len)++] = (char)(bits >> n & 0xff);
		}
	}
	ASSERT(*len <= s.len);
	return true;
}
