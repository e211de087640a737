/*
 * The slots of profiles and of the queries in them. A profile keeps its slot for as long as a
 * service has it, so that rows mean the same to old tables; a query does, so that its results
 * are kept.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/bug.h"
#include "world/world_index.h"

/* ---- queries ---- */

static bool
query_find(const struct world *w, const char *text, unsigned *slot)
{
	for (*slot = 0; *slot < QUERIES_MAX; ++*slot)
		if (w->query[*slot].text != NULL && strcmp(w->query[*slot].text, text) == 0)
			return true;
	return false;
}

static void
values_clear(struct world_user_metric v[QUERIES_MAX])
{
	for (unsigned i = 0; i < QUERIES_MAX; i++)
		v[i] = (struct world_user_metric){ .effective = NAN };	/* 0 would be a node with all of it left */
}

static void
values_own(struct world *w, struct world_node *n)
{
	if (n->observed.user_metric != w->index->no_values)
		return;
	n->observed.user_metric = must_zalloc(QUERIES_MAX * sizeof *n->observed.user_metric);
	values_clear(n->observed.user_metric);
}

void
world_values_begin(struct world *w, struct world_node *n)
{
	n->observed.user_metric = w->index->no_values;
	for (unsigned i = 0; i < QUERIES_MAX; i++)
		if (w->query[i].text != NULL)
			values_own(w, n);
}

void
world_values_end(struct world *w, struct world_node *n)
{
	if (n->observed.user_metric != w->index->no_values)
		free(n->observed.user_metric);
}

void
world_queries_begin(struct world *w)
{
	values_clear(w->index->no_values);
}

static bool
query_take(struct world *w, const char *text, unsigned *slot)
{
	struct world_node *n;

	for (*slot = 0; *slot < QUERIES_MAX && w->query[*slot].text != NULL; ++*slot)
		;
	if (*slot == QUERIES_MAX)
		return false;
	w->query[*slot] = (struct world_query){ .text = must_strdup(text), .mean = NAN };
	LIST_FOREACH(n, &w->nodes, link) {
		values_own(w, n);
		n->observed.user_metric[*slot] = (struct world_user_metric){ .effective = NAN };
	}
	return true;
}

static void
query_free(struct world_query *q)
{
	free(q->text);
	*q = (struct world_query){ .text = NULL };
}

void
world_queries_free(struct world *w)
{
	for (unsigned i = 0; i < QUERIES_MAX; i++)
		query_free(&w->query[i]);
}

static void
query_want(struct world_query *q, const struct term *t)
{
	ASSERT(q->text != NULL && t->period_usec > 0 && t->full > 0);
	if (q->period_usec == 0 || t->period_usec < q->period_usec)
		q->period_usec = t->period_usec;
	if (t->full > q->full)
		q->full = t->full;
}

/* Ends those that no profile has any longer; and what those that stay are wanted for. */
static void
queries_settle(struct world *w)
{
	const struct world_service *s;
	unsigned slot;

	for (unsigned i = 0; i < QUERIES_MAX; i++)
		w->query[i].period_usec = 0, w->query[i].full = 0;
	LIST_FOREACH(s, &w->services, link)
		for (unsigned i = 0; i < s->conf.terms.n && !s->profile_crowded; i++)
			if (query_find(w, s->conf.terms.term[i].query, &slot))
				query_want(&w->query[slot], &s->conf.terms.term[i]);
	for (unsigned i = 0; i < QUERIES_MAX; i++)
		if (w->query[i].period_usec == 0)
			query_free(&w->query[i]);
}

/* ---- profiles ---- */

/* The service's profile with its queries in it; `fresh`: queries without a slot get one. */
static bool
profile_of(struct world *w, const struct world_service *s, bool fresh, struct profile *out)
{
	unsigned slot[TERMS_MAX] = { 0 };

	for (unsigned i = 0; i < s->conf.terms.n; i++) {
		const char *query = s->conf.terms.term[i].query;
		if (!query_find(w, query, &slot[i]) && (!fresh || !query_take(w, query, &slot[i])))
			return false;
	}
	terms_join(&s->conf.profile, &s->conf.terms, slot, out);
	return true;
}

static bool
profile_find(const struct world *w, const struct profile *p, unsigned *slot)
{
	for (*slot = 0; *slot < PROFILE_SLOTS; ++*slot)
		if (w->profile_used[*slot] && profile_same(&w->profile[*slot], p))
			return true;
	return false;
}

static bool
profile_take(struct world *w, const struct profile *p, unsigned *slot)
{
	for (*slot = 1; *slot < PROFILE_SLOTS; ++*slot)
		if (!w->profile_used[*slot]) {
			w->profile[*slot] = *p;
			w->profile_used[*slot] = true;
			return true;
		}
	return false;
}

static void
service_profile_set(struct world *w, struct world_service *s)
{
	struct profile p;
	unsigned slot;

	s->profile_crowded = !profile_of(w, s, true, &p) || (!profile_find(w, &p, &slot) &&
	    !profile_take(w, &p, &slot));
	if (s->profile_crowded)
		slot = 0;
	ASSERT(slot < PROFILE_SLOTS && w->profile_used[slot]);
	w->index->changed |= s->profile != slot;
	s->profile = slot;
}

void
world_profiles_settle(struct world *w)
{
	bool keep[PROFILE_SLOTS] = { true };
	struct world_service *s;
	struct profile p;
	unsigned slot;

	LIST_FOREACH(s, &w->services, link) {
		s->profile_crowded = false;	/* until we know */
		if (profile_of(w, s, false, &p) && profile_find(w, &p, &slot))
			keep[slot] = true;
	}
	ASSERT(w->profile_used[0]);		/* balanced is never given away */
	memcpy(w->profile_used, keep, sizeof keep);
	queries_settle(w);			/* slots for the new ones */
	LIST_FOREACH(s, &w->services, link)
		service_profile_set(w, s);
	queries_settle(w);
}
