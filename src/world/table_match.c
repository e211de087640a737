/*
 * table_match: from a request to a service, by a few binary searches over the sorted routes. Must
 * not trust the order: a table that is not sorted matches wrongly, and that is all it may do.
 */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/bug.h"
#include "world/table_block.h"
#include "world/table_path.h"

int
host_kind(struct str host)
{
	return host.len == 0 ? 2 : host.p[0] == '*' || host.p[0] == '+' ? 1 : 0;
}

int
text_order(struct str a, struct str b)
{
	int c = memcmp(a.p, b.p, a.len < b.len ? a.len : b.len);

	return c != 0 ? c : a.len < b.len ? -1 : a.len > b.len;
}

/* ---- the candidates ---- */

#define HOST_MOST 255		/* RFC 1035; nothing longer can have been configured */

/* One search: a request, with one way to read its path. */
struct table_search {
	const struct table *t;
	const struct request_view *request;
	char		 lower[HOST_MOST];
	struct str	 host;			/* in lower case, without a dot at its end */
	struct str	 full;			/* with it */
	struct str	 path;			/* as plain routes are compared with it */
	struct str	 routed;		/* as rules are; p NULL: no rule matches it */
	const struct table_route *plain, *rule;	/* found */
	bool		 plain_known;		/* of a more specific host: nothing wider is looked for */
	/* What is looked for: routes that give way, to those that `over` is one of; NULL: to none. */
	bool		 giving_way;
	const struct table_route *over;
	bool		 limited;		/* some routes are not for this request: `bys` and `on` say which are */
	unsigned	 bys;			/* bits of enum route_by */
	uint64_t	 on;			/* bit of its listener */
};

/* ---- by which way it came ---- */

#define BYS(a, b)	(1U << BY_ANY | 1U << (a) | 1U << (b))

static unsigned
bys_first(const struct request_view *r)
{
	return r->tls || r->tls_said ? BYS(BY_TLS, BY_TLS) : BYS(BY_PLAIN, BY_UNSAID);
}

/* Where no route has it by those. */
static unsigned
bys_then(const struct request_view *r)
{
	return r->tls_said ? BYS(BY_PLAIN, BY_UNSAID) | 1U << BY_TLS :
	    r->tls ? BYS(BY_TLS, BY_UNSAID) : bys_first(r);
}

const struct table_listener *
table_listener_named(const struct table *t, struct str name)
{
	uint32_t n;
	const struct table_listener *l = table_listeners(t, &n);

	for (uint32_t i = 0; i < n && name.len > 0; i++)
		if (str_eq(table_text(t, l[i].name), name))
			return &l[i];
	return NULL;
}

static uint64_t
listener_bit(const struct table *t, struct str name)
{
	const struct table_listener *l = table_listener_named(t, name);

	return l == NULL ? 0 : UINT64_C(1) << (l - table_listeners(t, NULL));
}

static bool
is_meant(const struct table_search *s, const struct table_route *r)
{
	return (s->bys & 1U << r->by) != 0 && (r->on == 0 || (r->on & s->on) != 0);
}

/* ---- what fits ---- */

/* A plain prefix may end where the path ends, before a '/', or with one: "/api" is no prefix of
 * "/apix". What is refused, or guarded by filters, is so for "/apix", too. */
static bool
plain_fits(const struct table_search *s, const struct table_route *r, struct str path)
{
	return str_starts(s->path, path) && (path.len == s->path.len || path.p[path.len - 1] == '/' ||
	    s->path.p[path.len] == '/' || r->service == TABLE_REFUSED ||
	    route_guards(s->t, r));
}

static bool
rule_fits(const struct table_search *s, const struct table_route *r, struct str path)
{
	return s->routed.p != NULL && (!r->whole || path.len == s->routed.len) &&
	    str_starts(s->routed, path) && (r->condition == 0 ||
	    condition_holds(table_condition(s->t, r->condition), s->request, s->full, s->routed));
}

/* Whether a route that gives way takes precedence over a route that is served, all the same. */
static bool
is_over(const struct table_route *r, const struct table_route *served)
{
	return served == NULL || (r->place < served->place && (served->ways & ~r->ways) == 0);
}

static void
consider(struct table_search *s, const struct table_route *r, struct str path)
{
	bool longer = s->plain == NULL || path.len > s->plain->path.len;

	if (s->limited && !is_meant(s, r))
		return;
	if (!r->by_rule) {
		if (!s->plain_known && longer && plain_fits(s, r, path))
			s->plain = r;
	} else if ((s->rule == NULL || r->place < s->rule->place) && r->gives_way == s->giving_way &&
	    (!s->giving_way || is_over(r, s->over)) && rule_fits(s, r, path))
		s->rule = r;
}

/* ---- the search ---- */

