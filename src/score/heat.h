/*
 * heat: what has lasted. A sample is a moment; to move or scale a service one must know which
 * nodes have been under pressure for a while, which were so lately, and what the mover itself
 * has done. Pressure is threads that want a core, per core (effective cores: memory pressure
 * counts). The caller says what time it is.
 */
#ifndef SCORE_HEAT_H
#define SCORE_HEAT_H

#include "world/refusal.h"
#include "world/world.h"

struct heat;

struct heat_rules {
	double	 hot;			/* pressure from which on a node is hot */
	double	 cold;			/* below it a node is no longer hot, and may be moved to; < hot */
	int64_t	 dwell_usec;		/* hot for so long before anything is done, > 0 */
	int64_t	 cool_down_usec;	/* between two changes of a service or a node, > 0 */
};

struct heat_node {
	bool	 known;			/* its samples are fresh; else what follows is old */
	double	 pressure;		/* mean of a sixth of the dwell time */
	double	 ours;			/* threads of it that are our requests; the same mean */
	double	 inflight;		/* mean of our requests there, at each update, as services' are */
	double	 worst;			/* of the means of a dwell time, forgotten over the cool-down */
	double	 slow;			/* the mean that `worst` is of */
	int64_t	 hot_usec;		/* since when, 0: not hot */
	int64_t	 cold_usec;		/* since when below cold, 0: it is not */
	int64_t	 moved_usec;		/* last move off it or to it, 0: none is known */
	int64_t	 sampled_usec;		/* the last sample that was folded in */
	bool	 seen;
};

struct heat_service {
	double	 inflight;		/* mean of our requests on its tasks, over the time of `pressure` */
	double	 own_cores;		/* that its tasks use by their containers' accounts; NAN: not known */
	int64_t	 updated_usec;
	bool	 seen;
	/* written by the mover, from the Swarm's state; begins as UNSEEN */
	enum refusal refusal;		/* by its specification */
	enum refusal scale_refusal;
	bool	 altered;		/* a change of ours cost its specification something: no more changes */
	unsigned replicas;		/* tasks that its specification wants */
	int64_t	 changed_usec;		/* last change of its specification by anybody, 0: not known */
	uint8_t	 barred[NODES_MAX / 8];	/* node slots that it may not run on */
	enum refusal logged, scale_logged;	/* as last logged */
};

struct heat	*heat_new(void);
void		 heat_free(struct heat **);
/* Folds in the samples that have come since. Once a second or more often. */
void		 heat_update(struct heat *, const struct world *, const struct heat_rules *,
		    int64_t now_usec);
/* Never NULL: a node that was not in an update yet is not known. */
struct heat_node *heat_node(struct heat *, const struct world_node *);
struct heat_service *heat_service(struct heat *, const struct world_service *);

void		 heat_set_barred(struct heat_service *, unsigned node_slot, bool barred);
bool		 heat_is_barred(const struct heat_service *, unsigned node_slot);
void		 heat_record_move(struct heat *, const struct world_node *, int64_t now_usec);

#endif
