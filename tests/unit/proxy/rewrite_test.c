/*
 * Heads as they come in and as they go out.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "http/h1_read.h"
#include "http/h1_write.h"
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
request_from(bool trusted, const char *in, const char *want)
{
	static struct field field[100];
	static struct message h = { .limits = { 16384, 100 }, .field = field };
	struct gather g;
	struct edits e;
	const struct why *why;
	size_t scanned = 0, used;
	char out[4096], text[IP_TEXT_MAX];
	struct sender s;
	struct ip ip;

	assert_true(ip_parse(STR("10.1.2.3"), &ip));
	sender_init(&s, &ip, trusted);
	assert_int_equal(h1_read_request(&h, str_of(in), &scanned, &used, &why), PARSE_DONE);
	ip = sender_client(&s, &h, NULL, 0);
	gather_init(&g);
	rewrite_request(&e, &h, &s, &ip, text,
	    h.h1.minor == 0 && message_find(&h, FIELD_HOST) == NULL ? STR("here:81") : STR(""));
	assert_true(h1_write_request(&g, &h, &e, h.upgrade ? H1_UPGRADE : H1_UNSAID));
	flat(&g, out);
	assert_string_equal(out, want);
	gather_clear(&(struct gather){ .copy = g.copy });
	return g.n;
}

static int
request(const char *in, const char *want)
{
	return request_from(false, in, want);
}

static void
response(const char *in, enum h1_connection c, const char *want)
{
	static struct field field[100];
	static struct message h = { .limits = { 16384, 100 }, .field = field };
	struct gather g;
	const struct why *why;
	size_t scanned = 0, used;
	char out[4096];

	assert_int_equal(h1_read_response(&h, str_of(in), false, &scanned, &used, &why), PARSE_DONE);
	gather_init(&g);
	assert_true(h1_write_response(&g, &h, &edits_none, c));
	flat(&g, out);
	assert_string_equal(out, want);
	gather_clear(&g);
}

#define WHO	"X-Forwarded-For: 10.1.2.3\r\nX-Real-IP: 10.1.2.3\r\nX-Forwarded-Proto: http\r\n"
#define NEW_AT(host, port) WHO "X-Forwarded-Host: " host "\r\nX-Forwarded-Port: " port "\r\n"
#define NEW(host) NEW_AT(host, "80")

static void
test_plain(void **state)
{
	(void)state;
	/* what stays is one piece, from the request line to the last field */
	assert_true(request("GET /p?q HTTP/1.1\r\nHost: a:81\r\nAccept: x\r\n\r\n",
	    "GET /p?q HTTP/1.1\r\nHost: a:81\r\nAccept: x\r\n" NEW_AT("a:81", "81") "\r\n") <= 12);
	request("\r\nGET / HTTP/1.1\r\nHost:\r\n\r\n",
	    "GET / HTTP/1.1\r\nHost:\r\n" WHO "X-Forwarded-Port: 80\r\n\r\n");
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
	    "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n" NEW("a") "\r\n");
	request_from(true, "GET / HTTP/1.1\r\nHost: a\r\nConnection: x-forwarded-for, x-real-ip, forwarded\r\nX-Real-IP: 9.9.9.9\r\n"
		"X-Forwarded-For: 9.9.9.9\r\nForwarded: for=9.9.9.9\r\n\r\n",
	    "GET / HTTP/1.1\r\nHost: a\r\nX-Real-IP: 9.9.9.9\r\nX-Forwarded-For: 9.9.9.9, 10.1.2.3\r\nForwarded: for=9.9.9.9\r\n"
	    "X-Forwarded-Proto: http\r\nX-Forwarded-Host: a\r\nX-Forwarded-Port: 80\r\n\r\n");
	request("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nHost: a\r\nConnection: transfer-encoding\r\n\r\n",
	    "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nHost: a\r\n" NEW("a") "\r\n");
}

