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
		s->readable = true;
	if (events & (EPOLLOUT | EPOLLHUP | EPOLLERR))
		s->writable = true;
	if (events & EPOLLRDHUP)
		s->eof_hint = true;
	if (events & (EPOLLHUP | EPOLLERR))
		s->hup = true;
	s->fn(s->arg);
}

void
stream_open(struct stream *s, struct loop *l, int fd, stream_f *fn, void *arg)
{
	memset(s, 0, sizeof *s);
	s->loop = l;
	s->fn = fn;
	s->arg = arg;
	s->open = true;
	s->writable = true;
	loop_watch(l, &s->io, fd, LOOP_EDGE, on_io, s);
}

const struct why *
stream_connect(struct stream *s, struct loop *l, const struct addr *a, stream_f *fn, void *arg)
{
	const struct why *why;
	int fd;

	if ((why = sock_connect(a, &fd)) != NULL)
		return why;
	stream_open(s, l, fd, fn, arg);
	s->connecting = true;
	s->writable = false;
	return NULL;
}

enum io_result
stream_connected(struct stream *s)
{
	if (!s->connecting)
		return IO_DONE;
	if (!s->writable)
		return IO_AGAIN;
	if ((s->error = sock_error(s->io.fd)) != 0)
		return IO_FAIL;
	s->connecting = false;
	return IO_DONE;
}

void
stream_adopt(struct stream *s, stream_f *fn, void *arg)
{
	s->fn = fn;
	s->arg = arg;
}

enum io_result
stream_read(struct stream *s, void *p, size_t cap, size_t *got)
{
	ssize_t n;

	ASSERT(s->open && cap > 0);
	if (!s->readable)
		return IO_AGAIN;
	do
		n = recv(s->io.fd, p, cap, 0);
	while (n < 0 && errno == EINTR);
	if (n > 0) {
		/* short: drained, unless an end was announced that only another read will show */
		if ((size_t)n < cap && !s->eof_hint && !s->hup)
			s->readable = false;
		s->bytes_in += (uint64_t)n;
		*got = (size_t)n;
		return IO_DONE;
	}
	if (n == 0)
		return IO_EOF;
	if (errno == EAGAIN) {
		s->readable = false;
		return IO_AGAIN;
	}
	s->error = errno;
	return IO_FAIL;
}

enum io_result
stream_peek(struct stream *s, void *p, size_t cap, size_t *got)
{
	ssize_t n;

	ASSERT(s->open && cap > 0);
	if (!s->readable)
		return IO_AGAIN;
	do
		n = recv(s->io.fd, p, cap, MSG_PEEK);
	while (n < 0 && errno == EINTR);
	if (n > 0) {
		*got = (size_t)n;
		return IO_DONE;
	}
	if (n == 0)
		return IO_EOF;
	if (errno == EAGAIN) {
		s->readable = false;
		return IO_AGAIN;
	}
	s->error = errno;
	return IO_FAIL;
}

enum io_result
stream_look(struct stream *s)
{
	char byte;
	size_t got;

	s->readable = true;
	return stream_peek(s, &byte, 1, &got);
}

enum io_result
stream_writev(struct stream *s, const struct iovec *iov, int n, size_t *put)
{
	struct msghdr m = { .msg_iov = (struct iovec *)(uintptr_t)iov, .msg_iovlen = (size_t)n };
	ssize_t sent;

	ASSERT(s->open && n > 0 && n <= 64);
	if (!s->writable)
		return IO_AGAIN;
	do
		sent = sendmsg(s->io.fd, &m, MSG_NOSIGNAL | (s->ending ? MSG_MORE : 0));
	while (sent < 0 && errno == EINTR);
	if (sent >= 0) {
		s->bytes_out += (uint64_t)sent;
		*put = (size_t)sent;
		return IO_DONE;
	}
	if (errno == EAGAIN) {
		s->writable = false;
		return IO_AGAIN;
	}
	s->error = errno;
	return IO_FAIL;
}

void
stream_shut(struct stream *s)
{
	if (s->open)
		shutdown(s->io.fd, SHUT_WR);
}

void
stream_close(struct stream *s)
{
	int fd = s->io.fd;

	if (!s->open)
		return;
	loop_forget(s->loop, &s->io);
	close(fd);
	s->open = false;
}

void
stream_reset(struct stream *s)
{
	struct linger none = { .l_onoff = 1, .l_linger = 0 };

	if (s->open)
		setsockopt(s->io.fd, SOL_SOCKET, SO_LINGER, &none, sizeof none);
	stream_close(s);
}
