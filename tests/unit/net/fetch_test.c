#include "net/fetch.c"

#include "../until.h"
#include "http/server.h"
#include "net/stream.h"

struct site {
	struct loop	*loop;
	struct server	*server;
	struct fetcher	*fetcher;
	struct addr	 at;
	char		 url[128];
	struct request	*streaming, *held;
	int		 asked, gone;
	struct addr	 peers[16];
};

struct heard {
	int		 done;
	const struct why *why;
	long		 status;
	char		 body[256], detail[256];
	char		 pieces[256], wanted[64];
	int		 fields;
	bool		 sent;
	int64_t		 first_byte;
	size_t		 stop_after;		/* bytes of pieces */
	struct fetcher	**free_on_done, **free_on_data;
	struct fetch	*cancel_on_data;
	struct fetcher	*start_on_data;
	struct heard	*other;
	const char	*url;
};

static void
site_gone(void *arg, struct request *x)
{
	struct site *s = arg;

	(void)x;
	s->gone++;
	s->streaming = NULL;
}

static void
site_answer(void *arg, struct request *x)
{
	struct site *s = arg;
	struct str path = request_path(x);
	static char big[100000];

	s->peers[s->asked % 16] = *request_peer(x);
	s->asked++;
	if (str_eq(path, STR("/stream"))) {
		s->streaming = x;
		request_stream(x, "text/plain", NULL, site_gone, s);
	} else if (str_eq(path, STR("/hold")))
		s->held = x;
	else if (str_eq(path, STR("/big"))) {
		memset(big, 'b', sizeof big);
		request_reply(x, 200, "text/plain", (struct str){ big, sizeof big }, NULL);
	} else if (str_eq(path, STR("/away")))
		request_reply(x, 302, "text/plain", STR("elsewhere"), "Location: /ok\r\n");
	else if (str_eq(path, STR("/echo"))) {
		const struct message *head = request_head(x);
		snprintf(big, sizeof big, "%.*s %.*s", STR_ARG(head->method), STR_ARG(request_body(x)));
		request_reply(x, 200, "text/plain", str_of(big), "Api-Version:  1.41 \r\n");
	} else if (str_eq(path, STR("/broken")))
		request_reply(x, 500, "text/plain", STR("oh dear"), NULL);
	else
		request_reply(x, 200, "text/plain", STR("fine"), NULL);
}

static int
setup(void **state)
{
	struct site *s = must_zalloc(sizeof *s);
	char text[ADDR_TEXT_MAX];

	s->loop = loop_new();
	s->server = server_new(s->loop, NULL, site_answer, s);
	server_listen(s->server, listen_anywhere(&s->at), NULL);
	s->fetcher = fetcher_new(s->loop);
	snprintf(s->url, sizeof s->url, "http://%s", addr_text(&s->at, text));
	*state = s;
	return 0;
}

static int
teardown(void **state)
{
	struct site *s = *state;

	fetcher_free(&s->fetcher);
	server_free(&s->server);
	if (s->held != NULL)
		request_reply(s->held, 200, NULL, STR(""), NULL);
	loop_free(&s->loop);
	free(s);
	return 0;
}

static void
on_done(void *arg, const struct fetch_result *r)
{
	struct heard *h = arg;

	h->done++;
	h->why = r->why;
	h->status = r->status;
	h->first_byte = r->first_byte_usec;
	str_copy(h->body, sizeof h->body, r->body);
	str_copy(h->wanted, sizeof h->wanted, r->wanted);
	h->sent = r->sent;
	snprintf(h->detail, sizeof h->detail, "%s", r->detail);
	if (h->free_on_done != NULL)
		fetcher_free(h->free_on_done);
}

static bool
on_piece(void *arg, struct str piece)
{
	struct heard *h = arg;
	size_t have = strlen(h->pieces);

	str_copy(h->pieces + have, sizeof h->pieces - have, piece);
	if (h->free_on_data != NULL)
		fetcher_free(h->free_on_data);
	if (h->start_on_data != NULL) {
		fetch_start(h->start_on_data, &(struct fetch_conf){ .url = h->url }, NULL, on_done, h->other);
		h->start_on_data = NULL;
	}
	if (h->cancel_on_data != NULL) {
		fetch_cancel(h->cancel_on_data);
		h->cancel_on_data = NULL;
	}
	return h->stop_after == 0 || strlen(h->pieces) < h->stop_after;
}

