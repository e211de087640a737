/*
 * What health checks request, of whom, and which responses are a pass. When they come, and what follows: proxy_test.c.
 */
#include "h2_task.h"
#include "http/h1_body.h"
#include "proxy/health_read.h"

#define OFTEN		(5 * MSEC)
#define NEVER		(600 * USEC_PER_SEC)

static int
begin(void **state)
{
	(void)state;
	stage_open(1);
	stage.service.health_interval_usec = OFTEN;
	return 0;
}

static int
end(void **state)
{
	(void)state;
	stage_close();
	return 0;
}

static enum live_health
health(void)
{
	struct live_task t;

	live_task_read(stage.live, 0, &t);
	return t.health;
}

/* The connection of a check that sends this, with the address of the task for each %s. */
static int
check_of(const char *request)
{
	char want[1024], text[ADDR_TEXT_MAX];
	int t = answer_call(0);

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	addr_text(&stage.origin_addr[0], text);
	snprintf(want, sizeof want, request, text, text);
#pragma GCC diagnostic pop
	hear(t, want);
	return t;
}

static void
answer(const char *request, const char *response)
{
	int t = check_of(request);

	say(t, response);
	hear_end(t);
	close(t);
}

#define CHECK(first)	first " HTTP/1.1\r\nHost: %s\r\nUser-Agent: mola-health\r\nConnection: close\r\n\r\n"
#define STATUS(code)	"HTTP/1.1 " code " X\r\nContent-Length: 0\r\n\r\n"
#define TO(code, where)	"HTTP/1.1 " code " X\r\nLocation: " where "\r\nContent-Length: 0\r\n\r\n"

/* ---- requests ---- */

static void
the_request_is_what_the_settings_say(void **state)
{
	(void)state;
	stage.health_method = "POST";
	stage.health_hostname = "app.example.org";
	stage.health_headers = "X-Token: a: b\n\n  user-agent:probe/1\n";
	stage_table();
	answer("POST /health HTTP/1.1\r\nHost: app.example.org\r\nX-Token: a: b\r\nuser-agent: probe/1\r\nContent-Length: 0\r\n"
	    "Connection: close\r\n\r\n", STATUS("204"));
	WAIT_UNTIL(health() == HEALTH_UP);
	stage.health_method = "HEAD";
	stage.health_hostname = stage.health_headers = NULL;
	stage_table();
	answer(CHECK("HEAD /health"), "HTTP/1.1 503 X\r\nContent-Length: 10\r\n\r\n");
	WAIT_UNTIL(health() == HEALTH_DOWN);
}

static void
a_status_that_is_wanted_is_the_only_pass(void **state)
{
	(void)state;
	stage.service.health_status = 418;
	stage_table();
	answer(CHECK("GET /health"), STATUS("200"));
	WAIT_UNTIL(health() == HEALTH_DOWN);
	answer(CHECK("GET /health"), STATUS("418"));
	WAIT_UNTIL(health() == HEALTH_UP);
	stage.service.health_status = 0;
	stage_table();
	answer(CHECK("GET /health"), STATUS("418"));
	WAIT_UNTIL(health() == HEALTH_DOWN);
	answer(CHECK("GET /health"), "HTTP/1.1 103 Early\r\nLink: a\r\n\r\nHTTP/1.1 302 X\r\n\r\n");
	WAIT_UNTIL(health() == HEALTH_UP);
}

/* Nobody listens where requests go to. */
static void
another_port_is_checked(void **state)
{
	struct addr other;
	int fd = stage_listen(&other);

	(void)state;
	stage.service.health_port = addr_port(&stage.origin_addr[0]);
	close(stage.origin[0]);
	stage.origin[0] = fd;
	stage.origin_addr[0] = other;
	stage_table();
	WAIT_UNTIL(health() == HEALTH_DOWN);
	stage.service.health_port = addr_port(&other);
	stage.origin_addr[0].sa.v4.sin_port = htons(1);
	stage_table();
	assert_int_equal(health(), HEALTH_UNKNOWN);		/* another address: another task */
	stage.origin_addr[0] = other;
	fd = answer_call(0);
	say(fd, STATUS("200"));
	WAIT_UNTIL(health() == HEALTH_UP);
	close(fd);
}

