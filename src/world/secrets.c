/*
 * A set is a head, rows sorted by name, and the bytes that the rows point into:
 *
 *	head | row, row, ... | name value name value ...
 *
 * A block comes from another process, so secrets_view looks at every number before anything is
 * used: after that no reader can step outside. An unsorted block would only be searched in
 * vain, and is refused all the same. Must not know what a value is.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/bug.h"
#include "base/fd.h"
#include "world/secrets.h"

#define MAGIC	UINT64_C(0x3174657263655342)	/* "BSecret1" */
#define SEALS	(F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)

struct secrets_head {
	uint64_t	magic, serial, size;	/* size: of the whole block, bytes */
	uint32_t	nrows, unused;
};

struct secrets_row {
	uint32_t	at;			/* of the name, from the start of the block; the value follows it */
	uint32_t	name_len, value_len;
};

struct secrets {
	unsigned	 refs;
	const char	*base;			/* the mapping */
	const struct secrets_head *head;
	const struct secrets_row *row;
};

static struct str
row_name(const char *base, const struct secrets_row *r)
{
	return (struct str){ base + r->at, r->name_len };
}

static int
name_order(struct str a, struct str b)
{
	int c = memcmp(a.p, b.p, a.len < b.len ? a.len : b.len);

	return c != 0 ? c : (a.len > b.len) - (a.len < b.len);
}

/* ---- checking and opening ---- */

/* Makes *s a view of `size` foreign bytes at `base` (aligned to 8), or returns that they are no
 * set. */
static bool
secrets_view(struct secrets *s, const void *base, size_t size)
{
	uint64_t bytes_at;

	s->base = base;
	s->head = base;
	if (size < sizeof *s->head || size > SECRETS_BYTES_MAX || s->head->magic != MAGIC ||
	    s->head->size != size || s->head->nrows > SECRETS_MAX)
		return false;
	s->row = (const struct secrets_row *)(s->base + sizeof *s->head);
	bytes_at = sizeof *s->head + s->head->nrows * sizeof *s->row;
	if (bytes_at > size)
		return false;
	for (uint32_t i = 0; i < s->head->nrows; i++) {
		const struct secrets_row *r = &s->row[i];

		if (r->at < bytes_at || r->name_len == 0 || r->name_len > SECRETS_NAME_MAX
		    || (uint64_t)r->at + r->name_len + r->value_len > size)
			return false;
		if (i > 0 && name_order(row_name(s->base, r - 1), row_name(s->base, r)) >= 0)
			return false;
	}
	return true;
}

static const struct why *
secrets_map(int fd, struct secrets **out)
{
	struct secrets view = { .refs = 1 };
	struct stat st;
	void *base;

	/* without the seals the sender could change the block after the check */
	if ((fcntl(fd, F_GET_SEALS) & SEALS) != SEALS || fstat(fd, &st) != 0 ||
	    st.st_size < (off_t)sizeof(struct secrets_head))
		return WHY_SECRETS_BROKEN;
	base = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (base == MAP_FAILED)
		return WHY_SYSTEM;
	if (!secrets_view(&view, base, (size_t)st.st_size)) {
		munmap(base, (size_t)st.st_size);
		return WHY_SECRETS_BROKEN;
	}
	madvise(base, (size_t)st.st_size, MADV_DONTDUMP);	/* workers are not dumpable in the first place */
	*out = must_alloc(sizeof view);
	**out = view;
	return NULL;
}

const struct why *
secrets_open(int fd, struct secrets **out)
{
	const struct why *why = secrets_map(fd, out);
	int err = errno;

	close(fd);
	errno = err;
	return why;
}

struct secrets *
secrets_ref(struct secrets *s)
{
	ASSERT(s->refs > 0);
	s->refs++;
	return s;
}

void
secrets_unref(struct secrets **sp)
{
	struct secrets *s = *sp;

	*sp = NULL;
	if (s == NULL)
		return;
	ASSERT(s->refs > 0);
	if (--s->refs > 0)
		return;
	munmap((void *)(uintptr_t)s->base, s->head->size);
	free(s);
}

/* ---- reading ---- */

uint64_t
secrets_serial(const struct secrets *s)
{
	return s->head->serial;
}

unsigned
secrets_count(const struct secrets *s)
{
	return s->head->nrows;
}

bool
secrets_find(const struct secrets *s, struct str name, struct str *value)
{
	uint32_t from = 0, to = s->head->nrows;

	while (from < to) {
		uint32_t mid = from + (to - from) / 2;
		const struct secrets_row *r = &s->row[mid];
		int c = name_order(name, row_name(s->base, r));

		if (c == 0) {
			*value = (struct str){ s->base + r->at + r->name_len, r->value_len };
			return true;
		}
		if (c < 0)
			to = mid;
		else
			from = mid + 1;
	}
	return false;
}

