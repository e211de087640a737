/* `mola compare` without a network: what is asked for, what is kept of a response, and what counts as a difference. */
#include "cli/compare_fetch.c"
#include "cli/compare_finding.c"
#include "cli/compare_plan.c"

#include "../until.h"

/* ---- the plan ---- */

static const char services[] = "{\"services\":["
    "{\"name\":\"a\",\"served\":true,\"routes\":["
    "{\"host\":\"a.org\",\"path\":\"/\",\"by\":\"any\",\"router\":\"a@swarm\"},"
    "{\"host\":\"a.org\",\"path\":\"/\",\"by\":\"plain\"},"
    "{\"host\":\"b.org\",\"path\":\"/x\",\"by\":\"tls\",\"rule\":\"Host(`b.org`) && Path(`/x`)\",\"partial\":false},"
    "{\"host\":\"\",\"path\":\"/any\",\"by\":\"plain\"},"
    "{\"host\":\"*.c.org\",\"path\":\"/\",\"by\":\"plain\"},"
    "{\"host\":\"d.org\",\"path\":\"/\",\"by\":\"plain\",\"rule\":\"Host(`d.org`) && Method(`GET`)\",\"partial\":true},"
    "{\"host\":\"e.org\",\"path\":\"/a b\",\"by\":\"plain\"},"
    "{\"host\":\"e.org\",\"path\":\"/.well-known/x\",\"by\":\"plain\"},"
    "{\"host\":\"e.org\",\"path\":\"/a/../b\",\"by\":\"plain\"},"
    "{\"host\":\"\\u00e9.org\",\"path\":\"/\",\"by\":\"plain\"},"
    "{\"listener\":\"pg\",\"host\":\"\",\"ends_tls\":false}]},"
    "{\"name\":\"off\",\"served\":false,\"routes\":[],\"troubles\":[{\"why\":\"x\",\"text\":\"it has no port\"}]}],"
    "\"refused\":[{\"host\":\"r.org\",\"path\":\"/\",\"by\":\"plain\",\"router\":\"r@swarm\"}]}";

static void
plan_make(struct compare_plan *p, bool plain, bool tls, unsigned most)
{
	json_t *j = json_loads(services, 0, NULL);

	assert_non_null(j);
	*p = (struct compare_plan){ .way = { plain, tls }, .no_way = { "no plain way", "no way by TLS" }, .any_host = "traefik", .most = most };
	compare_plan_init(p, j);
	json_decref(j);
}

static void
assert_addresses(const struct compare_plan *p, const char *const *want, unsigned n)
{
	assert_int_equal(p->n, n);
	for (unsigned i = 0; i < n; i++)
		assert_string_equal(p->address[i].text, want[i]);
}

static const char *
skipped_why(const struct compare_plan *p, size_t at)
{
	return text_of(json_array_get(p->skipped, at), "why");
}

static void
test_addresses(void **state)
{
	static const char *const want[] = { "http://a.org/", "https://a.org/", "http://b.org/x", "https://b.org/x",
	    "http://traefik/any", "http://e.org/.well-known/x", "http://r.org/" };
	struct compare_plan p;

	(void)state;
	plan_make(&p, true, true, 100);
	assert_addresses(&p, want, 7);
	assert_string_equal(p.address[0].service, "a");
	assert_string_equal(p.address[6].router, "r@swarm");
	assert_int_equal(p.left_out, 0);
	assert_int_equal(json_array_size(p.skipped), 7);
	assert_string_equal(skipped_why(&p, 0), "its host is a pattern");
	assert_string_equal(skipped_why(&p, 1), "its rule requires more than a host and a path");
	assert_string_equal(text_of(json_array_get(p.skipped, 1), "route"), "Host(`d.org`) && Method(`GET`)");
	assert_non_null(strstr(skipped_why(&p, 2), "escaped"));
	assert_string_equal(text_of(json_array_get(p.skipped, 2), "route"), "e.org/a b");
	assert_non_null(strstr(skipped_why(&p, 3), "escaped"));
	assert_non_null(strstr(skipped_why(&p, 4), "host"));
	assert_non_null(strstr(skipped_why(&p, 5), "connections"));
	assert_string_equal(skipped_why(&p, 6), "it is not served by Mola: it has no port");
	compare_plan_fini(&p);
}

