/*
 * How many streams there may be is decided before (slabs), and not all versions of nghttp2 survive
 * a failure in the middle of one: so it has the reserve, too.
 */
#include <stdlib.h>

#include "base/alloc.h"
#include "http/h2_memory.h"

static void *
mem_alloc(size_t bytes, void *arg)
{
	(void)arg;
	return reserve_alloc(bytes);
}

static void
mem_free(void *p, void *arg)
{
	(void)arg;
	free(p);
}

static void *
mem_zalloc(size_t n, size_t bytes, void *arg)
{
	(void)arg;
	return reserve_zalloc(n, bytes);
}

static void *
mem_realloc(void *p, size_t bytes, void *arg)
{
	(void)arg;
	return reserve_realloc(p, bytes);
}

const nghttp2_mem h2_memory = { .malloc = mem_alloc, .free = mem_free, .calloc = mem_zalloc,
    .realloc = mem_realloc };
