/* What a task is sent of IDs and traces, and what is left of them. */
#include <jansson.h>

#include "proxy/trace.h"
#include "stage.h"

#define FORWARDED_A "X-Forwarded-For: 127.0.0.1\r\nX-Real-IP: 127.0.0.1\r\nX-Forwarded-Proto: http\r\nX-Forwarded-Host: a\r\nX-Forwarded-Port: 80\r\n"

static void
open_with(enum trace_ids ids, bool spans, enum trace_parents parents, double ratio)
{
	stage_open(1);
	stage.conf.trace = (struct trace_conf){ .ids = ids, .id_field = "X-Request-Id", .spans = spans, .parents = parents, .ratio = ratio };
	proxy_reconf(stage.proxy, &stage.conf);
	stage_table();
}

static void
strangers_choose_no_id(void **state)
{
	int c, t;

	(void)state;
	open_with(TRACE_IDS_KEEP, false, TRACE_PARENTS_TRUSTED, 1);
	c = dial();
	say(c, "GET / HTTP/1.1\r\nHost: a\r\nX-Request-ID: 1\r\nX_Request-Id: 2\r\ntraceparent: t\r\n\r\n");
	t = answer_call(0);
	hear(t, "GET / HTTP/1.1\r\nHost: a\r\ntraceparent: t\r\n" FORWARDED_A "\r\n");
	say(t, OK(0, ""));
	hear(c, OK(0, ""));
	close(c);
	close(t);
	stage_close();
}

static void
a_trace_goes_on_and_leaves_spans(void **state)
{
	static const char begin[] = "GET /p?secret HTTP/1.1\r\nHost: a\r\ntracestate: x=1\r\n" FORWARDED_A "traceparent: 00-0af7651916cd43dd8448eb211c80319c-";
	char got[1024], lines[SPAN_LINE_MAX * 2], *second;
	unsigned count = 0;
	json_t *j, *k;
	int c, t;
	ssize_t n;
	size_t len;

	(void)state;
	open_with(TRACE_IDS_OFF, true, TRACE_PARENTS_ANY, 0);
	c = dial();
	say(c, "GET /p?secret HTTP/1.1\r\nHost: a\r\ntracestate: x=1\r\ntraceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\n\r\n");
	t = answer_call(0);
	WAIT_UNTIL((n = recv(t, got, sizeof got - 1, 0)) > 0);
	got[n] = '\0';
	assert_memory_equal(got, begin, strlen(begin));
	assert_null(strstr(got, "b7ad6b7169203331"));
	assert_string_equal(got + n - 7, "-01\r\n\r\n");
	say(t, OK(0, ""));
	hear(c, OK(0, ""));
	len = proxy_spans_take(stage.proxy, lines, sizeof lines, &count);
	assert_int_equal(count, 2);
	assert_null(memmem(lines, len, "secret", 6));
	second = (char *)memchr(lines, '\n', len) + 1;
	assert_non_null(j = json_loadb(lines, (size_t)(second - lines), 0, NULL));
	assert_non_null(k = json_loadb(second, len - (size_t)(second - lines), 0, NULL));
	assert_string_equal(json_string_value(json_object_get(j, "parentSpanId")), "b7ad6b7169203331");
	assert_string_equal(json_string_value(json_object_get(k, "parentSpanId")), json_string_value(json_object_get(j, "spanId")));
	assert_non_null(strstr(got, json_string_value(json_object_get(k, "spanId"))));
	json_decref(j);
	json_decref(k);
	close(c);
	close(t);
	stage_close();
}

/* No response: one span, as no task was reached; and none where the ratio says so. */
static void
nobody_else_is_believed(void **state)
{
	char got[1024], lines[SPAN_LINE_MAX];
	unsigned count;
	int c, t;
	ssize_t n;

	(void)state;
	open_with(TRACE_IDS_MAKE, true, TRACE_PARENTS_TRUSTED, 0);
	c = dial();
	say(c, "GET / HTTP/1.1\r\nHost: a\r\ntracestate: x=1\r\ntraceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\n\r\n");
	t = answer_call(0);
	WAIT_UNTIL((n = recv(t, got, sizeof got - 1, 0)) > 0);
	got[n] = '\0';
	assert_null(strstr(got, "tracestate"));
	assert_null(strstr(got, "0af765"));
	assert_non_null(strstr(got, "\r\nX-Request-Id: "));
	assert_string_equal(got + n - 7, "-00\r\n\r\n");
	say(t, OK(0, ""));
	hear(c, OK(0, ""));
	assert_int_equal(proxy_spans_take(stage.proxy, lines, sizeof lines, &count), 0);
	close(c);
	close(t);
	stage_close();
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(strangers_choose_no_id), cmocka_unit_test(a_trace_goes_on_and_leaves_spans),
		cmocka_unit_test(nobody_else_is_believed) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
