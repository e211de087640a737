/*
 * source: addresses in X-Forwarded-For are counted from the right, where the nearest proxy has
 * written. Must not know what becomes of a request.
 */
#include <string.h>

#include "base/bug.h"
#include "filter/source.h"

/* The nth item of a list from the right, 1 is the last. False: there are fewer. */
static bool
item_from_right(struct str list, int64_t nth, struct str *item)
{
	ASSERT(nth > 0);
	while (nth > 0 && str_split_last(&list, ',', item))
		nth--;
	return nth == 0;
}

/* "10.0.0.1:80" and "[::1]:80" are addresses, too. */
static struct str
without_port(struct str s)
{
	const char *colon = s.len == 0 ? NULL : memrchr(s.p, ':', s.len);
	size_t n = colon == NULL ? 0 : (size_t)(colon - s.p);

	if (colon == NULL)
		return s;
	if (n > 2 && s.p[0] == '[' && s.p[n - 1] == ']')
		return (struct str){ s.p + 1, n - 2 };
	return memchr(s.p, ':', n) == NULL ? (struct str){ s.p, n } : s;
}

/* The last of X-Forwarded-For that is not one of the proxies. */
static bool
last_not_excluded(const struct filter_nets *excluded, struct str forwarded, struct str *item)
{
	uint8_t ip[16];

	while (str_split_last(&forwarded, ',', item)) {
		*item = str_trim(*item);
		if (item->len > 0 && !(filter_ip_parse(*item, ip) && filter_nets_have(excluded, ip)))
			return true;
	}
	return false;
}

static void
mask_v6(uint8_t ip[16], int64_t bits)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

	if (bits > 0 && memcmp(ip, mapped, sizeof mapped) != 0)
		filter_ip_mask(ip, (unsigned)bits);
}

/* What stands there for the client; empty: nothing. */
static struct str
forwarded_item(const struct filter_run *r, const struct source_ip *s)
{
	struct str forwarded = fields_get(&r->request, STR("X-Forwarded-For")), item = { NULL, 0 };
	bool found;

	if (forwarded.len == 0)
		return item;
	found = s->depth > 0 ? item_from_right(forwarded, s->depth, &item) :
	    last_not_excluded(s->excluded, forwarded, &item);
	return found ? str_trim(item) : (struct str){ NULL, 0 };
}

static bool
is_forwarded(const struct source_ip *s)
{
	return s->depth > 0 || s->excluded->n > 0;
}

bool
source_ip(const struct filter_run *r, const struct source_ip *s, uint8_t ip[16])
{
	static const uint8_t none[16];

	if (!is_forwarded(s)) {
		memcpy(ip, r->facts.ip, 16);
		mask_v6(ip, s->subnet);
		return memcmp(r->facts.ip, none, 16) != 0;
	}
	if (!filter_ip_parse(without_port(forwarded_item(r, s)), ip))
		return false;
	if (s->depth > 0)
		mask_v6(ip, s->subnet);
	return true;
}

struct str
source_of(struct filter_run *r, const struct source *s)
{
	char ip[16];

	if (s->host)
		return r->request.authority;
	if (s->field.len > 0)
		return fields_get(&r->request, s->field);
	if (source_ip(r, &s->ip, (uint8_t *)ip))
		return run_join(r, (struct str){ ip, sizeof ip }, STR(""));
	return is_forwarded(&s->ip) ? forwarded_item(r, &s->ip) : r->facts.peer;
}
