/* Filters that respond themselves: redirectScheme, redirectRegex, ipAllowList. */
#include <time.h>

#include "stage.h"

static void
goes(const char *filters, const char *text, const char *status, const char *location)
{
	char line[300];

	assert_ptr_equal(request(filters, text), WHY_MIDDLEWARE_REDIRECT);
	response("");
	snprintf(line, sizeof line, "HTTP/1.1 %s\r\nLocation: %s\r\n", status, location);
	has(line);
}

static void
a_scheme_is_redirected_to(void **state)
{
	(void)state;
	goes("redirectscheme scheme=https", "GET /x?y", "302 Found", "https://a.org/x?y");
	has("\r\n\r\nFound");
	goes("redirectscheme scheme=https permanent=true", "GET /", "301 Moved Permanently", "https://a.org/");
	goes("redirectscheme scheme=https", "POST /", "307 Temporary Redirect", "https://a.org/");
	goes("redirectscheme scheme=https permanent=true", "HEAD /", "308 Permanent Redirect", "https://a.org/");
	goes("redirectscheme scheme=https port=8443", "GET /", "302 Found", "https://a.org:8443/");
	goes("redirectscheme scheme=https port=443", "GET /", "302 Found", "https://a.org/");
	goes("headers customrequestheaders.Host=a.org:8080; redirectscheme scheme=https", "GET /", "302 Found", "https://a.org/");
	goes("headers customrequestheaders.Host=[::1]:80; redirectscheme scheme=https port=1", "GET /", "302 Found", "https://[::1]:1/");
	goes("stripprefix prefixes=/api; redirectscheme scheme=https", "GET /api/x", "302 Found", "https://a.org/x");
	/* who is there already passes */
	assert_null(request("redirectscheme scheme=http", "GET /"));
	assert_null(request("headers customrequestheaders.X-Forwarded-Proto=https; redirectscheme scheme=https", "GET /"));
	facts.tls = true;
	assert_null(request("redirectscheme scheme=https", "GET /"));
	goes("redirectscheme scheme=http", "GET /", "302 Found", "http://a.org/");
}

static void
a_url_is_rewritten(void **state)
{
	(void)state;
#define REGEX(regex, replacement) "redirectregex regex=" regex " replacement=" replacement
	goes(REGEX("^http://([^/]+)/old/(.*)", "https://$1/new/${2}"), "GET /old/x?y=%20", "302 Found", "https://a.org/new/x?y=%20");
	goes(REGEX("^http://([^/]+)/old/(.*)", "https://$1/new/${2}") " permanent=true", "POST /old/", "308 Permanent Redirect", "https://a.org/new/");
	goes(REGEX("^(.*)$", "HTTPS://b.org:80/a_b{}#c"), "GET /", "302 Found", "https://b.org:80/a%20b%7B%7D#c");
	goes(REGEX("^.*/x$", "//\xc3\xa4.org"), "GET /x", "302 Found", "//%C3%A4.org");
	goes(REGEX("^.*$", "mailto:a"), "GET /x", "302 Found", "mailto:a");
	assert_null(request(REGEX("^http://b.org/", "http://c.org/"), "GET /"));
	assert_null(request(REGEX("^(.*)$", "$1"), "GET /"));		/* to where it is already */
	assert_ptr_equal(request(REGEX("^.*$", ":x"), "GET /"), WHY_BAD_REPLACEMENT);
	response("");
	has("HTTP/1.1 502 Bad Gateway\r\n");
	assert_ptr_equal(request(REGEX("^.*$", "http://a_b/"), "GET /"), WHY_BAD_REPLACEMENT);
	facts.tls = true;
	goes(REGEX("^https://a", "https://b"), "GET /", "302 Found", "https://b.org/");
	facts.tls = false;
}

static void
refused(const char *filters, const char *text, const char *status)
{
	assert_ptr_equal(request(filters, text), WHY_ADDRESS_NOT_ALLOWED);
	response("");
	has(status);
}

#define FORWARDED(list, options) "headers customrequestheaders.X-Forwarded-For=" list "; ipallowlist " options

