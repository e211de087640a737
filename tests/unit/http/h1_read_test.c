#include "http/h1_read.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static const char typical[] =
    "GET /api/v1/items/12345?page=2&sort=asc HTTP/1.1\r\n"
    "Host: www.example.com:8080\r\n"
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:109.0) Gecko/20100101 Firefox/115.0\r\n"
    "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\n"
    "Accept-Language: en-US,en;q=0.5\r\n"
    "Cookie: session=0123456789abcdef; theme=dark\r\n"
    "Connection: keep-alive\r\n"
    "X-Tabbed:\t a\tb \t\r\n"
    "X-Empty:\r\n"
    "X-Latin: caf\xe9\r\n"
    "\r\n";

#define HEAD_MAX 16384
#define FIELDS_MAX 100

/* Room for a head, and its limits. Heads take turns. */
static void
room(struct message *h)
{
	static struct field field[8][FIELDS_MAX];
	static unsigned turn;

	h->limits = (struct head_limits){ HEAD_MAX, FIELDS_MAX };
	h->field = field[turn++ % 8];
}

/* Each input is given in memory of exactly its size, so that ASan sees a byte read too far. */
static enum parse
request_of(const char *text, size_t len, struct message *h, size_t *used, const struct why **why)
{
	static char *copy;
	size_t scanned = 0;

	free(copy);
	copy = malloc(len + (len == 0));
	memcpy(copy, text, len);
	room(h);
	return h1_read_request(h, (struct str){ copy, len }, &scanned, used, why);
}

static enum parse
response_of(const char *text, bool to_head, struct message *h, const struct why **why)
{
	static char *copy;
	size_t scanned = 0, used = 0, len = strlen(text);
	enum parse r;

	free(copy);
	copy = malloc(len + 1);
	memcpy(copy, text, len);
	room(h);
	r = h1_read_response(h, (struct str){ copy, len }, to_head, &scanned, &used, why);
	if (r == PARSE_DONE)
		assert_int_equal(used, len);
	return r;
}

static struct message *
good(const char *text)
{
	static struct message h;
	const struct why *why = NULL;
	size_t used = 0;
	enum parse r = request_of(text, strlen(text), &h, &used, &why);

	if (r != PARSE_DONE)
		fail_msg("refused (%s): %s", r == PARSE_MORE ? "more" : why_name(why), text);
	assert_int_equal(used, strlen(text));
	return &h;
}

static void
is(struct str s, const char *text)
{
	if (!str_eq(s, str_of(text)))
		fail_msg("%.*s is not %s", STR_ARG(s), text);
}

static void
refused(const char *text, const struct why *reason)
{
	const struct why *why = NULL;
	struct message h;
	size_t used = 77;
	enum parse r = request_of(text, strlen(text), &h, &used, &why);

	if (r != PARSE_BAD || why != reason)
		fail_msg("%s, not %s: %s", r == PARSE_BAD ? why_name(why) : r == PARSE_MORE ? "more" : "done",
		    why_name(reason), text);
	assert_int_equal(used, 77);
}

/* A GET with these field lines beside Host. */
static const char *
with(const char *lines)
{
	static char text[8192];

	snprintf(text, sizeof text, "GET / HTTP/1.1\r\nHost: a\r\n%s\r\n", lines);
	return text;
}

static void
a_typical_request(void **state)
{
	struct message *h = good(typical);

	(void)state;
	is(h->method, "GET");
	is(h->target, "/api/v1/items/12345?page=2&sort=asc");
	is(h->path, "/api/v1/items/12345");
	is(h->host, "www.example.com");
	is(h->authority, "www.example.com:8080");
	is(h->h1.start_line, "GET /api/v1/items/12345?page=2&sort=asc HTTP/1.1\r\n");
	assert_int_equal(h->h1.minor, 1);
	assert_true(h->h1.keep_alive && h->idempotent);
	assert_false(h->is_head || h->upgrade || h->expect_continue);
	assert_int_equal(h->body, BODY_NONE);
	assert_int_equal(h->nfields, 9);
	is(h->field[0].name, "Host");
	is(h->field[0].line, "Host: www.example.com:8080\r\n");
	assert_int_equal(h->field[4].id, FIELD_COOKIE);
	is(h->field[6].value, "a\tb");
	is(h->field[7].value, "");
	is(h->field[8].value, "caf\xe9");
}

static void
every_beginning_asks_for_more(void **state)
{
	const struct why *why;
	struct message h;
	size_t used;

	(void)state;
	for (size_t n = 0; n < sizeof typical - 1; n++)
		assert_int_equal(request_of(typical, n, &h, &used, &why), PARSE_MORE);
}

