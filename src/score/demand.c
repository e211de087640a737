/*
 * demand: two witnesses, and when to hear which.
 *
 * `busy` is a mean over the whole span: quiet, but it cannot exceed the cores, so a node with 8 of 8 cores in use
 * may have one thread per core or ten. `running` is what the kernel counted at one instant: it sees the queue
 * behind 100 %, but on a half-idle node it jumps about by its square root from one look to the next, and a
 * jump would be believed for a whole period. So: the mean where nothing queues, the count where something does.
 * A count above the cores is a queue whatever the mean says: it has only just begun, or comes in bursts.
 * (Where the count is heard, it is as instant as n_s, our own in-flight at that sample, which is taken off it:
 * the noise that is our own doing cancels out.)
 */
#include <math.h>

#include "score/demand.h"

double
demand_threads(const struct sample *s)
{
	if (isnan(s->running))
		return s->busy;
	if (s->running > s->cores || s->busy >= DEMAND_SATURATED * s->cores)
		return s->running;
	return s->busy;
}
