/*
 * PROXY protocol headers: at once, and growing by as many bytes as the first byte says; never more is asked for than a header may
 * have, and what it is does not depend on how it came.
 */
#include <string.h>

#include "base/bug.h"
#include "proxy/proxy_header.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct proxy_header h = { .local = false }, again = h;
	struct str in = { (const char *)bytes + 1, len - 1 };
	size_t used = 0, used_again = 0, n = 0;
	enum parse r, s = PARSE_MORE;

	if (len < 2)
		return 0;
	r = proxy_header_parse(in, &h, &used);
	ASSERT(r != PARSE_MORE || in.len < PROXY_HEADER_MAX);
	ASSERT(r != PARSE_DONE || (used > 0 && used <= in.len && used <= PROXY_HEADER_MAX));
	while (n < in.len && s == PARSE_MORE) {
		n = in.len - n < (size_t)bytes[0] + 1 ? in.len : n + bytes[0] + 1;
		s = proxy_header_parse((struct str){ in.p, n }, &again, &used_again);
	}
	ASSERT(s == r);
	if (r == PARSE_DONE)
		ASSERT(used == used_again && h.local == again.local && (h.local || ip_eq(&h.source, &again.source)));
	return 0;
}
