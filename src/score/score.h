/*
 * score: a node in one number, 0 (full) to 100 (idle), for people and for `policy: best-node`.
 * It forgets how large a node is; the law (world/law.h) does not.
 */
#ifndef SCORE_SCORE_H
#define SCORE_SCORE_H

#include "world/sample.h"

struct score_weights {
	double	 cpu, ram;		/* >= 0, not both 0; only their ratio counts */
};

/* cpu * (100 - cpu%) + ram * (100 - ram%), weights made to sum to 1. Where memory is not known, CPU alone. */
double	score_plain(const struct score_weights *, const struct sample *);
/* The same, but no better than the scarcest resource allows: one that is full makes it 0. */
double	score_capped(const struct score_weights *, const struct sample *);

#endif