/* A tcp task, too, may have a port for checks; it gets no header of the PROXY protocol there. */
static void
another_port_of_a_tcp_task_is_checked(void **state)
{
	struct addr other;
	int fd = stage_listen(&other), t;

	(void)state;
	stage.service.kind = SERVICE_TCP;
	stage.service.health_connect = true;
	stage.service.proxy_version = PROXY_V1;
	stage.service.health_port = addr_port(&other);
	close(stage.origin[0]);
	stage.origin[0] = fd;
	stage_table();
	t = answer_call(0);
	hear_end(t);
	close(t);
	WAIT_UNTIL(health() == HEALTH_UP);
}

/* What the rule of its service has ejected comes back with the next check that it passes. */
static void
a_pass_ends_an_ejection_by_rule(void **state)
{
	static const struct outlier_rule rule = { .failures = 1, .window_usec = 1000000, .span_usec = INT64_C(3600000000) };
	struct live_cause cause = { WHY_UPSTREAM_STATUS, 500 };

	(void)state;
	stage_table();
	answer(CHECK("GET /health"), STATUS("200"));
	WAIT_UNTIL(health() == HEALTH_UP);
	assert_true(live_strike(stage.live, 0, &rule, cause, loop_now(stage.loop)));
	assert_false(live_is_healthy(stage.live, 0, loop_now(stage.loop)));
	answer(CHECK("GET /health"), STATUS("500"));
	assert_false(live_is_healthy(stage.live, 0, loop_now(stage.loop)));
	answer(CHECK("GET /health"), STATUS("200"));
	WAIT_UNTIL(health() == HEALTH_UP && live_is_healthy(stage.live, 0, loop_now(stage.loop)));
}

static void
while_it_is_unhealthy_a_task_has_an_interval_of_its_own(void **state)
{
	(void)state;
	stage_table();
	answer(CHECK("GET /health"), STATUS("200"));
	WAIT_UNTIL(health() == HEALTH_UP);
	stage.service.health_unhealthy_interval_usec = NEVER;
	stage_table();
	answer(CHECK("GET /health"), STATUS("200"));
	answer(CHECK("GET /health"), STATUS("500"));
	WAIT_UNTIL(health() == HEALTH_DOWN);
	for (int i = 0; i < 30; i++)
		stage_turn();
	assert_true(nobody_calls(0));
}

/* ---- redirects ---- */

static void
a_redirect_is_followed_on_the_task(void **state)
{
	char text[ADDR_TEXT_MAX], absolute[256];

	(void)state;
	stage.service.health_follow_redirects = true;
	stage.health_method = "POST";
	stage.health_headers = "X-A: b";
	stage_table();
#define FROM(path) "Referer: http://%s" path "\r\n"
#define WITH(line) line " HTTP/1.1\r\nHost: %s\r\nUser-Agent: mola-health\r\nX-A: b\r\n"
	answer(WITH("POST /health") "Content-Length: 0\r\nConnection: close\r\n\r\n", TO("307", "/a/b?c=d#e"));
	snprintf(absolute, sizeof absolute, TO("302", "http://%s/x/y"), addr_text(&stage.origin_addr[0], text));
	answer(WITH("POST /a/b?c=d") FROM("/health") "Content-Length: 0\r\nConnection: close\r\n\r\n", absolute);
	answer(WITH("GET /x/y") FROM("/a/b?c=d") "Connection: close\r\n\r\n", TO("308", "../z"));
	answer(WITH("GET /z") FROM("/x/y") "Connection: close\r\n\r\n", STATUS("500"));
	WAIT_UNTIL(health() == HEALTH_DOWN);
	answer(WITH("POST /health") "Content-Length: 0\r\nConnection: close\r\n\r\n", TO("303", "?q"));
	answer(WITH("GET /health?q") FROM("/health") "Connection: close\r\n\r\n", STATUS("200"));
	WAIT_UNTIL(health() == HEALTH_UP);
	stage.health_headers = "X-A: b\nreferer: mine";
	stage_table();
	answer(WITH("POST /health") "referer: mine\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", TO("303", "?q"));
	answer(WITH("GET /health?q") "referer: mine\r\nConnection: close\r\n\r\n", STATUS("200"));
#undef WITH
#undef FROM
}

