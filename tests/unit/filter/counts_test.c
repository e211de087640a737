/* Filters that count requests: inFlightReq, rateLimit, and of whom a request is. */
#include "stage.h"

/* The run goes on without us. */
static struct filter_run *
keep(void)
{
	struct filter_run *kept = run;

	run = NULL;
	return kept;
}

static void
limited(const char *filters, const char *text, const struct why *why, const char *body)
{
	assert_ptr_equal(request(filters, text), why);
	response("");
	has("HTTP/1.1 429 Too Many Requests\r\n");
	has(body);
}

#define TWO "inflightreq amount=2"
#define FULL "\r\n\r\nmax connections reached: 2"

static void
requests_are_in_flight_until_they_are_over(void **state)
{
	struct filter_run *first, *second;

	(void)state;
	assert_null(request(TWO, "GET /"));
	assert_true(filter_run_counts(run, true));
	first = keep();
	assert_null(request(TWO, "GET /"));
	second = keep();
	limited(TWO, "GET /", WHY_TOO_MANY_IN_FLIGHT, FULL);
	limited(TWO, "GET /", WHY_TOO_MANY_IN_FLIGHT, FULL);	/* those that were sent away do not count */
	assert_false(filter_run_counts(run, true));
	facts.router = STR("another");
	assert_null(request(TWO, "GET /"));
	facts.router = STR("r");
	filter_run_free(&first);
	assert_null(request(TWO, "GET /"));
	filter_run_free(&second);
}

/* What stands behind it may send the request away: then it is over, too. */
static void
a_request_that_goes_no_further_is_over(void **state)
{
	(void)state;
	for (int i = 0; i < 5; i++)
		assert_ptr_equal(request(TWO "; ipallowlist sourcerange=1.2.3.4", "GET /"), WHY_ADDRESS_NOT_ALLOWED);
	for (int i = 0; i < 5; i++)
		assert_null(request(TWO "; " TWO, "GET /"));
	limited("inflightreq amount=0", "GET /", WHY_TOO_MANY_IN_FLIGHT, "reached: 0");
}

/* Also what is sent back after it has passed all of them, by one in front. */
static void
a_body_that_is_too_large_is_over(void **state)
{
	const char *chain = "buffering maxrequestbodybytes=9 maxresponsebodybytes=9; inflightreq amount=1";

	(void)state;
	for (int i = 0; i < 4; i++) {
		assert_null(request(chain, "GET /"));
		filter_run_too_large(run, i % 2 == 0);
		assert_true(filter_run_counts(run, true));
	}
	assert_null(request(chain, "GET /"));
}

#define ONE "inflightreq amount=1 sourcecriterion."

/* Both requests are of one source, or not. */
static void
is_one(bool one, const char *options, const char *a, const char *b)
{
	struct filter_run *first;

	assert_null(request(options, a));
	first = keep();
	assert_ptr_equal(request(options, b), one ? WHY_TOO_MANY_IN_FLIGHT : NULL);
	filter_run_free(&run);
	filter_run_free(&first);
}

static void
of_whom_a_request_is(void **state)
{
	(void)state;
	is_one(true, ONE "requesthost=true", "GET /", "GET /x");
	is_one(true, ONE "requestheadername=X-User", "GET /\nx-user: a", "GET /\nX-User: a");
	is_one(false, ONE "requestheadername=X-User", "GET /\nX-User: a", "GET /\nX-User: b");
	is_one(true, ONE "requestheadername=X-User", "GET /", "GET /");
	is_one(false, ONE "requestheadername=X-User", "GET /", "GET /\nX-User: b");
	is_one(true, ONE "ipstrategy.depth=1", "GET /\nX-Forwarded-For: 9.9.9.9, 1.2.3.4", "GET /\nX-Forwarded-For: 1.2.3.4:80");
	is_one(false, ONE "ipstrategy.depth=1", "GET /\nX-Forwarded-For: 1.2.3.4", "GET /\nX-Forwarded-For: 1.2.3.5");
	is_one(false, ONE "ipstrategy.depth=1", "GET /\nX-Forwarded-For: 1.2.3.4", "GET /");
	is_one(false, ONE "ipstrategy.depth=1", "GET /\nX-Forwarded-For: a", "GET /\nX-Forwarded-For: b");
	is_one(true, ONE "ipstrategy.depth=2", "GET /\nX-Forwarded-For: a", "GET /\nX-Forwarded-For: b");	/* too deep for both */
	is_one(true, ONE "ipstrategy.depth=0", "GET /\nX-Forwarded-For: a", "GET /\nX-Forwarded-For: b");
	is_one(true, ONE "ipstrategy.excludedips=10.0.0.0/8", "GET /\nX-Forwarded-For: 1.2.3.4", "GET /\nX-Forwarded-For: 1.2.3.4, 10.1.1.1");
	is_one(true, ONE "ipstrategy.depth=1 sourcecriterion.ipstrategy.ipv6subnet=64", "GET /\nX-Forwarded-For: 2001:db8::1", "GET /\nX-Forwarded-For: 2001:db8::2");
	is_one(false, ONE "ipstrategy.depth=1", "GET /\nX-Forwarded-For: 2001:db8::1", "GET /\nX-Forwarded-For: 2001:db8::2");
}

