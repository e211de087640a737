/*
 * toy_transport: a transport that does to its stream what TLS will. Bytes travel scrambled in frames, and only whole
 * frames are handed out, so bytes wait above the socket; a handshake comes first, from either side; a frame may demand
 * a reply before the next one is read, unless we have ended; writes are taken before they are sent; the end is a frame of its own, and does
 * not fit at once.
 *
 * Includes stream.c: streams that this program opens are toys, every one. toy_send() and its like are the peers' side,
 * for tests that play a peer on a bare descriptor.
 */
#ifndef TESTS_TOY_TRANSPORT_H
#define TESTS_TOY_TRANSPORT_H

#include "base/alloc.h"
#include "base/clock.h"
#include "net/transport_priv.h"

#define stream_open	stream_open_plain
#define stream_connect	stream_connect_plain
#include "net/stream.c"
#undef stream_open
#undef stream_connect

#pragma GCC diagnostic ignored "-Wunused-function"	/* no test plays every part */

#define TOY_HELLO	'H'
#define TOY_DATA	'D'
#define TOY_PING	'P'		/* its reader sends a TOY_PONG before it reads on */
#define TOY_PONG	'Q'
#define TOY_END		'E'
#define TOY_KEY		0x5a
#define TOY_FRAME	700		/* bytes of a frame's data */
#define TOY_HEAD	3		/* type, length */

/* One side's frames, on their way out and in. */
struct toy_wire {
	char	 out[8 * (TOY_HEAD + TOY_FRAME)];
	size_t	 out_len;
	char	 in[TOY_HEAD + TOY_FRAME];
	size_t	 in_len, in_at;		/* of a whole frame's data, what is still to be read: in_at..in_len */
	bool	 whole;
	bool	 greeted;		/* our hello is in `out`, or out */
	bool	 met;			/* theirs has come */
	bool	 ended;			/* their end has come */
	bool	 end_sent;		/* ours is in `out` */
	unsigned frames;
};

static bool
toy_frame(struct toy_wire *w, char type, const char *p, size_t len)
{
	if (w->out_len + TOY_HEAD + len > sizeof w->out)
		return false;
	w->out[w->out_len++] = type;
	w->out[w->out_len++] = (char)(len >> 8);
	w->out[w->out_len++] = (char)len;
	for (size_t i = 0; i < len; i++)
		w->out[w->out_len++] = p[i] ^ TOY_KEY;
	return true;
}

static void
toy_greet(struct toy_wire *w)
{
	if (!w->greeted)
		w->out[w->out_len++] = TOY_HELLO;
	w->greeted = true;
}

/* IO_DONE: nothing is left to be sent. */
static enum io_result
toy_flush(struct toy_wire *w, int fd)
{
	while (w->out_len > 0) {
		ssize_t n = send(fd, w->out, w->out_len, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n < 0)
			return errno == EAGAIN ? IO_AGAIN : IO_FAIL;
		w->out_len -= (size_t)n;
		memmove(w->out, w->out + n, w->out_len);
	}
	return IO_DONE;
}

/* Exactly `want` bytes of the socket in `in`. A socket that ends here was cut. */
static enum io_result
toy_gather(struct toy_wire *w, int fd, size_t want)
{
	while (w->in_len < want) {
		ssize_t n = recv(fd, w->in + w->in_len, want - w->in_len, MSG_DONTWAIT);
		if (n < 0)
			return errno == EAGAIN ? IO_AGAIN : IO_FAIL;
		if (n == 0) {
			errno = ECONNRESET;
			return IO_EOF;
		}
		w->in_len += (size_t)n;
	}
	return IO_DONE;
}

static enum io_result
toy_meet(struct toy_wire *w, int fd)
{
	enum io_result res;

	if (w->met)
		return IO_DONE;
	if ((res = toy_gather(w, fd, 1)) != IO_DONE)
		return res;
	assert_int_equal(w->in[0], TOY_HELLO);
	w->in_len = 0;
	w->met = true;
	return IO_DONE;
}

/* A frame of data is there to its end, or their end. IO_EOF: the socket's end instead. */
static enum io_result
toy_next(struct toy_wire *w, int fd)
{
	enum io_result res = toy_meet(w, fd);

	while (res == IO_DONE && !w->whole && !w->ended) {
		size_t len;
		if ((res = toy_gather(w, fd, TOY_HEAD)) != IO_DONE)
			break;
		len = (size_t)(unsigned char)w->in[1] << 8 | (unsigned char)w->in[2];
		assert_true(len <= TOY_FRAME);
		if ((res = toy_gather(w, fd, TOY_HEAD + len)) != IO_DONE)
			break;
		w->ended = w->in[0] == TOY_END;
		w->whole = w->in[0] == TOY_DATA;
		w->in_at = TOY_HEAD;
		if (w->whole)
			continue;
		w->in_len = 0;
		if (w->in[0] == TOY_PING && !w->end_sent)
			assert_true(toy_frame(w, TOY_PONG, "", 0));
	}
	return res;
}

