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

static void *
checked(void *p)
{
	if (p == NULL)
		BUG("out of memory");
	return p;
}

void *
must_alloc(unsigned long bytes)
{
	return checked(malloc(bytes ? bytes : 1));
}

void *
must_zalloc(unsigned long bytes)
{
	return checked(calloc(1, bytes ? bytes : 1));
}

void *
must_realloc(void *old, unsigned long bytes)
{
	return checked(realloc(old, bytes ? bytes : 1));
}

char *
must_strdup(const char *s)
{
	return checked(strdup(s));
}
