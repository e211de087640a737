/*
 * user_metric: the values of users' queries for each node, and how much they count. A value
 * counts in full for LAW_FRESH_PERIODS of its query's periods and then fades; what it loses is
 * replaced by the mean of the nodes that have one, so that a node without a value stands where
 * the others do, and no node gains by being silent.
 */
#ifndef SCORE_USER_METRIC_H
#define SCORE_USER_METRIC_H

#include "world/world.h"

/* A value for a node, finite. It is clamped to 0..full; one that is not newer than the last
 * changes nothing. */
void	user_metric_update(const struct world *, struct world_node *, unsigned query, double value,
	    int64_t at_usec);
/* Renews every node's effective value and the queries' means. Before user_metric_usage. */
void	user_metric_refresh(struct world *, int64_t now_usec);
/* 0..1; 0: nothing is left of the value, or there was none. */
double	user_metric_trust(const struct world_user_metric *, int64_t period_usec, int64_t now_usec);

/* For each term of the profile, how much of it is used: 0..1, NAN: not known, or there is no
 * such term. */
void	user_metric_usage(const struct world_node *, const struct profile *, double used[TERMS_MAX]);
/* The same by the latest values, not smoothed, for scores. What is not known is the mean here,
 * too, if the node has samples. */
void	user_metric_usage_latest(const struct world *, const struct world_node *,
	    const struct profile *, int64_t now_usec, double used[TERMS_MAX]);

#endif
