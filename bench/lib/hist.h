/*
 * hist: a log-linear histogram of microseconds: 64 cells per power of two, so that any quantile is within
 * 0.8 %. Nothing is sampled away: every value is counted, and so is what never came.
 */
#ifndef BENCH_HIST_H
#define BENCH_HIST_H

#include <stdint.h>

#define HIST_BITS	6
#define HIST_OCTAVES	36		/* up to 2^42 usec: 50 days */
#define HIST_CELLS	((HIST_OCTAVES + 2) << HIST_BITS)
#define HIST_NEVER	INT64_MAX

struct hist {				/* zeroed memory is an empty one */
	uint64_t	 count, never;		/* all; those of them without a value, which rank above every value */
	uint64_t	 sum, max;
	uint64_t	 cell[HIST_CELLS];
};

void		hist_clear(struct hist *);
void		hist_add(struct hist *, int64_t usec);		/* below 0 counts as 0 */
void		hist_add_never(struct hist *);
void		hist_merge(struct hist *to, const struct hist *from);
int64_t		hist_quantile(const struct hist *, double q);	/* 0..1; 0 when empty; HIST_NEVER */
double		hist_mean(const struct hist *);		/* of those with a value */

#endif
