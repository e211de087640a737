#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "main/symbols.h"

struct symbols {
	const char	*file;		/* mapped */
	size_t		 bytes;
	const ElfW(Sym)	*sym;
	size_t		 nsyms;
	const char	*names;
	size_t		 names_bytes;	/* the last one is NUL */
};

static bool
within(const struct symbols *s, uint64_t at, uint64_t bytes)
{
	return at <= s->bytes && bytes <= s->bytes - at;
}

static const ElfW(Shdr) *
section(const struct symbols *s, uint64_t i)
{
	const ElfW(Ehdr) *head = (const void *)s->file;
	const ElfW(Shdr) *all = (const void *)(s->file + head->e_shoff);

	return i < head->e_shnum && within(s, all[i].sh_offset, all[i].sh_size) ? &all[i] : NULL;
}

/* False: there is no table of symbols, or it is not where the file says. */
static bool
find_table(struct symbols *s)
{
	const ElfW(Ehdr) *head = (const void *)s->file;
	const ElfW(Shdr) *table = NULL, *names;

	if (!within(s, 0, sizeof *head) || memcmp(head->e_ident, ELFMAG, SELFMAG) != 0
	    || head->e_shoff % sizeof(uintptr_t) != 0
	    || !within(s, head->e_shoff, (uint64_t)head->e_shnum * sizeof(ElfW(Shdr))))
		return false;
	for (unsigned i = 0; i < head->e_shnum && table == NULL; i++)
		if ((table = section(s, i)) != NULL && table->sh_type != SHT_SYMTAB)
			table = NULL;
	if (table == NULL || table->sh_offset % sizeof(uintptr_t) != 0
	    || (names = section(s, table->sh_link)) == NULL || names->sh_size == 0)
		return false;
	s->sym = (const void *)(s->file + table->sh_offset);
	s->nsyms = table->sh_size / sizeof(ElfW(Sym));
	s->names = s->file + names->sh_offset;
	s->names_bytes = names->sh_size;
	return s->names[s->names_bytes - 1] == '\0';
}

static bool
map_file(struct symbols *s, const char *path)
{
	struct stat st;
	void *p = MAP_FAILED;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return false;
	if (fstat(fd, &st) == 0 && st.st_size > 0)
		p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	close(fd);
	if (p == MAP_FAILED)
		return false;
	s->file = p;
	s->bytes = (size_t)st.st_size;
	return true;
}

struct symbols *
symbols_open(const char *path)
{
	struct symbols *s = must_zalloc(sizeof *s);

	if (!map_file(s, path) || !find_table(s))
		symbols_close(&s);
	return s;
}

void
symbols_close(struct symbols **sp)
{
	struct symbols *s = *sp;

	*sp = NULL;
	if (s == NULL)
		return;
	if (s->file != NULL)
		munmap((void *)(uintptr_t)s->file, s->bytes);
	free(s);
}

const char *
symbols_name(const struct symbols *s, uint64_t offset)
{
	for (size_t i = 0; i < s->nsyms; i++) {
		const ElfW(Sym) *one = &s->sym[i];
		if ((one->st_info & 0xf) == STT_FUNC && one->st_shndx != SHN_UNDEF && offset >= one->st_value
		    && offset - one->st_value < one->st_size && one->st_name < s->names_bytes)
			return s->names + one->st_name;
	}
	return NULL;
}
