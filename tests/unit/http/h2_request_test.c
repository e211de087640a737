/* The fields of HTTP/2 requests, and the heads of HTTP/1.1 that they become, or do not. */
#include "http/h2_request.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define KEY	"0123456789abcdefghijkl=="
#define GET	":method", "GET", ":scheme", "http", ":authority", "a.example", ":path", "/x?y"
#define POST	":method", "POST", ":scheme", "http", ":authority", "a.example", ":path", "/x"

static struct h2_request r;

/* Names and values until a NULL. */
static const struct why *
give(bool ended, const char *const *pair)
{
	const struct why *why = NULL;

	h2_request_init(&r, (struct head_limits){ 1024, 8 });
	for (; *pair != NULL; pair += 2)
		why = h2_request_field(&r, str_of(pair[0]), str_of(pair[1]));
	why = h2_request_end(&r, ended, KEY);
	assert_true(why == NULL || r.head.p == NULL);		/* nothing is left of what is refused */
	return why;
}

static void
becomes_(bool ended, const char *const *pairs, const char *want)
{
	char *got;

	assert_null(give(ended, pairs));
	got = strndup(queue_str(&r.head).p, queue_len(&r.head));
	assert_string_equal(got, want);
	free(got);
	h2_request_fini(&r);
}

static void
refused_(bool ended, const char *const *pairs, const struct why *want)
{
	const struct why *why = give(ended, pairs);

	assert_string_equal(why_name(why), why_name(want));
	h2_request_fini(&r);
}

#define becomes(ended, want, ...) becomes_(ended, (const char *const[]){ __VA_ARGS__, NULL }, want)
#define refused(...) refused_(true, (const char *const[]){ __VA_ARGS__, NULL }, WHY_H2_MALFORMED)
#define refused_for(why, ended, ...) refused_(ended, (const char *const[]){ __VA_ARGS__, NULL }, why)

static void
a_request_becomes_its_head(void **state)
{
	(void)state;
	becomes(true, "GET /x?y HTTP/1.1\r\nHost: a.example\r\naccept: */*\r\nConnection: close\r\n\r\n",
	    GET, "accept", "*/*");
	becomes(true, "GET /x?y HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n\r\n", GET);
	becomes(true, "OPTIONS * HTTP/1.1\r\nHost: [::1]:80\r\nConnection: close\r\n\r\n",
	    ":path", "*", ":authority", "[::1]:80", ":scheme", "https", ":method", "OPTIONS");
	becomes(true, "HEAD / HTTP/1.1\r\nHost: b\r\nempty: \r\nConnection: close\r\n\r\n",
	    ":method", "HEAD", ":scheme", "http", ":path", "/", "host", "b", "empty", "");
	assert_true(r.is_head);
}

static void
a_body_has_its_framing(void **state)
{
	(void)state;
	becomes(false, "POST /x HTTP/1.1\r\nHost: a.example\r\nTransfer-Encoding: chunked\r\n"
	    "Connection: close\r\n\r\n", POST);
	becomes(false, "POST /x HTTP/1.1\r\nHost: a.example\r\ncontent-length: 5\r\nConnection: close\r\n\r\n",
	    POST, "content-length", "5");
	becomes(true, "POST /x HTTP/1.1\r\nHost: a.example\r\ncontent-length: 0\r\nConnection: close\r\n\r\n",
	    POST, "content-length", "0");
	/* trailers follow, which have a place behind chunks alone */
	becomes(false, "POST /x HTTP/1.1\r\nHost: a.example\r\ntrailer: x-sum\r\nTransfer-Encoding: chunked\r\n"
	    "Connection: close\r\n\r\n", POST, "content-length", "5", "trailer", "x-sum");
	becomes(true, "POST /x HTTP/1.1\r\nHost: a.example\r\ntrailer: x-sum\r\ncontent-length: 0\r\n"
	    "Connection: close\r\n\r\n", POST, "content-length", "0", "trailer", "x-sum");
	refused(POST, "content-length", "5");		/* and it has ended */
	refused(POST, "content-length", "5x");
	refused(POST, "content-length", "-1");
	refused(POST, "content-length", "");
	refused(POST, "content-length", "0", "content-length", "0");
	refused(POST, "content-length", "18446744073709551616");
}

