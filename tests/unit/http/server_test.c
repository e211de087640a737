#include "http/request.c"
#include "http/response.c"

#include "../until.h"

/* What a test's server does with a request is up to its path; see answer(). */
struct site {
	struct loop	*loop;
	struct server	*server;
	struct addr	 at;
	int		 tag;
	int		 asked, gone;
	struct request	*held[8];		/* requests that wait for their answers */
	int		 nheld;
	struct request	*streaming;
	char		 path[256], body[256], query[64];
	void		*tag_seen;
	struct addr	 peer;
};

static void
on_gone(void *arg, struct request *x)
{
	struct site *s = arg;

	assert_ptr_equal(x, s->streaming);
	s->streaming = NULL;
	s->gone++;
}

static void
answer_big(struct request *x, size_t len)
{
	char *big = must_alloc(len);

	memset(big, 'b', len);
	request_reply(x, 200, "text/plain", (struct str){ big, len }, NULL);
	free(big);
}

static void
answer(void *arg, struct request *x)
{
	struct site *s = arg;

	s->asked++;
	str_copy(s->path, sizeof s->path, request_path(x));
	str_copy(s->body, sizeof s->body, request_body(x));
	s->query[0] = '\0';
	request_query(x, "q", s->query, sizeof s->query);
	s->tag_seen = request_tag(x);
	s->peer = *request_peer(x);
	if (strcmp(s->path, "/hold") == 0)
		s->held[s->nheld++] = x;
	else if (strcmp(s->path, "/stream") == 0) {
		s->streaming = x;
		request_stream(x, "text/plain", NULL, on_gone, s);
	} else if (strcmp(s->path, "/big") == 0)
		answer_big(x, 8u << 20);
	else if (strcmp(s->path, "/too-big") == 0)
		answer_big(x, RESPONSE_MAX + 1);
	else if (strcmp(s->path, "/nothing") == 0)
		request_reply(x, 204, NULL, STR(""), NULL);
	else if (strcmp(s->path, "/end") == 0) {
		server_free(&s->server);
		request_reply(x, 200, "text/plain", STR("never seen"), NULL);
	} else
		request_reply(x, 200, "text/plain", STR("fine"), "X-More: yes\r\n");
}

static struct site *
site_new(const struct server_conf *conf)
{
	struct site *s = must_zalloc(sizeof *s);

	s->loop = loop_new();
	s->server = server_new(s->loop, conf, answer, s);
	server_listen(s->server, listen_anywhere(&s->at), &s->tag);
	return s;
}

static void
site_free(struct site *s)
{
	server_free(&s->server);
	for (int i = 0; i < s->nheld; i++)
		if (s->held[i] != NULL)
			request_reply(s->held[i], 200, NULL, STR(""), NULL);
	loop_free(&s->loop);
	free(s);
}

/* Listens until `end` has been said as the last thing, or, with NULL, until the server has closed. */
static const char *
hear_until(struct site *s, int fd, const char *end)
{
	static char text[65536];
	int64_t until = clock_mono_usec() + UNTIL_USEC;
	int r = 1;

	text[0] = '\0';
	while (r > 0) {
		size_t have = strlen(text), want = end == NULL ? 0 : strlen(end);
		if (end != NULL && have >= want && strcmp(text + have - want, end) == 0)
			return text;
		if (clock_mono_usec() > until)
			fail_msg("in vain: %s", text);
		loop_turn(s->loop, 5 * USEC_PER_MSEC);
		r = hear(fd, text, sizeof text);
	}
	if (end != NULL)
		fail_msg("closed after: %s", text);
	return text;
}

static const char *
ask(struct site *s, int fd, const char *request, const char *end)
{
	say(fd, request, strlen(request));
	return hear_until(s, fd, end);
}

static const char fine[] = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nX-More: yes\r\nContent-Length: 4\r\n\r\nfine";

#define SAY(fd, literal) say((fd), (literal), sizeof(literal) - 1)
#define GET(path) "GET " path " HTTP/1.1\r\nHost: a\r\n\r\n"

