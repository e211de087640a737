/*
 * Heads as they come in and as they go out.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "http/h1_parse.h"
#include "proxy/rewrite.c"

static void
flat(const struct gather *g, char out[4096])
{
	size_t at = 0;

	for (int i = 0; i < g->n; i++) {
		memcpy(out + at, g->v[i].iov_base, g->v[i].iov_len);
		at += g->v[i].iov_len;
	}
	out[at] = '\0';
}

static int
request(const char *in, const char *want)
{
	static struct head h;
	struct gather g;
	const struct why *why;
	size_t scanned = 0, used;
	char out[4096];

	assert_int_equal(h1_parse_request(&h, str_of(in), &scanned, &used, &why), PARSE_DONE);
	assert_true(rewrite_request(&g, &h, STR("10.1.2.3")));
	flat(&g, out);
	assert_string_equal(out, want);
	return g.n;
}

static void
response(const char *in, enum rewrite_connection c, const char *want)
{
	static struct head h;
	struct gather g;
	const struct why *why;
	size_t scanned = 0, used;
	char out[4096];

	assert_int_equal(h1_parse_response(&h, str_of(in), false, &scanned, &used, &why), PARSE_DONE);
	assert_true(rewrite_response(&g, &h, c));
	flat(&g, out);
	assert_string_equal(out, want);
}

#define NEW(host) "X-Forwarded-For: 10.1.2.3\r\nX-Forwarded-Proto: http\r\nX-Forwarded-Host: " host "\r\n"

static void
test_plain(void **state)
{
	(void)state;
	/* what stays is one piece, from the request line to the last field */
	assert_true(request("GET /p?q HTTP/1.1\r\nHost: a:81\r\nAccept: x\r\n\r\n",
	    "GET /p?q HTTP/1.1\r\nHost: a:81\r\nAccept: x\r\n" NEW("a:81") "\r\n") <= 9);
	request("\r\nGET / HTTP/1.1\r\nHost:\r\n\r\n",
	    "GET / HTTP/1.1\r\nHost:\r\nX-Forwarded-For: 10.1.2.3\r\nX-Forwarded-Proto: http\r\n\r\n");
}

static void
test_hop_by_hop(void **state)
{
	(void)state;
	request("GET / HTTP/1.1\r\nHost: a\r\nKeep-Alive: 5\r\nX: 1\r\nTE: trailers\r\nConnection: close, x-mine\r\n"
		"Proxy-Connection: a\r\nX-Mine: 2\r\nUpgrade: x\r\nY: 3\r\n\r\n",
	    "GET / HTTP/1.1\r\nHost: a\r\nX: 1\r\nY: 3\r\n" NEW("a") "\r\n");
}

/* Connection cannot take away what we decided by. */
static void
test_hop_by_hop_abuse(void **state)
{
	(void)state;
	request("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nConnection: content-length, host, x-forwarded-for\r\n"
		"X-Forwarded-For: 9.9.9.9\r\n\r\n",
	    "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nX-Forwarded-For: 9.9.9.9, 10.1.2.3\r\n"
	    "X-Forwarded-Proto: http\r\nX-Forwarded-Host: a\r\n\r\n");
	request("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nHost: a\r\nConnection: transfer-encoding\r\n\r\n",
	    "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nHost: a\r\n" NEW("a") "\r\n");
}

static void
test_forwarded_already(void **state)
{
	(void)state;
	request("GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-Proto: https\r\nX-Forwarded-For: 1.1.1.1 \r\n"
		"X-Forwarded-Host: public\r\nx-forwarded-for: 2.2.2.2,3.3.3.3\r\nZ: z\r\n\r\n",
	    "GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-Proto: https\r\nX-Forwarded-For: 1.1.1.1 \r\n"
	    "X-Forwarded-Host: public\r\nx-forwarded-for: 2.2.2.2,3.3.3.3, 10.1.2.3\r\nZ: z\r\n\r\n");
	request("GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For:\r\n\r\n",
	    "GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For:\r\n" NEW("a") "\r\n");
}

static void
test_absolute_form(void **state)
{
	(void)state;
	request("GET http://real:8080/x?y HTTP/1.1\r\nA: b\r\nHost: lie\r\nC: d\r\n\r\n",
	    "GET /x?y HTTP/1.1\r\nHost: real:8080\r\nA: b\r\nC: d\r\n" NEW("real:8080") "\r\n");
	request("GET http://real HTTP/1.1\r\nHost: lie\r\n\r\n", "GET / HTTP/1.1\r\nHost: real\r\n" NEW("real") "\r\n");
	request("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", "OPTIONS * HTTP/1.1\r\nHost: a\r\n" NEW("a") "\r\n");
}

static void
test_versions(void **state)
{
	(void)state;
	request("GET / HTTP/1.0\r\nConnection: keep-alive\r\nA: b\r\n\r\n",
	    "GET / HTTP/1.0\r\nA: b\r\nX-Forwarded-For: 10.1.2.3\r\nX-Forwarded-Proto: http\r\nConnection: close\r\n\r\n");
	response("HTTP/1.0 200 Old\r\nServer: s\r\n\r\n", CONNECTION_CLOSE,
	    "HTTP/1.1 200 Old\r\nServer: s\r\nConnection: close\r\n\r\n");
}

static void
test_upgrade(void **state)
{
	(void)state;
	request("GET / HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\nKeep-Alive: 3\r\n\r\n",
	    "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n" NEW("a") "Connection: upgrade\r\n\r\n");
	request("GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n",
	    "GET / HTTP/1.1\r\nHost: a\r\n" NEW("a") "\r\n");
	response("HTTP/1.1 101 Go\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n", CONNECTION_UPGRADE,
	    "HTTP/1.1 101 Go\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n");
}

static void
test_response(void **state)
{
	(void)state;
	response("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: keep-alive\r\nKeep-Alive: timeout=3\r\nETag: x\r\n\r\n",
	    CONNECTION_UNSAID, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nETag: x\r\n\r\n");
	response("HTTP/1.1 200\r\nContent-Length: 2\r\n\r\n", CONNECTION_KEEP_ALIVE,
	    "HTTP/1.1 200\r\nContent-Length: 2\r\nConnection: keep-alive\r\n\r\n");
}

static void
test_response_without_body(void **state)
{
	(void)state;
	response("HTTP/1.1 204 No\r\nContent-Length: 5\r\nA: b\r\n\r\n", CONNECTION_UNSAID, "HTTP/1.1 204 No\r\nA: b\r\n\r\n");
	response("HTTP/1.1 103 Early\r\nTransfer-Encoding: chunked\r\nLink: x\r\n\r\n", CONNECTION_UNSAID,
	    "HTTP/1.1 103 Early\r\nLink: x\r\n\r\n");
	response("HTTP/1.1 304 Same\r\nContent-Length: 5\r\n\r\n", CONNECTION_UNSAID,
	    "HTTP/1.1 304 Same\r\nContent-Length: 5\r\n\r\n");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plain),
		cmocka_unit_test(test_hop_by_hop),
		cmocka_unit_test(test_hop_by_hop_abuse),
		cmocka_unit_test(test_forwarded_already),
		cmocka_unit_test(test_absolute_form),
		cmocka_unit_test(test_versions),
		cmocka_unit_test(test_upgrade),
		cmocka_unit_test(test_response),
		cmocka_unit_test(test_response_without_body),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
