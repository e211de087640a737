/*
 * OpenSSL reads from and writes to the stream's own socket, through a BIO that is ours: it always
 * takes what OpenSSL writes and keeps what the socket does not. So a record that was begun is
 * never waited for in the middle, an owner may change its mind about what it writes next, and
 * waiting to write is flushing `out`.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <openssl/bio.h>

#include "base/alloc.h"
#include "base/bug.h"
#include "net/tls_priv.h"

#define OUT_MAX		65536		/* more is not kept: then OpenSSL waits */
#define FEW_BYTES	1024		/* less is not worth a system call of its own */
#define AHEAD_BYTES	4096		/* that are read instead: most of what clients send in a handshake */

/*
 * What waits in `out` goes first, and then these bytes, as far as the socket takes them: *sent of
 * them. False: it is broken.
 */
static bool
socket_send(struct tls *t, const char *p, size_t len, size_t *sent)
{
	int flags = MSG_NOSIGNAL | (t->ending ? MSG_MORE : 0);

	*sent = 0;
	t->held = false;
	if (t->full)
		return true;
	while (t->out_at < t->out_len || *sent < len) {
		size_t waits = t->out_len - t->out_at;
		/* there is no NULL + 0 */
		struct iovec v[2] = { { waits == 0 ? NULL : t->out + t->out_at, waits },
		    { len == 0 ? NULL : (char *)(uintptr_t)p + *sent, len - *sent } };
		struct msghdr m = { .msg_iov = v, .msg_iovlen = 2 };
		ssize_t n = waits == 0 ? send(t->fd, p + *sent, len - *sent, flags) : sendmsg(t->fd, &m, flags);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno != EAGAIN)
			t->error = errno;
		t->full = n < 0 && t->error == 0;
		if (n < 0)
			return t->full;
		waits = waits < (size_t)n ? waits : (size_t)n;
		t->out_at += waits;
		*sent += (size_t)n - waits;
	}
	free(t->out);
	t->out = NULL;
	t->out_at = t->out_len = t->out_cap = 0;
	return true;
}

enum io_result
tls_flush(struct tls *t)
{
	size_t none;

	if (t->out == NULL)
		return IO_DONE;
	if (!socket_send(t, NULL, 0, &none))
		return IO_FAIL;
	return t->out == NULL ? IO_DONE : IO_AGAIN;
}

static bool
out_add(struct tls *t, const char *p, size_t len)
{
	if (t->out_len + len > t->out_cap) {
		size_t cap = t->out_len + len;
		char *out = try_alloc(cap);

		if (out == NULL)
			return false;
		if (t->out_len > 0)
			memcpy(out, t->out, t->out_len);
		free(t->out);
		t->out = out;
		t->out_cap = cap;
	}
	memcpy(t->out + t->out_len, p, len);
	t->out_len += len;
	return true;
}

static int
bio_write(BIO *b, const char *p, int len)
{
	struct tls *t = BIO_get_data(b);
	size_t sent = 0;

	BIO_clear_retry_flags(b);
	if (t->error != 0 || len <= 0)
		return -1;
	t->spoken = true;
	if ((!t->holds || t->out_len > OUT_MAX) && !socket_send(t, p, (size_t)len, &sent))
		return -1;
	if (sent == 0 && t->out_len > OUT_MAX) {
		BIO_set_retry_write(b);
		return -1;
	}
	if (sent < (size_t)len && !out_add(t, p + sent, (size_t)len - sent)) {
		t->error = ENOMEM;
		return -1;
	}
	t->held |= t->holds;
	return len;
}

/* From what was read before. */
static int
in_take(struct tls *t, char *p, size_t len)
{
	size_t n = t->in_len - t->in_at;

	ASSERT(n > 0);
	n = n < len ? n : len;
	memcpy(p, t->in + t->in_at, n);
	t->in_at += n;
	if (t->in_at == t->in_len) {
		free(t->in);
		t->in = NULL;
		t->in_at = t->in_len = 0;
	}
	return (int)n;
}

/* The rest of what was read for a short request of OpenSSL's. */
static bool
in_keep(struct tls *t, const char *p, size_t len)
{
	ASSERT(t->in == NULL && len > 0);
	if ((t->in = try_alloc(len)) == NULL) {
		t->error = ENOMEM;
		return false;
	}
	memcpy(t->in, p, len);
	t->in_len = len;
	return true;
}

/* What the socket has. From OpenSSL 3.2 on a handshake is read by each record's head and body,
 * whatever is set for reading ahead: these get what is there by one system call. */
static ssize_t
socket_receive(struct tls *t, char *p, size_t len)
{
	static char ahead[AHEAD_BYTES];
	bool few = len < FEW_BYTES;
	size_t cap = few ? sizeof ahead : len;
	ssize_t n;

	do
		n = recv(t->fd, few ? ahead : p, cap, 0);
	while (n < 0 && errno == EINTR);
	t->drained = n > 0 && (size_t)n < cap && !t->ends;	/* short, as in stream_read() */
	if (!few || n <= 0)
		return n;
	memcpy(p, ahead, (size_t)n < len ? (size_t)n : len);
	if ((size_t)n <= len)
		return n;
	return in_keep(t, ahead + len, (size_t)n - len) ? (ssize_t)len : -1;
}

static int
bio_read(BIO *b, char *p, int len)
{
	struct tls *t = BIO_get_data(b);
	ssize_t n;

	BIO_clear_retry_flags(b);
	if (t->error != 0 || len <= 0)
		return -1;
	if (t->in != NULL)
		return in_take(t, p, (size_t)len);
	if (t->drained) {
		BIO_set_retry_read(b);
		return -1;
	}
	n = socket_receive(t, p, (size_t)len);
	if (n == 0)
		t->socket_ended = true;
	else if (n < 0 && t->error == 0 && errno == EAGAIN)
		BIO_set_retry_read(b);
	else if (n < 0 && t->error == 0)
		t->error = errno;
	return (int)n;
}

static long
bio_ctrl(BIO *b, int cmd, long num, void *p)
{
	const struct tls *t = BIO_get_data(b);

	(void)num;
	(void)p;
	switch (cmd) {
	case BIO_CTRL_FLUSH:
		return 1;
	case BIO_CTRL_EOF:
		return t->socket_ended && t->in == NULL;
	default:
		return 0;
	}
}

const BIO_METHOD *
tls_bio_method(void)
{
	static BIO_METHOD *m;

	if (m != NULL)
		return m;
	m = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "stream");
	ASSERT(m != NULL && BIO_meth_set_read(m, bio_read) && BIO_meth_set_write(m, bio_write) &&
	    BIO_meth_set_ctrl(m, bio_ctrl));
	return m;
}
