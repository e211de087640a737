#include <stdlib.h>

#include "base/alloc.h"
#include "filter/means_priv.h"

#define BLOCK_BYTES	2048		/* an exchange needs some of them, as long as its heads are written */
#define BLOCKS_KEPT	4
#define JOBS_MOST	64		/* at some milliseconds for each of the usual kind */

static struct nonces *shared;

void
filter_means_share(void)
{
	if (shared == NULL)
		shared = nonces_new();
}

struct filter_means *
filter_means_new(const struct filter_fetch_ops *fetch)
{
	struct filter_means *m = must_zalloc(sizeof *m);

	filter_means_share();
	m->jobs = jobs_new(JOBS_MOST);
	m->known = known_new();
	m->nonces = shared;
	m->fetch = *fetch;
	return m;
}

void
filter_means_free(struct filter_means **mp)
{
	struct filter_means *m = *mp;

	*mp = NULL;
	if (m == NULL)
		return;
	while (m->narenas > 0)
		arena_free(&m->arena[--m->narenas]);
	jobs_free(&m->jobs);
	known_free(&m->known);
	free(m);
}

int
filter_means_fd(const struct filter_means *m)
{
	return jobs_fd(m->jobs);
}

void
filter_means_turn(struct filter_means *m)
{
	jobs_turn(m->jobs);
}

struct arena *
means_take_arena(struct filter_means *m)
{
	return m->narenas > 0 ? m->arena[--m->narenas] : arena_try_new(BLOCK_BYTES);
}

void
means_give_arena(struct filter_means *m, struct arena *a)
{
	if (m->narenas == ARENAS_KEPT) {
		arena_free(&a);
		return;
	}
	arena_reset(a, BLOCKS_KEPT);
	m->arena[m->narenas++] = a;
}
