/* Bodies on their way through middlewares: compressed as they come, refused where they are too large, replaced by a page. */
#include "stage.h"

#include "../../decode.h"
#include "http/h1_body.h"

#define LARGE	2000000

static struct arena *arena;
static char wire[LARGE * 2], body[LARGE * 2], text[LARGE];

static void
open_tasks(int tasks, const char *kind, const char *path, const char *value)
{
	const struct filter_setting s = { str_of(path), str_of(value) };
	enum filter_kind k;

	assert_true(filter_kind_parse(str_of(kind), &k));
	arena = arena_new();
	stage_open(tasks);
	stage.chain = filter_chain_add(arena, "", STR("m"), k, &s, 1);
	assert_non_null(stage.chain);
	stage_table();
}

static void
open_with(const char *kind, const char *path, const char *value)
{
	open_tasks(1, kind, path, value);
}

static void
close_with(int c, int t)
{
	close(c);
	close(t);
	stage_close();
	arena_free(&arena);
}

/* The task that is called, when it has the head of the request. */
static int
asked(void)
{
	int t = answer_call(0);
	char got[1000] = "";

	for (size_t at = 0; strstr(got, "\r\n\r\n") == NULL; at++) {
		ssize_t n;
		assert_true(at < sizeof got - 1);
		WAIT_UNTIL((n = recv(t, got + at, 1, 0)) > 0);
	}
	return t;
}

static void
ask(int c, const char *version, const char *accepts)
{
	char line[300];

	snprintf(line, sizeof line, "GET / HTTP/%s\r\nHost: a.example\r\nAccept-Encoding: %s\r\n\r\n", version, accepts);
	say(c, line);
}

/* What has come in chunks so far, decoded, until it is `want` bytes or the body has ended. */
struct reader {
	struct decoder	 decoder;
	struct h1_body	 framing;
	bool		 chunked, over;
	size_t		 got, have;	/* decoded; of `wire`, not read yet */
};

static void
reader_read(struct reader *r, int c, size_t want)
{
	while (r->got < want && !r->over) {
		ssize_t n;
		size_t used = 0, data = 0;
		WAIT_UNTIL((n = recv(c, wire + r->have, sizeof wire - r->have, 0)) >= 0 || errno != EAGAIN);
		assert_true(n >= 0);
		r->over = n == 0;
		r->have += (size_t)n;
		if (!r->chunked)
			used = data = r->have;
		else if (r->have > 0) {
			assert_int_not_equal(h1_body_bare(&r->framing, wire, r->have, &used, &data), PARSE_BAD);
			r->over = r->framing.done;
		}
		r->got += decoder_run(&r->decoder, wire, data, body + r->got, sizeof body - r->got);
		r->have -= used;
		memmove(wire, wire + used, r->have);
	}
}

static void
reader_begin(struct reader *r, enum encoding e, bool chunked)
{
	*r = (struct reader){ .chunked = chunked };
	decoder_init(&r->decoder, e);
	h1_body_init(&r->framing, BODY_CHUNKED, 0);
}

#define HEAD(fields) "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n" fields "\r\n"

/* What a task has sent is there for the client, whatever comes after it and when. */
static void
events_do_not_wait(void **state)
{
	(void)state;
	for (enum encoding e = ENCODING_GZIP; e <= ENCODING_ZSTD; e++) {
		char head[300];
		struct reader r;
		int c, t;
		open_with("compress", "minResponseBodyBytes", "1");
		c = dial();
		ask(c, "1.1", encoding_name(e));
		t = asked();
		say(t, HEAD("Transfer-Encoding: chunked\r\n"));
		snprintf(head, sizeof head, HEAD("Vary: Accept-Encoding\r\nContent-Encoding: %s\r\nTransfer-Encoding: chunked\r\n"),
		    encoding_name(e));
		hear(c, head);
		reader_begin(&r, e, true);
		for (size_t at = 0; at < 100; at += 10) {
			say(t, "a\r\nevent 678\n\r\n");
			reader_read(&r, c, at + 10);
			assert_int_equal(r.got, at + 10);
			assert_memory_equal(body + at, "event 678\n", 10);
		}
		assert_false(r.over);
		say_slowly(t, "0\r\nX-Digest: 1\r\n\r\n");
		reader_read(&r, c, 1000);
		assert_true(r.over && r.decoder.ended && r.got == 100);
		/* the connections go on */
		ask(c, "1.1", "identity");
		hear(t, "GET / HTTP/1.1\r\n");
		say(t, OK(2, "ok"));
		hear(c, OK(2, "ok"));
		decoder_fini(&r.decoder);
		close_with(c, t);
	}
}