static size_t
toy_take(struct toy_wire *w, char *p, size_t cap, bool peek)
{
	size_t n = w->in_len - w->in_at < cap ? w->in_len - w->in_at : cap;

	for (size_t i = 0; i < n; i++)
		p[i] = w->in[w->in_at + i] ^ TOY_KEY;
	if (peek)
		return n;
	w->in_at += n;
	if (w->in_at == w->in_len) {
		w->in_len = 0;
		w->whole = false;
	}
	return n;
}

/* ---- the transport ---- */

struct toy {
	struct transport transport;
	struct toy_wire	 wire;
	bool		 accepted;	/* its end does not fit at once; that of a connected one does */
	bool		 refused;	/* the next thing is: it is done at the event after this one */
	bool		 reply_due;	/* a read waits until it has replied */
};

static struct toy *
toy_of(const struct stream *s)
{
	return (struct toy *)s->private.transport;
}

static enum io_result
toy_failed(struct stream *s, enum io_result res)
{
	if (res != IO_EOF && res != IO_FAIL)
		return res;
	s->private.cut = res == IO_EOF;
	s->private.error = errno;
	return IO_FAIL;
}

static enum io_result
toy_send_out(struct stream *s)
{
	return toy_failed(s, toy_flush(&toy_of(s)->wire, s->private.io.fd));
}

/* Every other time what needs the socket does not get it: the kernel is asked for another event instead. */
static bool
toy_refuses(struct stream *s)
{
	struct toy *t = toy_of(s);

	t->refused = !t->refused;
	if (t->refused)
		loop_rewatch(s->private.loop, &s->private.io, LOOP_EDGE);
	return t->refused;
}

static enum io_result
toy_handshake(struct stream *s)
{
	struct toy_wire *w = &toy_of(s)->wire;
	enum io_result res;

	toy_greet(w);
	if ((res = toy_send_out(s)) != IO_DONE)
		return res;
	return toy_failed(s, toy_meet(w, s->private.io.fd));
}

static enum io_result
toy_receive(struct stream *s, void *p, size_t cap, bool peek, size_t *got)
{
	struct toy *t = toy_of(s);
	enum io_result res;

	if (t->reply_due && toy_refuses(s))
		return IO_AGAIN;
	if (t->reply_due && (res = toy_send_out(s)) != IO_DONE)
		return res;
	t->reply_due = false;
	res = toy_next(&t->wire, s->private.io.fd);
	if (t->wire.out_len > 0 && !t->reply_due && res != IO_FAIL) {	/* what is here is not handed out before it */
		t->reply_due = true;
		return toy_receive(s, p, cap, peek, got);
	}
	if (res != IO_DONE)
		return toy_failed(s, res);
	if (t->wire.ended) {
		s->private.peer_ended = true;
		return IO_EOF;
	}
	*got = toy_take(&t->wire, p, cap, peek);
	return IO_DONE;
}

static enum io_result
toy_read(struct stream *s, void *p, size_t cap, size_t *got)
{
	return toy_receive(s, p, cap, false, got);
}

static enum io_result
toy_peek(struct stream *s, void *p, size_t cap, size_t *got)
{
	return toy_receive(s, p, cap, true, got);
}

static enum io_result
toy_writev(struct stream *s, const struct iovec *iov, int n, size_t *put)
{
	struct toy *t = toy_of(s);
	char data[TOY_FRAME];
	enum io_result res;
	size_t len = 0;

	assert_false(t->wire.end_sent);
	if ((res = toy_send_out(s)) != IO_DONE)
		return res;
	for (int i = 0; i < n && len < sizeof data; i++) {
		size_t part = iov[i].iov_len < sizeof data - len ? iov[i].iov_len : sizeof data - len;
		memcpy(data + len, iov[i].iov_base, part);
		len += part;
	}
	assert_true(len > 0 && toy_frame(&t->wire, TOY_DATA, data, len));
	*put = len;
	return !toy_refuses(s) && toy_send_out(s) == IO_FAIL ? IO_FAIL : IO_DONE;
}

static enum io_result
toy_shut(struct stream *s)
{
	struct toy_wire *w = &toy_of(s)->wire;

	if (!w->end_sent) {
		assert_true(toy_frame(w, TOY_END, "", 0));
		w->end_sent = true;
		if (toy_of(s)->accepted) {
			loop_rewatch(s->private.loop, &s->private.io, LOOP_EDGE);
			return IO_AGAIN;
		}
	}
	return toy_send_out(s);
}