static const char *
url(struct site *s, const char *path)
{
	static char text[256];

	snprintf(text, sizeof text, "%s%s", s->url, path);
	return text;
}

static void
fetch_whole(struct site *s, const char *path, struct heard *h)
{
	*h = (struct heard){ 0 };
	fetch_start(s->fetcher, &(struct fetch_conf){ .url = url(s, path) }, NULL, on_done, h);
	assert_int_equal(h->done, 0);
	UNTIL(s->loop, h->done);
}

static void
a_page_is_fetched(void **state)
{
	struct site *s = *state;
	int64_t before = clock_mono_usec();
	struct heard h;

	fetch_whole(s, "/ok", &h);
	assert_null(h.why);
	assert_int_equal(h.status, 200);
	assert_string_equal(h.body, "fine");
	assert_string_equal(h.detail, "");
	assert_true(h.first_byte >= before && h.first_byte <= clock_mono_usec());
}

static void
connections_are_reused(void **state)
{
	struct site *s = *state;
	struct heard h;

	for (int i = 0; i < 3; i++)
		fetch_whole(s, "/ok", &h);
	assert_true(addr_eq(&s->peers[0], &s->peers[1]));
	assert_true(addr_eq(&s->peers[0], &s->peers[2]));
}

static void
fetch_six(struct site *s)
{
	struct heard h[6];

	memset(h, 0, sizeof h);
	for (int i = 0; i < 6; i++)
		fetch_start(s->fetcher, &(struct fetch_conf){ .url = url(s, "/ok") }, NULL, on_done, &h[i]);
	for (int i = 0; i < 6; i++) {
		UNTIL(s->loop, h[i].done);
		assert_null(h[i].why);
	}
}

static void
many_at_once_keep_their_connections(void **state)
{
	struct site *s = *state;

	fetch_six(s);
	fetch_six(s);
	assert_int_equal(s->asked, 12);
	for (int i = 6; i < 12; i++) {
		bool known = false;
		for (int k = 0; k < 6; k++)
			known |= addr_eq(&s->peers[i], &s->peers[k]);
		assert_true(known);
	}
}

static void
redirects_are_not_followed(void **state)
{
	struct site *s = *state;
	struct heard h;

	fetch_whole(s, "/away", &h);
	assert_ptr_equal(h.why, WHY_METRICS_STATUS);
	assert_int_equal(h.status, 302);
	assert_int_equal(s->asked, 1);
}

static void
an_error_status_is_an_error(void **state)
{
	struct site *s = *state;
	struct heard h;

	fetch_whole(s, "/broken", &h);
	assert_ptr_equal(h.why, WHY_METRICS_STATUS);
	assert_int_equal(h.status, 500);
	assert_string_equal(h.body, "oh dear");
}

static void
on_field(void *arg, struct str name, struct str value)
{
	struct heard *h = arg;

	h->fields++;
	if (str_eq_nocase(name, STR("api-version")))
		str_copy(h->pieces, sizeof h->pieces, value);
}

static void
all_fields_of_the_answer_are_told(void **state)
{
	struct site *s = *state;
	struct heard h = { 0 };

	fetch_start(s->fetcher, &(struct fetch_conf){ .url = url(s, "/echo"), .body = STR("x"), .on_field = on_field },
	    NULL, on_done, &h);
	UNTIL(s->loop, h.done);
	assert_string_equal(h.pieces, "1.41");
	assert_true(h.fields > 1);
	assert_string_equal(h.wanted, "");
}

static void
a_body_is_posted_and_a_field_of_the_answer_is_kept(void **state)
{
	struct site *s = *state;
	struct heard h = { 0 };
	char body[] = "{\"a\":1}";

	fetch_start(s->fetcher, &(struct fetch_conf){ .url = url(s, "/echo"), .body = str_of(body), .wanted = "api-version" }, NULL,
	    on_done, &h);
	memset(body, 'x', sizeof body - 1);	/* it was copied */
	UNTIL(s->loop, h.done);
	assert_null(h.why);
	assert_string_equal(h.body, "POST {\"a\":1}");
	assert_string_equal(h.wanted, "1.41");
	assert_true(h.sent);
	h = (struct heard){ 0 };
	fetch_start(s->fetcher, &(struct fetch_conf){ .url = url(s, "/echo"), .method = "POST" }, NULL, on_done, &h);
	UNTIL(s->loop, h.done);
	assert_string_equal(h.body, "POST ");
	assert_string_equal(h.wanted, "");
}

