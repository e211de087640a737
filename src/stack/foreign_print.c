/*
 * foreign_print: labels as a stack file. Variables were expanded when the stack was read: a $ of a
 * value is written as $$.
 */
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "stack/foreign.h"

/* YAML 1.1 ends a line at these, too; as it writes them between quotes. */
static const struct {
	struct str	 bytes;
	const char	*quoted;
} ends[] = {
	{ { "\xc2\x85", 2 }, "\\N" },
	{ { "\xe2\x80\xa8", 3 }, "\\L" },
	{ { "\xe2\x80\xa9", 3 }, "\\P" },
};

static void
put_quoted(struct buf *out, const char *s)
{
	size_t k;

	buf_adds(out, STR("\""));
	for (; *s != '\0'; s++) {
		for (k = 0; k < 3 && !str_starts(str_of(s), ends[k].bytes); k++)
			;
		if (k < 3) {
			buf_adds(out, str_of(ends[k].quoted));
			s += ends[k].bytes.len - 1;
		} else if ((unsigned char)*s < ' ' || *s == 0x7f)
			buf_printf(out, "\\x%02x", (unsigned char)*s);
		else
			buf_printf(out, "%s%c", *s == '"' || *s == '\\' ? "\\" : *s == '$' ? "$" : "", *s);
	}
	buf_adds(out, STR("\""));
}

/* What is quoted in a comment may contain anything: nothing of it ends the line. */
static void __attribute__((format(printf, 3, 4)))
put_comment(struct buf *out, const char *before, const char *fmt, ...)
{
	char *text;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&text, fmt, ap);
	va_end(ap);
	ASSERT(n >= 0);
	for (char *c = text; *c != '\0'; c++)
		if (*c < ' ' || *c > '~')
			*c = '?';
	buf_printf(out, "%s# %s\n", before, text);
	free(text);
}

static void
put_key(struct buf *out, const char *key)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";

	if (*key != '\0' && *key != '-' && key[strspn(key, plain)] == '\0')
		buf_adds(out, str_of(key));
	else
		put_quoted(out, key);
	buf_adds(out, STR(":"));
}

static void
put_line(struct buf *out, const struct foreign_line *l)
{
	char where[PATH_MAX + 20];

	if (l->comment != NULL)
		put_comment(out, "        ", "%s", l->comment);
	if (l->label == NULL)
		return;
	if (l->secret.file != NULL)
		put_comment(out, "        ", "not shown: %s:%d has it", l->secret.file, l->secret.line);
	buf_adds(out, STR("        "));
	put_key(out, l->label);
	buf_adds(out, STR(" "));
	if (l->secret.file != NULL)
		snprintf(where, sizeof where, "<%s:%d>", l->secret.file, l->secret.line);
	put_quoted(out, l->secret.file != NULL ? where : l->value);
	buf_adds(out, STR("\n"));
}

static void
put_service(struct buf *out, const struct stack_service *v, const struct foreign *f)
{
	ASSERT(f->problem.n == 0 || f->nlines == 0);
	if (f->problem.n > 0) {
		put_comment(out, "  ", "%s: not translated, labels for %s (%s:%d):", v->name, f->dialect,
		    f->at.file, f->at.line);
		for (unsigned i = 0; i < f->problem.n; i++)
			put_comment(out, "  ", "  %s", f->problem.item[i]);
	} else if (f->same) {
		for (unsigned i = 0; i < f->nlines; i++)
			put_comment(out, "  ", "%s: %s", v->name, f->line[i].comment);
	} else {
		buf_adds(out, STR("  "));
		put_key(out, v->name);
		buf_adds(out, STR("\n    deploy:\n      labels:\n"));
		put_comment(out, "        ", "for %s, %s:%d", f->dialect, f->at.file, f->at.line);
		for (unsigned i = 0; i < f->nlines; i++)
			put_line(out, &f->line[i]);
	}
}

void
foreign_print(const struct stack *s, const struct foreign *all, struct buf *out)
{
	bool any = false;

	buf_adds(out, STR("services:\n"));
	for (unsigned i = 0; i < s->nservices; i++) {
		any |= all[i].nlines > 0 && !all[i].same;
		if (all[i].dialect != NULL)
			put_service(out, &s->service[i], &all[i]);
	}
	if (!any)
		buf_adds(out, STR("  {}\n"));
}
