/*
 * metrics_page: how a series is written, for the files of metrics.
 */
#include <math.h>
#include <stdio.h>

#include "admin/metrics_page.h"
#include "base/bug.h"
#include "base/escape.h"

void
page_open_of(struct metrics_page *p, const char *suffix)
{
	ASSERT(!p->open);
	p->open = true;
	buf_adds(p->out, str_of(p->name));
	buf_adds(p->out, str_of(suffix));
	buf_adds(p->out, STR("{"));
}

void
page_open(struct metrics_page *p)
{
	page_open_of(p, "");
}

/* OpenMetrics wants whole bounds to be written as 1.0; in the plain text they always were 1, and
 * would be other series otherwise. */
void
page_bound(struct metrics_page *p, double le)
{
	char text[32];

	ASSERT(le > 0);
	snprintf(text, sizeof text, "%.9g%s", le,
	    p->openmetrics && le < 1e8 && le == floor(le) ? ".0" : "");
	page_label(p, "le", isinf(le) ? "+Inf" : text);
}

void
page_label(struct metrics_page *p, const char *key, const char *value)
{
	bool first = p->out->len == 0 || p->out->p[p->out->len - 1] == '{';
	struct str rest = str_of(value);
	char text[256];

	ASSERT(p->open);
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
page_close(struct metrics_page *p, double x)
{
	ASSERT(p->open && !isnan(x));
	p->open = false;
	buf_printf(p->out, "} %.15g\n", x);
}

void
page_plain(struct metrics_page *p, double x)
{
	ASSERT(!p->open && !isnan(x));
	buf_printf(p->out, "%s %.15g\n", p->name, x);
}