static void
a_refused_streams_page_can_be_read(void **state)
{
	struct site *s = *state;
	struct heard h = { 0 };

	fetch_start(s->fetcher, &(struct fetch_conf){ .url = url(s, "/broken") }, on_piece, on_done, &h);
	UNTIL(s->loop, h.done);
	assert_string_equal(h.pieces, "");
	assert_string_equal(h.body, "oh dear");
}

static void
proxies_of_the_environment_are_ignored(void **state)
{
	struct site *s = *state;
	struct heard h;

	setenv("http_proxy", "http://127.0.0.1:1", 1);
	setenv("ALL_PROXY", "http://127.0.0.1:1", 1);
	fetch_whole(s, "/ok", &h);
	unsetenv("http_proxy");
	unsetenv("ALL_PROXY");
	assert_null(h.why);
}

static void
nobody_there(void **state)
{
	struct site *s = *state;
	struct heard h;

	server_free(&s->server);
	fetch_whole(s, "/ok", &h);
	assert_ptr_equal(h.why, WHY_METRICS_FETCH);
	assert_int_equal(h.status, 0);
	assert_non_null(strstr(h.detail, "onnect"));
	assert_null(strstr(h.detail, " after "));	/* the same words each time */
	assert_false(h.sent);
	assert_int_equal(h.first_byte, 0);
}

static void
nonsense_for_a_url_fails_later_not_now(void **state)
{
	struct site *s = *state;
	struct heard h = { 0 };

	fetch_start(s->fetcher, &(struct fetch_conf){ .url = "file:///etc/passwd" }, NULL, on_done, &h);
	assert_int_equal(h.done, 0);
	UNTIL(s->loop, h.done);
	assert_ptr_equal(h.why, WHY_METRICS_FETCH);
	assert_string_equal(h.body, "");
}

static void
a_large_body_is_cut(void **state)
{
	struct site *s = *state;
	struct heard h = { 0 };

	fetch_start(s->fetcher, &(struct fetch_conf){ .url = url(s, "/big"), .body_max = 99999 }, NULL, on_done, &h);
	UNTIL(s->loop, h.done);
	assert_ptr_equal(h.why, WHY_METRICS_LARGE);
	h = (struct heard){ 0 };
	fetch_start(s->fetcher, &(struct fetch_conf){ .url = url(s, "/big"), .body_max = 100000 }, NULL, on_done, &h);
	UNTIL(s->loop, h.done);
	assert_null(h.why);
}

static void
a_large_stream_is_cut(void **state)
{
	struct site *s = *state;
	struct heard h = { 0 };

	fetch_start(s->fetcher, &(struct fetch_conf){ .url = url(s, "/stream"), .body_max = 8 }, on_piece, on_done, &h);
	UNTIL(s->loop, s->streaming != NULL);
	request_write(s->streaming, STR("1234567"));
	UNTIL(s->loop, strlen(h.pieces) == 7);
	assert_int_equal(h.done, 0);
	request_write(s->streaming, STR("89"));
	UNTIL(s->loop, h.done);
	assert_ptr_equal(h.why, WHY_METRICS_LARGE);
	assert_true(strncmp(h.pieces, "12345678", strlen(h.pieces)) == 0);	/* some versions of curl fill it up */
}

static void
silence_ends_a_fetch(void **state)
{
	struct site *s = *state;
	struct heard h = { 0 };

	fetch_start(s->fetcher, &(struct fetch_conf){ .url = url(s, "/hold"), .stall_usec = 50000 }, NULL, on_done, &h);
	UNTIL(s->loop, h.done);
	assert_ptr_equal(h.why, WHY_METRICS_FETCH);
	assert_string_equal(h.detail, "nothing came for 50 ms");
}

static void
the_whole_has_a_time_out(void **state)
{
	struct site *s = *state;
	struct heard h = { 0 };

	fetch_start(s->fetcher, &(struct fetch_conf){ .url = url(s, "/hold"), .timeout_usec = 50000 }, NULL, on_done, &h);
	UNTIL(s->loop, h.done);
	assert_ptr_equal(h.why, WHY_METRICS_FETCH);
}