static void
other_redirects_count_as_they_are(void **state)
{
	(void)state;
	stage_table();
	answer(CHECK("GET /health"), TO("302", "/ill"));		/* none is followed unless it is set */
	WAIT_UNTIL(health() == HEALTH_UP);
	stage.service.health_follow_redirects = true;
	stage.service.health_status = 301;
	stage_table();
	answer(CHECK("GET /health"), TO("302", "http://other.example/"));
	WAIT_UNTIL(health() == HEALTH_DOWN);
	answer(CHECK("GET /health"), TO("301", "http://other.example/"));
	WAIT_UNTIL(health() == HEALTH_UP);
	stage.service.health_status = 0;
	stage_table();
	answer(CHECK("GET /health"), TO("302", "http://[/"));		/* that is no URL */
	WAIT_UNTIL(health() == HEALTH_DOWN);
	answer(CHECK("GET /health"), STATUS("302"));			/* to nowhere, which is usual */
	WAIT_UNTIL(health() == HEALTH_UP);
}

static void
redirects_end(void **state)
{
	(void)state;
	stage.service.health_follow_redirects = true;
	stage_table();
	answer(CHECK("GET /health"), STATUS("200"));
	WAIT_UNTIL(health() == HEALTH_UP);
	answer(CHECK("GET /health"), TO("302", "/health"));
	for (int i = 1; i < 10; i++) {
		assert_int_equal(health(), HEALTH_UP);
		answer("GET /health HTTP/1.1\r\nHost: %s\r\nUser-Agent: mola-health\r\nReferer: http://%s/health\r\n"
		    "Connection: close\r\n\r\n", TO("302", "/health"));
	}
	WAIT_UNTIL(health() == HEALTH_DOWN);
}

static void
what_is_the_same_server_is_worked_out(void **state)
{
	static const struct { const char *location; enum redirect leads; const char *target; } tries[] = {
		{ "/b", REDIRECT_HERE, "/b" },
		{ "b/../c", REDIRECT_HERE, "/a/c" },
		{ "//10.0.0.1:81/b", REDIRECT_HERE, "/b" },
		{ "HTTP://10.0.0.1:81", REDIRECT_HERE, "/" },
		{ "http://App.example/b", REDIRECT_HERE, "/b" },
		{ "http://app.example:80/b?c", REDIRECT_HERE, "/b?c" },
		{ "http://app.example:81/b", REDIRECT_ELSEWHERE, NULL },
		{ "https://app.example/b", REDIRECT_ELSEWHERE, NULL },
		{ "http://10.0.0.1/b", REDIRECT_ELSEWHERE, NULL },
		{ "http://10.0.0.2:81/b", REDIRECT_ELSEWHERE, NULL },
		{ "http://[::1/b", REDIRECT_BAD, NULL },
		{ "gopher2://x/", REDIRECT_BAD, NULL },
	};
	struct redirect_from from = { false, STR("10.0.0.1:81"), STR("app.example"), STR("/a/health?x") };

	(void)state;
	for (size_t i = 0; i < sizeof tries / sizeof *tries; i++) {
		char *target = NULL;

		assert_int_equal(check_read_redirect(&from, str_of(tries[i].location), &target), tries[i].leads);
		if (tries[i].target != NULL)
			assert_string_equal(target, tries[i].target);
		else
			assert_null(target);
		free(target);
	}
}

