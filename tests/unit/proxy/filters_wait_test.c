/*
 * A filter that waits: its exchange is neither lost nor sent on before it may be. The filter is one of the test's, in the
 * place of addPrefix: what it does with a request is what the test says.
 */
#define add_prefix_request	waiting_request
#include "filter/filter_run.c"
#undef add_prefix_request

#include "stage.h"

static struct {
	enum filter_verdict verdict;
	int64_t		 wait_usec;
	size_t		 wants;			/* of the body; 0: nothing */
	int		 asked;
	int		 dropped;
	struct filter_facts facts;
} waiting;

static void
let_go(void *held)
{
	assert_ptr_equal(held, &waiting);
	waiting.dropped++;
}

enum filter_verdict
waiting_request(struct filter_run *r, const struct filter_add_prefix *f, uint8_t *note)
{
	(void)f;
	waiting.asked++;
	waiting.facts = r->facts;
	if (waiting.wait_usec > 0 && *note == 1 && r->now_usec >= r->until_usec)
		waiting.verdict = FILTER_PASS;
	if (waiting.verdict == FILTER_WAIT) {
		*note = 1;
		r->held = &waiting;
		r->drop = let_go;
		if (waiting.wants > 0)
			return run_want_body(r, waiting.wants, r->now_usec + PATIENCE);
		return run_wait(r, r->now_usec + (waiting.wait_usec > 0 ? waiting.wait_usec : PATIENCE));
	}
	r->held = NULL;
	if (waiting.verdict == FILTER_RESPOND) {
		run_answer(r, WHY_ADDRESS_NOT_ALLOWED, 403);
		run_answer_body(r, STR("no"));
	}
	return waiting.verdict;
}

static struct arena *arena;

/* addPrefix, which waits, between two filters of headers */
static void
open_waiting(int norigins)
{
	static const struct filter_setting prefix = { { "prefix", 6 }, { "/x", 2 } },
	    one = { { "customresponseheaders.X-One", 27 }, { "1", 1 } }, two = { { "customrequestheaders.X-Two", 26 }, { "2", 1 } };
	char *chain;

	memset(&waiting, 0, sizeof waiting);
	waiting.verdict = FILTER_WAIT;
	arena = arena_new();
	stage_open(norigins);
	chain = filter_chain_add(arena, "", STR("a"), FILTER_HEADERS, &one, 1);
	chain = filter_chain_add(arena, chain, STR("b"), FILTER_ADD_PREFIX, &prefix, 1);
	stage.chain = filter_chain_add(arena, chain, STR("c"), FILTER_HEADERS, &two, 1);
	assert_non_null(stage.chain);
	stage_table();
}

/* What was counted of filters of this kind: passed, responded, refused, waited. */
static void
counted(enum filter_kind kind, uint64_t passed, uint64_t responded, uint64_t refused, uint64_t waited)
{
	assert_int_equal(live_filter_total(stage.live, kind, FILTER_PASSED), passed);
	assert_int_equal(live_filter_total(stage.live, kind, FILTER_RESPONDED), responded);
	assert_int_equal(live_filter_total(stage.live, kind, FILTER_REFUSED), refused);
	assert_int_equal(live_filter_total(stage.live, kind, FILTER_WAITED), waited);
}

static void
close_waiting(void)
{
	stage_close();
	arena_free(&arena);
}

