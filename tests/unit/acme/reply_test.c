#include "acme/reply.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static int
begin(void **state)
{
	*state = arena_new();
	return 0;
}

static int
end(void **state)
{
	arena_free((struct arena **)state);
	return 0;
}

static void
a_directory(void **state)
{
	struct reply_directory d;

	assert_true(reply_directory(*state, STR("{\"newNonce\":\"https://ca/n\",\"newAccount\":\"https://ca/a\","
	    "\"newOrder\":\"https://ca/o\",\"renewalInfo\":\"https://ca/ari\",\"keyChange\":7,"
	    "\"meta\":{\"externalAccountRequired\":true,\"profiles\":{\"classic\":\"90 days\"}}}"), &d));
	assert_string_equal(d.new_order, "https://ca/o");
	assert_string_equal(d.renewal_info, "https://ca/ari");
	assert_int_equal(d.nprofiles, 1);
	assert_string_equal(d.profile[0], "classic");
	assert_true(d.needs_eab);
	assert_true(reply_directory(*state, STR("{\"newNonce\":\"https://ca/n\",\"newAccount\":\"https://ca/a\","
	    "\"newOrder\":\"https://ca/o\",\"renewalInfo\":\"http://ca/ari\"}"), &d));
	assert_null(d.renewal_info);
	assert_false(d.needs_eab);
	assert_false(reply_directory(*state, STR("{\"newNonce\":\"https://ca/n\",\"newAccount\":\"https://ca/a\"}"), &d));
	assert_false(reply_directory(*state, STR("{\"newNonce\":\"https://ca/n\",\"newAccount\":\"https://ca/a\","
	    "\"newOrder\":\"http://ca/o\"}"), &d));		/* not over TLS */
	assert_false(reply_directory(*state, STR("[]"), &d));
	assert_false(reply_directory(*state, STR("<html>"), &d));
}

static void
an_order(void **state)
{
	struct reply_order o;

	assert_true(reply_order(*state, STR("{\"status\":\"pending\",\"authorizations\":[\"https://ca/z1\","
	    "\"https://ca/z2\"],\"finalize\":\"https://ca/f\",\"new\":{}}"), &o));
	assert_int_equal(o.status, REPLY_PENDING);
	assert_int_equal(o.nauthz, 2);
	assert_string_equal(o.authz[1], "https://ca/z2");
	assert_null(o.certificate);
	assert_true(reply_order(*state, STR("{\"status\":\"valid\",\"authorizations\":[\"https://ca/z1\"],"
	    "\"finalize\":\"https://ca/f\",\"certificate\":\"https://ca/c\"}"), &o));
	assert_string_equal(o.certificate, "https://ca/c");
	assert_true(reply_order(*state, STR("{\"status\":\"strange\",\"authorizations\":[\"https://ca/z1\"],"
	    "\"finalize\":\"https://ca/f\",\"error\":{\"type\":\"urn:ietf:params:acme:error:rejectedIdentifier\","
	    "\"detail\":\"no\\nsuch\"}}"), &o));
	assert_int_equal(o.status, REPLY_OTHER);
	assert_string_equal(o.problem.type, "rejectedIdentifier");
	assert_string_equal(o.problem.text, "no such");
	assert_false(reply_order(*state, STR("{\"status\":\"valid\",\"authorizations\":[\"https://ca/z1\"],"
	    "\"finalize\":\"https://ca/f\"}"), &o));
	assert_false(reply_order(*state, STR("{\"status\":\"ready\",\"authorizations\":[],\"finalize\":\"https://ca/f\"}"), &o));
	assert_false(reply_order(*state, STR("{\"status\":\"ready\",\"authorizations\":[\"file:///etc/passwd\"],"
	    "\"finalize\":\"https://ca/f\"}"), &o));
	assert_false(reply_order(*state, STR("{\"status\":\"ready\",\"authorizations\":[\"https://ca/a b\"],"
	    "\"finalize\":\"https://ca/f\"}"), &o));
}

#define TOKEN "LoqXcYV8q5ONbJQxbmR7SCTNo3tiAXDfowyjxAjEuX0"

