/*
 * bug: writes past the log, whose state may be what is broken, and leaves the core to whoever wants
 * it.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/bug.h"

void
bug_die(const char *file, int line, const char *func, const char *what)
{
	fprintf(stderr, "mola: bug at %s:%d in %s: %s\n", file, line, func, what);
	abort();
}
