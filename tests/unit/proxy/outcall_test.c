/* forwardAuth over real connections: its server is the test, which tells the truth, is away, or lies. */
#include <poll.h>

#include "stage.h"

static struct arena *arena;
static int auth;			/* where the server is called */
static struct addr auth_at;

static const char *body_most;		/* forwardBody, with this maxBodySize; NULL: not */

static void
open_with(const char *host)
{
	char url[100];
	struct filter_setting s[4] = { { STR("address"), { url, 0 } }, { STR("authResponseHeaders"), STR("X-User") },
		{ STR("forwardBody"), STR("true") }, { STR("maxBodySize"), str_of(body_most) } };

	arena = arena_new();
	stage_open(1);
	auth = stage_listen(&auth_at);
	s[0].value.len = (size_t)snprintf(url, sizeof url, "http://%s:%u/verify", host, addr_port(&auth_at));
	stage.chain = filter_chain_add(arena, "", STR("m"), FILTER_FORWARD_AUTH, s, body_most != NULL ? 4 : 2);
	assert_non_null(stage.chain);
	stage_table();
}

static void
close_with(void)
{
	stage_close();
	if (auth >= 0)
		close(auth);
	arena_free(&arena);
}

static int
answer_auth(void)
{
	struct addr peer;
	int fd;

	WAIT_UNTIL((fd = sock_accept(auth, &peer)) >= 0);
	return fd;
}

#define ASKED "GET /verify HTTP/1.1\r\nHost: "

/* All of what it is asked, which has no body. */
static void
hear_question(int a)
{
	char got[4096] = "";
	size_t at = 0;
	ssize_t n;

	while (strstr(got, "\r\n\r\n") == NULL) {
		WAIT_UNTIL((n = recv(a, got + at, 1, 0)) >= 0 || errno != EAGAIN);
		assert_true(n == 1 && at < sizeof got - 2);
		got[++at] = '\0';
	}
	assert_memory_equal(got, ASKED, strlen(ASKED));
	assert_non_null(strstr(got, "\r\nX-Forwarded-Uri: /x\r\n"));
	assert_null(strstr(got, "Accept:"));
	assert_null(strstr(got, "User-Agent:"));
}

#define REQUEST "GET /x HTTP/1.1\r\nHost: a.example\r\nX-User: root\r\n\r\n"

static void
passes(const char *host)
{
	int c, a, t = -1;

	open_with(host);
	c = dial();
	for (int i = 0; i < 2; i++) {
		say(c, REQUEST);
		if (i == 0)
			a = answer_auth();
		hear_question(a);
		assert_true(nobody_calls(0));
		say_slowly(a, "HTTP/1.1 100 Continue\r\nX-User: nobody\r\n\r\nHTTP/1.1 200 OK\r\nX-User: joe\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n"
		    "X-User: trailer\r\n\r\n");
		if (i == 0)
			t = answer_call(0);
		hear(t, "GET /x HTTP/1.1\r\nHost: a.example\r\nX-Real-IP: 127.0.0.1\r\nX-Forwarded-Proto: http\r\nX-Forwarded-Host: a.example\r\n"
		    "X-Forwarded-Port: 80\r\nX-User: joe\r\nX-Forwarded-For: 127.0.0.1\r\n\r\n");
		say(t, OK(2, "ok"));
		hear(c, OK(2, "ok"));
	}
	close(a);
	close(c);
	close(t);
	close_with();
}

static void
it_passes_over_one_connection(void **state)
{
	(void)state;
	passes("127.0.0.1");
}

static void
a_server_may_have_a_name(void **state)
{
	(void)state;
	passes("localhost");
}

static void
a_large_page_goes_back_whole(void **state)
{
	enum { MANY = 300000 };
	char *page = must_alloc(MANY + 1);
	int c, a;

	(void)state;
	open_with("127.0.0.1");
	memset(page, 'x', MANY);
	page[MANY] = '\0';
	c = dial();
	say(c, REQUEST);
	a = answer_auth();
	hear_question(a);
	say(a, "HTTP/1.1 403 No\r\nContent-Type: text/html\r\nContent-Length: 300000\r\n\r\n");
	say(a, page);
	hear(c, "HTTP/1.1 403 Forbidden\r\nContent-Type: text/html\r\nContent-Length: 300000\r\nMola-Why: forward_auth_refused\r\nConnection: keep-alive\r\n\r\n");
	hear(c, page);
	assert_true(nobody_calls(0));
	free(page);
	close(a);
	close(c);
	close_with();
}

