#include <string.h>

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

static int
base64_digit(char c)
{
	const char *at = c == '\0' ? NULL : strchr(digits, c);

	return at == NULL ? -1 : (int)(at - digits);
}

bool
base64_read(struct str s, char *out, size_t *len)
{
	uint32_t bits = 0;
	unsigned n = 0;

	*len = 0;
	while (s.len > 0 && s.p[s.len - 1] == '=')
		s.len--;
	for (size_t i = 0; i < s.len; i++) {
		int digit = base64_digit(s.p[i]);
		if (digit < 0)
			return false;
		ASSERT(n < 8);
		bits = bits << 6 | (uint32_t)digit;
		n += 6;
		if (n >= 8) {
			n -= 8;
			out[(*len)++] = (char)(bits >> n & 0xff);
		}
	}
	ASSERT(*len <= s.len);
	return true;
}
