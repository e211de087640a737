/*
 * claims: what belongs to routers that are not served. A request that Traefik would give to a
 * router with a password must not reach a task here because that router is missing and another one
 * is not. So claims are published as routes that are refused, with the priority and the condition
 * of their rule: the routing table does the rest.
 *
 * Which claims that are not guarded take precedence depends on entry points, which a request does
 * not show: each has a bit (`ways`). Where it is supposed how the requests of a claim come, it
 * keeps those that come otherwise, too, unless all routes that could have them are on other entry
 * points: there Traefik serves them as well. And a route that a claim covers as a whole would never
 * get a request: it is dropped, so that people are told.
 * Must not decide which routers are served (router.c).
 */
#include <ctype.h>
#include <string.h>

#include "base/bug.h"
#include "discovery/join.h"
#include "discovery/route.h"

struct claim {
	struct labels_claim *of;
	const char	*service;
	struct claim	*next;			/* of the same host */
};

struct claims {
	struct join	*join;
	struct map	*exact;			/* host to claims */
	struct claim	*wide;			/* those of no exact host */
	struct map	*known;			/* keys of `refused`, of connections */
	struct map	*ways;			/* entry points to their bits */
	bool		 supposed;		/* one of them is */
	struct route_conf *refused;
	unsigned	 n, room;
};

static const char *
host_or_null(const char *host)
{
	return *host == '\0' ? NULL : host;
}

static void
add_refused(struct claims *c, const struct route_conf *at)
{
	struct route_conf *more;

	ASSERT(c->n <= c->room);
	if (c->n == c->room) {
		c->room = c->room == 0 ? 64 : c->room * 2;
		more = arena_zalloc(c->join->arena, c->room * sizeof *more);
		if (c->n > 0)
			memcpy(more, c->refused, c->n * sizeof *more);
		c->refused = more;
	}
	c->refused[c->n++] = *at;
}

/* Of connections: each once, and none that a service has. */
static void
add_refused_tcp(struct claims *c, const struct route_conf *at)
{
	struct str key = str_of(join_route_key(c->join->arena, at, -1));

	if (map_get(c->known, key) != NULL || map_get(c->join->routes, key) != NULL)
		return;
	map_put(c->known, key, c);
	add_refused(c, at);
}

static void
add_claims(struct claims *c, const struct join_service *js)
{
	for (unsigned i = 0; i < js->labels.nclaims; i++) {
		struct labels_claim *of = &js->labels.claim[i];
		struct claim *one;
		ASSERT(of->at.path[0] == '/' && of->priority < ROUTE_OWN);
		c->supposed |= of->supposed;
		one = arena_zalloc(c->join->arena, sizeof *one);
		*one = (struct claim){ of, js->from->name, NULL };
		if (of->at.host[0] == '\0' || of->at.host[0] == '*' || of->at.host[0] == '+') {
			one->next = c->wide;
			c->wide = one;
		} else {
			one->next = map_get(c->exact, str_of(of->at.host));
			map_put(c->exact, str_of(of->at.host), one);
		}
	}
}

/* ---- entry points ---- */

#define WAY_OTHER	62		/* of all names beyond the first that fit */
#define WAY_FILE	63		/* the configuration file's, which has none */

/* The bit of an entry point: numbers in the map begin with 1. */
static uint64_t
way_of(struct claims *c, struct str name, bool tls)
{
	struct str key = str_of(arena_printf(c->join->arena, "%s%.*s", tls ? "tls " : "", STR_ARG(name)));
	uintptr_t at;

	for (char *p = (char *)(uintptr_t)key.p; *p != '\0'; p++)
		*p = (char)tolower((unsigned char)*p);
	at = (uintptr_t)map_get(c->ways, key);
	if (at == 0) {
		at = map_count(c->ways) < WAY_OTHER ? map_count(c->ways) + 1 : WAY_OTHER + 1;
		map_put(c->ways, key, (void *)at);
	}
	return UINT64_C(1) << (at - 1);
}

/* A claim of no entry that is known covers no route's. */
static uint64_t
ways_of(struct claims *c, const char *entry)
{
	struct str tls = STR("tls "), names = str_of(entry), one;
	bool secure = str_starts(names, tls);
	uint64_t ways = 0;

	if (entry == NULL)
		return 0;
	if (secure)
		names = (struct str){ names.p + tls.len, names.len - tls.len };
	if (names.len == 0)
		return way_of(c, STR(""), secure);
	while (str_split(&names, ',', &one))
		ways |= way_of(c, str_trim(one), secure);
	return ways;
}

static void
set_ways(struct claims *c, struct join_service *js)
{
	struct labels *l = &js->labels;

	for (unsigned i = 0; i < l->nroutes; i++)
		if (l->route[i].at.rule != NULL)
			l->route[i].at.rule->ways = ways_of(c, l->route[i].entry);
	for (unsigned i = 0; i < l->nclaims; i++) {
		l->claim[i].at.rule->ways = ways_of(c, l->claim[i].entry);
		l->claim[i].at.rule->gives_way = !l->claim[i].guarded;
	}
}

/* Whether all requests that may be for the route may be for the claim. */
static bool
covers_ways(const struct route_conf *claim, const struct route_conf *r)
{
	return (claim->on == 0 || (r->on != 0 && (r->on & ~claim->on) == 0)) &&
	    (claim->rule->by == BY_ANY || (r->rule != NULL && claim->rule->by == r->rule->by));
}

/* ---- claims whose ways are supposed ---- */

/* Bits of the entry points alone, with TLS or without; all, where none is named, or no router of
 * Traefik's is. */
