/*
 * score: a node in one number, 0 (full) to 100 (idle), for people and for `policy: best-node`.
 * It forgets how large a node is; the law (world/law.h) does not.
 */
#ifndef SCORE_SCORE_H
#define SCORE_SCORE_H

#include "world/profile.h"
#include "world/sample.h"

/* The sum of weight * (100 - used %) over the profile's resources, weights made to sum to 1 over those that are known.
 * Where none is, CPU alone. `used`: the profile's terms, as user_metric tells them; NULL: they are not known. Without a sample (NULL)
 * the terms alone, and 0 where they are not known. */
double	score_plain(const struct profile *, const struct sample *, const double used[TERMS_MAX]);
/* Its memory counts and is not seen: by its CPU alone it would be better than those of whom all is. */
bool	score_is_partial(const struct profile *, const struct sample *);
/* The same as score_plain, but no better than the scarcest resource allows: one that is full makes it 0. */
double	score_capped(const struct profile *, const struct sample *, const double used[TERMS_MAX]);

#endif
