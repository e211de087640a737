/*
 * scale: whether a service should have one task more or one fewer, between its bounds, by the
 * pressure that lasts on the nodes of its tasks. Pure, as move.h.
 */
#ifndef SCORE_SCALE_H
#define SCORE_SCALE_H

#include "base/buf.h"
#include "score/heat.h"

struct scale {				/* a verdict on one service */
	enum refusal refusal;		/* NONE: take the step */
	unsigned is, to;		/* tasks that it wants, now and after the step; equal: no step */
	/* of its coolest node when it wants to grow, else mean of its nodes; NAN: not known */
	double	 pressure;
	double	 after;			/* the mean with one task fewer; NAN otherwise */
};

void	scale_evaluate(struct heat *, const struct world *, const struct heat_rules *,
	    const struct world_service *, int64_t now_usec, struct scale *);
void	scale_explain(const struct scale *, struct buf *);	/* a sentence without a full stop */

#endif