static void
a_head_that_trickles_in_is_the_same_head(void **state)
{
	const struct why *why;
	size_t scanned = 0, used = 0, n;
	struct message h;

	(void)state;
	room(&h);
	for (n = 0; h1_read_request(&h, (struct str){ typical, n }, &scanned, &used, &why) == PARSE_MORE; n++)
		assert_true(n < sizeof typical - 1);
	assert_int_equal(n, sizeof typical - 1);
	assert_int_equal(used, n);
	assert_int_equal(h.nfields, 9);
	is(h.path, "/api/v1/items/12345");
}

static void
what_follows_is_left_alone(void **state)
{
	static const char two[] = "GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n";
	const struct why *why;
	struct message h;
	size_t used = 0;

	(void)state;
	assert_int_equal(request_of(two, sizeof two - 1, &h, &used, &why), PARSE_DONE);
	assert_int_equal(used, (sizeof two - 1) / 2);
	is(h.target, "/1");
}

static void
one_empty_line_before_a_request_is_skipped(void **state)
{
	(void)state;
	is(good("\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n")->method, "GET");
	refused("\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", WHY_BAD_REQUEST_LINE);
	refused("\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", WHY_BAD_REQUEST_LINE);
}

static void
request_lines_that_are_none(void **state)
{
	(void)state;
	refused("GET /\r\n\r\n", WHY_BAD_REQUEST_LINE);
	refused("GET  / HTTP/1.1\r\nHost: a\r\n\r\n", WHY_BAD_TARGET);
	refused("GET / HTTP/1.1 \r\nHost: a\r\n\r\n", WHY_BAD_REQUEST_LINE);
	refused("GET /  HTTP/1.1\r\nHost: a\r\n\r\n", WHY_BAD_REQUEST_LINE);
	refused(" GET / HTTP/1.1\r\nHost: a\r\n\r\n", WHY_BAD_REQUEST_LINE);
	refused("G(T / HTTP/1.1\r\nHost: a\r\n\r\n", WHY_BAD_REQUEST_LINE);
	refused("GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n", WHY_BAD_REQUEST_LINE);
	refused("GET / http/1.1\r\nHost: a\r\n\r\n", WHY_BAD_REQUEST_LINE);
	refused("GET / HTTP/11\r\nHost: a\r\n\r\n", WHY_BAD_REQUEST_LINE);
	refused("\x16\x03\x01\x02", WHY_BAD_REQUEST_LINE);
	refused("CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n", WHY_METHOD_REFUSED);
	refused("GET / HTTP/1.2\r\nHost: a\r\n\r\n", WHY_BAD_VERSION);
	refused("GET / HTTP/2.0\r\nHost: a\r\n\r\n", WHY_BAD_VERSION);
	refused("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", WHY_BAD_VERSION);
}

static void
a_bare_line_feed_is_refused_at_once(void **state)
{
	static const char *const pieces[] = {
		"GET / HTTP/1.1\n", "GET /\n", "GET / HTTP/1.0\n\n", "GET / HTTP/1.1\r\nHost: a\n",
		"GET / HTTP/1.1\r\nHost: a\r\n\n", "GET / HTTP/1.1\r\nHost: a\nX: y\r\n"
	};
	const struct why *why;
	struct message h;
	size_t used;

	(void)state;
	room(&h);
	for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
		size_t scanned = 0, len = strlen(pieces[i]);
		assert_int_equal(request_of(pieces[i], len, &h, &used, &why), PARSE_BAD);
		/* and also when it comes in a later piece */
		assert_int_equal(h1_read_request(&h, (struct str){ pieces[i], 3 }, &scanned, &used, &why), PARSE_MORE);
		assert_int_equal(h1_read_request(&h, (struct str){ pieces[i], len }, &scanned, &used, &why), PARSE_BAD);
	}
}

