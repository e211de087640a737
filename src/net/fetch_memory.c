/*
 * fetch_memory: blocks of a page and more are mapped, small ones are malloc's. Some that were given
 * back are kept for the next transfer. curl's threads that look up names call this, too.
 */
#include <curl/curl.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/alloc.h"
#include "net/fetch_memory.h"

#define PAGE_BYTES	4096
#define KEPT_PAGES	8		/* blocks of up to so many pages are kept, */
#define KEPT_EACH	4		/* so many of each size */

struct block {				/* in front of every block */
	size_t		 mapped;	/* bytes; 0: of malloc */
	size_t		 bytes;		/* that the caller has */
	max_align_t	 data[];
};

static _Atomic(struct block *) kept[KEPT_PAGES][KEPT_EACH];

static struct block *
block_map(size_t bytes)
{
	size_t pages = bytes / PAGE_BYTES;
	struct block *b;

	for (unsigned i = 0; pages <= KEPT_PAGES && i < KEPT_EACH; i++)
		if ((b = atomic_exchange(&kept[pages - 1][i], NULL)) != NULL)
			return b;
	b = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (b == MAP_FAILED)
		return NULL;
	b->mapped = bytes;
	return b;
}

static void
block_unmap(struct block *b)
{
	size_t pages = b->mapped / PAGE_BYTES;
	struct block *none;

	for (unsigned i = 0; pages <= KEPT_PAGES && i < KEPT_EACH; i++) {
		none = NULL;
		if (atomic_compare_exchange_strong(&kept[pages - 1][i], &none, b))
			return;
	}
	munmap(b, b->mapped);
}

static struct block *
block_of(void *p)
{
	return (struct block *)(void *)((char *)p - offsetof(struct block, data));
}

static void *
take(size_t bytes)
{
	size_t all = offsetof(struct block, data) + bytes;
	struct block *b;

	if (bytes > SIZE_MAX / 2)
		return NULL;
	if (all >= PAGE_BYTES)
		b = block_map((all + PAGE_BYTES - 1) / PAGE_BYTES * PAGE_BYTES);
	else if ((b = reserve_alloc(all)) != NULL)
		b->mapped = 0;
	if (b == NULL)
		return NULL;
	b->bytes = bytes;
	return b->data;
}

static void
give(void *p)
{
	if (p == NULL)
		return;
	if (block_of(p)->mapped > 0)
		block_unmap(block_of(p));
	else
		free(block_of(p));
}

static void *
take_zeroed(size_t n, size_t bytes)
{
	void *p = bytes > 0 && n > SIZE_MAX / 2 / bytes ? NULL : take(n * bytes);

	if (p != NULL)
		memset(p, 0, n * bytes);
	return p;
}

static void *
take_more(void *p, size_t bytes)
{
	void *new = take(bytes);

	if (new == NULL || p == NULL)
		return new;
	memcpy(new, p, block_of(p)->bytes < bytes ? block_of(p)->bytes : bytes);
	give(p);
	return new;
}

static char *
take_text(const char *text)
{
	size_t bytes = strlen(text) + 1;
	char *p = take(bytes);

	return p == NULL ? NULL : memcpy(p, text, bytes);
}

bool
fetch_memory_init(void)
{
	return curl_global_init_mem(CURL_GLOBAL_DEFAULT, take, give, take_more, take_text, take_zeroed) ==
	    CURLE_OK;
}
