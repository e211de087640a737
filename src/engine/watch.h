/*
 * watch: keeps the snapshot of a Swarm (discovery/swarm.h) current. It is polled; events bring
 * a poll forward. The last good snapshot stays in force for as long as the Engine is gone, or
 * its responses are implausible.
 */
#ifndef ENGINE_WATCH_H
#define ENGINE_WATCH_H

#include "discovery/swarm.h"
#include "engine/engine.h"

struct watch;

struct watch_conf {			/* texts are copied */
	struct engine_conf engine;
	int64_t		 poll_usec;
	char *const	*network;	/* that Mola is on, names or ids; none: the Engine knows */
	unsigned	 nnetworks;
	/* At the start: a table is in force, so that a first snapshot without nodes or services needs
	 * confirmation as a later one does. */
	bool		 expected;
};

enum watch_state {
	WATCH_WAITING,			/* for the first snapshot */
	WATCH_GOOD,
	WATCH_LOST			/* the Engine is gone: the snapshot grows old */
};

struct watch_status {
	enum watch_state state;
	int64_t		 since_usec;	/* monotonic */
	int64_t		 good_usec;	/* the snapshot was last confirmed; 0: never */
	const struct why *why;		/* what is wrong now, NULL: nothing */
	const char	*detail;
	const char	*endpoint, *version;	/* "" before first contact */
	bool		 untried;	/* Mola has not been tried with so new an API version */
	bool		 events;	/* their stream is open */
	const char	*service;	/* id of the service whose task Mola is, or "" */
	const char	*container;	/* id, or "" */
};
const char	*watch_state_name(enum watch_state);	/* "waiting", "good", "lost" */

/* The snapshot has changed: a discovery pass is due. Called in a later turn than watch_new. */
typedef void	watch_change_f(void *arg);

struct watch	*watch_new(struct loop *, struct fetcher *, const struct watch_conf *,
	    watch_change_f *, void *arg);
void		 watch_free(struct watch **);
/* Another configuration: the snapshot stays in force until there is a new one. Nothing
 * happens when it is the same. */
void		 watch_reconf(struct watch *, const struct watch_conf *);
bool		 watch_same(const struct watch *, const struct watch_conf *);	/* the engine would stay */

/* For one that reads configs itself: one of them has changed, or may have unseen. NULL: no more. */
void		 watch_on_configs(struct watch *, watch_change_f *, void *arg);

/* The snapshot; swarm_is_complete() returns whether there is one yet. */
const struct swarm *watch_swarm(const struct watch *);
struct engine	*watch_engine(struct watch *);		/* until the next watch_reconf */
struct watch_status watch_status(const struct watch *);

#endif