static void
targets(void **state)
{
	struct message *h;

	(void)state;
	is(good("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n")->path, "*");
	refused("GET * HTTP/1.1\r\nHost: a\r\n\r\n", WHY_BAD_TARGET);
	refused("GET a HTTP/1.1\r\nHost: a\r\n\r\n", WHY_BAD_TARGET);
	refused("GET a:80 HTTP/1.1\r\nHost: a\r\n\r\n", WHY_BAD_TARGET);
	refused("GET ?x HTTP/1.1\r\nHost: a\r\n\r\n", WHY_BAD_TARGET);
	refused("GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n", WHY_BAD_TARGET);
	refused("GET /a\x7f HTTP/1.1\r\nHost: a\r\n\r\n", WHY_BAD_TARGET);
	refused("GET /a\x01 HTTP/1.1\r\nHost: a\r\n\r\n", WHY_BAD_TARGET);
	refused("GET /caf\xc3\xa9 HTTP/1.1\r\nHost: a\r\n\r\n", WHY_BAD_TARGET);
	refused("GET /\tHTTP/1.1\r\nHost: a\r\n\r\n", WHY_BAD_TARGET);

	h = good("GET http://b.example:81/x?y HTTP/1.1\r\nHost: a\r\n\r\n");
	is(h->target, "/x?y");
	is(h->path, "/x");
	is(h->host, "b.example");
	is(h->authority, "b.example:81");
	h = good("GET HTTPS://b HTTP/1.1\r\nHost: a\r\n\r\n");
	is(h->target, "/");
	is(h->host, "b");
	refused("GET http:///x HTTP/1.1\r\nHost: a\r\n\r\n", WHY_BAD_TARGET);
	refused("GET http://u@b/ HTTP/1.1\r\nHost: a\r\n\r\n", WHY_BAD_TARGET);
	refused("GET http://b?x HTTP/1.1\r\nHost: a\r\n\r\n", WHY_BAD_TARGET);
	refused("GET ftp://b/ HTTP/1.1\r\nHost: a\r\n\r\n", WHY_BAD_TARGET);
	refused("GET http://b/ HTTP/1.1\r\n\r\n", WHY_BAD_HOST);
}

static void
hosts(void **state)
{
	(void)state;
	is(good("GET / HTTP/1.1\r\nHOST: A.example:\r\n\r\n")->host, "A.example");
	is(good("GET / HTTP/1.1\r\nHost: [::1]:80\r\n\r\n")->host, "[::1]");
	is(good("GET / HTTP/1.1\r\nHost:\r\n\r\n")->host, "");
	is(good("GET / HTTP/1.0\r\n\r\n")->host, "");
	refused("GET / HTTP/1.1\r\n\r\n", WHY_BAD_HOST);
	refused("GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", WHY_BAD_HOST);
	refused("GET / HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n", WHY_BAD_HOST);
	refused("GET / HTTP/1.1\r\nHost: a b\r\n\r\n", WHY_BAD_HOST);
	refused("GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", WHY_BAD_HOST);
	refused("GET / HTTP/1.1\r\nHost: u@a\r\n\r\n", WHY_BAD_HOST);
	refused("GET / HTTP/1.1\r\nHost: a:b\r\n\r\n", WHY_BAD_HOST);
	refused("GET / HTTP/1.1\r\nHost: a:80:80\r\n\r\n", WHY_BAD_HOST);
	refused("GET / HTTP/1.1\r\nHost: a:123456\r\n\r\n", WHY_BAD_HOST);
	refused("GET / HTTP/1.1\r\nHost: :80\r\n\r\n", WHY_BAD_HOST);
	refused("GET / HTTP/1.1\r\nHost: [::1\r\n\r\n", WHY_BAD_HOST);
	refused("GET / HTTP/1.1\r\nHost: []\r\n\r\n", WHY_BAD_HOST);
	refused("GET / HTTP/1.1\r\nHost: [::1]a\r\n\r\n", WHY_BAD_HOST);
	refused("GET / HTTP/1.1\r\nHost: caf\xe9\r\n\r\n", WHY_BAD_HOST);
}

static void
fields_that_are_none(void **state)
{
	(void)state;
	refused(with("X : y\r\n"), WHY_BAD_FIELD);
	refused(with(": y\r\n"), WHY_BAD_FIELD);
	refused(with("X\r\n"), WHY_BAD_FIELD);
	refused(with("X Y: z\r\n"), WHY_BAD_FIELD);
	refused(with("X: a\r\n b\r\n"), WHY_BAD_FIELD);
	refused(with("X: a\r\n\tb\r\n"), WHY_BAD_FIELD);
	refused(with(" X: a\r\n"), WHY_BAD_FIELD);
	refused(with("X: a\rb\r\n"), WHY_BAD_FIELD);
	refused(with("X: a\r\rb\r\n"), WHY_BAD_FIELD);
	refused(with("X: a\x01\r\n"), WHY_BAD_FIELD);
	refused(with("X: abcdefghijklmnop\x7fqrstuvwxyz\r\n"), WHY_BAD_FIELD);
	refused(with("X: abcdefgh\x0bijklmnopqrstuvwxyz\r\n"), WHY_BAD_FIELD);
	refused(with("Caf\xe9: a\r\n"), WHY_BAD_FIELD);
	refused(with("X\t: a\r\n"), WHY_BAD_FIELD);
	refused("GET / HTTP/1.1\r\nHost: a\r\n\rX: y\r\n\r\n", WHY_BAD_FIELD);
}

