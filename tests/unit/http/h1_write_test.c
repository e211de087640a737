/*
 * The same message and edits, written as HTTP/1 and walked as names and values, as another version would take them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "http/h1_read.h"
#include "http/h1_write.c"

#define FIELDS_MAX	16

static struct field	field[FIELDS_MAX];
static struct message	m = { .limits = { 16384, FIELDS_MAX }, .field = field };
static struct edits	e;

static void
read_request(const char *in)
{
	const struct why *why;
	size_t scanned = 0, used;

	assert_int_equal(h1_read_request(&m, str_of(in), &scanned, &used, &why), PARSE_DONE);
	edits_init(&e);
}

static void
read_response(const char *in)
{
	const struct why *why;
	size_t scanned = 0, used;

	assert_int_equal(h1_read_response(&m, str_of(in), false, &scanned, &used, &why), PARSE_DONE);
	edits_init(&e);
}

/* Returns the number of pieces. */
static int
written(enum h1_connection c, const char *want)
{
	struct gather g;
	char out[4096];
	size_t at = 0;

	gather_init(&g);
	assert_true(m.status == 0 ? h1_write_request(&g, &m, &e, c) : h1_write_response(&g, &m, &e, c));
	for (int i = 0; i < g.n; i++) {
		memcpy(out + at, g.v[i].iov_base, g.v[i].iov_len);
		at += g.v[i].iov_len;
	}
	out[at] = '\0';
	assert_string_equal(out, want);
	return g.n;
}

/* One "name=value" per line. */
static void
walked(const char *want)
{
	struct message_walk w;
	struct message_pair p;
	char out[4096] = "";
	size_t at = 0;

	message_walk(&w, &m, &e, STR("https"));
	while (message_next(&w, &p))
		at += (size_t)snprintf(out + at, sizeof out - at, "%.*s=%.*s%s%.*s\n", STR_ARG(p.name), STR_ARG(p.value),
		    p.extension.len > 0 ? ", " : "", STR_ARG(p.extension));
	assert_string_equal(out, want);
	assert_false(message_next(&w, &p));
}

