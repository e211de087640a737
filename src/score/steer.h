/*
 * steer: samples in, phys rows out. Holds no thread and no clock: the caller says what time it is.
 */
#ifndef SCORE_STEER_H
#define SCORE_STEER_H

#include "score/score.h"
#include "world/world.h"

struct steer;

struct steer_conf {
	int64_t	 period_usec;		/* between samples, > 0 */
	int64_t	 prometheus_period_usec;	/* between Prometheus' samples; 0: none are requested */
	double	 balancers;		/* L, >= 1 */
	int64_t	 best_node_period_usec;	/* scores are renewed this often, > 0 */
	double	 cpu_weight, ram_weight;	/* of the score */
};

struct steer	*steer_new(struct world *);
void		 steer_free(struct steer **);
void		 steer_conf(struct steer *, const struct steer_conf *);
/* When scores are renewed next: at the first tick unless set, which a recording that is replayed
 * needs. */
int64_t		 steer_scores_due(const struct steer *);
void		 steer_set_scores_due(struct steer *, int64_t at_usec);

/*
 * A node was sampled. `inflight`: our requests there, all workers, when the response began to
 * arrive (what was in flight during the sample's span is known from the ticks). NULL, or why the
 * sample was refused (guard_check_sample); the node is then as before.
 */
const struct why *steer_sample(struct steer *, struct world_node *, const struct sample *,
		    double inflight);
/* The same for a sample of some time ago: what was in flight at its moment, and as a mean over
 * its span. */
const struct why *steer_sample_late(struct steer *, struct world_node *, const struct sample *,
		    double inflight, double inflight_mean);
/* The node was away: its next sample counts as the first one. */
void		 steer_forget(struct world_node *);
/* Every 100 ms, and when something should show at once: renews and publishes the rows. Time
 * never goes back. */
void		 steer_tick(struct steer *, int64_t now_usec);

#endif
