/*
 * A transport that has no socket below it: each operation goes to the other end. What both ends
 * rely on stands here: nothing is asked of an end that has broken off or was shut.
 */
#include <errno.h>
#include <string.h>

#include "base/bug.h"
#include "net/inner.h"
#include "net/transport_priv.h"

_Static_assert(offsetof(struct inner, private.transport) == 0, "a transport is an inner");

static struct inner *
inner_of(const struct stream *s)
{
	return (struct inner *)s->private.transport;
}

static enum io_result
failed(struct stream *s)
{
	s->private.error = ECONNRESET;
	return IO_FAIL;
}

static enum io_result
inner_handshake(struct stream *s)
{
	(void)s;
	BUG("an inner stream is connected from the start");
}

static enum io_result
inner_read(struct stream *s, void *p, size_t cap, size_t *got)
{
	struct inner *n = inner_of(s);

	return s->private.broken ? failed(s) : n->ops->read(n, p, cap, got);
}

static enum io_result
inner_peek(struct stream *s, void *p, size_t cap, size_t *got)
{
	struct inner *n = inner_of(s);

	return s->private.broken ? failed(s) : n->ops->peek(n, p, cap, got);
}

static enum io_result
inner_writev(struct stream *s, const struct iovec *iov, int count, size_t *put)
{
	struct inner *n = inner_of(s);

	return s->private.broken ? failed(s) : n->ops->writev(n, iov, count, put);
}

static enum io_result
inner_shut(struct stream *s)
{
	struct inner *n = inner_of(s);

	if (s->private.broken)
		return failed(s);
	n->ops->shut(n);
	return IO_DONE;
}

static void
inner_ready(struct stream *s)
{
	(void)s;
	BUG("an inner stream has no socket");
}

static void
inner_reset(struct stream *s)
{
	inner_of(s)->private.reset = true;
}

static bool
inner_local_addr(const struct stream *s, struct addr *out)
{
	const struct inner *n = inner_of(s);

	return n->under != NULL && stream_local_addr(n->under, out);
}

static void
inner_free(struct transport *t)
{
	struct inner *n = (struct inner *)t;

	ASSERT(n->private.stream != NULL);
	n->private.stream = NULL;
	n->ops->close(n, n->private.reset);
}

static const struct transport_ops inner_transport = {
	.handshake = inner_handshake, .read = inner_read, .peek = inner_peek,
	.writev = inner_writev, .shut = inner_shut, .ready = inner_ready, .reset = inner_reset,
	.local_addr = inner_local_addr, .free = inner_free,
};

void
inner_open(struct stream *s, struct loop *l, struct inner *n, stream_f *fn, void *arg)
{
	struct stream_private *p = &s->private;

	ASSERT(!p->open && fn != NULL && n->ops != NULL && n->private.stream == NULL);
	memset(s, 0, sizeof *s);
	p->io.fd = -1;
	p->loop = l;
	p->fn = fn;
	p->arg = arg;
	p->open = true;
	p->transport = &n->private.transport;
	n->private = (struct inner_private){ { &inner_transport }, s, false };
}

void
inner_mark(struct inner *n, unsigned marks)
{
	struct stream_private *p = &n->private.stream->private;

	ASSERT(n->private.stream != NULL && marks != 0);
	if (marks & (INNER_READABLE | INNER_BROKEN))
		p->readable = true;
	if (marks & (INNER_WRITABLE | INNER_BROKEN))
		p->writable = true;
	if (marks & INNER_BROKEN)
		p->broken = true;
}

void
inner_drained(struct inner *n)
{
	ASSERT(n->private.stream != NULL);
	if (!n->private.stream->private.broken)
		n->private.stream->private.readable = false;
}

void
inner_call(struct inner *n)
{
	struct stream_private *p = &n->private.stream->private;

	ASSERT(n->private.stream != NULL);
	p->fn(p->arg);
}

const struct inner *
inner_under(const struct stream *s, const struct inner_ops *ops)
{
	const struct transport *t = s->private.open ? s->private.transport : NULL;

	if (t == NULL || t->ops != &inner_transport)
		return NULL;
	return inner_of(s)->ops == ops ? inner_of(s) : NULL;
}
