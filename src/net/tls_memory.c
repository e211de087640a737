/*
 * Pieces come from malloc, and go back to it when there are enough of their size. Sizes are those
 * that malloc has, so that a piece tells by its own size what it is, whoever allocated it. All
 * buffers of records are of one size: each serves for reading and for writing. Pieces are kept by
 * one thread, that of the loop; any other, such as one that verifies passwords, has malloc's.
 */
#include <malloc.h>
#include <stdbool.h>
#include <stdlib.h>

#include <openssl/crypto.h>

#include "base/alloc.h"
#include "base/bug.h"
#include "net/tls_memory.h"

#define GRAIN		16		/* small pieces have n * GRAIN + GRAIN / 2 bytes */
#define SMALL		64		/* sizes of these; larger pieces are malloc's */
#define SMALL_KEEP	64		/* of a size, */
#define KEEP_BYTES	262144		/* and of all */
#define BUFFER_LEAST	16385		/* more than a record's plain bytes: header, padding, tag */
#define BUFFER_BYTES	17416		/* as long as any version of OpenSSL wants them to be */
#define BUFFER_KEEP	16		/* one turn of the loop has two in use at a time */

_Static_assert(BUFFER_BYTES <= ALLOC_PIECE_BYTES, "a page that is freed makes room for it");

/* The sanitizer sees a use after free, though the memory stays with us. */
#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#define CLOSE(p, n)	ASAN_POISON_MEMORY_REGION(p, n)
#define OPEN(p, n)	ASAN_UNPOISON_MEMORY_REGION(p, n)
#else
#define CLOSE(p, n)	(void)0
#define OPEN(p, n)	(void)0
#endif

/* The last was given back last. */
static struct {
	unsigned	 n;
	void		*piece[SMALL_KEEP];
} small[SMALL + 1];		/* by their n */
static struct {
	unsigned	 n;
	void		*piece[BUFFER_KEEP];
} buffers;
static size_t small_bytes;	/* of all that are kept */
static _Thread_local bool keeps;	/* this thread is the one */

static size_t
bytes_of(size_t n)
{
	return n * GRAIN + GRAIN / 2;
}

static void *
more(size_t bytes)
{
	void *p = malloc(bytes);

	return p != NULL ? p : alloc_cushioned(NULL, bytes);
}

static void *
small_take(size_t n)
{
	void *p;

	ASSERT(n > 0 && n <= SMALL);
	if (!keeps || small[n].n == 0)
		return more(bytes_of(n));
	p = small[n].piece[--small[n].n];
	small_bytes -= bytes_of(n);
	OPEN(p, bytes_of(n));
	return p;
}

static void *
buffer_take(void)
{
	void *p;

	if (!keeps || buffers.n == 0)
		return more(BUFFER_BYTES);
	p = buffers.piece[--buffers.n];
	OPEN(p, BUFFER_BYTES);
	return p;
}

static void *
memory_take(size_t bytes, const char *file, int line)
{
	(void)file;
	(void)line;
	if (bytes <= bytes_of(SMALL))
		return small_take(bytes <= bytes_of(1) ? 1 : (bytes + GRAIN / 2 - 1) / GRAIN);
	if (bytes >= BUFFER_LEAST && bytes <= BUFFER_BYTES)
		return buffer_take();
	return more(bytes);
}

/* It is one of ours, and there is room for it. */
static bool
small_give(void *p, size_t n)
{
	if (n == 0 || n > SMALL || small[n].n == SMALL_KEEP || small_bytes + bytes_of(n) > KEEP_BYTES)
		return false;
	CLOSE(p, bytes_of(n));
	small[n].piece[small[n].n++] = p;
	small_bytes += bytes_of(n);
	return true;
}

static bool
buffer_give(void *p)
{
	if (buffers.n == BUFFER_KEEP)
		return false;
	ASSERT(buffers.n == 0 || buffers.piece[buffers.n - 1] != p);	/* twice */
	CLOSE(p, BUFFER_BYTES);
	buffers.piece[buffers.n++] = p;
	return true;
}

static void
memory_give(void *p, const char *file, int line)
{
	size_t bytes, n;

	(void)file;
	(void)line;
	if (p == NULL)
		return;
	if (!keeps) {
		free(p);
		return;
	}
	bytes = malloc_usable_size(p);
	n = bytes / GRAIN;
	if (bytes == BUFFER_BYTES ? !buffer_give(p) : bytes != bytes_of(n) || !small_give(p, n))
		free(p);
}

static void *
memory_resize(void *p, size_t bytes, const char *file, int line)
{
	void *now = realloc(p, bytes);

	(void)file;
	(void)line;
	return now != NULL || bytes == 0 ? now : alloc_cushioned(p, bytes);
}

void
tls_memory_init(void)
{
	keeps = true;		/* in a child, too: it begins as a copy of this thread */
	CRYPTO_set_mem_functions(memory_take, memory_resize, memory_give);
}
