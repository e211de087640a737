/*
 * stripPrefix: a prefix of the path is taken away.
 */
#include "base/bug.h"
#include "filter/filter_priv.h"
#include "filter/url.h"


enum filter_verdict
strip_prefix_request(struct filter_run *r, const struct filter_strip_prefix *s, uint8_t *note)
{
	struct url *u = &r->url;

	ASSERT(s->prefixes.n > 0);
	(void)note;
	for (unsigned i = 0; i < s->prefixes.n && !r->pathless; i++) {
		struct str prefix = s->prefixes.item[i];
		if (!str_starts(u->path, prefix))
			continue;
		url_strip(r, u, prefix.len, s->force_slash);
		fields_add(r, &r->request, STR("X-Forwarded-Prefix"), prefix);
		return url_verdict(r, u);
	}
	return FILTER_PASS;
}
