/* headers: fields by name, CORS, and what makes browsers careful. */
#include "stage.h"

static void
fields_of_the_request_are_set_and_taken_away(void **state)
{
	(void)state;
	assert_null(request("headers customRequestHeaders.X-One=1 customrequestheaders.X-Gone=", "GET /\nx-one: old\nX-One: older\nX-GONE: a\nx-gone: b"));
	has("\r\nX-One: 1\r\n");
	has_not("old");
	has_not("one: old");
	has_not("gone");
	assert_null(request("headers customrequestheaders.Host=b.org:81", "GET /"));
	has("\r\nHost: b.org:81\r\n");
	has_not("a.org");
	assert_null(request("headers customrequestheaders.X-Forwarded-For=9.9.9.9", "GET /"));
	has("\r\nX-Forwarded-For: 9.9.9.9, 10.0.0.9\r\n");
	assert_null(request("headers customrequestheaders.X-Forwarded-For=", "GET /"));
	has_not("X-Forwarded-For");
	/* what is last in the chain has the last word on the way there, what is first on the way back */
	assert_null(request("headers customrequestheaders.A=1 customresponseheaders.B=1; headers customrequestheaders.A=2 customresponseheaders.B=2", "GET /"));
	has("\r\nA: 2\r\n");
	response("B: 0\r\n");
	has("\r\nB: 1\r\n");
	has_not("B: 2");
}

static void
fields_of_the_response_are_set_and_taken_away(void **state)
{
	(void)state;
	assert_null(request("headers customresponseheaders.X-One=1 customresponseheaders.Server=", "GET /"));
	response("x-one: old\r\nServer: s\r\nA: b\r\n");
	has("\r\nX-One: 1\r\n");
	has("\r\nA: b\r\n");
	has("\r\nContent-Length: 0\r\n");
	has_not("old");
	has_not("Server");
}

#define CORS "headers accesscontrolalloworiginlist=https://a.org,https://c.org accesscontrolallowmethods=GET,PUT accesscontrolmaxage=100 addvaryheader=true"

static void
a_preflight_has_its_response_here(void **state)
{
	(void)state;
	assert_ptr_equal(request(CORS "; headers framedeny=true", "OPTIONS /\nOrigin: https://a.org\nAccess-Control-Request-Method: PUT"), WHY_CORS_PREFLIGHT);
	response("");
	has("HTTP/1.1 200 OK\r\n");
	has("\r\nAccess-Control-Allow-Origin: https://a.org\r\n");
	has("\r\nAccess-Control-Allow-Methods: GET,PUT\r\n");
	has("\r\nAccess-Control-Max-Age: 100\r\n");
	has_not("X-Frame-Options");
	assert_ptr_equal(request(CORS, "OPTIONS /\nOrigin: https://b.org\nAccess-Control-Request-Method: PUT"), WHY_CORS_PREFLIGHT);
	response("");
	has_not("Allow-Origin");
	/* those in front of it see the response */
	assert_ptr_equal(request("headers framedeny=true; " CORS, "OPTIONS /\nOrigin: https://b.org\nAccess-Control-Request-Method: PUT"), WHY_CORS_PREFLIGHT);
	response("");
	has("\r\nX-Frame-Options: DENY\r\n");
	assert_null(request(CORS, "OPTIONS /\nOrigin: https://a.org"));
	assert_null(request("headers framedeny=true", "OPTIONS /\nOrigin: https://a.org\nAccess-Control-Request-Method: PUT"));
}

static void
origins_are_told_whether_they_may(void **state)
{
	(void)state;
	assert_null(request(CORS, "GET /\nOrigin: https://c.org"));
	response("Vary: Accept\r\n");
	has("\r\nAccess-Control-Allow-Origin: https://c.org\r\n");
	has("\r\nVary: Accept,Origin\r\n");
	assert_null(request(CORS, "GET /\nOrigin: https://b.org"));
	response("Vary: Origin\r\n");
	has_not("Allow-Origin");
	has("\r\nVary: Origin\r\n");
	assert_null(request("headers accesscontrolalloworiginlistregex=^https://[ac][.]org$", "GET /\nOrigin: https://c.org"));
	response("");
	has("\r\nAccess-Control-Allow-Origin: https://c.org\r\n");
	assert_null(request("headers accesscontrolalloworiginlist=*", "GET /\nOrigin: https://c.org"));
	response("");
	has("\r\nAccess-Control-Allow-Origin: *\r\n");
}

