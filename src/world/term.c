/*
 * term: values in and out, and how their weights stand beside those of a profile. Must not know
 * what a query means.
 */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/bug.h"
#include "world/term.h"

static bool
term_same(const struct term *a, const struct term *b)
{
	return strcmp(a->name, b->name) == 0 && strcmp(a->query, b->query) == 0 &&
	    a->weight == b->weight &&
	    a->limit.soft == b->limit.soft && a->limit.hard == b->limit.hard && a->full == b->full &&
	    a->period_usec == b->period_usec;
}

bool
terms_same(const struct terms *a, const struct terms *b)
{
	ASSERT(a->n <= TERMS_MAX && b->n <= TERMS_MAX);
	for (unsigned i = 0; i < a->n && i < b->n; i++)
		if (!term_same(&a->term[i], &b->term[i]))
			return false;
	return a->n == b->n;
}

void
terms_copy(struct terms *to, const struct terms *from)
{
	ASSERT(from->n <= TERMS_MAX && to->n == 0);
	*to = *from;
	for (unsigned i = 0; i < to->n; i++) {
		ASSERT(to->term[i].full > 0 && to->term[i].period_usec > 0);
		to->term[i].name = must_strdup(from->term[i].name);
		to->term[i].query = must_strdup(from->term[i].query);
	}
}

void
terms_free(struct terms *t)
{
	for (unsigned i = 0; i < t->n; i++) {
		free(t->term[i].name);
		free(t->term[i].query);
	}
	*t = (struct terms){ .n = 0 };
}

/* Weights of more than 1 together are scaled down to it, and leave nothing. */
void
terms_join(const struct profile *p, const struct terms *t, const unsigned *query,
    struct profile *out)
{
	double sum = 0, scale, left;

	for (unsigned i = 0; i < t->n; i++) {
		ASSERT(t->term[i].weight >= 0 && t->term[i].weight <= 1);
		sum += t->term[i].weight;
	}
	scale = sum > 1 ? 1 / sum : 1;
	left = sum < 1 ? 1 - sum : 0;
	*out = *profile_or_balanced(p);
	for (int r = 0; t->n > 0 && r < RESOURCE_COUNT; r++)
		out->weight[r] *= left;
	for (unsigned i = 0; i < t->n; i++)
		out->term[i] = (struct profile_term){ t->term[i].weight * scale, t->term[i].limit,
		    t->term[i].full, query[i] + 1 };
}
