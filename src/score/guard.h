/*
 * guard: how far a node's signal is trusted, and how fast a new node gets work.
 */
#ifndef SCORE_GUARD_H
#define SCORE_GUARD_H

#include "base/why.h"
#include "world/world.h"

enum guard_state {
	GUARD_FRESH,
	GUARD_NEW,		/* one sample: counts from the second on */
	GUARD_STALE,		/* older than LAW_FRESH_PERIODS, decaying */
	GUARD_BLIND,		/* never sampled, or nothing is left of the sample */
	GUARD_DRAINED,
};

enum guard_state guard_state(const struct world_node *, int64_t now_usec);
const char	*guard_state_name(enum guard_state);

#define GUARD_SAMPLES	2	/* before they count */
#define GUARD_FAINT	0.01	/* trust below which a sample is as good as none: after 26 periods */

/*
 * Repairs what can be repaired (an impossible field becomes "not known") and refuses the rest:
 * METRICS_INCOMPLETE, or METRICS_BACKWARDS when it is not newer than `last_usec`.
 */
const struct why *guard_check_sample(struct sample *, int64_t last_usec, int64_t now_usec);
/* How far the node's last sample counts, even if it is the first one. 0..1 */
double		 guard_trust(const struct world_node *, int64_t now_usec);
/* Age of the last sample of the node that counts, this brain's or its predecessor's. -1:
 * there is none. */
int64_t		 guard_age_usec(const struct world_node *, int64_t now_usec);

/* Of a node's memory, disks, links and users' values, what counts is a mean over so many periods:
 * used at once, load would swing. */
#define SMOOTH_PERIODS	2

/* Slow start: the share of its cores that a node shows `elapsed` after it came. */
#define GUARD_RAMP_FLOOR	0.1
#define GUARD_RAMP_USEC		INT64_C(10000000)
#define GUARD_RAMP_PERIODS	10
double		 guard_ramp(int64_t elapsed_usec, int64_t period_usec);	/* FLOOR..1 */

#endif
