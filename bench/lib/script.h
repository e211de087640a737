/*
 * script: what others do on the nodes of an emulated cluster, and when: tenants that come at random or stay, and hogs. The same
 * at the same time on all clones of the cluster.
 */
#ifndef BENCH_SCRIPT_H
#define BENCH_SCRIPT_H

#include "emu.h"
#include "plan.h"
#include "tenants.h"

#define SCRIPT_HOGS_MAX	64

struct script_hog {
	unsigned	 node, threads;		/* node from 1 */
	int64_t		 from, to;		/* usec since the start; INT64_MAX: for good */
	bool		 on, over;
};

struct script {
	/* set before the start */
	struct tenants_conf tenants_conf;
	double		 permanent;		/* threads of others that never end, as a fraction of a node's cores */
	struct script_hog hog[SCRIPT_HOGS_MAX];
	unsigned	 nhogs;

	unsigned	 nnodes, nsets;
	struct emu	*(*node)[PLAN_NODES_MAX];	/* of each set */
	struct tenants	 tenants[PLAN_NODES_MAX];
	int64_t		 start, next;		/* next: when something happens; INT64_MAX: never */
};

/* "NODE,THREADS,FROM[,TO]", in seconds since the start. */
bool	script_hog_parse(struct script *, const char *text);
/* The nodes are there and were born some time before the start, so that tenants are there from the start. */
void	script_start(struct script *, const struct plan *, struct emu *node[][PLAN_NODES_MAX], uint64_t seed, int64_t born, int64_t start);
void	script_run(struct script *, int64_t now_usec);		/* all that was due by then, at its exact time */
/* From now on; in place of what an earlier one by hand, or the script, has put there. */
void	script_hog_by_hand(struct script *, unsigned node, unsigned threads, int64_t now_usec);

#endif
