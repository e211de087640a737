/*
 * stripPrefixRegex: what an expression matches at the beginning of the path is taken away.
 */
#include "base/bug.h"
#include "filter/filter_priv.h"
#include "filter/url.h"

enum filter_verdict
strip_prefix_regex_request(struct filter_run *r, const struct filter_strip_prefix_regex *s,
    uint8_t *note)
{
	struct str group[PATTERN_GROUPS];
	struct url *u = &r->url;

	ASSERT(s->prefixes.n > 0);
	(void)note;
	for (unsigned i = 0; i < s->prefixes.n && !r->pathless; i++) {
		const struct pattern *p = s->prefixes.item[i];
		struct str prefix;
		if (!pattern_match(p, u->path))
			continue;
		if (pattern_find(p, u->path, 0, group) == PATTERN_STARVED)
			r->full = true;
		/* what is matched further on may stand at the beginning, too: Traefik takes that away */
		prefix = group[0];
		if (prefix.len == 0 || !str_starts(u->path, prefix))
			continue;
		if (url_has_control(prefix)) {	/* no field can carry it */
			run_answer(r, WHY_BAD_REPLACEMENT, 500);
			run_answer_body(r, STR("Internal Server Error"));
			return FILTER_RESPOND;
		}
		fields_add(r, &r->request, STR("X-Forwarded-Prefix"), prefix);
		url_strip(r, u, prefix.len, false);
		return url_verdict(r, u);
	}
	return FILTER_PASS;
}
