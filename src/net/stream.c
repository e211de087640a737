#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/bug.h"
#include "net/stream.h"

static void
on_io(void *arg, uint32_t events)
{
	struct stream *s = arg;

	if (events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR))
		s->private.readable = true;
	if (events & (EPOLLOUT | EPOLLHUP | EPOLLERR))
		s->private.writable = true;
	if (events & EPOLLRDHUP)
		s->private.rdhup = true;
	if (events & (EPOLLHUP | EPOLLERR))
		s->private.hup = true;
	s->private.fn(s->private.arg);
}

void
stream_open(struct stream *s, struct loop *l, int fd, stream_f *fn, void *arg)
{
	memset(s, 0, sizeof *s);
	s->private.loop = l;
	s->private.fn = fn;
	s->private.arg = arg;
	s->private.open = true;
	s->private.writable = true;
	loop_watch(l, &s->private.io, fd, LOOP_EDGE, on_io, s);
}

const struct why *
stream_connect(struct stream *s, struct loop *l, const struct addr *a, stream_f *fn, void *arg)
{
	const struct why *why;
	int fd;

	if ((why = sock_connect(a, &fd)) != NULL)
		return why;
	stream_open(s, l, fd, fn, arg);
	s->private.connecting = true;
	s->private.writable = false;
	return NULL;
}

enum io_result
stream_connected(struct stream *s)
{
	if (!s->private.connecting)
		return IO_DONE;
	if (!s->private.writable)
		return IO_AGAIN;
	if ((s->private.error = sock_error(s->private.io.fd)) != 0)
		return IO_FAIL;
	s->private.connecting = false;
	return IO_DONE;
}

void
stream_adopt(struct stream *s, stream_f *fn, void *arg)
{
	s->private.fn = fn;
	s->private.arg = arg;
}

/* What reads and peeks share: one system call, and what follows from its result. */
static enum io_result
receive(struct stream *s, void *p, size_t cap, int flags, size_t *got)
{
	ssize_t n;

	ASSERT(s->private.open && cap > 0);
	if (!s->private.readable)
		return IO_AGAIN;
	do
		n = recv(s->private.io.fd, p, cap, flags);
	while (n < 0 && errno == EINTR);
	if (n > 0) {
		*got = (size_t)n;
		return IO_DONE;
	}
	if (n == 0)
		return IO_EOF;
	if (errno == EAGAIN) {
		s->private.readable = false;
		return IO_AGAIN;
	}
	s->private.error = errno;
	return IO_FAIL;
}

enum io_result
stream_read(struct stream *s, void *p, size_t cap, size_t *got)
{
	enum io_result res = receive(s, p, cap, 0, got);

	if (res != IO_DONE)
		return res;
	/* short: drained, unless an end was announced that only another read will show */
	if (*got < cap && !s->private.rdhup && !s->private.hup)
		s->private.readable = false;
	s->private.bytes_in += *got;
	return IO_DONE;
}

enum io_result
stream_peek(struct stream *s, void *p, size_t cap, size_t *got)
{
	return receive(s, p, cap, MSG_PEEK, got);
}

enum io_result
stream_look(struct stream *s)
{
	char byte;
	size_t got;

	s->private.readable = true;
	return stream_peek(s, &byte, 1, &got);
}

enum io_result
stream_writev(struct stream *s, const struct iovec *iov, int n, size_t *put)
{
	struct msghdr m = { .msg_iov = (struct iovec *)(uintptr_t)iov, .msg_iovlen = (size_t)n };
	ssize_t sent;

	ASSERT(s->private.open && n > 0 && n <= 64);
	if (!s->private.writable)
		return IO_AGAIN;
	do
		sent = sendmsg(s->private.io.fd, &m, MSG_NOSIGNAL | (s->private.end_follows ? MSG_MORE : 0));
	while (sent < 0 && errno == EINTR);
	if (sent >= 0) {
		s->private.bytes_out += (uint64_t)sent;
		*put = (size_t)sent;
		return IO_DONE;
	}
	if (errno == EAGAIN) {
		s->private.writable = false;
		return IO_AGAIN;
	}
	s->private.error = errno;
	return IO_FAIL;
}

void
stream_shut(struct stream *s)
{
	if (s->private.open)
		shutdown(s->private.io.fd, SHUT_WR);
}

void
stream_close(struct stream *s)
{
	int fd = s->private.io.fd;

	if (!s->private.open)
		return;
	loop_forget(s->private.loop, &s->private.io);
	close(fd);
	s->private.open = false;
}

void
stream_reset(struct stream *s)
{
	struct linger none = { .l_onoff = 1, .l_linger = 0 };

	if (s->private.open)
		setsockopt(s->private.io.fd, SOL_SOCKET, SO_LINGER, &none, sizeof none);
	stream_close(s);
}

bool
stream_local_addr(const struct stream *s, struct addr *out)
{
	struct addr a = { .len = sizeof a.sa };

	ASSERT(s->private.open);
	if (getsockname(s->private.io.fd, &a.sa.any, &a.len) != 0 || a.sa.any.sa_family == AF_UNIX)
		return false;
	*out = a;
	return true;
}
