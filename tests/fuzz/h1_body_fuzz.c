/*
 * Chunked bodies: eaten at once and in pieces as long as the first byte says, they must end at the same place or
 * both be refused; and where they end, a second, naive reader must agree with the first.
 */
#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "http/h1_body.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static size_t
naive_end(const char *text, size_t len)
{
	char *copy = must_alloc(len + 1), *p = copy, *end, *line;
	unsigned long n;
	size_t at;

	memcpy(copy, text, len);
	copy[len] = '\0';
	do {
		n = strtoul(p, &end, 16);
		ASSERT(end > p && (*end == '\r' || *end == ';'));
		p = strchr(end, '\n') + 1;
		ASSERT(p[-2] == '\r');
		if (n > 0) {
			ASSERT(n + 2 <= (size_t)(copy + len - p) && memcmp(p + n, "\r\n", 2) == 0);
			p += n + 2;
		}
	} while (n > 0);
	do {
		line = p;
		p = strchr(line, '\n') + 1;
	} while (p - line > 2);
	at = (size_t)(p - copy);
	free(copy);
	return at;
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct h1_body whole, pieces;
	size_t used = 0, piece_used, at = 0, step;
	enum parse r, s = PARSE_MORE;
	const char *in;

	if (len < 2)
		return 0;
	step = (size_t)bytes[0] + 1;
	in = (const char *)bytes + 1;
	len--;
	h1_body_init(&whole, BODY_CHUNKED, 0);
	r = h1_body_eat(&whole, in, len, &used);
	ASSERT(r == PARSE_BAD || used <= len);
	ASSERT(r != PARSE_MORE || used == len);
	if (r == PARSE_DONE)
		ASSERT(naive_end(in, len) == used);

	h1_body_init(&pieces, BODY_CHUNKED, 0);
	while (at < len && s == PARSE_MORE) {
		size_t n = len - at < step ? len - at : step;
		s = h1_body_eat(&pieces, in + at, n, &piece_used);
		if (s != PARSE_BAD)
			at += piece_used;
	}
	ASSERT(s == r && (r == PARSE_BAD || at == used));
	return 0;
}
