/* What compress chooses and leaves alone, what buffering refuses, and what becomes of a run without memory. */
static int allocs = -1;		/* that succeed before there is no memory; -1: all */

#include "base/alloc.h"

static void *some_alloc(unsigned long);
#define try_alloc	some_alloc
#include "base/arena.c"
#undef try_alloc

#include "filter/means_priv.h"
#include "stage.h"

static void *
some_alloc(unsigned long bytes)
{
	if (allocs == 0)
		return NULL;
	allocs -= allocs > 0;
	return try_alloc(bytes);
}

/* The response with these fields of a task, as the client gets it. */
static enum encoding
answers(const char *status, const char *fields)
{
	static struct field field[100];
	struct message m = { .limits = { 32768, 100 }, .field = field };
	char *head = arena_printf(arena, "HTTP/1.1 %s\r\n%s\r\n", status, fields);
	const struct message *edited;
	const struct why *why;
	size_t scanned = 0, used;
	struct gather g;

	assert_int_equal(h1_read_response(&m, str_of(head), false, &scanned, &used, &why), PARSE_DONE);
	filter_run_may_encode(run);
	edited = filter_run_response(run, &m, &edits_none);
	assert_non_null(edited);
	gather_init(&g);
	assert_true(h1_write_response(&g, edited, &edits_none, H1_UNSAID));
	flat(&g);
	gather_clear(&g);
	return filter_run_bodies(run)->encoding;
}

static void
chosen(const char *filters, const char *accepts, enum encoding want)
{
	char text[300];

	snprintf(text, sizeof text, "GET /%s%s", accepts == NULL ? "" : "\nAccept-Encoding: ", accepts == NULL ? "" : accepts);
	assert_null(request(filters, text));
	if (answers("200 OK", "Content-Type: text/plain\r\nContent-Length: 2000\r\n") != want)
		fail_msg("%s of %s: %d", accepts, filters, (int)filter_run_bodies(run)->encoding);
	if (want == ENCODING_NONE)
		return;
	snprintf(text, sizeof text, "\r\nContent-Encoding: %s\r\n", encoding_name(want));
	has(text);
	has("\r\nVary: Accept-Encoding\r\n");
}

static void
a_coding_is_chosen(void **state)
{
	(void)state;
	chosen("compress", "gzip", ENCODING_GZIP);
	chosen("compress", "br, zstd", ENCODING_BR);
	chosen("compress", "gzip;q=0.5, br;q=0.6, zstd ; q=0.6", ENCODING_BR);
	chosen("compress encodings=zstd,br", "gzip, br, zstd", ENCODING_ZSTD);
	chosen("compress", "identity, br;q=0.9", ENCODING_NONE);
	chosen("compress", "deflate", ENCODING_NONE);
	chosen("compress", "br;q=0", ENCODING_NONE);
	chosen("compress", "br;q=nan", ENCODING_NONE);
	chosen("compress", "", ENCODING_NONE);
	chosen("compress", NULL, ENCODING_NONE);
	chosen("compress defaultencoding=br", NULL, ENCODING_BR);
	chosen("compress defaultencoding=br", "*", ENCODING_BR);
	chosen("compress encodings=br", "*", ENCODING_BR);
	chosen("compress", "*", ENCODING_NONE);		/* gzip is not there by name */
	has("\r\nVary: Accept-Encoding\r\n");
	chosen("compress", "gzip\nAccept-Encoding: br;q=2", ENCODING_BR);
	chosen("compress; compress", "gzip", ENCODING_GZIP);
	assert_null(request("compress", "HEAD /\nAccept-Encoding: gzip"));
	assert_int_equal(answers("200 OK", "Content-Length: 2000\r\n"), ENCODING_NONE);
	assert_null(request("compress", "POST /\nContent-Type: application/grpc; a=b\nAccept-Encoding: gzip"));
	assert_int_equal(answers("200 OK", "Content-Length: 2000\r\n"), ENCODING_NONE);
	has_not("Vary");
}

static void
left(const char *filters, const char *status, const char *fields, bool as_it_is)
{
	assert_null(request(filters, "GET /\nAccept-Encoding: br"));
	if ((answers(status, fields) == ENCODING_NONE) != as_it_is)
		fail_msg("%s: %s", filters, out);
	if (as_it_is)
		has_not("\r\nContent-Encoding: br\r\n");
	has("\r\nVary: Accept-Encoding\r\n");
}

static void
what_is_not_worth_it_is_left(void **state)
{
	(void)state;
	left("compress", "200 OK", "Content-Length: 1023\r\n", true);
	left("compress", "200 OK", "Content-Length: 1024\r\n", false);
	left("compress minresponsebodybytes=10", "200 OK", "Content-Length: 10\r\n", false);
	left("compress", "200 OK", "Transfer-Encoding: chunked\r\n", false);
	left("compress", "200 OK", "", false);
	left("compress", "204 No Content", "", true);
	left("compress", "304 Not Modified", "Content-Length: 5000\r\n", true);
	left("compress", "206 Partial Content", "Content-Length: 5000\r\n", true);
	left("compress", "200 OK", "Content-Range: bytes 1-2/3\r\n", true);
	left("compress", "200 OK", "Content-Encoding: gzip\r\n", true);
	left("compress", "200 OK", "Content-Type: application/grpc\r\n", true);
	left("compress", "200 OK", "Content-Type: a/\r\n", true);
	left("compress excludedcontenttypes=text/HTML", "200 OK", "Content-Type: Text/html; a=\"b;c\"\r\n", true);
	left("compress excludedcontenttypes=text/html", "200 OK", "Content-Type: text/css\r\n", false);
	left("compress includedcontenttypes=text/html", "200 OK", "Content-Type: text/html;a=b;\r\n", false);
	left("compress includedcontenttypes=text/html", "200 OK", "Content-Type: text/html;a\r\n", true);
	left("compress includedcontenttypes=text/html", "200 OK", "\r\n" + 2, true);
}

