/*
 * mover_priv: what the files of the mover share: mover.c decides and acts, mover_read.c reads the
 * Swarm, mover_view.c has what people are shown.
 */
#ifndef ENGINE_MOVER_PRIV_H
#define ENGINE_MOVER_PRIV_H

#include "engine/change.h"
#include "engine/mover.h"
#include "engine/previous.h"
#include "score/scale.h"

struct mover {
	struct loop	*loop;
	struct world	*world;
	struct engine	*engine;
	struct mover_conf conf;
	char		*by;
	struct heat	*heat;
	struct previous	*previous;
	struct timer	 tick;
	struct change	*change;	/* under way, or NULL */
	/* reading the Swarm */
	struct engine_call *call;
	json_t		*nodes;		/* of the read under way */
	int64_t		 read_due_usec;
	int64_t		 read_usec;	/* when the last good read began; 0: never */
	int64_t		 began_usec;	/* of the one under way */
	bool		 lost;		/* the last read failed, and that was logged */
	bool		 other_active;	/* another Mola is moving something */
	int64_t		 wanted_usec;	/* since when a service should move or scale; 0: none */
};

/* mover.c: what score decides, and whether it has to wait */
struct move	mover_evaluate_move(const struct mover *, const struct world_service *, int64_t now);
struct scale	mover_evaluate_scale(const struct mover *, const struct world_service *, int64_t now);
change_ended_f	mover_on_ended;		/* of any change, whoever began it */

/* mover_read.c: nodes and services; none is being read. */
void		mover_read(struct mover *, int64_t now_usec);

#endif
