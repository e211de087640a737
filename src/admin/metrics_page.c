/*
 * metrics_page: how a series is written, for the files of metrics.
 */
#include "admin/metrics_page.h"

void
page_open(struct page *p)
{
	buf_printf(p->out, "%s{", p->name);
}

/* As label values are to be escaped. */
void
page_label(struct page *p, const char *key, const char *value)
{
	bool first = p->out->len == 0 || p->out->p[p->out->len - 1] == '{';

	buf_printf(p->out, "%s%s=\"", first ? "" : ",", key);
	for (; *value != '\0'; value++)
		if (*value == '\n')
			buf_adds(p->out, STR("\\n"));
		else
			buf_printf(p->out, "%s%c", *value == '"' || *value == '\\' ? "\\" : "", *value);
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