/* ---- gRPC ---- */

static const char *said;		/* a message behind its length */
static size_t said_len;
static const char *grpc_status;		/* NULL: there are no trailers */

static ssize_t
message_read(nghttp2_session *s, int32_t id, uint8_t *to, size_t cap, uint32_t *flags, nghttp2_data_source *source, void *arg)
{
	nghttp2_nv trailer = { (uint8_t *)(uintptr_t)"grpc-status", (uint8_t *)(uintptr_t)grpc_status, 11,
	    grpc_status == NULL ? 0 : strlen(grpc_status), 0 };

	(void)source, (void)arg;
	assert_true(said_len <= cap);
	memcpy(to, said, said_len);
	*flags |= NGHTTP2_DATA_FLAG_EOF;
	if (grpc_status != NULL) {
		*flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
		nghttp2_submit_trailer(s, id, &trailer, 1);
	}
	return (ssize_t)said_len;
}

#define NV(name, value) { (uint8_t *)(uintptr_t)name, (uint8_t *)(uintptr_t)value, sizeof name - 1, sizeof value - 1, 0 }

/* A call comes, and gets this message, with this status behind it. */
static void
answer_call_of_grpc(const char *message, size_t len, const char *status, const char *asked, size_t asked_len)
{
	struct task *t = task_new(0, 100);
	nghttp2_nv head[] = { NV(":status", "200"), NV("content-type", "application/grpc+proto") };
	nghttp2_data_provider p = { .read_callback = message_read };

	said = message;
	said_len = len;
	grpc_status = status;
	TASK_UNTIL(t, t->call[1].ended);
	assert_string_equal(t->call[1].path, "/grpc.health.v1.Health/Check");
	assert_string_equal(t->call[1].method, "POST");
	assert_true(t->call[1].te);
	assert_int_equal(t->call[1].len, asked_len);
	assert_memory_equal(t->call[1].body, asked, asked_len);
	assert_int_equal(nghttp2_submit_response(t->session, 1, head, 2, &p), 0);
	TASK_UNTIL(t, t->over);
	task_free(t);
}

static const struct { const char *message; size_t len; const char *status; enum live_health after; } calls[] = {
	{ "\0\0\0\0\2\10\1", 7, "0", HEALTH_UP },
	{ "\0\0\0\0\2\10\2", 7, "0", HEALTH_DOWN },		/* NOT_SERVING */
	{ "\0\0\0\0\5\22\1x\10\1", 10, "0", HEALTH_UP },	/* a field that is not known */
	{ "\0\0\0\0\0", 5, "0", HEALTH_DOWN },			/* UNKNOWN */
	{ "\0\0\0\0\4\10\2\10\1", 9, "0", HEALTH_UP },		/* the last one counts */
	{ "\0\0\0\0\2\10\1", 7, "12", HEALTH_DOWN },		/* the call failed */
	{ "\0\0\0\0\2\10\1", 7, "0", HEALTH_UP },
	{ "\0\0\0\0\2\10\1", 7, NULL, HEALTH_DOWN },		/* it did not end as it must */
	{ "\0\0\0\0\2\10\1", 7, "0", HEALTH_UP },
	{ "\1\0\0\0\2\10\1", 7, "0", HEALTH_DOWN },		/* compressed, which we did not offer */
	{ "\0\0\0\0\2\10\1", 7, "0", HEALTH_UP },
	{ "\0\0\0\0\3\10\1", 7, "0", HEALTH_DOWN },		/* shorter than it says */
};