/* A body of known length, and one that ends with its connection; for a client that knows no chunks, too. */
static void
a_large_body_arrives_whole(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof text; i++)
		text[i] = (char)(i % 7 < 5 ? 'a' + i % 5 : (i * 2654435761u) >> 24);
	for (int way = 0; way < 4; way++) {
		bool old = way & 1, until_close = way & 2;
		char head[300];
		struct reader r;
		int c, t;
		open_with("compress", "encodings", "zstd");
		c = dial();
		ask(c, old ? "1.0" : "1.1", "zstd");
		t = asked();
		snprintf(head, sizeof head, until_close ? HEAD("") : HEAD("Content-Length: %d\r\n"), LARGE);
		say(t, head);
		hear(c, "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nVary: Accept-Encoding\r\nContent-Encoding: zstd\r\n");
		if (!old)
			hear(c, "Transfer-Encoding: chunked\r\n");
		hear(c, old || until_close ? "Connection: close\r\n\r\n" : "\r\n");
		reader_begin(&r, ENCODING_ZSTD, !old);
		say_bytes(t, text, LARGE);
		if (until_close)
			close(t);
		reader_read(&r, c, SIZE_MAX);
		assert_int_equal(r.got, LARGE);
		assert_true(r.decoder.ended);
		assert_memory_equal(body, text, LARGE);
		decoder_fini(&r.decoder);
		close_with(c, until_close ? -1 : t);
	}
}

/* A client that does not read: no more is taken from the task than fits on the way. */
static void
who_does_not_read_slows_the_task(void **state)
{
	size_t sent = 0;
	struct reader r;
	int c, t;

	(void)state;
	for (size_t i = 0; i < sizeof text; i++)
		text[i] = (char)(rand() >> 7);
	open_with("compress", "encodings", "gzip");
	c = dial();
	ask(c, "1.1", "gzip");
	t = asked();
	say(t, "HTTP/1.1 200 OK\r\n\r\n");
	for (int still = 0; still < 300; stage_turn()) {
		ssize_t n = send(t, text, 100000, MSG_NOSIGNAL);
		still = n > 0 ? 0 : still + 1;
		sent += n > 0 ? (size_t)n : 0;
		assert_true(sent < 100 << 20);
	}
	assert_true(sent > 0);
	hear(c, "HTTP/1.1 200 OK\r\nVary: Accept-Encoding\r\nContent-Encoding: gzip\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n");
	reader_begin(&r, ENCODING_GZIP, true);
	while (r.got < sent - 1) {
		reader_read(&r, c, r.got + 1);
		if (r.got > LARGE) {
			sent -= r.got - 1;
			r.got = 1;
		}
	}
	decoder_fini(&r.decoder);
	close_with(c, t);
}