static void
a_body_is_known_to_be_too_large(void **state)
{
	(void)state;
	assert_null(request("buffering maxrequestbodybytes=10", "POST /\nContent-Length: 10"));
	assert_int_equal(filter_run_bodies(run)->request_most, 10);
	assert_ptr_equal(request("buffering maxrequestbodybytes=10", "POST /\nContent-Length: 11"), WHY_BODY_TOO_LARGE);
	response("");
	has("HTTP/1.1 413 Content Too Large\r\n");
	assert_null(request("headers customresponseheaders.X-One=1; buffering maxrequestbodybytes=9; buffering maxrequestbodybytes=12 maxresponsebodybytes=7",
	    "POST /\nTransfer-Encoding: chunked"));
	assert_int_equal(filter_run_bodies(run)->request_most, 9);
	answers("200 OK", "Content-Length: 2000\r\n");
	assert_int_equal(filter_run_bodies(run)->response_most, 7);
	filter_run_too_large(run, true);
	response("");
	has("HTTP/1.1 500 Internal Server Error\r\n");
	has("\r\nX-One: 1\r\n");
}

/* The page's request, where a filter has caught a response with this status. */
static void
page(int status, const char *want, const char *service)
{
	struct str name;
	struct gather g;

	assert_true(filter_run_catch(run, status, &name));
	assert_true(str_eq(name, str_of(service)));
	gather_init(&g);
	assert_true(h1_write_request(&g, filter_run_page(run), &edits_none, H1_UNSAID));
	flat(&g);
	gather_clear(&g);
	has(want);
	has_not("X-Forwarded-For");
	has_not("Content-Length");
	has_not("Transfer-Encoding");
}

static void
a_response_is_caught(void **state)
{
	struct str name;

	(void)state;
	assert_null(request("errors status=404,500-599 service=web query=p?{url}-{status}-{originalStatus} statusrewrites.500-502=418", "POST /a%20b?c\nContent-Length: 5"));
	assert_false(filter_run_catch(run, 403, &name));
	page(502, "GET /p?http%3A%2F%2Fa.org%2Fa%2520b%3Fc-418-502 HTTP/1.1\r\nHost: a.org\r\n", "web");
	assert_int_equal(answers("200 OK", ""), ENCODING_NONE);
	has("HTTP/1.1 418 I'm a teapot\r\n");
	assert_false(filter_run_catch(run, 502, &name));	/* it is done */
	assert_ptr_equal(request("errors status=403 service=web; ipallowlist sourcerange=1.2.3.4", "GET /"), WHY_ADDRESS_NOT_ALLOWED);
	page(403, "GET / HTTP/1.1\r\n", "web");
	assert_ptr_equal(request("ipallowlist sourcerange=1.2.3.4; errors status=403 service=web", "GET /"), WHY_ADDRESS_NOT_ALLOWED);
	assert_false(filter_run_catch(run, 403, &name));
	assert_null(request("errors status=413 service=web; buffering maxrequestbodybytes=9", "POST /\nTransfer-Encoding: chunked"));
	filter_run_too_large(run, false);
	page(413, "GET / HTTP/1.1\r\n", "web");
}

/* Whenever it is that there is none, the request ends, and nothing else does. */
static void
no_memory_ends_the_request(void **state)
{
	const struct filter_chain *chain = chain_of("stripprefix prefixes=/a; headers customrequestheaders.X-A=1 customresponseheaders.X-B=2; compress");
	static struct field field[100];
	struct message m = { .limits = { 32768, 100 }, .field = field }, r = { .limits = { 32768, 100 }, .field = field + 50 };
	char *head = arena_text(arena, STR("GET /a/b%20c?d HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 1\r\nX-Forwarded-For: 2\r\nAccept-Encoding: br\r\n\r\n"));
	const struct why *why;
	size_t scanned = 0, used;
	int n, ended = 0;

	(void)state;
	assert_int_equal(h1_read_request(&m, str_of(head), &scanned, &used, &why), PARSE_DONE);
	scanned = 0;
	assert_int_equal(h1_read_response(&r, STR("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"), false, &scanned, &used, &why), PARSE_DONE);
	for (n = 0; n < 100; n++) {
		while (facts.means->narenas > 0)	/* else those before it have made all of them */
			arena_free(&facts.means->arena[--facts.means->narenas]);
		allocs = n;
		run = filter_run_new(chain, &facts, &m, &edits_none);
		if (run == NULL) {
			ended++;
			continue;
		}
		if (filter_run_request(run, 1, &why) == FILTER_RESPOND) {
			assert_ptr_equal(why, WHY_NO_MEMORY);
			ended++;
		} else if (filter_run_response(run, &r, &edits_none) == NULL)
			ended++;
		else
			break;
		filter_run_free(&run);
	}
	allocs = -1;
	assert_true(ended > 3 && ended == n && n < 30);
}

int
main(void)
{
	const struct CMUnitTest tests[] = { T(a_coding_is_chosen), T(what_is_not_worth_it_is_left), T(a_body_is_known_to_be_too_large),
		T(a_response_is_caught), T(no_memory_ends_the_request) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
