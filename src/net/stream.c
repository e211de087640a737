/*
 * A plain stream's operations are one system call each; those of a stream with a transport are
 * passed on to it. What both have in common stands here: marks, counters, and what may follow
 * what.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/bug.h"
#include "net/transport_priv.h"

#define JOIN_MAX	1024	/* bytes in several pieces */

/* ---- life ---- */

static void
on_io(void *arg, uint32_t events)
{
	struct stream *s = arg;
	struct stream_private *p = &s->private;

	ASSERT(p->open && p->io.fd >= 0);
	if (events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR))
		p->readable = true;
	if (events & (EPOLLOUT | EPOLLHUP | EPOLLERR))
		p->writable = true;
	if (events & EPOLLRDHUP)
		p->peer_ended = true;
	if (events & (EPOLLHUP | EPOLLERR))
		p->broken = true;
	if (p->transport != NULL)
		p->transport->ops->ready(s);
	p->fn(p->arg);
}

void
stream_open(struct stream *s, struct loop *l, int fd, stream_f *fn, void *arg)
{
	struct stream_private *p = &s->private;

	ASSERT(!p->open && fd >= 0 && fn != NULL);
	memset(s, 0, sizeof *s);
	p->loop = l;
	p->fn = fn;
	p->arg = arg;
	p->open = true;
	p->writable = true;
	loop_watch(l, &p->io, fd, LOOP_EDGE, on_io, s);
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

void
stream_set_transport(struct stream *s, struct transport *t)
{
	struct stream_private *p = &s->private;

	ASSERT(p->open && !p->shut && p->transport == NULL && t->ops != NULL);
	p->transport = t;
	p->handshaking = true;
}

static enum io_result
handshake(struct stream *s)
{
	struct stream_private *p = &s->private;
	enum io_result res = p->transport->ops->handshake(s);

	ASSERT(res != IO_EOF && (res != IO_FAIL || p->error != 0));
	if (res == IO_DONE)
		p->handshaking = false;
	return res;
}

enum io_result
stream_connected(struct stream *s)
{
	struct stream_private *p = &s->private;

	ASSERT(p->open);
	if (p->connecting) {
		if (!p->writable)
			return IO_AGAIN;
		if ((p->error = sock_error(p->io.fd)) != 0)
			return IO_FAIL;
		p->connecting = false;
	}
	return p->handshaking ? handshake(s) : IO_DONE;
}

void
stream_adopt(struct stream *s, stream_f *fn, void *arg)
{
	ASSERT(s->private.open && fn != NULL);
	s->private.fn = fn;
	s->private.arg = arg;
}

static void
close_socket(struct stream *s)
{
	struct stream_private *p = &s->private;
	int fd = p->io.fd;

	ASSERT(fd >= 0 || p->transport != NULL);
	if (p->transport != NULL)
		p->transport->ops->free(p->transport);
	p->transport = NULL;
	if (fd >= 0) {
		loop_forget(p->loop, &p->io);
		close(fd);
	}
	p->open = false;
}

void
stream_close(struct stream *s)
{
	struct stream_private *p = &s->private;

	if (!p->open)
		return;
	/* so that the other side takes it for our end: as far as that goes without waiting */
	if (p->transport != NULL && !p->shut && !p->broken && !stream_is_connecting(s))
		p->transport->ops->shut(s);
	close_socket(s);
}

void
stream_reset(struct stream *s)
{
	struct linger none = { .l_onoff = 1, .l_linger = 0 };

	if (!s->private.open)
		return;
	if (s->private.io.fd < 0)
		s->private.transport->ops->reset(s);
	else
		setsockopt(s->private.io.fd, SOL_SOCKET, SO_LINGER, &none, sizeof none);
	close_socket(s);
}

/* ---- plain ---- */

static enum io_result
plain_failed(struct stream *s)
{
	ASSERT(errno != 0 && errno != EAGAIN);
	s->private.error = errno;
	return IO_FAIL;
}

static enum io_result
plain_receive(struct stream *s, void *p, size_t cap, int flags, size_t *got)
{
	ssize_t n;

	do
		n = recv(s->private.io.fd, p, cap, flags);
	while (n < 0 && errno == EINTR);
	if (n > 0) {
		*got = (size_t)n;
		return IO_DONE;
	}
	if (n == 0 && !s->private.gone)
		return IO_EOF;
	if (n == 0)
		errno = ECONNRESET;
	return errno == EAGAIN ? IO_AGAIN : plain_failed(s);
}

/* All of it, in `out`: how long it is. 0: it is too long to be copied, or empty. */
static size_t
pieces_join(const struct iovec *iov, int n, char out[JOIN_MAX])
{
	size_t len = 0;

	for (int i = 0; i < n; i++) {
		if (iov[i].iov_len > JOIN_MAX - len)
			return 0;
		if (iov[i].iov_len > 0)
			memcpy(out + len, iov[i].iov_base, iov[i].iov_len);
		len += iov[i].iov_len;
	}
	return len;
}

/* A short head in eight pieces costs the kernel a tenth more than one that is copied before. */
static enum io_result
plain_send(struct stream *s, const struct iovec *iov, int n, size_t *put)
{
	struct msghdr m = { .msg_iov = (struct iovec *)(uintptr_t)iov, .msg_iovlen = (size_t)n };
	int fd = s->private.io.fd, flags = MSG_NOSIGNAL | (s->private.end_follows ? MSG_MORE : 0);
	char one[JOIN_MAX];
	size_t len = n > 1 ? pieces_join(iov, n, one) : 0;
	ssize_t sent;

	do
		sent = len > 0 ? send(fd, one, len, flags) : n == 1 ? send(fd, iov->iov_base, iov->iov_len, flags)
		    : sendmsg(fd, &m, flags);
	while (sent < 0 && errno == EINTR);
	if (sent >= 0) {
		*put = (size_t)sent;
		return IO_DONE;
	}
	if (errno == EAGAIN)
		return IO_AGAIN;
	/* The kernel reports a break once; a read after it would find an end. EPIPE: there was one. */
	s->private.gone |= errno != EPIPE;
	return plain_failed(s);
}

/* ---- bytes ---- */

static enum io_result
transport_receive(struct stream *s, void *p, size_t cap, bool peek, size_t *got)
{
	const struct transport_ops *ops = s->private.transport->ops;
	enum io_result res = s->private.handshaking ? handshake(s) : IO_DONE;

	if (res == IO_DONE)
		res = peek ? ops->peek(s, p, cap, got) : ops->read(s, p, cap, got);
	ASSERT(res != IO_DONE || (*got > 0 && *got <= cap));
	ASSERT(res != IO_EOF || !s->private.cut);
	ASSERT(res != IO_FAIL || s->private.error != 0);
	return res;
}

enum io_result
stream_read(struct stream *s, void *to, size_t cap, size_t *got)
{
	struct stream_private *p = &s->private;
	enum io_result res;

	ASSERT(p->open && cap > 0);
	if (!p->readable)
		return IO_AGAIN;
	if (p->transport != NULL)
		res = transport_receive(s, to, cap, false, got);
	else {
		res = plain_receive(s, to, cap, 0, got);
		/* short: drained, unless an end was announced that only another read will show */
		if (res == IO_DONE && *got < cap && !p->peer_ended && !p->broken)
			p->readable = false;
	}
	if (res == IO_DONE)
		p->bytes_in += *got;
	else if (res == IO_AGAIN)
		p->readable = false;
	return res;
}

enum io_result
stream_peek(struct stream *s, void *to, size_t cap, size_t *got)
{
	struct stream_private *p = &s->private;
	enum io_result res;

	ASSERT(p->open && cap > 0);
	if (!p->readable)
		return IO_AGAIN;
	if (p->transport != NULL)
		res = transport_receive(s, to, cap, true, got);
	else
		res = plain_receive(s, to, cap, MSG_PEEK, got);
	if (res == IO_AGAIN)
		p->readable = false;
	return res;
}

enum io_result
stream_look(struct stream *s)
{
	struct transport *t = s->private.transport;
	char byte;
	size_t got;

	if (t != NULL && s->private.io.fd >= 0)
		t->ops->ready(s);		/* it may know the socket to be drained */
	s->private.readable = true;
	return stream_peek(s, &byte, 1, &got);
}

bool
stream_has_bytes(const struct stream *s)
{
	char byte;

	return s->private.io.fd >= 0 && recv(s->private.io.fd, &byte, 1, MSG_PEEK) == 1;
}

static enum io_result
transport_writev(struct stream *s, const struct iovec *iov, int n, size_t *put)
{
	enum io_result res = s->private.handshaking ? handshake(s) : IO_DONE;

	if (res == IO_DONE)
		res = s->private.transport->ops->writev(s, iov, n, put);
	ASSERT(res != IO_EOF && (res != IO_DONE || *put > 0));
	ASSERT(res != IO_FAIL || s->private.error != 0);
	return res;
}

enum io_result
stream_writev(struct stream *s, const struct iovec *iov, int n, size_t *put)
{
	struct stream_private *p = &s->private;
	enum io_result res;

	ASSERT(p->open && !p->shut && n > 0 && n <= STREAM_PIECES_MAX);
	if (!p->writable)
		return IO_AGAIN;
	res = p->transport != NULL ? transport_writev(s, iov, n, put) : plain_send(s, iov, n, put);
	if (res == IO_DONE)
		p->bytes_out += *put;
	else if (res == IO_AGAIN)
		p->writable = false;
	return res;
}

enum io_result
stream_shut(struct stream *s)
{
	struct stream_private *p = &s->private;
	enum io_result res = IO_DONE;

	ASSERT(p->open);
	if (p->shut)
		return IO_DONE;
	if (p->transport != NULL)
		res = p->handshaking ? IO_DONE : p->transport->ops->shut(s);
	if (res == IO_AGAIN)
		return res;
	ASSERT(res != IO_EOF);
	p->shut = true;
	if (p->io.fd < 0)
		return res;
	return shutdown(p->io.fd, SHUT_WR) == 0 ? res : plain_failed(s);
}

/* The socket's own end comes by closing it. */
bool
stream_may_close(struct stream *s)
{
	struct stream_private *p = &s->private;

	if (p->transport == NULL)
		return true;
	if (p->io.fd < 0 || p->shut || p->handshaking)
		return stream_shut(s) == IO_DONE;
	return p->transport->ops->shut(s) == IO_DONE;
}

bool
stream_is_cut_off(const struct stream *s)
{
	ASSERT(s->private.open);
	return s->private.io.fd >= 0 && sock_is_cut_off(s->private.io.fd);
}

bool
stream_local_addr(const struct stream *s, struct addr *out)
{
	struct addr a = { .len = sizeof a.sa };

	ASSERT(s->private.open);
	if (s->private.io.fd < 0)
		return s->private.transport->ops->local_addr(s, out);
	if (getsockname(s->private.io.fd, &a.sa.any, &a.len) != 0 || a.sa.any.sa_family == AF_UNIX)
		return false;
	*out = a;
	return true;
}