void
secrets_at(const struct secrets *s, unsigned i, struct str *name, struct str *value)
{
	const struct secrets_row *r = &s->row[i];

	ASSERT(i < s->head->nrows);
	*name = row_name(s->base, r);
	*value = (struct str){ name->p + name->len, r->value_len };
}

/* ---- building ---- */

struct secrets_maker {
	uint64_t	 serial;
	struct secrets_row	*row;			/* at: from the start of `bytes` */
	char		*bytes;
	uint32_t	 nrows, rows_cap;
	size_t		 len, cap;		/* of bytes */
	bool		 large;			/* a limit was passed, and nothing is added any more */
};

struct secrets_maker *
secrets_maker_new(uint64_t serial)
{
	struct secrets_maker *m = must_zalloc(sizeof *m);

	m->serial = serial;
	return m;
}

/* realloc() would leave copies of secrets in memory that is free. */
static void
bytes_grow(struct secrets_maker *m, size_t need)
{
	size_t cap = m->cap > 0 ? m->cap : 4096;
	char *bytes;

	if (need <= m->cap)
		return;
	while (cap < need)
		cap *= 2;
	bytes = must_alloc(cap);
	if (m->len > 0)
		memcpy(bytes, m->bytes, m->len);
	if (m->cap > 0)
		explicit_bzero(m->bytes, m->cap);
	free(m->bytes);
	m->bytes = bytes;
	m->cap = cap;
}

static size_t
block_bytes(uint32_t nrows, size_t len)
{
	return sizeof(struct secrets_head) + nrows * sizeof(struct secrets_row) + len;
}

void
secrets_maker_add(struct secrets_maker *m, struct str name, struct str value)
{
	ASSERT(name.len > 0 && name.len <= SECRETS_NAME_MAX);
	if (m->nrows == SECRETS_MAX || value.len > SECRETS_BYTES_MAX
	    || block_bytes(m->nrows + 1, m->len + name.len + value.len) > SECRETS_BYTES_MAX)
		m->large = true;
	if (m->large)
		return;
	if (m->nrows == m->rows_cap) {
		m->rows_cap = m->rows_cap > 0 ? 2 * m->rows_cap : 16;
		m->row = must_realloc(m->row, m->rows_cap * sizeof *m->row);
	}
	m->row[m->nrows++] = (struct secrets_row){ (uint32_t)m->len, (uint32_t)name.len,
	    (uint32_t)value.len };
	bytes_grow(m, m->len + name.len + value.len);
	memcpy(m->bytes + m->len, name.p, name.len);
	if (value.len > 0)
		memcpy(m->bytes + m->len + name.len, value.p, value.len);
	m->len += name.len + value.len;
	ASSERT(m->len <= m->cap && m->nrows <= m->rows_cap);
}

static int
row_order(const void *a, const void *b, void *bytes)
{
	return name_order(row_name(bytes, a), row_name(bytes, b));
}

static bool
block_write(struct secrets_maker *m, int fd)
{
	struct secrets_head h = { .magic = MAGIC, .serial = m->serial,
		.size = block_bytes(m->nrows, m->len), .nrows = m->nrows };
	uint32_t bytes_at = (uint32_t)(h.size - m->len);
	struct secrets_row *rows;
	bool done;

	if (m->nrows > 1)
		qsort_r(m->row, m->nrows, sizeof *m->row, row_order, m->bytes);
	for (uint32_t i = 1; i < m->nrows; i++)
		ASSERT(row_order(&m->row[i - 1], &m->row[i], m->bytes) < 0);	/* no name twice */
	rows = must_alloc((m->nrows + 1) * sizeof *rows);
	for (uint32_t i = 0; i < m->nrows; i++) {
		rows[i] = m->row[i];
		rows[i].at += bytes_at;
	}
	done = fd_write(fd, (struct str){ (const char *)&h, sizeof h })
	    && fd_write(fd, (struct str){ (const char *)rows, m->nrows * sizeof *rows })
	    && fd_write(fd, (struct str){ m->bytes, m->len });
	free(rows);
	return done;
}

const struct why *
secrets_maker_seal(struct secrets_maker *m, int *fd)
{
	int memory, err;

	if (m->large)
		return WHY_SECRETS_LARGE;
	memory = memfd_create("mola-secrets", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (memory < 0)
		return WHY_SYSTEM;
	if (block_write(m, memory) && fcntl(memory, F_ADD_SEALS, SEALS) == 0) {
		*fd = memory;
		return NULL;
	}
	err = errno;
	close(memory);
	errno = err;
	return WHY_SYSTEM;
}

void
secrets_maker_free(struct secrets_maker **mp)
{
	struct secrets_maker *m = *mp;

	*mp = NULL;
	if (m == NULL)
		return;
	if (m->cap > 0)
		explicit_bzero(m->bytes, m->cap);
	free(m->bytes);
	free(m->row);
	free(m);
}
