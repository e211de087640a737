/*
 * A map of names in lower case, wildcards as they are written: "*.example.org".
 */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/bug.h"
#include "base/map.h"
#include "net/cert_index.h"

#define HOST_MAX	255

struct cert_index {
	struct map	*names;		/* to groups */
	struct cert_group fallback;
	bool		 has_fallback;
	unsigned	 count;
};

struct cert_index *
cert_index_new(void)
{
	struct cert_index *x = must_zalloc(sizeof *x);

	x->names = map_new();
	return x;
}

static void
group_clear(struct cert_group *g)
{
	for (int k = 0; k < CERT_KINDS; k++)
		cert_unref(&g->kind[k]);
}

void
cert_index_free(struct cert_index **xp)
{
	struct cert_index *x = *xp;
	struct str name;
	size_t at = 0;
	void *g;

	*xp = NULL;
	if (x == NULL)
		return;
	while (map_next(x->names, &at, &name, &g)) {
		group_clear(g);
		free(g);
	}
	map_free(&x->names);
	group_clear(&x->fallback);
	free(x);
}

static void
group_put(struct cert_group *g, struct cert *c)
{
	struct cert **place = &g->kind[cert_kind(c)];

	if (*place != NULL && cert_not_after(*place) >= cert_not_after(c))
		return;
	cert_unref(place);
	*place = cert_ref(c);
}

void
cert_index_add(struct cert_index *x, struct cert *c)
{
	for (unsigned i = 0; i < cert_count_names(c); i++) {
		struct str name = cert_name(c, i);
		struct cert_group *g = map_get(x->names, name);

		if (g == NULL) {
			g = must_zalloc(sizeof *g);
			map_put(x->names, name, g);
		}
		group_put(g, c);
	}
	x->count++;
}

void
cert_index_set_default(struct cert_index *x, struct cert *c)
{
	const struct cert_group *same;

	ASSERT(!x->has_fallback);
	x->has_fallback = true;
	group_put(&x->fallback, c);
	if (cert_count_names(c) == 0)
		return;
	/* one of another kind for the same name stands beside it */
	same = map_get(x->names, cert_name(c, 0));
	for (int k = 0; same != NULL && k < CERT_KINDS; k++)
		if (same->kind[k] != NULL && x->fallback.kind[k] == NULL)
			x->fallback.kind[k] = cert_ref(same->kind[k]);
}

const struct cert_group *
cert_index_find(const struct cert_index *x, struct str host)
{
	char name[HOST_MAX + 2];
	const struct cert_group *g = NULL;
	const char *dot;

	if (host.len > 0 && host.len <= HOST_MAX && host.p[0] != '*') {
		for (size_t i = 0; i < host.len; i++)
			name[i + 1] = host.p[i] >= 'A' && host.p[i] <= 'Z' ? (char)(host.p[i] + 32) : host.p[i];
		g = map_get(x->names, (struct str){ name + 1, host.len });
		dot = memchr(name + 1, '.', host.len);
		if (g == NULL && dot != NULL && dot > name + 1) {
			size_t label = (size_t)(dot - name) - 1;

			name[label] = '*';
			g = map_get(x->names, (struct str){ name + label, host.len - label + 1 });
		}
	}
	if (g == NULL && x->has_fallback)
		g = &x->fallback;
	return g;
}

unsigned
cert_index_count(const struct cert_index *x)
{
	return x->count;
}
