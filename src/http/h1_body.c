/*
 * Chunked framing as a walk over its bytes, one state per place (RFC 9112, 7.1). Data is skipped in one step.
 * Stricter than the grammar: no space after the size, nothing but CRLF ends a line. Knows nothing of
 * connections; what it lets pass may be passed on as it came.
 */
#include "http/chars.h"
#include "http/h1_body.h"

#define SIZE_DIGITS_MAX	15		/* hexadecimal: never overflows 64 bits */
#define LINE_MAX_BYTES	256		/* of a size with its extensions */
#define TRAILER_MAX	8192

enum state {
	AT_SIZE,		/* before the first digit */
	IN_SIZE,
	IN_EXTENSION,
	AT_SIZE_LF,
	IN_DATA,
	AT_DATA_CR,
	AT_DATA_LF,
	AT_TRAILER,		/* at the start of a trailer line, or of the empty line that ends all */
	IN_TRAILER_NAME,
	IN_TRAILER_VALUE,
	AT_TRAILER_LF,
	AT_END_LF
};

void
h1_body_init(struct h1_body *b, enum body_kind kind, uint64_t length)
{
	*b = (struct h1_body){ .kind = kind };
	if (kind == BODY_LENGTH)
		b->left = length;
	b->done = kind == BODY_NONE || (kind == BODY_LENGTH && length == 0);
}

static bool
size_digit(struct h1_body *b, char c)
{
	int d = char_hex(c);

	if (d < 0 || b->line >= SIZE_DIGITS_MAX)
		return false;
	b->left = b->left << 4 | (uint64_t)d;
	b->line++;
	b->state = IN_SIZE;
	return true;
}

/* A byte of a size line; false when it may not stand there. */
static bool
size_step(struct h1_body *b, char c)
{
	if (b->state == AT_SIZE_LF) {
		b->state = b->left > 0 ? IN_DATA : AT_TRAILER;
		return c == '\n';
	}
	if (c == '\r' && b->state != AT_SIZE) {
		b->state = AT_SIZE_LF;
		return true;
	}
	if (b->state == IN_EXTENSION)
		return char_is(c, CHAR_VALUE) && ++b->line <= LINE_MAX_BYTES;
	if (c == ';' && b->state == IN_SIZE) {
		b->state = IN_EXTENSION;
		b->line++;
		return true;
	}
	return size_digit(b, c);
}

static bool
trailer_step(struct h1_body *b, char c)
{
	if (++b->trailer > TRAILER_MAX)
		return false;
	switch (b->state) {
	case AT_TRAILER:
		b->state = c == '\r' ? AT_END_LF : IN_TRAILER_NAME;
		return c == '\r' || char_is(c, CHAR_TOKEN);
	case IN_TRAILER_NAME:
		if (c == ':')
			b->state = IN_TRAILER_VALUE;
		return c == ':' || char_is(c, CHAR_TOKEN);
	case IN_TRAILER_VALUE:
		if (c == '\r')
			b->state = AT_TRAILER_LF;
		return c == '\r' || char_is(c, CHAR_VALUE);
	case AT_TRAILER_LF:
		b->state = AT_TRAILER;
		return c == '\n';
	default:
		b->done = true;
		return c == '\n';
	}
}

static bool
framing_step(struct h1_body *b, char c)
{
	if (b->state < IN_DATA)
		return size_step(b, c);
	if (b->state >= AT_TRAILER)
		return trailer_step(b, c);
	if (b->state == AT_DATA_CR) {
		b->state = AT_DATA_LF;
		return c == '\r';
	}
	b->state = AT_SIZE;
	b->line = 0;
	return c == '\n';
}

static enum parse
eat_chunks(struct h1_body *b, const char *p, size_t len, size_t *used)
{
	size_t at = 0;

	while (at < len && !b->done) {
		if (b->state == IN_DATA) {
			size_t n = b->left < len - at ? (size_t)b->left : len - at;
			at += n;
			b->left -= n;
			if (b->left == 0)
				b->state = AT_DATA_CR;
		} else if (!framing_step(b, p[at++]))
			return PARSE_BAD;
	}
	*used = at;
	return b->done ? PARSE_DONE : PARSE_MORE;
}

enum parse
h1_body_eat(struct h1_body *b, const char *p, size_t len, size_t *used)
{
	if (b->done) {
		*used = 0;
		return PARSE_DONE;
	}
	if (b->kind == BODY_CHUNKED)
		return eat_chunks(b, p, len, used);
	if (b->kind == BODY_LENGTH && b->left <= len) {
		*used = (size_t)b->left;
		b->left = 0;
		b->done = true;
		return PARSE_DONE;
	}
	if (b->kind == BODY_LENGTH)
		b->left -= len;
	*used = len;
	return PARSE_MORE;
}