static void
no_control_byte_passes_anywhere_in_a_value(void **state)
{
	char text[128];
	const struct why *why;
	struct message h;
	size_t used;

	(void)state;
	for (int c = 0; c < 256; c++)
		for (int at = 0; at < 20; at++) {
			int n = snprintf(text, sizeof text, "GET / HTTP/1.1\r\nHost: a\r\nX: 01234567890123456789\r\n\r\n");
			bool fine = c == '\t' || (c >= ' ' && c != 0x7f);
			text[28 + at] = (char)c;
			assert_int_equal(request_of(text, (size_t)n, &h, &used, &why), fine ? PARSE_DONE : PARSE_BAD);
		}
}

static void
lengths_and_codings(void **state)
{
	struct message *h = good(with("Content-Length: 12\r\n"));

	(void)state;
	assert_int_equal(h->body, BODY_LENGTH);
	assert_int_equal(h->length, 12);
	assert_int_equal(good(with("Content-Length: 0\r\n"))->body, BODY_NONE);
	assert_int_equal(good(with("Transfer-Encoding: CHUNKED\r\n"))->body, BODY_CHUNKED);
	assert_int_equal(good(with("Content-Length: 9223372036854775807\r\n"))->length, INT64_MAX);
	refused(with("Content-Length: 9223372036854775808\r\n"), WHY_BAD_LENGTH);
	refused(with("Content-Length: 99999999999999999999999\r\n"), WHY_BAD_LENGTH);
	refused(with("Content-Length:\r\n"), WHY_BAD_LENGTH);
	refused(with("Content-Length: +5\r\n"), WHY_BAD_LENGTH);
	refused(with("Content-Length: -5\r\n"), WHY_BAD_LENGTH);
	refused(with("Content-Length: 0x5\r\n"), WHY_BAD_LENGTH);
	refused(with("Content-Length: 5 5\r\n"), WHY_BAD_LENGTH);
	refused(with("Content-Length: 5, 5\r\n"), WHY_BAD_LENGTH);
	refused(with("Content-Length: 5\r\nContent-Length: 5\r\n"), WHY_BAD_LENGTH);
	refused(with("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"), WHY_BAD_LENGTH);
	refused(with("Transfer-Encoding: chunked\r\ncontent-length: 5\r\n"), WHY_BAD_LENGTH);
	refused(with("Transfer-Encoding: gzip, chunked\r\n"), WHY_BAD_CODING);
	refused(with("Transfer-Encoding: chunked, chunked\r\n"), WHY_BAD_CODING);
	refused(with("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"), WHY_BAD_CODING);
	refused(with("Transfer-Encoding: chunked;q=1\r\n"), WHY_BAD_CODING);
	refused(with("Transfer-Encoding: \"chunked\"\r\n"), WHY_BAD_CODING);
	refused(with("Transfer-Encoding: identity\r\n"), WHY_BAD_CODING);
	refused(with("Transfer-Encoding:\r\n"), WHY_BAD_CODING);
	refused(with("Transfer-Encoding: \x0b" "chunked\r\n"), WHY_BAD_FIELD);
	refused("GET / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", WHY_BAD_CODING);
}

static void
persistence(void **state)
{
	(void)state;
	assert_true(good(with(""))->h1.keep_alive);
	assert_false(good(with("Connection: close\r\n"))->h1.keep_alive);
	assert_false(good(with("Connection: keep-alive, Close\r\n"))->h1.keep_alive);
	assert_false(good(with("Connection: x\r\nConnection: close\r\n"))->h1.keep_alive);
	assert_true(good(with("Connection: closed\r\n"))->h1.keep_alive);
	assert_false(good("GET / HTTP/1.0\r\n\r\n")->h1.keep_alive);
	assert_true(good("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n")->h1.keep_alive);
}

static void
upgrades(void **state)
{
	(void)state;
	assert_true(good(with("Connection: Upgrade\r\nUpgrade: websocket\r\n"))->upgrade);
	assert_true(good(with("Upgrade: websocket\r\nConnection: keep-alive, upgrade\r\n"))->upgrade);
	assert_false(good(with("Upgrade: websocket\r\n"))->upgrade);
	assert_false(good(with("Connection: upgrade\r\n"))->upgrade);
	assert_false(good("GET / HTTP/1.0\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n")->upgrade);
	/* HTTP within a tunnel would pass by all that we decide */
	assert_false(good(with("Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AA\r\n"))->upgrade);
	assert_false(good(with("Connection: upgrade\r\nUpgrade: websocket\r\nUpgrade: foo/1, H2C\r\n"))->upgrade);
	assert_false(good(with("Connection: upgrade\r\nUpgrade: HTTP/2.0\r\n"))->upgrade);
}

