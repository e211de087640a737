#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/bug.h"
#include "conf/faults.h"

void
faults_add(struct faults *f, int line, const char *where, const char *fmt, ...)
{
	char text[512];
	size_t len = 0;
	va_list ap;

	ASSERT(line >= 0 && f->n <= FAULTS_MAX && (f->beyond == 0 || f->n == FAULTS_MAX));
	if (f->n == FAULTS_MAX) {
		f->beyond++;
		return;
	}
	if (*where != '\0')
		len = (size_t)snprintf(text, sizeof text, "%.100s: ", where);
	va_start(ap, fmt);
	vsnprintf(text + len, sizeof text - len, fmt, ap);
	va_end(ap);
	for (char *c = text; *c != '\0'; c++)	/* keys and names are the file's: one fault, one line */
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			*c = '?';
	f->fault[f->n++] = (struct fault){ line, must_strdup(text) };
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
		buf_printf(out, "%s:%d: %s\n", file, f->fault[i].line, f->fault[i].text);
	if (f->beyond > 0)
		buf_printf(out, "%s: and %u more\n", file, f->beyond);
}

void
faults_fini(struct faults *f)
{
	for (unsigned i = 0; i < f->n; i++)
		free(f->fault[i].text);
	f->n = f->beyond = 0;
}