static void
pseudo_fields_come_once_and_first(void **state)
{
	(void)state;
	refused("accept", "*/*", GET);
	refused(GET, "accept", "*/*", ":path", "/y");
	refused(GET, ":path", "/y");
	refused(GET, ":method", "GET");
	refused(GET, ":authority", "a.example");
	refused(GET, ":status", "200");
	refused(GET, ":host", "a.example");
	refused(":scheme", "http", ":path", "/", ":authority", "a");
	refused(":method", "GET", ":path", "/", ":authority", "a");
	refused(":method", "GET", ":scheme", "http", ":authority", "a");
	refused(":method", "GET", ":scheme", "http", ":path", "", ":authority", "a");
	refused(":method", "GET", ":scheme", "ftp", ":path", "/", ":authority", "a");
	refused(":method", "GET", ":scheme", "http", ":path", "/", ":authority", "");
	refused(":method", "GET", ":scheme", "http", ":path", "/", ":authority", "a", ":protocol", "websocket");
}

/* What would end the request line, or be another one. */
static void
nothing_breaks_out_of_its_place(void **state)
{
	(void)state;
	refused(":method", "GET /admin HTTP/1.1\r\nx: ", ":scheme", "http", ":path", "/", ":authority", "a");
	refused(":method", "G T", ":scheme", "http", ":path", "/", ":authority", "a");
	refused(":method", "GET", ":scheme", "http", ":path", "/ HTTP/1.1\r\nx: y", ":authority", "a");
	refused(":method", "GET", ":scheme", "http", ":path", "/a b", ":authority", "a");
	refused(":method", "GET", ":scheme", "http", ":path", "/a#b", ":authority", "a");
	refused(":method", "GET", ":scheme", "http", ":path", "http://b/", ":authority", "a");
	refused(":method", "GET", ":scheme", "http", ":path", "*", ":authority", "a");
	refused(":method", "GET", ":scheme", "http", ":path", "/", ":authority", "a\r\nx: y");
	refused(":method", "GET", ":scheme", "http", ":path", "/", ":authority", "user@a");
	refused(GET, "x", "a\r\nb: c");
	refused(GET, "x", "a\nb");
	refused(GET, "x", "a\rb");
	refused(GET, "x: y\r\nz", "a");
	refused(GET, "X", "a");
	refused(GET, "", "a");
	refused(GET, "a b", "a");
	refused(GET, "x", " a");
	refused(GET, "x", "a\t");
	refused(GET, "x", "a\x7f");
}

static void
what_belongs_to_connections_is_refused(void **state)
{
	(void)state;
	refused(GET, "connection", "close");
	refused(GET, "keep-alive", "5");
	refused(GET, "proxy-connection", "close");
	refused(GET, "transfer-encoding", "chunked");
	refused(GET, "upgrade", "h2c");
	refused(GET, "te", "gzip");
	refused(GET, "te", "trailers, gzip");
	becomes(true, "GET /x?y HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n\r\n", GET, "te", "trailers");
}

static void
host_and_authority_agree(void **state)
{
	(void)state;
	becomes(true, "GET /x?y HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n\r\n", GET, "host", "A.example");
	refused(GET, "host", "b.example");
	refused(GET, "host", "a.example:80");
	refused(GET, "host", "");
	refused(GET, "host", "a.example", "host", "a.example");
	refused(":method", "GET", ":scheme", "http", ":path", "/", "host", "a", "host", "b");
}

static void
crumbs_are_one_cookie(void **state)
{
	(void)state;
	becomes(true, "GET /x?y HTTP/1.1\r\nHost: a.example\r\nx: y\r\nz: \r\ncookie: a=1; b=2; c=3\r\n"
	    "Connection: close\r\n\r\n",
	    GET, "cookie", "a=1", "cookie", "b=2", "x", "y", "cookie", "c=3", "z", "");
	becomes(true, "GET /x?y HTTP/1.1\r\nHost: a.example\r\ncookie: ; \r\nConnection: close\r\n\r\n",
	    GET, "cookie", "", "cookie", "");
}

/* They count as one field: what bounds them is the size of the head. */
static void
crumbs_are_as_many_as_fit(void **state)
{
	(void)state;
	for (size_t most = 8192; most <= 65536; most *= 8) {
		const struct why *why = NULL;
		unsigned n = 0;

		h2_request_init(&r, (struct head_limits){ most, 8 });
		for (size_t i = 0; i < 8; i += 2)
			assert_null(h2_request_field(&r, str_of(((const char *const[]){ GET })[i]),
			    str_of(((const char *const[]){ GET })[i + 1])));
		while ((why = h2_request_field(&r, STR("cookie"), STR("a=1"))) == NULL)
			n++;
		assert_ptr_equal(why, WHY_HEAD_TOO_LARGE);
		assert_true(n > most / 5 - 100 && n <= most / 5);
		assert_null(r.cookie.p);
		h2_request_fini(&r);
	}
}

