/* forwardAuth: what its server is asked, what becomes of a request by what it says, and that nothing passes when it says nothing. */
#include "stage.h"

#define AUTH	"forwardauth address=http://auth:8080/verify?x"

static void
says(int status, const char *head, const char *body)
{
	server.status = status;
	server.head = head;
	server.body = body;
}

static void
got(const char *part)
{
	if (strstr(server.got, part) == NULL)
		fail_msg("no '%s' in: %s", part, server.got);
}

static void
got_not(const char *part)
{
	if (strstr(server.got, part) != NULL)
		fail_msg("'%s' is in: %s", part, server.got);
}

static void
the_server_is_told_what_the_request_is(void **state)
{
	(void)state;
	says(200, "", "");
	assert_null(request(AUTH, "POST /a/%62?c\nCookie: x=1\nX-Forwarded-For: 1.2.3.4\nX-Forwarded-Uri: /z\nX-Forwarded-Proto: https\nX-Empty:\n"
	    "Content-Length: 4\nUpgrade: websocket\nTE: trailers"));
	got("GET http://auth:8080/verify?x\n");
	got("\nCookie: x=1\n");
	got("\nX-Empty;\n");
	got("\nX-Forwarded-For: 10.0.0.9\n");
	got("\nX-Forwarded-Method: POST\n");
	got("\nX-Forwarded-Proto: http\n");
	got("\nX-Forwarded-Host: a.org\n");
	got("\nX-Forwarded-Uri: /a/b?c\n");
	got_not("1.2.3.4");
	got_not("/z");
	got_not("Content-Length");
	got_not("Upgrade");
	got_not("TE:");
	facts.tls = true;
	assert_null(request(AUTH " trustforwardheader=true preserverequestmethod=true", "POST /a?c\nX-Forwarded-For: 1.2.3.4\nX-Forwarded-Uri: /z\n"
	    "X-Forwarded-Host: b.org"));
	got("POST http://auth:8080/verify?x\n");
	got("\nX-Forwarded-For: 1.2.3.4, 10.0.0.9\n");
	got("\nX-Forwarded-Uri: /z\n");
	got("\nX-Forwarded-Host: b.org\n");
	got("\nX-Forwarded-Proto: https\n");
	assert_null(request(AUTH " authrequestheaders=cookie,X-None", "GET /\nCookie: x=1\nX-Other: 1"));
	got("\nCookie: x=1\n");
	got("\nX-Forwarded-Uri: /\n");
	got_not("X-Other");
}

static void
what_it_says_of_the_client_is_what_counts(void **state)
{
	(void)state;
	says(200, "x-user: joe\nX-User: jim\nX-Other: 1\nContent-Length: 3\nTransfer-Encoding: chunked", "body");
	assert_null(request(AUTH " authresponseheaders=X-User,X-Gone", "GET /\nX-User: root\nx-user: admin\nx_USER: root\nX-Gone: 1"));
	has_not("root");
	has("\r\nX-User: joe\r\n");
	has("\r\nX-User: jim\r\n");
	has_not("root");
	has_not("admin");
	has_not("X-Gone");
	has_not("X-Other");
	has_not("Content-Length");
	assert_null(request(AUTH " authresponseheadersregex=^X-(User|Id)$", "GET /\nX-ID: root\nX_Id: root\nX-Identity: 1"));
	has_not("root");
	has("\r\nx-user: joe\r\n");
	has("\r\nX-Identity: 1\r\n");
	has_not("root");
	/* what its request is, and how long, it does not say */
	says(200, "Host: other\nContent-Length: 0\nX-User: joe", "");
	assert_null(request(AUTH " authresponseheadersregex=.*", "POST /\nContent-Length: 3"));
	has("\r\nHost: a.org\r\n");
	has_not("other");
	has("\r\nContent-Length: 3\r\n");
	has("\r\nX-User: joe\r\n");
	/* those of a head before the last do not count */
	says(200, "X-User: early\n\nX-Other: 1", "");
	assert_null(request(AUTH " authresponseheaders=X-User", "GET /\nX-User: root"));
	has_not("X-User");
}

