/*
 * table_tcp: from a listener and the name that a TLS client gives to a service, by a few binary
 * searches over the sorted rows. Must not trust the order, as table_match.c.
 */
#include <string.h>

#include "base/bug.h"
#include "world/table_block.h"

#define NAME_MOST 255		/* nothing longer can have been configured */

int
tcp_order(struct str listener, struct str host, struct str other_listener, struct str other_host)
{
	int c = text_order(listener, other_listener);

	return c != 0 ? c : text_order(host, other_host);
}

/* The first row that does not stand before this pair. */
static uint32_t
row_bound(const struct table *t, struct str listener, struct str host)
{
	const struct table_tcp *r;
	uint32_t lo = 0, hi;

	r = table_tcp(t, &hi);
	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;
		if (tcp_order(table_text(t, r[mid].listener), table_text(t, r[mid].host), listener, host) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static const struct table_tcp *
row_find(const struct table *t, struct str listener, struct str host)
{
	uint32_t n, at = row_bound(t, listener, host);
	const struct table_tcp *r = table_tcp(t, &n);

	ASSERT(at <= n);
	return at < n && str_eq(table_text(t, r[at].listener), listener)
	    && str_eq(table_text(t, r[at].host), host) ? &r[at] : NULL;
}

/* The row without a name is the first of its listener's. Where TLS ends here, its first message is
 * looked at in any case: a handshake begins with all of it. */
enum table_relays
table_relays(const struct table *t, struct str listener)
{
	uint32_t n, at = row_bound(t, listener, STR(""));
	const struct table_tcp *r = table_tcp(t, &n);
	bool all = at < n && str_eq(table_text(t, r[at].listener), listener) && r[at].host.len == 0;

	at += all;
	if (at < n && str_eq(table_text(t, r[at].listener), listener))
		return all ? RELAYS_BOTH : RELAYS_NAMED;
	return !all ? RELAYS_NONE : r[at - 1].ends_tls ? RELAYS_BOTH : RELAYS_ALL;
}

/* "+.example.org" for "a.example.org" alone, "*.example.org" for that and all below: the nearest
 * first. `room` has a place before the name. */
static const struct table_tcp *
row_find_wild(const struct table *t, struct str listener, char *room, struct str name)
{
	const struct table_tcp *r = NULL;
	bool first = true;

	ASSERT(name.p == room + 1);
	for (size_t i = 1; i < name.len && r == NULL; i++) {
		if (name.p[i] != '.')
			continue;
		struct str wild = { room + i, name.len - i + 1 };
		if (first) {
			room[i] = '+';
			r = row_find(t, listener, wild);
			first = false;
		}
		room[i] = '*';
		if (r == NULL)
			r = row_find(t, listener, wild);
	}
	return r;
}

static const struct table_tcp *
row_find_name(const struct table *t, struct str listener, struct str name)
{
	const struct table_tcp *r;
	char lower[NAME_MOST + 1];

	if (name.len == 0 || name.len > NAME_MOST)
		return NULL;
	for (size_t i = 0; i < name.len; i++)
		lower[i + 1] = name.p[i] >= 'A' && name.p[i] <= 'Z' ? (char)(name.p[i] | 0x20) : name.p[i];
	name.p = lower + 1;
	r = host_kind(name) == 0 ? row_find(t, listener, name) : NULL;
	return r != NULL ? r : row_find_wild(t, listener, lower, name);
}

const struct table_tcp *
table_match_tcp(const struct table *t, struct str listener, struct str name,
    const struct why **why)
{
	const struct table_tcp *r = row_find_name(t, listener, name);

	if (r == NULL)
		r = row_find(t, listener, STR(""));
	*why = r == NULL ? WHY_NO_ROUTE : WHY_ROUTE_REFUSED;
	return r == NULL || r->service == TABLE_REFUSED ? NULL : r;
}

const struct filter_chain *
table_tcp_chain(const struct table *t, const struct table_tcp *r)
{
	ASSERT(r->chain <= t->head->part[PART_CHAINS].n);
	return r->chain == 0 ? NULL : t->chain[r->chain - 1];
}

/* More than these kinds nobody runs for connections. */
static bool
chain_fits(const struct filter_chain *c)
{
	unsigned counted = 0;

	for (unsigned i = 0; i < c->n; i++)
		if (c->filter[i].kind == FILTER_IN_FLIGHT_REQ)
			counted++;
		else if (c->filter[i].kind != FILTER_IP_ALLOW_LIST)
			return false;
	return counted <= TCP_COUNTED;
}

bool
tcp_chain_ok(const struct table *t, const struct table_tcp *r)
{
	return r->chain == 0 || (r->chain <= t->head->part[PART_CHAINS].n &&
	    chain_fits(t->chain[r->chain - 1]));
}
