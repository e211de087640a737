/*
 * demand: two measures, and when to use which.
 *
 * `busy` is a mean over the whole span: quiet, but it cannot exceed the cores, so a node with 8
 * of 8 cores in use may have one thread per core or ten. `running` is what the kernel counted at
 * one instant: it sees the queue behind 100 %, but on a half-idle node it jumps about by its
 * square root from one moment to the next, and a jump would count for a whole period. So: the mean
 * where nothing queues, the count where something does. A count above the cores is a queue
 * whatever the mean says: it has only just begun, or comes in bursts.
 *
 * Our own in-flight is taken off it like from like, mean from mean and instant from instant: in
 * the first case nothing of the noise of either moment is left, in the second the noise that is
 * our own doing cancels out. (A queue of ours that came and went within the span is in the mean
 * of our in-flight and not in `busy`, so a node without other load can show a little less than
 * nothing. Measured against instants throughout: p99 1 % lower.)
 */
#include <math.h>

#include "base/bug.h"
#include "score/demand.h"

struct demand
demand_of(const struct sample *s)
{
	ASSERT(s->cores > 0 && s->busy >= 0 && s->busy <= s->cores);
	ASSERT(isnan(s->running) || s->running >= 0);
	if (!isnan(s->running) && (s->running > s->cores || s->busy >= DEMAND_SATURATED * s->cores))
		return (struct demand){ s->running, true };
	return (struct demand){ s->busy, false };
}
