/*
 * ipAllowList, and ipWhiteList as it was called: who the client is, and whether it may pass. What
 * is no address is nobody, who may not.
 */
#include <string.h>

#include "base/bug.h"
#include "filter/filter_priv.h"

/* What of both kinds it is about. */
struct list {
	const struct filter_nets *nets, *excluded;
	int64_t		 depth, subnet;
	int		 status;
};

/* Takes the last item off the list. False: it is spent. */
static bool
item_last(struct str *list, struct str *item)
{
	size_t at = list->len;

	if (list->p == NULL)
		return false;
	while (at > 0 && list->p[at - 1] != ',')
		at--;
	*item = str_trim((struct str){ list->p + at, list->len - at });
	*list = at == 0 ? (struct str){ NULL, 0 } : (struct str){ list->p, at - 1 };
	return true;
}

/* The nth item of a list from the right, 1 is the last. False: there are fewer. */
static bool
item_from_right(struct str list, int64_t nth, struct str *item)
{
	ASSERT(nth > 0);
	while (nth > 0 && item_last(&list, item))
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

	while (item_last(&forwarded, item))
		if (item->len > 0 && !(filter_ip_parse(*item, ip) && filter_nets_have(excluded, ip)))
			return true;
	return false;
}

static void
mask_v6(uint8_t ip[16], int64_t bits)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

	if (bits > 0 && memcmp(ip, mapped, sizeof mapped) != 0)
		filter_ip_mask(ip, (unsigned)bits);
}

/* False: nobody knows. */
static bool
client_ip(const struct filter_run *r, const struct list *l, uint8_t ip[16])
{
	static const uint8_t none[16];
	struct str forwarded, item;

	if (l->depth == 0 && l->excluded->n == 0) {
		memcpy(ip, r->facts.ip, 16);
		mask_v6(ip, l->subnet);
		return memcmp(r->facts.ip, none, 16) != 0;
	}
	forwarded = fields_get(&r->request, STR("X-Forwarded-For"));
	if (forwarded.len == 0)
		return false;
	if (l->depth == 0)
		return last_not_excluded(l->excluded, forwarded, &item)
		    && filter_ip_parse(without_port(item), ip);
	if (!item_from_right(forwarded, l->depth, &item) || !filter_ip_parse(without_port(item), ip))
		return false;
	mask_v6(ip, l->subnet);
	return true;
}

static enum filter_verdict
may_pass(struct filter_run *r, const struct list *l)
{
	uint8_t ip[16];

	ASSERT(l->nets->n > 0);
	if (client_ip(r, l, ip) && filter_nets_have(l->nets, ip))
		return FILTER_PASS;
	run_answer(r, WHY_ADDRESS_NOT_ALLOWED, l->status);
	run_answer_body(r, str_of(status_reason(l->status)));
	return FILTER_RESPOND;
}

enum filter_verdict
ip_allow_list_request(struct filter_run *r, const struct filter_ip_allow_list *f, uint8_t *note)
{
	const struct list l = { &f->nets, &f->excluded, f->depth, f->subnet, (int)f->status };

	(void)note;
	return may_pass(r, &l);
}

enum filter_verdict
ip_white_list_request(struct filter_run *r, const struct filter_ip_white_list *f, uint8_t *note)
{
	const struct list l = { &f->nets, &f->excluded, f->depth, f->subnet, 403 };

	(void)note;
	return may_pass(r, &l);
}