static bool
hop(const struct message *h, const char *name)
{
	for (int i = 0; i < h->nfields; i++)
		if (str_eq_nocase(h->field[i].name, str_of(name)))
			return h->field[i].hop;
	fail_msg("no field %s", name);
	return false;
}

static void
hop_by_hop_fields_are_marked(void **state)
{
	struct message *h = good(with("Connection: X-Mine, close\r\nX-Mine: 1\r\nx-mine: 2\r\nX-Other: 3\r\nKeep-Alive: 5\r\n"
	    "Proxy-Connection: x\r\nTE: trailers\r\nTrailer: X\r\nUpgrade: y\r\nProxy-Authorization: z\r\n"));

	(void)state;
	assert_true(hop(h, "Connection") && hop(h, "Keep-Alive") && hop(h, "Proxy-Connection") && hop(h, "TE"));
	assert_true(hop(h, "Upgrade") && hop(h, "X-Mine") && hop(h, "Proxy-Authorization"));
	assert_true(h->field[3].hop);
	assert_false(hop(h, "Host") || hop(h, "X-Other") || hop(h, "Trailer"));
	assert_false(hop(good(with("Transfer-Encoding: chunked\r\n")), "Transfer-Encoding"));
}

static void
connection_cannot_name_what_we_decide_by(void **state)
{
	struct message *h = good(with("Connection: Host, Content-Length, X-Forwarded-For, X-Forwarded-Proto, X-Forwarded-Host\r\n"
	    "Content-Length: 3\r\nX-Forwarded-For: a\r\nX-Forwarded-Proto: b\r\nX-Forwarded-Host: c\r\n"));

	(void)state;
	for (int i = 0; i < h->nfields; i++)
		assert_int_equal(h->field[i].hop, h->field[i].id == FIELD_CONNECTION);
	h = good(with("Connection: transfer-encoding\r\nTransfer-Encoding: chunked\r\n"));
	assert_false(hop(h, "Transfer-Encoding"));
}

static void
connection_may_not_name_the_whole_world(void **state)
{
	char lines[4096] = "Connection: a";

	(void)state;
	for (int i = 1; i < 32; i++)
		strcat(lines, ",a");
	strcat(lines, "\r\n");
	good(with(lines));
	strcat(lines, "Connection: b\r\n");
	refused(with(lines), WHY_BAD_FIELD);
}

static void
expectations(void **state)
{
	(void)state;
	assert_true(good(with("Expect: 100-Continue\r\n"))->expect_continue);
	assert_false(good("GET / HTTP/1.0\r\nExpect: 100-continue\r\n\r\n")->expect_continue);
	assert_true(good(with("Accept: text/event-stream\r\n"))->event_stream);
	assert_true(good(with("accept: Text/Event-Stream; q=1, */*\r\n"))->event_stream);
	assert_false(good(with("Accept: text/event-streams\r\n"))->event_stream);
	assert_false(good(with("Accept: text/html, text/event-stream\r\n"))->event_stream);
	assert_false(good(with("Accept: \r\n"))->event_stream);
	assert_false(good(with("X-Accept: text/event-stream\r\n"))->event_stream);
	refused(with("Expect: miracles\r\n"), WHY_BAD_EXPECT);
	refused(with("Expect: 100-continue\r\nExpect: 200-ok\r\n"), WHY_BAD_EXPECT);
}

static void
methods(void **state)
{
	static const char *const safe_twice[] = { "GET", "HEAD", "PUT", "DELETE", "OPTIONS", "TRACE" };
	char text[64];

	(void)state;
	for (size_t i = 0; i < 6; i++) {
		snprintf(text, sizeof text, "%s / HTTP/1.1\r\nHost: a\r\n\r\n", safe_twice[i]);
		assert_true(good(text)->idempotent);
		assert_int_equal(good(text)->is_head, i == 1);
	}
	assert_false(good("POST / HTTP/1.1\r\nHost: a\r\n\r\n")->idempotent);
	assert_false(good("get / HTTP/1.1\r\nHost: a\r\n\r\n")->idempotent);
	assert_false(good("X-PURGE / HTTP/1.1\r\nHost: a\r\n\r\n")->idempotent);
}

