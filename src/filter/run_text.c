/*
 * run_text: texts that the filters of one exchange make. They live as long as the run, in its
 * arena, and their bytes are bounded. One that does not fit is empty, and marks the run as full:
 * that is looked at once, at the end.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "filter/filter_priv.h"

char *
run_room(struct filter_run *r, size_t bytes)
{
	char *room = NULL;

	if (bytes <= TEXTS_MOST && r->spent + bytes <= TEXTS_MOST)
		room = arena_try_zalloc(r->arena, bytes + 1);
	if (room == NULL)
		r->full = true;
	else
		r->spent += bytes;
	return room;
}

struct str
run_join(struct filter_run *r, struct str a, struct str b)
{
	char *text = run_room(r, a.len + b.len);

	if (text == NULL)
		return (struct str){ "", 0 };
	if (a.len > 0)
		memcpy(text, a.p, a.len);
	if (b.len > 0)
		memcpy(text + a.len, b.p, b.len);
	return (struct str){ text, a.len + b.len };
}

struct str
run_text(struct filter_run *r, const char *fmt, ...)
{
	struct str out = { "", 0 };
	va_list ap;
	char *text;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0 || (text = run_room(r, (size_t)n)) == NULL)
		return out;
	va_start(ap, fmt);
	vsnprintf(text, (size_t)n + 1, fmt, ap);
	va_end(ap);
	return (struct str){ text, (size_t)n };
}

struct str
run_replaced(struct filter_run *r, const struct filter_pattern *p, struct str text,
    struct str template)
{
	struct str made = { "", 0 };
	struct buf out;

	buf_init(&out, TEXTS_MOST);
	if (pattern_replace(p->of, p->names, text, template, &out))
		made = run_join(r, buf_str(&out), made);
	else
		r->full = true;
	buf_fini(&out);
	return made;
}
