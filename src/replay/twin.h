/*
 * twin: a brain and a worker on a clock that the caller turns: the same world, steering, table and
 * choice as in a running Mola, set up by what a recording says. No thread, no socket; a table is a
 * memfd, as ever.
 */
#ifndef REPLAY_TWIN_H
#define REPLAY_TWIN_H

#include "pick/pick.h"
#include "recording/recording.h"
#include "score/steer.h"

/* What time it is when a part begins: its times may be before that, and 0 means never. */
#define TWIN_BEGIN_USEC	(2 * RECORDING_USEC_MAX)

struct twin {
	int		 policy;	/* of all services; -1: as recorded */
	uint64_t	 seed;
	uint32_t	 nservices, nnodes, ntasks;	/* all numbers are below */
	struct live	*live;
	void		*live_memory;
	struct phys	*phys;
	struct world	*world;
	struct steer	*steer;
	struct pick	*pick;
	struct table	*table;		/* NULL: none yet */
	bool		 changed;	/* the table is to be made anew */
	bool		 states;	/* some have changed since they were set in live */
	/* by number; NULL: there is none */
	const struct recorded_service **service;
	struct terms	*terms;
	const struct recorded_node **node;
	const struct recorded_task **task;
	const struct recorded_was **was;	/* to be set when the node is there */
	enum recorded_state *state;
	int64_t		*since;		/* when the task came into use; 0: long ago */
	double		*available;	/* cores; not above 0: not known */
	/* in the table in force */
	struct world_node **world_node;
	struct world_task **world_task;
	const struct table_service **row;
	uint32_t	 node_of[NODES_MAX], task_of[TASKS_MAX];	/* numbers by slots */
};

struct twin	*twin_new(uint32_t services, uint32_t nodes, uint32_t tasks, int policy,
    uint64_t seed);
void		 twin_free(struct twin **);
/* Forgets everything: another part of the recording. */
void		 twin_begin(struct twin *);
/* What exists, and the state of it. Samples, ticks and arrivals are the caller's. */
void		 twin_apply(struct twin *, const struct recorded *, int64_t now_usec);
/* What the container of a task could have, in cores; NAN: not known. */
void		 twin_set_available(struct twin *, uint32_t task, double cores, int64_t now_usec);
/* Makes the table, if what exists has changed. False: it cannot be made. */
bool		 twin_settle(struct twin *);
/* Sets in live which tasks may be used, if that has changed. */
void		 twin_settle_states(struct twin *);
/* A task for a request of this service, counted as in flight; NULL: there is none. */
const struct table_task *twin_take(struct twin *, uint32_t service, int64_t now_usec);

#endif
