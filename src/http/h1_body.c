/*
 * Chunked framing as a walk over its bytes, one state per place (RFC 9112, 7.1); data is
 * skipped in one step, trailers are read line by line. Stricter than the grammar: nothing but
 * CRLF ends a line. Knows nothing of connections.
 */
#include <string.h>

#include "base/bug.h"
#include "http/chars.h"
#include "http/h1_body.h"

#define SIZE_DIGITS_MAX	15		/* hexadecimal: never overflows 64 bits */
#define LINE_MAX_BYTES	256		/* of a size with its extensions */
#define TRAILER_MAX	8192

enum chunk_place {
	AT_SIZE,		/* before the first digit */
	IN_SIZE,
	AFTER_SIZE,		/* blanks, which old servers put there */
	IN_EXTENSION,
	AT_SIZE_LF,
	IN_DATA,
	AT_DATA_CR,
	AT_DATA_LF,
	AT_TRAILER		/* at the start of a trailer line, or of the empty line that ends all */
};

void
h1_body_init(struct h1_body *b, enum body_kind kind, uint64_t length)
{
	ASSERT(kind <= BODY_UNTIL_CLOSE && (kind == BODY_LENGTH || length == 0));
	memset(b, 0, offsetof(struct h1_body, cut));
	b->kind = kind;
	if (kind == BODY_LENGTH)
		b->left = length;
	b->done = kind == BODY_NONE || (kind == BODY_LENGTH && length == 0);
}

static void
cut_add(struct h1_body *b, size_t at, size_t len)
{
	struct h1_cut *last = b->ncuts > 0 ? &b->cut[b->ncuts - 1] : NULL;

	ASSERT(len > 0 && (last == NULL || last->at + last->len <= at));	/* in order */
	if (last != NULL && last->at + last->len == at) {
		last->len += len;
		return;
	}
	ASSERT(b->ncuts < H1_CUTS_MAX);
	b->cut[b->ncuts++] = (struct h1_cut){ at, len };
}

/* ---- sizes ---- */

static bool
size_digit(struct h1_body *b, char c)
{
	int d = char_hex(c);

	ASSERT(b->state == AT_SIZE ? b->left == 0 && b->line == 0 : b->state == IN_SIZE);
	if (d < 0 || b->line >= SIZE_DIGITS_MAX)
		return false;
	b->left = b->left << 4 | (uint64_t)d;
	b->line++;
	b->state = IN_SIZE;
	return true;
}

static bool
size_blank(struct h1_body *b, size_t at)
{
	b->state = AFTER_SIZE;
	cut_add(b, at, 1);
	return ++b->line <= LINE_MAX_BYTES;
}

/* A byte of a size line, at `at` of the piece; false when it may not stand there. */
static bool
size_step(struct h1_body *b, char c, size_t at)
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
	if (b->state != AT_SIZE && (c == ' ' || c == '\t') && b->lenient)
		return size_blank(b, at);
	if (c == ';' && b->state != AT_SIZE) {
		b->state = IN_EXTENSION;
		b->line++;
		return true;
	}
	return b->state != AFTER_SIZE && size_digit(b, c);
}

static bool
framing_step(struct h1_body *b, char c, size_t at)
{
	if (b->state < IN_DATA)
		return size_step(b, c, at);
	if (b->state == AT_DATA_CR) {
		b->state = AT_DATA_LF;
		return c == '\r';
	}
	b->state = AT_SIZE;
	b->line = 0;
	return c == '\n';
}

/* ---- trailers ---- */

/* Lower case, with '-' for '_': to many programs both are the same. */
static const struct str forbidden[] = {
#define NAME(text) { text, sizeof text - 1 }
	/* framing and the connection */
	NAME("transfer-encoding"), NAME("trailer"), NAME("connection"), NAME("keep-alive"),
	NAME("proxy-connection"), NAME("te"), NAME("upgrade"),
	/* where the request goes, and for which user */
	NAME("host"), NAME("forwarded"), NAME("x-real-ip"), NAME("max-forwards"), NAME("expect"),
	NAME("range"), NAME("authorization"), NAME("proxy-authorization"), NAME("proxy-authenticate"),
	NAME("www-authenticate"), NAME("cookie"), NAME("set-cookie"),
	/* how the response is taken */
	NAME("age"), NAME("cache-control"), NAME("date"), NAME("expires"), NAME("location"),
	NAME("pragma"), NAME("retry-after"), NAME("vary"), NAME("warning"),
#undef NAME
};
static const struct str forbidden_kinds[] = {
	{ "content-", 8 }, { "if-", 3 }, { "x-forwarded", 11 }
};
/* Made to be trailers (RFC 9530). */
static const struct str digests[] = { { "content-digest", 14 }, { "content-md5", 11 } };

static bool
name_is(struct str name, struct str want)
{
	if (name.len != want.len)
		return false;
	for (size_t i = 0; i < want.len; i++)
		if (name.p[i] == '_' ? want.p[i] != '-' : (name.p[i] | 0x20) != want.p[i])
			return false;
	return true;
}

