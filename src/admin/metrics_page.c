/*
 * metrics_page: how a series is written, for the files of metrics.
 */
#include "admin/metrics_page.h"
#include "base/escape.h"

void
page_open(struct page *p)
{
	buf_adds(p->out, str_of(p->name));
	buf_adds(p->out, STR("{"));
}

void
page_label(struct page *p, const char *key, const char *value)
{
	bool first = p->out->len == 0 || p->out->p[p->out->len - 1] == '{';
	struct str rest = str_of(value);
	char text[256];

	if (!first)
		buf_adds(p->out, STR(","));
	buf_adds(p->out, str_of(key));
	buf_adds(p->out, STR("=\""));
	while (rest.len > 0) {
		size_t used, n = escape_text(text, sizeof text, rest, ESCAPE_LABEL, &used);
		buf_add(p->out, text, n);
		rest = (struct str){ rest.p + used, rest.len - used };
	}
	buf_adds(p->out, STR("\""));
}

void
page_close(struct page *p, double x)
{
	buf_printf(p->out, "} %.15g\n", x);
}

void
page_plain(struct page *p, double x)
{
	buf_printf(p->out, "%s %.15g\n", p->name, x);
}