/* A route of both ways is asked for by those that there are. */
static void
test_one_way(void **state)
{
	static const char *const want[] = { "https://a.org/", "https://b.org/x" };
	struct compare_plan p;

	(void)state;
	plan_make(&p, false, true, 100);
	assert_addresses(&p, want, 2);
	assert_string_equal(skipped_why(&p, 0), "no plain way");
	compare_plan_fini(&p);
}

/* Routes that have listeners of their own are asked for there alone. */
static void
test_listeners(void **state)
{
	static const char *const want[] = { "http://w.org/", "http://s.org/", "https://s.org/" };
	json_t *j = json_loads("{\"services\":[{\"name\":\"a\",\"routes\":["
	    "{\"host\":\"w.org\",\"path\":\"/\",\"by\":\"any\",\"listeners\":[\"web\"]},"
	    "{\"host\":\"s.org\",\"path\":\"/\",\"by\":\"tls\",\"listeners\":[\"x\",\"websecure\"]},"
	    "{\"host\":\"i.org\",\"path\":\"/\",\"by\":\"plain\",\"listeners\":[\"internal\"]}]}]}", 0, NULL);
	struct compare_plan p = { .way = { true, true }, .no_way = { "", "" }, .listener = { "web", "websecure" }, .any_host = "traefik", .most = 9 };

	(void)state;
	compare_plan_init(&p, j);
	assert_addresses(&p, want, 3);
	assert_non_null(strstr(skipped_why(&p, 0), "another listener"));
	compare_plan_fini(&p);
	p = (struct compare_plan){ .way = { true, true }, .no_way = { "", "" }, .any_host = "traefik", .most = 9 };
	compare_plan_init(&p, j);
	assert_int_equal(p.n, 5);		/* it is not known which listeners these are */
	compare_plan_fini(&p);
	json_decref(j);
}

static void
test_most(void **state)
{
	struct compare_plan p;

	(void)state;
	plan_make(&p, true, true, 2);
	assert_int_equal(p.n, 2);
	assert_int_equal(p.left_out, 5);
	compare_plan_fini(&p);
}

static void
test_sides(void **state)
{
	static const char *const wrong[] = { "", "traefik", "ftp://traefik", "http://u:p@traefik", "http://traefik/x", "http://traefik/?x", "https://traefik" };
	struct compare_side s = { .name = "Traefik" };

	(void)state;
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
		assert_false(compare_side_set(&s, wrong[i], false));
	assert_true(compare_side_set(&s, "http://traefik", false));
	assert_string_equal(s.to, "::traefik:80");
	assert_string_equal(s.host, "traefik");
	assert_true(compare_side_set(&s, "https://[::1]:8443/", true));
	assert_string_equal(s.to, "::[::1]:8443");
	assert_false(s.stated);
	assert_true(compare_side_set(&s, "http://127.0.0.1:81", true));
	assert_true(s.stated);
}

/* ---- the response ---- */

static void
response_make(struct compare_answer *out, const char *const *lines, const char *body, CURLcode rc, long status)
{
	struct compare_reading r = { .answer = out };

	*out = (struct compare_answer){ .came = false };
	for (int i = 0; i < COMPARED_COUNT; i++)
		buf_init(&r.value[i], COMPARE_VALUE_MAX);
	buf_init(&r.cookies, COMPARE_VALUE_MAX);
	buf_init(&r.body, BODY_MAX);
	for (; *lines != NULL; lines++)
		on_head((char *)(uintptr_t)*lines, 1, strlen(*lines), &r);
	on_body((char *)(uintptr_t)body, 1, strlen(body), &r);
	answer_make(&r, rc, status);
	for (int i = 0; i < COMPARED_COUNT; i++)
		buf_fini(&r.value[i]);
	buf_fini(&r.cookies);
	buf_fini(&r.body);
}
#define RESPONSE(out, body, rc, status, ...) response_make(out, (const char *const[]){ __VA_ARGS__, NULL }, body, rc, status)