/* What a client says of itself is left out, whatever it is called; what only looks alike stays. */
static void
test_forwarded_by_anybody(void **state)
{
	(void)state;
	request("GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-Proto: https\r\nX-Forwarded-For: 1.1.1.1 \r\nX-FORWARDED-HOST: b\r\n"
		"x-forwarded-for: 2.2.2.2\r\nX-Forwarded-Port: 443\r\nX-Forwarded-Server: s\r\nX-Forwarded-Prefix: /p\r\n"
		"X-Forwarded: 1\r\nX-Forwarded-Tls-Client-Cert-Info: c\r\nX-Real-Ip: 3.3.3.3\r\nForwarded: for=4.4.4.4\r\nZ: z\r\n\r\n",
	    "GET / HTTP/1.1\r\nHost: a\r\nZ: z\r\n" NEW("a") "\r\n");
	request("GET / HTTP/1.1\r\nHost: a\r\nX-Forwarder: 1\r\nX-Real-IPs: 2\r\nNot-Forwarded: 3\r\n\r\n",
	    "GET / HTTP/1.1\r\nHost: a\r\nX-Forwarder: 1\r\nX-Real-IPs: 2\r\nNot-Forwarded: 3\r\n" NEW("a") "\r\n");
}

/* To a CGI variable '_' and '-' are the same: not even a trusted proxy may say the same thing twice. */
static void
test_twins(void **state)
{
	const char *twins = "GET / HTTP/1.1\r\nHost: a\r\nX_Forwarded_For: 1.1.1.1\r\nX-Forwarded_Proto: https\r\nX_FORWARDED-Host: b\r\n"
		"X-Forwarded-Tls_Client: c\r\nx_real_ip: 3.3.3.3\r\nX-Real_IP: 3.3.3.3\r\nContent_Length: 3\r\n"
		"Transfer_Encoding: chunked\r\nKeep_Alive: 3\r\nMy_Own: x\r\nX_Forwarder: y\r\n\r\n";

	(void)state;
	request(twins, "GET / HTTP/1.1\r\nHost: a\r\nMy_Own: x\r\nX_Forwarder: y\r\n" NEW("a") "\r\n");
	request_from(true, twins, "GET / HTTP/1.1\r\nHost: a\r\nMy_Own: x\r\nX_Forwarder: y\r\n" NEW("a") "\r\n");
}

static void
test_forwarded_by_a_proxy(void **state)
{
	(void)state;
	request_from(true, "GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-Proto: https\r\nX-Forwarded-For: 1.1.1.1 \r\n"
		"X-Forwarded-Host: public\r\nx-forwarded-for: 2.2.2.2,3.3.3.3\r\nX-Forwarded-Prefix: /p\r\nForwarded: for=4.4.4.4\r\n"
		"Z: z\r\n\r\n",
	    "GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-Proto: https\r\nX-Forwarded-For: 1.1.1.1 \r\n"
	    "X-Forwarded-Host: public\r\nx-forwarded-for: 2.2.2.2,3.3.3.3, 10.1.2.3\r\nX-Forwarded-Prefix: /p\r\nForwarded: for=4.4.4.4\r\n"
	    "Z: z\r\nX-Real-IP: 3.3.3.3\r\nX-Forwarded-Port: 443\r\n\r\n");
	request_from(true, "GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For:\r\n\r\n",
	    "GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For:\r\n" NEW("a") "\r\n");
	request_from(true, "GET / HTTP/1.1\r\nHost: a\r\nX-Real-IP: 9.9.9.9\r\nX-Forwarded-Port: 8443\r\n\r\n",
	    "GET / HTTP/1.1\r\nHost: a\r\nX-Real-IP: 9.9.9.9\r\nX-Forwarded-Port: 8443\r\nX-Forwarded-For: 10.1.2.3\r\n"
	    "X-Forwarded-Proto: http\r\nX-Forwarded-Host: a\r\n\r\n");
}

static void
test_absolute_form(void **state)
{
	(void)state;
	request("GET http://real:8080/x?y HTTP/1.1\r\nA: b\r\nHost: lie\r\nC: d\r\n\r\n",
	    "GET /x?y HTTP/1.1\r\nHost: real:8080\r\nA: b\r\nC: d\r\n" NEW_AT("real:8080", "8080") "\r\n");
	request("GET http://real HTTP/1.1\r\nHost: lie\r\n\r\n", "GET / HTTP/1.1\r\nHost: real\r\n" NEW("real") "\r\n");
	request("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", "OPTIONS * HTTP/1.1\r\nHost: a\r\n" NEW("a") "\r\n");
}