static void
known_fields_are_known(void **state)
{
	static const char *const names[] = { [FIELD_HOST] = "hOST", [FIELD_CONTENT_LENGTH] = "CONTENT-LENGTH",
	    [FIELD_TRANSFER_ENCODING] = "Transfer-encoding", [FIELD_CONNECTION] = "connection",
	    [FIELD_KEEP_ALIVE] = "Keep-Alive", [FIELD_PROXY_CONNECTION] = "Proxy-Connection", [FIELD_TE] = "Te",
	    [FIELD_TRAILER] = "Trailer", [FIELD_UPGRADE] = "Upgrade", [FIELD_EXPECT] = "Expect",
	    [FIELD_X_FORWARDED_FOR] = "X-Forwarded-For", [FIELD_X_FORWARDED_PROTO] = "X-Forwarded-Proto",
	    [FIELD_X_FORWARDED_HOST] = "X-Forwarded-Host", [FIELD_X_FORWARDED_PORT] = "X-FORWARDED-Port", [FIELD_X_REAL_IP] = "x-real-IP",
	    [FIELD_FORWARDED] = "Forwarded", [FIELD_COOKIE] = "COOKIE", [FIELD_ACCEPT] = "ACCept", [FIELD_DATE] = "Date",
	    [FIELD_LOAD] = "Endpoint-Load-Metrics", [FIELD_LOAD_BIN] = "endpoint-load-metrics-BIN",
	    [FIELD_STRICT_TRANSPORT_SECURITY] = "Strict-Transport-Security" };
	static const char *const proxies[] = { "X-Forwarded", "x-forwarded-", "X-Forwarded-Server", "X-FORWARDED-TLS-CLIENT-CERT" };
	static const char *const twins[] = { "x-forwarded_for", "X_FORWARDED_FOR", "X_Forwarded", "X-Forwarded-Tls_Client", "X_Real-IP",
	    "Content_Length", "Proxy_Connection" };
	static const char *const others[] = { "x-forwarded\ror", "X-Forwardedly", "forwarde`", "X-Real-IP-2", "_", "X_Y" };
	struct field f = { .id = FIELD_OTHER };

	(void)state;
	for (enum field_id id = FIELD_HOST; id <= FIELD_FORWARDED; id++) {
		f.name = str_of(names[id]);
		field_identify(&f);
		assert_int_equal(f.id, id);
	}
	/* '\r' with bit 5 set is '-', and '@' is '`': neither may make a known name */
	for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
		f.name = str_of(others[i]);
		field_identify(&f);
		assert_int_equal(f.id, FIELD_OTHER);
	}
	for (size_t i = 0; i < sizeof proxies / sizeof *proxies; i++) {
		f.name = str_of(proxies[i]);
		field_identify(&f);
		assert_int_equal(f.id, FIELD_FORWARDED);
	}
	for (size_t i = 0; i < sizeof twins / sizeof *twins; i++) {
		f.name = str_of(twins[i]);
		field_identify(&f);
		assert_int_equal(f.id, FIELD_TWIN);
		assert_false(f.hop);
	}
}

static void
limits(void **state)
{
	static char text[HEAD_MAX + 4096];
	const struct why *why;
	struct message h;
	size_t n, used;

	(void)state;
	n = (size_t)sprintf(text, "GET / HTTP/1.1\r\nHost: a\r\n");
	for (int i = 1; i < FIELDS_MAX; i++)
		n += (size_t)sprintf(text + n, "X: %d\r\n", i);
	sprintf(text + n, "\r\n");
	assert_int_equal(good(text)->nfields, FIELDS_MAX);
	sprintf(text + n, "Y: z\r\n\r\n");
	refused(text, WHY_TOO_MANY_FIELDS);

	n = (size_t)sprintf(text, "GET / HTTP/1.1\r\nHost: a\r\nX: ");
	memset(text + n, 'x', sizeof text - n);
	memcpy(text + HEAD_MAX - 4, "\r\n\r\n", 5);
	assert_int_equal(good(text)->nfields, 2);
	memcpy(text + HEAD_MAX - 4, "x\r\n\r\n", 6);
	refused(text, WHY_HEAD_TOO_LARGE);
	assert_int_equal(request_of(text, HEAD_MAX - 1, &h, &used, &why), PARSE_MORE);
	assert_int_equal(request_of(text, HEAD_MAX, &h, &used, &why), PARSE_BAD);
}

static struct message *
answer(const char *text, bool to_head)
{
	static struct message h;
	const struct why *why = NULL;

	if (response_of(text, to_head, &h, &why) != PARSE_DONE)
		fail_msg("refused: %s", text);
	return &h;
}

static void
answer_refused(const char *text, const struct why *reason)
{
	const struct why *why = NULL;
	struct message h;

	assert_int_equal(response_of(text, false, &h, &why), PARSE_BAD);
	if (why != reason)
		fail_msg("%s, not %s: %s", why_name(why), why_name(reason), text);
}

