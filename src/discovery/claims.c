/*
 * claims: what belongs to routers that are not served, compared with the routes of all services. A
 * request that Traefik would give to a router with a password must not reach a task here because
 * that router is missing and a wider one is not.
 *
 * The table looks for the most specific host, then for the longest path; Traefik for the greatest
 * priority. So a route is dropped where a guarded claim (or any claim by the same entry points) of
 * no lower priority covers all of it, and what both have in common is refused where the table would
 * find the route first. Every claim takes what no route has.
 * Must not decide which routers are served (router.c).
 */
#include <string.h>

#include "base/bug.h"
#include "discovery/join.h"
#include "discovery/route.h"

struct claim {
	const struct labels_claim *of;
	const char	*service;
	struct claim	*next;			/* of the same host */
};

struct claims {
	struct join	*join;
	struct map	*exact;			/* host to claims */
	struct claim	*wide;			/* those of no exact host */
	struct map	*known;			/* keys of `refused` */
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
	struct str key = str_of(join_route_key(c->join->arena, at));
	struct route_conf *more;

	if (map_get(c->known, key) != NULL || map_get(c->join->routes, key) != NULL)
		return;
	map_put(c->known, key, c);
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

static void
add_claims(struct claims *c, const struct join_service *js)
{
	for (unsigned i = 0; i < js->labels.nclaims; i++) {
		const struct labels_claim *of = &js->labels.claim[i];
		struct claim *one;
		ASSERT(of->at.path[0] == '/' && of->priority < ROUTE_OWN);
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

static bool
list_has(struct str names, struct str name)
{
	struct str one;

	while (str_split(&names, ',', &one))
		if (str_eq_nocase(str_trim(one), name))
			return true;
	return false;
}

/* Whether a request that comes by the route's entry points could come by the claim's, too: TLS is
 * the same, and all entry points are among the claim's. */
static bool
entry_covers(const char *claim, const char *route)
{
	struct str names = str_of(claim), of = str_of(route), tls = STR("tls "), name;

	if (str_starts(names, tls) != str_starts(of, tls))
		return false;
	if (str_starts(of, tls)) {
		names = (struct str){ names.p + tls.len, names.len - tls.len };
		of = (struct str){ of.p + tls.len, of.len - tls.len };
	}
	while (str_split(&of, ',', &name))
		if (!list_has(names, str_trim(name)))
			return false;
	return true;
}

static bool
takes_precedence(const struct claim *claim, const struct labels_route *r)
{
	bool applies = claim->of->guarded ||
	    (claim->of->entry != NULL && entry_covers(claim->of->entry, r->entry));

	return applies && claim->of->priority >= r->priority &&
	    route_host_covers(host_or_null(claim->of->at.host), host_or_null(r->at.host));
}

/* The first claim that covers all of the route. */
static const struct claim *
covering_claim(const struct claims *c, const struct labels_route *r)
{
	const struct claim *const lists[] = { map_get(c->exact, str_of(r->at.host)), c->wide };

	for (int i = 0; i < 2 && r->at.listener == NULL; i++)
		for (const struct claim *k = lists[i]; k != NULL; k = k->next)
			if (takes_precedence(k, r) && route_path_covers(k->of->at.path, r->at.path))
				return k;
	return NULL;
}

static void
drop_claimed_routes(struct claims *c, struct join_service *js)
{
	struct labels *l = &js->labels;
	struct join *j = c->join;
	unsigned kept = 0, lost = 0;
	struct str key;

	for (unsigned i = 0; i < l->nroutes; i++) {
		const struct claim *k = covering_claim(c, &l->route[i]);
		if (k == NULL) {
			l->route[kept++] = l->route[i];
			continue;
		}
		key = str_of(join_route_key(j->arena, &l->route[i].at));
		ASSERT(map_get(j->routes, key) == js->from->name);	/* the service still has it */
		map_remove(j->routes, key);
		add_refused(c, &l->route[i].at);
		if (lost++ < 4)
			join_add_trouble(j, l->report, WHY_ROUTE_CLAIMED,
			    arena_printf(j->arena, "%s is not served: it belongs to router %s of "
			    "%s, which has no lower priority and is not served itself",
			    join_route_text(j->arena, &l->route[i].at), k->of->router, k->service));
	}
	ASSERT(kept + lost == l->nroutes);
	l->nroutes = kept;
}

/* Where a claim has the wider host and the longer path, the table would find the route first. */
static void
refuse_overlaps(struct claims *c, const struct join_service *js)
{
	const struct labels *l = &js->labels;

	for (unsigned i = 0; i < l->nroutes; i++)
		for (const struct claim *k = c->wide; k != NULL && l->route[i].at.listener == NULL; k = k->next)
			if (takes_precedence(k, &l->route[i]) && route_path_covers(l->route[i].at.path, k->of->at.path))
				add_refused(c, &(struct route_conf){ .host = l->route[i].at.host,
				    .path = k->of->at.path });
}

static void
refuse_claimed(struct claims *c, const struct join_service *js)
{
	for (unsigned i = 0; i < js->labels.nclaims; i++) {
		const struct route_conf *at = &js->labels.claim[i].at;
		/* nothing is wider than any host and any path */
		if (*at->host != '\0' || strcmp(at->path, "/") != 0)
			add_refused(c, at);
	}
	for (unsigned i = 0; i < js->labels.nrefused; i++)
		add_refused(c, &js->labels.refused[i]);
}

void
join_claims(struct join *j, struct join_service *js, unsigned n)
{
	struct claims c = { .join = j, .exact = map_new(), .known = map_new() };

	for (unsigned i = 0; i < n; i++)
		add_claims(&c, &js[i]);
	for (unsigned i = 0; i < n; i++)
		drop_claimed_routes(&c, &js[i]);
	for (unsigned i = 0; i < n; i++)
		refuse_overlaps(&c, &js[i]);
	for (unsigned i = 0; i < n; i++)
		refuse_claimed(&c, &js[i]);
	world_pass_refuse(j->world, c.refused, c.n);
	map_free(&c.exact);
	map_free(&c.known);
}
