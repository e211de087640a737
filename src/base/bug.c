#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bug.h"

void
bug_die(const char *file, int line, const char *func, const char *what)
{
	fprintf(stderr, "mola: bug at %s:%d in %s: %s\n", file, line, func, what);
	abort();
}

static struct {
	unsigned long	 bytes;
	void		*p;		/* NULL: spent; try_alloc restores it first */
} reserve;

/* Once: the reserve's memory may be what is missing. */
static bool
reserve_spend(void)
{
	ASSERT(reserve.p == NULL || reserve.bytes > 0);
	if (reserve.p == NULL)
		return false;
	free(reserve.p);
	reserve.p = NULL;
	return true;
}

void *
must_realloc(void *old, unsigned long bytes)
{
	void *p = realloc(old, bytes ? bytes : 1);

	if (p == NULL && reserve_spend())
		p = realloc(old, bytes ? bytes : 1);
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

	if (p == NULL && reserve_spend())
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

void *
try_alloc(unsigned long bytes)
{
	if (reserve.p == NULL && reserve.bytes > 0 && (reserve.p = malloc(reserve.bytes)) == NULL)
		return NULL;
	return malloc(bytes);
}

void
alloc_reserve(unsigned long bytes)
{
	free(reserve.p);
	reserve.bytes = bytes;
	reserve.p = bytes > 0 ? must_alloc(bytes) : NULL;
}