static void
test_versions(void **state)
{
	(void)state;
	request("GET / HTTP/1.0\r\nConnection: keep-alive\r\nA: b\r\n\r\n",
	    "GET / HTTP/1.1\r\nHost: here:81\r\nA: b\r\n" WHO "X-Forwarded-Port: 80\r\n\r\n");
	request("GET /x HTTP/1.0\r\nHost: a\r\nExpect: 100-continue\r\nB: c\r\n\r\n",
	    "GET /x HTTP/1.1\r\nHost: a\r\nB: c\r\n" NEW("a") "\r\n");
	request("GET http://real/x HTTP/1.0\r\nHost: lie\r\n\r\n", "GET /x HTTP/1.1\r\nHost: real\r\n" NEW("real") "\r\n");
	request("GET http://real/x HTTP/1.0\r\n\r\n", "GET /x HTTP/1.1\r\nHost: real\r\n" NEW("real") "\r\n");
	response("HTTP/1.0 200 Old\r\nServer: s\r\n\r\n", H1_CLOSE,
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
	response("HTTP/1.1 101 Go\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n", H1_UPGRADE,
	    "HTTP/1.1 101 Go\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n");
	response("HTTP/1.1 200 OK\r\nUpgrade: h2,h2c\r\nConnection: Upgrade\r\nContent-Length: 0\r\n\r\n", H1_UNSAID,
	    "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
	response("HTTP/1.1 426 No\r\nUpgrade: websocket\r\nConnection: upgrade\r\nContent-Length: 0\r\n\r\n", H1_CLOSE,
	    "HTTP/1.1 426 No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
}

static void
test_response(void **state)
{
	(void)state;
	response("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: keep-alive\r\nKeep-Alive: timeout=3\r\nETag: x\r\n\r\n",
	    H1_UNSAID, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nETag: x\r\n\r\n");
	response("HTTP/1.1 200\r\nContent-Length: 2\r\n\r\n", H1_KEEP_ALIVE,
	    "HTTP/1.1 200\r\nContent-Length: 2\r\nConnection: keep-alive\r\n\r\n");
}

/* What was read leniently goes on as it ought to be. */
static void
test_untidy_response(void **state)
{
	(void)state;
	response("HTTP/1.1 200 OK\nContent-Length: 2 \nX:\nETag: x\n\n", H1_CLOSE,
	    "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX:\r\nETag: x\r\nConnection: close\r\n\r\n");
	response("HTTP/1.0   200 OK\r\nX: y\r\n\r\n", H1_CLOSE, "HTTP/1.1 200 OK\r\nX: y\r\nConnection: close\r\n\r\n");
	response("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX: y\r\nContent-Length: 2, 2\r\n\r\n", H1_UNSAID,
	    "HTTP/1.1 200 OK\r\nX: y\r\nContent-Length: 2\r\n\r\n");
	response("HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", H1_UNSAID,
	    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
}

static void
test_response_without_body(void **state)
{
	(void)state;
	response("HTTP/1.1 204 No\r\nContent-Length: 5\r\nA: b\r\n\r\n", H1_UNSAID, "HTTP/1.1 204 No\r\nA: b\r\n\r\n");
	response("HTTP/1.1 103 Early\r\nTransfer-Encoding: chunked\r\nLink: x\r\n\r\n", H1_UNSAID,
	    "HTTP/1.1 103 Early\r\nLink: x\r\n\r\n");
	response("HTTP/1.1 304 Same\r\nContent-Length: 5\r\n\r\n", H1_UNSAID,
	    "HTTP/1.1 304 Same\r\nContent-Length: 5\r\n\r\n");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plain),
		cmocka_unit_test(test_hop_by_hop),
		cmocka_unit_test(test_hop_by_hop_abuse),
		cmocka_unit_test(test_forwarded_by_anybody),
		cmocka_unit_test(test_twins),
		cmocka_unit_test(test_forwarded_by_a_proxy),
		cmocka_unit_test(test_absolute_form),
		cmocka_unit_test(test_versions),
		cmocka_unit_test(test_upgrade),
		cmocka_unit_test(test_response),
		cmocka_unit_test(test_untidy_response),
		cmocka_unit_test(test_response_without_body),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
