#include "acme/base64url.h"
#include "base/bug.h"

static const char alphabet[65] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

bool
base64url_add(struct buf *b, struct str bytes)
{
	const unsigned char *p = (const unsigned char *)bytes.p;

	for (size_t i = 0; i < bytes.len; i += 3) {
		size_t n = bytes.len - i < 3 ? bytes.len - i : 3;
		uint32_t v = (uint32_t)p[i] << 16 | (n > 1 ? (uint32_t)p[i + 1] << 8 : 0)
		    | (n > 2 ? p[i + 2] : 0);
		char out[4];

		for (int k = 0; k < 4; k++)
			out[k] = alphabet[v >> (18 - 6 * k) & 63];
		buf_add(b, out, n + 1);
	}
	return !b->full;
}

static int
value_of(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '-' ? 62 : c == '_' ? 63 : -1;
}

bool
base64url_decode(struct buf *b, struct str text)
{
	size_t before = b->len;
	uint32_t bits = 0;
	unsigned n = 0;
	bool good = text.len % 4 != 1;

	for (size_t i = 0; good && i < text.len; i++) {
		int v = value_of(text.p[i]);

		good = v >= 0;
		bits = bits << 6 | (uint32_t)(v & 63);
		n += 6;
		if (n >= 8) {
			n -= 8;
			good = good && buf_add(b, &(char){ (char)(bits >> n & 255) }, 1);
			bits &= (1u << n) - 1;
		}
	}
	ASSERT(n < 8);
	if (good && bits == 0)
		return true;
	b->len = before;
	return false;
}