static void
answers(void **state)
{
	struct message *h = answer("HTTP/1.1 200 OK then\r\nContent-Length: 5\r\nDate: x\r\n\r\n", false);

	(void)state;
	assert_int_equal(h->status, 200);
	is(h->h1.reason, "OK then");
	is(h->h1.start_line, "HTTP/1.1 200 OK then\r\n");
	assert_int_equal(h->body, BODY_LENGTH);
	assert_int_equal(h->length, 5);
	assert_true(h->h1.keep_alive);
	assert_int_equal(h->field[1].id, FIELD_DATE);
	is(answer("HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n", false)->h1.reason, "");
	is(answer("HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n", false)->h1.reason, "");
	assert_int_equal(answer("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", false)->body, BODY_CHUNKED);
}

static void
answers_without_a_length_end_with_the_connection(void **state)
{
	struct message *h = answer("HTTP/1.1 200 OK\r\nConnection: keep-alive\r\n\r\n", false);

	(void)state;
	assert_int_equal(h->body, BODY_UNTIL_CLOSE);
	assert_false(h->h1.keep_alive);
}

static void
answers_without_a_body(void **state)
{
	static const char *const bare[] = {
		"HTTP/1.1 100 Continue\r\n\r\n", "HTTP/1.1 204 No Content\r\n\r\n",
		"HTTP/1.1 304 Not Modified\r\nContent-Length: 7\r\n\r\n",
		"HTTP/1.1 101 Switching\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n"
	};

	(void)state;
	for (int i = 0; i < 4; i++) {
		struct message *h = answer(bare[i], false);
		assert_int_equal(h->body, BODY_NONE);
		assert_true(h->h1.keep_alive);
		assert_int_equal(h->upgrade, i == 3);
	}
	assert_int_equal(answer("HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n", true)->body, BODY_NONE);
	assert_int_equal(answer("HTTP/1.1 200 OK\r\n\r\n", true)->body, BODY_NONE);
	assert_true(answer("HTTP/1.1 200 OK\r\n\r\n", true)->h1.keep_alive);
}

/* What tasks in the field send, and other proxies understand. */
static void
answers_that_are_untidy(void **state)
{
	struct message *h = answer("HTTP/1.1 200 OK\nContent-Length: 5\nX: y \n\n", false);

	(void)state;
	assert_true(h->h1.untidy);
	is(h->h1.status_text, "200 OK");
	is(h->field[1].value, "y");
	assert_int_equal(h->length, 5);
	assert_true(answer("HTTP/1.1 200 OK\r\nX: y\n\r\n", false)->h1.untidy);
	assert_false(answer("HTTP/1.1 200 OK\r\nX: y\r\n\r\n", false)->h1.untidy);
	assert_int_equal(answer("HTTP/1.1 200\n\n", false)->status, 200);
	h = answer("HTTP/1.1   200 OK\r\n\r\n", false);
	assert_true(h->h1.untidy);
	is(h->h1.status_text, "200 OK");
	assert_int_equal(answer("HTTP/1.1 999 Request denied\r\n\r\n", false)->status, 999);

	h = answer("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX: y\r\ncontent-length: 5\r\n\r\n", false);
	is(h->length_text, "5");
	assert_int_equal(h->length, 5);
	assert_true(h->field[0].hop && h->field[2].hop && !h->field[1].hop);
	is(answer("HTTP/1.1 200 OK\r\nContent-Length: 5, 5 ,5\r\n\r\n", false)->length_text, "5");
	is(answer("HTTP/1.1 204 None\r\nContent-Length: 5, 5\r\n\r\n", false)->length_text, "");
	is(answer("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", false)->length_text, "");

	h = answer("HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: keep-alive\r\n\r\n", false);
	assert_int_equal(h->body, BODY_CHUNKED);
	assert_false(h->h1.keep_alive);
}

/* The end is found where it is, however the head is cut. */
static void
untidy_answers_that_trickle_in(void **state)
{
	static const char *const heads[] = { "HTTP/1.1  200 OK\nX: y\nZ: a\n\n", "HTTP/1.1 200 OK\r\nX: y\n\r\n", "HTTP/1.1 200 OK\nX: y\r\n\n" };
	const struct why *why;
	struct message h;

	(void)state;
	room(&h);
	for (size_t i = 0; i < sizeof heads / sizeof *heads; i++) {
		size_t len = strlen(heads[i]), scanned = 0, used = 0;
		for (size_t n = 0; n < len; n++)
			assert_int_equal(h1_read_response(&h, (struct str){ heads[i], n }, false, &scanned, &used, &why), PARSE_MORE);
		assert_int_equal(h1_read_response(&h, (struct str){ heads[i], len }, false, &scanned, &used, &why), PARSE_DONE);
		assert_int_equal(used, len);
	}
}