static void
a_stream_comes_in_pieces_until_it_ends(void **state)
{
	struct site *s = *state;
	struct heard h = { 0 };

	fetch_start(s->fetcher, &(struct fetch_conf){ .url = url(s, "/stream") }, on_piece, on_done, &h);
	UNTIL(s->loop, s->streaming != NULL);
	request_write(s->streaming, STR("one\n"));
	UNTIL(s->loop, strcmp(h.pieces, "one\n") == 0);
	request_write(s->streaming, STR("two\n"));
	UNTIL(s->loop, strcmp(h.pieces, "one\ntwo\n") == 0);
	assert_int_equal(h.done, 0);
	request_end(s->streaming);
	UNTIL(s->loop, h.done);
	assert_null(h.why);
	assert_string_equal(h.body, "");
}

static void
an_errors_page_is_not_streamed(void **state)
{
	struct site *s = *state;
	struct heard h = { 0 };

	fetch_start(s->fetcher, &(struct fetch_conf){ .url = url(s, "/broken") }, on_piece, on_done, &h);
	UNTIL(s->loop, h.done);
	assert_ptr_equal(h.why, WHY_METRICS_STATUS);
	assert_string_equal(h.pieces, "");
}

static void
the_reader_may_end_a_stream(void **state)
{
	struct site *s = *state;
	struct heard h = { .stop_after = 3 };

	fetch_start(s->fetcher, &(struct fetch_conf){ .url = url(s, "/stream") }, on_piece, on_done, &h);
	UNTIL(s->loop, s->streaming != NULL);
	request_write(s->streaming, STR("one\n"));
	UNTIL(s->loop, h.done);
	assert_null(h.why);
	UNTIL(s->loop, s->gone == 1);
}

static void
a_cancelled_fetch_says_nothing(void **state)
{
	struct site *s = *state;
	struct heard h = { 0 };
	struct fetch *x;

	fetch_cancel(fetch_start(s->fetcher, &(struct fetch_conf){ .url = url(s, "/ok") }, NULL, on_done, &h));
	x = fetch_start(s->fetcher, &(struct fetch_conf){ .url = url(s, "/stream") }, on_piece, on_done, &h);
	UNTIL(s->loop, s->streaming != NULL);
	fetch_cancel(x);
	UNTIL(s->loop, s->gone == 1);
	assert_int_equal(h.done, 0);
	assert_int_equal(s->asked, 1);
}

static void
a_reader_may_cancel_and_start_from_within(void **state)
{
	struct site *s = *state;
	struct heard second = { 0 }, h = { .start_on_data = s->fetcher, .other = &second };
	char ok[256];

	snprintf(ok, sizeof ok, "%s", url(s, "/ok"));
	h.url = ok;
	h.cancel_on_data = fetch_start(s->fetcher, &(struct fetch_conf){ .url = url(s, "/stream") }, on_piece, on_done, &h);
	UNTIL(s->loop, s->streaming != NULL);
	request_write(s->streaming, STR("one\n"));
	UNTIL(s->loop, second.done);
	UNTIL(s->loop, s->gone == 1);
	assert_int_equal(h.done, 0);
	assert_string_equal(second.body, "fine");
}

static void
the_fetcher_may_be_freed_from_within(void **state)
{
	struct site *s = *state;
	struct heard other = { 0 }, h = { .free_on_done = &s->fetcher };

	fetch_start(s->fetcher, &(struct fetch_conf){ .url = url(s, "/ok") }, NULL, on_done, &h);
	fetch_start(s->fetcher, &(struct fetch_conf){ .url = url(s, "/hold") }, NULL, on_done, &other);
	UNTIL(s->loop, h.done);
	assert_null(s->fetcher);

	s->fetcher = fetcher_new(s->loop);
	h = (struct heard){ .free_on_data = &s->fetcher };
	fetch_start(s->fetcher, &(struct fetch_conf){ .url = url(s, "/stream") }, on_piece, on_done, &h);
	UNTIL(s->loop, s->streaming != NULL);
	request_write(s->streaming, STR("one\n"));
	UNTIL(s->loop, s->gone == 1);
	assert_null(s->fetcher);
	assert_int_equal(h.done + other.done, 0);
}

