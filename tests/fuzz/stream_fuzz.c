/*
 * stream: what a client of /api/v1/stream sends: a list of topics and an id of an event; and the
 * hash of a text, which skips the numbers of ages.
 */
#include <string.h>

#include "admin/stream.h"
#include "base/bug.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct str text = { (const char *)data, len }, unknown = STR("");
	unsigned set = 0;
	uint64_t id;

	if (stream_topics(text, &set, &unknown))
		ASSERT(set != 0);
	else
		ASSERT(unknown.len == 0 || (unknown.p >= text.p && unknown.p + unknown.len <= text.p + len));
	id = stream_last_event(text, "1795888064088073");
	ASSERT(id == 0 || len > 17);
	ASSERT(stream_hash(text) == stream_hash(text));
	return 0;
}
