/*
 * law: the marginal cost of one more request on a node (doc/why/0002-the-law.md). Pure
 * arithmetic, shared by the workers, which choose by it, and by the brain, which explains with it.
 *
 * R is how many threads wanted a core when the node was last sampled, n our requests in flight
 * there now, n_s the same at the moment of that sample, L how many balancers share the nodes.
 * `others` = R - L * n_s is what does not come from us; so the demand after one more request is
 *     th   = max(0, others + L * n) + 1
 *     cost = th <= C ?  0.5 + 0.5 * th / C  :  (th + L * n) / C
 * `others` below 0 are our own requests that want no core: they wait, and the node has room for
 * more. Where what they hold while they wait matters more than cores (a profile such as ram),
 * only 1 - held of that counts. The second branch is the derivative of total delay under
 * processor sharing.
 *
 * Linux is fair to containers, not to threads: however many threads of a task want a core, they
 * have together what the containers beside it leave to its own. Where that is known, E cores, the
 * task of the next request counts, too: of our requests on it, m = min(L * m_task, th - 1) want a
 * core, and
 *     cost = max( th <= C    ?  0.5 + 0.5 * th / C  :  (th + a * L * m_task + s) / C,
 *                 m + 1 <= E ?  0                   :  (m + 1 + a * m) / E + s / C )
 * s = L * (n - m_task) are our requests on other tasks there (in the second line no more than
 * th - 1 - m): the cores that the task gets, theirs lose. a is how much of the delay that is added
 * to our other requests counts: 1 in the first law, which stays the one where E is not known
 * (doc/why/0041-what-a-container-could-have.md).
 */
#ifndef WORLD_LAW_H
#define WORLD_LAW_H

#include <stdint.h>

/* What the brain last knew of a node: one row of the phys block. Doubles are measured, times
 * are CLOCK_MONOTONIC usec. */
struct law_node {
	double	 cores;		/* effective C for some profile: less when what it needs is scarce; > 0 */
	double	 others;	/* R - L * n_s at the sample */
	double	 neutral;	/* what `others` decays to when blind: the fleet's mean per core times C */
	int64_t	 sampled_usec;	/* when the sample was true; 0: never */
	int64_t	 period_usec;	/* between samples; > 0 */
	double	 balancers;	/* L, >= 1 */
	/* 0..1: how far our requests count that want no core just now, for they hold what matters more */
	double	 held;
	/* 0..1: how much of what sets its `others` apart at one sample is still there at the next, as
	 * learnt from all nodes' samples */
	double	 lasting;
	/* 0..1: how far the sample's distance is beyond what samples usually have */
	double	 unusual;
};

/* Whose work waits where a service and others want the same cores (`tenants` of a service). */
enum tenancy { TENANTS_FAIR, TENANTS_POLITE, TENANTS_GREEDY, TENANTS_COUNT };

#define LAW_ADDED	0.75	/* a: the lowest delays of all worlds that were searched */

/* What a thread of others counts for: in the model others' work is done 2 to 5 % sooner, and 0 to
 * 7 % later, than with 1 (doc/why/0041-what-a-container-could-have.md). */
#define LAW_POLITE	2.0
#define LAW_GREEDY	0.5

#define LAW_FRESH_PERIODS	3	/* older: decay begins (Dahlin 2000: interpret load by its age) */
#define LAW_DECAY_PERIODS	5	/* time constant of the decay, in periods */

/* What does not last from one sample to the next is believed only as long as the sample is young:
 * its time constant. */
#define LAW_YOUNG_USEC	1000000

/* Before any is learnt: with the rhythm of the samples, what others want lasts about this long. */
#define LAW_LASTS_USEC	5000000

/* How much the sample still counts: 1 while fresh, then falling towards 0; 0 when there was
 * none. */
double	law_trust(const struct law_node *, int64_t now_usec);
/* How far it still counts for what others do: the part that lasts, and the rest while it is young;
 * never more than the trust in it. `others` below 0 are requests of ours that wait, such as idle
 * connections: they count whole for LAW_LASTS_USEC, or what is doubted of many would become
 * threads. */
double	law_belief(const struct law_node *, int64_t now_usec);
/* `others` at `now`: as sampled, or decayed by its age. */
double	law_others(const struct law_node *, int64_t now_usec);
double	law_others_by(const struct law_node *, double belief);
/* How many threads the other balancers may have sent there since, by `chance` (0..1): where all
 * see the same node as the best, each must see it a little differently. 0 where L = 1. */
double	law_unseen(const struct law_node *, double chance);
/* `others` as they count for a service. Below 0 they are our own requests: as they are. */
double	law_tenants(enum tenancy, double others);
/* Cost of one more request with `inflight` of our own there. Lower is better; unitless. */
double	law_cost(const struct law_node *, double others, double inflight);
/* The cores that a task's container could have, as told with the node's sample, by the age of that:
 * what is trusted less comes nearer to the whole node. NAN: it is not known, or no longer. */
double	law_available(const struct law_node *, double available, int64_t now_usec);
/* Cost of one more request on a task with `task_inflight` of our own, of the `inflight` on its
 * node. Where the cores that its container could have are not known it costs what law_cost says. */
double	law_cost_task(const struct law_node *, double others, double inflight, double available,
    double task_inflight);

#endif
