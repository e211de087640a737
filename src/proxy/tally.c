/*
 * A hash with chains: an entry per address that has a connection now. The hash is seeded, so
 * nobody can choose addresses that share a chain.
 */
#include <stdlib.h>

#include "base/alloc.h"
#include "base/bug.h"
#include "proxy/tally.h"

#define CHAINS	4096		/* a power of two */

struct entry {
	struct entry	*next;
	struct ip	 ip;
	unsigned	 count;
};

struct tally {
	struct entry	*chain[CHAINS];
	unsigned	 entries;
};

static struct ip
key_of(const struct ip *ip)
{
	return ip_is_v4(ip) ? *ip : ip_masked(ip, 64);
}

/* Where the pointer to the entry is, or would be. */
static struct entry **
place_of(struct tally *t, const struct ip *key)
{
	struct entry **at = &t->chain[str_hash((struct str){ (const char *)key->b,
	    sizeof key->b }) & (CHAINS - 1)];

	while (*at != NULL && !ip_eq(&(*at)->ip, key))
		at = &(*at)->next;
	return at;
}

struct tally *
tally_new(void)
{
	return must_zalloc(sizeof(struct tally));
}

void
tally_free(struct tally **tp)
{
	struct tally *t = *tp;

	*tp = NULL;
	if (t == NULL)
		return;
	ASSERT(t->entries == 0);
	free(t);
}

bool
tally_add(struct tally *t, const struct ip *ip)
{
	struct ip key = key_of(ip);
	struct entry **at = place_of(t, &key);

	if (*at == NULL) {
		if ((*at = try_alloc(sizeof **at)) == NULL)
			return false;
		**at = (struct entry){ .ip = key };
		t->entries++;
	}
	ASSERT(t->entries > 0 && (*at)->count < UINT32_MAX);
	(*at)->count++;
	return true;
}

void
tally_take(struct tally *t, const struct ip *ip)
{
	struct ip key = key_of(ip);
	struct entry **at = place_of(t, &key), *e = *at;

	ASSERT(e != NULL && e->count > 0);
	if (--e->count > 0)
		return;
	ASSERT(t->entries > 0);
	*at = e->next;
	t->entries--;
	free(e);
}

unsigned
tally_count(const struct tally *t, const struct ip *ip)
{
	struct ip key = key_of(ip);
	const struct entry *e = *place_of((struct tally *)(uintptr_t)t, &key);

	return e == NULL ? 0 : e->count;
}

bool
tally_same(const struct ip *a, const struct ip *b)
{
	struct ip x = key_of(a), y = key_of(b);

	return ip_eq(&x, &y);
}
