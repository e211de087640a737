#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/bug.h"
#include "conf/faults.h"

static __attribute__((format(printf, 5, 0))) void
add(struct faults *f, bool doubt, int line, const char *where, const char *fmt, va_list ap)
{
	char text[512];
	size_t len = 0;

	ASSERT(line >= 0 && f->n <= FAULTS_MAX && (f->beyond == 0 || f->n == FAULTS_MAX));
	f->wrong += !doubt;
	if (f->n == FAULTS_MAX) {
		f->beyond++;
		return;
	}
	if (*where != '\0')
		len = (size_t)snprintf(text, sizeof text, "%.100s: ", where);
	vsnprintf(text + len, sizeof text - len, fmt, ap);
	for (char *c = text; *c != '\0'; c++)	/* keys and names are the file's: one fault, one line */
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			*c = '?';
	f->fault[f->n++] = (struct fault){ line, doubt, must_strdup(text) };
}

void
faults_add(struct faults *f, int line, const char *where, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add(f, false, line, where, fmt, ap);
	va_end(ap);
}

void
faults_doubt(struct faults *f, int line, const char *where, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add(f, true, line, where, fmt, ap);
	va_end(ap);
}

/* Few and nearly sorted; those of one line stay in their order. */
static void
sort(struct faults *f)
{
	for (unsigned i = 1; i < f->n; i++)
		for (unsigned j = i; j > 0 && f->fault[j].line < f->fault[j - 1].line; j--) {
			struct fault swap = f->fault[j];
			f->fault[j] = f->fault[j - 1];
			f->fault[j - 1] = swap;
		}
}

void
faults_write(struct faults *f, const char *file, struct buf *out)
{
	sort(f);
	for (unsigned i = 0; i < f->n; i++)
		if (!f->fault[i].doubt || f->wrong == 0)
			buf_printf(out, "%s:%d: %s%s\n", file, f->fault[i].line,
			    f->fault[i].doubt ? "warning: " : "", f->fault[i].text);
	if (f->beyond > 0)
		buf_printf(out, "%s: and %u more\n", file, f->beyond);
}

void
faults_fini(struct faults *f)
{
	for (unsigned i = 0; i < f->n; i++)
		free(f->fault[i].text);
	f->n = f->beyond = f->wrong = 0;
}
