/*
 * replacePath: another path. The one before stands in X-Replaced-Path.
 */
#include "base/bug.h"
#include "filter/filter_priv.h"
#include "filter/url.h"

enum filter_verdict
replace_path_request(struct filter_run *r, const struct filter_replace_path *p, uint8_t *note)
{
	struct str before;

	(void)note;
	if (r->pathless)
		return FILTER_PASS;
	before = r->url.raw.len > 0 ? r->url.raw : url_spelled(r, &r->url);
	fields_add(r, &r->request, STR("X-Replaced-Path"), before);
	if (!url_set(r, &r->url, p->path))
		BUG("a path that was checked cannot be read");
	return FILTER_PASS;
}
