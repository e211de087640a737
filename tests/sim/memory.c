#include <malloc.h>
#include <string.h>
#include <sys/mman.h>

#include "base/bug.h"
#include "memory.h"

#ifdef __SANITIZE_ADDRESS__
size_t	__sanitizer_get_current_allocated_bytes(void);	/* GCC has it, and no header for it */
#endif

#define MOST	((size_t)1 << 30)

static char *at, *begin;

void
sim_begin(void)
{
	if (begin == NULL) {
		begin = mmap(NULL, MOST, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
		ASSERT(begin != MAP_FAILED);
	} else
		memset(begin, 0, (size_t)(at - begin));
	at = begin;
}

void *
sim_alloc(size_t n)
{
	char *p = at;

	at += (n + 15) / 16 * 16;
	ASSERT(at <= begin + MOST);
	return p;
}

size_t
sim_product_bytes(void)
{
#ifdef __SANITIZE_ADDRESS__
	return __sanitizer_get_current_allocated_bytes();
#else
	return mallinfo2().uordblks;
#endif
}
