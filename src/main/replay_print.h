/*
 * replay_print: runs of a recording side by side, for people and as JSON.
 */
#ifndef MAIN_REPLAY_PRINT_H
#define MAIN_REPLAY_PRINT_H

#include "replay/replay.h"

#define REPLAY_RUNS_MAX	6	/* as recorded, replayed, and up to four policies: fit into 80 columns */

struct replay_runs {
	const struct recording *recording;
	unsigned	 n;
	struct {
		const char	*name;
		int		 policy;	/* REPLAY_AS_RECORDED, or of all services */
		struct replay	*replay;
	} run[REPLAY_RUNS_MAX];		/* the first is what was recorded, the second its replay */
};

void	replay_print(const struct replay_runs *);
void	replay_print_json(const struct replay_runs *);

#endif
