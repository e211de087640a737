/*
 * change: one change to a service of the Swarm, from the first request to the last trace
 * removed: a move off a node, or a step in the number of its tasks. Reads a fresh
 * specification, edits it, and posts it with the version it was read with.
 */
#ifndef ENGINE_CHANGE_H
#define ENGINE_CHANGE_H

#include "discovery/placement.h"
#include "engine/engine.h"
#include "world/world.h"

struct change;

struct change_end {
	const char	*service;
	bool		 moved;		/* or scaled: the change has been made */
	bool		 begun;		/* something was posted to the Swarm */
	enum refusal	 refusal;	/* of the fresh specification; NONE otherwise */
	const char	*text;		/* a sentence without a full stop */
	double		 seconds;
};

typedef void	change_ended_f(void *arg, const struct change_end *);

struct change_move {			/* strings are copied */
	const char	*service;	/* its name */
	struct placement_mark mark;
	const char	*const *exclude;	/* node ids, that of `from` among them */
	unsigned	 nexclude;
};

/* `ended` is called exactly once, in a later turn, unless change_free comes first; the
 * change is to be freed after it. */
struct change	*change_move_new(struct loop *, struct engine *, const struct world *,
	    const struct change_move *, change_ended_f *, void *arg);
/* Finishes a move that was begun earlier, by this Mola before a restart or by another one. */
struct change	*change_adopt_new(struct loop *, struct engine *, const struct world *,
	    const char *service, const struct placement_mark *, change_ended_f *, void *arg);
struct change	*change_scale_new(struct loop *, struct engine *, const struct world *,
	    const char *service, unsigned from, unsigned to, change_ended_f *, void *arg);
/* Stops without a callback. What was posted stays; a label on the service says what is to be
 * cleaned up. */
void		 change_free(struct change **);

const char	*change_service(const struct change *);
const char	*change_phase(const struct change *);	/* for people: "waiting for the new task" */

#endif
