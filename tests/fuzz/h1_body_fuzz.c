/*
 * Chunked bodies: eaten at once and in pieces as long as the first byte says, they must end at the same place and pass the same
 * bytes on, or both be refused; and what passes on must be what a second, naive reader, who knows nothing of leniency, reads to
 * its end. The second byte says whether it is a response's.
 */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/bug.h"
#include "http/h1_body.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

struct passed {
	char	*p;
	size_t	 len, used;
};

static void
naive_read(const struct passed *passed, const struct passed *bare)
{
	size_t at = 0;
	char *copy = must_alloc(passed->len + 1), *p = copy, *end, *line;
	unsigned long n;

	memcpy(copy, passed->p, passed->len);
	copy[passed->len] = '\0';
	do {
		n = strtoul(p, &end, 16);
		ASSERT(end > p && (*end == '\r' || *end == ';'));
		p = strchr(end, '\n') + 1;
		ASSERT(p[-2] == '\r');
		if (n > 0) {
			ASSERT(n <= bare->len - at && memcmp(bare->p + at, p, n) == 0);
			at += n;
			ASSERT(n + 2 <= (size_t)(copy + passed->len - p) && memcmp(p + n, "\r\n", 2) == 0);
			p += n + 2;
		}
	} while (n > 0);
	do {
		line = p;
		ASSERT(strncasecmp(line, "content-length:", 15) != 0 && strncasecmp(line, "host:", 5) != 0);
		p = strchr(line, '\n') + 1;
	} while (p - line > 2);
	ASSERT(p == copy + passed->len && at == bare->len);
	free(copy);
}

static void
pass(struct passed *to, const struct h1_body *b, const char *piece, size_t used)
{
	size_t from = 0;

	for (unsigned i = 0; i <= b->ncuts; i++) {
		size_t until = i < b->ncuts ? b->cut[i].at : used;
		ASSERT(from <= until && until <= used);
		memcpy(to->p + to->len, piece + from, until - from);
		to->len += until - from;
		from = i < b->ncuts ? until + b->cut[i].len : used;
	}
	to->used += used;
}

static enum parse
eat(bool lenient, const char *in, size_t len, size_t step, struct passed *out)
{
	struct h1_body b;
	enum parse r = PARSE_MORE;
	size_t come = 0, used;

	*out = (struct passed){ .p = must_alloc(len + 1) };
	h1_body_init(&b, BODY_CHUNKED, 0);
	b.lenient = lenient;
	while (come < len && r == PARSE_MORE) {
		come = len - come < step ? len : come + step;
		do {
			const char *piece = in + out->used;
			r = h1_body_eat(&b, piece, come - out->used, &used);
			if (r == PARSE_BAD)
				break;
			ASSERT(used <= come - out->used);
			pass(out, &b, piece, used);
		} while (r == PARSE_MORE && b.ncuts > 0);
	}
	return r;
}

/* Who takes the data alone must come to the same end, and has what the naive reader finds. */
static enum parse
take_bare(bool lenient, const char *in, size_t len, size_t step, struct passed *out)
{
	size_t come = 0, end = 0, used, data;
	enum parse r = PARSE_MORE;
	struct h1_body b;

	*out = (struct passed){ .p = must_alloc(len + 1) };
	h1_body_init(&b, BODY_CHUNKED, 0);
	b.lenient = lenient;
	while (come < len && r == PARSE_MORE) {
		size_t n = len - come < step ? len - come : step;
		memcpy(out->p + end, in + come, n);
		come += n;
		end += n;
		if ((r = h1_body_bare(&b, out->p + out->len, end - out->len, &used, &data)) == PARSE_BAD)
			break;
		ASSERT(data <= used && used <= end - out->len);
		memmove(out->p + out->len + data, out->p + out->len + used, end - out->len - used);
		end -= used - data;
		out->len += data;
		out->used += used;
	}
	return r;
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct passed whole, pieces, bare;
	bool lenient;
	enum parse r;

	if (len < 3)
		return 0;
	lenient = bytes[1] & 1;
	r = eat(lenient, (const char *)bytes + 2, len - 2, len, &whole);
	ASSERT(eat(lenient, (const char *)bytes + 2, len - 2, (size_t)bytes[0] + 1, &pieces) == r);
	if (r != PARSE_BAD)
		ASSERT(whole.used == pieces.used && whole.len == pieces.len && memcmp(whole.p, pieces.p, whole.len) == 0);
	ASSERT(take_bare(lenient, (const char *)bytes + 2, len - 2, (size_t)bytes[0] + 1, &bare) == r);
	if (r != PARSE_BAD)
		ASSERT(bare.used == whole.used && bare.len <= whole.len);
	if (r == PARSE_DONE)
		naive_read(&whole, &bare);
	free(bare.p);
	free(whole.p);
	free(pieces.p);
	return 0;
}
