/*
 * foreign_print: labels as a stack file. Variables were expanded when the stack was read: a $ of a
 * value is written as $$.
 */
#include <string.h>

#include "base/bug.h"
#include "stack/foreign.h"

static void
put_quoted(struct buf *out, const char *s)
{
	buf_adds(out, STR("\""));
	for (; *s != '\0'; s++) {
		if ((unsigned char)*s < ' ' || *s == 0x7f)
			buf_printf(out, "\\x%02x", (unsigned char)*s);
		else
			buf_printf(out, "%s%c", *s == '"' || *s == '\\' ? "\\" : *s == '$' ? "$" : "", *s);
	}
	buf_adds(out, STR("\""));
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
	if (l->comment != NULL)
		buf_printf(out, "        # %s\n", l->comment);
	if (l->label == NULL)
		return;
	if (l->secret.file != NULL)
		buf_printf(out, "        # not shown: %s:%d has it\n", l->secret.file, l->secret.line);
	buf_adds(out, STR("        "));
	put_key(out, l->label);
	if (l->secret.file != NULL)
		buf_printf(out, " \"<%s:%d>\"\n", l->secret.file, l->secret.line);
	else {
		buf_adds(out, STR(" "));
		put_quoted(out, l->value);
		buf_adds(out, STR("\n"));
	}
}

static void
put_service(struct buf *out, const struct stack_service *v, const struct foreign *f)
{
	ASSERT(f->problem.n == 0 || f->nlines == 0);
	if (f->problem.n > 0) {
		buf_printf(out, "  # %s: not translated, labels for %s (%s:%d):\n", v->name, f->dialect,
		    f->at.file, f->at.line);
		for (unsigned i = 0; i < f->problem.n; i++)
			buf_printf(out, "  #   %s\n", f->problem.item[i]);
	} else if (f->same) {
		for (unsigned i = 0; i < f->nlines; i++)
			buf_printf(out, "  # %s: %s\n", v->name, f->line[i].comment);
	} else {
		buf_adds(out, STR("  "));
		put_key(out, v->name);
		buf_printf(out, "\n    deploy:\n      labels:\n        # for %s, %s:%d\n", f->dialect, f->at.file,
		    f->at.line);
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
