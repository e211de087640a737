/* The page's files over a real socket: which representation a client gets, and what a browser may do with it. */
#include "base/alloc.h"
#include "admin/assets.c"

#include <stdlib.h>
#include <unistd.h>
#include <zlib.h>

#include "../until.h"

struct stage {
	struct loop	*loop;
	struct server	*server;
	struct addr	 at;
	char		 head[2048];
	char		*body;
	size_t		 body_len;
	char		 all[400000];
};

static void
on_request(void *arg, struct request *req)
{
	const struct web_file *f = asset_find(request_path(req));

	(void)arg;
	if (f != NULL)
		asset_reply(req, f);
	else if (asset_page_wanted(req))
		asset_reply_page(req);
	else
		request_reply(req, 404, NULL, STR(""), NULL);
}

static struct stage *
stage_new(void)
{
	struct stage *s = must_zalloc(sizeof *s);

	s->loop = loop_new();
	s->server = server_new(s->loop, NULL, on_request, NULL);
	server_listen(s->server, listen_anywhere(&s->at), NULL);
	return s;
}

static void
stage_free(struct stage *s)
{
	server_free(&s->server);
	loop_free(&s->loop);
	free(s);
}

static int
get(struct stage *s, const char *path, const char *fields)
{
	char request[512];
	size_t len = 0;
	ssize_t more;
	int fd = dial(&s->at), status;

	snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n%s\r\n", path, fields);
	say(fd, request, strlen(request));
	while ((more = read(fd, s->all + len, sizeof s->all - 1 - len)) != 0) {
		if (more > 0)
			len += (size_t)more;
		loop_turn(s->loop, 1000);
	}
	close(fd);
	s->all[len] = '\0';
	assert_int_equal(sscanf(s->all, "HTTP/1.1 %d ", &status), 1);
	s->body = strstr(s->all, "\r\n\r\n");
	assert_non_null(s->body);
	str_copy(s->head, sizeof s->head, (struct str){ s->all, (size_t)(s->body + 2 - s->all) });
	s->body += 4;
	s->body_len = len - (size_t)(s->body - s->all);
	return status;
}

static bool
has(const struct stage *s, const char *line)
{
	return strstr(s->head, line) != NULL;
}

static void
test_files(void **state)
{
	struct stage *s = stage_new();

	(void)state;
	assert_int_equal(get(s, "/web/app.js", ""), 200);
	assert_true(has(s, "Content-Type: text/javascript; charset=utf-8\r\n"));
	assert_true(has(s, "Content-Security-Policy: default-src 'none'; script-src 'self'; "));
	assert_true(has(s, "frame-ancestors 'none'\r\n") && has(s, "X-Content-Type-Options: nosniff\r\n"));
	assert_false(has(s, "Content-Encoding") || has(s, "unsafe"));
	assert_int_equal(get(s, "/web/uPlot.iife.min.js", ""), 200);
	assert_non_null(strstr(s->body, "var uPlot="));
	assert_int_equal(get(s, "/web/uPlot.license.txt", ""), 200);
	assert_non_null(strstr(s->body, "Permission is hereby granted"));
	assert_int_equal(get(s, "/web/", ""), 404);
	assert_int_equal(get(s, "/web/app.j", ""), 404);
	assert_int_equal(get(s, "/web/../web/app.js", ""), 404);
	assert_int_equal(get(s, "/web//app.js", ""), 404);
	stage_free(s);
}

