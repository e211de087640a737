/*
 * middlewares: a name is looked up without case, which finds too much rather than too little.
 * Two definitions of one name count as neither.
 * Several services may define one, if they all say the same of it, as Traefik has it.
 * Those of another provider than labels have its name at the end of their own, as references do.
 * Must not know which routers use them.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/alloc.h"
#include "base/bug.h"
#include "base/map.h"
#include "discovery/middlewares_priv.h"
#include "world/filter.h"

#define PREFIX		"traefik.http.middlewares."
#define SERVICES	"traefik.http.services."

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

struct middlewares *
middlewares_new(const struct swarm_conf *conf)
{
	struct middlewares *m = must_zalloc(sizeof *m);

	m->conf = conf;
	m->by_name = map_new();
	m->pages = map_new();
	m->provided = map_new();
	m->tcp = tcp_middlewares_new();
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
	map_free(&m->pages);
	map_free(&m->provided);
	tcp_middlewares_free(&m->tcp);
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

/* The name under which it is known. Longer ones than fit are known by a part of it. */
static struct str
key_of(char out[256], struct str name, const char *provider)
{
	char text[256];
	size_t n = (size_t)snprintf(text, sizeof text, "%.*s%s", (int)(name.len > 255 ? 255 : name.len),
	    name.p, provider);

	return lower(out, (struct str){ text, n < sizeof text ? n : sizeof text - 1 });
}

static struct middleware
middleware_of(struct str kind, const char *value)
{
	if (str_eq_nocase(kind, STR("chain")))
		return (struct middleware){ .kind = "chain", .chain = value, .guards = true };
	for (size_t i = 0; i < KINDS; i++)
		if (str_eq_nocase(kind, str_of(kinds[i].name)))
			return (struct middleware){ .kind = kinds[i].name, .guards = kinds[i].guards };
	return (struct middleware){ .kind = "an unknown kind", .guards = true };
}

static struct definition *
definition_of(struct middlewares *m, struct middleware *is, const void *of)
{
	struct definition *d;

	for (d = is->definition; d != NULL; d = d->next)
		if (d->of == of)
			return d;
	d = arena_zalloc(m->arena, sizeof *d);
	d->of = of;
	d->next = is->definition;
	is->definition = d;
	return d;
}

/* The path is what follows the kind; empty: nothing does. */
static void
definition_add(struct middlewares *m, struct definition *d, struct str path, const char *value)
{
	struct filter_setting *more;

	ASSERT(d->n <= d->room);
	if (d->n == d->room) {
		d->room = d->room == 0 ? 8 : d->room * 2;
		more = arena_zalloc(m->arena, d->room * sizeof *more);
		if (d->n > 0)
			memcpy(more, d->setting, d->n * sizeof *more);
		d->setting = more;
	}
	d->setting[d->n++] = (struct filter_setting){ path, str_of(value) };
}

void
middlewares_put(struct middlewares *m, const char *provider, const void *of, struct str path,
    const char *value)
{
	struct middleware is, *known;
	struct str name, kind;
	char text[256];

	if (!str_split(&path, '.', &name) || !str_split(&path, '.', &kind))
		return;
	is = middleware_of(kind, value);
	is.provider = provider;
	is.name = name;
	known = map_get(m->by_name, key_of(text, name, provider));
	if (known == NULL) {
		known = arena_zalloc(m->arena, sizeof *known);
		*known = is;
		map_put(m->by_name, key_of(text, name, provider), known);
	} else if (strcmp(known->kind, is.kind) != 0 ||
	    (is.chain != NULL && strcmp(known->chain, is.chain) != 0))
		*known = (struct middleware){ .kind = "several kinds", .guards = true, .provider = provider,
		    .name = name };
	if (name.len + strlen(provider) >= sizeof text)		/* not all of it was looked at */
		*known = (struct middleware){ .kind = "an unknown kind", .guards = true,
		    .provider = provider, .name = name };
	definition_add(m, definition_of(m, known, of), path, value);
}

/* What of a service is needed to find it in the table: it may be anywhere in the Swarm. */
static void
read_service_label(struct middlewares *m, const struct swarm_service *s,
    const struct swarm_label *label)
{
	struct str rest = str_of(label->name + strlen(SERVICES)), name = STR("");
	struct page *known;
	char text[256];
	uint64_t port;

	if (!str_split(&rest, '.', &name) || name.len >= sizeof text
	    || !str_eq_nocase(rest, STR("loadbalancer.server.port"))
	    || !str_to_u64(str_of(label->value), &port))
		return;
	if ((known = map_get(m->pages, lower(text, name))) == NULL) {
		known = arena_zalloc(m->arena, sizeof *known);
		*known = (struct page){ .of = s, .port = label->value };
		map_put(m->pages, lower(text, name), known);
	} else
		known->several = true;
}

