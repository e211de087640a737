/*
 * A token bucket per service, in whole numbers: a request brings as many tokens as retry.budget has
 * percent, a repeat costs 100. At all times, what repeats have cost and the tokens are what
 * requests and advances brought, of which `owed` is not paid for yet.
 */
#include <stdlib.h>

#include "base/alloc.h"
#include "base/bug.h"
#include "base/clock.h"
#include "proxy/budget.h"
#include "world/live.h"

#define COST	100
#define MOST	(100 * COST)		/* saved up in good times */
#define ADVANCE	(10 * COST)		/* what a quiet service may have */

struct bucket {
	uint64_t	 of;		/* hash of the service's name; 0: nobody's */
	int64_t		 seen_usec;	/* its last request; 0: there was none yet */
	uint32_t	 tokens, owed;
};

struct budget {
	struct bucket	 bucket[LIVE_SERVICES];		/* by slot */
};

struct budget *
budget_new(void)
{
	return must_zalloc(sizeof(struct budget));
}

void
budget_free(struct budget **bp)
{
	free(*bp);
	*bp = NULL;
}

static struct bucket *
bucket_of(struct budget *b, const struct table_service *s)
{
	ASSERT(s->slot < LIVE_SERVICES);
	return &b->bucket[s->slot];
}

void
budget_set_table(struct budget *b, const struct table *t)
{
	uint32_t n;
	const struct table_service *s = table_services(t, &n);

	for (uint32_t i = 0; i < n; i++) {
		struct bucket *k = bucket_of(b, &s[i]);
		uint64_t of = str_hash(table_text(t, s[i].name)) | 1;

		if (s[i].slot > 0 && k->of != of)
			*k = (struct bucket){ .of = of };
	}
}

static uint32_t
least(uint64_t a, uint32_t b)
{
	return a < b ? (uint32_t)a : b;
}

/* Each second without a request is as good as a request, as far as the advance goes. */
static void
silence_add(struct bucket *k, uint64_t brings)
{
	uint32_t more = k->tokens < ADVANCE ? least(brings, ADVANCE - k->tokens) : 0;

	k->tokens += more;
	k->owed = least(k->owed + more, ADVANCE);
}

void
budget_add(struct budget *b, const struct table_service *s, int64_t now)
{
	struct bucket *k = bucket_of(b, s);
	int64_t silent = k->seen_usec == 0 ? ADVANCE : (now - k->seen_usec) / USEC_PER_SEC;
	uint32_t paid = 0;

	ASSERT(now >= k->seen_usec && k->tokens <= MOST && k->owed <= ADVANCE);
	silence_add(k, (uint64_t)silent * s->retry_budget);
	k->seen_usec = now;
	paid = least(k->owed, s->retry_budget);
	k->owed -= paid;
	k->tokens = least(k->tokens + s->retry_budget - paid, MOST);
}

bool
budget_take(struct budget *b, const struct table_service *s)
{
	struct bucket *k = bucket_of(b, s);

	ASSERT(k->tokens <= MOST);
	if (k->tokens < COST || s->retry_budget == 0)
		return false;
	k->tokens -= COST;
	return true;
}
