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

int
main(void)
{
	cmocka_set_skip_filter("test_last_request_is_not_lingered_for");
	return exchange_main();
}