static bool
is_forbidden(struct str name)
{
	for (size_t i = 0; i < sizeof digests / sizeof *digests; i++)
		if (str_eq_nocase(name, digests[i]))
			return false;
	for (size_t i = 0; i < sizeof forbidden / sizeof *forbidden; i++)
		if (name_is(name, forbidden[i]))
			return true;
	for (size_t i = 0; i < sizeof forbidden_kinds / sizeof *forbidden_kinds; i++)
		if (name.len >= forbidden_kinds[i].len
		    && name_is((struct str){ name.p, forbidden_kinds[i].len }, forbidden_kinds[i]))
			return true;
	return false;
}

/* A line without its LF: a field and a CR. *name is empty for the line that ends all. */
static bool
trailer_line(const char *p, const char *lf, struct str *name)
{
	const char *colon = chars_skip(p, lf, CHAR_TOKEN);

	if (lf == p || lf[-1] != '\r')
		return false;
	*name = str_between(p, colon);
	if (lf - p == 1)
		return true;
	return name->len > 0 && *colon == ':' && chars_skip(colon + 1, lf, CHAR_VALUE) == lf - 1;
}

/* The line ends in CRLF; whoever watches gets its value without the blanks around it. */
static bool
is_unwanted(struct h1_body *b, struct str name, const char *lf)
{
	if (b->trailerless || is_forbidden(name))
		return true;
	return b->watch != NULL
	    && b->watch(b->watch_arg, name, str_trim(str_between(name.p + name.len + 1, lf - 1)));
}

/* Whole lines only: a name decides whether its line goes on. */
static enum parse
eat_trailer(struct h1_body *b, const char *p, size_t len, size_t *at, h1_trailer_f *fn, void *arg)
{
	const char *lf;
	struct str name;

	while (*at < len && b->ncuts < H1_CUTS_MAX) {
		size_t n;
		lf = memchr(p + *at, '\n', len - *at);
		n = lf == NULL ? len - *at : (size_t)(lf - p) + 1 - *at;
		if (b->trailer + n > TRAILER_MAX)
			return PARSE_BAD;
		if (lf == NULL)
			return PARSE_MORE;
		if (!trailer_line(p + *at, lf, &name))
			return PARSE_BAD;
		if (name.len > 0 && is_unwanted(b, name, lf))
			cut_add(b, *at, n);
		else if (name.len > 0 && fn != NULL)
			fn(arg, (struct str){ p + *at, n - 2 });
		b->trailer += (uint32_t)n;
		*at += n;
		if (name.len == 0) {
			b->done = true;
			return PARSE_DONE;
		}
	}
	return PARSE_MORE;
}

/* ---- the walk ---- */

/* How many of `len` bytes are this chunk's data. */
static size_t
data_step(struct h1_body *b, size_t len)
{
	size_t n = b->left < len ? (size_t)b->left : len;

	ASSERT(b->state == IN_DATA && b->left > 0);
	b->left -= n;
	b->data += n;
	if (b->left == 0)
		b->state = AT_DATA_CR;
	return n;
}

static enum parse
eat_chunks(struct h1_body *b, const char *p, size_t len, size_t *used)
{
	size_t at = 0;
	enum parse r = PARSE_MORE;

	while (at < len && b->ncuts < H1_CUTS_MAX) {
		if (b->state == AT_TRAILER) {
			r = eat_trailer(b, p, len, &at, NULL, NULL);
			break;
		}
		if (b->state == IN_DATA)
			at += data_step(b, len - at);
		else if (!framing_step(b, p[at], at))
			return PARSE_BAD;
		else
			at++;
	}
	ASSERT(at <= len);
	*used = at;
	return r;
}

enum parse
h1_body_split(struct h1_body *b, char *p, size_t len, size_t *used, size_t *data,
    h1_trailer_f *trailer, void *arg)
{
	size_t at = 0, put = 0, from;
	enum parse r = PARSE_MORE;

	ASSERT(b->kind == BODY_CHUNKED && !b->done);
	while (at < len && r == PARSE_MORE) {
		b->ncuts = 0;			/* all framing is cut */
		from = at;
		if (b->state == AT_TRAILER) {
			if ((r = eat_trailer(b, p, len, &at, trailer, arg)) == PARSE_MORE && at == from)
				break;
		} else if (b->state == IN_DATA) {
			at += data_step(b, len - at);
			memmove(p + put, p + from, at - from);
			put += at - from;
		} else if (!framing_step(b, p[at++], from))
			return PARSE_BAD;
	}
	if (r == PARSE_BAD)
		return r;
	ASSERT(at <= len && put <= at);
	*used = at;
	*data = put;
	return r;
}

enum parse
h1_body_bare(struct h1_body *b, char *p, size_t len, size_t *used, size_t *data)
{
	return h1_body_split(b, p, len, used, data, NULL, NULL);
}

enum parse
h1_body_eat(struct h1_body *b, const char *p, size_t len, size_t *used)
{
	ASSERT(b->ncuts <= H1_CUTS_MAX && b->state <= AT_TRAILER);
	b->ncuts = 0;
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
