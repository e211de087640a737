/*
 * trace_context: what services tell each other of the trace that a request belongs to, as the
 * field traceparent has it (W3C Trace Context, level 1).
 */
#ifndef HTTP_TRACE_CONTEXT_H
#define HTTP_TRACE_CONTEXT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

#define TRACE_BYTES	16
#define TRACE_SPAN_BYTES 8
#define TRACE_CONTEXT_TEXT 56		/* of a field's value, with its NUL */

struct trace_context {
	uint8_t		 trace[TRACE_BYTES];
	uint8_t		 span[TRACE_SPAN_BYTES];	/* of whoever sends it: the parent of the next */
	bool		 sampled;
};

/* False: it is none, and whoever gets it begins a trace of its own. Of versions after 00 what they
 * have in common with it is read. */
bool	trace_context_parse(struct str, struct trace_context *);
void	trace_context_write(const struct trace_context *, char out[TRACE_CONTEXT_TEXT]);
/* Lower case, with a NUL. */
void	trace_hex(const uint8_t *, unsigned bytes, char *out);

#endif
