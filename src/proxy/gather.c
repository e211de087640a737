/*
 * Turns pieces into as few system calls as the socket allows. Knows nothing of what the pieces mean.
 */
#include "proxy/gather.h"

void
gather_clear(struct gather *g)
{
	g->n = g->first = 0;
	g->offset = 0;
	g->full = false;
}

void
gather_rewind(struct gather *g)
{
	g->first = 0;
	g->offset = 0;
}

void
gather_add(struct gather *g, struct str s)
{
	struct iovec *last = g->n > 0 ? &g->v[g->n - 1] : NULL;

	if (s.len == 0)
		return;
	if (last != NULL && (const char *)last->iov_base + last->iov_len == s.p) {
		last->iov_len += s.len;
		return;
	}
	if (g->n == GATHER_MAX) {
		g->full = true;
		return;
	}
	g->v[g->n++] = (struct iovec){ (void *)(uintptr_t)s.p, s.len };
}

bool
gather_done(const struct gather *g)
{
	return g->first == g->n;
}

/* Moves past `put` bytes; what exceeds the pieces belongs to the tail and is returned. */
static size_t
advance(struct gather *g, size_t put)
{
	while (g->first < g->n) {
		size_t left = g->v[g->first].iov_len - g->offset;
		if (put < left) {
			g->offset += put;
			return 0;
		}
		put -= left;
		g->first++;
		g->offset = 0;
	}
	return put;
}

/* One system call. The pieces stay as they are, for gather_rewind. */
static enum io_result
write_once(struct gather *g, struct stream *s, struct str tail, size_t *put)
{
	struct iovec *v = &g->v[g->first], whole = *v;
	int n = g->n - g->first;
	enum io_result res;

	if (tail.len > 0)
		g->v[g->n] = (struct iovec){ (void *)(uintptr_t)tail.p, tail.len };
	if (n > 0)
		*v = (struct iovec){ (char *)whole.iov_base + g->offset, whole.iov_len - g->offset };
	res = stream_writev(s, v, n + (tail.len > 0), put);
	if (n > 0)
		*v = whole;
	return res;
}

enum io_result
gather_write(struct gather *g, struct stream *s, struct str tail, size_t *tail_put)
{
	while (!gather_done(g) || tail.len > 0) {
		size_t put = 0;
		enum io_result res = write_once(g, s, tail, &put);
		if (res != IO_DONE)
			return res;
		put = advance(g, put);
		tail.p += put;
		tail.len -= put;
		*tail_put += put;
	}
	return IO_DONE;
}
