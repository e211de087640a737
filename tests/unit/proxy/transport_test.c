/*
 * The proxy over streams that are not plain: exchange_test.c's stories, with clients and tasks that speak the toy
 * transport's language. Left out is the one that looks
 * at TCP's own state.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "../net/toy_transport.h"

#define send		toy_send
#define recv		toy_recv
#define shutdown	toy_shutdown
#define close		toy_close
#define sock_accept	toy_accept
#define sock_connect	toy_connect
#define main		exchange_main
#include "exchange_test.c"
#undef main

static void
until_close(void (*end)(int task), void (*hear_it)(int client), const struct why *why)
{
	int c, t;

	stage_open(1);
	c = dial();
	say(c, GET("/"));
	t = answer_call(0);
	hear(t, GOT("/"));
	say(t, "HTTP/1.1 200 OK\r\n\r\nhalf");
	hear(c, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhalf");
	end(t);
	hear_it(c);
	assert_int_equal(whys(why), 1);
	close(c);
	stage_close();
}

static void
end_properly(int fd)
{
	close(fd);
}

/* Whether a body until the connection's end is whole: only the transport knows. */
static void
test_a_cut_is_no_end(void **state)
{
	(void)state;
	until_close(end_properly, hear_end, WHY_COMPLETE);
	until_close(toy_cut, hear_break, WHY_UPSTREAM_GONE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_cut_is_no_end),
	};

	cmocka_set_skip_filter("test_last_request_is_not_lingered_for");
	return exchange_main() + cmocka_run_group_tests(tests, NULL, NULL);
}
