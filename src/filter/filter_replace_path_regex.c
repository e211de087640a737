/*
 * replacePathRegex: what an expression matches in the path, as it is spelled, is replaced. The one
 * before stands in X-Replaced-Path.
 */
#include "base/bug.h"
#include "filter/filter_priv.h"
#include "filter/url.h"

/* The first '%' that is no escape, as Go's url.EscapeError quotes it. */
static struct str
bad_escape(struct str s)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.p[i] == '%' && !url_is_escape((struct str){ s.p + i, s.len - i }))
			return (struct str){ s.p + i, s.len - i < 3 ? s.len - i : 3 };
	BUG("all of its escapes are whole");
}

enum filter_verdict
replace_path_regex_request(struct filter_run *r, const struct filter_replace_path_regex *p,
    uint8_t *note)
{
	struct str before, after;

	(void)note;
	if (r->pathless)
		return FILTER_PASS;
	before = r->url.raw.len > 0 ? r->url.raw : url_spelled(r, &r->url);
	if (!pattern_match(p->regex.of, before))
		return FILTER_PASS;
	after = run_replaced(r, &p->regex, before, p->replacement);
	if (r->full)
		return FILTER_PASS;
	if (!url_set(r, &r->url, after)) {
		struct str wrong = bad_escape(after);
		run_failed(r, WHY_BAD_REPLACEMENT, run_text(r, "invalid URL escape \"%.*s\"", STR_ARG(wrong)));
		return FILTER_RESPOND;
	}
	if (after.len > 0 && after.p[0] != '/') {	/* nobody understands such a request */
		run_failed(r, WHY_BAD_REPLACEMENT, STR("the path does not begin with a slash"));
		return FILTER_RESPOND;
	}
	fields_add(r, &r->request, STR("X-Replaced-Path"), before);
	return url_verdict(r, &r->url);
}
