/*
 * buf: the limit is what others may make it grow to. Below it memory is always there: must_realloc.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/bug.h"

void
buf_init(struct buf *b, size_t max)
{
	*b = (struct buf){ .max = max };
}

void
buf_fini(struct buf *b)
{
	free(b->p);
	*b = (struct buf){ 0 };
}

void
buf_clear(struct buf *b)
{
	b->len = 0;
	b->full = false;
}

static bool
buf_room(struct buf *b, size_t n)
{
	size_t cap = b->cap ? b->cap : 256;

	ASSERT(b->len <= b->cap && b->cap <= b->max);
	if (n > b->max - b->len) {
		b->full = true;
		return false;
	}
	if (b->len + n <= b->cap)
		return true;
	while (cap < b->len + n)
		cap *= 2;
	if (cap > b->max)
		cap = b->max;
	b->p = must_realloc(b->p, cap);
	b->cap = cap;
	return true;
}

bool
buf_add(struct buf *b, const void *p, size_t n)
{
	if (n == 0)
		return true;
	/* not of this buffer, which may move */
	ASSERT((uintptr_t)p - (uintptr_t)b->p >= b->cap);
	if (!buf_room(b, n))
		return false;
	memcpy(b->p + b->len, p, n);
	b->len += n;
	return true;
}

bool
buf_adds(struct buf *b, struct str s)
{
	return buf_add(b, s.p, s.len);
}

bool
buf_printf(struct buf *b, const char *fmt, ...)
{
	char small[512], *text = small;
	va_list ap;
	bool ok;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(small, sizeof small, fmt, ap);
	va_end(ap);
	ASSERT(n >= 0);
	if ((size_t)n >= sizeof small) {
		text = must_alloc((size_t)n + 1);
		va_start(ap, fmt);
		vsnprintf(text, (size_t)n + 1, fmt, ap);
		va_end(ap);
	}
	ok = buf_add(b, text, (size_t)n);
	if (text != small)
		free(text);
	return ok;
}

void
buf_eat(struct buf *b, size_t n)
{
	ASSERT(n <= b->len);
	if (n == 0)
		return;
	memmove(b->p, b->p + n, b->len - n);
	b->len -= n;
}

struct str
buf_str(const struct buf *b)
{
	return (struct str){ b->p, b->len };
}
