/*
 * 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01: version, trace, span, flags.
 */
#include <string.h>

#include "base/bug.h"
#include "http/trace_context.h"

#define VERSION_AT	0
#define TRACE_AT	3
#define SPAN_AT		36
#define FLAGS_AT	53
#define LENGTH		55
#define FLAG_SAMPLED	0x01

/* Lower case alone; -1: it is none. */
static int
digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool
read_hex(const char *p, uint8_t *out, unsigned bytes)
{
	for (unsigned i = 0; i < bytes; i++) {
		int high = digit(p[2 * i]), low = digit(p[2 * i + 1]);
		if (high < 0 || low < 0)
			return false;
		out[i] = (uint8_t)(high << 4 | low);
	}
	return true;
}

static bool
is_zero(const uint8_t *p, unsigned bytes)
{
	for (unsigned i = 0; i < bytes; i++)
		if (p[i] != 0)
			return false;
	return true;
}

bool
trace_context_parse(struct str s, struct trace_context *out)
{
	struct trace_context c;
	uint8_t version, flags;

	if (s.len < LENGTH || s.p[TRACE_AT - 1] != '-' || s.p[SPAN_AT - 1] != '-' ||
	    s.p[FLAGS_AT - 1] != '-' || !read_hex(s.p + VERSION_AT, &version, 1) || version == 0xff)
		return false;
	if (s.len > LENGTH && (version == 0 || s.p[LENGTH] != '-'))
		return false;
	if (!read_hex(s.p + TRACE_AT, c.trace, TRACE_BYTES) || is_zero(c.trace, TRACE_BYTES) ||
	    !read_hex(s.p + SPAN_AT, c.span, TRACE_SPAN_BYTES) || is_zero(c.span, TRACE_SPAN_BYTES) ||
	    !read_hex(s.p + FLAGS_AT, &flags, 1))
		return false;
	c.sampled = (flags & FLAG_SAMPLED) != 0;
	*out = c;
	return true;
}

void
trace_hex(const uint8_t *p, unsigned bytes, char *out)
{
	static const char digits[] = "0123456789abcdef";

	for (unsigned i = 0; i < bytes; i++) {
		*out++ = digits[p[i] >> 4];
		*out++ = digits[p[i] & 15];
	}
	*out = '\0';
}

void
trace_context_write(const struct trace_context *c, char out[TRACE_CONTEXT_TEXT])
{
	ASSERT(!is_zero(c->trace, TRACE_BYTES) && !is_zero(c->span, TRACE_SPAN_BYTES));
	memcpy(out, "00-", 3);
	trace_hex(c->trace, TRACE_BYTES, out + TRACE_AT);
	out[SPAN_AT - 1] = '-';
	trace_hex(c->span, TRACE_SPAN_BYTES, out + SPAN_AT);
	strcpy(out + FLAGS_AT - 1, c->sampled ? "-01" : "-00");
}
