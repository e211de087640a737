/*
 * score: a node in one number, 0 (full) to 100 (idle), for people and for `policy: best-node`.
 * It forgets how large a node is; the law (world/law.h) does not.
 */
#ifndef SCORE_SCORE_H
#define SCORE_SCORE_H

#include "world/profile.h"
#include "world/sample.h"

/*
 * The sum of weight * (100 - used %) over the profile's resources, weights made to sum to 1 over
 * those that are known. Where none is, CPU alone. `used`: of the profile's terms, by
 * user_metric_usage(); NULL: they are not known. Without a sample (NULL) the terms alone, and 0
 * where they are not known. 0..100
 */
double	score_plain(const struct profile *, const struct sample *, const double used[TERMS_MAX]);
/* Its memory counts and is not known: by its CPU alone it would score better than nodes with
 * both. */
bool	score_is_partial(const struct profile *, const struct sample *);
/* As score_plain, but no better than the scarcest resource allows: one that is full makes it 0. */
double	score_capped(const struct profile *, const struct sample *, const double used[TERMS_MAX]);

#endif