/* dns-persist-01 and others have no token; what is not known is passed over as it stands. */
static void
an_authorization(void **state)
{
	struct reply_authz z;

	assert_true(reply_authz(*state, STR("{\"status\":\"pending\",\"identifier\":{\"type\":\"dns\",\"value\":\"Example.ORG\"},"
	    "\"challenges\":[{\"type\":\"dns-persist-01\",\"url\":\"https://ca/p\",\"status\":\"pending\"},"
	    "{\"type\":\"http-01\",\"url\":\"https://ca/h\",\"status\":\"pending\",\"token\":\"" TOKEN "\"},"
	    "{\"type\":\"dns-01\",\"url\":\"https://ca/d\",\"status\":\"invalid\",\"token\":\"" TOKEN "\","
	    "\"error\":{\"type\":\"urn:ietf:params:acme:error:dns\",\"detail\":\"NXDOMAIN\"}}],\"wildcard\":true}"), &z));
	assert_string_equal(z.name, "example.org");
	assert_true(z.wildcard);
	assert_int_equal(z.nchallenges, 2);
	assert_int_equal(z.challenge[0].kind, CHALLENGE_HTTP_01);
	assert_string_equal(z.challenge[0].token, TOKEN);
	assert_int_equal(z.challenge[1].status, REPLY_INVALID);
	assert_string_equal(z.challenge[1].problem.text, "NXDOMAIN");
	assert_false(reply_authz(*state, STR("{\"status\":\"pending\",\"identifier\":{\"type\":\"dns\",\"value\":\"example.org\"},"
	    "\"challenges\":[{\"type\":\"http-01\",\"url\":\"https://ca/h\",\"token\":\"../../../../../etc/passwd\"}]}"), &z));
	assert_false(reply_authz(*state, STR("{\"status\":\"pending\",\"identifier\":{\"type\":\"ip\",\"value\":\"10.0.0.1\"},"
	    "\"challenges\":[]}"), &z));
	assert_false(reply_authz(*state, STR("{}"), &z));
}

static void
a_problem_has_always_a_text(void **state)
{
	struct reply_problem p;

	reply_problem(*state, STR("{\"type\":\"urn:ietf:params:acme:error:compound\",\"detail\":\"see below\",\"subproblems\":["
	    "{\"identifier\":{\"type\":\"dns\",\"value\":\"a.org\"},\"detail\":\"CAA forbids\"},7,{}]}"), &p);
	assert_string_equal(p.type, "compound");
	assert_string_equal(p.text, "see below; a.org: CAA forbids");
	reply_problem(*state, STR("{\"type\":\"urn:ietf:params:acme:error:badNonce\"}"), &p);
	assert_string_equal(p.text, "badNonce");
	reply_problem(*state, STR("<html>502"), &p);
	assert_string_equal(p.type, "");
	assert_string_equal(p.text, "");
	reply_problem(*state, STR("{\"detail\":\"\\u001b[31mred\"}"), &p);
	assert_string_equal(p.text, "[31mred");
}

static void
a_window_for_renewal(void **state)
{
	struct when_window w = { 7, 7 };

	(void)state;
	assert_true(reply_renewal(STR("{\"suggestedWindow\":{\"start\":\"2026-01-01T00:00:00Z\",\"end\":\"2026-01-03T00:00:00Z\"},"
	    "\"explanationURL\":\"https://ca/why\"}"), &w));
	assert_int_equal(w.end - w.start, 2 * 86400);
	w.start = 7;
	assert_false(reply_renewal(STR("{\"suggestedWindow\":{\"start\":\"2026-01-03T00:00:00Z\",\"end\":\"2026-01-01T00:00:00Z\"}}"), &w));
	assert_false(reply_renewal(STR("{\"suggestedWindow\":{}}"), &w));
	assert_false(reply_renewal(STR(""), &w));
	assert_int_equal(w.start, 7);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_directory, begin, end),
		cmocka_unit_test_setup_teardown(an_order, begin, end),
		cmocka_unit_test_setup_teardown(an_authorization, begin, end),
		cmocka_unit_test_setup_teardown(a_problem_has_always_a_text, begin, end),
		cmocka_unit_test_setup_teardown(a_window_for_renewal, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