static void
no_server_is_not_open(void **state)
{
	int c;

	(void)state;
	open_with("127.0.0.1");
	close(auth);
	auth = -1;
	c = dial();
	for (int i = 0; i < 2; i++) {
		say(c, REQUEST);
		hear_why(c, 500, WHY_FORWARD_AUTH_FAILED);
	}
	assert_true(nobody_calls(0));
	close(c);
	close_with();
}

/* ---- bodies ---- */

/* The question up to its body: its head must have these lines. */
static void
hear_question_with(int a, const char *line, const char *body)
{
	char got[4096] = "";
	size_t at = 0;
	ssize_t n;

	while (strstr(got, "\r\n\r\n") == NULL) {
		WAIT_UNTIL((n = recv(a, got + at, 1, 0)) >= 0 || errno != EAGAIN);
		assert_true(n == 1 && at < sizeof got - 2);
		got[++at] = '\0';
	}
	if (strstr(got, line) == NULL)
		fail_msg("no '%s' in %s", line, got);
	assert_non_null(strstr(got, "\r\nX-Kind: yes\r\n"));
	hear(a, body);
}

#define TASK_HEAD "POST /x HTTP/1.1\r\nHost: a.example\r\nX-Kind: yes\r\n"
#define TASK_REST "X-Real-IP: 127.0.0.1\r\nX-Forwarded-Proto: http\r\nX-Forwarded-Host: a.example\r\n" \
    "X-Forwarded-Port: 80\r\nX-User: joe\r\nX-Forwarded-For: 127.0.0.1\r\n\r\n"

/* A body of this length, in pieces: it reaches the server, and then the task. */
static void
body_of(size_t len, bool chunked)
{
	char *body = must_alloc(len + 1), head[200], framing[64], line[64];
	int c, a, t;

	body_most = "1000000";
	open_with("127.0.0.1");
	for (size_t i = 0; i < len; i++)
		body[i] = (char)('a' + i % 23);
	body[len] = '\0';
	if (chunked)
		snprintf(framing, sizeof framing, "Transfer-Encoding: chunked\r\n");
	else
		snprintf(framing, sizeof framing, "Content-Length: %zu\r\n", len);
	c = dial();
	snprintf(head, sizeof head, TASK_HEAD "%s\r\n", framing);
	say_slowly(c, head);
	assert_true(nobody_calls(0));
	if (chunked) {
		snprintf(head, sizeof head, "%zx\r\n", len);
		say(c, head);
	}
	say(c, body);
	if (chunked)
		say(c, "\r\n0\r\nX-Trailer: 1\r\n\r\n");
	a = answer_auth();
	snprintf(line, sizeof line, "\r\nContent-Length: %zu\r\n", len);
	hear_question_with(a, line, body);
	assert_true(nobody_calls(0));
	say(a, "HTTP/1.1 200 OK\r\nX-User: joe\r\nContent-Length: 0\r\n\r\n");
	t = answer_call(0);
	hear(t, TASK_HEAD);
	hear(t, framing);
	hear(t, TASK_REST);
	if (chunked) {
		snprintf(head, sizeof head, "%zx\r\n", len);
		hear(t, head);
	}
	hear(t, body);
	if (chunked)
		hear(t, "\r\n0\r\n\r\n");	/* no trailer passes filters */
	say(t, OK(2, "ok"));
	hear(c, OK(2, "ok"));
	free(body);
	close(a);
	close(c);
	close(t);
	close_with();
	body_most = NULL;
}

static void
it_gets_the_body_too(void **state)
{
	(void)state;
	body_of(5, false);
	body_of(5, true);
	body_of(15000, false);
	body_of(300000, false);		/* more than a page */
	body_of(300000, true);
}