static void
a_call_of_grpc_is_a_pass_when_it_says_serving(void **state)
{
	(void)state;
	stage.service.health_mode = CHECK_GRPC;
	stage.health_method = "HEAD";				/* without a meaning */
	stage.health_headers = "X-A: b";
	stage_table();
	for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
		answer_call_of_grpc(calls[i].message, calls[i].len, calls[i].status, "\0\0\0\0", 5);
		WAIT_UNTIL(health() == calls[i].after);
	}
}

/* The name has a length of one byte or of two. */
static void
a_call_of_grpc_names_its_service(void **state)
{
	static const char serving[] = "\0\0\0\0\2\10\1";
	char name[201], asked[5 + 3 + 200] = "\0\0\0\0\xcb\12\xc8\1";

	(void)state;
	stage.service.health_mode = CHECK_GRPC;
	stage.health_service = "helloworld.Greeter";
	stage_table();
	answer_call_of_grpc(serving, 7, "0", "\0\0\0\0\24\12\22helloworld.Greeter", 25);
	WAIT_UNTIL(health() == HEALTH_UP);
	memset(name, 'x', 200);
	name[200] = '\0';
	memset(asked + 8, 'x', 200);
	stage.health_service = name;
	stage_table();
	answer_call_of_grpc("\0\0\0\0\2\10\2", 7, "0", asked, sizeof asked);
	WAIT_UNTIL(health() == HEALTH_DOWN);
}

/* ---- bytes ---- */

/* A connection of a check that sends so many bytes. */
static int
bytes_of(const char *bytes, size_t n)
{
	char got[64];
	size_t have = 0;
	int t = answer_call(0);

	assert_true(n <= sizeof got);
	while (have < n) {
		ssize_t some;
		loop_turn(stage.loop, 1000);
		some = recv(t, got + have, n - have, MSG_DONTWAIT);
		have += some > 0 ? (size_t)some : 0;
	}
	assert_memory_equal(got, bytes, n);
	return t;
}

static void
bytes_are_sent_and_expected(void **state)
{
	static const struct { const char *first, *then; enum live_health after; } turn[] = {
		{ "+PONG\r\n", NULL, HEALTH_UP },
		{ "-LOADING\r\n", NULL, HEALTH_DOWN },
		{ "+PO", "NG", HEALTH_UP },
		{ "+PO", "LO", HEALTH_DOWN },
	};
	struct live_task known;

	(void)state;
	stage.service.health_mode = CHECK_TCP;
	stage.health_send = "PING\\r\\n\\x00";
	stage.health_expect = "+PONG";
	stage_table();
	for (size_t i = 0; i < sizeof turn / sizeof *turn; i++) {
		int t = bytes_of("PING\r\n", 7);
		say(t, turn[i].first);
		if (turn[i].then != NULL)
			say(t, turn[i].then);
		hear_end(t);
		close(t);
		WAIT_UNTIL(health() == turn[i].after);
	}
	live_task_read(stage.live, 0, &known);
	assert_ptr_equal(known.health_cause.why, WHY_UPSTREAM_UNEXPECTED);
}

/* ---- not quite well ---- */

static void
a_task_may_be_degraded(void **state)
{
	(void)state;
	stage.health_method = "HEAD";
	stage.service.health_degraded_status = 429;
	stage_table();
	answer(CHECK("HEAD /health"), STATUS("200"));
	WAIT_UNTIL(health() == HEALTH_UP);
	answer(CHECK("HEAD /health"), STATUS("429"));
	WAIT_UNTIL(health() == HEALTH_DEGRADED);
	answer(CHECK("HEAD /health"), "HTTP/1.1 200 X\r\nMola-Degraded: false\r\nContent-Length: 0\r\n\r\n");
	WAIT_UNTIL(health() == HEALTH_UP);
	answer(CHECK("HEAD /health"), "HTTP/1.1 204 X\r\nmola-degraded: 1\r\n\r\n");
	WAIT_UNTIL(health() == HEALTH_DEGRADED);
	answer(CHECK("HEAD /health"), "HTTP/1.1 500 X\r\nmola-degraded: 1\r\nContent-Length: 0\r\n\r\n");
	WAIT_UNTIL(health() == HEALTH_DOWN);
	answer(CHECK("HEAD /health"), STATUS("429"));
	WAIT_UNTIL(health() == HEALTH_DEGRADED);
}

