/*
 * A TLS client's first message: at once, and growing by as many bytes as the first byte says; what it is does not depend on how
 * it came, and never more is asked for than a message may have.
 */
#include <string.h>

#include "base/bug.h"
#include "proxy/tls_hello.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct tls_hello h, again;
	enum parse r, s = PARSE_MORE;
	size_t n = 0;

	if (len < 2)
		return 0;
	r = tls_hello_parse((struct str){ (const char *)bytes + 1, len - 1 }, &h);
	ASSERT(r != PARSE_MORE || (h.tls && len - 1 < TLS_HELLO_MAX));
	ASSERT(r == PARSE_DONE || h.len == 0);
	ASSERT(h.len < sizeof h.name && (r != PARSE_DONE || h.tls));
	while (n < len - 1 && s == PARSE_MORE) {
		n = len - 1 - n < (size_t)bytes[0] + 1 ? len - 1 : n + bytes[0] + 1;
		s = tls_hello_parse((struct str){ (const char *)bytes + 1, n }, &again);
	}
	ASSERT(s == r || (s == PARSE_BAD && r == PARSE_MORE));
	if (r == PARSE_DONE)
		ASSERT(h.len == again.len && memcmp(h.name, again.name, h.len) == 0);
	return 0;
}
