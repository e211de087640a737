/*
 * Loading 40 libraries and initialising some touches three megabytes of their files, and each
 * fault maps the 16 pages around it as well. Segments that were never writable hold nothing but
 * what is in the file, and only those are let go. A library with relocations in its code, as some
 * machines of 32 bits have them, was written to all the same, when it was loaded.
 */
#include <link.h>
#include <malloc.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/pages.h"

static bool
is_relocated(const struct dl_phdr_info *info)
{
	for (unsigned i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Dyn) *d = (const void *)(info->dlpi_addr + info->dlpi_phdr[i].p_vaddr);
		if (info->dlpi_phdr[i].p_type != PT_DYNAMIC)
			continue;
		for (; d->d_tag != DT_NULL; d++)
			if (d->d_tag == DT_TEXTREL || (d->d_tag == DT_FLAGS && (d->d_un.d_val & DF_TEXTREL) != 0))
				return true;
	}
	return false;
}

/* A page that a writable segment begins or ends in is not touched. */
static int
let_go_of(struct dl_phdr_info *info, size_t bytes, void *arg)
{
	uintptr_t page = *(const uintptr_t *)arg;

	(void)bytes;
	if (is_relocated(info))
		return 0;
	for (unsigned i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *h = &info->dlpi_phdr[i];
		uintptr_t from = info->dlpi_addr + h->p_vaddr, to = from + h->p_memsz;

		from = (from + page - 1) / page * page;
		to = to / page * page;
		/* what cannot be let go stays as it is; no harm is done */
		if (h->p_type == PT_LOAD && (h->p_flags & PF_W) == 0 && from < to)
			(void)madvise((void *)from, to - from, MADV_DONTNEED);
	}
	return 0;
}

void
pages_let_go(void)
{
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);

	(void)malloc_trim(0);
	dl_iterate_phdr(let_go_of, &page);
}
