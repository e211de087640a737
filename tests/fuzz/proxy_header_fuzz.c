/*
 * PROXY protocol headers: at once, and growing by as many bytes as the first byte says; never more is asked for than a header may
 * have, and what it is does not depend on how it came. What was read can be sent on in both versions, and is read there as the same.
 */
#include <string.h>

#include "base/bug.h"
#include "proxy/proxy_header.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

/* To a task whose own address is of the other kind, too. */
static void
write_check(const struct proxy_header *h)
{
	struct proxy_ends e = { .source = h->source, .here = h->source, .source_port = h->source_port, .here_port = 443 };
	struct proxy_header again = { .local = false };
	char text[PROXY_SENT_MAX];
	size_t len, used = 0;

	for (int i = 0; i < 4; i++) {
		if (i >= 2)
			ASSERT(ip_parse(ip_is_v4(&h->source) ? STR("2001:db8::1") : STR("192.0.2.1"), &e.here));
		len = proxy_header_write(text, i % 2 == 0 ? PROXY_V1 : PROXY_V2, h->local ? NULL : &e);
		ASSERT(len > 0 && proxy_header_parse((struct str){ text, len }, &again, &used) == PARSE_DONE && used == len);
		ASSERT(again.local == h->local && (h->local || (ip_eq(&again.source, &h->source) && again.source_port == h->source_port)));
	}
}

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
		write_check(&h);
	if (r == PARSE_DONE)
		ASSERT(used == used_again && h.local == again.local && (h.local || ip_eq(&h.source, &again.source)));
	return 0;
}
