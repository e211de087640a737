/*
 * All buffers of records are of one size, so that each serves for reading and for writing. What is
 * no such buffer passes through to malloc, and a piece of memory tells by its own size which it is.
 */
#include <malloc.h>
#include <stdlib.h>

#include <openssl/crypto.h>

#include "base/bug.h"
#include "net/tls_buffers.h"

#define BUFFER_LEAST	16385		/* more than a record's plain bytes: header, padding, tag */
#define BUFFER_BYTES	17408		/* as long as any version of OpenSSL wants them to be */
#define BUFFER_SLACK	64		/* that malloc may add */
#define KEEP		16		/* buffers; one turn of the loop has two in use at a time */

/* The sanitizer sees a use after free, though the memory stays with us. */
#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#define CLOSE(p)	ASAN_POISON_MEMORY_REGION(p, BUFFER_BYTES)
#define OPEN(p)		ASAN_UNPOISON_MEMORY_REGION(p, BUFFER_BYTES)
#else
#define CLOSE(p)	(void)0
#define OPEN(p)		(void)0
#endif

static struct {
	void		*unused[KEEP];	/* the last was given back last */
	unsigned	 n;
} buffers;

static void *
memory_take(size_t bytes, const char *file, int line)
{
	void *p;

	(void)file;
	(void)line;
	if (bytes < BUFFER_LEAST || bytes > BUFFER_BYTES)
		return malloc(bytes);
	if (buffers.n == 0)
		return malloc(BUFFER_BYTES);
	p = buffers.unused[--buffers.n];
	OPEN(p);
	return p;
}

static void
memory_give(void *p, const char *file, int line)
{
	size_t bytes = p != NULL ? malloc_usable_size(p) : 0;

	(void)file;
	(void)line;
	if (bytes < BUFFER_BYTES || bytes > BUFFER_BYTES + BUFFER_SLACK || buffers.n == KEEP) {
		free(p);
		return;
	}
	ASSERT(buffers.n == 0 || buffers.unused[buffers.n - 1] != p);	/* twice */
	CLOSE(p);
	buffers.unused[buffers.n++] = p;
}

static void *
memory_resize(void *p, size_t bytes, const char *file, int line)
{
	(void)file;
	(void)line;
	return realloc(p, bytes);
}

void
tls_buffers_init(void)
{
	CRYPTO_set_mem_functions(memory_take, memory_resize, memory_give);
}
