/*
 * fresh: live.h's memory as a new Mola has it, for each input once more. Only what an input wrote is cleared: all of it are megabytes.
 */
#ifndef FUZZ_FRESH_H
#define FUZZ_FRESH_H

#include <sys/mman.h>

#include "base/bug.h"
#include "world/live.h"

/* `before`: what it gave last; NULL: nothing yet. */
static inline struct live *
live_fresh(struct live *before)
{
	if (before == NULL) {
		before = mmap(NULL, live_bytes(), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		ASSERT(before != MAP_FAILED);
	} else
		ASSERT(madvise(before, live_bytes(), MADV_DONTNEED) == 0);
	return live_init(before, 1);
}

#endif
