/* Responses of HTTP/2 become those of HTTP/1.1 that they mean, or are a failure of the task. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <string.h>
#include <cmocka.h>

#include "http/h2_response.h"

static const struct head_limits limits = { 4096, 8 };

struct case_of {
	struct h2_response r;
	struct queue	 out;
};

static void
begin(struct case_of *c)
{
	memset(c, 0, sizeof *c);
	h2_response_init(&c->r);
}

static void
end(struct case_of *c)
{
	h2_response_fini(&c->r);
	queue_fini(&c->out);
}

static const struct why *
field(struct case_of *c, const char *name, const char *value)
{
	return h2_response_field(&c->r, str_of(name), str_of(value), limits);
}

static void
expect(struct case_of *c, bool ended, bool to_head, const char *text)
{
	assert_null(h2_response_end(&c->r, ended, to_head, &c->out));
	assert_int_equal(queue_len(&c->out), strlen(text));
	assert_memory_equal(queue_str(&c->out).p, text, strlen(text));
	end(c);
}

static void
framing_is_what_the_body_needs(void **state)
{
	struct case_of c;

	(void)state;
	begin(&c);
	assert_null(field(&c, ":status", "200"));
	assert_null(field(&c, "content-type", "text/plain"));
	expect(&c, false, false, "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n");
	begin(&c);
	assert_null(field(&c, ":status", "200"));
	assert_null(field(&c, "grpc-status", "5"));
	expect(&c, true, false, "HTTP/1.1 200 OK\r\ngrpc-status: 5\r\nContent-Length: 0\r\n\r\n");
	begin(&c);
	assert_null(field(&c, ":status", "404"));
	assert_null(field(&c, "content-length", "3"));
	expect(&c, false, false, "HTTP/1.1 404 Not Found\r\nContent-Length: 3\r\n\r\n");
	begin(&c);
	assert_null(field(&c, ":status", "200"));
	assert_null(field(&c, "content-length", "3"));
	expect(&c, true, true, "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n");
	begin(&c);		/* trailers follow, which have a place behind chunks alone */
	assert_null(field(&c, ":status", "200"));
	assert_null(field(&c, "content-length", "3"));
	assert_null(field(&c, "trailer", "x-sum"));
	expect(&c, false, false, "HTTP/1.1 200 OK\r\ntrailer: x-sum\r\nTransfer-Encoding: chunked\r\n\r\n");
	begin(&c);
	assert_null(field(&c, ":status", "304"));
	expect(&c, true, false, "HTTP/1.1 304 Not Modified\r\n\r\n");
}

static void
interim_responses_come_first(void **state)
{
	struct case_of c;

	(void)state;
	begin(&c);
	assert_null(field(&c, ":status", "103"));
	assert_null(field(&c, "link", "</a>"));
	assert_null(h2_response_end(&c.r, false, false, &c.out));
	assert_int_equal(c.r.status, 0);
	assert_null(field(&c, ":status", "204"));
	assert_null(h2_response_end(&c.r, true, false, &c.out));
	assert_int_equal(c.r.status, 204);
	assert_non_null(memmem(queue_str(&c.out).p, queue_len(&c.out), "link: </a>\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n", 41));
	end(&c);
}

static void
what_is_malformed_is_the_tasks_failure(void **state)
{
	static const struct { const char *field[3][2]; } bad[] = {
		{ { { "server", "x" } } }, { { { ":status", "20" } } }, { { { ":status", "2000" } } }, { { { ":status", "101" } } },
		{ { { ":status", "099" } } }, { { { ":status", "200" }, { ":status", "200" } } }, { { { ":path", "/" } } },
		{ { { ":status", "200" }, { "a", "b" }, { ":status", "200" } } }, { { { ":status", "200" }, { "connection", "close" } } },
		{ { { ":status", "200" }, { "transfer-encoding", "chunked" } } }, { { { ":status", "200" }, { "Server", "x" } } },
		{ { { ":status", "200" }, { "a", "b\r\nc: d" } } }, { { { ":status", "200" }, { "content-length", "-1" } } },
		{ { { ":status", "200" }, { "content-length", "1" }, { "content-length", "1" } } },
	};
	struct case_of c;

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		begin(&c);
		for (int k = 0; k < 3 && bad[i].field[k][0] != NULL; k++)
			field(&c, bad[i].field[k][0], bad[i].field[k][1]);
		assert_ptr_equal(h2_response_end(&c.r, false, false, &c.out), WHY_UPSTREAM_BAD_HEAD);
		assert_int_equal(queue_len(&c.out), 0);
		end(&c);
	}
	begin(&c);
	field(&c, ":status", "200");
	field(&c, "content-length", "1");
	assert_ptr_equal(h2_response_end(&c.r, true, false, &c.out), WHY_UPSTREAM_BAD_HEAD);	/* and no byte follows */
	end(&c);
	begin(&c);
	field(&c, ":status", "100");
	assert_ptr_equal(h2_response_end(&c.r, true, false, &c.out), WHY_UPSTREAM_BAD_HEAD);	/* and no response follows */
	end(&c);
}

static void
limits_hold(void **state)
{
	char large[5000];
	struct case_of c;

	(void)state;
	memset(large, 'a', sizeof large - 1);
	large[sizeof large - 1] = '\0';
	begin(&c);
	assert_null(field(&c, ":status", "200"));
	assert_ptr_equal(field(&c, "x", large), WHY_UPSTREAM_HEAD_LARGE);
	end(&c);
	begin(&c);
	assert_null(field(&c, ":status", "200"));
	for (int i = 0; i < 8; i++)
		assert_null(field(&c, "x", "y"));
	assert_ptr_equal(field(&c, "x", "y"), WHY_UPSTREAM_HEAD_LARGE);
	end(&c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(framing_is_what_the_body_needs),
		cmocka_unit_test(interim_responses_come_first),
		cmocka_unit_test(what_is_malformed_is_the_tasks_failure),
		cmocka_unit_test(limits_hold),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
