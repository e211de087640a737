#include "net/sock.c"

#include "../until.h"

/* Not a system call for each connection: it comes from the listener. */
static void
the_accepted_do_not_delay(void **state)
{
	struct addr at, peer;
	int fd = listen_anywhere(&at), caller, accepted, nodelay = 0;
	socklen_t len = sizeof nodelay;

	(void)state;
	assert_null(sock_connect(&at, &caller));
	poll(&(struct pollfd){ .fd = fd, .events = POLLIN }, 1, UNTIL_USEC / USEC_PER_MSEC);
	accepted = sock_accept(fd, &peer);
	assert_int_equal(getsockopt(accepted, IPPROTO_TCP, TCP_NODELAY, &nodelay, &len), 0);
	assert_int_equal(nodelay, 1);
	close(accepted);
	close(caller);
	close(fd);
}

static void
a_port_that_is_taken_is_refused(void **state)
{
	struct addr at;
	int fd = listen_anywhere(&at), other;

	(void)state;
	assert_ptr_equal(sock_listen(&at, false, &other), WHY_SYSTEM);
	assert_int_equal(errno, EADDRINUSE);
	close(fd);
}

static void
ports_are_shared_by_those_who_agree(void **state)
{
	struct addr at;
	int a, b;

	(void)state;
	assert_null(addr_parse(STR("127.0.0.1:0"), &at));
	assert_null(sock_listen(&at, true, &a));
	at.len = sizeof at.sa;
	assert_int_equal(getsockname(a, &at.sa.any, &at.len), 0);
	assert_null(sock_listen(&at, true, &b));
	close(a);
	close(b);
}

static int
accept_soon(int listener, struct addr *peer)
{
	struct pollfd p = { .fd = listener, .events = POLLIN };

	assert_int_equal(poll(&p, 1, 10000), 1);
	return sock_accept(listener, peer);
}

static void
descriptors_neither_block_nor_leak_into_children(void **state)
{
	struct addr at, peer;
	int listener = listen_anywhere(&at), client = dial(&at), server = accept_soon(listener, &peer), fds[3] = { listener, client, server };

	(void)state;
	for (int i = 0; i < 3; i++) {
		assert_true(fcntl(fds[i], F_GETFL) & O_NONBLOCK);
		assert_true(fcntl(fds[i], F_GETFD) & FD_CLOEXEC);
	}
	assert_int_equal(peer.sa.v4.sin_addr.s_addr, htonl(INADDR_LOOPBACK));
	assert_int_equal(sock_accept(listener, &peer), -1);
	assert_int_equal(errno, EAGAIN);
	for (int i = 0; i < 3; i++)
		close(fds[i]);
}

static void
unix_sockets_outlive_no_one(void **state)
{
	char dir[] = "/tmp/sock_test_XXXXXX", where[64], text[ADDR_TEXT_MAX];
	struct addr at, peer;
	int dead, alive, other, client, server;

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(where, sizeof where, "unix:%s/s", dir);
	assert_null(addr_parse(str_of(where), &at));
	assert_null(sock_listen(&at, false, &dead));
	close(dead);
	assert_null(sock_listen(&at, false, &alive));		/* the file of the dead one is replaced */
	assert_ptr_equal(sock_listen(&at, false, &other), WHY_SYSTEM);	/* that of a living one is not */
	client = dial(&at);
	memset(&peer, 'x', sizeof peer);
	server = accept_soon(alive, &peer);
	assert_true(server >= 0);
	assert_string_equal(addr_text(&peer, text), "unix:");
	close(server);
	close(client);
	close(alive);
	unlink(where + 5);
	rmdir(dir);
}

static void
descriptors_travel_with_their_message(void **state)
{
	char got[16];
	int pair[2], p[2], fd;

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, pair), 0);
	assert_int_equal(pipe(p), 0);
	assert_true(sock_send_fd(pair[0], "with", 4, p[1]));
	assert_true(sock_send_fd(pair[0], "without", 7, -1));
	assert_int_equal(sock_recv_fd(pair[1], got, sizeof got, &fd), 4);
	assert_memory_equal(got, "with", 4);
	assert_true(fd >= 0 && fd != p[1]);
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	assert_int_equal(write(fd, "x", 1), 1);
	assert_int_equal(read(p[0], got, 1), 1);
	close(fd);
	assert_int_equal(sock_recv_fd(pair[1], got, sizeof got, &fd), 7);
	assert_int_equal(fd, -1);
	assert_int_equal(sock_recv_fd(pair[1], got, sizeof got, &fd), -1);
	assert_int_equal(errno, EAGAIN);
	close(pair[0]);
	assert_int_equal(sock_recv_fd(pair[1], got, sizeof got, &fd), 0);
	close(pair[1]);
	close(p[0]);
	close(p[1]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_accepted_do_not_delay),
		cmocka_unit_test(a_port_that_is_taken_is_refused),
		cmocka_unit_test(ports_are_shared_by_those_who_agree),
		cmocka_unit_test(descriptors_neither_block_nor_leak_into_children),
		cmocka_unit_test(unix_sockets_outlive_no_one),
		cmocka_unit_test(descriptors_travel_with_their_message),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
