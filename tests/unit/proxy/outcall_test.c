/* forwardAuth over real connections: its server is the test, which tells the truth, is away, or lies. */
#include <poll.h>

#include "stage.h"

static struct arena *arena;
static int auth;			/* where the server is called */
static struct addr auth_at;

static void
open_with(const char *host)
{
	char url[100];
	struct filter_setting s[2] = { { STR("address"), { url, 0 } }, { STR("authResponseHeaders"), STR("X-User") } };

	arena = arena_new();
	stage_open(1);
	auth = stage_listen(&auth_at);
	s[0].value.len = (size_t)snprintf(url, sizeof url, "http://%s:%u/verify", host, addr_port(&auth_at));
	stage.chain = filter_chain_add(arena, "", STR("m"), FILTER_FORWARD_AUTH, s, 2);
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
		cmocka_unit_test(an_endless_head_ends), cmocka_unit_test(a_client_leaves_a_slow_one) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