static void
others_go_back_to_the_client(void **state)
{
	(void)state;
	says(401, "WWW-Authenticate: Basic\nX-One: 1\nX-One: 2\nConnection: X-Hop, close\nX-Hop: 1\nContent-Length: 99\nContent-Type: text/html", "<html>");
	assert_ptr_equal(request("headers customresponseheaders.X-Two=2; " AUTH, "GET /"), WHY_FORWARD_AUTH_REFUSED);
	response("");
	has("HTTP/1.1 401 Unauthorized\r\n");
	has("\r\nWWW-Authenticate: Basic\r\n");
	has("\r\nX-One: 1\r\nX-One: 2\r\n");
	has("\r\nX-Two: 2\r\n");
	has("\r\nContent-Length: 6\r\n");
	has("\r\n\r\n<html>");
	has_not("X-Hop");
	has_not("99");
	for (int status = 300; status < 1000; status += 100) {
		says(status, "", "");
		assert_ptr_equal(request(AUTH, "GET /"), WHY_FORWARD_AUTH_REFUSED);
	}
}

static void
it_sends_clients_elsewhere(void **state)
{
	static const struct {
		const char *location, *want;
	} cases[] = { { "https://login.test/?a=b", "https://login.test/?a=b" }, { "/login", "http://auth:8080/login" },
		{ "login?x", "http://auth:8080/login?x" }, { "//other.test/x", "http://other.test/x" } };
	char head[128], want[128];

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		snprintf(head, sizeof head, "Location: %s", cases[i].location);
		says(302, head, "");
		assert_ptr_equal(request(AUTH, "GET /"), WHY_FORWARD_AUTH_REFUSED);
		response("");
		snprintf(want, sizeof want, "\r\nLocation: %s\r\n", cases[i].want);
		has(want);
		assert_ptr_equal(request(AUTH " preservelocationheader=true", "GET /"), WHY_FORWARD_AUTH_REFUSED);
		response("");
		snprintf(want, sizeof want, "\r\nLocation: %s\r\n", cases[i].location);
		has(want);
	}
}

static void
its_cookies_reach_the_client(void **state)
{
	(void)state;
	says(200, "Set-Cookie: a=1; Path=/\nSet-Cookie: b=2", "");
	assert_null(request(AUTH " addauthcookiestoresponse=a,c", "GET /"));
	response("Set-Cookie: a=9\r\nSet-Cookie: c=8\r\nSet-Cookie: d=7\r\n");
	has("\r\nSet-Cookie: d=7\r\n");
	has("\r\nSet-Cookie: a=1; Path=/\r\n");
	has_not("a=9");
	has_not("c=8");
	has_not("b=2");
	says(200, "", "");
	assert_null(request(AUTH " addauthcookiestoresponse=a,c", "GET /"));
	response("Set-Cookie: a=9\r\n");
	has("\r\nSet-Cookie: a=9\r\n");
}

/* Down, slow, lying: never open. */
static void
nothing_passes_without_a_response(void **state)
{
	static const struct {
		int status;
		const char *head;
	} bad[] = { { 0, "" }, { 0, "X-User: joe" }, { 100, "" }, { 101, "Upgrade: x" }, { 199, "" }, { 1000, "" }, { -1, "" },
		{ 200, "X User: joe" }, { 200, "X-User: a\001b" }, { 200, ": x" } };

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		says(bad[i].status, bad[i].head, "");
		if (request(AUTH " authresponseheaders=X-User", "GET /") != WHY_FORWARD_AUTH_FAILED)
			fail_msg("status %d with %s", bad[i].status, bad[i].head);
		response("");
		has("HTTP/1.1 500 Internal Server Error\r\n");
		has("\r\nContent-Length: 0\r\n");
	}
	server.busy = true;
	assert_ptr_equal(request(AUTH, "GET /"), WHY_FORWARD_AUTH_FAILED);
}