/* Each cut of a response waits for more, and nothing but the whole says that it serves. */
static void
a_response_of_grpc_in_pieces(void **state)
{
	static const char whole[] = "HTTP/1.1 200 OK\r\nContent-Type: application/grpc\r\nTransfer-Encoding: chunked\r\n\r\n"
	    "3\r\n\0\0\0\r\n4\r\n\0\2\10\1\r\n0\r\ngrpc-message:\r\ngrpc-status: 0\r\n\r\n";
	struct field field[16];
	struct message m = { .limits = { 1024, 16 }, .field = field };

	(void)state;
	for (size_t n = 1; n < sizeof whole; n++) {
		char text[sizeof whole];
		size_t len = n, used;
		bool serving = false;
		enum parse res;

		memcpy(text, whole, n);
		res = check_read_head(&m, text, &len, &used);
		if (res == PARSE_DONE)
			res = check_read_grpc(&m, text + used, len - used, &serving);
		assert_int_equal(res, n < sizeof whole - 1 ? PARSE_MORE : PARSE_DONE);
		assert_int_equal(serving, n == sizeof whole - 1);
	}
}

/* Trailers that go on to nobody stand between others, more than what is passed on may be cut at. */
static void
a_response_of_grpc_with_many_trailers(void **state)
{
	struct field field[16];
	struct message m = { .limits = { 1024, 16 }, .field = field };
	char text[1024] = "HTTP/1.1 200 OK\r\nContent-Type: application/grpc\r\nTransfer-Encoding: chunked\r\n\r\n7\r\n";
	size_t len = strlen(text), used;
	bool serving = false;

	(void)state;
	memcpy(text + len, "\0\0\0\0\2\10\1\r\n0\r\n", 12);
	len += 12;
	for (int i = 0; i < 2 * H1_CUTS_MAX; i++)
		len += (size_t)sprintf(text + len, "Host: h\r\nx-%d: y\r\n", i);
	len += (size_t)sprintf(text + len, "grpc-status: 0\r\n\r\n");
	assert_int_equal(check_read_head(&m, text, &len, &used), PARSE_DONE);
	assert_int_equal(check_read_grpc(&m, text + used, len - used - 2, &serving), PARSE_MORE);
	assert_int_equal(check_read_grpc(&m, text + used, len - used, &serving), PARSE_DONE);
	assert_true(serving);
}

#define HEALTH_TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		HEALTH_TEST(the_request_is_what_the_settings_say),
		HEALTH_TEST(a_status_that_is_wanted_is_the_only_pass),
		HEALTH_TEST(another_port_is_checked),
		HEALTH_TEST(another_port_of_a_tcp_task_is_checked),
		HEALTH_TEST(a_pass_ends_an_ejection_by_rule),
		HEALTH_TEST(while_it_is_unhealthy_a_task_has_an_interval_of_its_own),
		HEALTH_TEST(a_redirect_is_followed_on_the_task),
		HEALTH_TEST(other_redirects_count_as_they_are),
		HEALTH_TEST(redirects_end),
		cmocka_unit_test(what_is_the_same_server_is_worked_out),
		HEALTH_TEST(a_call_of_grpc_is_a_pass_when_it_says_serving),
		HEALTH_TEST(a_call_of_grpc_names_its_service),
		HEALTH_TEST(bytes_are_sent_and_expected),
		HEALTH_TEST(a_task_may_be_degraded),
		cmocka_unit_test(a_response_of_grpc_in_pieces),
		cmocka_unit_test(a_response_of_grpc_with_many_trailers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
