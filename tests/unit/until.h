/*
 * until: what tests of waiting code share. Nothing sleeps: the loop turns until what should happen has
 * happened, and a test whose hope is in vain for ten seconds fails.
 */
#ifndef TESTS_UNTIL_H
#define TESTS_UNTIL_H

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "net/loop.h"
#include "net/sock.h"

#ifndef UNTIL_TURN		/* turned_clock.h has others */
#define UNTIL_USEC (10 * USEC_PER_SEC)
#define UNTIL_TURN(loop) loop_turn((loop), 20 * USEC_PER_MSEC)
#endif

#define UNTIL(loop, cond) do { \
	int64_t until_ = clock_mono_usec() + UNTIL_USEC; \
	while (!(cond)) { \
		if (clock_mono_usec() > until_) \
			fail_msg("never came true: %s", #cond); \
		UNTIL_TURN(loop); \
	} \
} while (0)

/* A listener on a free port of loopback; *at says where. */
static inline int
listen_anywhere(struct addr *at)
{
	int fd;

	assert_null(addr_parse(STR("127.0.0.1:0"), at));
	assert_null(sock_listen(at, false, &fd));
	at->len = sizeof at->sa;
	assert_int_equal(getsockname(fd, &at->sa.any, &at->len), 0);
	return fd;
}

/* A plain non-blocking client, as rude as the test wants it to be. */
static inline int
dial(const struct addr *at)
{
	int fd;

	assert_null(sock_connect(at, &fd));
	return fd;
}

static inline void
say(int fd, const char *text, size_t len)
{
	size_t at = 0;
	int64_t until = clock_mono_usec() + UNTIL_USEC;

	while (at < len) {
		struct pollfd p = { .fd = fd, .events = POLLOUT };
		ssize_t n;
		if (clock_mono_usec() > until)
			fail_msg("the other side takes nothing");
		poll(&p, 1, 1000);
		n = send(fd, text + at, len - at, MSG_NOSIGNAL);
		if (n > 0)
			at += (size_t)n;
	}
}

/* Adds what has arrived to `out`, NUL-terminated. 0 at the end, -1 when the connection broke, else 1. */
static inline int
hear(int fd, char *out, size_t cap)
{
	size_t have = strlen(out);
	ssize_t n;

	if (have + 1 >= cap)
		fail_msg("more was said than expected");
	n = recv(fd, out + have, cap - have - 1, MSG_DONTWAIT);
	if (n < 0)
		return errno == EAGAIN ? 1 : -1;
	out[have + (size_t)n] = '\0';
	return n > 0;
}

#endif
