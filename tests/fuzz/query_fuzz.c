/*
 * Queries of the admin API: what is found fits and is a C string.
 */
#include <string.h>

#include "base/bug.h"
#include "http/query.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct str query = { (const char *)bytes, len };
	char out[16] = "untouched";

	if (query_get(query, "a", out, sizeof out))
		ASSERT(strlen(out) < sizeof out && strlen(out) <= len);
	return 0;
}