static void
an_address_is_let_in_or_not(void **state)
{
	(void)state;
	assert_null(request("ipallowlist sourcerange=192.168.0.0/16,10.0.0.0/8", "GET /"));
	assert_null(request("ipallowlist sourcerange=10.0.0.9", "GET /"));
	assert_null(request("ipallowlist sourcerange=10.0.0.255/24", "GET /"));
	assert_null(request("ipwhitelist sourcerange=0.0.0.0/0", "GET /"));
	refused("ipallowlist sourcerange=10.0.0.8", "GET /", "HTTP/1.1 403 Forbidden\r\n");
	has("\r\n\r\nForbidden");
	refused("ipallowlist sourcerange=10.0.0.8 rejectstatuscode=418", "GET /", "HTTP/1.1 418 I'm a teapot\r\n");
	refused("ipallowlist sourcerange=10.0.0.8 rejectstatuscode=204", "GET /", "HTTP/1.1 204 No Content\r\n");
	has_not("Content-Length");
	refused("ipwhitelist sourcerange=::/0", "GET /", "HTTP/1.1 403 ");
	/* fields do not count unless it is told so */
	refused("ipallowlist sourcerange=1.2.3.4", "GET /\nX-Forwarded-For: 1.2.3.4", "HTTP/1.1 403 ");
	client_ip[15] = 0;
	memset(client_ip, 0, sizeof client_ip);
	refused("ipallowlist sourcerange=::/0,0.0.0.0/0", "GET /", "HTTP/1.1 403 ");
	client_ip[10] = client_ip[11] = 0xff, client_ip[12] = 10, client_ip[15] = 9;
}

static void
the_client_is_found_behind_proxies(void **state)
{
	(void)state;
	assert_null(request(FORWARDED("9.9.9.9,_1.2.3.4:80,10.0.0.1", "sourcerange=1.2.3.4 ipstrategy.depth=2"), "GET /"));
	assert_null(request(FORWARDED("[2001:db8:1:2::3]:80", "sourcerange=2001:db8:1:2:: ipstrategy.depth=1 ipstrategy.ipv6subnet=64"), "GET /"));
	refused(FORWARDED("1.2.3.4", "sourcerange=0.0.0.0/0 ipstrategy.depth=2"), "GET /", " 403 ");
	refused("ipallowlist sourcerange=0.0.0.0/0 ipstrategy.depth=1", "GET /", " 403 ");
	assert_null(request(FORWARDED("1.2.3.4,10.0.0.1,_,10.0.0.2", "sourcerange=1.2.3.4 ipstrategy.excludedips=10.0.0.0/8"), "GET /"));
	refused(FORWARDED("1.2.3.4,nobody", "sourcerange=1.2.3.4 ipstrategy.excludedips=10.0.0.0/8"), "GET /", " 403 ");
	refused(FORWARDED("10.0.0.1", "sourcerange=0.0.0.0/0 ipstrategy.excludedips=10.0.0.0/8"), "GET /", " 403 ");
}

/* HAProxy puts a line of its own behind the client's. */
static void
what_a_client_says_of_itself_is_not_what_its_proxy_says(void **state)
{
	(void)state;
#define LIES "GET /\nX-Forwarded-For: 1.2.3.4\nA: b\nX-Forwarded-For: 6.6.6.6"
	refused("ipallowlist sourcerange=1.2.3.4 ipstrategy.depth=1", LIES, " 403 ");
	refused("ipallowlist sourcerange=1.2.3.4 ipstrategy.excludedips=10.0.0.0/8", LIES, " 403 ");
	assert_null(request("ipallowlist sourcerange=6.6.6.6 ipstrategy.depth=1", LIES));
	has("\r\nX-Forwarded-For: 1.2.3.4, 6.6.6.6, 10.0.0.9\r\n");
	assert_null(request("ipallowlist sourcerange=1.2.3.4 ipstrategy.depth=2", LIES));
	assert_null(request("ipwhitelist sourcerange=1.2.3.4 ipstrategy.excludedips=6.0.0.0/8", LIES));
	goes("redirectscheme scheme=https", "GET /\nX-Forwarded-Proto: https\nX-Forwarded-Proto: http", "302 Found", "https://a.org/");
	assert_null(request("redirectscheme scheme=https", "GET /\nX-Forwarded-Proto: http\nX-Forwarded-Proto: https"));
}

static void
a_list_of_nothing_takes_no_time(void **state)
{
	static char text[16000];
	clock_t begin = clock();

	(void)state;
	snprintf(text, sizeof text, "GET /\nX-Forwarded-For: 1");
	memset(text + strlen(text), ',', sizeof text - strlen(text) - 1);
	for (int i = 0; i < 100; i++)
		assert_ptr_equal(request("ipallowlist sourcerange=1.2.3.4 ipstrategy.excludedips=10.0.0.0/8", text), WHY_ADDRESS_NOT_ALLOWED);
	assert_true(clock() - begin < 5 * CLOCKS_PER_SEC);
}

int
main(void)
{
	const struct CMUnitTest tests[] = { T(a_scheme_is_redirected_to), T(a_url_is_rewritten), T(an_address_is_let_in_or_not), T(the_client_is_found_behind_proxies),
		T(what_a_client_says_of_itself_is_not_what_its_proxy_says), T(a_list_of_nothing_takes_no_time) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
