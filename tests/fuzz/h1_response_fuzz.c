/*
 * Response heads, as a broken or hostile task may send them. The first byte says where the input is cut in two and
 * whether the request was HEAD.
 */
#include "h1_check.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
check_response(const struct message *h, bool to_head)
{
	ASSERT(h->status >= 100 && h->status <= 999 && within(h->h1.reason, h->h1.start_line));
	if (to_head || h->status < 200 || h->status == 204 || h->status == 304)
		ASSERT(h->body == BODY_NONE);
	ASSERT(h->body != BODY_UNTIL_CLOSE || !h->h1.keep_alive);
	ASSERT(h->body != BODY_CHUNKED || h->h1.minor == 1 || !h->h1.keep_alive);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	static struct field field[2][CHECK_FIELDS_MAX];
	static struct message h = CHECK_HEAD(field[0]), again = CHECK_HEAD(field[1]);
	const struct why *why = NULL, *why_again = NULL;
	size_t cut, used = 0, used_again = 0, scanned = 0;
	enum parse r, first, second;
	bool to_head;
	struct str in;

	if (len == 0)
		return 0;
	in = (struct str){ (const char *)bytes + 1, len - 1 };
	cut = in.len * bytes[0] / 255;
	to_head = bytes[0] & 1;
	r = h1_read_response(&h, in, to_head, &scanned, &used, &why);
	if (r == PARSE_DONE) {
		check_head(&h, in, used);
		check_response(&h, to_head);
	} else if (r == PARSE_BAD)
		ASSERT(why == WHY_UPSTREAM_BAD_HEAD || why == WHY_UPSTREAM_HEAD_LARGE);

	scanned = 0;
	first = h1_read_response(&again, (struct str){ in.p, cut }, to_head, &scanned, &used_again, &why_again);
	if (r == PARSE_DONE)
		ASSERT(first == (cut < used ? PARSE_MORE : PARSE_DONE));
	if (r == PARSE_MORE)
		ASSERT(first == PARSE_MORE);
	if (first != PARSE_MORE)
		return 0;
	second = h1_read_response(&again, in, to_head, &scanned, &used_again, &why_again);
	/* a head that trickles in is looked at again when its end is there: other faults are told later, or never
	 * because it has become too large */
	ASSERT(second == r || (second == PARSE_MORE && r == PARSE_BAD));
	ASSERT(second != r || (used_again == used && (why_again == why || why_again == WHY_UPSTREAM_HEAD_LARGE)));
	return 0;
}