static uint64_t
names_of(struct claims *c, const char *entry, bool named)
{
	struct str tls = STR("tls "), names = str_of(entry), one;
	uint64_t bits = 0;

	if (str_starts(names, tls))
		names = (struct str){ names.p + tls.len, names.len - tls.len };
	while (named && str_split(&names, ',', &one))
		if (str_trim(one).len > 0)
			bits |= way_of(c, str_trim(one), false);
	return bits == 0 ? UINT64_MAX : bits;
}

/* A route that may be on an entry point of the claim's, and is for requests that come otherwise
 * than is supposed. */
static void
claim_widen(struct claims *c, struct labels_claim *claim, const struct route_conf *r,
    const char *entry)
{
	bool named = entry != NULL && r->rule != NULL && r->rule->name != NULL;
	const char *both;

	if (!claim->supposed || r->listener != NULL || covers_ways(&claim->at, r) ||
	    !route_host_intersect(host_or_null(claim->at.host), host_or_null(r->host), &both) ||
	    !route_path_intersect(claim->at.path, r->path, &both) ||
	    (names_of(c, claim->entry, true) & names_of(c, entry, named)) == 0)
		return;
	claim->supposed = false;
	claim->at.on = 0;
	claim->at.rule->by = BY_ANY;
}

static void
claims_widen(struct claims *c, struct join_service *js, unsigned n, const struct route_conf *r,
    const char *entry)
{
	bool exact = r->host[0] != '\0' && r->host[0] != '*' && r->host[0] != '+';
	struct claim *const lists[] = { exact ? map_get(c->exact, str_of(r->host)) : NULL,
	    exact ? c->wide : NULL };

	for (int i = 0; i < 2; i++)
		for (struct claim *k = lists[i]; k != NULL; k = k->next)
			claim_widen(c, k->of, r, entry);
	for (unsigned i = 0; i < n && !exact; i++)
		for (unsigned k = 0; k < js[i].labels.nclaims; k++)
			claim_widen(c, &js[i].labels.claim[k], r, entry);
}

static void
widen_all(struct claims *c, struct join_service *js, unsigned n)
{
	struct world_service *s;

	for (unsigned i = 0; i < n && c->supposed; i++)
		for (unsigned k = 0; k < js[i].labels.nroutes; k++)
			claims_widen(c, js, n, &js[i].labels.route[k].at, js[i].labels.route[k].entry);
	LIST_FOREACH(s, &c->join->world->services, link)
		for (unsigned i = 0; i < s->nroutes && s->seen && c->supposed; i++)
			claims_widen(c, js, n, &s->route[i], NULL);
}

/* ---- routes that would get no request ---- */

static bool
takes_precedence(const struct claim *claim, const struct labels_route *r)
{
	const struct route_rule *of = claim->of->at.rule;
	bool applies = claim->of->guarded || (of->ways != 0 && (r->at.rule->ways & ~of->ways) == 0);

	return applies && covers_ways(&claim->of->at, &r->at) &&
	    claim->of->priority >= r->priority && of->condition == NULL &&
	    route_host_covers(host_or_null(claim->of->at.host), host_or_null(r->at.host));
}

static bool
covers_path(const struct claim *claim, const struct labels_route *r)
{
	const char *path = claim->of->at.path, *of = r->at.path;

	return claim->of->at.rule->whole ? r->at.rule->whole && strcmp(path, of) == 0 :
	    route_path_covers(path, of);
}

/* The first claim that covers all of the route. */
static const struct claim *
covering_claim(const struct claims *c, const struct labels_route *r)
{
	const struct claim *const lists[] = { map_get(c->exact, str_of(r->at.host)), c->wide };

	for (int i = 0; i < 2 && r->at.rule != NULL; i++)
		for (const struct claim *k = lists[i]; k != NULL; k = k->next)
			if (takes_precedence(k, r) && covers_path(k, r))
				return k;
	return NULL;
}

static void
drop_claimed_routes(struct claims *c, struct join_service *js)
{
	struct labels *l = &js->labels;
	struct join *j = c->join;
	unsigned kept = 0, lost = 0;

	for (unsigned i = 0; i < l->nroutes; i++) {
		const struct claim *k = covering_claim(c, &l->route[i]);
		if (k == NULL) {
			l->route[kept++] = l->route[i];
			continue;
		}
		if (lost++ < 4)
			join_add_trouble(j, l->report, WHY_ROUTE_CLAIMED,
			    arena_printf(j->arena, "%s is not served: it belongs to router %s of "
			    "%s, which has no lower priority and is not served itself",
			    join_route_text(j->arena, &l->route[i].at), k->of->router, k->service));
	}
	ASSERT(kept + lost == l->nroutes);
	l->nroutes = kept;
}

static void
refuse_claimed(struct claims *c, const struct join_service *js)
{
	for (unsigned i = 0; i < js->labels.nclaims; i++)
		add_refused(c, &js->labels.claim[i].at);
	for (unsigned i = 0; i < js->labels.nrefused; i++)
		add_refused_tcp(c, &js->labels.refused[i]);
}

void
join_claims(struct join *j, struct join_service *js, unsigned n)
{
	struct claims c = { .join = j, .exact = map_new(), .known = map_new(), .ways = map_new() };

	for (unsigned i = 0; i < n; i++)
		set_ways(&c, &js[i]);
	for (unsigned i = 0; i < n; i++)
		add_claims(&c, &js[i]);
	widen_all(&c, js, n);
	for (unsigned i = 0; i < n; i++)
		drop_claimed_routes(&c, &js[i]);
	for (unsigned i = 0; i < n; i++)
		refuse_claimed(&c, &js[i]);
	world_pass_refuse(j->world, c.refused, c.n);
	map_free(&c.exact);
	map_free(&c.known);
	map_free(&c.ways);
}
