/*
 * target_priv: the state of targets, for target.c (life, and what drivers report), target_publish.c
 * (what is published and withdrawn, and when) and target_view.c (what the API and metrics show).
 */
#ifndef TARGETS_TARGET_PRIV_H
#define TARGETS_TARGET_PRIV_H

#include "base/map.h"
#include "score/weigh.h"
#include "targets/target.h"

#define TARGET_DETAIL_MAX	240

struct target_kind {			/* a row of tbl/targets.h */
	const char	*name;
	unsigned	 least, most;
	const char	*zero, *drain, *how;
};
extern const struct target_kind target_kinds[TARGET_COUNT];

struct target_fault {
	const struct why *why;		/* NULL: nothing is wrong, and `detail` is "" */
	char		 detail[TARGET_DETAIL_MAX];
};
/* why NULL: it is mended. True: this is another fault than before. */
bool	target_fault_set(struct target_fault *, const struct why *, const char *detail);

struct reported_server {		/* a server, as the proxy itself reports it */
	int		 weight;	/* < 0: not known */
	char		 state[40];
};

enum target_phase { TARGET_PUBLISHING, TARGET_WITHDRAWING, TARGET_WITHDRAWN };

enum target_applied { APPLIED_UNKNOWN, APPLIED_NO, APPLIED_YES };

struct target {
	LIST_ENTRY(target) link;
	struct targets	*all;
	struct conf_target conf;	/* a copy that the target owns */
	const struct target_driver *driver;
	void		*driver_state;	/* what driver->open returned */
	struct weigh	*weigh;
	bool		 wanted;	/* during a reload: the new configuration has it */

	enum target_phase phase;	/* changed by target_set_phase alone */
	bool		 republish;	/* the proxy has nothing of the plan: the next look publishes all */
	struct plan	*plan;		/* of the last publication; NULL: there was none */
	int64_t		 joined_usec;	/* of the last publication in which a server joined, 0: none */
	int64_t		 first_look_usec;	/* 0: it was not looked at yet */
	int64_t		 attempt_usec;	/* the last publication or withdrawal began; 0: none */
	bool		 in_progress;	/* the driver has not reported its end yet */
	bool		 retry;		/* it failed, or found no choice */
	int64_t		 backoff_usec;	/* before the retry; 0: the last attempt succeeded */

	/* for the API and metrics */
	int64_t		 published_usec;	/* the last good publication ended; 0: none did */
	uint64_t	 publications, failures;
	enum plan_change change;	/* why the last one was made */
	struct target_fault fault;	/* of publishing or withdrawing now */
	enum target_applied applied;
	struct target_fault applied_fault;
	int64_t		 read_back_usec;	/* the proxy was last compared with the plan; 0: never */
	struct map	*reported;	/* struct reported_server by the task's name */
};

struct targets {
	struct loop	*loop;
	struct fetcher	*fetcher;
	const struct world *world;	/* NULL: there is no brain (main/withdraw.c) */
	struct profile	 balanced;	/* with the score weights of the configuration */
	int64_t		 due_usec;	/* of the next look at the world */
	bool		 world_complete;	/* the world is all that there is */
	bool		 configured;	/* a configuration was read before */
	bool		 has_prometheus;	/* a source of samples for all nodes */
	int64_t		 settle_usec;	/* that a first publication may wait for samples */
	LIST_HEAD(, target) list;	/* in the order of the configuration */
	unsigned	 count;
};

/* target.c */
struct target	*target_find(const struct targets *, const char *name);		/* NULL: there is none */
void		 target_set_phase(struct target *, enum target_phase);
/* Remembers in shared memory whether it is withdrawn, for a brain that is restarted. */
void		 target_set_paused(const struct target *, bool);
void		 target_forget_reported(struct target *);
/* NULL: the proxy has reported nothing of it. */
struct reported_server	*target_find_reported(const struct target *, const char *server);
/* Nothing is published now; logged when the reason is new. */
void		 target_hold(struct target *, const struct why *, const char *detail);

/* target_view.c */
const char	*target_state(const struct target *);

#endif
