/*
 * past: a ring of moments, and for each node slot that was ever used a ring of counts beside it.
 * A slot that passes to another node has a past that is not its own, for a minute: its counts
 * were small when it did, or it would not have passed.
 */
#include <stdlib.h>

#include "base/alloc.h"
#include "base/bug.h"
#include "base/clock.h"
#include "collect/past.h"

#define MOMENTS	240
#define GAP_USEC (250 * USEC_PER_MSEC)

struct past {
	int64_t		 at[MOMENTS];
	unsigned	 n;			/* ever; the last is at (n - 1) % MOMENTS */
	float		*count[NODES_MAX];	/* by slot; NULL: never used */
};

struct past *
past_new(void)
{
	return must_zalloc(sizeof(struct past));
}

void
past_free(struct past **pp)
{
	struct past *p = *pp;

	*pp = NULL;
	if (p == NULL)
		return;
	for (unsigned i = 0; i < NODES_MAX; i++)
		free(p->count[i]);
	free(p);
}

void
past_record(struct past *p, const struct world *w, int64_t now)
{
	const struct world_node *n;
	unsigned at = p->n % MOMENTS;

	ASSERT(p->n == 0 || now >= p->at[(p->n - 1) % MOMENTS]);
	if (p->n > 0 && now - p->at[(p->n - 1) % MOMENTS] < GAP_USEC)
		return;
	p->at[at] = now;
	/* a node that is gone has nothing in flight, and may return */
	for (unsigned i = 0; i < NODES_MAX; i++)
		if (p->count[i] != NULL)
			p->count[i][at] = 0;
	LIST_FOREACH(n, &w->nodes, link) {
		if (p->count[n->slot] == NULL)
			p->count[n->slot] = must_zalloc(MOMENTS * sizeof(float));
		p->count[n->slot][at] = (float)live_node_inflight(w->live, n->slot);
	}
	p->n++;
}

double
past_at(const struct past *p, const struct world_node *n, int64_t usec)
{
	return past_mean(p, n, usec, usec);
}

/* Over the moments within, or else of the nearest one. */
double
past_mean(const struct past *p, const struct world_node *n, int64_t from, int64_t to)
{
	const float *count = p->count[n->slot];
	unsigned known = p->n < MOMENTS ? p->n : MOMENTS, within = 0;
	int64_t nearest = INT64_MAX, off;
	double sum = 0, near = 0;

	ASSERT(from <= to);
	if (count == NULL)
		return 0;
	for (unsigned i = 1; i <= known; i++) {
		unsigned at = (p->n - i) % MOMENTS;
		int64_t t = p->at[at];
		off = t < from ? from - t : t > to ? t - to : 0;
		if (off == 0) {
			sum += count[at];
			within++;
		} else if (off < nearest) {
			nearest = off;
			near = count[at];
		}
	}
	return within > 0 ? sum / within : near;
}
