#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/bug.h"
#include "base/sink.h"

/* Pipes and terminals. Files take what they are given; a socket is written to with MSG_DONTWAIT. */
static bool
may_wait(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && (S_ISFIFO(st.st_mode) || S_ISCHR(st.st_mode));
}

void
sink_unblock(int fd)
{
	char path[32];
	int own;

	if (!may_wait(fd))
		return;
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	own = open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (own < 0)		/* another user's pipe, or no /proc: sink_write polls before it writes */
		return;
	dup2(own, fd);
	close(own);
}

void
sink_init(struct sink *s, int fd)
{
	struct stat st;
	int flags = fcntl(fd, F_GETFL);

	s->fd = fd;
	s->kind = SINK_FILE;
	if (fstat(fd, &st) == 0 && S_ISSOCK(st.st_mode))
		s->kind = SINK_SOCKET;
	else if (flags != -1 && (flags & O_NONBLOCK))
		s->kind = SINK_PIPE;
	else if (may_wait(fd))
		s->kind = SINK_POLLED;
}

/* Room in a pipe is room for SINK_ATOMIC bytes; another process may take it before us, which is
 * why this is second best. */
static bool
has_room(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLOUT };

	return poll(&p, 1, 0) == 1 && (p.revents & (POLLOUT | POLLERR)) != 0;
}

long
sink_write(const struct sink *s, const void *p, size_t n)
{
	ssize_t put;

	ASSERT(s->fd >= 0 && n > 0 && n <= SINK_ATOMIC);
	do {
		if (s->kind == SINK_POLLED && !has_room(s->fd))
			return 0;
		put = s->kind == SINK_SOCKET ? send(s->fd, p, n, MSG_DONTWAIT | MSG_NOSIGNAL) :
		    write(s->fd, p, n);
	} while (put < 0 && errno == EINTR);
	if (put < 0)
		return errno == EAGAIN ? 0 : -1;
	return put;
}

long
sink_write_lines(const struct sink *s, const char *p, size_t n)
{
	size_t done = 0;

	while (done < n) {
		size_t piece = n - done < SINK_ATOMIC ? n - done : SINK_ATOMIC;
		const char *end = memrchr(p + done, '\n', piece);
		long put;
		if (end != NULL)
			piece = (size_t)(end + 1 - (p + done));
		if ((put = sink_write(s, p + done, piece)) < 0)
			return -1;
		ASSERT((size_t)put <= piece);
		done += (size_t)put;
		if ((size_t)put < piece)
			break;
	}
	return (long)done;
}