#define RATE "ratelimit average=10 burst=3"

static void
a_rate_is_not_exceeded(void **state)
{
	int64_t began;

	(void)state;
	time_passes = true;
	for (int i = 0; i < 3; i++) {
		assert_null(request(RATE, "GET /"));
		assert_int_equal(waits, 0);
	}
	limited(RATE, "GET /", WHY_RATE_EXCEEDED, "\r\n\r\nToo Many Requests");
	has("\r\nRetry-After: 1\r\n");
	has("\r\nX-Retry-In: 100ms\r\n");
	now_usec += 60000;
	began = now_usec;
	assert_null(request(RATE, "GET /"));		/* soon enough to wait for */
	assert_int_equal(waits, 1);
	assert_true(now_usec == began + 40000);
	limited(RATE, "GET /", WHY_RATE_EXCEEDED, "\r\n\r\nToo Many Requests");
	facts.router = STR("another");
	assert_null(request(RATE, "GET /"));
	assert_null(request("ratelimit burst=1", "GET /"));
	assert_null(request("ratelimit burst=1", "GET /"));	/* an average of 0 is none */
}

static void
retry_in(const char *options, const char *after, const char *in)
{
	char line[100];

	facts.router = str_of(options);
	assert_null(request(options, "GET /"));
	assert_ptr_equal(request(options, "GET /"), WHY_RATE_EXCEEDED);
	response("");
	snprintf(line, sizeof line, "\r\nRetry-After: %s\r\nX-Retry-In: %s\r\n", after, in);
	has(line);
}

static void
a_client_is_told_when(void **state)
{
	(void)state;
	retry_in("ratelimit average=1 period=1s", "1", "1s");
	retry_in("ratelimit average=1", "1", "1s");
	retry_in("ratelimit average=1 period=90", "90", "1m30s");
	retry_in("ratelimit average=1 period=1h1m1.5s", "3662", "1h1m1.5s");
	retry_in("ratelimit average=4 period=1m", "15", "15s");
	retry_in("ratelimit average=1000 burst=0", "1", "1ms");
	retry_in("ratelimit average=800", "1", "1.25ms");
	retry_in("ratelimit average=2000 period=1500ms", "1", "750\302\265s");
	retry_in("ratelimit average=1 period=.5h5.m", "2100", "35m0s");
	facts.router = STR("huge");
	assert_null(request("ratelimit average=9223372036854775807 burst=9223372036854775807 period=1ns", "GET /"));
}

/* The request that has passed is over, with this status. */
static void
over(int status)
{
	now_usec += 200000;
	filter_run_end(run, &(struct filter_end){ .status = status, .usec = now_usec });
	filter_run_free(&run);
}

#define BREAKER "circuitbreaker expression=NetworkErrorRatio()_>_0.5 fallbackduration=10s recoveryduration=10s"

static void
too_many_failures_open_a_circuit(void **state)
{
	(void)state;
	assert_null(request(BREAKER, "GET /"));
	assert_true(filter_run_counts(run, false));
	assert_false(filter_run_counts(run, true));
	over(200);
	for (int i = 0; i < 2; i++) {
		assert_null(request(BREAKER, "GET /"));
		over(502);
	}
	assert_ptr_equal(request(BREAKER, "GET /"), WHY_BREAKER_OPEN);
	response("");
	has("HTTP/1.1 503 Service Unavailable\r\n");
	has("\r\n\r\nService Unavailable");
	assert_ptr_equal(request(BREAKER " responsecode=418", "GET /"), WHY_BREAKER_OPEN);
	response("");
	has("HTTP/1.1 418 I'm a teapot\r\n");
	facts.router = STR("another");
	assert_null(request(BREAKER, "GET /"));
	over(200);
	facts.router = STR("r");
	now_usec += 10000000;
	assert_ptr_equal(request(BREAKER, "GET /"), WHY_BREAKER_OPEN);	/* it recovers */
	now_usec += 10000001;
	assert_null(request(BREAKER, "GET /"));
	over(200);
	assert_null(request(BREAKER, "GET /"));
}

/* What stands behind it counts with what it makes of a request. */
static void
responses_of_filters_behind_count(void **state)
{
	const char *chain = "circuitbreaker expression=ResponseCodeRatio(403,_404,_0,_600)_>_0.5; ipallowlist sourcerange=1.2.3.4";

	(void)state;
	assert_ptr_equal(request(chain, "GET /"), WHY_ADDRESS_NOT_ALLOWED);
	over(403);
	assert_ptr_equal(request(chain, "GET /"), WHY_BREAKER_OPEN);
}

int
main(void)
{
	const struct CMUnitTest tests[] = { T(requests_are_in_flight_until_they_are_over), T(a_request_that_goes_no_further_is_over),
		T(a_body_that_is_too_large_is_over),
		T(of_whom_a_request_is), T(a_rate_is_not_exceeded), T(a_client_is_told_when),
		T(too_many_failures_open_a_circuit), T(responses_of_filters_behind_count) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