static void
only_hosts_that_are_allowed_are_served(void **state)
{
	(void)state;
	assert_null(request("headers allowedhosts=b.org,A.org", "GET /"));
	assert_ptr_equal(request("headers allowedhosts=b.org framedeny=true customresponseheaders.A=1", "GET /"), WHY_HOST_NOT_ALLOWED);
	response("");
	has("HTTP/1.1 500 ");
	has("\r\nA: 1\r\n");
	has("\r\n\r\nBad Host\n");
	has_not("X-Frame-Options");
	assert_null(request("headers allowedhosts=b.org isdevelopment=true", "GET /"));
	assert_null(request("headers allowedhosts=b.org hostsproxyheaders=X-Host", "GET /\nX-Host: B.org"));
	assert_ptr_equal(request("headers allowedhosts=a.org hostsproxyheaders=X-Host", "GET /\nX-Host: b.org"), WHY_HOST_NOT_ALLOWED);
}

static void
browsers_are_made_careful(void **state)
{
	char *first;

	(void)state;
	assert_null(request("headers stsseconds=9 stspreload=true stsincludesubdomains=true contenttypenosniff=true browserxssfilter=true publickey=p", "GET /"));
	response("");
	has_not("Strict-Transport-Security");
	has_not("Public-Key-Pins");
	has("\r\nX-Content-Type-Options: nosniff\r\n");
	has("\r\nX-XSS-Protection: 1; mode=block\r\n");
	facts.tls = true;
	assert_null(request("headers stsseconds=9 stspreload=true stsincludesubdomains=true publickey=p", "GET /"));
	response("Strict-Transport-Security: max-age=1\r\n");
	has("\r\nStrict-Transport-Security: max-age=9; includeSubDomains; preload\r\n");
	has("\r\nPublic-Key-Pins: p\r\n");
	has_not("max-age=1");
	facts.tls = false;
	assert_null(request("headers stsseconds=9 sslproxyheaders.X-Tls=on", "GET /\nX-Tls: on"));
	response("");
	has("\r\nStrict-Transport-Security: max-age=9\r\n");
	/* each response has a nonce of its own */
	assert_null(request("headers contentsecuritypolicy=script-src_$NONCE,_style-src_$NONCE", "GET /"));
	response("");
	has("\r\nContent-Security-Policy: script-src 'nonce-");
	first = arena_text(arena, str_of(out));
	response("");
	assert_string_not_equal(first, out);
}

static void
a_list_may_be_long(void **state)
{
	char *text = arena_text(arena, STR("headers accesscontrolalloworiginlist=* accesscontrolexposeheaders="));

	(void)state;
	for (int i = 0; i < 200; i++)
		text = arena_printf(arena, "%s%sX-A-Name-That-Is-Long-%d", text, i == 0 ? "" : ",", i);
	assert_null(request(text, "GET /\nOrigin: https://b.org"));
	response("");
	has("\r\nAccess-Control-Expose-Headers: X-A-Name-That-Is-Long-0,X-A-Name-That-Is-Long-1,");
	has(",X-A-Name-That-Is-Long-199\r\n");
}

int
main(void)
{
	const struct CMUnitTest tests[] = { T(fields_of_the_request_are_set_and_taken_away), T(fields_of_the_response_are_set_and_taken_away),
		T(a_preflight_has_its_response_here), T(origins_are_told_whether_they_may), T(only_hosts_that_are_allowed_are_served),
		T(browsers_are_made_careful), T(a_list_may_be_long) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