static void
a_tunnel_is_an_upgrade(void **state)
{
	(void)state;
	becomes(false, "GET /chat HTTP/1.1\r\nHost: a\r\nsec-websocket-version: 13\r\nUpgrade: websocket\r\n"
	    "Sec-WebSocket-Key: " KEY "\r\nConnection: upgrade, close\r\n\r\n",
	    ":method", "CONNECT", ":protocol", "websocket", ":scheme", "https", ":path", "/chat", ":authority", "a",
	    "sec-websocket-version", "13", "sec-websocket-key", "theirs");
	assert_true(r.is_tunnel && !r.is_chunked);
	/* to be refused as in HTTP/1.1 */
	becomes(false, "CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n",
	    ":method", "CONNECT", ":authority", "a:443");
	assert_false(r.is_tunnel);
	becomes(false, "CONNECT a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n",
	    ":method", "CONNECT", ":protocol", "connect-udp", ":scheme", "https", ":path", "/", ":authority", "a");
	refused(":method", "CONNECT", ":authority", "a", ":path", "/");
	refused(":method", "CONNECT", ":authority", "a", ":scheme", "http");
	refused(":method", "CONNECT");
	refused(":method", "CONNECT", ":protocol", "websocket", ":scheme", "https", ":path", "/");
	refused(":method", "CONNECT", ":protocol", "websocket", ":authority", "a", ":path", "/");
	refused(":method", "CONNECT", ":protocol", "websocket", ":scheme", "https", ":path", "/", ":authority", "a",
	    "content-length", "1");
}

static void
what_is_too_large_is_said_so(void **state)
{
	char big[2000];

	(void)state;
	memset(big, 'x', sizeof big - 1);
	big[sizeof big - 1] = '\0';
	refused_for(WHY_HEAD_TOO_LARGE, true, GET, "x", big);
	refused_for(WHY_TOO_MANY_FIELDS, true, GET, "a", "1", "b", "1", "c", "1", "d", "1", "e", "1", "f", "1",
	    "g", "1", "h", "1", "i", "1");
	refused_for(WHY_H2_MALFORMED, true, GET, "X", "malformed comes first", "x", big);
	/* what comes behind is counted all the same */
	give(true, (const char *const[]){ GET, "X", "1", "y", "2", NULL });
	assert_int_equal(r.ncounted, 6);
	assert_int_equal(r.decoded, 7 + 3 + 7 + 4 + 10 + 9 + 5 + 4 + 2 + 2);
}

static void
hints_are_read(void **state)
{
	(void)state;
	becomes(true, "GET /x?y HTTP/1.1\r\nHost: a.example\r\npriority: u=1, i\r\nConnection: close\r\n\r\n",
	    GET, "priority", "u=1, i");
	assert_int_equal(r.urgency, 1);
	give(true, (const char *const[]){ GET, "priority", "u=9", "content-type", "application/grpc+proto", NULL });
	assert_int_equal(r.urgency, 3);
	assert_true(r.is_grpc);
	h2_request_fini(&r);
	give(true, (const char *const[]){ GET, "content-type", "application/grpc-web", NULL });
	assert_false(r.is_grpc);
	h2_request_fini(&r);
}

static void
trailers_are_lines(void **state)
{
	struct queue q = { 0 };

	(void)state;
	assert_null(h2_trailer_field(&q, STR("grpc-status"), STR("0")));
	assert_null(h2_trailer_field(&q, STR("x"), STR("")));
	assert_ptr_equal(h2_trailer_field(&q, STR(":path"), STR("/")), WHY_H2_MALFORMED);
	assert_ptr_equal(h2_trailer_field(&q, STR("X"), STR("1")), WHY_H2_MALFORMED);
	assert_ptr_equal(h2_trailer_field(&q, STR("x"), STR("1\r\ny: 2")), WHY_H2_MALFORMED);
	assert_ptr_equal(h2_trailer_field(&q, STR("connection"), STR("x")), WHY_H2_MALFORMED);
	assert_true(str_eq(queue_str(&q), STR("grpc-status: 0\r\nx: \r\n")));
	queue_fini(&q);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_request_becomes_its_head),
		cmocka_unit_test(a_body_has_its_framing),
		cmocka_unit_test(pseudo_fields_come_once_and_first),
		cmocka_unit_test(nothing_breaks_out_of_its_place),
		cmocka_unit_test(what_belongs_to_connections_is_refused),
		cmocka_unit_test(host_and_authority_agree),
		cmocka_unit_test(crumbs_are_one_cookie),
		cmocka_unit_test(crumbs_are_as_many_as_fit),
		cmocka_unit_test(a_tunnel_is_an_upgrade),
		cmocka_unit_test(what_is_too_large_is_said_so),
		cmocka_unit_test(hints_are_read),
		cmocka_unit_test(trailers_are_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
