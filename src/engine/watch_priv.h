/*
 * watch_priv: what the files of a watch share. watch.c has when rounds begin and what is known of
 * the Engine, watch_round.c what a round is.
 */
#ifndef ENGINE_WATCH_PRIV_H
#define ENGINE_WATCH_PRIV_H

#include "base/clock.h"
#include "engine/engine_events.h"
#include "engine/self.h"
#include "engine/watch.h"

#define BURST_USEC	(10 * USEC_PER_SEC)	/* of frequent rounds, after an event or a change */

enum part_id { NODES, NETWORKS, SERVICES, TASKS, PARTS };

struct watch_part {
	struct watch	*watch;
	enum part_id	 id;
	struct engine_call *call;	/* under way, or NULL */
	bool		 fresh;		/* `body` came in this round, and is new or unsettled */
	char		*body;
	size_t		 len;
	uint64_t	 hash, hash_new;	/* of what was read last, and of what came */
	bool		 read;		/* ever */
	bool		 empty;		/* what was read last */
	bool		 empty_new;
	bool		 unsettled;	/* the same bytes have news: what left the list is draining, then gone */
	bool		 refused;	/* and optional; that is logged */
	int64_t		 requested_usec;
};

struct watch {
	struct loop	*loop;
	struct fetcher	*fetcher;
	struct engine	*engine;
	struct swarm	*swarm;
	char		*conf_text;	/* what it was made with, to see whether it changed */
	char		**network;	/* of the configuration */
	unsigned	 nnetworks;
	int64_t		 poll_usec;
	watch_change_f	*fn;
	void		*arg;

	struct timer	 timer;		/* the next round */
	struct watch_part part[PARTS];
	struct engine_call *self_call;
	struct engine_call *config_call;	/* once all parts are there */
	int64_t		 configs_usec;	/* those that failed were last requested again */
	bool		 changed;	/* the snapshot, since the last round that was finished */
	struct self	 self;
	int64_t		 self_usec;	/* last requested */
	unsigned	 pending;	/* responses of the round under way */
	int64_t		 began_usec;	/* the last round */
	bool		 rerun;		/* an event came during the round */
	int64_t		 burst_usec;	/* rounds are frequent until then */
	bool		 updating;	/* a service is */
	bool		 expected;	/* as configured at the start */
	unsigned	 nunconfirmed;	/* rounds that reported that all is gone */
	int64_t		 unconfirmed_usec;	/* the first of them */

	struct engine_events *events;

	enum watch_state state;
	int64_t		 since_usec, good_usec;
	const struct why *why;
	char		 detail[256];
	char		 endpoint[300];	/* as last logged */
	char		 version[16];
	char		 skipped[SWARM_SKIPPED_MAX];	/* left out, as last logged */
};

/* watch.c */
void	round_at(struct watch *, int64_t usec);		/* the next one, but not too soon */
void	round_next(struct watch *, bool good);		/* one is over */
void	mark_good(struct watch *);
void	mark_lost(struct watch *, const struct why *, const char *detail);

/* watch_round.c */
void	round_start(void *watch);
void	round_cancel(struct watch *);

#endif