/* A peer that says whatever the test makes it say. */
static void
babbler_says(struct site *s, const char *text, size_t len, struct heard *h, size_t times)
{
	struct addr at, peer;
	char name[ADDR_TEXT_MAX], where[160];
	int listener = listen_anywhere(&at), fd = -1;

	snprintf(where, sizeof where, "http://%s/", addr_text(&at, name));
	*h = (struct heard){ 0 };
	fetch_start(s->fetcher, &(struct fetch_conf){ .url = where, .timeout_usec = 5 * USEC_PER_SEC }, NULL, on_done, h);
	UNTIL(s->loop, (fd = sock_accept(listener, &peer)) >= 0);
	for (size_t i = 0; i < times && !h->done; i++) {
		if (send(fd, text, len, MSG_NOSIGNAL | MSG_DONTWAIT) < 0 && errno == EAGAIN)
			i--;
		loop_turn(s->loop, 0);
	}
	shutdown(fd, SHUT_WR);
	UNTIL(s->loop, h->done);
	close(fd);
	close(listener);
}

static void
babble_is_refused(void **state)
{
	static const char garbage[] = "\x16\x03\x01 this is not HTTP\r\n\r\n";
	static const char field[] = "X-Filler: 0123456789012345678901234567890123456789\r\n";
	char endless[sizeof field * 100];
	struct site *s = *state;
	struct heard h;
	size_t n = 0;

	babbler_says(s, garbage, sizeof garbage - 1, &h, 1);
	assert_ptr_equal(h.why, WHY_METRICS_FETCH);

	n += (size_t)sprintf(endless, "HTTP/1.1 103 Early Hints\r\n");
	for (int i = 0; i < 90; i++)
		n += (size_t)sprintf(endless + n, "%s", field);
	n += (size_t)sprintf(endless + n, "\r\n");
	babbler_says(s, endless, n, &h, 1000);
	assert_ptr_equal(h.why, WHY_METRICS_LARGE);
}

static void
a_short_answer_is_no_answer(void **state)
{
	static const char half[] = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf";
	struct site *s = *state;
	struct heard h;

	babbler_says(s, half, sizeof half - 1, &h, 1);
	assert_ptr_equal(h.why, WHY_METRICS_FETCH);
	assert_int_equal(h.status, 200);
}

static void
half_a_head_is_no_answer(void **state)
{
	static const char half[] = "HTTP/1.1 200 OK\r\nServer: me\r\n";
	struct site *s = *state;
	struct heard h;

	babbler_says(s, half, sizeof half - 1, &h, 1);
	assert_ptr_equal(h.why, WHY_METRICS_FETCH);
	assert_string_equal(h.detail, "the head of the response broke off");
}

static void
unix_sockets_work(void **state)
{
	struct site *s = *state;
	char path[] = "/tmp/fetch_test_XXXXXX", where[64];
	struct heard h = { 0 };
	struct addr at;
	int fd;

	assert_non_null(mkdtemp(path));
	snprintf(where, sizeof where, "unix:%s/s", path);
	assert_null(addr_parse(str_of(where), &at));
	assert_null(sock_listen(&at, false, &fd));
	server_listen(s->server, fd, NULL);
	fetch_start(s->fetcher, &(struct fetch_conf){ .url = "http://localhost/ok", .unix_socket = where + 5 }, NULL, on_done, &h);
	UNTIL(s->loop, h.done);
	assert_null(h.why);
	assert_string_equal(h.body, "fine");
	unlink(where + 5);
	rmdir(path);
}

int
main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		CASE(a_page_is_fetched),
		CASE(connections_are_reused),
		CASE(many_at_once_keep_their_connections),
		CASE(redirects_are_not_followed),
		CASE(an_error_status_is_an_error),
		CASE(a_body_is_posted_and_a_field_of_the_answer_is_kept),
		CASE(all_fields_of_the_answer_are_told),
		CASE(a_refused_streams_page_can_be_read),
		CASE(proxies_of_the_environment_are_ignored),
		CASE(nobody_there),
		CASE(nonsense_for_a_url_fails_later_not_now),
		CASE(a_large_body_is_cut),
		CASE(a_large_stream_is_cut),
		CASE(silence_ends_a_fetch),
		CASE(the_whole_has_a_time_out),
		CASE(a_stream_comes_in_pieces_until_it_ends),
		CASE(an_errors_page_is_not_streamed),
		CASE(the_reader_may_end_a_stream),
		CASE(a_cancelled_fetch_says_nothing),
		CASE(a_reader_may_cancel_and_start_from_within),
		CASE(the_fetcher_may_be_freed_from_within),
		CASE(babble_is_refused),
		CASE(a_short_answer_is_no_answer),
		CASE(half_a_head_is_no_answer),
		CASE(unix_sockets_work),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
