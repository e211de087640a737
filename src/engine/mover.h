/*
 * mover: moves services off hot nodes and scales them, one change at a time. Follows what
 * lasts, lets score decide, reads the Swarm before it acts, and cleans up after itself, also
 * after a restart.
 */
#ifndef ENGINE_MOVER_H
#define ENGINE_MOVER_H

#include <jansson.h>

#include "engine/engine.h"
#include "score/move.h"

struct mover;

struct mover_conf {
	bool	 enable;		/* false: nothing is even read */
	bool	 dry_run;
	struct move_rules rules;
	int64_t	 patience_usec;		/* for the new task to be healthy */
};

/* `by`: the name of this Mola among those of the Swarm, the same after a restart; copied. */
struct mover	*mover_new(struct loop *, struct world *, const struct mover_conf *, const char *by);
void		 mover_free(struct mover **);
void		 mover_reconf(struct mover *, const struct mover_conf *);
/* NULL: there is none, or it is about to be freed. A change under way is found again by its
 * label. */
void		 mover_engine(struct mover *, struct engine *);
/* For /api/v1/why. `m` may be NULL; the caller owns what is returned. */
json_t		*mover_view(const struct mover *, const struct world_service *);

#endif