static void
it_goes_on_when_woken(void **state)
{
	int c, t;

	(void)state;
	open_waiting(1);
	c = dial();
	say(c, "POST /a HTTP/1.1\r\nHost: a.example\r\nContent-Length: 6\r\n\r\nabc");
	WAIT_UNTIL(waiting.asked == 1);
	say(c, "def");
	assert_true(nobody_calls(0));
	waiting.facts.wake(waiting.facts.wake_arg);	/* for nothing */
	assert_int_equal(waiting.asked, 2);
	assert_true(nobody_calls(0));
	waiting.verdict = FILTER_PASS;
	waiting.facts.wake(waiting.facts.wake_arg);
	t = answer_call(0);
	hear(t, "POST /a HTTP/1.1\r\nHost: a.example\r\nContent-Length: 6\r\nX-Real-IP: 127.0.0.1\r\nX-Forwarded-Proto: http\r\n"
	    "X-Forwarded-Host: a.example\r\nX-Forwarded-Port: 80\r\nX-Two: 2\r\nX-Forwarded-For: 127.0.0.1\r\n\r\nabcdef");
	say(t, OK(2, "ok"));
	hear(c, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-One: 1\r\n\r\nok");
	counted(FILTER_HEADERS, 2, 0, 0, 0);
	counted(FILTER_ADD_PREFIX, 1, 0, 0, 1);
	assert_int_equal(waiting.dropped, 0);
	close(c);
	close(t);
	close_waiting();
}

static void
it_goes_on_when_its_time_is_up(void **state)
{
	int c, t;

	(void)state;
	open_waiting(1);
	waiting.wait_usec = 20 * MSEC;
	c = dial();
	say(c, "GET /a HTTP/1.1\r\nHost: a.example\r\n\r\n");
	t = answer_call(0);
	assert_int_equal(waiting.asked, 2);
	hear(t, "GET /a HTTP/1.1\r\n");
	say(t, OK(0, ""));
	hear(c, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nX-One: 1\r\n\r\n");
	close(c);
	close(t);
	close_waiting();
}

static void
it_may_respond_after_all(void **state)
{
	int c;

	(void)state;
	open_waiting(1);
	c = dial();
	for (int i = 1; i < 3; i++) {
		waiting.verdict = FILTER_WAIT;
		say(c, "GET /a HTTP/1.1\r\nHost: a.example\r\n\r\n");
		WAIT_UNTIL(waiting.asked == 2 * i - 1);
		waiting.verdict = FILTER_RESPOND;
		waiting.facts.wake(waiting.facts.wake_arg);
		hear(c, "HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\nMola-Why: address_not_allowed\r\nX-One: 1\r\nConnection: keep-alive\r\n\r\nno");
	}
	assert_true(nobody_calls(0));
	close(c);
	close_waiting();
}

/* A client that leaves takes with it what its filter waited for. */
static void
a_client_leaves_meanwhile(void **state)
{
	int c;

	(void)state;
	open_waiting(1);
	c = dial();
	say(c, "GET /a HTTP/1.1\r\nHost: a.example\r\n\r\n");
	WAIT_UNTIL(waiting.asked == 1);
	hang_up(c);
	WAIT_UNTIL(waiting.dropped == 1);
	assert_int_equal(whys(WHY_CLIENT_GONE), 1);
	/* and so does the end of the proxy */
	c = dial();
	say(c, "GET /a HTTP/1.1\r\nHost: a.example\r\n\r\n");
	WAIT_UNTIL(waiting.asked == 2);
	close_waiting();
	assert_int_equal(waiting.dropped, 2);
	close(c);
}

/* Also one whose end comes with its request: nothing more will happen to its connection. */
static void
a_client_has_left_already(void **state)
{
	int c;

	(void)state;
	open_waiting(1);
	for (int i = 1; i < 3; i++) {
		waiting.wants = i == 2 ? 100 : 0;
		c = dial();
		say(c, "POST /a HTTP/1.1\r\nHost: a.example\r\nContent-Length: 3\r\n\r\na");
		close(c);
		WAIT_UNTIL(waiting.dropped == i);
		assert_int_equal(whys(WHY_CLIENT_GONE), i);
	}
	close_waiting();
}

#define CHUNKED_HEAD "POST /a HTTP/1.1\r\nHost: a.example\r\nTransfer-Encoding: chunked\r\nX-Real-IP: 127.0.0.1\r\nX-Forwarded-Proto: http\r\n" \
	"X-Forwarded-Host: a.example\r\nX-Forwarded-Port: 80\r\nX-Two: 2\r\nX-Forwarded-For: 127.0.0.1\r\n\r\n"

/* What a filter sets or takes away cannot come again behind the body. */
static void
trailers_do_not_pass_filters(void **state)
{
	int c, t;

	(void)state;
	open_waiting(1);
	waiting.verdict = FILTER_PASS;
	c = dial();
	say(c, "POST /a HTTP/1.1\r\nHost: a.example\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX-Two: 3\r\nX-More: 1\r\n\r\n");
	t = answer_call(0);
	hear(t, CHUNKED_HEAD "3\r\nabc\r\n0\r\n\r\n");
	say(t, OK(0, ""));
	hear(c, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nX-One: 1\r\n\r\n");
	/* and when they come later */
	say(c, "POST /a HTTP/1.1\r\nHost: a.example\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
	hear(t, CHUNKED_HEAD "3\r\nabc\r\n");
	say(c, "0\r\nX-Two: 3\r\n\r\n");
	hear(t, "0\r\n\r\n");
	close(c);
	close(t);
	close_waiting();
}

/* However many bodies filters wait for, a worker has room for some. */
static void
bodies_that_are_waited_for_have_a_bound(void **state)
{
	static const char post[] = "POST /a HTTP/1.1\r\nHost: a.example\r\nTransfer-Encoding: chunked\r\n\r\n";
	int c, d;

	(void)state;
	open_waiting(1);
	waiting.wants = (size_t)40 << 20;
	c = dial();
	say(c, post);
	WAIT_UNTIL(waiting.asked == 1);
	d = dial();
	say(d, post);
	hear_why(d, 503, WHY_BODIES_FULL);
	hang_up(c);
	WAIT_UNTIL(whys(WHY_CLIENT_GONE) == 1);
	close(d);
	c = dial();
	say(c, post);
	WAIT_UNTIL(waiting.asked == 3);
	assert_int_equal(whys(WHY_BODIES_FULL), 1);
	close(c);
	close_waiting();
}

/* Tasks may change while a request waits: it goes where requests go then. */
static void
it_goes_by_the_table_that_is_in_force_then(void **state)
{
	int c, t;

	(void)state;
	open_waiting(2);
	stage.state[1] = GONE;
	stage_table();
	c = dial();
	say(c, "GET /a HTTP/1.1\r\nHost: a.example\r\n\r\n");
	WAIT_UNTIL(waiting.asked == 1);
	stage.state[0] = GONE;
	stage.state[1] = SERVES;
	stage_table();
	waiting.verdict = FILTER_PASS;
	waiting.facts.wake(waiting.facts.wake_arg);
	t = answer_call(1);
	hear(t, "GET /a HTTP/1.1\r\n");
	say(t, OK(0, ""));
	hear(c, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nX-One: 1\r\n\r\n");
	assert_true(nobody_calls(0));
	close(c);
	close(t);
	close_waiting();
}

/* And nowhere, when its service is no longer there. */
static void
its_service_may_go_meanwhile(void **state)
{
	int c;

	(void)state;
	open_waiting(1);
	c = dial();
	say(c, "GET /a HTTP/1.1\r\nHost: a.example\r\n\r\n");
	WAIT_UNTIL(waiting.asked == 1);
	stage.name = "another";
	stage_table();
	waiting.verdict = FILTER_PASS;
	waiting.facts.wake(waiting.facts.wake_arg);
	hear_why(c, 503, WHY_NO_TASK);
	assert_true(nobody_calls(0));
	close(c);
	close_waiting();
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(it_goes_on_when_woken), cmocka_unit_test(it_goes_on_when_its_time_is_up),
		cmocka_unit_test(it_may_respond_after_all), cmocka_unit_test(a_client_leaves_meanwhile),
		cmocka_unit_test(a_client_has_left_already), cmocka_unit_test(trailers_do_not_pass_filters),
		cmocka_unit_test(bodies_that_are_waited_for_have_a_bound),
		cmocka_unit_test(it_goes_by_the_table_that_is_in_force_then),
		cmocka_unit_test(its_service_may_go_meanwhile) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
