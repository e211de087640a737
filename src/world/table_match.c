/*
 * table_match: from a host and a path to a service, by a few binary searches over the sorted
 * routes. Must not trust the order: a table that is not sorted matches wrongly, and that is all
 * it may do.
 */
#include <string.h>

#include "base/bug.h"
#include "world/table_block.h"

int
host_kind(struct str host)
{
	return host.len == 0 ? 2 : host.p[0] == '*' || host.p[0] == '+' ? 1 : 0;
}

int
host_order(struct str a, struct str b)
{
	int c = memcmp(a.p, b.p, a.len < b.len ? a.len : b.len);

	return c != 0 ? c : a.len < b.len ? -1 : a.len > b.len;
}

int
path_order(struct str a, struct str b)
{
	if (a.len != b.len)
		return a.len > b.len ? -1 : 1;
	return memcmp(a.p, b.p, a.len);
}

/* The routes of [lo, hi) whose host is `host`: the first at or after it, or the first after
 * them all. */
static uint32_t
host_bound(const struct table *t, uint32_t lo, uint32_t hi, struct str host, bool after)
{
	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;
		int c = host_order(table_text(t, t->route[mid].host), host);
		if (c < 0 || (after && c == 0))
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static const struct table_route *
path_find(const struct table *t, uint32_t lo, uint32_t hi, struct str path)
{
	uint32_t end = hi;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;
		if (path_order(table_text(t, t->route[mid].path), path) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < end && path_order(table_text(t, t->route[lo].path), path) == 0 ? &t->route[lo] : NULL;
}

/* The longest prefix of `path` among the routes [lo, hi) of one host. A prefix may end where
 * the path ends, before a '/', or with one: "/api" is no prefix of "/apix". What is refused is
 * refused for "/apix", too: a proxy that protects a prefix protects all that begins with it. */
static const struct table_route *
prefix_find(const struct table *t, uint32_t lo, uint32_t hi, struct str path)
{
	size_t len = path.len;

	ASSERT(hi <= t->head->part[PART_ROUTES].n);
	if (lo >= hi)
		return NULL;
	if (len > t->route[lo].path.len)	/* the longest stands first */
		len = t->route[lo].path.len;
	for (; len > 0; len--) {
		bool whole = len == path.len || path.p[len] == '/' || path.p[len - 1] == '/';
		if (!whole && !t->refuses)
			continue;
		const struct table_route *r = path_find(t, lo, hi, (struct str){ path.p, len });
		if (r != NULL && (whole || r->service == TABLE_REFUSED))
			return r;
	}
	return NULL;
}

static const struct table_route *
host_find(const struct table *t, uint32_t lo, uint32_t hi, struct str host, struct str path)
{
	uint32_t first = host_bound(t, lo, hi, host, false);

	if (first == hi || !str_eq(table_text(t, t->route[first].host), host))
		return NULL;
	return prefix_find(t, first, host_bound(t, first, hi, host, true), path);
}

/* "*.example.com" for "a.b.example.com": the nearest wildcard first, and that for one label
 * alone before the other. `star` has room for a '*' before the host. */
static const struct table_route *
wild_find(const struct table *t, char *star, struct str host, struct str path)
{
	const struct table_route *r = NULL;
	bool first = true;

	ASSERT(host.p == star + 1);
	if (t->exact_end == t->wild_end)
		return NULL;
	for (size_t i = 1; i < host.len && r == NULL; i++) {
		if (host.p[i] != '.')
			continue;
		struct str wild = { star + i, host.len - i + 1 };
		if (first) {
			star[i] = '+';		/* host.p is star + 1, so this is the byte before the dot */
			r = host_find(t, t->exact_end, t->wild_end, wild, path);
			first = false;
		}
		star[i] = '*';
		if (r == NULL)
			r = host_find(t, t->exact_end, t->wild_end, wild, path);
	}
	return r;
}

#define HOST_MOST 255		/* RFC 1035; nothing longer can have been configured */

static const struct table_route *
route_find(const struct table *t, struct str host, struct str path)
{
	const struct table_route *r = NULL;
	char lower[HOST_MOST + 1];

	if (host.len > 0 && host.p[host.len - 1] == '.')	/* the same name, spelled to the root */
		host.len--;
	if (host.len > 0 && host.len <= HOST_MOST) {
		for (size_t i = 0; i < host.len; i++)
			lower[i + 1] = host.p[i] >= 'A' && host.p[i] <= 'Z' ? (char)(host.p[i] | 0x20) : host.p[i];
		host.p = lower + 1;
		r = host_find(t, 0, t->exact_end, host, path);
		if (r == NULL)
			r = wild_find(t, lower, host, path);
	}
	return r != NULL ? r : prefix_find(t, t->wild_end, t->head->part[PART_ROUTES].n, path);
}

/* ---- what a path means to a task ---- */

/* routes are shorter; a longer path that needs reading is refused where anything is */
#define PLAIN_MOST 4096

static int
hex_of(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 :
	    c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Tasks read paths differently. Each reading is a choice of these. */
#define READ_PARAMS	1U	/* a segment ends at ';', as in "/x/..;a=b/admin" */
/* an empty segment is one, which ".." takes away: "/admin//../x" is "/admin/x" */
#define READ_EMPTY	2U
#define READ_ENCODED	4U	/* %2f and %5c separate nothing: "/admin/%2f..%2f.." is below "/admin/" */
#define READINGS	8U

static char
byte_take(struct str *rest, unsigned how)
{
	int high = *rest->p == '%' && rest->len > 2 ? hex_of(rest->p[1]) : -1;
	int low = high < 0 ? -1 : hex_of(rest->p[2]);
	char c = low < 0 ? *rest->p : (char)(high * 16 + low);

	if (low >= 0 && (how & READ_ENCODED) != 0 && (c == '/' || c == '\\')) {
		low = -1;
		c = '%';
	}
	*rest = (struct str){ rest->p + (low < 0 ? 1 : 3), rest->len - (low < 0 ? 1 : 3) };
	return c == '\\' ? '/' : c;
}

/* Takes a segment that has just ended off the end of `out` when it is ".", ".." (with the one
 * before it) or empty. */
static size_t
segment_close(const char *out, size_t n)
{
	size_t at = n;

	ASSERT(n > 0 && n < PLAIN_MOST && out[0] == '/');
	while (out[at - 1] != '/')
		at--;
	if (n - at == 2 && out[at] == '.' && out[at + 1] == '.') {
		for (at -= at > 1; at > 1 && out[at - 1] != '/'; at--)
			;
		return at;
	}
	return n == at || (n - at == 1 && out[at] == '.') ? at : n;
}

/* False: it does not fit. */
static bool
path_plain(struct str path, unsigned how, char out[PLAIN_MOST], struct str *plain)
{
	size_t n = 0, kept;

	out[n++] = '/';
	if (path.len > 0 && *path.p == '/')
		path = (struct str){ path.p + 1, path.len - 1 };
	while (path.len > 0) {
		char c = byte_take(&path, how);
		if (c == ';' && (how & READ_PARAMS) != 0) {
			while (path.len > 0 && *path.p != '/')
				path = (struct str){ path.p + 1, path.len - 1 };
			continue;
		}
		if (n == PLAIN_MOST - 1)
			return false;
		if (c != '/') {
			out[n++] = c;
			continue;
		}
		kept = segment_close(out, n);
		if (kept == n && (out[n - 1] != '/' || (how & READ_EMPTY) != 0))
			out[n++] = '/';
		else
			n = kept;
	}
	*plain = (struct str){ out, segment_close(out, n) };
	ASSERT(plain->len > 0);
	return true;
}

/* Whether `path` may be read in another way than it is spelled. */
static bool
path_is_odd(struct str path)
{
	for (size_t i = 0; i < path.len; i++)
		if (path.p[i] == '%' || path.p[i] == ';' || path.p[i] == '\\' ||
		    (path.p[i] == '/' && i + 1 < path.len && (path.p[i + 1] == '/' || path.p[i + 1] == '.')))
			return true;
	return false;
}

/* Whether it may lead upwards: a segment is "..". */
static bool
path_climbs(struct str path)
{
	int dots = -1;		/* of which the segment consists so far; -1: of others, too */
	char c;

	while (path.len > 0) {
		c = byte_take(&path, 0);
		if ((c == '/' || c == ';') && dots == 2)
			return true;
		dots = c == '/' ? 0 : c == '.' && dots >= 0 ? dots + 1 : -1;
	}
	return dots == 2;
}

static bool
is_below(struct str path, struct str prefix)
{
	return str_starts(path, prefix) && (path.len == prefix.len || path.p[prefix.len] == '/' ||
	    prefix.p[prefix.len - 1] == '/');
}

/* Why `path` may not be sent to a task of `r`, however that task reads it: it is refused, or it
 * lies where no route leads to that service: "/public/../admin". NULL: it may. */
static const struct why *
readings_refuse(const struct table *t, const struct table_route *r, struct str host,
    struct str path)
{
	bool climbs = table_text(t, r->path).len > 1 && path_climbs(path);
	const struct table_route *other;
	char out[PLAIN_MOST];
	struct str plain;

	for (unsigned how = 0; how < READINGS && (climbs || t->refuses); how++) {
		if (!path_plain(path, how, out, &plain))
			return WHY_ROUTE_REFUSED;
		other = route_find(t, host, plain);
		if (other != NULL && other->service == TABLE_REFUSED)
			return WHY_ROUTE_REFUSED;
		if (climbs && !is_below(plain, table_text(t, r->path)) &&
		    (other == NULL || other->service != r->service))
			return WHY_NO_ROUTE;
	}
	return NULL;
}

const struct table_service *
table_match(const struct table *t, struct str host, struct str path, const struct why **why)
{
	const struct table_route *r = route_find(t, host, path);

	if (r == NULL)
		*why = WHY_NO_ROUTE;
	else if (r->service == TABLE_REFUSED)
		*why = WHY_ROUTE_REFUSED;
	else if (!path_is_odd(path) || (*why = readings_refuse(t, r, host, path)) == NULL)
		return &table_services(t, NULL)[r->service];
	return NULL;
}
