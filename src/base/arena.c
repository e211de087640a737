/*
 * arena: blocks in a list, filled from the front. What is larger than a block gets one of its own.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/bug.h"

#define BLOCK	16384
#define ALIGN	16

struct block {
	struct block	*next;
	size_t		 used, cap;
	_Alignas(ALIGN) char bytes[];
};

struct arena {
	struct block	*first;		/* the one that is being filled */
};

struct arena *
arena_new(void)
{
	return must_zalloc(sizeof(struct arena));
}

void
arena_free(struct arena **ap)
{
	struct arena *a = *ap;
	struct block *b, *next;

	*ap = NULL;
	if (a == NULL)
		return;
	for (b = a->first; b != NULL; b = next) {
		next = b->next;
		free(b);
	}
	free(a);
}

static struct block *
block_new(size_t cap)
{
	struct block *b = must_alloc(sizeof *b + cap);

	*b = (struct block){ .cap = cap };
	return b;
}

/* A large one goes behind the one that is being filled, whose rest is not lost then. */
static struct block *
block_for(struct arena *a, size_t bytes)
{
	struct block *b = a->first;

	ASSERT(bytes % ALIGN == 0 && (b == NULL || (b->used <= b->cap && b->used % ALIGN == 0)));
	if (b != NULL && b->cap - b->used >= bytes)
		return b;
	b = block_new(bytes > BLOCK ? bytes : BLOCK);
	if (bytes > BLOCK / 2 && a->first != NULL) {
		b->next = a->first->next;
		a->first->next = b;
	} else {
		b->next = a->first;
		a->first = b;
	}
	ASSERT(b->cap - b->used >= bytes);
	return b;
}

void *
arena_zalloc(struct arena *a, size_t bytes)
{
	size_t room = (bytes + ALIGN - 1) / ALIGN * ALIGN;
	struct block *b;
	char *at;

	ASSERT(room >= bytes);
	b = block_for(a, room);
	at = b->bytes + b->used;
	b->used += room;
	return memset(at, 0, bytes);
}

char *
arena_text(struct arena *a, struct str s)
{
	char *at = arena_zalloc(a, s.len + 1);

	if (s.len > 0)
		memcpy(at, s.p, s.len);
	return at;
}

char *
arena_printf(struct arena *a, const char *fmt, ...)
{
	va_list ap, again;
	char *at;
	int n;

	va_start(ap, fmt);
	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, ap);
	ASSERT(n >= 0);
	at = arena_zalloc(a, (size_t)n + 1);
	vsnprintf(at, (size_t)n + 1, fmt, again);
	va_end(again);
	va_end(ap);
	return at;
}