void
middlewares_read(struct middlewares *m, const struct swarm_service *s)
{
	tcp_middlewares_read(m->tcp, s);
	for (unsigned i = 0; i < s->nlabels; i++)
		if (strncasecmp(s->label[i].name, PREFIX, strlen(PREFIX)) == 0)
			middlewares_put(m, "", s, str_of(s->label[i].name + strlen(PREFIX)), s->label[i].value);
		else if (strncasecmp(s->label[i].name, SERVICES, strlen(SERVICES)) == 0)
			read_service_label(m, s, &s->label[i]);
}

void
middlewares_read_settings(struct middlewares *m, const char *provider, const void *of,
    struct str settings)
{
	struct str line, path;

	ASSERT(*provider == '@');
	while (str_split(&settings, '\n', &line))
		if (line.len > 0 && str_split(&line, '=', &path))
			middlewares_put(m, provider, of, str_of(arena_text(m->arena, path)),
			    line.p == NULL ? "" : arena_text(m->arena, line));
}

void
middlewares_put_service(struct middlewares *m, struct str name)
{
	map_put(m->provided, name, m);
}

const char *
middlewares_qualify(struct arena *a, struct str reference, const char *provider)
{
	bool known = *provider == '\0' || memchr(reference.p, '@', reference.len) != NULL;

	return arena_printf(a, "%.*s%s", STR_ARG(reference), known ? "" : provider);
}

struct tcp_middlewares *
middlewares_tcp(const struct middlewares *m)
{
	return m->tcp;
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

/* Names in Traefik's files are of one spelling, unlike those of labels. */
const struct middleware *
middlewares_find(const struct middlewares *m, struct str reference)
{
	struct str name = middlewares_name(reference);
	const struct middleware *is;
	char text[256];

	is = map_get(m->by_name, lower(text, name));
	return is == NULL || strcmp(is->provider, FILE_PROVIDER) != 0 || (name.len >= is->name.len &&
	    str_eq((struct str){ name.p, is->name.len }, is->name)) ? is : NULL;
}

const char *
middlewares_kind(const struct middlewares *m, struct str reference)
{
	const struct middleware *is = middlewares_find(m, reference);

	return is == NULL ? NULL : is->kind;
}

bool
middlewares_next_link(const struct middlewares *m, const struct middleware *is, struct str *rest,
    struct str *one)
{
	if (!str_split(rest, ',', one))
		return false;
	*one = str_of(middlewares_qualify(m->arena, str_trim(*one), is->provider));
	return true;
}

static bool
guards(const struct middlewares *m, struct str reference, unsigned *links)
{
	const struct middleware *is = middlewares_find(m, reference);
	struct str rest, one;

	ASSERT(*links <= MIDDLEWARES_LINKS);
	if (is == NULL || is->chain == NULL || (*links)-- == 0)
		return is == NULL || is->guards;
	rest = str_of(is->chain);
	while (middlewares_next_link(m, is, &rest, &one))
		if (guards(m, one, links))
			return true;
	return false;
}

bool
middlewares_guards(const struct middlewares *m, struct str reference)
{
	unsigned links = MIDDLEWARES_LINKS;

	return guards(m, reference, &links);
}

bool
middlewares_ignored(const struct middlewares *m, struct str reference)
{
	const struct traefik_rules *rules = m->conf->traefik;

	for (unsigned i = 0; rules != NULL && i < rules->ignore_middlewares.n; i++)
		if (str_eq(middlewares_name(str_of(rules->ignore_middlewares.name[i])),
		    middlewares_name(reference)))
			return true;
	return false;
}

struct page *
middlewares_page_find(const struct middlewares *m, struct str name)
{
	char text[256];

	return name.len < sizeof text ? map_get(m->pages, lower(text, name)) : NULL;
}

static const struct page *
page_of(const struct middlewares *m, struct str name, unsigned *port)
{
	const struct page *page = middlewares_page_find(m, name);
	uint64_t n = 0;

	if (page == NULL || !str_to_u64(str_of(page->port), &n) || n > 65535)
		return NULL;
	*port = (unsigned)n;
	return page;
}

const struct swarm_service *
middlewares_page(const struct middlewares *m, struct str name, unsigned *port)
{
	const struct page *page = page_of(m, name, port);

	return page == NULL || page->several ? NULL : page->of;
}

const struct swarm_service *
middlewares_page_first(const struct middlewares *m, struct str name, unsigned *port)
{
	const struct page *page = page_of(m, name, port);

	return page == NULL ? NULL : page->of;
}

const struct swarm_service *
middlewares_next_wanted(const struct middlewares *m, size_t *at)
{
	const struct page *page;
	struct str name;
	void *value;

	while (map_next(m->pages, at, &name, &value))
		if ((page = value)->wanted)
			return page->of;
	return NULL;
}
