/*
 * arena: blocks in a list, filled from the front. What is larger than a block gets one of its own.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "base/bug.h"

#define BLOCK	16384
#define ALIGN	_Alignof(max_align_t)

struct block {
	struct block	*next;
	size_t		 used, cap;
	_Alignas(ALIGN) char bytes[];
};

struct arena {
	struct block	*first;		/* the one that is being filled */
	struct block	*spare;		/* of `size` each, unused since arena_reset */
	size_t		 size;		/* of a block */
};

struct arena *
arena_new(void)
{
	struct arena *a = must_zalloc(sizeof *a);

	a->size = BLOCK;
	return a;
}

struct arena *
arena_try_new(size_t block)
{
	struct arena *a = try_alloc(sizeof *a);

	ASSERT(block > 0);
	if (a != NULL)
		*a = (struct arena){ .size = block };
	return a;
}

static void
blocks_free(struct block *b)
{
	struct block *next;

	for (; b != NULL; b = next) {
		next = b->next;
		free(b);
	}
}

void
arena_free(struct arena **ap)
{
	struct arena *a = *ap;

	*ap = NULL;
	if (a == NULL)
		return;
	blocks_free(a->first);
	blocks_free(a->spare);
	free(a);
}

void
arena_reset(struct arena *a, unsigned keep)
{
	struct block *all[] = { a->first, a->spare }, *b, *next;

	a->first = a->spare = NULL;
	for (unsigned i = 0; i < sizeof all / sizeof *all; i++)
		for (b = all[i]; b != NULL; b = next) {
			next = b->next;
			if (keep == 0 || b->cap != a->size) {
				free(b);
				continue;
			}
			keep--;
			*b = (struct block){ .next = a->spare, .cap = b->cap };
			a->spare = b;
		}
}

/* NULL: there is no memory, where that may be. */
static struct block *
block_new(struct arena *a, size_t cap, bool may_fail)
{
	size_t all = sizeof(struct block) + cap;
	struct block *b = a->spare;

	if (b != NULL && cap == a->size) {
		a->spare = b->next;
		b->next = NULL;
		return b;
	}
	b = may_fail ? try_alloc(all) : must_alloc(all);
	if (b != NULL)
		*b = (struct block){ .cap = cap };
	return b;
}

/* A large one goes behind the one that is being filled, whose rest is not lost then. */
static struct block *
block_for(struct arena *a, size_t bytes, bool may_fail)
{
	struct block *b = a->first;

	ASSERT(bytes % ALIGN == 0 && (b == NULL || (b->used <= b->cap && b->used % ALIGN == 0)));
	if (b != NULL && b->cap - b->used >= bytes)
		return b;
	if ((b = block_new(a, bytes > a->size ? bytes : a->size, may_fail)) == NULL)
		return NULL;
	if (bytes > a->size / 2 && a->first != NULL) {
		b->next = a->first->next;
		a->first->next = b;
	} else {
		b->next = a->first;
		a->first = b;
	}
	ASSERT(b->cap - b->used >= bytes);
	return b;
}

static void *
take(struct arena *a, size_t bytes, bool may_fail)
{
	size_t room = (bytes + ALIGN - 1) / ALIGN * ALIGN;
	struct block *b;
	char *at;

	ASSERT(room >= bytes);
	if ((b = block_for(a, room, may_fail)) == NULL)
		return NULL;
	at = b->bytes + b->used;
	b->used += room;
	return memset(at, 0, bytes);
}

void *
arena_zalloc(struct arena *a, size_t bytes)
{
	return take(a, bytes, false);
}

void *
arena_try_zalloc(struct arena *a, size_t bytes)
{
	return take(a, bytes, true);
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