/* The last of the routes [lo, hi) that does not stand behind this host and path; `lo` - 1: none. */
static uint32_t
route_bound(const struct table *t, uint32_t lo, uint32_t hi, struct str host, struct str path)
{
	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;
		int c = text_order(table_text(t, t->route[mid].host), host);
		if (c == 0)
			c = text_order(table_text(t, t->route[mid].path), path);
		if (c <= 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo - 1;
}

/* Neither it nor those behind it, of the same host and path, can have precedence any more. */
static bool
is_beaten(const struct table_search *s, const struct table_route *r)
{
	return r->by_rule && s->rule != NULL && r->place > s->rule->place;
}

/* All routes of [lo, hi) of this host whose path `path` begins with: from the longest to the
 * shortest. */
static void
path_search(struct table_search *s, uint32_t lo, uint32_t hi, struct str host, struct str path)
{
	const struct table_route *route = s->t->route;
	uint32_t at = lo < hi ? route_bound(s->t, lo, hi, host, path) : lo - 1;

	ASSERT(hi <= s->t->head->part[PART_ROUTES].n);
	if (at + 1 == lo || !str_eq(table_text(s->t, route[at].host), host))
		return;
	for (; at != NO_PARENT; at = route[at].parent) {
		struct str prefix = table_text(s->t, route[at].path);
		if (!str_starts(path, prefix))
			continue;
		for (uint32_t i = route[at].first; i <= at && !is_beaten(s, &route[i]); i++)
			consider(s, &route[i], prefix);
	}
}

/* True: no other host can have a better route. */
static bool
host_search(struct table_search *s, uint32_t lo, uint32_t hi, struct str host)
{
	path_search(s, lo, hi, host, s->path);
	if (s->t->rules && s->routed.p != NULL && !str_eq(s->routed, s->path))
		path_search(s, lo, hi, host, s->routed);
	s->plain_known |= s->plain != NULL;
	return s->plain_known && !s->t->rules;
}

/* "*.example.com" for "a.b.example.com": the nearest wildcard first, and that for one label
 * alone before the other. */
static bool
wild_search(struct table_search *s)
{
	uint32_t lo = s->t->exact_end, hi = s->t->wild_end;
	char star[HOST_MOST + 1];
	bool first = true;

	if (lo == hi)
		return false;
	memcpy(star + 1, s->host.p, s->host.len);
	for (size_t i = 1; i < s->host.len; i++) {
		struct str wild = { star + i, s->host.len - i + 1 };
		if (s->host.p[i] != '.')
			continue;
		star[i] = '+';		/* instead of the byte before the dot */
		if (first && host_search(s, lo, hi, wild))
			return true;
		first = false;
		star[i] = '*';
		if (host_search(s, lo, hi, wild))
			return true;
	}
	return false;
}

static void
search_hosts(struct table_search *s)
{
	if (s->host.len > 0 && s->host.len <= HOST_MOST && (host_search(s, 0,
	    s->t->exact_end, s->host) || wild_search(s)))
		return;
	host_search(s, s->t->wild_end, s->t->head->part[PART_ROUTES].n, STR(""));
}

/* ---- which of both ---- */

/* The more specific host, then the longer path. */
static uint64_t
specificity(const struct table *t, const struct table_route *r)
{
	struct str host = table_text(t, r->host);
	uint64_t kind = 2 - (uint64_t)host_kind(host), label = kind == 1 && host.p[0] == '+';

	return kind << 60 | (kind == 1 ? (uint64_t)host.len << 33 | label << 32 : 0) | r->path.len;
}

/* A route that gives way for any host and path takes nothing that nobody else has: then there is
 * no route. */
static bool
has_all(const struct table_route *r)
{
	return r->host.len == 0 && r->path.len == 1;
}

static const struct table_route *
search_once(struct table_search *s)
{
	const struct table_route *plain, *served;

	s->plain = s->rule = s->over = NULL;
	s->plain_known = s->giving_way = false;
	search_hosts(s);
	plain = s->plain;
	served = s->rule;
	if (s->t->gives_way && (served == NULL || served->service != TABLE_REFUSED)) {
		s->plain_known = s->giving_way = true;
		s->over = served;
		s->rule = NULL;
		search_hosts(s);
		if (s->rule == NULL || (served == NULL && has_all(s->rule)))
			s->rule = served;
	}
	if (plain == NULL || s->rule == NULL)
		return plain != NULL ? plain : s->rule;
	return specificity(s->t, plain) >= specificity(s->t, s->rule) ? plain : s->rule;
}

static const struct table_route *
search(struct table_search *s)
{
	const struct table_route *r;

	s->bys = bys_first(s->request);
	r = search_once(s);
	if (!s->t->by_ways || (r != NULL && r->by_rule && !r->gives_way) ||
	    bys_then(s->request) == s->bys || !(s->t->unsaid || s->request->tls_said))
		return r;
	s->bys = bys_then(s->request);
	return search_once(s);
}

static void
search_init(struct table_search *s, const struct table *t, const struct request_view *r)
{
	struct str host = r->host;

	s->t = t;
	s->request = r;
	s->limited = t->by_ways || t->on;
	s->on = t->on ? listener_bit(t, r->listener) : 0;
	if (host.len > 1 && host.p[0] == '[' && host.p[host.len - 1] == ']')
		host = (struct str){ host.p + 1, host.len - 2 };
	s->host = s->full = host;
	if (host.len == 0 || host.len > HOST_MOST)
		return;
	for (size_t i = 0; i < host.len; i++)
		s->lower[i] = host.p[i] >= 'A' && host.p[i] <= 'Z' ? (char)(host.p[i] | 0x20) : host.p[i];
	s->full = s->host = (struct str){ s->lower, host.len };
	if (s->host.p[s->host.len - 1] == '.')	/* the same name, spelled to the root */
		s->host.len--;
}

/* ---- what the path means to a task ---- */

static bool
is_below(struct str path, struct str prefix)
{
	return str_starts(path, prefix) && (path.len == prefix.len || path.p[prefix.len] == '/' ||
	    prefix.p[prefix.len - 1] == '/');
}

/* Whether the path, read so, belongs to a route that is refused, or that guards otherwise than
 * `r`. */
static bool
reading_is_refused(struct table_search *s, struct str path, const struct table_route *r,
    const struct table_route **other)
{
	s->path = s->routed = path;
	*other = search(s);
	return *other != NULL && ((*other)->service == TABLE_REFUSED ||
	    (route_guards(s->t, *other) && (*other)->chain != r->chain));
}

/* Why the request may not be sent to a task of `r`, however that task reads its path: it is
 * refused, or it lies where no route leads to that service: "/public/../admin". What passes filters
 * must not be read as what passes others, nor leave what a plain route's are for. NULL: it may. */
static const struct why *
readings_refuse(struct table_search *s, const struct table_route *r, struct str path)
{
	bool climbs = table_text(s->t, r->path).len > 1 && path_climbs(path);
	const struct table_route *other;
	char out[PATH_PLAIN_MOST];
	struct str plain;

	/* filters get it cleaned if a rule is for it; what still climbs then may leave what they put
	 * it below: "/..;/admin" */
	if (r->chain != 0 && path_climbs(r->by_rule ? s->routed : path))
		return WHY_ROUTE_REFUSED;
	if (s->t->refuses && reading_is_refused(s, path, r, &other))
		return WHY_ROUTE_REFUSED;	/* it is sent as it is spelled */
	for (unsigned how = 0; how < PATH_READINGS && (climbs || s->t->refuses); how++) {
		if (!path_read(path, how, out, &plain) || reading_is_refused(s, plain, r, &other))
			return WHY_ROUTE_REFUSED;
		if (climbs && !is_below(s->path, table_text(s->t, r->path)) &&
		    (other == NULL || other->service != r->service))
			return WHY_NO_ROUTE;
	}
	return NULL;
}

static const struct why *
search_and_judge(struct table_search *s, struct str path, bool odd, const struct table_route **out)
{
	*out = search(s);
	if (*out == NULL)
		return WHY_NO_ROUTE;
	if ((*out)->service == TABLE_REFUSED)
		return WHY_ROUTE_REFUSED;
	return odd ? readings_refuse(s, *out, path) : NULL;
}

/* A path that Traefik reads otherwise than it is spelled. */
static const struct why *
match_odd(struct table_search *s, struct str path, const struct table_route **out)
{
	char small[PATH_ROUTED_ROOM(512)], *room = path.len <= 512 ? small :
	    must_alloc(PATH_ROUTED_ROOM(path.len));
	const struct why *why;

	if (!path_routed(path, room, &s->routed))
		s->routed.p = NULL;
	why = search_and_judge(s, path, true, out);
	if (room != small)
		free(room);
	return why;
}

static const struct table_route *
route_match(const struct table *t, const struct request_view *r, const struct why **why)
{
	const struct table_route *route = NULL;
	struct table_search s;
	bool odd = path_is_odd(r->path);

	search_init(&s, t, r);
	s.path = s.routed = r->path;
	*why = odd && t->rules ? match_odd(&s, r->path, &route) :
	    search_and_judge(&s, r->path, odd, &route);
	return *why != NULL ? NULL : route;
}

const struct table_service *
table_match(const struct table *t, const struct request_view *r, const struct why **why)
{
	const struct table_route *route = route_match(t, r, why);

	return route == NULL ? NULL : &table_services(t, NULL)[route->service];
}

const struct table_route *
table_find(const struct table *t, const struct request_view *r,
    const struct filter_chain **chain, const struct why **why)
{
	const struct table_route *route = route_match(t, r, why);

	if (route != NULL)
		*chain = route->chain == 0 ? NULL : t->chain[route->chain - 1];
	return route;
}