static void
test_response(void **state)
{
	struct compare_answer a;

	(void)state;
	RESPONSE(&a, "hello", CURLE_OK, 200, "HTTP/1.1 103 Early Hints\r\n", "Location: /no\r\n", "\r\n", "HTTP/1.1 200 OK\r\n",
	    "content-type:  text/html \r\n", "X-Frame-Options: DENY\r\n", "X-Frame-Options: SAMEORIGIN\r\n", "Set-Cookie: z=hunter2; Path=/\r\n",
	    "Set-Cookie: a=1\r\n", "Mola-Why: no_route\r\n", "\r\n", "Vary: of the trailer\r\n");
	assert_true(a.came);
	assert_string_equal(a.text[COMPARED_STATUS], "200");
	assert_null(a.text[COMPARED_LOCATION]);
	assert_null(a.text[COMPARED_VARY]);
	assert_string_equal(a.text[COMPARED_TYPE], "text/html");
	assert_string_equal(a.text[COMPARED_FRAME], "DENY, SAMEORIGIN");
	assert_string_equal(a.text[COMPARED_COOKIES], "a, z");
	assert_string_equal(a.text[COMPARED_BODY], "5 bytes, SHA-256 2cf24dba5fb0a30e");
	assert_string_equal(a.why, "no_route");
	compare_answer_fini(&a);
}

static void
test_no_response(void **state)
{
	struct compare_answer a;

	(void)state;
	RESPONSE(&a, "", CURLE_OK, 200, "HTTP/1.1 200 OK\r\n", "Set-Cookie: z=hunter2\r\n");	/* curl takes it for all of the head */
	assert_false(a.came);
	assert_string_equal(a.text[COMPARED_STATUS], "no response (its head broke off)");
	assert_null(a.text[COMPARED_COOKIES]);
	compare_answer_fini(&a);
	RESPONSE(&a, "", CURLE_SSL_CONNECT_ERROR, 0, "");
	assert_false(a.came);
	compare_answer_fini(&a);
}

/* A response that goes on for ever has come all the same. */
static void
test_bodies(void **state)
{
	char *large = malloc(BODY_MAX + 2);
	struct compare_answer a, b;

	(void)state;
	RESPONSE(&a, "half", CURLE_OPERATION_TIMEDOUT, 200, "HTTP/1.1 200 OK\r\n", "\r\n");
	assert_true(a.came);
	assert_string_equal(a.text[COMPARED_BODY], "not complete in time");
	compare_answer_fini(&a);
	RESPONSE(&a, "half", CURLE_PARTIAL_FILE, 200, "HTTP/1.1 200 OK\r\n", "\r\n");
	assert_string_equal(a.text[COMPARED_BODY], "broken off, 4 bytes, SHA-256 a11ae06469c63740");
	compare_answer_fini(&a);
	memset(large, 'x', BODY_MAX + 1);
	large[BODY_MAX + 1] = '\0';
	RESPONSE(&a, large, CURLE_WRITE_ERROR, 200, "HTTP/1.1 200 OK\r\n", "\r\n");
	assert_non_null(strstr(a.text[COMPARED_BODY], "more than 1048576 bytes, "));
	large[BODY_MAX] = '\0';
	RESPONSE(&b, large, CURLE_OK, 200, "HTTP/1.1 200 OK\r\n", "\r\n");
	assert_non_null(strstr(b.text[COMPARED_BODY], "1048576 bytes, "));
	assert_string_not_equal(a.text[COMPARED_BODY], b.text[COMPARED_BODY]);
	compare_answer_fini(&a);
	compare_answer_fini(&b);
	free(large);
}

/* ---- what counts ---- */

static struct compare_answer
answer(const char *status, const char *type, const char *body, const char *why)
{
	struct compare_answer a = { .came = true };

	a.text[COMPARED_STATUS] = strdup(status);
	a.text[COMPARED_TYPE] = type == NULL ? NULL : strdup(type);
	a.text[COMPARED_BODY] = strdup(body);
	snprintf(a.why, sizeof a.why, "%s", why);
	return a;
}

