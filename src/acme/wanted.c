#include <ctype.h>
#include <string.h>

#include "acme/wanted.h"
#include "base/bug.h"
#include "base/map.h"

struct wanted {
	struct arena	*arena;
	const struct conf *conf;
	struct acme_want *list;
	unsigned	 n, cap;
	unsigned	 good;		/* that are not refused */
	struct map	*seen;		/* names, as they stand in a want */
};

static bool
has_challenge(const struct conf *c, const char *name)
{
	for (unsigned i = 0; i < c->acme_challenges.n; i++)
		if (strcmp(c->acme_challenges.item[i], name) == 0)
			return true;
	return false;
}

/* "*.example.org" covers one label more; as a pattern of `allow`, all names below. */
static bool
covers(struct str pattern, struct str name, bool deep)
{
	if (!str_starts(pattern, STR("*.")))
		return str_eq(pattern, name);
	pattern.p++;
	pattern.len--;
	if (name.len <= pattern.len || !str_ends(name, pattern))
		return false;
	return deep || memchr(name.p, '.', name.len - pattern.len) == NULL;
}

static bool
is_allowed(const struct conf *c, const char *name)
{
	bool allowed = c->acme_allow.n == 0;

	for (unsigned i = 0; !allowed && i < c->acme_allow.n; i++)
		allowed = covers(str_of(c->acme_allow.item[i]), str_of(name), true);
	return allowed;
}

/* A name of the configuration has a certificate of its own, or shares one. */
static bool
is_covered(const struct conf *c, const char *name)
{
	struct str rest, part;

	for (unsigned i = 0; i < c->acme_names.n; i++)
		for (rest = str_of(c->acme_names.item[i]); str_split(&rest, ' ', &part);)
			if (covers(part, str_of(name), false))
				return true;
	return false;
}

/* No public CA signs "localhost" or an address. */
static bool
is_public(const char *name)
{
	const char *dot = strrchr(name, '.');

	return dot != NULL && dot[1] != '\0' && !isdigit((unsigned char)dot[1])
	    && strchr(name, ':') == NULL;
}

static const char *
refusal(const struct wanted *w, const char *name, bool service)
{
	if (service && !is_public(name))
		return "not a name that a CA issues certificates for";
	if (service && !is_allowed(w->conf, name))
		return "acme.allow does not have it";
	if (strstr(name, "*.") != NULL && !has_challenge(w->conf, "dns-01"))
		return "a wildcard needs the challenge dns-01, and a hook for it";
	if (w->good >= w->conf->acme_most)
		return "there are more certificates than acme.most";
	return NULL;
}

static void
add(struct wanted *w, const char *names, const char *source, bool service)
{
	struct acme_want *more;

	if (map_get(w->seen, str_of(names)) != NULL)
		return;
	map_put(w->seen, str_of(names), w);
	if (w->n == w->cap) {
		w->cap = w->cap == 0 ? 16 : 2 * w->cap;
		more = arena_zalloc(w->arena, w->cap * sizeof *more);
		memcpy(more, w->list != NULL ? w->list : more, w->n * sizeof *more);
		w->list = more;
	}
	w->list[w->n] = (struct acme_want){ names, source, refusal(w, names, service) };
	w->good += w->list[w->n++].refused == NULL;
}

/* "+.example.org" is a host with one label more, which a certificate has as "*.example.org". */
static void
add_host(struct wanted *w, const char *host, const char *service)
{
	if (host[0] == '\0')		/* any host: there is no name to ask for */
		return;
	if (host[0] == '+')
		host = arena_printf(w->arena, "*%s", host + 1);
	if (!is_covered(w->conf, host))
		add(w, host, service, true);
}

/* Where TLS of connections is passed through, the task has its own certificate. */
static bool
wants(const struct conf *c, const struct world_service *s, const struct route_conf *r)
{
	return c->nacme_cas > 0 && s->conf.tls == SERVICE_TLS_ACME &&
	    (r->listener == NULL || r->ends_tls);
}

const struct acme_want *
wanted_make(struct arena *a, const struct conf *c, const struct world *world, unsigned *n)
{
	struct wanted w = { .arena = a, .conf = c, .seen = map_new() };
	const struct world_service *s;

	for (unsigned i = 0; c->nacme_cas > 0 && i < c->acme_names.n; i++)
		add(&w, c->acme_names.item[i], "configuration", false);
	LIST_FOREACH(s, &world->services, link)
		for (unsigned i = 0; i < s->nroutes; i++)
			if (wants(c, s, &s->route[i]))
				add_host(&w, s->route[i].host, s->name);
	map_free(&w.seen);
	*n = w.n;
	return w.list;
}
