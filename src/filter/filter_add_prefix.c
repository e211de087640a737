/*
 * addPrefix: what the path begins with then, in both of its forms.
 */
#include "base/bug.h"
#include "filter/filter_priv.h"

enum filter_verdict
add_prefix_request(struct filter_run *r, const struct filter_add_prefix *p, uint8_t *note)
{
	struct url *u = &r->url;

	ASSERT(p->prefix.len > 0 && p->prefix.p[0] == '/');
	(void)note;
	if (r->pathless)
		return FILTER_PASS;
	u->path = run_join(r, p->prefix, u->path);
	if (u->raw.len > 0)
		u->raw = run_join(r, p->prefix, u->raw);
	return FILTER_PASS;
}
