/*
 * stripPrefix: a prefix of the path is taken away. It is compared with the decoded path; of the
 * spelled one as many bytes or escapes go.
 */
#include "base/bug.h"
#include "filter/filter_priv.h"

/* The bytes of a spelled path that stand for so many of the decoded one. */
static size_t
spelled_bytes(struct str raw, size_t decoded)
{
	size_t n = 0;

	while (n < raw.len && decoded-- > 0)
		n += raw.p[n] == '%' && n + 2 < raw.len ? 3 : 1;
	return n;
}

static struct str
without(struct filter_run *r, const struct filter_strip_prefix *s, struct str path, size_t n)
{
	ASSERT(n <= path.len);
	path = (struct str){ path.p + n, path.len - n };
	if ((path.len == 0 && !s->force_slash) || (path.len > 0 && path.p[0] == '/'))
		return path;
	return run_join(r, STR("/"), path);
}

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
		u->path = without(r, s, u->path, prefix.len);
		if (u->raw.len > 0)
			u->raw = without(r, s, u->raw, spelled_bytes(u->raw, prefix.len));
		fields_add(r, &r->request, STR("X-Forwarded-Prefix"), prefix);
		break;
	}
	return FILTER_PASS;
}