static void
test_compressed_where_accepted(void **state)
{
	struct stage *s = stage_new();
	static char plain[200000];
	z_stream z = { 0 };

	(void)state;
	assert_int_equal(get(s, "/web/uPlot.iife.min.js", "Accept-Encoding: br, gzip;q=0.5\r\n"), 200);
	assert_true(has(s, "Content-Encoding: gzip\r\n") && has(s, "Vary: Accept-Encoding\r\n"));
	z.next_in = (unsigned char *)s->body;
	z.avail_in = (unsigned)s->body_len;
	z.next_out = (unsigned char *)plain;
	z.avail_out = sizeof plain;
	assert_int_equal(inflateInit2(&z, 15 + 16), Z_OK);
	assert_int_equal(inflate(&z, Z_FINISH), Z_STREAM_END);
	inflateEnd(&z);
	assert_int_equal(get(s, "/web/uPlot.iife.min.js", ""), 200);
	assert_int_equal(s->body_len, z.total_out);
	assert_memory_equal(s->body, plain, z.total_out);
	assert_int_equal(get(s, "/web/app.js", "Accept-Encoding: gzip;q=0, identity\r\n"), 200);
	assert_false(has(s, "Content-Encoding"));
	assert_int_equal(get(s, "/web/app.js", "Accept-Encoding: gzip;q=much\r\n"), 200);
	assert_false(has(s, "Content-Encoding"));
	assert_int_equal(get(s, "/web/app.js", "Accept-Encoding: gzipped\r\n"), 200);
	assert_false(has(s, "Content-Encoding"));
	stage_free(s);
}

/* The tag of a response, quotes included. */
static void
tag_of(const struct stage *s, char out[64])
{
	const char *etag = strstr(s->head, "ETag: ");

	assert_non_null(etag);
	assert_int_equal(sscanf(etag, "ETag: %60s", out), 1);
}

static void
test_what_a_client_has_is_not_sent_again(void **state)
{
	struct stage *s = stage_new();
	char plain[64], gzip[64], fields[200];

	(void)state;
	get(s, "/web/app.js", "");
	tag_of(s, plain);
	get(s, "/web/app.js", "Accept-Encoding: gzip\r\n");
	tag_of(s, gzip);
	assert_string_not_equal(plain, gzip);
	snprintf(fields, sizeof fields, "Accept-Encoding: gzip\r\nIf-None-Match: \"other\", W/%s\r\n", gzip);
	assert_int_equal(get(s, "/web/app.js", fields), 304);
	assert_int_equal(s->body_len, 0);
	assert_true(has(s, gzip));
	snprintf(fields, sizeof fields, "If-None-Match: %s\r\n", plain);
	assert_int_equal(get(s, "/web/app.js", fields), 304);
	assert_int_equal(get(s, "/web/uPlot.min.css", fields), 200);
	assert_int_equal(get(s, "/web/app.js", "If-None-Match: \"0\"\r\n"), 200);
	stage_free(s);
}

static void
test_page_for_browsers(void **state)
{
	struct stage *s = stage_new();

	(void)state;
	assert_int_equal(get(s, "/", "Accept: text/html,application/xhtml+xml,*/*;q=0.8\r\n"), 200);
	assert_true(has(s, "Content-Type: text/html; charset=utf-8\r\n") && has(s, "Vary: Accept, Accept-Encoding\r\n"));
	assert_non_null(strstr(s->body, "<!doctype html>"));
	assert_int_equal(get(s, "/", "Accept: */*\r\n"), 404);
	assert_int_equal(get(s, "/", "Accept: text/html;q=0, application/json\r\n"), 404);
	assert_int_equal(get(s, "/", ""), 404);
	stage_free(s);
}

/* Nothing of the page comes from elsewhere, or stands where its policy would forbid it. */
static void
test_nothing_against_the_policy(void **state)
{
	const struct web_file *f = file_of(STR("index.html"));
	char *text;

	(void)state;
	assert_non_null(f);
	text = str_dup(f->plain);
	assert_null(strstr(text, "://"));
	assert_null(strstr(text, "style="));
	assert_null(strstr(text, "<style"));
	assert_null(strstr(text, "<script>"));
	assert_null(strstr(text, "onclick="));
	free(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_compressed_where_accepted),
		cmocka_unit_test(test_what_a_client_has_is_not_sent_again),
		cmocka_unit_test(test_page_for_browsers),
		cmocka_unit_test(test_nothing_against_the_policy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
