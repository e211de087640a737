/*
 * means_priv: the means of a worker, as its filters see them. Private to filter/.
 */
#ifndef FILTER_MEANS_PRIV_H
#define FILTER_MEANS_PRIV_H

#include "base/arena.h"
#include "base/jobs.h"
#include "filter/filter_fetch.h"
#include "filter/filter_means.h"
#include "base/known.h"
#include "filter/nonces.h"

#define ARENAS_KEPT	32

struct filter_means {
	struct jobs	*jobs;
	struct known	*known;
	struct nonces	*nonces;	/* of all workers */
	struct filter_fetch_ops fetch;
	struct arena	*arena[ARENAS_KEPT];	/* unused, for the next runs */
	unsigned	 narenas;
};

/* A run's, to be given back once nothing looks at what it holds. NULL: there is no memory. */
struct arena	*means_take_arena(struct filter_means *);
void		 means_give_arena(struct filter_means *, struct arena *);

#endif
