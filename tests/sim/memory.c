#include <malloc.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/bug.h"
#include "memory.h"
#include "secure.h"

#ifdef __SANITIZE_ADDRESS__
size_t	__sanitizer_get_current_allocated_bytes(void);	/* GCC has it, and no header for it */
#endif

#define MOST	((size_t)1 << 30)

static char *at, *begin;
static unsigned trims;

/* malloc keeps small pieces in lists where they count as in use; one of the two is switched off before it starts only. */
void
sim_exact(char **argv)
{
#ifndef __SANITIZE_ADDRESS__
	mallopt(M_MXFAST, 0);
	if (getenv("GLIBC_TUNABLES") != NULL)
		return;
	setenv("GLIBC_TUNABLES", "glibc.malloc.tcache_count=0:glibc.malloc.perturb=165", 1);
	execv("/proc/self/exe", argv);
	BUG("execv");
#else
	(void)argv;
#endif
}

void
sim_begin(void)
{
	if (begin == NULL) {
		begin = mmap(NULL, MOST, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
		ASSERT(begin != MAP_FAILED);
	} else
		ASSERT(madvise(begin, MOST, MADV_DONTNEED) == 0);	/* zeroes */
	at = begin;
	trims = 0;
}

void *
sim_alloc(size_t n)
{
	char *p = at;

	at += (n + 15) / 16 * 16;
	ASSERT(at <= begin + MOST);
	return p;
}

int	__wrap_malloc_trim(size_t);

/* It walks the whole heap; the heap of a simulation is not the product's alone. */
int
__wrap_malloc_trim(size_t pad)
{
	(void)pad;
	trims++;
	return 0;
}

unsigned
sim_trims(void)
{
	return trims;
}

size_t
sim_product_bytes(void)
{
#ifdef __SANITIZE_ADDRESS__
	return __sanitizer_get_current_allocated_bytes() - secure_bytes();
#else
	return mallinfo2().uordblks - secure_bytes();
#endif
}

void *
sim_zeroes(size_t bytes)
{
	void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	ASSERT(p != MAP_FAILED);
	return p;
}
