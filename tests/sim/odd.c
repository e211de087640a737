#include <stdio.h>
#include <string.h>

#include "base/bug.h"
#include "ledger.h"
#include "odd.h"
#include "response.h"

#define FIELDS_MOST	ODD_FIELDS	/* that a head may have, in workers.c */
#define NAMES_MOST	32		/* that Connection may list */

/* ---- what is wrong ---- */

/* In heads: '@' the exchange's number, '$' its service's, '#' so many fields that one is too many, '&' so many names of Connection,
 * '!' a byte that no text has. */
#define LINE	"GET /x@ HTTP/1.1\r\n"
#define HOST	"Host: s$\r\n"
static const struct { const char *head; int status; const char *why; } wrongs[] = {
	{ LINE HOST "no colon\r\n\r\n", 400, "bad_field" },
	{ LINE HOST ": nameless\r\n\r\n", 400, "bad_field" },
	{ LINE HOST "X : 1\r\n\r\n", 400, "bad_field" },
	{ LINE HOST "X: 1\r\n folded\r\n\r\n", 400, "bad_field" },
	{ LINE HOST "X: 1\nY: 2\r\n\r\n", 400, "bad_field" },
	{ LINE HOST "X: 1\rY: 2\r\n\r\n", 400, "bad_field" },
	{ LINE HOST "X: !\r\n\r\n", 400, "bad_field" },
	{ LINE HOST "X: 12345678!\r\n\r\n", 400, "bad_field" },
	{ LINE HOST "X: \x7f\r\n\r\n", 400, "bad_field" },
	{ LINE HOST "X(: 1\r\n\r\n", 400, "bad_field" },
	{ LINE HOST "&\r\n", 400, "bad_field" },
	{ LINE HOST "#\r\n", 431, "too_many_fields" },
	{ LINE HOST "Content-Length: 0\r\nContent-Length: 0\r\n\r\n", 400, "bad_length" },
	{ LINE HOST "Content-Length: +1\r\n\r\n", 400, "bad_length" },
	{ LINE HOST "Content-Length: -1\r\n\r\n", 400, "bad_length" },
	{ LINE HOST "Content-Length: 0x1\r\n\r\n", 400, "bad_length" },
	{ LINE HOST "Content-Length:\r\n\r\n", 400, "bad_length" },
	{ LINE HOST "Content-Length: 1 1\r\n\r\n", 400, "bad_length" },
	{ LINE HOST "Content-Length: 1, 1\r\n\r\n", 400, "bad_length" },
	{ LINE HOST "Content-Length: 9223372036854775808\r\n\r\n", 400, "bad_length" },
	{ LINE HOST "Content-Length: 18446744073709551617\r\n\r\n", 400, "bad_length" },
	{ LINE HOST "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400, "bad_length" },
	{ LINE HOST "Transfer-Encoding: gzip\r\n\r\n", 501, "bad_coding" },
	{ LINE HOST "Transfer-Encoding: chunked, chunked\r\n\r\n", 501, "bad_coding" },
	{ LINE HOST "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n", 501, "bad_coding" },
	{ "GET /x@ HTTP/1.0\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n", 501, "bad_coding" },
	{ LINE HOST "Expect: 200-ok\r\n\r\n", 417, "bad_expect" },
	{ LINE HOST HOST "\r\n", 400, "bad_host" },
	{ LINE "\r\n", 400, "bad_host" },
	{ LINE "Host: a b\r\n\r\n", 400, "bad_host" },
	{ LINE "Host: a:b\r\n\r\n", 400, "bad_host" },
	{ LINE "Host: a:123456\r\n\r\n", 400, "bad_host" },
	{ LINE "Host: [::1\r\n\r\n", 400, "bad_host" },
	{ LINE "Host: :80\r\n\r\n", 400, "bad_host" },
	{ LINE "Host: user/s$\r\n\r\n", 400, "bad_host" },
	{ "GET /x@ HTTP/1.2\r\n" HOST "\r\n", 505, "bad_version" },
	{ "GET /x@ HTTP/2.0\r\n" HOST "\r\n", 505, "bad_version" },
	{ "GET /x@ HTTP/1.1 \r\n" HOST "\r\n", 400, "bad_request_line" },
	{ "GET /x@ HTTP/1.1\n" HOST "\r\n", 400, "bad_request_line" },
	{ "GET /x@ http/1.1\r\n" HOST "\r\n", 400, "bad_request_line" },
	{ "GET /x@\r\n" HOST "\r\n", 400, "bad_request_line" },
	{ " GET /x@ HTTP/1.1\r\n" HOST "\r\n", 400, "bad_request_line" },
	{ "G(T /x@ HTTP/1.1\r\n" HOST "\r\n", 400, "bad_request_line" },
	{ "GET  /x@ HTTP/1.1\r\n" HOST "\r\n", 400, "bad_target" },
	{ "GET /x! HTTP/1.1\r\n" HOST "\r\n", 400, "bad_target" },
	{ "GET x@ HTTP/1.1\r\n" HOST "\r\n", 400, "bad_target" },
	{ "GET * HTTP/1.1\r\n" HOST "\r\n", 400, "bad_target" },
	{ "GET http:///x@ HTTP/1.1\r\n" HOST "\r\n", 400, "bad_target" },
	{ "GET http://s$?x@ HTTP/1.1\r\n" HOST "\r\n", 400, "bad_target" },
	{ "GET ftp://s$/x@ HTTP/1.1\r\n" HOST "\r\n", 400, "bad_target" },
	{ "CONNECT s$:80 HTTP/1.1\r\n" HOST "\r\n", 501, "method_refused" },
};
#define WRONGS	(sizeof wrongs / sizeof *wrongs)

/* Names for Connection, of fields that are not there. */
static char *
names_put(char *p, unsigned n)
{
	p += sprintf(p, "Connection: n0");
	for (unsigned i = 1; i < n; i++)
		p += sprintf(p, ", n%u", i);
	return p + sprintf(p, "\r\n");
}

void
odd_field(unsigned i, char name[ODD_TEXT], char value[ODD_TEXT])
{
	snprintf(name, ODD_TEXT, "n%u", i);
	snprintf(value, ODD_TEXT, "%u", i * 7);
}

static char *
fields_put(char *p, unsigned n)
{
	char name[ODD_TEXT], value[ODD_TEXT];

	for (unsigned i = 0; i < n; i++) {
		odd_field(i, name, value);
		p += sprintf(p, "%s: %s\r\n", name, value);
	}
	return p;
}

char *
odd_wrong(const struct call *l, char *p)
{
	for (const char *from = wrongs[l->wrong].head; *from != '\0'; from++)
		switch (*from) {
		case '@':
			p += sprintf(p, "%u", l->id);
			break;
		case '$':
			p += sprintf(p, "%u", l->service);
			break;
		case '#':
			p = fields_put(p, FIELDS_MOST);		/* besides Host */
			break;
		case '&':
			p = names_put(p, NAMES_MOST + 1);
			break;
		case '!':
			*p++ = '\x01';
			break;
		default:
			*p++ = *from;
		}
	return p;
}

/* Who is refused for another reason was so before its head was read, or because it came too slowly. */
void
odd_check(const struct call *l, const struct response *r)
{
	bool before = r->status == 408 || r->status == 429 || r->status == 503;

	if (l->bad != HEAD_WRONG || (r->ours && before))
		return;
	if (!r->ours || r->status != wrongs[l->wrong].status || strcmp(r->why, wrongs[l->wrong].why) != 0)
		broken("x%u got %d %s in place of %d %s", l->id, r->status, r->why, wrongs[l->wrong].status, wrongs[l->wrong].why);
}

/* ---- what is unusual ---- */

enum request_bit {
	ASKS_TWICE = 1, ASKS_EMPTY = 2, ASKS_BYTES = 4, ASKS_LISTED = 8, ASKS_FORWARDED = 16, ASKS_NEXT = 32, ASKS_MANY = 64,
	ASKS_NAMES = 128, ASKS_DATE = 256, ASKS_LONG = 512
};
enum answer_bit {
	SAYS_LF = 1, SAYS_NO_REASON = 2, SAYS_SPACES = 4, SAYS_LISTED = 8, SAYS_EMPTY = 16, SAYS_BYTES = 32, SAYS_TWICE = 64, SAYS_MANY = 128,
	SAYS_LENGTH_AGAIN = 256
};

void
odd_draw(struct call *c, struct rng r)
{
	c->odd_asks = may(&r, 20) ? rng_below(&own, 1024) & rng_below(&own, 1024) : 0;
	c->odd_says = may(&r, 20) ? rng_below(&own, 512) & rng_below(&own, 512) : 0;
	c->wrong = rng_below(&r, (uint32_t)WRONGS);
	if (c->bad != HEAD_WRONG)
		return;
	c->method = "GET";
	c->idempotent = true;
	c->minor = 1;
	c->body = 0;
	c->chunked = c->expects = c->closes = c->full = c->odd = false;
}

void
odd_settle(struct plan *p)
{
	for (unsigned i = 0; i < EXCHANGES; i++) {
		struct call *c = &p->client[i / CALLS].call[i % CALLS];
		if (p->proxied || p->trusts || p->traces)	/* what is so about them has its own checks */
			c->odd_asks = 0;
		if (p->service[c->service].chain.kinds != 0 || c->upgrades)
			c->odd_asks = c->odd_says = 0;
		if (c->upgrades && c->bad == HEAD_WRONG)
			c->bad = WELL;
	}
}

static unsigned
fields_of(const char *head, const char *end)
{
	unsigned lines = 0;

	for (; head < end; head++)
		lines += *head == '\n';
	return lines - 1;
}

char *
odd_fields(const struct call *l, const char *head, char *p)
{
	unsigned o = l->odd_asks, n;

	if ((o & ASKS_TWICE) != 0)
		p += sprintf(p, "X-Twice: 1\r\nx-twice: 2\r\nX-Twice: 1\r\n");
	if ((o & ASKS_EMPTY) != 0)
		p += sprintf(p, "X-Empty:\r\nX-Blank: \t \r\nX-Space:\t  a \t b \t\r\n");
	if ((o & ASKS_BYTES) != 0)
		p += sprintf(p, "X-Bytes: \x80\xff\xc3\xa4 !\"#$%%&'()\r\nX!#$%%&'*+-.^_`|~9: 1\r\n");
	if ((o & ASKS_LISTED) != 0 && l->minor == 1 && !l->closes)
		p += sprintf(p, "X-Listed: 1\r\nconnection: ,x-listed , Host,\tContent-Length,Transfer-Encoding,\r\nX-LISTED: 2\r\nX-Listed-Not: 3\r\n");
	if ((o & ASKS_FORWARDED) != 0)
		p += sprintf(p, "Forwarded: for=1.2.3.4\r\nX-Forwarded-Proto: https\r\nX-Real-IP: 9.9.9.9\r\nX-Forwarded-Host: e\r\n"
		    "X-Forwarded-Port: 1\r\nX-Forwarded-Server: z\r\nX-Forwarded_Host: f\r\nx-forwarded-for: 8.8.8.8\r\nX-Forwards: 1\r\n");
	if ((o & ASKS_NEXT) != 0)
		p += sprintf(p, "TE: trailers\r\nProxy-Connection: keep-alive\r\nProxy-Authorization: Basic x\r\nUpgrade: other\r\n"
		    "Keep-Alive: timeout=5\r\n");
	if ((o & ASKS_NAMES) != 0 && l->minor == 1 && !l->closes && (o & ASKS_LISTED) == 0 && !l->odd)
		p = names_put(p, NAMES_MOST);
	if ((o & ASKS_DATE) != 0)
		p += sprintf(p, "Date: today\r\nUser-Agent: odd/1\r\nAccept: */*\r\nReferer: http://e/\r\n");
	if ((o & ASKS_LONG) != 0 && !l->full && l->bad != HEAD_LARGE)
		p += sprintf(p, "X-Long: %0*d\r\n", 1 + (int)(l->id * 61 % 3000), 7);
	n = fields_of(head, p);
	if ((o & ASKS_MANY) != 0 && !l->full && l->bad != HEAD_LARGE && l->bad != BAD_LENGTHS && n < FIELDS_MOST)
		p = fields_put(p, FIELDS_MOST - n);
	return p;
}

size_t
odd_bytes(const struct call *l)
{
	static char text[2 * HEAD_BYTES] = "\n";		/* a first line */
	size_t n = (size_t)(odd_fields(l, text, text + 1) - text);

	ASSERT(n < sizeof text);
	return n;
}

/* ---- responses ---- */

static size_t
insert(char *head, size_t len, size_t room, char *at, const char *text)
{
	size_t n = strlen(text);

	ASSERT(len + n < room);
	memmove(at + n, at, len + 1 - (size_t)(at - head));
	memcpy(at, text, n);
	return len + n;
}

/* The line that the head's fields end with. */
static char *
head_end(char *head, size_t len)
{
	ASSERT(len > 4 && memcmp(head + len - 4, "\r\n\r\n", 4) == 0);
	return head + len - 2;
}

static size_t
lines_bare(char *head)
{
	char *to = head;

	for (const char *from = head; *from != '\0'; from++)
		if (*from != '\r')
			*to++ = *from;
	*to = '\0';
	return (size_t)(to - head);
}

size_t
odd_answer(const struct call *l, char *head, size_t len, size_t room)
{
	unsigned o = l->odd_says;
	char *length, line[40], many[2000];

	if (o == 0)
		return len;
	if ((o & SAYS_LISTED) != 0)
		len = insert(head, len, room, head_end(head, len), "X-Listed: 1\r\nCONNECTION: x-listed,Content-Length\r\nx-Listed: 2\r\n"
		    "Proxy-Authenticate: Basic\r\nUpgrade: other\r\nTE: x\r\n");
	if ((o & SAYS_EMPTY) != 0)
		len = insert(head, len, room, head_end(head, len), "X-Empty:\r\nX-Blank: \t \r\nX-Space:\t  a \t b \t\r\n");
	if ((o & SAYS_BYTES) != 0)
		len = insert(head, len, room, head_end(head, len), "X-Bytes: \x80\xff\xc3\xa4\r\nX_Under_Score: 1\r\nDate: today\r\n");
	if ((o & SAYS_TWICE) != 0)
		len = insert(head, len, room, head_end(head, len), "Set-Cookie: a=b\r\nset-cookie: c=d; Path=/\r\nX-Twice: 1\r\nX-Twice: 1\r\n");
	length = strstr(head, "Content-Length: ");
	if ((o & SAYS_LENGTH_AGAIN) != 0 && length != NULL) {
		snprintf(line, sizeof line, "%.*s\r\n", (int)strcspn(length, "\r"), length);
		len = insert(head, len, room, head_end(head, len), line);
	}
	if ((o & SAYS_MANY) != 0 && fields_of(head, head + len) - 1 < FIELDS_MOST) {
		*fields_put(many, FIELDS_MOST - (fields_of(head, head + len) - 1)) = '\0';
		len = insert(head, len, room, head_end(head, len), many);
	}
	if ((o & SAYS_NO_REASON) != 0) {
		char *reason = head + 12;
		size_t n = strcspn(reason, "\r");
		memmove(reason, reason + n, len - (size_t)(reason - head) - n + 1);
		len -= n;
	}
	if ((o & SAYS_SPACES) != 0)
		len = insert(head, len, room, head + 8, "  ");
	return (o & SAYS_LF) != 0 ? lines_bare(head) : len;
}

unsigned
odd_answer_h2(const struct call *l, unsigned fields, bool has_length)
{
	unsigned all = fields + !has_length;

	return (l->odd_says & SAYS_MANY) != 0 && all < FIELDS_MOST ? FIELDS_MOST - all : 0;
}