static void
bodies_that_it_does_not_get_go_nowhere(void **state)
{
	int c;

	(void)state;
	body_most = "10";
	open_with("127.0.0.1");
	c = dial();
	say(c, "POST /x HTTP/1.1\r\nHost: a.example\r\nContent-Length: 11\r\n\r\nabcdefghijk");
	hear_why(c, 401, WHY_FORWARD_AUTH_BODY);
	close(c);
	c = dial();
	say(c, "POST /x HTTP/1.1\r\nHost: a.example\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nabcdef\r\n5\r\nabcde\r\n0\r\n\r\n");
	hear_why(c, 401, WHY_FORWARD_AUTH_BODY);
	close(c);
	c = dial();
	say(c, "POST /x HTTP/1.1\r\nHost: a.example\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nabcdefX");
	hear_why(c, 400, WHY_BAD_CHUNK);
	close(c);
	c = dial();
	say(c, "POST /x HTTP/1.1\r\nHost: a.example\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n");
	hear_why(c, 417, WHY_BAD_EXPECT);
	close(c);
	c = dial();
	say(c, "POST /x HTTP/1.1\r\nHost: a.example\r\nContent-Length: 5\r\n\r\nabc");
	stage_turn();
	hang_up(c);
	WAIT_UNTIL(whys(WHY_CLIENT_GONE) == 1);
	assert_true(nobody_calls(0));
	close_with();
	body_most = NULL;
}

/* What it says before it ends its connection, or we do. */
static void
lies(const char *text, int times)
{
	int c, a;

	open_with("127.0.0.1");
	c = dial();
	say(c, REQUEST);
	a = answer_auth();
	for (int i = 0; i < times; i++) {
		struct pollfd p = { .fd = a, .events = POLLOUT };
		stage_turn();
		if (poll(&p, 1, 0) == 1 && send(a, text, strlen(text), MSG_NOSIGNAL) < 0 && errno != EAGAIN)
			break;
	}
	shutdown(a, SHUT_WR);
	hear_why(c, 500, WHY_FORWARD_AUTH_FAILED);
	assert_true(nobody_calls(0));
	close(a);
	close(c);
	close_with();
}

static void
no_lie_is_open(void **state)
{
	(void)state;
	lies("", 1);
	lies("SSH-2.0-OpenSSH_9.2\r\n", 1);
	lies("\r\n", 1);
	lies("HTTP/1.1 200 OK\r\nX-User: joe\r\n", 1);
	lies("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc", 1);
	lies("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n", 1);
	lies("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", 1);
	lies("HTTP/1.1 2x0 OK\r\nContent-Length: 0\r\n\r\n", 1);
	lies("HTTP/1.1 200 OK\r\nX User: joe\r\nContent-Length: 0\r\n\r\n", 1);
	lies("HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n", 1);
	lies("HTTP/1.1 100 Continue\r\n\r\n", 40000);
}

static void
an_endless_head_ends(void **state)
{
	static char field[1024];
	int c, a;

	(void)state;
	open_with("127.0.0.1");
	memset(field, 'x', sizeof field);
	memcpy(field, "X-A: ", 5);
	memcpy(field + sizeof field - 3, "\r\n", 3);
	c = dial();
	say(c, REQUEST);
	a = answer_auth();
	say(a, "HTTP/1.1 200 OK\r\n");
	for (int i = 0; i < 2000; i++) {
		ssize_t n = send(a, field, strlen(field), MSG_NOSIGNAL);
		if (n < 0 && errno != EAGAIN)
			break;
		stage_turn();
	}
	hear_why(c, 500, WHY_FORWARD_AUTH_FAILED);
	assert_true(nobody_calls(0));
	close(a);
	close(c);
	close_with();
}

/* A server that does not respond: the client may leave, and takes the question with it. */
static void
a_client_leaves_a_slow_one(void **state)
{
	int c, a;

	(void)state;
	open_with("127.0.0.1");
	c = dial();
	say(c, REQUEST);
	a = answer_auth();
	hear_question(a);
	hang_up(c);
	hear_end(a);
	assert_int_equal(whys(WHY_CLIENT_GONE), 1);
	assert_true(nobody_calls(0));
	close(a);
	close_with();
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(it_passes_over_one_connection), cmocka_unit_test(a_server_may_have_a_name),
		cmocka_unit_test(a_large_page_goes_back_whole), cmocka_unit_test(no_server_is_not_open), cmocka_unit_test(no_lie_is_open),
		cmocka_unit_test(an_endless_head_ends), cmocka_unit_test(a_client_leaves_a_slow_one), cmocka_unit_test(it_gets_the_body_too), cmocka_unit_test(bodies_that_it_does_not_get_go_nowhere) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
