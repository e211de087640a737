#include <errno.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/bug.h"
#include "net/sock.h"

#define BACKLOG 4096
#define RESENT 3		/* times, without an acknowledgement */

static void
tcp_nodelay(int fd)
{
	int one = 1;

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);	/* fails on unix sockets, harmlessly */
}

/* A machine that has gone without a word while nothing is on its way to it is noticed by what it
 * does not respond to: after 16 s. */
static void
tcp_keepalive(int fd)
{
	int one = 1, idle = 10, every = 2, count = 3;	/* seconds */

	setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof one);
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof idle);
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &every, sizeof every);
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &count, sizeof count);
}

static const struct why *
fail(int fd)
{
	int e = errno;

	if (fd >= 0)
		close(fd);
	errno = e;
	return WHY_SYSTEM;
}

/* A socket file without a listener was left by a process that has ended. */
static void
unix_clear_dead(const struct addr *a)
{
	struct stat st;
	int fd;

	if (lstat(a->sa.un.sun_path, &st) != 0 || !S_ISSOCK(st.st_mode))
		return;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd >= 0 && connect(fd, &a->sa.any, a->len) != 0 && errno == ECONNREFUSED)
		unlink(a->sa.un.sun_path);
	if (fd >= 0)
		close(fd);
}

const struct why *
sock_listen(const struct addr *a, bool reuseport, int *out)
{
	int one = 1, fd = socket(a->sa.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	ASSERT(a->len > 0 && a->len <= sizeof a->sa);
	if (fd < 0)
		return fail(fd);
	if (a->sa.any.sa_family == AF_UNIX)
		unix_clear_dead(a);
	else if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) != 0
	    || (reuseport && setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof one) != 0))
		return fail(fd);
	tcp_nodelay(fd);			/* accepted sockets inherit it */
	if (bind(fd, &a->sa.any, a->len) != 0 || listen(fd, BACKLOG) != 0)
		return fail(fd);
	*out = fd;
	return NULL;
}

const struct why *
sock_connect(const struct addr *a, int *out)
{
	int fd = socket(a->sa.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	ASSERT(a->len > 0 && a->len <= sizeof a->sa);
	if (fd < 0)
		return fail(fd);
	if (a->sa.any.sa_family != AF_UNIX) {
		tcp_nodelay(fd);
		tcp_keepalive(fd);
	}
	if (connect(fd, &a->sa.any, a->len) != 0 && errno != EINPROGRESS)
		return fail(fd);
	*out = fd;
	return NULL;
}

int
sock_accept(int listener, struct addr *peer)
{
	memset(peer, 0, sizeof *peer);		/* clients of unix sockets have no name */
	peer->len = sizeof peer->sa;
	return accept4(listener, &peer->sa.any, &peer->len, SOCK_NONBLOCK | SOCK_CLOEXEC);
}

int
sock_error(int fd)
{
	int e = 0;
	socklen_t len = sizeof e;

	return getsockopt(fd, SOL_SOCKET, SO_ERROR, &e, &len) == 0 ? e : errno;
}

/* Each time it waits twice as long as before: the third is 1.4 s after the first byte at the
 * earliest. Probes of a window that is closed are not counted. */
bool
sock_is_cut_off(int fd)
{
	struct tcp_info info;
	socklen_t len = sizeof info;

	memset(&info, 0, sizeof info);
	return getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len) == 0
	    && info.tcpi_unacked > 0 && info.tcpi_retransmits >= RESENT;
}

bool
sock_send_fd(int sock, const void *p, size_t n, int fd)
{
	union {
		struct cmsghdr	align;
		char		b[CMSG_SPACE(sizeof fd)];
	} control = { .b = { 0 } };
	struct iovec iov = { (void *)(uintptr_t)p, n };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1 };
	ssize_t sent;

	ASSERT(n > 0);
	if (fd >= 0) {
		struct cmsghdr *c;
		m.msg_control = control.b;
		m.msg_controllen = sizeof control.b;
		c = CMSG_FIRSTHDR(&m);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof fd);
		memcpy(CMSG_DATA(c), &fd, sizeof fd);
	}
	do
		sent = sendmsg(sock, &m, MSG_NOSIGNAL);
	while (sent < 0 && errno == EINTR);
	return sent == (ssize_t)n;
}

long
sock_recv_fd(int sock, void *p, size_t cap, int *fd)
{
	union {
		struct cmsghdr	align;
		char		b[CMSG_SPACE(sizeof *fd)];
	} control = { .b = { 0 } };
	struct iovec iov = { p, cap };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control.b,
	    .msg_controllen = sizeof control.b };
	struct cmsghdr *c;
	ssize_t n;

	ASSERT(cap > 0);
	n = recvmsg(sock, &m, MSG_CMSG_CLOEXEC | MSG_TRUNC);
	*fd = -1;
	if (n < 0)
		return -1;
	for (c = CMSG_FIRSTHDR(&m); c != NULL; c = CMSG_NXTHDR(&m, c))
		if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS)
			memcpy(fd, CMSG_DATA(c), sizeof *fd);
	return n;
}
