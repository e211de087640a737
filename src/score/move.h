/*
 * move: whether a service should leave its node, and for where. Pure: the world and what has lasted
 * (heat) in, a verdict out.
 */
#ifndef SCORE_MOVE_H
#define SCORE_MOVE_H

#include "base/buf.h"
#include "score/heat.h"

struct move_rules {
	struct heat_rules heat;
	double	 margin;		/* gain that is worth a move, ratio 0..1 */
};

struct move {				/* a verdict on one service */
	enum refusal refusal;		/* NONE: it should move */
	/* NULL: there is none. With most refusals `to` is the node that came closest */
	const struct world_node *from, *to;
	/* predicted worst pressure that its requests meet: where it is, where it would be */
	double	 before, after;
	double	 gain;			/* 1 - after / before */
	double	 relief;		/* of all requests on either node, in threads' waiting; the largest goes first */
};

void	move_evaluate(struct heat *, const struct world *, const struct move_rules *,
	    const struct world_service *, int64_t now_usec, struct move *);
/* The service that should be moved first; NULL: none. */
const struct world_service *move_first(struct heat *, const struct world *,
	    const struct move_rules *, int64_t now_usec, struct move *);
/* A node that is clearly worse than `to`, or not known: Swarm must not choose it. The move has
 * both nodes. */
bool	move_avoids(struct heat *, const struct move *, const struct world_node *);
/* A sentence without a full stop. */
void	move_explain(struct heat *, const struct move *, int64_t now_usec, struct buf *);

#endif
