#include <stdarg.h>
#include <stdatomic.h>
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

/* Jobs allocate, too, each in a thread of its own. */
static struct {
	unsigned long	 bytes;
	_Atomic(void *)	 p;		/* NULL: spent */
	atomic_ulong	 spent;		/* times, since alloc_restore was called last */
} reserve;

bool
alloc_spend(void)
{
	void *p = atomic_exchange(&reserve.p, NULL);

	ASSERT(p == NULL || reserve.bytes > 0);
	if (p == NULL)
		return false;
	free(p);
	atomic_fetch_add(&reserve.spent, 1);
	return true;
}

static bool
reserve_fill(void)
{
	void *p, *none = NULL;

	if (reserve.bytes == 0 || reserve.p != NULL)
		return true;
	if ((p = malloc(reserve.bytes)) == NULL)
		return false;
	if (!atomic_compare_exchange_strong(&reserve.p, &none, p))
		free(p);		/* another thread was faster */
	return true;
}

void *
reserve_realloc(void *old, size_t bytes)
{
	void *p = realloc(old, bytes ? bytes : 1);

	return p == NULL && alloc_spend() ? realloc(old, bytes ? bytes : 1) : p;
}

void *
reserve_alloc(size_t bytes)
{
	return reserve_realloc(NULL, bytes);
}

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

	if (p == NULL && alloc_spend())
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

void *
try_alloc(unsigned long bytes)
{
	return reserve_fill() ? malloc(bytes) : NULL;
}

void
alloc_reserve(unsigned long bytes)
{
	free(atomic_exchange(&reserve.p, NULL));
	reserve.bytes = bytes;
	reserve.p = bytes > 0 ? must_alloc(bytes) : NULL;
}

unsigned long
alloc_restore(void)
{
	reserve_fill();
	return atomic_exchange(&reserve.spent, 0);
}
