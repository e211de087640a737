/* Server-sent events: whole and byte by byte, the same events come of them, none larger than allowed. */
#include "base/bug.h"
#include "cli/sse.c"

#define MOST	96

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
on_seen(void *arg, const char *event, const char *id, struct str data)
{
	uint64_t *sum = arg;

	ASSERT(data.len <= MOST && strlen(event) < SSE_NAME_MAX && strlen(id) < SSE_NAME_MAX);
	ASSERT(*event != '\0' && strpbrk(event, "\r\n") == NULL && strpbrk(id, "\r\n") == NULL);
	*sum = *sum * 31 + str_hash(data) + str_hash(str_of(event)) * 3 + str_hash(str_of(id)) * 7 + 1;
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	uint64_t whole = 0, single = 0;
	struct sse s;

	sse_init(&s, MOST, on_seen, &whole);
	sse_feed(&s, (const char *)bytes, len);
	sse_fini(&s);
	sse_init(&s, MOST, on_seen, &single);
	for (size_t i = 0; i < len; i++)
		sse_feed(&s, (const char *)bytes + i, 1);
	sse_fini(&s);
	ASSERT(whole == single);
	return 0;
}
