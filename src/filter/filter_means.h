/*
 * filter_means: what the filters of a worker have in common: a thread for hashes of passwords, who
 * has shown one lately, and how requests to other servers are made. One per worker.
 */
#ifndef FILTER_FILTER_MEANS_H
#define FILTER_FILTER_MEANS_H

#include "filter/filter_fetch.h"

struct filter_means;

/* Once, in the parent, before there are workers: what all of them share. Without it, as in tests,
 * the first filter_means_new does it, for those of its own process. */
void			 filter_means_share(void);
struct filter_means	*filter_means_new(const struct filter_fetch_ops *);
/* After all runs. */
void			 filter_means_free(struct filter_means **);
int			 filter_means_fd(const struct filter_means *);	/* -1: none */
/* To be called when it is readable: wakes runs. */
void			 filter_means_turn(struct filter_means *);

#endif