static void
answers_that_are_none(void **state)
{
	static char large[HEAD_MAX + 64];

	(void)state;
	answer_refused("HTTP/1.1 99 Low\r\n\r\n", WHY_UPSTREAM_BAD_HEAD);
	answer_refused("HTTP/1.1 2x0 OK\r\n\r\n", WHY_UPSTREAM_BAD_HEAD);
	answer_refused("HTTP/1.1 2000 OK\r\n\r\n", WHY_UPSTREAM_BAD_HEAD);
	answer_refused("HTTP/2.0 200 OK\r\n\r\n", WHY_UPSTREAM_BAD_HEAD);
	answer_refused("HTTP/1.1\t200 OK\r\n\r\n", WHY_UPSTREAM_BAD_HEAD);
	answer_refused("HTTP/1.1200 OK\r\n\r\n", WHY_UPSTREAM_BAD_HEAD);
	answer_refused("\r\nHTTP/1.1 200 OK\r\n\r\n", WHY_UPSTREAM_BAD_HEAD);
	answer_refused("ICY 200 OK\n", WHY_UPSTREAM_BAD_HEAD);
	answer_refused("HTTP/1.1 200 OK\nX: y\r\rz\n\n", WHY_UPSTREAM_BAD_HEAD);
	answer_refused("HTTP/1.1 200 OK\nX: y\n z\n\n", WHY_UPSTREAM_BAD_HEAD);
	answer_refused("HTTP/1.1 200 OK\r\nX: y\r\n z\r\n\r\n", WHY_UPSTREAM_BAD_HEAD);
	answer_refused("HTTP/1.1 200 O\x01K\r\n\r\n", WHY_UPSTREAM_BAD_HEAD);
	answer_refused("HTTP/1.1 200 OK\r\nX : y\r\n\r\n", WHY_UPSTREAM_BAD_HEAD);
	answer_refused("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", WHY_UPSTREAM_BAD_HEAD);
	answer_refused("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 01\r\n\r\n", WHY_UPSTREAM_BAD_HEAD);
	answer_refused("HTTP/1.1 200 OK\r\nContent-Length: 1,\r\n\r\n", WHY_UPSTREAM_BAD_HEAD);
	answer_refused("HTTP/1.1 200 OK\r\nContent-Length: 1, 2\r\n\r\n", WHY_UPSTREAM_BAD_HEAD);
	answer_refused("HTTP/1.1 200 OK\r\nContent-Length: ,\r\n\r\n", WHY_UPSTREAM_BAD_HEAD);
	answer_refused("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n", WHY_UPSTREAM_BAD_HEAD);
	answer_refused("HTTP/1.0 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", WHY_UPSTREAM_BAD_HEAD);
	answer_refused("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", WHY_UPSTREAM_BAD_HEAD);
	answer_refused("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n", WHY_UPSTREAM_BAD_HEAD);
	memset(large, 'x', sizeof large - 1);
	memcpy(large, "HTTP/1.1 200 ", 13);
	answer_refused(large, WHY_UPSTREAM_HEAD_LARGE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_typical_request),
		cmocka_unit_test(every_beginning_asks_for_more),
		cmocka_unit_test(a_head_that_trickles_in_is_the_same_head),
		cmocka_unit_test(what_follows_is_left_alone),
		cmocka_unit_test(one_empty_line_before_a_request_is_skipped),
		cmocka_unit_test(request_lines_that_are_none),
		cmocka_unit_test(a_bare_line_feed_is_refused_at_once),
		cmocka_unit_test(targets),
		cmocka_unit_test(hosts),
		cmocka_unit_test(fields_that_are_none),
		cmocka_unit_test(no_control_byte_passes_anywhere_in_a_value),
		cmocka_unit_test(lengths_and_codings),
		cmocka_unit_test(persistence),
		cmocka_unit_test(upgrades),
		cmocka_unit_test(hop_by_hop_fields_are_marked),
		cmocka_unit_test(connection_cannot_name_what_we_decide_by),
		cmocka_unit_test(connection_may_not_name_the_whole_world),
		cmocka_unit_test(expectations),
		cmocka_unit_test(methods),
		cmocka_unit_test(known_fields_are_known),
		cmocka_unit_test(limits),
		cmocka_unit_test(answers),
		cmocka_unit_test(answers_without_a_length_end_with_the_connection),
		cmocka_unit_test(answers_without_a_body),
		cmocka_unit_test(answers_that_are_untidy),
		cmocka_unit_test(untidy_answers_that_trickle_in),
		cmocka_unit_test(answers_that_are_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