static void
large_responses_are_none(void **state)
{
	(void)state;
	says(200, "", "");
	server.large = true;
	assert_ptr_equal(request(AUTH, "GET /"), WHY_FORWARD_AUTH_FAILED);
	assert_ptr_equal(request(AUTH " maxresponsebodysize=10", "GET /"), WHY_FORWARD_AUTH_LARGE);
	response("");
	has("HTTP/1.1 401 Unauthorized\r\n");
}

/* A server that never responds, and a run that ends before it does. */
static void
it_is_not_waited_for_without_end(void **state)
{
	static const char head[] = "GET / HTTP/1.1\r\nHost: a.org\r\n\r\n";
	static struct field field[100];
	struct message m = { .limits = { 32768, 100 }, .field = field };
	const struct why *why;
	size_t scanned = 0, used;

	(void)state;
	assert_int_equal(h1_read_request(&m, STR(head), &scanned, &used, &why), PARSE_DONE);
	run = filter_run_new(chain_of(AUTH), &facts, &m, &edits_none);
	assert_int_equal(filter_run_request(run, now_usec, &why), FILTER_WAIT);
	assert_int_equal(filter_run_request(run, now_usec + 1, &why), FILTER_WAIT);
	assert_int_equal(filter_run_request(run, filter_run_until(run), &why), FILTER_RESPOND);
	assert_ptr_equal(why, WHY_FORWARD_AUTH_FAILED);
	assert_int_equal(server.cancelled, 1);
	filter_run_free(&run);
	run = filter_run_new(chain_of(AUTH), &facts, &m, &edits_none);
	assert_int_equal(filter_run_request(run, now_usec, &why), FILTER_WAIT);
	filter_run_free(&run);
	assert_int_equal(server.cancelled, 2);
}

static void
refused(const char *path, const char *value, const char *words)
{
	struct filter_setting s[2] = { { STR("address"), STR("http://auth/") }, { str_of(path), str_of(value) } };
	bool is_address = strcmp(path, "address") == 0;
	char problem[FILTER_PROBLEM];
	struct filter f;

	if (filter_read(arena, FILTER_FORWARD_AUTH, s + is_address, is_address ? 1 : 2, &f, problem))
		fail_msg("%s=%s is accepted", path, value);
	if (strstr(problem, words) == NULL)
		fail_msg("%s=%s: %s", path, value, problem);
}

static void
what_cannot_be_done_is_refused(void **state)
{
	(void)state;
	refused("address", "auth", "expected a URL");
	refused("address", "ftp://auth/", "expected a URL");
	refused("address", "http://", "expected a URL");
	refused("trustForwardHeader", "maybe", "expected true or false");
	refused("tls.ca", "/ca.pem", "does not read");
	refused("tls.cert", "/ca.pem", "does not read");
	refused("authResponseHeadersRegex", "(", "is not understood");
	refused("authResponseHeaders", "X User", "no name of a field");
	refused("authResponseHeaders", "Content-Length", "no name of a field that a middleware may set");
	refused("authResponseHeaders", "Transfer_Encoding", "no name of a field that a middleware may set");
	refused("authResponseHeaders", "Host", "no name of a field that a middleware may set");
	refused("maxResponseBodySize", "-2", "whole number");
	refused("other", "1", "no option");
}

int
main(void)
{
	const struct CMUnitTest tests[] = { T(the_server_is_told_what_the_request_is), T(what_it_says_of_the_client_is_what_counts), T(others_go_back_to_the_client),
		T(it_sends_clients_elsewhere), T(its_cookies_reach_the_client), T(nothing_passes_without_a_response), T(large_responses_are_none),
		T(it_is_not_waited_for_without_end), T(what_cannot_be_done_is_refused) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