static void
what_breaks_off_is_broken_for_the_client(void **state)
{
	(void)state;
	for (int old = 0; old < 2; old++) {
		char got[2000];
		ssize_t n;
		int c, t;
		open_with("compress", "encodings", "br");
		c = dial();
		ask(c, old ? "1.0" : "1.1", "br");
		t = asked();
		say(t, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
		WAIT_UNTIL((n = recv(c, got, sizeof got, 0)) > 0);
		close(t);
		WAIT_UNTIL((n = recv(c, got, sizeof got, 0)) > 0 || (n < 0 && errno != EAGAIN) || n == 0);
		while (n > 0)
			WAIT_UNTIL((n = recv(c, got, sizeof got, 0)) >= 0 || errno != EAGAIN);
		assert_int_equal(n, -1);
		assert_int_equal(errno, ECONNRESET);
		assert_int_equal(whys(WHY_UPSTREAM_GONE), 1);
		close_with(c, -1);
	}
}

/* ---- buffering ---- */

#define POST(fields)	"POST / HTTP/1.1\r\nHost: a.example\r\n" fields "\r\n"

static void
requests_that_are_too_large_end(void **state)
{
	char got[4000];
	ssize_t n;
	int c, t;

	(void)state;
	open_with("buffering", "maxRequestBodyBytes", "10");
	c = dial();
	say(c, POST("Content-Length: 11\r\n"));
	hear_why(c, 413, WHY_BODY_TOO_LARGE);
	hear_end(c);
	close(c);
	c = dial();		/* all of it is there at once */
	say(c, POST("Transfer-Encoding: chunked\r\n") "6\r\nabcdef\r\n5\r\nabcde\r\n0\r\n\r\n");
	hear_why(c, 413, WHY_BODY_TOO_LARGE);
	assert_true(nobody_calls(0));
	close(c);
	c = dial();		/* framing does not count */
	say(c, POST("Transfer-Encoding: chunked\r\n") "1\r\na\r\n1\r\nb\r\n1\r\nc\r\n1\r\nd\r\n");
	t = asked();
	say(c, "6\r\nefghij\r\n");
	WAIT_UNTIL((n = recv(t, got, sizeof got, 0)) > 0);
	say(c, "1\r\nk\r\n0\r\n\r\n");
	hear_why(c, 413, WHY_BODY_TOO_LARGE);
	while (n > 0) {		/* the task sees no end of it */
		got[n] = '\0';
		assert_null(strstr(got, "k"));
		WAIT_UNTIL((n = recv(t, got, sizeof got - 1, 0)) >= 0 || errno != EAGAIN);
	}
	assert_int_equal(whys(WHY_BODY_TOO_LARGE), 3);
	close_with(c, t);
}

static void
responses_that_are_too_large_end(void **state)
{
	int c, t;

	(void)state;
	open_with("buffering", "maxResponseBodyBytes", "10");
	c = dial();
	say(c, GET("/"));
	t = asked();
	say(t, OK(10, "abcdefghij"));
	hear(c, OK(10, "abcdefghij"));
	say(c, GET("/"));
	hear(t, "GET / HTTP/1.1\r\n");
	say(t, OK(11, "abc"));
	hear_why(c, 500, WHY_RESPONSE_TOO_LARGE);
	close(t);
	say(c, GET("/"));
	t = asked();
	say(t, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
	hear(c, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
	say(t, "8\r\nabcdefgh\r\n0\r\n\r\n");
	hear_break(c);
	assert_int_equal(whys(WHY_RESPONSE_TOO_LARGE), 2);
	close_with(c, t);
}

/* It would be too large from any task. */
static void
responses_that_are_too_large_are_not_asked_for_again(void **state)
{
	int c, t = -1, origin;

	(void)state;
	open_tasks(2, "buffering", "maxResponseBodyBytes", "10");
	c = dial();
	say(c, GET("/"));
	WAIT_UNTIL((t = answer_any(&origin)) >= 0);
	hear(t, "GET / HTTP/1.1\r\n");
	say(t, OK(11, "abc"));
	hear_why(c, 500, WHY_RESPONSE_TOO_LARGE);
	assert_true(nobody_calls(1 - origin));
	close_with(c, t);
}

/* ---- errors ---- */

/* Pages are of the same service. */
static void
open_errors(const char *service, int norigins)
{
	const struct filter_setting s[] = { { STR("status"), STR("404,500-599") }, { STR("service"), str_of(service) },
	    { STR("query"), STR("/{status}") } };

	arena = arena_new();
	stage_open(norigins);
	stage.chain = filter_chain_add(arena, "", STR("m"), FILTER_ERRORS, s, 3);
	assert_non_null(stage.chain);
	stage_table();
}

#define PAGE(path)	"GET " path " HTTP/1.1\r\nHost: a.example\r\nX-Real-IP: 127.0.0.1\r\nX-Forwarded-Proto: http\r\n" \
	"X-Forwarded-Host: a.example\r\nX-Forwarded-Port: 80\r\n\r\n"

static void
a_page_takes_the_place_of_a_response(void **state)
{
	int c, t;

	(void)state;
	for (int way = 0; way < 2; way++) {
		open_errors("web", 1);
		if (way == 1) {		/* as discovery names it */
			char name[30];
			struct filter_setting by_port[] = { { STR("status"), STR("404,500") }, { STR("service"), { NULL, 0 } }, { STR("query"), STR("/{status}") } };
			snprintf(name, sizeof name, "web:%u", addr_port(&stage.origin_addr[0]));
			by_port[1].value = str_of(name);
			stage.chain = filter_chain_add(arena, "", STR("m"), FILTER_ERRORS, by_port, 3);
			stage_table();
		}
		c = dial();
		for (int i = 0; i < 2; i++) {
			say(c, POST("Content-Length: 3\r\n") "abc");
			t = asked();
			hear(t, "abc");
			say(t, "HTTP/1.1 404 Not Found\r\nX-Its: own\r\nContent-Length: 3\r\n\r\nnot");
			t = answer_call(0);
			hear(t, PAGE("/404"));
			say(t, "HTTP/1.1 200 OK\r\nX-Page: 1\r\nContent-Length: 4\r\n\r\npage");
			hear(c, "HTTP/1.1 404 Not Found\r\nX-Page: 1\r\nContent-Length: 4\r\n\r\npage");
			close(t);
		}
		assert_int_equal(whys(WHY_COMPLETE), 2);
		say(c, "HEAD / HTTP/1.1\r\nHost: a.example\r\n\r\n");
		t = asked();
		say(t, "HTTP/1.1 500 Oh\r\nContent-Length: 9\r\n\r\n");
		t = answer_call(0);
		hear(t, PAGE("/500"));
		say(t, OK(4, "page"));
		hear(c, "HTTP/1.1 500 Internal Server Error\r\nContent-Length: 4\r\n\r\n");
		hear_end(t);		/* its body has no reader */
		close(t);
		say(c, GET("/"));		/* the client's connection goes on */
		t = asked();
		say(t, OK(2, "ok"));
		hear(c, OK(2, "ok"));
		close_with(c, t);
	}
}

/* A request whose body has not all come, and whose head has given its place to it. */
static void
a_page_for_a_request_that_is_still_coming(void **state)
{
	int c, t;

	(void)state;
	open_errors("web", 1);
	c = dial();
	say(c, POST("Content-Length: 200000\r\n"));
	t = asked();
	say_bytes(c, text, 100000);
	for (size_t at = 0; at < 100000;) {
		ssize_t n;
		WAIT_UNTIL((n = recv(t, wire, sizeof wire, 0)) > 0);
		at += (size_t)n;
	}
	say(t, "HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n");
	t = answer_call(0);
	hear(t, PAGE("/503"));
	say(t, OK(4, "page"));
	hear(c, "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 4\r\nConnection: close\r\n\r\npage");
	hear_end(c);
	close_with(c, t);
}

static void
without_a_page_the_status_stays(void **state)
{
	int c, t;

	(void)state;
	open_errors("web", 1);
	c = dial();
	say(c, GET("/"));
	t = asked();
	say(t, "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
	t = answer_call(0);
	hear(t, PAGE("/404"));
	close(t);
	hear_why(c, 404, WHY_UPSTREAM_GONE);
	close_with(c, -1);
	open_errors("nobody", 1);
	c = dial();
	say(c, GET("/"));
	t = asked();
	say(t, "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
	hear_why(c, 404, WHY_NO_PAGE);
	close_with(c, t);
	open_errors("web", 1);		/* no task responds, nor has it a page */
	close(stage.origin[0]);
	stage.origin[0] = -1;
	c = dial();
	say(c, GET("/"));
	hear_why(c, 502, WHY_CONNECT_REFUSED);
	close(c);
	stage.origin[0] = dial_addr(&stage.front);
	close_with(-1, -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(events_do_not_wait), cmocka_unit_test(a_large_body_arrives_whole),
		cmocka_unit_test(who_does_not_read_slows_the_task), cmocka_unit_test(what_breaks_off_is_broken_for_the_client),
		cmocka_unit_test(requests_that_are_too_large_end), cmocka_unit_test(responses_that_are_too_large_end),
		cmocka_unit_test(responses_that_are_too_large_are_not_asked_for_again),
		cmocka_unit_test(a_page_takes_the_place_of_a_response), cmocka_unit_test(a_page_for_a_request_that_is_still_coming),
		cmocka_unit_test(without_a_page_the_status_stays) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
