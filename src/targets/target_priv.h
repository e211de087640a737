/*
 * target_priv: what target.c (the life) and target_view.c (what people are told) share. Nobody else's.
 */
#ifndef TARGETS_TARGET_PRIV_H
#define TARGETS_TARGET_PRIV_H

#include "base/map.h"
#include "score/weigh.h"
#include "targets/target.h"

#define TARGET_DETAIL_MAX	240

struct target_kind {		/* a kind, as the table tells it */
	const char	*name;
	unsigned	 least, most;
	const char	*zero, *drain, *how;
};
extern const struct target_kind target_kinds[TARGET_COUNT];

struct seen {				/* one server, as the proxy itself tells it */
	int		 weight;
	char		 state[40];
	int64_t		 usec;
};

enum target_phase { TARGET_PUBLISHES, TARGET_WITHDRAWS, TARGET_WITHDRAWN };

enum taken { TAKEN_UNKNOWN, TAKEN_NO, TAKEN_YES };

struct target {
	LIST_ENTRY(target) link;
	struct targets	*all;
	struct conf_target conf;	/* a copy of our own */
	const struct target_driver *kind;
	void		*hands;		/* the kind's own */
	struct weigh	*weigh;
	bool		 wanted;	/* by the configuration that is being put in force */

	enum target_phase phase;	/* that people want */
	bool		 anew;		/* the proxy has nothing of the plan: it is to be told all */
	struct plan	*plan;		/* of the last publication; NULL: none yet */
	int64_t		 joined_usec;	/* a server came to take requests with a publication of then, 0: none did */
	int64_t		 began_usec;	/* of its first look */
	int64_t		 tried_usec;	/* the last publication began, 0: none did */
	bool		 under_way;	/* it has not been answered yet */
	bool		 retry;		/* it failed, or a round found no choice */
	int64_t		 backoff_usec;

	/* for people */
	int64_t		 published_usec;	/* the last good one ended, 0: none did */
	uint64_t	 publications, failures;
	enum plan_change change;	/* why the last one was made */
	const struct why *why;		/* what is wrong with publishing now */
	char		 detail[TARGET_DETAIL_MAX];
	enum taken	 taken;
	const struct why *taken_why;
	char		 taken_detail[TARGET_DETAIL_MAX];
	int64_t		 looked_usec;	/* the proxy was last read back, 0: never */
	struct map	*seen;		/* by "service task" */
};

struct targets {
	struct loop	*loop;
	struct fetcher	*fetcher;
	const struct world *world;
	struct profile	 scored;	/* balanced, with the weights of the configuration */
	int64_t		 due_usec;	/* of the next look at the world */
	bool		 known;		/* the world is all that there is */
	bool		 began;		/* a configuration was read before */
	bool		 prometheus;	/* tells of nodes, too */
	int64_t		 settle_usec;	/* that a first publication may wait for samples */
	LIST_HEAD(, target) list;
	unsigned	 count;
};

const char	*target_state(const struct target *);
struct seen	*target_find_reported(const struct target *, const char *service, const char *server);	/* NULL: nothing */

#endif
