/*
 * A token bucket per service, in whole numbers: a request brings one token, a repeat costs five.
 * Time brings tokens too, but only up to what a quiet service may have.
 */
#include <stdlib.h>

#include "base/bug.h"
#include "base/clock.h"
#include "proxy/budget.h"

#define COST	5			/* a fifth of the requests: 20 % */
#define MOST	(100 * COST)		/* saved up in good times */
#define QUIET	(10 * COST)		/* what time alone brings */
#define A_TOKEN	(USEC_PER_SEC / 10)	/* in which time brings one: two repeats per second */

struct bucket {
	uint32_t	 tokens;
	int64_t		 filled_usec;	/* by time, the last time */
};

struct budget {
	const struct table *table;	/* in force; compared, never read: others hold the reference */
	struct bucket	*bucket;	/* by service index */
	uint32_t	 nbuckets;
};

struct budget *
budget_new(void)
{
	return must_zalloc(sizeof(struct budget));
}

void
budget_free(struct budget **bp)
{
	struct budget *b = *bp;

	*bp = NULL;
	if (b == NULL)
		return;
	free(b->bucket);
	free(b);
}

void
budget_set_table(struct budget *b, const struct table *t, int64_t now)
{
	table_services(t, &b->nbuckets);
	free(b->bucket);
	b->table = t;
	b->bucket = must_zalloc((b->nbuckets + 1) * sizeof *b->bucket);
	for (uint32_t i = 0; i < b->nbuckets; i++)
		b->bucket[i] = (struct bucket){ QUIET, now };
}

static struct bucket *
bucket_of(struct budget *b, const struct table *t, const struct table_service *s)
{
	uint32_t n, at = (uint32_t)(s - table_services(t, &n));

	ASSERT(t == b->table && at < b->nbuckets);
	return &b->bucket[at];
}

void
budget_add(struct budget *b, const struct table *t, const struct table_service *s)
{
	struct bucket *k = bucket_of(b, t, s);

	ASSERT(k->tokens <= MOST);
	if (k->tokens < MOST)
		k->tokens++;
}

bool
budget_take(struct budget *b, const struct table *t, const struct table_service *s, int64_t now)
{
	struct bucket *k = bucket_of(b, t, s);
	int64_t gained;

	ASSERT(now >= k->filled_usec && k->tokens <= MOST);
	gained = (now - k->filled_usec) / A_TOKEN;
	if (gained > 0) {
		k->filled_usec += gained * A_TOKEN;
		if (k->tokens < QUIET)
			k->tokens = gained < QUIET - k->tokens ? k->tokens + (uint32_t)gained : QUIET;
	}
	if (k->tokens < COST)
		return false;
	k->tokens -= COST;
	return true;
}
