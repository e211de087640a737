/* The server over streams that are not plain: server_test.c's stories, with clients that speak the toy transport. */
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
#define main		server_main
#include "server_test.c"
#undef main

int
main(void)
{
	return server_main();
}
