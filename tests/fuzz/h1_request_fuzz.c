/*
 * Request heads: at once, in two pieces cut where the first byte says, and cut short.
 */
#include "h1_check.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
check_request(const struct message *h, struct str in)
{
	int hosts = 0;

	for (int i = 0; i < h->nfields; i++)
		hosts += h->field[i].id == FIELD_HOST;
	ASSERT(hosts == 1 || (hosts == 0 && h->h1.minor == 0));
	ASSERT(h->method.len > 0 && within(h->method, h->h1.start_line) && !str_eq(h->method, STR("CONNECT")));
	ASSERT(h->target.p[0] == '/' || (str_eq(h->target, STR("*")) && str_eq(h->method, STR("OPTIONS"))));
	ASSERT(str_eq(h->target, STR("/")) || within(h->target, h->h1.start_line));
	ASSERT(h->path.len > 0 && h->path.p == h->target.p && h->path.len <= h->target.len);
	ASSERT(within(h->authority, in) && within(h->host, h->authority));
	ASSERT(h->body != BODY_UNTIL_CLOSE && !h->h1.untidy && h->length_text.len == 0);
	ASSERT(h->body != BODY_CHUNKED || h->h1.minor == 1);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	static struct field field[2][CHECK_FIELDS_MAX];
	static struct message h = CHECK_HEAD(field[0]), again = CHECK_HEAD(field[1]);
	const struct why *why = NULL, *why_again = NULL;
	size_t cut, used = 0, used_again = 0, scanned = 0;
	enum parse r, first, second;
	struct str in;

	if (len == 0)
		return 0;
	in = (struct str){ (const char *)bytes + 1, len - 1 };
	cut = in.len * bytes[0] / 255;
	r = h1_read_request(&h, in, &scanned, &used, &why);
	if (r == PARSE_DONE) {
		check_head(&h, in, used);
		check_request(&h, in);
	} else
		ASSERT(r == PARSE_MORE ? scanned == in.len && in.len < CHECK_HEAD_MAX : why != NULL && why->status >= 400);

	scanned = 0;
	first = h1_read_request(&again, (struct str){ in.p, cut }, &scanned, &used_again, &why_again);
	if (r == PARSE_DONE)
		ASSERT(first == (cut < used ? PARSE_MORE : PARSE_DONE));
	if (r == PARSE_MORE)
		ASSERT(first == PARSE_MORE);
	if (first != PARSE_MORE)
		return 0;
	second = h1_read_request(&again, in, &scanned, &used_again, &why_again);
	/* a head that trickles in is looked at again when its end is there: other faults are told later, or never
	 * because it has become too large */
	ASSERT(second == r || (second == PARSE_MORE && r == PARSE_BAD));
	ASSERT(second != r || (used_again == used && (why_again == why || why_again == WHY_HEAD_TOO_LARGE)));
	return 0;
}