static void
requests_are_answered_on_one_connection(void **state)
{
	struct site *s = site_new(NULL);
	int fd = dial(&s->at);

	(void)state;
	assert_string_equal(ask(s, fd, GET("/a?p=1&q=x%20y"), "fine"), fine);
	assert_string_equal(s->path, "/a");
	assert_string_equal(s->query, "x y");
	assert_ptr_equal(s->tag_seen, &s->tag);
	assert_int_equal(s->peer.sa.v4.sin_addr.s_addr, htonl(INADDR_LOOPBACK));
	assert_string_equal(ask(s, fd, GET("/b"), "fine"), fine);
	assert_int_equal(s->asked, 2);
	close(fd);
	UNTIL(s->loop, s->server->sessions.count == 0);
	site_free(s);
}

static void
pipelined_requests_are_answered_in_order(void **state)
{
	struct site *s = site_new(NULL);
	int fd = dial(&s->at);
	char many[100 * sizeof GET("/x")] = "";

	(void)state;
	SAY(fd, GET("/hold") GET("/after"));
	UNTIL(s->loop, s->nheld == 1);
	for (int i = 0; i < 3; i++)
		loop_turn(s->loop, 0);
	assert_int_equal(s->asked, 1);		/* one at a time */
	request_reply(s->held[0], 200, NULL, STR("first"), NULL);
	s->held[0] = NULL;
	assert_non_null(strstr(hear_until(s, fd, "fine"), "first"));
	for (int i = 0; i < 100; i++)
		strcat(many, GET("/x"));
	say(fd, many, strlen(many));
	UNTIL(s->loop, s->asked == 102);
	close(fd);
	site_free(s);
}

