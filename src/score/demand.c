/*
 * demand: two measures, and when to use which.
 *
 * `busy` is a mean over the whole span: quiet, but it cannot exceed the cores, so a node with 8
 * of 8 cores in use may have one thread per core or ten. `running` is what the kernel counted at
 * one instant: it sees the queue behind 100 %, but on a half-idle node it jumps about by its
 * square root from one moment to the next, and a jump would count for a whole period. So: the mean
 * where nothing queues, the count where something does. A count above the cores is a queue that
 * lasts, or has only just begun, or is a burst.
 *
 * Which of them, the mean tells. A queue keeps all cores busy, so it has been there for no more of
 * the span than the part of the cores that was in use; and what has been there for a moment is, as
 * a rule, gone in one. The less was in use, the less does the count go for, until the next sample:
 * a node_exporter itself is several threads at the moment of its count, and on a node of one core
 * that alone was a queue in every third sample. A hog that has been there for half of the span is
 * seen for what it is. (Prometheus' means are over a span of their own: there the count goes for
 * all.)
 *
 * Our own in-flight is taken off it like from like, mean from mean and instant from instant: in
 * the first case nothing of the noise of either moment is left, in the second the noise that is
 * our own doing cancels out. (A queue of ours that came and went within the span is in the mean
 * of our in-flight and not in `busy`, so a node without other load can show a little less than
 * nothing. Measured against instants throughout: p99 1 % lower.)
 */
#include <math.h>
#include <stddef.h>

#include "base/bug.h"
#include "score/demand.h"

/* How far a count above the cores goes for the time to come. */
static double
lasting_part(const struct sample *s)
{
	double part = s->busy / (DEMAND_LASTING * s->cores);

	return part > 1 || s->source == SOURCE_PROMETHEUS ? 1 : part;
}

struct demand
demand_of(const struct sample *s)
{
	ASSERT(s->cores > 0 && s->busy >= 0 && s->busy <= s->cores);
	ASSERT(isnan(s->running) || s->running >= 0);
	if (!isnan(s->running) && s->running > s->cores) {
		double part = lasting_part(s);
		return (struct demand){ s->busy + part * (s->running - s->busy), part };
	}
	if (!isnan(s->running) && s->busy >= DEMAND_SATURATED * s->cores)
		return (struct demand){ s->running, 1 };
	return (struct demand){ s->busy, 0 };
}

double
demand_available(const struct sample *s, double inflight, double by_agent, double quota)
{
	double cores = by_agent;

	if (isnan(by_agent))
		return NAN;
	if (s != NULL && !isnan(s->running))
		cores = fmax(cores, s->cores - fmax(0, s->running - inflight));
	return fmax(fmin(cores, quota), DEMAND_LEAST);
}

double
demand_held_back(double threads, double inflight, double allowed)
{
	double full;

	if (!(allowed > 0) || inflight <= allowed)
		return 0;
	full = (threads / allowed - DEMAND_ALLOWED) / (1 - DEMAND_ALLOWED);
	return fmax(0, fmin(1, full)) * (inflight - allowed);
}
