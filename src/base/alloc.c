/*
 * alloc: memory that is there, and what is kept for when there is none: a reserve, which all
 * threads share and what must not fail falls back on, and before it a cushion, which the thread
 * that serves clients has for itself. Must not know who holds memory: alloc_short says that some is
 * to be given back.
 */
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/bug.h"

/* ---- what is kept for when an allocation fails ---- */

#define RESERVE_LEAST	16	/* a part of it that is better than none */

/* Jobs allocate, too, each in a thread of its own. */
static struct {
	unsigned long	 bytes;
	_Atomic(void *)	 p;		/* NULL: spent */
	atomic_ulong	 has;		/* bytes of p: fewer than it should while there is no more */
	atomic_ulong	 spent;		/* times, since alloc_restore was called last */
} reserve;

struct piece {
	struct piece	*next;
};

/*
 * At first one block, whose pages nobody has touched. Once spent, it comes back in the pieces that
 * others free, wherever they lie in the heap.
 */
static _Thread_local struct {
	unsigned long	 bytes;		/* 0: this thread has none */
	void		*whole;
	struct piece	*pieces;	/* instead */
	unsigned	 npieces;
} cushion;
bool alloc_short;

static void
short_note(void)
{
	if (cushion.bytes > 0)
		alloc_short = (cushion.whole == NULL && cushion.npieces < cushion.bytes / ALLOC_PIECE_BYTES)
		    || (reserve.bytes > 0 && reserve.p == NULL);
}

static void
piece_free(void)
{
	struct piece *p = cushion.pieces;

	ASSERT(p != NULL && cushion.npieces > 0);
	cushion.pieces = p->next;
	cushion.npieces--;
	free(p);
}

/* False: all of it has been spent. */
static bool
cushion_spend(void)
{
	if (cushion.whole == NULL && cushion.pieces == NULL)
		return false;
	atomic_fetch_add(&reserve.spent, 1);
	if (cushion.pieces != NULL)
		piece_free();
	else {
		free(cushion.whole);
		cushion.whole = NULL;
	}
	short_note();
	return true;
}

/* Some pieces of it make room for one that is larger; were it not so few, one that cannot be had
 * would cost all of them. */
void *
alloc_cushioned(void *old, unsigned long bytes)
{
	unsigned long most = 2 * (bytes / ALLOC_PIECE_BYTES) + 1;
	void *p = NULL;

	while (p == NULL && most-- > 0 && cushion_spend())
		p = realloc(old, bytes);
	return p;
}

bool
alloc_spend(void)
{
	void *p = atomic_exchange(&reserve.p, NULL);

	ASSERT(p == NULL || reserve.bytes > 0);
	if (p == NULL)
		return false;
	free(p);
	atomic_fetch_add(&reserve.spent, 1);
	short_note();
	return true;
}

/* The whole of it, or the part that can be had; with less than that, clients get nothing. */
static bool
reserve_fill(void)
{
	void *p = NULL, *none = NULL;
	unsigned long n;

	if (reserve.bytes == 0 || reserve.p != NULL)
		return true;
	for (n = reserve.bytes; p == NULL && n > 0 && n >= reserve.bytes / RESERVE_LEAST; n /= 2)
		if ((p = malloc(n)) != NULL)
			reserve.has = n;
	if (p == NULL)
		return false;
	if (!atomic_compare_exchange_strong(&reserve.p, &none, p))
		free(p);		/* another thread was faster */
	short_note();
	return true;
}

static void
reserve_grow(void)
{
	void *p;

	if (reserve.p == NULL || reserve.has == reserve.bytes || (p = malloc(reserve.bytes)) == NULL)
		return;
	reserve.has = reserve.bytes;
	free(atomic_exchange(&reserve.p, p));
}

bool
alloc_refill(void)
{
	struct piece *p;

	reserve_fill();
	if (cushion.bytes > 0 && cushion.whole == NULL && cushion.pieces == NULL)
		cushion.whole = malloc(cushion.bytes);
	while (cushion.whole == NULL && cushion.npieces < cushion.bytes / ALLOC_PIECE_BYTES
	    && (p = malloc(ALLOC_PIECE_BYTES)) != NULL) {
		p->next = cushion.pieces;
		cushion.pieces = p;
		cushion.npieces++;
	}
	short_note();
	return !alloc_short;
}

/* In the place of pieces, which are all over the heap, one block that is not. */
static void
cushion_gather(void)
{
	if (cushion.pieces == NULL || (cushion.whole = malloc(cushion.bytes)) == NULL)
		return;
	while (cushion.pieces != NULL)
		piece_free();
}

void
alloc_cushion(unsigned long bytes)
{
	while (cushion.pieces != NULL)
		piece_free();
	free(cushion.whole);
	cushion.whole = bytes > 0 ? must_alloc(bytes) : NULL;
	cushion.bytes = bytes;
	alloc_short = false;
}

void *
reserve_realloc(void *old, size_t bytes)
{
	size_t n = bytes ? bytes : 1;
	void *p = realloc(old, n);

	if (p != NULL)
		return p;
	p = alloc_cushioned(old, n);
	if (p != NULL || !alloc_spend())
		return p;
	return realloc(old, n);
}

void *
reserve_alloc(size_t bytes)
{
	return reserve_realloc(NULL, bytes);
}

void *
reserve_zalloc(size_t n, size_t bytes)
{
	size_t all;
	void *p = __builtin_mul_overflow(n, bytes, &all) ? NULL : reserve_alloc(all);

	return p == NULL ? NULL : memset(p, 0, all);
}

void *
try_alloc(unsigned long bytes)
{
	void *p;

	if (!reserve_fill())
		return NULL;
	p = malloc(bytes);
	return p != NULL ? p : alloc_cushioned(NULL, bytes ? bytes : 1);
}

void
alloc_reserve(unsigned long bytes)
{
	free(atomic_exchange(&reserve.p, NULL));
	reserve.bytes = reserve.has = bytes;
	reserve.p = bytes > 0 ? must_alloc(bytes) : NULL;
}

unsigned long
alloc_restore(void)
{
	alloc_refill();
	cushion_gather();
	reserve_grow();
	return atomic_exchange(&reserve.spent, 0);
}

/* ---- memory that is there ---- */

void *
must_realloc(void *old, unsigned long bytes)
{
	void *p = reserve_realloc(old, bytes);

	if (p == NULL)
		BUG("out of memory");
	return p;
}

void *
must_alloc(unsigned long bytes)
{
	return must_realloc(NULL, bytes);
}

void *
must_zalloc(unsigned long bytes)
{
	void *p = calloc(1, bytes ? bytes : 1);

	while (p == NULL && (cushion_spend() || alloc_spend()))
		p = calloc(1, bytes ? bytes : 1);
	if (p == NULL)
		BUG("out of memory");
	return p;
}

char *
must_strdup(const char *s)
{
	size_t n = strlen(s) + 1;

	return memcpy(must_alloc(n), s, n);
}

char *
must_printf(const char *fmt, ...)
{
	va_list ap, again;
	char *text;
	int n;

	va_start(ap, fmt);
	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, ap);
	ASSERT(n >= 0);
	text = must_alloc((unsigned long)n + 1);
	vsnprintf(text, (size_t)n + 1, fmt, again);
	va_end(again);
	va_end(ap);
	return text;
}
