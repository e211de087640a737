/*
 * user_metric: what the users' queries say of a node, as far as it is to be believed. An answer is whole for LAW_FRESH_PERIODS of
 * its query's periods and then fades; what is lost of it is made up by the mean of the nodes that are known, so that a node of
 * which nothing is said stands where the others do, and nobody gains by silence.
 */
#ifndef SCORE_USER_METRIC_H
#define SCORE_USER_METRIC_H

#include "world/world.h"

/* An answer for a node: finite; what is below 0 or above all that is asked about counts as the nearest that is not. */
void	user_metric_update(const struct world *, struct world_node *, unsigned query, double value, int64_t at_usec);
/* What is believed of each node now, and the means. Before user_metric_usage. */
void	user_metric_refresh(struct world *, int64_t now_usec);
double	user_metric_trust(const struct world_user_metric *, int64_t period_usec, int64_t now_usec);	/* 0..1, 0: nothing is left */

/* For each term of the profile, how much of it is used: 0..1, NAN: not known, or there is no such term. */
void	user_metric_usage(const struct world_node *, const struct profile *, double used[TERMS_MAX]);
/* The same of the last answers as they came, for scores. What is not known is the mean here, too, if the node is seen otherwise. */
void	user_metric_usage_latest(const struct world *, const struct world_node *, const struct profile *, int64_t now_usec, double used[TERMS_MAX]);

#endif
