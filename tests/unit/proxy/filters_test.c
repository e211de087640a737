/* The filters of a route in an exchange: on the way to a task, on the way back, and where no task responds. */
#include "http/flow.h"
#include "stage.h"

static struct arena *arena;

static void
open_with(int norigins, const char *kind, const char *path, const char *value)
{
	const struct filter_setting s = { str_of(path), str_of(value) };
	enum filter_kind k;

	assert_true(filter_kind_parse(str_of(kind), &k));
	arena = arena_new();
	stage_open(norigins);
	stage.chain = filter_chain_add(arena, "", STR("m"), k, &s, 1);
	assert_non_null(stage.chain);
	stage_table();
}

static void
close_with(void)
{
	stage_close();
	arena_free(&arena);
}

static void
a_request_passes_and_so_does_its_response(void **state)
{
	int c, t;

	(void)state;
	open_with(1, "headers", "customresponseheaders.X-One", "1");
	c = dial();
	for (int i = 0; i < 2; i++) {
		say(c, "POST /a HTTP/1.1\r\nHost: a.example\r\nContent-Length: 3\r\n\r\nabc");
		if (i == 0)
			t = answer_call(0);
		hear(t, "POST /a HTTP/1.1\r\nHost: a.example\r\nContent-Length: 3\r\nX-Real-IP: 127.0.0.1\r\nX-Forwarded-Proto: http\r\n"
		    "X-Forwarded-Host: a.example\r\nX-Forwarded-Port: 80\r\nX-Forwarded-For: 127.0.0.1\r\n\r\nabc");
		say(t, "HTTP/1.1 200 Fine\r\nx-one: 0\r\nContent-Length: 2\r\n\r\nok");
		hear(c, "HTTP/1.1 200 Fine\r\nX-One: 1\r\nContent-Length: 2\r\n\r\nok");
	}
	/* chunks are not touched */
	say(c, "GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n");
	hear(t, "GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nX-Real-IP: 127.0.0.1\r\nX-Forwarded-Proto: http\r\n"
	    "X-Forwarded-Host: a\r\nX-Forwarded-Port: 80\r\nX-Forwarded-For: 127.0.0.1\r\n\r\n3\r\nabc\r\n0\r\n\r\n");
	say(t, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n");
	hear(c, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX-One: 1\r\n\r\n2\r\nok\r\n0\r\n\r\n");
	close(c);
	close(t);
	close_with();
}

static void
the_target_is_the_filters(void **state)
{
	int c, t;

	(void)state;
	open_with(1, "stripprefix", "prefixes", "/api");
	c = dial();
	say_slowly(c, "GET http://a.example/api/x?y HTTP/1.1\r\nHost: a.example\r\n\r\n");
	t = answer_call(0);
	hear(t, "GET /x?y HTTP/1.1\r\n");
	close(c);
	close(t);
	close_with();
}

static void
responses_of_ours_pass_too(void **state)
{
	static const char want[] = "HTTP/1.1 502 Bad Gateway\r\n";
	char got[1024];
	ssize_t n;
	int c;

	(void)state;
	open_with(1, "headers", "customresponseheaders.X-One", "1");
	close(stage.origin[0]);
	stage.origin[0] = -1;
	c = dial();
	say(c, "GET / HTTP/1.1\r\nHost: a.example\r\n\r\n");
	WAIT_UNTIL((n = recv(c, got, sizeof got - 1, 0)) > 0);
	got[n] = '\0';
	assert_memory_equal(got, want, strlen(want));
	assert_non_null(strstr(got, "\r\nX-One: 1\r\n"));
	assert_non_null(strstr(got, "\r\nMola-Why: "));
	assert_non_null(strstr(got, "\r\nConnection: keep-alive\r\n\r\n"));
	close(c);
	stage.origin[0] = dial_addr(&stage.front);	/* for stage_close to close */
	close_with();
}

/* With the length of the text that the filter has sent, not of one that Mola would have. */
static void
what_a_filter_responds_is_logged(void **state)
{
	char line[1024] = "";
	int pipe_fd[2], out, c;
	ssize_t n;

	(void)state;
	open_with(1, "headers", "allowedhosts", "b.example");
	stage.conf.access.format = ACCESS_FORMAT_COMMON;
	proxy_reconf(stage.proxy, &stage.conf);
	assert_int_equal(pipe(pipe_fd), 0);
	fflush(stdout);
	out = dup(STDOUT_FILENO);
	dup2(pipe_fd[1], STDOUT_FILENO);
	c = dial();
	say(c, "GET / HTTP/1.1\r\nHost: a.example\r\n\r\n");
	hear(c, "HTTP/1.1 500 Internal Server Error\r\nContent-Type: text/plain; charset=utf-8\r\nX-Content-Type-Options: nosniff\r\n"
	    "Content-Length: 9\r\nMola-Why: host_not_allowed\r\nConnection: keep-alive\r\n\r\nBad Host\n");
	n = read(pipe_fd[0], line, sizeof line - 1);
	dup2(out, STDOUT_FILENO);
	assert_true(n > 0);
	assert_non_null(strstr(line, "] \"GET / HTTP/1.1\" 500 9\n"));
	close(pipe_fd[0]);
	close(pipe_fd[1]);
	close(out);
	close(c);
	close_with();
}

static void
a_filter_responds_and_no_task_is_asked(void **state)
{
	int c;

	(void)state;
	open_with(1, "headers", "allowedhosts", "b.example");
	c = dial();
	for (int i = 0; i < 2; i++) {
		say(c, "GET / HTTP/1.1\r\nHost: a.example\r\n\r\n");
		hear(c, "HTTP/1.1 500 Internal Server Error\r\nContent-Type: text/plain; charset=utf-8\r\nX-Content-Type-Options: nosniff\r\n"
		    "Content-Length: 9\r\nMola-Why: host_not_allowed\r\nConnection: keep-alive\r\n\r\nBad Host\n");
	}
	say(c, "HEAD / HTTP/1.0\r\nHost: a.example\r\n\r\n");
	hear(c, "HTTP/1.1 500 Internal Server Error\r\nContent-Type: text/plain; charset=utf-8\r\nX-Content-Type-Options: nosniff\r\n"
	    "Content-Length: 9\r\nMola-Why: host_not_allowed\r\nConnection: close\r\n\r\n");
	hear_end(c);
	assert_true(nobody_calls(0));
	assert_int_equal(whys(WHY_HOST_NOT_ALLOWED), 3);
	close(c);
	close_with();
}

/* A task that is gone before it responds: the next one gets the same. */
static void
a_retry_sends_what_the_filters_made(void **state)
{
	int c, t, origin;

	(void)state;
	open_with(2, "stripprefix", "prefixes", "/api");
	c = dial();
	say(c, "GET /api/x HTTP/1.1\r\nHost: a.example\r\n\r\n");
	WAIT_UNTIL((t = answer_any(&origin)) >= 0);
	hear(t, "GET /x HTTP/1.1\r\n");
	hang_up(t);
	WAIT_UNTIL((t = answer_any(&origin)) >= 0);
	hear(t, "GET /x HTTP/1.1\r\nHost: a.example\r\n");
	say(t, OK(0, ""));
	hear(c, OK(0, ""));
	close(c);
	close(t);
	close_with();
}

static void
a_tunnel_opens_behind_filters(void **state)
{
	int c, t;

	(void)state;
	open_with(1, "stripprefix", "prefixes", "/api");
	c = dial();
	say(c, "GET /api/ws HTTP/1.1\r\nHost: a.example\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
	t = answer_call(0);
	hear(t, "GET /ws HTTP/1.1\r\nHost: a.example\r\nUpgrade: websocket\r\n");
	say(t, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
	hear(c, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n");
	close(c);
	close(t);
	close_with();
}

#define FIELDS "X-Real-IP: 127.0.0.1\r\nX-Forwarded-Proto: http\r\nX-Forwarded-Host: a.example\r\nX-Forwarded-Port: 80\r\nX-Forwarded-For: 127.0.0.1\r\n"

/* The head waits for the bytes by which its type is guessed, and for no more than the body has; where
 * there is nothing to guess, it does not wait. */
static void
a_type_is_guessed_when_the_body_begins(void **state)
{
	const char *get = "GET / HTTP/1.1\r\nHost: a.example\r\n\r\n";
	int c, t;

	(void)state;
	open_with(1, "contenttype", "autoDetect", "true");
	c = dial();
	say(c, get);
	t = answer_call(0);
	hear(t, "GET / HTTP/1.1\r\nHost: a.example\r\n" FIELDS "\r\n");
	say(t, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n");
	say(t, "<htm");
	say(t, "l>abc");
	hear(c, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<html>abc");
	say(c, get);
	hear(t, "GET / HTTP/1.1\r\nHost: a.example\r\n" FIELDS "\r\n");
	say(t, "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Type: a/b\r\n\r\n");
	hear(c, "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Type: a/b\r\n\r\n");
	say(t, "abc");
	hear(c, "abc");
	say(c, get);
	hear(t, "GET / HTTP/1.1\r\nHost: a.example\r\n" FIELDS "\r\n");
	say(t, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
	hear(c, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
	/* a task that goes before it has come */
	say(t, "3\r\nabc\r\n0\r\n\r\n");
	hear(c, "3\r\nabc\r\n0\r\n\r\n");
	say(c, get);
	hear(t, "GET / HTTP/1.1\r\nHost: a.example\r\n" FIELDS "\r\n");
	say(t, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nab");
	close(t);
	hear(c, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nab");
	hear_break(c);
	close(c);
	close_with();
}

/* Its time is that of bodies: also where the response as a whole takes longer than a head may. */
static void
a_body_that_stalls_before_its_type_is_told_as_one(void **state)
{
	const char *get = "GET / HTTP/1.1\r\nHost: a.example\r\n\r\n";
	int c, t;

	(void)state;
	open_with(1, "contenttype", "autoDetect", "true");
	stage.service.response_usec = 60 * USEC_PER_SEC;
	stage.service.idle_usec = 200 * USEC_PER_MSEC;
	stage_table();
	c = dial();
	say(c, get);
	t = answer_call(0);
	hear(t, "GET / HTTP/1.1\r\nHost: a.example\r\n" FIELDS "\r\n");
	say(t, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nab");
	hear(c, "HTTP/1.1 504 Gateway Timeout\r\n");
	assert_int_equal(whys(WHY_UPSTREAM_SLOW_BODY), 1);
	assert_int_equal(whys(WHY_UPSTREAM_SLOW_HEAD), 0);
	close(c);
	close(t);
	close_with();
}

/* A head that fills its page with the first bytes of the body is read from another page before its task is found to be gone. */
static void
a_body_ends_before_its_type_where_the_page_does(void **state)
{
	static const char begin[] = "HTTP/1.1 200 OK\r\nX-Long: ", end[] = "\r\nContent-Length: 9\r\n\r\nab";
	char head[PAGE_BYTES + 1];
	size_t n = sizeof begin - 1;
	int c, t;

	(void)state;
	memset(head, 'a', PAGE_BYTES);
	memcpy(head, begin, n);
	memcpy(head + PAGE_BYTES - (sizeof end - 1), end, sizeof end);
	open_with(1, "contenttype", "autoDetect", "true");
	c = dial();
	say(c, "GET / HTTP/1.1\r\nHost: a.example\r\n\r\n");
	t = answer_call(0);
	hear(t, "GET / HTTP/1.1\r\nHost: a.example\r\n" FIELDS "\r\n");
	say(t, head);
	close(t);
	hear(c, head);
	hear_break(c);
	close(c);
	close_with();
}

static void
what_is_in_flight_is_so_until_it_is_over(void **state)
{
	const char *get = "GET / HTTP/1.1\r\nHost: a.example\r\n\r\n";
	int c, d, t;

	(void)state;
	open_with(1, "inflightreq", "amount", "1");
	c = dial();
	d = dial();
	say(c, get);
	t = answer_call(0);
	hear(t, "GET / HTTP/1.1\r\nHost: a.example\r\n" FIELDS "\r\n");
	say(d, get);
	hear_why(d, 429, WHY_TOO_MANY_IN_FLIGHT);
	say(t, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n");
	hear(c, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n");
	say(d, get);
	hear_why(d, 429, WHY_TOO_MANY_IN_FLIGHT);
	say(t, "ok");
	hear(c, "ok");
	/* a tunnel is one for as long as it is there */
	say(c, "GET /ws HTTP/1.1\r\nHost: a.example\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
	hear(t, "GET /ws HTTP/1.1\r\nHost: a.example\r\nUpgrade: websocket\r\n" FIELDS "Connection: upgrade\r\n\r\n");
	say(t, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
	hear(c, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n");
	say(d, get);
	hear_why(d, 429, WHY_TOO_MANY_IN_FLIGHT);
	close(t);
	hear_end(c);
	close(c);
	say(d, get);
	t = answer_call(0);
	hear(t, "GET / HTTP/1.1\r\nHost: a.example\r\n" FIELDS "\r\n");
	/* a client that leaves takes its request with it */
	close(d);
	hear_end(t);
	close(t);
	c = dial();
	say(c, get);
	t = answer_call(0);
	hear(t, "GET / HTTP/1.1\r\nHost: a.example\r\n" FIELDS "\r\n");
	close(c);
	close(t);
	close_with();
}

/* What Mola refuses for want of room is no failure of the tasks, which serve as many as they can: then nobody would be served. */
static void
a_refusal_for_want_of_room_opens_no_breaker(void **state)
{
	static const char get[] = "GET / HTTP/1.1\r\nHost: a.example\r\n\r\n";
	int c, d, t = -1;

	(void)state;
	open_with(1, "circuitbreaker", "expression", "ResponseCodeRatio(500, 600, 0, 600) > 0.5");
	stage.service.max_inflight = 1;
	stage_table();
	c = dial();
	d = dial();
	for (int i = 0; i < 3; i++) {
		say(c, get);
		if (t < 0)
			t = answer_call(0);
		hear(t, "GET / HTTP/1.1\r\nHost: a.example\r\n" FIELDS "\r\n");
		for (int k = 0; k < 5; k++) {
			say(d, get);
			hear_why(d, 503, WHY_MAX_INFLIGHT);
		}
		stage_turns(150 * MSEC);	/* it looks each 100 ms */
		say(t, OK(2, "ok"));
		hear(c, OK(2, "ok"));
	}
	close(t);
	/* those of the tasks count as ever */
	stage.service.max_inflight = 0;
	stage.service.retry_attempts = 1;
	stage_table();
	close(stage.origin[0]);
	for (int i = 0; i < 4; i++) {		/* three more are half of all */
		if (i == 3)
			stage_turns(150 * MSEC);
		say(d, get);
		hear_why(d, 502, WHY_CONNECT_REFUSED);
	}
	say(d, get);
	hear_why(d, 503, WHY_BREAKER_OPEN);
	stage.origin[0] = stage_listen(&stage.origin_addr[0]);
	close(c);
	close(d);
	close_with();
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(a_request_passes_and_so_does_its_response), cmocka_unit_test(the_target_is_the_filters),
		cmocka_unit_test(responses_of_ours_pass_too), cmocka_unit_test(a_filter_responds_and_no_task_is_asked),
		cmocka_unit_test(what_a_filter_responds_is_logged),
		cmocka_unit_test(a_retry_sends_what_the_filters_made), cmocka_unit_test(a_tunnel_opens_behind_filters),
		cmocka_unit_test(what_is_in_flight_is_so_until_it_is_over), cmocka_unit_test(a_refusal_for_want_of_room_opens_no_breaker),
		cmocka_unit_test(a_type_is_guessed_when_the_body_begins),
		cmocka_unit_test(a_body_that_stalls_before_its_type_is_told_as_one),
		cmocka_unit_test(a_body_ends_before_its_type_where_the_page_does) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
