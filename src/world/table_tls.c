/*
 * table_tls: TLS options in the table: which a handshake has, by the listener and by the name that
 * the client gives. Must not trust the order, as table_match.c.
 */
#include <string.h>

#include "base/bug.h"
#include "world/table_block.h"

#define NAME_MOST 255		/* nothing longer can have been configured */

/* ---- checking ---- */

static bool
version_ok(uint32_t v)
{
	return v == 0 || v == 12 || v == 13;
}

/* A bool of foreign bytes may not be read as one before it is known to be 0 or 1. */
static bool
switch_ok(const bool *b)
{
	return *(const unsigned char *)b <= 1;
}

static bool
ref_ok(const struct table *t, struct table_ref r)
{
	return (uint64_t)r.at + r.len <= t->head->part[PART_TEXT].n;
}

bool
table_tls_ok(const struct table *t)
{
	uint32_t n, nhosts;
	const struct table_tls *o = table_tls(t, &n);
	const struct table_tls_host *h = table_tls_hosts(t, &nhosts);

	for (uint32_t i = 0; i < n; i++)
		if (!ref_ok(t, o[i].name) || !ref_ok(t, o[i].ca) || !ref_ok(t, o[i].protocols) ||
		    !version_ok(o[i].min_version) || !version_ok(o[i].max_version) ||
		    (unsigned)o[i].auth >= TLS_AUTHS || !switch_ok(&o[i].strict) ||
		    !switch_ok(&o[i].no_tickets) || !switch_ok(&o[i].broken))
			return false;
	for (uint32_t i = 0; i < nhosts; i++)
		if (!ref_ok(t, h[i].host) || h[i].options >= n)
			return false;
	return true;
}

/* ---- finding ---- */

/* The first row that does not stand before this host. */
static uint32_t
row_bound(const struct table *t, struct str host)
{
	const struct table_tls_host *h;
	uint32_t lo = 0, hi;

	h = table_tls_hosts(t, &hi);
	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;
		if (text_order(table_text(t, h[mid].host), host) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

/* `on`: the bit of the listener, or all bits where that is not known: then what verifies clients
 * goes first. */
static const struct table_tls *
row_find(const struct table *t, struct str host, uint64_t on)
{
	uint32_t n, noptions;
	const struct table_tls_host *h = table_tls_hosts(t, &n);
	const struct table_tls *all = table_tls(t, &noptions), *found = NULL;

	for (uint32_t i = row_bound(t, host); i < n && str_eq(table_text(t, h[i].host), host); i++) {
		const struct table_tls *one = &all[h[i].options];

		ASSERT(h[i].options < noptions);
		if ((h[i].on == 0 || (h[i].on & on) != 0) && (found == NULL || one->auth > found->auth))
			found = one;
	}
	return found;
}

static uint64_t
listener_bit(const struct table *t, struct str listener)
{
	uint32_t n;
	const struct table_listener *l = table_listeners(t, &n);

	for (uint32_t i = 0; i < n && i < TABLE_LISTENERS; i++)
		if (listener.len > 0 && str_eq(table_text(t, l[i].name), listener))
			return UINT64_C(1) << i;
	return UINT64_MAX;
}

const struct table_tls *
table_tls_of(const struct table *t, const struct table_tcp *r)
{
	uint32_t n;
	const struct table_tls *all = table_tls(t, &n);

	ASSERT(r->tls <= n);
	return r->tls == 0 ? NULL : &all[r->tls - 1];
}

/* Where the first label ends, as routes have it (table_match.c); 0: there is but one. */
static size_t
first_dot(struct str host)
{
	for (size_t i = 1; i < host.len; i++)
		if (host.p[i] == '.')
			return i;
	return 0;
}

/* The exact name, then "+.example.org" for one label more, then what is for all. It is read as for
 * routes: no spelling of a name may have a route of it, and other options. */
const struct table_tls *
table_tls_find(const struct table *t, struct str listener, struct str host)
{
	char lower[NAME_MOST + 1];
	const struct table_tls *o = NULL;
	uint64_t on;
	size_t dot;
	uint32_t n;

	table_tls_hosts(t, &n);
	if (n == 0)
		return NULL;
	on = listener_bit(t, listener);
	if (host.len > 1 && host.p[0] == '[' && host.p[host.len - 1] == ']')
		host = (struct str){ host.p + 1, host.len - 2 };
	if (host.len > 0 && host.p[host.len - 1] == '.')
		host.len--;
	if (host.len > 0 && host.len <= NAME_MOST) {
		for (size_t i = 0; i < host.len; i++)
			lower[i] = host.p[i] >= 'A' && host.p[i] <= 'Z' ? (char)(host.p[i] | 0x20) : host.p[i];
		o = row_find(t, (struct str){ lower, host.len }, on);
		dot = first_dot((struct str){ lower, host.len });
		if (o == NULL && dot > 0) {
			lower[dot - 1] = '+';
			o = row_find(t, (struct str){ lower + dot - 1, host.len - dot + 1 }, on);
		}
	}
	return o != NULL ? o : row_find(t, STR(""), on);
}
