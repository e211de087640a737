/*
 * forward: the floor. A proxy that understands nothing: each client's connection has one of its own to the
 * upstream, and bytes go across as they come: one epoll_wait, recv, send per direction. No parsing, no choice,
 * no timeouts. What a real proxy costs above this is what it does for people.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/bug.h"
#include "net/sock.h"

#define BATCH 256

struct end {
	int		 fd;
	struct end	*other;
	bool		 closed;
};

static struct addr upstream;
static char piece[65536];

static void
watch(int epoll, struct end *e)
{
	struct epoll_event ev = { .events = EPOLLIN | EPOLLET, .data.ptr = e };

	if (epoll_ctl(epoll, EPOLL_CTL_ADD, e->fd, &ev) != 0)
		BUG("epoll_ctl");
}

static void
join(int epoll, int client)
{
	struct end *e = must_zalloc(2 * sizeof *e);

	e[0] = (struct end){ .fd = client, .other = &e[1] };
	e[1] = (struct end){ .fd = -1, .other = &e[0] };
	if (sock_connect(&upstream, &e[1].fd) != NULL) {
		close(client);
		free(e);
		return;
	}
	poll(&(struct pollfd){ .fd = e[1].fd, .events = POLLOUT }, 1, 1000);
	watch(epoll, &e[0]);
	watch(epoll, &e[1]);
}

/* A pair that has ended is left as it is: the floor need not be swept. */
static void
part(struct end *e)
{
	if (e->closed)
		return;
	e->closed = e->other->closed = true;
	close(e->fd);
	close(e->other->fd);
}

static bool
put(struct end *to, const char *p, ssize_t n)
{
	ssize_t sent;

	for (; n > 0; p += sent, n -= sent) {
		sent = send(to->fd, p, (size_t)n, MSG_NOSIGNAL);
		if (sent < 0 && errno == EAGAIN) {
			poll(&(struct pollfd){ .fd = to->fd, .events = POLLOUT }, 1, 1000);
			sent = 0;
		} else if (sent < 0) {
			return false;
		}
	}
	return true;
}

static void
move(struct end *from)
{
	ssize_t n;

	while (!from->closed) {
		n = recv(from->fd, piece, sizeof piece, 0);
		if (n < 0 && errno == EAGAIN)
			return;
		if (n <= 0 || !put(from->other, piece, n)) {
			part(from);
			return;
		}
		if ((size_t)n < sizeof piece)
			return;
	}
}

int
main(int argc, char **argv)
{
	struct epoll_event ev[BATCH];
	struct end listener = { 0 };
	struct addr listen_at, peer;
	int epoll = epoll_create1(EPOLL_CLOEXEC), fd;

	if (argc != 3 || addr_parse(str_of(argv[1]), &listen_at) != NULL || addr_parse(str_of(argv[2]), &upstream) != NULL) {
		fputs("usage: forward LISTEN UPSTREAM\n", stderr);
		return 2;
	}
	if (sock_listen(&listen_at, false, &listener.fd) != NULL) {
		perror(argv[1]);
		return 1;
	}
	watch(epoll, &listener);
	for (;;) {
		int n = epoll_wait(epoll, ev, BATCH, -1);
		for (int i = 0; i < n; i++)
			if (ev[i].data.ptr == &listener)
				while ((fd = sock_accept(listener.fd, &peer)) >= 0)
					join(epoll, fd);
			else
				move(ev[i].data.ptr);
	}
}
