/*
 * Turns pieces into as few system calls as the socket allows. Knows nothing of what the pieces
 * mean.
 */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/bug.h"
#include "http/gather.h"

#define COPY_LEAST	16384

void
gather_init(struct gather *g)
{
	g->n = g->first = 0;
	g->offset = 0;
	g->slot = g->slot_len = 0;
	g->copy = NULL;
	g->full = false;
}

void
gather_clear(struct gather *g)
{
	free(g->copy);
	gather_init(g);
}

void
gather_rewind(struct gather *g)
{
	g->first = 0;
	g->offset = 0;
}

/* Room for `more` bytes behind those of the copy. False: there is no memory. */
static bool
copy_room(struct gather *g, size_t more)
{
	size_t need = g->v[0].iov_len + more, cap = g->copy_cap;
	char *copy;

	while (cap < need)
		cap *= 2;
	if (cap == g->copy_cap)
		return true;
	if ((copy = try_alloc(cap)) == NULL)
		return false;
	memcpy(copy, g->copy, g->v[0].iov_len);
	free(g->copy);
	g->v[0].iov_base = g->copy = copy;
	g->copy_cap = cap;
	return true;
}

static void
copy_add(struct gather *g, struct str s)
{
	if (!copy_room(g, s.len)) {
		g->full = true;
		return;
	}
	memcpy(g->copy + g->v[0].iov_len, s.p, s.len);
	g->v[0].iov_len += s.len;
}

/* From pieces to a copy of them. */
static bool
copy_begin(struct gather *g)
{
	struct iovec v[GATHER_MAX];
	int n = g->n, slot = g->slot_len > 0 ? (int)g->slot : -1;

	if ((g->copy = try_alloc(COPY_LEAST)) == NULL)
		return false;
	memcpy(v, g->v, sizeof v);
	g->copy_cap = COPY_LEAST;
	g->v[0] = (struct iovec){ g->copy, 0 };
	g->n = 1;
	for (int i = 0; i < n; i++) {
		if (i == slot)
			g->slot = g->v[0].iov_len;
		copy_add(g, (struct str){ v[i].iov_base, v[i].iov_len });
	}
	return !g->full;
}

void
gather_add_copied(struct gather *g, struct str s)
{
	if (g->full)
		return;
	if (g->copy != NULL || copy_begin(g))
		copy_add(g, s);
	else
		g->full = true;
}

void
gather_add_slot(struct gather *g, struct str s)
{
	ASSERT(g->slot_len == 0 && s.len > 0 && !(g->n > 0 && g->first == g->n));
	if (g->copy == NULL && g->n < GATHER_MAX) {
		g->slot = (size_t)g->n;
		g->v[g->n++] = (struct iovec){ (void *)(uintptr_t)s.p, s.len };
	} else {
		gather_add_copied(g, STR(""));		/* the copy begins, if there is none */
		g->slot = g->full ? 0 : g->v[0].iov_len;
		gather_add_copied(g, s);
	}
	g->slot_len = s.len;
}

bool
gather_set_slot(struct gather *g, struct str s)
{
	char *at;

	ASSERT(g->slot_len > 0 && s.len > 0 && g->first == 0 && g->offset == 0);
	if (g->copy == NULL)
		g->v[g->slot] = (struct iovec){ (void *)(uintptr_t)s.p, s.len };
	else {
		if (!copy_room(g, s.len))
			return false;
		at = g->copy + g->slot;
		memmove(at + s.len, at + g->slot_len, g->v[0].iov_len - g->slot - g->slot_len);
		memcpy(at, s.p, s.len);
		g->v[0].iov_len += s.len - g->slot_len;
	}
	g->slot_len = s.len;
	return true;
}

bool
gather_set_end(struct gather *g, size_t cut, struct str text)
{
	ASSERT(g->first == 0 && g->offset == 0 && g->n > 0);
	gather_add_copied(g, STR(""));			/* the copy begins, if there is none */
	if (g->full || !copy_room(g, text.len))
		return false;
	ASSERT(g->v[0].iov_len >= cut);
	g->v[0].iov_len -= cut;
	copy_add(g, text);
	return true;
}

void
gather_moved(struct gather *g, const char *old, size_t len, char *now)
{
	uintptr_t from = (uintptr_t)old;

	for (int i = 0; i < g->n; i++) {
		uintptr_t at = (uintptr_t)g->v[i].iov_base;

		if (at >= from && at < from + len)
			g->v[i].iov_base = now + (at - from);
	}
}

bool
gather_done(const struct gather *g)
{
	ASSERT(g->first <= g->n && g->n <= GATHER_MAX);
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
	ASSERT(n + (tail.len > 0) > 0 && (n == 0 ? g->offset == 0 : g->offset < whole.iov_len));
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
	ASSERT(!g->full);		/* a head without one of its pieces is another head */
	while (!gather_done(g) || tail.len > 0) {
		size_t put = 0;
		enum io_result res = write_once(g, s, tail, &put);
		if (res != IO_DONE)
			return res;
		put = advance(g, put);
		ASSERT(put <= tail.len);
		tail.p += put;
		tail.len -= put;
		*tail_put += put;
	}
	return IO_DONE;
}
