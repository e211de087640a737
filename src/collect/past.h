/*
 * past: how many requests of ours were in flight on each node a while ago, for samples that come
 * late.
 */
#ifndef COLLECT_PAST_H
#define COLLECT_PAST_H

#include "world/world.h"

struct past;

struct past	*past_new(void);
void		 past_free(struct past **);
void		 past_record(struct past *, const struct world *, int64_t now_usec);	/* in any rhythm */
/* At a moment, and as a mean over a span; as near as is remembered: a minute, each quarter of a
 * second. */
double		 past_at(const struct past *, const struct world_node *, int64_t usec);
double		 past_mean(const struct past *, const struct world_node *, int64_t from_usec,
		    int64_t to_usec);

#endif