static void
toy_ready(struct stream *s)
{
	struct toy *t = toy_of(s);

	if (s->private.handshaking || t->reply_due)
		s->private.readable = true;
	if (s->private.handshaking)
		s->private.writable = true;
	else if (t->wire.out_len > 0 && !t->reply_due)
		toy_send_out(s);
}

static void
toy_free(struct transport *t)
{
	free(t);
}

static const struct transport_ops toy_ops = {
	.handshake = toy_handshake, .read = toy_read, .peek = toy_peek, .writev = toy_writev, .shut = toy_shut,
	.ready = toy_ready, .free = toy_free,
};

static struct transport *
toy_new(bool accepted)
{
	struct toy *t = must_zalloc(sizeof *t);

	t->accepted = accepted;
	t->transport.ops = &toy_ops;
	return &t->transport;
}

void
stream_open(struct stream *s, struct loop *l, int fd, stream_f *fn, void *arg)
{
	stream_open_plain(s, l, fd, fn, arg);
	stream_set_transport(s, toy_new(true));
}

const struct why *
stream_connect(struct stream *s, struct loop *l, const struct addr *a, stream_f *fn, void *arg)
{
	const struct why *why = stream_connect_plain(s, l, a, fn, arg);

	if (why == NULL)
		stream_set_transport(s, toy_new(false));
	return why;
}

/* ---- peers: the system calls of a test that plays one ---- */

static struct toy_wire *toy_peer[1024];	/* by descriptor; those that were not accepted or connected here are plain */

static int
toy_peer_new(int fd)
{
	if (fd < 0)
		return fd;
	assert_true(fd < 1024 && toy_peer[fd] == NULL);
	toy_peer[fd] = must_zalloc(sizeof *toy_peer[fd]);
	toy_greet(toy_peer[fd]);
	toy_flush(toy_peer[fd], fd);
	return fd;
}

static int
toy_accept(int listener, struct addr *peer)
{
	return toy_peer_new(sock_accept(listener, peer));
}

static const struct why *
toy_connect(const struct addr *to, int *fd)
{
	const struct why *why = sock_connect(to, fd);

	if (why == NULL)
		toy_peer_new(*fd);
	return why;
}

/* Every third frame is behind a demand for a reply. */
static ssize_t
toy_send(int fd, const void *p, size_t len, int flags)
{
	struct toy_wire *w = toy_peer[fd];
	size_t put = 0;

	if (w == NULL)
		return send(fd, p, len, flags);
	do {
		size_t n = len - put < TOY_FRAME ? len - put : TOY_FRAME;
		if (toy_flush(w, fd) != IO_DONE)
			return put > 0 ? (ssize_t)put : -1;
		if (++w->frames % 3 == 0)
			assert_true(toy_frame(w, TOY_PING, "", 0));
		assert_true(toy_frame(w, TOY_DATA, (const char *)p + put, n));
		put += n;
	} while (put < len);
	toy_flush(w, fd);
	return (ssize_t)put;
}

static ssize_t
toy_recv(int fd, void *p, size_t cap, int flags)
{
	struct toy_wire *w = toy_peer[fd];

	for (int i = 0; i < 1024; i++)
		if (toy_peer[i] != NULL)
			toy_flush(toy_peer[i], i);
	if (w == NULL)
		return recv(fd, p, cap, flags);
	if (toy_next(w, fd) != IO_DONE)
		return -1;
	return w->ended ? 0 : (ssize_t)toy_take(w, p, cap, (flags & MSG_PEEK) != 0);
}

static int
toy_shutdown(int fd, int how)
{
	struct toy_wire *w = toy_peer[fd];

	if (w != NULL && !w->end_sent && how != SHUT_RD) {
		w->end_sent = toy_frame(w, TOY_END, "", 0);
		toy_flush(w, fd);
	}
	return shutdown(fd, how);
}

/* Closes as a peer without manners does: the socket ends, the transport has not. */
static void
toy_cut(int fd)
{
	free(toy_peer[fd]);
	toy_peer[fd] = NULL;
	close(fd);
}

static int
toy_close(int fd)
{
	struct toy_wire *w = toy_peer[fd];
	struct linger l = { 0 };
	socklen_t len = sizeof l;

	if (w != NULL) {
		toy_peer[fd] = NULL;
		getsockopt(fd, SOL_SOCKET, SO_LINGER, &l, &len);
		if (!w->end_sent && !l.l_onoff && toy_frame(w, TOY_END, "", 0))
			toy_flush(w, fd);
		free(w);
	}
	return close(fd);
}

#endif
