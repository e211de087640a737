/*
 * look: what can be seen of a running demo, taken over into its picture: the load's own count, the cluster's
 * truth, Mola's belief.
 */
#ifndef BENCH_LOOK_H
#define BENCH_LOOK_H

#include "net/sock.h"
#include "show.h"

#define LOOKS	4			/* a share shown is that of as many looks */

struct look {
	FILE		*progress;	/* lines of the load; does not block */
	struct addr	 control;	/* of the emulated cluster */
	struct addr	 admin;		/* of Mola */
	double		 load_late, cluster_late;		/* shares of time in which they were held up */
	uint64_t	 arrived[LOOKS + 1][SHOW_NODES];	/* at the last looks, the newest first */
	unsigned	 nlooks;
};

bool	look_progress(struct look *, struct show *);	/* false: the load has ended */
void	look_truth(struct look *, struct show *);	/* threads and shares of the first set's nodes */
void	look_belief(struct look *, struct show *);	/* costs and reasons of the first policy's nodes */
bool	look_report(FILE *, struct show *);		/* the load's last word; false: none */
/* A node's part of the requests that arrived since so many looks ago; 0 when that is before the first. */
double	look_share(const struct look *, unsigned node, unsigned looks);

#endif
