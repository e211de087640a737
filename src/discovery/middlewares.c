/*
 * middlewares: a name is looked up without case, which finds too much rather than too little.
 * Two definitions of one name count as neither.
 * Must not know which routers use them.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/bug.h"
#include "base/map.h"
#include "discovery/middlewares.h"

#define CHAIN_LINKS	64		/* followed for one reference: chains may form cycles, and meet again */
#define PREFIX		"traefik.http.middlewares."

/* Two rows of one name do not compile. */
enum {
#define MIDDLEWARE(name, guards) KIND_##name,
#include "tbl/middlewares.h"
#undef MIDDLEWARE
	KINDS
};
static const struct {
	const char	*name;
	bool		 guards;
} kinds[KINDS] = {
#define MIDDLEWARE(name, guards) { #name, guards },
#include "tbl/middlewares.h"
#undef MIDDLEWARE
};

struct middleware {
	const char	*kind;		/* of the table; "chain"; "several kinds"; "an unknown kind" */
	const char	*chain;		/* its references, NULL: it is no chain */
	bool		 guards;
};

struct middlewares {
	struct map	*by_name;
	struct arena	*arena;
};

struct middlewares *
middlewares_new(void)
{
	struct middlewares *m = must_zalloc(sizeof *m);

	m->by_name = map_new();
	m->arena = arena_new();
	return m;
}

void
middlewares_free(struct middlewares **mp)
{
	struct middlewares *m = *mp;

	*mp = NULL;
	if (m == NULL)
		return;
	map_free(&m->by_name);
	arena_free(&m->arena);
	free(m);
}

static struct str
lower(char out[256], struct str s)
{
	size_t n = str_copy(out, 256, s);

	for (size_t i = 0; i < n; i++)
		out[i] = (char)tolower((unsigned char)out[i]);
	return (struct str){ out, n };
}

static struct middleware
middleware_of(struct str kind, const char *value)
{
	if (str_eq_nocase(kind, STR("chain")))
		return (struct middleware){ "chain", value, true };
	for (size_t i = 0; i < KINDS; i++)
		if (str_eq_nocase(kind, str_of(kinds[i].name)))
			return (struct middleware){ kinds[i].name, NULL, kinds[i].guards };
	return (struct middleware){ "an unknown kind", NULL, true };
}

static void
read_label(struct middlewares *m, const struct swarm_label *label)
{
	struct str rest = str_of(label->name + strlen(PREFIX)), name, kind;
	struct middleware is, *known;
	char text[256];

	ASSERT(strncasecmp(label->name, PREFIX, strlen(PREFIX)) == 0);
	if (!str_split(&rest, '.', &name) || !str_split(&rest, '.', &kind))
		return;
	is = middleware_of(kind, label->value);
	known = map_get(m->by_name, lower(text, name));
	if (known == NULL) {
		known = arena_zalloc(m->arena, sizeof *known);
		*known = is;
		map_put(m->by_name, lower(text, name), known);
	} else if (strcmp(known->kind, is.kind) != 0 ||
	    (is.chain != NULL && strcmp(known->chain, is.chain) != 0))
		*known = (struct middleware){ "several kinds", NULL, true };
}

void
middlewares_read(struct middlewares *m, const struct swarm_service *s)
{
	for (unsigned i = 0; i < s->nlabels; i++)
		if (strncasecmp(s->label[i].name, PREFIX, strlen(PREFIX)) == 0)
			read_label(m, &s->label[i]);
}

struct str
middlewares_name(struct str reference)
{
	static const char *const own[] = { "@swarm", "@docker" };

	for (size_t i = 0; i < 2; i++) {
		size_t n = strlen(own[i]);
		if (reference.len > n && str_ends_nocase(reference, str_of(own[i])))
			return (struct str){ reference.p, reference.len - n };
	}
	return reference;
}

static const struct middleware *
find(const struct middlewares *m, struct str reference)
{
	char text[256];

	return map_get(m->by_name, lower(text, middlewares_name(reference)));
}

const char *
middlewares_kind(const struct middlewares *m, struct str reference)
{
	const struct middleware *is = find(m, reference);

	return is == NULL ? NULL : is->kind;
}

static bool
guards(const struct middlewares *m, struct str reference, unsigned *links)
{
	const struct middleware *is = find(m, reference);
	struct str rest, one;

	ASSERT(*links <= CHAIN_LINKS);
	if (is == NULL || is->chain == NULL || (*links)-- == 0)
		return is == NULL || is->guards;
	rest = str_of(is->chain);
	while (str_split(&rest, ',', &one))
		if (guards(m, str_trim(one), links))
			return true;
	return false;
}

bool
middlewares_guards(const struct middlewares *m, struct str reference)
{
	unsigned links = CHAIN_LINKS;

	return guards(m, reference, &links);
}