static void
test_findings(void **state)
{
	const struct {
		struct compare_answer first, mola, second;
		enum result result;
		int different;		/* the field; -1: none */
	} rows_of[] = {
		{ answer("200", "a", "x", ""), answer("200", "a", "x", ""), answer("200", "a", "x", ""), RESULT_SAME, -1 },
		{ answer("200", "a", "x", ""), answer("200", "b", "x", ""), answer("200", "a", "x", ""), RESULT_DIFFERENT, COMPARED_TYPE },
		{ answer("200", NULL, "x", ""), answer("200", "b", "x", ""), answer("200", NULL, "x", ""), RESULT_DIFFERENT, COMPARED_TYPE },
		{ answer("200", "a", "x", ""), answer("200", "a", "y", ""), answer("200", "a", "z", ""), RESULT_SAME, -1 },
		{ answer("404", "a", "x", ""), answer("404", "b", "y", "no_route"), answer("404", "a", "x", ""), RESULT_SAME, -1 },
		{ answer("404", "a", "x", ""), answer("404", "b", "x", ""), answer("404", "a", "x", ""), RESULT_DIFFERENT, COMPARED_TYPE },
		{ answer("301", "a", "x", ""), answer("308", NULL, "", "redirected"), answer("301", "a", "x", ""), RESULT_SAME, -1 },
		{ answer("301", "a", "x", ""), answer("308", "a", "x", ""), answer("301", "a", "x", ""), RESULT_DIFFERENT, COMPARED_STATUS },
		{ answer("301", "a", "x", ""), answer("307", NULL, "", "redirected"), answer("301", "a", "x", ""), RESULT_DIFFERENT, COMPARED_STATUS },
		{ answer("200", "a", "x", ""), answer("503", "b", "y", "no_task"), answer("200", "a", "x", ""), RESULT_DIFFERENT, COMPARED_STATUS },
		{ answer("200", "a", "x", ""), answer("200", "b", "x", "odd"), answer("200", "a", "x", ""), RESULT_DIFFERENT, COMPARED_TYPE },
		{ answer("200", "a", "x", ""), answer("200", "a", "x", ""), answer("503", "a", "x", ""), RESULT_VARIES, -1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows_of / sizeof *rows_of; i++) {
		struct finding f = { .first = rows_of[i].first, .mola = rows_of[i].mola, .second = rows_of[i].second };
		assert_int_equal(finding_judge(&f), rows_of[i].different >= 0);
		assert_int_equal(finding_result(&f), rows_of[i].result);
		for (int k = 0; k < COMPARED_COUNT; k++)
			assert_int_equal(f.field[k] == FIELD_DIFFERENT, k == rows_of[i].different);
		finding_fini(&f);
	}
}

/* That it came by TLS was stated to Mola: it has no response by TLS. */
static void
test_stated(void **state)
{
	struct finding f = { .first = answer("200", "a", "x", ""), .mola = answer("200", "a", "x", ""), .second = answer("200", "a", "x", "") };

	(void)state;
	f.first.text[COMPARED_HSTS] = strdup("max-age=1");
	f.second.text[COMPARED_HSTS] = strdup("max-age=1");
	assert_true(finding_judge(&f));
	f.stated = true;
	assert_false(finding_judge(&f));
	finding_fini(&f);
}

/* What does not differ twice is no difference; what neither of both has a response for, neither. */
static void
test_moments(void **state)
{
	struct finding f = { .first = answer("200", "a", "x", ""), .mola = answer("502", "a", "x", "connect"), .second = answer("200", "a", "x", "") },
	    again = { .first = answer("200", "a", "x", ""), .mola = answer("200", "a", "x", ""), .second = answer("200", "a", "x", "") },
	    silent = { .field = { FIELD_SAME } };

	(void)state;
	assert_true(finding_judge(&f));
	assert_false(finding_judge(&again));
	finding_confirm(&f, &again);
	assert_int_equal(finding_result(&f), RESULT_VARIES);
	finding_fini(&f);
	finding_fini(&again);
	assert_int_equal(finding_result(&silent), RESULT_SILENT);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_one_way),
		cmocka_unit_test(test_listeners),
		cmocka_unit_test(test_most),
		cmocka_unit_test(test_sides),
		cmocka_unit_test(test_response),
		cmocka_unit_test(test_no_response),
		cmocka_unit_test(test_bodies),
		cmocka_unit_test(test_findings),
		cmocka_unit_test(test_stated),
		cmocka_unit_test(test_moments),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