static void
what_stays_is_one_piece(void **state)
{
	const char *response = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX: y\r\n\r\n", *request = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

	(void)state;
	read_response(response);
	assert_int_equal(written(H1_UNSAID, response), 1);
	read_request(request);
	assert_int_equal(written(H1_UNSAID, request), 1);
	read_response("HTTP/1.1 204 No Content\r\n\r\n");
	assert_int_equal(written(H1_UNSAID, "HTTP/1.1 204 No Content\r\n\r\n"), 2);
	read_response("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nKeep-Alive: 5\r\nX: y\r\nConnection: keep-alive\r\n\r\n");
	assert_int_equal(written(H1_CLOSE, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX: y\r\nConnection: close\r\n\r\n"), 3);
}

static void
requests_with_edits(void **state)
{
	(void)state;
	read_request("GET /p?q HTTP/1.1\r\nHost: a:81\r\nX-Forwarded-For: 1.1.1.1\r\nDate: now \r\nCookie: c\r\nTE: x\r\nA: b\r\n\r\n");
	edits_drop(&e, FIELD_BIT(FIELD_COOKIE));
	edits_extend(&e, message_find(&m, FIELD_X_FORWARDED_FOR), STR("2.2.2.2"));
	edits_add(&e, EDIT_NAME("X-Mine"), STR("yes"));
	edits_add_line(&e, STR("\r\nX-Yours: no"), 7);
	written(H1_UNSAID, "GET /p?q HTTP/1.1\r\nHost: a:81\r\nX-Forwarded-For: 1.1.1.1, 2.2.2.2\r\nDate: now \r\nA: b\r\n"
	    "X-Mine: yes\r\nX-Yours: no\r\n\r\n");
	walked(":method=GET\n:scheme=https\n:path=/p?q\n:authority=a:81\nX-Forwarded-For=1.1.1.1, 2.2.2.2\nDate=now\nA=b\n"
	    "X-Mine=yes\nX-Yours=no\n");
}

static void
requests_of_other_forms(void **state)
{
	(void)state;
	read_request("GET http://real:8080/x HTTP/1.1\r\nHost: other\r\nA: b\r\n\r\n");
	written(H1_UNSAID, "GET /x HTTP/1.1\r\nHost: real:8080\r\nA: b\r\n\r\n");
	walked(":method=GET\n:scheme=https\n:path=/x\n:authority=real:8080\nA=b\n");

	read_request("GET /x HTTP/1.0\r\n\r\n");
	written(H1_UNSAID, "GET /x HTTP/1.1\r\n\r\n");
	walked(":method=GET\n:scheme=https\n:path=/x\n");
	e.authority = STR("here:80");
	written(H1_UNSAID, "GET /x HTTP/1.1\r\nHost: here:80\r\n\r\n");
	walked(":method=GET\n:scheme=https\n:path=/x\n:authority=here:80\n");
}

static void
responses_with_edits(void **state)
{
	(void)state;
	read_response("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX: y\r\nTrailer: z\r\n\r\n");
	walked(":status=200\nX=y\nTrailer=z\n");
	edits_drop(&e, FIELD_BIT(FIELD_TRANSFER_ENCODING) | FIELD_BIT(FIELD_TRAILER));
	edits_add(&e, EDIT_NAME("Content-Length"), STR("7"));
	written(H1_KEEP_ALIVE, "HTTP/1.1 200 OK\r\nX: y\r\nContent-Length: 7\r\nConnection: keep-alive\r\n\r\n");
	walked(":status=200\nX=y\nContent-Length=7\n");

	read_response("HTTP/1.0 404 No\nContent-Length: 2, 2\nX: y\n\n");
	edits_add(&e, EDIT_NAME("Via"), STR("us"));
	written(H1_CLOSE, "HTTP/1.1 404 No\r\nX: y\r\nContent-Length: 2\r\nVia: us\r\nConnection: close\r\n\r\n");
	walked(":status=404\nX=y\nContent-Length=2\nVia=us\n");
}

static void
upgrades_are_of_a_connection(void **state)
{
	(void)state;
	read_request("GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\nA: b\r\n\r\n");
	assert_true(m.upgrade);
	written(H1_UPGRADE, "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nA: b\r\nConnection: upgrade\r\n\r\n");
	written(H1_UNSAID, "GET / HTTP/1.1\r\nHost: a\r\nA: b\r\n\r\n");
	walked(":method=GET\n:scheme=https\n:path=/\n:authority=a\nA=b\n");
}

/* As a reader of HTTP/2 would fill it: no lines, no Host. */
static void
a_request_that_was_not_read_from_lines(void **state)
{
	struct field f[] = { { .name = STR("accept"), .value = STR("*/*") }, { .name = STR("cookie"), .value = STR("c"), .id = FIELD_COOKIE } };
	struct message request = { .method = STR("GET"), .target = STR("/x?y"), .path = STR("/x"), .authority = STR("a:443"),
		.host = STR("a"), .nfields = 2, .limits = { 16384, 2 }, .field = f };

	(void)state;
	m = request;
	edits_init(&e);
	edits_add(&e, EDIT_NAME("X-Mine"), STR("yes"));
	written(H1_UNSAID, "GET /x?y HTTP/1.1\r\nHost: a:443\r\naccept: */*\r\ncookie: c\r\nX-Mine: yes\r\n\r\n");
	walked(":method=GET\n:scheme=https\n:path=/x?y\n:authority=a:443\naccept=*/*\ncookie=c\nX-Mine=yes\n");
	m = (struct message){ .limits = { 16384, FIELDS_MAX }, .field = field };
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_stays_is_one_piece),
		cmocka_unit_test(requests_with_edits),
		cmocka_unit_test(requests_of_other_forms),
		cmocka_unit_test(responses_with_edits),
		cmocka_unit_test(upgrades_are_of_a_connection),
		cmocka_unit_test(a_request_that_was_not_read_from_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