static void
bodies_come_whole(void **state)
{
	struct site *s = site_new(NULL);
	int fd = dial(&s->at);

	(void)state;
	ask(s, fd, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello", "fine");
	assert_string_equal(s->body, "hello");
	ask(s, fd, "POST /?q=9 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
	    "5;x=y\r\nhello\r\n1\r\n \r\n00005\r\nworld\r\n0\r\nT: u\r\n\r\n", "fine");
	assert_string_equal(s->body, "hello world");
	assert_string_equal(s->query, "9");
	ask(s, fd, GET("/"), "fine");
	assert_string_equal(s->body, "");
	close(fd);
	site_free(s);
}

/* The page grows while the body comes in, and the head moves with it; what follows the body is the next request. */
static void
a_large_body_leaves_the_head_readable(void **state)
{
	static char text[50000];
	struct site *s = site_new(NULL);
	int fd = dial(&s->at);

	(void)state;
	memset(text, 'b', sizeof text);
	SAY(fd, "POST /large?q=9 HTTP/1.1\r\nHost: a\r\nContent-Length: 50000\r\n\r\n");
	say(fd, text, sizeof text - 1);
	assert_int_equal(s->asked, 0);
	assert_string_equal(ask(s, fd, "bGET /ho", "fine"), fine);
	assert_string_equal(s->path, "/large");
	assert_string_equal(s->query, "9");
	assert_int_equal(strspn(s->body, "b"), sizeof s->body - 1);
	SAY(fd, "ld HTTP/1.1\r\nHost: a\r\n\r\n");
	UNTIL(s->loop, s->nheld == 1);
	close(fd);
	site_free(s);
}

static struct request *
first_reading(struct site *s)
{
	return (struct request *)TAILQ_FIRST(&s->server->sessions.reading);
}

static void
a_request_may_come_byte_by_byte(void **state)
{
	static const char text[] = "POST /slow HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n";
	struct site *s = site_new(NULL);
	int fd = dial(&s->at);

	(void)state;
	for (size_t i = 0; i < sizeof text - 1; i++) {
		size_t have = i + 1;
		say(fd, text + i, 1);
		UNTIL(s->loop, s->asked || (first_reading(s) != NULL
		    && stream_bytes_in(request_client(first_reading(s))) >= have));
	}
	UNTIL(s->loop, s->asked == 1);
	assert_string_equal(s->path, "/slow");
	assert_string_equal(s->body, "hello");
	close(fd);
	site_free(s);
}

static void
a_client_that_waits_for_100_gets_it(void **state)
{
	struct site *s = site_new(NULL);
	int fd = dial(&s->at);

	(void)state;
	ask(s, fd, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n", "HTTP/1.1 100 Continue\r\n\r\n");
	assert_int_equal(s->asked, 0);
	assert_string_equal(ask(s, fd, "hello", "fine"), fine);
	assert_string_equal(s->body, "hello");
	close(fd);
	site_free(s);
}

static void
heads_without_bodies(void **state)
{
	struct site *s = site_new(NULL);
	int fd = dial(&s->at);

	(void)state;
	assert_non_null(strstr(ask(s, fd, "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n", "\r\n\r\n"), "Content-Length: 4\r\n\r\n"));
	assert_string_equal(ask(s, fd, GET("/nothing"), "\r\n\r\n"), "HTTP/1.1 204 No Content\r\n\r\n");
	assert_string_equal(ask(s, fd, GET("/"), "fine"), fine);
	close(fd);
	site_free(s);
}

static void
connections_end_when_asked_to(void **state)
{
	struct site *s = site_new(NULL);
	int fd = dial(&s->at);

	(void)state;
	assert_non_null(strstr(ask(s, fd, "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", NULL), "Connection: close"));
	close(fd);
	fd = dial(&s->at);
	assert_non_null(strstr(ask(s, fd, "GET / HTTP/1.0\r\n\r\n", NULL), "fine"));
	close(fd);
	fd = dial(&s->at);
	assert_non_null(strstr(ask(s, fd, "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", "fine"), "Connection: keep-alive"));
	close(fd);
	UNTIL(s->loop, s->server->sessions.count == 0);
	site_free(s);
}

static void
a_client_may_stop_talking_and_still_listen(void **state)
{
	struct site *s = site_new(NULL);
	int fd = dial(&s->at);

	(void)state;
	SAY(fd, GET("/hold"));
	UNTIL(s->loop, s->nheld == 1);
	shutdown(fd, SHUT_WR);
	loop_turn(s->loop, 0);
	request_reply(s->held[0], 200, NULL, STR("still"), NULL);
	s->held[0] = NULL;
	assert_non_null(strstr(hear_until(s, fd, NULL), "still"));
	close(fd);
	site_free(s);
}

static void
nonsense_is_refused_with_a_reason(void **state)
{
	static const struct { const char *request, *status, *reason; } bad[] = {
		{ "GET / HTTP/1.1\r\n\r\n", "HTTP/1.1 400 ", "{\"error\":\"the Host field" },
		{ "nonsense\r\n\r\n", "HTTP/1.1 400 ", "{\"error\":\"the request line" },
		{ "GET / HTTP/2.0\r\n\r\n", "HTTP/1.1 505 ", "{\"error\":\"the HTTP version" },
		{ "CONNECT a:1 HTTP/1.1\r\n\r\n", "HTTP/1.1 501 ", "{\"error\":\"the method" },
		{ "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 65537\r\n\r\n", "HTTP/1.1 413 ", "{\"error\":\"the request body" },
		{ "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n", "HTTP/1.1 400 ", "{\"error\":\"the chunked" },
		{ "HEAD / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "HTTP/1.1 400 ", "{\"error\":\"the Host field" },
	};
	struct site *s = site_new(NULL);

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		int fd = dial(&s->at);
		const char *said = ask(s, fd, bad[i].request, NULL);
		assert_true(str_starts(str_of(said), str_of(bad[i].status)));
		assert_non_null(strstr(said, bad[i].reason));
		assert_non_null(strstr(said, "Connection: close\r\n"));
		assert_non_null(strstr(said, "Content-Type: application/json\r\n"));
		close(fd);
	}
	assert_int_equal(s->asked, 0);
	UNTIL(s->loop, s->server->sessions.count == 0);
	site_free(s);
}

static void
endless_heads_and_bodies_are_cut(void **state)
{
	static char filler[REQUEST_HEAD_MAX];
	struct site *s = site_new(NULL);
	int fd = dial(&s->at);

	(void)state;
	memset(filler, 'x', sizeof filler);
	SAY(fd, "GET / HTTP/1.1\r\nHost: a\r\nX: ");
	say(fd, filler, sizeof filler);
	assert_non_null(strstr(hear_until(s, fd, NULL), "HTTP/1.1 431 "));
	close(fd);

	fd = dial(&s->at);
	SAY(fd, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n100000\r\n");
	for (int i = 0; i < 6; i++) {
		say(fd, filler, sizeof filler);
		loop_turn(s->loop, 0);
	}
	assert_non_null(strstr(hear_until(s, fd, NULL), "HTTP/1.1 413 "));
	close(fd);
	assert_int_equal(s->asked, 0);
	site_free(s);
}

static void
an_answer_too_large_is_an_error(void **state)
{
	struct site *s = site_new(NULL);
	int fd = dial(&s->at);

	(void)state;
	assert_non_null(strstr(ask(s, fd, GET("/too-big"), "}\n"), "HTTP/1.1 500 "));
	close(fd);
	site_free(s);
}

static void
a_client_that_vanishes_before_its_answer(void **state)
{
	struct linger reset = { .l_onoff = 1, .l_linger = 0 };
	struct site *s = site_new(NULL);
	int fd = dial(&s->at);

	(void)state;
	SAY(fd, GET("/hold"));
	UNTIL(s->loop, s->nheld == 1);
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
	close(fd);
	UNTIL(s->loop, !stream_is_open(request_client(s->held[0])));
	assert_string_equal(s->path, "/hold");
	assert_true(str_eq(request_path(s->held[0]), STR("/hold")));
	request_reply(s->held[0], 200, NULL, STR("too late"), NULL);
	s->held[0] = NULL;
	assert_int_equal(s->server->sessions.count, 0);
	loop_turn(s->loop, 0);
	site_free(s);
}

static void
a_stream_to_a_client_that_vanished_before_it(void **state)
{
	struct linger reset = { .l_onoff = 1, .l_linger = 0 };
	struct site *s = site_new(NULL);
	int fd = dial(&s->at);

	(void)state;
	SAY(fd, GET("/hold"));
	UNTIL(s->loop, s->nheld == 1);
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
	close(fd);
	UNTIL(s->loop, !stream_is_open(request_client(s->held[0])));
	s->streaming = s->held[0];
	s->held[0] = NULL;
	request_stream(s->streaming, "text/plain", NULL, on_gone, s);
	request_write(s->streaming, STR("nobody listens"));
	assert_int_equal(s->gone, 0);		/* told later, not from within */
	UNTIL(s->loop, s->gone == 1);
	assert_int_equal(s->server->sessions.count, 0);
	site_free(s);
}

static void
answers_given_later_from_outside(void **state)
{
	struct site *s = site_new(NULL);
	int a = dial(&s->at), b = dial(&s->at);

	(void)state;
	SAY(a, GET("/hold"));
	UNTIL(s->loop, s->nheld == 1);
	SAY(b, GET("/hold"));
	UNTIL(s->loop, s->nheld == 2);
	request_reply(s->held[1], 200, NULL, STR("for b"), NULL);
	request_reply(s->held[0], 200, NULL, STR("for a"), NULL);
	s->nheld = 0;
	hear_until(s, a, "for a");
	hear_until(s, b, "for b");
	close(a);
	close(b);
	site_free(s);
}

static void
streams_are_chunked_and_end(void **state)
{
	struct site *s = site_new(NULL);
	int fd = dial(&s->at);

	(void)state;
	SAY(fd, GET("/stream"));
	UNTIL(s->loop, s->streaming != NULL);
	request_write(s->streaming, STR("one\n"));
	request_write(s->streaming, STR(""));
	hear_until(s, fd, "Transfer-Encoding: chunked\r\n\r\n4\r\none\n\r\n");
	request_write(s->streaming, STR("0123456789abcdef"));
	assert_string_equal(hear_until(s, fd, "\r\n"), "10\r\n0123456789abcdef\r\n");
	request_end(s->streaming);
	s->streaming = NULL;
	assert_string_equal(hear_until(s, fd, "0\r\n\r\n"), "0\r\n\r\n");
	assert_string_equal(ask(s, fd, GET("/"), "fine"), fine);	/* the connection lives on */
	assert_int_equal(s->gone, 0);
	close(fd);
	site_free(s);
}

/* Pieces and shared texts arrive in the order in which they were written, however slowly they are read. */
static void
streams_of_shared_texts(void **state)
{
	struct site *s = site_new(NULL);
	int fd = dial(&s->at);
	static char all[3 << 20];
	struct shared *text;
	struct buf b;
	size_t at;

	(void)state;
	SAY(fd, GET("/stream"));
	UNTIL(s->loop, s->streaming != NULL);
	hear_until(s, fd, "chunked\r\n\r\n");
	buf_init(&b, 1 << 20);
	for (unsigned i = 0; i < 1 << 17; i++)
		buf_adds(&b, STR("abcdefgh"));
	text = shared_new(&b);
	assert_int_equal(shared_text(text).len, 1 << 20);
	request_write(s->streaming, STR("one"));
	request_write_shared(s->streaming, text);
	request_write(s->streaming, STR("two"));
	request_write_shared(s->streaming, text);
	shared_unref(&text);
	request_end(s->streaming);
	s->streaming = NULL;
	all[0] = '\0';
	for (int64_t until = clock_mono_usec() + UNTIL_USEC; at = strlen(all), at < 7 || strcmp(all + at - 7, "\r\n0\r\n\r\n") != 0; ) {
		assert_true(clock_mono_usec() < until);
		loop_turn(s->loop, USEC_PER_MSEC);
		assert_true(hear(fd, all, sizeof all) > 0);
	}
	assert_int_equal(at, 2 * (3 + 5) + 2 * ((1 << 20) + 10) + 5);
	assert_memory_equal(all, "3\r\none\r\n100000\r\nabcdefghabcd", 28);
	assert_memory_equal(all + 8 + 8 + (1 << 20), "\r\n3\r\ntwo\r\n100000\r\nabcd", 22);
	assert_string_equal(ask(s, fd, GET("/"), "fine"), fine);
	close(fd);
	site_free(s);
}

/* What waits of shared texts is the owner's to bound: only its own pieces end a stream. */
static void
a_backlog_is_counted(void **state)
{
	struct site *s = site_new(&(struct server_conf){ .stall_usec = 60 * USEC_PER_SEC });
	int fd = dial(&s->at), little = 16384;
	struct shared *text;
	uint64_t written;
	struct buf b;

	(void)state;
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &little, sizeof little);
	SAY(fd, GET("/stream"));
	UNTIL(s->loop, s->streaming != NULL);
	assert_int_equal(request_backlog(s->streaming), 0);
	buf_init(&b, 16 << 20);
	for (unsigned i = 0; i < 1 << 21; i++)
		buf_adds(&b, STR("abcdefgh"));
	text = shared_new(&b);
	request_write_shared(s->streaming, text);
	written = request_written(s->streaming);
	for (unsigned i = 0; i < 100; i++)
		loop_turn(s->loop, 0);
	assert_true(request_written(s->streaming) >= written);
	assert_true(request_backlog(s->streaming) > 1 << 20);
	assert_int_equal(s->gone, 0);
	for (unsigned i = 0; i < 1 << 18; i++)
		request_write(s->streaming, STR("abcdefgh"));
	UNTIL(s->loop, s->gone == 1);
	shared_unref(&text);
	close(fd);
	site_free(s);
}

static void
streams_to_old_clients_end_with_the_connection(void **state)
{
	struct site *s = site_new(NULL);
	int fd = dial(&s->at);
	const char *said;

	(void)state;
	SAY(fd, "GET /stream HTTP/1.0\r\n\r\n");
	UNTIL(s->loop, s->streaming != NULL);
	request_write(s->streaming, STR("one\n"));
	request_end(s->streaming);
	said = hear_until(s, fd, NULL);
	assert_non_null(strstr(said, "\r\n\r\none\n"));
	assert_null(strstr(said, "chunked"));
	close(fd);
	site_free(s);
}

static void
a_stream_is_told_once_when_its_client_leaves(void **state)
{
	struct site *s = site_new(NULL);
	int fd = dial(&s->at);

	(void)state;
	SAY(fd, GET("/stream"));
	UNTIL(s->loop, s->streaming != NULL);
	request_write(s->streaming, STR("one\n"));
	close(fd);
	UNTIL(s->loop, s->gone == 1);
	for (int i = 0; i < 5; i++)
		loop_turn(s->loop, 0);
	assert_int_equal(s->gone, 1);
	assert_int_equal(s->server->sessions.count, 0);
	site_free(s);
}

static void
a_stream_that_is_asked_for_its_head_ends(void **state)
{
	struct site *s = site_new(NULL);
	int fd = dial(&s->at);

	(void)state;
	SAY(fd, "HEAD /stream HTTP/1.1\r\nHost: a\r\n\r\n");
	UNTIL(s->loop, s->gone == 1);
	assert_true(str_starts(str_of(hear_until(s, fd, NULL)), STR("HTTP/1.1 200 OK\r\n")));
	close(fd);
	site_free(s);
}

static void
slow_reader_is_dropped(bool turn_spent)
{
	static char piece[65536];
	struct site *s = site_new(NULL);
	int fd = dial(&s->at), small = 4096;
	size_t written = 0;

	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
	SAY(fd, GET("/stream"));
	UNTIL(s->loop, s->streaming != NULL);
	memset(piece, 'p', sizeof piece);
	s->server->turn_usec = loop_now(s->loop);
	s->server->spent_usec = turn_spent ? UNTIL_USEC : 0;
	while (s->streaming->state == AT_STREAM && written < 64u << 20) {
		request_write(s->streaming, (struct str){ piece, sizeof piece });
		written += sizeof piece;
		assert_int_equal(s->gone, 0);
		assert_true(s->streaming->out.len <= 4 * BACKLOG_MAX);
	}
	assert_true(written > BACKLOG_MAX && written < 64u << 20);
	request_write(s->streaming, (struct str){ piece, sizeof piece });	/* does no harm */
	UNTIL(s->loop, s->gone == 1);
	close(fd);
	site_free(s);
}

static void
a_slow_reader_of_a_stream_is_dropped_in_a_later_turn(void **state)
{
	(void)state;
	slow_reader_is_dropped(false);
	slow_reader_is_dropped(true);
}

static void
a_piece_too_large_for_any_client_ends_the_stream(void **state)
{
	size_t len = RESPONSE_MAX + 1;
	char *piece = must_zalloc(len);
	struct site *s = site_new(NULL);
	int fd = dial(&s->at);

	(void)state;
	SAY(fd, GET("/stream"));
	UNTIL(s->loop, s->streaming != NULL);
	request_write(s->streaming, (struct str){ piece, len });
	UNTIL(s->loop, s->gone == 1);
	free(piece);
	close(fd);
	site_free(s);
}

static void
a_stream_that_was_lost_may_still_be_ended(void **state)
{
	struct site *s = site_new(NULL);
	int fd = dial(&s->at);

	(void)state;
	SAY(fd, GET("/stream"));
	UNTIL(s->loop, s->streaming != NULL);
	close(fd);
	UNTIL(s->loop, s->gone || s->streaming->state == AT_GONE);
	if (s->gone == 0) {
		request_end(s->streaming);
		for (int i = 0; i < 5; i++)
			loop_turn(s->loop, 2 * USEC_PER_MSEC);
		assert_int_equal(s->gone, 0);
	}
	assert_int_equal(s->server->sessions.count, 0);
	site_free(s);
}

static void
a_client_that_does_not_read_its_answer_is_dropped(void **state)
{
	struct site *s = site_new(&(struct server_conf){ .stall_usec = 30 * USEC_PER_MSEC });
	int fd = dial(&s->at), small = 4096;

	(void)state;
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
	SAY(fd, GET("/big"));
	UNTIL(s->loop, s->asked == 1);
	UNTIL(s->loop, s->server->sessions.count == 0);
	close(fd);
	site_free(s);
}

static void
a_large_answer_arrives_whole(void **state)
{
	static char some[65536];
	struct site *s = site_new(NULL);
	int fd = dial(&s->at);
	size_t got = 0;
	int64_t until = clock_mono_usec() + UNTIL_USEC;

	(void)state;
	SAY(fd, GET("/big"));
	while (got < 8u << 20) {
		ssize_t n = recv(fd, some, sizeof some, MSG_DONTWAIT);
		assert_true(n != 0 && clock_mono_usec() < until);
		if (n > 0)
			got += (size_t)n;
		else
			loop_turn(s->loop, 5 * USEC_PER_MSEC);
	}
	UNTIL(s->loop, !TAILQ_EMPTY(&s->server->sessions.idle));
	while (recv(fd, some, sizeof some, MSG_DONTWAIT) > 0)
		;				/* the head's length more */
	assert_string_equal(ask(s, fd, GET("/"), "fine"), fine);
	assert_true(((struct request *)TAILQ_FIRST(&s->server->sessions.idle))->out.cap <= KEEP_BYTES);	/* large buffers are given back */
	close(fd);
	site_free(s);
}

static void
silence_ends_connections(void **state)
{
	struct site *s = site_new(&(struct server_conf){ .idle_usec = 30 * USEC_PER_MSEC });
	int silent = dial(&s->at), half = dial(&s->at), body = dial(&s->at);

	(void)state;
	SAY(half, "GET / HTTP/1.1\r\nHo");
	SAY(body, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhe");
	assert_string_equal(hear_until(s, silent, NULL), "");
	assert_non_null(strstr(hear_until(s, half, NULL), "HTTP/1.1 408 "));
	assert_non_null(strstr(hear_until(s, body, NULL), "HTTP/1.1 408 "));
	close(half);
	close(body);
	close(silent);
	UNTIL(s->loop, s->server->sessions.count == 0);
	assert_int_equal(s->asked, 0);
	site_free(s);
}

static void
dripping_bytes_do_not_win_time(void **state)
{
	struct site *s = site_new(&(struct server_conf){ .idle_usec = 100 * USEC_PER_MSEC });
	int fd = dial(&s->at), drops = 0;
	int64_t now, next = 0, until = clock_mono_usec() + UNTIL_USEC;
	char heard[1024] = "";

	(void)state;
	SAY(fd, "GET / HTTP/1.1\r\nHost: a\r\nX: ");
	while (hear(fd, heard, sizeof heard) > 0 && heard[0] == '\0') {
		assert_true((now = clock_mono_usec()) < until);
		if (now >= next && send(fd, "x", 1, MSG_NOSIGNAL) == 1) {	/* by the clock: turns end early, and a head has a limit */
			drops++;
			next = now + 5 * USEC_PER_MSEC;
		}
		loop_turn(s->loop, 5 * USEC_PER_MSEC);
	}
	assert_true(drops > 0);
	assert_non_null(strstr(heard, "HTTP/1.1 408 "));
	close(fd);
	site_free(s);
}

static void
the_oldest_idle_connection_makes_room(void **state)
{
	struct site *s = site_new(&(struct server_conf){ .connections_max = 2 });
	int busy, idle, late;

	(void)state;
	busy = dial(&s->at);
	SAY(busy, GET("/hold"));
	UNTIL(s->loop, s->nheld == 1);
	idle = dial(&s->at);
	assert_string_equal(ask(s, idle, GET("/"), "fine"), fine);
	late = dial(&s->at);
	assert_string_equal(ask(s, late, GET("/"), "fine"), fine);
	assert_string_equal(hear_until(s, idle, NULL), "");
	assert_int_equal(s->server->sessions.count, 2);
	request_reply(s->held[0], 200, NULL, STR("spared"), NULL);
	s->held[0] = NULL;
	hear_until(s, busy, "spared");
	close(busy);
	close(idle);
	close(late);
	site_free(s);
}

static void
a_newcomer_is_turned_away_when_all_are_at_work(void **state)
{
	struct site *s = site_new(&(struct server_conf){ .connections_max = 1 });
	int busy = dial(&s->at), late;

	(void)state;
	SAY(busy, GET("/hold"));
	UNTIL(s->loop, s->nheld == 1);
	late = dial(&s->at);
	assert_string_equal(hear_until(s, late, NULL), "");
	request_reply(s->held[0], 200, NULL, STR("done"), NULL);
	s->held[0] = NULL;
	hear_until(s, busy, "done");
	close(busy);
	close(late);
	site_free(s);
}

static void
the_server_ends_with_everything_under_way(void **state)
{
	struct site *s = site_new(NULL);
	int idle = dial(&s->at), held = dial(&s->at), stream = dial(&s->at);

	(void)state;
	ask(s, idle, GET("/"), "fine");
	SAY(held, GET("/hold"));
	SAY(stream, GET("/stream"));
	UNTIL(s->loop, s->nheld == 1 && s->streaming != NULL);
	server_free(&s->server);
	assert_int_equal(s->gone, 1);
	loop_turn(s->loop, 0);
	assert_true(str_eq(request_path(s->held[0]), STR("/hold")));
	hear_until(s, idle, NULL);
	close(idle);
	close(held);
	close(stream);
	site_free(s);
}

static void
the_server_may_end_from_within_an_answer(void **state)
{
	struct site *s = site_new(NULL);
	int fd = dial(&s->at);

	(void)state;
	SAY(fd, GET("/end"));
	UNTIL(s->loop, s->asked == 1);
	assert_null(s->server);
	close(fd);
	site_free(s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(requests_are_answered_on_one_connection),
		cmocka_unit_test(pipelined_requests_are_answered_in_order),
		cmocka_unit_test(bodies_come_whole),
		cmocka_unit_test(a_large_body_leaves_the_head_readable),
		cmocka_unit_test(a_request_may_come_byte_by_byte),
		cmocka_unit_test(a_client_that_waits_for_100_gets_it),
		cmocka_unit_test(heads_without_bodies),
		cmocka_unit_test(connections_end_when_asked_to),
		cmocka_unit_test(a_client_may_stop_talking_and_still_listen),
		cmocka_unit_test(nonsense_is_refused_with_a_reason),
		cmocka_unit_test(endless_heads_and_bodies_are_cut),
		cmocka_unit_test(an_answer_too_large_is_an_error),
		cmocka_unit_test(a_client_that_vanishes_before_its_answer),
		cmocka_unit_test(a_stream_to_a_client_that_vanished_before_it),
		cmocka_unit_test(answers_given_later_from_outside),
		cmocka_unit_test(streams_are_chunked_and_end),
		cmocka_unit_test(streams_of_shared_texts),
		cmocka_unit_test(a_backlog_is_counted),
		cmocka_unit_test(streams_to_old_clients_end_with_the_connection),
		cmocka_unit_test(a_stream_is_told_once_when_its_client_leaves),
		cmocka_unit_test(a_stream_that_is_asked_for_its_head_ends),
		cmocka_unit_test(a_slow_reader_of_a_stream_is_dropped_in_a_later_turn),
		cmocka_unit_test(a_piece_too_large_for_any_client_ends_the_stream),
		cmocka_unit_test(a_stream_that_was_lost_may_still_be_ended),
		cmocka_unit_test(a_client_that_does_not_read_its_answer_is_dropped),
		cmocka_unit_test(a_large_answer_arrives_whole),
		cmocka_unit_test(silence_ends_connections),
		cmocka_unit_test(dripping_bytes_do_not_win_time),
		cmocka_unit_test(the_oldest_idle_connection_makes_room),
		cmocka_unit_test(a_newcomer_is_turned_away_when_all_are_at_work),
		cmocka_unit_test(the_server_ends_with_everything_under_way),
		cmocka_unit_test(the_server_may_end_from_within_an_answer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
