/*
 * No memory: whoever needs more is refused, and nothing else happens.
 */
#include "base/bug.c"

#include "stage.h"

const char *__asan_default_options(void);

/* Too much to ask for is a failure here, as it is without the sanitizer. */
const char *
__asan_default_options(void)
{
	return "allocator_may_return_null=1";
}

/* From now on try_alloc fails: the reserve that it wants to have first is larger than anything. */
static void
starve(bool on)
{
	free(reserve.p);
	reserve.p = NULL;
	reserve.bytes = on ? 1ul << 60 : 0;
}

static void
test_newest_is_refused(void **state)
{
	int c, d, e, t;

	(void)state;
	stage_open(1);
	c = dial();
	say(c, GET("/"));		/* what it leaves behind is the memory of one request */
	t = answer_call(0);
	hear(t, GOT("/"));
	say(t, OK(2, "ok"));
	hear(c, OK(2, "ok"));
	d = dial();
	WAIT_UNTIL(live_gauge_total(stage.live, LIVE_CLIENTS) == 2);
	for (int i = 0; i < 3; i++)
		stage_turn();

	starve(true);
	e = dial();
	hear_why(e, 503, WHY_NO_MEMORY);
	hear_end(e);
	close(e);
	say(c, "GET /c HTTP/1.1\r\n");
	for (int i = 0; i < 3; i++)
		stage_turn();
	say(d, "GET /d HTTP/1.1\r\n");
	hear_why(d, 503, WHY_NO_MEMORY);
	hear_end(d);
	close(d);
	assert_int_equal(whys(WHY_NO_MEMORY), 2);

	starve(false);
	say(c, "Host: a.example\r\n\r\n");	/* who had memory goes on */
	hear(t, GOT("/c"));
	say(t, OK(2, "ok"));
	hear(c, OK(2, "ok"));
	e = dial();
	say(e, GET("/e"));
	hear(t, GOT("/e"));
	say(t, OK(2, "ok"));
	hear(e, OK(2, "ok"));
	close(c);
	close(e);
	close(t);
	stage_close();
}

/* A head that wants more than a page does not get it. */
static void
test_large_heads(void **state)
{
	char line[1000];
	int c, t;

	(void)state;
	memset(line, 'x', sizeof line);
	memcpy(line, "A: ", 3);
	memcpy(line + sizeof line - 3, "\r\n", 3);
	stage_open(1);
	c = dial();
	say(c, GET("/"));
	t = answer_call(0);
	hear(t, GOT("/"));
	say(t, OK(2, "ok"));
	hear(c, OK(2, "ok"));
	say(c, GET("/"));
	hear(t, GOT("/"));
	starve(true);
	say(t, "HTTP/1.1 200 OK\r\n");
	for (int i = 0; i < 17; i++)
		say(t, line);
	hear_why(c, 503, WHY_NO_MEMORY);
	close(t);
	starve(false);
	say(c, GET("/"));
	t = answer_call(0);
	hear(t, GOT("/"));
	starve(true);
	say(t, OK(2, "ok"));
	hear(c, OK(2, "ok"));
	say(c, "GET / HTTP/1.1\r\n");
	for (int i = 0; i < 17; i++)
		say(c, line);
	hear_why(c, 503, WHY_NO_MEMORY);
	close(c);
	close(t);
	starve(false);
	stage_close();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_newest_is_refused),
		cmocka_unit_test(test_large_heads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
