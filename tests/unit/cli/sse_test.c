/* Server-sent events in pieces of any size: what a reader makes of them is the same. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <cmocka.h>

#include "cli/sse.c"

static char seen[4096];

static void
on_seen(void *arg, const char *event, const char *id, struct str data)
{
	size_t n = strlen(seen);

	(void)arg;
	snprintf(seen + n, sizeof seen - n, "[%s %s %.*s]", event, id, STR_ARG(data));
}

/* What is read of `text`, in pieces of `piece` bytes. */
static const char *
of(const char *text, size_t most, size_t piece)
{
	size_t len = strlen(text);
	struct sse s;

	seen[0] = '\0';
	sse_init(&s, most, on_seen, NULL);
	for (size_t at = 0; at < len; at += piece)
		sse_feed(&s, text + at, len - at < piece ? len - at : piece);
	sse_fini(&s);
	return seen;
}

static void
reads(const char *text, size_t most, const char *expected)
{
	for (size_t piece = 1; piece <= strlen(text); piece++)
		assert_string_equal(of(text, most, piece), expected);
}

static void
test_events(void **state)
{
	(void)state;
	reads("event: nodes\ndata: {\"nodes\":[]}\n\n", 100, "[nodes  {\"nodes\":[]}]");
	reads("data: a\n\ndata: b\n\n", 100, "[message  a][message  b]");
	reads("event: x\nid: 7-1\ndata: a\n\nevent: y\ndata: b\n\n", 100, "[x 7-1 a][y 7-1 b]");
	reads("data: one\ndata: two\ndata\n\n", 100, "[message  one\ntwo\n]");
	reads("data:no space\ndata:  two spaces\n\n", 100, "[message  no space\n two spaces]");
}

static void
test_ends_of_lines(void **state)
{
	(void)state;
	reads("event: x\r\ndata: a\r\n\r\ndata: b\r\rdata: c\n\n", 100, "[x  a][message  b][message  c]");
	reads("\xef\xbb\xbf" "data: a\n\n", 100, "[message  a]");
}

static void
test_what_is_nothing(void **state)
{
	(void)state;
	reads(": ping\n\n: ping\n\n", 100, "");
	reads("event: x\n\nretry: 5\n\nother: y\ndata: a\n\n", 100, "[message  a]");
	reads("data: not ended", 100, "");
	reads("data: not ended\n", 100, "");
}

/* What is too large is left out, the rest is not. */
static void
test_too_large(void **state)
{
	(void)state;
	reads("data: 0123456789abcdef\n\ndata: b\n\n", 16, "[message  b]");
	reads("event: x\ndata: 012345\ndata: 6789abcdef\n\ndata: b\n\n", 16, "[message  b]");
	reads("data: 0123456789\n\n", 16, "[message  0123456789]");
	reads(": a comment that goes on for longer\n\ndata: b\n\n", 16, "[message  b]");
}

/* Half of an event from a connection that has ended is no beginning of the next; its id stays. */
static void
test_restart(void **state)
{
	static const char half[] = "id: 9\ndata: a\n\nevent: x\ndata: b\ndat";
	struct sse s;

	(void)state;
	seen[0] = '\0';
	sse_init(&s, 100, on_seen, NULL);
	sse_feed(&s, half, strlen(half));
	sse_restart(&s);
	sse_feed(&s, STR("data: c\n\n").p, 9);
	sse_fini(&s);
	assert_string_equal(seen, "[message 9 a][message 9 c]");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_events),
		cmocka_unit_test(test_ends_of_lines),
		cmocka_unit_test(test_what_is_nothing),
		cmocka_unit_test(test_too_large),
		cmocka_unit_test(test_restart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
