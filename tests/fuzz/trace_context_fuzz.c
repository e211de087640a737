/* The field traceparent: what is read is written in a form that is read as the same. */
#include <string.h>

#include "base/bug.h"
#include "http/trace_context.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct trace_context c, again;
	char text[TRACE_CONTEXT_TEXT];

	if (!trace_context_parse((struct str){ (const char *)bytes, len }, &c))
		return 0;
	ASSERT(len >= TRACE_CONTEXT_TEXT - 1);
	trace_context_write(&c, text);
	ASSERT(strlen(text) == TRACE_CONTEXT_TEXT - 1);
	ASSERT(trace_context_parse(str_of(text), &again));
	ASSERT(memcmp(c.trace, again.trace, sizeof c.trace) == 0 && memcmp(c.span, again.span, sizeof c.span) == 0);
	ASSERT(c.sampled == again.sampled);
	return 0;
}
